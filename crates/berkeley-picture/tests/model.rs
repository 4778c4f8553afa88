//! Recordings are put together: which sockets and which calls belong together, across processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use berkeley_picture::{LinkKind, Look, Outcome, Trace, stat, text};
use common::{crowd, trace};

/// Which calls are linked: names of processes and calls, and what went.
fn links(trace: &Trace) -> Vec<(String, String, LinkKind)> {
    let said = |index: usize| {
        let call = &trace.calls[index];
        let process = trace.threads[call.thread].process;
        format!("{} {}", trace.processes[process].name, call.op)
    };
    trace.links.iter().map(|link| (said(link.from), said(link.to), link.kind)).collect()
}

#[test]
fn the_two_ends_of_a_tcp_connection_are_found_in_two_files() {
    let trace = trace(&["tcp-server", "tcp-client"]);
    let found = links(&trace);
    let wanted = |from: &str, to: &str, kind| {
        assert!(found.contains(&(from.to_owned(), to.to_owned(), kind)), "{found:#?}");
    };
    wanted("client.py connect", "server.py accept", LinkKind::Connect);
    wanted("client.py send", "server.py recv", LinkKind::Bytes { from: 0, to: 6 });
    wanted("client.py send", "server.py recv", LinkKind::Bytes { from: 6, to: 23 });
    wanted("server.py send", "client.py recv", LinkKind::Bytes { from: 0, to: 6 });
    wanted("client.py close", "server.py recv", LinkKind::End);
    assert_eq!(trace.sockets.iter().filter(|socket| socket.other.is_some()).count(), 2);
}

#[test]
fn datagrams_are_found_by_address_and_content() {
    let trace = trace(&["udp-server", "udp-client"]);
    let found = links(&trace);
    assert_eq!(found.len(), 4, "{found:#?}");
    let asked = ("client.py sendto".to_owned(), "server.py recvfrom".to_owned());
    let kinds: Vec<_> = found.iter().filter(|l| (&l.0, &l.1) == (&asked.0, &asked.1)).collect();
    assert_eq!(kinds[0].2, LinkKind::Datagram { len: 5 });
    assert_eq!(kinds.len(), 2);
}

#[test]
fn unix_clients_without_a_name_are_found_by_their_turn() {
    let found = links(&trace(&["unix"]));
    let bytes = found.iter().filter(|link| link.2 == LinkKind::Bytes { from: 0, to: 5 }).count();
    assert_eq!(bytes, 2, "{found:#?}");
    assert!(found.iter().any(|link| link.2 == LinkKind::Connect), "{found:#?}");
}

#[test]
fn attempts_and_waits_of_one_call_are_one_call() {
    let trace = trace(&["mistake-timed-out"]);
    let call = trace.calls.iter().find(|call| call.outcome() == Outcome::TimedOut).unwrap();
    assert_eq!(call.op, "recv");
    let ops: Vec<&str> = call.attempts.iter().map(|attempt| attempt.op.as_str()).collect();
    assert_eq!(ops, ["recv", "poll"]);
    assert!(call.waited >= 50_000_000 && call.waited <= call.took(), "{call:?}");
    assert_eq!(trace.calls.iter().filter(|call| call.op == "poll").count(), 0);
}

#[test]
fn bytes_that_came_together_or_apart_are_joined() {
    let line = |t: f64, sock: &str, op: &str, off: u64, ret: u64| {
        format!(
            r#"{{"ev":"call","t":{t},"dur":0.000001,"pid":1,"tid":1,"sock":"{sock}","op":"{op}","args":{{}},"ret":{ret},"off":{off}}}"#
        )
    };
    let lines = [
        r#"{"ev":"socket","t":1,"pid":1,"sock":"a","type":"SOCK_STREAM","pair":"b"}"#.to_owned(),
        r#"{"ev":"socket","t":1,"pid":1,"sock":"b","type":"SOCK_STREAM"}"#.to_owned(),
        line(1.1, "a", "send", 0, 3),
        line(1.2, "a", "send", 3, 4),
        line(1.3, "b", "recv", 0, 5),
        line(1.4, "b", "recv", 5, 2),
    ];
    let trace = Trace::read([lines.join("\n").as_str()]);
    let ranges: Vec<_> = trace.links.iter().map(|l| (l.from, l.to, l.kind)).collect();
    let bytes = |from, to| LinkKind::Bytes { from, to };
    assert_eq!(ranges, [(0, 2, bytes(0, 3)), (1, 2, bytes(3, 5)), (1, 3, bytes(5, 7))]);
}

#[test]
fn a_socket_that_a_worker_inherited_is_the_same_socket() {
    let line = |pid: u64, t: f64, sock: &str, op: &str, off: u64| {
        format!(
            r#"{{"ev":"call","t":{t},"dur":0.000001,"pid":{pid},"sock":"{sock}","op":"{op}","args":{{}},"ret":4,"off":{off}}}"#
        )
    };
    let socket = |pid: u64, sock: &str, cookie: u64, local: &str, peer: &str| {
        format!(
            r#"{{"ev":"socket","t":1,"pid":{pid},"sock":"{sock}","family":"AF_INET","type":"SOCK_STREAM","local":"{local}","peer":"{peer}","cookie":{cookie}}}"#
        )
    };
    let (here, there) = ("127.0.0.1:80", "127.0.0.1:5000");
    let lines = [
        socket(1, "s1", 7, here, there),
        // The worker has it too.
        socket(2, "s1", 7, here, there),
        socket(3, "s1", 8, there, here),
        line(3, 1.1, "s1", "send", 0),
        line(1, 1.2, "s1", "recv", 0),
        line(3, 1.3, "s1", "send", 4),
        line(2, 1.4, "s1", "recv", 4),
    ];
    let trace = Trace::read([lines.join("\n").as_str()]);
    let ends: Vec<_> = trace.links.iter().map(|link| (link.from, link.to)).collect();
    assert_eq!(ends, [(0, 1), (2, 3)]);
    assert_eq!(trace.sockets.iter().filter(|socket| socket.other.is_some()).count(), 3);
}

#[test]
fn a_hundred_clients_are_all_paired() {
    let files = crowd(100, 3);
    let trace = Trace::read(files.iter().map(String::as_str));
    assert_eq!(trace.sockets.iter().filter(|socket| socket.other.is_some()).count(), 200);
    let bytes = trace.links.iter().filter(|link| matches!(link.kind, LinkKind::Bytes { .. }));
    assert_eq!(bytes.count(), 100 * 3 * 2);
    let ends = trace.links.iter().filter(|link| link.kind == LinkKind::End).count();
    assert_eq!(ends, 100);
}

#[test]
fn a_cut_line_costs_only_itself() {
    let whole = common::recording("tcp-server");
    let cut = whole.get(..whole.len() - 20).unwrap();
    let trace = Trace::read([cut]);
    assert_eq!(trace.unread, 1);
    assert!(trace.calls.len() > 5);
}

#[test]
fn the_text_is_a_ladder_of_two() {
    let lines = text(&trace(&["tcp-server", "tcp-client"]), &Look { width: 100, unicode: true });
    let plain: Vec<String> =
        lines.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
    let picture = plain.join("\n");
    let mut last = 0;
    for wanted in [
        "server.py",
        "s1.listen(5)",
        "─ SYN ─",
        "─ 6 bytes ─",
        "s1.send(\"hello!\") → 6",
        "→ \"hello!\"",
        "s2.send(\"HELLO!\")",
        "─ FIN ─",
        "→ \"\" = the end",
    ] {
        let at = picture.get(last..).unwrap().find(wanted);
        last += at.unwrap_or_else(|| panic!("{wanted:?}, in this order, in\n{picture}"));
    }
    assert!(plain.iter().all(|line| line.chars().count() <= 100), "{picture}");
}

#[test]
fn the_text_of_many_is_a_list() {
    let trace = trace(&["mistake-backlog"]);
    let lines = text(&trace, &Look { width: 100, unicode: false });
    assert_eq!(lines.len(), trace.calls.len() + 1);
    assert!(lines.iter().all(|line| line.is_ascii()));
}

#[test]
fn numbers_are_those_of_the_calls() {
    let stats = stat(&trace(&["tcp-server", "tcp-client"]));
    let send = stats.iter().find(|stat| stat.op == "send").unwrap();
    assert_eq!((send.calls, send.errors, send.bytes), (4, 0, 46));
    assert!(send.p50 <= send.p99 && send.p99 <= send.max && send.max <= send.total);
}

#[test]
fn what_grows_is_kept_to_its_last_calls() {
    let mut live = berkeley_picture::Live::new(50);
    let [server, clients] = crowd(10, 20);
    // As it comes: in pieces that do not end with lines, of two files in turns.
    for (file, text) in [(0, server), (1, clients)] {
        let bytes = text.as_bytes();
        for piece in bytes.chunks(700) {
            live.push(file, std::str::from_utf8(piece).unwrap());
        }
    }
    let trace = live.trace();
    assert_eq!(trace.unread, 0);
    assert!((50..=100).contains(&trace.calls.len()), "{}", trace.calls.len());
    assert!(live.calls() > 800, "{}", live.calls());
    assert_eq!(trace.sockets.iter().filter(|socket| socket.other.is_some()).count(), 20);
}
