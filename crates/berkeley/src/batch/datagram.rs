//! Walking over received datagrams.

use std::fmt;
use std::iter::{FusedIterator, Zip};
use std::slice;

use super::Ecn;
use crate::addr::Addr;
use crate::cmsg::{self, Kind, Messages, PacketInfo};
use crate::kind::MsgFlags;
use crate::opt::Codec;
use crate::sys::batch::RecvSlot;
use crate::sys::{self, Storage};

/// The datagrams of a batch; made by [`RecvBatch::iter`](super::RecvBatch::iter).
///
/// ```
/// let batch = berkeley::batch::RecvBatch::new(8, 1500);
/// assert_eq!(batch.iter().len(), 0);
/// ```
#[derive(Clone)]
pub struct Datagrams<'a> {
    slots: Slots<'a>,
    /// The bytes of these slots, so many for each.
    memory: &'a [u8],
    each: usize,
    /// How many datagrams these slots have.
    left: usize,
    /// The slot that the last one came from.
    slot: Option<&'a Slot>,
    ecn: Option<Ecn>,
    /// What is left of that: the bytes that there was room for, and how many more came.
    room: &'a [u8],
    lost: usize,
    /// How many bytes each datagram of it is.
    segment: usize,
}

type Slots<'a> = Zip<slice::Iter<'a, Slot>, slice::Iter<'a, Told>>;

impl<'a> Datagrams<'a> {
    /// So many datagrams of this memory, of which this was told.
    pub(super) fn new(inbox: &'a Inbox, told: &'a [Told], left: usize) -> Datagrams<'a> {
        let (memory, each) = (inbox.memory(), inbox.each());
        let slots = inbox.slots().iter().zip(told);
        Datagrams {
            slots,
            memory,
            each,
            left,
            slot: None,
            ecn: None,
            room: &[],
            lost: 0,
            segment: 0,
        }
    }

    /// The last one of a slot, what did not fit, and the first one of the next slot.
    #[inline]
    fn turn(&mut self) -> Option<Datagram<'a>> {
        if self.room.is_empty() && self.lost == 0 {
            let (slot, told) = self.slots.next().filter(|_| self.left > 0)?;
            self.left = self.left.saturating_sub(told.datagrams);
            let (room, memory) = self.memory.split_at_checked(self.each)?;
            self.memory = memory;
            let whole = slot.arrived.whole_len().unwrap_or(room.len());
            self.slot = Some(slot);
            self.segment = told.segment.unwrap_or(usize::MAX);
            (self.ecn, self.room) = (told.ecn, room.get(..whole).unwrap_or(room));
            self.lost = whole - self.room.len();
        }
        let slot = self.slot?;
        let whole_len = self.segment.min(self.room.len() + self.lost);
        // Of what did not fit there is the beginning, or nothing.
        let (data, room) = self.room.split_at_checked(whole_len).unwrap_or((self.room, &[]));
        self.lost -= whole_len - data.len();
        self.room = room;
        Some(Datagram { slot, data, whole_len, ecn: self.ecn })
    }
}

impl<'a> Iterator for Datagrams<'a> {
    type Item = Datagram<'a>;

    #[inline]
    fn next(&mut self) -> Option<Datagram<'a>> {
        // One in the middle of a slot, as most are.
        if let (true, Some(slot)) = (self.room.len() > self.segment, self.slot) {
            if let Some((data, room)) = self.room.split_at_checked(self.segment) {
                self.room = room;
                return Some(Datagram { slot, data, whole_len: data.len(), ecn: self.ecn });
            }
        }
        self.turn()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let here = match self.room.len() + self.lost {
            0 => 0,
            bytes => bytes.div_ceil(self.segment.max(1)),
        };
        (self.left + here, Some(self.left + here))
    }
}

impl ExactSizeIterator for Datagrams<'_> {}
impl FusedIterator for Datagrams<'_> {}

impl fmt::Debug for Datagrams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// One received datagram.
///
/// ```
/// use berkeley::batch::RecvBatch;
/// use berkeley::{Family, Protocol, Socket, Type};
///
/// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
/// sock.bind("127.0.0.1:0")?;
/// sock.set_recv_details(true)?;
/// sock.send_to(b"to myself", sock.local_addr()?)?;
///
/// let mut batch = RecvBatch::new(8, 1500);
/// sock.recv_batch(&mut batch)?;
/// let datagram = batch.iter().next().unwrap();
/// assert_eq!(*datagram.from(), sock.local_addr()?);
/// assert!(datagram.packet_info().unwrap().destination.is_loopback());
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Datagram<'a> {
    slot: &'a Slot,
    data: &'a [u8],
    whole_len: usize,
    ecn: Option<Ecn>,
}

impl<'a> Datagram<'a> {
    /// The bytes, as far as there was room for them.
    ///
    /// ```
    /// # let batch = berkeley::batch::RecvBatch::new(8, 1500);
    /// let bytes: usize = batch.iter().map(|datagram| datagram.data().len()).sum();
    /// ```
    #[inline]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Who has sent it; empty if it has no address.
    ///
    /// ```
    /// # let batch = berkeley::batch::RecvBatch::new(8, 1500);
    /// let senders: Vec<_> = batch.iter().map(|datagram| *datagram.from()).collect();
    /// ```
    #[doc(alias = "msg_name")]
    #[inline]
    pub fn from(&self) -> &'a Addr {
        &self.slot.from
    }

    /// How many bytes it had, which may be more than there was room for.
    ///
    /// ```
    /// # let batch = berkeley::batch::RecvBatch::new(8, 1500);
    /// let longest = batch.iter().map(|datagram| datagram.whole_len()).max();
    /// ```
    #[inline]
    pub fn whole_len(&self) -> usize {
        self.whole_len
    }

    /// Whether its end did not fit and is lost.
    ///
    /// CAN, J1939, TIPC and QIPCRTR tell no more than that: [`whole_len`](Datagram::whole_len) is
    /// then what there was room for.
    ///
    /// ```
    /// # let batch = berkeley::batch::RecvBatch::new(8, 1500);
    /// let whole: Vec<_> = batch.iter().filter(|datagram| !datagram.is_truncated()).collect();
    /// ```
    #[doc(alias = "MSG_TRUNC")]
    #[inline]
    pub fn is_truncated(&self) -> bool {
        self.data.len() < self.whole_len || self.slot.arrived.whole_len().is_none()
    }

    /// Whether control messages did not fit, and some are lost.
    ///
    /// ```
    /// # let batch = berkeley::batch::RecvBatch::new(8, 1500);
    /// assert!(!batch.iter().any(|datagram| datagram.is_control_truncated()));
    /// ```
    #[doc(alias = "MSG_CTRUNC")]
    pub fn is_control_truncated(&self) -> bool {
        self.flags().contains(MsgFlags::CTRUNC)
    }

    /// What the kernel tells, of all the datagrams that came in one piece together.
    ///
    /// ```
    /// # let batch = berkeley::batch::RecvBatch::new(8, 1500);
    /// let flags: Vec<_> = batch.iter().map(|datagram| datagram.flags()).collect();
    /// ```
    #[doc(alias = "msg_flags")]
    pub fn flags(&self) -> MsgFlags {
        MsgFlags::from_bits_retain(self.slot.flags)
    }

    /// The control messages that came along.
    ///
    /// ```
    /// # let batch = berkeley::batch::RecvBatch::new(8, 1500);
    /// for datagram in &batch {
    ///     datagram.control().for_each(|message| println!("{message}"));
    /// }
    /// ```
    #[doc(alias = "msg_control")]
    pub fn control(&self) -> Messages<'a> {
        cmsg::messages(self.slot.control.as_bytes())
    }

    /// The value of the first control message of this kind.
    ///
    /// ```
    /// use berkeley::cmsg;
    /// # let batch = berkeley::batch::RecvBatch::new(8, 1500);
    /// let times: Vec<_> = batch.iter().map(|d| d.get(cmsg::SCM_TIMESTAMPNS)).collect();
    /// ```
    pub fn get<C: Codec>(&self, kind: Kind<C>) -> Option<C::Value> {
        self.control().find_map(|message| message.get(kind))
    }

    /// The mark for congestion, if the socket [lets it come](crate::Socket::set_recv_details).
    ///
    /// ```
    /// use berkeley::batch::Ecn;
    /// # let batch = berkeley::batch::RecvBatch::new(8, 1500);
    /// let marked = batch.iter().filter(|datagram| datagram.ecn() == Some(Ecn::Ce)).count();
    /// ```
    ///
    /// See RFC 3168.
    #[doc(alias("IP_TOS", "IPV6_TCLASS"))]
    #[inline]
    pub fn ecn(&self) -> Option<Ecn> {
        self.ecn
    }

    /// Where it came to, if the socket [lets that come](crate::Socket::set_recv_details).
    ///
    /// ```
    /// # let batch = berkeley::batch::RecvBatch::new(8, 1500);
    /// let ours: Vec<_> = batch.iter().filter_map(|d| Some(d.packet_info()?.local)).collect();
    /// ```
    #[doc(alias("IP_PKTINFO", "IPV6_PKTINFO"))]
    pub fn packet_info(&self) -> Option<PacketInfo> {
        self.get(cmsg::IP_PKTINFO).or_else(|| self.get(cmsg::IPV6_PKTINFO))
    }

    /// The number of the interface that it came by, if the socket
    /// [lets it come](crate::Socket::set_recv_details).
    ///
    /// ```
    /// # let batch = berkeley::batch::RecvBatch::new(8, 1500);
    /// let by: Vec<_> = batch.iter().map(|datagram| datagram.interface()).collect();
    /// ```
    #[doc(alias("ipi_ifindex", "ipi6_ifindex"))]
    pub fn interface(&self) -> Option<u32> {
        self.packet_info().map(|info| info.interface)
    }
}

impl fmt::Debug for Datagram<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datagram")
            .field("from", &self.from())
            .field("len", &self.data.len())
            .field("whole_len", &self.whole_len)
            .field("control", &self.control().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Memory for what comes by one call of the kernel.
type Slot = RecvSlot<Addr>;

/// What nearly everybody asks for, read once.
#[derive(Clone, Copy, Default)]
pub(super) struct Told {
    /// The size of the datagrams, if there are several.
    pub(super) segment: Option<usize>,
    /// How many they are.
    pub(super) datagrams: usize,
    ecn: Option<Ecn>,
}

/// Memory for what comes by many.
pub(super) type Inbox = sys::batch::Inbox<Addr>;

/// Room for an address.
pub(super) fn no_addr() -> Addr {
    Addr(Storage::empty())
}

/// Reads what concerns every datagram of a slot.
pub(super) fn read(slot: &Slot) -> Told {
    let mut told = Told::default();
    for message in cmsg::messages(slot.control.as_bytes()) {
        match (message.level(), message.number()) {
            GRO => {
                told.segment =
                    message.get(cmsg::UDP_GRO).and_then(|size| usize::try_from(size).ok())
            }
            TOS => told.mark(message.get(cmsg::IP_TOS)),
            TCLASS => told.mark(message.get(cmsg::IPV6_TCLASS)),
            _ => {}
        }
    }
    told
}

impl Told {
    fn mark(&mut self, class: Option<i32>) {
        self.ecn = class.map(|class| Ecn::from_bits((class & 3) as u8)).or(self.ecn);
    }
}

const GRO: (i32, i32) = (cmsg::UDP_GRO.level(), cmsg::UDP_GRO.number());
const TOS: (i32, i32) = (cmsg::IP_TOS.level(), cmsg::IP_TOS.number());
const TCLASS: (i32, i32) = (cmsg::IPV6_TCLASS.level(), cmsg::IPV6_TCLASS.number());
