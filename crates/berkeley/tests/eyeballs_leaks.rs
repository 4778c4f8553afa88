//! Attempts that lose a race leave nothing open. A program of its own: it counts the process's
//! descriptors.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use berkeley::{Addr, Connector, Family, Protocol, Server, Socket, Type, create_server};
use berkeley_testing::open_descriptors;

#[test]
fn e8_descriptors_stay_as_many_as_they_were() {
    let server = create_server("127.0.0.1:0").unwrap();
    let alive = server.local_addr().unwrap();
    server.set_nonblocking(true).unwrap();
    // Its queue is full: attempts hang.
    let full = Server::new().backlog(0).listen("127.0.0.2:0").unwrap();
    let dead = full.local_addr().unwrap();
    let soon = Connector::new().timeout(Duration::from_millis(50));
    let _queued: Vec<Socket> = (0..3).filter_map(|_| soon.connect(dead).ok()).collect();
    let bound = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
    bound.bind("127.0.0.3:0").unwrap();
    let gone = bound.local_addr().unwrap();
    let here: Addr = "127.0.0.1:0".parse().unwrap();
    let elsewhere: Addr = "192.0.2.1:0".parse().unwrap();

    let before = open_descriptors();
    let race =
        Connector::new().timeout(Duration::from_secs(20)).happy_eyeballs(Duration::from_millis(10));
    for _ in 0..50 {
        for list in [&[dead, gone, dead, alive][..], &[alive, dead], &[gone, alive], &[alive; 4]] {
            let client = race.connect_any(list.iter().copied()).unwrap();
            assert_eq!(open_descriptors(), before + 1, "the losers are closed");
            client.set(berkeley::opt::SO_LINGER, Some(Duration::ZERO)).unwrap();
        }
        race.connect_any([gone; 4]).unwrap_err();
        race.clone().source(elsewhere).connect_any([alive; 3]).unwrap_err();
        race.clone().source(here).option(9999, 1, &[0; 4]).connect_any([alive; 3]).unwrap_err();
        while server.accept().is_ok() {}
    }
    let race = race.timeout(Duration::from_millis(100));
    for _ in 0..5 {
        assert!(race.connect_any([dead, dead, gone, dead]).unwrap_err().is_timeout());
    }
    assert_eq!(open_descriptors(), before);
}
