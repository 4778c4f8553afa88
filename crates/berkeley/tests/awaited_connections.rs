//! Connections by name in a runtime: side by side or in turn, one deadline for all of it, every
//! error kept, nobody else held up, and nothing left behind by who gives up.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unsafe_code)]

mod dark;
mod races;

use std::future::Future;
use std::time::{Duration, Instant};

use berkeley::eyeballs::{DELAY, MAX_DELAY};
use berkeley::tokio::{Socket, create_connection, create_server};
use berkeley::{Addr, Cause, Connector, opt};
use berkeley_testing::open_descriptors;

use self::races::{AGES, REFUSED, addr, hanging, race, refusing, tried};

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(work)
}

async fn server(place: &str) -> (Socket, Addr) {
    let server = create_server(place).await.unwrap();
    let addr = server.local_addr().unwrap();
    (server, addr)
}

#[test]
fn e8_addresses_are_raced_in_a_runtime() {
    let hung = hanging("127.0.0.1:0");
    let dead = hung.addr;
    let refuser = refusing("127.0.0.3");
    let gone = refuser.addr;
    run(async {
        let (server, alive) = server("127.0.0.2:0").await;
        let delay = Duration::from_millis(100);
        let start = Instant::now();
        let sock = race(delay).connect_any_awaited([dead, alive]).await.unwrap();
        assert!(start.elapsed() >= delay && start.elapsed() < AGES, "{:?}", start.elapsed());
        let (conn, peer) = server.accept().await.unwrap();
        assert_eq!(peer, sock.local_addr().unwrap());
        sock.send_all(b"through").await.unwrap();
        assert_eq!(conn.recv_vec(64).await.unwrap(), b"through");

        // A refusal starts the next at once.
        let start = Instant::now();
        let list = [gone, gone, gone, alive];
        let sock = race(MAX_DELAY).connect_any_awaited(list).await.unwrap();
        assert_eq!(sock.peer_addr().unwrap(), alive);
        assert!(start.elapsed() < MAX_DELAY, "{:?}", start.elapsed());

        // The winner is as any other connection.
        let row = opt::SO_KEEPALIVE;
        for timeout in [None, Some(AGES)] {
            let connector = race(DELAY).timeout(timeout).source(addr("127.0.0.9:0"));
            let connector = connector.option(row.level(), row.number(), &1_i32.to_ne_bytes());
            let sock = connector.connect_any_awaited([gone, alive]).await.unwrap();
            assert_eq!((sock.timeout(), sock.deadline().moment()), (timeout, None));
            assert!(sock.get(row).unwrap());
            assert!(sock.local_addr().unwrap().to_string().starts_with("127.0.0.9:"));
        }
    });
}

#[test]
fn e8_when_all_fail_every_error_is_told_as_it_is_to_those_who_wait() {
    let hung = hanging("127.0.0.1:0");
    let dead = hung.addr;
    let refuser = refusing("127.0.0.3");
    let gone = refuser.addr;
    let limit = Duration::from_millis(200);
    let hasty = race(Duration::from_millis(20)).timeout(limit);
    let in_turn = Connector::new().timeout(limit);
    for (connector, list) in [
        (&race(MAX_DELAY), vec![gone; 3]),
        (&Connector::new(), vec![gone; 3]),
        (&hasty, vec![dead, gone, dead]),
        (&in_turn, vec![gone, dead, gone]),
        (&in_turn, vec![]),
    ] {
        let waited = connector.connect_any(list.clone()).unwrap_err();
        let start = Instant::now();
        let awaited = run(connector.connect_any_awaited(list)).unwrap_err();
        assert_eq!(awaited.to_string(), waited.to_string());
        assert_eq!(tried(&awaited), tried(&waited));
        assert_eq!(awaited.is_timeout(), start.elapsed() >= limit, "{awaited}");
    }
    let error = run(race(MAX_DELAY).connect_any_awaited([gone; 2])).unwrap_err();
    assert_eq!(tried(&error), [(gone, REFUSED), (gone, REFUSED)]);
    // Without any time an attempt is made all the same, which may connect at once.
    let mut connected = 0;
    run(async {
        let (_server, alive) = server("127.0.0.1:0").await;
        for timeout in [Duration::ZERO, Duration::from_nanos(1)].repeat(20) {
            let connector = race(DELAY).timeout(timeout);
            match connector.connect_any_awaited([alive, gone]).await {
                Ok(_) => connected += 1,
                Err(error) => assert!(error.is_timeout(), "{error}"),
            }
        }
    });
    println!("{connected} of 40 connected without time");
}

#[test]
fn g1_every_kind_of_place_is_connected_to() {
    run(async {
        for place in ["unix:", "127.0.0.1:0", "localhost:0"] {
            let (server, addr) = server(place).await;
            let sock = match addr.port() {
                Some(port) => create_connection(("localhost", port)).await.unwrap(),
                None => create_connection(addr).await.unwrap(),
            };
            assert_eq!(sock.peer_addr().unwrap(), addr);
            drop(server.accept().await.unwrap());
            assert_eq!(sock.recv_vec(10).await.unwrap(), b"");
        }
        let udp = create_connection("udp://127.0.0.1:9").await.unwrap();
        assert_eq!(udp.peer_addr().unwrap(), addr("127.0.0.1:9"));
        let error = create_connection("localhost:no-such-service").await.unwrap_err();
        assert_eq!(error.lookup_code().and_then(|code| code.name()), Some("EAI_SERVICE"));
        let error = create_connection("not a place").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            berkeley::create_connection("not a place").unwrap_err().to_string()
        );
        let gone = addr("unix:@berkeley-e8-nobody-awaited");
        let error = create_connection(gone).await.unwrap_err();
        assert_eq!((error.address(), error.cause()), (Some(&gone), REFUSED));
    });
}

#[test]
fn all_of_it_may_move_between_threads() {
    fn moves<T: Send>(_: T) {}
    let connector = race(DELAY);
    moves(connector.connect_awaited("127.0.0.1:1"));
    moves(connector.connect_any_awaited([addr("127.0.0.1:1")]));
    moves(create_connection(("localhost", 1)));
    moves(create_server("127.0.0.1:0"));
    moves(berkeley::getaddrinfo("localhost", 1).call_awaited());
    run(async {
        let acceptor = berkeley::tokio::Acceptor::new(server("127.0.0.1:0").await.0).unwrap();
        moves(acceptor.accept());
    });
}

#[test]
fn e8_who_gives_up_a_race_leaves_no_descriptor() {
    let hung = hanging("127.0.0.1:0");
    let dead = hung.addr;
    run(async {
        let connector = race(Duration::from_millis(10));
        // The runtime has all that it needs.
        let soon = Duration::from_millis(50);
        let race = || connector.connect_any_awaited([dead, dead, dead]);
        tokio::time::timeout(soon, race()).await.unwrap_err();
        let before = open_descriptors();
        tokio::time::timeout(soon, race()).await.unwrap_err();
        for _ in 0..100 {
            let attempt = tokio::time::timeout(Duration::ZERO, race());
            attempt.await.unwrap_err();
        }
        // Other tests of this file open some, too: not hundreds.
        assert!(open_descriptors() < before + 100, "{} of {before}", open_descriptors());
    });
}

/// A dead route costs the head start and no more, in a runtime as well.
#[test]
fn e8_a_black_hole_is_passed_in_less_than_300_ms() {
    dark::in_a_dark_network(|has_v6| {
        run(async {
            let (_server, alive) = server("127.0.0.1:0").await;
            let mut holes = vec![addr(dark::V4)];
            if has_v6 {
                holes.push(addr(dark::V6));
            }
            for hole in holes {
                let start = Instant::now();
                let sock = race(DELAY).connect_any_awaited([hole, alive]).await.unwrap();
                let taken = start.elapsed();
                assert_eq!(sock.peer_addr().unwrap(), alive);
                assert!(taken >= DELAY && taken < DELAY + Duration::from_millis(300), "{taken:?}");
                let limit = Duration::from_millis(100);
                let hasty = race(Duration::from_millis(20)).timeout(limit);
                let error = hasty.connect_any_awaited([hole; 3]).await.unwrap_err();
                assert_eq!(tried(&error), vec![(hole, Cause::TimedOut); 3]);
            }
        });
    });
}
