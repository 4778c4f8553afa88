//! Calls, results, times and addresses as people read them.

use serde_json::Value;

use crate::model::{Call, Outcome, Trace};
use crate::ops::{self, Way};
use crate::record::Nanos;

/// How much of the data stands in a line.
const QUOTED: usize = 24;
/// The same, of bytes that are no text.
const BYTES: usize = 8;

/// `send("hello") ` and the like, without the socket: the name and the arguments that say the most.
pub(crate) fn call(trace: &Trace, call: &Call) -> String {
    let row = call.row();
    let mut words = Vec::new();
    let has_data = !call.data.is_empty();
    if row.way == Way::Out && has_data {
        words.push(quoted(&call.data, call.bytes()));
    }
    for key in row.shown {
        let told = call.args.get(*key).and_then(argument);
        let told = told.or_else(|| of_socket(trace, call, key));
        match told {
            // As many as the system allows.
            Some(told) if *key == "backlog" && told == i32::MAX.to_string() => {}
            // The data says how long it is.
            Some(_) if *key == "len" && row.way == Way::Out && has_data => {}
            Some(told) => words.push(match *key {
                "len" => size(told.parse().unwrap_or_default()),
                "nonblocking" => format!("FIONBIO, {told}"),
                // A socket asks for a free name with none.
                "addr" if told == "unix:" => "\"\"".to_owned(),
                _ => told,
            }),
            None => {}
        }
    }
    format!("{}({})", call.op, words.join(", "))
}

/// What `socket` was asked for is known of the socket.
fn of_socket(trace: &Trace, call: &Call, key: &str) -> Option<String> {
    let socket = trace.socket_of(call)?;
    let known = match (call.op.as_str(), key) {
        ("socket" | "socketpair", "family") => &socket.family,
        ("socket" | "socketpair", "type") => &socket.ty,
        _ => return None,
    };
    Some(known.clone()).filter(|known| !known.is_empty())
}

/// What a call answered, as people read it: empty if that was nothing but success.
///
/// ```
/// use berkeley_picture::{Trace, result};
///
/// let line = r#"{"ev":"call","t":1,"pid":1,"op":"bind","errno":"EADDRINUSE"}"#;
/// let trace = Trace::read([line]);
/// assert_eq!(result(&trace, &trace.calls[0]), "EADDRINUSE");
/// ```
pub fn result(trace: &Trace, call: &Call) -> String {
    let row = call.row();
    match call.outcome() {
        Outcome::TimedOut => return "timed out".to_owned(),
        Outcome::Again => {
            return format!("{} (not yet)", call.errno.as_deref().unwrap_or_default());
        }
        Outcome::Failed => return call.errno.clone().unwrap_or_default(),
        Outcome::Done => {}
    }
    let name = |socket: usize| trace.sockets.get(socket).map(|socket| socket.name.clone());
    let ret = call.ret.unwrap_or_default();
    match (call.op.as_str(), row.way) {
        ("socket", _) => call.socket.and_then(name).unwrap_or_default(),
        ("accept" | "accept4", _) => {
            let from = call.word("from").map(str::to_owned);
            let child = call.made.and_then(name);
            let words = [child, from.filter(|from| !matches!(from.as_str(), "" | "unix:"))];
            words.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
        (_, Way::In) if call.ret.is_none() => String::new(),
        (_, Way::In) if call.op.ends_with("mmsg") => {
            format!("{ret} messages, {}", size(call.bytes()))
        }
        (_, Way::In) if ret == 0 && is_stream(trace, call) => "\"\" = the end".to_owned(),
        (_, Way::In) => {
            let from = call.word("from").filter(|from| !matches!(*from, "" | "unix:"));
            let from = from.map(|from| format!(" from {from}")).unwrap_or_default();
            match call.data.is_empty() {
                true => format!("{}{from}", size(call.bytes())),
                false => format!("{}{from}", quoted(&call.data, call.bytes())),
            }
        }
        (_, Way::Out) if call.op.ends_with("mmsg") => format!("{ret} messages"),
        (_, Way::Out) => call.ret.map(|ret| ret.to_string()).unwrap_or_default(),
        ("getaddrinfo", _) => call
            .ret
            .map(|ret| count(usize::try_from(ret).unwrap_or_default(), "answer"))
            .unwrap_or_default(),
        ("getsockname", _) => call.word("addr").unwrap_or_default().to_owned(),
        ("getpeername", _) => call.word("addr").unwrap_or_default().to_owned(),
        ("getsockopt", _) => call.args.get("value").and_then(argument).unwrap_or_default(),
        _ => String::new(),
    }
}

fn is_stream(trace: &Trace, call: &Call) -> bool {
    let plain = call.row().plain;
    plain || trace.socket_of(call).is_none_or(|socket| socket.is_stream())
}

/// An argument in a word.
pub(crate) fn argument(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => Some("\"\"".to_owned()),
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// The beginning of some data, in quotes, and dots if it goes on. What is no text is told by its
/// bytes, and what is ciphered by what of TLS it is.
pub(crate) fn quoted(data: &[u8], len: u64) -> String {
    if let Some(record) = tls(data) {
        return format!("{record}, {}", size(len));
    }
    let text = String::from_utf8_lossy(data);
    if is_binary(&text) {
        let bytes = data.iter().take(BYTES).map(|byte| format!("{byte:02x}"));
        let shown = bytes.collect::<Vec<_>>().join(" ");
        let all = data.len() <= BYTES && data.len() as u64 >= len;
        let dots = if all { String::new() } else { format!(" … {}", size(len)) };
        return format!("<{shown}>{dots}");
    }
    let shown: String = text.chars().take(QUOTED).collect();
    let all = shown.len() == text.len() && data.len() as u64 >= len;
    let dots = if all { String::new() } else { format!("… {}", size(len)) };
    format!("{shown:?}{dots}")
}

/// Whether there is more than one character in four that nobody writes.
fn is_binary(text: &str) -> bool {
    let odd = |c: &char| {
        *c == char::REPLACEMENT_CHARACTER || c.is_control() && !matches!(c, '\t' | '\n' | '\r')
    };
    text.chars().filter(odd).count() * 4 > text.chars().count()
}

/// The first record of TLS in it: RFC 8446, 5.1.
fn tls(data: &[u8]) -> Option<&'static str> {
    match data {
        // A change of ciphers is nothing but a part of the handshake.
        [20 | 22, 3, 0..=4, _, _, ..] => Some("TLS handshake"),
        [21, 3, 0..=4, _, _, ..] => Some("TLS alert"),
        [23, 3, 0..=4, _, _, ..] => Some("TLS data"),
        _ => None,
    }
}

/// `12 B`, `64 KiB`.
pub(crate) fn size(bytes: u64) -> String {
    let scaled = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        0..10_240 => format!("{bytes} B"),
        10_240..1_048_576 => format!("{:.1} KiB", scaled(1 << 10)),
        1_048_576..1_073_741_824 => format!("{:.1} MiB", scaled(1 << 20)),
        _ => format!("{:.1} GiB", scaled(1 << 30)),
    }
}

/// A duration in the unit that suits it: `728 ns`, `35 µs`, `5.06 ms`, `1.50 s`.
///
/// ```
/// assert_eq!(berkeley_picture::span(5_060_000, true), "5.06 ms");
/// assert_eq!(berkeley_picture::span(35_000, false), "35 us");
/// ```
pub fn span(nanos: Nanos, unicode: bool) -> String {
    let seconds = nanos as f64 / 1e9;
    if seconds < 0.9995e-6 {
        format!("{:.0} ns", seconds * 1e9)
    } else if seconds < 999.5e-6 {
        format!("{:.0} {}", seconds * 1e6, if unicode { "µs" } else { "us" })
    } else if seconds < 99.95e-3 {
        format!("{:.2} ms", seconds * 1e3)
    } else if seconds < 0.9995 {
        format!("{:.0} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

/// What a link carries, in a word or two.
pub(crate) fn link(trace: &Trace, link: &crate::Link) -> String {
    use crate::LinkKind::{Bytes, Connect, Datagram, End, Reset};
    let tcp = trace.calls.get(link.from).and_then(|call| trace.socket_of(call));
    let tcp = tcp.is_some_and(|socket| socket.is_tcp());
    match link.kind {
        Connect if tcp => "SYN".to_owned(),
        Connect => "connect".to_owned(),
        Bytes { from, to } => size(to - from),
        Datagram { len } => size(len),
        End if tcp => "FIN".to_owned(),
        End => "end".to_owned(),
        Reset if tcp => "RST".to_owned(),
        Reset => "cut off".to_owned(),
    }
}

/// `1 call`, `2 calls`.
pub(crate) fn count(number: usize, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    }
}

/// Whether this operation only waits.
pub(crate) fn is_wait(op: &str) -> bool {
    ops::by_name(op).group == ops::Group::Wait
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_the_unit_that_suits_them() {
        let spans = [1, 999, 1_000, 99_900, 100_000, 999_000, 1_000_000, 12_345_678];
        assert_eq!(span(728, true), "728 ns");
        let shown = spans.map(|micros| span(micros * 1000, true));
        let wanted =
            ["1 µs", "999 µs", "1.00 ms", "99.90 ms", "100 ms", "999 ms", "1.00 s", "12.35 s"];
        assert_eq!(shown, wanted);
    }

    #[test]
    fn data_is_quoted_and_says_whether_it_goes_on() {
        assert_eq!(quoted(b"hi\n", 3), r#""hi\n""#);
        assert_eq!(quoted(b"hi", 20_480), r#""hi"… 20.0 KiB"#);
        assert_eq!(quoted(b"caf\xe9, na\xefve", 11), "\"caf\u{fffd}, na\u{fffd}ve\"");
        assert_eq!(quoted(&[0xff, 0], 2), "<ff 00>");
        assert_eq!(quoted(&[7; 9], 9), "<07 07 07 07 07 07 07 07> … 9 B");
        assert_eq!(quoted(&[0x16, 3, 1, 2, 0, 1], 517), "TLS handshake, 517 B");
        assert_eq!(quoted(&[0x17, 3, 3, 0, 25], 30), "TLS data, 30 B");
        assert_eq!(quoted(&[0x17, 3], 2), "<17 03>");
    }
}
