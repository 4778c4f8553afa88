//! The methods of a socket: read what was asked, tell those who audit, let go of the interpreter,
//! make the library's call, and answer.

use std::ffi::{CStr, c_int, c_void};
use std::os::fd::{IntoRawFd, OwnedFd};
use std::ptr::null_mut;
use std::sync::atomic::Ordering;
use std::time::Duration;

use berkeley::{Deadline, Errno, Family};
use pyo3::ffi::{self, Py_ssize_t, PyObject};

use crate::address;
use crate::args::{Given, quick, read};
use crate::calls::{Ongoing, nameless};
use crate::data;
use crate::deadline;
use crate::errors;
use crate::object::{Object, nanos};
use crate::raw::{
    Owned, Python, Raised, Res, Sendable, View, audit, boolean, bytes, detached, float, guard, int,
    none, os_error, os_error_text, parse, tuple, unsigned,
};
use crate::transfer;

/// What a method answers.
pub(crate) type Answer = Res<Owned>;

/// A method with arguments by place.
macro_rules! positional {
    ($method:path) => {{
        unsafe extern "C" fn raw(
            this: *mut PyObject,
            args: *mut *mut PyObject,
            count: Py_ssize_t,
        ) -> *mut PyObject {
            guard(null_mut(), |py| {
                // SAFETY: Python has checked the type, and hands over so many.
                let given = unsafe { Given::call(args, count, null_mut()) };
                // SAFETY: as above.
                let object = unsafe { Object::of(this) };
                $method(py, object, given).map(Owned::into_ptr)
            })
        }
        (ffi::PyMethodDefPointer { PyCFunctionFast: raw }, ffi::METH_FASTCALL)
    }};
}

/// A method with one argument, or none.
macro_rules! single {
    ($method:ident, $kind:ident) => {{
        unsafe extern "C" fn raw(this: *mut PyObject, arg: *mut PyObject) -> *mut PyObject {
            guard(null_mut(), |py| {
                // SAFETY: Python has checked the type.
                let object = unsafe { Object::of(this) };
                $method(py, object, arg).map(Owned::into_ptr)
            })
        }
        (ffi::PyMethodDefPointer { PyCFunction: raw }, ffi::$kind)
    }};
}
pub(crate) use single;

/// A method with names.
macro_rules! named {
    ($method:path) => {{
        unsafe extern "C" fn raw(
            this: *mut PyObject,
            args: *const *mut PyObject,
            count: Py_ssize_t,
            names: *mut PyObject,
        ) -> *mut PyObject {
            guard(null_mut(), |py| {
                // SAFETY: Python has checked the type, and hands over so many and their names.
                let given = unsafe { Given::call(args, count, names) };
                // SAFETY: as above.
                let object = unsafe { Object::of(this) };
                $method(py, object, given).map(Owned::into_ptr)
            })
        }
        (
            ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: raw },
            ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
        )
    }};
}
pub(crate) use named;

/// A row of a table of methods.
pub(crate) fn row(
    name: &'static CStr,
    (ml_meth, ml_flags): (ffi::PyMethodDefPointer, c_int),
    doc: &'static CStr,
) -> ffi::PyMethodDef {
    ffi::PyMethodDef { ml_name: name.as_ptr(), ml_meth, ml_flags, ml_doc: doc.as_ptr() }
}

/// The table of methods, which lives for ever.
pub(crate) fn table() -> *mut ffi::PyMethodDef {
    let rows = [
        row(c"_accept", single!(accept, METH_NOARGS), c"_accept() -> (integer, address info)\n\nWaits for a connection: the descriptor of its socket, and who connected."),
        row(c"bind", single!(bind, METH_O), c"bind(address)\n\nGives the socket an address of this machine."),
        row(c"close", single!(close, METH_NOARGS), c"close()\n\nCloses the socket. It can be used no more."),
        row(c"connect", single!(connect, METH_O), c"connect(address)\n\nConnects to an address."),
        row(c"connect_ex", single!(connect_ex, METH_O), c"connect_ex(address) -> errno\n\nLike connect(address), with the error's number as the answer, or 0."),
        row(c"detach", single!(detach, METH_NOARGS), c"detach() -> file descriptor\n\nGives up the descriptor, still open; the object counts as closed."),
        row(c"fileno", single!(fileno, METH_NOARGS), c"fileno() -> integer\n\nThe descriptor; -1 of a closed socket."),
        row(c"getpeername", single!(getpeername, METH_NOARGS), c"getpeername() -> address info\n\nThe address of the peer."),
        row(c"getsockname", single!(getsockname, METH_NOARGS), c"getsockname() -> address info\n\nThe socket's own address."),
        row(c"getsockopt", positional!(getsockopt), c"getsockopt(level, option[, buffersize]) -> value\n\nThe value of an option: an integer, or so many bytes."),
        row(c"setsockopt", positional!(setsockopt), c"setsockopt(level, option, value: int)\nsetsockopt(level, option, value: buffer)\nsetsockopt(level, option, None, optlen: int)\n\nSets an option."),
        row(c"gettimeout", single!(gettimeout, METH_NOARGS), c"gettimeout() -> timeout\n\nHow many seconds a call may take; None is for ever."),
        row(c"settimeout", single!(settimeout, METH_O), c"settimeout(timeout)\n\nHow many seconds a call may take: a number, 0 not to wait, None for ever."),
        row(c"getblocking", single!(getblocking, METH_NOARGS), c"getblocking()\n\nWhether calls may wait."),
        row(c"setblocking", single!(setblocking, METH_O), c"setblocking(flag)\n\nWhether calls wait for ever (true) or never (false)."),
        row(c"listen", positional!(listen), c"listen([backlog])\n\nLets others connect; so many may wait to be accepted."),
        row(c"recv", positional!(transfer::recv), c"recv(buffersize[, flags]) -> data\n\nReceives so many bytes at most. None are the end of a stream."),
        row(c"recv_into", named!(transfer::recv_into), c"recv_into(buffer, [nbytes[, flags]]) -> nbytes_read\n\nReceives into memory that there is."),
        row(c"recvfrom", positional!(transfer::recvfrom), c"recvfrom(buffersize[, flags]) -> (data, address info)\n\nLike recv(), and who sent it."),
        row(c"recvfrom_into", named!(transfer::recvfrom_into), c"recvfrom_into(buffer[, nbytes[, flags]]) -> (nbytes, address info)\n\nLike recv_into(), and who sent it."),
        row(c"recvmsg", positional!(transfer::recvmsg), c"recvmsg(bufsize[, ancbufsize[, flags]]) -> (data, ancdata, msg_flags, address)\n\nReceives data, and the control messages that come along if there is room for them."),
        row(c"recvmsg_into", positional!(transfer::recvmsg_into), c"recvmsg_into(buffers[, ancbufsize[, flags]]) -> (nbytes, ancdata, msg_flags, address)\n\nLike recvmsg(), into memory that there is, one piece after the other."),
        row(c"send", positional!(transfer::send), c"send(data[, flags]) -> count\n\nSends bytes; the answer is how many, which may be fewer."),
        row(c"sendall", positional!(transfer::sendall), c"sendall(data[, flags])\n\nSends all of the bytes, within the timeout."),
        row(c"sendto", positional!(transfer::sendto), c"sendto(data[, flags], address) -> count\n\nSends a datagram to an address."),
        row(c"sendmsg", positional!(transfer::sendmsg), c"sendmsg(buffers[, ancdata[, flags[, address]]]) -> count\n\nSends pieces of memory as one, with control messages."),
        row(c"sendmsg_afalg", named!(transfer::sendmsg_afalg), c"sendmsg_afalg([msg], *, op[, iv[, assoclen[, flags=MSG_MORE]]])\n\nGives data to a cipher of the kernel, and what it shall do with it."),
        row(c"shutdown", single!(shutdown, METH_O), c"shutdown(flag)\n\nEnds one direction (SHUT_RD, SHUT_WR) or both (SHUT_RDWR)."),
        // SAFETY: all zeros end the table.
        unsafe { std::mem::zeroed() },
    ];
    Box::leak(Box::new(rows)).as_mut_ptr()
}

/// Closes a descriptor: a peer that is gone already is no error in that.
pub(crate) fn close_number(py: Python<'_>, fd: c_int) -> Res<()> {
    // SAFETY: the caller gives the number away.
    let owned = unsafe { nameless(fd).into_owned() };
    match detached(py, || owned.close()) {
        Err(error) if error.errno() != Some(Errno::ECONNRESET) => Err(errors::raise(&error)),
        _ => Ok(()),
    }
}

/// The getter of `timeout`.
pub(crate) unsafe extern "C" fn get_timeout(this: *mut PyObject, _: *mut c_void) -> *mut PyObject {
    guard(null_mut(), |py| {
        // SAFETY: Python has checked the type.
        gettimeout(py, unsafe { Object::of(this) }, null_mut()).map(Owned::into_ptr)
    })
}

pub(crate) fn address_of(object: &Object, addr: &berkeley::Addr) -> Answer {
    address::build(addr, object.kind().protocol)
}

/// Waits for a connection.
pub(crate) fn accept_fd(
    py: Python<'_>,
    object: &Object,
    nonblocking: bool,
) -> Res<(OwnedFd, berkeley::Addr)> {
    object.call(py, move |socket| socket.accept_fd(nonblocking))
}

fn accept(py: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    known_family(object)?;
    // Whoever makes an object of the number gives it the default timeout: this is a bare one.
    let (fd, from) = accept_fd(py, object, false)?;
    let fd = fd.into_raw_fd();
    let made = || tuple([int(fd.into())?, address_of(object, &from)?]);
    made().inspect_err(|_| {
        // Nobody else would close it.
        let _ = close_number(py, fd);
    })
}

fn bind(py: Python<'_>, object: &Object, arg: *mut PyObject) -> Answer {
    let addr = address::parse(py, object, arg, "bind")?;
    audit!(c"socket.bind", c"OO", object.as_ptr(), arg)?;
    object.call(py, |socket| socket.bind(addr))?;
    Ok(none())
}

fn close(py: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    let fd = object.fd.swap(-1, Ordering::AcqRel);
    if fd >= 0 {
        object.close_number(py, fd)?;
    }
    Ok(none())
}

fn connect(py: Python<'_>, object: &Object, arg: *mut PyObject) -> Answer {
    let addr = address::parse(py, object, arg, "connect")?;
    audit!(c"socket.connect", c"OO", object.as_ptr(), arg)?;
    object.connect(py, (&addr, arg))?;
    Ok(none())
}

fn connect_ex(py: Python<'_>, object: &Object, arg: *mut PyObject) -> Answer {
    let addr = address::parse(py, object, arg, "connect_ex")?;
    audit!(c"socket.connect", c"OO", object.as_ptr(), arg)?;
    let fd = object.fd.load(Ordering::Relaxed);
    if fd < 0 {
        return int(libc::EBADF.into());
    }
    match object.during(py, |socket| socket.connect_ex(addr))? {
        Ok(Errno::EINTR) if crate::raw::is_raised() => Err(Raised),
        Ok(errno) => int(errno.number().into()),
        Err(error) => Err(errors::raise(&error)),
    }
}

fn detach(py: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    if !object.until.is_never() {
        // Whoever has the number knows nothing of the deadline, for which it does not wait.
        deadline::put(py, object, Deadline::NEVER)?;
    }
    int(object.fd.swap(-1, Ordering::AcqRel).into())
}

fn fileno(_: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    int(object.fd.load(Ordering::Relaxed).into())
}

pub(crate) fn known_family(object: &Object) -> Res<()> {
    address::known_family(object.kind().family)
}

fn getpeername(py: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    known_family(object)?;
    let addr = object.ask(py, |socket| socket.peer_addr())?;
    address_of(object, &addr)
}

fn getsockname(py: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    known_family(object)?;
    let addr = object.ask(py, |socket| socket.local_addr())?;
    address_of(object, &addr)
}

/// The longest value of an option that is asked for.
const OPTION: usize = 1024;

fn getsockopt(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut level, mut option, mut len): (c_int, c_int, c_int) = (0, 0, 0);
    read!(given, c"ii|i:getsockopt", &mut level, &mut option, &mut len)?;
    let vsock = Family::from(object.kind().family) == Family::VSOCK;
    match len {
        0 if vsock => {
            let mut value = [0; 8];
            object.ask(py, |socket| socket.getsockopt(level, option, &mut value))?;
            return unsigned(u64::from_ne_bytes(value));
        }
        0 => {
            let mut value = [0; 4];
            object.ask(py, |socket| socket.getsockopt(level, option, &mut value))?;
            return int(i32::from_ne_bytes(value).into());
        }
        _ if vsock => return Err(os_error_text("getsockopt string buffer not allowed")),
        _ => {}
    }
    let mut value = [0; OPTION];
    let room = usize::try_from(len).ok().and_then(|len| value.get_mut(..len));
    let room = room.ok_or_else(|| os_error_text("getsockopt buflen out of range"))?;
    let len = object.call(py, |socket| socket.getsockopt(level, option, room))?;
    bytes(value.get(..len).unwrap_or_default())
}

fn setsockopt(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut level, mut option, mut value): (c_int, c_int, c_int) = (0, 0, 0);
    let (mut nothing, mut view): (*mut PyObject, View) = (null_mut(), View::empty());
    let vsock = Family::from(object.kind().family) == Family::VSOCK;
    if !vsock && quick!(given, 3, &mut level, &mut option, &mut value) {
        let value = value.to_ne_bytes();
        object.call(py, |socket| socket.setsockopt(level, option, &value))?;
        return Ok(none());
    }
    if !vsock && quick!(given, 3, &mut level, &mut option, &mut view) {
        let value = Sendable(view.as_slice());
        object.call(py, move |socket| socket.setsockopt(level, option, value.get()))?;
        return Ok(none());
    }
    let (args, _) = given.packed()?;
    let args = args.as_ptr();
    if vsock {
        let mut wide: u64 = 0;
        parse!(args, c"iiK:setsockopt", &mut level, &mut option, &mut wide)?;
        let value = wide.to_ne_bytes();
        object.call(py, |socket| socket.setsockopt(level, option, &value))?;
        return Ok(none());
    }
    // One form after the other; the error of the last counts.
    if parse!(args, c"iii:setsockopt", &mut level, &mut option, &mut value).is_ok() {
        let value = value.to_ne_bytes();
        object.call(py, |socket| socket.setsockopt(level, option, &value))?;
        return Ok(none());
    }
    // SAFETY: an error is set.
    unsafe { ffi::PyErr_Clear() };
    let mut len: u32 = 0;
    // SAFETY: the type of `None` lives for ever.
    let none_type = unsafe { ffi::Py_TYPE(ffi::Py_None()) };
    let without = parse!(
        args,
        c"iiO!I:setsockopt",
        &mut level,
        &mut option,
        none_type,
        &mut nothing,
        &mut len
    );
    if without.is_ok() {
        object.call(py, |socket| socket.setsockopt_len(level, option, len))?;
        return Ok(none());
    }
    // SAFETY: an error is set.
    unsafe { ffi::PyErr_Clear() };
    parse!(args, c"iiy*:setsockopt", &mut level, &mut option, view.slot())?;
    let value = Sendable(view.as_slice());
    object.call(py, move |socket| socket.setsockopt(level, option, value.get()))?;
    Ok(none())
}

fn gettimeout(_: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    seconds(object.timeout.load(Ordering::Relaxed))
}

/// A timeout in seconds, or `None`.
pub(crate) fn seconds(nanos: i64) -> Answer {
    if nanos < 0 {
        return Ok(none());
    }
    float(nanos as f64 / 1e9)
}

fn settimeout(py: Python<'_>, object: &Object, arg: *mut PyObject) -> Answer {
    let timeout = data::timeout(arg)?;
    set_mode(py, object, timeout)?;
    Ok(none())
}

/// Keeps the timeout, then lets the kernel know if that changes its mode.
fn set_mode(py: Python<'_>, object: &Object, timeout: Option<Duration>) -> Res<()> {
    let before = object.timeout.load(Ordering::Relaxed);
    if object.kind().open && object.until.is_never() && (before < 0) == timeout.is_none() {
        // The kernel's mode is what it was.
        object.timeout.store(nanos(timeout), Ordering::Relaxed);
        return Ok(());
    }
    let ongoing = Ongoing::new(py, &object.calls);
    ongoing.enter();
    // The timeout counts even if the call fails, as ever.
    let lent = object.lend();
    object.timeout.store(nanos(timeout), Ordering::Relaxed);
    let lent = lent?;
    lent.believe_deadline(&object.until);
    detached(py, || lent.set_timeout(timeout)).map_err(|error| errors::raise(&error))
}

fn getblocking(_: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    Ok(boolean(object.timeout.load(Ordering::Relaxed) != 0))
}

fn setblocking(py: Python<'_>, object: &Object, arg: *mut PyObject) -> Answer {
    let waits = data::truth(arg)?;
    set_mode(py, object, (!waits).then_some(Duration::ZERO))?;
    Ok(none())
}

fn listen(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let mut backlog: c_int = libc::SOMAXCONN.min(128);
    read!(given, c"|i:listen", &mut backlog)?;
    object.call(py, |socket| socket.listen(backlog))?;
    Ok(none())
}

fn shutdown(py: Python<'_>, object: &Object, arg: *mut PyObject) -> Answer {
    let how = data::c_int(arg)?;
    let how = match how {
        libc::SHUT_RD => berkeley::Shutdown::Read,
        libc::SHUT_WR => berkeley::Shutdown::Write,
        libc::SHUT_RDWR => berkeley::Shutdown::Both,
        // The kernel's answer to a closed socket comes first.
        _ if object.fd.load(Ordering::Relaxed) < 0 => return Err(os_error(libc::EBADF)),
        _ => return Err(os_error(libc::EINVAL)),
    };
    object.call(py, |socket| socket.shutdown(how))?;
    Ok(none())
}
