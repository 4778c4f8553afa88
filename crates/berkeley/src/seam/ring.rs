//! A ring of records: one thread writes, one reads, and neither ever waits for the other.
//!
//! It is made of atomic words, so that nothing here can be torn, whoever is late.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// The records of one thread that have yet to be written down.
pub(crate) struct Ring {
    words: Box<[AtomicU64]>,
    /// So many words have been written, and read, since the beginning.
    written: AtomicUsize,
    read: AtomicUsize,
    dropped: AtomicU64,
    /// The thread's number in the system.
    pub(crate) thread: u32,
    /// The thread has ended: nothing more comes.
    pub(crate) ended: AtomicBool,
}

/// A record that is being written: nobody sees it before [`Ring::publish`].
#[derive(Debug)]
pub(crate) struct Draft<'r> {
    ring: &'r Ring,
    start: usize,
    next: usize,
    end: usize,
}

impl Ring {
    /// For so many words, rounded up to a power of two.
    pub(crate) fn new(words: usize, thread: u32) -> Ring {
        Ring {
            words: (0..words.next_power_of_two()).map(|_| AtomicU64::new(0)).collect(),
            written: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
            thread,
            ended: AtomicBool::new(false),
        }
    }

    /// Whether a record of so many words finds room.
    #[inline]
    pub(crate) fn has_room(&self, most: usize) -> bool {
        let written = self.written.load(Ordering::Relaxed);
        written.wrapping_sub(self.read.load(Ordering::Acquire)) + most < self.words.len()
    }

    /// Begins a record of at most so many words, behind a first one that says how many they are;
    /// `None`, which is counted, if there is no room for it.
    #[inline]
    pub(crate) fn begin(&self, most: usize) -> Option<Draft<'_>> {
        let start = self.written.load(Ordering::Relaxed);
        let used = start.wrapping_sub(self.read.load(Ordering::Acquire));
        if used + most + 1 > self.words.len() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let end = start.wrapping_add(self.words.len() - used);
        Some(Draft { ring: self, start, next: start.wrapping_add(1), end })
    }

    /// How many words it has.
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether so much has gathered that it is time to read.
    #[inline]
    pub(crate) fn is_filling(&self) -> bool {
        let written = self.written.load(Ordering::Relaxed);
        written.wrapping_sub(self.read.load(Ordering::Relaxed)) > self.words.len() / 4
    }

    /// How many records found no room, since this was last asked.
    pub(crate) fn take_dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }

    /// Shows every record that is there, and then gives back its room.
    pub(crate) fn drain(&self, words: &mut Vec<u64>, mut see: impl FnMut(&[u64])) {
        let end = self.written.load(Ordering::Acquire);
        let mut at = self.read.load(Ordering::Relaxed);
        while at != end {
            let len = self.load(at) as usize;
            words.clear();
            words.extend((1..=len).map(|place| self.load(at.wrapping_add(place))));
            at = at.wrapping_add(len + 1);
            self.read.store(at, Ordering::Release);
            see(words);
        }
    }

    #[inline]
    fn load(&self, at: usize) -> u64 {
        let place = self.words.get(at & (self.words.len() - 1));
        place.map_or(0, |word| word.load(Ordering::Relaxed))
    }

    #[inline]
    fn store(&self, at: usize, value: u64) {
        if let Some(word) = self.words.get(at & (self.words.len() - 1)) {
            word.store(value, Ordering::Relaxed);
        }
    }
}

impl Draft<'_> {
    /// Adds a word; what is beyond the room is left out.
    #[inline]
    pub(crate) fn word(&mut self, word: u64) {
        if self.next != self.end {
            self.ring.store(self.next, word);
            self.next = self.next.wrapping_add(1);
        }
    }

    /// Adds bytes, behind their number.
    #[inline]
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        let whole = bytes.chunks_exact(8);
        let rest = whole.remainder();
        whole.for_each(|chunk| self.word(u64::from_ne_bytes(chunk.try_into().unwrap_or_default())));
        if !rest.is_empty() {
            let mut last = [0; 8];
            last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            self.word(u64::from_ne_bytes(last));
        }
    }

    /// Lets the record be seen.
    #[inline]
    pub(crate) fn publish(self) {
        let len = self.next.wrapping_sub(self.start) - 1;
        self.ring.store(self.start, len as u64);
        self.ring.written.store(self.next, Ordering::Release);
    }
}

/// Reads the words of a record one after the other; zero and nothing behind its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'w>(pub(crate) &'w [u64]);

impl Reader<'_> {
    pub(crate) fn word(&mut self) -> u64 {
        let (first, rest) = self.0.split_first().map_or((0, &[][..]), |(word, rest)| (*word, rest));
        self.0 = rest;
        first
    }

    pub(crate) fn bytes(&mut self, bytes: &mut Vec<u8>) {
        bytes.clear();
        let len = usize::try_from(self.word()).unwrap_or(usize::MAX);
        let words = len.div_ceil(8).min(self.0.len());
        for _ in 0..words {
            bytes.extend(self.word().to_ne_bytes());
        }
        bytes.truncate(len);
    }
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring")
            .field("words", &self.words.len())
            .field("thread", &self.thread)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(ring: &Ring, number: u64, bytes: &[u8]) -> bool {
        let Some(mut draft) = ring.begin(2 + bytes.len().div_ceil(8)) else { return false };
        draft.word(number);
        draft.bytes(bytes);
        draft.publish();
        true
    }

    fn take(ring: &Ring) -> Vec<(u64, Vec<u8>)> {
        let mut all = Vec::new();
        ring.drain(&mut Vec::new(), |words| {
            let (mut reader, mut bytes) = (Reader(words), Vec::new());
            let number = reader.word();
            reader.bytes(&mut bytes);
            all.push((number, bytes));
        });
        all
    }

    #[test]
    fn what_is_put_comes_out_in_order_round_and_round() {
        let ring = Ring::new(16, 1);
        for round in 0..50 {
            assert!(put(&ring, round, b"123456789"));
            assert!(put(&ring, round, b""));
            assert_eq!(take(&ring), [(round, b"123456789".to_vec()), (round, Vec::new())]);
        }
        assert_eq!(ring.take_dropped(), 0);
    }

    #[test]
    fn what_finds_no_room_is_counted_and_nothing_else_is_lost() {
        let ring = Ring::new(16, 1);
        let put: Vec<bool> = (0..10).map(|number| put(&ring, number, b"12345678")).collect();
        assert_eq!(put.iter().filter(|put| **put).count(), 4);
        assert_eq!((take(&ring).len(), ring.take_dropped(), ring.take_dropped()), (4, 6, 0));
        assert!(ring.begin(15).is_some() && ring.begin(16).is_none());
    }

    #[test]
    fn a_reader_beside_the_writer_sees_whole_records_only() {
        let ring = Ring::new(64, 1);
        let count = if cfg!(miri) { 300 } else { 100_000 };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..count {
                    while !put(&ring, number, &number.to_ne_bytes()) {
                        std::thread::yield_now();
                    }
                }
            });
            let mut next = 0;
            while next < count {
                for (number, bytes) in take(&ring) {
                    assert_eq!((number, bytes), (next, next.to_ne_bytes().to_vec()));
                    next += 1;
                }
            }
        });
    }
}
