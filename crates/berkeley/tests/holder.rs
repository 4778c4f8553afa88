//! An error says who holds the address that is in use.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::process;

use berkeley::{Errno, Error, Family, Protocol, Socket, ToAddr, Type, create_server, open_sockets};

fn socket(family: Family, ty: Type) -> Socket {
    Socket::new(family, ty, Protocol::DEFAULT).unwrap()
}

/// What a second socket is told that wants the same address.
fn refused(family: Family, ty: Type, addr: impl ToAddr) -> Error {
    let error = socket(family, ty).bind(addr).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::EADDRINUSE));
    error
}

#[test]
fn bind_names_the_holder() {
    let folder = tempfile::tempdir().unwrap();
    let path = format!("unix:{}", folder.path().join("a socket").display());
    for (family, ty, addr) in [
        (Family::INET, Type::DGRAM, "127.0.0.1:0"),
        (Family::INET6, Type::DGRAM, "[::1]:0"),
        // Bound, and neither listening nor connected.
        (Family::INET, Type::STREAM, "127.0.0.1:0"),
        (Family::INET6, Type::STREAM, "[::1]:0"),
        (Family::UNIX, Type::STREAM, "unix:"),
        (Family::UNIX, Type::DGRAM, path.as_str()),
    ] {
        if family == Family::INET6 && socket(family, ty).bind(addr).is_err() {
            continue;
        }
        let first = socket(family, ty);
        first.bind(addr).unwrap();
        let error = refused(family, ty, first.local_addr().unwrap());
        let Some(holder) = error.holder() else {
            // Older kernels do not tell of these.
            assert_eq!((ty, family == Family::UNIX), (Type::STREAM, false), "{addr}");
            continue;
        };
        assert_eq!(holder.local, first.local_addr().unwrap());
        assert_eq!(holder.owners[0].pid, process::id());
        assert!(!holder.owners[0].program.is_empty());
        drop(first);
        // It is looked for when it is asked for.
        assert_eq!(error.holder(), None, "{addr}");
    }
}

#[test]
fn a_listener_at_every_address_holds_each() {
    let server = create_server("0.0.0.0:0").unwrap();
    let port = server.local_addr().unwrap().port().unwrap();
    let error = refused(Family::INET, Type::STREAM, ("127.0.0.1", port));
    assert_eq!(error.holder().unwrap().state, "LISTEN");
}

#[test]
fn listen_names_the_holder() {
    let reusing = || {
        let sock = socket(Family::INET, Type::STREAM);
        sock.set(berkeley::opt::SO_REUSEADDR, true).unwrap();
        sock
    };
    let (first, second) = (reusing(), reusing());
    first.bind("127.0.0.1:0").unwrap();
    second.bind(first.local_addr().unwrap()).unwrap();
    first.listen(None).unwrap();
    let error = second.listen(None).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::EADDRINUSE));
    assert_eq!(error.address(), Some(&first.local_addr().unwrap()));
    assert_eq!(error.holder().unwrap().state, "LISTEN");
}

#[test]
fn other_errors_have_no_holder() {
    let server = create_server("127.0.0.1:0").unwrap();
    // An address of no machine here.
    let error = socket(Family::INET, Type::STREAM).bind("192.0.2.1:1").unwrap_err();
    assert_eq!(error.holder(), None);
    let error = server.connect("127.0.0.1:1").unwrap_err();
    assert_eq!(error.holder(), None);
}

#[test]
fn a_socket_that_is_bound_alone_is_listed_once() {
    let sock = socket(Family::INET, Type::STREAM);
    sock.bind("127.0.0.1:0").unwrap();
    let addr = sock.local_addr().unwrap();
    let all = open_sockets().unwrap();
    let found: Vec<_> = all.iter().filter(|other| other.local == addr).collect();
    if found.is_empty() {
        berkeley_testing::skip!("to list bound sockets needs Linux 6.8");
    }
    assert_eq!((found.len(), found[0].state), (1, "BOUND"));
    sock.listen(None).unwrap();
    let all = open_sockets().unwrap();
    let found: Vec<_> = all.iter().filter(|other| other.local == addr).collect();
    assert_eq!((found.len(), found[0].state), (1, "LISTEN"));
}
