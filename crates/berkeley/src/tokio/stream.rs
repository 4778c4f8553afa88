//! The socket as what Tokio's libraries read from and write to, whole or in halves.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Socket;
use super::wait::{Got, Slot};
use crate::buf::Filling;
use crate::error::{Call, Result};
use crate::kind::MsgFlags;
use crate::socket::Socket as Plain;
use crate::sys::{Errno, Interest};

/// The halves of a socket.
impl Socket {
    /// The socket as one half that reads and one that writes, for one task.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let (mut a, mut b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.write_all(b"echo").await?;
    /// a.shutdown(std::net::Shutdown::Write)?;
    /// let (mut reader, mut writer) = b.split();
    /// copy(&mut reader, &mut writer).await?;
    /// let mut back = [0; 4];
    /// a.read_exact(&mut back).await?;
    /// assert_eq!(&back, b"echo");
    /// # Ok(()) }
    /// ```
    pub fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        let socket = &*self;
        (ReadHalf { socket, slot: Slot::default() }, WriteHalf { socket, slot: Slot::default() })
    }

    /// The socket as one half that reads and one that writes, for two tasks.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let (_, mut writer) = a.into_split();
    /// tokio::spawn(async move { writer.write_all(b"all, and its end").await });
    /// let (mut reader, _writer) = b.into_split();
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text).await?;
    /// assert_eq!(text, "all, and its end");
    /// # Ok(()) }
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf, OwnedWriteHalf) {
        let socket = Arc::new(self);
        let read = OwnedReadHalf { socket: Arc::clone(&socket), slot: Slot::default() };
        (read, OwnedWriteHalf { socket, slot: Slot::default(), ends: true })
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        slot: Option<&mut Slot>,
        buf: &mut ReadBuf<'_>,
    ) -> Option<Poll<io::Result<()>>> {
        let empties = self.empties();
        let mut filling = Filling::new(buf);
        let received = self.poll_either(cx, Call::Recv, Interest::Read, slot, |plain| {
            let flags = MsgFlags::empty();
            let (len, has_room) = filling.attempt(|room| plain.recv_filled(room, flags))?;
            Ok(Got { value: (), was_last: empties && has_room && len > 0 })
        })?;
        if let Poll::Ready(Ok(())) = received {
            filling.finish();
        }
        Some(received)
    }

    fn poll_send(
        &self,
        cx: &mut Context<'_>,
        slot: Option<&mut Slot>,
        data: &[u8],
    ) -> Option<Poll<io::Result<usize>>> {
        let fills = self.fills();
        self.poll_either(cx, Call::Send, Interest::Write, slot, |plain| {
            let value = plain.send(data)?;
            Ok(Got { value, was_last: fills && value < data.len() })
        })
    }

    fn poll_send_vectored(
        &self,
        cx: &mut Context<'_>,
        slot: Option<&mut Slot>,
        data: &[IoSlice<'_>],
    ) -> Option<Poll<io::Result<usize>>> {
        let (fills, len) = (self.fills(), data.iter().map(|piece| piece.len()).sum::<usize>());
        // The kernel takes no more at once; the trait's callers send on.
        let data = data.get(..data.len().min(MOST_PIECES)).unwrap_or_default();
        self.poll_either(cx, Call::Send, Interest::Write, slot, |plain| {
            let value = plain.send_vectored(data, MsgFlags::empty())?;
            Ok(Got { value, was_last: fills && value < len && data.len() < MOST_PIECES })
        })
    }

    /// The long way with a slot; without one the short way, and `None` if it does not lead on.
    #[inline]
    fn poll_either<T>(
        &self,
        cx: &mut Context<'_>,
        call: Call,
        interest: Interest,
        slot: Option<&mut Slot>,
        mut attempt: impl FnMut(&Plain) -> Result<Got<T>>,
    ) -> Option<Poll<io::Result<T>>> {
        let done = match slot {
            Some(slot) => Some(self.poll_until(cx, call, interest, slot, attempt)),
            None => self.poll_new(cx, interest, &mut attempt),
        };
        done.map(|done| done.map_err(io::Error::from))
    }

    /// The peer receives the end. One who has gone does not mind.
    fn poll_end(&self) -> Poll<io::Result<()>> {
        match self.shutdown(Shutdown::Write) {
            Err(error) if error.errno() == Some(Errno::ENOTCONN) => Poll::Ready(Ok(())),
            done => Poll::Ready(Ok(done?)),
        }
    }
}

/// So many pieces the kernel sends at once (`IOV_MAX`).
const MOST_PIECES: usize = 1024;

/// The half of a socket that reads, for one task: made by [`Socket::split`].
///
/// ```
/// # use berkeley::tokio::Socket;
/// # use berkeley::{Family, Protocol, Type};
/// let (mut a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// let (reader, _writer) = a.split();
/// assert_eq!(reader.socket().plain().family(), Family::UNIX);
/// # Ok::<(), berkeley::Error>(())
/// ```
pub struct ReadHalf<'s> {
    socket: &'s Socket,
    slot: Slot,
}

/// The half of a socket that writes, for one task: made by [`Socket::split`].
///
/// ```
/// # use berkeley::tokio::Socket;
/// # use berkeley::{Family, Protocol, Type};
/// let (mut a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// let (_reader, writer) = a.split();
/// assert_eq!(writer.socket().plain().family(), Family::UNIX);
/// # Ok::<(), berkeley::Error>(())
/// ```
pub struct WriteHalf<'s> {
    socket: &'s Socket,
    slot: Slot,
}

/// The half of a socket that reads: made by [`Socket::into_split`].
///
/// ```
/// # use berkeley::tokio::Socket;
/// # use berkeley::{Family, Protocol, Type};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
/// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// let (reader, _writer) = a.into_split();
/// b.send(b"either way").await?;
/// assert_eq!(reader.socket().recv_vec(100).await?, b"either way");
/// # Ok(()) }
/// ```
pub struct OwnedReadHalf {
    socket: Arc<Socket>,
    slot: Slot,
}

/// The half of a socket that writes: made by [`Socket::into_split`].
///
/// When it is dropped, the peer receives the end of the stream, unless it is
/// [forgotten](OwnedWriteHalf::forget) or [reunited](OwnedReadHalf::reunite).
///
/// ```
/// # use berkeley::tokio::Socket;
/// # use berkeley::{Family, Protocol, Type};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
/// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// let (_reader, writer) = a.into_split();
/// drop(writer);
/// assert_eq!(b.recv(&mut [0; 8]).await?, 0);
/// # Ok(()) }
/// ```
pub struct OwnedWriteHalf {
    socket: Arc<Socket>,
    slot: Slot,
    /// Dropping it ends the stream.
    ends: bool,
}

impl ReadHalf<'_> {
    /// The whole socket.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// let (mut a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.split().0.socket().timeout(), None);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn socket(&self) -> &Socket {
        self.socket
    }
}

impl WriteHalf<'_> {
    /// The whole socket.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// let (mut a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.split().1.socket().timeout(), None);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn socket(&self) -> &Socket {
        self.socket
    }
}

impl OwnedReadHalf {
    /// The whole socket.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.into_split().0.socket().timeout(), None);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The socket, whole again; both halves if they are not of one.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let (reader, writer) = a.into_split();
    /// let a = reader.reunite(writer).expect("both are of it");
    /// a.send(b"still open").await?;
    /// assert_eq!(b.recv_vec(100).await?, b"still open");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The halves themselves.
    pub fn reunite(
        self,
        mut writer: OwnedWriteHalf,
    ) -> Result<Socket, (OwnedReadHalf, OwnedWriteHalf)> {
        if !Arc::ptr_eq(&self.socket, &writer.socket) {
            return Err((self, writer));
        }
        writer.ends = false;
        drop(writer);
        let OwnedReadHalf { socket, slot } = self;
        Arc::try_unwrap(socket).map_err(|socket| {
            let whole = Arc::clone(&socket);
            let writer = OwnedWriteHalf { socket: whole, slot: Slot::default(), ends: true };
            (OwnedReadHalf { socket, slot }, writer)
        })
    }
}

impl OwnedWriteHalf {
    /// The whole socket.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// assert_eq!(a.into_split().1.socket().timeout(), None);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Drops the half without ending the stream.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let (reader, writer) = a.into_split();
    /// writer.forget();
    /// reader.socket().send(b"still open").await?;
    /// assert_eq!(b.recv_vec(100).await?, b"still open");
    /// # Ok(()) }
    /// ```
    pub fn forget(mut self) {
        self.ends = false;
    }
}

impl Drop for OwnedWriteHalf {
    fn drop(&mut self) {
        if self.ends {
            let _ = self.socket.shutdown(Shutdown::Write);
        }
    }
}

/// Reading, by whatever holds a socket and what its task keeps.
macro_rules! reads {
    ($($ty:ty, $half:ident => $socket:expr, $slot:expr;)+) => {
        $(
            /// Each read is a [`recv`](Socket::recv), within the socket's timeout.
            impl AsyncRead for $ty {
                fn poll_read(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    buf: &mut ReadBuf<'_>,
                ) -> Poll<io::Result<()>> {
                    let $half = self.get_mut();
                    if $slot.is_idle() {
                        if let Some(done) = $socket.poll_recv(cx, None, buf) {
                            return done;
                        }
                    }
                    let mut slot = std::mem::take($slot);
                    let done = $socket.poll_recv(cx, Some(&mut slot), buf);
                    *$slot = slot;
                    done.unwrap_or(Poll::Pending)
                }
            }
        )+
    };
}

/// Writing, the same way.
macro_rules! writes {
    ($($ty:ty, $half:ident => $socket:expr, $slot:expr;)+) => {
        $(
            /// Each write is a [`send`](Socket::send), within the socket's timeout. Nothing is
            /// buffered here, and shutting down ends the stream.
            impl AsyncWrite for $ty {
                fn poll_write(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    data: &[u8],
                ) -> Poll<io::Result<usize>> {
                    let $half = self.get_mut();
                    if $slot.is_idle() {
                        if let Some(done) = $socket.poll_send(cx, None, data) {
                            return done;
                        }
                    }
                    let mut slot = std::mem::take($slot);
                    let done = $socket.poll_send(cx, Some(&mut slot), data);
                    *$slot = slot;
                    done.unwrap_or(Poll::Pending)
                }

                fn poll_write_vectored(
                    self: Pin<&mut Self>,
                    cx: &mut Context<'_>,
                    data: &[IoSlice<'_>],
                ) -> Poll<io::Result<usize>> {
                    let $half = self.get_mut();
                    if $slot.is_idle() {
                        if let Some(done) = $socket.poll_send_vectored(cx, None, data) {
                            return done;
                        }
                    }
                    let mut slot = std::mem::take($slot);
                    let done = $socket.poll_send_vectored(cx, Some(&mut slot), data);
                    *$slot = slot;
                    done.unwrap_or(Poll::Pending)
                }

                fn is_write_vectored(&self) -> bool {
                    true
                }

                fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
                    Poll::Ready(Ok(()))
                }

                fn poll_shutdown(
                    self: Pin<&mut Self>,
                    _: &mut Context<'_>,
                ) -> Poll<io::Result<()>> {
                    let $half = self.get_mut();
                    $socket.poll_end()
                }
            }
        )+
    };
}

reads! {
    Socket, whole => whole, whole.reader.get_mut().unwrap_or_else(PoisonError::into_inner);
    ReadHalf<'_>, half => half.socket, &mut half.slot;
    OwnedReadHalf, half => half.socket, &mut half.slot;
}

writes! {
    Socket, whole => whole, whole.writer.get_mut().unwrap_or_else(PoisonError::into_inner);
    WriteHalf<'_>, half => half.socket, &mut half.slot;
    OwnedWriteHalf, half => half.socket, &mut half.slot;
}

/// The socket's.
macro_rules! shown {
    ($($ty:ty),+) => {
        $(impl fmt::Debug for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.socket().fmt(f)
            }
        })+
    };
}

shown!(ReadHalf<'_>, WriteHalf<'_>, OwnedReadHalf, OwnedWriteHalf);
