//! What is known of the kernel's splitting of one send into many datagrams, for each socket.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use super::Socket;
use crate::kind::Protocol;
use crate::seam;
use crate::sys::{self, Errno, c};

/// Whether one send of many datagrams is worth trying, and up to which size of them.
#[derive(Debug)]
pub(crate) struct SendOffload {
    /// The smallest size that has been refused; zero if it is not to be tried at all.
    limit: AtomicU32,
    /// How often it was called invalid since it was last taken.
    invalid: AtomicU32,
}

/// How such a send was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    /// The size of its datagrams.
    pub(crate) segment: usize,
    pub(crate) errno: Errno,
}

impl Refusal {
    /// The answers that may mean "not in one piece": a device or path that cannot, an option that
    /// forbids it or a kernel that does not know it, a size beyond the path's.
    pub(crate) const ERRORS: [Errno; 3] = [Errno::EIO, Errno::EINVAL, Errno::EMSGSIZE];
}

/// So often called invalid, each time for a smaller size, it is not tried again: older kernels say
/// so of a size beyond the path's, and every kernel of a socket that may not at all.
const MOST_INVALID: u32 = 3;

impl SendOffload {
    pub(super) const fn new() -> SendOffload {
        SendOffload { limit: AtomicU32::new(u32::MAX), invalid: AtomicU32::new(0) }
    }

    /// Only datagrams smaller than this are worth joining.
    pub(crate) fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed) as usize
    }

    pub(crate) fn taken(&self) {
        self.invalid.store(0, Ordering::Relaxed);
    }

    /// Remembers that a size was refused as one send, and taken as single ones.
    pub(crate) fn refused(&self, refusal: Refusal) {
        let off = match refusal.errno {
            Errno::EIO => true,
            Errno::EINVAL => self.invalid.fetch_add(1, Ordering::Relaxed) + 1 >= MOST_INVALID,
            _ => false,
        };
        let limit = if off { 0 } else { u32::try_from(refusal.segment).unwrap_or(u32::MAX) };
        self.limit.fetch_min(limit, Ordering::Relaxed);
    }
}

/// Offload.
impl Socket {
    /// Whether [`send_batch`](Socket::send_batch) hands datagrams of the same size to the kernel
    /// in one piece, to be split as late as can be: at first for every UDP socket, and no more
    /// when kernel, device or path have refused it.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert!(udp.send_offload());
    /// let (unix, _) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert!(!unix.send_offload());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `udp(7)`, `UDP_SEGMENT`.
    #[doc(alias("UDP_SEGMENT", "GSO"))]
    pub fn send_offload(&self) -> bool {
        self.has_offload() && self.offload.limit() > 0
    }

    /// Switches that off, or on again after refusals: the route may be another one by now.
    ///
    /// A reason to do without it are times of sending: those that went in one piece share one.
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type};
    /// let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// udp.set_send_offload(false);
    /// assert!(!udp.send_offload());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// See `udp(7)`, `UDP_SEGMENT`.
    #[doc(alias("UDP_SEGMENT", "GSO"))]
    pub fn set_send_offload(&self, on: bool) {
        self.offload.taken();
        self.offload.limit.store(if on { u32::MAX } else { 0 }, Ordering::Relaxed);
    }

    /// Whether such sockets can have it at all, with this kernel.
    pub(crate) fn has_offload(&self) -> bool {
        sys::has_offload(self.family.0, self.ty.0, self.protocol.0) && self.kernel_splits()
    }

    /// Whether the kernel knows of it, which it is asked once: one that does not (before 4.18) passes
    /// over the message that tells it, and would send one long datagram.
    fn kernel_splits(&self) -> bool {
        const UNKNOWN: u8 = 0;
        const NO: u8 = 1;
        const YES: u8 = 2;
        static KNOWN: AtomicU8 = AtomicU8::new(UNKNOWN);
        match KNOWN.load(Ordering::Relaxed) {
            UNKNOWN => {}
            known => return known == YES,
        }
        let level = match self.protocol {
            Protocol::UDPLITE => c::IPPROTO_UDPLITE,
            _ => c::SOL_UDP,
        };
        match seam::get_option(self.fd.as_fd(), level, c::UDP_SEGMENT, &mut [0; 4]) {
            Ok(_) => KNOWN.store(YES, Ordering::Relaxed),
            Err(Errno::ENOPROTOOPT) => KNOWN.store(NO, Ordering::Relaxed),
            // That of this socket, which the call itself will say.
            Err(_) => return false,
        }
        self.kernel_splits()
    }
}
