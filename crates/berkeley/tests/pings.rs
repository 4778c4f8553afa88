//! Asking a host whether it is there.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::net::IpAddr;
use std::time::Duration;

use berkeley::{Call, Cause, Errno, Family, Pinger, Protocol, Socket, Type, ping};
use berkeley_testing::skip;

const LIMIT: Duration = Duration::from_secs(10);

/// Whether this user may, or the error that says why not.
fn may(v4: bool) -> bool {
    let (family, protocol) = match v4 {
        true => (Family::INET, Protocol::ICMP),
        false => (Family::INET6, Protocol::ICMPV6),
    };
    [Type::DGRAM, Type::RAW].iter().any(|ty| Socket::new(family, *ty, protocol).is_ok())
}

#[test]
fn ping_this_machine_answers_by_both_versions() {
    let mut asked = 0;
    for (host, v4) in [("127.0.0.1", true), ("::1", false)] {
        let has = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT);
        if !may(v4) || (!v4 && has.is_ok_and(|sock| sock.bind("[::1]:0").is_err())) {
            continue;
        }
        let question = ping(host).count(3).interval(Duration::from_millis(1)).timeout(LIMIT);
        let report = question.size(100).call().unwrap();
        assert_eq!(report.addr, host.parse::<IpAddr>().unwrap());
        assert_eq!((report.answers.len(), report.times().len()), (3, 3));
        for (number, answer) in report.answers.iter().enumerate() {
            let echo = answer.as_ref().unwrap();
            assert_eq!(echo.sequence as usize, number + 1);
            assert_eq!((echo.from, echo.len), (report.addr, 108));
            assert_eq!(echo.hops, Some(64));
            assert!(echo.time > Duration::ZERO);
        }
        asked += 1;
    }
    if asked == 0 {
        skip!("this user may not ping");
    }
}

#[test]
fn ping_takes_names_and_a_family() {
    if !may(true) {
        skip!("this user may not ping");
    }
    let report = ping("localhost").family(Family::INET).timeout(LIMIT).call().unwrap();
    assert!(report.addr.is_ipv4() && report.times().len() == 1);
    let error = ping("no.such.host.invalid").call().unwrap_err();
    assert!(matches!(error.cause(), Cause::Lookup(_)), "{error}");
    assert!(ping("127.0.0.1").count(0).call().unwrap().answers.is_empty());
}

#[test]
fn ping_without_an_answer_is_a_timeout_of_that_question() {
    if !may(true) {
        skip!("this user may not ping");
    }
    let mut pinger = Pinger::new("127.0.0.1:0".parse().unwrap(), 0).unwrap();
    // Nothing was asked.
    let error = pinger.recv(Duration::from_millis(5)).unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(error.call(), Call::Ping);
    // And the socket is as good as before.
    assert_eq!(pinger.ask(65535, LIMIT).unwrap().sequence, 65535);
}

#[test]
fn ping_two_at_a_time_get_their_own_answers() {
    if !may(true) {
        skip!("this user may not ping");
    }
    let mut pingers: Vec<_> =
        (0..8).map(|size| Pinger::new("127.0.0.1:0".parse().unwrap(), size).unwrap()).collect();
    for pinger in &mut pingers {
        pinger.send(1).unwrap();
    }
    for (size, pinger) in pingers.iter_mut().enumerate() {
        assert_eq!(pinger.recv(LIMIT).unwrap().len, size + 8);
    }
}

#[test]
fn ping_what_is_too_large_is_an_error_of_that_question() {
    if !may(true) {
        skip!("this user may not ping");
    }
    let report = ping("127.0.0.1").size(u16::MAX).timeout(LIMIT).call().unwrap();
    let error = report.answers[0].as_ref().unwrap_err();
    assert_eq!((error.call(), error.errno()), (Call::Ping, Some(Errno::EMSGSIZE)));
}
