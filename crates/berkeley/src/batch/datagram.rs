//! Walking over received datagrams.

use std::fmt;
use std::iter::{FusedIterator, Zip};
use std::slice::{self, ChunksExact};

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
    left: usize,
    /// The slot that the last one came from.
    slot: Option<&'a Slot>,
    ecn: Option<Ecn>,
    /// Of that the bytes that there was room for, how many came, and how many each datagram is.
    room: &'a [u8],
    whole: usize,
    segment: usize,
}

type Slots<'a> = Zip<Zip<slice::Iter<'a, Slot>, slice::Iter<'a, Told>>, ChunksExact<'a, u8>>;

impl<'a> Datagrams<'a> {
    /// So many datagrams of this memory, of which this was told.
    pub(super) fn new(inbox: &'a Inbox, told: &'a [Told], left: usize) -> Datagrams<'a> {
        let memory = inbox.memory().chunks_exact(inbox.each());
        let slots = inbox.slots().iter().zip(told).zip(memory);
        Datagrams { slots, left, slot: None, ecn: None, room: &[], whole: 0, segment: 0 }
    }

    /// Goes on to the next slot.
    fn turn(&mut self) -> Option<()> {
        let ((slot, told), room) = self.slots.next()?;
        self.slot = Some(slot);
        self.whole = slot.arrived.whole_len().unwrap_or(room.len());
        self.segment = told.segment.unwrap_or(usize::MAX);
        (self.ecn, self.room) = (told.ecn, room);
        Some(())
    }
}

impl<'a> Iterator for Datagrams<'a> {
    type Item = Datagram<'a>;

    #[inline]
    fn next(&mut self) -> Option<Datagram<'a>> {
        self.left = self.left.checked_sub(1)?;
        if self.whole == 0 {
            self.turn()?;
        }
        let slot = self.slot?;
        let whole_len = self.segment.min(self.whole);
        // Of what did not fit there is the beginning, or nothing.
        let (data, room) = self.room.split_at_checked(whole_len).unwrap_or((self.room, &[]));
        self.room = room;
        self.whole -= whole_len;
        Some(Datagram { slot, data, whole_len, ecn: self.ecn })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
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
        if let Some(size) = message.get(cmsg::UDP_GRO) {
            told.segment = usize::try_from(size).ok();
        } else if let Some(class) = message.get(cmsg::IP_TOS).or(message.get(cmsg::IPV6_TCLASS)) {
            told.ecn = Some(Ecn::from_bits((class & 3) as u8));
        }
    }
    told
}
