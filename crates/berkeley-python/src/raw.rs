//! Between Python's C interface and Rust: the error that is set, values that are owned, functions
//! that Python can call. Everything here is thin; what it means stands in the other files.

use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi::{self, PyObject};
pub(crate) use pyo3::marker::Python;

use crate::running;

/// Python's error is set, and is the answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raised;

/// What may raise.
pub(crate) type Res<T> = Result<T, Raised>;

/// A value of Python that is owned here.
pub(crate) struct Owned(NonNull<PyObject>);

impl Owned {
    /// Takes what a call has answered; null is its error.
    #[inline]
    pub(crate) fn new(answer: *mut PyObject) -> Res<Owned> {
        NonNull::new(answer).map(Owned).ok_or(Raised)
    }

    /// Shares what somebody else owns.
    #[inline]
    pub(crate) fn share(object: *mut PyObject) -> Owned {
        // SAFETY: the callers pass a live object, with the interpreter attached.
        unsafe { ffi::Py_INCREF(object) };
        match NonNull::new(object) {
            Some(object) => Owned(object),
            None => none(),
        }
    }

    #[inline]
    pub(crate) fn as_ptr(&self) -> *mut PyObject {
        self.0.as_ptr()
    }

    /// Gives the value to the caller of C.
    #[inline]
    pub(crate) fn into_ptr(self) -> *mut PyObject {
        let pointer = self.0.as_ptr();
        std::mem::forget(self);
        pointer
    }
}

impl Drop for Owned {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: it is owned here, and values are dropped with the interpreter attached.
        unsafe { ffi::Py_DECREF(self.0.as_ptr()) };
    }
}

/// `None`.
pub(crate) fn none() -> Owned {
    // SAFETY: `None` lives for ever.
    unsafe {
        let none = ffi::Py_None();
        ffi::Py_INCREF(none);
        Owned(NonNull::new_unchecked(none))
    }
}

/// An integer.
pub(crate) fn int(value: i64) -> Res<Owned> {
    // SAFETY: takes no pointers.
    Owned::new(unsafe { ffi::PyLong_FromLongLong(value) })
}

pub(crate) fn unsigned(value: u64) -> Res<Owned> {
    // SAFETY: takes no pointers.
    Owned::new(unsafe { ffi::PyLong_FromUnsignedLongLong(value) })
}

pub(crate) fn float(value: f64) -> Res<Owned> {
    // SAFETY: takes no pointers.
    Owned::new(unsafe { ffi::PyFloat_FromDouble(value) })
}

pub(crate) fn boolean(value: bool) -> Owned {
    // SAFETY: `True` and `False` live for ever.
    Owned::share(unsafe { if value { ffi::Py_True() } else { ffi::Py_False() } })
}

/// A text.
pub(crate) fn text(value: &str) -> Res<Owned> {
    let len = value.len() as ffi::Py_ssize_t;
    // SAFETY: pointer and length describe UTF-8.
    Owned::new(unsafe { ffi::PyUnicode_FromStringAndSize(value.as_ptr().cast(), len) })
}

/// A text of the file system's encoding, of all of which ASCII is a part.
pub(crate) fn fs_text(value: &[u8]) -> Res<Owned> {
    if value.is_ascii() {
        return ascii(value);
    }
    let len = value.len() as ffi::Py_ssize_t;
    // SAFETY: pointer and length describe the bytes.
    Owned::new(unsafe { ffi::PyUnicode_DecodeFSDefaultAndSize(value.as_ptr().cast(), len) })
}

pub(crate) fn bytes(value: &[u8]) -> Res<Owned> {
    let len = value.len() as ffi::Py_ssize_t;
    // SAFETY: pointer and length describe the bytes.
    Owned::new(unsafe { ffi::PyBytes_FromStringAndSize(value.as_ptr().cast(), len) })
}

/// A text of ASCII, which the callers answer for.
pub(crate) fn ascii(value: &[u8]) -> Res<Owned> {
    // SAFETY: the text is new and has room for so many bytes.
    unsafe {
        let text = Owned::new(ffi::PyUnicode_New(value.len() as ffi::Py_ssize_t, 127))?;
        let start = ffi::PyUnicode_1BYTE_DATA(text.as_ptr());
        std::ptr::copy_nonoverlapping(value.as_ptr(), start, value.len());
        Ok(text)
    }
}

/// What a text says, as UTF-8.
///
/// # Safety
///
/// The object is a text, and held as long as this is used.
pub(crate) unsafe fn utf8<'a>(object: *mut PyObject) -> Res<&'a str> {
    let mut len = 0;
    // SAFETY: as promised; the interpreter answers UTF-8.
    unsafe {
        let data = ffi::PyUnicode_AsUTF8AndSize(object, &mut len);
        if data.is_null() {
            return Err(Raised);
        }
        let bytes = std::slice::from_raw_parts(data.cast::<u8>(), len as usize);
        Ok(std::str::from_utf8_unchecked(bytes))
    }
}

/// What a text says, if it is ASCII and of this very type: no class of somebody's that is encoded in
/// its own way. From Python 3.14 on there is no macro to ask.
///
/// # Safety
///
/// That of [`utf8`].
pub(crate) unsafe fn plain_ascii<'a>(object: *mut PyObject) -> Option<&'a str> {
    // SAFETY: as promised.
    unsafe {
        if ffi::PyUnicode_CheckExact(object) == 0 {
            return None;
        }
        let Ok(text) = utf8(object) else {
            // A lone surrogate.
            ffi::PyErr_Clear();
            return None;
        };
        // As many bytes as characters.
        (text.len() as ffi::Py_ssize_t == ffi::PyUnicode_GetLength(object)).then_some(text)
    }
}

/// What bytes are.
///
/// # Safety
///
/// The object is bytes, and held as long as this is used.
pub(crate) unsafe fn byte_string<'a>(object: *mut PyObject) -> &'a [u8] {
    // SAFETY: as promised.
    unsafe {
        let start = ffi::PyBytes_AS_STRING(object).cast::<u8>();
        std::slice::from_raw_parts(start, ffi::Py_SIZE(object) as usize)
    }
}

/// A tuple of these.
pub(crate) fn tuple<const N: usize>(items: [Owned; N]) -> Res<Owned> {
    // SAFETY: the tuple is new; each place is filled once and takes the reference.
    unsafe {
        let tuple = Owned::new(ffi::PyTuple_New(N as ffi::Py_ssize_t))?;
        for (place, item) in items.into_iter().enumerate() {
            ffi::PyTuple_SET_ITEM(tuple.as_ptr(), place as ffi::Py_ssize_t, item.into_ptr());
        }
        Ok(tuple)
    }
}

/// A list of these.
pub(crate) fn list(items: impl IntoIterator<Item = Res<Owned>>) -> Res<Owned> {
    // SAFETY: the list is new and this function's own.
    unsafe {
        let list = Owned::new(ffi::PyList_New(0))?;
        for item in items {
            if ffi::PyList_Append(list.as_ptr(), item?.as_ptr()) < 0 {
                return Err(Raised);
            }
        }
        Ok(list)
    }
}

/// Raises an exception with a text.
#[cold]
pub(crate) fn raise(kind: *mut PyObject, message: &str) -> Raised {
    // SAFETY: the text is UTF-8; the kind is one of the interpreter's exceptions.
    unsafe {
        if let Ok(message) = text(message) {
            ffi::PyErr_SetObject(kind, message.as_ptr());
        }
    }
    Raised
}

macro_rules! kinds {
    ($($name:ident = $exception:ident;)*) => {$(
        #[cold]
        pub(crate) fn $name(message: &str) -> Raised {
            // SAFETY: the interpreter's own exception, which lives as long as it does.
            raise(unsafe { ffi::$exception }, message)
        }
    )*};
}

kinds! {
    type_error = PyExc_TypeError;
    value_error = PyExc_ValueError;
    overflow_error = PyExc_OverflowError;
    os_error_text = PyExc_OSError;
    timeout_error = PyExc_TimeoutError;
}

/// Raises the `OSError` of a number, of the class that it has.
#[cold]
pub(crate) fn os_error(errno: i32) -> Raised {
    // SAFETY: the interpreter's own classes; the arguments are a tuple, or an error is set.
    unsafe {
        match error_arguments(errno) {
            Some(arguments) => ffi::PyErr_SetObject(error_class(errno), arguments),
            None => {
                *libc::__errno_location() = errno;
                ffi::PyErr_SetFromErrno(ffi::PyExc_OSError);
            }
        }
    }
    Raised
}

/// The exception that [`os_error`] raises, to be given facts before it is raised: afterwards it would
/// have to be taken down and set again. Nothing if it can only be raised.
pub(crate) fn os_exception(errno: i32) -> Option<Owned> {
    let arguments = error_arguments(errno)?;
    // SAFETY: the interpreter's own class, and a tuple.
    unsafe {
        let made = running::PyObject_Call(error_class(errno), arguments, std::ptr::null_mut());
        if made.is_null() {
            ffi::PyErr_Clear();
        }
        NonNull::new(made).map(Owned)
    }
}

/// Raises an exception that is made already.
pub(crate) fn raise_made(error: &Owned) -> Raised {
    // SAFETY: an exception and its class.
    unsafe { ffi::PyErr_SetObject(ffi::Py_TYPE(error.as_ptr()).cast(), error.as_ptr()) };
    Raised
}

/// The class that `OSError` itself would choose, which costs it a look-up.
fn error_class(errno: i32) -> *mut PyObject {
    // SAFETY: the interpreter's own classes.
    unsafe {
        match errno {
            libc::EAGAIN | libc::EALREADY | libc::EINPROGRESS => ffi::PyExc_BlockingIOError,
            libc::ECONNREFUSED => ffi::PyExc_ConnectionRefusedError,
            libc::ECONNRESET => ffi::PyExc_ConnectionResetError,
            libc::EPIPE | libc::ESHUTDOWN => ffi::PyExc_BrokenPipeError,
            _ => ffi::PyExc_OSError,
        }
    }
}

/// The number and its text, as `OSError` takes them: made once, and kept. In another language than
/// that of C the text is asked for each time, for a program may change it.
fn error_arguments(errno: i32) -> Option<*mut PyObject> {
    const MADE: usize = 134; // Linux's largest number is 133.
    static KEPT: [AtomicPtr<PyObject>; MADE] =
        [const { AtomicPtr::new(std::ptr::null_mut()) }; MADE];
    // An interruption lets handlers run, whose error counts.
    if errno == libc::EINTR {
        return None;
    }
    // SAFETY: asks for the name of the locale, which is compared at once.
    let plain = unsafe {
        let name = libc::setlocale(libc::LC_MESSAGES, std::ptr::null());
        !name.is_null()
            && matches!(std::ffi::CStr::from_ptr(name).to_bytes(), b"C" | b"C.UTF-8" | b"POSIX")
    };
    if !plain {
        return None;
    }
    let place = KEPT.get(usize::try_from(errno).ok()?)?;
    let kept = place.load(Ordering::Acquire);
    if !kept.is_null() {
        return Some(kept);
    }
    // SAFETY: the C library's text, which is copied at once.
    let message = unsafe { std::ffi::CStr::from_ptr(libc::strerror(errno)) };
    let made = tuple([int(errno.into()).ok()?, fs_text(message.to_bytes()).ok()?]).ok()?;
    let made = made.into_ptr();
    // Two threads may make the same; one of them is never freed.
    place.store(made, Ordering::Release);
    Some(made)
}

#[cold]
pub(crate) fn no_memory() -> Raised {
    // SAFETY: takes nothing.
    unsafe { ffi::PyErr_NoMemory() };
    Raised
}

/// Whether an error is set.
pub(crate) fn is_raised() -> bool {
    // SAFETY: looks only.
    unsafe { !ffi::PyErr_Occurred().is_null() }
}

/// The error that is set, if any, kept aside while something else is done.
pub(crate) struct Kept(#[cfg(Py_3_12)] [*mut PyObject; 1], #[cfg(not(Py_3_12))] [*mut PyObject; 3]);

impl Kept {
    /// Takes it away: none is set.
    pub(crate) fn take() -> Kept {
        // SAFETY: the interpreter is attached; what is taken is owned here.
        #[cfg(Py_3_12)]
        return Kept([unsafe { ffi::PyErr_GetRaisedException() }]);
        #[cfg(not(Py_3_12))]
        {
            let mut parts = [std::ptr::null_mut(); 3];
            let [kind, value, trace] = &mut parts;
            // SAFETY: as above.
            unsafe { ffi::PyErr_Fetch(kind, value, trace) };
            Kept(parts)
        }
    }

    /// The exception itself, if there is one.
    pub(crate) fn value(&mut self) -> Option<*mut PyObject> {
        #[cfg(Py_3_12)]
        let [value] = self.0;
        #[cfg(not(Py_3_12))]
        let value = {
            let [kind, value, trace] = &mut self.0;
            // SAFETY: owned here; it may be made of what it shall be made of only now.
            unsafe { ffi::PyErr_NormalizeException(kind, value, trace) };
            *value
        };
        (!value.is_null()).then_some(value)
    }

    /// Sets it again, in the place of what is set now.
    pub(crate) fn put_back(self) {
        // SAFETY: each part is given away once.
        unsafe {
            #[cfg(Py_3_12)]
            let [error] = self.0;
            #[cfg(Py_3_12)]
            ffi::PyErr_SetRaisedException(error);
            #[cfg(not(Py_3_12))]
            let [kind, value, trace] = self.0;
            #[cfg(not(Py_3_12))]
            ffi::PyErr_Restore(kind, value, trace);
        }
        std::mem::forget(self);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        for part in self.0 {
            // SAFETY: owned here, or null.
            unsafe { ffi::Py_XDECREF(part) };
        }
    }
}

/// What C answers: minus one and an error is an error.
pub(crate) fn checked(answer: i64) -> Res<i64> {
    if answer == -1 && is_raised() { Err(Raised) } else { Ok(answer) }
}

/// Calls what may raise from C: an error or a panic becomes `failed` with Python's error set.
#[inline]
pub(crate) fn guard<R: Copy>(failed: R, body: impl FnOnce(Python<'_>) -> Res<R>) -> R {
    // SAFETY: Python calls with the interpreter attached.
    let py = unsafe { Python::assume_attached() };
    match catch_unwind(AssertUnwindSafe(|| body(py))) {
        Ok(Ok(value)) => value,
        Ok(Err(Raised)) => failed,
        Err(_) => {
            // SAFETY: the interpreter's own exception.
            raise(unsafe { ffi::PyExc_SystemError }, "berkeley has a bug: a panic");
            failed
        }
    }
}

/// Does work without the interpreter, and has it again afterwards.
#[inline]
pub(crate) fn detached<T: Send>(_: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    struct Attach(*mut ffi::PyThreadState);
    impl Drop for Attach {
        #[inline]
        fn drop(&mut self) {
            // SAFETY: what was let go of below, once.
            unsafe { ffi::PyEval_RestoreThread(self.0) };
        }
    }
    // SAFETY: the interpreter is attached, as the argument says.
    let _attach = Attach(unsafe { ffi::PyEval_SaveThread() });
    work()
}

/// Reads a call's arguments by C's format, whose errors have the texts that Python's users know.
macro_rules! parse {
    ($args:expr, $format:literal $(, $to:expr)* $(,)?) => {{
        // SAFETY: the format says what each pointer is to, as in the line itself.
        let ok = unsafe { pyo3::ffi::PyArg_ParseTuple($args, $format.as_ptr() $(, $to)*) };
        if ok == 0 { Err($crate::raw::Raised) } else { Ok(()) }
    }};
}
pub(crate) use parse;

/// [`parse`] with names: `["buffer", …]`.
macro_rules! parse_named {
    ($args:expr, $kwargs:expr, $format:literal, [$($name:literal),*] $(, $to:expr)* $(,)?) => {{
        let mut names = [$($name.as_ptr().cast_mut(),)* std::ptr::null_mut()];
        // SAFETY: the names end with null; the format says what each pointer is to.
        let ok = unsafe {
            pyo3::ffi::PyArg_ParseTupleAndKeywords(
                $args, $kwargs, $format.as_ptr(), names.as_mut_ptr().cast() $(, $to)*
            )
        };
        if ok == 0 { Err($crate::raw::Raised) } else { Ok(()) }
    }};
}
pub(crate) use parse_named;

unsafe extern "C" {
    fn PySys_Audit(event: *const c_char, format: *const c_char, ...) -> c_int;
}

/// Tells those who audit. They may refuse.
macro_rules! audit {
    ($event:literal, $format:literal $(, $what:expr)* $(,)?) => {{
        // SAFETY: the format says what each argument is, as in the line itself.
        let answer = unsafe {
            $crate::raw::audit_raw()($event.as_ptr(), $format.as_ptr() $(, $what)*)
        };
        if answer < 0 { Err($crate::raw::Raised) } else { Ok(()) }
    }};
}
pub(crate) use audit;

/// Python's own function, which `pyo3` does not have.
pub(crate) fn audit_raw() -> unsafe extern "C" fn(*const c_char, *const c_char, ...) -> c_int {
    PySys_Audit
}

/// Memory of an object that has some, for as long as this lives.
pub(crate) struct View(ffi::Py_buffer);

impl View {
    /// Nothing yet, for a format to fill.
    pub(crate) const fn empty() -> View {
        View(ffi::Py_buffer::new())
    }

    /// Where a format writes; what was there is let go.
    pub(crate) fn slot(&mut self) -> *mut ffi::Py_buffer {
        *self = View::empty();
        &mut self.0
    }

    /// The memory of an object, to be read.
    pub(crate) fn of(object: *mut PyObject) -> Res<View> {
        let mut view = View::empty();
        // SAFETY: fills the view, which is released when it is dropped.
        match unsafe { ffi::PyObject_GetBuffer(object, &mut view.0, ffi::PyBUF_SIMPLE) } {
            0 => Ok(view),
            _ => Err(Raised),
        }
    }

    /// The memory of bytes.
    ///
    /// # Safety
    ///
    /// They are bytes, and somebody else holds them as long as this is used.
    #[inline]
    pub(crate) unsafe fn of_bytes(object: *mut PyObject) -> View {
        let mut view = View::empty();
        // SAFETY: as promised; a view without an object is not released.
        let bytes = unsafe { byte_string(object) };
        view.0.buf = bytes.as_ptr().cast_mut().cast();
        view.0.len = bytes.len() as ffi::Py_ssize_t;
        view
    }

    /// Whether it is of `bytes`, and came by [`View::of_bytes`].
    pub(crate) fn is_of_bytes(&self) -> bool {
        self.0.obj.is_null()
    }

    /// Takes the memory of an object, if it has some of this kind; raises nothing.
    pub(crate) fn get(&mut self, object: *mut PyObject, kind: c_int) -> bool {
        // SAFETY: a live object; the view holds nothing before.
        unsafe {
            let done = ffi::PyObject_GetBuffer(object, self.slot(), kind) == 0;
            if !done {
                ffi::PyErr_Clear();
            }
            done
        }
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        if self.0.buf.is_null() {
            return &[];
        }
        // SAFETY: the buffer is contiguous and held; others may write to it meanwhile, as they
        // may in Python's own module, and the kernel copies whatever is there.
        unsafe { std::slice::from_raw_parts(self.0.buf.cast(), self.0.len as usize) }
    }
}

impl Drop for View {
    #[inline]
    fn drop(&mut self) {
        if !self.0.obj.is_null() {
            // SAFETY: it is held here.
            unsafe { ffi::PyBuffer_Release(&mut self.0) };
        }
    }
}

/// Memory that is to be written to, for as long as this lives.
pub(crate) struct Room(pub(crate) View);

impl Room {
    /// Nothing yet, for a format to fill.
    pub(crate) const fn empty() -> Room {
        Room(View::empty())
    }

    /// Where a format writes; what was there is let go.
    pub(crate) fn slot(&mut self) -> *mut ffi::Py_buffer {
        self.0.slot()
    }

    #[allow(clippy::mut_from_ref, reason = "the memory is the object's, not the view's")]
    pub(crate) fn as_slice(&self) -> &mut [u8] {
        let buffer = &self.0.0;
        if buffer.buf.is_null() {
            return &mut [];
        }
        // SAFETY: as of a view that is read, and asked for as writable.
        unsafe { std::slice::from_raw_parts_mut(buffer.buf.cast(), buffer.len as usize) }
    }
}

/// What a call without the interpreter may use: the callers see to it that it does no harm.
#[derive(Clone, Copy)]
pub(crate) struct Sendable<T>(pub(crate) T);

// SAFETY: said of pointers and views that stay where they are while the call lasts.
unsafe impl<T> Send for Sendable<T> {}

impl<T> Sendable<T> {
    /// The whole wrapper travels into a closure, not the field alone.
    pub(crate) fn get(self) -> T {
        self.0
    }
}
