//! What options of the socket's own level hold beside numbers: times of packets, memory, locks.

use super::records::{Bits, Named, flags, named, record_values, records};
use super::{Codec, Value};
use crate::sys::c;
use crate::sys::layout::Plain;

flags! {
    /// Which packets bear timestamps, and which.
    ///
    /// See the kernel's documentation of timestamping.
    #[doc(alias("SOF_TIMESTAMPING_TX_SOFTWARE", "SOF_TIMESTAMPING_RX_HARDWARE"))]
    Timestamping: u32, "timestamps" {
        /// Make one when the device sends. `SOF_TIMESTAMPING_TX_HARDWARE`
        TX_HARDWARE = 1;
        /// Make one when the kernel gives a packet to the device. `SOF_TIMESTAMPING_TX_SOFTWARE`
        TX_SOFTWARE = 1 << 1;
        /// Make one when the device receives. `SOF_TIMESTAMPING_RX_HARDWARE`
        RX_HARDWARE = 1 << 2;
        /// Make one when the kernel receives. `SOF_TIMESTAMPING_RX_SOFTWARE`
        RX_SOFTWARE = 1 << 3;
        /// Tell those of the kernel. `SOF_TIMESTAMPING_SOFTWARE`
        SOFTWARE = 1 << 4;
        /// No longer used. `SOF_TIMESTAMPING_SYS_HARDWARE`
        SYS_HARDWARE = 1 << 5;
        /// Tell those of the device. `SOF_TIMESTAMPING_RAW_HARDWARE`
        RAW_HARDWARE = 1 << 6;
        /// Number the packets. `SOF_TIMESTAMPING_OPT_ID`
        OPT_ID = 1 << 7;
        /// Make one when a packet enters the queue. `SOF_TIMESTAMPING_TX_SCHED`
        TX_SCHED = 1 << 8;
        /// Make one when all bytes are acknowledged. `SOF_TIMESTAMPING_TX_ACK`
        TX_ACK = 1 << 9;
        /// Tell the interface with each. `SOF_TIMESTAMPING_OPT_CMSG`
        OPT_CMSG = 1 << 10;
        /// Do not send the packet back with it. `SOF_TIMESTAMPING_OPT_TSONLY`
        OPT_TSONLY = 1 << 11;
        /// Tell TCP's counters with it. `SOF_TIMESTAMPING_OPT_STATS`
        OPT_STATS = 1 << 12;
        /// Tell the device and length of those of the device. `SOF_TIMESTAMPING_OPT_PKTINFO`
        OPT_PKTINFO = 1 << 13;
        /// Make both kinds of one packet. `SOF_TIMESTAMPING_OPT_TX_SWHW`
        OPT_TX_SWHW = 1 << 14;
        /// Use a certain clock of the device. `SOF_TIMESTAMPING_BIND_PHC`
        BIND_PHC = 1 << 15;
        /// Number TCP's bytes from where the option was set. `SOF_TIMESTAMPING_OPT_ID_TCP`
        OPT_ID_TCP = 1 << 16;
        /// Tell only those that were asked for. `SOF_TIMESTAMPING_OPT_RX_FILTER`
        OPT_RX_FILTER = 1 << 17;
        /// Make one when the device says that it has sent. `SOF_TIMESTAMPING_TX_COMPLETION`
        TX_COMPLETION = 1 << 18;
    }
    /// How packets with a time to be sent at are treated.
    #[doc(alias("SOF_TXTIME_DEADLINE_MODE", "SOF_TXTIME_REPORT_ERRORS"))]
    TxTimeFlags: u32, "flags" {
        /// The time is a deadline: earlier is right. `SOF_TXTIME_DEADLINE_MODE`
        DEADLINE_MODE = 1;
        /// Packets that miss it are told in the queue of errors. `SOF_TXTIME_REPORT_ERRORS`
        REPORT_ERRORS = 2;
    }
    /// Which of a socket's buffers no longer change their size by themselves.
    #[doc(alias("SOCK_SNDBUF_LOCK", "SOCK_RCVBUF_LOCK"))]
    BufferLocks: i32, "buffers" {
        /// The one to send from.
        SEND = 1;
        /// The one to receive into.
        RECEIVE = 2;
    }
}

named! {
    /// A clock of the system.
    ///
    /// See `clock_gettime(2)`.
    #[doc(alias("CLOCK_MONOTONIC", "CLOCK_TAI", "clockid_t"))]
    Clock, "clock" {
        /// The time of day.
        REALTIME = c::CLOCK_REALTIME, "realtime";
        /// Since some point; it never jumps.
        MONOTONIC = c::CLOCK_MONOTONIC, "monotonic";
        /// The time of day without leap seconds.
        TAI = c::CLOCK_TAI, "tai";
    }
}

records! {
    /// By which clock packets are sent at a time that a control message says.
    ///
    /// See `SO_TXTIME` in the kernel's documentation.
    #[doc(alias = "sock_txtime")]
    TxTime = sock_txtime, "clock and flags" {
        /// The clock.
        clock: Clock as Named<Clock> = clockid,
        /// What happens to those that are late.
        flags: TxTimeFlags as Bits<TxTimeFlags> = flags,
    }
}

/// How much memory a socket uses, all in bytes but the last.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, opt};
///
/// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
/// assert_eq!(sock.get(opt::SO_MEMINFO)?.receive_buffer as usize, sock.get(opt::SO_RCVBUF)?);
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[doc(alias("SK_MEMINFO_VARS", "SK_MEMINFO_RMEM_ALLOC"))]
pub struct MemInfo {
    /// What waits to be received.
    pub receive_used: u32,
    /// How much may wait.
    pub receive_buffer: u32,
    /// What is being sent.
    pub send_used: u32,
    /// How much may be.
    pub send_buffer: u32,
    /// What is set aside for the future.
    pub reserved: u32,
    /// What waits to be sent.
    pub send_queued: u32,
    /// What options use.
    pub options: u32,
    /// What has come and not been looked at yet.
    pub backlog: u32,
    /// How many packets have been dropped.
    pub drops: u32,
}

impl Codec for MemInfo {
    type Value = MemInfo;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "bytes each";
    const ROOM: usize = 36;

    fn encode(value: MemInfo) -> Vec<u8> {
        let MemInfo {
            receive_used,
            receive_buffer,
            send_used,
            send_buffer,
            reserved,
            send_queued,
            options,
            backlog,
            drops,
        } = value;
        let all = [receive_used, receive_buffer, send_used, send_buffer, reserved];
        let all = all.into_iter().chain([send_queued, options, backlog, drops]);
        all.flat_map(u32::to_ne_bytes).collect()
    }

    /// An older kernel tells fewer; the rest are zero.
    fn decode(bytes: &[u8]) -> Option<MemInfo> {
        let mut all = bytes.chunks_exact(4).map_while(u32::read);
        Some(MemInfo {
            receive_used: all.next()?,
            receive_buffer: all.next()?,
            send_used: all.next()?,
            send_buffer: all.next()?,
            reserved: all.next().unwrap_or_default(),
            send_queued: all.next().unwrap_or_default(),
            options: all.next().unwrap_or_default(),
            backlog: all.next().unwrap_or_default(),
            drops: all.next().unwrap_or_default(),
        })
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        let info = Self::decode(bytes)?;
        let receive = format!("receive {} of {}", info.receive_used, info.receive_buffer);
        let send = format!("send {} of {}", info.send_used, info.send_buffer);
        Some(format!("{receive}, {send}, backlog {}, drops {}", info.backlog, info.drops))
    }
}

record_values! {
    MemInfo {
        receive_used, receive_buffer, send_used, send_buffer, reserved, send_queued, options,
        backlog, drops,
    }
}
