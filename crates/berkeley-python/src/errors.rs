//! From the library's errors to Python's.

use std::ffi::CStr;
use std::sync::atomic::{AtomicPtr, Ordering};

use berkeley::{Call, Cause, Errno, Error};
use pyo3::ffi::{self, PyObject};

use crate::address::{self, Told};
use crate::raw::{
    Kept, Owned, Raised, Res, checked, int, is_raised, os_error, os_error_text, os_exception,
    raise_made, text, timeout_error, tuple,
};

/// `socket.gaierror` and `socket.herror`, once the module is made.
pub(crate) static GAIERROR: AtomicPtr<PyObject> = AtomicPtr::new(std::ptr::null_mut());
pub(crate) static HERROR: AtomicPtr<PyObject> = AtomicPtr::new(std::ptr::null_mut());

/// Something that an error knows beside its text and arguments: an attribute.
pub(crate) struct Fact(&'static CStr, AtomicPtr<PyObject>);

pub(crate) static ADDRESS: Fact = Fact::new(c"address");
pub(crate) static BYTES_SENT: Fact = Fact::new(c"bytes_sent");
pub(crate) static HOLDER: Fact = Fact::new(c"holder");
pub(crate) static PARTIAL: Fact = Fact::new(c"partial");

impl Fact {
    const fn new(name: &'static CStr) -> Fact {
        Fact(name, AtomicPtr::new(std::ptr::null_mut()))
    }

    /// Its name, which is made once: errors may be many.
    fn name(&self) -> Res<*mut PyObject> {
        let made = self.1.load(Ordering::Acquire);
        if !made.is_null() {
            return Ok(made);
        }
        // SAFETY: a C text.
        let made = Owned::new(unsafe { ffi::PyUnicode_InternFromString(self.0.as_ptr()) })?;
        let made = made.into_ptr();
        self.1.store(made, Ordering::Release);
        Ok(made)
    }
}

/// Raises what the library answered, with what is known beside the error.
#[cold]
pub(crate) fn raise(error: &Error) -> Raised {
    raise_of(error, 0)
}

/// [`raise`] for a socket of this protocol, on which depends how its addresses are written.
#[cold]
pub(crate) fn raise_of(error: &Error, protocol: i32) -> Raised {
    let raised = raise_bare(error);
    if let Some(sent) = error.bytes_sent() {
        know(&BYTES_SENT, || int(sent as i64));
    }
    if let Some(addr) = error.address().filter(|_| has_failed(error)) {
        know(&ADDRESS, || address::build(addr, protocol));
    }
    raised
}

/// [`raise_of`] for an error that does not know the address it is about: its caller does.
#[cold]
pub(crate) fn raise_told(error: &Error, protocol: i32, given: Told<'_>) -> Raised {
    let told = || address::build_given(given, protocol);
    if !has_failed(error) {
        return raise_bare(error);
    }
    match error.errno().and_then(|errno| os_exception(errno.number())) {
        Some(made) => {
            add(made.as_ptr(), &ADDRESS, told);
            raise_made(&made)
        }
        None => at_given(raise_bare(error), told),
    }
}

fn raise_bare(error: &Error) -> Raised {
    match error.cause() {
        Cause::TimedOut => timeout_error("timed out"),
        // A handler of signals has raised, and that is the error.
        Cause::Os(Errno::EINTR) if is_raised() => Raised,
        Cause::Os(errno) => os_error(errno.number()),
        Cause::Lookup(code) => lookup(code.number(), error),
        other => os_error_text(&other.to_string()),
    }
}

/// Whether it is an error that anybody will look at: no "not yet", of which there are many, and
/// nothing that a handler of signals has raised.
fn has_failed(error: &Error) -> bool {
    !matches!(error.errno(), Some(Errno::EAGAIN | Errno::EINPROGRESS | Errno::EINTR))
}

/// Whether it is an error of sending to the peer, and the kernel still knows who that is: it has
/// forgotten one that is gone.
pub(crate) fn is_of_peer(error: &Error) -> bool {
    let sending =
        matches!(error.call(), Call::Send | Call::SendAll | Call::SendMsg | Call::SendFrame);
    let gone = [Errno::EPIPE, Errno::ECONNRESET, Errno::ENOTCONN, Errno::EBADF];
    sending
        && has_failed(error)
        && error.address().is_none()
        && !error.errno().is_some_and(|errno| gone.contains(&errno))
}

/// Gives the error that is set a fact to know.
#[cold]
pub(crate) fn know(fact: &Fact, value: impl FnOnce() -> Res<Owned>) {
    let mut kept = Kept::take();
    if let Some(error) = kept.value() {
        add(error, fact, value);
    }
    kept.put_back();
}

/// Puts a fact into the dictionary of an exception: to ask its classes who else may have the name
/// costs more than all else here. No error is set meanwhile; without memory the fact is left out.
fn add(error: *mut PyObject, fact: &Fact, value: impl FnOnce() -> Res<Owned>) {
    let added = value().and_then(|value| {
        // SAFETY: a live exception, name and value.
        unsafe {
            let facts = Owned::new(ffi::PyObject_GenericGetDict(error, std::ptr::null_mut()))?;
            checked(ffi::PyDict_SetItem(facts.as_ptr(), fact.name()?, value.as_ptr()).into())
        }
    });
    if added.is_err() {
        // SAFETY: an error is set.
        unsafe { ffi::PyErr_Clear() };
    }
}

/// Says of an error which address it was about, if the system or its name service said no: nothing
/// else is an error of the address.
#[cold]
pub(crate) fn at_given(raised: Raised, given: impl FnOnce() -> Res<Owned>) -> Raised {
    // SAFETY: an error is set; the interpreter's own exception.
    if unsafe { ffi::PyErr_ExceptionMatches(ffi::PyExc_OSError) } != 0 {
        know(&ADDRESS, given);
    }
    raised
}

/// Raises `gaierror`, or the system's error where the look-up only passes that on.
#[cold]
fn lookup(code: i32, error: &Error) -> Raised {
    if code == libc::EAI_SYSTEM {
        return os_error(error.errno().map_or(0, Errno::number));
    }
    // SAFETY: answers a text that lives for ever.
    let message = unsafe { CStr::from_ptr(libc::gai_strerror(code)) };
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
pub(crate) fn class(name: &'static CStr) -> Res<Owned> {
    // SAFETY: a name with a module, a base, no dictionary.
    Owned::new(unsafe {
        ffi::PyErr_NewException(name.as_ptr(), ffi::PyExc_OSError, std::ptr::null_mut())
    })
}
