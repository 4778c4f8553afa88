//! What becomes of numbered datagrams: which have come, in which order, how often and how evenly.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The beginning of each datagram: which measurement it belongs to, its number, and when it was
/// sent, in nanoseconds since any moment; all in network order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Label {
    pub(super) token: u32,
    pub(super) number: u64,
    pub(super) sent_at: u64,
}

impl Label {
    /// How many bytes that takes, and so how many a datagram has at least.
    pub(super) const LEN: usize = 20;

    /// Writes it to the beginning of a datagram that is long enough.
    #[inline]
    pub(super) fn write(self, datagram: &mut [u8]) {
        if let Some(to) = datagram.first_chunk_mut::<{ Label::LEN }>() {
            let (token, rest) = to.split_at_mut(4);
            let (number, sent_at) = rest.split_at_mut(8);
            token.copy_from_slice(&self.token.to_be_bytes());
            number.copy_from_slice(&self.number.to_be_bytes());
            sent_at.copy_from_slice(&self.sent_at.to_be_bytes());
        }
    }

    /// Reads it, if there are as many bytes.
    #[inline]
    pub(super) fn read(datagram: &[u8]) -> Option<Label> {
        let (token, rest) = datagram.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        Some(Label {
            token: u32::from_be_bytes(*token),
            number: u64::from_be_bytes(*number),
            sent_at: u64::from_be_bytes(*rest.first_chunk()?),
        })
    }
}

/// What has come of one sender's datagrams.
#[derive(Clone, Copy, Default, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Arrivals {
    /// Different datagrams.
    pub(super) received: u64,
    /// Those that had come before already.
    pub(super) duplicates: u64,
    /// Those that came behind one of a higher number.
    pub(super) reordered: u64,
    /// Those that came so late that nobody remembers whether they had come before.
    pub(super) late: u64,
    /// The jitter of RFC 3550, in seconds.
    pub(super) jitter: f64,
}

/// So many numbers back it is remembered which have come, in words of 64.
const WORDS: usize = 1024;
const WINDOW: u64 = WORDS as u64 * 64;

/// Follows the datagrams of one sender, in memory that does not grow.
pub(super) struct Track {
    arrivals: Arrivals,
    /// One more than the highest number.
    next: u64,
    seen: Box<[u64]>,
    /// When the last one was sent, and how long that took by two clocks that need not agree.
    last: Option<(u64, i128)>,
    /// In nanoseconds.
    jitter: f64,
}

impl Track {
    pub(super) fn new() -> Track {
        Track {
            arrivals: Arrivals::default(),
            next: 0,
            seen: vec![0; WORDS].into(),
            last: None,
            jitter: 0.0,
        }
    }

    /// Notes a datagram that has come at this time.
    #[inline]
    pub(super) fn note(&mut self, label: Label, now: Duration) {
        self.count(label.number);
        // What was sent at one moment, as a batch is, says nothing about how evenly it travels.
        if self.last.is_none_or(|(sent_at, _)| sent_at != label.sent_at) {
            let transit = now.as_nanos() as i128 - i128::from(label.sent_at);
            if let Some((_, before)) = self.last {
                let difference = (transit - before).unsigned_abs() as f64;
                self.jitter += (difference - self.jitter) / 16.0;
            }
            self.last = Some((label.sent_at, transit));
        }
    }

    #[inline]
    fn count(&mut self, number: u64) {
        let bit = 1 << (number % 64);
        let at = ((number / 64) % WORDS as u64) as usize;
        if number >= self.next {
            let (old, new) = (self.next.div_ceil(64), number / 64 + 1);
            // Words that begin behind what was the highest number stand for older ones still.
            for word in old..new.min(old + WORDS as u64) {
                if let Some(word) = self.seen.get_mut((word % WORDS as u64) as usize) {
                    *word = 0;
                }
            }
            if new > old + WORDS as u64 {
                self.seen.fill(0);
            }
            self.next = number.saturating_add(1);
            self.arrivals.received += 1;
        } else {
            // The oldest word is shared with numbers that are yet to come.
            if self.next - number > WINDOW - 64 {
                self.arrivals.late += 1;
                return;
            }
            if self.seen.get(at).is_some_and(|word| word & bit != 0) {
                self.arrivals.duplicates += 1;
                return;
            }
            self.arrivals.received += 1;
            self.arrivals.reordered += 1;
        }
        if let Some(word) = self.seen.get_mut(at) {
            *word |= bit;
        }
    }

    pub(super) fn arrivals(&self) -> Arrivals {
        Arrivals { jitter: self.jitter / 1e9, ..self.arrivals }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(numbers: impl IntoIterator<Item = u64>) -> (u64, u64, u64, u64) {
        let mut track = Track::new();
        for number in numbers {
            track.note(Label { token: 0, number, sent_at: 0 }, Duration::ZERO);
        }
        let Arrivals { received, duplicates, reordered, late, .. } = track.arrivals();
        (received, duplicates, reordered, late)
    }

    #[test]
    fn each_is_counted_once() {
        assert_eq!(counted([]), (0, 0, 0, 0));
        assert_eq!(counted(0..1_000_000), (1_000_000, 0, 0, 0));
        assert_eq!(counted([0, 1, 5, 6]), (4, 0, 0, 0));
        assert_eq!(counted([0, 2, 1, 2, 1, 3]), (4, 2, 1, 0));
        assert_eq!(counted([63, 64, 62, 63, 0]), (4, 1, 2, 0));
        assert_eq!(counted((0..200_000).rev()).2, WINDOW - 65);
    }

    #[test]
    fn gaps_of_any_length_leave_nothing_behind() {
        for gap in [1, 63, 64, 65, WINDOW - 65, WINDOW - 1, WINDOW, WINDOW + 1, 1 << 40] {
            // All numbers of a stretch that have not come are new, whatever came a window before.
            let numbers = (0..WINDOW).chain([WINDOW + gap]).chain(WINDOW..WINDOW + gap.min(100));
            let (received, duplicates, _, late) = counted(numbers);
            assert_eq!(duplicates, 0, "{gap}");
            assert_eq!(received + late, WINDOW + 1 + gap.min(100), "{gap}");
        }
        assert_eq!(counted([0, u64::MAX]).0, 2);
    }

    #[test]
    fn jitter_is_that_of_the_rfc() {
        let mut track = Track::new();
        // Sent every 10 ms by a clock that is far ahead; the third travels 16 ms longer.
        for (number, arrived) in [(0_u64, 5), (1, 15), (2, 41)] {
            let sent_at = 1_000_000_000_000 + number * 10_000_000;
            track.note(Label { token: 0, number, sent_at }, Duration::from_millis(arrived));
        }
        assert!((track.arrivals().jitter - 0.001).abs() < 1e-9, "{:?}", track.arrivals());
    }

    #[test]
    fn labels_are_read_as_written() {
        let label = Label { token: 7, number: 1 << 40, sent_at: u64::MAX };
        let mut bytes = [9; 30];
        label.write(&mut bytes);
        assert_eq!(Label::read(&bytes), Some(label));
        assert_eq!(bytes[Label::LEN..], [9; 10]);
        assert_eq!(Label::read(&bytes[..Label::LEN - 1]), None);
        label.write(&mut bytes[..3]);
    }
}
