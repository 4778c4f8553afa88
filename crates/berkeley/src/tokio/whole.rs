//! Everything sent, and whole messages received from a stream, in as many pieces as it takes.

use std::borrow::BorrowMut;

use super::Socket;
use super::wait::{Got, Patience};
use crate::error::{Call, Cause, Error, Result};
use crate::kind::MsgFlags;
use crate::socket::Socket as Plain;
use crate::stream::{LengthPrefix, Whole};
use crate::sys::Interest;

/// Everything, in as many pieces as it takes. Each call has one deadline, and loses nothing if it
/// fails.
///
/// Where one of these is dropped before it has ended, a part has gone or come. Those whose names
/// end in `_from` keep how much in the caller's number: the same call with the same number goes on
/// from there. [`recv_until`](Socket::recv_until) and [`recv_frame`](Socket::recv_frame) go on with
/// the same vector.
impl Socket {
    /// Sends all of these bytes: see [`send_all`](crate::Socket::send_all).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let data = vec![7; 1 << 20];
    /// let mut back = vec![0; 1 << 20];
    /// tokio::try_join!(a.send_all(&data), b.recv_exactly(&mut back))?;
    /// assert!(data == back);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("sendall", "write_all"))]
    pub fn send_all(&self, data: &[u8]) -> impl Future<Output = Result<()>> {
        self.send_on(data, MsgFlags::empty(), 0)
    }

    /// [`send_all`](Socket::send_all) with flags.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, MsgFlags, Protocol, Type};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send_all_with(b"all", MsgFlags::MORE).await?;
    /// assert_eq!(b.recv_vec(100).await?, b"all");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_all`](Socket::send_all).
    pub async fn send_all_with(&self, data: &[u8], flags: MsgFlags) -> Result<()> {
        self.send_on(data, flags, 0).await
    }

    /// [`send_all`](Socket::send_all) of what stands behind the first `done` bytes, which grow as
    /// they go: the call that is dropped or fails goes on from there.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let (data, mut done) = (vec![7; 1 << 20], 0);
    /// let stopped = tokio::time::timeout(Duration::from_millis(10), a.send_all_from(&data, &mut done));
    /// assert!(stopped.await.is_err() && done > 0);
    ///
    /// let mut back = vec![0; 1 << 20];
    /// tokio::try_join!(a.send_all_from(&data, &mut done), b.recv_exactly(&mut back))?;
    /// assert!(data == back);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_all`](Socket::send_all).
    #[doc(alias("sendall", "write_all_buf"))]
    pub async fn send_all_from(&self, data: &[u8], done: &mut usize) -> Result<()> {
        self.send_on(data, MsgFlags::empty(), done).await
    }

    #[allow(clippy::manual_async_fn, reason = "an async fn would move all of these once more")]
    fn send_on(
        &self,
        data: &[u8],
        flags: MsgFlags,
        mut done: impl BorrowMut<usize>,
    ) -> impl Future<Output = Result<()>> {
        async move {
            let done = done.borrow_mut();
            let (call, write, mut patience) =
                (Call::SendAll, Interest::Write, self.patience_from_now());
            loop {
                let rest = data.get(*done..).unwrap_or_default();
                let mut attempt = |plain: &Plain| {
                    let value = plain.send_with(rest, flags)?;
                    Ok(Got { value, was_last: value < rest.len() && self.fills() })
                };
                let for_ever = patience.is_endless();
                let sent = match self.short(write, for_ever, &mut attempt).await {
                    Some(sent) => sent,
                    None => self.until_any(call, write, &mut patience, &mut attempt).await,
                };
                match sent {
                    Ok(sent) if sent >= rest.len() => {
                        *done += sent;
                        return Ok(());
                    }
                    Ok(sent) => *done += sent,
                    Err(error) => return Err(error.in_call(call).after_sending(*done)),
                }
                if patience.has_passed() {
                    return Err(late(call).after_sending(*done));
                }
            }
        }
    }

    /// Receives until this memory is full: see [`recv_exactly`](crate::Socket::recv_exactly).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"he").await?;
    /// a.send(b"ad, body").await?;
    /// let mut head = [0; 4];
    /// b.recv_exactly(&mut head).await?;
    /// assert_eq!(&head, b"head");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("recvall", "read_exact", "recv_exact"))]
    pub async fn recv_exactly(&self, room: &mut [u8]) -> Result<()> {
        self.recv_exactly_from(room, &mut 0).await
    }

    /// [`recv_exactly`](Socket::recv_exactly) behind the first `done` bytes, which grow as they
    /// come: the call that is dropped or fails goes on from there.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let (mut head, mut done) = ([0; 4], 0);
    /// a.send(b"he").await?;
    /// let stopped =
    ///     tokio::time::timeout(Duration::from_millis(10), b.recv_exactly_from(&mut head, &mut done));
    /// assert!(stopped.await.is_err() && done == 2);
    ///
    /// a.send(b"ad").await?;
    /// b.recv_exactly_from(&mut head, &mut done).await?;
    /// assert_eq!(&head, b"head");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv_exactly`](Socket::recv_exactly).
    #[doc(alias("recvall", "read_exact", "recv_exact"))]
    pub async fn recv_exactly_from(&self, room: &mut [u8], done: &mut usize) -> Result<()> {
        let call = Call::RecvExactly;
        let (whole, mut patience) = (Whole::new(self.plain(), call)?, self.patience_from_now());
        let empties = self.empties();
        while *done < room.len() {
            in_time(call, patience, *done)?;
            let (before, left) = (*done, room.len() - *done);
            let got = self.until(call, Interest::Read, &mut patience, |_| {
                let value = whole.exactly(room, before)?;
                Ok(Got { value, was_last: empties && value < left })
            });
            *done += got.await.map_err(|error| error.after_receiving(before))?;
        }
        Ok(())
    }

    /// Receives up to a separator and no further: see [`recv_until`](crate::Socket::recv_until).
    ///
    /// What has come stands in the vector. Dropped or failed, the same call with the same vector
    /// goes on.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"GET / HTTP/1.1\r\n\r\nbody").await?;
    /// let mut head = Vec::new();
    /// assert!(b.recv_until(b"\r\n\r\n", 8192, &mut head).await?);
    /// assert_eq!(head, b"GET / HTTP/1.1\r\n\r\n");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("readuntil", "read_until", "readline"))]
    pub async fn recv_until(
        &self,
        separator: &[u8],
        limit: usize,
        data: &mut Vec<u8>,
    ) -> Result<bool> {
        self.recv_whole(Call::RecvUntil, data, |whole, data| whole.until(separator, limit, data))
            .await
    }

    /// Receives one frame, whose length stands in front of it: see
    /// [`recv_frame`](crate::Socket::recv_frame).
    ///
    /// What has come stands in the vector. Dropped or failed, the same call with the same vector
    /// goes on.
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, LengthPrefix, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send_frame(LengthPrefix::U32, b"one").await?;
    /// let mut frame = Vec::new();
    /// assert!(b.recv_frame(LengthPrefix::U32, 1 << 20, &mut frame).await?);
    /// assert_eq!(frame, b"one");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("LengthDelimitedCodec", "framing"))]
    pub async fn recv_frame(
        &self,
        prefix: LengthPrefix,
        limit: usize,
        data: &mut Vec<u8>,
    ) -> Result<bool> {
        self.recv_whole(Call::RecvFrame, data, |whole, data| whole.frame(prefix, limit, data)).await
    }

    async fn recv_whole(
        &self,
        call: Call,
        data: &mut Vec<u8>,
        mut step: impl FnMut(&Whole<'_>, &mut Vec<u8>) -> Result<Option<bool>>,
    ) -> Result<bool> {
        let (whole, mut patience) = (Whole::new(self.plain(), call)?, self.patience_from_now());
        loop {
            let got = self
                .until(call, Interest::Read, &mut patience, |_| step(&whole, data).map(Got::from));
            let got = got.await;
            match got.map_err(|error| error.after_receiving(data.len()))? {
                Some(done) => return Ok(done),
                None => in_time(call, patience, data.len())?,
            }
        }
    }

    /// Sends the length of these bytes and the bytes: see
    /// [`send_frame`](crate::Socket::send_frame).
    ///
    /// ```
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, LengthPrefix, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send_frame(LengthPrefix::U16, b"hello").await?;
    /// assert_eq!(b.recv_vec(100).await?, b"\x00\x05hello");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("LengthDelimitedCodec", "framing"))]
    pub async fn send_frame(&self, prefix: LengthPrefix, data: &[u8]) -> Result<()> {
        self.send_frame_from(prefix, data, &mut 0).await
    }

    /// [`send_frame`](Socket::send_frame) behind the first `done` bytes of the frame, the length
    /// counted: the call that is dropped or fails goes on from there.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, LengthPrefix, Protocol, Type};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// let mut done = 0;
    /// a.send_frame_from(LengthPrefix::U8, b"hello", &mut done).await?;
    /// assert_eq!(done, 6);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_frame`](Socket::send_frame).
    #[doc(alias("LengthDelimitedCodec", "framing"))]
    pub async fn send_frame_from(
        &self,
        prefix: LengthPrefix,
        data: &[u8],
        done: &mut usize,
    ) -> Result<()> {
        let call = Call::SendFrame;
        let (len, mut patience) = (prefix.size() + data.len(), self.patience_from_now());
        let fills = self.fills();
        while *done < len {
            if *done > 0 && patience.has_passed() {
                return Err(late(call).after_sending(*done));
            }
            let before = *done;
            let sent = self.until(call, Interest::Write, &mut patience, |plain| {
                let value = plain.send_of_frame(prefix, data, before, None)?;
                Ok(Got { value, was_last: fills && before + value < len })
            });
            *done += sent.await.map_err(|error| error.after_sending(before))?;
        }
        Ok(())
    }
}

fn late(call: Call) -> Error {
    Error::new(call, Cause::TimedOut)
}

/// Whether there is still time, once something has come.
fn in_time(call: Call, patience: Patience, received: usize) -> Result<()> {
    match received > 0 && patience.has_passed() {
        true => Err(late(call).after_receiving(received)),
        false => Ok(()),
    }
}
