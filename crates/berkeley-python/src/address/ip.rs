//! Addresses of IPv4 and IPv6: `(host, port)`, or with flow and scope.

use std::ffi::{c_int, c_uint};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use berkeley::{Addr, Family, Protocol};
use pyo3::ffi::{self, PyObject};

use super::{Asked, host, out_of_range};
use crate::args::{Given, read};
use crate::raw::{
    Kept, Owned, Raised, Res, ascii, int, os_error_text, overflow_error, text, tuple, unsigned,
};

pub(super) fn inet(asked: Asked<'_>, object: *mut PyObject) -> Res<Addr> {
    let Asked { py, call, .. } = asked;
    asked.must_be_tuple(object, "AF_INET")?;
    let (mut name, mut number): (*mut PyObject, c_int) = (std::ptr::null_mut(), 0);
    // SAFETY: a tuple, which the caller holds.
    let given = unsafe { Given::tuple(object) };
    read!(given, c"Oi;AF_INET address must be a pair (host, port)", &mut name, &mut number)
        .or_else(|raised| prefer_host_error(object, 2, raised))
        .map_err(|raised| out_of_range(raised, &format!("{call}(): port must be 0-65535.")))?;
    if let Some(host) = last::host_of(name) {
        return Ok(SocketAddrV4::new(host, port(number, call)?).into());
    }
    let found = host(name)?.resolve(py, Family::INET, || asked.limit())?;
    let port = port(number, call)?;
    match found {
        SocketAddr::V4(v4) => Ok(SocketAddrV4::new(*v4.ip(), port).into()),
        SocketAddr::V6(_) => Err(os_error_text("address family mismatched")),
    }
}

pub(super) fn inet6(asked: Asked<'_>, object: *mut PyObject) -> Res<Addr> {
    let Asked { py, call, .. } = asked;
    asked.must_be_tuple(object, "AF_INET6")?;
    let (mut name, mut number): (*mut PyObject, c_int) = (std::ptr::null_mut(), 0);
    let (mut flow, mut scope): (c_uint, c_uint) = (0, 0);
    // SAFETY: a tuple, which the caller holds.
    let given = unsafe { Given::tuple(object) };
    read!(
        given,
        c"Oi|II;AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])",
        &mut name,
        &mut number,
        &mut flow,
        &mut scope
    )
    .or_else(|raised| prefer_host_error(object, 4, raised))
    .map_err(|raised| out_of_range(raised, &format!("{call}(): port must be 0-65535.")))?;
    let found = host(name)?.resolve(py, Family::INET6, || asked.limit())?;
    let port = port(number, call)?;
    if flow > 0xfffff {
        return Err(overflow_error(&format!("{call}(): flowinfo must be 0-1048575.")));
    }
    match found {
        SocketAddr::V6(v6) => {
            // A scope within the host counts if the tuple has none of its own, or zero, as those
            // have who take it apart and put it together again.
            let scope = if scope == 0 { v6.scope_id() } else { scope };
            Ok(SocketAddrV6::new(*v6.ip(), port, flow.to_be(), scope).into())
        }
        SocketAddr::V4(_) => Err(os_error_text("address family mismatched")),
    }
}

pub(super) fn build(addr: &Addr, _: Protocol) -> Option<Res<Owned>> {
    addr.to_ip().map(written)
}

/// `(host, port)`, or with flow and scope.
fn written(addr: SocketAddr) -> Res<Owned> {
    match addr {
        SocketAddr::V4(v4) => tuple([v4_text(*v4.ip())?, int(v4.port().into())?]),
        SocketAddr::V6(v6) => tuple([
            host_text(IpAddr::V6(*v6.ip()))?,
            int(v6.port().into())?,
            unsigned(u32::from_be(v6.flowinfo()).into())?,
            unsigned(v6.scope_id().into())?,
        ]),
    }
}

/// A host as a number.
pub(crate) fn host_text(host: IpAddr) -> Res<Owned> {
    match host {
        IpAddr::V4(v4) => v4_text(v4),
        IpAddr::V6(v6) => text(&v6.to_string()),
    }
}

/// Writes four numbers, without the general machinery: this is done for every datagram.
fn v4_text(host: Ipv4Addr) -> Res<Owned> {
    if let Some(text) = last::text_of(host) {
        return Ok(text);
    }
    let mut written = [0_u8; 15];
    let mut len = 0;
    let mut push = |byte: u8| {
        if let Some(place) = written.get_mut(len) {
            *place = byte;
            len += 1;
        }
    };
    for (number, octet) in host.octets().into_iter().enumerate() {
        if number > 0 {
            push(b'.');
        }
        if octet >= 100 {
            push(b'0' + octet / 100);
        }
        if octet >= 10 {
            push(b'0' + octet / 10 % 10);
        }
        push(b'0' + octet % 10);
    }
    let text = ascii(written.get(..len).unwrap_or_default())?;
    last::keep(host, &text);
    Ok(text)
}

/// The host that was written last, and its text: datagrams come from few hosts, and answers take the
/// text that came with the question. It is kept, so no other object has its place meanwhile.
#[cfg(not(Py_GIL_DISABLED))]
mod last {
    use std::net::Ipv4Addr;
    use std::ptr::null_mut;
    use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

    use pyo3::ffi::PyObject;

    use crate::raw::Owned;

    // Both change with the interpreter in hand, and so together.
    static TEXT: AtomicPtr<PyObject> = AtomicPtr::new(null_mut());
    static HOST: AtomicU32 = AtomicU32::new(0);

    pub(super) fn text_of(host: Ipv4Addr) -> Option<Owned> {
        let text = TEXT.load(Ordering::Relaxed);
        (HOST.load(Ordering::Relaxed) == host.to_bits() && !text.is_null())
            .then(|| Owned::share(text))
    }

    pub(super) fn host_of(text: *mut PyObject) -> Option<Ipv4Addr> {
        (TEXT.load(Ordering::Relaxed) == text)
            .then(|| Ipv4Addr::from_bits(HOST.load(Ordering::Relaxed)))
    }

    pub(super) fn keep(host: Ipv4Addr, text: &Owned) {
        HOST.store(host.to_bits(), Ordering::Relaxed);
        let kept = Owned::share(text.as_ptr()).into_ptr();
        let _before = Owned::new(TEXT.swap(kept, Ordering::Relaxed));
    }
}

/// Threads that run at the same time would have to agree about it.
#[cfg(Py_GIL_DISABLED)]
mod last {
    use std::net::Ipv4Addr;

    use pyo3::ffi::PyObject;

    use crate::raw::Owned;

    pub(super) fn text_of(_: Ipv4Addr) -> Option<Owned> {
        None
    }

    pub(super) fn host_of(_: *mut PyObject) -> Option<Ipv4Addr> {
        None
    }

    pub(super) fn keep(_: Ipv4Addr, _: &Owned) {}
}

fn port(port: c_int, call: &str) -> Res<u16> {
    u16::try_from(port).map_err(|_| overflow_error(&format!("{call}(): port must be 0-65535.")))
}

/// A host that is none is the error before a port that is none, as the tuple is read in order; but
/// how long it is counts first.
fn prefer_host_error(object: *mut PyObject, most: isize, raised: Raised) -> Res<()> {
    // SAFETY: a tuple, whose length is asked for first.
    let first = unsafe {
        if !(2..=most).contains(&ffi::PyTuple_Size(object)) {
            return Err(raised);
        }
        ffi::PyTuple_GetItem(object, 0)
    };
    let kept = Kept::take();
    host(first)?;
    kept.put_back();
    Err(raised)
}
