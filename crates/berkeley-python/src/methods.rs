//! The methods of a socket: read what was asked, tell those who audit, let go of the interpreter,
//! make the library's call, and answer.

use std::ffi::{CStr, c_int, c_void};
use std::os::fd::IntoRawFd;
use std::ptr::null_mut;
use std::sync::atomic::Ordering;
use std::time::Duration;

use berkeley::cmsg::{self, RecvBuffer, SendBuffer};
use berkeley::{Errno, Family, Lent, MsgFlags, Protocol, Type};
use pyo3::ffi::{self, Py_ssize_t, PyObject};

use crate::address;
use crate::data;
use crate::errors;
use crate::object::{Object, nanos};
use crate::raw::{
    Owned, Python, Raised, Res, Sendable, View, audit, boolean, bytes, guard, int, list, none,
    os_error, os_error_text, parse, parse_named, tuple, type_error, unsigned, value_error,
};

/// What a method answers.
type Answer = Res<Owned>;

/// A method with arguments by place.
macro_rules! positional {
    ($method:ident) => {{
        unsafe extern "C" fn raw(this: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
            guard(null_mut(), |py| {
                // SAFETY: Python has checked the type.
                let object = unsafe { Object::of(this) };
                $method(py, object, args).map(Owned::into_ptr)
            })
        }
        (ffi::PyMethodDefPointer { PyCFunction: raw }, ffi::METH_VARARGS)
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

/// A method with names.
macro_rules! named {
    ($method:ident) => {{
        unsafe extern "C" fn raw(
            this: *mut PyObject,
            args: *mut PyObject,
            kwargs: *mut PyObject,
        ) -> *mut PyObject {
            guard(null_mut(), |py| {
                // SAFETY: Python has checked the type.
                let object = unsafe { Object::of(this) };
                $method(py, object, args, kwargs).map(Owned::into_ptr)
            })
        }
        (
            ffi::PyMethodDefPointer { PyCFunctionWithKeywords: raw },
            ffi::METH_VARARGS | ffi::METH_KEYWORDS,
        )
    }};
}

/// The table of methods, which lives for ever.
pub(crate) fn table() -> *mut ffi::PyMethodDef {
    let row = |name: &'static CStr, (ml_meth, ml_flags), doc: &'static CStr| ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth,
        ml_flags,
        ml_doc: doc.as_ptr(),
    };
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
        row(c"recv", positional!(recv), c"recv(buffersize[, flags]) -> data\n\nReceives so many bytes at most. None are the end of a stream."),
        row(c"recv_into", named!(recv_into), c"recv_into(buffer, [nbytes[, flags]]) -> nbytes_read\n\nReceives into memory that there is."),
        row(c"recvfrom", positional!(recvfrom), c"recvfrom(buffersize[, flags]) -> (data, address info)\n\nLike recv(), and who sent it."),
        row(c"recvfrom_into", named!(recvfrom_into), c"recvfrom_into(buffer[, nbytes[, flags]]) -> (nbytes, address info)\n\nLike recv_into(), and who sent it."),
        row(c"recvmsg", positional!(recvmsg), c"recvmsg(bufsize[, ancbufsize[, flags]]) -> (data, ancdata, msg_flags, address)\n\nReceives data, and the control messages that come along if there is room for them."),
        row(c"recvmsg_into", positional!(recvmsg_into), c"recvmsg_into(buffers[, ancbufsize[, flags]]) -> (nbytes, ancdata, msg_flags, address)\n\nLike recvmsg(), into memory that there is, one piece after the other."),
        row(c"send", positional!(send), c"send(data[, flags]) -> count\n\nSends bytes; the answer is how many, which may be fewer."),
        row(c"sendall", positional!(sendall), c"sendall(data[, flags])\n\nSends all of the bytes, within the timeout."),
        row(c"sendto", positional!(sendto), c"sendto(data[, flags], address) -> count\n\nSends a datagram to an address."),
        row(c"sendmsg", positional!(sendmsg), c"sendmsg(buffers[, ancdata[, flags[, address]]]) -> count\n\nSends pieces of memory as one, with control messages."),
        row(c"sendmsg_afalg", named!(sendmsg_afalg), c"sendmsg_afalg([msg], *, op[, iv[, assoclen[, flags=MSG_MORE]]])\n\nGives data to a cipher of the kernel, and what it shall do with it."),
        row(c"shutdown", single!(shutdown, METH_O), c"shutdown(flag)\n\nEnds one direction (SHUT_RD, SHUT_WR) or both (SHUT_RDWR)."),
        // SAFETY: all zeros end the table.
        unsafe { std::mem::zeroed() },
    ];
    Box::leak(Box::new(rows)).as_mut_ptr()
}

/// Closes a descriptor: a peer that is gone already is no error in that.
pub(crate) fn close_number(py: Python<'_>, fd: c_int) -> Res<()> {
    // SAFETY: the caller gives the number away.
    let owned = unsafe {
        Lent::new(fd, Family::UNSPEC, Type::STREAM, Protocol::DEFAULT, None).into_owned()
    };
    match py.detach(|| owned.close()) {
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

/// The flags of a receiving call: what does not fit of a datagram is cut off without a word.
fn cutting(object: &Object, flags: c_int) -> MsgFlags {
    // The flag of 32-bit programs means nothing here.
    let asked = MsgFlags::from_bits_retain(flags & c_int::MAX);
    if object.ty() == Type::STREAM { asked } else { asked | MsgFlags::TRUNC }
}

/// The kernel takes no message with the flag of 32-bit programs.
fn native_flags(flags: c_int) -> Res<()> {
    if flags < 0 { Err(os_error(libc::EINVAL)) } else { Ok(()) }
}

/// Whether the caller wants to know how long a datagram was that did not fit.
fn wants_length(object: &Object, flags: c_int) -> bool {
    flags & libc::MSG_TRUNC != 0 && object.ty() != Type::STREAM
}

pub(crate) fn address_of(object: &Object, addr: &berkeley::Addr) -> Answer {
    address::build(addr, object.kind().protocol)
}

/// Waits for a connection, whose socket has the default timeout.
pub(crate) fn accept_socket(
    py: Python<'_>,
    object: &Object,
) -> Res<(berkeley::Socket, berkeley::Addr)> {
    object.call(py, |socket| socket.accept())
}

fn accept(py: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    known_family(object)?;
    let (socket, from) = accept_socket(py, object)?;
    let fd = socket.into_raw_fd();
    let made = || tuple([int(fd.into())?, address_of(object, &from)?]);
    made().inspect_err(|_| {
        // Nobody else would close it.
        let _ = close_number(py, fd);
    })
}

fn bind(py: Python<'_>, object: &Object, arg: *mut PyObject) -> Answer {
    let addr = address::parse(py, object.kind(), arg, "bind")?;
    audit!(c"socket.bind", c"OO", object.as_ptr(), arg)?;
    object.call(py, |socket| socket.bind(addr))?;
    Ok(none())
}

fn close(py: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    let fd = object.fd.swap(-1, Ordering::AcqRel);
    if fd >= 0 {
        close_number(py, fd)?;
    }
    Ok(none())
}

fn connect(py: Python<'_>, object: &Object, arg: *mut PyObject) -> Answer {
    let addr = address::parse(py, object.kind(), arg, "connect")?;
    audit!(c"socket.connect", c"OO", object.as_ptr(), arg)?;
    object.call(py, |socket| socket.connect(addr))?;
    Ok(none())
}

fn connect_ex(py: Python<'_>, object: &Object, arg: *mut PyObject) -> Answer {
    let addr = address::parse(py, object.kind(), arg, "connect_ex")?;
    audit!(c"socket.connect", c"OO", object.as_ptr(), arg)?;
    let fd = object.fd.load(Ordering::Relaxed);
    if fd < 0 {
        return int(libc::EBADF.into());
    }
    let lent = object.lend()?;
    match py.detach(|| lent.connect_ex(addr)) {
        Ok(Errno::EINTR) if crate::raw::is_raised() => Err(Raised),
        Ok(errno) => int(errno.number().into()),
        Err(error) => Err(errors::raise(&error)),
    }
}

fn detach(_: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    int(object.fd.swap(-1, Ordering::AcqRel).into())
}

fn fileno(_: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    int(object.fd.load(Ordering::Relaxed).into())
}

fn known_family(object: &Object) -> Res<()> {
    let known = [
        Family::INET,
        Family::INET6,
        Family::UNIX,
        Family::NETLINK,
        Family::PACKET,
        Family::CAN,
        Family::RDS,
        Family::TIPC,
        Family::VSOCK,
        Family::ALG,
        Family::BLUETOOTH,
        Family::QIPCRTR,
    ];
    if known.contains(&Family::from(object.kind().family)) {
        return Ok(());
    }
    Err(os_error_text("getsockaddrlen: bad family"))
}

fn getpeername(py: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    known_family(object)?;
    let addr = object.call(py, |socket| socket.peer_addr())?;
    address_of(object, &addr)
}

fn getsockname(py: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    known_family(object)?;
    let addr = object.call(py, |socket| socket.local_addr())?;
    address_of(object, &addr)
}

/// The longest value of an option that is asked for.
const OPTION: usize = 1024;

fn getsockopt(py: Python<'_>, object: &Object, args: *mut PyObject) -> Answer {
    let (mut level, mut option, mut len): (c_int, c_int, c_int) = (0, 0, 0);
    parse!(args, c"ii|i:getsockopt", &mut level, &mut option, &mut len)?;
    if len == 0 {
        if Family::from(object.kind().family) == Family::VSOCK {
            let mut value = [0; 8];
            object.call(py, |socket| socket.getsockopt(level, option, &mut value))?;
            return unsigned(u64::from_ne_bytes(value));
        }
        let mut value = [0; 4];
        object.call(py, |socket| socket.getsockopt(level, option, &mut value))?;
        return int(i32::from_ne_bytes(value).into());
    }
    if Family::from(object.kind().family) == Family::VSOCK {
        return Err(os_error_text("getsockopt string buffer not allowed"));
    }
    let len = usize::try_from(len).ok().filter(|len| *len <= OPTION);
    let Some(len) = len else { return Err(os_error_text("getsockopt buflen out of range")) };
    let mut value = [0; OPTION];
    let room = value.get_mut(..len).unwrap_or_default();
    let len = object.call(py, |socket| socket.getsockopt(level, option, room))?;
    bytes(value.get(..len).unwrap_or_default())
}

fn setsockopt(py: Python<'_>, object: &Object, args: *mut PyObject) -> Answer {
    let (mut level, mut option, mut value): (c_int, c_int, c_int) = (0, 0, 0);
    if Family::from(object.kind().family) == Family::VSOCK {
        let mut wide: u64 = 0;
        parse!(args, c"iiK:setsockopt", &mut level, &mut option, &mut wide)?;
        let value = wide.to_ne_bytes();
        object.call(py, |socket| socket.setsockopt(level, option, &value))?;
        return Ok(none());
    }
    if parse!(args, c"iii:setsockopt", &mut level, &mut option, &mut value).is_ok() {
        let value = value.to_ne_bytes();
        object.call(py, |socket| socket.setsockopt(level, option, &value))?;
        return Ok(none());
    }
    // SAFETY: an error is set; the next form may do.
    unsafe { ffi::PyErr_Clear() };
    let (mut nothing, mut len): (*mut PyObject, u32) = (null_mut(), 0);
    // SAFETY: the type of `None` lives for ever.
    let none_type = unsafe { ffi::Py_TYPE(ffi::Py_None()) };
    let given = parse!(
        args,
        c"iiO!I:setsockopt",
        &mut level,
        &mut option,
        none_type,
        &mut nothing,
        &mut len
    );
    if given.is_ok() {
        object.call(py, |socket| socket.setsockopt_len(level, option, len))?;
        return Ok(none());
    }
    // SAFETY: as above.
    unsafe { ffi::PyErr_Clear() };
    let mut view = View::empty();
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
    let value = nanos as f64 / 1e9;
    // SAFETY: takes no pointers.
    Owned::new(unsafe { ffi::PyFloat_FromDouble(value) })
}

fn settimeout(py: Python<'_>, object: &Object, arg: *mut PyObject) -> Answer {
    let timeout = data::timeout(arg)?;
    set_mode(py, object, timeout)?;
    Ok(none())
}

/// Keeps the timeout, then lets the kernel know if that changes its mode.
fn set_mode(py: Python<'_>, object: &Object, timeout: Option<Duration>) -> Res<()> {
    // The timeout counts even if the call fails, as ever.
    let lent = object.lend();
    object.timeout.store(nanos(timeout), Ordering::Relaxed);
    let lent = lent?;
    py.detach(|| lent.set_timeout(timeout)).map_err(|error| errors::raise(&error))
}

fn getblocking(_: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    Ok(boolean(object.timeout.load(Ordering::Relaxed) != 0))
}

fn setblocking(py: Python<'_>, object: &Object, arg: *mut PyObject) -> Answer {
    let waits = data::truth(arg)?;
    set_mode(py, object, (!waits).then_some(Duration::ZERO))?;
    Ok(none())
}

fn listen(py: Python<'_>, object: &Object, args: *mut PyObject) -> Answer {
    let mut backlog: c_int = libc::SOMAXCONN.min(128);
    parse!(args, c"|i:listen", &mut backlog)?;
    object.call(py, |socket| socket.listen(backlog))?;
    Ok(none())
}

fn recv(py: Python<'_>, object: &Object, args: *mut PyObject) -> Answer {
    let (mut len, mut flags): (Py_ssize_t, c_int) = (0, 0);
    parse!(args, c"n|i:recv", &mut len, &mut flags)?;
    let Ok(len) = usize::try_from(len) else {
        return Err(value_error("negative buffersize in recv"));
    };
    if len == 0 {
        return bytes(&[]);
    }
    let flags = cutting(object, flags);
    data::received(len, |room| {
        let room = Sendable(room);
        object.call(py, move |socket| {
            socket.recv_with(room.get(), flags).map(|(filled, _)| filled.len())
        })
    })
}

fn recv_into(
    py: Python<'_>,
    object: &Object,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> Answer {
    let mut view = View::empty();
    let (mut len, mut flags): (Py_ssize_t, c_int) = (0, 0);
    parse_named!(
        args,
        kwargs,
        c"w*|ni:recv_into",
        [c"buffer", c"nbytes", c"flags"],
        view.slot(),
        &mut len,
        &mut flags
    )?;
    let Ok(len) = usize::try_from(len) else {
        return Err(value_error("negative buffersize in recv_into"));
    };
    let room = view.as_room();
    let room = match len {
        0 => room,
        len => match room.get_mut(..len) {
            Some(room) => room,
            None => return Err(value_error("buffer too small for requested bytes")),
        },
    };
    if room.is_empty() {
        return int(0);
    }
    let got = receive_into(py, object, room, flags)?.0;
    int(got as i64)
}

/// Receives into memory; how long the datagram was, if that is asked for; and who sent it.
fn receive_into(
    py: Python<'_>,
    object: &Object,
    room: &mut [u8],
    flags: c_int,
) -> Res<(usize, Option<berkeley::Addr>)> {
    let asked = cutting(object, flags);
    if wants_length(object, flags) {
        let room = Sendable(room);
        let got = object.call(py, move |socket| {
            socket.recv_message_with(room.get(), &mut RecvBuffer::with_room(0), asked)
        })?;
        return Ok((got.whole_len, Some(got.from)));
    }
    let room = Sendable(room);
    let got = object.call(py, move |socket| socket.recv_with(room.get(), asked))?;
    Ok((got, None))
}

fn recvfrom(py: Python<'_>, object: &Object, args: *mut PyObject) -> Answer {
    let (mut len, mut flags): (Py_ssize_t, c_int) = (0, 0);
    parse!(args, c"n|i:recvfrom", &mut len, &mut flags)?;
    let Ok(len) = usize::try_from(len) else {
        return Err(value_error("negative buffersize in recvfrom"));
    };
    known_family(object)?;
    let flags = cutting(object, flags);
    let mut from = None;
    let data = data::received(len, |room| {
        let room = Sendable(room);
        let (len, sender) = object.call(py, move |socket| {
            socket.recv_from_with(room.get(), flags).map(|((filled, _), from)| (filled.len(), from))
        })?;
        from = Some(sender);
        Ok(len)
    })?;
    let from = from.map_or_else(|| Ok(none()), |from| address_of(object, &from))?;
    tuple([data, from])
}

fn recvfrom_into(
    py: Python<'_>,
    object: &Object,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> Answer {
    let mut view = View::empty();
    let (mut len, mut flags): (Py_ssize_t, c_int) = (0, 0);
    parse_named!(
        args,
        kwargs,
        c"w*|ni:recvfrom_into",
        [c"buffer", c"nbytes", c"flags"],
        view.slot(),
        &mut len,
        &mut flags
    )?;
    let Ok(len) = usize::try_from(len) else {
        return Err(value_error("negative buffersize in recvfrom_into"));
    };
    let room = view.as_room();
    let room = match len {
        0 => room,
        len => match room.get_mut(..len) {
            Some(room) => room,
            None => return Err(value_error("nbytes is greater than the length of the buffer")),
        },
    };
    known_family(object)?;
    if wants_length(object, flags) {
        let (len, from) = receive_into(py, object, room, flags)?;
        let from = from.map_or_else(|| Ok(none()), |from| address_of(object, &from))?;
        return tuple([int(len as i64)?, from]);
    }
    let (room, flags) = (Sendable(room), cutting(object, flags));
    let (len, from) = object.call(py, move |socket| socket.recv_from_with(room.get(), flags))?;
    tuple([int(len as i64)?, address_of(object, &from)?])
}

/// Room for control messages, as a caller asks for it.
fn control_room(len: Py_ssize_t) -> Res<usize> {
    match i32::try_from(len) {
        // No kernel sends more beside a message, and memory that is lacking would end the process.
        Ok(len @ 0..) => Ok((len as usize).min(1 << 20)),
        _ => Err(value_error("invalid ancillary data buffer length")),
    }
}

/// What has come beside the data: control messages, flags, sender.
fn beside(
    object: &Object,
    mut control: RecvBuffer,
    (told, asked): (MsgFlags, c_int),
    from: &berkeley::Addr,
) -> Res<[Owned; 3]> {
    let messages = list(control.messages().map(|message| {
        tuple([int(message.level().into())?, int(message.number().into())?, bytes(message.data())?])
    }))?;
    let mut all = control.messages();
    all.by_ref().for_each(drop);
    if !all.rest().is_empty() {
        let text = c"received malformed or improperly-truncated ancillary data";
        // SAFETY: the interpreter's own warning, a C text.
        let answer = unsafe { ffi::PyErr_WarnEx(ffi::PyExc_RuntimeWarning, text.as_ptr(), 1) };
        if answer < 0 {
            return Err(Raised);
        }
    }
    let from = match object.kind().family {
        libc::AF_UNSPEC => none(),
        _ => address_of(object, from)?,
    };
    let told = told | MsgFlags::from_bits_retain(asked & libc::MSG_CMSG_CLOEXEC);
    // The numbers are in the messages now, and the caller's: inherited unless that was asked.
    for fd in control.take_fds().into_iter().chain(control.take_pidfd().and_then(Result::ok)) {
        if asked & libc::MSG_CMSG_CLOEXEC == 0 {
            let _ = berkeley::set_inheritable(&fd, true);
        }
        let _ = fd.into_raw_fd();
    }
    Ok([messages, int(told.bits().into())?, from])
}

fn recvmsg(py: Python<'_>, object: &Object, args: *mut PyObject) -> Answer {
    let (mut len, mut room, mut flags): (Py_ssize_t, Py_ssize_t, c_int) = (0, 0, 0);
    parse!(args, c"n|ni:recvmsg", &mut len, &mut room, &mut flags)?;
    let Ok(len) = usize::try_from(len) else {
        return Err(value_error("negative buffer size in recvmsg()"));
    };
    known_family(object)?;
    let mut control = RecvBuffer::with_room(control_room(room)?);
    native_flags(flags)?;
    let asked = MsgFlags::from_bits_retain(flags & !libc::MSG_CMSG_CLOEXEC);
    let mut got = None;
    let data = data::received(len, |room| {
        let (room, control) = (Sendable(room), Sendable(&mut control));
        let message = object.call(py, move |socket| {
            let got = socket.recv_message_with(room.get(), control.get(), asked)?;
            Ok((got.data.0.len(), got.flags, got.from))
        })?;
        let (len, told, from) = message;
        got = Some((told, from));
        Ok(len)
    })?;
    let Some((told, from)) = got else { return Err(Raised) };
    let [messages, told, from] = beside(object, control, (told, flags), &from)?;
    tuple([data, messages, told, from])
}

/// The objects of an iterable.
fn items(object: *mut PyObject, message: &CStr) -> Res<(Owned, Vec<*mut PyObject>)> {
    // SAFETY: the sequence is held as long as the pointers are used.
    unsafe {
        let sequence = Owned::new(ffi::PySequence_Fast(object, message.as_ptr()))?;
        let len = ffi::PySequence_Size(sequence.as_ptr());
        let is_list = ffi::PyList_Check(sequence.as_ptr()) != 0;
        let item = |place| match is_list {
            true => ffi::PyList_GetItem(sequence.as_ptr(), place),
            false => ffi::PyTuple_GetItem(sequence.as_ptr(), place),
        };
        let items = (0..len).map(item).collect();
        Ok((sequence, items))
    }
}

fn recvmsg_into(py: Python<'_>, object: &Object, args: *mut PyObject) -> Answer {
    let mut buffers: *mut PyObject = null_mut();
    let (mut room, mut flags): (Py_ssize_t, c_int) = (0, 0);
    parse!(args, c"O|ni:recvmsg_into", &mut buffers, &mut room, &mut flags)?;
    let (_held, items) = items(buffers, c"recvmsg_into() argument 1 must be an iterable")?;
    if items.len() > i32::MAX as usize {
        return Err(os_error_text("recvmsg_into() argument 1 is too long"));
    }
    let mut views = Vec::with_capacity(items.len());
    for item in items {
        let mut view = View::empty();
        let one = tuple([Owned::share(item)])?;
        parse!(
            one.as_ptr(),
            c"w*;recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers",
            view.slot()
        )?;
        views.push(view);
    }
    known_family(object)?;
    let mut control = RecvBuffer::with_room(control_room(room)?);
    native_flags(flags)?;
    let asked = MsgFlags::from_bits_retain(flags & !libc::MSG_CMSG_CLOEXEC);
    let got = {
        let mut pieces: Vec<_> =
            views.iter().map(|view| std::io::IoSliceMut::new(view.as_room())).collect();
        let (pieces, control) = (Sendable(pieces.as_mut_slice()), Sendable(&mut control));
        object.call(py, move |socket| {
            socket.recv_message_vectored(pieces.get(), control.get(), asked)
        })?
    };
    let [messages, told, from] = beside(object, control, (got.flags, flags), &got.from)?;
    tuple([int(got.data as i64)?, messages, told, from])
}

fn send(py: Python<'_>, object: &Object, args: *mut PyObject) -> Answer {
    let (mut view, mut flags) = (View::empty(), 0 as c_int);
    parse!(args, c"y*|i:send", view.slot(), &mut flags)?;
    let (data, flags) = (Sendable(view.as_slice()), MsgFlags::from_bits_retain(flags));
    let sent = object.call(py, move |socket| socket.send_with(data.get(), flags))?;
    int(sent as i64)
}

fn sendall(py: Python<'_>, object: &Object, args: *mut PyObject) -> Answer {
    let (mut view, mut flags) = (View::empty(), 0 as c_int);
    parse!(args, c"y*|i:sendall", view.slot(), &mut flags)?;
    let (data, flags) = (Sendable(view.as_slice()), MsgFlags::from_bits_retain(flags));
    object.call(py, move |socket| socket.send_all_with(data.get(), flags))?;
    Ok(none())
}

fn sendto(py: Python<'_>, object: &Object, args: *mut PyObject) -> Answer {
    let (mut view, mut flags, mut to) = (View::empty(), 0 as c_int, null_mut::<PyObject>());
    // SAFETY: the arguments are a tuple.
    match unsafe { ffi::PyTuple_Size(args) } {
        2 => parse!(args, c"y*O:sendto", view.slot(), &mut to)?,
        3 => parse!(args, c"y*iO:sendto", view.slot(), &mut flags, &mut to)?,
        given => {
            let text = format!("sendto() takes 2 or 3 arguments ({given} given)");
            return Err(type_error(&text));
        }
    }
    let addr = address::parse(py, object.kind(), to, "sendto")?;
    audit!(c"socket.sendto", c"OO", object.as_ptr(), to)?;
    let (data, flags) = (Sendable(view.as_slice()), MsgFlags::from_bits_retain(flags));
    let sent = object.call(py, move |socket| socket.send_to_with(data.get(), addr, flags))?;
    int(sent as i64)
}

/// Buffers to send as one.
fn gather(object: *mut PyObject, message: &CStr) -> Res<Vec<View>> {
    let (_held, items) = items(object, message)?;
    if items.len() > i32::MAX as usize {
        return Err(os_error_text("sendmsg() argument 1 is too long"));
    }
    items.into_iter().map(View::of).collect()
}

fn sendmsg(py: Python<'_>, object: &Object, args: *mut PyObject) -> Answer {
    let (mut buffers, mut control, mut to) =
        (null_mut::<PyObject>(), null_mut::<PyObject>(), null_mut::<PyObject>());
    let mut flags: c_int = 0;
    parse!(args, c"O|OiO:sendmsg", &mut buffers, &mut control, &mut flags, &mut to)?;
    // SAFETY: `None` lives for ever.
    let addressed = !to.is_null() && to != unsafe { ffi::Py_None() };
    let addr = if addressed {
        let addr = address::parse(py, object.kind(), to, "sendmsg")?;
        audit!(c"socket.sendmsg", c"OO", object.as_ptr(), to)?;
        Some(addr)
    } else {
        audit!(c"socket.sendmsg", c"OO", object.as_ptr(), ffi::Py_None())?;
        None
    };
    let views = gather(buffers, c"sendmsg() argument 1 must be an iterable")?;
    let mut messages = SendBuffer::new();
    if !control.is_null() {
        let (_held, items) = items(control, c"sendmsg() argument 2 must be an iterable")?;
        for item in items {
            let (mut level, mut number): (c_int, c_int) = (0, 0);
            let mut data = View::empty();
            // SAFETY: the format says what each pointer is to.
            let read = unsafe {
                ffi::PyArg_Parse(
                    item,
                    c"(iiy*):[sendmsg() ancillary data items]".as_ptr(),
                    &mut level,
                    &mut number,
                    data.slot(),
                )
            };
            if read == 0 {
                return Err(Raised);
            }
            if data.as_slice().len() > i32::MAX as usize - 64 {
                return Err(os_error_text("ancillary data item too large"));
            }
            messages.push_raw(level, number, data.as_slice());
        }
    }
    native_flags(flags)?;
    let pieces: Vec<_> = views.iter().map(|view| std::io::IoSlice::new(view.as_slice())).collect();
    let flags = MsgFlags::from_bits_retain(flags);
    let (pieces, messages) = (Sendable(pieces.as_slice()), Sendable(&messages));
    let sent = object.call(py, move |socket| match addr {
        Some(addr) => socket.send_message_vectored(pieces.get(), messages.get(), addr, flags),
        None => socket.send_message_vectored(pieces.get(), messages.get(), (), flags),
    })?;
    int(sent as i64)
}

fn sendmsg_afalg(
    py: Python<'_>,
    object: &Object,
    args: *mut PyObject,
    kwargs: *mut PyObject,
) -> Answer {
    if Family::from(object.kind().family) != Family::ALG {
        return Err(os_error_text("algset is only supported for AF_ALG"));
    }
    let (mut buffers, mut op, mut associated) =
        (null_mut::<PyObject>(), null_mut::<PyObject>(), null_mut::<PyObject>());
    let (mut iv, mut flags) = (View::empty(), 0 as c_int);
    // SAFETY: the type of integers lives for ever.
    let int_type = &raw mut ffi::PyLong_Type;
    parse_named!(
        args,
        kwargs,
        c"|O$O!y*O!i:sendmsg_afalg",
        [c"msg", c"op", c"iv", c"assoclen", c"flags"],
        &mut buffers,
        int_type,
        &mut op,
        iv.slot(),
        int_type,
        &mut associated,
        &mut flags
    )?;
    if op.is_null() {
        return Err(type_error("Invalid or missing argument 'op'"));
    }
    // SAFETY: integers, as the format has checked.
    let op = crate::raw::checked(unsafe { ffi::PyLong_AsLong(op) })?;
    let Ok(op) = u32::try_from(op) else {
        return Err(type_error("Invalid or missing argument 'op'"));
    };
    let mut control = SendBuffer::new();
    control.push(cmsg::ALG_SET_OP, op);
    if !iv.as_slice().is_empty() {
        control.push(cmsg::ALG_SET_IV, iv.as_slice());
    }
    if !associated.is_null() {
        // SAFETY: as above.
        let len = crate::raw::checked(unsafe { ffi::PyLong_AsLong(associated) })?;
        let Ok(len) = u32::try_from(len) else {
            return Err(type_error("assoclen must be positive"));
        };
        control.push(cmsg::ALG_SET_AEAD_ASSOCLEN, len);
    }
    let views = match buffers.is_null() {
        true => Vec::new(),
        false => gather(buffers, c"sendmsg_afalg() argument 1 must be an iterable")?,
    };
    let pieces: Vec<_> = views.iter().map(|view| std::io::IoSlice::new(view.as_slice())).collect();
    let (pieces, control) = (Sendable(pieces.as_slice()), Sendable(&control));
    let flags = MsgFlags::from_bits_retain(flags);
    let sent = object.call(py, move |socket| {
        socket.send_message_vectored(pieces.get(), control.get(), (), flags)
    })?;
    int(sent as i64)
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
