//! Whatever cannot work is answered with a typed error that says what and where.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io;
use std::path::Path;
use std::time::Duration;

use berkeley::{
    Addr, AddrError, Cause, Connector, Endpoint, Errno, Error, Family, MsgFlags, Name, Protocol,
    Server, Shutdown, Socket, Type, UnixAddr, create_connection, create_server, getaddrinfo, opt,
};

fn tcp() -> Socket {
    Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap()
}

fn udp() -> Socket {
    Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap()
}

#[test]
fn more_memory_than_there_is() {
    let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    a.send_fds(b"x", &[&a]).unwrap();
    for most in [usize::MAX, isize::MAX as usize] {
        assert_eq!(b.recv_vec(most).unwrap_err().errno(), Some(Errno::ENOMEM));
    }
    // No message has as many descriptors.
    assert_eq!(b.recv_fds(&mut [0; 1], usize::MAX).unwrap().fds.len(), 1);
}

/// Each line: what was tried, its error, and the text it is printed as.
#[test]
fn errors_say_what_and_where() {
    let long = "x".repeat(200);
    let long_path = format!("unix:/{long}");
    let table: &[(Error, &str)] = &[
        (tcp().connect("127.0.0.1:1").unwrap_err(), "connect 127.0.0.1:1: connection refused"),
        (
            tcp().bind("192.0.2.1:0").unwrap_err(),
            "bind 192.0.2.1:0: cannot assign requested address",
        ),
        (tcp().bind("nonsense").unwrap_err(), "bind: bad address \"nonsense\": "),
        (
            tcp().bind("127.0.0.1:99999").unwrap_err(),
            "bind: bad address \"127.0.0.1:99999\": a port",
        ),
        (tcp().connect("1.2.3.4:").unwrap_err(), "connect: bad address \"1.2.3.4:\": "),
        (
            tcp().bind(long_path.as_str()).unwrap_err(),
            "bind: path of a UNIX socket is too long: 201",
        ),
        (
            tcp().listen(None).and_then(|()| tcp().accept().map(drop)).unwrap_err(),
            "accept: invalid",
        ),
        (tcp().peer_addr().unwrap_err(), "getpeername: transport endpoint is not connected"),
        (tcp().shutdown(Shutdown::Both).unwrap_err(), "shutdown: transport endpoint is not"),
        (udp().listen(None).unwrap_err(), "listen: operation not supported"),
        (udp().send(b"x").unwrap_err(), "send: destination address required"),
        (
            udp().send_to(&[0; 70_000], "127.0.0.1:9").unwrap_err(),
            "sendto 127.0.0.1:9: message too long",
        ),
        (udp().set(opt::TCP_NODELAY, true).unwrap_err(), "setsockopt TCP_NODELAY: "),
        (udp().get(opt::TCP_NODELAY).unwrap_err(), "getsockopt TCP_NODELAY: "),
        (
            tcp().set(opt::TCP_KEEPIDLE, Duration::ZERO).unwrap_err(),
            "setsockopt TCP_KEEPIDLE: invalid",
        ),
        (tcp().getsockopt(9999, 1, &mut [0; 4]).unwrap_err(), "getsockopt (9999, 1): "),
        (tcp().setsockopt(6, 1, &[]).unwrap_err(), "setsockopt (6, 1): invalid argument"),
        (tcp().connect(Path::new("/no/such")).unwrap_err(), "connect unix:/no/such: "),
        (
            Socket::new(Family::from(200), Type::STREAM, Protocol::DEFAULT).unwrap_err(),
            "socket (200, SOCK_STREAM, 0): address family not supported by protocol",
        ),
        (
            Socket::new(Family::INET, Type::from(77), Protocol::DEFAULT).unwrap_err(),
            "socket (AF_INET, 77, IPPROTO_IP): ",
        ),
        (
            Socket::pair(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap_err(),
            "socketpair (AF_INET, SOCK_STREAM, IPPROTO_IP): operation not supported",
        ),
        (create_connection("127.0.0.1:1").unwrap_err(), "connect 127.0.0.1:1: connection refused"),
        (
            create_connection("gopher://x:1").unwrap_err(),
            "create_connection: bad address \"gopher\"",
        ),
        (create_connection("fd:99999").unwrap_err(), "create_connection: bad file descriptor"),
        (create_server("fd:-1").unwrap_err(), "create_server: bad address \"fd:-1\": "),
        (
            Server::new().dual_stack(true).listen("127.0.0.1:0").unwrap_err(),
            "create_server tcp://127.0.0.1:0: IPv4 and IPv6 in one socket takes an IPv6 address",
        ),
        (
            getaddrinfo("a\0b", 80).call().unwrap_err(),
            "getaddrinfo a\0b:80: a name has no NUL byte in it",
        ),
        (
            berkeley::inet_pton(Family::UNIX, "x").unwrap_err(),
            "inet_pton \"x\": address family not",
        ),
        (
            berkeley::if_nametoindex("no-such-if").unwrap_err(),
            "if_nametoindex no-such-if: no such device",
        ),
        (berkeley::getservbyname("no-such", None).unwrap_err(), "getservbyname no-such: "),
    ];
    for (error, text) in table {
        let printed = error.to_string();
        assert!(printed.starts_with(text), "{printed:?} does not begin with {text:?}");
        assert_eq!(printed.lines().count(), 1, "{printed:?} is one line");
    }
}

#[test]
fn a_host_that_is_not_there_keeps_its_code() {
    let name = "no.such.host.invalid";
    for error in [
        create_connection((name, 80)).unwrap_err(),
        tcp().connect((name, 80)).unwrap_err(),
        udp().send_to(b"x", format!("{name}:80")).unwrap_err(),
        berkeley::gethostbyname(name).unwrap_err(),
        berkeley::gethostbyaddr(name).unwrap_err(),
        getaddrinfo(name, Name::NONE).call().unwrap_err(),
    ] {
        let code = error.lookup_code().unwrap_or_else(|| panic!("{error} has no code"));
        assert!(code.name().is_some(), "{code:?}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn an_error_becomes_one_of_io_and_comes_back() {
    let error = io::Error::from(create_connection("127.0.0.1:1").unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(error.to_string(), "connect 127.0.0.1:1: connection refused");
    let ours = error.downcast::<Error>().expect("the whole error is inside");
    assert_eq!(ours.errno(), Some(Errno::ECONNREFUSED));

    let bare = io::Error::from(tcp().peer_addr().unwrap_err());
    assert_eq!(bare.raw_os_error(), Some(Errno::ENOTCONN.number()));
}

#[test]
fn several_addresses_keep_every_error() {
    let attempts = getaddrinfo("localhost", 1).ty(Type::STREAM).call().unwrap().len();
    let error = create_connection("localhost:1").unwrap_err();
    if attempts > 1 {
        assert_eq!(error.attempts().len(), attempts);
        assert!(error.attempts().iter().all(|attempt| attempt.address().is_some()));
    }
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_deadline_that_is_over_is_a_timeout() {
    // A queue that is full lets nobody in.
    let full = Server::new().backlog(0).listen("127.0.0.1:0").unwrap();
    let addr = full.local_addr().unwrap();
    let soon = Connector::new().timeout(Duration::from_millis(20));
    let _queued: Vec<Socket> = (0..3).filter_map(|_| soon.connect(addr).ok()).collect();
    let error = Connector::new().timeout(Duration::from_nanos(1)).connect(addr).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.address(), Some(&addr));
}

#[test]
fn addresses_that_are_none() {
    for text in [
        "",
        ":",
        "::",
        "a:b:c",
        "[::1",
        "[::1]",
        "]:80",
        "[]:80",
        "127.0.0.1",
        "127.0.0.1:",
        "1:2:3:4",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:0x50",
        "256.1.1.1:80",
        "unix:%zz",
        "unix:%4",
        "af",
        "af1",
        "af1:0",
        "af1:zz",
        "af99999999:00",
        "unix:a\0b",
        "unix:%00x",
    ] {
        // `%00x` is an abstract-like path with a NUL inside: no path.
        assert!(text.parse::<Addr>().is_err(), "{text:?} was taken");
    }
    assert!(matches!(
        Addr::try_from(UnixAddr::Abstract(&[7; 108])),
        Err(AddrError::TooLong { len: 108, .. })
    ));
    assert!(matches!(Addr::from_bytes(&[0; 300]), Err(AddrError::TooLong { len: 300, .. })));
    assert!(matches!(Addr::of_family(Family::from(-1), &[]), Err(AddrError::Family(_))));
}

#[test]
fn endpoints_that_are_none() {
    for text in [
        "",
        "tcp://",
        "tcp://x",
        "tcp://:",
        "tcp://x:",
        "tcp://[::1]",
        "tcp://::1:80",
        "x y:80",
        "udp://x:70000",
        "ftp://x:21",
        "fd:",
        "fd:x",
        "fd:-3",
        "icmp://",
        "icmp://a b",
        ":80?x",
        ":80?=1",
        ":80?a=1&b",
        "unix:%q1",
    ] {
        assert!(text.parse::<Endpoint>().is_err(), "{text:?} was taken");
    }
}

#[test]
fn endpoints_print_as_they_are_read() {
    for text in [
        "tcp://localhost:80",
        "tcp://:8000",
        "tcp://[::1]:80",
        "tcp4://127.0.0.1:http",
        "udp6://[fe80::1%lo]:53?SO_RCVBUF=65536&x=y",
        "unix:/run/x",
        "unix:@name",
        "unix:",
        "unix-dgram:a%20b%25",
        "unix-seqpacket:@x",
        "icmp://127.0.0.1",
        "raw://h?proto=89",
        "fd:3",
    ] {
        let endpoint: Endpoint = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let printed = endpoint.to_string();
        assert_eq!(printed.parse::<Endpoint>().unwrap(), endpoint, "{text} became {printed}");
    }
    let short: Endpoint = "8000".parse().unwrap();
    assert_eq!(short.to_string(), "tcp://:8000");
}

#[test]
fn addresses_print_as_they_are_read() {
    let odd = UnixAddr::Path(Path::new("a?b%c\n"));
    for addr in [
        "127.0.0.1:80".parse().unwrap(),
        "[fe80::1%3]:9".parse().unwrap(),
        Addr::try_from(odd).unwrap(),
        Addr::try_from(UnixAddr::Path(Path::new("@at"))).unwrap(),
        Addr::try_from(UnixAddr::Abstract(&[0, 255, b'%', b'?', 7])).unwrap(),
        Addr::try_from(UnixAddr::Unnamed).unwrap(),
        Addr::of_family(Family::NETLINK, &[1, 2, 3, 0xff]).unwrap(),
        Addr::unspecified(Family::INET6),
    ] {
        let text = addr.to_string();
        let back: Addr = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        if text != "unix:./@at" {
            assert_eq!(back, addr, "{text}");
        }
    }
}

#[test]
fn flags_that_do_not_fit_are_errors() {
    let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    let error = a.send_with(b"x", MsgFlags::OOB | MsgFlags::from_bits_retain(1 << 30)).err();
    if let Some(error) = error {
        assert!(matches!(error.cause(), Cause::Os(_)), "{error}");
    }
    assert!(a.recv_with(&mut [0; 4], MsgFlags::ERRQUEUE | MsgFlags::DONTWAIT).is_err());
}
