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
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use berkeley::{Caller, Family, Lent, Protocol, Type};

use crate::raw::{Python, detached};
use crate::{registry, shared};

/// The calls of an object, newest first.
#[repr(transparent)]
pub(crate) struct Calls(AtomicPtr<Ongoing<'static>>);

/// A call, in the frame of whoever makes it: in the list from [`Ongoing::enter`] until it is dropped.
pub(crate) struct Ongoing<'a> {
    caller: Caller,
    next: Cell<*mut Ongoing<'static>>,
    /// What was closed under this call; it counts as one of its owners.
    vacated: Cell<*const Vacated>,
    calls: &'a Calls,
    py: Python<'a>,
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

/// In a child of `fork`, before anything else: it has the objects and none of the other threads, so
/// what their calls have put into the lists is not to be looked at any more.
pub(crate) fn forked() {
    shared::forked();
    registry::each(|object| object.calls.0.store(null_mut(), Ordering::Relaxed));
}

/// Whoever has one is alone with the lists, of calls and of objects. Without the global lock several
/// threads have the interpreter in hand.
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

impl<'a> Ongoing<'a> {
    #[inline]
    pub(crate) fn new(py: Python<'a>, calls: &'a Calls) -> Ongoing<'a> {
        let (next, vacated) = (Cell::new(null_mut()), Cell::new(null()));
        Ongoing { caller: Caller::current(), next, vacated, calls, py }
    }

    /// Puts the call into the list, before it looks at the object's number. It stays where it is from
    /// then on.
    #[inline]
    pub(crate) fn enter(&self) {
        let _alone = alone();
        self.next.set(self.calls.0.load(Ordering::Relaxed));
        self.calls.0.store(self.name(), Ordering::Relaxed);
    }

    /// How the list refers to it.
    #[inline]
    fn name(&self) -> *mut Ongoing<'static> {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// Takes the call out of the list, from wherever it is. If the object was closed under it, its
    /// number has one call less.
    #[cold]
    #[inline(never)]
    fn leave(&self, alone: Alone) {
        let vacated = self.vacated.replace(null());
        if !vacated.is_null() {
            drop(alone);
            // SAFETY: made by `Arc::into_raw` for this call, once.
            unsafe { Arc::from_raw(vacated) }.leave(self.py);
            return;
        }
        let mut newer = at(self.calls.0.load(Ordering::Relaxed));
        // None, in a child of `fork` that has forgotten the list.
        while let Some(other) = newer {
            if other.next.get() == self.name() {
                other.next.set(self.next.get());
                break;
            }
            newer = at(other.next.get());
        }
    }
}

impl Drop for Ongoing<'_> {
    #[inline]
    fn drop(&mut self) {
        let alone = alone();
        match self.calls.0.load(Ordering::Relaxed) == self.name() {
            true => self.calls.0.store(self.next.get(), Ordering::Relaxed),
            false => self.leave(alone),
        }
    }
}

impl Calls {
    /// Whether nobody is in the middle of a call.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed).is_null()
    }

    /// Closes the number, which the object has no more, under the calls that are in the list. If
    /// there are none, nothing is done: then it can be closed at once.
    pub(crate) fn vacate(&self, py: Python<'_>, number: c_int) -> bool {
        let alone = alone();
        let mut calls = Vec::new();
        let mut next = self.0.swap(null_mut(), Ordering::Relaxed);
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

/// The call that a list refers to.
fn at<'a>(name: *mut Ongoing<'static>) -> Option<&'a Ongoing<'a>> {
    // SAFETY: a call in a list stands in a frame that stays until the call has left, which it cannot
    // while somebody looks.
    unsafe { name.as_ref() }
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
