//! What of Python's C interface runs code of the program's own: each name as in `pyo3::ffi`.
//!
//! Before 3.14, Python ends a thread that wants the interpreter back while it shuts down, and does so
//! by unwinding it. The frames of Rust above would end the whole process at that, or let go of objects
//! without the interpreter. So such a thread stops where it is, and ends with the process, as it does
//! from 3.14 on.

#![allow(non_snake_case, reason = "the names are C's")]

use std::ffi::{c_char, c_int};

use pyo3::ffi::{Py_ssize_t, PyObject};

/// The single argument of a call, by a format that encodes a text: `et` or `es`.
///
/// # Safety
///
/// As for `PyArg_ParseTuple`.
pub(crate) unsafe fn parse_encoded(
    args: *mut PyObject,
    format: *const c_char,
    codec: *const c_char,
    to: *mut *mut c_char,
) -> c_int {
    unsafe extern "C-unwind" {
        fn PyArg_ParseTuple(args: *mut PyObject, format: *const c_char, ...) -> c_int;
    }
    let stays = Stays;
    // SAFETY: as promised.
    let answer = unsafe { PyArg_ParseTuple(args, format, codec, to) };
    std::mem::forget(stays);
    answer
}

/// Dropped where a thread is unwound.
struct Stays;

impl Drop for Stays {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

macro_rules! run {
    ($($name:ident($($arg:ident: $ty:ty),*) -> $answer:ty;)*) => {
        mod unwinding {
            use super::*;

            unsafe extern "C-unwind" {
                $(pub(super) fn $name($($arg: $ty),*) -> $answer;)*
            }
        }

        $(
            /// # Safety
            ///
            /// As the function of this name asks for.
            #[inline]
            #[allow(dead_code, reason = "some versions take more of them than others")]
            pub(crate) unsafe fn $name($($arg: $ty),*) -> $answer {
                let stays = Stays;
                // SAFETY: as promised.
                let answer = unsafe { unwinding::$name($($arg),*) };
                std::mem::forget(stays);
                answer
            }
        )*
    };
}

run! {
    PyErr_CheckSignals() -> c_int;
    PyErr_WarnEx(category: *mut PyObject, text: *const c_char, level: Py_ssize_t) -> c_int;
    PyImport_ImportModule(name: *const c_char) -> *mut PyObject;
    PyObject_Call(it: *mut PyObject, args: *mut PyObject, names: *mut PyObject) -> *mut PyObject;
    PyObject_CallFinalizerFromDealloc(it: *mut PyObject) -> c_int;
    PyObject_CallObject(it: *mut PyObject, args: *mut PyObject) -> *mut PyObject;
    PyObject_CallOneArg(it: *mut PyObject, arg: *mut PyObject) -> *mut PyObject;
    PyObject_GetAttr(it: *mut PyObject, name: *mut PyObject) -> *mut PyObject;
    PyObject_GetAttrString(it: *mut PyObject, name: *const c_char) -> *mut PyObject;
    PyObject_IsTrue(it: *mut PyObject) -> c_int;
    PyObject_SetAttr(it: *mut PyObject, name: *mut PyObject, value: *mut PyObject) -> c_int;
    PyObject_SetAttrString(it: *mut PyObject, name: *const c_char, value: *mut PyObject) -> c_int;
    PyObject_Str(it: *mut PyObject) -> *mut PyObject;
    PySequence_Fast(it: *mut PyObject, wrong: *const c_char) -> *mut PyObject;
    PySequence_Size(it: *mut PyObject) -> Py_ssize_t;
    PySequence_Tuple(it: *mut PyObject) -> *mut PyObject;
    PyUnicode_AsEncodedString(
        it: *mut PyObject,
        codec: *const c_char,
        errors: *const c_char
    ) -> *mut PyObject;
}
