//! Echo requests and what comes back: control messages of IPv4 and IPv6 as values.
//!
//! A codec and no more: bytes in, values out. See RFC 792, RFC 4443 and, for the checksum,
//! RFC 1071.
//!
//! ```
//! use berkeley::icmp::{self, Message};
//!
//! let request = icmp::echo_request_v4(7, 1, b"are you there?");
//! assert_eq!(icmp::checksum(&request), 0);
//! let Some(Message::EchoRequest { id: 7, sequence: 1, data }) = icmp::parse_v4(&request) else {
//!     panic!();
//! };
//! assert_eq!(data, b"are you there?");
//! ```

/// A control message, as far as `ping` needs to know them.
///
/// ```
/// use berkeley::icmp::{Message, parse_v4};
///
/// let unreachable = [3, 3, 0, 0, 0, 0, 0, 0, 0x45];
/// let Some(Message::Other { kind: 3, code: 3, .. }) = parse_v4(&unreachable) else { panic!() };
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Message<'a> {
    /// A question whether the host is there.
    EchoRequest {
        /// Who asks; a ping socket's own number.
        id: u16,
        /// Which question it is.
        sequence: u16,
        /// What shall come back.
        data: &'a [u8],
    },
    /// The answer, with what the question had.
    EchoReply {
        /// Who had asked.
        id: u16,
        /// Which question it was.
        sequence: u16,
        /// What came back.
        data: &'a [u8],
    },
    /// Any other message, such as that the host cannot be reached.
    Other {
        /// The type, such as 3 (IPv4) or 1 (IPv6) for "unreachable".
        kind: u8,
        /// What more the type says.
        code: u8,
        /// What follows the first eight bytes: the beginning of the packet it is about.
        about: &'a [u8],
    },
}

/// An echo request of IPv4, with its checksum.
///
/// ```
/// let request = berkeley::icmp::echo_request_v4(1, 2, b"data");
/// assert_eq!(request[..2], [8, 0]);
/// ```
pub fn echo_request_v4(id: u16, sequence: u16, data: &[u8]) -> Vec<u8> {
    let [high, low] = checksum(&echo(8, [0; 2], id, sequence, data)).to_be_bytes();
    echo(8, [high, low], id, sequence, data)
}

/// An echo request of IPv6. The kernel fills its checksum in, which covers the addresses.
///
/// ```
/// let request = berkeley::icmp::echo_request_v6(1, 2, b"data");
/// assert_eq!(request[..4], [128, 0, 0, 0]);
/// ```
pub fn echo_request_v6(id: u16, sequence: u16, data: &[u8]) -> Vec<u8> {
    echo(128, [0; 2], id, sequence, data)
}

/// Reads a control message of IPv4, without an IP header; `None` if it is cut.
///
/// ```
/// assert_eq!(berkeley::icmp::parse_v4(&[8, 0]), None);
/// ```
pub fn parse_v4(packet: &[u8]) -> Option<Message<'_>> {
    parse(packet, 8, 0)
}

/// Reads a control message of IPv6; `None` if it is cut.
///
/// ```
/// use berkeley::icmp::{Message, parse_v6};
///
/// let reply = [129, 0, 0, 0, 0, 1, 0, 2];
/// assert!(matches!(parse_v6(&reply), Some(Message::EchoReply { id: 1, sequence: 2, .. })));
/// ```
pub fn parse_v6(packet: &[u8]) -> Option<Message<'_>> {
    parse(packet, 128, 129)
}

/// What an IPv4 packet carries, without its header, and how many hops it might still have gone:
/// what a raw IPv4 socket receives. `None` if it is cut or no IPv4.
///
/// ```
/// let mut packet = vec![0x45; 20];
/// packet[8] = 64;
/// packet.extend_from_slice(b"payload");
/// assert_eq!(berkeley::icmp::strip_ip_header(&packet), Some((64, &b"payload"[..])));
/// ```
pub fn strip_ip_header(packet: &[u8]) -> Option<(u8, &[u8])> {
    let first = *packet.first()?;
    let header = usize::from(first & 0x0f) * 4;
    if first >> 4 != 4 || header < 20 {
        return None;
    }
    Some((*packet.get(8)?, packet.get(header..)?))
}

/// The internet checksum; zero for a packet that has its right one inside.
///
/// ```
/// assert_eq!(berkeley::icmp::checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), 0x220d);
/// ```
pub fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| match pair {
        [high, low] => u64::from(u16::from_be_bytes([*high, *low])),
        [high] => u64::from(*high) << 8,
        _ => 0,
    });
    let mut sum: u64 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn echo(kind: u8, checksum: [u8; 2], id: u16, sequence: u16, data: &[u8]) -> Vec<u8> {
    let ([id_high, id_low], [high, low]) = (id.to_be_bytes(), sequence.to_be_bytes());
    let [sum_high, sum_low] = checksum;
    [&[kind, 0, sum_high, sum_low, id_high, id_low, high, low], data].concat()
}

fn parse(packet: &[u8], request: u8, reply: u8) -> Option<Message<'_>> {
    let ([kind, code, _, _, id_high, id_low, high, low], data) = packet.split_first_chunk::<8>()?;
    let id = u16::from_be_bytes([*id_high, *id_low]);
    let sequence = u16::from_be_bytes([*high, *low]);
    Some(match (*kind, *code) {
        (kind, 0) if kind == request => Message::EchoRequest { id, sequence, data },
        (kind, 0) if kind == reply => Message::EchoReply { id, sequence, data },
        (kind, code) => Message::Other { kind, code, about: data },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_read() {
        for data in [&b""[..], b"x", b"an odd number", &[0xff; 64]] {
            let packet = echo_request_v4(0xabcd, 0xffff, data);
            assert_eq!(checksum(&packet), 0);
            let read = parse_v4(&packet);
            assert_eq!(read, Some(Message::EchoRequest { id: 0xabcd, sequence: 0xffff, data }));
            let packet = echo_request_v6(1, 2, data);
            let read = parse_v6(&packet);
            assert_eq!(read, Some(Message::EchoRequest { id: 1, sequence: 2, data }));
        }
    }

    #[test]
    fn what_is_cut_is_none() {
        let packet = echo_request_v4(1, 2, b"");
        for len in 0..8 {
            assert_eq!(parse_v4(packet.get(..len).unwrap()), None);
        }
        for packet in [&[][..], &[0x45], &[0x45; 19], &[0x60; 40], &[0x44; 30], &[0x4f; 59]] {
            assert_eq!(strip_ip_header(packet), None, "{packet:?}");
        }
    }
}
