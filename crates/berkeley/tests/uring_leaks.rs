//! Rings leak nothing and free nothing too early, whatever is in flight when they are dropped. A
//! program of its own: it counts the process's descriptors and memory.
#![cfg(feature = "io-uring")]
#![allow(clippy::unwrap_used, unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};

use berkeley::uring::Ring;
use berkeley::{Deadline, Family, Protocol, Socket, Type, cmsg, create_connection, create_server};
use berkeley_testing::{eventually, open_descriptors, skip};

/// Counts what is in use, and keeps large pieces that are freed, full of one byte, until
/// [`written_after_free`] has looked at them.
struct Watching;

#[global_allocator]
static WATCHING: Watching = Watching;

static IN_USE: AtomicIsize = AtomicIsize::new(0);
/// The last piece that was kept: in it stands the address of the one before, and its own length.
static KEPT: AtomicUsize = AtomicUsize::new(0);

const LARGE: usize = 4096;
const FREED: u8 = 0xdd;
const HEADER: usize = 2 * size_of::<usize>();

// SAFETY: all is the system's; a piece is kept only after its owner has given it up.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: the caller's own contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // Only bytes: such are the buffers that the kernel gets.
        if layout.size() < LARGE || layout.align() != 1 {
            // SAFETY: the caller's own contract.
            return unsafe { System.dealloc(memory, layout) };
        }
        // SAFETY: the piece is as long, and nobody's any more. Nobody takes pieces out while others
        // are put in.
        unsafe {
            memory.write_bytes(FREED, layout.size());
            let header = memory.cast::<[usize; 2]>();
            let mut last = KEPT.load(Ordering::Acquire);
            loop {
                header.write_unaligned([last, layout.size()]);
                let memory = memory as usize;
                match KEPT.compare_exchange(last, memory, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => return,
                    Err(other) => last = other,
                }
            }
        }
    }
}

/// How many pieces there are, and in how many of them something was written since they were freed.
fn written_after_free() -> (usize, usize) {
    let (mut all, mut written) = (0, 0);
    let mut next = KEPT.swap(0, Ordering::AcqRel);
    while next != 0 {
        let memory = next as *mut u8;
        // SAFETY: `dealloc` has put it there with this header, and it is nobody's.
        unsafe {
            let [before, len] = memory.cast::<[usize; 2]>().read_unaligned();
            let bytes = std::slice::from_raw_parts(memory, len);
            all += 1;
            written += usize::from(bytes.iter().skip(HEADER).any(|byte| *byte != FREED));
            System.dealloc(memory, Layout::from_size_align_unchecked(len, 1));
            next = before;
        }
    }
    (all, written)
}

#[test]
fn d12_dropped_in_flight_leaks_nothing() {
    if !berkeley::uring::is_available() {
        skip!("io_uring is not there or forbidden: {}", Ring::new(1).unwrap_err());
    }
    let server = Arc::new(create_server("127.0.0.1:0").unwrap());
    let addr = server.local_addr().unwrap();
    let (descriptors, in_use) = (open_descriptors(), IN_USE.load(Ordering::Relaxed));
    for round in 0..100 {
        let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT).unwrap();
        let (a, b) = (Arc::new(a), Arc::new(b));
        let udp = Arc::new(Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap());
        udp.bind("127.0.0.1:0").unwrap();
        let mut ring = Ring::new(4).unwrap();
        for _ in 0..20 {
            ring.recv(&a, vec![1; LARGE]);
            ring.recv_from(&udp, vec![2; LARGE]);
            let control = cmsg::RecvBuffer::with_room(cmsg::space(4));
            ring.recv_message(&b, vec![3; LARGE], control);
            ring.accept(&server);
        }
        // More than goes into the socket.
        ring.send(&b, vec![4; 1 << 20]);
        let mut control = cmsg::SendBuffer::new();
        ring.send_message(&a, b"with one".to_vec(), control.rights(&[&server]), ());
        ring.close(udp.dup().unwrap());
        match round % 4 {
            // Not even handed over.
            0 => {}
            1 => ring.submit().unwrap(),
            // Some have ended, and nobody asks.
            2 => {
                ring.submit().unwrap();
                drop(create_connection(addr).unwrap());
                udp.send_to(b"x", udp.local_addr().unwrap()).unwrap();
            }
            _ => drop(ring.wait(Deadline::NEVER).unwrap()),
        }
        drop(ring);
        // For whoever still receives, which nobody may.
        let something = [7; 64];
        for _ in 0..20 {
            a.send_with(&something, berkeley::MsgFlags::DONTWAIT).ok();
            b.send_with(&something, berkeley::MsgFlags::DONTWAIT).ok();
            udp.send_to(&something, udp.local_addr().unwrap()).unwrap();
        }
        let (freed, written) = written_after_free();
        assert!(freed >= 60, "only {freed} buffers came free in round {round}");
        assert_eq!(written, 0, "the kernel has written to freed memory in round {round}");
    }
    // What the kernel still has of a ring that was closed, it lets go of by itself.
    assert!(eventually(|| open_descriptors() == descriptors));
    // One buffer for each round would be as much.
    let more = IN_USE.load(Ordering::Relaxed) - in_use;
    assert!(more < 100 * LARGE as isize / 4, "{more} bytes are not free");
}
