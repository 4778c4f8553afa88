//! What the tests of races between addresses share.
#![allow(dead_code, clippy::unwrap_used)]

use std::time::Duration;

use berkeley::{Addr, Cause, Connector, Errno, Error, Family, Protocol, Server, Socket, Type};

/// Longer than anything here takes, shorter than the kernel's own patience.
pub(crate) const AGES: Duration = Duration::from_secs(30);

pub(crate) fn addr(text: &str) -> Addr {
    text.parse().unwrap()
}

/// An address at which attempts hang, on loopback: the queue of the listener there is full.
pub(crate) struct Hanging {
    pub(crate) addr: Addr,
    pub(crate) server: Socket,
    _queued: Vec<Socket>,
}

pub(crate) fn hanging(place: &str) -> Hanging {
    let server = Server::new().backlog(0).listen(place).unwrap();
    let addr = server.local_addr().unwrap();
    let soon = Connector::new().timeout(Duration::from_millis(50));
    let queued = (0..3).filter_map(|_| soon.connect(addr).ok()).collect();
    Hanging { addr, server, _queued: queued }
}

/// An address at which nobody listens, nor can while this is kept.
pub(crate) struct Refusing {
    pub(crate) addr: Addr,
    _bound: Socket,
}

pub(crate) fn refusing(host: &str) -> Refusing {
    let bound = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
    bound.bind((host, 0)).unwrap();
    Refusing { addr: bound.local_addr().unwrap(), _bound: bound }
}

pub(crate) fn race(delay: Duration) -> Connector {
    Connector::new().timeout(AGES).happy_eyeballs(delay)
}

/// The addresses and causes of the attempts.
pub(crate) fn tried(error: &Error) -> Vec<(Addr, Cause)> {
    error.attempts().iter().map(|one| (*one.address().unwrap(), one.cause())).collect()
}

pub(crate) const REFUSED: Cause = Cause::Os(Errno::ECONNREFUSED);
