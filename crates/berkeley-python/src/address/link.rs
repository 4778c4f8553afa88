//! Addresses of the families that have one form each: netlink, packets, TIPC, virtual machines,
//! cryptography, Bluetooth, Qualcomm's router.

use std::ffi::{CStr, c_char, c_int, c_uint};

use berkeley::{
    Addr, AlgAddr, BdAddr, HardwareAddr, HciAddr, L2capAddr, NetlinkAddr, PacketAddr, Protocol,
    QrtrAddr, RfcommAddr, ScoAddr, TipcAddr, TipcScope, VsockAddr,
};
use pyo3::ffi::{self, PyObject};

use super::{Asked, interface_name, must_be_tuple, out_of_range};
use crate::raw::{
    Owned, Res, View, bytes, int, os_error_text, overflow_error, parse, text, tuple, type_error,
    unsigned, value_error,
};

pub(super) fn netlink(asked: Asked<'_>, object: *mut PyObject) -> Res<Addr> {
    asked.must_be_tuple(object, "AF_NETLINK")?;
    let (mut port, mut groups): (c_uint, c_uint) = (0, 0);
    parse!(object, c"II;AF_NETLINK address must be a pair (pid, groups)", &mut port, &mut groups)?;
    Ok(NetlinkAddr { port, groups }.into())
}

pub(super) fn netlink_tuple(addr: &Addr, _: Protocol) -> Option<Res<Owned>> {
    let addr = addr.to::<NetlinkAddr>()?;
    Some(numbers(addr.port, addr.groups))
}

pub(super) fn qrtr(_: Asked<'_>, object: *mut PyObject) -> Res<Addr> {
    let (node, port) = two_numbers(object, "AF_QIPCRTR")?;
    Ok(QrtrAddr { node, port }.into())
}

pub(super) fn qrtr_tuple(addr: &Addr, _: Protocol) -> Option<Res<Owned>> {
    let addr = addr.to::<QrtrAddr>()?;
    Some(numbers(addr.node, addr.port))
}

pub(super) fn vsock(_: Asked<'_>, object: *mut PyObject) -> Res<Addr> {
    let (cid, port) = two_numbers(object, "AF_VSOCK")?;
    Ok(VsockAddr::new(cid, port).into())
}

pub(super) fn vsock_tuple(addr: &Addr, _: Protocol) -> Option<Res<Owned>> {
    let addr = addr.to::<VsockAddr>()?;
    Some(numbers(addr.cid, addr.port))
}

/// Two families name the function of CPython's that reads them.
fn two_numbers(object: *mut PyObject, family: &str) -> Res<(u32, u32)> {
    must_be_tuple(object, &"getsockaddrarg", family)?;
    let (mut first, mut second): (c_uint, c_uint) = (0, 0);
    parse!(object, c"II:getsockaddrarg", &mut first, &mut second)?;
    Ok((first, second))
}

fn numbers(first: u32, second: u32) -> Res<Owned> {
    tuple([unsigned(first.into())?, unsigned(second.into())?])
}

pub(super) fn packet(asked: Asked<'_>, object: *mut PyObject) -> Res<Addr> {
    let Asked { kind, call, .. } = asked;
    asked.must_be_tuple(object, "AF_PACKET")?;
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

pub(super) fn packet_tuple(addr: &Addr, _: Protocol) -> Option<Res<Owned>> {
    let packet = addr.to::<PacketAddr>()?;
    let build = || {
        tuple([
            interface_name(packet.interface)?,
            int(packet.protocol.into())?,
            int(packet.kind.into())?,
            int(packet.hardware_type.into())?,
            bytes(packet.hardware.as_bytes())?,
        ])
    };
    Some(build())
}

pub(super) fn tipc(asked: Asked<'_>, object: *mut PyObject) -> Res<Addr> {
    asked.must_be_tuple(object, "AF_TIPC")?;
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

pub(super) fn tipc_tuple(addr: &Addr, _: Protocol) -> Option<Res<Owned>> {
    let (form, v1, v2, v3, scope) = match addr.to::<TipcAddr>()? {
        TipcAddr::Range { service, lower, upper, scope } => (1, service, lower, upper, scope),
        TipcAddr::Name { service, instance, scope, .. } => (2, service, instance, instance, scope),
        TipcAddr::Socket { reference, node, scope } => (3, node, reference, 0, scope),
    };
    let build = || {
        tuple([
            unsigned(form)?,
            unsigned(v1.into())?,
            unsigned(v2.into())?,
            unsigned(v3.into())?,
            unsigned(scope.0 as u8 as u64)?,
        ])
    };
    Some(build())
}

pub(super) fn alg(asked: Asked<'_>, object: *mut PyObject) -> Res<Addr> {
    asked.must_be_tuple(object, "AF_ALG")?;
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

pub(super) fn alg_tuple(addr: &Addr, _: Protocol) -> Option<Res<Owned>> {
    let alg = addr.to::<AlgAddr>()?;
    let build = || {
        tuple([
            text(&String::from_utf8_lossy(alg.kind()))?,
            text(&String::from_utf8_lossy(alg.name()))?,
            unsigned(alg.features.into())?,
            unsigned(alg.mask.into())?,
        ])
    };
    Some(build())
}

pub(super) fn bluetooth(asked: Asked<'_>, object: *mut PyObject) -> Res<Addr> {
    let Asked { kind, call, .. } = asked;
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

pub(super) fn bluetooth_tuple(addr: &Addr, protocol: Protocol) -> Option<Res<Owned>> {
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
