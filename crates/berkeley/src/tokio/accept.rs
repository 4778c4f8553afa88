//! Accepting connections for as long as a server lives, awaited.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use ::tokio::time::sleep_until;

use super::Socket;
use crate::accept::{self, Next, Pace, Stop};
use crate::addr::Addr;
use crate::error::Result;
use crate::time::Deadline;

/// A listening socket that gives one connection after the other until it is told to stop: see
/// [`accept::Acceptor`](crate::accept::Acceptor), whose rules and orders it has.
///
/// Several tasks may share one: each connection goes to one of them, and all are told to stop.
///
/// ```
/// use berkeley::tokio::{Acceptor, create_connection, create_server};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
/// let acceptor = Acceptor::new(create_server("127.0.0.1:0").await?)?;
/// let (place, stop) = (acceptor.listener().local_addr()?, acceptor.stop());
/// let server = tokio::spawn(async move {
///     while let Some((socket, _peer)) = acceptor.accept().await? {
///         tokio::spawn(async move { socket.send_all(b"hello!").await });
///     }
///     Ok::<_, berkeley::Error>(())
/// });
/// let client = create_connection(place).await?;
/// assert_eq!(client.recv_vec(100).await?, b"hello!");
/// stop.stop();
/// server.await.unwrap()
/// # }
/// ```
///
/// See `accept(2)`.
#[derive(Debug)]
#[doc(alias("accept loop", "graceful shutdown", "EMFILE"))]
pub struct Acceptor {
    listener: Socket,
    told: Socket,
    stop: Stop,
}

impl Acceptor {
    /// Of a socket that listens, whose timeout is not looked at. It takes two descriptors beside
    /// that.
    ///
    /// ```
    /// use berkeley::tokio::{Acceptor, create_server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let acceptor = Acceptor::new(create_server("127.0.0.1:0").await?)?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// `EMFILE` at the limit of descriptors.
    pub fn new(listener: Socket) -> Result<Acceptor> {
        let (told, stop) = accept::order()?;
        let told = Socket::try_from(told)?;
        for socket in [&listener, &told] {
            socket.set_timeout(None);
        }
        Ok(Acceptor { listener, told, stop })
    }

    /// What tells it to stop.
    ///
    /// ```
    /// use berkeley::tokio::{Acceptor, create_server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let acceptor = Acceptor::new(create_server("127.0.0.1:0").await?)?;
    /// acceptor.stop().stop();
    /// assert!(acceptor.accept().await?.is_none());
    /// # Ok(()) }
    /// ```
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// The listening socket.
    ///
    /// ```
    /// use berkeley::tokio::{Acceptor, create_server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let acceptor = Acceptor::new(create_server("127.0.0.1:0").await?)?;
    /// println!("listening on {}", acceptor.listener().local_addr()?);
    /// # Ok(()) }
    /// ```
    pub fn listener(&self) -> &Socket {
        &self.listener
    }

    /// Gives the listening socket back. Connections that have not been accepted wait in it, and
    /// are reset when it is closed.
    ///
    /// ```
    /// use berkeley::tokio::{Acceptor, create_server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let server = Acceptor::new(create_server("127.0.0.1:0").await?)?.into_listener();
    /// # Ok(()) }
    /// ```
    pub fn into_listener(self) -> Socket {
        self.listener
    }

    /// The next connection, and who connected; `None` once it has been told to stop. It waits for
    /// as long as it takes, through every [`Trouble`](crate::accept::Trouble).
    ///
    /// ```
    /// use berkeley::tokio::{Acceptor, create_connection, create_server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let acceptor = Acceptor::new(create_server("127.0.0.1:0").await?)?;
    /// let client = create_connection(acceptor.listener().local_addr()?).await?;
    /// let (_socket, peer) = acceptor.accept().await?.unwrap();
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those that are the server's own: see
    /// [`accept::Acceptor::accept`](crate::accept::Acceptor::accept).
    ///
    /// # If it is dropped
    ///
    /// No connection is lost.
    pub async fn accept(&self) -> Result<Option<(Socket, Addr)>> {
        let mut pace = Pace::new();
        loop {
            match self.unless_told(self.listener.accept()).await? {
                None => return Ok(None),
                Some(Ok(connection)) => return Ok(Some(connection)),
                Some(Err(error)) => match pace.failed(error.errno(), Instant::now()) {
                    Next::Accept | Next::Wait => {}
                    Next::Pause(until) => {
                        if self.unless_told(pause(until)).await?.is_none() {
                            return Ok(None);
                        }
                    }
                    Next::End => return Err(error),
                },
            }
        }
    }

    /// What this answers; `None` if the order to stop is there first, or was before.
    async fn unless_told<T>(&self, work: impl Future<Output = T>) -> Result<Option<T>> {
        let (mut told, mut work) = (pin!(self.told.wait_readable()), pin!(work));
        poll_fn(|cx| {
            if let Poll::Ready(told) = told.as_mut().poll(cx) {
                return Poll::Ready(told.map(|()| None));
            }
            work.as_mut().poll(cx).map(|value| Ok(Some(value)))
        })
        .await
    }
}

async fn pause(until: Deadline) {
    let moment = until.moment().unwrap_or_else(|| Instant::now() + Duration::from_secs(1));
    sleep_until(moment.into()).await;
}
