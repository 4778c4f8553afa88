//! Who watches, and what they are told.

use std::os::fd::RawFd;
#[cfg(feature = "tracing")]
use std::sync::OnceLock;
#[cfg(feature = "tracing")]
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use super::event::{About, Event, Op, Outcome};
#[cfg(feature = "trace")]
use super::record;
use super::table::{self, Entry, Kind};
use crate::sys::{self, c};

/// Who watches: a bit for each. While it is zero, a call costs one load and one branch more.
static MODE: AtomicU8 = AtomicU8::new(0);

/// The recorder of calls.
pub(crate) const TRACE: u8 = 1;
/// The list of open sockets.
pub(crate) const REGISTRY: u8 = 2;
/// Somebody who is told of each call as it ends.
pub(crate) const EVENTS: u8 = 4;
/// These want to know when calls begin and end.
const TIMED: u8 = TRACE | EVENTS;
/// And these, when they end.
const DATED: u8 = TIMED | REGISTRY;

#[inline(always)]
pub(crate) fn mode() -> u8 {
    MODE.load(Ordering::Relaxed)
}

#[inline(always)]
pub(crate) fn watched() -> bool {
    mode() != 0
}

/// One more watches. What was opened before the first did is entered when it is first used.
pub(crate) fn switch_on(bit: u8) {
    alone(|| set(bit));
}

fn set(bit: u8) {
    if mode() == 0 {
        table::clear();
    }
    MODE.fetch_or(bit, Ordering::SeqCst);
}

/// One less.
pub(crate) fn switch_off(bit: u8) {
    MODE.fetch_and(!bit, Ordering::SeqCst);
}

/// Who is told of each call that has ended, of which socket it was, and which one came of it.
#[cfg(feature = "tracing")]
pub(crate) type Ear = fn(&Event<'_>, id: Option<u64>, new: Option<u64>);

#[cfg(feature = "tracing")]
static EAR: OnceLock<Ear> = OnceLock::new();

/// So many want it to be told.
#[cfg(feature = "tracing")]
static WANTED: AtomicUsize = AtomicUsize::new(0);

/// One more wants this one to be told of calls. There is one ear in a process.
#[cfg(feature = "tracing")]
pub(crate) fn listen(ear: Ear) {
    alone(|| {
        let _ = EAR.set(ear);
        if WANTED.fetch_add(1, Ordering::Relaxed) == 0 {
            set(EVENTS);
        }
    });
}

/// One less.
#[cfg(feature = "tracing")]
pub(crate) fn listen_no_more() {
    alone(|| {
        if WANTED.fetch_sub(1, Ordering::Relaxed) == 1 {
            switch_off(EVENTS);
        }
    });
}

/// Does this while nobody else does such a thing, nor copies the process: a lock that were held
/// then would be held in the copy for ever.
pub(crate) fn alone<T>(what: impl FnOnce() -> T) -> T {
    shut_gate();
    let done = what();
    open_gate();
    done
}

pub(crate) fn shut_gate() {
    while GATE.swap(true, Ordering::Acquire) {
        std::thread::yield_now();
    }
}

pub(crate) fn open_gate() {
    GATE.store(false, Ordering::Release);
}

static GATE: AtomicBool = AtomicBool::new(false);

/// A watched call that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    start: u64,
}

/// What is known of a socket that is about to be closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    id: Option<u64>,
}

impl Call {
    #[inline]
    pub(super) fn begin() -> Call {
        Call { start: now(TIMED) }
    }

    /// One that began so long ago.
    #[cfg(feature = "trace")]
    pub(super) fn begun_before(took: std::time::Duration) -> Call {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        Call { start: now(TIMED).saturating_sub(took) }
    }

    /// Tells all who watch. `errno` may be another one afterwards.
    pub(super) fn end(self, op: Op, fd: RawFd, outcome: Outcome, about: About<'_>) {
        let event = Event { op, fd, start: self.start, end: now(DATED), outcome, about };
        let known = known(fd);
        let id = known.and_then(Entry::id);
        tell(&event, id, known);
        hear(&event, id, None);
    }

    /// The same in a short way, which is open if nobody but the recorder is to be told, of a call
    /// that has moved bytes of a stream: `false` if it is not.
    #[cfg(feature = "trace")]
    #[inline]
    pub(super) fn brief(
        self,
        (op, out): (Op, bool),
        fd: RawFd,
        flags: i32,
        asked: usize,
        moved: usize,
        data: &[u8],
    ) -> bool {
        let odd = c::MSG_PEEK | c::MSG_ERRQUEUE;
        if mode() & (TRACE | EVENTS) != TRACE || flags & odd != 0 {
            return false;
        }
        let end = sys::monotonic();
        let Some(entry) = table::entry(fd).filter(|entry| entry.is_stream()) else { return false };
        let Some(id) = entry.id() else { return false };
        let Call { start } = self;
        let call = record::Brief { op, out, fd, id, start, end, flags, asked, moved, data };
        if !record::brief(&call, entry) {
            return false;
        }
        entry.used.store(end, Ordering::Relaxed);
        true
    }

    #[cfg(not(feature = "trace"))]
    pub(super) fn brief(
        self,
        _: (Op, bool),
        _: RawFd,
        _: i32,
        _: usize,
        _: usize,
        _: &[u8],
    ) -> bool {
        false
    }

    /// The same of a call that has made a socket, or two.
    pub(super) fn made(
        self,
        op: Op,
        fd: Option<RawFd>,
        kind: Kind,
        outcome: Outcome,
        about: About<'_>,
    ) {
        let end = now(DATED);
        let first = fd.and_then(|fd| table::opened(fd, kind, end));
        let other = if let About::Pair(_, other) = about { Some(other) } else { None };
        let second = other.and_then(|fd| table::opened(fd, kind, end));
        #[cfg(feature = "trace")]
        if mode() & TRACE != 0 {
            for (fd, id, pair) in [(fd, first, second), (other, second, first)] {
                if let (Some(fd), Some(id)) = (fd, id) {
                    record::socket(fd, id, kind, record::From { pair, ..record::From::default() });
                }
            }
        }
        let event = Event { op, fd: fd.unwrap_or(-1), start: self.start, end, outcome, about };
        tell(&event, first, fd.and_then(table::entry));
        hear(&event, first, second);
    }

    /// The same of a call that has made a socket of another one.
    pub(super) fn came_of(self, op: Op, fd: RawFd, outcome: Outcome, about: About<'_>) {
        let end = now(DATED);
        let known = known(fd);
        let from = known.and_then(Entry::id);
        let event = Event { op, fd, start: self.start, end, outcome, about };
        tell(&event, from, known);
        let (new, _peer) = match about {
            About::Accepted { new, from } => (new, from),
            About::New(new) => (new, None),
            _ => (None, None),
        };
        let enter = |new| {
            let kind = known.map(Entry::kind).or_else(|| kind_of(new))?;
            let id = table::opened(new, kind, end)?;
            #[cfg(feature = "trace")]
            if mode() & TRACE != 0 {
                let origin = record::From { from, pair: None, peer: _peer, known: true };
                record::socket(new, id, kind, origin);
                record::info(new, id, kind);
            }
            Some(id)
        };
        hear(&event, from, new.and_then(enter));
    }

    /// To be asked before a socket is closed: its number may be another file's before anybody can
    /// be told.
    pub(super) fn ending(fd: RawFd) -> Last {
        let known = known(fd);
        let id = known.and_then(Entry::id);
        #[cfg(feature = "trace")]
        if let (true, Some(id), Some(known)) = (mode() & TRACE != 0, id, known) {
            record::info(fd, id, known.kind());
        }
        table::closed(fd);
        Last { id }
    }

    /// Tells of a socket that has been closed.
    pub(super) fn closed(self, fd: RawFd, last: Last, outcome: Outcome) {
        let end = now(DATED);
        let op = Op::Close;
        let event = Event { op, fd, start: self.start, end, outcome, about: About::Nothing };
        tell(&event, last.id, None);
        hear(&event, last.id, None);
    }
}

/// What the table says of a number, which is entered now if it has not been.
fn known(fd: RawFd) -> Option<&'static Entry> {
    let entry = table::entry(fd)?;
    if entry.id().is_none() {
        let kind = kind_of(fd)?;
        let _id = table::opened(fd, kind, now(u8::MAX));
        #[cfg(feature = "trace")]
        if let (true, Some(id)) = (mode() & TRACE != 0, _id) {
            record::socket(fd, id, kind, record::From { known: true, ..record::From::default() });
        }
    }
    Some(entry)
}

/// The kind of a socket that nobody saw being made, if it is one.
fn kind_of(fd: RawFd) -> Option<Kind> {
    let ask = |name| sys::peek_number(fd, c::SOL_SOCKET, name);
    Some((ask(c::SO_DOMAIN)?, ask(c::SO_TYPE)?, ask(c::SO_PROTOCOL)?))
}

/// Remembers where in the program a socket was opened.
#[cfg(feature = "registry")]
#[cold]
pub(crate) fn opened_at(fd: RawFd, place: &'static std::panic::Location<'static>) {
    if let Some(entry) = table::entry(fd) {
        entry.place.set(Some(place));
    }
}

/// The time, if one of these watches.
#[inline]
fn now(watchers: u8) -> u64 {
    if mode() & watchers != 0 { sys::monotonic() } else { 0 }
}

fn tell(event: &Event<'_>, id: Option<u64>, entry: Option<&'static Entry>) {
    let _before = match (entry, event.moved()) {
        (Some(entry), Some(moved)) if event.op.is_ciphered() => Some(entry.count_plain(moved)),
        (Some(entry), Some(moved)) => Some(entry.count(moved)),
        _ => None,
    };
    if let Some(entry) = entry {
        entry.used.store(event.end, Ordering::Relaxed);
    }
    #[cfg(feature = "trace")]
    if mode() & TRACE != 0 {
        record::call(event, id, entry, _before);
    }
    let _ = id;
}

/// Comes last of all: whoever hears of it may use sockets.
fn hear(_event: &Event<'_>, _id: Option<u64>, _new: Option<u64>) {
    #[cfg(feature = "tracing")]
    if let (true, Some(ear)) = (mode() & EVENTS != 0, EAR.get()) {
        ear(_event, _id, _new);
    }
}
