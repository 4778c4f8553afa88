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
    bytes: MaybeUninit<[u8; Storage::CAPACITY]>,
    /// How long the kernel or the maker says the address is; see [`Storage::as_bytes`].
    len: c::socklen_t,
}

impl Storage {
    /// Room for the longest address of any family, which is that of UNIX. What
    /// `sockaddr_storage` has beyond it no family uses, and it would travel with every datagram.
    pub(crate) const CAPACITY: usize = size_of::<c::sockaddr_un>();

    /// No address: zero bytes long.
    #[inline]
    pub(crate) fn empty() -> Storage {
        let mut storage = MaybeUninit::<Storage>::uninit();
        // SAFETY: the pointer is to memory of ours; `bytes` needs no initialising, so with `len`
        // all of it is. Field by field, because a literal would be filled with zeros.
        unsafe {
            (&raw mut (*storage.as_mut_ptr()).len).write(0);
            storage.assume_init()
        }
    }

    /// A copy of these bytes, or nothing if they are more than any address has.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Storage> {
        Storage::of_parts([bytes])
    }

    /// An address of this family whose structure goes on with these bytes, one part behind the other.
    ///
    /// The family stands in the first two bytes everywhere, though not in the same way.
    pub(crate) fn of_family(family: i32, [first, second]: [&[u8]; 2]) -> Option<Storage> {
        let family = u16::try_from(family).ok()?;
        Storage::of_parts([&family.to_ne_bytes(), first, second])
    }

    /// These bytes one behind the other, as long as there is room.
    #[inline]
    fn of_parts<const N: usize>(parts: [&[u8]; N]) -> Option<Storage> {
        let mut storage = Storage::empty();
        for part in parts {
            let len = storage.len as usize;
            if part.len() > Storage::CAPACITY - len {
                return None;
            }
            // SAFETY: the part fits behind what is there, as checked above.
            unsafe {
                let end = storage.bytes.as_mut_ptr().cast::<u8>().add(len);
                end.copy_from_nonoverlapping(part.as_ptr(), part.len());
            }
            storage.len += part.len() as c::socklen_t;
        }
        Some(storage)
    }

    /// [`of_family`](Storage::of_family) for a structure of a known size, which costs no more
    /// than writing it.
    #[inline]
    pub(crate) fn of_fixed<const N: usize>(family: i32, rest: [u8; N]) -> Storage {
        const { assert!(N + 2 <= Storage::CAPACITY) };
        let mut storage = Storage::empty();
        storage.len = N as c::socklen_t + 2;
        let start = storage.bytes.as_mut_ptr().cast::<u8>();
        // SAFETY: both are within the capacity, as checked above; `write_unaligned` needs no more.
        unsafe {
            start.cast::<[u8; 2]>().write_unaligned((family as u16).to_ne_bytes());
            start.add(2).cast::<[u8; N]>().write_unaligned(rest);
        }
        storage
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
    ///
    /// The length is clamped to the capacity, for Linux answers the length an address *would*
    /// have had (111 for a UNIX path without room for its final NUL).
    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        let len = (self.len as usize).min(Storage::CAPACITY);
        // SAFETY: every maker and `filled_by` see to it that the first `len` bytes are initialised.
        unsafe { std::slice::from_raw_parts(self.bytes.as_ptr().cast(), len) }
    }

    /// Whether both are the same address, byte for byte.
    #[inline]
    pub(crate) fn is_same(&self, other: &Storage) -> bool {
        let (own, other) = (self.as_bytes(), other.as_bytes());
        // An address of IPv4 is as long as this, and compared without a call.
        match (<&[u8; 16]>::try_from(own), <&[u8; 16]>::try_from(other)) {
            (Ok(own), Ok(other)) => own == other,
            _ => own == other,
        }
    }

    /// Where a call reads or writes the address.
    #[inline]
    pub(super) fn as_ptr(&self) -> *const c::sockaddr {
        self.bytes.as_ptr().cast()
    }

    /// How many bytes are set, as the calls take it.
    #[inline]
    pub(super) fn len(&self) -> c::socklen_t {
        self.as_bytes().len() as c::socklen_t
    }

    /// Where a call may write so many bytes as there is room for: [`Storage::CAPACITY`].
    #[inline]
    pub(super) fn as_mut_ptr(&mut self) -> *mut c::sockaddr {
        self.bytes.as_mut_ptr().cast()
    }

    /// Says how many bytes a call has written, or would have if there had been more room.
    ///
    /// # Safety
    ///
    /// So many are initialised, as far as there is room.
    #[inline]
    pub(super) unsafe fn filled(&mut self, len: c::socklen_t) {
        self.len = len;
    }

    /// Where a call may write the address, and its length.
    ///
    /// # Safety
    ///
    /// Such a call writes both, or [`clear`](Storage::clear) follows.
    #[inline]
    pub(super) unsafe fn open(&mut self) -> (*mut c::sockaddr, *mut c::socklen_t) {
        self.len = Storage::CAPACITY as c::socklen_t;
        (self.as_mut_ptr(), &raw mut self.len)
    }

    /// No address any more.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Lets a call of the kernel write the address and its length, in the way all of them do:
    /// the length says how much room there is, and is then set to how much there was to write.
    ///
    /// # Safety
    ///
    /// `call` passes both pointers to such a call and nothing else, and answers whether it has
    /// succeeded.
    #[inline]
    pub(super) unsafe fn filled_by<T, E>(
        &mut self,
        call: impl FnOnce(*mut c::sockaddr, *mut c::socklen_t) -> Result<T, E>,
    ) -> Result<T, E> {
        // SAFETY: such a call follows; if it has failed, nothing may have been written.
        let (addr, len) = unsafe { self.open() };
        let done = call(addr, len);
        if done.is_err() {
            self.clear();
        }
        done
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets an address arrive as the kernel would write it, and say that it were so long.
    fn arrive(bytes: &[u8], told: usize) -> Storage {
        let mut storage = Storage::empty();
        // SAFETY: as much is written as there is room for.
        let done = unsafe {
            storage.filled_by(|to, len| {
                let room = *len as usize;
                to.cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len().min(room));
                *len = told as c::socklen_t;
                Ok::<_, ()>(())
            })
        };
        assert_eq!(done, Ok(()));
        storage
    }

    #[test]
    fn no_length_is_believed_beyond_the_memory() {
        let long = [7; 200];
        assert_eq!(arrive(&long[..4], 4).as_bytes(), [7; 4]);
        assert_eq!(arrive(&long, 200).as_bytes(), [7; Storage::CAPACITY]);
        assert_eq!(arrive(&long, Storage::CAPACITY + 1).len() as usize, Storage::CAPACITY);
        assert_eq!(arrive(&[], 0).family(), None);
    }

    #[test]
    fn every_maker_makes_the_same_address() {
        let rest = [0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        let fixed = Storage::of_fixed(c::AF_INET, rest);
        let made = Storage::of_family(c::AF_INET, [&rest[..5], &rest[5..]]).unwrap();
        let copied = Storage::from_bytes(fixed.as_bytes()).unwrap();
        assert_eq!((fixed.as_bytes(), fixed.rest()), (made.as_bytes(), &rest[..]));
        assert_eq!(copied.as_bytes(), made.as_bytes());
        assert_eq!(fixed.family(), Some(c::AF_INET));
        assert!(Storage::from_bytes(&[0; Storage::CAPACITY + 1]).is_none());
        assert!(Storage::of_family(-1, [&rest, &[]]).is_none());
    }

    #[test]
    fn a_call_that_fails_leaves_no_address() {
        let mut storage = arrive(&[7; 16], 16);
        // SAFETY: nothing is written, and nothing is said to be.
        let failed = unsafe { storage.filled_by(|_, _| Err::<(), _>("no")) };
        assert_eq!((failed, storage.as_bytes()), (Err("no"), &[][..]));
    }
}
