//! What options of packet sockets hold.

use super::ip::interface_shown;
use super::records::{hex, named, record_values, records};
use super::{Codec, Value};
use crate::sys::c;
use crate::sys::layout::Plain;
use crate::sys::structs::packet_mreq;

named! {
    /// What an interface shall receive beside what is sent to it.
    ///
    /// See `packet(7)`.
    #[doc(alias("PACKET_MR_PROMISC", "PACKET_MR_MULTICAST"))]
    PacketMode, "mode" {
        /// What is sent to one group. `PACKET_MR_MULTICAST`
        MULTICAST = c::PACKET_MR_MULTICAST, "multicast";
        /// Everything that is on the wire. `PACKET_MR_PROMISC`
        PROMISCUOUS = c::PACKET_MR_PROMISC, "promiscuous";
        /// What is sent to any group. `PACKET_MR_ALLMULTI`
        ALL_MULTICAST = c::PACKET_MR_ALLMULTI, "all-multicast";
        /// What is sent to one more address of its own. `PACKET_MR_UNICAST`
        UNICAST = c::PACKET_MR_UNICAST, "unicast";
    }
    /// The form of a packet's header in a ring.
    ///
    /// See `packet(7)`.
    #[doc(alias("TPACKET_V1", "TPACKET_V2", "TPACKET_V3"))]
    PacketVersion, "version" {
        /// With a `long`. `TPACKET_V1`
        V1 = 0, "v1";
        /// The same on every platform. `TPACKET_V2`
        V2 = 1, "v2";
        /// In blocks of several packets. `TPACKET_V3`
        V3 = 2, "v3";
    }
    /// How packets are shared out among the sockets of a group.
    ///
    /// See `packet(7)`, `PACKET_FANOUT`.
    FanoutMode, "mode" {
        /// By what belongs together. `PACKET_FANOUT_HASH`
        HASH = 0, "hash";
        /// In turn. `PACKET_FANOUT_LB`
        TURN = 1, "turn";
        /// By the processor it came to. `PACKET_FANOUT_CPU`
        CPU = 2, "cpu";
        /// All to the first, until it is full. `PACKET_FANOUT_ROLLOVER`
        ROLLOVER = 3, "rollover";
        /// By chance. `PACKET_FANOUT_RND`
        RANDOM = 4, "random";
        /// By the device's queue. `PACKET_FANOUT_QM`
        QUEUE = 5, "queue";
        /// By a classic BPF program. `PACKET_FANOUT_CBPF`
        CBPF = 6, "cbpf";
        /// By an extended BPF program. `PACKET_FANOUT_EBPF`
        EBPF = 7, "ebpf";
    }
}

/// What an interface shall receive for this socket.
///
/// ```
/// use berkeley::opt::{Codec, PacketMembership, PacketMode};
/// let member = PacketMembership {
///     interface: 1,
///     mode: PacketMode::MULTICAST,
///     address: vec![1, 0, 0x5e, 0, 0, 1],
/// };
/// assert_eq!(PacketMembership::decode(&PacketMembership::encode(member.clone())), Some(member));
/// ```
///
/// See `packet(7)`.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias = "packet_mreq")]
pub struct PacketMembership {
    /// The number of the interface.
    pub interface: u32,
    /// What it shall receive.
    pub mode: PacketMode,
    /// The hardware address, of modes that need one; 8 bytes at most.
    pub address: Vec<u8>,
}

impl Codec for PacketMembership {
    type Value = PacketMembership;
    type Bytes = [u8; packet_mreq::SIZE];
    const FORM: &'static str = "interface and mode";
    const ROOM: usize = packet_mreq::SIZE;

    fn encode(value: PacketMembership) -> Self::Bytes {
        let mut bytes = [0; packet_mreq::SIZE];
        let mut address = [0; 8];
        for (to, from) in address.iter_mut().zip(&value.address) {
            *to = *from;
        }
        packet_mreq::mr_ifindex.put(&mut bytes, value.interface as i32);
        packet_mreq::mr_type.put(&mut bytes, value.mode.number() as u16);
        // One that is too long is refused by the kernel.
        let len = u16::try_from(value.address.len()).unwrap_or(u16::MAX);
        packet_mreq::mr_alen.put(&mut bytes, len);
        packet_mreq::mr_address.put(&mut bytes, address);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<PacketMembership> {
        let len = usize::from(packet_mreq::mr_alen.get(bytes)?);
        Some(PacketMembership {
            interface: packet_mreq::mr_ifindex.get(bytes)? as u32,
            mode: PacketMode::from(i32::from(packet_mreq::mr_type.get(bytes)?)),
            address: packet_mreq::mr_address.get(bytes)?.get(..len)?.to_vec(),
        })
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let PacketMembership { interface, mode, address } = Self::decode(bytes)?;
        Some(format!("{} {mode} {}", interface_shown(interface), hex(&address)))
    }
}

/// A group of packet sockets that share the packets.
///
/// ```
/// use berkeley::opt::{Codec, Fanout, FanoutMode};
/// let fanout = Fanout { group: 7, mode: FanoutMode::CPU, flags: 0 };
/// assert_eq!(Fanout::decode(&Fanout::encode(fanout)), Some(fanout));
/// ```
///
/// See `packet(7)`, `PACKET_FANOUT`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias = "fanout_args")]
pub struct Fanout {
    /// The number of the group, which its sockets agree on.
    pub group: u16,
    /// How the packets are shared out.
    pub mode: FanoutMode,
    /// `PACKET_FANOUT_FLAG_ROLLOVER`, `PACKET_FANOUT_FLAG_DEFRAG` and others.
    pub flags: u16,
}

impl Codec for Fanout {
    type Value = Fanout;
    type Bytes = [u8; 4];
    const FORM: &'static str = "group and mode";
    const ROOM: usize = 4;

    fn encode(value: Fanout) -> [u8; 4] {
        let mode = (value.mode.number() as u16 & 0xff) | value.flags;
        (u32::from(mode) << 16 | u32::from(value.group)).to_ne_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Fanout> {
        let all = u32::read(bytes)?;
        let mode = (all >> 16) as u16;
        Some(Fanout {
            group: all as u16,
            mode: FanoutMode::from(i32::from(mode & 0xff)),
            flags: mode & !0xff,
        })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let Fanout { group, mode, flags } = Self::decode(bytes)?;
        Some(format!("group {group}, by {mode}, flags {flags:#x}"))
    }
}

records! {
    /// How many packets have come since the last reading.
    ///
    /// See `packet(7)`, `PACKET_STATISTICS`.
    #[doc(alias = "tpacket_stats_v3")]
    PacketStatistics = tpacket_stats_v3, "packets" {
        /// All of them.
        packets: u32 = tp_packets,
        /// Those for which there was no room.
        drops: u32 = tp_drops,
    } + newer {
        /// How often the ring was full; with version 3 of the ring alone.
        freezes: u32 = tp_freeze_q_cnt,
    }
    /// How many packets have gone to another socket of the group.
    ///
    /// See `packet(7)`, `PACKET_FANOUT`.
    #[doc(alias = "tpacket_rollover_stats")]
    RolloverStatistics = tpacket_rollover_stats, "packets" {
        /// All of them.
        all: u64 = tp_all,
        /// Those of a flow that is large.
        huge: u64 = tp_huge,
        /// Those for which no socket had room.
        failed: u64 = tp_failed,
    }
    /// How large a ring of packets shall be.
    ///
    /// See `packet(7)`, `PACKET_RX_RING`.
    #[doc(alias = "tpacket_req")]
    RingSize = tpacket_req, "sizes" {
        /// The size of a block, in bytes.
        block_size: u32 = tp_block_size,
        /// How many blocks.
        blocks: u32 = tp_block_nr,
        /// The size of a frame, in bytes.
        frame_size: u32 = tp_frame_size,
        /// How many frames in all.
        frames: u32 = tp_frame_nr,
    }
}

record_values! { Fanout { group, mode, flags } }
