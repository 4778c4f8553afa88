//! A line of JSON.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The name of a member, as it stands in a line.
#[derive(Clone, Copy)]
pub(super) struct Key(pub(super) &'static str);

macro_rules! key {
    ($name:literal) => {
        crate::trace::line::Key(concat!(",\"", $name, "\":"))
    };
}
pub(super) use key;

/// An object that is being written, member by member. Writing to memory does not fail.
pub(super) struct Line<'b> {
    bytes: &'b mut Vec<u8>,
    first: bool,
}

impl<'b> Line<'b> {
    /// Writes an object and the end of the line behind it.
    #[inline]
    pub(super) fn write(bytes: &'b mut Vec<u8>, members: impl FnOnce(&mut Line<'_>)) {
        object(bytes, members);
        bytes.push(b'\n');
    }

    /// A name, whose value follows. In its place, where its length is known, it is but a few moves.
    #[inline(always)]
    fn name(&mut self, Key(name): Key) -> &mut Vec<u8> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name.as_bytes());
        if self.first {
            self.first = false;
            if let Some(comma) = self.bytes.get_mut(start) {
                *comma = b'{';
            }
        }
        self.bytes
    }

    pub(super) fn text(&mut self, name: Key, value: &str) {
        quote(self.name(name), value);
    }

    /// A text that needs no quoting.
    #[inline(always)]
    pub(super) fn word(&mut self, name: Key, value: &str) {
        let bytes = self.name(name);
        bytes.push(b'"');
        bytes.extend_from_slice(value.as_bytes());
        bytes.push(b'"');
    }

    /// The text of a value, or null for none.
    pub(super) fn shown(&mut self, name: Key, value: Option<impl fmt::Display>) {
        match value {
            Some(value) => self.text(name, &value.to_string()),
            None => self.null(name),
        }
    }

    #[inline(always)]
    pub(super) fn null(&mut self, name: Key) {
        self.name(name).extend_from_slice(b"null");
    }

    pub(super) fn yes(&mut self, name: Key) {
        self.name(name).extend_from_slice(b"true");
    }

    #[inline(always)]
    pub(super) fn number(&mut self, name: Key, value: i64) {
        let bytes = self.name(name);
        if value < 0 {
            bytes.push(b'-');
        }
        number(bytes, value.unsigned_abs());
    }

    /// Nanoseconds, as seconds.
    #[inline(always)]
    pub(super) fn seconds(&mut self, name: Key, nanos: u64) {
        seconds(self.name(name), nanos);
    }

    /// A name such as `s12`.
    #[inline(always)]
    pub(super) fn socket(&mut self, name: Key, id: u64) {
        let bytes = self.name(name);
        bytes.extend_from_slice(b"\"s");
        number(bytes, id);
        bytes.push(b'"');
    }

    /// Members as another line had them, from [`since`](Line::since).
    pub(super) fn members(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What stands in the line since it was as long as this.
    pub(super) fn since(&self, len: usize) -> &[u8] {
        self.bytes.get(len..).unwrap_or_default()
    }

    pub(super) fn base64(&mut self, name: Key, value: &[u8]) {
        let bytes = self.name(name);
        bytes.push(b'"');
        let start = bytes.len();
        bytes.resize(start + value.len().div_ceil(3) * 4, 0);
        // There is room for it.
        let _ = STANDARD.encode_slice(value, bytes.get_mut(start..).unwrap_or_default());
        bytes.push(b'"');
    }

    #[inline(always)]
    pub(super) fn object(&mut self, name: Key, members: impl FnOnce(&mut Line<'_>)) {
        object(self.name(name), members);
    }

    pub(super) fn list(&mut self, name: Key, values: impl Iterator<Item = String>) {
        let bytes = self.name(name);
        bytes.push(b'[');
        for (number, value) in values.enumerate() {
            if number > 0 {
                bytes.push(b',');
            }
            quote(bytes, &value);
        }
        bytes.push(b']');
    }
}

#[inline(always)]
fn object(bytes: &mut Vec<u8>, members: impl FnOnce(&mut Line<'_>)) {
    let mut line = Line { bytes, first: true };
    members(&mut line);
    let end: &[u8] = if line.first { b"{}" } else { b"}" };
    bytes.extend_from_slice(end);
}

fn quote(bytes: &mut Vec<u8>, value: &str) {
    let _ = serde_json::to_writer(bytes, value);
}

/// What eight digits can say, and one less.
const EIGHT: u64 = 100_000_000;

/// Most of a line are numbers, and most of those are short.
fn number(bytes: &mut Vec<u8>, value: u64) {
    if value >= EIGHT {
        number(bytes, value / EIGHT);
        bytes.extend_from_slice(&(eight(value % EIGHT) | ZEROS).to_le_bytes());
        return;
    }
    if value < 10 {
        return bytes.push(b'0' + value as u8);
    }
    let digits = eight(value);
    let zeros = digits.trailing_zeros() / 8;
    bytes.extend_from_slice(&((digits | ZEROS) >> (zeros * 8)).to_le_bytes());
    bytes.truncate(bytes.len() - zeros as usize);
}

fn seconds(bytes: &mut Vec<u8>, nanos: u64) {
    const SECOND: u64 = 1_000_000_000;
    number(bytes, nanos / SECOND);
    let nanos = nanos % SECOND;
    bytes.extend_from_slice(&[b'.', b'0' + (nanos / EIGHT) as u8]);
    bytes.extend_from_slice(&(eight(nanos % EIGHT) | ZEROS).to_le_bytes());
}

/// Eight times the digit zero, as text.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The eight digits of a number below [`EIGHT`], a byte for each, the first one lowest: all at once,
/// for four divisions by ten take as long as one.
fn eight(value: u64) -> u64 {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0xf_000f_000f_000f;
    tens | ((twos - tens * 10) << 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_all_their_digits() {
        for value in 0..if cfg!(miri) { 100 } else { 10_000 } {
            let both = value * 10_000 + (9_999 - value);
            let digits = (eight(both) | ZEROS).to_le_bytes();
            assert_eq!(std::str::from_utf8(&digits).unwrap(), format!("{both:08}"));
        }
        for value in [0, 9, 10, 99, 100, EIGHT - 1, EIGHT, EIGHT * 10, 1 << 53, u64::MAX] {
            let mut bytes = Vec::new();
            number(&mut bytes, value);
            assert_eq!(String::from_utf8(bytes).unwrap(), value.to_string());
        }
        for value in [i64::MIN, -1, 0, 12, i64::MAX] {
            let mut bytes = Vec::new();
            Line::write(&mut bytes, |line| line.number(key!("n"), value));
            assert_eq!(String::from_utf8(bytes).unwrap(), format!("{{\"n\":{value}}}\n"));
        }
        for (nanos, text) in [(0, "0.000000000"), (12_000_000_345, "12.000000345")] {
            let mut bytes = Vec::new();
            seconds(&mut bytes, nanos);
            assert_eq!(String::from_utf8(bytes).unwrap(), text);
        }
    }

    #[test]
    fn a_line_is_json_with_every_digit() {
        let mut bytes = Vec::new();
        Line::write(&mut bytes, |line| {
            line.text(key!("ev"), "a \"quoted\"\n\u{1}");
            line.seconds(key!("t"), 1_000_000_002);
            line.number(key!("n"), -5);
            line.null(key!("none"));
            line.socket(key!("sock"), 7);
            line.base64(key!("data"), b"hi");
            line.base64(key!("data"), b"");
            line.object(key!("args"), |_| {});
            line.object(key!("more"), |line| {
                line.list(key!("l"), ["a".to_owned(), "b".to_owned()].into_iter())
            });
            line.shown(key!("addr"), Some(1.5));
        });
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text,
            "{\"ev\":\"a \\\"quoted\\\"\\n\\u0001\",\"t\":1.000000002,\"n\":-5,\"none\":null,\
             \"sock\":\"s7\",\"data\":\"aGk=\",\"data\":\"\",\"args\":{},\"more\":{\"l\":[\"a\",\"b\"]},\
             \"addr\":\"1.5\"}\n"
        );
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }
}
