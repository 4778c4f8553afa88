//! To and from descriptors and the sockets of `std`.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use super::Socket;
use crate::error::{Call, Error, Result};
use crate::sys;

impl AsFd for Socket {
    #[inline]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for Socket {
    #[inline]
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl IntoRawFd for Socket {
    fn into_raw_fd(self) -> RawFd {
        self.detach().into_raw_fd()
    }
}

impl From<Socket> for OwnedFd {
    fn from(socket: Socket) -> OwnedFd {
        socket.detach()
    }
}

impl TryFrom<OwnedFd> for Socket {
    type Error = Error;

    fn try_from(fd: OwnedFd) -> Result<Socket> {
        Socket::from_fd(fd)
    }
}

/// The sockets of `std`, both ways. What comes from `std` keeps its blocking mode; what goes there
/// keeps it too, so switch a timeout off first where `std` shall wait.
macro_rules! std_sockets {
    ($($ty:ty),+) => {
        $(
            impl TryFrom<$ty> for Socket {
                type Error = Error;

                fn try_from(socket: $ty) -> Result<Socket> {
                    Socket::from_fd(socket.into())
                }
            }

            impl From<Socket> for $ty {
                fn from(socket: Socket) -> $ty {
                    socket.detach().into()
                }
            }
        )+
    };
}

std_sockets!(TcpStream, TcpListener, UdpSocket, UnixStream, UnixListener, UnixDatagram);

/// Whether a program that this process starts gets this descriptor too. Sockets are made so that
/// it does not.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type};
///
/// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
/// assert!(!berkeley::is_inheritable(&sock)?);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// The system's own.
///
/// See `fcntl(2)`, `FD_CLOEXEC`.
#[doc(alias("get_inheritable", "FD_CLOEXEC"))]
pub fn is_inheritable(fd: impl AsFd) -> Result<bool> {
    sys::is_close_on_exec(fd.as_fd()).map(|closed| !closed).map_err(Error::of(Call::Inheritable))
}

/// Sets whether a program that this process starts gets this descriptor too.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type};
///
/// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
/// berkeley::set_inheritable(&sock, true)?;
/// assert!(berkeley::is_inheritable(&sock)?);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// The system's own.
///
/// See `fcntl(2)`, `FD_CLOEXEC`.
#[doc(alias = "FD_CLOEXEC")]
pub fn set_inheritable(fd: impl AsFd, inheritable: bool) -> Result<()> {
    sys::set_close_on_exec(fd.as_fd(), !inheritable).map_err(Error::of(Call::Inheritable))
}
