//! What is measured: each call over each transport, on a blocking socket and with a timeout; and
//! batches of datagrams, of which the numbers are those of one datagram.

use std::io;
use std::net::{SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::batches::{self, Batched};
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
    /// A batch of datagrams of so many bytes, each from memory of its own.
    SendBatch(usize),
    /// The same, from one piece of memory.
    SendSegments(usize),
    /// The same, received.
    RecvBatch(usize),
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
    let single = [false, true].into_iter().flat_map(move |timeout| {
        calls.into_iter().map(move |(transport, op)| Case { transport, op, timeout })
    });
    let batches = [64, 1200]
        .into_iter()
        .flat_map(|size| [SendBatch(size), SendSegments(size), RecvBatch(size)]);
    single.chain(batches.map(|op| Case { transport: Udp, op, timeout: false }))
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
        let size = self.op.batched().map_or(String::new(), |size| format!(" {size}"));
        format!("{transport} {}{size}{timeout}", self.op.name())
    }

    /// How many calls the other end makes while one batch is sent or received.
    pub(crate) fn far_calls(self) -> u64 {
        if matches!(self.op, Op::RecvBatch(_)) { 1 } else { BATCH }
    }

    /// The peers of this case, each with sockets of its own.
    pub(crate) fn contestants(self) -> io::Result<Vec<Contestant>> {
        if self.op.batched().is_some() {
            return Ok(vec![
                self.batched::<batches::Libc>("libc")?,
                self.batched::<batches::Berkeley>("berkeley")?,
                self.batched::<batches::Quinn>("quinn-udp")?,
            ]);
        }
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
        let symbol = op.symbol::<P>("peers::Peer");
        Ok(Contestant { name, symbol, batch: Box::new(move || batch(op, &peer, &to, &far)) })
    }

    fn batched<P: Batched + 'static>(self, name: &'static str) -> io::Result<Contestant> {
        let (near, far, to) = self.sockets()?;
        let (op, mut peer) = (self.op, P::new(near, to)?);
        let symbol = op.symbol::<P>("batches::Batched");
        let size = op.batched().unwrap_or_default();
        let datagrams = vec![vec![7; size]; BATCH as usize];
        let data = datagrams.concat();
        let batch = Box::new(move || match op {
            Op::RecvBatch(_) => received(&mut peer, &data, size, &far),
            Op::SendSegments(_) => sent(size, &far, || peer.send_segments(&data, size)),
            _ => sent(size, &far, || peer.send_batch(&datagrams)),
        });
        Ok(Contestant { name, symbol, batch })
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
            Op::SendBatch(_) => "send_batch",
            Op::SendSegments(_) => "send_segments",
            Op::RecvBatch(_) => "recv_batch",
        }
    }

    /// The bytes of a datagram, if it is about batches of them.
    pub(crate) fn batched(self) -> Option<usize> {
        match self {
            Op::SendBatch(size) | Op::SendSegments(size) | Op::RecvBatch(size) => Some(size),
            _ => None,
        }
    }

    /// What a library's function is called in the program's symbols.
    fn symbol<P>(self, of: &str) -> String {
        let (library, program) = (std::any::type_name::<P>(), env!("CARGO_CRATE_NAME"));
        format!("<{library} as {program}::{of}>::{}", self.name())
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
        Op::SendBatch(_) | Op::SendSegments(_) | Op::RecvBatch(_) => {
            Err(io::Error::other("that is no single call"))
        }
    }
}

fn sent(size: usize, far: &OwnedFd, send: impl FnOnce() -> bool) -> io::Result<Batch> {
    let mut buf = vec![0; size];
    let batch = measure_once(send)?;
    repeat(|| raw::recv(far, &mut buf))?;
    Ok(batch)
}

fn received<P: Batched>(
    peer: &mut P,
    data: &[u8],
    size: usize,
    far: &OwnedFd,
) -> io::Result<Batch> {
    if !raw::send_segments(far, data, size, None) {
        return Err(io::Error::last_os_error());
    }
    let whole = (BATCH as usize, data.len());
    measure_once(|| {
        let mut all = (0, 0);
        while all.0 < whole.0 {
            let (datagrams, bytes) = peer.recv_batch();
            all = (all.0 + datagrams, all.1 + bytes);
            if datagrams == 0 {
                return false;
            }
        }
        all == whole
    })
}

fn measure(call: impl FnMut() -> bool) -> io::Result<Batch> {
    let mut call = call;
    measure_once(|| (0..BATCH).all(|_| call()))
}

fn measure_once(call: impl FnOnce() -> bool) -> io::Result<Batch> {
    let (allocations, start) = (raw::allocations(), Instant::now());
    if !call() {
        return Err(io::Error::other("a call failed that cannot"));
    }
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
