//! The recordings that tests look at.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write;

use berkeley_picture::Trace;

/// A recording of `tests/data`, by its name without the ending.
pub(crate) fn recording(name: &str) -> String {
    let file = format!("{}/tests/data/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Recordings of `tests/data`, put together.
pub(crate) fn trace(names: &[&str]) -> Trace {
    let texts: Vec<String> = names.iter().map(|name| recording(name)).collect();
    let trace = Trace::read(texts.iter().map(String::as_str));
    assert_eq!(trace.unread, 0, "{names:?}");
    trace
}

/// A server with this many clients, each of which asks this often: two processes, in the one of
/// which a loop serves all, as asyncio does.
pub(crate) fn crowd(clients: usize, asks: usize) -> [String; 2] {
    let (mut server, mut client) = (String::new(), String::new());
    for (out, pid, name) in [(&mut server, 10, "server.py"), (&mut client, 20, "clients.py")] {
        writeln!(
            out,
            r#"{{"ev":"process","schema":"berkeley.trace/1","t":100.0,"pid":{pid},"wall":1790000000.0,"argv":["python","{name}"],"name":"{name}"}}"#
        )
        .unwrap();
        writeln!(out, r#"{{"ev":"thread","t":100.0,"pid":{pid},"tid":{pid},"name":"MainThread"}}"#)
            .unwrap();
    }
    let mut now = 100.001;
    let call = |out: &mut String, t: f64, pid: u32, sock: usize, rest: &str| {
        let dur = 0.000_004 + (t * 7919.0).fract() * 0.000_02;
        writeln!(
            out,
            r#"{{"ev":"call","t":{t:.9},"dur":{dur:.9},"pid":{pid},"tid":{pid},"sock":"s{sock}","fd":{fd},{rest}}}"#,
            fd = sock + 4
        )
        .unwrap();
    };
    let socket = |out: &mut String, t: f64, pid: u32, sock: usize, local: &str, rest: &str| {
        writeln!(
            out,
            r#"{{"ev":"socket","t":{t:.9},"pid":{pid},"sock":"s{sock}","fd":{fd},"family":"AF_INET","type":"SOCK_STREAM","proto":"IPPROTO_TCP","local":"{local}"{rest}}}"#,
            fd = sock + 4
        )
        .unwrap();
    };
    socket(&mut server, now, 10, 1, "127.0.0.1:8000", "");
    call(&mut server, now, 10, 1, r#""op":"socket","args":{},"ret":5"#);
    call(&mut server, now + 2e-5, 10, 1, r#""op":"bind","args":{"addr":"127.0.0.1:8000"},"ret":0"#);
    call(&mut server, now + 4e-5, 10, 1, r#""op":"listen","args":{"backlog":100},"ret":0"#);
    for n in 0..clients {
        now += 0.0002;
        let (mine, port) = (n + 2, 40_000 + n);
        let (here, there) = (format!("127.0.0.1:{port}"), "127.0.0.1:8000");
        socket(&mut client, now, 20, mine, &here, &format!(r#","peer":"{there}""#));
        call(
            &mut client,
            now,
            20,
            mine,
            r#""op":"connect","args":{"addr":"127.0.0.1:8000"},"errno":"EINPROGRESS""#,
        );
        now += 0.00003;
        let fd = mine + 4;
        call(
            &mut server,
            now,
            10,
            1,
            &format!(r#""op":"accept","args":{{"from":"{here}"}},"ret":{fd}"#),
        );
        let rest = format!(r#","peer":"{here}","from":"s1""#);
        socket(&mut server, now + 1e-5, 10, mine, there, &rest);
        if n % 10 == 0 {
            let rtt = 0.00003 + (n as f64) * 1e-7;
            writeln!(server, r#"{{"ev":"info","t":{now:.9},"pid":10,"sock":"s{mine}","state":"ESTABLISHED","rtt":{rtt:.9},"cwnd":10,"retrans":0,"rcv_queue":0,"snd_queue":0}}"#).unwrap();
        }
    }
    for ask in 0..asks {
        for n in 0..clients {
            let (mine, off) = (n + 2, ask * 5);
            let io = |op: &str, key: &str, errno: bool| {
                let (ret, errno) = if errno { ("null", r#""EAGAIN""#) } else { ("5", "null") };
                let len = if key == "room" { 65_536 } else { 5 };
                format!(
                    r#""op":"{op}","args":{{"{key}":{len}}},"ret":{ret},"errno":{errno},"off":{off},"data":"aGVsbG8=""#
                )
            };
            now += 0.00006;
            call(&mut client, now, 20, mine, &io("send", "len", false));
            if (n + ask) % 9 == 0 {
                call(
                    &mut server,
                    now + 1e-5,
                    10,
                    mine,
                    &io("recv", "room", true).replace(r#","data":"aGVsbG8=""#, ""),
                );
            }
            call(&mut server, now + 4e-5, 10, mine, &io("recv", "room", false));
            call(&mut server, now + 7e-5, 10, mine, &io("send", "len", false));
            call(&mut client, now + 1e-4, 20, mine, &io("recv", "room", false));
            now += 0.00006;
        }
    }
    for n in 0..clients {
        let mine = n + 2;
        now += 0.00005;
        call(&mut client, now, 20, mine, r#""op":"close","args":{},"ret":0"#);
        let end = format!(r#""op":"recv","args":{{"room":65536}},"ret":0,"off":{}"#, asks * 5);
        call(&mut server, now + 2e-5, 10, mine, &end);
        call(&mut server, now + 4e-5, 10, mine, r#""op":"close","args":{},"ret":0"#);
    }
    call(&mut server, now + 1e-4, 10, 1, r#""op":"close","args":{},"ret":0"#);
    writeln!(server, r#"{{"ev":"end","t":{now:.9},"pid":10}}"#).unwrap();
    writeln!(client, r#"{{"ev":"end","t":{now:.9},"pid":20}}"#).unwrap();
    [server, client]
}
