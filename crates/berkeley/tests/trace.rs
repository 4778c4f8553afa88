//! The recorder of calls. There is one for a process, so each test here is a process of its own.
#![cfg(feature = "trace")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::io::{IoSlice, Read};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use berkeley::batch::{RecvBatch, SendBatch};
use berkeley::trace::{self, Options};
use berkeley::{
    Errno, Family, MsgFlags, Protocol, Shutdown, Socket, Type, create_connection, create_server,
    opt,
};
use berkeley_testing::{program, skip};
use serde_json::Value;

/// Where a test that runs as a process of its own finds its file.
const FILE: &str = "BERKELEY_TEST_TRACE_FILE";

/// Runs the test of this name in a process of its own, and answers its lines.
fn alone(name: &str, set: impl FnOnce(&mut Command)) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(FILE, &file);
    set(&mut command);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(status.success(), "{said}");
    lines(&file)
}

/// The lines of a file in the order of time: each thread's come as they are taken.
fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    lines.sort_by(|a, b| a["t"].as_f64().unwrap().total_cmp(&b["t"].as_f64().unwrap()));
    lines
}

/// The file, in the process of a test's own.
fn own_file() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

fn of<'l>(lines: &'l [Value], event: &str) -> Vec<&'l Value> {
    lines.iter().filter(|line| line["ev"] == event).collect()
}

/// The calls in their order, each with its operation, and its answer.
fn calls(lines: &[Value]) -> Vec<(String, Value)> {
    let answer = |line: &Value| {
        if line["errno"].is_null() { line["ret"].clone() } else { line["errno"].clone() }
    };
    of(lines, "call")
        .iter()
        .map(|line| (line["op"].as_str().unwrap().to_owned(), answer(line)))
        .collect()
}

fn pair() -> (Socket, Socket) {
    Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap()
}

/// What a program does with sockets, of many kinds.
fn operate() {
    let server = create_server("127.0.0.1:0").unwrap();
    let addr = server.local_addr().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let client = create_connection(addr).unwrap();
            client.set(opt::TCP_NODELAY, true).unwrap();
            client.send(b"hello, ").unwrap();
            client.send_all(b"world").unwrap();
            client.shutdown(Shutdown::Write).unwrap();
            let mut rest = Vec::new();
            (&client).read_to_end(&mut rest).unwrap();
            assert_eq!(rest, b"hello, world");
        });
        let (conn, _) = server.accept().unwrap();
        let mut text = [0; 12];
        conn.recv_exactly(&mut text).unwrap();
        assert_eq!(conn.recv_vec(10).unwrap(), b"");
        conn.send_vectored(
            &[IoSlice::new(&text[..5]), IoSlice::new(&text[5..])],
            MsgFlags::empty(),
        )
        .unwrap();
    });
    let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    udp.bind("127.0.0.1:0").unwrap();
    let own = udp.local_addr().unwrap();
    let other = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    other.send_to(b"a datagram", own).unwrap();
    let mut memory = [0; 64];
    let (_, from) = udp.recv_from(&mut memory).unwrap();
    udp.connect(from).unwrap();
    assert_eq!(udp.peer_addr().unwrap(), from);
    let (mut out, mut arrived) = (SendBatch::new(), RecvBatch::new(8, 64));
    out.push(b"one", own).unwrap();
    out.push(b"more", own).unwrap();
    other.send_batch(&mut out).unwrap();
    udp.recv_batch(&mut arrived).unwrap();
    udp.set_timeout(Duration::from_millis(5)).unwrap();
    assert!(udp.recv(&mut memory).unwrap_err().is_timeout());
    let refused = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
    let nobody = {
        let gone = create_server("127.0.0.1:0").unwrap();
        gone.local_addr().unwrap()
    };
    assert_eq!(refused.connect_ex(nobody).unwrap(), Errno::ECONNREFUSED);
    let (a, b) = pair();
    a.send_fds(b"x", &[&udp]).unwrap();
    let got = b.recv_fds(&mut memory, 2).unwrap();
    assert_eq!(got.fds.len(), 1);
    drop(a);
    assert_eq!(b.send(b"y").unwrap_err().errno(), Some(Errno::EPIPE));
}

/// A line of strace's, as the name of the call and its answer.
fn of_strace(line: &str) -> Option<(String, Value)> {
    let (name, rest) = line.split_once('(')?;
    let (_, answer) = rest.rsplit_once(" = ")?;
    let mut words = answer.split(' ');
    let value: i64 = words.next()?.split('<').next()?.parse().ok()?;
    let answer = if value < 0 { words.next()?.into() } else { value.into() };
    Some((name.to_owned(), answer))
}

/// The calls of each thread in strace's log; what the recorder itself has asked the kernel is left
/// out: who a socket is, which ends in its cookie, and what TCP knows.
fn straced(log: &str) -> BTreeMap<u64, Vec<(String, Value)>> {
    let mut lines: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for line in log.lines() {
        let (thread, line) = line.split_once(' ').unwrap();
        let own = lines.entry(thread.parse().unwrap()).or_default();
        let line = line.trim_start();
        if let Some((start, _)) = line.split_once("<unfinished ...>") {
            own.push(start.trim_end().to_owned());
        } else if let Some((_, rest)) = line.split_once(" resumed>") {
            let start = own.pop().unwrap();
            own.push(start + rest);
        } else {
            own.push(line.to_owned());
        }
    }
    let mut threads = BTreeMap::new();
    for (thread, lines) in lines {
        let mut kept: Vec<String> = Vec::new();
        for line in lines {
            if line.contains("SO_COOKIE") {
                while kept.last().is_some_and(|last| {
                    last.starts_with("getsockname(") || last.starts_with("getpeername(")
                }) {
                    kept.pop();
                }
            } else if !line.contains("TCP_INFO") {
                kept.push(line);
            }
        }
        let calls: Vec<_> = kept.iter().filter_map(|line| of_strace(line)).collect();
        if !calls.is_empty() {
            threads.insert(thread, calls);
        }
    }
    threads
}

/// The names that both use.
fn common(op: &str) -> &str {
    match op {
        "accept4" => "accept",
        "send" => "sendto",
        "recv" => "recvfrom",
        op => op,
    }
}

#[test]
fn every_call_agrees_with_strace() {
    if own_file().is_some() {
        assert!(trace::from_env().unwrap());
        assert!(!trace::from_env().unwrap());
        return operate();
    }
    let Some(strace) = program("strace") else { skip!("strace is not installed") };
    let folder = tempfile::tempdir().unwrap();
    let (log, file) = (folder.path().join("strace.txt"), folder.path().join("run.jsonl"));
    let mut command = Command::new(strace);
    command.args(["-f", "-e", "trace=network", "-e", "signal=none", "-o"]).arg(&log);
    command.arg(std::env::current_exe().unwrap());
    command.args(["--exact", "every_call_agrees_with_strace", "--nocapture"]);
    let Output { status, stderr, .. } =
        command.env(FILE, &file).env("BERKELEY_TRACE", &file).output().unwrap();
    let said = String::from_utf8_lossy(&stderr);
    if said.contains("Operation not permitted") {
        skip!("strace may not trace here");
    }
    assert!(status.success(), "{said}");

    let mut recorded: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
    for line in lines(&file) {
        if line["ev"] == "call" {
            recorded.entry(line["tid"].as_u64().unwrap()).or_default().push(line);
        }
    }
    let straced = straced(&std::fs::read_to_string(log).unwrap());
    let not_network = ["poll", "close", "dup", "ioctl", "getaddrinfo"];
    let recorded: BTreeMap<u64, Vec<(String, Value)>> = recorded
        .into_iter()
        .map(|(thread, lines)| {
            let mut calls = calls(&lines);
            calls.retain(|(op, _)| !not_network.contains(&op.as_str()));
            (thread, calls)
        })
        .collect();
    assert_eq!(recorded.len(), 2);
    for (thread, calls) in &recorded {
        let named = |calls: &[(String, Value)]| -> Vec<String> {
            calls.iter().map(|(op, answer)| format!("{} {answer}", common(op))).collect()
        };
        assert_eq!(named(calls), named(&straced[thread]), "of thread {thread}");
    }
    assert_eq!(recorded.keys().collect::<Vec<_>>(), straced.keys().collect::<Vec<_>>());
    let count: usize = recorded.values().map(Vec::len).sum();
    assert!(count > 30, "{count}");
}

#[test]
fn a_line_says_who_did_what_with_which_socket() {
    let Some(file) = own_file() else {
        let lines = alone("a_line_says_who_did_what_with_which_socket", |_| {});
        return assert_lines(&lines);
    };
    let recording = Options::new().payload(4).to_file(file).unwrap();
    operate();
    let done = recording.finish().unwrap();
    assert!(done.calls > 30 && done.dropped == 0, "{done:?}");
}

fn assert_lines(lines: &[Value]) {
    assert_eq!(lines[0]["ev"], "process");
    assert_eq!(lines[0]["schema"], "berkeley.trace/1");
    assert_eq!(lines.last().unwrap()["ev"], "end");
    let find = |op: &str| of(lines, "call").into_iter().find(|line| line["op"] == op).unwrap();
    let sent = find("send");
    assert_eq!((&sent["args"]["len"], &sent["args"]["flags"]), (&7.into(), &"MSG_NOSIGNAL".into()));
    assert_eq!(
        (&sent["ret"], &sent["off"], &sent["data"]),
        (&7.into(), &0.into(), &"aGVsbA==".into())
    );
    assert!(sent["hash"].is_null());
    // The next piece of the same stream stands behind it.
    let of_socket = |line: &&&Value| line["sock"] == sent["sock"] && line["op"] == "send";
    let calls = of(lines, "call");
    let next = calls.iter().filter(of_socket).nth(1).unwrap();
    assert_eq!((&next["off"], &next["ret"]), (&7.into(), &5.into()));
    // Both ends of a connection know each other's address, and the datagram is the same at both.
    let about = |sock: &Value| {
        let mut all = of(lines, "socket").into_iter().filter(|line| &line["sock"] == sock);
        all.rfind(|line| !line["local"].is_null()).unwrap()
    };
    let client = about(&sent["sock"]);
    let sockets = of(lines, "socket");
    let accepted = sockets.iter().find(|line| line["from"] == find("accept")["sock"]).unwrap();
    assert_eq!(client["family"], "AF_INET");
    assert_eq!((&client["type"], &client["proto"]), (&"SOCK_STREAM".into(), &"IPPROTO_TCP".into()));
    assert_eq!((&client["local"], &client["peer"]), (&accepted["peer"], &accepted["local"]));
    let (to, from) = (find("sendto"), find("recvfrom"));
    assert!(to["hash"].is_string() && to["hash"] == from["hash"], "{to} {from}");
    assert_eq!(about(&from["sock"])["local"], to["args"]["addr"]);
    assert_eq!(
        about(&to["sock"])["local"].as_str().unwrap().split(':').nth(1),
        from["args"]["from"].as_str().unwrap().split(':').nth(1)
    );
    // What waited and what it waited for are one call of the program.
    let late = calls.iter().find(|line| line["errno"] == "EAGAIN" && line["op"] == "recv").unwrap();
    let waits: Vec<_> = calls.iter().filter(|line| line["span"] == late["span"]).collect();
    assert!(waits.iter().any(|line| line["op"] == "poll" && line["left"].is_number()), "{waits:?}");
    assert_eq!(calls.iter().filter(|line| line["span"] == sent["span"]).count(), 1);
    let option = find("setsockopt");
    assert!(option["args"]["level"].is_string() && option["args"]["value"].is_number(), "{option}");
    let refused = calls.iter().find(|line| line["errno"] == "ECONNREFUSED").unwrap();
    assert_eq!((&refused["op"], &refused["ret"]), (&"connect".into(), &Value::Null));
    let pairs: Vec<_> =
        of(lines, "socket").into_iter().filter(|line| line["pair"].is_string()).collect();
    assert_eq!((&pairs[0]["pair"], &pairs[1]["pair"]), (&pairs[1]["sock"], &pairs[0]["sock"]));
    let states: Vec<_> = of(lines, "info").iter().map(|line| line["state"].as_str()).collect();
    assert!(states.contains(&Some("ESTABLISHED")), "{states:?}");
    assert!(!of(lines, "thread").is_empty());
}

#[test]
fn calls_that_are_alike_keep_what_is_their_own() {
    // More pairs than the writer remembers, and calls of which every member is once the only other.
    const MESSAGES: [(&[u8], MsgFlags); 9] = [
        (b"one", MsgFlags::empty()),
        (b"two", MsgFlags::empty()),
        (b"eight by", MsgFlags::empty()),
        (b"eighteen and beyond", MsgFlags::empty()),
        (b"eighteen and before", MsgFlags::empty()),
        (b"nineteen, no other!", MsgFlags::DONTWAIT),
        (b"", MsgFlags::empty()),
        (b"one", MsgFlags::empty()),
        (b"1", MsgFlags::empty()),
    ];
    const PAIRS: usize = 12;
    if let Some(file) = own_file() {
        let pairs: Vec<_> = (0..PAIRS).map(|_| pair()).collect();
        let recording = Options::new().payload(8).to_file(file).unwrap();
        for (data, flags) in MESSAGES {
            for (a, b) in &pairs {
                a.send_with(data, flags).unwrap();
                if !data.is_empty() {
                    b.recv_with(&mut [0; 32], flags).unwrap();
                }
            }
        }
        let done = recording.finish().unwrap();
        assert_eq!((done.calls, done.dropped), (PAIRS as u64 * 17, 0));
        return;
    }
    let lines = alone("calls_that_are_alike_keep_what_is_their_own", |_| {});
    let calls = of(&lines, "call");
    assert_eq!(calls.len(), PAIRS * 17);
    let (mut calls, mut offs) = (calls.into_iter(), BTreeMap::<String, u64>::new());
    let mut spans = std::collections::BTreeSet::new();
    for (data, flags) in MESSAGES {
        for _ in 0..PAIRS {
            for op in ["send", "recv"].into_iter().take(1 + usize::from(!data.is_empty())) {
                let call = calls.next().unwrap();
                assert_eq!((&call["op"], &call["ret"]), (&op.into(), &data.len().into()));
                let off = offs.entry(call["sock"].to_string()).or_default();
                assert_eq!(call["off"], *off, "{call}");
                *off += data.len() as u64;
                let text = call["args"]["flags"].as_str().unwrap();
                assert_eq!(text.contains("MSG_DONTWAIT"), flags == MsgFlags::DONTWAIT, "{call}");
                let asked = match op {
                    "send" => (&call["args"]["len"], data.len()),
                    _ => (&call["args"]["room"], 32),
                };
                assert_eq!(*asked.0, asked.1, "{call}");
                let kept = &data[..data.len().min(8)];
                let kept = (!kept.is_empty()).then(|| STANDARD.encode(kept));
                assert_eq!(call.get("data").and_then(Value::as_str), kept.as_deref(), "{call}");
                assert!(spans.insert(call["span"].as_u64().unwrap()), "{call}");
            }
        }
    }
    assert_eq!(offs.len(), 2 * PAIRS);
}

#[test]
fn nothing_is_recorded_before_and_after() {
    let Some(file) = own_file() else {
        let lines = alone("nothing_is_recorded_before_and_after", |_| {});
        let ops: Vec<_> = calls(&lines).into_iter().map(|(op, _)| op).collect();
        assert_eq!(ops, ["send", "recv"]);
        // The pair was made before, and is told of all the same.
        let sockets = of(&lines, "socket");
        assert!(sockets.iter().all(|line| line["family"] == "AF_UNIX"), "{sockets:?}");
        return;
    };
    let (a, b) = pair();
    a.send(b"before").unwrap();
    assert_eq!(b.recv_vec(10).unwrap(), b"before");
    let recording = trace::to_file(&file).unwrap();
    let busy = trace::to_file(&file).unwrap_err();
    assert_eq!(busy.errno(), Some(Errno::EBUSY));
    a.send(b"during").unwrap();
    b.recv_vec(10).unwrap();
    drop(recording);
    a.send(b"after").unwrap();
    b.recv_vec(10).unwrap();
    // A second one, in another file.
    let second = file.with_extension("2");
    let recording = trace::to_file(&second).unwrap();
    b.send(b"x").unwrap();
    assert_eq!(recording.finish().unwrap().calls, 1);
    assert_eq!(calls(&lines(&second)), [("send".to_owned(), 1.into())]);
}

#[test]
fn the_program_does_not_wait_and_what_is_dropped_is_counted() {
    const CALLS: u64 = 30_000;
    let Some(_) = own_file() else {
        return drop(alone(
            "the_program_does_not_wait_and_what_is_dropped_is_counted",
            |command| {
                // It writes to a pipe of its own; this file is only looked at.
                std::fs::write(Path::new("/dev/null"), "").unwrap();
                let file = command.get_envs().find(|(name, _)| *name == FILE).unwrap().1.unwrap();
                std::fs::write(file, "").unwrap();
            },
        ));
    };
    // A pipe that nobody reads from as long as the calls go on.
    let (mut reader, writer) = std::io::pipe().unwrap();
    let path = format!("/proc/self/fd/{}", writer.as_raw_fd());
    let recording = Options::new().memory(100_000).to_file(path).unwrap();
    drop(writer);
    let (a, b) = pair();
    for _ in 0..CALLS / 2 {
        a.send(b"x").unwrap();
        b.recv(&mut [0; 4]).unwrap();
    }
    let text = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    let done = recording.finish().unwrap();
    assert_eq!(done.calls + done.dropped, CALLS + 1);
    assert!(done.dropped > CALLS / 2, "{done:?}");
    let text = text.join().unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(of(&lines, "call").len() as u64, done.calls);
    let dropped = of(&lines, "dropped");
    let dropped: u64 = dropped.iter().map(|line| line["count"].as_u64().unwrap()).sum();
    assert_eq!(dropped, done.dropped);
}

#[test]
fn threads_that_end_are_written_down_and_give_back_their_memory() {
    let Some(file) = own_file() else {
        let lines = alone("threads_that_end_are_written_down_and_give_back_their_memory", |_| {});
        let threads: std::collections::BTreeSet<_> =
            of(&lines, "call").iter().map(|line| line["tid"].as_u64()).collect();
        assert_eq!(threads.len(), 50);
        let named = of(&lines, "thread").iter().any(|line| line["name"] == "number 7");
        assert!(named && of(&lines, "dropped").is_empty());
        return;
    };
    // Room for three threads at a time.
    let recording = Options::new().memory(3 << 16).to_file(file).unwrap();
    for number in 0..50 {
        let work = move || {
            trace::name_thread(&format!("number {number}"));
            let (a, b) = pair();
            a.send(b"x").unwrap();
            b.recv(&mut [0; 1]).unwrap();
        };
        std::thread::spawn(work).join().unwrap();
        trace::flush();
    }
    let done = recording.finish().unwrap();
    assert_eq!((done.calls, done.dropped), (50 * 5, 0));
}

#[test]
#[allow(unsafe_code)]
fn a_copy_of_the_process_goes_on_in_the_same_file() {
    let Some(file) = own_file() else {
        let lines = alone("a_copy_of_the_process_goes_on_in_the_same_file", |_| {});
        let processes = of(&lines, "process");
        let [parent, child] = processes[..] else { panic!("{processes:?}") };
        assert_eq!(child["ppid"], parent["pid"]);
        let of_process = |process: &Value| {
            let own: Vec<_> =
                lines.iter().filter(|line| line["pid"] == process["pid"]).cloned().collect();
            calls(&own).into_iter().map(|(op, _)| op).collect::<Vec<_>>()
        };
        assert_eq!(of_process(parent), ["socketpair", "close", "recv", "close"]);
        assert_eq!(of_process(child), ["send", "close", "close"]);
        // The copy tells of the sockets that it was given.
        let sockets = of(&lines, "socket");
        assert_eq!(sockets.iter().filter(|line| line["pid"] == child["pid"]).count(), 2);
        return;
    };
    let recording = trace::to_file(file).unwrap();
    let (a, b) = pair();
    // SAFETY: the copy uses nothing that another thread may have held.
    let child = unsafe { libc::fork() };
    if child == 0 {
        a.send(b"from the copy").unwrap();
        drop((a, b));
        trace::flush();
        // SAFETY: it ends here.
        unsafe { libc::_exit(0) };
    }
    drop(a);
    assert_eq!(b.recv_vec(20).unwrap(), b"from the copy");
    let mut status = 0;
    // SAFETY: one int for the answer.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0);
    drop(b);
    drop(recording);
}

#[test]
fn what_cannot_be_written_is_said() {
    let error = trace::to_file("/no/such/folder/run.jsonl").unwrap_err();
    assert_eq!(error.errno(), Some(Errno::ENOENT));
    assert_eq!(error.to_string(), "trace /no/such/folder/run.jsonl: no such file or directory");
    if own_file().is_none() {
        return drop(alone("what_cannot_be_written_is_said", |command| {
            let file = command.get_envs().find(|(name, _)| *name == FILE).unwrap().1.unwrap();
            std::fs::write(file, "").unwrap();
        }));
    }
    assert_eq!(trace::to_file("/dev/full").unwrap_err().errno(), Some(Errno::ENOSPC));
    // A pipe whose other end goes away: the program goes on, and hears of it in the end.
    let (reader, writer) = std::io::pipe().unwrap();
    let recording = trace::to_file(format!("/proc/self/fd/{}", writer.as_raw_fd())).unwrap();
    drop((reader, writer));
    let (a, b) = pair();
    a.send(b"goes on").unwrap();
    assert_eq!(b.recv_vec(10).unwrap(), b"goes on");
    assert_eq!(recording.finish().unwrap_err().errno(), Some(Errno::EPIPE));
}

#[test]
fn samples_are_taken_of_open_connections() {
    let Some(file) = own_file() else {
        let lines = alone("samples_are_taken_of_open_connections", |_| {});
        assert!(of(&lines, "info").len() >= 5);
        assert!(of(&lines, "thread").iter().all(|line| line["name"] != "berkeley trace"));
        return;
    };
    let recording = Options::new().sample(Duration::from_millis(1)).to_file(&file).unwrap();
    let server = create_server("127.0.0.1:0").unwrap();
    let _client = create_connection(server.local_addr().unwrap()).unwrap();
    let enough = || lines(&file).iter().filter(|line| line["ev"] == "info").count() >= 5;
    assert!(berkeley_testing::eventually(|| {
        trace::flush();
        enough()
    }));
    drop(recording);
}
