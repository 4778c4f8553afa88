//! Mistakes that were made on purpose, with real sockets, are explained.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use berkeley_picture::{Finding, explain};
use common::trace;

/// The recording of a mistake, the call in which it shows, and a word of the explanation.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("address-in-use", "bind", "s1 listens there"),
    ("asked-whether-connected", "recv", "s1 was asked whether it is connected"),
    ("backlog", "connect", "listen(0)"),
    ("ended-before", "shutdown", "by a reset"),
    ("lost", "sendto", "lost, or never read"),
    ("nagle", "send", "small sends"),
    ("no-messages", "recv", "bytes of 2 sends"),
    ("not-closed", "recv", "ended with 2 sockets open: s1, s3"),
    ("read-after-end", "recv", "times more"),
    ("refused", "connect", "the server called listen() only"),
    ("short-send", "send", "never sent"),
    ("slow-connect", "connect", "there was no time limit"),
    ("spin", "recv", "in a row"),
    ("timed-out", "recv", "the other side sent nothing"),
    ("truncated", "recvfrom", "room for 16 bytes of a datagram of 36 bytes"),
    ("unread-at-close", "close", "failed with ECONNRESET"),
];

#[test]
fn each_mistake_is_explained_with_its_calls() {
    for (name, op, words) in MISTAKES {
        let trace = trace(&[&format!("mistake-{name}")]);
        let found = explain(&trace);
        let finding = found.iter().find(|finding| finding.rule == *name);
        let finding = finding.unwrap_or_else(|| panic!("{name} is not among {found:#?}"));
        assert!(finding.what.contains(words), "{name}: {}", finding.what);
        let mut ops = finding.calls.iter().map(|call| trace.calls[*call].op.as_str());
        assert!(ops.any(|one| one == *op), "{name}: {:?}", finding.calls);
        assert!(finding.what.ends_with('.') && finding.remedy.ends_with('.'), "{finding:?}");
    }
}

#[test]
fn nothing_else_is_said_of_them() {
    for (name, _, _) in MISTAKES {
        let found = explain(&trace(&[&format!("mistake-{name}")]));
        let others: Vec<&Finding> = found
            .iter()
            // What is sent in two parts arrives in one.
            .filter(|finding| finding.rule != *name && finding.rule != "no-messages")
            .collect();
        assert!(others.is_empty(), "{name}: {others:#?}");
    }
}

#[test]
fn programs_without_mistakes_are_left_alone() {
    for names in [&["tcp-server", "tcp-client"][..], &["udp-server", "udp-client"], &["unix"]] {
        let found = explain(&trace(names));
        assert!(found.is_empty(), "{names:?}: {found:#?}");
    }
    let files = common::crowd(100, 10);
    let found = explain(&berkeley_picture::Trace::read(files.iter().map(String::as_str)));
    let wrong: Vec<&Finding> =
        found.iter().filter(|finding| finding.rule != "not-closed").collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_error_that_no_rule_knows_has_its_words() {
    let line = r#"{"ev":"call","t":1,"dur":0,"pid":1,"sock":"s1","op":"bind","args":{"addr":"127.0.0.1:80"},"ret":null,"errno":"EACCES"}"#;
    let found = explain(&berkeley_picture::Trace::read([line, line]));
    assert_eq!(found.len(), 1);
    assert!(found[0].what.contains("bind(127.0.0.1:80) failed 2 times with EACCES"), "{found:?}");
    assert!(found[0].remedy.contains("1024"), "{found:?}");
}

#[test]
fn a_datagram_that_fits_is_not_truncated_whatever_was_asked_for() {
    let recv = |room: u64, op: &str| {
        let sent = r#"{"ev":"call","t":1,"dur":0,"pid":1,"sock":"s1","op":"sendto","args":{"len":10,"addr":"127.0.0.1:9"},"ret":10,"errno":null}"#;
        let sock = r#"{"ev":"socket","t":0,"pid":1,"sock":"s2","type":"SOCK_DGRAM","local":"127.0.0.1:9"}"#;
        let from = r#"{"ev":"socket","t":0,"pid":1,"sock":"s1","type":"SOCK_DGRAM","local":"127.0.0.1:8"}"#;
        let got = format!(
            r#"{{"ev":"call","t":2,"dur":0,"pid":1,"sock":"s2","op":"{op}","args":{{"room":{room},"flags":"MSG_TRUNC","from":"127.0.0.1:8"}},"ret":10,"errno":null}}"#
        );
        let trace = berkeley_picture::Trace::read([sock, from, sent, &got]);
        explain(&trace).into_iter().any(|finding| finding.rule == "truncated")
    };
    assert!(!recv(100, "recvfrom") && !recv(10, "recvfrom") && !recv(100, "recvmsg"));
    assert!(recv(9, "recvfrom") && recv(9, "recvmsg"));
}
