//! Happy Eyeballs: a dead address costs a head start, the first to answer wins, and no error,
//! deadline or mode is lost on the way.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unsafe_code)]

mod dark;
mod races;

use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::thread;
use std::time::{Duration, Instant};

use berkeley::eyeballs::{DELAY, MAX_DELAY};
use berkeley::{Addr, Cause, Connector, Errno, Socket, create_server, opt};
use berkeley_testing::skip;

use self::races::{AGES, REFUSED, addr, hanging, race, refusing, tried};

/// A server, and where it is.
fn server(place: &str) -> (Socket, Addr) {
    let server = create_server(place).unwrap();
    let addr = server.local_addr().unwrap();
    (server, addr)
}

#[test]
fn e8_a_hanging_address_costs_the_head_start() {
    let dead = hanging("127.0.0.1:0");
    let (server, alive) = server("127.0.0.2:0");
    let delay = Duration::from_millis(100);
    let start = Instant::now();
    let sock = race(delay).connect_any([dead.addr, alive]).unwrap();
    let taken = start.elapsed();
    assert!(taken >= delay && taken < AGES, "{taken:?}");
    assert_eq!(sock.peer_addr().unwrap(), alive);
    let (conn, peer) = server.accept().unwrap();
    assert_eq!(peer, sock.local_addr().unwrap());
    sock.send_all(b"through").unwrap();
    assert_eq!(conn.recv_vec(64).unwrap(), b"through");
}

#[test]
fn e8_without_it_the_same_addresses_are_tried_in_turn() {
    let dead = hanging("127.0.0.1:0");
    let (_server, alive) = server("127.0.0.2:0");
    let limit = Duration::from_millis(300);
    let in_turn = Connector::new().timeout(limit);
    for connector in [in_turn.clone(), in_turn.happy_eyeballs(DELAY).happy_eyeballs(None)] {
        let error = connector.connect_any([dead.addr, alive]).unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert_eq!(error.address(), Some(&dead.addr), "the second was never tried");
    }
    let gone = refusing("127.0.0.3");
    let sock = Connector::new().connect_any([gone.addr, alive]).unwrap();
    assert_eq!(sock.peer_addr().unwrap(), alive);
}

#[test]
fn e8_a_refusal_starts_the_next_at_once() {
    let gone = ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map(refusing);
    let (_server, alive) = server("127.0.0.5:0");
    let start = Instant::now();
    let sock =
        race(MAX_DELAY).connect_any([gone[0].addr, gone[1].addr, gone[2].addr, alive]).unwrap();
    let taken = start.elapsed();
    assert!(taken < MAX_DELAY, "it waited: {taken:?}");
    assert_eq!(sock.peer_addr().unwrap(), alive);
}

#[test]
fn e8_the_one_that_answers_late_still_wins() {
    let dead = hanging("127.0.0.1:0");
    let gone = refusing("127.0.0.2");
    thread::scope(|scope| {
        scope.spawn(|| {
            // The others have failed by now. Room in the queue, and the kernel's next SYN is
            // answered: the first attempt was never given up.
            thread::sleep(Duration::from_millis(200));
            dead.server.accept().unwrap();
        });
        let sock = race(Duration::from_millis(20)).connect_any([dead.addr, gone.addr]).unwrap();
        assert_eq!(sock.peer_addr().unwrap(), dead.addr);
    });
}

#[test]
fn e8_families_alternate_from_the_first_on() {
    let Ok(v6) = create_server("[::1]:0") else {
        skip!("there is no IPv6 here");
    };
    let gone6: Vec<Addr> = ["[::1]:1", "[::1]:2", "[::1]:3"].map(addr).to_vec();
    drop(v6);
    let gone4: Vec<Addr> = ["127.0.0.1:1", "127.0.0.1:2"].map(addr).to_vec();
    let error = race(DELAY).connect_any([&gone6[..], &gone4].concat()).unwrap_err();
    let order: Vec<Addr> = tried(&error).into_iter().map(|(addr, _)| addr).collect();
    assert_eq!(order, [gone6[0], gone4[0], gone6[1], gone4[1], gone6[2]]);
}

#[test]
fn e8_when_all_fail_every_error_is_told() {
    let kept = ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map(refusing);
    let gone = [kept[0].addr, kept[1].addr, kept[2].addr];
    let error = race(MAX_DELAY).connect_any(gone).unwrap_err();
    assert_eq!(tried(&error), gone.map(|addr| (addr, REFUSED)));
    assert_eq!(error.errno(), Some(Errno::ECONNREFUSED));
    assert_eq!(error.call(), berkeley::Call::CreateConnection);
    let text = error.to_string();
    assert!(gone.iter().all(|addr| text.contains(&addr.to_string())), "{text}");
}

#[test]
fn e8_one_deadline_for_all_that_hang() {
    let dead = [hanging("127.0.0.1:0"), hanging("127.0.0.2:0"), hanging("127.0.0.3:0")];
    let kept = refusing("127.0.0.4");
    let gone = kept.addr;
    let limit = Duration::from_millis(300);
    let connector = race(Duration::from_millis(20)).timeout(limit);
    let addrs = [dead[0].addr, gone, dead[1].addr, dead[2].addr];
    let start = Instant::now();
    let error = connector.connect_any(addrs).unwrap_err();
    let taken = start.elapsed();
    assert!(error.is_timeout(), "{error}");
    assert!(taken >= limit && taken < limit * 10, "{taken:?} of {limit:?}");
    let causes = [Cause::TimedOut, REFUSED, Cause::TimedOut, Cause::TimedOut];
    let all: Vec<(Addr, Cause)> = addrs.into_iter().zip(causes).collect();
    assert_eq!(tried(&error), all, "in order, whenever they ended");

    // A refusal that comes last does not hide that time ran out.
    let error = connector.connect_any([dead[0].addr, gone]).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(tried(&error), [(dead[0].addr, Cause::TimedOut), (gone, REFUSED)]);

    // What was not tried is not an error.
    let slow = race(MAX_DELAY).timeout(Duration::from_millis(30));
    let error = slow.connect_any([dead[0].addr, dead[1].addr]).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!((error.address(), error.attempts().len()), (Some(&dead[0].addr), 0));
}

#[test]
fn e8_the_winner_is_as_any_other_connection() {
    let (_server, alive) = server("127.0.0.1:0");
    let gone = refusing("127.0.0.2");
    let does_not_block = |sock: &Socket| {
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", sock.as_raw_fd()));
        let info = info.unwrap();
        let octal = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
        let flags = u32::from_str_radix(octal, 8).unwrap();
        assert_eq!(flags & 0o2000000, 0o2000000, "it is close-on-exec");
        flags & 0o4000 != 0
    };
    for timeout in [None, Some(AGES)] {
        let row = opt::SO_KEEPALIVE;
        let connector = race(DELAY)
            .timeout(timeout)
            .option(row.level(), row.number(), &1_i32.to_ne_bytes())
            .source(addr("127.0.0.9:0"));
        let sock = connector.connect_any([gone.addr, alive]).unwrap();
        assert_eq!(sock.timeout(), timeout);
        assert_eq!(does_not_block(&sock), timeout.is_some());
        assert!(sock.get(row).unwrap());
        let own = sock.local_addr().unwrap().to_ip().unwrap();
        assert_eq!(own.ip(), SocketAddr::from(([127, 0, 0, 9], 0)).ip());
    }
}

#[test]
fn e8_addresses_that_the_source_cannot_reach_are_passed_over() {
    let (_server, alive) = server("127.0.0.1:0");
    let connector = race(MAX_DELAY).source(addr("127.0.0.1:0"));
    let start = Instant::now();
    let sock = connector.connect_any([addr("[::1]:1"), alive]).unwrap();
    assert_eq!(sock.peer_addr().unwrap(), alive);
    assert!(start.elapsed() < MAX_DELAY);
}

#[test]
fn e8_the_one_port_of_a_source_is_not_fought_over() {
    let dead = hanging("127.0.0.1:0");
    let (_server, alive) = server("127.0.0.1:0");
    // Free, and no other test uses this host.
    let own = refusing("127.0.0.77").addr;
    let connector = race(Duration::from_millis(10)).timeout(Duration::from_millis(200));
    let error = connector.source(own).connect_any([dead.addr, alive]).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(error.attempts().is_empty(), "EADDRINUSE would tell nothing: {error}");
}

#[test]
fn e8_names_and_other_places_work_as_before() {
    let (server, place) = server("127.0.0.1:0");
    let port = place.port().unwrap();
    let connector = race(DELAY);
    for _ in 0..20 {
        let sock = connector.connect(("localhost", port)).unwrap();
        let (_conn, peer) = server.accept().unwrap();
        assert_eq!(peer, sock.local_addr().unwrap());
    }
    let udp = connector.connect(format!("udp://localhost:{port}")).unwrap();
    assert_eq!(udp.timeout(), Some(AGES));
    // A family that does not tell when there is room is tried in turn.
    let unix = create_server("unix:").unwrap();
    let nobody = addr("unix:@berkeley-e8-nobody");
    let sock = connector.connect_any([nobody, unix.local_addr().unwrap(), place]).unwrap();
    assert_eq!(sock.peer_addr().unwrap(), unix.local_addr().unwrap());

    let none = connector.connect_any(Vec::<Addr>::new()).unwrap_err();
    assert!(matches!(none.cause(), Cause::Argument(_)), "{none}");
    let family = connector.connect_any([addr("netlink:0")]).unwrap_err();
    assert!(matches!(family.cause(), Cause::Argument(_)), "{family}");
}

#[test]
fn e8_time_that_is_over_before_it_begins_is_a_timeout() {
    let (_server, alive) = server("127.0.0.1:0");
    let gone = refusing("127.0.0.2");
    let mut connected = 0;
    for timeout in [Duration::ZERO, Duration::from_nanos(1)].repeat(50) {
        match race(DELAY).timeout(timeout).connect_any([alive, gone.addr]) {
            Ok(sock) => {
                assert_eq!(sock.timeout(), Some(timeout));
                connected += 1;
            }
            Err(error) => assert!(error.is_timeout(), "{error}"),
        }
    }
    assert!(connected > 0, "one look is taken, and loopback answers while the call is made");
}

/// The reason for all this: a host with an address that swallows everything, as a dead IPv6 route
/// does. In a network of the test's own, where packets to some addresses go nowhere.
#[test]
fn e8_a_black_hole_is_passed_in_less_than_300_ms() {
    dark::in_a_dark_network(|has_v6| {
        let (_server, alive) = server("127.0.0.1:0");
        let mut holes = vec![addr(dark::V4)];
        if has_v6 {
            holes.insert(0, addr(dark::V6));
        }
        for hole in holes {
            let limit = Duration::from_millis(100);
            let alone = Connector::new().timeout(limit).connect(hole).unwrap_err();
            assert!(alone.is_timeout(), "it is no black hole: {alone}");
            let start = Instant::now();
            let sock = race(DELAY).connect_any([hole, alive]).unwrap();
            let taken = start.elapsed();
            assert_eq!(sock.peer_addr().unwrap(), alive);
            assert!(taken >= DELAY && taken < DELAY + Duration::from_millis(300), "{taken:?}");

            // Several of them, then nothing but them.
            let start = Instant::now();
            let sock = race(Duration::from_millis(20)).connect_any([hole, hole, hole, alive]);
            assert_eq!(sock.unwrap().peer_addr().unwrap(), alive);
            assert!(start.elapsed() < AGES);
            let error = race(Duration::from_millis(20)).timeout(limit).connect_any([hole; 3]);
            let error = error.unwrap_err();
            assert_eq!(tried(&error), vec![(hole, Cause::TimedOut); 3]);
        }
    });
}
