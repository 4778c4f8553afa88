//! Calls as events of `tracing`. They are switched on for the whole process, so that the tests here
//! take turns.
#![cfg(feature = "tracing")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fmt;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use berkeley::{
    Errno, Family, Protocol, Socket, Type, create_connection, create_server, getaddrinfo, opt,
    trace,
};
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::subscriber::{set_global_default, with_default};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// Keeps the events up to a level, and shows each to somebody.
struct Kept {
    most: Level,
    events: Arc<Mutex<Vec<Value>>>,
    show: Box<dyn Fn(&Value) + Send + Sync>,
}

impl Subscriber for Kept {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.most
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let metadata = event.metadata();
        assert_eq!((metadata.target(), metadata.name()), ("berkeley::socket", "call"));
        fields.0.insert("level".to_owned(), metadata.level().as_str().into());
        let fields = Value::Object(fields.0);
        (self.show)(&fields);
        self.events.lock().unwrap().push(fields);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        assert_eq!(field.name(), "args", "all else is a number or a text");
        self.0.insert("args".to_owned(), format!("{value:?}").into());
    }
}

/// What a subscriber is told while this is done.
fn told(most: Level, act: impl FnOnce()) -> Vec<Value> {
    let events = Arc::default();
    with_default(Kept { most, events: Arc::clone(&events), show: Box::new(|_| {}) }, act);
    std::mem::take(&mut *events.lock().unwrap())
}

fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Both ends of a connection by TCP, in one thread.
fn exchange() {
    let server = create_server("127.0.0.1:0").unwrap();
    let client = create_connection(server.local_addr().unwrap()).unwrap();
    let (conn, _) = server.accept().unwrap();
    client.set(opt::TCP_NODELAY, true).unwrap();
    client.send(b"hello").unwrap();
    assert_eq!(conn.recv_vec(100).unwrap(), b"hello");
    conn.set_timeout(Duration::from_millis(1)).unwrap();
    assert!(conn.recv_vec(100).unwrap_err().is_timeout());
}

/// The one event of this call that has succeeded.
fn the<'e>(events: &'e [Value], op: &str) -> &'e Value {
    let of: Vec<_> = events.iter().filter(|e| e["op"] == op && e["errno"].is_null()).collect();
    assert_eq!(of.len(), 1, "{op}: {events:?}");
    of[0]
}

fn args(event: &Value) -> Value {
    serde_json::from_str(event["args"].as_str().unwrap()).unwrap()
}

#[test]
fn a_subscriber_sees_the_calls_of_an_exchange_with_their_answers() {
    let _turn = turn();
    let events = told(Level::TRACE, || {
        let _events = trace::to_tracing();
        exchange();
    });
    let (send, accept, listen) =
        (the(&events, "send"), the(&events, "accept"), the(&events, "listen"));
    assert_eq!((&send["ret"], &send["level"]), (&json!(5), &json!("TRACE")));
    assert_eq!(args(send), json!({"len": 5, "flags": "MSG_NOSIGNAL"}));
    assert_eq!((&accept["level"], &accept["sock"]), (&json!("DEBUG"), &listen["sock"]));
    assert!(args(accept)["from"].as_str().unwrap().starts_with("127.0.0.1:"), "{accept}");

    let recv = events.iter().find(|e| e["op"] == "recv" && e["ret"] == 5).unwrap();
    assert_eq!((&recv["sock"], &recv["fd"]), (&accept["new"], &accept["ret"]));
    assert_ne!(recv["sock"], send["sock"]);
    assert!(events.iter().all(|event| event["dur"].as_f64().unwrap() >= 0.0));

    // The limit of what was waited for, and that it was reached.
    let polls = events.iter().filter(|e| e["op"] == "poll" && e["ret"] == 0);
    let lefts: Vec<f64> = polls.map(|poll| poll["left"].as_f64().unwrap()).collect();
    assert!(!lefts.is_empty() && lefts.iter().all(|left| *left > 0.0 && *left < 0.01), "{lefts:?}");

    let closed = events.iter().filter(|e| e["op"] == "close" && e["level"] == "DEBUG");
    let closed: Vec<_> = closed.map(|event| &event["sock"]).collect();
    assert_eq!(closed.len(), 3);
    assert!([send, accept, recv].iter().all(|event| closed.contains(&&event["sock"])));
}

#[test]
fn nothing_is_told_unless_it_is_switched_on() {
    let _turn = turn();
    let events = told(Level::TRACE, || {
        exchange();
        let (one, other) = (trace::to_tracing(), trace::to_tracing());
        drop(one);
        // A pair and its two ends.
        let pair = || drop(Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap());
        pair();
        drop(other);
        exchange();
        let again = trace::to_tracing();
        pair();
        drop(again);
        pair();
    });
    let ops: Vec<_> = events.iter().map(|event| event["op"].as_str().unwrap()).collect();
    let pair = ["socketpair", "close", "close"];
    assert_eq!(ops, [pair, pair].concat());
    assert_eq!((&events[0]["sock"], &events[0]["new"]), (&events[1]["sock"], &events[2]["sock"]));
}

#[test]
fn failures_are_news_and_what_would_block_is_not() {
    let _turn = turn();
    let act = || {
        let _events = trace::to_tracing();
        let nobody = create_server("127.0.0.1:0").unwrap().local_addr().unwrap();
        let socket = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
        assert_eq!(socket.connect_ex(nobody).unwrap(), Errno::ECONNREFUSED);
        let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
        a.set_nonblocking(true).unwrap();
        a.recv(&mut [0; 8]).unwrap_err();
        assert!(getaddrinfo("127.0.0.1", "no such service").call().is_err());
    };
    let all = told(Level::TRACE, act);
    let level_of = |errno: &str| {
        let of = all.iter().find(|event| event["errno"] == errno).map(|event| &event["level"]);
        of.and_then(Value::as_str)
    };
    assert_eq!(level_of("ECONNREFUSED"), Some("DEBUG"), "{all:?}");
    assert_eq!(level_of("EAGAIN"), Some("TRACE"), "{all:?}");
    let lookup = |event: &&Value| event["op"] == "getaddrinfo" && event["ret"].is_null();
    let lookup = all.iter().find(lookup).unwrap();
    assert!(lookup["errno"].as_str().unwrap().starts_with("EAI_"), "{lookup}");
    assert_eq!(lookup["level"], "DEBUG");
    assert_eq!(args(lookup), json!({"host": "127.0.0.1", "service": "no such service"}));
    assert_eq!((&lookup["fd"], lookup.get("sock"), lookup.get("ret")), (&json!(-1), None, None));

    let ops = |events: &[Value]| -> Vec<Value> {
        let news = events.iter().filter(|event| event["level"] == "DEBUG");
        news.map(|event| event["op"].clone()).collect()
    };
    let news = told(Level::DEBUG, act);
    assert_eq!((news.len(), ops(&news)), (ops(&news).len(), ops(&all)));
}

#[test]
fn they_say_what_a_recording_beside_them_says() {
    let _turn = turn();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let events = told(Level::TRACE, || {
        let recording = trace::to_file(&path).unwrap();
        {
            let _events = trace::to_tracing();
            exchange();
            let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
            udp.bind("127.0.0.1:0").unwrap();
            udp.send_to(b"a datagram", udp.local_addr().unwrap()).unwrap();
            udp.recv_from(&mut [0; 4]).unwrap_err();
        }
        recording.finish().unwrap();
    });
    let text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lines: Vec<Value> = lines.filter(|line| line["ev"] == "call").collect();
    assert_eq!(lines.len(), events.len());
    for (event, line) in events.iter().zip(&lines) {
        for name in ["op", "sock", "fd", "ret", "errno"] {
            assert_eq!(event[name], line[name], "{event} {line}");
        }
        assert_eq!(args(event), line["args"], "{event} {line}");
        for name in ["dur", "left"] {
            match (event[name].as_f64(), line[name].as_f64()) {
                (Some(told), Some(written)) => assert!((told - written).abs() < 1e-9, "{event}"),
                (told, written) => assert_eq!(told, written),
            }
        }
    }
}

/// A subscriber of a thread is not told by `tracing` of what it does itself, but one of the whole
/// process is, so that this is a process of its own.
#[test]
fn a_subscriber_may_use_sockets_itself() {
    const OWN: &str = "BERKELEY_TEST_TRACING_OWN";
    if std::env::var_os(OWN).is_none() {
        let mut own = Command::new(std::env::current_exe().unwrap());
        own.args(["--exact", "a_subscriber_may_use_sockets_itself", "--nocapture"]).env(OWN, "1");
        let Output { status, stdout, stderr } = own.output().unwrap();
        let said = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        return assert!(status.success(), "{}", said.concat());
    }
    let (from, to) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT).unwrap();
    // Were it told of its own calls, it would fill the socket.
    from.set_nonblocking(true).unwrap();
    to.set_nonblocking(true).unwrap();
    let show = move |event: &Value| {
        from.send(event["op"].as_str().unwrap().as_bytes()).unwrap();
        drop(from.dup().unwrap());
    };
    let events = Arc::default();
    let kept = Kept { most: Level::TRACE, events: Arc::clone(&events), show: Box::new(show) };
    set_global_default(kept).unwrap();
    let on = trace::to_tracing();
    drop(Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap());
    drop(on);
    let arrived = std::iter::from_fn(|| to.recv_vec(100).ok());
    let arrived: Vec<String> = arrived.map(|text| String::from_utf8(text).unwrap()).collect();
    assert_eq!(arrived, ["socketpair", "close", "close"]);
    assert_eq!(events.lock().unwrap().len(), 3);
}
