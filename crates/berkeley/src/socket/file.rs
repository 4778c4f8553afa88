//! Files and pipes into sockets and out of them, without a copy through this process.

use std::os::fd::{AsFd, BorrowedFd};

use super::Socket;
use crate::error::{Call, Cause, Error, Result};
use crate::interrupt::interrupted;
use crate::kind::MsgFlags;
use crate::seam;
use crate::sys::{self, Errno, Interest};
use crate::time::Deadline;

/// The most that one call of the kernel moves.
const MOST: u64 = 0x7fff_f000;

/// How much is read at a time of a file that the kernel cannot send by itself.
const PIECE: usize = 64 << 10;

/// Files and pipes.
impl Socket {
    /// Sends a file from an offset on, so many bytes or up to its end, within one deadline, and
    /// says how many have gone. The file's own position is not looked at and not changed.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let file = std::fs::File::open("Cargo.toml").unwrap();
    /// assert_eq!(a.sendfile(&file, 1, 7)?, 7);
    /// assert_eq!(b.recv_vec(100)?, b"package");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_all`](Socket::send_all), with the [number](Error::bytes_sent) of bytes that
    /// have gone; [`Cause::Argument`] for a socket that is not a stream; `ESPIPE` for a file
    /// without offsets, such as a pipe, for which there is [`splice_from`](Socket::splice_from).
    ///
    /// See `sendfile(2)`.
    #[doc(alias = "send_file")]
    pub fn sendfile(
        &self,
        file: impl AsFd,
        offset: u64,
        count: impl Into<Option<u64>>,
    ) -> Result<u64> {
        if self.ty.keeps_boundaries() {
            let cause = Cause::Argument("sendfile takes a stream socket");
            return Err(Error::new(Call::SendFile, cause));
        }
        let (file, count) = (file.as_fd(), count.into());
        let patience = self.patience(MsgFlags::empty());
        let (mut sent, mut whole) = (0, true);
        loop {
            let left = count.map_or(u64::MAX, |count| count - sent);
            if left == 0 {
                return Ok(sent);
            }
            let from = offset.saturating_add(sent);
            let piece = match whole {
                true => self.send_piece(file, from, left.min(MOST), patience),
                false => self.send_copy(file, from, left, patience),
            };
            match piece {
                // A file that the kernel does not send by itself.
                Err(error) if sent == 0 && whole && is_refusal(&error) => whole = false,
                Ok(0) => return Ok(sent),
                Ok(more) => {
                    sent += more;
                    if count == Some(sent) {
                        return Ok(sent);
                    }
                }
                Err(error) => {
                    let before = error.bytes_sent().unwrap_or(0);
                    let all = usize::try_from(sent).unwrap_or(usize::MAX).saturating_add(before);
                    return Err(error.after_sending(all));
                }
            }
            if patience.is_some_and(|deadline| deadline.has_passed()) {
                let error = Error::new(Call::SendFile, Cause::TimedOut);
                return Err(error.after_sending(usize::try_from(sent).unwrap_or(usize::MAX)));
            }
        }
    }

    /// Moves at most so many bytes from a pipe into this socket and says how many: zero at the
    /// pipe's end.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    /// use std::io::Write;
    ///
    /// let (pipe_out, mut pipe_in) = std::io::pipe().unwrap();
    /// pipe_in.write_all(b"through").unwrap();
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.splice_from(&pipe_out, 100)?, 7);
    /// assert_eq!(b.recv_vec(100)?, b"through");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send`](Socket::send); `EINVAL` for what is not a pipe.
    ///
    /// See `splice(2)`.
    #[doc(alias = "splice")]
    pub fn splice_from(&self, pipe: impl AsFd, most: usize) -> Result<usize> {
        self.splice(
            pipe.as_fd(),
            self.as_fd(),
            most,
            (pipe.as_fd(), Interest::Read, Interest::Write),
        )
    }

    /// Moves at most so many bytes from this socket into a pipe and says how many: zero at the
    /// stream's end.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    /// use std::io::Read;
    ///
    /// let (mut pipe_out, pipe_in) = std::io::pipe().unwrap();
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"through")?;
    /// assert_eq!(b.splice_to(&pipe_in, 100)?, 7);
    /// let mut text = [0; 7];
    /// pipe_out.read_exact(&mut text).unwrap();
    /// assert_eq!(&text, b"through");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Socket::recv); `EINVAL` for what is not a pipe.
    ///
    /// See `splice(2)`.
    #[doc(alias = "splice")]
    pub fn splice_to(&self, pipe: impl AsFd, most: usize) -> Result<usize> {
        self.splice(
            self.as_fd(),
            pipe.as_fd(),
            most,
            (pipe.as_fd(), Interest::Write, Interest::Read),
        )
    }

    /// Moves bytes between a pipe and this socket. "Would block" does not tell which of the two
    /// is meant, so both are waited for: the pipe for its interest, the socket for its own.
    fn splice(
        &self,
        from: BorrowedFd<'_>,
        to: BorrowedFd<'_>,
        most: usize,
        (pipe, pipes, own): (BorrowedFd<'_>, Interest, Interest),
    ) -> Result<usize> {
        // Without a timeout the kernel may wait, in the pipe as well.
        let nonblocking = !self.blocks();
        let patience = self.patience(MsgFlags::empty());
        let out = own == Interest::Write;
        let fail = |errno: Errno| Err(Error::new(Call::Splice, errno));
        loop {
            match (seam::splice(from, to, most, nonblocking, out), patience) {
                (Ok(moved), _) => return Ok(moved),
                (Err(Errno::EINTR), _) => interrupted(Call::Splice)?,
                (Err(Errno::EAGAIN), Some(deadline)) => {
                    self.wait(Call::Splice, own, deadline)?;
                    wait_for(pipe, pipes, deadline)?;
                }
                (Err(errno), _) => return fail(errno),
            }
        }
    }

    fn send_piece(
        &self,
        file: BorrowedFd<'_>,
        offset: u64,
        count: u64,
        patience: Option<Deadline>,
    ) -> Result<u64> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let sent = self.retry_by(Call::SendFile, Interest::Write, patience, || {
            seam::sendfile(self.as_fd(), file, offset, count)
        })?;
        Ok(sent as u64)
    }

    fn send_copy(
        &self,
        file: BorrowedFd<'_>,
        offset: u64,
        count: u64,
        patience: Option<Deadline>,
    ) -> Result<u64> {
        let mut piece = vec![0; PIECE.min(usize::try_from(count).unwrap_or(PIECE))];
        let len = loop {
            match sys::pread(file, &mut piece, offset) {
                Err(Errno::EINTR) => interrupted(Call::SendFile)?,
                read => break read.map_err(Error::of(Call::SendFile))?,
            }
        };
        let mut sent = 0;
        while let Some(rest) = piece.get(sent..len).filter(|rest| !rest.is_empty()) {
            let more = self.retry_by(Call::SendFile, Interest::Write, patience, || {
                seam::send(self.as_fd(), rest, self.send_flags(MsgFlags::empty()))
            });
            sent += more.map_err(|error| error.after_sending(sent))?;
        }
        Ok(sent as u64)
    }
}

/// Duplicates at most so many bytes of one pipe into another, where they can be read as well, and
/// says how many.
///
/// ```
/// use std::io::{Read, Write};
///
/// let (first_out, mut first_in) = std::io::pipe()?;
/// let (mut second_out, second_in) = std::io::pipe()?;
/// first_in.write_all(b"twice")?;
/// assert_eq!(berkeley::tee(&first_out, &second_in, 100)?, 5);
/// let mut text = [0; 5];
/// second_out.read_exact(&mut text)?;
/// (&first_out).read_exact(&mut text)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// `EINVAL` for what is not a pipe.
///
/// See `tee(2)`.
pub fn tee(from: impl AsFd, to: impl AsFd, most: usize) -> Result<usize> {
    loop {
        match sys::tee(from.as_fd(), to.as_fd(), most) {
            Err(Errno::EINTR) => interrupted(Call::Tee)?,
            done => return done.map_err(Error::of(Call::Tee)),
        }
    }
}

/// Whether the kernel says that it cannot do this with such a file, rather than that it failed.
fn is_refusal(error: &Error) -> bool {
    matches!(error.errno(), Some(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP))
}

fn wait_for(pipe: BorrowedFd<'_>, interest: Interest, deadline: Deadline) -> Result<()> {
    loop {
        match seam::wait(pipe, interest, deadline.remaining()) {
            Ok(sys::Woken::TimedOut) if deadline.has_passed() => {
                return Err(Error::new(Call::Splice, Cause::TimedOut));
            }
            Ok(sys::Woken::TimedOut) => {}
            Err(Errno::EINTR) => interrupted(Call::Splice)?,
            Ok(_) => return Ok(()),
            Err(errno) => return Err(Error::new(Call::Splice, errno)),
        }
    }
}
