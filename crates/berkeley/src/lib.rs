//! Berkeley sockets: complete like C, safe like Rust, as pleasant as Python.
//!
//! One [`Socket`] serves every family and type: TCP, UDP, UNIX streams, datagrams and sequenced
//! packets, raw IP. It does what `std::net` leaves out, without `unsafe` and without a C type in
//! sight, and gives its descriptor to whoever needs it.
//!
//! ```
//! let server = berkeley::create_server("127.0.0.1:0")?;
//! let client = berkeley::create_connection(server.local_addr()?)?;
//! client.send_all(b"hello!")?;
//!
//! let (conn, _peer) = server.accept()?;
//! assert_eq!(conn.recv_vec(1024)?, b"hello!");
//! # Ok::<(), berkeley::Error>(())
//! ```
//!
//! # Where to find what
//!
//! | to | use |
//! |---|---|
//! | connect to a name, serve at one | [`create_connection`], [`create_server`]; [`Connector`], [`Server`] for more |
//! | not wait for a dead address | [`Connector::happy_eyeballs`], [`eyeballs`] |
//! | accept for as long as a server lives | [`accept::Acceptor`] |
//! | make any socket | [`Socket::new`], [`Socket::pair`], [`Socket::from_fd`] |
//! | send and receive | [`send`](Socket::send), [`send_all`](Socket::send_all), [`send_to`](Socket::send_to), [`recv`](Socket::recv), [`recv_vec`](Socket::recv_vec), [`recv_from`](Socket::recv_from) |
//! | read lines, write text | [`reader`](Socket::reader), [`writer`](Socket::writer), [`makefile`](Socket::makefile) |
//! | limit the time | [`set_timeout`](Socket::set_timeout): none, zero or a duration |
//! | pass descriptors, credentials, times, packet info | [`send_message`](Socket::send_message), [`recv_message`](Socket::recv_message) with [`cmsg`]; [`send_fds`](Socket::send_fds), [`recv_fds`](Socket::recv_fds) |
//! | send and receive many datagrams per call, with offload | [`send_batch`](Socket::send_batch), [`recv_batch`](Socket::recv_batch) with [`batch`] |
//! | send and receive whole frames by memory shared with the kernel (AF_XDP) | [`xdp`] |
//! | wait in a task instead of a thread, by Tokio | the module `tokio`, with the feature `tokio` |
//! | have thousands of operations in flight, by io_uring | the module `uring`, with the feature `io-uring` |
//! | learn why datagrams fail, and when they went | [`recv_error`](Socket::recv_error), [`errqueue`] |
//! | set options | [`set`](Socket::set) and [`get`](Socket::get) with the rows of [`opt`]; any other by number |
//! | name an address | [`Addr`], [`UnixAddr`], `std`'s `SocketAddr`, or text: [`ToAddr`], [`Endpoint`] |
//! | list the open sockets of the program, and where each was opened | the module `registry`, with the feature `registry` |
//! | ask a host whether it is there | [`ping()`], [`Pinger`]; [`icmp`] builds and reads the messages |
//! | join multicast groups | [`join_group`](Socket::join_group), [`join_source`](Socket::join_source), [`set_multicast`](Socket::set_multicast) |
//! | see every call of a program, by whom, how long and what it answered | the module `trace`, with the feature `trace`; as events of the crate `tracing`, with the feature `tracing` |
//! | see who has a port | [`holders`], [`open_sockets`] |
//! | know a number by its name in C or Python | [`constants`] |
//! | look names up | [`getaddrinfo`], [`getnameinfo`], [`gethostbyname`], [`getservbyname`], [`if_nametoindex`] |
//!
//! Every function is also found by the name it has in C and in Python: search for `sendto`,
//! `settimeout` or `SO_REUSEADDR`.
//!
//! # What holds everywhere
//!
//! - Sockets are close-on-exec from birth, accepted ones too, and never raise `SIGPIPE`.
//! - A timeout is one deadline for a whole call, on the monotonic clock. It is never early, and
//!   interruptions by signals do not stretch it.
//! - Nothing is lost in silence: a datagram that does not fit is an [error](Error::datagram_len),
//!   [`send_all`](Socket::send_all) says [how far it came](Error::bytes_sent), and a connection to
//!   a name keeps [every attempt](Error::attempts).
//! - An [`Error`] says which call failed, why and where, in one line:
//!   `connect 127.0.0.1:1: connection refused`. It turns into a [`std::io::Error`] by `?`.
//! - `send`, `recv`, `send_to` and `recv_from` are one system call and no allocation.
//!
//! # Beside others
//!
//! A [`Socket`] is `AsFd`, turns into and comes from `OwnedFd` and the sockets of `std`, and so
//! works with mio, polling, async-io, compio, socket2 and rustix without knowing of them.
//!
//! # Platforms
//!
//! Linux. Everything the operating system does stands in one private module, whose documentation
//! lists what another platform has to provide.

/// The programs in the table of Python names are tests, too.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/python.md")]
struct PythonNames;

pub mod accept;
mod addr;
pub mod batch;
mod buf;
pub mod cmsg;
pub mod constants;
mod dial;
mod error;
pub mod errqueue;
pub mod eyeballs;
pub mod icmp;
mod inet;
mod interfaces;
mod interrupt;
mod kind;
mod names;
pub mod opt;
mod ping;
#[cfg(feature = "registry")]
pub mod registry;
mod seam;
mod socket;
mod stream;
mod sys;
mod table;
mod target;
mod time;
#[cfg(feature = "tokio")]
pub mod tokio;
#[cfg(feature = "trace")]
pub mod trace;
#[cfg(feature = "io-uring")]
pub mod uring;
pub mod xdp;
mod zerocopy;

pub use addr::{
    Addr, AddrError, AlgAddr, BdAddr, CanAddr, Endpoint, FamilyAddr, HardwareAddr, HciAddr,
    IsoTpAddr, J1939Addr, L2capAddr, NetlinkAddr, PacketAddr, QrtrAddr, RfcommAddr, SCHEMES,
    Scheme, ScoAddr, Target, TipcAddr, TipcScope, UnixAddr, VsockAddr, XdpAddr,
};
pub use buf::{Buffer, Spare, spare};
pub use dial::{
    Connector, Server, ToEndpoint, create_connection, create_server, has_dualstack_ipv6, resolve,
};
pub use error::{Call, Cause, Error, LookupCode, Result};
pub use inet::{htonl, htons, inet_aton, inet_ntoa, inet_ntop, inet_pton, ntohl, ntohs};
pub use interfaces::{Interface, InterfaceAddr, InterfaceFlags, getifaddrs};
pub use interrupt::{InterruptHook, in_first_thread, set_interrupt_hook};
pub use kind::{Family, MsgFlags, Protocol, Type};
pub use names::{
    AddrInfo, AddrInfoFlags, AddrInfoQuery, Host, Name, NameInfo, NameInfoFlags, PendingLookup,
    abandoned_lookups, getaddrinfo, getfqdn, gethostbyaddr, gethostbyname, gethostbyname_ex,
    gethostname, gethostname_bytes, getnameinfo, getprotobyname, getprotobynumber, getservbyname,
    getservbyport, if_indextoname, if_nameindex, if_nametoindex, look_up_within, sethostname,
};
pub use ping::{Echo, Ping, PingReport, Pinger, ping};
pub use socket::{
    Caller, CipherOp, Keepalive, Lent, Multicast, Received, ReceivedFds, Socket, default_timeout,
    is_inheritable, set_default_timeout, set_inheritable, tee,
};
pub use std::net::Shutdown;
pub use stream::{LengthPrefix, SocketFile};
pub use sys::Errno;
pub use table::{OpenSocket, Owner, holders, open_sockets};
pub use target::ToAddr;
pub use time::{Deadline, SharedDeadline};
pub use zerocopy::{SendMemory, ZeroCopy, ZeroCopyDone};

/// Parsers that are not public, for the fuzz targets alone: no part of the interface.
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing {
    use crate::table;

    /// The sockets in the text of the kernel's table of this name, and `None` for another name.
    ///
    /// ```
    /// assert_eq!(berkeley::fuzzing::socket_table("udp", "heading"), Some(vec![]));
    /// ```
    pub fn socket_table(name: &str, text: &str) -> Option<Vec<table::OpenSocket>> {
        let (_, read) = table::TABLES.iter().find(|(other, _)| *other == name)?;
        Some(table::read_all(text, *read))
    }
}

/// The README's example runs.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
