//! Recordings that others have written.

use berkeley_picture::{import_strace, parse_line};

/// Whatever a log of strace is, what comes of it is a recording, every line.
pub(crate) fn strace_log(bytes: &[u8]) {
    let lines = import_strace(&String::from_utf8_lossy(bytes));
    for line in lines.lines() {
        assert!(parse_line(line).is_some(), "{line}");
    }
}
