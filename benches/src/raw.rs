//! What needs `unsafe` here: the bare calls of C, and the allocator that counts.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::io;
use std::mem::MaybeUninit;
use std::net::{SocketAddr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

/// An IPv4 address as C has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SockaddrIn(libc::sockaddr_in);

/// `send(2)`: whether it went well.
#[inline(always)]
pub(crate) fn send(fd: &OwnedFd, data: &[u8]) -> bool {
    // SAFETY: the pointer and length describe `data`, which is only read.
    black_box(unsafe {
        libc::send(fd.as_raw_fd(), data.as_ptr().cast(), data.len(), libc::MSG_NOSIGNAL)
    }) >= 0
}

/// `recv(2)`: whether it went well.
#[inline(always)]
pub(crate) fn recv(fd: &OwnedFd, buf: &mut [u8]) -> bool {
    // SAFETY: the pointer and length describe `buf`.
    black_box(unsafe { libc::recv(fd.as_raw_fd(), buf.as_mut_ptr().cast(), buf.len(), 0) }) >= 0
}

/// `sendto(2)`: whether it went well.
#[inline(always)]
pub(crate) fn send_to(fd: &OwnedFd, data: &[u8], to: &SockaddrIn) -> bool {
    // SAFETY: both pointers come with the length of what they point to, and are only read.
    black_box(unsafe {
        libc::sendto(
            fd.as_raw_fd(),
            data.as_ptr().cast(),
            data.len(),
            libc::MSG_NOSIGNAL,
            (&raw const to.0).cast(),
            size_of::<libc::sockaddr_in>() as libc::socklen_t,
        )
    }) >= 0
}

/// `recvfrom(2)`: whether it went well.
#[inline(always)]
pub(crate) fn recv_from(fd: &OwnedFd, buf: &mut [u8]) -> bool {
    let mut from = MaybeUninit::<libc::sockaddr_storage>::uninit();
    let mut len = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
    // SAFETY: `from` has the size that `len` states, and the pointer and length describe `buf`.
    let got = unsafe {
        libc::recvfrom(
            fd.as_raw_fd(),
            buf.as_mut_ptr().cast(),
            buf.len(),
            0,
            from.as_mut_ptr().cast(),
            &mut len,
        )
    };
    black_box(&from);
    black_box(&len);
    black_box(got) >= 0
}

/// `sendmsg(2)` with `UDP_SEGMENT`, to the connected peer or an address: whether all has gone.
#[inline(always)]
pub(crate) fn send_segments(
    fd: &OwnedFd,
    data: &[u8],
    size: usize,
    to: Option<&SockaddrIn>,
) -> bool {
    let mut control = [0_u64; 4];
    let mut piece = libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() };
    // SAFETY: `msghdr` is integers and pointers, for which zero is a value.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    if let Some(to) = to {
        message.msg_name = (&raw const to.0).cast_mut().cast();
        message.msg_namelen = size_of::<libc::sockaddr_in>() as libc::socklen_t;
    }
    (message.msg_iov, message.msg_iovlen) = (&mut piece, 1);
    message.msg_control = control.as_mut_ptr().cast();
    // SAFETY: the control memory has room for the header and a short, and is aligned for it; all
    // pointers are to memory that lives until the call returns, which only reads it.
    let sent = unsafe {
        message.msg_controllen = libc::CMSG_SPACE(2) as _;
        let header = libc::CMSG_FIRSTHDR(&message);
        (*header).cmsg_level = libc::SOL_UDP;
        (*header).cmsg_type = libc::UDP_SEGMENT;
        (*header).cmsg_len = libc::CMSG_LEN(2) as _;
        libc::CMSG_DATA(header).cast::<u16>().write_unaligned(size as u16);
        libc::sendmsg(fd.as_raw_fd(), &message, libc::MSG_NOSIGNAL)
    };
    usize::try_from(black_box(sent)) == Ok(data.len())
}

/// Memory for `recvmmsg(2)`, with headers that are made once. After a call only the lengths of
/// those that it has used are set again: less no program can do.
pub(crate) struct RecvMany {
    memory: Vec<u8>,
    each: usize,
    names: Vec<libc::sockaddr_storage>,
    headers: Vec<libc::mmsghdr>,
    /// What the headers point to besides.
    _rest: (Vec<[u64; CONTROL]>, Vec<libc::iovec>),
}

/// As much room for control messages as this project's batches have, in words.
const CONTROL: usize = 22;

impl RecvMany {
    /// For so many pieces of so many bytes.
    pub(crate) fn new(pieces: usize, each: usize) -> RecvMany {
        let mut memory = vec![0_u8; pieces * each];
        // SAFETY: integers, for which zero is a value.
        let mut names: Vec<libc::sockaddr_storage> = vec![unsafe { std::mem::zeroed() }; pieces];
        let mut controls = vec![[0; CONTROL]; pieces];
        let rooms = memory.chunks_exact_mut(each);
        let mut vectors: Vec<_> = rooms
            .map(|room| libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() })
            .collect();
        let rooms = names.iter_mut().zip(&mut controls).zip(&mut vectors);
        let headers = rooms.map(|((name, control), piece)| {
            // SAFETY: `mmsghdr` is integers and pointers, for which zero is a value.
            let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
            let message = &mut header.msg_hdr;
            message.msg_name = (&raw mut *name).cast();
            message.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            (message.msg_iov, message.msg_iovlen) = (piece, 1);
            message.msg_control = control.as_mut_ptr().cast();
            message.msg_controllen = size_of_val(control) as _;
            header
        });
        let headers = headers.collect();
        RecvMany { memory, each, names, headers, _rest: (controls, vectors) }
    }

    /// Receives what is there, looks at each datagram with its sender and ECN mark, and says how
    /// many they are and how many bytes.
    #[inline(always)]
    pub(crate) fn recv(&mut self, fd: &OwnedFd) -> (usize, usize) {
        // SAFETY: each header describes a name, control memory and piece of its own.
        let got = unsafe {
            let count = self.headers.len() as libc::c_uint;
            let flags = libc::MSG_WAITFORONE as _;
            libc::recvmmsg(
                fd.as_raw_fd(),
                self.headers.as_mut_ptr(),
                count,
                flags,
                std::ptr::null_mut(),
            )
        };
        let (mut datagrams, mut bytes) = (0, 0);
        let got = usize::try_from(got).unwrap_or(0);
        let rooms = self.memory.chunks_exact(self.each).zip(&self.names);
        for (header, (room, name)) in self.headers.iter_mut().zip(rooms).take(got) {
            let Some(data) = room.get(..header.msg_len as usize) else { continue };
            let (segment, ecn) = details(&header.msg_hdr);
            for datagram in data.chunks(segment.unwrap_or(data.len()).max(1)) {
                black_box((name, ecn));
                datagrams += 1;
                bytes += datagram.len();
            }
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_hdr.msg_controllen = (CONTROL * size_of::<u64>()) as _;
        }
        (datagrams, bytes)
    }
}

/// The size of the datagrams in a received piece, if there are several, and their ECN mark.
#[inline(always)]
fn details(message: &libc::msghdr) -> (Option<usize>, Option<u8>) {
    let (mut segment, mut ecn) = (None, None);
    // SAFETY: the kernel has filled this header's control memory, which is still there.
    unsafe {
        let mut header = libc::CMSG_FIRSTHDR(message);
        while !header.is_null() {
            let data = libc::CMSG_DATA(header);
            match ((*header).cmsg_level, (*header).cmsg_type) {
                (libc::SOL_UDP, libc::UDP_GRO) => {
                    segment = usize::try_from(data.cast::<libc::c_int>().read_unaligned()).ok();
                }
                (libc::IPPROTO_IP, libc::IP_TOS) => ecn = Some(*data & 3),
                _ => {}
            }
            header = libc::CMSG_NXTHDR(message, header);
        }
    }
    (segment, ecn)
}

/// Bytes as socket2 takes them.
#[inline(always)]
pub(crate) fn write_only(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the layout is the same, and socket2 promises to write initialised bytes only.
    unsafe { &mut *(std::ptr::from_mut(bytes) as *mut [MaybeUninit<u8>]) }
}

/// Makes the descriptor's calls answer instead of waiting.
pub(crate) fn set_nonblocking(fd: &OwnedFd) -> io::Result<()> {
    // SAFETY: `F_SETFL` takes no memory of ours.
    match unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A call that fails and does nothing, to be seen in the output of strace.
pub(crate) fn mark(text: &str) {
    // SAFETY: the pointer and length describe `text`; there is no descriptor −1.
    unsafe { libc::write(-1, text.as_ptr().cast(), text.len()) };
}

/// How many times memory has been allocated in this process.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.load(Ordering::Relaxed)
}

impl From<SocketAddrV4> for SockaddrIn {
    fn from(addr: SocketAddrV4) -> SockaddrIn {
        SockaddrIn(libc::sockaddr_in {
            sin_family: libc::AF_INET as libc::sa_family_t,
            sin_port: addr.port().to_be(),
            sin_addr: libc::in_addr { s_addr: u32::from(*addr.ip()).to_be() },
            sin_zero: [0; 8],
        })
    }
}

/// The IPv4 address of a socket of IPv4.
pub(crate) fn only_v4(addr: SocketAddr) -> io::Result<SocketAddrV4> {
    match addr {
        SocketAddr::V4(addr) => Ok(addr),
        SocketAddr::V6(_) => Err(io::ErrorKind::AddrNotAvailable.into()),
    }
}

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every request is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is the same.
        unsafe { System.realloc(memory, layout, size) }
    }
}
