//! Many datagrams in one call, each with its address and what the kernel tells of it.
//!
//! A batch owns its memory and is used again and again: nothing of the caller's is borrowed between
//! calls, nothing is allocated once it is as large as it gets, and every length that the kernel
//! overwrites is set anew each time.
//!
//! | to | use |
//! |---|---|
//! | receive what is there | a [`RecvBatch`] for [`Socket::recv_batch`] |
//! | send to one or many | a [`SendBatch`] for [`Socket::send_batch`] |
//! | send what already stands one datagram behind the other, without a copy | [`Socket::send_segments`] |
//! | learn where datagrams came to, by which interface, with which ECN mark | [`Socket::set_recv_details`], then [`Datagram`] |
//! | answer from there, with such a mark | [`SendBatch::push_from`] |
//! | let kernel and device join what arrives | [`Socket::set_recv_offload`] |
//! | let them split what is sent | nothing: [`Socket::send_offload`] |
//! | see what was used | [`BatchStats`] |
//!
//! ```
//! use berkeley::batch::{RecvBatch, SendBatch};
//! use berkeley::{Family, Protocol, Socket, Type};
//!
//! let server = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
//! server.bind("127.0.0.1:0")?;
//! let client = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
//!
//! let mut out = SendBatch::new();
//! for line in ["one", "two", "six"] {
//!     out.push(line.as_bytes(), server.local_addr()?)?;
//! }
//! assert_eq!(client.send_batch(&mut out)?, 3);
//!
//! let mut arrived = RecvBatch::new(16, 1500);
//! let mut lines = Vec::new();
//! while lines.len() < 3 {
//!     server.recv_batch(&mut arrived)?;
//!     lines.extend(arrived.iter().map(|datagram| datagram.data().to_vec()));
//! }
//! assert_eq!(lines, [b"one", b"two", b"six"]);
//! # Ok::<(), berkeley::Error>(())
//! ```
//!
//! # Offload
//!
//! Datagrams of the same size to the same address, one after the other, go to the kernel in one
//! piece (`UDP_SEGMENT`), which it or the device splits. Should kernel, device or path refuse that
//! (`EIO`, `EINVAL`, `EMSGSIZE`), the same call sends them one by one, nothing is lost and nothing
//! sent twice; the socket remembers, and [`Socket::send_offload`] tells.
//!
//! In the other direction ([`Socket::set_recv_offload`], `UDP_GRO`) the kernel hands over several
//! datagrams of one sender in one piece, and the batch takes them apart.
//!
//! # Platforms
//!
//! Linux; `UDP_SEGMENT` from 4.18 on, `UDP_GRO` from 5.0.
//!
//! See `recvmmsg(2)`, `sendmmsg(2)`, `udp(7)`.

mod datagram;
mod recv;
mod segments;
mod send;

pub use datagram::{Datagram, Datagrams};
pub use recv::RecvBatch;
pub use send::SendBatch;

use crate::error::{Call, Cause, Error, Result};
use crate::kind::Type;
use crate::socket::Socket;

/// What a batch has done since it was made.
///
/// ```
/// use berkeley::batch::{BatchStats, RecvBatch};
///
/// let batch = RecvBatch::new(8, 1500);
/// assert_eq!(batch.stats(), BatchStats::default());
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct BatchStats {
    /// Calls of the kernel, those that failed or found nothing too.
    pub calls: u64,
    /// Datagrams sent or received.
    pub datagrams: u64,
    /// How many times several datagrams went to the kernel in one piece, and were taken.
    pub segmented: u64,
    /// How many times that was refused, and the datagrams were sent one by one.
    pub fallbacks: u64,
    /// How many times several datagrams came from the kernel in one piece.
    pub coalesced: u64,
    /// Received datagrams that did not fit.
    pub truncated: u64,
    /// Received datagrams whose control messages did not fit.
    pub control_truncated: u64,
}

/// The two bits by which routers mark what they would rather have dropped.
///
/// ```
/// use berkeley::batch::Ecn;
///
/// assert_eq!(Ecn::from_bits(0b1011_1011), Ecn::Ce);
/// assert_eq!(Ecn::Ect0.bits(), 2);
/// ```
///
/// See RFC 3168, RFC 9331.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[doc(alias("EcnCodepoint", "IP_TOS", "IPV6_TCLASS"))]
pub enum Ecn {
    /// The sender does not take part.
    NotEct = 0,
    /// The sender takes part, and reacts as RFC 9331 describes.
    Ect1 = 1,
    /// The sender takes part.
    Ect0 = 2,
    /// There was congestion on the way.
    Ce = 3,
}

impl Ecn {
    /// The mark in the two lowest bits of a type of service or traffic class.
    ///
    /// ```
    /// assert_eq!(berkeley::batch::Ecn::from_bits(1), berkeley::batch::Ecn::Ect1);
    /// ```
    pub const fn from_bits(bits: u8) -> Ecn {
        match bits & 3 {
            0 => Ecn::NotEct,
            1 => Ecn::Ect1,
            2 => Ecn::Ect0,
            _ => Ecn::Ce,
        }
    }

    /// The bits, as they stand in the header.
    ///
    /// ```
    /// assert_eq!(berkeley::batch::Ecn::Ce.bits(), 3);
    /// ```
    pub const fn bits(self) -> u8 {
        self as u8
    }
}

/// In a stream there are no datagrams, and of a short write in the middle of a batch nobody could
/// say what has gone.
fn no_stream(sock: &Socket, call: Call) -> Result<()> {
    match sock.ty() {
        Type::STREAM => Err(Error::new(call, Cause::Argument("a stream has no datagrams"))),
        _ => Ok(()),
    }
}
