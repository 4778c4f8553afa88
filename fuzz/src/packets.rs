//! Packets: ICMP.

use berkeley::icmp::{self, Message};

use crate::input::Input;

/// Any packet is read or is none; what is built is read back and has its right checksum.
pub(crate) fn icmp(data: &[u8]) {
    for message in [icmp::parse_v4(data), icmp::parse_v6(data)] {
        assert_eq!(message.is_some(), data.len() >= 8);
    }
    if let Some((_, payload)) = icmp::strip_ip_header(data) {
        assert!(data.ends_with(payload) && payload.len() + 20 <= data.len());
    }
    // RFC 1071: the order of bytes does not matter to the sum, only to how it is written.
    let swapped: Vec<u8> =
        data.chunks(2).flat_map(|pair| [pair.get(1).copied().unwrap_or(0), pair[0]]).collect();
    assert_eq!(icmp::checksum(data), icmp::checksum(&swapped).swap_bytes());

    let mut input = Input::new(data);
    let (id, sequence, payload) = (input.u16(), input.u16(), input.rest());
    let request = icmp::echo_request_v4(id, sequence, payload);
    assert_eq!(icmp::checksum(&request), 0);
    let expected = Some(Message::EchoRequest { id, sequence, data: payload });
    assert_eq!(icmp::parse_v4(&request), expected);
    let mut packet = vec![0; 20];
    packet[0] = 0x45;
    packet.extend_from_slice(&request);
    assert_eq!(icmp::strip_ip_header(&packet), Some((0, &request[..])));
    assert_eq!(icmp::parse_v6(&icmp::echo_request_v6(id, sequence, payload)), expected);
}
