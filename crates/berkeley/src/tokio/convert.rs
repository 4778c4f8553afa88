//! To and from plain sockets, descriptors and the sockets of `std`.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use super::Socket;
use crate::error::{Error, Result};
use crate::socket::Socket as Plain;

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.plain().as_fd()
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.plain().as_raw_fd()
    }
}

/// Its timeout and deadline hold for the awaited calls. No runtime is needed yet.
impl TryFrom<Plain> for Socket {
    type Error = Error;

    fn try_from(plain: Plain) -> Result<Socket> {
        plain.awaited().map(Socket::over)
    }
}

impl TryFrom<Socket> for Plain {
    type Error = Error;

    fn try_from(socket: Socket) -> Result<Plain> {
        socket.into_plain()
    }
}

/// From what has a descriptor. Whether that waits in the kernel says nothing of how long a call of
/// this may take: there is no timeout.
macro_rules! descriptors {
    ($($ty:ty),+) => {
        $(impl TryFrom<$ty> for Socket {
            type Error = Error;

            fn try_from(socket: $ty) -> Result<Socket> {
                let socket = Socket::try_from(Plain::from_fd(socket.into())?)?;
                if socket.empties() {
                    socket.plain().look_for_layers();
                }
                socket.set_timeout(None);
                Ok(socket)
            }
        })+
    };
}

descriptors!(OwnedFd, TcpStream, TcpListener, UdpSocket, UnixStream, UnixListener, UnixDatagram);
