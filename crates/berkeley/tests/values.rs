//! Options and control messages as values whose type is not known beforehand, keepalive, drops.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use berkeley::opt::{self, Codec, Value};
use berkeley::{
    Cause, Errno, Family, Keepalive, Protocol, Socket, Type, cmsg, create_connection, create_server,
};

fn tcp() -> Socket {
    Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap()
}

fn row(name: &str) -> &'static opt::Row {
    opt::by_name(name).unwrap_or_else(|| panic!("there is no {name}"))
}

#[test]
fn every_option_that_can_be_read_has_a_value() {
    let server = create_server("127.0.0.1:0").unwrap();
    let client = create_connection(server.local_addr().unwrap()).unwrap();
    let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    let (unix, _peer) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    let mut read = 0;
    for socket in [&server, &client, &udp, &unix] {
        for row in opt::TABLE.iter().filter(|row| row.access.reads() && row.name != "SO_PEERPIDFD")
        {
            let Ok(value) = socket.get_value(row) else { continue };
            let is_bytes = matches!(value, Value::Bytes(_));
            let of_bytes = row.form.starts_with("hexadecimal");
            assert_eq!(is_bytes, of_bytes, "{} is {value:?}", row.name);
            read += 1;
        }
    }
    assert!(read > 200, "only {read} were read");
}

#[test]
fn what_was_read_can_be_set_again() {
    let (socket, mut set) = (tcp(), 0);
    for row in opt::TABLE.iter().filter(|row| row.access == opt::Access::Both) {
        let Ok(value) = socket.get_value(row) else { continue };
        match socket.set_value(row, &value) {
            Ok(()) => set += 1,
            // A right or a state; or no single word says it all.
            Err(error) if error.errno().is_some() || value == Value::None => {}
            Err(_) => assert!(matches!(value, Value::Record(..) | Value::List(_)), "{value:?}"),
        }
    }
    assert!(set > 40, "only {set} were set");
}

#[test]
fn what_fits_no_option_is_refused_before_it_is_set() {
    let socket = tcp();
    for (name, value) in [
        ("SO_KEEPALIVE", Value::Text("maybe".into())),
        ("SO_KEEPALIVE", Value::Int(7)),
        ("SO_RCVBUF", Value::Int(i128::MAX)),
        ("TCP_USER_TIMEOUT", Value::Int(-1)),
        ("TCP_USER_TIMEOUT", Value::List(vec![])),
        ("SO_RCVBUF", Value::Duration(Duration::from_secs(1))),
        ("TCP_AO_INFO", Value::Int(12)),
        ("IPV6_ADDRFORM", Value::Text("AF_NONSENSE".into())),
    ] {
        let error = socket.set_value(row(name), &value).unwrap_err();
        assert!(matches!(error.cause(), Cause::Argument(_)), "{name} {value:?}: {error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    let error = socket.set_value(row("HCI_FILTER"), &Value::Bytes(vec![0; 16])).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::ENOPROTOOPT));
    let error = socket.get_value(row("TIPC_IMPORTANCE")).unwrap_err();
    assert!(error.to_string().starts_with("getsockopt TIPC_IMPORTANCE: "), "{error}");
}

#[test]
fn durations_are_seconds_whatever_the_kernel_counts_in() {
    let socket = tcp();
    for (name, seconds) in
        [("TCP_USER_TIMEOUT", 3), ("TCP_KEEPIDLE", 40), ("SO_RCVTIMEO", 2), ("SO_LINGER", 5)]
    {
        socket.set_value(row(name), &Value::Int(seconds)).unwrap();
        let wanted = Value::Duration(Duration::from_secs(seconds as u64));
        assert_eq!(socket.get_value(row(name)).unwrap(), wanted, "{name}");
        socket.set_value(row(name), &wanted).unwrap();
        assert_eq!(socket.get_value(row(name)).unwrap(), wanted, "{name}");
    }
    socket.set_value(row("SO_LINGER"), &Value::None).unwrap();
    assert_eq!(socket.get_value(row("SO_LINGER")).unwrap(), Value::None);
}

#[test]
fn records_have_their_fields_by_name() {
    let server = create_server("127.0.0.1:0").unwrap();
    let client = create_connection(server.local_addr().unwrap()).unwrap();
    let (peer, _) = server.accept().unwrap();
    peer.send_all(&[1; 5000]).unwrap();
    client.recv_exactly(&mut [0; 5000]).unwrap();
    let info = client.get_value(row("TCP_INFO")).unwrap();
    assert_eq!(info.field("state"), Some(&Value::Named(1, Some("established"))));
    assert_eq!(info.field("bytes_received"), Some(&Value::Int(5000)));
    let Some(Value::Duration(rtt)) = info.field("rtt") else { panic!("{info:?}") };
    assert!(*rtt > Duration::ZERO);
    let Some(Value::Flags(_, names)) = info.field("options") else { panic!("{info:?}") };
    assert!(names.contains(&"SACK"), "{names:?}");
    let scales = info.field("window_scales").unwrap();
    assert!(scales.field("send").is_some());
    // What an older kernel does not tell is none.
    let old = opt::TcpInfo::value(&[0; 104]).unwrap();
    assert_eq!(old.field("bytes_received"), Some(&Value::None));
    assert_eq!(old.field("total_retransmits"), Some(&Value::Int(0)));
}

#[test]
fn control_messages_have_values_too() {
    let time = std::time::SystemTime::now();
    let mut control = cmsg::SendBuffer::new();
    control.push(cmsg::SCM_TIMESTAMPNS, time).push(cmsg::IP_TTL, 9);
    control.push_raw(1, 1, &[3_i32, 4].map(i32::to_ne_bytes).concat());
    let values: Vec<_> = cmsg::messages(control.as_bytes()).map(|m| m.value()).collect();
    let fds = Value::List(vec![Value::Int(3), Value::Int(4)]);
    assert_eq!(values, [Value::Time(time), Value::Int(9), fds]);
    for row in cmsg::TABLE {
        // No bytes at all are no reason to fall over.
        let _ = (row.value)(&[]);
        let _ = (row.value)(&[255; 256]);
    }
}

#[test]
fn row15_keepalive_is_set_at_once_and_switched_off() {
    let socket = tcp();
    let wanted = Keepalive {
        idle: Some(Duration::from_millis(59_500)),
        interval: Some(Duration::from_secs(7)),
        count: Some(4),
    };
    socket.set_keepalive(wanted).unwrap();
    let rounded = Keepalive { idle: Some(Duration::from_secs(60)), ..wanted };
    assert_eq!(socket.keepalive().unwrap(), Some(rounded));
    // What is not said stays.
    socket.set_keepalive(Keepalive { count: Some(9), ..Keepalive::default() }).unwrap();
    let changed = Keepalive { count: Some(9), ..rounded };
    assert_eq!(socket.keepalive().unwrap(), Some(changed));
    socket.set_keepalive(None).unwrap();
    assert_eq!(socket.keepalive().unwrap(), None);
    // Nothing is switched on if a part is refused.
    let wrong = Keepalive { count: Some(1000), ..Keepalive::default() };
    let error = socket.set_keepalive(wrong).unwrap_err();
    assert_eq!(error.to_string(), "setsockopt TCP_KEEPCNT: invalid argument");
    assert_eq!(socket.keepalive().unwrap(), None);
    // What is not TCP has the switch alone.
    let (unix, _peer) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
    unix.set_keepalive(Keepalive::default()).unwrap();
    assert_eq!(unix.keepalive().unwrap(), Some(Keepalive::default()));
    assert!(unix.set_keepalive(wanted).is_err());
}

#[test]
fn row20_dropped_datagrams_are_counted() {
    let socket = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    socket.bind("127.0.0.1:0").unwrap();
    socket.set(opt::SO_RCVBUF, 1_usize).unwrap();
    assert_eq!(socket.drops().unwrap(), 0);
    let sender = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    sender.connect(socket.local_addr().unwrap()).unwrap();
    for _ in 0..100 {
        sender.send(&[0; 1000]).unwrap();
    }
    socket.set_nonblocking(true).unwrap();
    let mut received = 0;
    while socket.recv(&mut [0; 1000]).is_ok() {
        received += 1;
    }
    assert!(received < 100);
    assert_eq!(socket.drops().unwrap(), 100 - received);
}

#[test]
fn records_are_set_by_their_fields_in_order() {
    // Those that a kernel does not have here are built all the same.
    let filter = Value::List(vec![Value::Int(0x123), Value::Int(0x7ff)]);
    let built = (row("CAN_RAW_FILTER").build)(&Value::List(vec![filter.clone(), filter])).unwrap();
    let both = opt::CanFilter { id: 0x123, mask: 0x7ff };
    assert_eq!(built, opt::Many::<opt::CanFilter>::encode(vec![both, both]));
    let clock = Value::List(vec!["monotonic".into(), "REPORT_ERRORS".into()]);
    let built = (row("SO_TXTIME").build)(&clock).unwrap();
    let wanted =
        opt::TxTime { clock: opt::Clock::MONOTONIC, flags: opt::TxTimeFlags::REPORT_ERRORS };
    assert_eq!(opt::TxTime::decode(&built), Some(wanted));
    let wrong = [
        Value::List(vec![]),
        Value::List(vec![Value::Int(1)]),
        Value::List(vec![Value::Int(1), Value::Int(2), Value::Int(3)]),
        Value::List(vec![Value::Int(1), "no such flag".into()]),
        Value::Int(1),
    ];
    for value in wrong {
        assert_eq!((row("SO_TXTIME").build)(&value), None, "{value:?}");
    }
}
