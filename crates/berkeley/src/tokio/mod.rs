//! The same socket, awaited: with the feature `tokio`.
//!
//! [`Socket`](crate::Socket) waits in the kernel, and its thread with it. The [`Socket`] of this
//! module waits in a runtime of Tokio, and only its task does: the same families, the same calls
//! by the same names, the same errors and timeouts.
//!
//! ```
//! use berkeley::tokio::{create_server, Socket};
//! use berkeley::{Family, Protocol, Type};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
//! let server = create_server("127.0.0.1:0").await?;
//! let client = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
//! let (conn, ()) = tokio::try_join!(
//!     async { Ok(server.accept().await?.0) },
//!     client.connect(server.local_addr()?),
//! )?;
//! client.send_all(b"hello!").await?;
//! assert_eq!(conn.recv_vec(1024).await?, b"hello!");
//! # Ok(()) }
//! ```
//!
//! # What holds
//!
//! - A call is tried first, and waits only if the kernel says that it would have to: what is ready
//!   costs one system call, no allocation, no thread and no descriptor.
//! - The socket's timeout and deadline hold for each call, from when it first has to wait; of calls
//!   in many pieces, from their beginning. The runtime needs its timers then.
//! - A call that is dropped before it has ended has done nothing, unless it says otherwise: nothing
//!   is received and lost, nothing is sent by half. Those in many pieces say how far they have come.
//! - Any number of tasks may wait for one socket, in each direction.
//!
//! # Where to find what
//!
//! | to | use |
//! |---|---|
//! | make one | [`Socket::new`], [`Socket::pair`], [`create_server`], or `try_from` of a plain socket or one of `std` |
//! | connect to a name | [`create_connection`]; for more, [`Connector::connect_awaited`](crate::Connector::connect_awaited) |
//! | send without a copy | [`ZeroCopy`] |
//! | accept for as long as a server lives | [`Acceptor`] |
//! | wait for it oneself | [`wait_readable`](Socket::wait_readable), [`wait_writable`](Socket::wait_writable), [`try_io`](Socket::try_io), [`async_io`](Socket::async_io) |
//! | set options, ask for addresses | [`set`](Socket::set), [`get`](Socket::get), …; all that never waits: [`plain`](Socket::plain) |
//! | hand it to what takes `AsyncRead` and `AsyncWrite` | the socket itself, or its [halves](Socket::split) |
//! | get the socket that waits in the kernel | [`into_plain`](Socket::into_plain) |

mod accept;
mod batch;
mod connect;
mod convert;
mod dial;
mod file;
mod readiness;
mod recv;
mod send;
mod short;
mod stream;
mod wait;
mod whole;
mod zerocopy;

use std::fmt;
use std::net::Shutdown;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use self::accept::Acceptor;
pub use self::dial::{create_connection, create_server};
pub use self::stream::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use self::wait::{Place, Slot};
pub use self::zerocopy::ZeroCopy;
use crate::addr::Addr;
use crate::error::Result;
use crate::kind::{Family, Protocol, Type};
use crate::opt::{Codec, Opt};
use crate::socket::Socket as Plain;
use crate::sys::Errno;
use crate::sys::reactor::Watched;
use crate::time::Deadline;

/// A socket of any family and type, awaited.
///
/// Its reactor is that of the runtime in which somebody first had to wait for it.
///
/// ```
/// use berkeley::tokio::Socket;
/// use berkeley::{Family, Protocol, Type};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
/// let (a, b) = Socket::pair(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT)?;
/// a.send(b"one message").await?;
/// assert_eq!(b.recv_vec(100).await?, b"one message");
/// # Ok(()) }
/// ```
#[doc(alias("TcpStream", "TcpListener", "UdpSocket", "UnixStream", "AsyncFd"))]
pub struct Socket {
    io: Watched<Plain>,
    /// A stream of TCP, and one of UNIX: see [`Socket::empties`].
    is_tcp: bool,
    is_unix_stream: bool,
    /// Somebody takes what is in the queue of errors.
    takes_errors: AtomicBool,
    /// What the task keeps that is polled for reading, and the one for writing.
    reader: Mutex<Slot>,
    writer: Mutex<Slot>,
    read_place: Place,
    write_place: Place,
}

/// Making sockets.
impl Socket {
    /// A new socket of this family, type and protocol: see [`Socket::new`](crate::Socket::new).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// let udp = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    pub fn new(family: Family, ty: Type, protocol: Protocol) -> Result<Socket> {
        Plain::new_awaited(family, ty, protocol).map(Socket::over)
    }

    /// Two sockets that are connected to each other: see [`Socket::pair`](crate::Socket::pair).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    pub fn pair(family: Family, ty: Type, protocol: Protocol) -> Result<(Socket, Socket)> {
        let (a, b) = Plain::pair_awaited(family, ty, protocol)?;
        Ok((Socket::over(a), Socket::over(b)))
    }

    /// The socket below: options, addresses, and all else that never waits.
    ///
    /// Its calls do not wait either, whatever its timeout says: they fail with `EAGAIN`. Where that
    /// is meant, [`try_io`](Socket::try_io) tells the reactor of it.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// let udp = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// udp.plain().set_recv_details(true)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[inline]
    #[doc(alias("get_ref", "as_ref"))]
    pub fn plain(&self) -> &Plain {
        self.io.get_ref()
    }

    /// The socket without a reactor, which waits in the kernel, with the same timeout and deadline.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"hi").await?;
    /// let plain: berkeley::Socket = b.into_plain()?;
    /// assert_eq!(plain.recv_vec(100)?, b"hi");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The system's own; the socket is closed then.
    #[doc(alias("into_std", "into_inner"))]
    pub fn into_plain(self) -> Result<Plain> {
        self.io.into_inner().unawaited()
    }

    /// A plain socket that never waits, awaited.
    pub(crate) fn over(plain: Plain) -> Socket {
        let (is_stream, family) = (plain.ty() == Type::STREAM, plain.family());
        let is_tcp = matches!(plain.protocol(), Protocol::DEFAULT | Protocol::TCP)
            && matches!(family, Family::INET | Family::INET6);
        Socket {
            is_tcp: is_stream && is_tcp,
            is_unix_stream: is_stream && family == Family::UNIX,
            io: Watched::new(plain),
            takes_errors: AtomicBool::new(false),
            reader: Mutex::default(),
            writer: Mutex::default(),
            read_place: Place::default(),
            write_place: Place::default(),
        }
    }
}

/// Addresses, options, timeouts: what the [plain](Socket::plain) socket does at once.
impl Socket {
    /// Lets others connect: see [`listen`](crate::Socket::listen).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// let server = Socket::new(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// server.plain().bind("unix:")?;
    /// server.listen(None)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    pub fn listen(&self, backlog: impl Into<Option<i32>>) -> Result<()> {
        self.plain().listen(backlog)
    }

    /// The socket's own address.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.local_addr()?.family(), Family::UNIX);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's own.
    #[doc(alias = "getsockname")]
    pub fn local_addr(&self) -> Result<Addr> {
        self.plain().local_addr()
    }

    /// The address of the peer.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.peer_addr()?.family(), Family::UNIX);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOTCONN` if there is none.
    #[doc(alias = "getpeername")]
    pub fn peer_addr(&self) -> Result<Addr> {
        self.plain().peer_addr()
    }

    /// The value of an option.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type, opt};
    ///
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.get(opt::SO_TYPE)?, Type::STREAM);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the [plain](crate::Socket::get) one.
    #[doc(alias = "getsockopt")]
    pub fn get<C: Codec>(&self, opt: Opt<C>) -> Result<C::Value> {
        self.plain().get(opt)
    }

    /// Sets an option.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type, opt};
    ///
    /// let tcp = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// tcp.set(opt::TCP_NODELAY, true)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the [plain](crate::Socket::set) one.
    #[doc(alias = "setsockopt")]
    pub fn set<C: Codec>(&self, opt: Opt<C>, value: impl Into<C::Value>) -> Result<()> {
        self.plain().set(opt, value)
    }

    /// The pending error of the socket, which is thereby cleared.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Errno, Family, Protocol, Type};
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.take_error()?, Errno::SUCCESS);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`get`](Socket::get).
    #[doc(alias = "SO_ERROR")]
    pub fn take_error(&self) -> Result<Errno> {
        self.plain().take_error()
    }

    /// Ends one direction of the connection or both.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Shutdown, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.shutdown(Shutdown::Write)?;
    /// assert_eq!(b.recv(&mut [0; 8]).await?, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOTCONN` if there is no connection.
    pub fn shutdown(&self, how: Shutdown) -> Result<()> {
        self.plain().shutdown(how)
    }

    /// Sets how long one call may take: `None` for as long as it takes, zero to never wait.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.set_timeout(Duration::from_millis(20));
    /// assert!(a.recv_vec(1).await.unwrap_err().is_timeout());
    /// # Ok(()) }
    /// ```
    #[doc(alias("settimeout", "timeout"))]
    pub fn set_timeout(&self, timeout: impl Into<Option<Duration>>) {
        // What can fail is to let the kernel wait, which it never shall.
        let _ = self.plain().set_timeout(timeout);
    }

    /// How long one call may take.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.timeout(), None);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias = "gettimeout")]
    pub fn timeout(&self) -> Option<Duration> {
        self.plain().timeout()
    }

    /// Sets a moment by which every later call has to end, whatever its timeout is.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Deadline, Family, Protocol, Type};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.set_deadline(Deadline::after(Duration::from_millis(20)));
    /// assert!(a.recv_vec(1).await.unwrap_err().is_timeout());
    /// # Ok(()) }
    /// ```
    pub fn set_deadline(&self, deadline: Deadline) {
        let _ = self.plain().set_deadline(deadline);
    }

    /// The moment by which every call has to end.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Deadline, Family, Protocol, Type};
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.deadline(), Deadline::NEVER);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn deadline(&self) -> Deadline {
        self.plain().deadline()
    }
}

/// The same as of the [plain](Socket::plain) socket.
impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plain().fmt(f)
    }
}
