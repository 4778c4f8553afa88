//! Batches of datagrams with offload: this project beside quinn-udp and the bare calls.
//!
//! All three send [`BATCH`] datagrams of one size to one address: `send_batch` those that stand
//! each in memory of its own and have to be collected, as where an application makes one after the
//! other, and `send_segments` those that stand in one piece already. All three receive with sender,
//! ECN mark, destination and time, and look at each datagram.

use std::hint::black_box;
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::OwnedFd;

use berkeley::batch::{RecvBatch, SendBatch};
use berkeley::{opt::Bool, opt::Opt};
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};

use crate::cases::BATCH;
use crate::raw;

/// A library that sends and receives batches.
pub(crate) trait Batched: Sized {
    /// The library's socket of this descriptor, which sends to this address.
    fn new(fd: OwnedFd, to: SocketAddrV4) -> io::Result<Self>;
    /// Sends these datagrams: whether it went well.
    fn send_batch(&mut self, datagrams: &[Vec<u8>]) -> bool;
    /// Sends these bytes as datagrams of so many bytes: whether it went well.
    fn send_segments(&mut self, data: &[u8], size: usize) -> bool;
    /// Receives some datagrams, and says how many and how many bytes they are.
    fn recv_batch(&mut self) -> (usize, usize);
}

/// The longest piece in which the kernel hands over several datagrams.
const PIECE: usize = 65_535;

/// So many pieces at a time.
const PIECES: usize = 32;

/// This project.
pub(crate) struct Berkeley {
    sock: berkeley::Socket,
    to: berkeley::Addr,
    out: SendBatch,
    arrived: RecvBatch,
}

/// One `sendmsg` with `UDP_SEGMENT`, and `recvmmsg`.
pub(crate) struct Libc {
    fd: OwnedFd,
    to: raw::SockaddrIn,
    out: Vec<u8>,
    arrived: raw::RecvMany,
}

/// The crate quinn-udp.
pub(crate) struct Quinn {
    sock: std::net::UdpSocket,
    state: UdpSocketState,
    to: SocketAddr,
    out: Vec<u8>,
    memory: Vec<u8>,
    meta: Vec<RecvMeta>,
}

impl Batched for Berkeley {
    fn new(fd: OwnedFd, to: SocketAddrV4) -> io::Result<Berkeley> {
        let sock = berkeley::Socket::from_fd(fd)?;
        sock.set_recv_details(true)?;
        sock.set_recv_offload(true)?;
        sock.set(TIMES, true)?;
        let out = SendBatch::with_capacity(BATCH as usize, 1200);
        let arrived = RecvBatch::new(PIECES, PIECE);
        Ok(Berkeley { sock, to: SocketAddr::from(to).into(), out, arrived })
    }

    #[inline(never)]
    fn send_batch(&mut self, datagrams: &[Vec<u8>]) -> bool {
        let pushed = self.out.push_all(datagrams, &self.to).is_ok();
        pushed && self.sock.send_batch(&mut self.out).is_ok_and(|sent| sent == datagrams.len())
    }

    #[inline(never)]
    fn send_segments(&mut self, data: &[u8], size: usize) -> bool {
        let to = &self.to;
        self.sock.send_segments(data, size, to).is_ok_and(|sent| sent == BATCH as usize)
    }

    #[inline(never)]
    fn recv_batch(&mut self) -> (usize, usize) {
        let Ok(datagrams) = self.sock.recv_batch(&mut self.arrived) else { return (0, 0) };
        let bytes = self.arrived.iter().map(|datagram| {
            black_box((datagram.from(), datagram.ecn()));
            datagram.data().len()
        });
        (datagrams, bytes.sum())
    }
}

impl Batched for Libc {
    fn new(fd: OwnedFd, to: SocketAddrV4) -> io::Result<Libc> {
        let sock = berkeley::Socket::from_fd(fd)?;
        sock.set_recv_details(true)?;
        sock.set_recv_offload(true)?;
        sock.set(TIMES, true)?;
        let (out, arrived) = (Vec::with_capacity(PIECE), raw::RecvMany::new(PIECES, PIECE));
        Ok(Libc { fd: sock.detach(), to: to.into(), out, arrived })
    }

    #[inline(never)]
    fn send_batch(&mut self, datagrams: &[Vec<u8>]) -> bool {
        let size = collect(&mut self.out, datagrams);
        raw::send_segments(&self.fd, &self.out, size, Some(&self.to))
    }

    #[inline(never)]
    fn send_segments(&mut self, data: &[u8], size: usize) -> bool {
        raw::send_segments(&self.fd, data, size, Some(&self.to))
    }

    #[inline(never)]
    fn recv_batch(&mut self) -> (usize, usize) {
        self.arrived.recv(&self.fd)
    }
}

impl Batched for Quinn {
    fn new(fd: OwnedFd, to: SocketAddrV4) -> io::Result<Quinn> {
        let sock = std::net::UdpSocket::from(fd);
        let state = UdpSocketState::new(UdpSockRef::from(&sock))?;
        let memory = vec![0; PIECE * BATCH_SIZE];
        Ok(Quinn {
            sock,
            state,
            to: to.into(),
            out: Vec::with_capacity(PIECE),
            memory,
            meta: vec![RecvMeta::default(); BATCH_SIZE],
        })
    }

    #[inline(never)]
    fn send_batch(&mut self, datagrams: &[Vec<u8>]) -> bool {
        let size = collect(&mut self.out, datagrams);
        let transmit = transmit(self.to, &self.out, size);
        self.state.try_send(UdpSockRef::from(&self.sock), &transmit).is_ok()
    }

    #[inline(never)]
    fn send_segments(&mut self, data: &[u8], size: usize) -> bool {
        let transmit = transmit(self.to, data, size);
        self.state.try_send(UdpSockRef::from(&self.sock), &transmit).is_ok()
    }

    #[inline(never)]
    fn recv_batch(&mut self) -> (usize, usize) {
        let mut rooms: [IoSliceMut<'_>; BATCH_SIZE] =
            std::array::from_fn(|_| IoSliceMut::new(&mut []));
        for (room, memory) in rooms.iter_mut().zip(self.memory.chunks_mut(PIECE)) {
            *room = IoSliceMut::new(memory);
        }
        let sock = UdpSockRef::from(&self.sock);
        let Ok(pieces) = self.state.recv(sock, &mut rooms, &mut self.meta) else { return (0, 0) };
        let (mut datagrams, mut bytes) = (0, 0);
        for (room, meta) in rooms.iter().zip(&self.meta).take(pieces) {
            for datagram in room.get(..meta.len).unwrap_or_default().chunks(meta.stride.max(1)) {
                black_box((meta.addr, meta.ecn));
                datagrams += 1;
                bytes += datagram.len();
            }
        }
        (datagrams, bytes)
    }
}

/// Puts datagrams one behind the other, for who takes them only so, and says how long the first is.
#[inline(always)]
fn collect(out: &mut Vec<u8>, datagrams: &[Vec<u8>]) -> usize {
    out.clear();
    datagrams.iter().for_each(|datagram| out.extend_from_slice(datagram));
    datagrams.first().map_or(0, Vec::len)
}

#[inline(always)]
fn transmit(destination: SocketAddr, contents: &[u8], size: usize) -> Transmit<'_> {
    Transmit { destination, ecn: None, contents, segment_size: Some(size), src_ip: None }
}

/// What quinn-udp switches on, too.
const TIMES: Opt<Bool> = Opt::new("SO_TIMESTAMPNS", libc::SOL_SOCKET, libc::SO_TIMESTAMPNS);
