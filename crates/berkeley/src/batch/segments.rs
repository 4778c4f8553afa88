//! Sending bytes that already stand one datagram behind the other.

use std::os::fd::AsFd;

use super::no_stream;
use super::send::most_segments;
use crate::addr::Addr;
use crate::error::{Call, Cause, Error, Result};
use crate::kind::MsgFlags;
use crate::seam;
use crate::socket::{Refusal, Socket};
use crate::sys::Interest;
use crate::target::ToAddr;

/// Sending many datagrams from one piece of memory.
impl Socket {
    /// Sends these bytes as datagrams of `size` bytes each, of which the last may be shorter, in
    /// order and within one deadline, and says how many datagrams have gone. Nothing is copied
    /// on the way to the kernel, which gets them in pieces as large as it takes
    /// (`UDP_SEGMENT`), or one by one where [that is refused](Socket::send_offload).
    ///
    /// A [`SendBatch`](super::SendBatch) is for datagrams from here and there, of several sizes or
    /// to several addresses; `()` is the connected peer.
    ///
    /// A socket that does not wait sends as many as there is room for.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert_eq!(sock.send_segments(&[7; 3000], 1200, "127.0.0.1:9")?, 3);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_to`](Socket::send_to), with the number of
    /// [bytes that have gone](Error::bytes_sent); [`Cause::Argument`] for a stream, and for
    /// datagrams of no bytes.
    ///
    /// See `sendmsg(2)`, `udp(7)`.
    #[doc(alias("UDP_SEGMENT", "GSO", "sendmsg"))]
    pub fn send_segments(&self, data: &[u8], size: usize, to: impl ToAddr) -> Result<usize> {
        no_stream(self, Call::SendMsg)?;
        if size == 0 {
            return Err(Error::new(Call::SendMsg, Cause::Argument("datagrams of no bytes")));
        }
        to.with_addr(self.family(), |to| self.send_pieces(data, size, to))
            .map_err(|error| error.in_call(Call::SendMsg))?
    }

    fn send_pieces(&self, data: &[u8], size: usize, to: &Addr) -> Result<usize> {
        let patience = self.patience(MsgFlags::empty());
        let name = (!to.is_empty()).then_some(&to.0);
        let flags = self.send_flags(MsgFlags::empty());
        let (mut rest, mut gone) = (data, 0);
        // How the next ones were refused in one piece.
        let mut refused: Option<Refusal> = None;
        while !rest.is_empty() {
            let joins = refused.is_none() && self.has_offload() && size < self.offload.limit();
            let most = if joins { most_segments(size) } else { 1 };
            let (piece, _) =
                rest.split_at_checked(size.saturating_mul(most)).unwrap_or((rest, &[]));
            let sent = self.retry_by(Call::SendMsg, Interest::Write, patience, || {
                let segment = u16::try_from(size).ok().filter(|_| piece.len() > size);
                match (segment, name) {
                    (Some(size), _) => seam::send_segments(self.as_fd(), piece, size, flags, name),
                    (None, Some(to)) => seam::send_to(self.as_fd(), piece, flags, to),
                    (None, None) => seam::send(self.as_fd(), piece, flags),
                }
            });
            let error = match sent {
                Ok(_) => {
                    rest = rest.get(piece.len()..).unwrap_or_default();
                    gone += piece.len().div_ceil(size);
                    match refused.take() {
                        // One alone is taken, so it was the piece that was not.
                        Some(refusal) => self.offload.refused(refusal),
                        None if piece.len() > size => self.offload.taken(),
                        None => {}
                    }
                    continue;
                }
                Err(error) => error,
            };
            match error.errno().filter(|errno| Refusal::ERRORS.contains(errno)) {
                Some(errno) if piece.len() > size => {
                    refused = Some(Refusal { segment: size, errno });
                }
                _ if error.is_would_block() && gone > 0 => break,
                _ => {
                    let error = if to.is_empty() { error } else { error.at(to) };
                    return Err(error.after_sending(data.len() - rest.len()));
                }
            }
        }
        Ok(gone)
    }
}
