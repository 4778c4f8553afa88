//! `send_batch` and `recv_batch`, which CPython does not have: many datagrams in one call.

use std::cell::Cell;
use std::ffi::CStr;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use berkeley::batch::{Datagram, RecvBatch, SendBatch};
use berkeley::{Addr, MsgFlags};
use pyo3::ffi::{self, Py_ssize_t, PyObject};

use crate::address;
use crate::args::{Given, read_named};
use crate::data;
use crate::errors;
use crate::methods::{Answer, named, row, single};
use crate::object::Object;
use crate::raw::{
    Kept, Owned, Python, Raised, Res, Sendable, View, audit, boolean, byte_string, bytes, guard,
    int, list, no_memory, none, os_error, text, tuple, type_error, value_error,
};
use crate::running;

/// The methods, which are put beside those of CPython's.
pub(crate) fn table() -> Vec<ffi::PyMethodDef> {
    vec![
    row(
        c"send_batch",
        named!(send_batch),
        c"send_batch($self, /, datagrams, address=None, *, segment=0)
--

Sends many datagrams in order, in few calls of the system.

datagrams -- bytes-like objects, or pairs (data, address); with segment, one bytes-like object,
             which is cut into datagrams of so many bytes, the last one maybe shorter
address   -- where those go that have no address of their own; None is the connected peer

Answers how many were sent: all of them, or as many as a socket that does not wait had room for.
Of an error, its attribute `sent` says how many went before.",
    ),
    row(
        c"recv_batch",
        named!(recv_batch),
        c"recv_batch($self, /, count=64, bufsize=65535)
--

Receives the datagrams that are there, as a list of pairs (data, address). Waits for the first alone.

After set_recv_offload(True) one of the system's messages, of which it takes count at most, may be
many datagrams; they are taken apart.

If one has more than bufsize bytes, the error is EMSGSIZE, and its attribute `datagrams` is the list.",
    ),
    row(
        c"recvmsg_batch",
        named!(recvmsg_batch),
        c"recvmsg_batch($self, /, count=64, bufsize=65535)
--

Like recv_batch(), and what the system tells of each datagram: the pairs are of type Datagram.

Their flags have MSG_TRUNC where data was cut off after bufsize bytes, and length says how long it
was. After set_recv_details(True) ecn, destination and interface are told.",
    ),
    row(
        c"set_recv_offload",
        single!(set_recv_offload, METH_O),
        c"set_recv_offload($self, on, /)
--

Decides whether the kernel may join datagrams of a sender; recv_batch() takes them apart again, other
calls show them joined. Answers whether it does: not every kernel and kind of socket can.",
    ),
    row(
        c"set_recv_details",
        single!(set_recv_details, METH_O),
        c"set_recv_details($self, on, /)
--

Decides whether recv_batch() tells each datagram's destination, interface and ECN mark.",
    ),
]
}

/// `Datagram`, once it is made.
static DATAGRAM: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(null_mut());

/// The fields of a datagram; the first two are its items.
const FIELDS: [(&CStr, &CStr); 7] = [
    (c"data", c"the bytes"),
    (c"address", c"who sent it"),
    (c"flags", c"MSG_TRUNC if data was cut off, MSG_CTRUNC if what the kernel tells was"),
    (c"length", c"how many bytes it had"),
    (c"ecn", c"the mark for congestion (RFC 3168), 0 to 3, or None"),
    (c"destination", c"the address that it was sent to, or None"),
    (c"interface", c"the number of the interface that it came by, or None"),
];

/// Makes the type `Datagram`.
pub(crate) fn datagram_type() -> Answer {
    let field = |(name, doc): (&'static CStr, &'static CStr)| ffi::PyStructSequence_Field {
        name: name.as_ptr(),
        doc: doc.as_ptr(),
    };
    let end = ffi::PyStructSequence_Field { name: std::ptr::null(), doc: std::ptr::null() };
    let fields = FIELDS.map(field).into_iter().chain([end]).collect::<Vec<_>>();
    let mut desc = ffi::PyStructSequence_Desc {
        name: c"berkeley.socket.Datagram".as_ptr(),
        doc: c"A received datagram: (data, address), and what the kernel tells of it.".as_ptr(),
        fields: Box::leak(fields.into_boxed_slice()).as_mut_ptr(),
        n_in_sequence: 2,
    };
    // SAFETY: the description is complete, and its fields live for ever.
    let made = Owned::new(unsafe { ffi::PyStructSequence_NewType(&mut desc) }.cast())?;
    // Kept for as long as the process lives.
    DATAGRAM.store(Owned::share(made.as_ptr()).into_ptr().cast(), Ordering::Release);
    Ok(made)
}

thread_local! {
    /// Memory that is used again. A call takes it away while it runs, for others may run meanwhile.
    static TO_SEND: Cell<Option<Box<SendBatch>>> = const { Cell::new(None) };
    static RECEIVED: Cell<Option<Box<Room>>> = const { Cell::new(None) };
}

/// A batch for so many messages of so many bytes.
struct Room {
    count: usize,
    bufsize: usize,
    batch: RecvBatch,
}

/// What is kept for later is not larger than this: messages of a call, and bytes of a batch.
const MOST_MESSAGES: usize = 1024;
const MOST_KEPT: usize = 1 << 23;

/// No call receives into more memory.
const MOST_ROOM: usize = 1 << 30;

fn send_batch(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    if given.by_place() > 2 {
        let count = given.by_place();
        let text = format!("send_batch() takes at most 2 positional arguments ({count} given)");
        return Err(type_error(&text));
    }
    let (mut datagrams, mut to) = (null_mut::<PyObject>(), null_mut::<PyObject>());
    let mut segment: Py_ssize_t = 0;
    read_named!(
        given,
        c"O|On:send_batch",
        [c"datagrams", c"address", c"segment"],
        &mut datagrams,
        &mut to,
        &mut segment
    )?;
    if segment != 0 {
        return send_segments(py, object, datagrams, to, segment);
    }
    let mut batch = TO_SEND.take().unwrap_or_default();
    let bytes = fill(py, object, &mut batch, datagrams, to)?;
    let answer = send(py, object, &mut batch);
    if answer.is_ok() {
        object.count_sent(bytes);
    }
    batch.clear();
    if bytes <= MOST_KEPT {
        TO_SEND.set(Some(batch));
    }
    answer
}

/// Sends bytes that stand one datagram behind the other, from where they are.
fn send_segments(
    py: Python<'_>,
    object: &Object,
    data: *mut PyObject,
    to: *mut PyObject,
    size: Py_ssize_t,
) -> Answer {
    let Ok(size @ 1..) = usize::try_from(size) else {
        return Err(value_error("segment must be positive"));
    };
    let mut target = Target::Peer;
    if !to.is_null() {
        target.become_of(py, object, to)?;
    }
    let view = View::of(data)?;
    let data = Sendable(view.as_slice());
    let addr = match &target {
        Target::Peer => None,
        Target::At(_, addr) => Some(*addr),
    };
    let sent = object.during(py, move |socket| match addr {
        None => socket.send_segments(data.get(), size, ()),
        Some(addr) => socket.send_segments(data.get(), size, addr),
    });
    match sent? {
        Ok(sent) => {
            object.count_sent((sent * size).min(view.as_slice().len()));
            int(sent as i64)
        }
        Err(error) => {
            let sent = error.bytes_sent().unwrap_or(0) / size;
            Err(with_attribute(errors::raise(&error), c"sent", int(sent as i64)))
        }
    }
}

/// Puts what shall be sent into the batch, and says how many bytes that are.
fn fill(
    py: Python<'_>,
    object: &Object,
    batch: &mut SendBatch,
    datagrams: *mut PyObject,
    to: *mut PyObject,
) -> Res<usize> {
    let mut bytes = 0;
    // Each address is read once for all the datagrams to it that follow one another.
    let mut last = Target::Peer;
    // SAFETY: `None` lives for ever.
    let common = if to.is_null() { unsafe { ffi::Py_None() } } else { to };
    last.become_of(py, object, common)?;
    let mut push = |data: &[u8], to: &Target| {
        bytes += data.len();
        let pushed = match to {
            Target::Peer => batch.push(data, ()),
            Target::At(_, addr) => batch.push(data, addr),
        };
        pushed.map_err(|error| errors::raise(&error))
    };
    if is_bytes_like(datagrams) {
        return Err(type_error(
            "send_batch() takes an iterable of datagrams; to cut one object, give segment",
        ));
    }
    // A list could change while addresses are read.
    // SAFETY: a live object.
    let items = Owned::new(unsafe { running::PySequence_Tuple(datagrams) })?;
    for item in tuple_items(&items) {
        // SAFETY: the tuple holds its items.
        if unsafe { ffi::PyTuple_Check(item) } == 0 {
            last.become_of(py, object, common)?;
            with_bytes(item, |data| push(data, &last))?;
            continue;
        }
        let pair = Owned::share(item);
        let mut parts = tuple_items(&pair);
        let (Some(data), Some(own), None) = (parts.next(), parts.next(), parts.next()) else {
            let message = "send_batch() takes bytes-like objects, or pairs (data, address)";
            return Err(type_error(message));
        };
        last.become_of(py, object, own)?;
        with_bytes(data, |data| push(data, &last))?;
    }
    Ok(bytes)
}

/// Sends the batch.
fn send(py: Python<'_>, object: &Object, batch: &mut SendBatch) -> Answer {
    let all = batch.len();
    match object.during(py, |socket| socket.send_batch(batch))? {
        Ok(sent) => int(sent as i64),
        Err(error) => {
            let raised = errors::raise(&error);
            let sent = all.saturating_sub(batch.len());
            Err(with_attribute(raised, c"sent", int(sent as i64)))
        }
    }
}

/// Gives the error that is raised an attribute.
fn with_attribute(raised: Raised, name: &CStr, value: Answer) -> Raised {
    let Ok(value) = value else { return raised };
    let mut kept = Kept::take();
    if let Some(error) = kept.value() {
        // SAFETY: a live exception and a C text. Should it fail, the first error counts.
        unsafe {
            if running::PyObject_SetAttrString(error, name.as_ptr(), value.as_ptr()) != 0 {
                ffi::PyErr_Clear();
            }
        }
    }
    kept.put_back();
    raised
}

/// Where the next datagram goes, with the object that said so.
enum Target {
    Peer,
    At(Owned, Addr),
}

impl Target {
    /// Reads an address, if it is not the one that is here already.
    fn become_of(&mut self, py: Python<'_>, object: &Object, to: *mut PyObject) -> Res<()> {
        // SAFETY: `None` lives for ever.
        if to == unsafe { ffi::Py_None() } {
            *self = Target::Peer;
            return Ok(());
        }
        // A tuple cannot change; other objects are read again.
        // SAFETY: a live object.
        let same = matches!(self, Target::At(last, _) if last.as_ptr() == to)
            && unsafe { ffi::PyTuple_CheckExact(to) } != 0;
        if !same {
            let addr = address::parse(py, object, to, "send_batch")?;
            audit!(c"socket.sendto", c"OO", object.as_ptr(), to)?;
            *self = Target::At(Owned::share(to), addr);
        }
        Ok(())
    }
}

/// The items of a tuple, which holds them.
fn tuple_items(tuple: &Owned) -> impl Iterator<Item = *mut PyObject> {
    let tuple = tuple.as_ptr();
    // SAFETY: a tuple, asked for what it has.
    unsafe { (0..ffi::PyTuple_GET_SIZE(tuple)).map(move |at| ffi::PyTuple_GET_ITEM(tuple, at)) }
}

fn is_bytes_like(object: *mut PyObject) -> bool {
    // SAFETY: a live object.
    unsafe { ffi::PyObject_CheckBuffer(object) != 0 }
}

/// Reads an object's bytes; those of `bytes` without asking for a buffer.
fn with_bytes<R>(object: *mut PyObject, read: impl FnOnce(&[u8]) -> Res<R>) -> Res<R> {
    // SAFETY: an object that is held; the bytes of `bytes` do not change while it lives.
    if unsafe { ffi::PyBytes_CheckExact(object) != 0 } {
        // SAFETY: as above.
        return read(unsafe { byte_string(object) });
    }
    read(View::of(object)?.as_slice())
}

fn recv_batch(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    receive(py, object, given, |batch, protocol| {
        let all = pairs(batch, protocol, |data, from, _| tuple([data, from]))?;
        if batch.iter().all(|datagram| !datagram.is_truncated()) {
            return Ok(all);
        }
        Err(with_attribute(os_error(libc::EMSGSIZE), c"datagrams", Ok(all)))
    })
}

fn recvmsg_batch(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    receive(py, object, given, |batch, protocol| pairs(batch, protocol, with_details))
}

/// Receives into the memory of the thread, and makes of it what `answer` says.
fn receive(
    py: Python<'_>,
    object: &Object,
    given: Given<'_>,
    answer: impl FnOnce(&RecvBatch, i32) -> Answer,
) -> Answer {
    let (mut count, mut bufsize): (Py_ssize_t, Py_ssize_t) = (64, 65_535);
    read_named!(given, c"|nn:recv_batch", [c"count", c"bufsize"], &mut count, &mut bufsize)?;
    let (Ok(count @ 1..), Ok(bufsize @ 1..)) = (usize::try_from(count), usize::try_from(bufsize))
    else {
        return Err(value_error("count and bufsize must be positive"));
    };
    let count = count.min(MOST_MESSAGES);
    let memory = count.saturating_mul(bufsize);
    let kept = RECEIVED.take().filter(|room| (room.count, room.bufsize) == (count, bufsize));
    let mut room = match kept {
        Some(room) => room,
        None if memory > MOST_ROOM => return Err(no_memory()),
        None => Box::new(Room { count, bufsize, batch: RecvBatch::new(count, bufsize) }),
    };
    let batch = &mut room.batch;
    let answer = match object.during(py, |socket| socket.recv_batch(batch)) {
        Ok(Ok(_)) => {
            object.count_received(batch.iter().map(|datagram| datagram.data().len()).sum());
            answer(batch, object.kind().protocol)
        }
        Ok(Err(error)) => Err(errors::raise(&error)),
        Err(raised) => Err(raised),
    };
    // Whoever wants so much at once has few calls to make.
    if memory <= MOST_KEPT {
        RECEIVED.set(Some(room));
    }
    answer
}

/// A list of the datagrams of a batch: what `pair` makes of data, address and the rest.
fn pairs(
    batch: &RecvBatch,
    protocol: i32,
    pair: impl Fn(Owned, Owned, &Datagram<'_>) -> Answer,
) -> Answer {
    // What follows one another often comes from the same.
    let mut last: Option<(Addr, Owned)> = None;
    list(batch.iter().map(|datagram| {
        let known = last.as_ref().filter(|(addr, _)| addr == datagram.from());
        let from = match known {
            Some((_, built)) => Owned::share(built.as_ptr()),
            None => {
                let built = address::build(datagram.from(), protocol)?;
                let shared = Owned::share(built.as_ptr());
                last = Some((*datagram.from(), built));
                shared
            }
        };
        pair(bytes(datagram.data())?, from, &datagram)
    }))
}

/// A `Datagram`.
fn with_details(data: Owned, from: Owned, datagram: &Datagram<'_>) -> Answer {
    let flags = datagram.flags() & (MsgFlags::TRUNC | MsgFlags::CTRUNC);
    let (ecn, info) = (datagram.ecn(), datagram.packet_info());
    let fields = [
        data,
        from,
        int(flags.bits().into())?,
        int(datagram.whole_len() as i64)?,
        ecn.map_or_else(|| Ok(none()), |ecn| int(ecn.bits().into()))?,
        info.map_or_else(|| Ok(none()), |info| text(&info.destination.to_string()))?,
        info.map_or_else(|| Ok(none()), |info| int(info.interface.into()))?,
    ];
    // SAFETY: the type is made; each place is filled once and takes the reference.
    unsafe {
        let made = Owned::new(ffi::PyStructSequence_New(DATAGRAM.load(Ordering::Acquire)))?;
        for (place, value) in fields.into_iter().enumerate() {
            let place = place as Py_ssize_t;
            ffi::PyStructSequence_SetItem(made.as_ptr(), place, value.into_ptr());
        }
        Ok(made)
    }
}

fn set_recv_offload(py: Python<'_>, object: &Object, on: *mut PyObject) -> Answer {
    let on = data::truth(on)?;
    object.call(py, |socket| socket.set_recv_offload(on)).map(boolean)
}

fn set_recv_details(py: Python<'_>, object: &Object, on: *mut PyObject) -> Answer {
    let on = data::truth(on)?;
    object.call(py, |socket| socket.set_recv_details(on)).map(|()| none())
}
