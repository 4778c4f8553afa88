//! What takes several options at once, and `ping`: keepalive, multicast groups, drop counters.

use std::ffi::{CStr, c_int};
use std::net::IpAddr;
use std::ptr::null_mut;

use berkeley::{Cause, Echo, Error, Interface, Keepalive, Multicast, Socket};
use pyo3::ffi::{self, Py_ssize_t, PyObject};

use crate::address::host_text;
use crate::args::{Given, read_named};
use crate::data;
use crate::errors;
use crate::methods::{Answer, named, row, single};
use crate::object::Object;
use crate::raw::{
    Kept, Owned, Python, Raised, Res, guard, int, list, none, parse, parse_named, text, tuple,
    utf8, value_error,
};
use crate::running;
use crate::values::{raise, seconds};

/// The methods, which are put beside those of CPython's.
pub(crate) fn table() -> Vec<ffi::PyMethodDef> {
    vec![
        row(
            c"set_keepalive",
            named!(set_keepalive),
            c"set_keepalive($self, /, idle=None, interval=None, count=None, *, on=True)
--

Decides whether an idle connection is probed: after so many seconds without traffic, so many seconds
apart, and how many probes may go unanswered. None is what the system has.",
        ),
        row(
            c"join_group",
            named!(join_group),
            c"join_group($self, /, group, interface=None, source=None)
--

Receives what is sent to a multicast group, of either version of IP, or what one source sends to it.

interface is the name, the number or an address of the interface; None is the system's choice.",
        ),
        row(
            c"leave_group",
            named!(leave_group),
            c"leave_group($self, /, group, interface=None, source=None)
--

Receives it no longer.",
        ),
        row(
            c"block_source",
            named!(block_source),
            c"block_source($self, /, group, source, interface=None)
--

Receives what is sent to a group that was joined, but not from this source.",
        ),
        row(
            c"unblock_source",
            named!(unblock_source),
            c"unblock_source($self, /, group, source, interface=None)
--

Receives it from this source again.",
        ),
        row(
            c"set_multicast",
            named!(set_multicast),
            c"set_multicast($self, /, *, ttl=None, loop=None, interface=None)
--

Decides how multicast leaves: how many hops it travels, whether this machine's members get it too,
and the interface, by its name, number or address. What is None stays as it is.",
        ),
        row(
            c"dropped",
            single!(dropped, METH_NOARGS),
            c"dropped($self, /)
--

How many packets the system has dropped since the socket was made, most of them for want of room.",
        ),
    ]
}

/// A function of the module, with arguments by place.
pub(crate) const FUNCTIONS: [(&CStr, ffi::PyCFunction, &CStr); 1] = [(
    c"ping",
    ping,
    c"ping(address, count, timeout, interval, size): (address, [(sequence, seconds, address, hops, size, error), ...])",
)];

fn is_none(object: *mut PyObject) -> bool {
    // SAFETY: `None` lives for ever.
    object.is_null() || object == unsafe { ffi::Py_None() }
}

/// What an object is as a text: a text, an address of `ipaddress`, a number.
fn shown(object: *mut PyObject) -> Res<String> {
    // SAFETY: a live object; its text is copied.
    unsafe {
        let shown = Owned::new(running::PyObject_Str(object))?;
        utf8(shown.as_ptr()).map(str::to_owned)
    }
}

fn interface(object: *mut PyObject) -> Res<Interface> {
    if is_none(object) {
        return Ok(Interface::Any);
    }
    // SAFETY: a live object, which is asked for its type.
    if unsafe { ffi::PyLong_Check(object) } != 0 {
        let index = u32::try_from(data::c_int(object)?);
        return index.map(Interface::from).map_err(|_| value_error("no interface has that number"));
    }
    let text = shown(object)?;
    Ok(match text.is_empty() {
        true => Interface::Any,
        false => Interface::from(text.as_str()),
    })
}

/// A host as a number, and the interface that stands behind it, as in `ff02::1%eth0`.
fn number(object: *mut PyObject) -> Res<(IpAddr, Option<Interface>)> {
    let text = shown(object)?;
    let (host, scope) = match text.split_once('%') {
        Some((host, scope)) => (host, Some(Interface::from(scope))),
        None => (text.as_str(), None),
    };
    match host.parse() {
        Ok(host) => Ok((host, scope)),
        Err(_) => Err(value_error(&format!("{text:?} is no address of IPv4 or IPv6"))),
    }
}

fn optional_seconds(object: *mut PyObject) -> Res<Option<std::time::Duration>> {
    if is_none(object) { Ok(None) } else { data::timeout(object) }
}

fn set_keepalive(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut idle, mut interval, mut count) =
        (null_mut::<PyObject>(), null_mut::<PyObject>(), null_mut::<PyObject>());
    let mut on: c_int = 1;
    let (args, kwargs) = given.packed()?;
    parse_named!(
        args.as_ptr(),
        kwargs.as_ref().map_or(null_mut(), Owned::as_ptr),
        c"|OOO$p:set_keepalive",
        [c"idle", c"interval", c"count", c"on"],
        &mut idle,
        &mut interval,
        &mut count,
        &mut on
    )?;
    let (idle, interval) = (optional_seconds(idle)?, optional_seconds(interval)?);
    let count = match is_none(count) {
        true => None,
        false => {
            let count = u32::try_from(data::c_int(count)?);
            Some(count.map_err(|_| value_error("count must not be negative"))?)
        }
    };
    let keepalive = (on != 0).then_some(Keepalive { idle, interval, count });
    change(py, object, |socket| socket.set_keepalive(keepalive))
}

/// Makes a change without the interpreter, whose errors say what was meant.
fn change(
    py: Python<'_>,
    object: &Object,
    change: impl FnOnce(&Socket) -> berkeley::Result<()> + Send,
) -> Answer {
    object.during(py, |socket| change(socket))?.map_err(|error| raise_argument(&error))?;
    Ok(none())
}

/// What is wrong with an argument is a `ValueError`.
fn raise_argument(error: &Error) -> Raised {
    match error.cause() {
        Cause::Argument(what) => value_error(what),
        _ => raise(error),
    }
}

/// A group, one of its sources, and an interface.
struct Member {
    group: IpAddr,
    source: Option<IpAddr>,
    interface: Interface,
}

impl Member {
    /// An interface that is named beats that which stands behind the group.
    fn of(group: *mut PyObject, source: *mut PyObject, on: *mut PyObject) -> Res<Member> {
        let (group, scope) = number(group)?;
        let source = if is_none(source) { None } else { Some(number(source)?.0) };
        let interface = match scope {
            Some(scope) if is_none(on) => scope,
            _ => interface(on)?,
        };
        Ok(Member { group, source, interface })
    }
}

/// Reads `(group, interface=None, source=None)`.
macro_rules! membership {
    ($given:expr, $format:literal) => {{
        let (mut group, mut interface, mut source) =
            (null_mut::<PyObject>(), null_mut::<PyObject>(), null_mut::<PyObject>());
        read_named!(
            $given,
            $format,
            [c"group", c"interface", c"source"],
            &mut group,
            &mut interface,
            &mut source
        )?;
        Member::of(group, source, interface)
    }};
}

/// Reads `(group, source, interface=None)`.
macro_rules! blocking {
    ($given:expr, $format:literal) => {{
        let (mut group, mut interface, mut source) =
            (null_mut::<PyObject>(), null_mut::<PyObject>(), null_mut::<PyObject>());
        read_named!(
            $given,
            $format,
            [c"group", c"source", c"interface"],
            &mut group,
            &mut source,
            &mut interface
        )?;
        let Member { group, source, interface } = Member::of(group, source, interface)?;
        let source = source.ok_or_else(|| value_error("source must be an address"))?;
        (group, source, interface)
    }};
}

fn join_group(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let Member { group, source, interface } = membership!(given, c"O|OO:join_group")?;
    change(py, object, |socket| match source {
        Some(source) => socket.join_source(group, source, interface),
        None => socket.join_group(group, interface),
    })
}

fn leave_group(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let Member { group, source, interface } = membership!(given, c"O|OO:leave_group")?;
    change(py, object, |socket| match source {
        Some(source) => socket.leave_source(group, source, interface),
        None => socket.leave_group(group, interface),
    })
}

fn block_source(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (group, source, interface) = blocking!(given, c"OO|O:block_source");
    change(py, object, |socket| socket.block_source(group, source, interface))
}

fn unblock_source(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (group, source, interface) = blocking!(given, c"OO|O:unblock_source");
    change(py, object, |socket| socket.unblock_source(group, source, interface))
}

fn set_multicast(py: Python<'_>, object: &Object, given: Given<'_>) -> Answer {
    let (mut ttl, mut loops, mut on) =
        (null_mut::<PyObject>(), null_mut::<PyObject>(), null_mut::<PyObject>());
    let (args, kwargs) = given.packed()?;
    parse_named!(
        args.as_ptr(),
        kwargs.as_ref().map_or(null_mut(), Owned::as_ptr),
        c"|$OOO:set_multicast",
        [c"ttl", c"loop", c"interface"],
        &mut ttl,
        &mut loops,
        &mut on
    )?;
    let hops = match is_none(ttl) {
        true => None,
        false => {
            let ttl = u8::try_from(data::c_int(ttl)?);
            Some(ttl.map_err(|_| value_error("ttl must be from 0 to 255"))?)
        }
    };
    let loops = if is_none(loops) { None } else { Some(data::truth(loops)?) };
    let interface = if is_none(on) { None } else { Some(interface(on)?) };
    let how = Multicast { hops, loops, interface };
    change(py, object, |socket| socket.set_multicast(&how))
}

fn dropped(py: Python<'_>, object: &Object, _: *mut PyObject) -> Answer {
    let drops = object.during(py, |socket| socket.drops())?.map_err(|error| raise(&error))?;
    int(drops.into())
}

/// `ping(address, count, timeout, interval, size)`.
unsafe extern "C" fn ping(_: *mut PyObject, args: *mut PyObject) -> *mut PyObject {
    guard(null_mut(), |py| {
        let (mut name, mut timeout, mut interval) =
            (null_mut::<PyObject>(), null_mut::<PyObject>(), null_mut::<PyObject>());
        let (mut count, mut size): (c_int, c_int) = (0, 0);
        parse!(args, c"UiOOi:ping", &mut name, &mut count, &mut timeout, &mut interval, &mut size)?;
        // SAFETY: the format has checked that it is a text, which the arguments hold.
        let name = unsafe { utf8(name) }?;
        let (Ok(count), Ok(size)) = (u16::try_from(count), u16::try_from(size)) else {
            return Err(value_error("count and size must be from 0 to 65535"));
        };
        let (Some(timeout), Some(interval)) = (data::timeout(timeout)?, data::timeout(interval)?)
        else {
            return Err(value_error("timeout and interval must be numbers of seconds"));
        };
        let question = berkeley::ping(name).count(count);
        let question = question.timeout(timeout).interval(interval).size(size);
        let report = py.detach(|| question.call()).map_err(|error| refused(&error))?;
        let answers = report.answers.iter().zip(1_i64..).map(|(answer, sequence)| match answer {
            Ok(echo) => answered(echo),
            Err(error) => {
                tuple([int(sequence)?, none(), none(), none(), none(), exception(error)?])
            }
        });
        tuple([host_text(report.addr)?, list(answers)?]).map(Owned::into_ptr)
    })
}

fn answered(echo: &Echo) -> Answer {
    let hops = echo.hops.map_or_else(|| Ok(none()), |hops| int(hops.into()));
    tuple([
        int(echo.sequence.into())?,
        seconds(echo.time)?,
        host_text(echo.from)?,
        hops?,
        int(echo.len as i64)?,
        none(),
    ])
}

/// An error as an object that is not raised.
fn exception(error: &Error) -> Answer {
    let _ = errors::raise(error);
    let mut kept = Kept::take();
    let shared = kept.value().map(Owned::share);
    Ok(shared.unwrap_or_else(none))
}

/// A right that is missing is told with the setting that would do, in the error's own text.
fn refused(error: &Error) -> Raised {
    let (Some(errno), Some(hint)) = (error.errno(), error.hint()) else {
        return errors::raise(error);
    };
    let set = || -> Res<()> {
        let told = text(&format!("{error}: {hint}"))?;
        let arguments = tuple([int(errno.number().into())?, told])?;
        // SAFETY: the interpreter's own class, which chooses the one below it by the number.
        unsafe { ffi::PyErr_SetObject(ffi::PyExc_OSError, arguments.as_ptr()) };
        Ok(())
    };
    let _ = set();
    Raised
}
