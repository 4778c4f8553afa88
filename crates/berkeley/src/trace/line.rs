//! A line of JSON.

use std::fmt;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// An object that is being written, member by member. Writing to memory does not fail.
pub(super) struct Line<'b> {
    bytes: &'b mut Vec<u8>,
    first: bool,
}

impl<'b> Line<'b> {
    /// Writes an object and the end of the line behind it.
    pub(super) fn write(bytes: &'b mut Vec<u8>, members: impl FnOnce(&mut Line<'_>)) {
        object(bytes, members);
        bytes.push(b'\n');
    }

    /// A name, whose value follows.
    fn name(&mut self, name: &str) -> &mut Vec<u8> {
        self.bytes.push(if self.first { b'{' } else { b',' });
        self.first = false;
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b"\":");
        self.bytes
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        quote(self.name(name), value);
    }

    /// The text of a value, or null for none.
    pub(super) fn shown(&mut self, name: &str, value: Option<impl fmt::Display>) {
        match value {
            Some(value) => self.text(name, &value.to_string()),
            None => self.null(name),
        }
    }

    pub(super) fn null(&mut self, name: &str) {
        self.name(name).extend_from_slice(b"null");
    }

    pub(super) fn yes(&mut self, name: &str) {
        self.name(name).extend_from_slice(b"true");
    }

    pub(super) fn number(&mut self, name: &str, value: i64) {
        number(self.name(name), value);
    }

    /// Nanoseconds, as seconds.
    pub(super) fn seconds(&mut self, name: &str, nanos: u64) {
        let bytes = self.name(name);
        number(bytes, nanos / 1_000_000_000);
        let mut digits = *b".000000000";
        let mut rest = nanos % 1_000_000_000;
        for digit in digits.iter_mut().skip(1).rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        bytes.extend_from_slice(&digits);
    }

    /// A name such as `s12`.
    pub(super) fn socket(&mut self, name: &str, id: u64) {
        let bytes = self.name(name);
        bytes.extend_from_slice(b"\"s");
        number(bytes, id);
        bytes.push(b'"');
    }

    pub(super) fn base64(&mut self, name: &str, value: &[u8]) {
        let text = STANDARD.encode(value);
        quote(self.name(name), &text);
    }

    pub(super) fn object(&mut self, name: &str, members: impl FnOnce(&mut Line<'_>)) {
        object(self.name(name), members);
    }

    pub(super) fn list(&mut self, name: &str, values: impl Iterator<Item = String>) {
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

fn object(bytes: &mut Vec<u8>, members: impl FnOnce(&mut Line<'_>)) {
    let mut line = Line { bytes, first: true };
    members(&mut line);
    let end: &[u8] = if line.first { b"{}" } else { b"}" };
    bytes.extend_from_slice(end);
}

fn quote(bytes: &mut Vec<u8>, value: &str) {
    let _ = serde_json::to_writer(bytes, value);
}

fn number(bytes: &mut Vec<u8>, value: impl Into<serde_json::Number>) {
    let _ = write!(bytes, "{}", value.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_json_with_every_digit() {
        let mut bytes = Vec::new();
        Line::write(&mut bytes, |line| {
            line.text("ev", "a \"quoted\"\n\u{1}");
            line.seconds("t", 1_000_000_002);
            line.number("n", -5);
            line.null("none");
            line.socket("sock", 7);
            line.base64("data", b"hi");
            line.object("args", |_| {});
            line.object("more", |line| {
                line.list("l", ["a".to_owned(), "b".to_owned()].into_iter())
            });
            line.shown("addr", Some(1.5));
        });
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text,
            "{\"ev\":\"a \\\"quoted\\\"\\n\\u0001\",\"t\":1.000000002,\"n\":-5,\"none\":null,\
             \"sock\":\"s7\",\"data\":\"aGk=\",\"args\":{},\"more\":{\"l\":[\"a\",\"b\"]},\
             \"addr\":\"1.5\"}\n"
        );
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }
}
