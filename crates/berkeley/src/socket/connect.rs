//! Addresses and connections: bind, connect, listen, accept, shutdown.

use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use super::{Socket, default_timeout};
use crate::addr::Addr;
use crate::error::{Call, Cause, Error, Result};
use crate::kind::{Family, MsgFlags};
use crate::seam;
use crate::sys::{Errno, Interest, Storage, c};
use crate::target::ToAddr;
use crate::time::Deadline;

/// Addresses and connections.
impl Socket {
    /// Gives the socket its own address. Port 0 lets the kernel choose a free one; so does
    /// [`UnixAddr::Unnamed`](crate::UnixAddr::Unnamed) with a free abstract name.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0")?;
    /// assert_ne!(sock.local_addr()?.port(), Some(0));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EADDRINUSE` if another socket has it ([`Error::holder`] says whose), `EADDRNOTAVAIL` if this machine does not,
    /// `EACCES` without the right to it, and those of [`ToAddr`].
    ///
    /// See `bind(2)`.
    pub fn bind(&self, addr: impl ToAddr) -> Result<()> {
        self.with_addr(Call::Bind, addr, |addr| {
            seam::bind(self.fd.as_fd(), &addr.0)
                .map_err(|errno| Error::new(Call::Bind, errno).at(addr).of_type(self.ty))
        })
    }

    /// Connects to an address, within the timeout. A datagram socket connects at once: it then
    /// sends there and receives from there only.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, create_server};
    ///
    /// let server = create_server("127.0.0.1:0")?;
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// sock.connect(server.local_addr()?)?;
    /// assert_eq!(sock.peer_addr()?, server.local_addr()?);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ECONNREFUSED` if nobody listens there, `ENETUNREACH` or `EHOSTUNREACH` without a way
    /// there, [`Cause::TimedOut`] if the timeout passes, `EINPROGRESS` if the timeout is zero, or
    /// the kernel's own limit (`SO_SNDTIMEO`) has passed, and the attempt goes on (it has ended
    /// when the socket is writable, with the result in [`take_error`](Socket::take_error)),
    /// `EAGAIN` for the same where there is none to go on, and those of [`ToAddr`].
    ///
    /// See `connect(2)`.
    pub fn connect(&self, addr: impl ToAddr) -> Result<()> {
        self.connect_by(addr, self.call_deadline())
    }

    /// [`connect`](Socket::connect) with the error number of the system as a value, zero for
    /// success. A timeout is `EAGAIN`, as in Python.
    ///
    /// ```
    /// use berkeley::{Errno, Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(sock.connect_ex("127.0.0.1:1")?, Errno::ECONNREFUSED);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`ToAddr`]: whatever is not an address.
    pub fn connect_ex(&self, addr: impl ToAddr) -> Result<Errno> {
        let deadline = self.call_deadline();
        // Without the address in an error that nobody sees.
        match self.with_addr(Call::Connect, addr, |addr| self.connect_addr(addr, deadline)) {
            Ok(()) => Ok(Errno::SUCCESS),
            Err(error) => match error.cause() {
                Cause::Os(errno) => Ok(errno),
                Cause::TimedOut => Ok(Errno::EAGAIN),
                _ => Err(error),
            },
        }
    }

    /// Lets others connect. So many connections may wait to be accepted; `None` is the system's
    /// maximum.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let server = Socket::new(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// server.bind("unix:")?; // a free abstract name
    /// server.listen(None)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` for types without connections, `EADDRINUSE` if another socket listens there.
    ///
    /// See `listen(2)`; the maximum is `net.core.somaxconn`.
    #[doc(alias("backlog", "SOMAXCONN"))]
    pub fn listen(&self, backlog: impl Into<Option<i32>>) -> Result<()> {
        // The kernel cuts what is too much down to its own maximum.
        let backlog = backlog.into().unwrap_or(i32::MAX).max(0);
        seam::listen(self.fd.as_fd(), backlog).map_err(|errno| {
            let error = Error::new(Call::Listen, errno);
            match self.local_addr() {
                Ok(addr) if errno == Errno::EADDRINUSE => error.at(&addr).of_type(self.ty),
                _ => error,
            }
        })
    }

    /// The next connection, and who connected, within the timeout.
    ///
    /// ```
    /// use berkeley::{create_connection, create_server};
    ///
    /// let server = create_server("127.0.0.1:0")?;
    /// let client = create_connection(&server.local_addr()?)?;
    /// let (_conn, peer) = server.accept()?;
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::TimedOut`] if the timeout passes, `EINVAL` if the socket does not listen,
    /// `EMFILE` at the limit of descriptors (the connection goes on waiting), `ECONNABORTED` if
    /// the peer gave up meanwhile.
    ///
    /// See `accept(2)`.
    #[cfg_attr(feature = "registry", track_caller)]
    pub fn accept(&self) -> Result<(Socket, Addr)> {
        let timeout = default_timeout();
        let (fd, from) = self.accept_fd(timeout.is_some())?;
        Ok((Socket::assemble(fd, (self.family, self.ty, self.protocol), timeout).here(), from))
    }

    /// Ends one direction of the connection or both. The peer receives the end after all data.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Shutdown, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.shutdown(Shutdown::Write)?;
    /// assert_eq!(b.recv(&mut [0; 8])?, 0);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOTCONN` if there is no connection.
    ///
    /// See `shutdown(2)`.
    #[doc(alias("SHUT_RD", "SHUT_WR", "SHUT_RDWR"))]
    pub fn shutdown(&self, how: Shutdown) -> Result<()> {
        let how = match how {
            Shutdown::Read => c::SHUT_RD,
            Shutdown::Write => c::SHUT_WR,
            Shutdown::Both => c::SHUT_RDWR,
        };
        seam::shutdown(self.fd.as_fd(), how).map_err(Error::of(Call::Shutdown))
    }

    /// The socket's own address.
    ///
    /// ```
    /// let server = berkeley::create_server("127.0.0.1:0")?;
    /// println!("listening on {}", server.local_addr()?);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The system's own.
    ///
    /// See `getsockname(2)`.
    #[doc(alias = "getsockname")]
    pub fn local_addr(&self) -> Result<Addr> {
        seam::local_addr(self.fd.as_fd()).map(Addr).map_err(Error::of(Call::GetSockName))
    }

    /// The address of the peer.
    ///
    /// ```
    /// use berkeley::{Errno, Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(sock.peer_addr().unwrap_err().errno(), Some(Errno::ENOTCONN));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENOTCONN` if there is none.
    ///
    /// See `getpeername(2)`.
    #[doc(alias = "getpeername")]
    pub fn peer_addr(&self) -> Result<Addr> {
        seam::peer_addr(self.fd.as_fd()).map(Addr).map_err(Error::of(Call::GetPeerName))
    }

    /// [`accept`](Socket::accept) for those who make something else of the descriptor: it is
    /// close-on-exec, and does not block if that is asked for.
    ///
    /// ```
    /// let server = berkeley::create_server("127.0.0.1:0")?;
    /// let client = berkeley::create_connection(server.local_addr()?)?;
    /// let (fd, peer) = server.accept_fd(false)?;
    /// assert_eq!(peer, client.local_addr()?);
    /// let std = std::net::TcpStream::from(fd);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`accept`](Socket::accept).
    ///
    /// See `accept(2)`.
    #[doc(alias("accept4", "SOCK_NONBLOCK"))]
    pub fn accept_fd(&self, nonblocking: bool) -> Result<(OwnedFd, Addr)> {
        let mut from = Storage::empty();
        let fd = self.retry(Call::Accept, Interest::Read, MsgFlags::empty(), || {
            match self.family {
                // Its sockets have no addresses, and none can be asked for.
                Family::ALG => seam::accept_nameless(self.fd.as_fd(), nonblocking),
                _ => seam::accept(self.fd.as_fd(), &mut from, nonblocking),
            }
        })?;
        Ok((fd, Addr(from)))
    }

    /// Connects by this deadline, whatever the timeout is; without a limit the call waits only if
    /// the socket does.
    pub(crate) fn connect_by(&self, addr: impl ToAddr, deadline: Deadline) -> Result<()> {
        self.with_addr(Call::Connect, addr, |addr| {
            self.connect_addr(addr, deadline).map_err(|error| error.at(addr))
        })
    }

    /// [`connect_by`](Socket::connect_by), whose error knows no address yet.
    pub(super) fn connect_addr(&self, addr: &Addr, deadline: Deadline) -> Result<()> {
        let fail = |errno| Err(Error::new(Call::Connect, errno));
        let mut pause = Duration::from_micros(100);
        loop {
            match seam::connect(self.fd.as_fd(), &addr.0) {
                Ok(()) => return Ok(()),
                Err(errno) if !self.waits() => return fail(errno),
                // The kernel has waited already, as long as its own limit (`SO_SNDTIMEO`) says.
                Err(errno @ (Errno::EINPROGRESS | Errno::EAGAIN)) if self.blocks() => {
                    return fail(errno);
                }
                // A UNIX socket was waiting for room in the listener's queue, and has left it: no
                // attempt goes on, and the socket would look writable at once.
                Err(Errno::EINTR) if self.family == Family::UNIX => {
                    self.interrupted(Call::Connect)?
                }
                // The attempt goes on in the kernel: to call again would be an error, its end is
                // what has to be waited for.
                Err(Errno::EINPROGRESS) => break,
                Err(Errno::EINTR) => {
                    self.interrupted(Call::Connect)?;
                    break;
                }
                // A UNIX listener's queue is full. Nothing tells when there is room.
                Err(Errno::EAGAIN) if self.family == Family::UNIX && !deadline.has_passed() => {
                    std::thread::sleep(deadline.remaining().unwrap_or(pause).min(pause));
                    pause = (pause * 2).min(Duration::from_millis(10));
                }
                Err(Errno::EAGAIN) if self.family == Family::UNIX => {
                    return Err(Error::new(Call::Connect, Cause::TimedOut));
                }
                Err(errno) => return fail(errno),
            }
        }
        self.wait(Call::Connect, Interest::Write, deadline)?;
        self.connected()
    }

    /// Begins to connect a socket that does not wait; `true` if it has connected already. If not,
    /// the attempt has ended when the socket is writable.
    pub(crate) fn begin_to_connect(&self, addr: &Addr) -> Result<bool> {
        match seam::connect(self.fd.as_fd(), &addr.0) {
            Ok(()) => Ok(true),
            Err(Errno::EINTR | Errno::EINPROGRESS) => Ok(false),
            Err(errno) => Err(Error::new(Call::Connect, errno).at(addr)),
        }
    }

    /// How an attempt that has ended did.
    pub(crate) fn connected(&self) -> Result<()> {
        match self.take_error()? {
            Errno::SUCCESS => Ok(()),
            errno => Err(Error::new(Call::Connect, errno)),
        }
    }

    /// Turns what the caller wrote into an address, and errors in it into this call's.
    #[inline]
    pub(crate) fn with_addr<R>(
        &self,
        call: Call,
        addr: impl ToAddr,
        then: impl FnOnce(&Addr) -> Result<R>,
    ) -> Result<R> {
        match addr.with_addr(self.family, then) {
            Ok(result) => result,
            Err(error) if error.lookup_code().is_some() => Err(error),
            Err(error) => Err(error.in_call(call)),
        }
    }
}
