//! Look-ups that tasks await have the same answers and errors as those that wait.

#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use berkeley::{abandoned_lookups, getaddrinfo};

/// The smallest of runtimes: a thread that sleeps until it is woken.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn an_awaited_look_up_answers_as_any_other() {
    for (host, service) in [("localhost", "80"), ("127.0.0.1", "80"), ("::1", "80")] {
        let query = getaddrinfo(host, service);
        assert_eq!(block_on(query.call_awaited()).unwrap(), query.call().unwrap(), "{host}");
    }
    for (host, service) in [("localhost", "no such service"), ("::1", "http?"), ("\0", "80")] {
        let query = getaddrinfo(host, service);
        let (awaited, called) = (block_on(query.call_awaited()), query.call());
        assert_eq!(awaited.unwrap_err().to_string(), called.unwrap_err().to_string());
    }
    let error = block_on(getaddrinfo("localhost", "no such service").call_awaited()).unwrap_err();
    assert_eq!(error.lookup_code().and_then(|code| code.name()), Some("EAI_SERVICE"));
    // Many at once, all of them answered: each wakes its own task.
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| block_on(getaddrinfo("localhost", 80).call_awaited()).unwrap());
        }
    });
    assert_eq!(abandoned_lookups(), 0);
}
