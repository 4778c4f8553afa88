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
    pub(super) fn write(bytes: &'b mut Vec<u8>, members: impl FnOnce(&mut Line<'_>)) {
        object(bytes, members);
        bytes.push(b'\n');
    }

    /// A name, whose value follows.
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

    pub(super) fn null(&mut self, name: Key) {
        self.name(name).extend_from_slice(b"null");
    }

    pub(super) fn yes(&mut self, name: Key) {
        self.name(name).extend_from_slice(b"true");
    }

    pub(super) fn number(&mut self, name: Key, value: i64) {
        let _ = serde_json::to_writer(self.name(name), &value);
    }

    /// Nanoseconds, as seconds.
    pub(super) fn seconds(&mut self, name: Key, nanos: u64) {
        let bytes = self.name(name);
        number(bytes, nanos / 1_000_000_000);
        let point = bytes.len();
        // Nine digits behind one that gives way to the point.
        number(bytes, 1_000_000_000 + nanos % 1_000_000_000);
        if let Some(first) = bytes.get_mut(point) {
            *first = b'.';
        }
    }

    /// A name such as `s12`.
    pub(super) fn socket(&mut self, name: Key, id: u64) {
        let bytes = self.name(name);
        bytes.extend_from_slice(b"\"s");
        number(bytes, id);
        bytes.push(b'"');
    }

    pub(super) fn base64(&mut self, name: Key, value: &[u8]) {
        let text = STANDARD.encode(value);
        quote(self.name(name), &text);
    }

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

fn object(bytes: &mut Vec<u8>, members: impl FnOnce(&mut Line<'_>)) {
    let mut line = Line { bytes, first: true };
    members(&mut line);
    let end: &[u8] = if line.first { b"{}" } else { b"}" };
    bytes.extend_from_slice(end);
}

fn quote(bytes: &mut Vec<u8>, value: &str) {
    let _ = serde_json::to_writer(bytes, value);
}

fn number(bytes: &mut Vec<u8>, value: u64) {
    let _ = serde_json::to_writer(bytes, &value);
}

#[cfg(test)]
mod tests {
    use super::*;

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
             \"sock\":\"s7\",\"data\":\"aGk=\",\"args\":{},\"more\":{\"l\":[\"a\",\"b\"]},\
             \"addr\":\"1.5\"}\n"
        );
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }
}
