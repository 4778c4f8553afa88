//! Look-ups of names that end: by their timeout, by Ctrl-C, or while somebody else waits for them.

use std::ffi::{CStr, c_int, c_void};
use std::os::fd::IntoRawFd;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use berkeley::{
    AddrInfo, AddrInfoQuery, Call, Error, Family, PendingLookup, Protocol, Socket, Type,
    look_up_within,
};
use pyo3::ffi::{self, PyObject};

use crate::data;
use crate::errors;
use crate::fast;
use crate::methods::seconds;
use crate::names;
use crate::object::nanos;
use crate::raw::{Owned, Python, Raised, Res, guard, int, none, parse, tuple};

/// How long a look-up may take that nobody has said it of, in nanoseconds; below zero is for ever.
static LIMIT: AtomicI64 = AtomicI64::new(-1);

/// What a caller says: an argument that may be missing or `None`.
pub(crate) fn limit(asked: *mut PyObject) -> Res<Option<Duration>> {
    // SAFETY: `None` lives for ever.
    if !asked.is_null() && asked != unsafe { ffi::Py_None() } {
        return data::timeout(asked);
    }
    let nanos = LIMIT.load(Ordering::Relaxed);
    Ok(u64::try_from(nanos).ok().map(Duration::from_nanos))
}

/// Puts a question to `getaddrinfo`, without the interpreter.
pub(crate) fn ask(
    py: Python<'_>,
    question: AddrInfoQuery<'_>,
    limit: Option<Duration>,
) -> berkeley::Result<Vec<AddrInfo>> {
    let question = question.timeout(limit).interruptible(true);
    py.detach(|| question.call())
}

/// Makes another look-up, likewise.
pub(crate) fn apart<T: Send + 'static>(
    py: Python<'_>,
    call: Call,
    limit: Option<Duration>,
    look_up: impl FnOnce() -> berkeley::Result<T> + Send + 'static,
) -> berkeley::Result<T> {
    py.detach(|| look_up_within(call, limit, look_up))
}

/// The functions of `_native`.
pub(crate) fn table() -> [ffi::PyMethodDef; 6] {
    let row = |name: &'static CStr, call, doc: &'static CStr| ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: call },
        ml_flags: ffi::METH_VARARGS,
        ml_doc: doc.as_ptr(),
    };
    [
        row(c"abandoned_lookups", abandoned, c"How many look-ups go on that nobody waits for."),
        row(c"get_lookup_timeout", get_limit, c"How long look-ups may take."),
        row(c"set_lookup_timeout", set_limit, c"Says how long look-ups may take."),
        row(
            c"begin_getaddrinfo",
            begin,
            c"getaddrinfo() that others wait for: (descriptor, look-up).",
        ),
        row(c"end_getaddrinfo", end, c"What the look-up has answered."),
        row(c"gethostbyaddr", host_by_addr, c"gethostbyaddr(host, timeout)"),
    ]
}

unsafe extern "C" fn abandoned(_: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |_| int(berkeley::abandoned_lookups() as i64).map(Owned::into_ptr))
}

unsafe extern "C" fn get_limit(_: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |_| seconds(LIMIT.load(Ordering::Relaxed)).map(Owned::into_ptr))
}

unsafe extern "C" fn set_limit(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |_| {
        let mut asked: *mut PyObject = null_mut();
        parse!(args, c"O:set_lookup_timeout", &mut asked)?;
        LIMIT.store(nanos(data::timeout(asked)?), Ordering::Relaxed);
        Ok(none().into_ptr())
    })
}

/// `gethostbyaddr` that takes a timeout, which Python's does not.
unsafe extern "C" fn host_by_addr(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |py| {
        let (mut host, mut timeout): (*mut PyObject, *mut PyObject) = (null_mut(), null_mut());
        parse!(args, c"OO:gethostbyaddr", &mut host, &mut timeout)?;
        let host = tuple([Owned::share(host)])?;
        names::host_by_addr(py, host.as_ptr(), limit(timeout)?).map(Owned::into_ptr)
    })
}

/// A look-up under way, and the protocol that it was asked for.
type Pending = Mutex<Option<(PendingLookup<Vec<AddrInfo>>, c_int)>>;

const NAME: &CStr = c"berkeley.lookup";

/// Begins a look-up. The descriptor is at its end, or readable, when there is an answer.
unsafe extern "C" fn begin(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |_| {
        let question = names::Question::of(args)?;
        let pair = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT);
        let (own, thread) = pair.map_err(|error| errors::raise(&error))?;
        let begun = question.query().begin(move || drop(thread));
        let pending = begun.map_err(|error| question.failed(&error))?;
        let state: Box<Pending> = Box::new(Mutex::new(Some((pending, question.protocol))));
        // SAFETY: the capsule has the state until it is destroyed, and then gives it up.
        let capsule = Owned::new(unsafe {
            let state = Box::into_raw(state).cast::<c_void>();
            ffi::PyCapsule_New(state, NAME.as_ptr(), Some(forget))
        })?;
        Ok(tuple([int(own.into_raw_fd().into())?, capsule])?.into_ptr())
    })
}

/// The look-up that a capsule holds.
fn pending<'a>(capsule: *mut PyObject) -> Res<&'a Pending> {
    // SAFETY: answers null for anything that is not our capsule; the caller holds it.
    unsafe { ffi::PyCapsule_GetPointer(capsule, NAME.as_ptr()).cast::<Pending>().as_ref() }
        .ok_or(Raised)
}

unsafe extern "C" fn forget(capsule: *mut PyObject) {
    // SAFETY: Python calls it once, with what `begin` has made.
    unsafe {
        let state = ffi::PyCapsule_GetPointer(capsule, NAME.as_ptr()).cast::<Pending>();
        if !state.is_null() {
            drop(Box::from_raw(state));
        }
    }
}

/// `end_getaddrinfo(look-up)`: its answer, or `None` if it is not there yet.
unsafe extern "C" fn end(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |_| {
        let mut capsule: *mut PyObject = null_mut();
        parse!(args, c"O:end_getaddrinfo", &mut capsule)?;
        let mut state = pending(capsule)?.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some((pending, protocol)) = state.as_mut() else { return Ok(none().into_ptr()) };
        let Some(answers) = pending.try_take() else { return Ok(none().into_ptr()) };
        let protocol = *protocol;
        drop(state);
        let answers = answers.map_err(|error: Error| errors::raise(&error))?;
        names::answers(&answers, protocol, (fast::family, fast::kind)).map(Owned::into_ptr)
    })
}
