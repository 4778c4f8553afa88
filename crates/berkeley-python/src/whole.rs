//! Whole messages of a stream: `_native.recv_exactly` and its kin, which `_whole.py` uses.

use std::ffi::{CStr, c_int};
use std::ptr::null_mut;

use berkeley::{Cause, LengthPrefix, Socket};
use pyo3::ffi::{self, Py_ssize_t, PyObject};

use crate::errors;
use crate::object::{self, Object};
use crate::raw::{
    Owned, Python, Raised, Res, Sendable, View, bytes, guard, no_memory, none, parse, text, tuple,
    value_error,
};

/// The functions of `_native`.
pub(crate) fn table() -> [ffi::PyMethodDef; 4] {
    let row = |name: &'static CStr, call, doc: &'static CStr| ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: call },
        ml_flags: ffi::METH_VARARGS,
        ml_doc: doc.as_ptr(),
    };
    [
        row(c"recv_exactly", recv_exactly, c"(socket, len, partial) -> (bytes, what is wrong)"),
        row(c"recv_until", recv_until, c"(socket, limit, partial, separator), likewise"),
        row(c"recv_frame", recv_frame, c"(socket, limit, partial, size, little), likewise"),
        row(c"send_frame", send_frame, c"(socket, data, size, little)"),
    ]
}

/// The bytes that have come, and why that is not all: the end of the stream, or a limit. Any other
/// error is raised, and has them.
fn answer(object: &Object, outcome: berkeley::Result<bool>, data: Res<Owned>) -> Res<Owned> {
    let why = match outcome.as_ref().map_err(berkeley::Error::cause) {
        Ok(true) => return tuple([data?, none()]),
        Ok(false) | Err(Cause::UnexpectedEnd) => "end",
        Err(Cause::Limit(_)) => "limit",
        Err(Cause::Argument(what)) => return Err(value_error(what)),
        Err(_) => {
            let raised = outcome.map_or_else(|error| object.raise(&error), |_| Raised);
            errors::know(&errors::PARTIAL, || data);
            return Err(raised);
        }
    };
    tuple([data?, text(why)?])
}

/// Receives into memory that grows with what comes, behind what has come before.
fn grown(
    py: Python<'_>,
    this: *mut PyObject,
    partial: &View,
    receive: impl FnOnce(&Socket, &mut Vec<u8>) -> berkeley::Result<bool> + Send,
) -> Res<*mut PyObject> {
    // SAFETY: the format has checked the type.
    let object = unsafe { Object::of(this) };
    let mut data = partial.as_slice().to_vec();
    let outcome = object.during(py, |socket| receive(socket, &mut data))?;
    answer(object, outcome, bytes(&data)).map(Owned::into_ptr)
}

unsafe extern "C" fn recv_exactly(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |py| {
        let (class, mut this) = (object::socket_type(), null_mut::<PyObject>());
        let (mut len, mut partial): (Py_ssize_t, View) = (0, View::empty());
        parse!(args, c"O!ny*:recv_exactly", class, &mut this, &mut len, partial.slot())?;
        // SAFETY: the format has checked the type.
        let object = unsafe { Object::of(this) };
        let wanted = usize::try_from(len).map_err(|_| value_error("a length is not negative"))?;
        let before = partial.as_slice();
        if before.len() > wanted {
            return Err(value_error("more has come than is asked for"));
        }
        // SAFETY: new bytes that nobody else knows of, written before they are read.
        let (whole, room) = unsafe {
            let whole = Owned::new(ffi::PyBytes_FromStringAndSize(std::ptr::null(), len))?;
            let start = ffi::PyBytes_AsString(whole.as_ptr()).cast::<u8>();
            std::ptr::write_bytes(start, 0, wanted);
            (whole, std::slice::from_raw_parts_mut(start, wanted))
        };
        let (head, rest) = room.split_at_mut_checked(before.len()).ok_or_else(no_memory)?;
        head.copy_from_slice(before);
        let received = Sendable(rest);
        let outcome = object.during(py, move |socket| socket.recv_exactly(received.get()))?;
        let Err(error) = outcome else {
            return Ok(tuple([whole, none()])?.into_ptr());
        };
        let done = before.len() + error.bytes_received().unwrap_or(0);
        let data = bytes(room.get(..done).unwrap_or_default());
        answer(object, Err(error), data).map(Owned::into_ptr)
    })
}

unsafe extern "C" fn recv_until(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |py| {
        let (class, mut this) = (object::socket_type(), null_mut::<PyObject>());
        let (mut partial, mut separator) = (View::empty(), View::empty());
        let mut limit: Py_ssize_t = 0;
        parse!(
            args,
            c"O!ny*y*:recv_until",
            class,
            &mut this,
            &mut limit,
            partial.slot(),
            separator.slot()
        )?;
        let limit = usize::try_from(limit).map_err(|_| value_error("a limit is not negative"))?;
        let separator = Sendable(separator.as_slice());
        grown(py, this, &partial, move |socket, data| {
            socket.recv_until(separator.get(), limit, data)
        })
    })
}

/// How a length is written that takes so many bytes.
fn prefix(size: c_int, little: c_int) -> Res<LengthPrefix> {
    match (size, little != 0) {
        (1, _) => Ok(LengthPrefix::U8),
        (2, false) => Ok(LengthPrefix::U16),
        (4, false) => Ok(LengthPrefix::U32),
        (8, false) => Ok(LengthPrefix::U64),
        (2, true) => Ok(LengthPrefix::U16Le),
        (4, true) => Ok(LengthPrefix::U32Le),
        (8, true) => Ok(LengthPrefix::U64Le),
        _ => Err(value_error("a length takes 1, 2, 4 or 8 bytes")),
    }
}

unsafe extern "C" fn recv_frame(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |py| {
        let (class, mut this) = (object::socket_type(), null_mut::<PyObject>());
        let (mut limit, mut partial): (Py_ssize_t, View) = (0, View::empty());
        let (mut size, mut little): (c_int, c_int) = (0, 0);
        parse!(
            args,
            c"O!ny*ip:recv_frame",
            class,
            &mut this,
            &mut limit,
            partial.slot(),
            &mut size,
            &mut little
        )?;
        let limit = usize::try_from(limit).map_err(|_| value_error("a limit is not negative"))?;
        let prefix = prefix(size, little)?;
        grown(py, this, &partial, move |socket, data| socket.recv_frame(prefix, limit, data))
    })
}

unsafe extern "C" fn send_frame(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |py| {
        let (class, mut this) = (object::socket_type(), null_mut::<PyObject>());
        let mut view = View::empty();
        let (mut size, mut little): (c_int, c_int) = (0, 0);
        parse!(args, c"O!y*ip:send_frame", class, &mut this, view.slot(), &mut size, &mut little)?;
        // SAFETY: the format has checked the type.
        let object = unsafe { Object::of(this) };
        let (prefix, data) = (prefix(size, little)?, Sendable(view.as_slice()));
        object.call(py, move |socket| socket.send_frame(prefix, data.get()))?;
        Ok(none().into_ptr())
    })
}
