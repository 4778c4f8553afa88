//! Addresses: the tuples of Python, and the library's.

mod can;
mod host;
mod ip;
mod link;
mod unix;

use std::ffi::CStr;
use std::time::Duration;

use berkeley::{Addr, Family, Protocol, SharedDeadline};
use pyo3::ffi::{self, PyObject};

pub(crate) use self::host::{Host, host};
pub(crate) use self::ip::host_text;
use crate::errors;
use crate::lookup;
use crate::object::Object;
use crate::raw::{
    Owned, Python, Raised, Res, bytes, int, none, os_error, os_error_text, overflow_error, text,
    tuple, type_error,
};

/// What an address is for: the kind of socket decides its form.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) family: i32,
    pub(crate) protocol: i32,
    /// Whether it has a descriptor: CPython asks it for interfaces.
    pub(crate) open: bool,
}

/// How the addresses of a family are written.
struct Form {
    family: Family,
    /// Reads what a caller has written.
    parse: fn(Asked<'_>, *mut PyObject) -> Res<Addr>,
    /// Writes what the kernel has answered; nothing if it is not of the family's shape.
    build: fn(&Addr, Protocol) -> Option<Res<Owned>>,
}

/// The families that Python knows. Any other is an error, and its addresses are bytes.
static FORMS: &[Form] = &[
    Form { family: Family::INET, parse: ip::inet, build: ip::build },
    Form { family: Family::INET6, parse: ip::inet6, build: ip::build },
    Form { family: Family::UNIX, parse: unix::parse, build: unix::build },
    Form { family: Family::NETLINK, parse: link::netlink, build: link::netlink_tuple },
    Form { family: Family::PACKET, parse: link::packet, build: link::packet_tuple },
    Form { family: Family::CAN, parse: can::parse, build: can::build },
    // Its own addresses are those of IPv4.
    Form { family: Family::RDS, parse: ip::inet, build: |_, _| None },
    Form { family: Family::TIPC, parse: link::tipc, build: link::tipc_tuple },
    Form { family: Family::VSOCK, parse: link::vsock, build: link::vsock_tuple },
    Form { family: Family::ALG, parse: link::alg, build: link::alg_tuple },
    Form { family: Family::BLUETOOTH, parse: link::bluetooth, build: link::bluetooth_tuple },
    Form { family: Family::QIPCRTR, parse: link::qrtr, build: link::qrtr_tuple },
];

fn form(family: Family) -> Option<&'static Form> {
    FORMS.iter().find(|form| form.family == family)
}

/// A question to read an address: for which socket, and for which method, for the errors.
#[derive(Clone, Copy)]
struct Asked<'a> {
    py: Python<'a>,
    kind: Kind,
    until: &'a SharedDeadline,
    call: &'a str,
}

/// Raises unless the addresses of such a socket are known.
pub(crate) fn known_family(family: i32) -> Res<()> {
    match form(Family::from(family)) {
        Some(_) => Ok(()),
        None => Err(os_error_text("getsockaddrlen: bad family")),
    }
}

/// Reads the address that a caller has written, for a method of a socket.
pub(crate) fn parse(
    py: Python<'_>,
    socket: &Object,
    object: *mut PyObject,
    call: &str,
) -> Res<Addr> {
    let (kind, until) = (socket.kind(), &socket.until);
    let Some(form) = form(Family::from(kind.family)) else {
        return Err(os_error_text(&format!("{call}(): bad family")));
    };
    let addr = (form.parse)(Asked { py, kind, until, call }, object);
    // Not by `map_err`, which would move the address.
    if addr.is_err() {
        errors::at_given(Raised, || Ok(Owned::share(object)));
    }
    addr
}

/// The tuple of an address that the kernel has answered.
pub(crate) fn build(addr: &Addr, protocol: i32) -> Res<Owned> {
    if addr.is_empty() {
        return Ok(none());
    }
    let known = form(addr.family()).and_then(|form| (form.build)(addr, Protocol::from(protocol)));
    known.unwrap_or_else(|| {
        // As bytes, if nobody knows the family.
        let family = int(addr.family().number().into())?;
        tuple([family, bytes(addr.as_bytes().get(2..).unwrap_or_default())?])
    })
}

/// An address and the object that a caller has written it as.
pub(crate) type Told<'a> = (&'a Addr, *mut PyObject);

/// The tuple of an address that a caller has given, or the very object if another would be its equal.
pub(crate) fn build_given((addr, object): Told<'_>, protocol: i32) -> Res<Owned> {
    if unix::is_built(addr, object) { Ok(Owned::share(object)) } else { build(addr, protocol) }
}

/// The name of an object's type, for errors.
pub(crate) fn type_name(object: *mut PyObject) -> String {
    // SAFETY: a live object, whose type has a name.
    let name = unsafe { CStr::from_ptr((*ffi::Py_TYPE(object)).tp_name) };
    name.to_string_lossy().into_owned()
}

impl Kind {
    /// The number of an interface that an address names.
    fn interface(self, name: &[u8]) -> Res<u32> {
        if !self.open {
            return Err(os_error(libc::EBADF));
        }
        let name = String::from_utf8_lossy(name);
        berkeley::if_nametoindex(&name).map_err(|_| os_error(libc::ENODEV))
    }
}

impl Asked<'_> {
    /// How long a look-up for it may take.
    fn limit(self) -> Res<Option<Duration>> {
        let own = lookup::limit(std::ptr::null_mut())?;
        let left = self.until.get().remaining();
        Ok(own.into_iter().chain(left).min())
    }

    /// Raises unless the address is a tuple.
    fn must_be_tuple(self, object: *mut PyObject, family: &str) -> Res<()> {
        must_be_tuple(object, &format_args!("{}()", self.call), family)
    }
}

fn must_be_tuple(object: *mut PyObject, who: &dyn std::fmt::Display, family: &str) -> Res<()> {
    // SAFETY: a live object.
    if unsafe { ffi::PyTuple_Check(object) != 0 } {
        return Ok(());
    }
    let name = type_name(object);
    Err(type_error(&format!("{who}: {family} address must be tuple, not {name}")))
}

fn interface_name(index: u32) -> Res<Owned> {
    if index == 0 {
        return text("");
    }
    text(&berkeley::if_indextoname(index).unwrap_or_default())
}

/// A number that is too large is told in the words of the address.
fn out_of_range(raised: Raised, message: &str) -> Raised {
    // SAFETY: an error is set; the interpreter's own exception.
    match unsafe { ffi::PyErr_ExceptionMatches(ffi::PyExc_OverflowError) } {
        0 => raised,
        _ => overflow_error(message),
    }
}
