//! A ring of descriptors in memory that is shared with the kernel.

use std::sync::atomic::Ordering;

use crate::sys::memory::Mapping;
use crate::sys::{Errno, c};

/// Where the parts of a ring stand in its memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub(super) producer: u64,
    pub(super) consumer: u64,
    pub(super) entries: u64,
}

/// A ring of which this process is one end and the kernel the other.
///
/// Each end has an index that it alone writes, and that grows for ever, around the largest number.
/// What the kernel's says is believed only as far as it is possible.
#[derive(Debug)]
pub(super) struct Ring {
    memory: Mapping,
    /// Where the index of the end that puts entries in stands, and of the one that takes them out.
    producer: usize,
    consumer: usize,
    entries: usize,
    /// How many entries there is room for: a power of two.
    count: u32,
    /// How many bytes an entry has.
    each: usize,
    /// This end's index, which the kernel cannot change here.
    own: u32,
}

impl Places {
    /// How much memory the ring has; `None` if that is no number.
    pub(super) fn len(self, count: u32, each: usize) -> Option<usize> {
        let entries = usize::try_from(count).ok()?.checked_mul(each)?;
        usize::try_from(self.entries).ok()?.checked_add(entries)
    }
}

impl Ring {
    /// A fresh ring of so many entries of so many bytes each; `None` if it is not in the memory.
    pub(super) fn new(memory: Mapping, places: Places, count: u32, each: usize) -> Option<Ring> {
        let place = |at| usize::try_from(at).ok();
        let (producer, consumer) = (place(places.producer)?, place(places.consumer)?);
        memory.word(producer)?;
        memory.word(consumer)?;
        // The last word of the last entry, and with it all before.
        memory.word(places.len(count, each)?.checked_sub(4)?)?;
        let entries = place(places.entries)?;
        let fits = count.is_power_of_two() && each > 0;
        fits.then_some(Ring { memory, producer, consumer, entries, count, each, own: 0 })
    }

    /// Puts an entry in for the kernel to take; not if there is no room.
    pub(super) fn push(&mut self, entry: &[u8]) -> bool {
        if self.left() >= self.count || entry.len() != self.each {
            return false;
        }
        let next = self.own.wrapping_add(1);
        let stored = self.memory.store(self.at(self.own), entry);
        let (Some(()), Some(index)) = (stored, self.memory.word(self.producer)) else {
            return false;
        };
        // The kernel sees the entry, and what was written to the frame, before the index.
        index.store(next, Ordering::Release);
        self.own = next;
        true
    }

    /// How many entries that were put in the kernel has not taken yet. More than were ever put in
    /// are a lie, but one that does no harm: there is then no room for others.
    pub(super) fn left(&self) -> u32 {
        let taken = self.memory.word(self.consumer).map(|index| index.load(Ordering::Acquire));
        taken.map_or(self.count, |taken| self.own.wrapping_sub(taken))
    }

    /// Takes out the next entry that the kernel has put in. `EIO` if it says that there are more
    /// than there is room for.
    pub(super) fn pull<const N: usize>(&mut self) -> Result<Option<[u8; N]>, Errno> {
        const LIE: Errno = Errno(c::EIO);
        let made = self.memory.word(self.producer).ok_or(LIE)?.load(Ordering::Acquire);
        let waiting = made.wrapping_sub(self.own);
        if waiting == 0 {
            return Ok(None);
        }
        if waiting > self.count || N != self.each {
            return Err(LIE);
        }
        let mut entry = [0; N];
        self.memory.load(self.at(self.own), &mut entry).ok_or(LIE)?;
        self.own = self.own.wrapping_add(1);
        // The kernel writes there again only after we have read.
        self.memory.word(self.consumer).ok_or(LIE)?.store(self.own, Ordering::Release);
        Ok(Some(entry))
    }

    /// Where the entry of this index stands.
    fn at(&self, index: u32) -> usize {
        // `new` has seen that the last one is in the memory.
        self.entries + (index & (self.count - 1)) as usize * self.each
    }
}

/// The other end, for tests.
#[cfg(test)]
impl Ring {
    /// A ring that no kernel knows, as long as asked for.
    pub(super) fn alone(count: u32, each: usize) -> Ring {
        let places = Places { producer: 0, consumer: 64, entries: 128 };
        Ring::new(Mapping::anonymous(4096).unwrap(), places, count, each).unwrap()
    }

    /// Puts in what the kernel would.
    pub(super) fn kernel_puts(&self, entry: &[u8]) {
        let index = self.memory.word(self.producer).unwrap();
        let now = index.load(Ordering::Acquire);
        self.memory.store(self.at(now), entry).unwrap();
        index.store(now.wrapping_add(1), Ordering::Release);
    }

    /// Takes all out.
    pub(super) fn kernel_takes(&self) {
        self.memory.word(self.consumer).unwrap().store(self.own, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: Places = Places { producer: 0, consumer: 64, entries: 128 };

    /// A ring of four entries with both ends here: what is pushed is pulled.
    fn ring() -> Ring {
        Ring::alone(4, 8)
    }

    fn set(ring: &Ring, at: usize, value: u32) {
        ring.memory.word(at).unwrap().store(value, Ordering::Release);
    }

    #[test]
    #[cfg_attr(miri, ignore = "maps memory")]
    fn entries_are_put_in_until_it_is_full_also_where_the_index_goes_around() {
        let mut ring = ring();
        ring.own = u32::MAX - 1;
        set(&ring, 64, u32::MAX - 1);
        for nth in 0..4_u64 {
            assert!(ring.push(&nth.to_ne_bytes()));
        }
        assert_eq!((ring.left(), ring.push(&[0; 8])), (4, false));
        set(&ring, 64, u32::MAX);
        assert!(ring.push(&[9; 8]));
        assert!(!ring.push(&[9; 8]));
        set(&ring, 64, ring.own);
        assert_eq!((ring.left(), ring.push(&[0; 16])), (0, false));
    }

    #[test]
    #[cfg_attr(miri, ignore = "maps memory")]
    fn entries_come_out_in_order_and_once() {
        let mut ring = ring();
        assert_eq!(ring.pull::<8>(), Ok(None));
        for round in 0..3_u32 {
            for nth in 0..4 {
                let at = 128 + nth * 8;
                ring.memory.store(at, &(u64::from(round) * 4 + nth as u64).to_ne_bytes()).unwrap();
            }
            set(&ring, 0, (round + 1) * 4);
            for nth in 0..4 {
                let expected = u64::from(round) * 4 + nth;
                assert_eq!(ring.pull(), Ok(Some(expected.to_ne_bytes())));
            }
            assert_eq!(ring.pull::<8>(), Ok(None));
            assert_eq!(ring.memory.word(64).unwrap().load(Ordering::Acquire), ring.own);
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "maps memory")]
    fn impossible_indices_are_not_believed() {
        let mut ring = ring();
        for lie in [5, 1000, u32::MAX] {
            set(&ring, 0, lie);
            assert_eq!(ring.pull::<8>(), Err(Errno::EIO));
        }
        // It says that it has taken what was never put in.
        set(&ring, 64, 3);
        assert!(!ring.push(&[0; 8]));
    }

    #[test]
    #[cfg_attr(miri, ignore = "maps memory")]
    fn a_ring_must_be_in_its_memory() {
        let new = |places, count, each| {
            Ring::new(Mapping::anonymous(4096).unwrap(), places, count, each).is_some()
        };
        assert!(new(Places { entries: 4096 - 32, ..PLACES }, 4, 8));
        assert!(!new(Places { entries: 4096 - 24, ..PLACES }, 4, 8));
        assert!(!new(Places { entries: u64::MAX, ..PLACES }, 4, 8));
        assert!(!new(Places { producer: 4096, ..PLACES }, 4, 8));
        assert!(!new(Places { consumer: 2, ..PLACES }, 4, 8));
        assert!(!new(PLACES, 3, 8));
        assert!(!new(PLACES, 0, 8));
    }
}
