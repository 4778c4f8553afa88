//! Memory for a socket address of any family.

use std::fmt;
use std::mem::MaybeUninit;

use super::c;

/// The bytes of a socket address as the kernel has them: at most [`Storage::CAPACITY`], aligned
/// for every family's structure, and as many of them set as `len` says.
///
/// The bytes beyond `len` are never initialised: an address travels with every datagram, and
/// clearing 128 bytes each time would cost more than the rest of the call.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(crate) struct Storage {
    bytes: [MaybeUninit<u8>; Storage::CAPACITY],
    len: u32,
}

impl Storage {
    /// Room for the largest address there is, `sizeof(struct sockaddr_storage)`.
    pub(crate) const CAPACITY: usize = size_of::<c::sockaddr_storage>();

    /// No address: zero bytes long.
    #[inline]
    pub(crate) const fn empty() -> Storage {
        // Field by field: of a whole value the compiler makes a constant of zeros, and copies it.
        let mut storage = MaybeUninit::<Storage>::uninit();
        // SAFETY: the pointer is to `storage`; its bytes need no value, its length gets one here.
        unsafe {
            (&raw mut (*storage.as_mut_ptr()).len).write(0);
            storage.assume_init()
        }
    }

    /// A copy of these bytes, or nothing if they are more than any address has.
    #[inline]
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Storage> {
        let mut storage = Storage::empty();
        let room = storage.bytes.get_mut(..bytes.len())?;
        for (to, from) in room.iter_mut().zip(bytes) {
            to.write(*from);
        }
        storage.len = bytes.len() as u32;
        Some(storage)
    }

    /// An address of this family whose structure goes on with these bytes.
    ///
    /// The family stands in the first two bytes everywhere, though not in the same way.
    pub(crate) fn of_family(family: i32, rest: &[u8]) -> Option<Storage> {
        let mut bytes = [0; Storage::CAPACITY];
        let (head, tail) = bytes.split_at_mut(2);
        head.copy_from_slice(&u16::try_from(family).ok()?.to_ne_bytes());
        tail.get_mut(..rest.len())?.copy_from_slice(rest);
        Storage::from_bytes(bytes.get(..2 + rest.len())?)
    }

    /// The family, or `None` if there is no address.
    #[inline]
    pub(crate) fn family(&self) -> Option<i32> {
        self.as_bytes().first_chunk().map(|family| i32::from(u16::from_ne_bytes(*family)))
    }

    /// The bytes of the structure behind the family.
    #[inline]
    pub(crate) fn rest(&self) -> &[u8] {
        self.as_bytes().get(2..).unwrap_or_default()
    }

    /// The bytes that are set.
    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        // SAFETY: every constructor and `set_len` keep the first `len` bytes initialised and
        // `len` within the array.
        unsafe { std::slice::from_raw_parts(self.bytes.as_ptr().cast(), self.len as usize) }
    }

    /// Where a call reads or writes the address.
    #[inline]
    pub(super) fn as_ptr(&self) -> *const c::sockaddr {
        self.bytes.as_ptr().cast()
    }

    /// Where the kernel may write up to [`Storage::CAPACITY`] bytes.
    #[inline]
    pub(super) fn as_mut_ptr(&mut self) -> *mut c::sockaddr {
        self.bytes.as_mut_ptr().cast()
    }

    /// How many bytes are set, as the calls take it.
    #[inline]
    pub(super) fn len(&self) -> c::socklen_t {
        self.len as c::socklen_t
    }

    /// Says how many bytes the kernel has written.
    ///
    /// The length is clamped to the capacity, for Linux answers the length an address *would*
    /// have had (111 for a UNIX path without room for its final NUL).
    ///
    /// # Safety
    ///
    /// The first `len` bytes, as far as they exist, have been initialised.
    #[inline]
    pub(super) unsafe fn set_len(&mut self, len: c::socklen_t) {
        self.len = (len as usize).min(Storage::CAPACITY) as u32;
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().fmt(f)
    }
}
