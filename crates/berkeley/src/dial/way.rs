//! How each kind of socket is brought to its place.

use crate::addr::{Addr, J1939Addr};
use crate::error::Result;
use crate::kind::{Family, Protocol, Type};
use crate::names::AddrInfo;
use crate::socket::Socket;

/// How sockets of a kind get to the place that they talk to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    /// They connect.
    Connect,
    /// They connect, once they have an address of their own.
    BindFirst,
    /// The place is one of a medium that all share, and they bind to it.
    Bind,
    /// The place is an algorithm: they bind to it, and accept a socket that computes.
    Accept,
}

impl Way {
    pub(crate) fn of(kind: &AddrInfo) -> Way {
        match (kind.family, kind.protocol) {
            (Family::ALG, _) => Way::Accept,
            (Family::RDS, _) | (Family::CAN, Protocol::CAN_J1939) => Way::BindFirst,
            (Family::CAN, Protocol::CAN_RAW | Protocol::CAN_ISOTP) | (Family::PACKET, _) => {
                Way::Bind
            }
            (Family::BLUETOOTH, Protocol::BTPROTO_HCI) | (Family::XDP, _) => Way::Bind,
            _ => Way::Connect,
        }
    }
}

/// An address of one's own from which a place can be reached.
pub(super) fn own_place(place: &AddrInfo) -> Result<Addr> {
    if let Some(place) = place.addr.to::<J1939Addr>() {
        return Ok(J1939Addr::any(place.interface).into());
    }
    // The kernel chooses it for a datagram socket, which sends nothing by being connected.
    let probe = Socket::new(place.addr.family(), Type::DGRAM, Protocol::DEFAULT)?;
    probe.connect(place.addr)?;
    match probe.local_addr()?.to_ip() {
        Some(own) => Ok(Addr::from((own.ip(), 0))),
        None => Ok(place.addr),
    }
}

/// Whether sockets of this kind listen for connections. Those of RDS and of the kernel's
/// cryptography have the type of a connection without being one.
pub(super) fn has_listeners(kind: &AddrInfo) -> bool {
    matches!(kind.ty, Type::STREAM | Type::SEQPACKET | Type::DCCP)
        && !matches!(kind.family, Family::RDS | Family::ALG)
}
