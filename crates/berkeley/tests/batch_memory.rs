//! Batches allocate nothing once they are as large as they get. Counted in the thread that asks,
//! for the test's frame allocates in others.

#![allow(clippy::unwrap_used, clippy::panic, unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use berkeley::batch::{Ecn, RecvBatch, SendBatch};
use berkeley::opt;
use berkeley::{Addr, Family, Protocol, Socket, Type};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn count() {
    ALLOCATIONS.with(|count| count.set(count.get() + 1));
}

// SAFETY: every request is handed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is the same.
        unsafe { System.realloc(memory, layout, size) }
    }
}

/// How often this allocates.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

fn udp() -> Socket {
    let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
    sock.bind("127.0.0.1:0").unwrap();
    sock.set_timeout(Duration::from_secs(10)).unwrap();
    sock
}

/// So many datagrams there and back through both batches.
fn round(a: &Socket, b: &Socket, to: &Addr, out: &mut SendBatch, arrived: &mut RecvBatch) {
    let mut bytes = 0;
    for number in 0..40_usize {
        let data = if number % 8 == 0 { &[7; 30][..] } else { &[7; 300] };
        out.push(data, to).unwrap();
        bytes += data.len();
    }
    assert_eq!(a.send_batch(out).unwrap(), 40);
    let mut got = 0;
    while got < 40 {
        got += b.recv_batch(arrived).unwrap();
        for datagram in &*arrived {
            assert!(!datagram.from().is_empty());
            bytes -= datagram.data().len();
        }
    }
    assert_eq!(bytes, 0);
}

#[test]
fn d6_d7_what_is_asked_for_is_allocated_at_once() {
    assert!(allocations(|| drop(vec![1])) > 0, "it counts");
    let (a, b) = (udp(), udp());
    let to = b.local_addr().unwrap();
    let (mut out, mut arrived) = (SendBatch::with_capacity(40, 300), RecvBatch::new(64, 300));
    let count = allocations(|| {
        for _ in 0..50 {
            round(&a, &b, &to, &mut out, &mut arrived);
        }
    });
    assert_eq!(count, 0);
    assert!(out.stats().segmented > 0);
}

#[test]
fn d8_nothing_is_allocated_where_offload_is_refused() {
    let (a, b) = (udp(), udp());
    let to = b.local_addr().unwrap();
    a.set(opt::SO_NO_CHECK, true).unwrap();
    let (mut out, mut arrived) = (SendBatch::with_capacity(40, 300), RecvBatch::new(64, 300));
    let count = allocations(|| {
        for _ in 0..50 {
            a.set_send_offload(true);
            round(&a, &b, &to, &mut out, &mut arrived);
        }
    });
    assert_eq!(count, 0);
    assert!(out.stats().fallbacks >= 50, "{:?}", out.stats());
}

/// With control messages in both directions, after one round.
#[test]
fn d6_d7_nothing_is_allocated_after_the_first_round() {
    let (a, b) = (udp(), udp());
    let to = b.local_addr().unwrap();
    b.set_recv_details(true).unwrap();
    b.set_recv_offload(true).unwrap();
    let mut out = SendBatch::new();
    let mut arrived = RecvBatch::new(8, RecvBatch::OFFLOAD_BYTES);
    let mut round = || {
        for number in 0..40_usize {
            let ecn = if number < 20 { Ecn::Ect0 } else { Ecn::Ce };
            out.push_from(&[1; 99], to, ecn, None).unwrap();
        }
        a.send_batch(&mut out).unwrap();
        let mut got = 0;
        while got < 40 {
            got += b.recv_batch(&mut arrived).unwrap();
            assert!(arrived.iter().all(|datagram| datagram.ecn().is_some()));
        }
    };
    round();
    assert_eq!(allocations(|| (0..50).for_each(|_| round())), 0);
}
