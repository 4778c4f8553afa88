//! Values between Python and the library: bytes that are received, numbers, times.

use std::cell::RefCell;
use std::ffi;
use std::mem::MaybeUninit;
use std::time::Duration;

use pyo3::ffi as py;
use pyo3::ffi::PyObject;

use crate::raw::{Owned, Raised, Res, bytes, checked, no_memory, overflow_error, value_error};

/// Up to this many bytes are received on the stack.
const SMALL: usize = 1024;

/// Up to this many bytes are received into memory of the thread: a large object would be mapped,
/// cut down and thrown away for a small message.
const SCRATCH: usize = 1 << 20;

/// From this many bytes on that memory is used; a smaller object is cut down at no cost.
const LARGE: usize = 1 << 16;

thread_local! {
    static MEMORY: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

unsafe extern "C" {
    fn _PyBytes_Resize(object: *mut *mut PyObject, len: py::Py_ssize_t) -> ffi::c_int;
}

/// Receives at most so many bytes as an object; `receive` says how many it has written.
pub(crate) fn received(
    most: usize,
    receive: impl FnOnce(&mut [MaybeUninit<u8>]) -> Res<usize>,
) -> Res<Owned> {
    match most {
        ..=SMALL => {
            let mut memory = [MaybeUninit::uninit(); SMALL];
            let room = memory.get_mut(..most).unwrap_or_default();
            let len = receive(room)?;
            copy(room, len)
        }
        LARGE..=SCRATCH => MEMORY.with(|memory| {
            // Another call of this thread may be in the middle of it: a handler of signals.
            let mut own = Vec::new();
            let mut shared = memory.try_borrow_mut();
            let memory = shared.as_deref_mut().unwrap_or(&mut own);
            memory.clear();
            if memory.try_reserve_exact(most).is_err() {
                return Err(no_memory());
            }
            let room = memory.spare_capacity_mut().get_mut(..most).unwrap_or_default();
            let len = receive(room)?;
            copy(room, len)
        }),
        _ => {
            let Ok(size) = py::Py_ssize_t::try_from(most) else { return Err(no_memory()) };
            // SAFETY: a new object of this size, written by nobody else, cut to what was written.
            unsafe {
                let object = Owned::new(py::PyBytes_FromStringAndSize(std::ptr::null(), size))?;
                let start = py::PyBytes_AsString(object.as_ptr()).cast::<MaybeUninit<u8>>();
                let len = receive(std::slice::from_raw_parts_mut(start, most))?;
                let mut pointer = object.into_ptr();
                if len != most && _PyBytes_Resize(&mut pointer, len as py::Py_ssize_t) < 0 {
                    return Err(Raised);
                }
                Owned::new(pointer)
            }
        }
    }
}

fn copy(room: &[MaybeUninit<u8>], len: usize) -> Res<Owned> {
    let filled = room.get(..len).unwrap_or_default();
    // SAFETY: the call has written so many.
    bytes(unsafe { std::slice::from_raw_parts(filled.as_ptr().cast(), filled.len()) })
}

/// An argument that is a C `int`.
pub(crate) fn c_int(object: *mut PyObject) -> Res<i32> {
    let mut overflow = 0;
    // SAFETY: a live object.
    let value = checked(unsafe { py::PyLong_AsLongAndOverflow(object, &mut overflow) })?;
    match i32::try_from(value) {
        Ok(value) if overflow == 0 => Ok(value),
        _ => Err(overflow_error("Python int too large to convert to C int")),
    }
}

/// An argument that is a descriptor. CPython cuts it to 32 bits; where that would make it somebody
/// else's, this is none that is open.
pub(crate) fn descriptor(object: *mut PyObject) -> Res<i32> {
    // SAFETY: a live object.
    let value = checked(unsafe { py::PyLong_AsLong(object) })?;
    let cut = value as i32;
    Ok(if cut < 0 || i64::from(cut) == value { cut } else { i32::MAX })
}

/// Whether an argument is true: an integer in Python 3.11, anything since.
pub(crate) fn truth(object: *mut PyObject) -> Res<bool> {
    #[cfg(Py_3_12)]
    // SAFETY: a live object.
    let value = i64::from(unsafe { crate::running::PyObject_IsTrue(object) });
    #[cfg(not(Py_3_12))]
    // SAFETY: a live object.
    let value = unsafe { py::PyLong_AsLong(object) };
    Ok(checked(value)? != 0)
}

/// A timeout: `None`, or seconds, rounded up to nanoseconds.
pub(crate) fn timeout(object: *mut PyObject) -> Res<Option<Duration>> {
    // SAFETY: a live object; its kind is checked first.
    let nanos = unsafe {
        if object == py::Py_None() {
            return Ok(None);
        }
        if py::PyFloat_Check(object) != 0 {
            of_float(py::PyFloat_AsDouble(object))?
        } else {
            let seconds = py::PyLong_AsLongLong(object);
            if seconds == -1 && !py::PyErr_Occurred().is_null() {
                if py::PyErr_ExceptionMatches(py::PyExc_OverflowError) != 0 {
                    return Err(too_large());
                }
                return Err(Raised);
            }
            seconds.checked_mul(1_000_000_000).ok_or_else(too_large)?
        }
    };
    u64::try_from(nanos)
        .map(|nanos| Some(Duration::from_nanos(nanos)))
        .map_err(|_| value_error("Timeout value out of range"))
}

fn of_float(seconds: f64) -> Res<i64> {
    if seconds.is_nan() {
        return Err(value_error("Invalid value NaN (not a number)"));
    }
    let nanos = seconds * 1e9;
    // Away from zero, so that a little is never nothing.
    let nanos = if nanos >= 0.0 { nanos.ceil() } else { nanos.floor() };
    if !(-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&nanos) {
        return Err(overflow_error("timestamp out of range for platform time_t"));
    }
    Ok(nanos as i64)
}

#[cold]
fn too_large() -> Raised {
    #[cfg(Py_3_13)]
    let name = "PyTime_t";
    #[cfg(not(Py_3_13))]
    let name = "_PyTime_t";
    overflow_error(&format!("timestamp too large to convert to C {name}"))
}
