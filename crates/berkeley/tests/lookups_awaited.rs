//! Whoever drops a look-up that is awaited leaves nothing behind but the few threads that nobody can
//! end. One test and no more: those belong to the whole process, and to the network of who asks first.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unsafe_code)]

mod dark;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use berkeley::{Cause, abandoned_lookups, getaddrinfo};
use berkeley_testing::{eventually, skip};

fn begin<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn an_awaited_look_up_can_be_dropped() {
    dark::without_name_servers(|| {
        let query = getaddrinfo("nobody.knows.example", 80);
        let soon = query.clone().timeout(Duration::from_millis(60)).call().unwrap_err();
        if soon.cause() != Cause::TimedOut {
            skip!("this machine knows without asking: {soon}");
        }
        let start = Instant::now();
        let before = abandoned_lookups();
        let mut future = Box::pin(query.call_awaited());
        assert!(begin(&mut future).is_pending());
        assert!(begin(&mut future).is_pending());
        // Once a thread has it, it is left alone with it.
        drop(future);
        assert!(abandoned_lookups() <= before + 1);
        // Many more than there are threads: those that wait for one leave the queue.
        for _ in 0..1000 {
            assert!(begin(&mut Box::pin(query.call_awaited())).is_pending());
        }
        assert!(eventually(|| abandoned_lookups() <= 32), "{}", abandoned_lookups());
        let numbers = getaddrinfo("127.0.0.1", 80);
        assert!(begin(&mut Box::pin(numbers.call_awaited())).is_ready(), "no thread is needed");
        assert!(start.elapsed() < Duration::from_secs(30));
    });
}
