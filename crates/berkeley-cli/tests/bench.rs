//! `bench`: everything is measured between two processes, what arrives is counted right, and what
//! cannot be measured is said.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Output, Stdio};

use berkeley::create_server;
use berkeley_testing::skip;
use common::{Server, berkeley, run, text};
use serde_json::{Value, json};

fn serve(place: &str, arguments: &[&str]) -> Server {
    Server::start_as("bench", 1, &[&["--serve", place], arguments].concat())
}

/// What is measured at this place, as JSON.
fn bench(place: &str, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let output = bench_raw(place, &[&["--json"], arguments].concat());
    let said = text(&output.stderr);
    let result =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    (output.status.code(), result, said)
}

fn bench_raw(place: &str, arguments: &[&str]) -> Output {
    run(berkeley().args(["bench", place, "-t", "200ms"]).args(arguments), b"")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// What holds for every measurement that has succeeded.
fn is_sound(result: &Value, streams: u64) {
    assert_eq!((&result["schema"], &result["ok"]), (&json!("berkeley.bench/1"), &json!(true)));
    assert_eq!(result["streams"], streams);
    let trips = &result["round_trips"];
    assert!(number(&trips["count"]) > 0.0, "{trips}");
    let times: Vec<_> = ["min", "p50", "p90", "p99", "p99.9", "p99.99", "max"]
        .iter()
        .map(|name| number(&trips[name]))
        .collect();
    // The histogram has three digits.
    assert!(times[0] > 0.0 && times.windows(2).all(|pair| pair[0] <= pair[1] * 1.001), "{times:?}");
    let flow = &result["throughput"];
    assert!(number(&flow["bits_per_second"]) > 0.0, "{flow}");
    assert!(number(&flow["sent"]["seconds"]) > 0.0, "{flow}");
}

#[test]
fn streams_arrive_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = format!("unix:{}", folder.path().join("x").display());
    let name = format!("unix:@berkeley-bench-{}", std::process::id());
    for (place, streams) in [("127.0.0.1:0", 1), ("127.0.0.1:0", 3), (&path, 1), (&name, 2)] {
        let server = serve(place, &[]);
        let (status, result, said) = bench(server.place(), &["-P", &streams.to_string()]);
        assert_eq!(status, Some(0), "{said}");
        is_sound(&result, streams);
        let flow = &result["throughput"];
        assert!(number(&flow["received"]["bytes"]) > 0.0);
        assert_eq!(flow["sent"]["bytes"], flow["received"]["bytes"], "{place}");
        assert!(flow.get("datagrams").is_none());
    }
}

#[test]
fn datagrams_are_counted_where_they_arrive() {
    let server = serve("127.0.0.1:0", &[]);
    let place = format!("udp://127.0.0.1:{}", server.port());
    for arguments in [
        &["-r", "8M"][..],
        &["-s", "64", "-r", "4M", "-P", "2"],
        // More than fits into a packet goes in pieces.
        &["-s", "65507", "-r", "80M"],
        &[],
    ] {
        let (status, result, said) = bench(&place, arguments);
        assert_eq!(status, Some(0), "{said}");
        is_sound(&result, if arguments.contains(&"-P") { 2 } else { 1 });
        let datagrams = &result["throughput"]["datagrams"];
        let count = |name: &str| datagrams[name].as_u64().unwrap();
        assert!(count("received") > 0, "{datagrams}");
        assert_eq!(count("sent"), count("received") + count("lost"), "{datagrams}");
        // On loopback nothing is doubled, and each stream has a way of its own.
        assert_eq!((count("duplicates"), count("reordered"), count("late")), (0, 0, 0));
        assert!(number(&datagrams["jitter_seconds"]) >= 0.0);
        let flow = &result["throughput"];
        let size = flow["size"].as_u64().unwrap();
        assert_eq!(flow["received"]["bytes"].as_u64().unwrap(), count("received") * size);
        if let Some(at) = arguments.iter().position(|argument| *argument == "-r") {
            let most = arguments[at + 1].trim_end_matches('M').parse::<f64>().unwrap() * 1e6;
            let sent = number(&flow["sent"]["bytes"]) * 8.0 / number(&flow["sent"]["seconds"]);
            // No more than was asked for, save one datagram of each stream.
            assert!(sent <= most + 2.0 * 8.0 * size as f64 / 0.2, "{sent} of {most}");
        }
    }
}

#[test]
fn one_of_the_two_can_be_asked_for() {
    let server = serve("[::1]:0", &[]);
    if create_server("[::1]:0").is_err() {
        skip!("there is no IPv6");
    }
    let (_, result, _) = bench(server.place(), &["--only", "round-trips", "-s", "100"]);
    assert_eq!(
        (&result["throughput"], &result["round_trips"]["size"]),
        (&Value::Null, &json!(100))
    );
    let place = server.place().replace("tcp:", "udp:");
    let (_, result, _) = bench(&place, &["--only", "throughput", "-r", "1M"]);
    assert_eq!((&result["round_trips"], &result["scheme"]), (&Value::Null, &json!("udp")));
    let output = bench_raw(server.place(), &[]);
    let said = text(&output.stdout);
    for part in ["round trips  ", "p99.9 ", "throughput   ", "bit/s", "processor    sender "] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    assert!(!said.contains('\u{1b}') && output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn lines_tell_how_it_goes() {
    let server = serve("127.0.0.1:0", &[]);
    let output = bench_raw(server.place(), &["--json-lines", "--progress", "always"]);
    let said = text(&output.stdout);
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, events) = lines.split_last().unwrap();
    is_sound(last, 1);
    for work in ["round_trips", "throughput"] {
        let of = |event: &&Value| event["event"] == "interval" && event["work"] == work;
        assert!(events.iter().any(|event| of(&event) && number(&event["bytes"]) > 0.0), "{said}");
    }
    assert!(
        last["throughput"]["samples"]["sent_bytes"].as_array().is_some_and(|all| !all.is_empty())
    );
}

#[test]
fn the_picture_shows_both() {
    let server = serve("127.0.0.1:0", &[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.svg");
    let output = bench_raw(server.place(), &["--plot", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let svg = std::fs::read_to_string(&file).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
    for part in
        ["Throughput to 127.0.0.1", "Round trips to", "bit/s", "sent", "received", "<polyline"]
    {
        assert!(svg.contains(part), "{part} in\n{svg}");
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    let output = bench_raw(server.place(), &["--plot", "/nonexistent/p.svg"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("throughput"), "what was measured is told all the same");
    assert!(text(&output.stderr).contains("/nonexistent/p.svg: "), "{}", text(&output.stderr));
}

/// A client that says what it is told to.
struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    fn new(server: &Server) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        Client { stream: BufReader::new(stream) }
    }

    fn say(&mut self, said: &Value) {
        let mut said = said.clone();
        said["berkeley-bench"] = json!(1);
        self.stream.get_mut().write_all(format!("{said}\n").as_bytes()).unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn measure(&mut self, datagrams: bool, size: usize) -> Value {
        self.say(&json!({ "measure": {
            "work": "throughput", "datagrams": datagrams, "size": size, "streams": 1,
            "seconds": 1.0, "interval": 0.1,
        }}));
        self.hear()
    }
}

#[test]
fn loss_order_and_duplicates_are_seen() {
    let server = serve("127.0.0.1:0", &[]);
    let mut client = Client::new(&server);
    let ready = client.measure(true, 100);
    let token = u32::try_from(ready["ready"]["token"].as_u64().unwrap()).unwrap();
    let port = u16::try_from(ready["ready"]["ports"][0].as_u64().unwrap()).unwrap();
    assert!(client.hear().get("go").is_some());
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let send = |token: u32, number: u64| {
        let mut datagram = [0; 100];
        datagram[..4].copy_from_slice(&token.to_be_bytes());
        datagram[4..12].copy_from_slice(&number.to_be_bytes());
        socket.send_to(&datagram, ("127.0.0.1", port)).unwrap();
    };
    // The one in the middle is of somebody else.
    for (token, number) in
        [(token, 0), (token, 1), (token ^ 1, 2), (token, 4), (token, 3), (token, 4)]
    {
        send(token, number);
    }
    socket.send_to(b"short", ("127.0.0.1", port)).unwrap();
    send(token, 100);
    client.say(&json!({ "done": { "sent": [101] } }));
    let arrived = client.hear()["arrived"].clone();
    let counts = &arrived["arrivals"][0];
    let count = |name: &str| counts[name].as_u64().unwrap();
    assert_eq!((count("received"), count("duplicates"), count("reordered")), (5, 1, 1), "{counts}");
    assert_eq!(arrived["bytes"], 600);
}

#[test]
fn strangers_do_not_stop_the_server() {
    let mut server = serve("127.0.0.1:0", &[]);
    let refused = |client: &mut Client| client.hear()["refused"].as_str().unwrap().to_owned();
    for (measure, why) in [
        (json!({ "size": 10 }), "sizes are from 20"),
        (json!({ "streams": 1_000_000_000 }), "1 to 128 streams"),
        (json!({ "seconds": 1e300 }), "86400 s at most"),
        (json!({ "interval": 0.0 }), "10 ms at least"),
    ] {
        let mut client = Client::new(&server);
        let mut request = json!({
            "work": "throughput", "datagrams": true, "size": 100, "streams": 1, "seconds": 1.0,
            "interval": 0.1,
        });
        request.as_object_mut().unwrap().extend(measure.as_object().unwrap().clone());
        client.say(&json!({ "measure": request }));
        let said = refused(&mut client);
        assert!(said.contains(why), "{said}");
    }
    for line in ["GET / HTTP/1.1\r\n\r\n", "{}\n", "{\"berkeley-bench\":9}\n", "\n"] {
        let mut client = Client::new(&server);
        client.stream.get_mut().write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        client.stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("refused"), "{line:?}: {answer:?}");
    }
    // One that goes before it has begun, and one in the middle.
    drop(Client::new(&server));
    let mut client = Client::new(&server);
    assert!(client.measure(true, 100).get("ready").is_some());
    drop(client);
    assert!(server.is_alive());
    let (status, result, said) = bench(server.place(), &[]);
    assert_eq!(status, Some(0), "{said}");
    is_sound(&result, 1);
}

#[test]
fn who_comes_meanwhile_is_told_so() {
    let server = serve("127.0.0.1:0", &[]);
    let mut first = Client::new(&server);
    assert!(first.measure(true, 100).get("ready").is_some());
    assert!(first.hear().get("go").is_some());
    let output = bench_raw(server.place(), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("another measurement is under way"));
}

#[test]
fn what_cannot_be_measured_is_said() {
    let closed = create_server("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    for (place, arguments, status, says) in [
        (closed.as_str(), &[][..], 7, "connection refused"),
        ("no.such.host.invalid:5400", &[], 6, "no.such.host"),
        ("unix-dgram:/tmp/x", &[], 2, "cannot be measured"),
        ("127.0.0.1:1", &["-P", "0"], 2, "1 to 128 streams"),
        ("udp://127.0.0.1:1", &["-s", "19"], 2, "sizes are from 20 to 65507"),
        ("127.0.0.1:1", &["-r", "fast"], 2, "64k, 100M or 2.5G"),
        ("127.0.0.1:1", &["--serve", "--plot", "x"], 2, "cannot be used with"),
        ("udp://127.0.0.1:0", &["--serve"], 2, ""),
    ] {
        let output = match arguments.contains(&"--serve") {
            true => run(berkeley().args(["bench", place]).args(arguments), b""),
            false => bench_raw(place, arguments),
        };
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{place} {arguments:?}: {said}");
        assert!(said.starts_with("error: ") && said.contains(says), "{said}");
        let output = bench_raw(place, &[&["--json"], arguments].concat());
        if status != 2 {
            let result: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!((&result["ok"], &result["error"]["exit"]), (&json!(false), &json!(status)));
        }
    }
}

#[test]
fn others_are_told_from_a_server() {
    for (says, status, part) in [
        ("SSH-2.0-OpenSSH_9.2\r\n", 1, "is no berkeley bench: it says \"SSH-2.0-OpenSSH_9.2\""),
        ("{\"berkeley-bench\":2,\"ready\":{}}\n", 1, "speaks version 2"),
        ("{\"berkeley-bench\":1,\"ready\":{\"token\":1,\"ports\":[]}}\n", 56, "makes no sense"),
        ("{\"berkeley-bench\":1,\"refused\":\"no\"}\n", 1, "refuses: no"),
        ("", 28, "says nothing within 300ms"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = format!("udp://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(says.as_bytes()).unwrap();
            // Until it goes.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let output = bench_raw(&place, &["--timeout", "300ms"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{says:?}: {said}");
        assert!(said.contains(part), "{says:?}: {said}");
        thread.join().unwrap();
    }
}

#[test]
fn a_server_that_goes_is_missed() {
    for scheme in ["tcp", "udp"] {
        let server = serve("127.0.0.1:0", &[]);
        let place = format!("{scheme}://127.0.0.1:{}", server.port());
        let mut command = berkeley();
        command.args(["bench", &place, "-t", "60", "--json-lines", "--only", "throughput"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert!(line.contains("interval"), "{line}");
        drop(server);
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let status = child.wait().unwrap().code();
        assert!(matches!(status, Some(7 | 55 | 56)), "{status:?}: {said}");
        let last: Value =
            serde_json::from_str(output.lines().last().unwrap().unwrap().as_str()).unwrap();
        assert_eq!(last["ok"], json!(false));
    }
}

#[test]
fn ctrl_c_tells_what_was_measured() {
    let mut server = serve("127.0.0.1:0", &[]);
    let mut command = berkeley();
    command.args(["bench", server.place(), "-t", "60", "--only", "throughput", "--json-lines"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let last = output.lines().last().unwrap().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let result: Value = serde_json::from_str(&last).unwrap();
    assert!(number(&result["throughput"]["received"]["bytes"]) > 0.0, "{last}");
    assert!(server.is_alive());
    assert_eq!(server.interrupt().0, Some(130));
}

#[test]
fn one_client_can_be_all() {
    let mut server = serve("127.0.0.1:0", &["--once"]);
    let (status, ..) = bench(server.place(), &[]);
    assert_eq!(status, Some(0));
    assert_eq!(server.wait().code(), Some(0));
}
