//! The socket as a stream of bytes: everything sent, everything read, and files over it.

mod whole;

use std::borrow::Borrow;
use std::io::{self, BufRead, BufReader, BufWriter, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::AsFd;

pub use self::whole::LengthPrefix;
#[cfg(feature = "tokio")]
pub(crate) use self::whole::Whole;
use crate::error::{Call, Cause, Error, Result};
use crate::kind::MsgFlags;
use crate::seam;
use crate::socket::Socket;
use crate::sys::Interest;

/// The whole of a stream.
impl Socket {
    /// Sends all of these bytes, within the timeout: one deadline for the whole of them.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| a.send_all(&[7; 1 << 20]));
    ///     let mut total = 0;
    ///     while total < 1 << 20 {
    ///         total += b.recv_vec(65536)?.len();
    ///     }
    ///     Ok(())
    /// })
    /// # as berkeley::Result<()>;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send`](Socket::send); [`Error::bytes_sent`] says how many bytes had gone before.
    #[doc(alias("sendall", "write_all"))]
    pub fn send_all(&self, data: &[u8]) -> Result<()> {
        self.send_all_with(data, MsgFlags::empty())
    }

    /// [`send_all`](Socket::send_all) with flags.
    ///
    /// ```
    /// use berkeley::{Family, MsgFlags, Protocol, Socket, Type};
    ///
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.set_nonblocking(true)?;
    /// let error = a.send_all_with(&[0; 10 << 20], MsgFlags::DONTWAIT).unwrap_err();
    /// assert!(error.is_would_block() && error.bytes_sent() > Some(0));
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_all`](Socket::send_all).
    pub fn send_all_with(&self, data: &[u8], flags: MsgFlags) -> Result<()> {
        let patience = self.patience(flags);
        let mut rest = data;
        loop {
            let sent = self.retry_by(Call::SendAll, Interest::Write, patience, || {
                seam::send(self.as_fd(), rest, self.send_flags(flags))
            });
            let before = data.len() - rest.len();
            let sent = sent.map_err(|error| error.after_sending(before))?;
            rest = rest.get(sent..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            // A signal that came in the middle of it has only made the piece shorter.
            self.interrupted(Call::SendAll)
                .map_err(|error| error.after_sending(data.len() - rest.len()))?;
            if patience.is_some_and(|deadline| deadline.has_passed()) {
                // The kernel took some each time; the deadline is for all of them.
                let error = Error::new(Call::SendAll, Cause::TimedOut);
                return Err(error.after_sending(data.len() - rest.len()));
            }
        }
    }

    /// A buffered reader over this socket, for lines ([`BufRead`]) and small pieces.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    /// use std::io::BufRead;
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send_all(b"first\nsecond\n")?;
    /// drop(a);
    /// let lines: Vec<String> = b.reader().lines().collect::<Result<_, _>>()?;
    /// assert_eq!(lines, ["first", "second"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "makefile")]
    pub fn reader(&self) -> BufReader<&Socket> {
        BufReader::new(self)
    }

    /// A buffered writer over this socket. What it still holds is sent by
    /// [`flush`](Write::flush), which can say what went wrong, or when it is dropped.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    /// use std::io::Write;
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let mut writer = a.writer();
    /// writeln!(writer, "{} + {} = {}", 1, 1, 2)?;
    /// writer.flush()?;
    /// assert_eq!(b.recv_vec(100)?, b"1 + 1 = 2\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "makefile")]
    pub fn writer(&self) -> BufWriter<&Socket> {
        BufWriter::new(self)
    }

    /// A buffered reader and writer in one, over this socket or, by [`SocketFile::new`], over one
    /// that it owns or shares.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    /// use std::io::{BufRead, Write};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let (mut a, mut b) = (a.makefile(), b.makefile());
    /// writeln!(a, "ping")?;
    /// a.flush()?;
    /// let mut line = String::new();
    /// b.read_line(&mut line)?;
    /// assert_eq!(line, "ping\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn makefile(&self) -> SocketFile<&Socket> {
        SocketFile::new(self)
    }
}

/// A buffered reader and writer over one socket; made by [`Socket::makefile`].
///
/// Reading does not send what was written before: [`flush`](Write::flush) when an answer is
/// expected.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, SocketFile, Type};
/// use std::io::{BufRead, Write};
/// use std::sync::Arc;
///
/// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// let shared = Arc::new(a);
/// let mut file = SocketFile::new(Arc::clone(&shared)); // keeps the socket open
/// file.write_all(b"hi\n")?;
/// file.flush()?;
/// assert_eq!(b.recv_vec(10)?, b"hi\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[doc(alias("makefile", "SocketIO"))]
pub struct SocketFile<S: Borrow<Socket>> {
    // The writer stands inside the reader, whose reads pass it by: one socket, two buffers.
    inner: BufReader<Through<S>>,
}

impl<S: Borrow<Socket>> SocketFile<S> {
    /// A file over a socket: owned, borrowed or shared.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, SocketFile, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::STREAM, Protocol::DEFAULT)?;
    /// let file: SocketFile<Socket> = SocketFile::new(sock);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn new(socket: S) -> SocketFile<S> {
        SocketFile { inner: BufReader::new(Through(BufWriter::new(Raw(socket)))) }
    }

    /// The socket under the file.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.makefile().socket().family(), Family::UNIX);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn socket(&self) -> &Socket {
        self.inner.get_ref().0.get_ref().0.borrow()
    }
}

impl<S: Borrow<Socket>> Read for SocketFile<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }
}

impl<S: Borrow<Socket>> BufRead for SocketFile<S> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
    }
}

impl<S: Borrow<Socket>> Write for SocketFile<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.inner.get_mut().0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.get_mut().0.flush()
    }
}

/// A buffered writer whose reads go straight to the socket.
#[derive(Debug)]
struct Through<S: Borrow<Socket>>(BufWriter<Raw<S>>);

impl<S: Borrow<Socket>> Read for Through<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        read(self.0.get_ref().0.borrow(), buf)
    }
}

/// A socket, however it is held, that can be written to.
#[derive(Debug)]
struct Raw<S>(S);

impl<S: Borrow<Socket>> Write for Raw<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(self.0.borrow().send(buf)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for &Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        read(self, buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        Ok(self.recv_vectored(bufs, MsgFlags::empty())?)
    }
}

/// Each call sends within the socket's timeout; [`write_all`](Write::write_all) sends everything
/// within one.
impl Write for &Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(self.send(buf)?)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(self.send_vectored(bufs, MsgFlags::empty())?)
    }

    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        Ok(self.send_all(buf)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buf)
    }

    fn read_vectored(&mut self, bufs: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(bufs)
    }
}

impl Write for Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        (&*self).write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(bufs)
    }

    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {
        (&*self).write_all(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn read(socket: &Socket, buf: &mut [u8]) -> io::Result<usize> {
    Ok(socket.recv(buf)?)
}
