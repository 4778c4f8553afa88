//! Sending without a copy: the kernel reads the caller's memory, and says when it no longer does.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use crate::error::{Call, Cause, Error, Result};
use crate::errqueue::{ErrorEvent, QueuedError};
use crate::kind::MsgFlags;
use crate::opt;
use crate::seam;
use crate::socket::Socket;
use crate::sys::{Errno, Interest};
use crate::time::Deadline;

/// A sender that gives its memory to the kernel instead of copying it, and keeps each buffer until
/// the kernel has said that it is free.
///
/// It pays for large sends to a network: the account that the kernel keeps of a buffer costs as much
/// as the copy of some 32 KiB (`docs/performance.md` has what was measured). Over the loopback, and
/// wherever the device cannot read scattered memory, the kernel copies all the same and
/// [says so](ZeroCopyDone::copied): there it never pays.
///
/// While it lives it takes everything from the socket's queue of errors: what is not a completion
/// is kept for [`take_errors`](ZeroCopy::take_errors). Buffers that the kernel still reads when it
/// is dropped are never freed: [`finish`](ZeroCopy::finish) waits for them.
///
/// The kernel numbers such sends for as long as the socket lives, and tells only the numbers: beside
/// this, nobody may send so, by `MSG_ZEROCOPY` of their own or another descriptor.
///
/// ```
/// use berkeley::{ZeroCopy, create_connection, create_server};
///
/// let server = create_server("127.0.0.1:0")?;
/// let client = create_connection(&server.local_addr()?)?;
/// let (conn, _) = server.accept()?;
///
/// let mut sender = ZeroCopy::new(&client)?;
/// sender.send_all(vec![7; 20_000])?;
/// sender.send_all("a text that lives for ever")?;
/// let mut total = 0;
/// while total < 20_026 {
///     total += conn.recv_vec(65_536)?.len();
/// }
/// assert_eq!(sender.finish()?.len(), 2);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Platforms
///
/// Linux: TCP, UDP, packet and, since 6.7, VSOCK sockets.
///
/// See the kernel's documentation of `MSG_ZEROCOPY`.
#[doc(alias("MSG_ZEROCOPY", "SO_ZEROCOPY"))]
pub struct ZeroCopy<'s> {
    sock: &'s Socket,
    /// The buffer that is being sent.
    current: Option<Pending>,
    /// The buffers that the kernel may still read, in the order of their numbers.
    pending: VecDeque<Pending>,
    done: Vec<ZeroCopyDone>,
    errors: Vec<QueuedError>,
    /// The number of the next send; they go around.
    next: u32,
}

/// A buffer that is free again.
///
/// ```
/// # use berkeley::{ZeroCopy, create_connection, create_server};
/// # let server = create_server("127.0.0.1:0")?;
/// # let client = create_connection(&server.local_addr()?)?;
/// # let (conn, _) = server.accept()?;
/// let mut sender = ZeroCopy::new(&client)?;
/// sender.send_all(b"short".to_vec())?;
/// # conn.recv_vec(100)?;
/// let done = sender.finish()?;
/// assert_eq!(done[0].buffer.as_bytes(), b"short");
/// assert!(done[0].copied); // it has not left this machine
/// # Ok::<(), berkeley::Error>(())
/// ```
#[non_exhaustive]
pub struct ZeroCopyDone {
    /// The buffer, as it was sent.
    pub buffer: Box<dyn SendMemory>,
    /// The kernel has made a copy after all, of at least a part.
    pub copied: bool,
}

/// Memory that can be lent to the kernel for as long as it takes: vectors, texts, arrays, shared
/// memory.
///
/// ```
/// use berkeley::SendMemory;
/// let memory: Box<dyn SendMemory> = Box::new(vec![1, 2, 3]);
/// assert_eq!(memory.as_bytes().len(), 3);
/// ```
pub trait SendMemory: Send + 'static {
    /// The bytes to send.
    fn as_bytes(&self) -> &[u8];
}

impl<T: AsRef<[u8]> + Send + 'static> SendMemory for T {
    fn as_bytes(&self) -> &[u8] {
        self.as_ref()
    }
}

struct Pending {
    /// The number of its first send.
    first: u32,
    /// How many sends it took.
    sends: u32,
    /// How many of them are not done.
    open: u32,
    copied: bool,
    /// How many bytes have gone.
    sent: usize,
    /// The kernel has no room to keep account: the next send is a copy.
    copies: bool,
    buffer: Box<dyn SendMemory>,
}

impl<'s> ZeroCopy<'s> {
    /// A sender by this socket, in which sending without copies is switched on.
    ///
    /// ```
    /// use berkeley::{Family, Protocol, Socket, Type, ZeroCopy};
    ///
    /// let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// let sender = ZeroCopy::new(&sock)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EOPNOTSUPP` for a kind of socket that cannot do it.
    pub fn new(sock: &'s Socket) -> Result<ZeroCopy<'s>> {
        sock.set(opt::SO_ZEROCOPY, true)?;
        let (pending, done, errors) = Default::default();
        let next = sock.zero_copies.load(Ordering::Relaxed);
        Ok(ZeroCopy { sock, current: None, pending, done, errors, next })
    }

    /// Sends the whole buffer, within one deadline, and keeps it until the kernel has read it.
    ///
    /// If the kernel has no room to keep account of one more such send, this takes those that have
    /// ended, and copies if there are none.
    ///
    /// ```
    /// # use berkeley::{ZeroCopy, create_connection, create_server};
    /// # let server = create_server("127.0.0.1:0")?;
    /// # let client = create_connection(&server.local_addr()?)?;
    /// let mut sender = ZeroCopy::new(&client)?;
    /// sender.send_all(vec![0; 1000])?;
    /// sender.send_all(std::sync::Arc::<[u8]>::from([1, 2, 3]))?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Socket::send_all`]. The buffer stays with the sender until the kernel has read
    /// what has gone of it.
    pub fn send_all(&mut self, buffer: impl SendMemory) -> Result<()> {
        self.begin(buffer);
        let patience = self.sock.patience(MsgFlags::empty());
        let sent = loop {
            match self.send_more(patience) {
                Ok(true) => break Ok(()),
                Ok(false) if patience.is_some_and(Deadline::has_passed) => {
                    break Err(Error::new(Call::SendAll, Cause::TimedOut));
                }
                Ok(false) => {}
                Err(error) => break Err(error),
            }
        };
        self.end(sent)
    }

    /// How many buffers the kernel may still read, as far as it has been asked.
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type, ZeroCopy};
    /// # let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert_eq!(ZeroCopy::new(&sock)?.pending(), 0);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn pending(&self) -> usize {
        let current = self.current.as_ref().is_some_and(|entry| entry.open > 0);
        self.pending.len() + usize::from(current)
    }

    /// The buffers that have become free, without waiting.
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type, ZeroCopy};
    /// # let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert!(ZeroCopy::new(&sock)?.completed()?.is_empty());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Socket::recv_error`].
    pub fn completed(&mut self) -> Result<Vec<ZeroCopyDone>> {
        self.settle(false);
        self.reap()?;
        Ok(mem::take(&mut self.done))
    }

    /// Waits until every buffer is free, for each one within the timeout, and answers those that
    /// were not yet.
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type, ZeroCopy};
    /// # let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert!(ZeroCopy::new(&sock)?.finish()?.is_empty());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Cause::TimedOut`] if the timeout passes: buffers that are still read are never freed.
    pub fn finish(mut self) -> Result<Vec<ZeroCopyDone>> {
        self.reap()?;
        while !self.pending.is_empty() {
            self.wait_for_one()?;
        }
        Ok(mem::take(&mut self.done))
    }

    /// What has come from the queue of errors beside completions.
    ///
    /// ```
    /// # use berkeley::{Family, Protocol, Socket, Type, ZeroCopy};
    /// # let sock = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    /// assert!(ZeroCopy::new(&sock)?.take_errors().is_empty());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn take_errors(&mut self) -> Vec<QueuedError> {
        mem::take(&mut self.errors)
    }

    /// A buffer is sent from now on, piece by piece.
    pub(crate) fn begin(&mut self, buffer: impl SendMemory) {
        self.settle(false);
        self.current = Some(Pending {
            first: self.next,
            sends: 0,
            open: 0,
            copied: false,
            sent: 0,
            copies: false,
            // In a box it stays where it is while the kernel reads it.
            buffer: Box::new(buffer),
        });
    }

    /// Sends one piece more of it; `true` if that was the last.
    pub(crate) fn send_more(&mut self, patience: Option<Deadline>) -> Result<bool> {
        while let Some(entry) = &mut self.current {
            let rest = entry.buffer.as_bytes().get(entry.sent..).unwrap_or_default();
            let flags = if entry.copies { MsgFlags::empty() } else { MsgFlags::ZEROCOPY };
            let attempt = self.sock.retry_by(Call::SendAll, Interest::Write, patience, || {
                seam::send(self.sock.as_fd(), rest, self.sock.send_flags(flags))
            });
            match attempt {
                Ok(more) => {
                    let is_last = more >= rest.len();
                    // Nothing is counted that was sent empty or by a copy.
                    if more > 0 && !entry.copies {
                        self.next = self.next.wrapping_add(1);
                        self.sock.zero_copies.store(self.next, Ordering::Relaxed);
                        entry.sends += 1;
                        entry.open += 1;
                    }
                    entry.copied |= more > 0 && entry.copies;
                    entry.copies = false;
                    entry.sent += more;
                    return Ok(is_last);
                }
                // No room to keep account of one more.
                Err(error) if error.errno() == Some(Errno::ENOBUFS) && !entry.copies => {
                    let before = self.pending.len();
                    self.reap()?;
                    if let Some(entry) = &mut self.current {
                        entry.copies = self.pending.len() == before;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// The buffer is sent no further; what the kernel may read of it stays here.
    pub(crate) fn end(&mut self, sent: Result<()>) -> Result<()> {
        let before = self.current.as_ref().map_or(0, |entry| entry.sent);
        self.settle(sent.is_ok());
        sent.map_err(|error| error.after_sending(before))
    }

    /// Puts what was being sent to what the kernel may read, or, as a whole, to what is free.
    pub(crate) fn settle(&mut self, is_whole: bool) {
        match self.current.take() {
            Some(entry) if entry.open > 0 => self.pending.push_back(entry),
            Some(Pending { buffer, copied, sends, .. }) if is_whole => {
                self.done.push(ZeroCopyDone { buffer, copied: copied || sends == 0 });
            }
            _ => {}
        }
    }

    /// Waits until one more buffer is free, or some.
    fn wait_for_one(&mut self) -> Result<()> {
        let (deadline, before) = (self.sock.call_deadline(), self.pending.len());
        loop {
            self.sock.wait(Call::RecvMsg, Interest::Error, deadline)?;
            self.reap()?;
            if self.pending.len() < before {
                return Ok(());
            }
            // A connection that has ended or failed wakes for ever, and tells nothing of memory
            // that the kernel still reads.
            if deadline.has_passed() {
                return Err(Error::new(Call::RecvMsg, Cause::TimedOut));
            }
            thread::sleep(deadline.remaining().map_or(PAUSE, |rest| rest.min(PAUSE)));
        }
    }

    /// Takes everything from the queue of errors.
    pub(crate) fn reap(&mut self) -> Result<()> {
        while let Some(queued) = self.sock.recv_error(&mut [])? {
            let ErrorEvent::ZeroCopy { first, last, copied } = queued.event else {
                self.errors.push(queued);
                continue;
            };
            for entry in self.pending.iter_mut().chain(&mut self.current) {
                let done = entry.overlap(first, last);
                entry.open = entry.open.saturating_sub(done);
                entry.copied |= copied && done > 0;
            }
        }
        // They become free in any order.
        let (free, busy) = mem::take(&mut self.pending).into_iter().partition(|e| e.open == 0);
        self.pending = busy;
        let free: VecDeque<Pending> = free;
        let done = free.into_iter();
        self.done.extend(done.map(|e| ZeroCopyDone { buffer: e.buffer, copied: e.copied }));
        Ok(())
    }
}

/// How long to leave alone what wakes without news.
const PAUSE: Duration = Duration::from_millis(5);

impl Pending {
    /// How many of this buffer's sends are among those from `first` to `last`.
    fn overlap(&self, first: u32, last: u32) -> u32 {
        // All counted from this buffer's first, for the numbers go around.
        let len = u64::from(last.wrapping_sub(first)) + 1;
        let begin = i64::from(first.wrapping_sub(self.first) as i32);
        let end = begin.saturating_add(i64::try_from(len).unwrap_or(i64::MAX));
        let inside = end.min(self.sends.into()) - begin.max(0);
        u32::try_from(inside).unwrap_or(0)
    }
}

impl Drop for ZeroCopy<'_> {
    fn drop(&mut self) {
        // An error here leaves buffers pending, which is what happens next.
        self.settle(false);
        let _ = self.reap();
        for entry in self.pending.drain(..) {
            // The kernel still reads this memory: freed, it would go out as whatever comes to
            // stand there.
            mem::forget(entry.buffer);
        }
    }
}

impl fmt::Debug for ZeroCopy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pending = self.pending.len();
        f.debug_struct("ZeroCopy").field("pending", &pending).finish_non_exhaustive()
    }
}

impl fmt::Debug for ZeroCopyDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.buffer.as_bytes().len();
        f.debug_struct("ZeroCopyDone").field("len", &len).field("copied", &self.copied).finish()
    }
}
