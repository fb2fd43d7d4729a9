//! Who had a signal before us, and before that: everybody is called once, though
//! they may call each other.

use core::ffi::{CStr, c_int, c_void};
use core::mem::zeroed;
use core::ptr;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Signal numbers are below this on every Unix.
pub(super) const SIGNALS: usize = 65;

/// How often our handler may be entered for one signal, less one. Threads'
/// addresses have these bits free.
pub(super) const DEPTH: usize = 7;

/// Who had a signal when we came on top.
pub(super) struct Owner {
    pub(super) action: libc::sigaction,
    /// It is another load of this library, which bears being called again.
    is_fellow: bool,
    /// Who had it when we came on top the time before.
    pub(super) before: Option<&'static Owner>,
}

/// Every owner, each once: they come and go as often as the app adds a
/// listener and takes it away, or as another library does what `reclaim` does.
static OWNERS: Mutex<Vec<&'static Owner>> = Mutex::new(Vec::new());

/// The owner in a slot.
pub(super) fn latest(slot: &AtomicPtr<Owner>) -> Option<&'static Owner> {
    // SAFETY: null, or one of `OWNERS`, which are never freed.
    unsafe { slot.load(Ordering::Acquire).as_ref() }
}

/// The one and only owner of this kind.
pub(super) fn remembered(
    action: libc::sigaction,
    before: Option<&'static Owner>,
) -> &'static Owner {
    let mut owners = OWNERS.lock();
    let address = |owner: Option<&'static Owner>| owner.map(ptr::from_ref);
    for known in owners.iter() {
        if is_same(&known.action, &action) && address(known.before) == address(before) {
            return known;
        }
    }
    let new = Box::leak(Box::new(Owner {
        action,
        is_fellow: is_fellow(action.sa_sigaction),
        before,
    }));
    owners.push(new);
    new
}

/// The owners but for this one, which is to be the latest.
pub(super) fn without(
    latest: Option<&'static Owner>,
    action: &libc::sigaction,
) -> Option<&'static Owner> {
    let owner = latest?;
    let before = without(owner.before, action);
    if is_same(&owner.action, action) {
        return before;
    }
    Some(remembered(owner.action, before))
}

/// Whether a handler is in a library whose file has our name.
fn is_fellow(handler: usize) -> bool {
    const NAME: &[u8] = b"leakwatch";
    // SAFETY: plain pointers, for which zeroes are valid; the loader looks
    // the address up, whatever it is, and its strings live with the library.
    unsafe {
        let mut info: libc::Dl_info = zeroed();
        libc::dladdr(handler as *const c_void, &raw mut info) != 0
            && !info.dli_fname.is_null()
            && (CStr::from_ptr(info.dli_fname).to_bytes())
                .rsplit(|&byte| byte == b'/')
                .next()
                .is_some_and(|file| file.starts_with(NAME))
    }
}

fn is_same(one: &libc::sigaction, other: &libc::sigaction) -> bool {
    let blocks = |action: &libc::sigaction, number: usize| {
        // SAFETY: the set is whole, and the call only reads it.
        unsafe { libc::sigismember(&raw const action.sa_mask, number as c_int) == 1 }
    };
    one.sa_sigaction == other.sa_sigaction
        && one.sa_flags == other.sa_flags
        && (1..SIGNALS).all(|number| blocks(one, number) == blocks(other, number))
}

/// Whom to call, being entered for the time after `depth` others.
pub(super) fn next(
    latest: Option<&'static Owner>,
    mut depth: usize,
    on_top: usize,
) -> Option<&'static Owner> {
    for round in 0..=DEPTH {
        let mut owner = latest;
        while let Some(one) = owner {
            // Fellows know of more than they have called yet.
            let is_due = match round {
                0 => one.action.sa_sigaction != on_top,
                _ => one.is_fellow,
            };
            if is_due && depth == 0 {
                return owner;
            }
            depth -= usize::from(is_due);
            owner = one.before;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loads of the library, as each of them decides: who comes on top next is told by `moves`.
    fn follow(loads: usize, moves: impl Iterator<Item = usize>) {
        let app = loads;
        // As `remembered` and `without` do it, with a handler's number for its address.
        fn on(handler: usize, app: usize, before: Option<&'static Owner>) -> &'static Owner {
            // SAFETY: plain data, for which zeroes are valid.
            let mut action: libc::sigaction = unsafe { zeroed() };
            action.sa_sigaction = handler;
            Box::leak(Box::new(Owner {
                action,
                is_fellow: handler != app,
                before,
            }))
        }
        fn but(
            latest: Option<&'static Owner>,
            handler: usize,
            app: usize,
        ) -> Option<&'static Owner> {
            let owner = latest?;
            let before = but(owner.before, handler, app);
            let theirs = owner.action.sa_sigaction;
            (theirs != handler)
                .then(|| on(theirs, app, before))
                .or(before)
        }
        // Each came on top of the one before, the first on top of the app.
        let mut below: Vec<&Owner> = (0..loads)
            .map(|load| on(load.checked_sub(1).unwrap_or(app), app, None))
            .collect();
        let mut top = loads - 1;
        for (step, mover) in moves.enumerate() {
            if mover != top {
                below[mover] = on(top, app, but(Some(below[mover]), top, app));
                top = mover;
            }
            let (mut entered, mut called) = (vec![0; loads], top);
            while called != app {
                let load = called;
                let on_top = if load == top { usize::MAX } else { top };
                let depth = entered[load];
                assert!(depth < DEPTH, "step {step}: {entered:?}");
                entered[load] += 1;
                let owner = next(Some(below[load]), depth, on_top).expect("the app is reached");
                called = owner.action.sa_sigaction;
            }
            let all_hear = entered.iter().all(|&times| times > 0);
            assert!(all_hear || loads > 2, "step {step}: {entered:?}");
        }
    }

    #[test]
    fn loads_of_the_library_on_top_of_each_other_call_the_app_once() {
        for loads in [2_usize, 3] {
            // Every order there is, for a while.
            for order in 0..loads.pow(6) {
                follow(
                    loads,
                    (0..24).map(|step| order / loads.pow(step % 6) % loads),
                );
            }
        }
    }
}
