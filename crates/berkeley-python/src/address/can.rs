//! Addresses of CAN, whose form the protocol decides.

use std::ffi::c_uint;

use berkeley::{Addr, CanAddr, IsoTpAddr, J1939Addr, Protocol};
use pyo3::ffi::{self, PyObject};

use super::{Asked, Kind, interface_name};
use crate::raw::{Owned, Res, View, os_error_text, parse, tuple, unsigned};

pub(super) fn parse(asked: Asked<'_>, object: *mut PyObject) -> Res<Addr> {
    let Asked { kind, call, .. } = asked;
    let mut name: *mut PyObject = std::ptr::null_mut();
    let protocol = Protocol::from(kind.protocol);
    let known = [Protocol::CAN_RAW, Protocol::CAN_BCM, Protocol::CAN_ISOTP, Protocol::CAN_J1939];
    if known.contains(&protocol) {
        asked.must_be_tuple(object, "AF_CAN")?;
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

pub(super) fn build(addr: &Addr, protocol: Protocol) -> Option<Res<Owned>> {
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
