//! Many messages in one call.

use std::io::IoSlice;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;

use super::control::{ControlRoom, HEADER, len, space};
use super::manners::{brings_fds, message_flags, told_flags};
use super::structs::cmsghdr;
use super::unix::{check, check_size, empty_message, outgoing, send_message, told};
use super::{Arrived, Errno, Storage, c};

type Result<T> = std::result::Result<T, Errno>;

/// The most messages that one call takes.
pub(crate) const MOST_MESSAGES: usize = c::UIO_MAXIOV as usize;

/// Memory for the headers of the messages that one call sends. It stays for the next call; what
/// stands in it is made anew each time.
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

/// Memory for the messages that a call receives, and the headers that tell the kernel of it.
///
/// The headers point into the memory and stay from call to call. Made anew are those that a call
/// has used, every length that the kernel has overwritten among them: where one large piece comes
/// at a time, preparing all of them would cost as much as receiving it.
///
/// None of the vectors grows after it is made, so nothing that is pointed to moves.
pub(crate) struct Inbox<A> {
    slots: Vec<RecvSlot<A>>,
    /// `each` bytes for each slot, initialised once.
    memory: Vec<u8>,
    each: usize,
    messages: Vec<c::mmsghdr>,
    pieces: Vec<c::iovec>,
    /// So many headers from the first are to be made anew.
    used: usize,
}

// SAFETY: all pointers in it are to memory that it owns, and are followed by calls alone that have
// it borrowed mutably.
unsafe impl<A: Send> Send for Inbox<A> {}
// SAFETY: as above; through a shared reference nobody sees the pointers.
unsafe impl<A: Sync> Sync for Inbox<A> {}

impl<A: AsMut<Storage>> Inbox<A> {
    /// For so many messages of so many bytes, at least one of each, with room for so many bytes of
    /// control data.
    pub(crate) fn new(
        slots: usize,
        each: usize,
        control: usize,
        empty: impl Fn() -> A,
    ) -> Inbox<A> {
        let (count, each) = (slots.max(1), each.max(1));
        let slot = |_| RecvSlot {
            from: empty(),
            control: ControlRoom::with_room(control),
            arrived: Arrived(0),
            flags: 0,
        };
        let none = c::iovec { iov_base: ptr::null_mut(), iov_len: 0 };
        let mut messages = Vec::with_capacity(count);
        messages.resize_with(count, || c::mmsghdr { msg_hdr: empty_message(), msg_len: 0 });
        Inbox {
            slots: (0..count).map(slot).collect(),
            memory: vec![0; count.saturating_mul(each)],
            each,
            messages,
            pieces: vec![none; count],
            used: count,
        }
    }

    /// The same memory with other room for control data.
    pub(crate) fn with_control(self, control: usize, empty: impl Fn() -> A) -> Inbox<A> {
        Inbox::new(self.slots.len(), self.each, control, empty)
    }

    /// What has come, as far as calls have told so.
    pub(crate) fn slots(&self) -> &[RecvSlot<A>] {
        &self.slots
    }

    /// The bytes of each slot, one after the other.
    pub(crate) fn memory(&self) -> &[u8] {
        &self.memory
    }

    /// How many bytes there are for each slot.
    pub(crate) fn each(&self) -> usize {
        self.each
    }

    /// Takes the descriptors that have come in a slot.
    pub(crate) fn take_fds(&mut self, number: usize) -> Vec<OwnedFd> {
        let slot = self.slot(number);
        slot.map(|slot| std::mem::take(&mut slot.control.fds)).unwrap_or_default()
    }

    /// Forgets the control data of the first slots, and closes descriptors that nobody has taken.
    pub(crate) fn clear(&mut self, slots: usize) {
        for number in 0..slots {
            let Some(slot) = self.slot(number) else { break };
            slot.control.clear();
        }
    }

    /// One slot, whose header is to be made anew from now on. Not by way of a slice of all: that
    /// would claim those, too, which other headers point to.
    #[inline]
    fn slot(&mut self, number: usize) -> Option<&mut RecvSlot<A>> {
        if number >= self.slots.len() {
            return None;
        }
        self.used = self.used.max(number + 1);
        // SAFETY: there is a slot of this number, and it is borrowed from all of this.
        Some(unsafe { &mut *self.slots.as_mut_ptr().add(number) })
    }

    /// Receives as many messages as there are, `count` at most, each into its slot from `first`
    /// on, and says how many. Only for the first one it may wait.
    pub(crate) fn recv(
        &mut self,
        fd: BorrowedFd<'_>,
        first: usize,
        count: usize,
        base: i32,
        family: i32,
    ) -> Result<usize> {
        let count = count.min(self.slots.len().saturating_sub(first));
        self.prepare();
        let flags = message_flags(base) | c::MSG_WAITFORONE;
        let Some(messages) = self.messages.get_mut(first..) else { return Ok(0) };
        // SAFETY: every header describes the address and control room of a slot of its own, and its
        // piece a part of its own of the memory; all of that is borrowed mutably, and `count` of
        // them stand behind `first`.
        let got = unsafe {
            let count = c::c_uint::try_from(count).unwrap_or(c::c_uint::MAX);
            c::recvmmsg(fd.as_raw_fd(), messages.as_mut_ptr(), count, flags as _, ptr::null_mut())
        };
        // Of the message that it failed at the call says nothing, so that header is made anew, too.
        let got = match check(got) {
            Ok(()) => usize::try_from(got).unwrap_or(0).min(count),
            Err(errno) => {
                self.used = (first + 1).min(self.slots.len());
                return Err(errno);
            }
        };
        self.used = (first + got + 1).min(self.slots.len());
        let (each, brings_fds) = (self.each, brings_fds(family));
        for number in first..first + got {
            let Some(&c::mmsghdr { msg_hdr: message, msg_len }) = self.messages.get(number) else {
                break;
            };
            let Some(slot) = self.slot(number) else { break };
            // SAFETY: the call has written so many bytes of the address and of the control data,
            // which is cleared where descriptors may come, and told of here only.
            unsafe {
                slot.from.as_mut().filled(message.msg_namelen);
                // Another type on some platforms.
                #[allow(clippy::unnecessary_cast)]
                let written = message.msg_controllen as usize;
                match brings_fds {
                    true => {
                        slot.control.clear();
                        slot.control.filled(written);
                    }
                    false => slot.control.filled_without_fds(written),
                }
            }
            let arrived = (Arrived(msg_len as usize), told_flags(message.msg_flags));
            (slot.arrived, slot.flags) = told(arrived, base, each);
        }
        Ok(got)
    }

    /// Makes the headers anew that have been used.
    fn prepare(&mut self) {
        let (each, used) = (self.each, std::mem::take(&mut self.used));
        let (pieces, memory) = (self.pieces.as_mut_ptr(), self.memory.as_mut_ptr());
        for number in 0..used {
            let Some(slot) = self.slot(number) else { break };
            let name = slot.from.as_mut().as_mut_ptr().cast();
            let (control, room) = (slot.control.as_mut_ptr().cast(), slot.control.room());
            let Some(message) = self.messages.get_mut(number) else { break };
            let message = &mut message.msg_hdr;
            message.msg_name = name;
            message.msg_namelen = Storage::CAPACITY as c::socklen_t;
            (message.msg_control, message.msg_controllen) = (control, room as _);
            // SAFETY: there are as many pieces as slots, and `each` bytes for each.
            unsafe {
                let piece = pieces.add(number);
                piece.write(c::iovec { iov_base: memory.add(number * each).cast(), iov_len: each });
                (message.msg_iov, message.msg_iovlen) = (piece, 1);
            }
        }
        self.used = 0;
    }
}

/// One message to send: to whom, what, and the control data beside it.
pub(crate) type Outgoing<'a> = (Option<&'a Storage>, &'a [u8], &'a [u8]);

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
    // Now that no piece moves any more.
    for (message, piece) in headers.messages.iter_mut().zip(&mut headers.pieces) {
        message.msg_hdr.msg_iov = piece;
        message.msg_hdr.msg_iovlen = 1;
    }
    let count = c::c_uint::try_from(headers.messages.len()).unwrap_or(c::c_uint::MAX);
    let sent = match headers.messages.as_mut_slice() {
        // What goes in one piece goes for less by the call for one.
        [message] => {
            // SAFETY: the header and its piece describe memory that the message borrows for longer
            // than this call, which only reads it.
            let sent = unsafe { c::sendmsg(fd.as_raw_fd(), &message.msg_hdr, flags) };
            check_size(sent).map(|_| 1)
        }
        messages => {
            // SAFETY: as above, for all of them.
            let sent =
                unsafe { c::sendmmsg(fd.as_raw_fd(), messages.as_mut_ptr(), count, flags as _) };
            check(sent).map(|()| usize::try_from(sent).unwrap_or(0))
        }
    };
    headers.clear();
    sent
}

/// Sends these bytes as datagrams of so many bytes each, in one piece that the kernel or the device
/// splits.
pub(crate) fn send_segments(
    fd: BorrowedFd<'_>,
    data: &[u8],
    size: u16,
    flags: i32,
    to: Option<&Storage>,
) -> Result<usize> {
    let mut control = [0; space(size_of::<u16>())];
    cmsghdr::cmsg_len.put(&mut control, len(size_of::<u16>()));
    cmsghdr::cmsg_level.put(&mut control, c::SOL_UDP);
    cmsghdr::cmsg_type.put(&mut control, c::UDP_SEGMENT);
    if let Some(value) = control.get_mut(HEADER..).and_then(<[u8]>::first_chunk_mut) {
        *value = size.to_ne_bytes();
    }
    send_message(fd, &[IoSlice::new(data)], &control, flags, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Name(Storage);

    impl AsMut<Storage> for Name {
        fn as_mut(&mut self) -> &mut Storage {
            &mut self.0
        }
    }

    /// Does what the kernel would, by way of the header alone: fills a message's memory with
    /// this byte.
    fn arrive(inbox: &mut Inbox<Name>, number: usize, byte: u8) {
        let header = inbox.messages[number].msg_hdr;
        // SAFETY: the header describes memory of the inbox, as much as is written.
        unsafe {
            header.msg_name.cast::<u8>().write_bytes(byte, header.msg_namelen as usize);
            let piece = header.msg_iov.read();
            piece.iov_base.cast::<u8>().write_bytes(byte, piece.iov_len);
            let room = inbox.slots()[number].control.room();
            header.msg_control.cast::<u8>().write_bytes(byte, room);
        }
    }

    /// Under Miri this says that no pointer loses its right to the memory while it is kept.
    #[test]
    fn headers_stay_right_while_others_are_made_anew() {
        let mut inbox = Inbox::new(3, 10, 24, || Name(Storage::empty()));
        for round in 1..4 {
            inbox.prepare();
            assert_eq!(inbox.used, 0);
            for number in 0..3 {
                arrive(&mut inbox, number, round * 10 + number as u8);
            }
            // What a call does with the slots that it has filled, one of them here.
            let slot = inbox.slot(0).unwrap();
            // SAFETY: all of both has been written above.
            unsafe {
                slot.from.0.filled(16);
                slot.control.filled_without_fds(24);
            }
            assert_eq!(inbox.used, 1);
            assert_eq!(inbox.slots()[0].from.0.as_bytes(), [round * 10; 16]);
            assert_eq!(inbox.slots()[0].control.as_bytes(), [round * 10; 24]);
            let memory = [[round * 10; 10], [round * 10 + 1; 10], [round * 10 + 2; 10]];
            assert_eq!(inbox.memory(), memory.concat());
            assert!(inbox.take_fds(1).is_empty() && inbox.take_fds(3).is_empty());
            inbox.clear(2);
            assert_eq!(inbox.used, 2);
        }
    }
}
