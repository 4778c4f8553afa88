//! Memory to receive into.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use crate::sys::Filled;

/// Memory that a receiving call may fill.
///
/// One trait stands for every kind of memory, so that there is one method to receive with:
///
/// | pass | get back |
/// |---|---|
/// | `&mut [u8]`, `&mut [u8; N]`, `&mut Vec<u8>` (as long as it is now) | how many bytes were received |
/// | `&mut [MaybeUninit<u8>]` | the received bytes, and the rest of the memory |
/// | [`spare(&mut vec)`](spare) | how many bytes were received; they now stand at the vector's end |
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, spare};
///
/// let (a, b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// a.send(b"hello world")?;
///
/// let mut array = [0; 6];
/// assert_eq!(b.recv(&mut array)?, 6);
///
/// let mut vec = Vec::with_capacity(64);
/// assert_eq!(b.recv(spare(&mut vec))?, 5);
/// assert_eq!(vec, b"world");
/// # Ok::<(), berkeley::Error>(())
/// ```
pub trait Buffer: sealed::Sealed {
    /// What a receiving call answers for this memory.
    type Received;

    /// The memory, to be written to only.
    #[doc(hidden)]
    fn room(&mut self) -> &mut [MaybeUninit<u8>];

    /// Turns the number of received bytes into the answer.
    ///
    /// # Safety
    ///
    /// The first `len` bytes of the memory are initialised, and `len` is within it.
    #[doc(hidden)]
    unsafe fn filled(self, len: usize) -> Self::Received;
}

/// A vector's free capacity as memory to receive into: what arrives is appended.
///
/// Nothing is zeroed first and nothing is allocated: a vector without spare capacity receives
/// zero bytes, so reserve some.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, spare};
///
/// let (a, b) = Socket::pair(Family::UNIX, Type::DGRAM, Protocol::DEFAULT)?;
/// let mut data = b"got: ".to_vec();
/// data.reserve(100);
/// a.send(b"news")?;
/// b.recv(spare(&mut data))?;
/// assert_eq!(data, b"got: news");
/// # Ok::<(), berkeley::Error>(())
/// ```
pub fn spare(vec: &mut Vec<u8>) -> Spare<'_> {
    Spare(vec)
}

/// A vector's free capacity; made by [`spare`].
///
/// ```
/// let mut vec = Vec::with_capacity(16);
/// let _memory: berkeley::Spare<'_> = berkeley::spare(&mut vec);
/// ```
#[derive(Debug)]
pub struct Spare<'a>(&'a mut Vec<u8>);

impl Buffer for &mut [u8] {
    type Received = usize;

    #[inline]
    fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        write_only(self)
    }

    #[inline]
    unsafe fn filled(self, len: usize) -> usize {
        len
    }
}

impl<const N: usize> Buffer for &mut [u8; N] {
    type Received = usize;

    #[inline]
    fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        write_only(*self)
    }

    #[inline]
    unsafe fn filled(self, len: usize) -> usize {
        len
    }
}

impl Buffer for &mut Vec<u8> {
    type Received = usize;

    #[inline]
    fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        write_only(self)
    }

    #[inline]
    unsafe fn filled(self, len: usize) -> usize {
        len
    }
}

impl<'a> Buffer for &'a mut [MaybeUninit<u8>] {
    type Received = (&'a mut [u8], &'a mut [MaybeUninit<u8>]);

    #[inline]
    fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        self
    }

    #[inline]
    unsafe fn filled(self, len: usize) -> Self::Received {
        let (filled, rest) = self.split_at_mut(len);
        // SAFETY: by this function's own contract these bytes are initialised.
        let filled = unsafe { &mut *(std::ptr::from_mut(filled) as *mut [u8]) };
        (filled, rest)
    }
}

impl Buffer for Spare<'_> {
    type Received = usize;

    #[inline]
    fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        self.0.spare_capacity_mut()
    }

    #[inline]
    unsafe fn filled(self, len: usize) -> usize {
        let total = self.0.len() + len;
        // SAFETY: by this function's own contract these bytes are initialised, and within the
        // capacity.
        unsafe { self.0.set_len(total) };
        len
    }
}

/// What it is filled with counts as filled there, too.
#[cfg(feature = "tokio")]
impl Buffer for &mut tokio::io::ReadBuf<'_> {
    type Received = usize;

    #[inline]
    fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: those who get it write initialised bytes only.
        unsafe { self.unfilled_mut() }
    }

    #[inline]
    unsafe fn filled(self, len: usize) -> usize {
        // SAFETY: by this function's own contract these bytes are initialised.
        unsafe { self.assume_init(len) };
        self.advance(len);
        len
    }
}

/// Lets `receive` fill the memory, and answers what its owner gets.
#[inline]
pub(crate) fn fill<B: Buffer, E>(
    mut buf: B,
    receive: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<Filled, E>,
) -> Result<B::Received, E> {
    let filled = receive(buf.room())?.len();
    // SAFETY: a `Filled` is made in `sys` alone, of what the kernel has written to the memory that
    // the call was given, and this closure has no other memory to give.
    Ok(unsafe { buf.filled(filled) })
}

/// Memory that is filled by the last of several attempts, all of which it is lent to.
#[cfg(feature = "tokio")]
#[derive(Debug)]
pub(crate) struct Filling<B: Buffer> {
    buf: B,
    /// How many bytes at its front have been written.
    filled: usize,
}

#[cfg(feature = "tokio")]
impl<B: Buffer> Filling<B> {
    #[inline]
    pub(crate) fn new(buf: B) -> Filling<B> {
        Filling { buf, filled: 0 }
    }

    /// Lets `receive` fill the memory from its front; says how many bytes there are then, and
    /// whether there is room for more.
    #[inline]
    pub(crate) fn attempt<E>(
        &mut self,
        receive: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<Filled, E>,
    ) -> Result<(usize, bool), E> {
        let room = self.buf.room();
        let most = room.len();
        self.filled = receive(room)?.len();
        Ok((self.filled, self.filled < most))
    }

    /// What its owner gets.
    #[inline]
    pub(crate) fn finish(self) -> B::Received {
        // SAFETY: as many as the attempt has written that was the last to succeed, as in `fill`;
        // what is initialised stays so.
        unsafe { self.buf.filled(self.filled) }
    }
}

/// Bytes as memory that a call writes to.
#[inline]
fn write_only(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the layout is the same, and those who get it write initialised bytes only.
    unsafe { &mut *(std::ptr::from_mut(bytes) as *mut [MaybeUninit<u8>]) }
}

mod sealed {
    /// Only memory whose extent this crate has checked may be handed to the kernel.
    pub trait Sealed {}
    impl Sealed for &mut [u8] {}
    impl<const N: usize> Sealed for &mut [u8; N] {}
    impl Sealed for &mut Vec<u8> {}
    impl Sealed for &mut [std::mem::MaybeUninit<u8>] {}
    impl Sealed for super::Spare<'_> {}
    #[cfg(feature = "tokio")]
    impl Sealed for &mut tokio::io::ReadBuf<'_> {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does what a receiving call does: writes to the front of the memory and says how much.
    fn receive<B: Buffer>(mut buf: B, news: &[u8]) -> B::Received {
        let room = buf.room();
        let len = news.len().min(room.len());
        for (to, from) in room.iter_mut().zip(news) {
            to.write(*from);
        }
        // SAFETY: `len` bytes have just been written, and are within the memory.
        unsafe { buf.filled(len) }
    }

    #[test]
    fn every_kind_of_memory_is_filled_from_its_front() {
        let mut array = [1; 4];
        assert_eq!(receive(&mut array, b"ab"), 2);
        assert_eq!(array, *b"ab\x01\x01");
        assert_eq!(receive(&mut array[2..], b"cdef"), 2);
        assert_eq!(array, *b"abcd");

        let mut vec = vec![7; 3];
        assert_eq!(receive(&mut vec, b"xy"), 2);
        assert_eq!(vec, b"xy\x07");

        let mut vec = b"got: ".to_vec();
        assert_eq!(receive(spare(&mut vec), b""), 0);
        vec.reserve(10);
        assert_eq!(receive(spare(&mut vec), b"news"), 4);
        assert_eq!(vec, b"got: news");
        assert_eq!(receive(spare(&mut Vec::new()), b"lost"), 0);
    }

    #[test]
    fn memory_that_nothing_has_written_to_comes_back_in_two_parts() {
        let mut memory = [const { MaybeUninit::uninit() }; 8];
        let (filled, rest) = receive(&mut memory[..], b"abc");
        filled[0] = b'A';
        rest[0].write(b'd');
        assert_eq!((&*filled, rest.len()), (&b"Abc"[..], 5));
    }
}
