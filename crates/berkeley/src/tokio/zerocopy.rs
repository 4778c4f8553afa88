//! Sending without a copy.

use std::fmt;
use std::sync::atomic::Ordering;

use super::Socket;
use super::wait::Got;
use crate::error::{Call, Cause, Error, Result};
use crate::errqueue::QueuedError;
use crate::sys::{Errno, Interest};
use crate::zerocopy::{SendMemory, ZeroCopy as Plain, ZeroCopyDone};

/// A sender that gives its memory to the kernel instead of copying it: the same as
/// [`ZeroCopy`](crate::ZeroCopy), awaited, and all that is said there holds.
///
/// While it lives nobody else [waits for errors](Socket::wait_error) of the socket.
///
/// ```
/// use berkeley::tokio::{Socket, ZeroCopy, create_connection, create_server};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
/// let server = create_server("127.0.0.1:0").await?;
/// let client = create_connection(server.local_addr()?).await?;
/// let (conn, _) = server.accept().await?;
///
/// let mut sender = ZeroCopy::new(&client)?;
/// sender.send_all(vec![7; 20_000]).await?;
/// let mut room = vec![0; 20_000];
/// conn.recv_exactly(&mut room).await?;
/// assert_eq!(sender.finish().await?.len(), 1);
/// # Ok(()) }
/// ```
#[doc(alias("MSG_ZEROCOPY", "SO_ZEROCOPY"))]
pub struct ZeroCopy<'s> {
    socket: &'s Socket,
    plain: Plain<'s>,
}

impl<'s> ZeroCopy<'s> {
    /// A sender by this socket, in which sending without copies is switched on.
    ///
    /// ```
    /// use berkeley::tokio::{Socket, ZeroCopy};
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// let sender = ZeroCopy::new(&sock)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` for a kind of socket that cannot do it.
    pub fn new(socket: &'s Socket) -> Result<ZeroCopy<'s>> {
        let plain = Plain::new(socket.plain())?;
        // A receive shall not take the news of a completion for its own.
        socket.takes_errors.store(true, Ordering::SeqCst);
        Ok(ZeroCopy { socket, plain })
    }

    /// Sends the whole buffer, within one deadline, and keeps it until the kernel has read it.
    ///
    /// Where this is dropped before it has ended, a part may have gone, and the buffer stays with the
    /// sender for as long as the kernel may read it.
    ///
    /// ```
    /// # use berkeley::tokio::{ZeroCopy, create_connection, create_server};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// # let server = create_server("127.0.0.1:0").await?;
    /// # let client = create_connection(server.local_addr()?).await?;
    /// let mut sender = ZeroCopy::new(&client)?;
    /// sender.send_all(vec![0; 1000]).await?;
    /// sender.send_all("a text that lives for ever").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Socket::send_all`].
    pub async fn send_all(&mut self, buffer: impl SendMemory) -> Result<()> {
        let ZeroCopy { socket, plain } = self;
        let (call, mut patience) = (Call::SendAll, socket.patience_from_now());
        plain.begin(buffer);
        let sent = loop {
            let more = socket.until(call, Interest::Write, &mut patience, |_| {
                plain.send_more(None).map(Got::from)
            });
            match more.await {
                Ok(true) => break Ok(()),
                Ok(false) if patience.has_passed() => {
                    break Err(Error::new(call, Cause::TimedOut));
                }
                Ok(false) => {}
                Err(error) => break Err(error),
            }
        };
        plain.end(sent)
    }

    /// How many buffers the kernel may still read, as far as it has been asked.
    ///
    /// ```
    /// # use berkeley::tokio::{Socket, ZeroCopy};
    /// # use berkeley::{Family, Protocol, Type};
    /// # let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert_eq!(ZeroCopy::new(&sock)?.pending(), 0);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn pending(&self) -> usize {
        self.plain.pending()
    }

    /// The buffers that have become free, without waiting.
    ///
    /// ```
    /// # use berkeley::tokio::{Socket, ZeroCopy};
    /// # use berkeley::{Family, Protocol, Type};
    /// # let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert!(ZeroCopy::new(&sock)?.completed()?.is_empty());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain [`recv_error`](crate::Socket::recv_error).
    pub fn completed(&mut self) -> Result<Vec<ZeroCopyDone>> {
        self.plain.completed()
    }

    /// Waits until every buffer is free, for each one within the timeout, and answers those that
    /// were not yet. It may be dropped and called again.
    ///
    /// ```
    /// # use berkeley::tokio::{Socket, ZeroCopy};
    /// # use berkeley::{Family, Protocol, Type};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// # let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert!(ZeroCopy::new(&sock)?.finish().await?.is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::TimedOut`] if the timeout passes; the buffers stay with the sender.
    pub async fn finish(&mut self) -> Result<Vec<ZeroCopyDone>> {
        let ZeroCopy { socket, plain } = self;
        plain.settle(false);
        plain.reap()?;
        while plain.pending() > 0 {
            let (call, before) = (Call::RecvMsg, plain.pending());
            let one_more = socket.once(call, Interest::Error, |_| {
                plain.reap()?;
                match plain.pending() < before {
                    true => Ok(()),
                    false => Err(Error::new(call, Errno::EAGAIN)),
                }
            });
            one_more.await?;
        }
        plain.completed()
    }

    /// What has come from the queue of errors beside completions.
    ///
    /// ```
    /// # use berkeley::tokio::{Socket, ZeroCopy};
    /// # use berkeley::{Family, Protocol, Type};
    /// # let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert!(ZeroCopy::new(&sock)?.take_errors().is_empty());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn take_errors(&mut self) -> Vec<QueuedError> {
        self.plain.take_errors()
    }
}

impl fmt::Debug for ZeroCopy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plain.fmt(f)
    }
}
