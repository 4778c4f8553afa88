//! QUIC over Berkeley's datagrams: what quinn asks of a socket and of a runtime.
//!
//! Each of quinn's transmissions goes to the kernel as it is, in one call and without a copy, with
//! its mark, source and size of segments beside it (`UDP_SEGMENT`); what the kernel has joined
//! (`UDP_GRO`) arrives in quinn's own memory.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use berkeley::batch::Ecn;
use berkeley::cmsg::{self, RecvBuffer, SendBuffer};
use berkeley::opt::{self, MtuDiscovery, PacketInfo};
use berkeley::tokio::Socket as Awaited;
use berkeley::{Errno, Family, Result, Socket};
use quinn::udp::{EcnCodepoint, RecvMeta, Transmit};
use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, UdpPoller};
use tokio::io::Interest;

/// As many datagrams the kernel splits and joins.
const MOST_SEGMENTS: usize = 64;

/// A socket of UDP for quinn's `Endpoint::new_with_abstract_socket`.
pub struct QuicSocket {
    socket: Awaited,
    /// Room for what comes beside the bytes.
    control: Mutex<RecvBuffer>,
    joins: bool,
    may_fragment: bool,
}

impl QuicSocket {
    /// Of a bound socket of UDP. It gets the options that quinn wants:
    /// marks and destinations of what comes, joined datagrams, no fragments.
    ///
    /// # Errors
    ///
    /// Those of the options.
    pub fn new(socket: Socket) -> Result<QuicSocket> {
        socket.set_timeout(None)?;
        socket.set_recv_details(true)?;
        let joins = socket.set_recv_offload(true)?;
        // Only quinn decides how large datagrams are.
        let whole = match socket.family() {
            Family::INET => socket.set(opt::IP_MTU_DISCOVER, MtuDiscovery::PROBE),
            _ => socket
                .set(opt::IPV6_MTU_DISCOVER, MtuDiscovery::PROBE)
                .and_then(|()| socket.set(opt::IPV6_DONTFRAG, true)),
        };
        let room = cmsg::IPV6_PKTINFO.space()
            + cmsg::IP_PKTINFO.space()
            + cmsg::IP_TOS.space()
            + cmsg::IPV6_TCLASS.space()
            + cmsg::UDP_GRO.space();
        Ok(QuicSocket {
            socket: socket.try_into()?,
            control: Mutex::new(RecvBuffer::with_room(room)),
            joins,
            may_fragment: whole.is_err(),
        })
    }

    fn get(&self) -> &Socket {
        self.socket.plain()
    }

    /// Receives into quinn's memory as much as is there; and how many pieces that is.
    fn recv(&self, bufs: &mut [IoSliceMut<'_>], metas: &mut [RecvMeta]) -> Result<usize> {
        let mut control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = 0;
        for (buf, meta) in bufs.iter_mut().zip(metas) {
            let got = match self.get().recv_message(&mut **buf, &mut control) {
                Ok(got) => got,
                Err(_) if count > 0 => break,
                Err(error) => return Err(error),
            };
            let Some(addr) = got.from.to_ip() else { break };
            let tos = control.get(cmsg::IP_TOS).or_else(|| control.get(cmsg::IPV6_TCLASS));
            let stride = control.get(cmsg::UDP_GRO).and_then(|size| usize::try_from(size).ok());
            *meta = RecvMeta::default();
            meta.addr = addr;
            meta.len = got.data;
            meta.stride = stride.unwrap_or(got.data);
            meta.ecn =
                tos.and_then(|tos| EcnCodepoint::from_bits(Ecn::from_bits(tos as u8).bits()));
            let v4 = control.get(cmsg::IP_PKTINFO).map(|info| info.destination);
            meta.dst_ip = v4.or_else(|| Some(control.get(cmsg::IPV6_PKTINFO)?.destination));
            count += 1;
        }
        Ok(count)
    }

    /// Hands a transmission to the kernel in one piece, or in as many as there are datagrams if
    /// that is refused. What can only be lost is: quinn sends it again.
    fn send(&self, transmit: &Transmit<'_>) -> Result<()> {
        let size = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
        if size >= transmit.contents.len() {
            return lost(self.send_piece(transmit, transmit.contents, None));
        }
        if self.get().send_offload() {
            let sent = self.send_piece(transmit, transmit.contents, u16::try_from(size).ok());
            match sent.as_ref().map_err(berkeley::Error::errno) {
                Err(Some(Errno::EIO | Errno::EINVAL)) => self.get().set_send_offload(false),
                _ => return lost(sent),
            }
        }
        for piece in transmit.contents.chunks(size) {
            lost(self.send_piece(transmit, piece, None))?;
        }
        Ok(())
    }

    fn send_piece(
        &self,
        transmit: &Transmit<'_>,
        data: &[u8],
        segments: Option<u16>,
    ) -> Result<usize> {
        let to = transmit.destination;
        let is_v4 = to.ip().to_canonical().is_ipv4();
        let mut control = SendBuffer::new();
        if let Some(mark) = transmit.ecn {
            match is_v4 {
                true => control.push(cmsg::IP_TOS, mark as i32),
                false => control.push(cmsg::IPV6_TCLASS, mark as i32),
            };
        }
        if let Some(source) = transmit.src_ip {
            let source_info = PacketInfo::from_addr(source);
            match source {
                IpAddr::V4(_) => control.push(cmsg::IP_PKTINFO, source_info),
                IpAddr::V6(_) => control.push(cmsg::IPV6_PKTINFO, source_info),
            };
        }
        if let Some(size) = segments {
            control.push(cmsg::UDP_SEGMENT, size);
        }
        self.get().send_message(data, &control, to)
    }
}

/// What quinn is told: only that there is no room now. A datagram that is too large is how it
/// finds out what fits.
fn lost(sent: Result<usize>) -> Result<()> {
    match sent {
        Err(error) if error.is_would_block() => Err(error),
        _ => Ok(()),
    }
}

impl fmt::Debug for QuicSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("QuicSocket").field(self.get()).finish()
    }
}

impl AsyncUdpSocket for QuicSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Writable { socket: self, waiting: None })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        Ok(self.socket.try_io(Interest::WRITABLE, |_| self.send(transmit))?)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        let received = self.socket.poll_io(cx, Interest::READABLE, |_| self.recv(bufs, metas));
        received.map(|received| Ok(received?))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        let addr = self.get().local_addr()?;
        addr.to_ip().ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn max_transmit_segments(&self) -> usize {
        if self.get().send_offload() { MOST_SEGMENTS } else { 1 }
    }

    fn max_receive_segments(&self) -> usize {
        if self.joins { MOST_SEGMENTS } else { 1 }
    }

    fn may_fragment(&self) -> bool {
        self.may_fragment
    }
}

type Waiting = Pin<Box<dyn Future<Output = Result<()>> + Send + Sync>>;

/// Waits for room to send, beside others that do.
struct Writable {
    socket: Arc<QuicSocket>,
    waiting: Option<Waiting>,
}

impl fmt::Debug for Writable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Writable").field(&self.socket).finish()
    }
}

impl UdpPoller for Writable {
    fn poll_writable(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let waiting = this.waiting.get_or_insert_with(|| {
            let socket = Arc::clone(&this.socket);
            Box::pin(async move { socket.socket.wait_writable().await })
        });
        let room = ready!(waiting.as_mut().poll(cx));
        this.waiting = None;
        Poll::Ready(Ok(room?))
    }
}

/// Tokio as quinn's runtime, with sockets of this kind.
#[derive(Debug)]
pub struct QuicRuntime;

impl Runtime for QuicRuntime {
    fn new_timer(&self, until: Instant) -> Pin<Box<dyn AsyncTimer>> {
        Box::pin(Timer(Box::pin(tokio::time::sleep_until(until.into()))))
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        tokio::spawn(future);
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        Ok(Arc::new(QuicSocket::new(Socket::from_fd(socket.into())?)?))
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

#[derive(Debug)]
struct Timer(Pin<Box<tokio::time::Sleep>>);

impl AsyncTimer for Timer {
    fn reset(mut self: Pin<&mut Self>, until: Instant) {
        self.0.as_mut().reset(until.into());
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}
