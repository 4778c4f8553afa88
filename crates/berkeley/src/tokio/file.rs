//! Files and pipes into sockets and out of them, without a copy through this process.

use std::os::fd::AsFd;

use super::Socket;
use super::wait::{Got, Patience, edge};
use crate::error::{Call, Cause, Error, Result};
use crate::socket::Socket as Plain;
use crate::sys::{Errno, Interest, Woken};

/// So much of a file is sent before others get their turn.
const TURN: u64 = 1 << 20;

/// Files and pipes.
impl Socket {
    /// Sends a file from an offset on, so many bytes or up to its end, and says how many: see
    /// [`sendfile`](crate::Socket::sendfile).
    ///
    /// What of the file is not in memory, the kernel reads meanwhile, and the thread waits for it.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let file = std::fs::File::open("Cargo.toml").unwrap();
    /// assert_eq!(a.sendfile(&file, 1, 7).await?, 7);
    /// assert_eq!(b.recv_vec(100).await?, b"package");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias = "send_file")]
    pub async fn sendfile(
        &self,
        file: impl AsFd,
        offset: u64,
        count: impl Into<Option<u64>>,
    ) -> Result<u64> {
        let mut done = 0;
        self.sendfile_from(file, offset, count, &mut done).await?;
        Ok(done)
    }

    /// [`sendfile`](Socket::sendfile) behind the first `done` bytes, which grow as they go: the
    /// call that is dropped or fails goes on from there.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let file = std::fs::File::open("Cargo.toml").unwrap();
    /// let mut done = 4;
    /// a.sendfile_from(&file, 1, 7, &mut done).await?;
    /// assert_eq!((b.recv_vec(100).await?.as_slice(), done), (&b"age"[..], 7));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`sendfile`](Socket::sendfile).
    #[doc(alias = "send_file")]
    pub async fn sendfile_from(
        &self,
        file: impl AsFd,
        offset: u64,
        count: impl Into<Option<u64>>,
        done: &mut u64,
    ) -> Result<()> {
        let (call, count) = (Call::SendFile, count.into());
        let file = file.as_fd();
        let mut patience = self.patience_from_now();
        loop {
            let wanted = count.map_or(TURN, |count| count.saturating_sub(*done).min(TURN));
            let sent = self.until(call, Interest::Write, &mut patience, |plain| {
                let sent = plain.sendfile(file, offset.saturating_add(*done), wanted);
                match sent {
                    // Some has gone, and then there was no room.
                    Err(error) if error.is_would_block() && error.bytes_sent() > Some(0) => {
                        Ok(Got {
                            value: (error.bytes_sent().unwrap_or(0) as u64, true),
                            was_last: true,
                        })
                    }
                    sent => Ok(Got::from((sent?, false))),
                }
            });
            let after = usize::try_from(*done).unwrap_or(usize::MAX);
            let (sent, was_full) = sent.await.map_err(|error| {
                let more = error.bytes_sent().unwrap_or(0);
                *done = done.saturating_add(more as u64);
                error.after_sending(after.saturating_add(more))
            })?;
            *done += sent;
            if count.is_some_and(|count| *done >= count) || (sent < wanted && !was_full) {
                return Ok(());
            }
            if patience.has_passed() {
                let after = usize::try_from(*done).unwrap_or(usize::MAX);
                return Err(Error::new(call, Cause::TimedOut).after_sending(after));
            }
        }
    }

    /// Moves at most so many bytes from a pipe into this socket and says how many: see
    /// [`splice_from`](crate::Socket::splice_from). Dropped, it has moved nothing.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    /// use std::io::Write;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (pipe_out, mut pipe_in) = std::io::pipe().unwrap();
    /// pipe_in.write_all(b"through").unwrap();
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.splice_from(&pipe_out, 100).await?, 7);
    /// assert_eq!(b.recv_vec(100).await?, b"through");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias = "splice")]
    pub async fn splice_from(&self, pipe: impl AsFd, most: usize) -> Result<usize> {
        let ways = (Interest::Read, Interest::Write);
        self.splice(&pipe, ways, |plain, pipe| plain.splice_from(pipe, most)).await
    }

    /// Moves at most so many bytes from this socket into a pipe and says how many: see
    /// [`splice_to`](crate::Socket::splice_to). Dropped, it has moved nothing.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (_pipe_out, pipe_in) = std::io::pipe().unwrap();
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"through").await?;
    /// assert_eq!(b.splice_to(&pipe_in, 100).await?, 7);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias = "splice")]
    pub async fn splice_to(&self, pipe: impl AsFd, most: usize) -> Result<usize> {
        let ways = (Interest::Write, Interest::Read);
        self.splice(&pipe, ways, |plain, pipe| plain.splice_to(pipe, most)).await
    }

    /// Moves bytes between a pipe and this socket. "Would block" does not tell which of the two is
    /// meant: the socket is asked, and where it is ready, the pipe is waited for.
    async fn splice<P: AsFd>(
        &self,
        pipe: &P,
        (pipes, own): (Interest, Interest),
        mut moves: impl FnMut(&Plain, &P) -> Result<usize>,
    ) -> Result<usize> {
        let call = Call::Splice;
        let mut patience = self.patience();
        loop {
            let moved = self.until(call, own, &mut patience, |plain| match moves(plain, pipe) {
                Err(error) if error.is_would_block() => match plain.glance(call, own)? {
                    Woken::TimedOut => Err(error),
                    _ => Ok(Got::from(None)),
                },
                moved => moved.map(|len| Got::from(Some(len))),
            });
            if let Some(len) = moved.await? {
                return Ok(len);
            }
            if let Patience::None = patience {
                return Err(Error::new(call, Errno::EAGAIN));
            }
            let ready = edge(call, pipe, pipes)?;
            if !self.in_time(&mut patience, ready).await? {
                return Err(Error::new(call, Cause::TimedOut));
            }
        }
    }
}
