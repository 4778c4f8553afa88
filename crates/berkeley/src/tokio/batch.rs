//! Many datagrams in one call.

use super::Socket;
use super::wait::{Got, Patience};
use crate::batch::{RecvBatch, SendBatch};
use crate::error::{Call, Error, Result};
use crate::kind::{Family, Type};
use crate::sys::{Errno, Interest};
use crate::target::ToAddr;

/// Many datagrams in one call: see [`batch`](crate::batch).
impl Socket {
    /// Receives the datagrams that are there, as many as the batch has room for, and says how many:
    /// see [`recv_batch`](crate::Socket::recv_batch).
    ///
    /// Dropped, it has received nothing.
    ///
    /// ```
    /// use berkeley::batch::RecvBatch;
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0").await?;
    /// sock.send_to(b"to myself", sock.local_addr()?).await?;
    ///
    /// let mut batch = RecvBatch::new(8, 1500);
    /// assert_eq!(sock.recv_batch(&mut batch).await?, 1);
    /// assert_eq!(batch.iter().next().unwrap().data(), b"to myself");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("recvmmsg", "UDP_GRO", "GRO"))]
    pub async fn recv_batch(&self, batch: &mut RecvBatch) -> Result<usize> {
        let plain = self.plain();
        // Such a call takes all there is.
        let empties =
            plain.ty() == Type::DGRAM && matches!(plain.family(), Family::INET | Family::INET6);
        let mut patience = self.patience();
        self.until(Call::RecvMmsg, Interest::Read, &mut patience, |plain| {
            let value = plain.recv_batch(batch)?;
            Ok(Got { value, was_last: empties && batch.has_room() })
        })
        .await
    }

    /// Sends all datagrams of the batch, in order, and says how many: see
    /// [`send_batch`](crate::Socket::send_batch).
    ///
    /// What has gone leaves the batch. Dropped or failed, the same call goes on: nothing is lost
    /// and nothing is sent twice.
    ///
    /// ```
    /// use berkeley::batch::SendBatch;
    /// use berkeley::tokio::Socket;
    /// use berkeley::{Family, Protocol, Type};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// sock.bind("127.0.0.1:0").await?;
    /// let mut batch = SendBatch::new();
    /// batch.push(b"one", sock.local_addr()?)?;
    /// batch.push(b"two", sock.local_addr()?)?;
    /// assert_eq!(sock.send_batch(&mut batch).await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("sendmmsg", "UDP_SEGMENT", "GSO"))]
    pub async fn send_batch(&self, batch: &mut SendBatch) -> Result<usize> {
        let mut gone = 0;
        let mut patience = self.patience_from_now();
        let sent = self.until(Call::SendMmsg, Interest::Write, &mut patience, |plain| {
            let sent = plain.send_batch(batch);
            gone += sent.as_ref().map_or(0, |sent| *sent);
            match sent {
                Ok(_) if !batch.is_empty() => Err(Error::new(Call::SendMmsg, Errno::EAGAIN)),
                sent => sent.map(|_| Got::from(())),
            }
        });
        match sent.await {
            Err(error) if !(error.is_would_block() && gone > 0) => Err(error),
            // All of them, or, where it does not wait, as many as there was room for.
            _ => Ok(gone),
        }
    }

    /// Sends these bytes as datagrams of `size` bytes each, and says how many: see
    /// [`send_segments`](crate::Socket::send_segments).
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert_eq!(sock.send_segments(&[7; 3000], 1200, "127.0.0.1:9").await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the plain one.
    #[doc(alias("UDP_SEGMENT", "GSO"))]
    pub async fn send_segments(&self, data: &[u8], size: usize, to: impl ToAddr) -> Result<usize> {
        self.send_segments_from(data, size, to, &mut 0).await
    }

    /// [`send_segments`](Socket::send_segments) of what stands behind the first `done` bytes, which
    /// grow as they go: the call that is dropped or fails goes on from there.
    ///
    /// ```
    /// # use berkeley::tokio::Socket;
    /// # use berkeley::{Family, Protocol, Type};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// let mut done = 1200; // the first of them has gone
    /// let sent = sock.send_segments_from(&[7; 3000], 1200, "127.0.0.1:9", &mut done).await?;
    /// assert_eq!((sent, done), (2, 3000));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_segments`](Socket::send_segments).
    #[doc(alias("UDP_SEGMENT", "GSO"))]
    pub async fn send_segments_from(
        &self,
        data: &[u8],
        size: usize,
        to: impl ToAddr,
        done: &mut usize,
    ) -> Result<usize> {
        let (call, mut gone) = (Call::SendMsg, 0);
        let mut patience = self.patience_from_now();
        let to = self.address(call, to, &mut patience).await?;
        let sent = self.until(call, Interest::Write, &mut patience, |plain| {
            let rest = data.get(*done..).unwrap_or_default();
            let sent = plain.send_segments(rest, size, to);
            let bytes = match &sent {
                Ok(datagrams) => rest.len().min(datagrams.saturating_mul(size)),
                Err(error) => error.bytes_sent().unwrap_or(0),
            };
            *done += bytes;
            gone += bytes.checked_div(size).unwrap_or(0) + usize::from(bytes % size.max(1) > 0);
            match sent {
                Ok(_) if bytes < rest.len() => Err(Error::new(call, Errno::EAGAIN)),
                sent => sent.map(|_| Got::from(())),
            }
        });
        match sent.await {
            Err(error)
                if matches!(patience, Patience::None) && error.is_would_block() && gone > 0 =>
            {
                Ok(gone)
            }
            Err(error) => Err(error.after_sending(*done)),
            Ok(()) => Ok(gone),
        }
    }
}
