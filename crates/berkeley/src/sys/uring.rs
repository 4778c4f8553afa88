//! Operations that the kernel carries out by itself, by io_uring.
//!
//! From when an operation is added until the kernel has said its last word on it, all memory of it
//! belongs to the kernel: it stands in a box of which there is nothing but a bare pointer, and
//! which is made a box again in [`Ring::reap`] alone. Whatever else happens, a [`Ring`] that is
//! dropped or forgotten among it, that memory is at worst never freed.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{IoUring, Probe, cqueue, opcode, squeue};

use super::control::{self, ControlRoom, Walk};
use super::layout::Plain;
use super::linux::birth_flags;
use super::manners::{UNTOLD, message_flags, told_flags};
use super::unix::{all_flags, dup_raw, empty_message, told};
use super::{Arrived, Errno, Storage, c};

type Result<T> = std::result::Result<T, Errno>;

/// What the kernel is to do with a socket, and the memory that comes with it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    /// A family whose sockets have no addresses must not be asked for one.
    Accept {
        nameless: bool,
        nonblocking: bool,
    },
    Connect,
    Send {
        flags: i32,
    },
    /// To the address, if there is one.
    SendMessage {
        flags: i32,
    },
    /// The same without a copy of the buffer, and without control messages.
    SendZeroCopy {
        flags: i32,
    },
    Recv {
        base: i32,
        asked: i32,
    },
    RecvMessage {
        base: i32,
        asked: i32,
    },
    Shutdown {
        how: i32,
    },
    /// Of the descriptor in [`Memory::closing`].
    Close,
}

/// The memory of one operation.
pub(crate) struct Memory {
    /// What is sent, or what is received into: as much of it as its capacity.
    pub(crate) buffer: Vec<u8>,
    /// Where to, or where from.
    pub(crate) addr: Storage,
    /// Room for control messages that arrive.
    pub(crate) control: ControlRoom,
    /// Control messages to send.
    outgoing: Vec<u8>,
    /// The descriptors in them, or the one to close.
    fds: Vec<OwnedFd>,
    header: c::msghdr,
    piece: c::iovec,
    addr_len: c::socklen_t,
}

/// The most bytes that one operation moves, which is what the kernel itself limits a call to.
const MOST: usize = 0x7fff_f000;

impl Memory {
    /// With this buffer and address.
    pub(crate) fn new(buffer: Vec<u8>, addr: Storage) -> Memory {
        Memory {
            buffer,
            addr,
            control: ControlRoom::default(),
            outgoing: Vec::new(),
            fds: Vec::new(),
            header: empty_message(),
            piece: c::iovec { iov_base: ptr::null_mut(), iov_len: 0 },
            addr_len: Storage::CAPACITY as c::socklen_t,
        }
    }

    /// Of a descriptor that is to be closed.
    pub(crate) fn closing(fd: OwnedFd) -> Memory {
        Memory { fds: vec![fd], ..Memory::new(Vec::new(), Storage::empty()) }
    }

    /// Takes control messages to send along. Of the descriptors in them it takes duplicates, since
    /// nobody knows when the kernel will look at the numbers.
    pub(crate) fn send_control(&mut self, bytes: &[u8]) -> Result<()> {
        for (level, number, data) in Walk::new(bytes) {
            if (level, number) != (c::SOL_SOCKET, c::SCM_RIGHTS) {
                control::push(&mut self.outgoing, level, number, data);
                continue;
            }
            let mut numbers = Vec::with_capacity(data.len());
            for fd in data.chunks_exact(size_of::<i32>()).filter_map(i32::read) {
                let own = dup_raw(fd)?;
                numbers.extend_from_slice(&own.as_raw_fd().to_ne_bytes());
                self.fds.push(own);
            }
            control::push(&mut self.outgoing, level, number, &numbers);
        }
        Ok(())
    }

    /// How many bytes there is room for.
    pub(crate) fn room(&self) -> usize {
        self.buffer.capacity().min(MOST)
    }
}

/// How an operation has ended well.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// How much was moved.
    pub(crate) arrived: Arrived,
    /// What the kernel tells of a message.
    pub(crate) flags: i32,
    /// The connection that was accepted.
    pub(crate) fd: Option<OwnedFd>,
}

/// An operation that has ended, with all that was given to it.
pub(crate) struct Done<K> {
    pub(crate) token: u64,
    pub(crate) keep: K,
    pub(crate) memory: Box<Memory>,
    pub(crate) result: Result<Outcome>,
}

/// A ring, and the operations that the kernel has or will get by it.
///
/// Of each operation it keeps a `K`, which owns the descriptor that the operation is on: the number
/// must not become another file's before the kernel has read it.
pub(crate) struct Ring<K> {
    ring: IoUring,
    zero_copy: bool,
    /// What is yet to be handed over, in order.
    queued: VecDeque<squeue::Entry>,
    running: HashMap<u64, Running<K>>,
}

struct Running<K> {
    op: Op,
    memory: Lent,
    keep: K,
    /// How to try again.
    entry: squeue::Entry,
    result: i32,
    cancelled: bool,
    /// It has ended but for the word that its memory is free.
    is_sent: bool,
}

/// Memory that the kernel may use at any time.
struct Lent(NonNull<Memory>);

// SAFETY: nobody follows the pointer before it is taken back, which takes the whole ring borrowed
// mutably; and what it points to, headers aside that point into itself, may go to any thread.
unsafe impl Send for Lent {}
// SAFETY: as above; there is nothing to see through a shared reference.
unsafe impl Sync for Lent {}

/// Of all rings, so that a number never means the operation of another one.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// A number that no operation has had. Zero is that of cancellations themselves.
pub(crate) fn new_token() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<K: AsRawFd> Ring<K> {
    /// A ring that hands over so many operations at once. `EOPNOTSUPP` if the kernel's has not all
    /// that is needed, which is Linux 5.11.
    pub(crate) fn new(entries: u32) -> Result<Ring<K>> {
        let ring = IoUring::builder().setup_clamp().dontfork().build(entries.max(1));
        let ring: IoUring = ring.map_err(errno)?;
        let mut probe = Probe::new();
        ring.submitter().register_probe(&mut probe).map_err(errno)?;
        let needed = [
            opcode::Accept::CODE,
            opcode::Connect::CODE,
            opcode::Send::CODE,
            opcode::SendMsg::CODE,
            opcode::Recv::CODE,
            opcode::RecvMsg::CODE,
            opcode::Shutdown::CODE,
            opcode::Close::CODE,
            opcode::AsyncCancel::CODE,
        ];
        let has_all = needed.iter().all(|code| probe.is_supported(*code));
        // Without the first completions may be lost, and without the other there are no deadlines.
        if !has_all || !ring.params().is_feature_nodrop() || !ring.params().is_feature_ext_arg() {
            return Err(Errno(c::EOPNOTSUPP));
        }
        let zero_copy = probe.is_supported(opcode::SendZc::CODE);
        Ok(Ring { ring, zero_copy, queued: VecDeque::new(), running: HashMap::new() })
    }

    /// Whether it can send without copies.
    pub(crate) fn has_zero_copy(&self) -> bool {
        self.zero_copy
    }

    /// Adds an operation to those that are to be handed over, and answers its number.
    pub(crate) fn add(&mut self, op: Op, memory: Memory, keep: K) -> u64 {
        let token = new_token();
        let memory = NonNull::from(Box::leak(Box::new(memory)));
        // SAFETY: it has just been made, and nobody else has it.
        let entry = unsafe { entry(op, keep.as_raw_fd(), memory) }.user_data(token);
        self.queued.push_back(entry.clone());
        let memory = Lent(memory);
        let (result, cancelled, is_sent) = (0, false, false);
        let running = Running { op, memory, keep, entry, result, cancelled, is_sent };
        self.running.insert(token, running);
        token
    }

    /// Asks for the end of an operation, if it has not ended yet.
    pub(crate) fn cancel(&mut self, token: u64) {
        if let Some(running) = self.running.get_mut(&token) {
            running.cancelled = true;
            self.queued.push_back(opcode::AsyncCancel::new(token).build());
        }
    }

    /// [`cancel`](Ring::cancel) for every operation.
    pub(crate) fn cancel_all(&mut self) {
        let tokens: Vec<u64> = self.running.keys().copied().collect();
        tokens.into_iter().for_each(|token| self.cancel(token));
    }

    /// How many operations have not ended.
    pub(crate) fn running(&self) -> usize {
        self.running.len()
    }

    /// Whether there are some whose end can be waited for: of memory that was sent without a copy,
    /// the peer decides when it is free.
    pub(crate) fn is_busy(&self) -> bool {
        self.running.values().any(|running| !running.is_sent)
    }

    /// Whether there is anything to hand over.
    pub(crate) fn has_queued(&mut self) -> bool {
        !self.queued.is_empty() || !self.ring.submission().is_empty()
    }

    /// Whether the kernel keeps completions back that there was no room for.
    pub(crate) fn has_overflown(&mut self) -> bool {
        self.ring.submission().cq_overflow()
    }

    /// Hands over as many operations as go at once, and says how many.
    pub(crate) fn submit(&mut self) -> Result<usize> {
        self.fill();
        self.ring.submit().map_err(errno)
    }

    /// The same, and waits until there is a completion, at most this long: `ETIME`.
    pub(crate) fn wait(&mut self, limit: Option<Duration>) -> Result<()> {
        self.fill();
        let limit = limit.map(Timespec::from);
        let mut args = SubmitArgs::new();
        if let Some(limit) = &limit {
            args = args.timespec(limit);
        }
        self.ring.submitter().submit_with_args(1, &args).map(drop).map_err(errno)
    }

    /// An operation that has ended, if there is one.
    pub(crate) fn reap(&mut self) -> Option<Done<K>> {
        loop {
            let entry = self.ring.completion().next()?;
            if let Some(done) = self.take_back(&entry) {
                return Some(done);
            }
        }
    }

    fn fill(&mut self) {
        let mut submission = self.ring.submission();
        while let Some(entry) = self.queued.front() {
            // SAFETY: what the entry points to is owned by `running` until the kernel is done with
            // it, and so is the descriptor.
            if unsafe { submission.push(entry) }.is_err() {
                break;
            }
            self.queued.pop_front();
        }
    }

    /// The operation whose last word this is.
    fn take_back(&mut self, entry: &cqueue::Entry) -> Option<Done<K>> {
        let token = entry.user_data();
        let running = self.running.get_mut(&token)?;
        if !cqueue::notif(entry.flags()) {
            running.result = entry.result();
        }
        if cqueue::more(entry.flags()) {
            running.is_sent = true;
            return None;
        }
        // So end those that were cancelled, those that a signal met, and those that became ready
        // when the thread that had handed them over was gone. Only the first were asked for.
        if matches!(running.result.saturating_neg(), c::EINTR | c::ECANCELED) {
            if !running.cancelled && running.op.can_be_repeated() {
                self.queued.push_back(running.entry.clone());
                return None;
            }
            if running.cancelled {
                running.result = -c::ECANCELED;
            }
        }
        let running = self.running.remove(&token)?;
        // SAFETY: this is the last that the kernel says of the operation, so it no longer uses the
        // memory, which was a box and was in the table until now.
        let mut memory = unsafe { Box::from_raw(running.memory.0.as_ptr()) };
        // SAFETY: that is the operation's answer, and is told of here only.
        let result = unsafe { outcome(running.op, &mut memory, running.result) };
        Some(Done { token, keep: running.keep, memory, result })
    }
}

impl Op {
    /// Whether nothing has happened if it was interrupted.
    fn can_be_repeated(self) -> bool {
        !matches!(self, Op::Connect | Op::Close | Op::SendZeroCopy { .. })
    }
}

/// What the kernel reads of an operation.
///
/// # Safety
///
/// The memory is nobody else's, and stays until the operation has ended.
unsafe fn entry(op: Op, fd: RawFd, lent: NonNull<Memory>) -> squeue::Entry {
    let fd = Fd(fd);
    // SAFETY: by this function's own contract. Every pointer below comes from this borrow, each
    // after the last use of what it points to.
    let memory = unsafe { &mut *lent.as_ptr() };
    // A kind that tells only in flags what did not fit has to be asked for a message.
    let op = match op {
        Op::Recv { base, asked } if base & UNTOLD != 0 => Op::RecvMessage { base, asked },
        other => other,
    };
    let mut len = memory.buffer.len().min(MOST);
    let mut recv_flags = 0;
    if let Op::Recv { base, asked } | Op::RecvMessage { base, asked } = op {
        memory.buffer.clear();
        recv_flags = all_flags(base, asked, memory.buffer.spare_capacity_mut());
        len = memory.room();
    }
    let start = memory.buffer.as_mut_ptr();
    memory.piece = c::iovec { iov_base: start.cast(), iov_len: len };
    memory.header = empty_message();
    memory.header.msg_iov = &raw mut memory.piece;
    memory.header.msg_iovlen = 1;
    let (to, to_len) = match memory.addr.len() {
        0 => (ptr::null(), 0),
        len => (memory.addr.as_ptr(), len),
    };
    // Within `MOST`, which is less.
    let len = len as u32;
    match op {
        Op::Accept { nameless: true, nonblocking } => {
            let accept = opcode::Accept::new(fd, ptr::null_mut(), ptr::null_mut());
            accept.flags(birth_flags(nonblocking)).build()
        }
        Op::Accept { nameless: false, nonblocking } => {
            memory.addr_len = Storage::CAPACITY as c::socklen_t;
            let (addr, addr_len) = (memory.addr.as_mut_ptr(), &raw mut memory.addr_len);
            opcode::Accept::new(fd, addr, addr_len).flags(birth_flags(nonblocking)).build()
        }
        Op::Connect => opcode::Connect::new(fd, to, to_len).build(),
        Op::Send { flags } => opcode::Send::new(fd, start, len).flags(flags).build(),
        Op::SendMessage { flags } => {
            memory.header.msg_name = to.cast_mut().cast();
            memory.header.msg_namelen = to_len;
            if !memory.outgoing.is_empty() {
                memory.header.msg_control = memory.outgoing.as_mut_ptr().cast();
                memory.header.msg_controllen = memory.outgoing.len() as _;
            }
            opcode::SendMsg::new(fd, &raw const memory.header).flags(flags as u32).build()
        }
        Op::SendZeroCopy { flags } => {
            let send = opcode::SendZc::new(fd, start, len).flags(flags);
            send.dest_addr(to).dest_addr_len(to_len).build()
        }
        Op::Recv { .. } => opcode::Recv::new(fd, start, len).flags(recv_flags).build(),
        Op::RecvMessage { .. } => {
            let flags = message_flags(recv_flags);
            memory.header.msg_name = memory.addr.as_mut_ptr().cast();
            memory.header.msg_namelen = Storage::CAPACITY as c::socklen_t;
            memory.control.clear();
            memory.header.msg_control = memory.control.as_mut_ptr().cast();
            memory.header.msg_controllen = memory.control.room() as _;
            opcode::RecvMsg::new(fd, &raw mut memory.header).flags(flags as u32).build()
        }
        Op::Shutdown { how } => opcode::Shutdown::new(fd, how).build(),
        Op::Close => {
            let fd = memory.fds.first().map_or(-1, AsRawFd::as_raw_fd);
            opcode::Close::new(Fd(fd)).build()
        }
    }
}

/// Reads an answer, and sets the lengths of what the kernel has written.
///
/// # Safety
///
/// It is the answer of the operation that has had this memory, which has ended, and nobody was told
/// of it before.
unsafe fn outcome(op: Op, memory: &mut Memory, answer: i32) -> Result<Outcome> {
    let failed = Errno(answer.saturating_neg());
    // Unless it has never begun, the descriptor is gone, whatever the answer is.
    if matches!(op, Op::Close) && failed.0 != c::ECANCELED {
        memory.fds.drain(..).for_each(|fd| _ = fd.into_raw_fd());
    }
    let room = memory.room();
    let Ok(count) = usize::try_from(answer) else { return Err(failed) };
    let mut outcome = Outcome { arrived: Arrived(count), flags: 0, fd: None };
    let is_message = match op {
        Op::RecvMessage { .. } => true,
        Op::Recv { base, .. } => base & UNTOLD != 0,
        _ => false,
    };
    if let Op::Accept { nameless, .. } = op {
        // SAFETY: the kernel has just opened it for us, and has written the address, if it was
        // asked for one.
        unsafe {
            outcome.fd = Some(OwnedFd::from_raw_fd(answer));
            memory.addr.filled(if nameless { 0 } else { memory.addr_len });
        }
    }
    if is_message {
        // SAFETY: the kernel has written so many bytes of the address and of the control data,
        // which was cleared before.
        unsafe {
            memory.addr.filled(memory.header.msg_namelen);
            // Another type on some platforms.
            #[allow(clippy::unnecessary_cast)]
            memory.control.filled(memory.header.msg_controllen as usize);
        }
        outcome.flags = told_flags(memory.header.msg_flags);
    }
    if let Op::Recv { base, .. } | Op::RecvMessage { base, .. } = op {
        (outcome.arrived, outcome.flags) = told((outcome.arrived, outcome.flags), base, room);
        // SAFETY: the kernel has written as many bytes, as far as there was room; where a flag lets
        // it count others, they were zeroed.
        unsafe { memory.buffer.set_len(outcome.arrived.cut(room).len()) };
    }
    Ok(outcome)
}

fn errno(error: io::Error) -> Errno {
    Errno(error.raw_os_error().unwrap_or(c::EINVAL))
}
