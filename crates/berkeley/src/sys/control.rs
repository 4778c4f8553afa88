//! Control messages in memory: walking them, and owning the descriptors that arrive in them.

use std::mem::MaybeUninit;
use std::os::fd::{FromRawFd, OwnedFd};

use super::layout::Plain;
use super::structs::cmsghdr;
use super::{Errno, c};

/// What stands before each message's data.
pub(crate) const HEADER: usize = align(cmsghdr::SIZE);

/// How much room a message with so much data takes: `CMSG_SPACE`.
pub(crate) const fn space(len: usize) -> usize {
    HEADER.saturating_add(align(len))
}

/// The length that such a message's header tells: `CMSG_LEN`.
pub(crate) const fn len(len: usize) -> usize {
    HEADER.saturating_add(len)
}

const fn align(len: usize) -> usize {
    let word = size_of::<usize>();
    len.saturating_add(word - 1) & !(word - 1)
}

/// The messages in some bytes, one after the other. Lengths are believed as far as there are
/// bytes: the walk ends where a header is not whole or tells nonsense, and `rest` is what is left.
#[derive(Clone, Debug)]
pub(crate) struct Walk<'a> {
    rest: &'a [u8],
}

/// One message: its level, its number within the level, and its data.
pub(crate) type Raw<'a> = (i32, i32, &'a [u8]);

impl<'a> Walk<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Walk<'a> {
        Walk { rest: bytes }
    }

    /// What has not been walked over.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Raw<'a>> {
        let len = cmsghdr::cmsg_len.get(self.rest)?;
        let data = self.rest.get(HEADER..len)?;
        let level = cmsghdr::cmsg_level.get(self.rest)?;
        let number = cmsghdr::cmsg_type.get(self.rest)?;
        // The last message may end without the padding that others have.
        self.rest = self.rest.get(align(len)..).unwrap_or_default();
        Some((level, number, data))
    }
}

/// Adds a message to bytes that are to be sent.
pub(crate) fn push(bytes: &mut Vec<u8>, level: i32, number: i32, data: &[u8]) {
    let mut header = [0; HEADER];
    cmsghdr::cmsg_len.put(&mut header, len(data.len()));
    cmsghdr::cmsg_level.put(&mut header, level);
    cmsghdr::cmsg_type.put(&mut header, number);
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len() + (align(data.len()) - data.len()), 0);
}

/// Room for control messages that the kernel fills, and the owner of the descriptors in them.
///
/// Numbers in such bytes are descriptors only where the kernel has just put them there. So they
/// are taken over here, right behind the call, and at no other place.
#[derive(Debug, Default)]
pub(crate) struct ControlRoom {
    /// In words, for the kernel writes headers that are aligned to them.
    words: Vec<MaybeUninit<usize>>,
    /// How many bytes of them are to be filled.
    room: usize,
    /// How many bytes have been.
    len: usize,
    /// Descriptors that came by `SCM_RIGHTS`, in order.
    pub(crate) fds: Vec<OwnedFd>,
    /// What came by `SCM_PIDFD`: the kernel may say why it made none.
    pub(crate) pidfd: Option<Result<OwnedFd, Errno>>,
}

impl ControlRoom {
    /// Room for so many bytes.
    pub(crate) fn with_room(room: usize) -> ControlRoom {
        let words = vec![MaybeUninit::uninit(); room.div_ceil(size_of::<usize>())];
        ControlRoom { words, room, ..ControlRoom::default() }
    }

    /// How many bytes there is room for.
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    /// What the last call has filled.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        // SAFETY: `len` is set in `filled` alone, to what the kernel says it has written, cut
        // to the room.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast(), self.len) }
    }

    /// Forgets everything, and closes the descriptors that nobody has taken.
    pub(crate) fn clear(&mut self) {
        self.len = 0;
        self.fds.clear();
        self.pidfd = None;
    }

    /// Lets a receiving call write here, and takes over the descriptors it brings.
    ///
    /// # Safety
    ///
    /// `call` passes the pointer and the length to `recvmsg` and nothing else, and answers how
    /// many bytes of control data that has written if it has succeeded.
    pub(super) unsafe fn filled_by<T>(
        &mut self,
        call: impl FnOnce(*mut u8, usize) -> Result<(T, usize), Errno>,
    ) -> Result<T, Errno> {
        self.clear();
        let (answer, written) = call(self.as_mut_ptr(), self.room)?;
        // SAFETY: by this function's own contract.
        unsafe { self.filled(written) };
        Ok(answer)
    }

    /// Where a receiving call may write [`room`](ControlRoom::room) bytes.
    pub(super) fn as_mut_ptr(&mut self) -> *mut u8 {
        self.words.as_mut_ptr().cast()
    }

    /// Says how many bytes such a call has written on a socket to which no descriptors come.
    ///
    /// # Safety
    ///
    /// The call was `recvmsg` or its like, and has succeeded.
    #[inline]
    pub(super) unsafe fn filled_without_fds(&mut self, written: usize) {
        self.len = written.min(self.room);
    }

    /// Says how many bytes such a call has written, and takes over the descriptors it has brought.
    ///
    /// # Safety
    ///
    /// The call was `recvmsg` or its like, has succeeded, and this is the first time that it is
    /// told of here, after a [`clear`](ControlRoom::clear).
    pub(super) unsafe fn filled(&mut self, written: usize) {
        // SAFETY: by this function's own contract.
        unsafe { self.filled_without_fds(written) };
        let (mut fds, mut pidfd) = (std::mem::take(&mut self.fds), None);
        for (level, number, data) in Walk::new(self.as_bytes()) {
            let numbers = data.chunks_exact(size_of::<i32>()).filter_map(i32::read);
            match (level, number) {
                (c::SOL_SOCKET, c::SCM_RIGHTS) => {
                    let numbers = numbers.filter(|number| *number >= 0);
                    // SAFETY: the kernel has just opened these for us.
                    fds.extend(numbers.map(|number| unsafe { OwnedFd::from_raw_fd(number) }));
                }
                (c::SOL_SOCKET, c::SCM_PIDFD) => {
                    pidfd = numbers.take(1).last().map(|number| match number {
                        // SAFETY: the kernel has just opened it for us.
                        0.. => Ok(unsafe { OwnedFd::from_raw_fd(number) }),
                        _ => Err(Errno(number.saturating_neg())),
                    });
                }
                _ => {}
            }
        }
        self.fds = fds;
        self.pidfd = pidfd;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets `bytes` arrive as the kernel would write them.
    fn arrive(room: &mut ControlRoom, bytes: &[u8], told: usize) -> Result<u8, Errno> {
        // SAFETY: as much is written as there is room for.
        unsafe {
            room.filled_by(|to, len| {
                to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len().min(len));
                Ok((7, told))
            })
        }
    }

    #[test]
    fn what_arrives_is_walked_over_and_forgotten() {
        let mut bytes = Vec::new();
        push(&mut bytes, 1000, 1, b"one");
        push(&mut bytes, 1000, 2, b"");
        let mut room = ControlRoom::with_room(bytes.len());
        assert_eq!(arrive(&mut room, &bytes, bytes.len()), Ok(7));
        assert_eq!(room.as_bytes(), bytes);
        let found: Vec<_> = Walk::new(room.as_bytes()).collect();
        assert_eq!(found, [(1000, 1, &b"one"[..]), (1000, 2, b"")]);
        room.clear();
        assert!(room.as_bytes().is_empty());
    }

    #[test]
    fn more_than_there_is_room_for_is_not_read() {
        let mut bytes = Vec::new();
        push(&mut bytes, 1000, 1, &[9; 40]);
        let mut room = ControlRoom::with_room(len(3));
        assert_eq!(arrive(&mut room, &bytes, bytes.len()), Ok(7));
        assert_eq!(room.as_bytes(), &bytes[..len(3)]);
        assert_eq!(Walk::new(room.as_bytes()).count(), 0);
        let mut none = ControlRoom::default();
        assert_eq!(arrive(&mut none, &bytes, bytes.len()), Ok(7));
        assert!(none.as_bytes().is_empty());
    }

    #[test]
    fn an_error_leaves_nothing() {
        let mut room = ControlRoom::with_room(64);
        arrive(&mut room, &[0; 64], 64).unwrap();
        // SAFETY: nothing is written, and nothing is said to be.
        let failed = unsafe { room.filled_by::<()>(|_, _| Err(Errno::EBADF)) };
        assert_eq!((failed, room.as_bytes()), (Err(Errno::EBADF), &[][..]));
    }
}
