//! Tables of line ends, without which a snapshot takes 25 × longer.
//!
//! For every object V8 looks up the line of its constructor. Up to Node 20 it
//! scans the script's source for that, each time, unless the script has a table
//! of line ends. Building the tables first costs one scan per script.

use super::isolate::CurrentIsolate;
use super::symbols::{InitLineEnds, SYMBOLS};
use core::ffi::c_void;

/// More than V8's `Script::Iterator` and `HandleScope` need (three words each).
const BUFFER_WORDS: usize = 32;

/// A V8 handle scope on the stack.
struct HandleScope {
    words: [usize; BUFFER_WORDS],
    drop: unsafe extern "C" fn(*mut c_void),
}

impl HandleScope {
    /// Runs `body` with handles of its own.
    fn with<R>(isolate: CurrentIsolate, body: impl FnOnce() -> R) -> Option<R> {
        let (new, drop) = (SYMBOLS.handle_scope_new?, SYMBOLS.handle_scope_drop?);
        let mut scope = Self {
            words: [0; BUFFER_WORDS],
            drop,
        };
        // SAFETY: the buffer is large enough and does not move before the
        // destructor runs at the end of this function.
        unsafe { new(scope.words.as_mut_ptr().cast(), isolate.as_ptr()) };
        Some(body())
    }
}

impl Drop for HandleScope {
    fn drop(&mut self) {
        // SAFETY: constructed in `with`, destroyed once.
        unsafe { (self.drop)(self.words.as_mut_ptr().cast()) };
    }
}

impl CurrentIsolate {
    /// Builds the table of each script that has none and returns how many
    /// scripts there are; `None` where V8 needs no help (Node 22 and later) or
    /// takes none.
    ///
    /// Allocates on the JS heap, so it must not be called in a GC callback.
    pub fn build_line_ends(self) -> Option<usize> {
        let new = SYMBOLS.script_iterator_new?;
        let next = SYMBOLS.script_iterator_next?;
        let handle = SYMBOLS.create_handle?;
        let is_wasm = SYMBOLS.script_is_wasm?;
        let init = SYMBOLS.init_line_ends?;
        HandleScope::with(self, || {
            let mut iterator = [0_usize; BUFFER_WORDS];
            let iterator: *mut c_void = iterator.as_mut_ptr().cast();
            let mut scripts = Vec::new();
            // SAFETY: V8's iterator holds raw pointers, so nothing here may
            // collect garbage until it is done: creating handles does not. The
            // iterator's destructor is trivial in release builds.
            unsafe {
                new(iterator, self.as_ptr());
                loop {
                    let script = next(iterator);
                    if script == 0 {
                        break;
                    }
                    scripts.push(handle(self.as_ptr(), script));
                }
            }
            for &script in &scripts {
                // SAFETY: each handle is alive until the scope ends. A wasm
                // script keeps something else in the field, so it is passed by.
                unsafe {
                    if is_wasm(script.cast()) {
                        continue;
                    }
                    match init {
                        InitLineEnds::Script(init) => init(script),
                        InitLineEnds::IsolateScript(init) => init(self.as_ptr(), script),
                    }
                }
            }
            scripts.len()
        })
    }
}
