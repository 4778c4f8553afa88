//! The queue of errors: why a datagram failed, when a packet went, which memory is free again.
//!
//! The kernel tells these beside the stream of data, when an option asks for it (`IP_RECVERR`,
//! `SO_TIMESTAMPING`, `SO_ZEROCOPY`, `SO_TXTIME`); [`Socket::recv_error`](crate::Socket::recv_error)
//! takes them one by one.
//!
//! ```
//! use berkeley::errqueue::ErrorEvent;
//! use berkeley::{Errno, Family, Protocol, Socket, Type, opt};
//!
//! let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
//! sock.set(opt::IP_RECVERR, true)?;
//! sock.connect("127.0.0.1:1")?;
//! sock.send(b"anybody there?")?;
//!
//! sock.wait_error()?;
//! let mut payload = [0; 100];
//! let queued = sock.recv_error(&mut payload)?.expect("nobody is there");
//! let ErrorEvent::Icmp { errno, offender, .. } = queued.event else { panic!("{queued:?}") };
//! assert_eq!(errno, Errno::ECONNREFUSED);
//! assert_eq!(offender.unwrap().to_string(), "127.0.0.1:0");
//! assert_eq!(&payload[..queued.len], b"anybody there?");
//! # Ok::<(), berkeley::Error>(())
//! ```
//!
//! See `ip(7)`, `recv(2)`, and the kernel's documentation of timestamping and `MSG_ZEROCOPY`.

use crate::addr::Addr;
use crate::cmsg::{self, ExtendedError, Timestamps};
use crate::kind::Protocol;
use crate::sys::{Errno, c};

/// One entry of the queue of errors.
///
/// ```
/// # use berkeley::{Family, Protocol, Socket, Type};
/// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
/// assert!(sock.recv_error(&mut [0; 100])?.is_none());
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QueuedError {
    /// What has happened.
    pub event: ErrorEvent,
    /// How many bytes of the packet it is about stand in the memory, as far as the kernel has
    /// kept them.
    pub len: usize,
    /// Whether there would have been more of them than fits.
    pub truncated: bool,
    /// Where the packet was going, if the kernel tells.
    pub destination: Option<Addr>,
}

/// What an entry of the queue of errors tells.
///
/// ```
/// use berkeley::errqueue::ErrorEvent;
///
/// fn free_memory(event: &ErrorEvent) -> u32 {
///     match event {
///         ErrorEvent::ZeroCopy { first, last, .. } => last.wrapping_sub(*first) + 1,
///         _ => 0,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ErrorEvent {
    /// This machine itself would not send it.
    #[non_exhaustive]
    Local {
        /// Why.
        errno: Errno,
        /// The path's largest packet, in bytes, if the packet was too large.
        mtu: Option<u32>,
    },
    /// Somebody on the way, or the peer, has sent an ICMP message.
    #[non_exhaustive]
    Icmp {
        /// What that means.
        errno: Errno,
        /// [`Protocol::ICMP`] or [`Protocol::ICMPV6`].
        protocol: Protocol,
        /// The type of the message.
        ty: u8,
        /// The code of the message.
        code: u8,
        /// The path's largest packet, in bytes, if the packet was too large.
        mtu: Option<u32>,
        /// Who has sent the message.
        offender: Option<Addr>,
    },
    /// A packet has come to a stage of its way.
    #[non_exhaustive]
    Timestamp {
        /// Which stage.
        stage: Stage,
        /// The packet's number: they are counted from zero; of a stream it is the number of its
        /// last byte.
        id: u32,
        /// When.
        times: Timestamps,
    },
    /// The memory of these sends without copies is free again. They are counted from zero, and
    /// the numbers go around.
    #[non_exhaustive]
    ZeroCopy {
        /// The first of them.
        first: u32,
        /// The last of them.
        last: u32,
        /// The kernel has made a copy after all.
        copied: bool,
    },
    /// A packet was not sent at the time it asked for.
    #[non_exhaustive]
    TxTime {
        /// Why: `EINVAL` for a time that cannot be, `ECANCELED` for one that was missed.
        errno: Errno,
        /// The time, in nanoseconds of the socket's clock.
        time: u64,
    },
    /// Something else, as the kernel puts it.
    Other(ExtendedError),
}

/// Which stage of its way a packet has come to.
///
/// ```
/// assert_ne!(berkeley::errqueue::Stage::Sent, berkeley::errqueue::Stage::Acknowledged);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Stage {
    /// The device has got it. `SCM_TSTAMP_SND`
    Sent,
    /// The packet scheduler has got it. `SCM_TSTAMP_SCHED`
    Scheduled,
    /// The peer has acknowledged it. `SCM_TSTAMP_ACK`
    Acknowledged,
    /// The device has told that it has sent it. `SCM_TSTAMP_COMPLETION`
    Completed,
    /// Another one.
    Other(u32),
}

/// The event that control messages from the queue of errors tell, if there is one among them.
///
/// ```
/// use berkeley::cmsg::{self, ExtendedError, SendBuffer};
/// use berkeley::errqueue::{self, ErrorEvent};
///
/// let mut control = SendBuffer::new();
/// let completion = ExtendedError { origin: 5, info: 3, data: 4, ..ExtendedError::default() };
/// control.push(cmsg::IP_RECVERR, completion);
/// let event = errqueue::decode(control.as_bytes());
/// assert!(matches!(event, Some(ErrorEvent::ZeroCopy { first: 3, last: 4, .. })));
/// ```
pub fn decode(control: &[u8]) -> Option<ErrorEvent> {
    let (mut error, mut times) = (None, Timestamps::default());
    for message in cmsg::messages(control) {
        let kinds = [
            cmsg::IP_RECVERR,
            cmsg::IPV6_RECVERR,
            cmsg::PACKET_TX_TIMESTAMP,
            cmsg::VSOCK_RECVERR,
            cmsg::BT_SCM_ERROR,
            cmsg::SCM_CAN_RAW_ERRQUEUE,
            cmsg::SCM_J1939_ERRQUEUE,
        ];
        error = error.or_else(|| kinds.into_iter().find_map(|kind| message.get(kind)));
        times = message.get(cmsg::SCM_TIMESTAMPING).unwrap_or(times);
    }
    error.map(|error| event(error, times))
}

fn event(error: ExtendedError, times: Timestamps) -> ErrorEvent {
    let ExtendedError { ty, code, info, data, offender, .. } = error;
    let errno = Errno(error.errno);
    let mtu = (errno == Errno::EMSGSIZE && info > 0).then_some(info);
    match error.origin {
        c::SO_EE_ORIGIN_LOCAL => ErrorEvent::Local { errno, mtu },
        c::SO_EE_ORIGIN_ICMP => {
            ErrorEvent::Icmp { errno, protocol: Protocol::ICMP, ty, code, mtu, offender }
        }
        c::SO_EE_ORIGIN_ICMP6 => {
            ErrorEvent::Icmp { errno, protocol: Protocol::ICMPV6, ty, code, mtu, offender }
        }
        c::SO_EE_ORIGIN_TXSTATUS if errno == Errno::ENOMSG => {
            ErrorEvent::Timestamp { stage: stage(info), id: data, times }
        }
        c::SO_EE_ORIGIN_ZEROCOPY => ErrorEvent::ZeroCopy {
            first: info,
            last: data,
            copied: code & c::SO_EE_CODE_ZEROCOPY_COPIED != 0,
        },
        c::SO_EE_ORIGIN_TXTIME => {
            ErrorEvent::TxTime { errno, time: u64::from(data) << 32 | u64::from(info) }
        }
        _ => ErrorEvent::Other(error),
    }
}

fn stage(number: u32) -> Stage {
    match number {
        0 => Stage::Sent,
        1 => Stage::Scheduled,
        2 => Stage::Acknowledged,
        3 => Stage::Completed,
        other => Stage::Other(other),
    }
}
