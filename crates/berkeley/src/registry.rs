//! The open sockets of this process: what each is, since when, and what went through it.
//!
//! With the feature `registry`, [`start`] switches the list on: sockets that are made, accepted,
//! duplicated or received from then on are in it, and others from their first call on. [`sockets`]
//! shows them. While it is off, a call costs one load and one branch more than without the feature.
//!
//! ```
//! use berkeley::registry;
//!
//! registry::start();
//! let server = berkeley::create_server("127.0.0.1:0")?;
//! for socket in registry::sockets() {
//!     println!("{socket}"); // 3 TCP 127.0.0.1:35467 LISTEN, 0.1 s old, opened at src/main.rs:5
//! }
//! registry::stop();
//! # Ok::<(), berkeley::Error>(())
//! ```

use std::fmt;
use std::os::fd::RawFd;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::addr::Addr;
use crate::kind::{Family, Protocol, Type};
use crate::opt;
use crate::seam::table::{self, Entry};
use crate::seam::{self, watch};
use crate::socket::Socket;
use crate::sys;
use crate::table::STATES;

/// An open socket.
///
/// ```
/// let (a, b) = berkeley::Socket::pair(
///     berkeley::Family::UNIX,
///     berkeley::Type::STREAM,
///     berkeley::Protocol::DEFAULT,
/// )?;
/// let seen = berkeley::registry::LiveSocket::of(&a);
/// assert_eq!(seen.state, "ESTABLISHED");
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LiveSocket {
    /// The number of its descriptor.
    pub fd: RawFd,
    /// The family.
    pub family: Family,
    /// The type.
    pub ty: Type,
    /// The protocol.
    pub protocol: Protocol,
    /// Its own address, if it has one.
    pub local: Option<Addr>,
    /// The peer's address, if it has one.
    pub peer: Option<Addr>,
    /// `LISTEN`, `ESTABLISHED` and what else `netstat` says; empty for sockets that have no states.
    pub state: &'static str,
    /// Bytes that were received, as far as they were counted: by the list, and for TCP by the
    /// kernel.
    pub received: u64,
    /// Bytes that were sent.
    pub sent: u64,
    /// Since when it is known.
    pub age: Option<Duration>,
    /// How long ago it was last used.
    pub idle: Option<Duration>,
    /// Where in the program it was opened.
    pub place: Option<&'static Location<'static>>,
}

impl LiveSocket {
    /// What the kernel says of a socket, without what the list knows.
    ///
    /// ```
    /// let server = berkeley::create_server("127.0.0.1:0")?;
    /// let seen = berkeley::registry::LiveSocket::of(&server);
    /// assert_eq!((seen.state, seen.local), ("LISTEN", Some(server.local_addr()?)));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn of(socket: &Socket) -> LiveSocket {
        let named = |addr: &Addr| !addr.is_empty();
        let peer = socket.peer_addr().ok();
        let mut seen = LiveSocket {
            fd: std::os::fd::AsRawFd::as_raw_fd(socket),
            family: socket.family(),
            ty: socket.ty(),
            protocol: socket.protocol(),
            local: socket.local_addr().ok().filter(named),
            peer: peer.filter(named),
            state: "",
            received: 0,
            sent: 0,
            age: None,
            idle: None,
            place: None,
        };
        let listens = || socket.get(opt::SO_ACCEPTCONN).unwrap_or(false);
        let is_ip = matches!(seen.family, Family::INET | Family::INET6);
        if is_ip && seen.ty == Type::STREAM {
            if let Ok(info) = socket.get(opt::TCP_INFO) {
                let state = usize::try_from(info.state.number()).unwrap_or(0);
                seen.state = STATES.get(state).copied().unwrap_or("");
                seen.received = info.bytes_received.unwrap_or(0);
                let again = info.bytes_retransmitted.unwrap_or(0);
                seen.sent = info.bytes_sent.unwrap_or(0).saturating_sub(again);
                if seen.received + seen.sent > 0 {
                    seen.idle = Some(info.last_data_sent.min(info.last_data_received));
                }
                return seen;
            }
        }
        seen.state = match (peer, seen.ty == Type::DGRAM) {
            (Some(_), _) => "ESTABLISHED",
            (None, false) if listens() => "LISTEN",
            _ => "",
        };
        seen
    }
}

impl fmt::Display for LiveSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.fd, self.family, self.ty)?;
        if let Some(local) = &self.local {
            write!(f, " {local}")?;
        }
        if let Some(peer) = &self.peer {
            write!(f, " -> {peer}")?;
        }
        if !self.state.is_empty() {
            write!(f, " {}", self.state)?;
        }
        write!(f, ", {} bytes in, {} out", self.received, self.sent)?;
        if let Some(age) = self.age {
            write!(f, ", {:.1} s old", age.as_secs_f64())?;
        }
        if let Some(idle) = self.idle {
            write!(f, ", idle for {:.1} s", idle.as_secs_f64())?;
        }
        match self.place {
            Some(place) => write!(f, ", opened at {}:{}", place.file(), place.line()),
            None => Ok(()),
        }
    }
}

/// Switches the list on. To call it again does nothing.
///
/// ```
/// berkeley::registry::start();
/// berkeley::registry::stop();
/// ```
pub fn start() {
    watch::switch_on(watch::REGISTRY);
}

/// Switches the list off again; what it knew is forgotten.
///
/// ```
/// berkeley::registry::start();
/// let _server = berkeley::create_server("127.0.0.1:0")?;
/// berkeley::registry::stop();
/// assert!(berkeley::registry::sockets().is_empty());
/// # Ok::<(), berkeley::Error>(())
/// ```
pub fn stop() {
    watch::switch_off(watch::REGISTRY);
}

/// The open sockets that the list knows, by the number of their descriptor.
///
/// ```
/// use berkeley::registry;
///
/// registry::start();
/// let server = berkeley::create_server("127.0.0.1:0")?;
/// let client = berkeley::create_connection(server.local_addr()?)?;
/// client.send_all(b"hello!")?;
///
/// let all = registry::sockets();
/// let seen = all.iter().find(|socket| socket.local == client.local_addr().ok()).unwrap();
/// assert_eq!((seen.state, seen.sent), ("ESTABLISHED", 6));
/// assert!(seen.place.is_some());
/// # Ok::<(), berkeley::Error>(())
/// ```
#[doc(alias("lsof", "ss"))]
pub fn sockets() -> Vec<LiveSocket> {
    if watch::mode() & watch::REGISTRY == 0 {
        return Vec::new();
    }
    let now = sys::monotonic();
    let since = |then: &AtomicU64| {
        Some(Duration::from_nanos(now.saturating_sub(then.load(Ordering::Relaxed))))
    };
    // First what is known of all: to ask the kernel is to use them.
    let mut known = Vec::new();
    table::each(|fd, entry| {
        if let Some(id) = entry.id() {
            let moved = (&entry.received, &entry.sent);
            let bytes = (moved.0.load(Ordering::Relaxed), moved.1.load(Ordering::Relaxed));
            known.push((fd, id, entry, bytes, since(&entry.opened), since(&entry.used)));
        }
    });
    let see = |(fd, id, entry, (received, sent), age, idle): (RawFd, u64, &Entry, _, _, _)| {
        // Of a duplicate: another thread may close the socket at any moment.
        let socket = Socket::from_fd(seam::dup_raw(fd).ok()?).ok()?;
        let mut seen = LiveSocket { fd, age, idle, ..LiveSocket::of(&socket) };
        seen.received = seen.received.max(received);
        seen.sent = seen.sent.max(sent);
        seen.place = entry.place.get();
        (entry.id() == Some(id)).then_some(seen)
    };
    known.into_iter().filter_map(see).collect()
}
