//! Programs of others talk to `serve`, and `connect` talks to them. `cargo xtask peers` installs
//! them; without it the tests of what is missing are skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use berkeley::{Family, Protocol, Socket, Type, create_connection, create_server};
use berkeley_testing::{eventually, program, skip};
use common::{Server, berkeley, connect, run, text};

/// A program in the background that ends with the test.
struct Peer(Child);

impl Peer {
    fn start(program: &str, arguments: &[&str]) -> Peer {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Peer(command.spawn().unwrap())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that was free a moment ago, for programs that cannot say which one they got.
fn free_port(ty: Type) -> String {
    let socket = Socket::new(Family::INET, ty, Protocol::DEFAULT).unwrap();
    socket.bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port().unwrap().to_string()
}

fn answers(place: &str) -> bool {
    eventually(|| create_connection(place).is_ok())
}

macro_rules! need {
    ($($name:literal),+) => {
        $(if program($name).is_none() {
            skip!("{} is not installed", $name);
        })+
    };
}

#[test]
fn ncat_talks_to_serve() {
    need!("ncat");
    let server = Server::start(3, &["127.0.0.1:0", "udp://127.0.0.1:0", "unix:", "--echo"]);
    let port = |place: &str| place.rsplit_once(':').unwrap().1.to_owned();
    let tcp = port(&server.places[0]);
    let output = run(Command::new("ncat").args(["127.0.0.1", &tcp]), b"by ncat");
    assert_eq!(text(&output.stdout), "by ncat");
    // ncat ends at the end of its input, so the input goes on for a while.
    let udp = port(&server.places[1]);
    let line = format!("(printf datagram; sleep 0.5) | ncat -u -i 1 127.0.0.1 {udp}");
    let output = run(Command::new("sh").args(["-c", &line]), b"");
    assert_eq!(text(&output.stdout), "datagram");
}

#[test]
fn ncat_talks_to_serve_at_a_path() {
    need!("ncat");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sock").display().to_string();
    let _server = Server::start(1, &[&format!("unix:{path}"), "--echo"]);
    let output = run(Command::new("ncat").args(["-U", &path]), b"by path");
    assert_eq!(text(&output.stdout), "by path");
}

#[test]
fn connect_talks_to_ncat() {
    need!("ncat");
    let port = free_port(Type::STREAM);
    let place = format!("127.0.0.1:{port}");
    let _peer = Peer::start("ncat", &["-lk", "127.0.0.1", &port, "--exec", "/bin/cat"]);
    assert!(answers(&place));
    // This server drops what its program still has to say once it has seen the half close.
    let output = connect(&[&place, "--no-shutdown", "--until", "bytes=7"], b"to ncat");
    assert_eq!(text(&output.stdout), "to ncat");

    let port = free_port(Type::DGRAM);
    let _peer = Peer::start("ncat", &["-lu", "127.0.0.1", &port, "--exec", "/bin/cat"]);
    let place = format!("udp://127.0.0.1:{port}");
    assert!(eventually(|| connect(&["--check", &place], b"").status.success()));
}

#[test]
fn socat_talks_to_serve() {
    need!("socat");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let name = format!("berkeley-peer-{}", std::process::id());
    let places = [
        "127.0.0.1:0".to_owned(),
        "udp://127.0.0.1:0".to_owned(),
        format!("unix:{}", path("stream")),
        format!("unix-dgram:{}", path("dgram")),
        format!("unix-seqpacket:{}", path("seq")),
        format!("unix:@{name}"),
    ];
    let mut arguments: Vec<&str> = places.iter().map(String::as_str).collect();
    arguments.push("--echo");
    let server = Server::start(places.len(), &arguments);
    let port = |place: &str| place.rsplit_once(':').unwrap().1.to_owned();
    for address in [
        format!("TCP:127.0.0.1:{}", port(&server.places[0])),
        format!("UDP:127.0.0.1:{}", port(&server.places[1])),
        format!("UNIX-CONNECT:{}", path("stream")),
        format!("UNIX-SENDTO:{},bind={}", path("dgram"), path("own")),
        format!("UNIX-CONNECT:{},type=5", path("seq")),
        format!("ABSTRACT-CONNECT:{name}"),
    ] {
        let output = run(Command::new("socat").args(["-t2", "-", &address]), b"by socat");
        assert_eq!(text(&output.stdout), "by socat", "{address}: {}", text(&output.stderr));
    }
}

#[test]
fn connect_talks_to_socat() {
    need!("socat");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let name = format!("berkeley-socat-{}", std::process::id());
    let (tcp, udp) = (free_port(Type::STREAM), free_port(Type::DGRAM));
    for (listener, place) in [
        (format!("TCP-LISTEN:{tcp},bind=127.0.0.1,fork,reuseaddr"), format!("127.0.0.1:{tcp}")),
        (format!("UDP-LISTEN:{udp},bind=127.0.0.1,fork"), format!("udp://127.0.0.1:{udp}")),
        (format!("UNIX-LISTEN:{},fork", path("stream")), format!("unix:{}", path("stream"))),
        (format!("UNIX-RECVFROM:{},fork", path("dgram")), format!("unix-dgram:{}", path("dgram"))),
        (
            format!("UNIX-LISTEN:{},type=5,fork", path("seq")),
            format!("unix-seqpacket:{}", path("seq")),
        ),
        (format!("ABSTRACT-LISTEN:{name},fork"), format!("unix:@{name}")),
    ] {
        // Ends by itself what it forks and what outlives it.
        let _peer = Peer::start("socat", &["-T5", &listener, "EXEC:/bin/cat"]);
        let said = || connect(&[&place, "--until", "count=1", "--timeout", "2"], b"to socat");
        assert!(eventually(|| text(&said().stdout) == "to socat"), "{place}");
    }
}

#[test]
fn curl_fetches_from_serve() {
    need!("curl");
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page");
    let body = "hello from a file\n".repeat(1000);
    let answer = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    std::fs::write(&page, answer).unwrap();
    let server = Server::start(1, &["127.0.0.1:0", "--file", page.to_str().unwrap()]);
    let url = format!("http://127.0.0.1:{}/", server.port());
    let output = run(Command::new("curl").args(["-sS", "--noproxy", "*", "-m", "20", &url]), b"");
    assert_eq!(text(&output.stdout), body, "{}", text(&output.stderr));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http").display().to_string();
    let _server = Server::start(1, &[&format!("unix:{path}"), "--file", page.to_str().unwrap()]);
    let mut curl = Command::new("curl");
    curl.args(["-sS", "-m", "20", "--unix-socket", &path, "http://localhost/"]);
    assert_eq!(text(&run(&mut curl, b"").stdout), body);
}

#[test]
fn curl_is_served_a_request_that_connect_can_read() {
    need!("curl");
    // curl as the client whose bytes are looked at: a request, whole.
    let server = create_server("127.0.0.1:0").unwrap();
    let url = format!("http://{}/path", server.local_addr().unwrap());
    let mut curl = Command::new("curl");
    let curl =
        curl.args(["-sS", "--noproxy", "*", "-m", "20", &url]).stdout(Stdio::piped()).spawn();
    let (conn, _) = server.accept().unwrap();
    let mut request = String::new();
    let mut reader = conn.reader();
    while !request.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut request).unwrap() > 0);
    }
    assert!(request.starts_with("GET /path HTTP/1.1\r\n"), "{request}");
    conn.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
    assert_eq!(text(&curl.unwrap().wait_with_output().unwrap().stdout), "ok");
}

/// How much goes through: little in every test run, a gibibyte in `cargo xtask peers`.
fn mebibytes() -> u64 {
    std::env::var("BERKELEY_TRANSFER_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(64)
}

/// Bytes that do not repeat, as a reader, so that a gibibyte needs no memory.
struct Noise {
    state: u64,
    left: u64,
}

impl Noise {
    fn new() -> Noise {
        Noise { state: 42, left: mebibytes() << 20 }
    }
}

impl Read for Noise {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let len = (buf.len() as u64).min(self.left) as usize & !7;
        for word in buf[..len].chunks_exact_mut(8) {
            self.state =
                self.state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            word.copy_from_slice(&self.state.to_ne_bytes());
        }
        self.left -= len as u64;
        Ok(len)
    }
}

/// Sends noise through a program to the other side, and compares what arrives, byte for byte.
fn transfer(mut through: Command) {
    through.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = through.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::with_capacity(1 << 20, child.stdout.take().unwrap());
    std::thread::scope(|scope| {
        scope.spawn(move || std::io::copy(&mut Noise::new(), &mut stdin).unwrap());
        let (mut expected, mut want, mut got) = (Noise::new(), vec![0; 1 << 16], vec![0; 1 << 16]);
        let mut total = 0;
        loop {
            let len = expected.read(&mut want).unwrap();
            if len == 0 {
                break;
            }
            stdout
                .read_exact(&mut got[..len])
                .unwrap_or_else(|error| panic!("at {total}: {error}"));
            assert!(want[..len] == got[..len], "a difference behind byte {total}");
            total += len as u64;
        }
        assert_eq!(stdout.read(&mut got).unwrap(), 0, "more than was sent");
        assert_eq!(total, mebibytes() << 20);
    });
    assert!(child.wait().unwrap().success());
}

#[test]
fn much_goes_through_connect_and_serve() {
    let server = Server::start(1, &["127.0.0.1:0", "--echo"]);
    let mut command = berkeley();
    command.args(["connect", server.place()]);
    transfer(command);
}

#[test]
fn much_goes_through_ncat_and_serve() {
    need!("ncat");
    let server = Server::start(1, &["127.0.0.1:0", "--echo"]);
    let mut command = Command::new("ncat");
    command.args(["127.0.0.1", &server.port().to_string()]);
    transfer(command);
}

#[test]
fn much_goes_through_connect_and_socat() {
    need!("socat");
    let port = free_port(Type::STREAM);
    let listener = format!("TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr");
    let _peer = Peer::start("socat", &["-t30", &listener, "EXEC:/bin/cat"]);
    let place = format!("127.0.0.1:{port}");
    assert!(answers(&place));
    let mut command = berkeley();
    command.args(["connect", &place]);
    transfer(command);
}

#[test]
fn serve_survives_what_curl_does_to_it() {
    need!("curl");
    let mut server = Server::start(1, &["127.0.0.1:0", "--discard"]);
    let url = format!("http://127.0.0.1:{}/", server.port());
    let output = run(Command::new("curl").args(["-sS", "--noproxy", "*", "-m", "1", &url]), b"");
    assert_eq!(output.status.code(), Some(28), "curl waits, and gives up");
    assert!(server.is_alive());
    let mut client = create_connection(server.place()).unwrap();
    client.write_all(b"still here").unwrap();
}
