//! The calls that are being made of an object, so that closing it ends them and harms none.
//!
//! Every call that lets go of the interpreter is in the object's list for as long as it lasts. If
//! another thread closes the object meanwhile, the socket is taken from under the number, the
//! threads in the list are woken, and the number itself is closed by the last call that leaves: none
//! of them can meet another file. Whoever shares the socket (duplicates, other processes) notices
//! nothing of it.
//!
//! The list is changed with the interpreter in hand only, which makes it a few plain instructions.

use std::cell::Cell;
use std::ffi::c_int;
use std::ptr::null;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use berkeley::{Caller, Family, Lent, Protocol, Type};

use crate::raw::{Python, detached};
use crate::shared;

/// The calls of an object, newest first: the address of an [`Ongoing`], or zero.
///
/// A child of `fork` has the object, and none of the other threads: what their calls have put here
/// is not to be looked at any more. So the bits that no address uses count the forks.
#[repr(transparent)]
pub(crate) struct Calls(AtomicUsize);

/// A call, in the frame of whoever makes it.
pub(crate) struct Ongoing {
    caller: Caller,
    next: Cell<usize>,
    /// What was closed under this call; it counts as one of its owners.
    vacated: Cell<*const Vacated>,
}

/// A number whose object was closed under calls.
pub(crate) struct Vacated {
    number: c_int,
    calls: Mutex<usize>,
    left: Condvar,
}

/// How long `close()` waits for the calls to end, so that whatever the socket had (its port) is free
/// by then. Only a thread that blocks signals takes longer, as long as its call does.
const PATIENCE: Duration = Duration::from_millis(100);

/// Where the count of forks begins. Elsewhere addresses may have all bits, and nothing is listed.
const SHIFT: u32 = 48;
const LISTED: bool = usize::BITS == 64;

/// The forks that lie between the first process and this one, in their place.
static FORKS: AtomicUsize = AtomicUsize::new(0);

/// In a child of `fork`, before anything else: the calls of the threads that stayed behind count no
/// more.
pub(crate) fn forked() {
    shared::forked();
    FORKS.fetch_add(if LISTED { 1 << (SHIFT % usize::BITS) } else { 0 }, Ordering::Relaxed);
}

/// Whoever has one is alone with the lists, of calls and of objects. Without the global lock several threads have the
/// interpreter in hand.
pub(crate) struct Alone {
    #[cfg(Py_GIL_DISABLED)]
    _lock: std::sync::MutexGuard<'static, ()>,
}

#[inline]
pub(crate) fn alone() -> Alone {
    #[cfg(Py_GIL_DISABLED)]
    static LISTS: Mutex<()> = Mutex::new(());
    Alone {
        #[cfg(Py_GIL_DISABLED)]
        _lock: LISTS.lock().unwrap_or_else(PoisonError::into_inner),
    }
}

/// Nothing to do where there is no lock; so that both can be written as one.
impl Drop for Alone {
    #[inline]
    fn drop(&mut self) {}
}

impl Ongoing {
    #[inline]
    pub(crate) fn new() -> Ongoing {
        Ongoing { caller: Caller::current(), next: Cell::new(0), vacated: Cell::new(null()) }
    }
}

/// A call that is in the list, until this is dropped.
pub(crate) struct Listed<'a> {
    calls: &'a Calls,
    call: &'a Ongoing,
    /// How the list refers to it.
    name: usize,
    py: Python<'a>,
}

impl Calls {
    /// Puts a call into the list, before it looks at the object's number.
    #[inline]
    pub(crate) fn enter<'a>(&'a self, py: Python<'a>, call: &'a Ongoing) -> Listed<'a> {
        let name = std::ptr::from_ref(call).expose_provenance() | FORKS.load(Ordering::Relaxed);
        if LISTED {
            let _alone = alone();
            call.next.set(self.0.load(Ordering::Relaxed));
            self.0.store(name, Ordering::Relaxed);
        }
        Listed { calls: self, call, name, py }
    }

    /// Closes the number, which the object has no more, under the calls that are in the list. If
    /// there are none, nothing is done: then it can be closed at once.
    pub(crate) fn vacate(&self, py: Python<'_>, number: c_int) -> bool {
        let alone = alone();
        let mut calls = Vec::new();
        let mut next = self.0.swap(0, Ordering::Relaxed);
        while let Some(call) = at(next) {
            calls.push(call);
            next = call.next.get();
        }
        if calls.is_empty() {
            return false;
        }
        let vacated =
            Arc::new(Vacated { number, calls: Mutex::new(calls.len()), left: Condvar::new() });
        // At the limit of descriptors the socket itself keeps the number: as safe, but a thread that
        // is about to begin to wait does so.
        // SAFETY: the number was the object's, and is this function's now.
        let _ = unsafe { nameless(number) }.vacate();
        let mut own = 0;
        for call in &calls {
            call.vacated.set(Arc::into_raw(Arc::clone(&vacated)));
            // A handler of signals, in the middle of a call of its own thread.
            if call.caller.is_current() {
                own += 1;
                continue;
            }
            // SAFETY: the thread cannot leave the list, nor end, while this one is alone with it.
            let _ = unsafe { call.caller.interrupt() };
        }
        drop(alone);
        detached(py, || vacated.wait(own));
        true
    }

    /// Takes a call out of the list, from wherever it is, or answers what was closed under it.
    #[cold]
    fn remove(&self, call: &Ongoing, name: usize) -> Option<Arc<Vacated>> {
        let vacated = call.vacated.replace(null());
        if !vacated.is_null() {
            // SAFETY: made by `Arc::into_raw` for this call, once.
            return Some(unsafe { Arc::from_raw(vacated) });
        }
        let mut newer = at(self.0.load(Ordering::Relaxed));
        // None, in a child of `fork` that has forgotten the list.
        while let Some(other) = newer {
            if other.next.get() == name {
                other.next.set(call.next.get());
                break;
            }
            newer = at(other.next.get());
        }
        None
    }
}

/// The socket of a number, whatever it is.
///
/// # Safety
///
/// That of [`Lent::new`].
pub(crate) unsafe fn nameless(number: c_int) -> Lent {
    // SAFETY: as promised.
    unsafe { Lent::new(number, Family::UNSPEC, Type::STREAM, Protocol::DEFAULT, None) }
}

/// The call of this name, if it is one of this process.
fn at<'a>(name: usize) -> Option<&'a Ongoing> {
    let address = name ^ FORKS.load(Ordering::Relaxed);
    let known = name != 0 && address >> (SHIFT % usize::BITS) == 0;
    // SAFETY: a call in a list of this process stands in a frame that stays until the call has left,
    // which it cannot while somebody looks.
    known.then(|| unsafe { &*std::ptr::with_exposed_provenance::<Ongoing>(address) })
}

impl Drop for Listed<'_> {
    #[inline]
    fn drop(&mut self) {
        if !LISTED {
            return;
        }
        let alone = alone();
        let first = &self.calls.0;
        if first.load(Ordering::Relaxed) == self.name {
            first.store(self.call.next.get(), Ordering::Relaxed);
            return;
        }
        let vacated = self.calls.remove(self.call, self.name);
        drop(alone);
        if let Some(vacated) = vacated {
            vacated.leave(self.py);
        }
    }
}

impl Vacated {
    /// A call has left. The last one closes the number.
    #[cold]
    fn leave(&self, py: Python<'_>) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        *calls = calls.saturating_sub(1);
        let last = *calls == 0;
        drop(calls);
        if last {
            // SAFETY: nobody else knows the number.
            let owned = unsafe { nameless(self.number).into_owned() };
            // Whoever closed the object has gone on long since.
            let _ = detached(py, || owned.close());
        }
        self.left.notify_all();
    }

    /// Waits until no more calls than these are left.
    fn wait(&self, own: usize) {
        let until = Instant::now() + PATIENCE;
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        while *calls > own {
            let Some(limit) = until.checked_duration_since(Instant::now()) else { return };
            calls = match self.left.wait_timeout(calls, limit) {
                Ok((calls, _)) => calls,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}
