//! A ring of records: one thread writes, one reads, and neither ever waits for the other.
//!
//! It is made of atomic words, so that nothing here can be torn, whoever is late.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// The records of one thread that have yet to be written down.
pub(crate) struct Ring {
    words: Box<[AtomicU64]>,
    own: Own,
    read: Theirs,
    /// The thread's number in the system.
    pub(crate) thread: u32,
    /// The thread has ended: nothing more comes.
    pub(crate) ended: AtomicBool,
}

/// What the thread that writes uses for each record, and the reader once for many: in a place of its
/// own, for memory that two cores write to in turn goes to and fro between them.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Own {
    /// So many words have been written since the beginning.
    written: AtomicUsize,
    /// So many had been read when the writer last looked.
    seen: AtomicUsize,
    dropped: AtomicU64,
}

/// So many words have been read since the beginning.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Theirs(AtomicUsize);

/// A record that is being written: nobody sees it before [`Ring::publish`].
#[derive(Debug)]
pub(crate) struct Draft<'r> {
    ring: &'r Ring,
    head: u64,
    start: usize,
    next: usize,
    end: usize,
}

/// Bits of a record's first word that say how many follow; what it is stands in the others.
const LEN_BITS: u32 = 16;

impl Ring {
    /// For so many words, rounded up to a power of two.
    pub(crate) fn new(words: usize, thread: u32) -> Ring {
        Ring {
            words: (0..words.next_power_of_two()).map(|_| AtomicU64::new(0)).collect(),
            own: Own::default(),
            read: Theirs::default(),
            thread,
            ended: AtomicBool::new(false),
        }
    }

    /// Whether a record of at most so many words finds room, behind one more.
    #[inline]
    pub(crate) fn has_room(&self, most: usize) -> bool {
        let written = self.own.written.load(Ordering::Relaxed);
        let used = written.wrapping_sub(self.own.seen.load(Ordering::Relaxed));
        // How far the reader is matters only now.
        used + most < self.words.len() / 2 || {
            let read = self.read.0.load(Ordering::Acquire);
            self.own.seen.store(read, Ordering::Relaxed);
            written.wrapping_sub(read) + most < self.words.len()
        }
    }

    /// Begins a record behind a first word that has room for 48 bits of what it is. What finds no
    /// room is left out: [`has_room`](Ring::has_room) is to be asked before.
    #[inline]
    pub(crate) fn begin(&self, head: u64) -> Draft<'_> {
        let start = self.own.written.load(Ordering::Relaxed);
        let end = self.own.seen.load(Ordering::Relaxed).wrapping_add(self.words.len());
        Draft { ring: self, head, start, next: start.wrapping_add(1), end }
    }

    /// Counts a record that found no room.
    #[cold]
    pub(crate) fn drop_one(&self) {
        self.own.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// How many words it has.
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether so much has gathered that it is time to read, as far as the writer has seen.
    #[inline]
    pub(crate) fn is_filling(&self) -> bool {
        let written = self.own.written.load(Ordering::Relaxed);
        written.wrapping_sub(self.own.seen.load(Ordering::Relaxed)) > self.words.len() / 2
    }

    /// How many records found no room, since this was last asked.
    pub(crate) fn take_dropped(&self) -> u64 {
        match self.own.dropped.load(Ordering::Relaxed) {
            0 => 0,
            _ => self.own.dropped.swap(0, Ordering::Relaxed),
        }
    }

    /// Shows every record that is there, the words behind its head; their room is given back every
    /// now and then.
    pub(crate) fn drain(&self, words: &mut Vec<u64>, mut see: impl FnMut(&mut Vec<u64>)) {
        let end = self.own.written.load(Ordering::Acquire);
        let mut given = self.read.0.load(Ordering::Relaxed);
        let mut at = given;
        while at != end {
            let first = self.load(at);
            let len = (first & ((1 << LEN_BITS) - 1)) as usize;
            words.clear();
            words.push(first >> LEN_BITS);
            let start = at.wrapping_add(1) & (self.words.len() - 1);
            match self.words.get(start..start + len) {
                Some(whole) => words.extend(whole.iter().map(|word| word.load(Ordering::Relaxed))),
                None => words.extend((1..=len).map(|place| self.load(at.wrapping_add(place)))),
            }
            at = at.wrapping_add(len + 1);
            if at == end || at.wrapping_sub(given) > self.words.len() / 16 {
                self.read.0.store(at, Ordering::Release);
                given = at;
            }
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

    /// Adds these words.
    #[inline]
    pub(crate) fn words<const N: usize>(&mut self, words: [u64; N]) {
        let at = self.next & (self.ring.words.len() - 1);
        match self.ring.words.get(at..at + N) {
            Some(places) if self.end.wrapping_sub(self.next) >= N => {
                let pairs = places.iter().zip(words);
                pairs.for_each(|(place, word)| place.store(word, Ordering::Relaxed));
                self.next = self.next.wrapping_add(N);
            }
            _ => words.into_iter().for_each(|word| self.word(word)),
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
        self.ring.store(self.start, len as u64 | self.head << LEN_BITS);
        self.ring.own.written.store(self.next, Ordering::Release);
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

    pub(crate) fn skip(&mut self, words: usize) {
        self.0 = self.0.get(words..).unwrap_or_default();
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
        if !ring.has_room(1 + bytes.len().div_ceil(8)) {
            return false;
        }
        let mut draft = ring.begin(number);
        draft.bytes(bytes);
        draft.publish();
        true
    }

    fn take(ring: &Ring) -> Vec<(u64, Vec<u8>)> {
        let mut all = Vec::new();
        ring.drain(&mut Vec::new(), |words| {
            let (mut reader, mut bytes) = (Reader(&words[..]), Vec::new());
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
        assert_eq!(put.iter().filter(|put| **put).count(), 5);
        put.iter().filter(|put| !**put).for_each(|_| ring.drop_one());
        assert_eq!((take(&ring).len(), ring.take_dropped(), ring.take_dropped()), (5, 5, 0));
        assert!(ring.has_room(15) && !ring.has_room(16));
    }

    #[test]
    fn words_that_go_round_the_end_come_out_whole() {
        let ring = Ring::new(16, 1);
        for round in 0..50 {
            assert!(ring.has_room(5));
            let mut draft = ring.begin(round);
            draft.words([round, 2, 3, 4, round + 5]);
            draft.publish();
            let mut seen = Vec::new();
            ring.drain(&mut Vec::new(), |words| seen.push(words.clone()));
            assert_eq!(seen, [[round, round, 2, 3, 4, round + 5]]);
        }
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
