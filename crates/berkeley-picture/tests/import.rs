//! Logs of strace as recordings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::process::Command;

use berkeley_picture::{Trace, import_strace};
use berkeley_testing::{program, skip};
use serde_json::Value;

fn lines(log: &str) -> Vec<Value> {
    import_strace(log).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn calls(log: &str) -> Vec<Value> {
    lines(log).into_iter().filter(|line| line["ev"] == "call").collect()
}

/// As `strace -f -yy -ttt -T -o` writes it: a server and a client in two threads.
const LOG: &str = r#"100 10.000001 execve("/usr/bin/python3", ["python3", "app.py"], 0x7ffd /* 20 vars */) = 0 <0.000400>
100 10.100001 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3<TCP:[4711]> <0.000010>
100 10.100021 bind(3<TCP:[4711]>, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}, 16) = 0 <0.000005>
100 10.100031 listen(3<TCP:[127.0.0.1:8000]>, 128) = 0 <0.000004>
100 10.100041 getsockname(3<TCP:[127.0.0.1:8000]>, {sa_family=AF_INET, sin_port=htons(8000), sin_addr=inet_addr("127.0.0.1")}, [16]) = 0 <0.000002>
100 10.100051 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD|CLONE_SIGHAND, stack=0x7f}, 88) = 101 <0.000030>
101 10.100061 accept4(3<TCP:[127.0.0.1:8000]>,  <unfinished ...>
100 10.100071 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 4<TCP:[4712]> <0.000009>
100 10.100081 connect(4<TCP:[4712]>, {sa_family=AF_INET, sin_port=htons(8000), sin_addr=inet_addr("127.0.0.1")}, 16) = 0 <0.000050>
101 10.100139 <... accept4 resumed>{sa_family=AF_INET, sin_port=htons(5000), sin_addr=inet_addr("127.0.0.1")}, [16], SOCK_CLOEXEC) = 5<TCP:[127.0.0.1:8000->127.0.0.1:5000]> <0.000078>
100 10.100141 sendto(4<TCP:[127.0.0.1:5000->127.0.0.1:8000]>, "he\"l, (l)o\n\0\x01", 13, 0, NULL, 0) = 13 <0.000020>
101 10.100151 recvfrom(5<TCP:[127.0.0.1:8000->127.0.0.1:5000]>, "he\"l, (l)o\n\0\x01", 1024, 0, NULL, NULL) = 13 <0.000010>
101 10.100161 write(1</dev/pts/0>, "not a socket", 12) = 12 <0.000010>
101 10.100171 write(5<TCP:[127.0.0.1:8000->127.0.0.1:5000]>, "abc", 3) = 3 <0.000010>
101 10.100181 sendmsg(5<TCP:[127.0.0.1:8000->127.0.0.1:5000]>, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="de", iov_len=2}, {iov_base="f", iov_len=1}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, MSG_NOSIGNAL) = 3 <0.000010>
100 10.100191 recvfrom(4<TCP:[127.0.0.1:5000->127.0.0.1:8000]>, 0x7f00, 10, MSG_DONTWAIT, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable) <0.000003>
100 10.100201 ppoll([{fd=4<TCP:[127.0.0.1:5000->127.0.0.1:8000]>, events=POLLIN|POLLRDHUP}], 1, {tv_sec=4, tv_nsec=9}, NULL, 0) = 1 ([{fd=4, revents=POLLIN}], left {tv_sec=4, tv_nsec=1}) <0.000100>
100 10.100311 recvfrom(4<TCP:[127.0.0.1:5000->127.0.0.1:8000]>, "abcdef", 10, MSG_DONTWAIT, NULL, NULL) = 6 <0.000004>
100 10.100321 getsockopt(4<TCP:[127.0.0.1:5000->127.0.0.1:8000]>, SOL_SOCKET, SO_ERROR, [0], [4]) = 0 <0.000002>
100 10.100331 shutdown(4<TCP:[127.0.0.1:5000->127.0.0.1:8000]>, SHUT_WR) = 0 <0.000009>
100 10.100341 close(4<TCP:[127.0.0.1:5000->127.0.0.1:8000]>) = 0 <0.000012>
101 10.100351 +++ exited with 0 +++
100 10.100361 --- SIGCHLD {si_signo=SIGCHLD} ---
"#;

#[test]
fn a_log_is_a_recording() {
    let lines = lines(LOG);
    assert_eq!(lines[0]["ev"], "process");
    assert!(lines.iter().any(|line| line["name"] == "python3"));
    let calls = calls(LOG);
    let ops: Vec<_> = calls.iter().map(|call| call["op"].as_str().unwrap()).collect();
    assert_eq!(
        ops,
        [
            "socket",
            "bind",
            "listen",
            "getsockname",
            "socket",
            "connect",
            "accept",
            "sendto",
            "recvfrom",
            "send",
            "sendmsg",
            "recvfrom",
            "poll",
            "recvfrom",
            "getsockopt",
            "shutdown",
            "close",
        ]
    );
    // Both threads are of one process.
    assert!(calls.iter().all(|call| call["pid"] == 100));
    let accept = &calls[6];
    assert_eq!((&accept["tid"], &accept["ret"]), (&101.into(), &5.into()));
    assert_eq!(accept["args"]["from"], "127.0.0.1:5000");
    assert_eq!((accept["t"].as_f64(), accept["dur"].as_f64()), (Some(10.100061), Some(7.8e-5)));
    let (sent, got) = (&calls[7], &calls[8]);
    assert_eq!((&sent["ret"], &sent["off"], &sent["data"]), (&13.into(), &0.into(), &got["data"]));
    assert_eq!(sent["data"], "aGUibCwgKGwpbwoAAQ==");
    assert_eq!(
        (&calls[9]["off"], &calls[10]["off"], &calls[10]["args"]["len"]),
        (&0.into(), &3.into(), &3.into())
    );
    assert_eq!((&calls[11]["ret"], &calls[11]["errno"]), (&Value::Null, &"EAGAIN".into()));
    assert_eq!(
        (&calls[14]["args"]["name"], &calls[14]["args"]["value"]),
        (&"SO_ERROR".into(), &0.into())
    );
}

#[test]
fn the_ends_of_an_imported_connection_find_each_other() {
    let text = import_strace(LOG);
    let trace = Trace::read([text.as_str()]);
    assert_eq!(trace.unread, 0);
    // 13 bytes there, and 6 back in two pieces.
    assert!(trace.links.len() >= 3, "{:?}", trace.links);
}

#[test]
fn what_is_no_line_of_strace_is_left_out() {
    for log in [
        "",
        "nothing",
        "100",
        "100 ",
        "(",
        "x(",
        "x()",
        "x() = ",
        "100 1.5 listen(3, 5)",
        "<... recv resumed>",
        "7 <... recv resumed>) = 1",
        "7 recv(3 <unfinished ...>",
        "7 recv(3, \"\\",
        "7 recv(3, \"\\x",
        "7 socket() = ",
        "7 socket(",
        "7 poll([{fd=",
        "é(é) = é",
    ] {
        assert!(calls(log).is_empty(), "{log:?}");
    }
    // Without times and threads: in the order of lines.
    let calls = calls("socket(AF_UNIX, SOCK_DGRAM, 0) = 3\nsend(3, \"x\"..., 1, 0) = 1\n");
    assert_eq!((&calls[0]["op"], &calls[1]["args"]["len"]), (&"socket".into(), &1.into()));
    assert!(calls[1]["t"].as_f64() > calls[0]["t"].as_f64());
    assert!(calls[1]["off"].is_null(), "a datagram has no place in a stream");
}

#[test]
fn a_program_under_strace_is_drawn() {
    let (Some(strace), Some(python)) = (program("strace"), program("python3")) else {
        skip!("strace or python3 is not installed");
    };
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let code =
        "import socket as s; a, b = s.socketpair(); a.sendall(b'hello'); b.recv(9); a.close()";
    let mut command = Command::new(strace);
    command.args(["-f", "-yy", "-ttt", "-T", "-o"]).arg(&log).arg(python).args(["-c", code]);
    let output = command.output().unwrap();
    if !output.status.success() {
        skip!("strace may not trace here");
    }
    let calls = calls(&std::fs::read_to_string(log).unwrap());
    let ops: Vec<_> = calls.iter().map(|call| call["op"].as_str().unwrap()).collect();
    // Before the program there may be others that start it and look up who runs them, and Python
    // asks new sockets who they are.
    let ops = ops.into_iter().skip_while(|op| *op != "socketpair");
    let ops: Vec<_> = ops.filter(|op| !op.starts_with("get")).collect();
    assert_eq!(ops, ["socketpair", "sendto", "recvfrom", "close", "close"]);
}
