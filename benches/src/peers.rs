//! The libraries that are compared, each doing the same work through the same four functions.
//!
//! None of the four is inlined, so that callgrind counts each by its name, and each makes the
//! optimiser believe that the number of bytes and the address are used.

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::raw;

/// A library that sends and receives. Every function says whether it went well.
pub(crate) trait Peer: Sized {
    /// The address to send to, made once.
    type Addr: From<SocketAddrV4>;

    /// The library's socket of this descriptor, which waits for as long as it takes or so long.
    fn new(fd: OwnedFd, timeout: Option<Duration>) -> io::Result<Self>;
    /// Sends to the connected peer.
    fn send(&self, data: &[u8]) -> bool;
    /// Receives.
    fn recv(&self, buf: &mut [u8]) -> bool;
    /// Sends to an address.
    fn send_to(&self, data: &[u8], to: &Self::Addr) -> bool;
    /// Receives, with the sender's address.
    fn recv_from(&self, buf: &mut [u8]) -> bool;
}

/// This project.
#[derive(Debug)]
pub(crate) struct Berkeley(berkeley::Socket);

/// The bare calls. With a timeout: the first attempt of a loop around `poll`.
#[derive(Debug)]
pub(crate) struct Libc(OwnedFd);

/// Rust's own library, which has one type for each kind of socket.
#[derive(Debug)]
pub(crate) struct Std<T>(T);

/// The crate socket2.
#[derive(Debug)]
pub(crate) struct Socket2(socket2::Socket);

/// The crate nix. With a timeout as [`Libc`].
#[derive(Debug)]
pub(crate) struct Nix(OwnedFd);

/// The crate rustix. With a timeout as [`Libc`].
#[derive(Debug)]
pub(crate) struct Rustix(OwnedFd);

/// An address as the library wants it.
#[derive(Debug)]
pub(crate) struct Addr<T>(T);

impl Peer for Berkeley {
    type Addr = Addr<berkeley::Addr>;

    fn new(fd: OwnedFd, timeout: Option<Duration>) -> io::Result<Berkeley> {
        let sock = berkeley::Socket::from_fd(fd)?;
        sock.set_timeout(timeout)?;
        Ok(Berkeley(sock))
    }

    #[inline(never)]
    fn send(&self, data: &[u8]) -> bool {
        sized(self.0.send(data))
    }

    #[inline(never)]
    fn recv(&self, buf: &mut [u8]) -> bool {
        sized(self.0.recv(buf))
    }

    #[inline(never)]
    fn send_to(&self, data: &[u8], to: &Self::Addr) -> bool {
        let to: &berkeley::Addr = &to.0;
        sized(self.0.send_to(data, to))
    }

    #[inline(never)]
    fn recv_from(&self, buf: &mut [u8]) -> bool {
        sized_and_named(self.0.recv_from(buf))
    }
}

impl Peer for Libc {
    type Addr = raw::SockaddrIn;

    fn new(fd: OwnedFd, timeout: Option<Duration>) -> io::Result<Libc> {
        nonblocking_for(fd, timeout).map(Libc)
    }

    #[inline(never)]
    fn send(&self, data: &[u8]) -> bool {
        raw::send(&self.0, data)
    }

    #[inline(never)]
    fn recv(&self, buf: &mut [u8]) -> bool {
        raw::recv(&self.0, buf)
    }

    #[inline(never)]
    fn send_to(&self, data: &[u8], to: &Self::Addr) -> bool {
        raw::send_to(&self.0, data, to)
    }

    #[inline(never)]
    fn recv_from(&self, buf: &mut [u8]) -> bool {
        raw::recv_from(&self.0, buf)
    }
}

impl Peer for Std<UdpSocket> {
    type Addr = Addr<SocketAddr>;

    fn new(fd: OwnedFd, timeout: Option<Duration>) -> io::Result<Self> {
        let sock = UdpSocket::from(fd);
        sock.set_read_timeout(timeout)?;
        sock.set_write_timeout(timeout)?;
        Ok(Std(sock))
    }

    #[inline(never)]
    fn send(&self, data: &[u8]) -> bool {
        sized(self.0.send(data))
    }

    #[inline(never)]
    fn recv(&self, buf: &mut [u8]) -> bool {
        sized(self.0.recv(buf))
    }

    #[inline(never)]
    fn send_to(&self, data: &[u8], to: &Self::Addr) -> bool {
        sized(self.0.send_to(data, to.0))
    }

    #[inline(never)]
    fn recv_from(&self, buf: &mut [u8]) -> bool {
        sized_and_named(self.0.recv_from(buf))
    }
}

/// The streams of `std`, which read and write, and know no addresses.
macro_rules! std_streams {
    ($($stream:ty),+) => {
        $(impl Peer for Std<$stream> {
            type Addr = Addr<SocketAddr>;

            fn new(fd: OwnedFd, timeout: Option<Duration>) -> io::Result<Self> {
                let sock = <$stream>::from(fd);
                sock.set_read_timeout(timeout)?;
                sock.set_write_timeout(timeout)?;
                Ok(Std(sock))
            }

            #[inline(never)]
            fn send(&self, data: &[u8]) -> bool {
                sized((&self.0).write(data))
            }

            #[inline(never)]
            fn recv(&self, buf: &mut [u8]) -> bool {
                sized((&self.0).read(buf))
            }

            fn send_to(&self, _: &[u8], _: &Self::Addr) -> bool {
                false
            }

            fn recv_from(&self, _: &mut [u8]) -> bool {
                false
            }
        })+
    };
}

std_streams!(TcpStream, UnixStream);

impl Peer for Socket2 {
    type Addr = Addr<socket2::SockAddr>;

    fn new(fd: OwnedFd, timeout: Option<Duration>) -> io::Result<Socket2> {
        let sock = socket2::Socket::from(fd);
        sock.set_read_timeout(timeout)?;
        sock.set_write_timeout(timeout)?;
        Ok(Socket2(sock))
    }

    #[inline(never)]
    fn send(&self, data: &[u8]) -> bool {
        sized(self.0.send(data))
    }

    // `Read` is how socket2 receives into memory that is initialised.
    #[inline(never)]
    fn recv(&self, buf: &mut [u8]) -> bool {
        sized((&self.0).read(buf))
    }

    #[inline(never)]
    fn send_to(&self, data: &[u8], to: &Self::Addr) -> bool {
        sized(self.0.send_to(data, &to.0))
    }

    #[inline(never)]
    fn recv_from(&self, buf: &mut [u8]) -> bool {
        sized_and_named(self.0.recv_from(raw::write_only(buf)))
    }
}

impl Peer for Nix {
    type Addr = Addr<nix::sys::socket::SockaddrIn>;

    fn new(fd: OwnedFd, timeout: Option<Duration>) -> io::Result<Nix> {
        nonblocking_for(fd, timeout).map(Nix)
    }

    #[inline(never)]
    fn send(&self, data: &[u8]) -> bool {
        use nix::sys::socket::{MsgFlags, send};
        sized(send(self.0.as_raw_fd(), data, MsgFlags::MSG_NOSIGNAL))
    }

    #[inline(never)]
    fn recv(&self, buf: &mut [u8]) -> bool {
        use nix::sys::socket::{MsgFlags, recv};
        sized(recv(self.0.as_raw_fd(), buf, MsgFlags::empty()))
    }

    #[inline(never)]
    fn send_to(&self, data: &[u8], to: &Self::Addr) -> bool {
        use nix::sys::socket::{MsgFlags, sendto};
        sized(sendto(self.0.as_raw_fd(), data, &to.0, MsgFlags::MSG_NOSIGNAL))
    }

    #[inline(never)]
    fn recv_from(&self, buf: &mut [u8]) -> bool {
        use nix::sys::socket::{SockaddrStorage, recvfrom};
        sized_and_named(recvfrom::<SockaddrStorage>(self.0.as_raw_fd(), buf))
    }
}

impl Peer for Rustix {
    type Addr = Addr<SocketAddrV4>;

    fn new(fd: OwnedFd, timeout: Option<Duration>) -> io::Result<Rustix> {
        nonblocking_for(fd, timeout).map(Rustix)
    }

    #[inline(never)]
    fn send(&self, data: &[u8]) -> bool {
        use rustix::net::{SendFlags, send};
        sized(send(&self.0, data, SendFlags::NOSIGNAL))
    }

    #[inline(never)]
    fn recv(&self, buf: &mut [u8]) -> bool {
        use rustix::net::{RecvFlags, recv};
        sized(recv(&self.0, buf, RecvFlags::empty()))
    }

    #[inline(never)]
    fn send_to(&self, data: &[u8], to: &Self::Addr) -> bool {
        use rustix::net::{SendFlags, sendto};
        sized(sendto(&self.0, data, SendFlags::NOSIGNAL, &to.0))
    }

    #[inline(never)]
    fn recv_from(&self, buf: &mut [u8]) -> bool {
        use rustix::net::{RecvFlags, recvfrom};
        let got = recvfrom(&self.0, buf, RecvFlags::empty());
        sized_and_named(got.map(|(len, _whole, from)| (len, from)))
    }
}

impl From<SocketAddrV4> for Addr<berkeley::Addr> {
    fn from(addr: SocketAddrV4) -> Self {
        Addr(SocketAddr::V4(addr).into())
    }
}

impl From<SocketAddrV4> for Addr<SocketAddr> {
    fn from(addr: SocketAddrV4) -> Self {
        Addr(addr.into())
    }
}

impl From<SocketAddrV4> for Addr<SocketAddrV4> {
    fn from(addr: SocketAddrV4) -> Self {
        Addr(addr)
    }
}

impl From<SocketAddrV4> for Addr<socket2::SockAddr> {
    fn from(addr: SocketAddrV4) -> Self {
        Addr(addr.into())
    }
}

impl From<SocketAddrV4> for Addr<nix::sys::socket::SockaddrIn> {
    fn from(addr: SocketAddrV4) -> Self {
        Addr(addr.into())
    }
}

/// Uses the number of bytes, as any caller would.
#[inline(always)]
fn sized<N, E>(result: Result<N, E>) -> bool {
    result.map(black_box).is_ok()
}

/// Uses the number of bytes and the address, where it is.
#[inline(always)]
fn sized_and_named<N, A, E>(result: Result<(N, A), E>) -> bool {
    match result {
        Ok((len, from)) => {
            black_box(&from);
            black_box(len);
            true
        }
        Err(_) => false,
    }
}

fn nonblocking_for(fd: OwnedFd, timeout: Option<Duration>) -> io::Result<OwnedFd> {
    if timeout.is_some() {
        raw::set_nonblocking(&fd)?;
    }
    Ok(fd)
}
