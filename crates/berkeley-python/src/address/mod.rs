//! Addresses: the tuples of Python, and the library's.

use std::ffi::{CStr, c_char, c_int, c_uint};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use berkeley::{
    Addr, AlgAddr, BdAddr, CanAddr, Family, HardwareAddr, HciAddr, IsoTpAddr, J1939Addr, L2capAddr,
    Name, NetlinkAddr, PacketAddr, Protocol, QrtrAddr, RfcommAddr, ScoAddr, TipcAddr, TipcScope,
    UnixAddr, VsockAddr, getaddrinfo,
};
use pyo3::ffi::{self, PyObject};

use crate::errors;
use crate::raw::{
    Kept, Owned, Python, Raised, Res, View, bytes, fs_text, int, none, os_error, os_error_text,
    overflow_error, parse, text, tuple, type_error, unsigned, value_error,
};

/// What an address is for: the kind of socket decides its form.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) family: i32,
    pub(crate) protocol: i32,
    /// Whether it has a descriptor: CPython asks it for interfaces.
    pub(crate) open: bool,
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

/// Reads the address that a caller has written; `call` is the method, for the errors.
pub(crate) fn parse(py: Python<'_>, kind: Kind, object: *mut PyObject, call: &str) -> Res<Addr> {
    match Family::from(kind.family) {
        Family::INET | Family::RDS => inet(py, object, call),
        Family::INET6 => inet6(py, object, call),
        Family::UNIX => unix(object),
        Family::NETLINK => {
            must_be_tuple(object, call, "AF_NETLINK")?;
            let (mut port, mut groups): (c_uint, c_uint) = (0, 0);
            parse!(
                object,
                c"II;AF_NETLINK address must be a pair (pid, groups)",
                &mut port,
                &mut groups
            )?;
            Ok(NetlinkAddr { port, groups }.into())
        }
        Family::QIPCRTR => {
            must_be_tuple_bare(object, "AF_QIPCRTR")?;
            let (mut node, mut port): (c_uint, c_uint) = (0, 0);
            parse!(object, c"II:getsockaddrarg", &mut node, &mut port)?;
            Ok(QrtrAddr { node, port }.into())
        }
        Family::VSOCK => {
            must_be_tuple_bare(object, "AF_VSOCK")?;
            let (mut cid, mut port): (c_uint, c_uint) = (0, 0);
            parse!(object, c"II:getsockaddrarg", &mut cid, &mut port)?;
            Ok(VsockAddr::new(cid, port).into())
        }
        Family::PACKET => packet(kind, object, call),
        Family::TIPC => tipc(object, call),
        Family::CAN => can(kind, object, call),
        Family::ALG => alg(object, call),
        Family::BLUETOOTH => bluetooth(kind, object, call),
        _ => Err(os_error_text(&format!("{call}(): bad family"))),
    }
}

/// The tuple of an address that the kernel has answered.
pub(crate) fn build(addr: &Addr, protocol: i32) -> Res<Owned> {
    if addr.is_empty() {
        return Ok(none());
    }
    let known = match addr.family() {
        Family::INET | Family::INET6 => addr.to_ip().map(ip),
        Family::UNIX => addr.to_unix().map(|unix| match unix {
            UnixAddr::Unnamed => text(""),
            UnixAddr::Path(path) => {
                fs_text(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
            }
            UnixAddr::Abstract(name) => bytes(&[&[0], name].concat()),
        }),
        Family::NETLINK => addr
            .to::<NetlinkAddr>()
            .map(|nl| tuple([unsigned(nl.port.into())?, unsigned(nl.groups.into())?])),
        Family::QIPCRTR => addr
            .to::<QrtrAddr>()
            .map(|qrtr| tuple([unsigned(qrtr.node.into())?, unsigned(qrtr.port.into())?])),
        Family::VSOCK => addr
            .to::<VsockAddr>()
            .map(|vm| tuple([unsigned(vm.cid.into())?, unsigned(vm.port.into())?])),
        Family::PACKET => addr.to::<PacketAddr>().map(|packet| {
            tuple([
                interface_name(packet.interface)?,
                int(packet.protocol.into())?,
                int(packet.kind.into())?,
                int(packet.hardware_type.into())?,
                bytes(packet.hardware.as_bytes())?,
            ])
        }),
        Family::TIPC => addr.to::<TipcAddr>().map(tipc_tuple),
        Family::CAN => can_tuple(addr, Protocol::from(protocol)),
        Family::ALG => addr.to::<AlgAddr>().map(|alg| {
            tuple([
                text(&String::from_utf8_lossy(alg.kind()))?,
                text(&String::from_utf8_lossy(alg.name()))?,
                unsigned(alg.features.into())?,
                unsigned(alg.mask.into())?,
            ])
        }),
        Family::BLUETOOTH => bluetooth_tuple(addr, Protocol::from(protocol)),
        _ => None,
    };
    known.unwrap_or_else(|| {
        // As bytes, if nobody knows the family.
        let family = int(addr.family().number().into())?;
        tuple([family, bytes(addr.as_bytes().get(2..).unwrap_or_default())?])
    })
}

/// `(host, port)`, or with flow and scope.
pub(crate) fn ip(addr: SocketAddr) -> Res<Owned> {
    match addr {
        SocketAddr::V4(v4) => tuple([host_v4(*v4.ip())?, int(v4.port().into())?]),
        SocketAddr::V6(v6) => tuple([
            text(&v6.ip().to_string())?,
            int(v6.port().into())?,
            unsigned(u32::from_be(v6.flowinfo()).into())?,
            unsigned(v6.scope_id().into())?,
        ]),
    }
}

/// Writes four numbers, without the general machinery: this is done for every datagram.
fn host_v4(host: Ipv4Addr) -> Res<Owned> {
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
    text(std::str::from_utf8(written.get(..len).unwrap_or_default()).unwrap_or_default())
}

fn is_tuple(object: *mut PyObject) -> bool {
    // SAFETY: a live object.
    unsafe { ffi::PyTuple_Check(object) != 0 }
}

/// The name of an object's type, for errors.
pub(crate) fn type_name(object: *mut PyObject) -> String {
    // SAFETY: a live object, whose type has a name.
    let name = unsafe { CStr::from_ptr((*ffi::Py_TYPE(object)).tp_name) };
    name.to_string_lossy().into_owned()
}

fn must_be_tuple(object: *mut PyObject, call: &str, family: &str) -> Res<()> {
    if is_tuple(object) {
        return Ok(());
    }
    let name = type_name(object);
    Err(type_error(&format!("{call}(): {family} address must be tuple, not {name}")))
}

fn must_be_tuple_bare(object: *mut PyObject, family: &str) -> Res<()> {
    if is_tuple(object) {
        return Ok(());
    }
    let name = type_name(object);
    Err(type_error(&format!("getsockaddrarg: {family} address must be tuple, not {name}")))
}

/// A host as the caller wrote it: the bytes of its name.
pub(crate) struct Host(Vec<u8>);

/// Reads a host: text, in the encoding of names if it is not ASCII, or bytes.
pub(crate) fn host(object: *mut PyObject) -> Res<Host> {
    // SAFETY: a live object, whose kind each branch has checked; views are copied at once.
    let name = unsafe {
        if ffi::PyBytes_Check(object) != 0 {
            let len = ffi::PyBytes_Size(object) as usize;
            std::slice::from_raw_parts(ffi::PyBytes_AsString(object).cast::<u8>(), len).to_vec()
        } else if ffi::PyByteArray_Check(object) != 0 {
            let len = ffi::PyByteArray_Size(object) as usize;
            std::slice::from_raw_parts(ffi::PyByteArray_AsString(object).cast::<u8>(), len).to_vec()
        } else if ffi::PyUnicode_Check(object) != 0 {
            let mut len = 0;
            let ascii = ffi::PyUnicode_IS_COMPACT_ASCII(object) != 0;
            if ascii {
                let data = ffi::PyUnicode_AsUTF8AndSize(object, &mut len);
                if data.is_null() {
                    return Err(Raised);
                }
                std::slice::from_raw_parts(data.cast::<u8>(), len as usize).to_vec()
            } else {
                let encoded =
                    ffi::PyUnicode_AsEncodedString(object, c"idna".as_ptr(), std::ptr::null());
                let Ok(encoded) = Owned::new(encoded) else {
                    ffi::PyErr_Clear();
                    return Err(type_error("encoding of hostname failed"));
                };
                let len = ffi::PyBytes_Size(encoded.as_ptr()) as usize;
                let data = ffi::PyBytes_AsString(encoded.as_ptr()).cast::<u8>();
                std::slice::from_raw_parts(data, len).to_vec()
            }
        } else {
            let name = type_name(object);
            return Err(type_error(&format!("str, bytes or bytearray expected, not {name}")));
        }
    };
    if name.contains(&0) {
        return Err(type_error("host name must not contain null character"));
    }
    Ok(Host(name))
}

impl Host {
    /// What a C text says.
    pub(crate) fn of(name: &CStr) -> Host {
        Host(name.to_bytes().to_vec())
    }

    /// The name as text.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// The host's address in a family (0 is any), with port zero; looked up if it is no number.
    pub(crate) fn resolve(&self, py: Python<'_>, family: Family) -> Res<SocketAddr> {
        let name = self.0.as_slice();
        match name {
            b"" => return wildcard(py, family),
            b"<broadcast>" | b"255.255.255.255" => {
                if !matches!(family, Family::INET | Family::UNSPEC) {
                    return Err(os_error_text("address family mismatched"));
                }
                return Ok(SocketAddrV4::new(Ipv4Addr::BROADCAST, 0).into());
            }
            _ => {}
        }
        if let Ok(name) = std::str::from_utf8(name) {
            // Numbers are by far the most common, and need no question.
            if matches!(family, Family::INET | Family::UNSPEC)
                && let Ok(v4) = name.parse::<Ipv4Addr>()
            {
                return Ok(SocketAddrV4::new(v4, 0).into());
            }
            if matches!(family, Family::INET6 | Family::UNSPEC)
                && !name.contains('%')
                && let Ok(v6) = name.parse()
            {
                return Ok(SocketAddrV6::new(v6, 0, 0, 0).into());
            }
        }
        let answers = py.detach(|| getaddrinfo(name, Name::NONE).family(family).call());
        let first = answers.map_err(|error| errors::raise(&error))?.into_iter().next();
        first
            .and_then(|answer| answer.addr.to_ip())
            .ok_or_else(|| os_error_text("unsupported address family"))
    }
}

fn wildcard(py: Python<'_>, family: Family) -> Res<SocketAddr> {
    let answers = py.detach(|| {
        getaddrinfo(Name::NONE, "0")
            .family(family)
            .ty(berkeley::Type::DGRAM)
            .flags(berkeley::AddrInfoFlags::PASSIVE)
            .call()
    });
    let answers = answers.map_err(|error| errors::raise(&error))?;
    match answers.as_slice() {
        [only] => only.addr.to_ip().ok_or_else(|| os_error_text("unsupported address family")),
        _ => Err(os_error_text("wildcard resolved to multiple address")),
    }
}

fn port(port: c_int, call: &str) -> Res<u16> {
    u16::try_from(port).map_err(|_| overflow_error(&format!("{call}(): port must be 0-65535.")))
}

fn inet(py: Python<'_>, object: *mut PyObject, call: &str) -> Res<Addr> {
    must_be_tuple(object, call, "AF_INET")?;
    let (mut name, mut number): (*mut PyObject, c_int) = (std::ptr::null_mut(), 0);
    parse!(object, c"Oi;AF_INET address must be a pair (host, port)", &mut name, &mut number)
        .or_else(|raised| prefer_host_error(object, 2, raised))
        .map_err(|raised| out_of_range(raised, &format!("{call}(): port must be 0-65535.")))?;
    let found = host(name)?.resolve(py, Family::INET)?;
    let port = port(number, call)?;
    match found {
        SocketAddr::V4(v4) => Ok(SocketAddrV4::new(*v4.ip(), port).into()),
        SocketAddr::V6(_) => Err(os_error_text("address family mismatched")),
    }
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

fn inet6(py: Python<'_>, object: *mut PyObject, call: &str) -> Res<Addr> {
    must_be_tuple(object, call, "AF_INET6")?;
    let (mut name, mut number): (*mut PyObject, c_int) = (std::ptr::null_mut(), 0);
    let (mut flow, mut scope): (c_uint, c_uint) = (0, 0);
    parse!(
        object,
        c"Oi|II;AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])",
        &mut name,
        &mut number,
        &mut flow,
        &mut scope
    )
    .or_else(|raised| prefer_host_error(object, 4, raised))
    .map_err(|raised| out_of_range(raised, &format!("{call}(): port must be 0-65535.")))?;
    let found = host(name)?.resolve(py, Family::INET6)?;
    let port = port(number, call)?;
    if flow > 0xfffff {
        return Err(overflow_error(&format!("{call}(): flowinfo must be 0-1048575.")));
    }
    // A scope within the host counts if the tuple has none of its own.
    // SAFETY: a tuple.
    let has_scope = unsafe { ffi::PyTuple_Size(object) } > 3;
    match found {
        SocketAddr::V6(v6) => {
            let scope = if has_scope { scope } else { v6.scope_id() };
            Ok(SocketAddrV6::new(*v6.ip(), port, flow.to_be(), scope).into())
        }
        SocketAddr::V4(_) => Err(os_error_text("address family mismatched")),
    }
}

fn unix(object: *mut PyObject) -> Res<Addr> {
    // A text of the file system, or bytes of any kind.
    // SAFETY: a live object; the encoded bytes are owned.
    let encoded = unsafe {
        if ffi::PyUnicode_Check(object) != 0 {
            Some(Owned::new(ffi::PyUnicode_EncodeFSDefault(object))?)
        } else {
            None
        }
    };
    let view = View::of(encoded.as_ref().map_or(object, Owned::as_ptr))?;
    let path = view.as_slice();
    let too_long = || os_error_text("AF_UNIX path too long");
    match path {
        [] => Addr::try_from(UnixAddr::Unnamed).map_err(|_| too_long()),
        [0, name @ ..] => Addr::try_from(UnixAddr::Abstract(name)).map_err(|_| too_long()),
        path if path.len() > 107 => Err(too_long()),
        // What follows a NUL is kept, as in Python; the name ends there.
        path => Addr::of_family(Family::UNIX, &[path, &[0]].concat()).map_err(|_| too_long()),
    }
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

fn packet(kind: Kind, object: *mut PyObject, call: &str) -> Res<Addr> {
    must_be_tuple(object, call, "AF_PACKET")?;
    let mut name: *const c_char = std::ptr::null();
    let (mut protocol, mut packet, mut hardware_type): (c_int, c_int, c_int) = (0, 0, 0);
    let mut hardware = View::empty();
    parse!(
        object,
        c"si|iiy*;AF_PACKET address must be a tuple of two to five elements",
        &mut name,
        &mut protocol,
        &mut packet,
        &mut hardware_type,
        hardware.slot()
    )
    .map_err(|raised| out_of_range(raised, &format!("{call}(): address argument out of range")))?;
    // SAFETY: the format answers a C text of the tuple's own.
    let interface = kind.interface(unsafe { CStr::from_ptr(name) }.to_bytes())?;
    if hardware.as_slice().len() > 8 {
        return Err(value_error("Hardware address must be 8 bytes or less"));
    }
    let protocol = u16::try_from(protocol)
        .map_err(|_| overflow_error(&format!("{call}(): proto must be 0-65535.")))?;
    let hardware = HardwareAddr::new(hardware.as_slice()).unwrap_or_default();
    let (kind, hardware_type) = (packet as u8, hardware_type as u16);
    Ok(PacketAddr { interface, protocol, hardware_type, kind, hardware }.into())
}

fn tipc(object: *mut PyObject, call: &str) -> Res<Addr> {
    must_be_tuple(object, call, "AF_TIPC")?;
    let mut form: c_uint = 0;
    let (mut v1, mut v2, mut v3): (c_uint, c_uint, c_uint) = (0, 0, 0);
    let mut scope: c_uint = TipcScope::CLUSTER.0 as c_uint;
    parse!(
        object,
        c"IIII|I;AF_TIPC address must be a tuple (addr_type, v1, v2, v3[, scope])",
        &mut form,
        &mut v1,
        &mut v2,
        &mut v3,
        &mut scope
    )?;
    let scope = TipcScope(scope as i8);
    match form {
        1 => Ok(TipcAddr::Range { service: v1, lower: v2, upper: v3, scope }.into()),
        2 => Ok(TipcAddr::Name { service: v1, instance: v2, domain: v3, scope }.into()),
        3 => Ok(TipcAddr::Socket { reference: v2, node: v1, scope }.into()),
        _ => Err(type_error("Invalid address type")),
    }
}

fn tipc_tuple(addr: TipcAddr) -> Res<Owned> {
    let (form, v1, v2, v3, scope) = match addr {
        TipcAddr::Range { service, lower, upper, scope } => (1, service, lower, upper, scope),
        TipcAddr::Name { service, instance, scope, .. } => (2, service, instance, instance, scope),
        TipcAddr::Socket { reference, node, scope } => (3, node, reference, 0, scope),
    };
    tuple([
        unsigned(form)?,
        unsigned(v1.into())?,
        unsigned(v2.into())?,
        unsigned(v3.into())?,
        unsigned(scope.0 as u8 as u64)?,
    ])
}

/// The interface that a CAN address names, of which this takes the bytes; no name is every one.
fn can_interface(kind: Kind, encoded: *mut PyObject) -> Res<u32> {
    let encoded = Owned::new(encoded)?;
    let view = View::of(encoded.as_ptr())?;
    let name = view.as_slice();
    if name.is_empty() {
        return Ok(0);
    }
    if name.len() >= 16 {
        return Err(os_error_text("AF_CAN interface name too long"));
    }
    kind.interface(name)
}

fn can(kind: Kind, object: *mut PyObject, call: &str) -> Res<Addr> {
    let mut name: *mut PyObject = std::ptr::null_mut();
    let protocol = Protocol::from(kind.protocol);
    let known = [Protocol::CAN_RAW, Protocol::CAN_BCM, Protocol::CAN_ISOTP, Protocol::CAN_J1939];
    if known.contains(&protocol) {
        must_be_tuple(object, call, "AF_CAN")?;
    }
    match protocol {
        Protocol::CAN_RAW | Protocol::CAN_BCM => {
            parse!(
                object,
                c"O&;AF_CAN address must be a tuple (interface, )",
                ffi::PyUnicode_FSConverter as unsafe extern "C" fn(_, _) -> _,
                &mut name
            )?;
            Ok(CanAddr { interface: can_interface(kind, name)? }.into())
        }
        Protocol::CAN_ISOTP => {
            let (mut rx, mut tx): (libc::c_ulong, libc::c_ulong) = (0, 0);
            parse!(
                object,
                c"O&kk",
                ffi::PyUnicode_FSConverter as unsafe extern "C" fn(_, _) -> _,
                &mut name,
                &mut rx,
                &mut tx
            )?;
            let interface = can_interface(kind, name)?;
            Ok(IsoTpAddr { interface, rx: rx as u32, tx: tx as u32 }.into())
        }
        Protocol::CAN_J1939 => {
            let mut device: libc::c_ulonglong = 0;
            let (mut pgn, mut addr): (c_uint, u8) = (0, 0);
            parse!(
                object,
                c"O&KIB",
                ffi::PyUnicode_FSConverter as unsafe extern "C" fn(_, _) -> _,
                &mut name,
                &mut device,
                &mut pgn,
                &mut addr
            )?;
            let interface = can_interface(kind, name)?;
            Ok(J1939Addr { interface, name: device, pgn, addr }.into())
        }
        _ => Err(os_error_text(&format!("{call}(): unsupported CAN protocol"))),
    }
}

fn can_tuple(addr: &Addr, protocol: Protocol) -> Option<Res<Owned>> {
    Some(match protocol {
        Protocol::CAN_ISOTP => {
            let isotp = addr.to::<IsoTpAddr>()?;
            let build = || {
                let (rx, tx) = (unsigned(isotp.rx.into())?, unsigned(isotp.tx.into())?);
                tuple([interface_name(isotp.interface)?, rx, tx])
            };
            build()
        }
        Protocol::CAN_J1939 => {
            let j1939 = addr.to::<J1939Addr>()?;
            let build = || {
                let interface = interface_name(j1939.interface)?;
                let (pgn, addr) = (unsigned(j1939.pgn.into())?, unsigned(j1939.addr.into())?);
                tuple([interface, unsigned(j1939.name)?, pgn, addr])
            };
            build()
        }
        _ => {
            let can = addr.to::<CanAddr>()?;
            interface_name(can.interface).and_then(|name| tuple([name]))
        }
    })
}

fn alg(object: *mut PyObject, call: &str) -> Res<Addr> {
    must_be_tuple(object, call, "AF_ALG")?;
    let (mut kind, mut name): (*const c_char, *const c_char) = (std::ptr::null(), std::ptr::null());
    let (mut features, mut mask): (c_uint, c_uint) = (0, 0);
    parse!(
        object,
        c"ss|HH;AF_ALG address must be a tuple (type, name[, feat[, mask]])",
        &mut kind,
        &mut name,
        &mut features,
        &mut mask
    )?;
    // SAFETY: the format answers C texts of the tuple's own.
    let (kind, name) = unsafe { (CStr::from_ptr(kind), CStr::from_ptr(name)) };
    if kind.count_bytes() >= 14 {
        return Err(value_error("AF_ALG type too long."));
    }
    if name.count_bytes() >= 64 {
        return Err(value_error("AF_ALG name too long."));
    }
    let made = AlgAddr::new(kind.to_bytes(), name.to_bytes());
    let mut addr = made.map_err(|error| value_error(&error.to_string()))?;
    addr.features = features;
    addr.mask = mask;
    Ok(addr.into())
}

fn device(text: *const c_char) -> Res<BdAddr> {
    // SAFETY: a C text.
    let text = unsafe { CStr::from_ptr(text) }.to_string_lossy();
    // One digit is as good as two, as ever.
    let bytes: Option<Vec<u8>> =
        text.split(':').map(|part| u8::from_str_radix(part, 16).ok()).collect();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .map(BdAddr)
        .ok_or_else(|| os_error_text("bad bluetooth address"))
}

fn bluetooth(kind: Kind, object: *mut PyObject, call: &str) -> Res<Addr> {
    let mut name: *const c_char = std::ptr::null();
    let wrong = || os_error_text(&format!("{call}(): wrong format"));
    match Protocol::from(kind.protocol) {
        Protocol::BTPROTO_L2CAP => {
            let (mut psm, mut cid, mut ty): (u16, u16, u8) = (0, 0, 0);
            parse!(object, c"sH|HB", &mut name, &mut psm, &mut cid, &mut ty)
                .map_err(|_| wrong())?;
            Ok(L2capAddr { device: device(name)?, psm, cid, kind: ty }.into())
        }
        Protocol::BTPROTO_RFCOMM => {
            let mut channel: c_int = 0;
            parse!(object, c"si", &mut name, &mut channel).map_err(|_| wrong())?;
            let channel = u8::try_from(channel).map_err(|_| wrong())?;
            Ok(RfcommAddr { device: device(name)?, channel }.into())
        }
        Protocol::BTPROTO_HCI => {
            // SAFETY: a live object.
            let number = unsafe { ffi::PyLong_Check(object) != 0 };
            let (mut dev, mut channel): (u16, u16) = (0, 0);
            if number {
                let arguments = tuple([Owned::share(object)])?;
                parse!(arguments.as_ptr(), c"H", &mut dev).map_err(|_| wrong())?;
            } else {
                parse!(object, c"H|H", &mut dev, &mut channel).map_err(|_| wrong())?;
            }
            Ok(HciAddr { device: dev, channel }.into())
        }
        Protocol::BTPROTO_SCO => {
            // SAFETY: a live object; both answers are C texts of its own.
            let name = unsafe {
                if ffi::PyBytes_Check(object) != 0 {
                    ffi::PyBytes_AsString(object).cast_const()
                } else if ffi::PyUnicode_Check(object) != 0 {
                    ffi::PyUnicode_AsUTF8(object)
                } else {
                    return Err(wrong());
                }
            };
            Ok(ScoAddr { device: device(name)? }.into())
        }
        _ => Err(os_error_text(&format!("{call}(): unknown Bluetooth protocol"))),
    }
}

fn bluetooth_tuple(addr: &Addr, protocol: Protocol) -> Option<Res<Owned>> {
    // Devices are written in capitals there.
    let shown = |device: BdAddr| text(&device.to_string().to_uppercase());
    Some(match protocol {
        Protocol::BTPROTO_L2CAP => {
            let l2cap = addr.to::<L2capAddr>()?;
            let (device, psm) = (shown(l2cap.device), int(l2cap.psm.into()));
            let build = || match (l2cap.cid, l2cap.kind) {
                (0, 0) => tuple([device?, psm?]),
                (cid, 0) => tuple([device?, psm?, int(cid.into())?]),
                (cid, kind) => tuple([device?, psm?, int(cid.into())?, int(kind.into())?]),
            };
            build()
        }
        Protocol::BTPROTO_RFCOMM => {
            let rfcomm = addr.to::<RfcommAddr>()?;
            shown(rfcomm.device).and_then(|name| tuple([name, int(rfcomm.channel.into())?]))
        }
        Protocol::BTPROTO_HCI => {
            let hci = addr.to::<HciAddr>()?;
            match hci.channel {
                0 => int(hci.device.into()),
                channel => {
                    int(hci.device.into()).and_then(|device| tuple([device, int(channel.into())?]))
                }
            }
        }
        Protocol::BTPROTO_SCO => shown(addr.to::<ScoAddr>()?.device),
        _ => return None,
    })
}
