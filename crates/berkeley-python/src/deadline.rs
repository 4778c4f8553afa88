//! One moment by which every call of a socket has to end.

use std::ffi::c_void;
use std::ptr::null_mut;

use berkeley::Deadline;
use pyo3::ffi::{self, PyObject};

use crate::data;
use crate::methods::{Answer, row, single};
use crate::object::Object;
use crate::raw::{Owned, Python, Res, float, guard, none, value_error};

/// The method, which is put beside those of CPython's.
pub(crate) fn table() -> Vec<ffi::PyMethodDef> {
    vec![row(
        c"set_deadline",
        single!(set_deadline, METH_O),
        c"set_deadline($self, seconds, /)
--

Lets every call of this object end so many seconds from now, all of them together; None takes
the limit away. Afterwards they raise TimeoutError as soon as they would have to wait.

It goes beside the timeout, which each call has anew: what comes first counts. Names in addresses
are looked up within it too. A socket that accept() makes has none, and one of TLS cannot have one.",
    )]
}

/// The getter of `deadline`: how many seconds are left.
pub(crate) unsafe extern "C" fn get(this: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    guard(null_mut(), |_| {
        // SAFETY: the descriptor has checked the type.
        let left = unsafe { Object::of(this) }.until.get().remaining();
        left.map_or_else(|| Ok(none()), |left| float(left.as_secs_f64())).map(Owned::into_ptr)
    })
}

fn set_deadline(py: Python<'_>, object: &Object, seconds: *mut PyObject) -> Answer {
    // SAFETY: a live object, a C text; raises nothing.
    if unsafe { ffi::PyObject_HasAttrString(object.as_ptr(), c"_sslobj".as_ptr()) } != 0 {
        let text = "a TLS socket has no deadline, for its calls are made by ssl: use settimeout()";
        return Err(value_error(text));
    }
    put(py, object, Deadline::after_option(data::timeout(seconds)?))?;
    Ok(none())
}

/// Gives the object a deadline; the kernel is told if that changes its mode.
pub(crate) fn put(py: Python<'_>, object: &Object, deadline: Deadline) -> Res<()> {
    object.call(py, |socket| socket.set_deadline(deadline))?;
    object.until.set(deadline);
    Ok(())
}
