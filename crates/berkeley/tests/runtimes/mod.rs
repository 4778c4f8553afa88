//! What the tests of awaited sockets share.
#![allow(dead_code, clippy::unwrap_used)]

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use berkeley::tokio::Socket;
use berkeley::{Family, Protocol, Type};

/// Runs it in both kinds of runtime, a minute at most.
pub(crate) fn in_both<F: Future<Output = ()> + Send + 'static>(test: impl Fn() -> F) {
    let test = || {
        let test = test();
        async { tokio::time::timeout(Duration::from_secs(60), test).await.unwrap() }
    };
    let single = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    single.block_on(test());
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let many = many.unwrap();
    many.block_on(async { many.spawn(test()).await.unwrap() });
}

pub(crate) fn pair(ty: Type) -> (Socket, Socket) {
    Socket::pair(Family::UNIX, ty, Protocol::DEFAULT).unwrap()
}

/// Two ends of a TCP connection.
pub(crate) async fn tcp() -> (Socket, Socket) {
    let server = berkeley::tokio::create_server("127.0.0.1:0").await.unwrap();
    let client = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT).unwrap();
    let (accepted, connected) =
        tokio::join!(server.accept(), client.connect(server.local_addr().unwrap()));
    connected.unwrap();
    (client, accepted.unwrap().0)
}

/// Polls once, and drops it if it waits: at every await point, for what it waits for has not come.
pub(crate) async fn poll_and_drop<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
