//! Whole messages over a stream: so many bytes, up to a separator, behind their length.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use crate::buf::{fill, spare};
use crate::error::{Call, Cause, Error, Result};
use crate::interrupt::interrupted;
use crate::kind::MsgFlags;
use crate::seam;
use crate::socket::Socket;
use crate::sys::{Errno, Filled, Interest};
use crate::time::Deadline;

/// How the length of a frame is written in front of it.
///
/// ```
/// use berkeley::LengthPrefix;
///
/// assert_eq!(LengthPrefix::U16.size(), 2);
/// ```
///
/// The order of bytes is the network's, but where the name says otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
#[doc(alias("struct.pack", "framing", "LengthDelimitedCodec"))]
pub enum LengthPrefix {
    /// One byte.
    U8,
    /// Two bytes.
    U16,
    /// Four bytes.
    U32,
    /// Eight bytes.
    U64,
    /// Two bytes, the lowest first.
    U16Le,
    /// Four bytes, the lowest first.
    U32Le,
    /// Eight bytes, the lowest first.
    U64Le,
}

impl LengthPrefix {
    /// How many bytes it takes.
    ///
    /// ```
    /// assert_eq!(berkeley::LengthPrefix::U32Le.size(), 4);
    /// ```
    pub const fn size(self) -> usize {
        match self {
            LengthPrefix::U8 => 1,
            LengthPrefix::U16 | LengthPrefix::U16Le => 2,
            LengthPrefix::U32 | LengthPrefix::U32Le => 4,
            LengthPrefix::U64 | LengthPrefix::U64Le => 8,
        }
    }

    /// Whether the lowest byte comes first.
    const fn is_little(self) -> bool {
        matches!(self, LengthPrefix::U16Le | LengthPrefix::U32Le | LengthPrefix::U64Le)
    }

    /// The bytes in front of so many, at the end of these eight; `None` if the length needs more.
    fn write(self, len: usize) -> Option<[u8; 8]> {
        let mut bytes = (len as u64).to_be_bytes();
        let (high, low) = bytes.split_at_mut_checked(8 - self.size())?;
        if high.iter().any(|byte| *byte != 0) {
            return None;
        }
        if self.is_little() {
            low.reverse();
        }
        Some(bytes)
    }

    /// The length that these bytes tell, as many as there are of them.
    fn read(self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        match self.is_little() {
            true => bytes.iter().rev().fold(0, add),
            false => bytes.iter().fold(0, add),
        }
    }
}

/// Whole messages over a stream. Each call has one deadline, and loses nothing if it fails.
impl Socket {
    /// Receives until this memory is full.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"he")?;
    /// a.send(b"ad, body")?;
    /// let mut head = [0; 4];
    /// b.recv_exactly(&mut head)?;
    /// assert_eq!(&head, b"head");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Socket::recv); [`Cause::UnexpectedEnd`] if the stream ends before. The
    /// memory holds what has come, and [`Error::bytes_received`] says how much that is.
    /// [`Cause::Argument`] for a socket that is not a stream.
    #[doc(alias("recvall", "read_exact", "recv_exact", "MSG_WAITALL"))]
    pub fn recv_exactly(&self, room: &mut [u8]) -> Result<()> {
        let whole = Whole::new(self, Call::RecvExactly)?;
        let mut done = 0;
        while done < room.len() {
            done += whole.exactly(room, done)?;
        }
        Ok(())
    }

    /// Receives up to a separator and no further, and appends it all, the separator too; `false`
    /// if the stream has ended instead, with nothing before its end. At most `limit` bytes come
    /// together, those included that were there before.
    ///
    /// Call it with an empty vector. After an error, the same call with the same vector goes on.
    /// What stands behind the separator stays in the socket: the kernel is asked twice for each
    /// piece, and nobody else may receive from it meanwhile. For many short lines a
    /// [`reader`](Socket::reader) is faster.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send(b"GET / HTTP/1.1\r\n\r\nbody")?;
    /// let mut head = Vec::new();
    /// assert!(b.recv_until(b"\r\n\r\n", 8192, &mut head)?);
    /// assert_eq!(head, b"GET / HTTP/1.1\r\n\r\n");
    /// assert_eq!(b.recv_vec(100)?, b"body");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Socket::recv); [`Cause::UnexpectedEnd`] if the stream ends in the middle,
    /// [`Cause::Limit`] if so many bytes have come and no separator. What has come is in the
    /// vector. [`Cause::Argument`] for a socket that is not a stream, or an empty separator.
    #[doc(alias("readuntil", "read_until", "readline"))]
    pub fn recv_until(&self, separator: &[u8], limit: usize, data: &mut Vec<u8>) -> Result<bool> {
        let whole = Whole::new(self, Call::RecvUntil)?;
        loop {
            if let Some(done) = whole.until(separator, limit, data)? {
                return Ok(done);
            }
        }
    }

    /// Sends the length of these bytes and the bytes, in one piece if the kernel takes it.
    ///
    /// ```
    /// use berkeley::{Family, LengthPrefix, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send_frame(LengthPrefix::U16, b"hello")?;
    /// assert_eq!(b.recv_vec(100)?, b"\x00\x05hello");
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`send_all`](Socket::send_all), the prefix counted in [`Error::bytes_sent`];
    /// [`Cause::Limit`] for more bytes than the prefix can tell.
    #[doc(alias("LengthDelimitedCodec", "framing"))]
    pub fn send_frame(&self, prefix: LengthPrefix, data: &[u8]) -> Result<()> {
        let patience = self.patience(MsgFlags::empty());
        let mut sent = 0;
        loop {
            sent += self.send_of_frame(prefix, data, sent, patience)?;
            if sent >= prefix.size() + data.len() {
                return Ok(());
            }
            in_time(Call::SendFrame, patience).map_err(|error| error.after_sending(sent))?;
        }
    }

    /// Sends some of a frame, behind so many bytes of it.
    pub(crate) fn send_of_frame(
        &self,
        prefix: LengthPrefix,
        data: &[u8],
        sent: usize,
        patience: Option<Deadline>,
    ) -> Result<usize> {
        let call = Call::SendFrame;
        let Some(bytes) = prefix.write(data.len()) else {
            let most = usize::MAX >> usize::BITS.saturating_sub(8 * prefix.size() as u32);
            return Err(Error::new(call, Cause::Limit(most)));
        };
        let head = bytes.get(8 - prefix.size()..).unwrap_or_default();
        let body = data.get(sent.saturating_sub(head.len())..).unwrap_or_default();
        let pieces = [IoSlice::new(head.get(sent..).unwrap_or_default()), IoSlice::new(body)];
        let more = self.retry_by(call, Interest::Write, patience, || {
            let flags = self.send_flags(MsgFlags::empty());
            seam::send_message(self.as_fd(), &pieces, &[], flags, None)
        });
        more.map_err(|error| error.after_sending(sent))
    }

    /// Receives one frame, whose length stands in front of it, into this vector; `false` if the
    /// stream has ended where a frame would begin.
    ///
    /// Call it with an empty vector. After an error, it holds what has come, the length in front;
    /// the same call with the same vector goes on.
    ///
    /// ```
    /// use berkeley::{Family, LengthPrefix, Protocol, Socket, Type};
    ///
    /// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    /// a.send_frame(LengthPrefix::U32, b"one")?;
    /// a.send_frame(LengthPrefix::U32, b"")?;
    /// drop(a);
    /// let (mut frame, mut lens) = (Vec::new(), Vec::new());
    /// while b.recv_frame(LengthPrefix::U32, 1 << 20, &mut frame)? {
    ///     lens.push(frame.len());
    ///     frame.clear();
    /// }
    /// assert_eq!(lens, [3, 0]);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`recv`](Socket::recv); [`Cause::UnexpectedEnd`] if the stream ends in the middle,
    /// [`Cause::Limit`] for a frame of more than `limit` bytes, of which only the length has been
    /// received then. [`Cause::Argument`] for a socket that is not a stream.
    #[doc(alias("LengthDelimitedCodec", "framing"))]
    pub fn recv_frame(
        &self,
        prefix: LengthPrefix,
        limit: usize,
        data: &mut Vec<u8>,
    ) -> Result<bool> {
        let whole = Whole::new(self, Call::RecvFrame)?;
        loop {
            if let Some(done) = whole.frame(prefix, limit, data)? {
                return Ok(done);
            }
        }
    }
}

/// The most that is received at a time while nobody knows how much will come.
const PIECE: usize = 16 << 10;

/// A call that receives a whole message from a stream, piece by piece. What has come stands in the
/// caller's memory: each step goes on from there.
pub(crate) struct Whole<'s> {
    socket: &'s Socket,
    call: Call,
    patience: Option<Deadline>,
}

impl<'s> Whole<'s> {
    pub(crate) fn new(socket: &'s Socket, call: Call) -> Result<Whole<'s>> {
        if socket.ty().keeps_boundaries() {
            let cause = Cause::Argument("only a stream is received in pieces of one's own");
            return Err(Error::new(call, cause));
        }
        Ok(Whole { socket, call, patience: socket.patience(MsgFlags::empty()) })
    }

    /// Receives some of these bytes, behind those that are done.
    pub(crate) fn exactly(&self, room: &mut [u8], done: usize) -> Result<usize> {
        self.in_time(done)?;
        let rest = room.get_mut(done..).unwrap_or_default();
        let got = fill(rest, |room| self.piece(room, MsgFlags::empty()));
        match got.map_err(|error| error.after_receiving(done))? {
            0 => Err(self.fail(Cause::UnexpectedEnd, done)),
            got => Ok(got),
        }
    }

    /// Receives a piece up to the separator; `None` if there is more to come.
    pub(crate) fn until(
        &self,
        separator: &[u8],
        limit: usize,
        data: &mut Vec<u8>,
    ) -> Result<Option<bool>> {
        if separator.is_empty() {
            return Err(Error::new(self.call, Cause::Argument("a separator is a byte or more")));
        }
        let before = data.len();
        if data.ends_with(separator) {
            return Ok(Some(true));
        }
        if before >= limit {
            return Err(self.fail(Cause::Limit(limit), before));
        }
        self.in_time(before)?;
        // A look first, to take no more than there is up to the separator.
        let most = PIECE.min(limit - before);
        if self.append(data, most, MsgFlags::PEEK)? == 0 {
            return self.ended(before).map(Some);
        }
        let old = before.saturating_sub(separator.len() - 1);
        let end = find(data, old, separator).unwrap_or(data.len());
        data.truncate(before);
        self.append(data, end - before, MsgFlags::empty())?;
        Ok(data.ends_with(separator).then_some(true))
    }

    /// Receives a piece of a frame; `None` if there is more to come.
    pub(crate) fn frame(
        &self,
        prefix: LengthPrefix,
        limit: usize,
        data: &mut Vec<u8>,
    ) -> Result<Option<bool>> {
        let (head, before) = (prefix.size(), data.len());
        let known = self.frame_len(prefix, limit, data)?;
        let whole = known.unwrap_or(head);
        if before < whole {
            self.in_time(before)?;
            // Memory is taken as the bytes come: to name a length makes nobody give it.
            let most = (whole - before).min(before.max(PIECE));
            if self.append(data, most, MsgFlags::empty())? == 0 {
                return self.ended(before).map(Some);
            }
        }
        match self.frame_len(prefix, limit, data)? {
            Some(whole) if data.len() >= whole => {
                data.drain(..head);
                Ok(Some(true))
            }
            _ => Ok(None),
        }
    }

    /// How long the frame is, its head too; `None` before that has come.
    fn frame_len(&self, prefix: LengthPrefix, limit: usize, data: &[u8]) -> Result<Option<usize>> {
        let Some(head) = data.get(..prefix.size()) else { return Ok(None) };
        let len = usize::try_from(prefix.read(head)).ok().filter(|len| *len <= limit);
        let len = len.ok_or_else(|| self.fail(Cause::Limit(limit), data.len()))?;
        Ok(Some(prefix.size().saturating_add(len)))
    }

    /// Receives some bytes; none at the end.
    fn piece(&self, room: &mut [MaybeUninit<u8>], flags: MsgFlags) -> Result<Filled> {
        self.socket.recv_by(self.call, room, flags, self.patience)
    }

    /// Receives at most so many bytes, appends them and says how many; none at the end.
    fn append(&self, data: &mut Vec<u8>, most: usize, flags: MsgFlags) -> Result<usize> {
        let before = data.len();
        data.try_reserve(most).map_err(|_| self.fail(Errno::ENOMEM.into(), before))?;
        fill(spare(data), |room| self.piece(room.get_mut(..most).unwrap_or_default(), flags))
            .map_err(|error| error.after_receiving(before))
    }

    /// What the end of the stream means behind so many bytes of a message.
    fn ended(&self, received: usize) -> Result<bool> {
        match received {
            0 => Ok(false),
            _ => Err(self.fail(Cause::UnexpectedEnd, received)),
        }
    }

    /// Whether there is still time, once something has come.
    fn in_time(&self, received: usize) -> Result<()> {
        match received {
            0 => Ok(()),
            _ => in_time(self.call, self.patience).map_err(|error| error.after_receiving(received)),
        }
    }

    fn fail(&self, cause: Cause, received: usize) -> Error {
        Error::new(self.call, cause).after_receiving(received)
    }
}

/// Between the pieces of one call: handlers of signals may run, and the deadline counts, though
/// the kernel was ready each time.
fn in_time(call: Call, patience: Option<Deadline>) -> Result<()> {
    interrupted(call)?;
    match patience.is_some_and(Deadline::has_passed) {
        true => Err(Error::new(call, Cause::TimedOut)),
        false => Ok(()),
    }
}

/// Where the first separator from `start` on ends.
fn find(data: &[u8], start: usize, separator: &[u8]) -> Option<usize> {
    let mut windows = data.get(start..)?.windows(separator.len());
    windows.position(|window| window == separator).map(|at| start + at + separator.len())
}
