//! What is known of each open socket, by the number of its descriptor.
//!
//! Everything is an atomic number of its own, so that nobody ever waits here. Two threads that use
//! a number while a third closes it may count for the wrong socket; that is a mistake of theirs
//! which no table can mend.

use std::os::fd::RawFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::sys::{Place, c};

/// What is known of a socket. Zero means nothing of everything.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// The number of the socket in this process's life, never used again; zero if none is open.
    id: AtomicU64,
    /// Family, type and protocol: 16, 16 and 32 bits.
    kind: AtomicU64,
    /// Nanoseconds of the monotonic clock.
    pub(crate) opened: AtomicU64,
    /// The same, of the last call.
    pub(crate) used: AtomicU64,
    pub(crate) received: AtomicU64,
    pub(crate) sent: AtomicU64,
    /// Where in the program it was opened.
    pub(crate) place: Place,
    /// The same of what a layer above ciphers, as the program sees it.
    plain_received: AtomicU64,
    plain_sent: AtomicU64,
    /// What else is to be remembered of it, a bit for each.
    marks: AtomicU8,
}

/// A connection is being made.
pub(crate) const CONNECTING: u8 = 1;
/// The own address has been written down.
pub(crate) const NAMED: u8 = 2;

/// Family, type and protocol, as numbers.
pub(crate) type Kind = (i32, i32, i32);

impl Entry {
    /// The number of the socket, if one is known to be open.
    pub(crate) fn id(&self) -> Option<u64> {
        Some(self.id.load(Ordering::Acquire)).filter(|id| *id != 0)
    }

    pub(crate) fn kind(&self) -> Kind {
        let kind = self.kind.load(Ordering::Relaxed);
        ((kind >> 48) as i32, (kind >> 32 & 0xffff) as i32, kind as u32 as i32)
    }

    #[inline]
    pub(crate) fn is_stream(&self) -> bool {
        self.kind().1 == c::SOCK_STREAM
    }

    /// Remembers this, and answers whether it was remembered already.
    pub(crate) fn mark(&self, mark: u8) -> bool {
        self.marks.fetch_or(mark, Ordering::Relaxed) & mark != 0
    }

    /// Forgets this, and answers whether it was remembered.
    pub(crate) fn unmark(&self, mark: u8) -> bool {
        self.marks.load(Ordering::Relaxed) & mark != 0
            && self.marks.fetch_and(!mark, Ordering::Relaxed) & mark != 0
    }

    /// Counts bytes and answers how many had gone in this direction before.
    pub(crate) fn count(&self, (out, bytes): (bool, u64)) -> u64 {
        let counter = if out { &self.sent } else { &self.received };
        counter.fetch_add(bytes, Ordering::Relaxed)
    }

    /// [`count`](Entry::count) of bytes before they are ciphered.
    pub(crate) fn count_plain(&self, (out, bytes): (bool, u64)) -> u64 {
        let counter = if out { &self.plain_sent } else { &self.plain_received };
        counter.fetch_add(bytes, Ordering::Relaxed)
    }
}

/// Enters a new socket at this number, whatever was known of an old one, and answers its number.
pub(crate) fn opened(fd: RawFd, (family, ty, protocol): Kind, now: u64) -> Option<u64> {
    let entry = entry(fd)?;
    let kind =
        (family as u64 & 0xffff) << 48 | (ty as u64 & 0xffff) << 32 | u64::from(protocol as u32);
    entry.kind.store(kind, Ordering::Relaxed);
    entry.opened.store(now, Ordering::Relaxed);
    entry.used.store(now, Ordering::Relaxed);
    entry.received.store(0, Ordering::Relaxed);
    entry.sent.store(0, Ordering::Relaxed);
    entry.place.set(None);
    entry.plain_received.store(0, Ordering::Relaxed);
    entry.plain_sent.store(0, Ordering::Relaxed);
    entry.marks.store(0, Ordering::Relaxed);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    entry.id.store(id, Ordering::Release);
    Some(id)
}

/// Forgets the socket of this number, which is about to be closed.
pub(crate) fn closed(fd: RawFd) {
    if let Some(entry) = entry(fd) {
        entry.id.store(0, Ordering::Release);
    }
}

/// Forgets all: what was opened and closed while nobody looked is not known.
pub(crate) fn clear() {
    for page in PAGES.iter().filter_map(OnceLock::get) {
        page.iter().for_each(|entry| entry.id.store(0, Ordering::Release));
    }
}

/// Shows every open socket that is known, by its descriptor.
#[cfg_attr(not(feature = "registry"), allow(dead_code, reason = "the list of open sockets"))]
pub(crate) fn each(mut see: impl FnMut(RawFd, &'static Entry)) {
    for (number, page) in PAGES.iter().enumerate() {
        for (place, entry) in page.get().into_iter().flatten().enumerate() {
            if let (Some(_), Ok(fd)) = (entry.id(), RawFd::try_from(number * PAGE + place)) {
                see(fd, entry);
            }
        }
    }
}

/// The place of a number, unless it is beyond all numbers that are looked at.
#[inline]
pub(crate) fn entry(fd: RawFd) -> Option<&'static Entry> {
    let fd = usize::try_from(fd).ok()?;
    let page = PAGES.get(fd / PAGE)?.get_or_init(|| (0..PAGE).map(|_| Entry::default()).collect());
    page.get(fd % PAGE)
}

const PAGE: usize = 256;

/// As many as the kernel gives a process unless its administrator says otherwise: 1 << 20.
static PAGES: [OnceLock<Box<[Entry]>>; (1 << 20) / PAGE] =
    [const { OnceLock::new() }; (1 << 20) / PAGE];

static NEXT: AtomicU64 = AtomicU64::new(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_used_again_is_another_socket() {
        let fd = (1 << 20) - 1;
        let kind = (2, 1, 0xffff_fff0_u32 as i32);
        let first = opened(fd, kind, 5);
        let place = entry(fd).unwrap();
        assert_eq!((place.id(), place.kind()), (first, kind));
        assert_eq!((place.count((true, 10)), place.count((true, 10))), (0, 10));
        closed(fd);
        assert_eq!(place.id(), None);
        assert_ne!(opened(fd, kind, 6), first);
        assert_eq!(place.count((true, 1)), 0);
        closed(fd);
        assert!(opened(1 << 20, kind, 0).is_none() && entry(-1).is_none());
    }
}
