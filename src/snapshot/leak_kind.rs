//! The kinds of leaks, in the words of the person who wrote the program.

/// How a suspect is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Entries of a Map.
    Map,
    /// Members of a Set.
    Set,
    /// Values of a WeakMap whose keys live on.
    WeakMap,
    /// Elements of an array.
    Array,
    /// An object used as a dictionary.
    Dictionary,
    /// Listeners of an EventEmitter.
    Listeners,
    /// Listeners of an AbortSignal.
    AbortListeners,
    /// A variable that closures share.
    ClosureVariable,
    /// Closures that each keep the one before.
    ClosureChain,
    /// Promises that wait for one another.
    PromiseChain,
    /// Reactions that wait on one promise which does not settle.
    PendingPromise,
    /// Suspended async functions.
    AsyncFunction,
    /// Generators that were not finished.
    Generator,
    /// Async generators that were not finished.
    AsyncGenerator,
    /// Timers that were not cleared.
    Timer,
    /// Contexts of `vm` that outlive their use.
    VmContext,
    /// Modules in a cache.
    ModuleCache,
    /// Stores of AsyncLocalStorage kept by async resources.
    AsyncLocalStorage,
    /// Cells of a FinalizationRegistry.
    FinalizationRegistry,
    /// Memory outside the heap.
    Buffer,
    /// Long strings kept by short slices of them.
    SlicedString,
    /// Objects linked one to the next.
    LinkedList,
    /// A property or variable.
    Property,
    /// A list inside V8.
    V8Internal,
}

impl Kind {
    /// The name in reports and fingerprints.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Map => "map",
            Kind::Set => "set",
            Kind::WeakMap => "weak-map",
            Kind::Array => "array",
            Kind::Dictionary => "dictionary",
            Kind::Listeners => "listeners",
            Kind::AbortListeners => "abort-listeners",
            Kind::ClosureVariable => "closure-variable",
            Kind::ClosureChain => "closure-chain",
            Kind::PromiseChain => "promise-chain",
            Kind::PendingPromise => "pending-promise",
            Kind::AsyncFunction => "async-function",
            Kind::Generator => "generator",
            Kind::AsyncGenerator => "async-generator",
            Kind::Timer => "timer",
            Kind::VmContext => "vm-context",
            Kind::ModuleCache => "module-cache",
            Kind::AsyncLocalStorage => "async-local-storage",
            Kind::FinalizationRegistry => "finalization-registry",
            Kind::Buffer => "buffer",
            Kind::SlicedString => "sliced-string",
            Kind::LinkedList => "linked-list",
            Kind::Property => "property",
            Kind::V8Internal => "v8-internal",
        }
    }
}
