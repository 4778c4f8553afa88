//! Where sockets were opened, for other processes of the same user: memory without a name in any
//! folder, which they find among this process's files. It is made only if it was asked for.
//!
//! One row of [`ROW`] bytes for each descriptor up to a limit: when it was opened, as seconds since
//! 1970 (a double), and the place as UTF-8 up to a zero. A row may be read in the middle of a
//! change, and may tell of a socket that was closed since: whoever reads it looks at the time.

use std::ffi::c_int;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::time::SystemTime;

use pyo3::ffi::{self, PyObject};

use crate::raw::{Owned, Res, none, parse};
use crate::registry::Place;

/// How long a row is.
const ROW: usize = 256;
const HEAD: usize = size_of::<f64>();

/// The memory, once there is some; it stays for as long as the process lives.
static MEMORY: AtomicPtr<u8> = AtomicPtr::new(null_mut());
static LENGTH: AtomicUsize = AtomicUsize::new(0);

/// `share_places(memory)`: from now on rows are written there.
pub(crate) fn share(args: *mut PyObject) -> Res<Owned> {
    let mut object: *mut PyObject = null_mut();
    parse!(args, c"O:share_places", &mut object)?;
    let mut view = ffi::Py_buffer::new();
    // SAFETY: fills the view, which is never released: the memory stays.
    let got = unsafe { ffi::PyObject_GetBuffer(object, &mut view, ffi::PyBUF_WRITABLE) };
    crate::raw::checked(got.into())?;
    LENGTH.store(view.len as usize, Ordering::Relaxed);
    MEMORY.store(view.buf.cast(), Ordering::Release);
    // The view's own count of the object's references is given away for ever.
    std::mem::forget(Owned::share(object));
    Ok(none())
}

/// In a child of `fork`: the memory is its parent's.
pub(crate) fn forked() {
    MEMORY.store(null_mut(), Ordering::Release);
}

/// Empties the row of a descriptor that is about to be closed.
#[inline]
pub(crate) fn clear(fd: c_int) {
    if !MEMORY.load(Ordering::Relaxed).is_null() {
        empty(fd);
    }
}

#[cold]
fn empty(fd: c_int) {
    if let Some(row) = row(fd) {
        // SAFETY: the row is within the memory.
        unsafe { row.write_bytes(0, HEAD + 1) };
    }
}

/// The row of a descriptor, if somebody may look.
#[inline]
fn row(fd: c_int) -> Option<*mut u8> {
    let memory = MEMORY.load(Ordering::Acquire);
    if memory.is_null() {
        return None;
    }
    let row = usize::try_from(fd).ok()?;
    // SAFETY: asked for only if it is within the memory.
    ((row + 1) * ROW <= LENGTH.load(Ordering::Relaxed)).then(|| unsafe { memory.add(row * ROW) })
}

/// Writes the row of a descriptor, if somebody may look.
pub(crate) fn publish(fd: c_int, place: &Place) {
    let Some(row) = row(fd) else { return };
    let shown = match place.shown() {
        Some(shown) => shown,
        None => {
            // SAFETY: without memory the row stays empty.
            unsafe { ffi::PyErr_Clear() };
            String::new()
        }
    };
    let mut text = [0; ROW - HEAD];
    for (to, from) in text.iter_mut().zip(shown.bytes().take(ROW - HEAD - 1)) {
        *to = from;
    }
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let opened = since.map_or(0.0, |since| since.as_secs_f64()).to_ne_bytes();
    // SAFETY: the row is within the memory, of which nobody here has a reference.
    unsafe {
        row.add(HEAD).copy_from_nonoverlapping(text.as_ptr(), text.len());
        row.copy_from_nonoverlapping(opened.as_ptr(), HEAD);
    }
}
