//! What is measured: each call over each transport, on a blocking socket and with a timeout.

use std::io;
use std::net::{SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::peers::{Berkeley, Libc, Nix, Peer, Rustix, Socket2, Std};
use crate::raw;

/// Calls in a batch. So many messages fit into every kernel's smallest buffers.
pub(crate) const BATCH: u64 = 32;

/// The bytes of one message.
const SIZE: usize = 64;

/// One call over one transport.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Case {
    /// Between which sockets.
    pub transport: Transport,
    /// What is called.
    pub op: Op,
    /// Whether the socket has a timeout, which never passes.
    pub timeout: bool,
}

/// Between which sockets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Transport {
    /// A TCP connection over loopback.
    Tcp,
    /// Two UDP sockets on loopback.
    Udp,
    /// A pair of UNIX stream sockets.
    Unix,
}

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    /// `send`.
    Send,
    /// `recv`.
    Recv,
    /// `send_to`.
    SendTo,
    /// `recv_from`.
    RecvFrom,
}

/// Every case, in the order of the table.
pub(crate) fn all() -> impl Iterator<Item = Case> {
    use {Op::*, Transport::*};
    let calls = [
        (Tcp, Send),
        (Tcp, Recv),
        (Udp, Send),
        (Udp, Recv),
        (Udp, SendTo),
        (Udp, RecvFrom),
        (Unix, Send),
        (Unix, Recv),
    ];
    [false, true].into_iter().flat_map(move |timeout| {
        calls.into_iter().map(move |(transport, op)| Case { transport, op, timeout })
    })
}

impl Case {
    /// The case as the table names it, `udp send_to timeout`.
    pub(crate) fn name(self) -> String {
        let transport = match self.transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
            Transport::Unix => "unix",
        };
        let timeout = if self.timeout { " timeout" } else { "" };
        format!("{transport} {}{timeout}", self.op.name())
    }

    /// The peers of this case, each with sockets of its own.
    pub(crate) fn contestants(self) -> io::Result<Vec<Contestant>> {
        Ok(vec![
            self.contestant::<Libc>("libc")?,
            self.contestant::<Berkeley>("berkeley")?,
            match self.transport {
                Transport::Tcp => self.contestant::<Std<TcpStream>>("std")?,
                Transport::Udp => self.contestant::<Std<UdpSocket>>("std")?,
                Transport::Unix => self.contestant::<Std<UnixStream>>("std")?,
            },
            self.contestant::<Socket2>("socket2")?,
            self.contestant::<Nix>("nix")?,
            self.contestant::<Rustix>("rustix")?,
        ])
    }

    fn contestant<P: Peer + 'static>(self, name: &'static str) -> io::Result<Contestant> {
        let (near, far, to) = self.sockets()?;
        let timeout = self.timeout.then_some(Duration::from_secs(60));
        let (peer, to) = (P::new(near, timeout)?, P::Addr::from(to));
        let op = self.op;
        Ok(Contestant {
            name,
            // What the function is called in the program's symbols.
            symbol: format!(
                "<{} as {}::peers::Peer>::{}",
                std::any::type_name::<P>(),
                env!("CARGO_CRATE_NAME"),
                op.name()
            ),
            batch: Box::new(move || batch(op, &peer, &to, &far)),
        })
    }

    /// The socket that is measured, the one at the other end, and its address if it has one.
    fn sockets(self) -> io::Result<(OwnedFd, OwnedFd, SocketAddrV4)> {
        let nowhere = SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0);
        match self.transport {
            Transport::Tcp => {
                let server = TcpListener::bind(nowhere)?;
                let near = TcpStream::connect(server.local_addr()?)?;
                let (far, _) = server.accept()?;
                near.set_nodelay(true)?;
                far.set_nodelay(true)?;
                Ok((near.into(), far.into(), nowhere))
            }
            Transport::Udp => {
                let (near, far) = (UdpSocket::bind(nowhere)?, UdpSocket::bind(nowhere)?);
                let to = raw::only_v4(far.local_addr()?)?;
                far.connect(near.local_addr()?)?;
                if matches!(self.op, Op::Send | Op::Recv) {
                    near.connect(to)?;
                }
                Ok((near.into(), far.into(), to))
            }
            Transport::Unix => {
                let (near, far) = UnixStream::pair()?;
                Ok((near.into(), far.into(), nowhere))
            }
        }
    }
}

impl Op {
    /// The name of the function, here and in the libraries.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Op::Send => "send",
            Op::Recv => "recv",
            Op::SendTo => "send_to",
            Op::RecvFrom => "recv_from",
        }
    }
}

/// A library in a case.
pub(crate) struct Contestant {
    /// The library's name.
    pub name: &'static str,
    /// The name of the measured function in the program's symbols.
    pub symbol: String,
    batch: Box<dyn FnMut() -> io::Result<Batch>>,
}

/// What one batch took, the other end's calls left out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Batch {
    /// The time of all calls.
    pub time: Duration,
    /// The allocations of all calls.
    pub allocations: u64,
}

impl Contestant {
    /// Makes [`BATCH`] calls, and as many at the other end.
    pub(crate) fn batch(&mut self) -> io::Result<Batch> {
        (self.batch)()
    }
}

fn batch<P: Peer>(op: Op, peer: &P, to: &P::Addr, far: &OwnedFd) -> io::Result<Batch> {
    let data = [7; SIZE];
    let mut buf = [0; SIZE];
    match op {
        Op::Send => {
            let batch = measure(|| peer.send(&data))?;
            repeat(|| raw::recv(far, &mut buf))?;
            Ok(batch)
        }
        Op::SendTo => {
            let batch = measure(|| peer.send_to(&data, to))?;
            repeat(|| raw::recv(far, &mut buf))?;
            Ok(batch)
        }
        Op::Recv => {
            repeat(|| raw::send(far, &data))?;
            measure(|| peer.recv(&mut buf))
        }
        Op::RecvFrom => {
            repeat(|| raw::send(far, &data))?;
            measure(|| peer.recv_from(&mut buf))
        }
    }
}

fn measure(call: impl FnMut() -> bool) -> io::Result<Batch> {
    let (allocations, start) = (raw::allocations(), Instant::now());
    repeat(call)?;
    Ok(Batch { time: start.elapsed(), allocations: raw::allocations() - allocations })
}

fn repeat(mut call: impl FnMut() -> bool) -> io::Result<()> {
    for _ in 0..BATCH {
        if !call() {
            return Err(io::Error::other("a call failed that cannot"));
        }
    }
    Ok(())
}
