//! From the library's errors to Python's.

use std::sync::atomic::{AtomicPtr, Ordering};

use berkeley::{Cause, Errno, Error};
use pyo3::ffi::{self, PyObject};

use crate::raw::{
    Owned, Raised, Res, int, is_raised, os_error, os_error_text, text, timeout_error, tuple,
};

/// `socket.gaierror` and `socket.herror`, once the module is made.
pub(crate) static GAIERROR: AtomicPtr<PyObject> = AtomicPtr::new(std::ptr::null_mut());
pub(crate) static HERROR: AtomicPtr<PyObject> = AtomicPtr::new(std::ptr::null_mut());

/// Raises what the library answered.
#[cold]
pub(crate) fn raise(error: &Error) -> Raised {
    match error.cause() {
        Cause::TimedOut => timeout_error("timed out"),
        // A handler of signals has raised, and that is the error.
        Cause::Os(Errno::EINTR) if is_raised() => Raised,
        Cause::Os(errno) => os_error(errno.number()),
        Cause::Lookup(code) => lookup(code.number(), error),
        other => os_error_text(&other.to_string()),
    }
}

/// Raises `gaierror`, or the system's error where the look-up only passes that on.
#[cold]
fn lookup(code: i32, error: &Error) -> Raised {
    if code == libc::EAI_SYSTEM {
        return os_error(error.errno().map_or(0, Errno::number));
    }
    // SAFETY: answers a text that lives for ever.
    let message = unsafe { std::ffi::CStr::from_ptr(libc::gai_strerror(code)) };
    coded(GAIERROR.load(Ordering::Acquire), code, &message.to_string_lossy())
}

/// Raises `herror`.
#[cold]
pub(crate) fn host_error(code: i32) -> Raised {
    let message = match code {
        1 => "Unknown host",
        2 => "Host name lookup failure",
        3 => "Unknown server error",
        4 => "No address associated with name",
        _ => "Unknown resolver error",
    };
    coded(HERROR.load(Ordering::Acquire), code, message)
}

fn coded(kind: *mut PyObject, code: i32, message: &str) -> Raised {
    let set = || -> Res<()> {
        let arguments = tuple([int(code.into())?, text(message)?])?;
        // SAFETY: the class lives as long as the module, and the arguments are a tuple.
        unsafe { ffi::PyErr_SetObject(kind, arguments.as_ptr()) };
        Ok(())
    };
    let _ = set();
    Raised
}

/// Makes a class of errors below `OSError`.
pub(crate) fn class(name: &'static std::ffi::CStr) -> Res<Owned> {
    // SAFETY: a name with a module, a base, no dictionary.
    Owned::new(unsafe {
        ffi::PyErr_NewException(name.as_ptr(), ffi::PyExc_OSError, std::ptr::null_mut())
    })
}
