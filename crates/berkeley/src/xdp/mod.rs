//! Frames past the kernel's network stack: AF_XDP, with its memory and its rings.
//!
//! A frame to send is copied into memory that the kernel reads in place, and a frame that arrives
//! is read where the kernel has put it: no call per frame, and no copy by the kernel if the
//! interface's driver can do without (`flags: 4` of the [`XdpAddr`]).
//!
//! | to | use |
//! |---|---|
//! | say how much memory there is | [`Umem`] |
//! | take a queue of an interface | [`XdpSocket::bind`] |
//! | send | [`XdpSocket::send`], [`send_frames`](XdpSocket::send_frames), [`flush`](XdpSocket::flush) |
//! | have what arrives come here | [`XdpSocket::attach`] |
//! | receive | [`XdpSocket::recv`] |
//! | wait no longer than so, see what was dropped | [`XdpSocket::socket`] |
//!
//! ```no_run
//! use berkeley::xdp::{Umem, XdpSocket};
//! use berkeley::{XdpAddr, if_nametoindex};
//!
//! let sock = XdpSocket::new(Umem::new(64, 64))?;
//! sock.bind(XdpAddr { interface: if_nametoindex("eth1")?, ..XdpAddr::default() })?;
//! sock.attach()?;
//! loop {
//!     let frame = sock.recv()?;
//!     sock.send(&frame)?; // back out, as it came
//! }
//! # #[allow(unreachable_code)]
//! # Ok::<(), berkeley::Error>(())
//! ```
//!
//! # Platforms
//!
//! Linux from 5.9 on; sending alone from 5.4 on. It takes `CAP_NET_RAW`, and receiving by
//! [`XdpSocket::attach`] also `CAP_NET_ADMIN` and `CAP_BPF` (before Linux 5.8 `CAP_SYS_ADMIN`).
//!
//! See the kernel's `Documentation/networking/af_xdp.rst`.

mod ring;
mod state;
mod waiting;

use std::fmt;
use std::ops::Deref;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use self::state::{Arrived, Receiving, Sending};
use self::waiting::{Pauses, wait};
use crate::addr::XdpAddr;
use crate::error::{Call, Cause, Error, Result};
use crate::kind::{Family, Protocol, Type};
use crate::socket::Socket;
use crate::sys::memory::ChunkMemory;
use crate::sys::{self, Errno, Interest, c};

/// How much memory an [`XdpSocket`] shares with the kernel.
///
/// ```
/// use berkeley::xdp::Umem;
///
/// let umem = Umem::new(256, 1024).frame_size(4096);
/// assert_eq!(umem, Umem::new(256, 1024).frame_size(4096));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[doc(alias("xdp_umem_reg", "XDP_UMEM_REG"))]
pub struct Umem {
    send: u32,
    recv: u32,
    frame_size: u32,
}

impl Umem {
    /// Memory for so many frames on their way out, and so many that arrive, of 2048 bytes each.
    /// Zero is for a socket that only receives, or only sends.
    ///
    /// ```
    /// let umem = berkeley::xdp::Umem::new(64, 0);
    /// ```
    pub const fn new(send: u32, recv: u32) -> Umem {
        Umem { send, recv, frame_size: 2048 }
    }

    /// How many bytes of memory each frame has: 2048 or 4096, or a larger power of two where pages
    /// are larger. A frame to send may fill it; of one that arrives the kernel takes 256 for itself.
    ///
    /// ```
    /// let umem = berkeley::xdp::Umem::new(64, 64).frame_size(4096);
    /// ```
    #[must_use]
    pub const fn frame_size(self, bytes: u32) -> Umem {
        Umem { frame_size: bytes, ..self }
    }
}

/// A socket that sends and receives whole frames by memory that it shares with the kernel.
///
/// All calls take `&self`: one thread may send while another one receives. Its memory is its own:
/// no other socket shares it.
///
/// ```no_run
/// use berkeley::xdp::{Umem, XdpSocket};
/// use berkeley::{XdpAddr, if_nametoindex};
///
/// let sock = XdpSocket::new(Umem::new(64, 0))?;
/// sock.bind(XdpAddr { interface: if_nametoindex("eth1")?, ..XdpAddr::default() })?;
/// let broadcast = [&[0xff; 6][..], &[2, 0, 0, 0, 0, 1], &[0x88, 0xb5], b"hello"].concat();
/// sock.send(&broadcast)?;
/// sock.flush()?;
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See the kernel's `Documentation/networking/af_xdp.rst`.
#[doc(alias("AF_XDP", "xsk", "xsk_socket"))]
pub struct XdpSocket {
    // Fields are dropped in this order: first nothing arrives any more.
    program: Mutex<Program>,
    sock: Socket,
    bound: Mutex<Option<XdpAddr>>,
    frame_size: usize,
    send: Mutex<Sending>,
    recv: Mutex<Receiving>,
}

/// What has frames come to the socket.
enum Program {
    None,
    /// Ours, for as long as this is open.
    Own(#[allow(dead_code, reason = "it is kept open")] OwnedFd),
    /// Somebody else's.
    Foreign,
}

/// The shortest frame: two addresses and a type.
const HEADER: usize = 14;

/// `XDP_SHARED_UMEM`, and `XDP_USE_SG`, which spreads one frame over several.
const REFUSED: u16 = c::XDP_SHARED_UMEM | c::XDP_USE_SG;

impl XdpSocket {
    /// A socket with this memory, which is not yet bound.
    ///
    /// ```
    /// use berkeley::xdp::{Umem, XdpSocket};
    ///
    /// match XdpSocket::new(Umem::new(16, 16)) {
    ///     Ok(sock) => assert_eq!(sock.pending()?, 0),
    ///     Err(error) => eprintln!("{error}"), // it takes a right
    /// }
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EAFNOSUPPORT` if the kernel has no AF_XDP, `EPERM` without `CAP_NET_RAW`, `ENOBUFS` if it
    /// is more memory than may be locked (`RLIMIT_MEMLOCK`), `EINVAL` for frames larger than a
    /// page, and [`Cause::Argument`] for memory that makes no sense.
    pub fn new(umem: Umem) -> Result<XdpSocket> {
        let wrong = |what| Error::new(Call::Socket, Cause::Argument(what));
        if !umem.frame_size.is_power_of_two() || umem.frame_size < 2048 {
            return Err(wrong("a frame's memory is a power of two, and at least 2048 bytes"));
        }
        let frames = umem.send.checked_add(umem.recv).filter(|frames| *frames > 0);
        let frames = frames.ok_or_else(|| wrong("memory for no frame, or for too many"))?;
        let counts = (state::ring_len(umem.send), state::ring_len(umem.recv));
        let (Some(send_len), Some(recv_len)) = counts else {
            return Err(wrong("memory for too many frames"));
        };
        let sock = Socket::new(Family::XDP, Type::RAW, Protocol::DEFAULT)?;
        let frame_size = umem.frame_size as usize;
        let (memory, mut chunks) =
            ChunkMemory::new(frames as usize, frame_size).map_err(Error::of(Call::Mmap))?;
        sys::xdp::register_umem(sock.as_fd(), &memory)
            .map_err(|errno| Error::new(Call::SetSockOpt, errno).at_name("XDP_UMEM_REG"))?;
        let to_receive = chunks.split_off(umem.send as usize);
        let rings = state::rings(&sock, send_len, recv_len)?;
        let send = Sending::new(rings.tx, rings.completion, chunks, frame_size);
        let mut recv = Receiving::new(rings.rx, rings.fill, to_receive, frame_size);
        recv.refill();
        Ok(XdpSocket {
            program: Mutex::new(Program::None),
            sock,
            bound: Mutex::new(None),
            frame_size,
            send: Mutex::new(send),
            recv: Mutex::new(recv),
        })
    }

    /// Takes a queue of an interface to send from and to receive at. The kernel copies each frame,
    /// which every interface can do, unless the address's flags say otherwise (4).
    ///
    /// ```no_run
    /// # use berkeley::{XdpAddr, xdp::{Umem, XdpSocket}};
    /// let sock = XdpSocket::new(Umem::new(64, 64))?;
    /// sock.bind(XdpAddr { interface: 2, queue: 0, ..XdpAddr::default() })?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENODEV` if there is no such interface, `EINVAL` if it has no such queue, `EBUSY` if
    /// another socket has it, `EOPNOTSUPP` if the driver cannot do what the flags say, and
    /// [`Cause::Argument`] for the flags 1 and 16: memory is not shared here, and a frame not cut.
    pub fn bind(&self, addr: XdpAddr) -> Result<()> {
        let refused = |what| Err(Error::new(Call::Bind, Cause::Argument(what)).at(&addr.into()));
        if addr.flags & REFUSED != 0 {
            return refused("memory that is shared, or frames in several pieces");
        }
        let mut bound = held(&self.bound);
        let copies = if addr.flags & c::XDP_ZEROCOPY == 0 { c::XDP_COPY } else { 0 };
        let addr = XdpAddr { flags: addr.flags | copies, ..addr };
        self.sock.bind(addr)?;
        *bound = Some(addr);
        Ok(())
    }

    /// From now on all that arrives at the queue comes to this socket and to nobody else, for as
    /// long as it lives; the interface's other queues stay as they are.
    ///
    /// This loads a small program into the kernel, which an interface has one of at most. Who has
    /// a program of their own says so by [`attach_foreign`](XdpSocket::attach_foreign).
    ///
    /// ```no_run
    /// # use berkeley::{XdpAddr, xdp::{Umem, XdpSocket}};
    /// let sock = XdpSocket::new(Umem::new(0, 64))?;
    /// sock.bind(XdpAddr { interface: 2, ..XdpAddr::default() })?;
    /// sock.attach()?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EPERM` without the right, `EBUSY` if the interface has a program already, `EINVAL` if the
    /// kernel is too old (Linux 5.9), each with the command that failed;
    /// [`Cause::Argument`] if the socket is not bound. It can send all the same.
    ///
    /// See `bpf(2)`.
    #[doc(alias("XSKMAP", "bpf", "bpf_redirect_map"))]
    pub fn attach(&self) -> Result<()> {
        let Some(addr) = *held(&self.bound) else {
            let cause = Cause::Argument("the socket is not bound, and no queue known");
            return Err(Error::new(Call::Bpf, cause));
        };
        let mut program = held(&self.program);
        if matches!(*program, Program::Own(_)) {
            return Ok(());
        }
        let generic = addr.flags & c::XDP_ZEROCOPY == 0;
        let (fd, queue) = (self.sock.as_fd(), addr.queue);
        let link = sys::xdp::redirect_frames(fd, addr.interface, queue, generic)
            .map_err(|(command, errno)| Error::new(Call::Bpf, errno).at_name(command))?;
        *program = Program::Own(link);
        Ok(())
    }

    /// Says that a program of somebody else's hands frames to this socket, whose descriptor it has
    /// in a map (`BPF_MAP_TYPE_XSKMAP`): [`recv`](XdpSocket::recv) then waits for them.
    ///
    /// ```no_run
    /// # use berkeley::{XdpAddr, xdp::{Umem, XdpSocket}};
    /// # use std::os::fd::AsRawFd;
    /// let sock = XdpSocket::new(Umem::new(0, 64))?;
    /// sock.bind(XdpAddr { interface: 2, ..XdpAddr::default() })?;
    /// let _value_of_the_map = sock.socket().as_raw_fd();
    /// sock.attach_foreign();
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn attach_foreign(&self) {
        let mut program = held(&self.program);
        if matches!(*program, Program::None) {
            *program = Program::Foreign;
        }
    }

    /// The socket itself: for its timeout, its options and statistics, and to wait for it.
    ///
    /// ```no_run
    /// # use berkeley::{opt, xdp::{Umem, XdpSocket}};
    /// let sock = XdpSocket::new(Umem::new(0, 64))?;
    /// sock.socket().set_timeout(std::time::Duration::from_secs(1))?;
    /// assert_eq!(sock.socket().get(opt::XDP_STATISTICS)?.drops, 0);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn socket(&self) -> &Socket {
        &self.sock
    }

    /// Sends one frame, as [`send_frames`](XdpSocket::send_frames) does.
    ///
    /// ```no_run
    /// # use berkeley::{XdpAddr, xdp::{Umem, XdpSocket}};
    /// # let sock = XdpSocket::new(Umem::new(64, 0))?;
    /// # sock.bind(XdpAddr { interface: 2, ..XdpAddr::default() })?;
    /// sock.send(&[0xff; 60])?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_frames`](XdpSocket::send_frames).
    pub fn send(&self, frame: &[u8]) -> Result<()> {
        self.send_frames(&[frame]).map(drop)
    }

    /// Sends as many of these frames as there is memory for, and says how many: for memory for the
    /// first one it waits, within the timeout. A frame begins with its Ethernet header.
    ///
    /// They have gone when [`pending`](XdpSocket::pending) no longer counts them; what the
    /// interface has no room for goes with the next call, or by [`flush`](XdpSocket::flush).
    ///
    /// ```no_run
    /// # use berkeley::{XdpAddr, xdp::{Umem, XdpSocket}};
    /// # let sock = XdpSocket::new(Umem::new(64, 0))?;
    /// # sock.bind(XdpAddr { interface: 2, ..XdpAddr::default() })?;
    /// let frames = vec![vec![0xff; 60]; 100];
    /// let mut rest = frames.as_slice();
    /// while !rest.is_empty() {
    ///     let sent = sock.send_frames(rest)?;
    ///     rest = &rest[sent..];
    /// }
    /// sock.flush()?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::Argument`] if the first frame is shorter than an Ethernet header (a later one ends
    /// the batch before it), `EMSGSIZE` if it is larger than the [memory](Umem::frame_size) for
    /// one, [`Cause::TimedOut`] if the timeout passes, `EAGAIN` if it is zero. `ENXIO` if the
    /// socket is not bound or the interface gone, `ENETDOWN` if it is down; with
    /// [`bytes_sent`](Error::bytes_sent) if frames were taken and wait in the ring.
    #[doc(alias("XDP_TX_RING", "xsk_ring_prod__submit"))]
    pub fn send_frames<F: AsRef<[u8]>>(&self, frames: &[F]) -> Result<usize> {
        let Some(first) = frames.first() else { return Ok(0) };
        self.check(first.as_ref())?;
        let good = frames.iter().map(AsRef::as_ref).take_while(|frame| self.check(frame).is_ok());
        let mut pauses = Pauses::new(&self.sock);
        loop {
            let mut send = held(&self.send);
            if !send.has_memory() {
                let cause = Cause::Argument("this socket has no memory to send from");
                return Err(Error::new(Call::Send, cause));
            }
            send.take_back().map_err(Error::of(Call::Send))?;
            let (count, bytes) = send.put(good.clone());
            let woken = send.wake(&self.sock);
            drop(send);
            match (count, woken) {
                (0, Ok(())) => pauses.next(Call::Send)?,
                (0, Err(errno)) => return Err(Error::new(Call::Send, errno)),
                (count, Ok(())) => return Ok(count),
                (_, Err(errno)) => return Err(Error::new(Call::Send, errno).after_sending(bytes)),
            }
        }
    }

    /// How many frames have been given to the kernel and are not sent yet.
    ///
    /// ```no_run
    /// # use berkeley::xdp::{Umem, XdpSocket};
    /// assert_eq!(XdpSocket::new(Umem::new(64, 0))?.pending()?, 0);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EIO` if the kernel returns a frame that it does not have.
    #[doc(alias("XDP_UMEM_COMPLETION_RING", "xsk_ring_cons__peek"))]
    pub fn pending(&self) -> Result<usize> {
        let mut send = held(&self.send);
        send.take_back().map_err(Error::of(Call::Send))?;
        Ok(send.pending())
    }

    /// Tells the kernel once more to send what is in the ring, without waiting.
    ///
    /// Sending does so by itself. This is for a socket that never waits: should the interface have
    /// had no room, nothing else goes on with the frames.
    ///
    /// ```no_run
    /// # use berkeley::{XdpAddr, xdp::{Umem, XdpSocket}};
    /// # let sock = XdpSocket::new(Umem::new(64, 0))?;
    /// # sock.bind(XdpAddr { interface: 2, ..XdpAddr::default() })?;
    /// sock.wake()?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `ENXIO` if the socket is not bound or the interface gone, `ENETDOWN` if it is down.
    #[doc(alias("XDP_USE_NEED_WAKEUP", "sendto"))]
    pub fn wake(&self) -> Result<()> {
        held(&self.send).wake(&self.sock).map_err(Error::of(Call::Send))
    }

    /// Waits until every frame is sent, within the timeout.
    ///
    /// ```no_run
    /// # use berkeley::{XdpAddr, xdp::{Umem, XdpSocket}};
    /// # let sock = XdpSocket::new(Umem::new(64, 0))?;
    /// # sock.bind(XdpAddr { interface: 2, ..XdpAddr::default() })?;
    /// sock.send(&[0xff; 60])?;
    /// sock.flush()?;
    /// assert_eq!(sock.pending()?, 0);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`wake`](XdpSocket::wake), [`Cause::TimedOut`] if the timeout passes, `EAGAIN` if
    /// it is zero: the frames go on all the same.
    pub fn flush(&self) -> Result<()> {
        let mut pauses = Pauses::new(&self.sock);
        loop {
            let mut send = held(&self.send);
            send.take_back().map_err(Error::of(Call::Send))?;
            if send.pending() == 0 {
                return Ok(());
            }
            send.wake(&self.sock).map_err(Error::of(Call::Send))?;
            send.take_back().map_err(Error::of(Call::Send))?;
            if send.pending() == 0 {
                return Ok(());
            }
            drop(send);
            pauses.next(Call::Send)?;
        }
    }

    /// The next frame that has arrived, within the timeout. Its memory goes back to the kernel when
    /// it is dropped; several may be kept at once, as long as some are left to receive into.
    ///
    /// The kernel drops frames for which there is no memory, or that do not fit into it:
    /// [`XDP_STATISTICS`](crate::opt::XDP_STATISTICS) counts them.
    ///
    /// ```no_run
    /// # use berkeley::{XdpAddr, xdp::{Umem, XdpSocket}};
    /// # let sock = XdpSocket::new(Umem::new(0, 64))?;
    /// # sock.bind(XdpAddr { interface: 2, ..XdpAddr::default() })?;
    /// # sock.attach()?;
    /// let frame = sock.recv()?;
    /// println!("{} bytes from {:02x?}", frame.len(), frame.get(6..12));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::TimedOut`] if the timeout passes, `EAGAIN` if it is zero, [`Cause::Argument`] if no
    /// [program](XdpSocket::attach) hands frames to the socket or it has no memory for them,
    /// `ENXIO` if the interface is gone (seen within a second), `EIO` if the kernel tells of a frame
    /// that is not in the memory.
    #[doc(alias("XDP_RX_RING", "XDP_UMEM_FILL_RING"))]
    pub fn recv(&self) -> Result<XdpFrame<'_>> {
        let wrong = |what| Err(Error::new(Call::Recv, Cause::Argument(what)));
        if matches!(*held(&self.program), Program::None) {
            return wrong("no program hands frames to this socket: see XdpSocket::attach");
        }
        let deadline = self.sock.call_deadline();
        loop {
            {
                let mut recv = held(&self.recv);
                if !recv.has_memory() {
                    return wrong("this socket has no memory to receive into");
                }
                if let Some(arrived) = recv.take().map_err(Error::of(Call::Recv))? {
                    return Ok(XdpFrame { home: self, arrived: Some(arrived) });
                }
            }
            if !self.sock.waits() {
                return Err(Error::new(Call::Recv, Errno::EAGAIN));
            }
            wait(&self.sock, Call::Recv, Interest::Read, deadline)?;
        }
    }

    /// Whether the kernel takes such a frame.
    fn check(&self, frame: &[u8]) -> Result<()> {
        match frame.len() {
            ..HEADER => {
                let cause = Cause::Argument("a frame is shorter than its Ethernet header");
                Err(Error::new(Call::Send, cause))
            }
            len if len > self.frame_size => Err(Error::new(Call::Send, Errno::EMSGSIZE)),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for XdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = *held(&self.bound);
        f.debug_struct("XdpSocket").field("bound", &bound).finish_non_exhaustive()
    }
}

/// A frame that has arrived, in the memory where the kernel has put it: the bytes from the
/// Ethernet header on. When it is dropped, the memory is there for another one.
///
/// ```no_run
/// # use berkeley::{XdpAddr, xdp::{Umem, XdpSocket}};
/// # let sock = XdpSocket::new(Umem::new(0, 64))?;
/// # sock.bind(XdpAddr { interface: 2, ..XdpAddr::default() })?;
/// # sock.attach()?;
/// let frame = sock.recv()?;
/// let kept = frame.to_vec();
/// frame.recycle();
/// # Ok::<(), berkeley::Error>(())
/// ```
pub struct XdpFrame<'s> {
    home: &'s XdpSocket,
    arrived: Option<Arrived>,
}

impl XdpFrame<'_> {
    /// Gives the memory back now; dropping the frame does the same.
    ///
    /// ```no_run
    /// # use berkeley::xdp::XdpSocket;
    /// # fn next(sock: &XdpSocket) -> berkeley::Result<()> {
    /// sock.recv()?.recycle();
    /// # Ok(())
    /// # }
    /// ```
    pub fn recycle(self) {}
}

impl Deref for XdpFrame<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.arrived.as_ref().map(Arrived::as_bytes).unwrap_or_default()
    }
}

impl AsRef<[u8]> for XdpFrame<'_> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Drop for XdpFrame<'_> {
    fn drop(&mut self) {
        if let Some(arrived) = self.arrived.take() {
            held(&self.home.recv).give_back(arrived);
        }
    }
}

impl fmt::Debug for XdpFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XdpFrame").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// The lock's content. A panic of another thread leaves it whole: nothing here panics half way.
fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
