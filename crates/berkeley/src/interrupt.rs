//! What happens when a signal interrupts a call: it goes on, unless the program wants to be asked.

use std::ops::ControlFlow;
use std::sync::{PoisonError, RwLock};

use crate::error::{Call, Error, Result};
use crate::sys::{self, Errno};

/// A function that is asked whether an interrupted call shall go on.
pub type InterruptHook = fn() -> ControlFlow<()>;

/// The hook. It is asked for in interrupted calls only, where a lock costs nothing that counts.
static HOOK: RwLock<Option<InterruptHook>> = RwLock::new(None);

/// Lets a function be called whenever a signal has interrupted a call of a socket, in the thread
/// of that call: it may run handlers, and says whether the call goes on, with the time that is
/// left, or ends with `EINTR`. For the whole process; `None` lets every call go on, as at first.
///
/// This is for interpreters of languages whose handlers of signals run between instructions, and
/// may raise errors. A call that sends everything asks between its pieces too.
///
/// ```
/// use std::ops::ControlFlow;
///
/// berkeley::set_interrupt_hook(Some(|| ControlFlow::Continue(())));
/// berkeley::set_interrupt_hook(None);
/// ```
///
/// See `signal(7)`, and PEP 475 for what Python does.
#[doc(alias("EINTR", "PyErr_CheckSignals"))]
pub fn set_interrupt_hook(hook: Option<InterruptHook>) {
    *HOOK.write().unwrap_or_else(PoisonError::into_inner) = hook;
}

/// Whether this is the thread that the process began with, in which interpreters run their handlers
/// of signals: in any other, a [hook](set_interrupt_hook) of theirs has nothing to do.
///
/// ```
/// assert!(!std::thread::spawn(berkeley::in_first_thread).join().unwrap());
/// ```
///
/// See `gettid(2)`.
pub fn in_first_thread() -> bool {
    sys::in_first_thread()
}

/// Asks the hook, if there is one, after an interruption of this call.
#[cold]
pub(crate) fn interrupted(call: Call) -> Result<()> {
    let hook = *HOOK.read().unwrap_or_else(PoisonError::into_inner);
    match hook.map_or(ControlFlow::Continue(()), |hook| hook()) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::new(call, Errno::EINTR)),
    }
}
