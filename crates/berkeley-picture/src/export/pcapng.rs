//! For Wireshark: packets as they could have been, made from the calls.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use etherparse::{PacketBuilder, PacketBuilderStep, TcpHeader};
use pcap_file::DataLink;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::section_header::{SectionHeaderBlock, SectionHeaderOption};

use super::epoch;
use crate::model::{Call, LinkKind, Socket, Trace};
use crate::ops::Way;
use crate::record::Nanos;
use crate::say;

/// As much as a segment of loopback has, so that few sends are cut.
const SEGMENT: u64 = 65_000;
/// How many segments are made of one call.
const MOST: usize = 256;

/// The calls of TCP and UDP sockets as packets, for Wireshark: a file of the form pcapng (bytes).
///
/// No network was listened to: the packets are made from the calls, and the file says so. They show
/// who sent which bytes when, and each names its call; sizes of segments, sequence numbers that
/// begin at zero, and the moments of acknowledgements are made up. Bytes that were not recorded are
/// cut off, as by a capture with a limit. Sockets of other families are left out.
///
/// ```
/// let bytes = berkeley_picture::pcapng(&berkeley_picture::Trace::default());
/// assert_eq!(bytes[..4], [0x0a, 0x0d, 0x0d, 0x0a]);
/// ```
pub fn pcapng(trace: &Trace) -> Vec<u8> {
    let mut packets = Packets {
        trace,
        shift: epoch(trace),
        ends: HashMap::new(),
        over: HashSet::new(),
        made: Vec::new(),
    };
    let linked: HashSet<usize> = trace
        .links
        .iter()
        .filter(|link| matches!(link.kind, LinkKind::Bytes { .. } | LinkKind::Datagram { .. }))
        .map(|link| link.to)
        .collect();
    for (index, call) in trace.calls.iter().enumerate() {
        let Some(socket) = call.socket else { continue };
        // What one end sent is not made again where the other received it.
        if !linked.contains(&index) {
            packets.call(socket, call);
        }
    }
    packets.made.sort_by_key(|packet| packet.at);
    // A vector takes all that is written to it.
    write(&packets.made).unwrap_or_default()
}

/// A packet, and the call that it was made from.
struct Packet {
    at: Nanos,
    bytes: Vec<u8>,
    len: u32,
    comment: String,
}

struct Packets<'a> {
    trace: &'a Trace,
    shift: Nanos,
    /// How far each direction is, by source and destination.
    ends: HashMap<(SocketAddr, SocketAddr), u32>,
    /// The directions that have ended.
    over: HashSet<(SocketAddr, SocketAddr)>,
    made: Vec<Packet>,
}

impl Packets<'_> {
    fn call(&mut self, at: usize, call: &Call) {
        let Some(socket) = self.trace.sockets.get(at) else { return };
        let way = call.row().way;
        if call.row().plain {
            return;
        }
        if socket.is_tcp() {
            let Some((local, peer)) = address(&socket.local).zip(address(&socket.peer)) else {
                return;
            };
            self.tcp(socket, call, local, peer);
        } else if way != Way::No && call.errno.is_none() && call.bytes() > 0 {
            let named = if way == Way::Out { "addr" } else { "from" };
            let peer = call.word(named).and_then(|addr| addr.parse().ok());
            let peer = peer.or_else(|| address(&socket.peer));
            let Some((local, peer)) = address(&socket.local).zip(peer) else { return };
            let (from, to) = if way == Way::Out { (local, peer) } else { (peer, local) };
            let Some(step) = ip(from, to) else { return };
            let (payload, known) = payload(call, 0, call.bytes().min(SEGMENT));
            let mut bytes = Vec::new();
            let built = step.udp(from.port(), to.port());
            if built.write(&mut bytes, &payload).is_ok() {
                self.push(call, bytes, payload.len() - known);
            }
        }
    }

    fn tcp(&mut self, socket: &Socket, call: &Call, local: SocketAddr, peer: SocketAddr) {
        let none = (Vec::new(), 0);
        match (call.op.as_str(), call.row().way) {
            // The one who asks tells of the handshake; for one who was not recorded, who accepts.
            ("connect", _)
                if call.errno.is_none() || call.errno.as_deref() == Some("EINPROGRESS") =>
            {
                self.handshake(call, local, peer);
            }
            ("shutdown" | "close", _)
                if call.errno.is_none()
                    && call.word("how") != Some("SHUT_RD")
                    && self.over.insert((local, peer)) =>
            {
                self.segment(call, local, peer, "fin", none);
            }
            (_, Way::Out | Way::In) if call.errno.as_deref() == Some("ECONNRESET") => {
                self.segment(call, peer, local, "rst", none);
            }
            (_, way @ (Way::Out | Way::In)) if call.errno.is_none() => {
                let (from, to) = if way == Way::Out { (local, peer) } else { (peer, local) };
                if socket.from.is_some() && socket.other.is_none() {
                    self.handshake(call, peer, local);
                }
                let mut done = 0;
                for _ in 0..MOST {
                    let part = (call.bytes() - done).min(SEGMENT);
                    if part > 0 {
                        self.segment(call, from, to, "", payload(call, done, part));
                    }
                    done += part;
                }
                // What is too much to write down has gone all the same.
                if let Some(end) = self.ends.get_mut(&(from, to)) {
                    *end = end.wrapping_add((call.bytes() - done) as u32);
                }
            }
            _ => {}
        }
    }

    fn handshake(&mut self, call: &Call, from: SocketAddr, to: SocketAddr) {
        if self.ends.contains_key(&(from, to)) {
            return;
        }
        for (from, to, flags) in [(from, to, "syn"), (to, from, "syn"), (from, to, "")] {
            self.segment(call, from, to, flags, (Vec::new(), 0));
        }
    }

    fn segment(
        &mut self,
        call: &Call,
        from: SocketAddr,
        to: SocketAddr,
        flag: &str,
        (payload, known): (Vec<u8>, usize),
    ) {
        let mine = self.ends.get(&(from, to)).copied();
        let theirs = self.ends.get(&(to, from)).copied();
        let mut header = TcpHeader::new(from.port(), to.port(), mine.unwrap_or_default(), 65_535);
        header.syn = flag == "syn";
        header.fin = flag == "fin";
        header.rst = flag == "rst";
        header.psh = !payload.is_empty();
        header.ack = theirs.is_some();
        header.acknowledgment_number = theirs.unwrap_or_default();
        let len = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let len = len.wrapping_add(u32::from(header.syn || header.fin));
        self.ends.insert((from, to), mine.unwrap_or_default().wrapping_add(len));
        let Some(step) = ip(from, to) else { return };
        let mut bytes = Vec::new();
        if step.tcp_header(header).write(&mut bytes, &payload).is_ok() {
            self.push(call, bytes, payload.len() - known);
        }
    }

    fn push(&mut self, call: &Call, mut bytes: Vec<u8>, unknown: usize) {
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        bytes.truncate(bytes.len().saturating_sub(unknown));
        let thread = crate::draw::lanes::thread_name(self.trace, call.thread);
        let socket = self.trace.socket_of(call).map(|socket| socket.name.as_str());
        let said = say::call(self.trace, call);
        let comment = format!("synthetic, from {thread}: {}.{said}", socket.unwrap_or_default());
        // A send begins when it is called; what arrived had arrived at the end.
        let at = if call.row().way == Way::In { call.end } else { call.start };
        self.made.push(Packet { at: at.saturating_add(self.shift), bytes, len, comment });
    }
}

/// The bytes of a part of what a call moved, with zeros behind for those that were not recorded, and
/// how many are known.
fn payload(call: &Call, from: u64, len: u64) -> (Vec<u8>, usize) {
    let (from, len) =
        (usize::try_from(from).unwrap_or(usize::MAX), usize::try_from(len).unwrap_or_default());
    let known = call.data.get(from.min(call.data.len())..).unwrap_or_default();
    let known = known.get(..len.min(known.len())).unwrap_or_default();
    let mut bytes = known.to_vec();
    bytes.resize(len, 0);
    (bytes, known.len())
}

fn address(text: &Option<String>) -> Option<SocketAddr> {
    text.as_deref()?.parse().ok()
}

fn ip(from: SocketAddr, to: SocketAddr) -> Option<PacketBuilderStep<etherparse::IpHeaders>> {
    const HOPS: u8 = 64;
    match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            Some(PacketBuilder::ipv4(from.octets(), to.octets(), HOPS))
        }
        (from, to) => {
            let octets = |ip: IpAddr| match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                IpAddr::V6(ip) => ip.octets(),
            };
            Some(PacketBuilder::ipv6(octets(from), octets(to), HOPS))
        }
    }
}

fn write(packets: &[Packet]) -> pcap_file::PcapResult<Vec<u8>> {
    let note = "Synthetic: made from recorded socket calls, not captured from a network.";
    let section = SectionHeaderBlock {
        options: vec![
            SectionHeaderOption::Comment(Cow::Borrowed(note)),
            SectionHeaderOption::UserApplication(Cow::Borrowed("berkeley trace export")),
        ],
        ..SectionHeaderBlock::default()
    };
    let mut writer = PcapNgWriter::with_section_header(Vec::new(), section)?;
    writer.write_pcapng_block(InterfaceDescriptionBlock {
        linktype: DataLink::RAW,
        snaplen: 0,
        options: vec![
            InterfaceDescriptionOption::IfName(Cow::Borrowed("synthetic")),
            // Nanoseconds.
            InterfaceDescriptionOption::IfTsResol(9),
        ],
    })?;
    for packet in packets {
        writer.write_pcapng_block(EnhancedPacketBlock {
            interface_id: 0,
            timestamp: Duration::from_nanos(u64::try_from(packet.at).unwrap_or_default()),
            original_len: packet.len,
            data: Cow::Borrowed(&packet.bytes),
            options: vec![EnhancedPacketOption::Comment(Cow::Borrowed(&packet.comment))],
        })?;
    }
    Ok(writer.into_inner())
}
