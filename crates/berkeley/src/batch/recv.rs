//! Receiving many datagrams.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering;

use super::datagram::{Datagram, Datagrams, Inbox, Told, no_addr, read};
use super::{BatchStats, no_stream};
use crate::cmsg;
use crate::error::{Call, Error, Result};
use crate::kind::{Family, MsgFlags, Type};
use crate::opt::{self, Bool, Opt};
use crate::seam;
use crate::socket::Socket;
use crate::sys::{Errno, Interest, c};

/// Memory for the datagrams that one call receives.
///
/// ```
/// use berkeley::batch::{RecvBatch, SendBatch};
/// use berkeley::{Family, Protocol, Socket, Type};
///
/// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
/// let mut batch = RecvBatch::new(32, 2048);
/// for round in [b"ping", b"pong"] {
///     a.send(round)?;
///     b.recv_batch(&mut batch)?;
///     for datagram in &batch {
///         assert_eq!(datagram.data(), round);
///     }
/// }
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See `recvmmsg(2)`.
#[doc(alias("recvmmsg", "mmsghdr"))]
pub struct RecvBatch {
    inbox: Inbox,
    /// What each slot's control messages say of all the datagrams in it.
    told: Vec<Told>,
    /// How many slots have something, and how many datagrams those are.
    filled: usize,
    datagrams: usize,
    stats: BatchStats,
}

/// Room for what [`Socket::set_recv_details`] and [`Socket::set_recv_offload`] let come, and for a
/// time.
const USUAL_CONTROL: usize = cmsg::IP_PKTINFO.space()
    + cmsg::IPV6_PKTINFO.space()
    + cmsg::IP_TOS.space()
    + cmsg::IPV6_TCLASS.space()
    + cmsg::UDP_GRO.space()
    + cmsg::SCM_TIMESTAMPNS.space();

impl RecvBatch {
    /// The longest piece that the kernel hands over with [receive
    /// offload](Socket::set_recv_offload), in bytes: make slots as large where it is switched on.
    pub const OFFLOAD_BYTES: usize = 65_535;

    /// Room for so many datagrams of so many bytes, at least one of each, and for the usual control
    /// messages. All memory is allocated here.
    ///
    /// ```
    /// let batch = berkeley::batch::RecvBatch::new(64, 1500);
    /// assert!(batch.is_empty());
    /// ```
    pub fn new(slots: usize, bytes_per_slot: usize) -> RecvBatch {
        let inbox = Inbox::new(slots, bytes_per_slot, USUAL_CONTROL, no_addr);
        RecvBatch {
            told: vec![Told::default(); inbox.slots().len()],
            inbox,
            filled: 0,
            datagrams: 0,
            stats: BatchStats::default(),
        }
    }

    /// The same with so many bytes of room for the control messages of each slot: the sum of the
    /// kinds' [`space`](cmsg::Kind::space).
    ///
    /// ```
    /// use berkeley::{batch::RecvBatch, cmsg};
    ///
    /// let for_ten_fds = cmsg::space(10 * size_of::<i32>());
    /// let batch = RecvBatch::new(8, 1500).with_control(for_ten_fds);
    /// ```
    #[must_use]
    pub fn with_control(mut self, bytes_per_slot: usize) -> RecvBatch {
        self.inbox = self.inbox.with_control(bytes_per_slot, no_addr);
        (self.filled, self.datagrams) = (0, 0);
        self
    }

    /// How many datagrams the last call has received.
    ///
    /// ```
    /// assert_eq!(berkeley::batch::RecvBatch::new(8, 1500).len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.datagrams
    }

    /// Whether there are none.
    ///
    /// ```
    /// assert!(berkeley::batch::RecvBatch::new(8, 1500).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.datagrams == 0
    }

    /// The datagrams that the last call has received, in the order they came.
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type, batch::RecvBatch};
    /// let (a, b) = Socket::pair(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT)?;
    /// a.send(b"x")?;
    /// let mut batch = RecvBatch::new(8, 1500);
    /// b.recv_batch(&mut batch)?;
    /// assert_eq!(batch.iter().next().unwrap().data(), b"x");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn iter(&self) -> Datagrams<'_> {
        Datagrams::new(&self.inbox, &self.told, self.datagrams)
    }

    /// Takes the descriptors that have come with the datagram of this number, counted from zero.
    /// Those that nobody takes are closed by the next call.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, batch::RecvBatch, cmsg};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
    /// a.send_fds(b"take it", &[&a])?;
    /// let mut batch = RecvBatch::new(8, 1500).with_control(cmsg::space(4));
    /// b.recv_batch(&mut batch)?;
    /// assert_eq!(batch.take_fds(0).len(), 1);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias = "SCM_RIGHTS")]
    pub fn take_fds(&mut self, number: usize) -> Vec<OwnedFd> {
        // Descriptors come by UNIX sockets, where each slot is one datagram.
        if number < self.filled { self.inbox.take_fds(number) } else { Vec::new() }
    }

    /// Forgets every datagram and closes the descriptors that nobody has taken. Receiving does so
    /// by itself.
    ///
    /// ```
    /// berkeley::batch::RecvBatch::new(8, 1500).clear();
    /// ```
    pub fn clear(&mut self) {
        self.inbox.clear(self.filled);
        (self.filled, self.datagrams) = (0, 0);
    }

    /// What the batch has done since it was made.
    ///
    /// ```
    /// assert_eq!(berkeley::batch::RecvBatch::new(8, 1500).stats().calls, 0);
    /// ```
    pub fn stats(&self) -> BatchStats {
        self.stats
    }

    /// Whether it would have had room for more.
    #[cfg(feature = "tokio")]
    pub(crate) fn has_room(&self) -> bool {
        self.filled < self.told.len()
    }

    /// Whether the last message was empty, as the end of a connection is.
    fn may_have_ended(&self) -> bool {
        let last = self.filled.checked_sub(1).and_then(|last| self.inbox.slots().get(last));
        last.is_some_and(|slot| slot.arrived.whole_len() == Some(0))
    }

    /// Counts what has arrived in the slots from this one on.
    #[inline]
    fn arrived(&mut self, first: usize, count: usize) {
        let each = self.inbox.each();
        let slots = self.inbox.slots().get(first..).unwrap_or_default().iter().take(count);
        for (slot, told) in slots.zip(self.told.iter_mut().skip(first)) {
            let whole = slot.arrived.whole_len().unwrap_or(each);
            *told = read(slot);
            told.segment = told.segment.filter(|size| (1..whole).contains(size));
            let segment = told.segment;
            let datagrams = segment.map_or(1, |size| whole.div_ceil(size));
            told.datagrams = datagrams;
            self.datagrams += datagrams;
            self.stats.coalesced += u64::from(segment.is_some());
            self.stats.datagrams += datagrams as u64;
            let fit = match slot.arrived.whole_len() {
                Some(whole) if whole <= each => datagrams,
                Some(_) => segment.map_or(0, |size| each / size),
                None => 0,
            };
            self.stats.truncated += datagrams.saturating_sub(fit) as u64;
            let control_lost = slot.flags & c::MSG_CTRUNC != 0;
            self.stats.control_truncated += u64::from(control_lost);
        }
        self.filled = first + count;
    }
}

impl<'a> IntoIterator for &'a RecvBatch {
    type Item = Datagram<'a>;
    type IntoIter = Datagrams<'a>;

    fn into_iter(self) -> Datagrams<'a> {
        self.iter()
    }
}

impl fmt::Debug for RecvBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvBatch")
            .field("slots", &self.told.len())
            .field("bytes_per_slot", &self.inbox.each())
            .field("len", &self.datagrams)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

/// Receiving many datagrams.
impl Socket {
    /// Receives the datagrams that are there, as many as the batch has room for, and says how many.
    /// For the first it waits within the timeout, for others not.
    ///
    /// From a connection ([`Type::SEQPACKET`]) each message takes a call of its own, and an empty
    /// one ends the batch: it may be the end.
    ///
    /// ```
    /// use berkeley::batch::RecvBatch;
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0")?;
    /// sock.send_to(b"to myself", sock.local_addr()?)?;
    ///
    /// let mut batch = RecvBatch::new(8, 1500);
    /// assert_eq!(sock.recv_batch(&mut batch)?, 1);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Socket::recv), save that of what does not fit, which each
    /// [`Datagram`] tells; [`Cause::Argument`](crate::Cause::Argument) for a stream. An error that
    /// comes behind some datagrams is that of the next call.
    ///
    /// See `recvmmsg(2)`.
    #[doc(alias("recvmmsg", "MSG_WAITFORONE"))]
    pub fn recv_batch(&self, batch: &mut RecvBatch) -> Result<usize> {
        no_stream(self, Call::RecvMmsg)?;
        batch.clear();
        if self.late.load(Ordering::Relaxed) != 0 {
            let late = Errno::from(self.late.swap(0, Ordering::Relaxed));
            return Err(Error::new(Call::RecvMmsg, late));
        }
        let at_once = match self.ty() {
            // At its end it would fill every slot with nothing.
            Type::SEQPACKET => 1,
            _ => batch.told.len(),
        };
        let mut asked = MsgFlags::empty();
        loop {
            let first = batch.filled;
            match self.recv_slots(batch, first, at_once, asked) {
                Ok(got) => batch.arrived(first, got),
                Err(error) if asked.is_empty() => return Err(error),
                Err(error) => {
                    let late = error.errno().filter(|_| !error.is_would_block());
                    self.late.store(late.map_or(0, Errno::number), Ordering::Relaxed);
                    break;
                }
            }
            asked = MsgFlags::DONTWAIT;
            if at_once > 1 || batch.filled >= batch.told.len() || batch.may_have_ended() {
                break;
            }
        }
        Ok(batch.datagrams)
    }

    /// Receives into some slots of the batch.
    fn recv_slots(
        &self,
        batch: &mut RecvBatch,
        first: usize,
        count: usize,
        asked: MsgFlags,
    ) -> Result<usize> {
        self.retry(Call::RecvMmsg, Interest::Read, asked, || {
            batch.stats.calls += 1;
            let base = self.recv_flags() | asked.bits();
            let (fd, family) = (self.as_fd(), self.family().0);
            seam::recv_batch(&mut batch.inbox, fd, first, count, base, family)
        })
    }

    /// Lets each datagram of an IP socket come with where it came to, by which interface, and its
    /// mark for congestion: see [`Datagram::packet_info`], [`Datagram::ecn`].
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type};
    /// let sock = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.set_recv_details(true)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` for a family that has none of this.
    ///
    /// See `ip(7)`, `ipv6(7)`.
    #[doc(alias("IP_PKTINFO", "IPV6_RECVPKTINFO", "IP_RECVTOS", "IPV6_RECVTCLASS"))]
    pub fn set_recv_details(&self, on: bool) -> Result<()> {
        let mut options = DETAILS.iter().filter(|(family, _)| *family == self.family()).peekable();
        if options.peek().is_none() {
            return Err(Error::new(Call::SetSockOpt, Errno::EOPNOTSUPP));
        }
        options.try_for_each(|(_, option)| self.set(*option, on))
    }

    /// Lets the kernel hand over several datagrams of one sender in one piece, which
    /// [`recv_batch`](Socket::recv_batch) takes apart; `false` if kernel or socket cannot do it.
    ///
    /// Every other way to receive shows the pieces as they are. A batch needs slots of
    /// [`RecvBatch::OFFLOAD_BYTES`] for them: of a longer piece the end is lost, and told.
    ///
    /// ```
    /// use berkeley::batch::RecvBatch;
    /// # use berkeley::{Family, Protocol, Socket, Type};
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// let joined = sock.set_recv_offload(true)?;
    /// let batch = RecvBatch::new(32, if joined { RecvBatch::OFFLOAD_BYTES } else { 1500 });
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What the kernel says, save that it has no such option.
    ///
    /// See `udp(7)`, `UDP_GRO`.
    #[doc(alias("UDP_GRO", "GRO"))]
    pub fn set_recv_offload(&self, on: bool) -> Result<bool> {
        const UNKNOWN: [Errno; 3] = [Errno::ENOPROTOOPT, Errno::EOPNOTSUPP, Errno::EINVAL];
        if !self.has_offload() {
            return Ok(false);
        }
        match self.set(opt::UDP_GRO, on) {
            Ok(()) => Ok(on),
            Err(error) if error.errno().is_some_and(|errno| UNKNOWN.contains(&errno)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// What makes the details come; for the IPv4 that comes to a socket of IPv6, too.
const DETAILS: &[(Family, Opt<Bool>)] = &[
    (Family::INET, opt::IP_PKTINFO),
    (Family::INET, opt::IP_RECVTOS),
    (Family::INET6, opt::IPV6_RECVPKTINFO),
    (Family::INET6, opt::IPV6_RECVTCLASS),
    (Family::INET6, opt::IP_RECVTOS),
];
