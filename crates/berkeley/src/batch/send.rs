//! Sending many datagrams.

use std::fmt;
use std::net::IpAddr;
use std::os::fd::AsFd;

use super::{BatchStats, Ecn, no_stream};
use crate::addr::Addr;
use crate::cmsg::{self, PacketInfo};
use crate::error::{Call, Result};
use crate::kind::{Family, MsgFlags};
use crate::opt::Codec;
use crate::seam;
use crate::socket::{Refusal, Socket};
use crate::sys::batch::{Headers, MOST_MESSAGES, Outgoing};
use crate::sys::{self, Errno, Interest, control};
use crate::target::ToAddr;

/// Datagrams that wait to be sent, in order, with memory that is used again.
///
/// ```
/// use berkeley::batch::SendBatch;
/// use berkeley::{Family, Protocol, Socket, Type};
///
/// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
/// let mut batch = SendBatch::new();
/// batch.push(b"to one", "127.0.0.1:9")?;
/// batch.push(b"and to another", "127.0.0.1:99")?;
/// assert_eq!(sock.send_batch(&mut batch)?, 2);
/// assert!(batch.is_empty());
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See `sendmmsg(2)`.
#[derive(Default)]
#[doc(alias("sendmmsg", "mmsghdr"))]
pub struct SendBatch {
    runs: Queue<Run>,
    /// The addresses, each once for all the runs to it that follow one another.
    addrs: Queue<Addr>,
    /// The datagrams' bytes, and the control messages of each run, one behind the other.
    data: Queue<u8>,
    control: Queue<u8>,
    /// How many datagrams wait.
    datagrams: usize,
    /// What the next call is to send, and the control messages of what goes in one piece.
    parcels: Vec<Parcel>,
    joined_control: Vec<u8>,
    headers: Headers,
    stats: BatchStats,
}

/// Datagrams of one size to one address with the same control messages, which may go in one piece:
/// the last one may be shorter.
struct Run {
    size: usize,
    datagrams: usize,
    bytes: usize,
    /// How many bytes of control messages each of them has: they stand there once.
    control: usize,
    /// Whether they may go together: not what already says how it is to be split, or is empty.
    can_join: bool,
    /// Whether another one may follow.
    open: bool,
    /// Whether the address is another one than that of the run before.
    other_addr: bool,
}

/// What goes to the kernel as one message.
#[derive(Clone, Copy, Default)]
struct Parcel {
    datagrams: usize,
    bytes: usize,
    /// Where its address stands.
    to: usize,
    /// Where its control messages begin and end, among the joined ones if it is several datagrams.
    control: (usize, usize),
}

/// The kernel splits one message into so many datagrams at most, and no datagram is longer.
const MOST_SEGMENTS: usize = 64;
const MOST_BYTES: usize = 65_507;

impl SendBatch {
    /// No datagrams yet.
    ///
    /// ```
    /// assert!(berkeley::batch::SendBatch::new().is_empty());
    /// ```
    pub fn new() -> SendBatch {
        SendBatch::default()
    }

    /// The same with room for so many datagrams of so many bytes: up to there nothing more is
    /// allocated.
    ///
    /// ```
    /// let batch = berkeley::batch::SendBatch::with_capacity(64, 1200);
    /// ```
    pub fn with_capacity(datagrams: usize, bytes_per_datagram: usize) -> SendBatch {
        let messages = datagrams.min(MOST_MESSAGES);
        SendBatch {
            runs: Queue::with_capacity(datagrams),
            addrs: Queue::with_capacity(datagrams),
            data: Queue::with_capacity(datagrams.saturating_mul(bytes_per_datagram)),
            parcels: Vec::with_capacity(messages),
            joined_control: Vec::with_capacity(messages.saturating_mul(cmsg::UDP_SEGMENT.space())),
            headers: Headers::with_capacity(messages),
            ..SendBatch::default()
        }
    }

    /// Adds a datagram to an address; `()` is the connected peer.
    ///
    /// Hosts are looked up here if they have to be, so an address that is one already costs less.
    ///
    /// ```
    /// # use berkeley::batch::SendBatch;
    /// use std::net::Ipv4Addr;
    ///
    /// let mut batch = SendBatch::new();
    /// batch.push(b"hello", (Ipv4Addr::LOCALHOST, 9))?;
    /// batch.push(b"and to who is connected", ())?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`ToAddr`]; nothing is added then.
    pub fn push(&mut self, data: &[u8], to: impl ToAddr) -> Result<()> {
        self.push_by(data, to, true, |_, _| {})
    }

    /// Adds many datagrams to one address, and says how many: for less than one after the other.
    ///
    /// ```
    /// # use berkeley::batch::SendBatch;
    /// use std::net::Ipv4Addr;
    ///
    /// let packets = [vec![1; 1200], vec![2; 1200], vec![3; 300]];
    /// let mut batch = SendBatch::new();
    /// assert_eq!(batch.push_all(&packets, (Ipv4Addr::LOCALHOST, 9))?, 3);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`push`](SendBatch::push).
    pub fn push_all<D: AsRef<[u8]>>(
        &mut self,
        datagrams: impl IntoIterator<Item = D>,
        to: impl ToAddr,
    ) -> Result<usize> {
        let count = to.with_addr(Family::UNSPEC, |to| {
            let (before, control) = (self.datagrams, self.control.all.len());
            let mut datagrams = datagrams.into_iter();
            if let Some(first) = datagrams.next() {
                let first = first.as_ref();
                self.add(first, to, !first.is_empty(), control);
            }
            // The last run is now one to this address without control messages.
            let mut next = self.lengthen_last(&mut datagrams);
            while let Some(data) = next {
                let data = data.as_ref();
                self.data.all.extend_from_slice(data);
                self.datagrams += 1;
                if data.is_empty() || !self.joins_same(data.len()) {
                    self.begin_run(data.len(), to, !data.is_empty(), control);
                }
                next = self.lengthen_last(&mut datagrams);
            }
            self.datagrams - before
        });
        count.map_err(|error| error.in_call(Call::SendMmsg))
    }

    /// Adds a datagram with control messages beside it. Descriptors among them have to live for
    /// ever: a batch outlives what it was made of.
    ///
    /// ```
    /// # use berkeley::batch::SendBatch;
    /// use berkeley::cmsg;
    ///
    /// let mut control = cmsg::SendBuffer::new();
    /// control.push(cmsg::IP_TTL, 3);
    /// let mut batch = SendBatch::new();
    /// batch.push_with(b"three hops", "127.0.0.1:9", &control)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`push`](SendBatch::push).
    ///
    /// See `cmsg(3)`.
    #[doc(alias = "msg_control")]
    pub fn push_with(
        &mut self,
        data: &[u8],
        to: impl ToAddr,
        control: &cmsg::SendBuffer<'static>,
    ) -> Result<()> {
        let bytes = control.as_bytes();
        let is_split = |message: cmsg::Cmsg<'_>| message.get(cmsg::UDP_SEGMENT).is_some();
        let can_join = !cmsg::messages(bytes).any(is_split);
        self.push_by(data, to, can_join, |_, all| all.extend_from_slice(bytes))
    }

    /// Adds a datagram with a mark for congestion and the address or interface to send from, such
    /// as [`Datagram::packet_info`](super::Datagram::packet_info) has told.
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type};
    /// use berkeley::batch::{Ecn, RecvBatch, SendBatch};
    /// # let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// # sock.bind("127.0.0.1:0")?;
    /// # sock.set_recv_details(true)?;
    /// # sock.send_to(b"question", sock.local_addr()?)?;
    /// let (mut questions, mut answers) = (RecvBatch::new(32, 1500), SendBatch::new());
    /// sock.recv_batch(&mut questions)?;
    /// for question in &questions {
    ///     answers.push_from(b"yes", question.from(), Ecn::Ect0, question.packet_info())?;
    /// }
    /// sock.send_batch(&mut answers)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`push`](SendBatch::push).
    ///
    /// See `ip(7)`, `ipv6(7)`, RFC 3168.
    #[doc(alias("IP_PKTINFO", "IPV6_PKTINFO", "IP_TOS", "IPV6_TCLASS"))]
    pub fn push_from(
        &mut self,
        data: &[u8],
        to: impl ToAddr,
        ecn: impl Into<Option<Ecn>>,
        source: impl Into<Option<PacketInfo>>,
    ) -> Result<()> {
        let (ecn, source) = (ecn.into(), source.into());
        self.push_by(data, to, true, |to, control| {
            let (v4, v6) = versions(to, source);
            if let Some(ecn) = ecn {
                let bits = i32::from(ecn.bits());
                add(control, v4, cmsg::IP_TOS, bits);
                add(control, v6, cmsg::IPV6_TCLASS, bits);
            }
            if let Some(source) = source {
                add(control, v4, cmsg::IP_PKTINFO, source);
                add(control, v6, cmsg::IPV6_PKTINFO, source);
            }
        })
    }

    fn push_by(
        &mut self,
        data: &[u8],
        to: impl ToAddr,
        can_join: bool,
        add_control: impl FnOnce(&Addr, &mut Vec<u8>),
    ) -> Result<()> {
        to.with_addr(Family::UNSPEC, |to| {
            let before = self.control.all.len();
            add_control(to, &mut self.control.all);
            self.add(data, to, can_join && !data.is_empty(), before);
        })
        .map_err(|error| error.in_call(Call::SendMmsg))
    }

    /// Adds a datagram whose control messages stand already at the end of the others.
    #[inline]
    fn add(&mut self, data: &[u8], to: &Addr, can_join: bool, before: usize) {
        self.data.all.extend_from_slice(data);
        self.datagrams += 1;
        if !(can_join && self.joins_last(data.len(), to, before)) {
            self.begin_run(data.len(), to, can_join, before);
        }
    }

    /// Adds one of this length to the last run, if it fits there.
    #[inline]
    fn joins_last(&mut self, len: usize, to: &Addr, before: usize) -> bool {
        let (Some(run), Some(last)) = (self.runs.all.last(), self.addrs.all.last()) else {
            return false;
        };
        let control = self.control.all.len() - before;
        let fits = run.open && len <= run.size && control == run.control;
        if !fits || !last.0.is_same(&to.0) {
            return false;
        }
        if control > 0 {
            let its = before.checked_sub(control).and_then(|at| self.control.all.get(at..before));
            if self.control.all.get(before..) != its {
                return false;
            }
            self.control.all.truncate(before);
        }
        self.joins_same(len)
    }

    /// Adds as many as have the size of the last run, which has their address and control messages;
    /// the first other one comes back.
    #[inline]
    fn lengthen_last<D: AsRef<[u8]>>(
        &mut self,
        datagrams: &mut impl Iterator<Item = D>,
    ) -> Option<D> {
        let Some(run) = self.runs.all.last_mut().filter(|run| run.open) else {
            return datagrams.next();
        };
        loop {
            let next = datagrams.next()?;
            let data = next.as_ref();
            if data.len() != run.size {
                return Some(next);
            }
            self.data.all.extend_from_slice(data);
            // Not later: who makes the datagrams may panic, and this has to stay right.
            self.datagrams += 1;
            run.datagrams += 1;
            run.bytes += run.size;
        }
    }

    /// Adds one of this length to the last run, if it is not too long for it. It has the same
    /// address and control messages.
    #[inline]
    fn joins_same(&mut self, len: usize) -> bool {
        let Some(run) = self.runs.all.last_mut().filter(|run| run.open && len <= run.size) else {
            return false;
        };
        run.datagrams += 1;
        run.bytes += len;
        run.open = len == run.size;
        true
    }

    /// Begins another run with a datagram of this length.
    #[inline(never)]
    fn begin_run(&mut self, size: usize, to: &Addr, can_join: bool, before: usize) {
        let other_addr = !self.addrs.all.last().is_some_and(|last| last.0.is_same(&to.0));
        if other_addr {
            self.addrs.all.push(*to);
        }
        let control = self.control.all.len() - before;
        let (datagrams, bytes, open) = (1, size, can_join);
        self.runs.all.push(Run { size, datagrams, bytes, control, can_join, open, other_addr });
    }

    /// How many datagrams wait.
    ///
    /// ```
    /// # use berkeley::batch::SendBatch;
    /// let mut batch = SendBatch::new();
    /// batch.push(b"x", ())?;
    /// assert_eq!(batch.len(), 1);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn len(&self) -> usize {
        self.datagrams
    }

    /// Whether none waits.
    ///
    /// ```
    /// assert!(berkeley::batch::SendBatch::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.datagrams == 0
    }

    /// Drops the first of the datagrams that wait, as after an error of it; `false` if none does.
    ///
    /// ```
    /// # use berkeley::batch::SendBatch;
    /// let mut batch = SendBatch::new();
    /// batch.push(b"x", ())?;
    /// assert!(batch.skip_first() && batch.is_empty());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn skip_first(&mut self) -> bool {
        let any = !self.is_empty();
        self.remove(1);
        any
    }

    /// Drops all that wait; the memory stays.
    ///
    /// ```
    /// # use berkeley::batch::SendBatch;
    /// let mut batch = SendBatch::new();
    /// batch.push(b"x", ())?;
    /// batch.clear();
    /// assert!(batch.is_empty());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn clear(&mut self) {
        self.remove(usize::MAX);
    }

    /// What the batch has done since it was made.
    ///
    /// ```
    /// assert_eq!(berkeley::batch::SendBatch::new().stats().segmented, 0);
    /// ```
    pub fn stats(&self) -> BatchStats {
        self.stats
    }

    /// Forgets the first datagrams.
    fn remove(&mut self, datagrams: usize) {
        let (mut bytes, mut control, mut addrs, mut runs) = (0, 0, 0, 0);
        let mut left = datagrams.min(self.datagrams);
        self.datagrams -= left;
        for run in self.runs.rest_mut() {
            addrs += usize::from(run.other_addr && runs > 0);
            if run.datagrams > left {
                let gone = run.size.saturating_mul(left);
                run.datagrams -= left;
                run.bytes -= gone;
                bytes += gone;
                break;
            }
            (left, runs) = (left - run.datagrams, runs + 1);
            (bytes, control) = (bytes + run.bytes, control + run.control);
        }
        self.data.forget(bytes);
        self.control.forget(control);
        self.addrs.forget(if self.is_empty() { usize::MAX } else { addrs });
        self.runs.forget(runs);
    }

    /// Decides what the next call is to send: of the first so many datagrams, joining those that
    /// are smaller than the limit.
    fn plan(&mut self, datagrams: usize, messages: usize, limit: usize) {
        self.parcels.clear();
        self.joined_control.clear();
        let (mut left, mut to, mut control_at) = (datagrams, 0, 0);
        for (number, run) in self.runs.rest().iter().enumerate() {
            to += usize::from(run.other_addr && number > 0);
            let own = (control_at, control_at + run.control);
            control_at = own.1;
            let joins = run.can_join && run.size < limit && run.datagrams > 1;
            let most = if joins { most_segments(run.size) } else { 1 };
            let mut joined = own;
            if most > 1 {
                joined.0 = self.joined_control.len();
                let own = self.control.rest().get(own.0..own.1).unwrap_or_default();
                self.joined_control.extend_from_slice(own);
                let size = u16::try_from(run.size).unwrap_or(u16::MAX);
                add(&mut self.joined_control, true, cmsg::UDP_SEGMENT, size);
                joined.1 = self.joined_control.len();
            }
            let (mut datagrams, mut bytes) = (run.datagrams, run.bytes);
            while datagrams > 0 {
                if left == 0 || self.parcels.len() >= messages {
                    return;
                }
                let some = datagrams.min(most).min(left);
                let all = if some == datagrams { bytes } else { some * run.size };
                let control = if some > 1 { joined } else { own };
                self.parcels.push(Parcel { datagrams: some, bytes: all, to, control });
                (datagrams, bytes, left) = (datagrams - some, bytes - all, left - some);
            }
        }
    }

    /// Sends what is planned.
    fn call(&mut self, sock: &Socket) -> Result<usize, Errno> {
        self.stats.calls += 1;
        let mut data = self.data.rest();
        let (own, joined, addrs) = (self.control.rest(), &self.joined_control, self.addrs.rest());
        let messages = self.parcels.iter().map_while(|parcel| -> Option<Outgoing<'_>> {
            let (bytes, rest) = data.split_at_checked(parcel.bytes)?;
            data = rest;
            let (to, (begin, end)) = (addrs.get(parcel.to)?, parcel.control);
            let control = if parcel.datagrams > 1 { joined } else { own };
            Some(((!to.is_empty()).then_some(&to.0), bytes, control.get(begin..end)?))
        });
        let flags = sock.send_flags(MsgFlags::empty());
        seam::send_batch(sock.as_fd(), &mut self.headers, messages, flags)
    }

    /// Counts and forgets what the first so many messages of the plan were.
    fn sent(&mut self, messages: usize) -> usize {
        let sent = self.parcels.get(..messages).unwrap_or(&self.parcels);
        let datagrams = sent.iter().map(|parcel| parcel.datagrams).sum();
        let joined = sent.iter().filter(|parcel| parcel.datagrams > 1).count();
        self.stats.segmented += joined as u64;
        self.stats.datagrams += datagrams as u64;
        self.remove(datagrams);
        datagrams
    }
}

impl fmt::Debug for SendBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendBatch")
            .field("len", &self.datagrams)
            .field("bytes", &self.data.rest().len())
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

/// Sending many datagrams.
impl Socket {
    /// Sends all datagrams of the batch, in order, within one deadline, and says how many.
    ///
    /// What has gone leaves the batch: it is empty afterwards. With an error, what is left begins
    /// with the datagram that failed: send again, or [drop it](SendBatch::skip_first) first.
    /// Nothing is lost and nothing is sent twice.
    ///
    /// A socket that does not wait sends as many as there is room for.
    ///
    /// ```
    /// use berkeley::batch::SendBatch;
    /// use berkeley::{Errno, Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// let mut batch = SendBatch::new();
    /// batch.push(b"goes", "127.0.0.1:9")?;
    /// batch.push(&[0; 70_000], "127.0.0.1:9")?;
    /// batch.push(b"goes, too", "127.0.0.1:9")?;
    ///
    /// let error = sock.send_batch(&mut batch).unwrap_err();
    /// assert_eq!((error.errno(), batch.len()), (Some(Errno::EMSGSIZE), 2));
    /// batch.skip_first();
    /// assert_eq!(sock.send_batch(&mut batch)?, 1);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_to`](Socket::send_to), with the address, of the first datagram that is left;
    /// [`Cause::Argument`](crate::Cause::Argument) for a stream.
    ///
    /// See `sendmmsg(2)`.
    #[doc(alias("sendmmsg", "UDP_SEGMENT", "GSO"))]
    pub fn send_batch(&self, batch: &mut SendBatch) -> Result<usize> {
        no_stream(self, Call::SendMmsg)?;
        let patience = self.patience(MsgFlags::empty());
        let most = if sys::sends_batches(self.family().0) { MOST_MESSAGES } else { 1 };
        let mut gone = 0;
        // How the first datagrams were refused in one piece, and how many they are.
        let mut refused: Option<(Refusal, usize)> = None;
        while !batch.is_empty() {
            match refused {
                Some((_, datagrams)) => batch.plan(datagrams, most, 0),
                None if self.has_offload() => batch.plan(usize::MAX, most, self.offload.limit()),
                None => batch.plan(most, most, 0),
            }
            let sent =
                self.retry_by(Call::SendMmsg, Interest::Write, patience, || batch.call(self));
            match sent {
                Ok(0) => break,
                Ok(messages) => {
                    let before = batch.stats.segmented;
                    gone += batch.sent(messages);
                    if let Some((refusal, _)) = refused.take() {
                        self.offload.refused(refusal);
                        batch.stats.fallbacks += 1;
                    } else if batch.stats.segmented > before {
                        self.offload.taken();
                    }
                }
                Err(error) => {
                    let first = batch.parcels.first().copied().unwrap_or_default();
                    let errno = error.errno().filter(|errno| Refusal::ERRORS.contains(errno));
                    match (errno, batch.runs.rest().first()) {
                        (Some(errno), Some(run)) if first.datagrams > 1 => {
                            let refusal = Refusal { segment: run.size, errno };
                            refused = Some((refusal, first.datagrams));
                        }
                        _ if error.is_would_block() && gone > 0 => break,
                        _ => {
                            return Err(match batch.addrs.rest().first() {
                                Some(to) if !to.is_empty() => error.at(to),
                                _ => error,
                            });
                        }
                    }
                }
            }
        }
        Ok(gone)
    }
}

/// The versions of IP that control messages of a datagram to this address from there are read by.
fn versions(to: &Addr, source: Option<PacketInfo>) -> (bool, bool) {
    let ip = to.to_ip().map(|addr| addr.ip()).or(source.map(|source| source.local));
    match ip {
        Some(IpAddr::V4(_)) => (true, false),
        // What goes to a mapped address is IPv4.
        Some(IpAddr::V6(ip)) if ip.to_ipv4_mapped().is_some() => (true, false),
        Some(IpAddr::V6(_)) => (false, true),
        // Each kind of socket passes over the other's.
        None => (true, true),
    }
}

/// Adds a control message, if it is wanted.
fn add<C: Codec>(
    control: &mut Vec<u8>,
    wanted: bool,
    kind: cmsg::Kind<C>,
    value: impl Into<C::Value>,
) {
    if wanted {
        control::push(control, kind.level(), kind.number(), C::encode(value.into()).as_ref());
    }
}

/// How many datagrams of a size the kernel takes in one piece.
pub(super) fn most_segments(size: usize) -> usize {
    MOST_BYTES.checked_div(size).map_or(1, |most| most.clamp(1, MOST_SEGMENTS))
}

/// What is added at the end and forgotten from the front, in time that does not grow with what
/// stays.
struct Queue<T> {
    all: Vec<T>,
    /// How many of them are forgotten; not all, save there are none.
    gone: usize,
}

impl<T> Queue<T> {
    fn with_capacity(most: usize) -> Queue<T> {
        Queue { all: Vec::with_capacity(most), gone: 0 }
    }

    fn rest(&self) -> &[T] {
        self.all.get(self.gone..).unwrap_or_default()
    }

    fn rest_mut(&mut self) -> &mut [T] {
        self.all.get_mut(self.gone..).unwrap_or_default()
    }

    fn forget(&mut self, more: usize) {
        self.gone = self.gone.saturating_add(more).min(self.all.len());
        // The memory is used again, and each is moved once for one that is forgotten.
        if self.gone >= self.all.len() - self.gone {
            self.all.drain(..self.gone);
            self.gone = 0;
        }
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue::with_capacity(0)
    }
}
