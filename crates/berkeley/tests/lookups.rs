//! Look-ups end in time, though no name server ever answers; and leave few threads behind. One test
//! and no more: the threads belong to the process, and to the network of who asks first.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unsafe_code)]

mod dark;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use berkeley::{Connector, Errno, abandoned_lookups, getaddrinfo, set_interrupt_hook};
use berkeley_testing::skip;

const SOON: Duration = Duration::from_millis(60);
const AGES: Duration = Duration::from_secs(30);

/// The threads of this process that look up; the test's own end a little after they are waited for.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    names.filter(|name| name.starts_with("berkeley look")).count()
}

#[test]
fn no_answer_holds_nobody_longer_than_the_timeout() {
    let hook = || match STOP.load(Ordering::Relaxed) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    static STOP: AtomicBool = AtomicBool::new(false);
    dark::without_name_servers(|| {
        // Whether it is dark indeed is asked of the resolver itself.
        let start = Instant::now();
        let name = || getaddrinfo("nobody.knows.example", 80);
        let error = name().timeout(SOON).call().unwrap_err();
        if error.lookup_code().is_some() {
            skip!("this machine knows without asking: {error}");
        }
        assert!(error.is_timeout(), "{error}");
        assert_eq!(error.to_string(), "getaddrinfo nobody.knows.example:80: timed out");
        assert!((SOON..AGES).contains(&start.elapsed()));
        assert_eq!(abandoned_lookups(), 1);

        // The deadline of a connection covers looking up.
        let start = Instant::now();
        let error = Connector::new().timeout(SOON).connect("nobody.knows.example:80").unwrap_err();
        assert!(error.is_timeout(), "{error}");
        assert!((SOON..AGES).contains(&start.elapsed()));

        // Those that nobody waits for are few, however many there were; numbers need none of them.
        thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        let error = name().timeout(Duration::from_millis(5)).call().unwrap_err();
                        assert!(error.is_timeout(), "{error}");
                    }
                });
            }
        });
        assert!(abandoned_lookups() <= 32, "{}", abandoned_lookups());
        assert!((1..=32).contains(&threads()), "{}", threads());
        getaddrinfo("127.0.0.1", 80).timeout(SOON).call().unwrap();

        // The program may end the waiting: it is asked all the while.
        set_interrupt_hook(Some(hook));
        let start = Instant::now();
        let error = thread::scope(|scope| {
            let waiting = scope.spawn(|| name().timeout(AGES).call().unwrap_err());
            thread::sleep(Duration::from_millis(20));
            STOP.store(true, Ordering::Relaxed);
            waiting.join().unwrap()
        });
        set_interrupt_hook(None);
        assert_eq!(error.errno(), Some(Errno::EINTR));
        assert!(start.elapsed() < AGES / 2);
    });
}
