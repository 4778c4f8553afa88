//! The order of the library's layers, and the address of `unsafe`.

use std::fs;
use std::path::Path;

use crate::run::root;

/// The layers of `crates/berkeley/src`, lowest first: a file uses only what stands to its left, or
/// its own layer. A file in a folder belongs to the folder's layer.
const ORDER: &[&str] = &[
    "sys",
    "seam",
    "constants",
    "time",
    "eyeballs",
    "icmp",
    "kind",
    "addr",
    "buf",
    "error",
    "interrupt",
    "table",
    "inet",
    "names",
    "interfaces",
    "target",
    "opt",
    "cmsg",
    "errqueue",
    "socket",
    "stream",
    "zerocopy",
    "batch",
    "xdp",
    "accept",
    "dial",
    "ping",
    "uring",
    "registry",
    "tokio",
    "trace",
    "lib",
];

/// What only these files may contain. A path is a file, or a folder and all in it.
const ADDRESSES: &[(&str, &[&str])] = &[
    (
        "unsafe",
        &[
            "crates/berkeley/src/sys",
            "crates/berkeley/src/buf.rs",
            "crates/berkeley/src/socket/lent.rs",
            // Python's interface is in C, and every call of it is unsafe.
            "crates/berkeley-python/src",
            "benches/src/raw.rs",
        ],
    ),
    ("libc::", &["crates/berkeley/src/sys", "crates/berkeley-python/src", "benches/src"]),
    ("io_uring::", &["crates/berkeley/src/sys"]),
    ("AsyncFd::", &["crates/berkeley/src/sys"]),
    ("target_os", &["crates/berkeley/src/sys"]),
];

/// The functions of `sys` that sockets call through the seam alone, so that nothing escapes those who
/// watch it.
const THROUGH_SEAM: &[&str] = &[
    "accept",
    "accept_nameless",
    "at_mark",
    "bind",
    "close",
    "connect",
    "dup",
    "dup_raw",
    "get_option",
    "getaddrinfo",
    "getnameinfo",
    "listen",
    "local_addr",
    "peer_addr",
    "peer_pidfd",
    "raw_recv",
    "raw_recv_from",
    "raw_send",
    "raw_send_to",
    "recv",
    "recv_from",
    "recv_message",
    "recv_message_into",
    "retire",
    "send",
    "send_batch",
    "send_message",
    "send_segments",
    "send_to",
    "sendfile",
    "set_nonblocking",
    "set_option",
    "set_option_len",
    "shutdown",
    "socket",
    "socketpair",
    "splice",
    "wait",
    "wait_any",
];

/// Checks both in every source file; the error lists all that is wrong.
pub(crate) fn check() -> Result<(), String> {
    let mut wrong = Vec::new();
    let mut files = Vec::new();
    for folder in [
        "crates/berkeley/src",
        "crates/berkeley-cli/src",
        "crates/berkeley-picture/src",
        "crates/berkeley-python/src",
        "crates/ecosystem",
        "benches/src",
        "fuzz/src",
    ] {
        sources(&root().join(folder), &mut files)?;
    }
    for file in &files {
        let name = file.strip_prefix(root()).unwrap_or(file);
        let text = fs::read_to_string(file).map_err(|e| format!("{}: {e}", name.display()))?;
        let layer = name.strip_prefix("crates/berkeley/src").ok().and_then(layer_of);
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let code = code_of(line);
            let place = || format!("{}:{}", name.display(), number + 1);
            for (word, addresses) in ADDRESSES {
                if has_word(code, word) && !addresses.iter().any(|a| name.starts_with(a)) {
                    wrong.push(format!(
                        "{}: `{word}` belongs to {}",
                        place(),
                        addresses.join(", ")
                    ));
                }
            }
            let Some(layer) = &layer else { continue };
            let Some(height) = height(layer) else {
                wrong.push(format!("{}: `{layer}` has no place in the order", name.display()));
                break;
            };
            // A list may go on over several lines.
            let mut statement = code.to_string();
            let mut rest = lines.get(number + 1..).unwrap_or_default().iter();
            while statement.contains("crate::{") && !statement.contains('}') {
                let Some(next) = rest.next() else { break };
                statement.push_str(code_of(next));
            }
            let watched = !["sys", "seam"].contains(&layer.as_str());
            let escaped = if watched { past_the_seam(&statement) } else { None };
            if let Some(call) = escaped {
                wrong.push(format!("{}: `sys::{call}` is called through `seam`", place()));
            }
            for used in used_layers(&statement) {
                if layer != "lib" && self::height(used).is_some_and(|used| used > height) {
                    wrong.push(format!("{}: `{layer}` uses `{used}`, which stands above", place()));
                }
            }
        }
    }
    match wrong.is_empty() {
        true => {
            println!("layers: {} files, all in order", files.len());
            Ok(())
        }
        false => Err(format!("the layers are not in order\n  {}", wrong.join("\n  "))),
    }
}

fn height(layer: &str) -> Option<usize> {
    ORDER.iter().position(|other| *other == layer)
}

/// The first part of a path below `src`, without the ending.
fn layer_of(path: &Path) -> Option<String> {
    let first = Path::new(path.components().next()?.as_os_str());
    Some(first.file_stem()?.to_string_lossy().into_owned())
}

/// The modules that a line names: those of `crate::name` and of `crate::{name, name::…}`.
fn used_layers(code: &str) -> Vec<&str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut used = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(list) => {
                let inner = list.split('}').next().unwrap_or_default();
                used.extend(inner.split(',').filter_map(|part| part.trim().split("::").next()));
            }
            None => used.extend(rest.split(|c| !is_name(c)).next()),
        }
    }
    used
}

/// The function that a line calls, or imports, of `sys` itself though the seam has it.
fn past_the_seam(code: &str) -> Option<&'static str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let is_listed = |name: &&&str| code.split(|c| !is_name(c)).any(|word| word == **name);
    if code.contains("use crate::sys") {
        return THROUGH_SEAM.iter().find(is_listed).copied();
    }
    let called = |path: &str| {
        let calls = code.split(path).skip(1).map(|rest| rest.split(|c| !is_name(c)).next());
        let names: Vec<_> = calls.flatten().collect();
        THROUGH_SEAM.iter().find(|name| names.contains(name)).copied()
    };
    called("sys::").or_else(|| called("sys::batch::"))
}

/// A line without its comment.
fn code_of(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Whether a word stands there alone: `unsafe_code` is not `unsafe`.
fn has_word(code: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code.get(..at).and_then(|text| text.chars().next_back());
        let after = code.get(at + word.len()..).and_then(|text| text.chars().next());
        let open_end = word.ends_with(':');
        !before.is_some_and(is_name) && (open_end || !after.is_some_and(is_name))
    })
}

fn sources(folder: &Path, files: &mut Vec<std::path::PathBuf>) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            sources(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_of_a_line_are_found() {
        assert_eq!(used_layers("use crate::{addr::Addr, sys};"), ["addr", "sys"]);
        assert_eq!(used_layers("let x: crate::error::Error = crate::sys::x();"), ["error", "sys"]);
        assert!(used_layers(code_of("// crate::dial")).is_empty());
    }

    #[test]
    fn a_call_past_the_seam_is_seen() {
        assert_eq!(past_the_seam("let x = sys::send(fd);"), Some("send"));
        assert_eq!(past_the_seam("match crate::sys::batch::send_batch(fd) {"), Some("send_batch"));
        assert_eq!(
            past_the_seam("use crate::sys::batch::{Headers, send_batch};"),
            Some("send_batch")
        );
        assert_eq!(past_the_seam("seam::send(fd, sys::send_flags(1))"), None);
        assert_eq!(past_the_seam("use crate::sys::{self, Errno, batch::Inbox};"), None);
    }

    #[test]
    fn a_word_is_a_whole_word() {
        assert!(has_word("unsafe { x }", "unsafe"));
        assert!(!has_word("#![allow(unsafe_code)]", "unsafe"));
        assert!(has_word("use libc::c_int;", "libc::"));
    }

    #[test]
    fn a_file_belongs_to_its_folder() {
        assert_eq!(layer_of(Path::new("sys/unix.rs")).as_deref(), Some("sys"));
        assert_eq!(layer_of(Path::new("lib.rs")).as_deref(), Some("lib"));
    }
}
