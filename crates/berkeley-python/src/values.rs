//! Options, control messages and errors as values, which CPython has as bytes: what Rust knows of
//! them becomes numbers, texts and the types of `berkeley/values.py`.

use std::ffi::{CStr, c_int};
use std::ptr::null_mut;
use std::time::{Duration, SystemTime};

use berkeley::errqueue::{ErrorEvent, QueuedError, Stage};
use berkeley::opt::{self, Row, Value};
use berkeley::{Error, Family, cmsg};
use pyo3::ffi::{self, Py_ssize_t, PyObject};

use crate::address::{self, Kind, host_text};
use crate::args::{Given, read, read_named};
use crate::errors;
use crate::methods::{Answer, named, row};
use crate::object::Object;
use crate::raw::{
    Kept, Owned, Python, Raised, Res, Sendable, View, boolean, bytes, checked, guard, int, list,
    none, overflow_error, parse, text, tuple, type_error, unsigned, utf8, value_error,
};
use crate::running;

/// The methods, which are put beside those of CPython's.
pub(crate) fn table() -> Vec<ffi::PyMethodDef> {
    vec![
        row(
            c"get_option",
            named!(get_option),
            c"get_option($self, /, option, question=None)
--

The value of an option, by its name in C, or by (level, number): a number, a text, seconds, a named
tuple; bytes, if only bytes can be said of it. question is what the kernel reads there first, as bytes.",
        ),
        row(
            c"set_option",
            named!(set_option),
            c"set_option($self, /, option, value)
--

Sets an option, by its name in C, or by (level, number): to a number, True or False, seconds, a text
as people write it ('64K', '239.1.1.1@lo', 'off'), a list of these, or bytes as the kernel takes them.",
        ),
        row(
            c"recv_error",
            named!(recv_error),
            c"recv_error($self, /, bufsize=65535, *, wait=False)
--

The first entry of the queue of errors as a QueuedError, or None if there is none: why a datagram
failed (after setting IP_RECVERR), or when one went (after set_timestamps(send=True)).

With wait, it waits within the timeout until there is one.",
        ),
    ]
}

/// A function of the module, with arguments by place.
pub(crate) const FUNCTIONS: [(&CStr, ffi::PyCFunction, &CStr); 1] = [(
    c"decode_control",
    decode_control,
    c"decode_control(family, ancdata): what recvmsg() has answered as Control of values.py.",
)];

/// An attribute of `berkeley/values.py`, which is loaded when it is first needed.
pub(crate) fn maker(name: &CStr) -> Answer {
    // SAFETY: a module is imported and asked, with the interpreter attached.
    unsafe {
        let module = Owned::new(running::PyImport_ImportModule(c"berkeley.values".as_ptr()))?;
        Owned::new(running::PyObject_GetAttrString(module.as_ptr(), name.as_ptr()))
    }
}

/// Calls something of `values.py`.
pub(crate) fn make<const N: usize>(name: &CStr, arguments: [Owned; N]) -> Answer {
    let (maker, arguments) = (maker(name)?, tuple(arguments)?);
    // SAFETY: live objects.
    Owned::new(unsafe { running::PyObject_CallObject(maker.as_ptr(), arguments.as_ptr()) })
}

/// Raises an error, with a note that says what it was about and what stands behind it.
#[cold]
pub(crate) fn raise(error: &Error) -> Raised {
    let raised = errors::raise(error);
    if error.errno().is_none() {
        return raised;
    }
    let raised = with_note(raised, &error.to_string());
    match error.hint() {
        Some(hint) => with_note(raised, &hint),
        None => raised,
    }
}

fn with_note(raised: Raised, note: &str) -> Raised {
    let mut kept = Kept::take();
    if let (Some(error), Ok(note)) = (kept.value(), text(note)) {
        // SAFETY: a live exception; should it fail, the first error counts.
        unsafe {
            let add = Owned::new(running::PyObject_GetAttrString(error, c"add_note".as_ptr()));
            let done = add.and_then(|add| {
                Owned::new(running::PyObject_CallOneArg(add.as_ptr(), note.as_ptr()))
            });
            if done.is_err() {
                ffi::PyErr_Clear();
            }
        }
    }
    kept.put_back();
    raised
}

/// A value as Python has it. The protocol says how an address is written.
pub(crate) fn build(value: &Value, protocol: i32) -> Answer {
    match value {
        Value::None => Ok(none()),
        Value::Bool(on) => Ok(boolean(*on)),
        Value::Int(number) => match (i64::try_from(*number), u64::try_from(*number)) {
            (Ok(number), _) => int(number),
            (_, Ok(number)) => unsigned(number),
            _ => Err(overflow_error("the number has more than 64 bits")),
        },
        Value::Named(number, name) => make(c"Named", [int(*number)?, text_or_none(*name)?]),
        Value::Flags(bits, names) => {
            let names = list(names.iter().map(|name| text(name)))?;
            make(c"Flags", [unsigned(*bits)?, names])
        }
        Value::Duration(duration) => seconds(*duration),
        Value::Time(time) => make(c"Timestamp", [nanoseconds(*time)?]),
        Value::Text(value) => text(value),
        Value::Bytes(value) => bytes(value),
        Value::Ip(host) => host_text(*host),
        Value::Addr(addr) => address::build(addr, protocol),
        Value::List(values) => list(values.iter().map(|value| build(value, protocol))),
        Value::Record(name, fields) => {
            let names = list(fields.iter().map(|(name, _)| text(name)))?;
            let values = list(fields.iter().map(|(_, value)| build(value, protocol)))?;
            make(c"record", [text(name)?, names, values])
        }
        // A kind of value that is newer than this.
        _ => Ok(none()),
    }
}

pub(crate) fn seconds(duration: Duration) -> Answer {
    // SAFETY: takes no pointers.
    Owned::new(unsafe { ffi::PyFloat_FromDouble(duration.as_secs_f64()) })
}

/// Nanoseconds since the epoch.
fn nanoseconds(time: SystemTime) -> Answer {
    let nanos = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()),
        Err(before) => i64::try_from(before.duration().as_nanos()).map(std::ops::Neg::neg),
    };
    int(nanos.map_err(|_| overflow_error("a time beyond the year 2262"))?)
}

fn text_or_none(value: Option<&str>) -> Answer {
    value.map_or_else(|| Ok(none()), text)
}

fn is_none(object: *mut PyObject) -> bool {
    // SAFETY: `None` lives for ever.
    object.is_null() || object == unsafe { ffi::Py_None() }
}

/// What Python has as a value: bytes are what the kernel takes.
fn value_of(object: *mut PyObject) -> Res<Value> {
    // SAFETY: a live object, whose kind is checked before it is read.
    unsafe {
        if is_none(object) {
            Ok(Value::None)
        } else if ffi::PyBool_Check(object) != 0 {
            Ok(Value::Bool(object == ffi::Py_True()))
        } else if ffi::PyLong_Check(object) != 0 {
            let mut overflow = 0;
            let small = checked(ffi::PyLong_AsLongLongAndOverflow(object, &mut overflow))?;
            if overflow <= 0 {
                // What is too small for 64 bits is refused as out of range by every option.
                return Ok(Value::Int(if overflow == 0 { small.into() } else { i128::MIN }));
            }
            let large = ffi::PyLong_AsUnsignedLongLong(object);
            if large == u64::MAX && !ffi::PyErr_Occurred().is_null() {
                return Err(Raised);
            }
            Ok(Value::Int(large.into()))
        } else if ffi::PyFloat_Check(object) != 0 {
            let seconds = Duration::try_from_secs_f64(ffi::PyFloat_AsDouble(object));
            seconds.map(Value::Duration).map_err(|_| value_error("that is no number of seconds"))
        } else if ffi::PyUnicode_Check(object) != 0 {
            Ok(Value::Text(utf8(object)?.to_owned()))
        } else if ffi::PyObject_CheckBuffer(object) != 0 {
            Ok(Value::Bytes(View::of(object)?.as_slice().to_vec()))
        } else if ffi::PyList_Check(object) != 0 || ffi::PyTuple_Check(object) != 0 {
            let items = Owned::new(running::PySequence_Tuple(object))?;
            let count = ffi::PyTuple_GET_SIZE(items.as_ptr());
            let item = |at| value_of(ffi::PyTuple_GET_ITEM(items.as_ptr(), at));
            (0..count).map(item).collect::<Res<Vec<_>>>().map(Value::List)
        } else {
            let name = address::type_name(object);
            Err(type_error(&format!("an option has no value of type {name}")))
        }
    }
}

/// An option, as it is asked for: a row of the table, or only a level and a number.
enum Which {
    Row(&'static Row),
    Bare(i32, i32),
}

fn which(object: &Object, option: *mut PyObject) -> Res<Which> {
    // SAFETY: a live object, whose kind is checked before it is read.
    unsafe {
        if ffi::PyUnicode_Check(option) != 0 {
            let name = utf8(option)?;
            let row = opt::by_name(name);
            return row
                .map(Which::Row)
                .ok_or_else(|| value_error(&format!("there is no option {name:?}")));
        }
        if ffi::PyTuple_Check(option) == 0 {
            let name = address::type_name(option);
            let text = format!("an option is a name or a pair (level, number), not {name}");
            return Err(type_error(&text));
        }
    }
    let (mut level, mut number): (c_int, c_int) = (0, 0);
    // SAFETY: a tuple, which the caller holds.
    let given = unsafe { Given::tuple(option) };
    read!(given, c"ii;an option is a name or a pair (level, number)", &mut level, &mut number)?;
    let family = Family::from(object.kind().family);
    Ok(opt::by_number(family, level, number).map_or(Which::Bare(level, number), Which::Row))
}

/// The longest value of an option that the table does not know.
const BARE: usize = 4096;

fn get_option(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut option, mut question) = (null_mut::<PyObject>(), null_mut::<PyObject>());
    read_named!(given, c"O|O:get_option", [c"option", c"question"], &mut option, &mut question)?;
    let which = which(object, option)?;
    let question = if is_none(question) { None } else { Some(View::of(question)?) };
    let asked = Sendable(question.as_ref().map(View::as_slice));
    let answer = object.during(py, move |socket| match (which, asked.get()) {
        (Which::Row(row), None) => socket.get_value(row),
        (Which::Row(row), Some(question)) => socket.query_value(row, question),
        (Which::Bare(level, number), question) => {
            let mut room = question.unwrap_or_default().to_vec();
            room.resize(room.len().max(BARE), 0);
            let len = socket.getsockopt(level, number, &mut room)?;
            room.truncate(len);
            Ok(Value::Bytes(room))
        }
    })?;
    build(&answer.map_err(|error| raise(&error))?, object.kind().protocol)
}

fn set_option(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut option, mut value) = (null_mut::<PyObject>(), null_mut::<PyObject>());
    read_named!(given, c"OO:set_option", [c"option", c"value"], &mut option, &mut value)?;
    let (which, value) = (which(object, option)?, value_of(value)?);
    let unfit = |name: &str, form: &str| {
        value_error(&format!("that is no value of {name}, which takes: {form}"))
    };
    let done = match which {
        Which::Row(row) => {
            if !matches!(value, Value::Bytes(_)) && (row.build)(&value).is_none() {
                return Err(unfit(row.name, row.form));
            }
            object.during(py, |socket| socket.set_value(row, &value))?
        }
        Which::Bare(level, number) => {
            let name = format!("({level}, {number})");
            let bytes = match value {
                Value::Bytes(bytes) => bytes,
                Value::Bool(on) => i32::from(on).to_ne_bytes().to_vec(),
                Value::Int(number) => match i32::try_from(number) {
                    Ok(number) => number.to_ne_bytes().to_vec(),
                    Err(_) => return Err(unfit(&name, "a number of 32 bits, or bytes")),
                },
                _ => return Err(unfit(&name, "a number or bytes")),
            };
            object.during(py, |socket| socket.setsockopt(level, number, &bytes))?
        }
    };
    done.map_err(|error| raise(&error))?;
    Ok(none())
}

/// `decode_control(family, ancdata)`.
unsafe extern "C" fn decode_control(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |_| {
        let (mut family, mut control): (c_int, *mut PyObject) = (0, null_mut());
        parse!(args, c"iO:decode_control", &mut family, &mut control)?;
        // SAFETY: a live object; what it gives is held by the tuple.
        let items = Owned::new(unsafe { running::PySequence_Tuple(control) })?;
        // SAFETY: a tuple, asked for what it has.
        let count = unsafe { ffi::PyTuple_GET_SIZE(items.as_ptr()) };
        let decoded = list((0..count).map(|at| {
            // SAFETY: as above.
            let item = unsafe { ffi::PyTuple_GET_ITEM(items.as_ptr(), at) };
            decode_one(Family::from(family), item)
        }))?;
        make(c"ControlData", [decoded]).map(Owned::into_ptr)
    })
}

fn decode_one(family: Family, item: *mut PyObject) -> Answer {
    let (mut level, mut number): (c_int, c_int) = (0, 0);
    let mut data = View::empty();
    // SAFETY: the format says what each pointer is to.
    let read = unsafe {
        ffi::PyArg_Parse(
            item,
            c"(iiy*):decode_control() takes (level, type, data)".as_ptr(),
            &mut level,
            &mut number,
            data.slot(),
        )
    };
    if read == 0 {
        return Err(Raised);
    }
    // Bluetooth's own levels have the numbers of IP's.
    let foreign = family == Family::BLUETOOTH && matches!(level, libc::SOL_IP | libc::SOL_TCP);
    let row = cmsg::by_number(level, number).filter(|_| !foreign);
    let value = row.and_then(|row| (row.value)(data.as_slice()));
    let value = value.unwrap_or_else(|| Value::Bytes(data.as_slice().to_vec()));
    let kind = [
        text_or_none(row.map(|row| row.name))?,
        build(&value, 0)?,
        int(level.into())?,
        int(number.into())?,
    ];
    make(c"Control", kind)
}

fn recv_error(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let mut bufsize: Py_ssize_t = 65_535;
    let mut wait: c_int = 0;
    let (args, kwargs) = given.packed()?;
    crate::raw::parse_named!(
        args.as_ptr(),
        kwargs.as_ref().map_or(null_mut(), Owned::as_ptr),
        c"|n$p:recv_error",
        [c"bufsize", c"wait"],
        &mut bufsize,
        &mut wait
    )?;
    let room = usize::try_from(bufsize).ok().filter(|room| *room <= 1 << 20);
    let room = room.ok_or_else(|| value_error("bufsize must be from 0 to 1048576"))?;
    let mut data = vec![0; room];
    let found = object.during(py, |socket| {
        loop {
            match socket.recv_error(&mut data) {
                Ok(None) if wait != 0 => socket.wait_error()?,
                answer => return answer,
            }
        }
    })?;
    match found.map_err(|error| raise(&error))? {
        None => Ok(none()),
        Some(queued) => build_queued(object.kind(), &queued, &data),
    }
}

/// A `QueuedError`: its kind, what every entry has, and what this kind has.
fn build_queued(kind: Kind, queued: &QueuedError, data: &[u8]) -> Answer {
    let named = |errno: berkeley::Errno| Value::from(errno);
    let (name, fields): (&str, Vec<(&str, Value)>) = match &queued.event {
        ErrorEvent::Local { errno, mtu, .. } => {
            ("local", vec![("errno", named(*errno)), ("mtu", (*mtu).into())])
        }
        ErrorEvent::Icmp { errno, ty, code, mtu, offender, .. } => (
            "icmp",
            vec![
                ("errno", named(*errno)),
                ("type", (*ty).into()),
                ("code", (*code).into()),
                ("mtu", (*mtu).into()),
                ("offender", (*offender).into()),
            ],
        ),
        ErrorEvent::Timestamp { stage, id, times, .. } => {
            let stage = match stage {
                Stage::Sent => "sent",
                Stage::Scheduled => "scheduled",
                Stage::Acknowledged => "acknowledged",
                Stage::Completed => "completed",
                _ => "other",
            };
            let hardware = times.hardware.map(|time| SystemTime::UNIX_EPOCH + time);
            (
                "timestamp",
                vec![
                    ("stage", stage.into()),
                    ("id", (*id).into()),
                    ("time", times.software.into()),
                    ("hardware", hardware.into()),
                ],
            )
        }
        ErrorEvent::ZeroCopy { first, last, copied, .. } => (
            "zerocopy",
            vec![
                ("first", (*first).into()),
                ("last", (*last).into()),
                ("copied", (*copied).into()),
            ],
        ),
        ErrorEvent::TxTime { errno, time, .. } => {
            ("txtime", vec![("errno", named(*errno)), ("txtime", (*time).into())])
        }
        ErrorEvent::Other(error) => (
            "other",
            vec![
                ("errno", named(berkeley::Errno::from(error.errno))),
                ("origin", error.origin.into()),
                ("type", error.ty.into()),
                ("code", error.code.into()),
                ("info", error.info.into()),
                ("data_number", error.data.into()),
                ("offender", error.offender.into()),
            ],
        ),
        _ => ("other", Vec::new()),
    };
    // SAFETY: a new dictionary, which is filled with live objects.
    unsafe {
        let all = Owned::new(ffi::PyDict_New())?;
        let put = |name: &str, value: Owned| {
            let name = text(name)?;
            let done = ffi::PyDict_SetItem(all.as_ptr(), name.as_ptr(), value.as_ptr());
            checked(done.into()).map(drop)
        };
        put("kind", text(name)?)?;
        put("data", bytes(data.get(..queued.len).unwrap_or_default())?)?;
        put("truncated", boolean(queued.truncated))?;
        put("destination", build(&queued.destination.into(), kind.protocol)?)?;
        for (name, value) in fields {
            put(name, build(&value, kind.protocol)?)?;
        }
        let maker = maker(c"QueuedError")?;
        let nothing = Owned::new(ffi::PyTuple_New(0))?;
        Owned::new(running::PyObject_Call(maker.as_ptr(), nothing.as_ptr(), all.as_ptr()))
    }
}
