//! V8's public C++ API, found by its mangled names at run time.
//!
//! `node` exports V8's API as dynamic symbols, so one binary serves every Node
//! version and a missing symbol is a missing capability, never a crash. The
//! Itanium names below hold on Linux and macOS; on Windows nothing is found and
//! everything falls back to JavaScript.

use core::ffi::{CStr, c_char, c_int, c_void};
use once_cell::sync::Lazy;

/// An opaque `v8::Isolate*`.
pub(super) type IsolatePtr = *mut c_void;
/// `void (*)(v8::Isolate*, v8::GCType, v8::GCCallbackFlags, void*)`.
pub(super) type GcCallback = unsafe extern "C" fn(IsolatePtr, c_int, c_int, *mut c_void);
/// `void (*)(v8::Isolate*, void*)`.
pub(super) type InterruptCallback = unsafe extern "C" fn(IsolatePtr, *mut c_void);
/// `size_t (*)(void* data, size_t current, size_t initial)`.
pub(super) type NearHeapLimitCallback = unsafe extern "C" fn(*mut c_void, usize, usize) -> usize;

type AddGc = unsafe extern "C" fn(IsolatePtr, GcCallback, *mut c_void, c_int);
type RemoveGc = unsafe extern "C" fn(IsolatePtr, GcCallback, *mut c_void);
type AddNearHeapLimit = unsafe extern "C" fn(IsolatePtr, NearHeapLimitCallback, *mut c_void);
type RemoveNearHeapLimit = unsafe extern "C" fn(IsolatePtr, NearHeapLimitCallback, usize);
type HeapSpaceStatistics = unsafe extern "C" fn(IsolatePtr, *mut c_void, usize) -> bool;
type RequestInterrupt = unsafe extern "C" fn(IsolatePtr, InterruptCallback, *mut c_void);

/// `HeapProfiler::TakeHeapSnapshot`, whose parameters grew over the years.
#[derive(Clone, Copy)]
pub(super) enum TakeHeapSnapshot {
    /// Node 12: `(ActivityControl*, ObjectNameResolver*)`.
    Two(unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void) -> *const c_void),
    /// Node 14 to 17: and `bool treat_global_objects_as_roots`.
    Three(unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void, bool) -> *const c_void),
    /// Node 18 and later: and `bool capture_numeric_value`.
    Four(unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void, bool, bool) -> *const c_void),
}

/// `Script::InitLineEnds` of `v8::internal`, exported by Node 12 to 20.
#[derive(Clone, Copy)]
pub(super) enum InitLineEnds {
    /// Node 12: `(Handle<Script>)`.
    Script(unsafe extern "C" fn(*mut usize)),
    /// Node 14 to 20: `(Isolate*, Handle<Script>)`.
    IsolateScript(unsafe extern "C" fn(IsolatePtr, *mut usize)),
}

/// V8's walk over all live JavaScript objects; handles are passed as pointers.
#[derive(Clone, Copy)]
pub(super) enum QueryObjects {
    /// Node 20 and later, of `HeapProfiler`: `(Local<Context>, QueryObjectPredicate*, std::vector<Global<Object>>*)`.
    Profiler(unsafe extern "C" fn(*mut c_void, *const usize, *mut c_void, *mut c_void)),
    /// Node 12 to 18, of `v8::debug`: the same without the profiler, into a `PersistentValueVector<Object>`.
    Debug(unsafe extern "C" fn(*const usize, *mut c_void, *mut c_void)),
}

/// `String::WriteUtf8` of Node 12 to 22, and what replaced it.
#[derive(Clone, Copy)]
pub(super) enum WriteUtf8 {
    Old(
        unsafe extern "C" fn(
            *const usize,
            IsolatePtr,
            *mut c_char,
            c_int,
            *mut c_int,
            c_int,
        ) -> c_int,
    ),
    New(
        unsafe extern "C" fn(
            *const usize,
            IsolatePtr,
            *mut c_char,
            usize,
            c_int,
            *mut usize,
        ) -> usize,
    ),
}

/// What this process exports. Each field is `None` where the symbol is missing.
pub(super) struct Symbols {
    pub current_isolate: Option<unsafe extern "C" fn() -> IsolatePtr>,
    pub heap_statistics_new: Option<unsafe extern "C" fn(*mut c_void)>,
    pub heap_statistics: Option<unsafe extern "C" fn(IsolatePtr, *mut c_void)>,
    pub space_statistics_new: Option<unsafe extern "C" fn(*mut c_void)>,
    pub space_statistics: Option<HeapSpaceStatistics>,
    pub number_of_spaces: Option<unsafe extern "C" fn(IsolatePtr) -> usize>,
    pub add_gc_prologue: Option<AddGc>,
    pub add_gc_epilogue: Option<AddGc>,
    pub remove_gc_prologue: Option<RemoveGc>,
    pub remove_gc_epilogue: Option<RemoveGc>,
    pub add_near_heap_limit: Option<AddNearHeapLimit>,
    pub remove_near_heap_limit: Option<RemoveNearHeapLimit>,
    pub request_interrupt: Option<RequestInterrupt>,
    pub request_gc: Option<unsafe extern "C" fn(IsolatePtr, c_int)>,
    pub set_flags: Option<unsafe extern "C" fn(*const c_char)>,
    pub memory_pressure_notification: Option<unsafe extern "C" fn(IsolatePtr, c_int)>,
    pub heap_profiler: Option<unsafe extern "C" fn(IsolatePtr) -> *mut c_void>,
    pub take_heap_snapshot: Option<TakeHeapSnapshot>,
    pub snapshot_nodes_count: Option<unsafe extern "C" fn(*const c_void) -> c_int>,
    pub snapshot_serialize: Option<unsafe extern "C" fn(*const c_void, *mut c_void, c_int)>,
    pub snapshot_delete: Option<unsafe extern "C" fn(*mut c_void)>,
    pub clear_object_ids: Option<unsafe extern "C" fn(*mut c_void)>,
    pub handle_scope_new: Option<unsafe extern "C" fn(*mut c_void, IsolatePtr)>,
    pub handle_scope_drop: Option<unsafe extern "C" fn(*mut c_void)>,
    pub create_handle: Option<unsafe extern "C" fn(IsolatePtr, usize) -> *mut usize>,
    pub script_iterator_new: Option<unsafe extern "C" fn(*mut c_void, IsolatePtr)>,
    pub script_iterator_next: Option<unsafe extern "C" fn(*mut c_void) -> usize>,
    pub init_line_ends: Option<InitLineEnds>,
    pub script_is_wasm: Option<unsafe extern "C" fn(*const c_void) -> bool>,
    pub query_objects: Option<QueryObjects>,
    pub current_context: Option<unsafe extern "C" fn(IsolatePtr) -> *const usize>,
    pub constructor_name: Option<unsafe extern "C" fn(*const usize) -> *const usize>,
    pub dispose_global: Option<unsafe extern "C" fn(*mut usize)>,
    pub write_utf8: Option<WriteUtf8>,
    #[cfg(not(target_os = "linux"))]
    pub resident_set_memory: Option<unsafe extern "C" fn(*mut usize) -> c_int>,
}

/// The symbols of this process, looked up once.
pub(super) static SYMBOLS: Lazy<Symbols> = Lazy::new(Symbols::look_up);

/// The first of `names` that this process exports, as a function of type `F`.
///
/// # Safety
/// `F` must be a function pointer whose parameters and result are those that
/// each of the mangled names encodes.
unsafe fn find<F: Copy>(names: &[&CStr]) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
    let address = names
        .iter()
        .map(|name| address_of(name))
        .find(|address| !address.is_null())?;
    // SAFETY: a function's address and a function pointer have one
    // representation on every platform with dlsym; the caller vouches for `F`.
    Some(unsafe { core::mem::transmute_copy(&address) })
}

macro_rules! symbol {
    ($($name:literal),+ $(,)?) => {
        // SAFETY: the type the result is used at repeats the parameters that
        // the mangled name encodes.
        unsafe { find(&[$($name),+]) }
    };
}

impl Symbols {
    fn look_up() -> Self {
        let take = symbol!(
            c"_ZN2v812HeapProfiler16TakeHeapSnapshotEPNS_15ActivityControlEPNS0_18ObjectNameResolverEbb",
            c"_ZN2v812HeapProfiler16TakeHeapSnapshotEPNS_15ActivityControlEPNS0_19ContextNameResolverEbb"
        )
        .map(TakeHeapSnapshot::Four)
        .or(symbol!(
            c"_ZN2v812HeapProfiler16TakeHeapSnapshotEPNS_15ActivityControlEPNS0_18ObjectNameResolverEb"
        )
        .map(TakeHeapSnapshot::Three))
        .or(symbol!(
            c"_ZN2v812HeapProfiler16TakeHeapSnapshotEPNS_15ActivityControlEPNS0_18ObjectNameResolverE"
        )
        .map(TakeHeapSnapshot::Two));
        let line_ends =
            symbol!(c"_ZN2v88internal6Script12InitLineEndsINS0_7IsolateEEEvPT_NS0_6HandleIS1_EE")
                .map(InitLineEnds::IsolateScript)
                .or(
                    symbol!(c"_ZN2v88internal6Script12InitLineEndsENS0_6HandleIS1_EE")
                        .map(InitLineEnds::Script),
                );
        let query = symbol!(
            c"_ZN2v812HeapProfiler12QueryObjectsENS_5LocalINS_7ContextEEEPNS_20QueryObjectPredicateEPSt6vectorINS_6GlobalINS_6ObjectEEESaIS9_EE"
        )
        .map(QueryObjects::Profiler)
        .or(symbol!(
            c"_ZN2v85debug12QueryObjectsENS_5LocalINS_7ContextEEEPNS0_20QueryObjectPredicateEPNS_21PersistentValueVectorINS_6ObjectENS_34DefaultPersistentValueVectorTraitsEEE"
        )
        .map(QueryObjects::Debug));
        let write = symbol!(c"_ZNK2v86String11WriteUtf8V2EPNS_7IsolateEPcmiPm")
            .map(WriteUtf8::New)
            .or(symbol!(c"_ZNK2v86String9WriteUtf8EPNS_7IsolateEPciPii").map(WriteUtf8::Old));
        Self {
            current_isolate: symbol!(c"_ZN2v87Isolate13TryGetCurrentEv", c"_ZN2v87Isolate10GetCurrentEv"),
            heap_statistics_new: symbol!(c"_ZN2v814HeapStatisticsC1Ev"),
            heap_statistics: symbol!(c"_ZN2v87Isolate17GetHeapStatisticsEPNS_14HeapStatisticsE"),
            space_statistics_new: symbol!(c"_ZN2v819HeapSpaceStatisticsC1Ev"),
            space_statistics: symbol!(c"_ZN2v87Isolate22GetHeapSpaceStatisticsEPNS_19HeapSpaceStatisticsEm"),
            number_of_spaces: symbol!(c"_ZN2v87Isolate18NumberOfHeapSpacesEv"),
            add_gc_prologue: symbol!(c"_ZN2v87Isolate21AddGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_"),
            add_gc_epilogue: symbol!(c"_ZN2v87Isolate21AddGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_S2_"),
            remove_gc_prologue: symbol!(c"_ZN2v87Isolate24RemoveGCPrologueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_"),
            remove_gc_epilogue: symbol!(c"_ZN2v87Isolate24RemoveGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEPvES4_"),
            add_near_heap_limit: symbol!(c"_ZN2v87Isolate24AddNearHeapLimitCallbackEPFmPvmmES1_"),
            remove_near_heap_limit: symbol!(c"_ZN2v87Isolate27RemoveNearHeapLimitCallbackEPFmPvmmEm"),
            request_interrupt: symbol!(c"_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_"),
            request_gc: symbol!(c"_ZN2v87Isolate34RequestGarbageCollectionForTestingENS0_21GarbageCollectionTypeE"),
            set_flags: symbol!(c"_ZN2v82V818SetFlagsFromStringEPKc"),
            memory_pressure_notification: symbol!(c"_ZN2v87Isolate26MemoryPressureNotificationENS_19MemoryPressureLevelE"),
            heap_profiler: symbol!(c"_ZN2v87Isolate15GetHeapProfilerEv"),
            take_heap_snapshot: take,
            snapshot_nodes_count: symbol!(c"_ZNK2v812HeapSnapshot13GetNodesCountEv"),
            snapshot_serialize: symbol!(c"_ZNK2v812HeapSnapshot9SerializeEPNS_12OutputStreamENS0_19SerializationFormatE"),
            snapshot_delete: symbol!(c"_ZN2v812HeapSnapshot6DeleteEv"),
            clear_object_ids: symbol!(c"_ZN2v812HeapProfiler14ClearObjectIdsEv"),
            handle_scope_new: symbol!(c"_ZN2v811HandleScopeC1EPNS_7IsolateE"),
            handle_scope_drop: symbol!(c"_ZN2v811HandleScopeD1Ev"),
            create_handle: symbol!(c"_ZN2v811HandleScope12CreateHandleEPNS_8internal7IsolateEm"),
            script_iterator_new: symbol!(c"_ZN2v88internal6Script8IteratorC1EPNS0_7IsolateE"),
            script_iterator_next: symbol!(c"_ZN2v88internal6Script8Iterator4NextEv"),
            init_line_ends: line_ends,
            query_objects: query,
            current_context: symbol!(c"_ZN2v87Isolate17GetCurrentContextEv"),
            constructor_name: symbol!(c"_ZN2v86Object18GetConstructorNameEv"),
            dispose_global: symbol!(c"_ZN2v812api_internal13DisposeGlobalEPm", c"_ZN2v82V813DisposeGlobalEPm"),
            write_utf8: write,
            script_is_wasm: symbol!(c"_ZNK2v85debug6Script6IsWasmEv"),
            #[cfg(not(target_os = "linux"))]
            resident_set_memory: symbol!(c"uv_resident_set_memory"),
        }
    }
}

fn address_of(name: &CStr) -> *mut c_void {
    #[cfg(unix)]
    {
        let name: *const c_char = name.as_ptr();
        // SAFETY: `name` is NUL-terminated and lives through the call.
        unsafe { libc::dlsym(libc::RTLD_DEFAULT, name) }
    }
    #[cfg(not(unix))]
    {
        let _ = name;
        core::ptr::null_mut()
    }
}
