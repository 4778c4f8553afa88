//! Berkeley sockets: complete like C, safe like Rust, as pleasant as Python.
//!
//! One [`Socket`] for every family and type.
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

mod addr;
mod buf;
mod dial;
mod error;
mod kind;
mod names;
pub mod opt;
mod socket;
mod stream;
mod sys;
mod target;
mod time;

pub use addr::{Addr, AddrError, Endpoint, SCHEMES, Scheme, Target, UnixAddr};
pub use buf::{Buffer, Spare, spare};
pub use dial::{
    Connector, Server, ToEndpoint, create_connection, create_server, has_dualstack_ipv6, resolve,
};
pub use error::{Call, Cause, Error, LookupCode, Result};
pub use kind::{Family, MsgFlags, Protocol, Type};
pub use names::{
    AddrInfo, AddrInfoFlags, AddrInfoQuery, Host, Name, NameInfo, NameInfoFlags, getaddrinfo,
    getfqdn, gethostbyaddr, gethostbyname, gethostbyname_ex, gethostname, getnameinfo,
    getprotobyname, getprotobynumber, getservbyname, getservbyport, htonl, htons, if_indextoname,
    if_nameindex, if_nametoindex, inet_aton, inet_ntoa, inet_ntop, inet_pton, ntohl, ntohs,
};
pub use socket::{Socket, default_timeout, set_default_timeout};
pub use std::net::Shutdown;
pub use stream::SocketFile;
pub use sys::Errno;
pub use target::ToAddr;
pub use time::Deadline;
