//! Many messages in one call.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use super::control::ControlRoom;
use super::manners::{message_flags, told_flags};
use super::unix::{check, empty_message, outgoing, told};
use super::{Arrived, Errno, Storage, c};

type Result<T> = std::result::Result<T, Errno>;

/// The most messages that one call takes.
pub(crate) const MOST_MESSAGES: usize = c::UIO_MAXIOV as usize;

/// Memory for the headers that a call takes. It stays for the next call; what stands in it is made
/// anew each time, every length that the kernel has overwritten too.
#[derive(Default)]
pub(crate) struct Headers {
    messages: Vec<c::mmsghdr>,
    pieces: Vec<c::iovec>,
}

// SAFETY: the pointers in it are made and used within one call, which has it borrowed mutably, and
// are gone when the call returns.
unsafe impl Send for Headers {}
// SAFETY: as above; there is nothing to see through a shared reference.
unsafe impl Sync for Headers {}

impl Headers {
    /// Room for the headers of so many messages.
    pub(crate) fn with_capacity(messages: usize) -> Headers {
        Headers { messages: Vec::with_capacity(messages), pieces: Vec::with_capacity(messages) }
    }

    fn clear(&mut self) {
        self.messages.clear();
        self.pieces.clear();
    }
}

/// Where one received message's address, which is memory of the layers above, and its control data
/// go, and what the kernel tells of it.
#[derive(Debug)]
pub(crate) struct RecvSlot<A> {
    pub(crate) from: A,
    pub(crate) control: ControlRoom,
    pub(crate) arrived: Arrived,
    pub(crate) flags: i32,
}

impl<A> RecvSlot<A> {
    /// With this memory, and room for so many bytes of control data.
    pub(crate) fn new(from: A, control: usize) -> RecvSlot<A> {
        RecvSlot { from, control: ControlRoom::with_room(control), arrived: Arrived(0), flags: 0 }
    }
}

/// One message to send: to whom, what, and the control data beside it.
pub(crate) type Outgoing<'a> = (Option<&'a Storage>, &'a [u8], &'a [u8]);

/// Receives as many messages as there are, each into its slot and its `each` bytes of `memory`,
/// and says how many. Only for the first one it may wait.
pub(crate) fn recv_batch<A: AsMut<Storage>>(
    fd: BorrowedFd<'_>,
    headers: &mut Headers,
    slots: &mut [RecvSlot<A>],
    memory: &mut [u8],
    each: usize,
    base: i32,
) -> Result<usize> {
    headers.clear();
    for (slot, room) in slots.iter_mut().zip(memory.chunks_exact_mut(each.max(1))) {
        headers.pieces.push(c::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() });
        let mut message = empty_message();
        message.msg_name = slot.from.as_mut().as_mut_ptr().cast();
        message.msg_namelen = Storage::CAPACITY as c::socklen_t;
        message.msg_control = slot.control.as_mut_ptr().cast();
        message.msg_controllen = slot.control.room() as _;
        headers.messages.push(c::mmsghdr { msg_hdr: message, msg_len: 0 });
    }
    let flags = message_flags(base) | c::MSG_WAITFORONE;
    // SAFETY: every header describes the address and control room of a slot of its own, and its
    // piece a part of its own of `memory`; all are borrowed mutably.
    let got = unsafe {
        call(headers, |messages, count| {
            c::recvmmsg(fd.as_raw_fd(), messages, count, flags as _, ptr::null_mut())
        })
    }?;
    for (slot, header) in slots.iter_mut().zip(&headers.messages).take(got) {
        let message = &header.msg_hdr;
        slot.control.clear();
        // SAFETY: the call has written so many bytes of the address and of the control data, which
        // was cleared before and is told of here only.
        unsafe {
            slot.from.as_mut().filled(message.msg_namelen);
            // Another type on some platforms.
            #[allow(clippy::unnecessary_cast)]
            slot.control.filled(message.msg_controllen as usize);
        }
        let arrived = (Arrived(header.msg_len as usize), told_flags(message.msg_flags));
        (slot.arrived, slot.flags) = told(arrived, base, each);
    }
    headers.clear();
    Ok(got)
}

/// Sends these messages, [`MOST_MESSAGES`] at most, and says how many have gone: fewer if one
/// failed or would have had to wait, and the error itself only if it was the first.
pub(crate) fn send_batch<'a>(
    fd: BorrowedFd<'_>,
    headers: &mut Headers,
    messages: impl Iterator<Item = Outgoing<'a>>,
    flags: i32,
) -> Result<usize> {
    headers.clear();
    for (to, data, control) in messages.take(MOST_MESSAGES) {
        headers
            .pieces
            .push(c::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() });
        let message = outgoing(to, control);
        headers.messages.push(c::mmsghdr { msg_hdr: message, msg_len: 0 });
    }
    // SAFETY: every header and piece describes memory that the messages borrow for longer than
    // this call, which only reads it.
    let sent = unsafe {
        call(headers, |messages, count| c::sendmmsg(fd.as_raw_fd(), messages, count, flags as _))
    };
    headers.clear();
    sent
}

/// Gives each header its piece, and all of them to a call.
///
/// # Safety
///
/// `call` passes both to `recvmmsg` or `sendmmsg`, for which headers and pieces are right.
unsafe fn call(
    headers: &mut Headers,
    call: impl FnOnce(*mut c::mmsghdr, c::c_uint) -> c::c_int,
) -> Result<usize> {
    // Now that no piece moves any more.
    for (message, piece) in headers.messages.iter_mut().zip(&mut headers.pieces) {
        message.msg_hdr.msg_iov = piece;
        message.msg_hdr.msg_iovlen = 1;
    }
    let count = c::c_uint::try_from(headers.messages.len()).unwrap_or(c::c_uint::MAX);
    let done = call(headers.messages.as_mut_ptr(), count);
    check(done)?;
    Ok(usize::try_from(done).unwrap_or(0))
}
