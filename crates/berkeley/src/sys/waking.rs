//! Waking a thread out of a call of the kernel's, without a word to those who share the socket.

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use super::{Errno, c};

/// A thread of this process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thread(c::pthread_t);

impl Thread {
    /// The one that asks.
    #[inline]
    pub(crate) fn current() -> Thread {
        // SAFETY: takes nothing, and cannot fail.
        Thread(unsafe { c::pthread_self() })
    }

    pub(crate) fn is_current(self) -> bool {
        // SAFETY: compares two numbers.
        unsafe { c::pthread_equal(self.0, c::pthread_self()) != 0 }
    }

    /// Ends the call of the kernel that the thread waits in: it fails with `EINTR`. `EBUSY` if the
    /// program uses every signal that would do; a thread that blocks the signal goes on waiting.
    ///
    /// # Safety
    ///
    /// The thread has not ended.
    pub(crate) unsafe fn interrupt(self) -> Result<(), Errno> {
        // Two threads must not both find a signal free, each with the other's handler.
        static CHOOSING: Mutex<()> = Mutex::new(());
        let _choosing = CHOOSING.lock().unwrap_or_else(PoisonError::into_inner);
        let signal = candidates().find(|signal| is_ours(*signal)).ok_or(Errno(c::EBUSY))?;
        // SAFETY: the thread is alive, as promised, and the signal's handler does nothing.
        match unsafe { c::pthread_kill(self.0, signal) } {
            0 => Ok(()),
            errno => Err(Errno(errno)),
        }
    }
}

/// The signals to choose from: first the one that is ignored by default, so that no harm is done
/// should the program take it in the very moment; then some for which the system has no use.
fn candidates() -> impl Iterator<Item = c::c_int> {
    std::iter::once(c::SIGURG).chain((1..9).map(|below| c::SIGRTMAX() - below))
}

/// Whether the signal does nothing but interrupt. It is asked each time, for the program may have
/// taken it since; one that nobody uses is taken here.
fn is_ours(signal: c::c_int) -> bool {
    let handler: extern "C" fn(c::c_int) = do_nothing;
    // SAFETY: all of these are integers, for which zero is a value; each call fills or reads the
    // action it is given, which lives until it returns; the handler is a function of this kind.
    unsafe {
        let mut action: c::sigaction = MaybeUninit::zeroed().assume_init();
        if c::sigaction(signal, ptr::null(), &mut action) != 0 {
            return false;
        }
        if action.sa_sigaction == handler as usize {
            return true;
        }
        if action.sa_sigaction != c::SIG_DFL {
            return false;
        }
        let mut ours: c::sigaction = MaybeUninit::zeroed().assume_init();
        ours.sa_sigaction = handler as usize;
        // Not SA_RESTART: the call shall end.
        ours.sa_flags = c::SA_ONSTACK;
        c::sigaction(signal, &ours, ptr::null_mut()) == 0
    }
}

extern "C" fn do_nothing(_: c::c_int) {}
