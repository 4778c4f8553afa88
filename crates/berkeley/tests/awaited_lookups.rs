//! Connections to names that nobody answers for, in a runtime. One test and no more: the threads that
//! look up belong to the process.

#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, unsafe_code)]

mod dark;

use std::future::Future;
use std::time::{Duration, Instant};

use berkeley::tokio::{Socket, create_server};
use berkeley::{Connector, Family, Protocol, Type, abandoned_lookups};
use berkeley_testing::skip;

/// Longer than anything here takes.
const AGES: Duration = Duration::from_secs(30);

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(work)
}

/// A look-up without an answer holds up nobody else in the only thread of a runtime.
#[test]
fn g8_a_name_without_an_answer_holds_nobody_up() {
    dark::without_name_servers(|| {
        let start = Instant::now();
        run(async {
            let soon = Duration::from_millis(60);
            let connector = Connector::new().timeout(soon);
            let place = "nobody.knows.example:80";
            let start = Instant::now();
            let error = connector.connect_awaited(place).await.unwrap_err();
            if error.lookup_code().is_some() {
                skip!("this machine knows without asking: {error}");
            }
            assert_eq!(error.to_string(), connector.connect(place).unwrap_err().to_string());
            assert!(error.is_timeout(), "{error}");
            assert!((soon..AGES).contains(&start.elapsed()));
            // Others go on meanwhile: they are done long before the look-up is.
            let patient = Connector::new();
            let others = async {
                for _ in 0..3 {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::select! {
                ended = patient.connect_awaited(place) => panic!("held up until {ended:?}"),
                () = others => {}
            }
            // Given up, none of a hundred is in the way of what needs no name.
            for _ in 0..100 {
                let attempt = patient.connect_awaited(place);
                tokio::time::timeout(Duration::from_millis(1), attempt).await.unwrap_err();
            }
            assert!(abandoned_lookups() <= 32, "{}", abandoned_lookups());
            let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT).unwrap();
            for _ in 0..10 {
                let send = sock.send_to(b"x", ("nobody.knows.example", 9));
                tokio::time::timeout(Duration::from_millis(1), send).await.unwrap_err();
                let listen = create_server("nobody.knows.example:0");
                tokio::time::timeout(Duration::from_millis(1), listen).await.unwrap_err();
            }
            sock.set_timeout(soon);
            let error = sock.send_to(b"x", ("nobody.knows.example", 9)).await.unwrap_err();
            assert!(error.is_timeout(), "{error}");
            let server = create_server("127.0.0.1:0").await.unwrap();
            patient.connect_awaited(server.local_addr().unwrap()).await.unwrap();
        });
        // The runtime is gone, and has not waited for those look-ups, which take ten seconds.
        assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    });
}
