//! The recorder of calls: what `berkeley.trace` asks of the library.

use std::ffi::{CStr, OsStr, c_int};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::ptr::null_mut;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use berkeley::trace::{self, Options, Trace};
use berkeley::{Errno, Error};
use pyo3::ffi::{self, PyObject};

use crate::raw::{
    Owned, Python, Raised, Res, View, boolean, detached, guard, none, os_error, parse, tuple,
    unsigned,
};

/// The recording that Python has begun.
static RUNNING: Mutex<Option<Trace>> = Mutex::new(None);

/// The functions of `_native` that stand here.
pub(crate) fn table() -> [ffi::PyMethodDef; 6] {
    macro_rules! row {
        ($name:literal, $function:path, $doc:literal) => {{
            unsafe extern "C" fn raw(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
                guard(null_mut(), |py| $function(py, args).map(Owned::into_ptr))
            }
            let name: &'static CStr = $name;
            let doc: &'static CStr = $doc;
            ffi::PyMethodDef {
                ml_name: name.as_ptr(),
                ml_meth: ffi::PyMethodDefPointer { PyCFunction: raw },
                ml_flags: ffi::METH_VARARGS,
                ml_doc: doc.as_ptr(),
            }
        }};
    }
    [
        row!(c"trace_begin", begin, c"trace_begin(path, payload, sample, memory, append): begins a recording."),
        row!(c"trace_end", end, c"trace_end(): ends it; (calls, dropped)."),
        row!(c"trace_flush", flush, c"trace_flush(): waits until all of it is written."),
        row!(c"trace_is_on", is_on, c"trace_is_on(): whether a recording is going on."),
        row!(c"trace_name", name, c"trace_name(thread, name): what a thread is called."),
        row!(c"trace_ssl", ssl, c"trace_ssl(fd, object, data or None, room, errno, nanoseconds): plain bytes, which are sent if there is no room for them; without a socket, of the object of this number."),
    ]
}

fn begin(py: Python<'_>, args: *mut PyObject) -> Res<Owned> {
    let (mut path, mut payload, mut sample) = (View::empty(), 0 as ffi::Py_ssize_t, 0.0_f64);
    let (mut memory, mut append) = (0 as ffi::Py_ssize_t, 0 as c_int);
    parse!(
        args,
        c"y*ndnp:trace_begin",
        path.slot(),
        &mut payload,
        &mut sample,
        &mut memory,
        &mut append,
    )?;
    let path = OsStr::from_bytes(path.as_slice()).to_owned();
    let mut options = Options::new().payload(usize::try_from(payload).unwrap_or(0));
    if let Ok(memory) = usize::try_from(memory) {
        options = options.memory(memory);
    }
    if let Some(every) = Duration::try_from_secs_f64(sample).ok().filter(|every| !every.is_zero()) {
        options = options.sample(every);
    }
    let begun = detached(py, || match append {
        0 => options.to_file(path),
        _ => options.append_to(path),
    });
    let trace = begun.map_err(|error| raise(&error))?;
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = Some(trace);
    Ok(none())
}

fn end(py: Python<'_>, _: *mut PyObject) -> Res<Owned> {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(trace) = running else { return Ok(none()) };
    let done = detached(py, || trace.finish()).map_err(|error| raise(&error))?;
    tuple([unsigned(done.calls)?, unsigned(done.dropped)?])
}

fn flush(py: Python<'_>, _: *mut PyObject) -> Res<Owned> {
    detached(py, trace::flush);
    Ok(none())
}

fn is_on(_: Python<'_>, _: *mut PyObject) -> Res<Owned> {
    Ok(boolean(trace::is_on()))
}

fn name(_: Python<'_>, args: *mut PyObject) -> Res<Owned> {
    let (mut thread, mut name) = (0_u32, View::empty());
    parse!(args, c"Is*:trace_name", &mut thread, name.slot())?;
    trace::name_thread_of(thread, &String::from_utf8_lossy(name.as_slice()));
    Ok(none())
}

fn ssl(_: Python<'_>, args: *mut PyObject) -> Res<Owned> {
    let (mut fd, mut object) = (-1 as c_int, 0_u32);
    let (mut data, mut room) = (null_mut(), 0 as ffi::Py_ssize_t);
    let (mut errno, mut nanos) = (0 as c_int, 0_u64);
    parse!(
        args,
        c"iIOniK:trace_ssl",
        &mut fd,
        &mut object,
        &mut data,
        &mut room,
        &mut errno,
        &mut nanos,
    )?;
    if fd < 0 && object == 0 {
        return Ok(none());
    }
    // SAFETY: the number is not −1; if it is not open, or another file's by now, nothing is done
    // to it but to ask who it is.
    let sock = (fd >= 0).then(|| unsafe { BorrowedFd::borrow_raw(fd) });
    // SAFETY: `None` lives for ever.
    let is_none = data == unsafe { ffi::Py_None() };
    let view = if is_none { View::empty() } else { View::of(data)? };
    let took = Duration::from_nanos(nanos);
    let failed = (errno != 0).then_some(Errno::from(errno));
    let data = view.as_slice();
    match usize::try_from(room) {
        Ok(room) => {
            let done = failed.map_or(Ok(data), Err);
            match sock {
                Some(sock) => trace::ssl_read(sock, room, done, took),
                None => trace::ssl_read_in_memory(object, room, done, took),
            }
        }
        // What was written all went, or nothing did.
        Err(_) => {
            let done = failed.map_or(Ok(data.len()), Err);
            match sock {
                Some(sock) => trace::ssl_write(sock, data, done, took),
                None => trace::ssl_write_in_memory(object, data, done, took),
            }
        }
    }
    Ok(none())
}

#[cold]
fn raise(error: &Error) -> Raised {
    os_error(error.errno().map_or(libc::EIO, Errno::number))
}
