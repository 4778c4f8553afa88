//! The socket: one type for every family and kind.

#[cfg(feature = "tokio")]
mod awaited;
mod cipher;
mod connect;
mod convert;
mod file;
mod groups;
mod lent;
mod message;
mod offload;
mod options;
mod recv;
mod retry;
mod send;
mod values;

use std::fmt;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};
use std::time::Duration;

pub use self::cipher::CipherOp;
pub use self::convert::{is_inheritable, set_inheritable};
pub use self::file::tee;
pub use self::groups::Multicast;
pub use self::lent::{Caller, Lent};
pub use self::message::{Received, ReceivedFds};
#[cfg(feature = "tokio")]
pub(crate) use self::message::{fds_flags, fds_room};
pub(crate) use self::offload::{Refusal, SendOffload};
use self::retry::BaseFlags;
pub use self::values::Keepalive;
use crate::error::{Call, Error, Result};
use crate::kind::{Family, Protocol, Type};
use crate::seam::{self, Fd};
use crate::sys::{self, c};
use crate::time::{Deadline, SharedDeadline, SharedTimeout};

/// A socket of any family and type.
///
/// All calls take `&self`: a socket may be used by several threads at once, each sending,
/// receiving or accepting. It is closed when it is dropped.
///
/// # State
///
/// Every socket, accepted ones too, starts close-on-exec, without a timeout (or with the
/// [default](set_default_timeout) one), and never raises `SIGPIPE`.
///
/// # Timeouts
///
/// [`set_timeout`](Socket::set_timeout) sets the time that one call may take, as in Python:
/// `None` waits for as long as it takes, zero never waits, and any other duration is one deadline
/// for the whole call, on the monotonic clock, however many waits and signals happen meanwhile.
/// A call that is ready at once costs one system call with a timeout as without.
///
/// # Errors
///
/// An [`Error`] says which call failed, why, and where. Interrupted calls go on by themselves.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type};
///
/// let server = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
/// server.bind("127.0.0.1:0")?;
/// server.listen(None)?;
///
/// let client = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
/// client.connect(server.local_addr()?)?;
/// client.send_all(b"hello!")?;
///
/// let (conn, _peer) = server.accept()?;
/// assert_eq!(conn.recv_vec(1024)?, b"hello!");
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See `socket(7)`.
#[doc(alias("socket", "fileno", "SocketType"))]
pub struct Socket {
    fd: Fd,
    family: Family,
    ty: Type,
    protocol: Protocol,
    retired: AtomicBool,
    /// Somebody else waits for it, and it never does: see [`Socket::awaited`].
    awaited: bool,
    /// Its stream has been handed to a layer in the kernel (`TCP_ULP`).
    layered: AtomicBool,
    /// Where another language's object keeps the number: it changes if that is closed.
    owner: Option<&'static AtomicI32>,
    timeout: SharedTimeout,
    until: SharedDeadline,
    flags: BaseFlags,
    pub(crate) offload: SendOffload,
    /// The number of an error that came behind a batch, which has yet to be told; or zero.
    pub(crate) late: AtomicI32,
    /// How many sends without a copy the kernel has counted: it goes on from there.
    pub(crate) zero_copies: AtomicU32,
}

/// The timeout that new sockets get, in this process. `None` at first.
///
/// ```
/// assert_eq!(berkeley::default_timeout(), None);
/// ```
#[doc(alias = "getdefaulttimeout")]
pub fn default_timeout() -> Option<Duration> {
    DEFAULT_TIMEOUT.get()
}

/// Sets the timeout that sockets made or accepted from now on get, in this whole process.
///
/// ```
/// berkeley::set_default_timeout(None);
/// ```
#[doc(alias = "setdefaulttimeout")]
pub fn set_default_timeout(timeout: impl Into<Option<Duration>>) {
    DEFAULT_TIMEOUT.set(timeout.into());
}

static DEFAULT_TIMEOUT: SharedTimeout = SharedTimeout::new(None);

/// Making sockets.
impl Socket {
    /// A new socket of this family, type and protocol.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let udp = Socket::new(Family::INET6, Type::DGRAM, Protocol::DEFAULT)?;
    /// let unix = Socket::new(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EAFNOSUPPORT`, `EPROTONOSUPPORT` or `ESOCKTNOSUPPORT` for kinds that the kernel does not
    /// have, `EPERM` for raw ones without the right, `EMFILE` at the limit of descriptors.
    ///
    /// See `socket(2)`.
    #[doc(alias = "socket")]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn new(family: Family, ty: Type, protocol: Protocol) -> Result<Socket> {
        let timeout = default_timeout();
        let fd = Socket::make(family, ty, protocol, timeout.is_some())?;
        Ok(Socket::assemble(fd, (family, ty, protocol), timeout).here())
    }

    /// Two sockets that are connected to each other.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::SEQPACKET, Protocol::DEFAULT)?;
    /// a.send(b"one message")?;
    /// assert_eq!(b.recv_vec(100)?, b"one message");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Socket::new`], and `EOPNOTSUPP` for families without pairs.
    ///
    /// See `socketpair(2)`.
    #[doc(alias = "socketpair")]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn pair(family: Family, ty: Type, protocol: Protocol) -> Result<(Socket, Socket)> {
        let timeout = default_timeout();
        let (a, b) = Socket::make_pair(family, ty, protocol, timeout.is_some())?;
        let kind = (family, ty, protocol);
        Ok((Socket::assemble(a, kind, timeout).here(), Socket::assemble(b, kind, timeout).here()))
    }

    /// The socket of an open descriptor, whose family, type, protocol and blocking mode are asked
    /// of the kernel.
    ///
    /// ```
    /// use berkeley::{Family, Socket};
    ///
    /// let std = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// let sock = Socket::from_fd(std.into())?;
    /// assert_eq!(sock.family(), Family::INET);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOTSOCK` if it is something else; the descriptor is then closed.
    #[doc(alias("fromfd", "fileno"))]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn from_fd(fd: OwnedFd) -> Result<Socket> {
        let ask = |name| {
            let mut value = [0; 4];
            seam::get_option(fd.as_fd(), c::SOL_SOCKET, name, &mut value)
                .map(|_| i32::from_ne_bytes(value))
                .map_err(Error::of(Call::Socket))
        };
        let kind =
            (Family(ask(c::SO_DOMAIN)?), Type(ask(c::SO_TYPE)?), Protocol(ask(c::SO_PROTOCOL)?));
        let nonblocking = sys::is_nonblocking(fd.as_fd()).map_err(Error::of(Call::Socket))?;
        Ok(Socket::assemble(fd, kind, nonblocking.then_some(Duration::ZERO)).here())
    }

    /// A second socket with a descriptor of its own for the same connection. Timeouts are each
    /// socket's own, but whether calls wait at all is shared: give both the same kind.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// let same = sock.dup()?;
    /// same.bind("127.0.0.1:0")?;
    /// assert_eq!(sock.local_addr()?, same.local_addr()?);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EMFILE` at the limit of descriptors.
    ///
    /// See `dup(2)`.
    #[doc(alias = "try_clone")]
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn dup(&self) -> Result<Socket> {
        let fd = seam::dup(self.fd.as_fd()).map_err(Error::of(Call::Dup))?;
        // Whether the kernel waits is shared, and it does not for those who are awaited.
        let timeout = self.timeout().or(self.awaited.then_some(Duration::ZERO));
        let same = Socket::assemble(fd, (self.family, self.ty, self.protocol), timeout);
        same.until.set(self.deadline());
        same.flags.set((self.family, self.ty, self.protocol), same.blocks());
        same.zero_copies.store(self.zero_copies.load(Ordering::Relaxed), Ordering::Relaxed);
        Ok(same.here())
    }

    /// Gives up the socket and answers its descriptor, still open.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    /// use std::os::fd::OwnedFd;
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// let fd: OwnedFd = sock.detach();
    /// let std = std::net::TcpStream::from(fd);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias("into_raw_fd", "into_fd"))]
    pub fn detach(self) -> OwnedFd {
        seam::give_up(self.fd)
    }

    /// Closes the socket and says what the kernel answered, which dropping it does not.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?.close()?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What the kernel reports at the last moment. The descriptor is closed all the same.
    ///
    /// See `close(2)`.
    pub fn close(self) -> Result<()> {
        seam::close(seam::give_up(self.fd)).map_err(Error::of(Call::Close))
    }

    /// Ends the connection for every thread: calls that wait in this socket end at once, and
    /// every later one fails with `EBADF`. Unlike [`shutdown`](Socket::shutdown) it also frees
    /// what the kernel holds for the socket, such as its port, while others still refer to it.
    ///
    /// The number of the descriptor stays taken until the socket is dropped, so that no thread
    /// that is about to use it can meet another file. [Duplicates](Socket::dup) see the end of
    /// the connection.
    ///
    /// ```
    /// use berkeley::{Errno, create_server};
    /// use std::{thread, time::Duration};
    ///
    /// let server = create_server("127.0.0.1:0")?;
    /// thread::scope(|scope| {
    ///     let waiting = scope.spawn(|| server.accept());
    ///     thread::sleep(Duration::from_millis(20));
    ///     server.hang_up()?;
    ///     assert!(waiting.join().unwrap().is_err());
    ///     assert_eq!(server.accept().unwrap_err().errno(), Some(Errno::EBADF));
    ///     Ok(())
    /// })
    /// # as berkeley::Result<()>;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EMFILE` at the limit of descriptors: waiting calls were ended, but the socket lives on.
    #[doc(alias("close", "abort", "cancel"))]
    pub fn hang_up(&self) -> Result<()> {
        self.retired.store(true, Ordering::Release);
        // Not every socket can be shut down, but every one that can wakes those who wait in it.
        let _ = seam::shutdown(self.fd.as_fd(), c::SHUT_RDWR);
        if self.awaited {
            // The reactor counts on the descriptor's staying the same file.
            return Ok(());
        }
        seam::retire(self.fd.as_fd()).map_err(Error::of(Call::Close))
    }

    /// Remembers where in the program the socket was opened, if somebody keeps a list.
    #[cfg(feature = "registry")]
    #[inline]
    #[track_caller]
    pub(crate) fn here(self) -> Socket {
        if seam::watch::mode() & seam::watch::REGISTRY != 0 {
            seam::watch::opened_at(self.fd.as_raw_fd(), std::panic::Location::caller());
        }
        self
    }

    #[cfg(not(feature = "registry"))]
    #[inline]
    pub(crate) fn here(self) -> Socket {
        self
    }

    /// The descriptor of a new socket.
    fn make(family: Family, ty: Type, protocol: Protocol, nonblocking: bool) -> Result<OwnedFd> {
        seam::socket(family.0, ty.0, protocol.0, nonblocking).map_err(|errno| {
            let protocol = protocol.shown_in(family);
            Error::new(Call::Socket, errno).at_name(format!("({family}, {ty}, {protocol})"))
        })
    }

    fn make_pair(
        family: Family,
        ty: Type,
        protocol: Protocol,
        nonblocking: bool,
    ) -> Result<(OwnedFd, OwnedFd)> {
        seam::socketpair(family.0, ty.0, protocol.0, nonblocking).map_err(|errno| {
            let protocol = protocol.shown_in(family);
            Error::new(Call::SocketPair, errno).at_name(format!("({family}, {ty}, {protocol})"))
        })
    }

    pub(crate) fn assemble(
        fd: OwnedFd,
        kind: (Family, Type, Protocol),
        timeout: Option<Duration>,
    ) -> Socket {
        Socket::assemble_with(fd, kind, SharedTimeout::new(timeout))
    }

    #[inline]
    fn assemble_with(
        fd: OwnedFd,
        kind: (Family, Type, Protocol),
        timeout: SharedTimeout,
    ) -> Socket {
        let (family, ty, protocol) = kind;
        Socket {
            fd: seam::hold(fd),
            family,
            ty,
            protocol,
            retired: AtomicBool::new(false),
            awaited: false,
            layered: AtomicBool::new(false),
            owner: None,
            flags: BaseFlags::new(kind, timeout.is_none()),
            timeout,
            until: SharedDeadline::never(),
            offload: SendOffload::new(),
            late: AtomicI32::new(0),
            zero_copies: AtomicU32::new(0),
        }
    }
}

/// Timeout and kind.
impl Socket {
    /// Sets how long one call may take: `None` for as long as it takes, zero to never wait.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    /// use std::time::Duration;
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0")?;
    /// sock.set_timeout(Duration::from_millis(20))?;
    /// assert!(sock.recv_vec(1).unwrap_err().is_timeout());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the system, if the socket changes between waiting in the kernel and not.
    #[doc(alias("settimeout", "set_read_timeout", "set_write_timeout"))]
    pub fn set_timeout(&self, timeout: impl Into<Option<Duration>>) -> Result<()> {
        let timeout = timeout.into();
        self.set_blocking(timeout.is_none() && self.until.is_never())?;
        self.timeout.set(timeout);
        Ok(())
    }

    /// Sets a moment by which every later call has to end, whatever its timeout is; a call takes
    /// no longer than either says. [`Deadline::NEVER`] takes it away again.
    ///
    /// It ends waiting: what is ready at once is still sent and received. The calls that send or
    /// receive in many pieces, such as [`send_all`](Socket::send_all) and
    /// [`recv_exactly`](Socket::recv_exactly), look at it between the pieces too.
    ///
    /// ```
    /// use berkeley::{Deadline, Family, Protocol, Socket, Type};
    /// use std::time::Duration;
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// b.set_deadline(Deadline::after(Duration::from_millis(30)))?; // for question and answer
    /// b.send_all(b"question")?;
    /// assert!(b.recv_vec(100).unwrap_err().is_timeout());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`set_timeout`](Socket::set_timeout).
    #[doc(alias("total_timeout", "overall timeout"))]
    pub fn set_deadline(&self, deadline: Deadline) -> Result<()> {
        self.set_blocking(deadline == Deadline::NEVER && self.timeout.is_none())?;
        self.until.set(deadline);
        Ok(())
    }

    /// The moment by which every call has to end.
    ///
    /// ```
    /// use berkeley::{Deadline, Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert_eq!(sock.deadline(), Deadline::NEVER);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn deadline(&self) -> Deadline {
        self.until.get()
    }

    /// Lets the kernel wait in the calls to come, or not.
    fn set_blocking(&self, blocks: bool) -> Result<()> {
        if self.awaited {
            return Ok(());
        }
        if blocks != self.blocks() {
            seam::set_nonblocking(self.fd.as_fd(), !blocks).map_err(Error::of(Call::SetTimeout))?;
        }
        self.flags.set((self.family, self.ty, self.protocol), blocks);
        Ok(())
    }

    /// How long one call may take.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// assert_eq!(Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?.timeout(), None);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias("gettimeout", "getblocking"))]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout.get()
    }

    /// Whether calls never wait: the same as a timeout of zero, or else of `None`.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.set_nonblocking(true)?;
    /// assert!(a.recv(&mut [0; 8]).unwrap_err().is_would_block());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`set_timeout`](Socket::set_timeout).
    #[doc(alias = "setblocking")]
    pub fn set_nonblocking(&self, nonblocking: bool) -> Result<()> {
        self.set_timeout(nonblocking.then_some(Duration::ZERO))
    }

    /// The family.
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type};
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.family(), Family::UNIX);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias("SO_DOMAIN", "domain"))]
    pub fn family(&self) -> Family {
        self.family
    }

    /// The type.
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type};
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.ty(), Type::STREAM);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias("type", "SO_TYPE"))]
    pub fn ty(&self) -> Type {
        self.ty
    }

    /// The protocol, as it was asked for.
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type};
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::TCP)?;
    /// assert_eq!(sock.protocol(), Protocol::TCP);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    #[doc(alias("proto", "SO_PROTOCOL"))]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }
}

/// The file descriptor, the addresses as far as there are some, and the kind.
impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Socket");
        debug
            .field("fd", &self.fd.as_raw_fd())
            .field("family", &self.family)
            .field("type", &self.ty);
        debug.field("protocol", &self.protocol).field("timeout", &self.timeout());
        if let Ok(addr) = self.local_addr() {
            debug.field("local_addr", &addr);
        }
        if let Ok(addr) = self.peer_addr() {
            debug.field("peer_addr", &addr);
        }
        debug.finish()
    }
}
