//! The library's machine of Happy Eyeballs, for Python's own sockets: `_native.race` and its kin.

use std::ffi::{CStr, c_int, c_void};
use std::ptr::null_mut;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use berkeley::Deadline;
use berkeley::eyeballs::{self, Race, Step};
use pyo3::ffi::{self, PyObject};

use crate::data;
use crate::raw::{
    self, Owned, Raised, Res, checked, guard, int, list, none, parse, tuple, value_error,
};

const NAME: &CStr = c"berkeley.race";

/// The functions of `_native`.
pub(crate) fn table() -> [ffi::PyMethodDef; 4] {
    let row = |name: &'static CStr, call, doc: &'static CStr| ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: call },
        ml_flags: ffi::METH_VARARGS,
        ml_doc: doc.as_ptr(),
    };
    [
        row(c"race", race, c"race(attempts, delay, timeout): a race of so many attempts."),
        row(c"race_step", step, c"race_step(race): what is to be done, and with what."),
        row(c"race_ended", ended, c"race_ended(race, attempt, connected)"),
        row(c"interleave", interleave, c"interleave(families): the order in which to try."),
    ]
}

unsafe extern "C" fn race(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |_| {
        let mut attempts: ffi::Py_ssize_t = 0;
        let (mut delay, mut timeout): (*mut PyObject, *mut PyObject) = (null_mut(), null_mut());
        parse!(args, c"nOO:race", &mut attempts, &mut delay, &mut timeout)?;
        let delay = data::timeout(delay)?.ok_or_else(|| value_error("a delay is a number"))?;
        let deadline = Deadline::after_option(data::timeout(timeout)?);
        let attempts = usize::try_from(attempts).unwrap_or(0);
        let race = Box::new(Mutex::new(Race::new(attempts).delay(delay).deadline(deadline)));
        // SAFETY: the capsule has the race until it is destroyed, and then gives it up.
        Owned::new(unsafe {
            let race = Box::into_raw(race).cast::<c_void>();
            ffi::PyCapsule_New(race, NAME.as_ptr(), Some(forget))
        })
        .map(Owned::into_ptr)
    })
}

unsafe extern "C" fn forget(capsule: *mut PyObject) {
    // SAFETY: Python calls it once, with what `race` has made.
    unsafe {
        let race = ffi::PyCapsule_GetPointer(capsule, NAME.as_ptr()).cast::<Mutex<Race>>();
        if !race.is_null() {
            drop(Box::from_raw(race));
        }
    }
}

/// The race that a capsule holds.
fn of<'a>(capsule: *mut PyObject) -> Res<MutexGuard<'a, Race>> {
    // SAFETY: answers null for anything that is not our capsule; the caller holds it.
    let race = unsafe { ffi::PyCapsule_GetPointer(capsule, NAME.as_ptr()).cast::<Mutex<Race>>() };
    // SAFETY: as above.
    let race = unsafe { race.as_ref() }.ok_or(Raised)?;
    Ok(race.lock().unwrap_or_else(PoisonError::into_inner))
}

unsafe extern "C" fn step(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |_| {
        let mut capsule: *mut PyObject = null_mut();
        parse!(args, c"O:race_step", &mut capsule)?;
        let (what, with) = match of(capsule)?.step(Instant::now()) {
            Step::Start(attempt) => ("start", int(attempt as i64)?),
            Step::WaitUntil(until) => match until.remaining() {
                Some(left) => ("wait", raw::float(left.as_secs_f64())?),
                None => ("wait", none()),
            },
            Step::Won(attempt) => ("won", int(attempt as i64)?),
            Step::Failed => ("failed", none()),
            Step::TimedOut => ("timed out", none()),
        };
        Ok(tuple([raw::text(what)?, with])?.into_ptr())
    })
}

unsafe extern "C" fn ended(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |_| {
        let mut capsule: *mut PyObject = null_mut();
        let (mut attempt, mut connected): (ffi::Py_ssize_t, c_int) = (0, 0);
        parse!(args, c"Onp:race_ended", &mut capsule, &mut attempt, &mut connected)?;
        let attempt = usize::try_from(attempt).unwrap_or(usize::MAX);
        match connected {
            0 => of(capsule)?.failed(attempt),
            _ => of(capsule)?.connected(attempt),
        }
        Ok(none().into_ptr())
    })
}

/// The places of these families in a list, so that they alternate.
unsafe extern "C" fn interleave(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |_| {
        let mut families: *mut PyObject = null_mut();
        // SAFETY: the type of lists lives for ever.
        let lists = &raw mut ffi::PyList_Type;
        parse!(args, c"O!:interleave", lists, &mut families)?;
        let mut places = Vec::new();
        // SAFETY: a list, which is asked for no more than it has, and lends its items.
        unsafe {
            for place in 0..ffi::PyList_Size(families) {
                let family = ffi::PyList_GetItem(families, place);
                places.push((place, checked(ffi::PyLong_AsLong(family))?));
            }
        }
        let order = eyeballs::interleave(places, 1, |(_, family)| *family);
        list(order.into_iter().map(|(place, _)| int(place as i64))).map(Owned::into_ptr)
    })
}
