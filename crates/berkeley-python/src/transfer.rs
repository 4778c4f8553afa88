//! Sending and receiving: read what was asked, let go of the interpreter, make the library's call,
//! and answer.

use std::ffi::{CStr, c_int};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::IntoRawFd;
use std::ptr::null_mut;

use berkeley::cmsg::{RecvBuffer, SendBuffer};
use berkeley::{Addr, CipherOp, Family, MsgFlags, Type};
use pyo3::ffi::{self, Py_ssize_t, PyObject};

use crate::address;
use crate::args::{Given, read, read_named};
use crate::data;
use crate::methods::{Answer, address_of, known_family};
use crate::object::Object;
use crate::raw::{
    Owned, Python, Raised, Res, Room, Sendable, View, audit, bytes, checked, int, list, none,
    os_error, os_error_text, parse, parse_named, tuple, type_error, value_error,
};
use crate::running;

/// Up to this many bytes are sent, and asked for, in a call that is brief if it does not wait. What
/// is asked for is seldom there: asyncio asks for 256 KiB, which take 30 microseconds.
const SENT: usize = 1 << 14;
const RECEIVED: usize = 1 << 18;

/// Whether sending this takes no longer than the copy of a few bytes. Memory that is not of Python's
/// `bytes` may be a file's, whose bytes have to come from a disk first.
fn is_brief(view: &View) -> bool {
    view.is_of_bytes() && view.as_slice().len() <= SENT
}

pub(crate) fn recv(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut len, mut flags): (Py_ssize_t, c_int) = (0, 0);
    read!(given, c"n|i:recv", &mut len, &mut flags)?;
    let Ok(len) = usize::try_from(len) else {
        return Err(value_error("negative buffersize in recv"));
    };
    if len == 0 {
        return bytes(&[]);
    }
    let flags = cutting(object, flags);
    data::received(len, |room| {
        let room = Sendable(room);
        let len = object.transfer(py, len <= RECEIVED, move |socket| {
            socket.recv_with(room.get(), flags).map(|(filled, _)| filled.len())
        })?;
        Ok(counted(object, flags, len))
    })
}

pub(crate) fn recvfrom(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut len, mut flags): (Py_ssize_t, c_int) = (0, 0);
    read!(given, c"n|i:recvfrom", &mut len, &mut flags)?;
    let Ok(len) = usize::try_from(len) else {
        return Err(value_error("negative buffersize in recvfrom"));
    };
    known_family(object)?;
    let flags = cutting(object, flags);
    let mut from = None;
    let data = data::received(len, |room| {
        let room = Sendable(room);
        let (len, sender) = object.transfer(py, len <= RECEIVED, move |socket| {
            socket.recv_from_with(room.get(), flags).map(|((filled, _), from)| (filled.len(), from))
        })?;
        from = Some(sender);
        Ok(counted(object, flags, len))
    })?;
    let from = from.map_or_else(|| Ok(none()), |from| address_of(object, &from))?;
    tuple([data, from])
}

pub(crate) fn recv_into(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut view, mut len, mut flags) = (Room::empty(), 0 as Py_ssize_t, 0 as c_int);
    read_named!(
        given,
        c"w*|ni:recv_into",
        [c"buffer", c"nbytes", c"flags"],
        &mut view,
        &mut len,
        &mut flags
    )?;
    let room = wanted(&view, len, "recv_into", "buffer too small for requested bytes")?;
    if room.is_empty() {
        return int(0);
    }
    if flags & libc::MSG_TRUNC != 0 {
        let (len, _) = receive_whole(py, object, room, flags)?;
        return int(counted(object, MsgFlags::from_bits_retain(flags), len) as i64);
    }
    let brief = room.len() <= RECEIVED;
    let (room, flags) = (Sendable(room), cutting(object, flags));
    let len = object.transfer(py, brief, move |socket| socket.recv_with(room.get(), flags))?;
    int(counted(object, flags, len) as i64)
}

pub(crate) fn recvfrom_into(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut view, mut len, mut flags) = (Room::empty(), 0 as Py_ssize_t, 0 as c_int);
    read_named!(
        given,
        c"w*|ni:recvfrom_into",
        [c"buffer", c"nbytes", c"flags"],
        &mut view,
        &mut len,
        &mut flags
    )?;
    let short = "nbytes is greater than the length of the buffer";
    let room = wanted(&view, len, "recvfrom_into", short)?;
    known_family(object)?;
    let asked = MsgFlags::from_bits_retain(flags);
    let (len, from) = if flags & libc::MSG_TRUNC != 0 {
        receive_whole(py, object, room, flags)?
    } else {
        let brief = room.len() <= RECEIVED;
        let (room, flags) = (Sendable(room), cutting(object, flags));
        object.transfer(py, brief, move |socket| socket.recv_from_with(room.get(), flags))?
    };
    tuple([int(counted(object, asked, len) as i64)?, address_of(object, &from)?])
}

pub(crate) fn recvmsg(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut len, mut room, mut flags): (Py_ssize_t, Py_ssize_t, c_int) = (0, 0, 0);
    read!(given, c"n|ni:recvmsg", &mut len, &mut room, &mut flags)?;
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
        Ok(counted(object, asked, len))
    })?;
    let Some((told, from)) = got else { return Err(Raised) };
    let [messages, told, from] = beside(object, control, (told, flags), &from)?;
    tuple([data, messages, told, from])
}

pub(crate) fn recvmsg_into(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let mut buffers: *mut PyObject = null_mut();
    let (mut room, mut flags): (Py_ssize_t, c_int) = (0, 0);
    read!(given, c"O|ni:recvmsg_into", &mut buffers, &mut room, &mut flags)?;
    let (_held, items) = items(buffers, c"recvmsg_into() argument 1 must be an iterable")?;
    if items.len() > i32::MAX as usize {
        return Err(os_error_text("recvmsg_into() argument 1 is too long"));
    }
    let mut views = Vec::with_capacity(items.len());
    for item in items {
        let mut view = Room::empty();
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
            views.iter().map(|view| IoSliceMut::new(view.as_slice())).collect();
        let (pieces, control) = (Sendable(pieces.as_mut_slice()), Sendable(&mut control));
        object.call(py, move |socket| {
            socket.recv_message_vectored(pieces.get(), control.get(), asked)
        })?
    };
    let [messages, told, from] = beside(object, control, (got.flags, flags), &got.from)?;
    tuple([int(counted(object, asked, got.data) as i64)?, messages, told, from])
}

pub(crate) fn send(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut view, mut flags) = (View::empty(), 0 as c_int);
    read!(given, c"y*|i:send", &mut view, &mut flags)?;
    let (data, flags) = (Sendable(view.as_slice()), MsgFlags::from_bits_retain(flags));
    let sent = object.send(py, is_brief(&view), flags, move |socket, flags| {
        socket.send_with(data.get(), flags)
    })?;
    object.count_sent(sent);
    int(sent as i64)
}

pub(crate) fn sendall(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut view, mut flags) = (View::empty(), 0 as c_int);
    read!(given, c"y*|i:sendall", &mut view, &mut flags)?;
    let (data, flags) = (Sendable(view.as_slice()), MsgFlags::from_bits_retain(flags));
    object.call(py, move |socket| socket.send_all_with(data.get(), flags))?;
    object.count_sent(view.as_slice().len());
    Ok(none())
}

pub(crate) fn sendto(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut view, mut flags, mut to) = (View::empty(), 0 as c_int, null_mut::<PyObject>());
    match given.count() {
        2 => read!(given, c"y*O:sendto", &mut view, &mut to)?,
        3 => read!(given, c"y*iO:sendto", &mut view, &mut flags, &mut to)?,
        given => {
            let text = format!("sendto() takes 2 or 3 arguments ({given} given)");
            return Err(type_error(&text));
        }
    }
    let addr = address::parse(py, object, to, "sendto")?;
    audit!(c"socket.sendto", c"OO", object.as_ptr(), to)?;
    let (data, flags) = (Sendable(view.as_slice()), MsgFlags::from_bits_retain(flags));
    let sent = object.send(py, is_brief(&view), flags, move |socket, flags| {
        socket.send_to_with(data.get(), addr, flags)
    })?;
    object.count_sent(sent);
    int(sent as i64)
}

pub(crate) fn sendmsg(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut buffers, mut control, mut to) =
        (null_mut::<PyObject>(), null_mut::<PyObject>(), null_mut::<PyObject>());
    let mut flags: c_int = 0;
    read!(given, c"O|OiO:sendmsg", &mut buffers, &mut control, &mut flags, &mut to)?;
    // SAFETY: `None` lives for ever.
    let addressed = !to.is_null() && to != unsafe { ffi::Py_None() };
    let addr = if addressed {
        let addr = address::parse(py, object, to, "sendmsg")?;
        audit!(c"socket.sendmsg", c"OO", object.as_ptr(), to)?;
        Some(addr)
    } else {
        audit!(c"socket.sendmsg", c"OO", object.as_ptr(), ffi::Py_None())?;
        None
    };
    let views = gather(buffers, c"sendmsg() argument 1 must be an iterable")?;
    let messages = match control.is_null() {
        true => SendBuffer::new(),
        false => control_messages(control)?,
    };
    native_flags(flags)?;
    let flags = MsgFlags::from_bits_retain(flags);
    int(send_pieces(py, object, &views, &messages, addr, flags)? as i64)
}

pub(crate) fn sendmsg_afalg(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    if Family::from(object.kind().family) != Family::ALG {
        return Err(os_error_text("algset is only supported for AF_ALG"));
    }
    let (mut buffers, mut op, mut associated) =
        (null_mut::<PyObject>(), null_mut::<PyObject>(), null_mut::<PyObject>());
    let (mut iv, mut flags) = (View::empty(), 0 as c_int);
    // SAFETY: the type of integers lives for ever.
    let int_type = &raw mut ffi::PyLong_Type;
    let (args, kwargs) = given.packed()?;
    parse_named!(
        args.as_ptr(),
        kwargs.as_ref().map_or(null_mut(), Owned::as_ptr),
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
    let missing = "Invalid or missing argument 'op'";
    let op = number(op, missing)?.ok_or_else(|| type_error(missing))?;
    // Any number is an operation here: the kernel says which it has.
    let op = CipherOp::from(op as i32);
    let associated = number(associated, "assoclen must be positive")?;
    let views = match buffers.is_null() {
        true => Vec::new(),
        false => gather(buffers, c"sendmsg_afalg() argument 1 must be an iterable")?,
    };
    let pieces: Vec<_> = views.iter().map(|view| IoSlice::new(view.as_slice())).collect();
    let vector = Some(iv.as_slice()).filter(|iv| !iv.is_empty());
    let (pieces, vector) = (Sendable(pieces.as_slice()), Sendable(vector));
    let flags = MsgFlags::from_bits_retain(flags);
    let sent = object.call(py, move |socket| {
        socket.send_cipher_vectored(pieces.get(), op, vector.get(), associated, flags)
    })?;
    object.count_sent(sent);
    int(sent as i64)
}

/// Counts what has come, unless it was only looked at.
#[inline]
fn counted(object: &Object, flags: MsgFlags, len: usize) -> usize {
    if !flags.contains(MsgFlags::PEEK) {
        object.count_received(len);
    }
    len
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

/// As much of the memory as is wanted; zero is all.
fn wanted<'a>(view: &'a Room, len: Py_ssize_t, call: &str, short: &str) -> Res<&'a mut [u8]> {
    match usize::try_from(len) {
        Ok(0) => Ok(view.as_slice()),
        Ok(len) => view.as_slice().get_mut(..len).ok_or_else(|| value_error(short)),
        Err(_) => Err(value_error(&format!("negative buffersize in {call}"))),
    }
}

/// Receives with `MSG_TRUNC`, and answers what the kernel counts: how long a datagram was that may
/// not fit, or what a stream has thrown away, which leaves the memory as it was.
fn receive_whole(
    py: Python<'_>,
    object: &Object,
    room: &mut [u8],
    flags: c_int,
) -> Res<(usize, Addr)> {
    let flags = cutting(object, flags);
    let mut pieces = [IoSliceMut::new(room)];
    let pieces = Sendable(pieces.as_mut_slice());
    let got = object.call(py, move |socket| {
        socket.recv_message_vectored(pieces.get(), &mut RecvBuffer::with_room(0), flags)
    })?;
    Ok((got.whole_len, got.from))
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
    from: &Addr,
) -> Res<[Owned; 3]> {
    let mut walk = control.messages();
    let messages = list(walk.by_ref().map(|message| {
        tuple([int(message.level().into())?, int(message.number().into())?, bytes(message.data())?])
    }))?;
    if !walk.rest().is_empty() {
        let text = c"received malformed or improperly-truncated ancillary data";
        // SAFETY: the interpreter's own warning, a C text.
        let answer = unsafe { running::PyErr_WarnEx(ffi::PyExc_RuntimeWarning, text.as_ptr(), 1) };
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

/// The objects of an iterable.
fn items(object: *mut PyObject, message: &CStr) -> Res<(Owned, Vec<*mut PyObject>)> {
    // SAFETY: the sequence is held as long as the pointers are used.
    unsafe {
        let sequence = Owned::new(running::PySequence_Fast(object, message.as_ptr()))?;
        let len = running::PySequence_Size(sequence.as_ptr());
        let is_list = ffi::PyList_Check(sequence.as_ptr()) != 0;
        let item = |place| match is_list {
            true => ffi::PyList_GetItem(sequence.as_ptr(), place),
            false => ffi::PyTuple_GetItem(sequence.as_ptr(), place),
        };
        let items = (0..len).map(item).collect();
        Ok((sequence, items))
    }
}

/// Buffers to send as one.
fn gather(object: *mut PyObject, message: &CStr) -> Res<Vec<View>> {
    let (_held, items) = items(object, message)?;
    if items.len() > i32::MAX as usize {
        return Err(os_error_text("sendmsg() argument 1 is too long"));
    }
    items.into_iter().map(View::of).collect()
}

/// Control messages to send, of an iterable of `(level, number, data)`.
fn control_messages(object: *mut PyObject) -> Res<SendBuffer<'static>> {
    let mut messages = SendBuffer::new();
    let (_held, items) = items(object, c"sendmsg() argument 2 must be an iterable")?;
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
    Ok(messages)
}

/// Sends pieces of memory as one message.
fn send_pieces(
    py: Python<'_>,
    object: &Object,
    views: &[View],
    control: &SendBuffer<'_>,
    to: Option<Addr>,
    flags: MsgFlags,
) -> Res<usize> {
    let pieces: Vec<_> = views.iter().map(|view| IoSlice::new(view.as_slice())).collect();
    let (pieces, control) = (Sendable(pieces.as_slice()), Sendable(control));
    object
        .call(py, move |socket| match to {
            Some(to) => socket.send_message_vectored(pieces.get(), control.get(), to, flags),
            None => socket.send_message_vectored(pieces.get(), control.get(), (), flags),
        })
        .inspect(|sent| object.count_sent(*sent))
}

/// An argument, if given, that the format has checked to be an integer, as 32 bits without a sign.
fn number(object: *mut PyObject, message: &str) -> Res<Option<u32>> {
    if object.is_null() {
        return Ok(None);
    }
    // SAFETY: an integer.
    let value = checked(unsafe { ffi::PyLong_AsLong(object) })?;
    u32::try_from(value).map(Some).map_err(|_| type_error(message))
}
