//! What TCP tells of a connection, and what else its options hold.

use std::fmt;
use std::time::Duration;

use super::Codec;
use super::records::{
    Bits, Ms, Named, Packed, Packs, Sockaddr, Unit, Us, flags, named, record_values, records,
};
use crate::addr::Addr;
use crate::sys::structs::tcp_md5sig;

named! {
    /// The state of a TCP connection.
    ///
    /// See RFC 9293, section 3.3.2.
    #[doc(alias("TCP_ESTABLISHED", "TCP_LISTEN"))]
    TcpState, "state" {
        /// Both sides send and receive.
        ESTABLISHED = 1, "established";
        /// The request to connect has been sent.
        SYN_SENT = 2, "syn-sent";
        /// The request to connect has been received and answered.
        SYN_RECEIVED = 3, "syn-received";
        /// This side has ended, and the peer has not acknowledged it.
        FIN_WAIT_1 = 4, "fin-wait-1";
        /// This side has ended, and the peer has acknowledged it.
        FIN_WAIT_2 = 5, "fin-wait-2";
        /// Both have ended; late packets are waited for.
        TIME_WAIT = 6, "time-wait";
        /// There is no connection.
        CLOSE = 7, "closed";
        /// The peer has ended.
        CLOSE_WAIT = 8, "close-wait";
        /// The peer has ended, and this side after it.
        LAST_ACK = 9, "last-ack";
        /// The socket listens.
        LISTEN = 10, "listen";
        /// Both have ended at the same time.
        CLOSING = 11, "closing";
    }
    /// What congestion control makes of losses.
    #[doc(alias("TCP_CA_Open", "tcp_ca_state"))]
    CongestionState, "state" {
        /// All is well.
        OPEN = 0, "open";
        /// Something has been acknowledged out of order.
        DISORDER = 1, "disorder";
        /// A router or a full queue has said that there is congestion.
        CWR = 2, "cwr";
        /// Something was lost and is sent again.
        RECOVERY = 3, "recovery";
        /// A timeout has passed without an acknowledgement.
        LOSS = 4, "loss";
    }
    /// Whether a connection is being moved between machines.
    #[doc(alias("TCP_REPAIR_ON", "TCP_REPAIR_OFF"))]
    Repair, "on, off, or off without a probe" {
        /// The socket is a connection, sends nothing, and what it is can be read and set.
        ON = 1, "on";
        /// It goes on as a connection, and probes the peer.
        OFF = 0, "off";
        /// It goes on without a probe. `TCP_REPAIR_OFF_NO_WP`
        OFF_SILENTLY = -1, "off-silently";
    }
    /// The queue of a connection that is being moved.
    #[doc(alias("TCP_RECV_QUEUE", "TCP_SEND_QUEUE"))]
    TcpQueue, "queue" {
        /// None. `TCP_NO_QUEUE`
        NONE = 0, "none";
        /// What has been received. `TCP_RECV_QUEUE`
        RECEIVE = 1, "receive";
        /// What is to be sent. `TCP_SEND_QUEUE`
        SEND = 2, "send";
    }
}

flags! {
    /// What both sides of a connection have agreed on.
    #[doc(alias("TCPI_OPT_TIMESTAMPS", "TCPI_OPT_SACK"))]
    TcpOptions: u8, "options" {
        /// Timestamps, RFC 7323.
        TIMESTAMPS = 1;
        /// Selective acknowledgements, RFC 2018.
        SACK = 2;
        /// Windows beyond 64 KiB, RFC 7323.
        WINDOW_SCALE = 4;
        /// Congestion is notified, RFC 3168.
        ECN = 8;
        /// A packet has come that could have said so.
        ECN_SEEN = 16;
        /// Data in the first packet was acknowledged, RFC 7413.
        SYN_DATA = 32;
        /// A timestamp in microseconds.
        USEC_TIMESTAMPS = 64;
    }
}

records! {
    /// What the kernel knows of a TCP connection.
    ///
    /// A field behind `total_retransmits` is `None` if the kernel is too old to tell it.
    ///
    /// See `tcp(7)`, `TCP_INFO`.
    #[doc(alias = "tcp_info")]
    TcpInfo = tcp_info, "what TCP knows" {
        /// The state.
        state: TcpState as Named<TcpState> = tcpi_state,
        /// What congestion control makes of losses.
        congestion: CongestionState as Named<CongestionState> = tcpi_ca_state,
        /// How often the oldest segment has been sent again without an answer.
        retransmits: u8 = tcpi_retransmits,
        /// How many probes of a closed window or an idle peer have not been answered.
        probes: u8 = tcpi_probes,
        /// How often the timeout has been doubled.
        backoff: u8 = tcpi_backoff,
        /// What both sides have agreed on.
        options: TcpOptions as Bits<TcpOptions> = tcpi_options,
        /// By what the windows in packets are to be multiplied.
        window_scales: WindowScales as Packs<WindowScales> = _tcpi_wscale,
        /// What limits the delivery rate, and what became of data in the first packet.
        delivery: DeliveryFlags as Packs<DeliveryFlags> = _tcpi_app_limited,
        /// After how long without an acknowledgement data is sent again.
        rto: Duration as Us = tcpi_rto,
        /// How long an acknowledgement may be delayed.
        ato: Duration as Us = tcpi_ato,
        /// The largest segment sent, in bytes.
        send_mss: u32 = tcpi_snd_mss,
        /// The largest segment received, in bytes.
        receive_mss: u32 = tcpi_rcv_mss,
        /// How many segments are sent and not acknowledged; how many connections wait to be
        /// accepted, if the socket listens.
        unacked: u32 = tcpi_unacked,
        /// How many of them the peer has beyond a gap; how many connections may wait, if the
        /// socket listens.
        sacked: u32 = tcpi_sacked,
        /// How many are taken for lost, in segments.
        lost: u32 = tcpi_lost,
        /// How many are sent again and not acknowledged, in segments.
        retransmitting: u32 = tcpi_retrans,
        /// No longer used by the kernel.
        forward_acked: u32 = tcpi_fackets,
        /// How long ago data was sent.
        last_data_sent: Duration as Ms = tcpi_last_data_sent,
        /// Never told.
        last_ack_sent: Duration as Ms = tcpi_last_ack_sent,
        /// How long ago data was received.
        last_data_received: Duration as Ms = tcpi_last_data_recv,
        /// How long ago an acknowledgement was received.
        last_ack_received: Duration as Ms = tcpi_last_ack_recv,
        /// The largest packet of the path, in bytes.
        path_mtu: u32 = tcpi_pmtu,
        /// How large the receive window may become at once, in bytes.
        receive_ssthresh: u32 = tcpi_rcv_ssthresh,
        /// The time there and back, smoothed.
        rtt: Duration as Us = tcpi_rtt,
        /// How much that time varies.
        rtt_variance: Duration as Us = tcpi_rttvar,
        /// From which window on it grows slowly, in segments.
        send_ssthresh: u32 = tcpi_snd_ssthresh,
        /// The congestion window, in segments.
        congestion_window: u32 = tcpi_snd_cwnd,
        /// The largest segment that the peer was told of, in bytes.
        advertised_mss: u32 = tcpi_advmss,
        /// How far out of order segments may come without being taken for lost, in segments.
        reordering: u32 = tcpi_reordering,
        /// The time there and back as the receiver sees it; zero if it does not.
        receive_rtt: Duration as Us = tcpi_rcv_rtt,
        /// How much the application reads in that time, in bytes.
        receive_space: u32 = tcpi_rcv_space,
        /// How many segments have been sent again in all.
        total_retransmits: u32 = tcpi_total_retrans,
    } + newer {
        /// How fast the kernel sends, in bytes per second; `u64::MAX` is without a limit.
        pacing_rate: u64 = tcpi_pacing_rate,
        /// How fast it may send, in bytes per second; `u64::MAX` is without a limit.
        max_pacing_rate: u64 = tcpi_max_pacing_rate,
        /// How many bytes have been acknowledged. Linux 4.1
        bytes_acked: u64 = tcpi_bytes_acked,
        /// How many bytes have been received. Linux 4.1
        bytes_received: u64 = tcpi_bytes_received,
        /// How many segments have been sent. Linux 4.2
        segments_out: u32 = tcpi_segs_out,
        /// How many segments have been received. Linux 4.2
        segments_in: u32 = tcpi_segs_in,
        /// How many bytes wait to be sent. Linux 4.6
        unsent_bytes: u32 = tcpi_notsent_bytes,
        /// The shortest time there and back; `u32::MAX` microseconds before the first. Linux 4.6
        min_rtt: Duration as Us = tcpi_min_rtt,
        /// How many segments with data have been received. Linux 4.6
        data_segments_in: u32 = tcpi_data_segs_in,
        /// How many segments with data have been sent. Linux 4.6
        data_segments_out: u32 = tcpi_data_segs_out,
        /// How fast data has arrived at the peer, in bytes per second. Linux 4.9
        delivery_rate: u64 = tcpi_delivery_rate,
        /// How long there was something to send. Linux 4.10
        busy_time: Duration as Us = tcpi_busy_time,
        /// How long the peer's window was in the way. Linux 4.10
        receive_window_limited: Duration as Us = tcpi_rwnd_limited,
        /// How long the send buffer was in the way. Linux 4.10
        send_buffer_limited: Duration as Us = tcpi_sndbuf_limited,
        /// How many segments have arrived, also those sent twice. Linux 4.18
        delivered: u32 = tcpi_delivered,
        /// How many of them met congestion. Linux 4.18
        delivered_ce: u32 = tcpi_delivered_ce,
        /// How many bytes have been sent, also those sent twice. Linux 4.19
        bytes_sent: u64 = tcpi_bytes_sent,
        /// How many bytes have been sent again. Linux 4.19
        bytes_retransmitted: u64 = tcpi_bytes_retrans,
        /// How many segments came to the peer twice. Linux 4.19
        duplicate_sacks: u32 = tcpi_dsack_dups,
        /// How often segments came out of order. Linux 4.19
        reorderings_seen: u32 = tcpi_reord_seen,
        /// How many segments have been received out of order. Linux 5.4
        out_of_order: u32 = tcpi_rcv_ooopack,
        /// The peer's window, in bytes. Linux 5.4
        send_window: u32 = tcpi_snd_wnd,
        /// This side's window, in bytes. Linux 6.2
        receive_window: u32 = tcpi_rcv_wnd,
        /// How often another path was tried after a timeout. Linux 6.2
        rehashes: u32 = tcpi_rehash,
        /// How many timeouts there have been. Linux 6.7
        timeouts: u16 = tcpi_total_rto,
        /// How many times a connection went on after some. Linux 6.7
        timeout_recoveries: u16 = tcpi_total_rto_recoveries,
        /// How long all those took. Linux 6.7
        timeout_time: Duration as Ms = tcpi_total_rto_time,
        /// How many segments have been received that met congestion. Linux 6.18
        received_ce: u32 = tcpi_received_ce,
        /// How many bytes came to the peer marked ECT(1). Linux 6.18
        delivered_e1_bytes: u32 = tcpi_delivered_e1_bytes,
        /// How many bytes came to the peer marked ECT(0). Linux 6.18
        delivered_e0_bytes: u32 = tcpi_delivered_e0_bytes,
        /// How many bytes came to the peer marked CE. Linux 6.18
        delivered_ce_bytes: u32 = tcpi_delivered_ce_bytes,
        /// How many bytes have been received marked ECT(1). Linux 6.18
        received_e1_bytes: u32 = tcpi_received_e1_bytes,
        /// How many bytes have been received marked ECT(0). Linux 6.18
        received_e0_bytes: u32 = tcpi_received_e0_bytes,
        /// How many bytes have been received marked CE. Linux 6.18
        received_ce_bytes: u32 = tcpi_received_ce_bytes,
    }
    /// The windows of a connection that is being moved.
    ///
    /// See `tcp(7)`, `TCP_REPAIR`.
    #[doc(alias = "tcp_repair_window")]
    RepairWindow = tcp_repair_window, "windows" {
        /// The segment that last changed the peer's window.
        send_wl1: u32 = snd_wl1,
        /// The peer's window, in bytes.
        send_window: u32 = snd_wnd,
        /// The largest that it was, in bytes.
        max_window: u32 = max_window,
        /// This side's window, in bytes.
        receive_window: u32 = rcv_wnd,
        /// Up to where that window was last told.
        receive_wup: u32 = rcv_wup,
    }
    /// What both sides of a connection that is being moved had agreed on.
    ///
    /// See `tcp(7)`, `TCP_REPAIR`.
    #[doc(alias = "tcp_repair_opt")]
    RepairOption = tcp_repair_opt, "option" {
        /// The kind of option, as in TCP's header.
        kind: u32 = opt_code,
        /// Its value.
        value: u32 = opt_val,
    }
}

/// By which powers of two the windows in the headers of packets are to be multiplied.
///
/// ```
/// use berkeley::opt::WindowScales;
/// assert_eq!(WindowScales { send: 7, receive: 9 }.to_string(), "7 and 9");
/// ```
///
/// See RFC 7323.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct WindowScales {
    /// The peer's.
    pub send: u8,
    /// This side's.
    pub receive: u8,
}

impl fmt::Display for WindowScales {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} and {}", self.send, self.receive)
    }
}

/// What limits a connection's delivery rate, and what became of data in its first packet.
///
/// ```
/// use berkeley::opt::DeliveryFlags;
/// let flags = DeliveryFlags { app_limited: true, fast_open_failure: 0 };
/// assert_eq!(flags.to_string(), "limited by the application");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct DeliveryFlags {
    /// The application did not send more, so that the path could be faster. Linux 4.9
    pub app_limited: bool,
    /// Why data in the first packet was not taken: 0 it was or there was none, 1 there was no
    /// cookie, 2 the peer did not acknowledge it, 3 the packet was sent again. Linux 5.5
    pub fast_open_failure: u8,
}

impl fmt::Display for DeliveryFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.app_limited { "limited by the application" } else { "not limited" })?;
        match self.fast_open_failure {
            0 => Ok(()),
            why => write!(f, ", no fast open ({why})"),
        }
    }
}

/// A key that segments of a peer are signed with; without one, the peer is trusted again.
///
/// `Debug` does not show the key.
///
/// ```
/// use berkeley::opt::TcpSignature;
/// let signed = TcpSignature::new("192.0.2.1:0".parse()?, "swordfish");
/// assert!(!format!("{signed:?}").contains("swordfish"));
/// # Ok::<(), berkeley::AddrError>(())
/// ```
///
/// See RFC 2385.
#[derive(Clone, PartialEq, Eq)]
#[doc(alias = "tcp_md5sig")]
pub struct TcpSignature {
    /// The peer; its port is not looked at.
    pub peer: Addr,
    /// How many bits of the address count; `TCP_MD5SIG_EXT` looks at it alone.
    pub prefix: Option<u8>,
    /// The interface that the key is for; `TCP_MD5SIG_EXT` looks at it alone.
    pub interface: Option<u32>,
    /// The key, 80 bytes at most; what is longer is refused by the kernel.
    pub key: Vec<u8>,
}

impl TcpSignature {
    /// A key for this peer.
    ///
    /// ```
    /// use berkeley::opt::TcpSignature;
    /// let none = TcpSignature::new("192.0.2.1:0".parse()?, "");
    /// assert!(none.key.is_empty());
    /// # Ok::<(), berkeley::AddrError>(())
    /// ```
    pub fn new(peer: Addr, key: impl Into<Vec<u8>>) -> TcpSignature {
        TcpSignature { peer, prefix: None, interface: None, key: key.into() }
    }
}

impl fmt::Debug for TcpSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpSignature")
            .field("peer", &self.peer)
            .field("prefix", &self.prefix)
            .field("interface", &self.interface)
            .finish_non_exhaustive()
    }
}

impl Codec for TcpSignature {
    type Value = TcpSignature;
    type Bytes = [u8; tcp_md5sig::SIZE];
    const FORM: &'static str = "peer and key, never shown";
    const ROOM: usize = tcp_md5sig::SIZE;

    fn encode(value: TcpSignature) -> Self::Bytes {
        let mut bytes = [0; tcp_md5sig::SIZE];
        let mut key = [0; 80];
        for (to, from) in key.iter_mut().zip(&value.key) {
            *to = *from;
        }
        let flags = u8::from(value.prefix.is_some()) | u8::from(value.interface.is_some()) << 1;
        tcp_md5sig::tcpm_addr.put(&mut bytes, Sockaddr::write(Some(value.peer)));
        tcp_md5sig::tcpm_flags.put(&mut bytes, flags);
        tcp_md5sig::tcpm_prefixlen.put(&mut bytes, value.prefix.unwrap_or_default());
        let len = u16::try_from(value.key.len()).unwrap_or(u16::MAX);
        tcp_md5sig::tcpm_keylen.put(&mut bytes, len);
        tcp_md5sig::tcpm_ifindex.put(&mut bytes, value.interface.unwrap_or_default() as i32);
        tcp_md5sig::tcpm_key.put(&mut bytes, key);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<TcpSignature> {
        let flags = tcp_md5sig::tcpm_flags.get(bytes)?;
        let prefix = tcp_md5sig::tcpm_prefixlen.get(bytes)?;
        let interface = tcp_md5sig::tcpm_ifindex.get(bytes)? as u32;
        let len = usize::from(tcp_md5sig::tcpm_keylen.get(bytes)?);
        Some(TcpSignature {
            peer: Sockaddr::read(tcp_md5sig::tcpm_addr.get(bytes)?)?,
            prefix: (flags & 1 != 0).then_some(prefix),
            interface: (flags & 2 != 0).then_some(interface),
            key: tcp_md5sig::tcpm_key.get(bytes)?.get(..len)?.to_vec(),
        })
    }
}

/// How far such bits are to be shifted. C puts the first field of a byte where the least
/// significant bits are, or, on platforms of the other order, the most significant ones.
const fn place(first: u32, width: u32) -> u32 {
    if cfg!(target_endian = "little") { first } else { 8 - first - width }
}

fn bits(byte: u8, first: u32, width: u32) -> u8 {
    (byte >> place(first, width)) & ((1 << width) - 1)
}

fn at(value: u8, first: u32, width: u32) -> u8 {
    (value & ((1 << width) - 1)) << place(first, width)
}

impl Packed for WindowScales {
    fn unpack(byte: u8) -> WindowScales {
        WindowScales { send: bits(byte, 0, 4), receive: bits(byte, 4, 4) }
    }

    fn pack(self) -> u8 {
        at(self.send, 0, 4) | at(self.receive, 4, 4)
    }
}

impl Packed for DeliveryFlags {
    fn unpack(byte: u8) -> DeliveryFlags {
        DeliveryFlags { app_limited: bits(byte, 0, 1) != 0, fast_open_failure: bits(byte, 1, 2) }
    }

    fn pack(self) -> u8 {
        at(self.app_limited.into(), 0, 1) | at(self.fast_open_failure, 1, 2)
    }
}

record_values! {
    WindowScales { send, receive }
    DeliveryFlags { app_limited, fast_open_failure }
}
