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
