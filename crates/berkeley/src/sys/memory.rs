//! Memory that is shared with the kernel: rings, and the chunks that they tell of.

use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Errno, c};

type Result<T> = std::result::Result<T, Errno>;

/// Memory that others write to as well: it is read and written in atomic words, and never
/// borrowed as bytes.
#[derive(Debug)]
pub(crate) struct Mapping {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to the process and not to a thread, and is unmapped once.
unsafe impl Send for Mapping {}
// SAFETY: through a shared reference there are only atomic words.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Fresh memory, all zero. It is shared with child processes: otherwise, after a fork, a page
    /// that the kernel keeps could become the child's, and this process get a copy.
    pub(crate) fn anonymous(len: usize) -> Result<Mapping> {
        Mapping::new(-1, 0, len, c::MAP_SHARED | c::MAP_ANONYMOUS)
    }

    /// What the kernel shows of this descriptor from there on.
    pub(crate) fn of(fd: BorrowedFd<'_>, offset: u64, len: usize) -> Result<Mapping> {
        Mapping::new(fd.as_raw_fd(), offset, len, c::MAP_SHARED | c::MAP_POPULATE)
    }

    fn new(fd: RawFd, offset: u64, len: usize, flags: i32) -> Result<Mapping> {
        let offset = c::off64_t::try_from(offset).map_err(|_| Errno(c::EOVERFLOW))?;
        // SAFETY: without an address the kernel takes a place where there is nothing of ours.
        let start = unsafe {
            c::mmap64(ptr::null_mut(), len, c::PROT_READ | c::PROT_WRITE, flags, fd, offset)
        };
        if start == c::MAP_FAILED {
            return Err(Errno::last());
        }
        NonNull::new(start.cast()).map(|start| Mapping { start, len }).ok_or(Errno(c::ENOMEM))
    }

    /// The word at this offset; `None` if it is not aligned or not in the memory.
    #[inline]
    pub(crate) fn word(&self, at: usize) -> Option<&AtomicU32> {
        let within = at.checked_add(size_of::<u32>())? <= self.len;
        if !within || at % align_of::<AtomicU32>() != 0 {
            return None;
        }
        // SAFETY: four bytes of the mapping, which begins at a page and lives as long as the
        // reference; all else that reads or writes them does so in words, too.
        Some(unsafe { AtomicU32::from_ptr(self.start.as_ptr().add(at).cast()) })
    }

    /// Copies whole words out, in no order with others.
    #[inline]
    pub(crate) fn load(&self, at: usize, room: &mut [u8]) -> Option<()> {
        for (nth, four) in room.chunks_exact_mut(4).enumerate() {
            let word = self.word(at.checked_add(nth * 4)?)?;
            four.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
        }
        Some(())
    }

    /// Copies whole words in, in no order with others.
    #[inline]
    pub(crate) fn store(&self, at: usize, bytes: &[u8]) -> Option<()> {
        for (nth, four) in bytes.chunks_exact(4).enumerate() {
            let word = self.word(at.checked_add(nth * 4)?)?;
            word.store(u32::from_ne_bytes(*four.first_chunk()?), Ordering::Relaxed);
        }
        Some(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped by us with this length, and nothing borrows it any more.
        unsafe { c::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

/// The memory that all [`Chunk`]s are parts of, to be registered with the kernel.
#[derive(Debug)]
pub(crate) struct ChunkMemory {
    memory: Arc<Mapping>,
    each: usize,
}

impl ChunkMemory {
    /// So many chunks of so many bytes each.
    pub(crate) fn new(count: usize, each: usize) -> Result<(ChunkMemory, Vec<Chunk>)> {
        let len = count.checked_mul(each).ok_or(Errno(c::EOVERFLOW))?;
        let memory = Arc::new(Mapping::anonymous(len)?);
        let chunk = |nth| Chunk { memory: Arc::clone(&memory), start: nth * each, len: each };
        let chunks = (0..count).map(chunk).collect();
        Ok((ChunkMemory { memory, each }, chunks))
    }

    /// The address, which the kernel wants to know.
    pub(super) fn address(&self) -> u64 {
        self.memory.start.as_ptr() as usize as u64
    }

    /// How many bytes there are in all, and in a chunk.
    pub(super) fn len(&self) -> (u64, usize) {
        (self.memory.len as u64, self.each)
    }
}

/// A part of the memory that is its owner's alone: there is one value of each, so who has it knows
/// that nobody else reads or writes there. While the kernel may, it is put away.
#[derive(Debug)]
pub(crate) struct Chunk {
    memory: Arc<Mapping>,
    start: usize,
    len: usize,
}

impl Chunk {
    /// Where it stands in the memory, counted from its beginning.
    pub(crate) fn offset(&self) -> usize {
        self.start
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        // SAFETY: `new` has cut the mapping into chunks that do not overlap; this is the only
        // value of this one, and it keeps the mapping. Fresh memory is zero, thus initialised.
        unsafe { std::slice::from_raw_parts(self.memory.start.as_ptr().add(self.start), self.len) }
    }

    pub(crate) fn as_bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and this value is borrowed mutably.
        unsafe {
            std::slice::from_raw_parts_mut(self.memory.start.as_ptr().add(self.start), self.len)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg_attr(miri, ignore = "maps memory")]
    fn nothing_outside_the_memory_is_reached() {
        let memory = Mapping::anonymous(64).unwrap();
        assert!(memory.word(60).is_some());
        for at in [61, 62, 64, 4096, usize::MAX, usize::MAX - 3] {
            assert!(memory.word(at).is_none(), "{at}");
        }
        memory.store(56, &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        let mut room = [0; 8];
        memory.load(56, &mut room).unwrap();
        assert_eq!(room, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert!(memory.load(60, &mut room).is_none());
        assert!(memory.store(60, &room).is_none());
    }

    #[test]
    #[cfg_attr(miri, ignore = "maps memory")]
    fn chunks_do_not_overlap_and_keep_their_memory() {
        let (memory, mut chunks) = ChunkMemory::new(3, 2048).unwrap();
        assert_eq!(memory.len(), (3 * 2048, 2048));
        drop(memory);
        for (nth, chunk) in chunks.iter_mut().enumerate() {
            assert_eq!(chunk.offset(), nth * 2048);
            chunk.as_bytes_mut().fill(nth as u8 + 1);
        }
        for (nth, chunk) in chunks.iter().enumerate() {
            assert!(chunk.as_bytes().iter().all(|byte| *byte == nth as u8 + 1));
        }
        assert!(ChunkMemory::new(usize::MAX, 2).is_err());
    }
}
