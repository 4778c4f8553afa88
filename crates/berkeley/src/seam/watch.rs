//! Who watches, and what they are told.

use std::os::fd::RawFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use super::event::{About, Event, Op, Outcome};
use super::table::{self, Entry, Kind};
use crate::sys::{self, c};

/// Who watches: a bit for each. While it is zero, a call costs one load and one branch more.
static MODE: AtomicU8 = AtomicU8::new(0);

/// The recorder of calls.
#[cfg_attr(not(feature = "trace"), allow(dead_code, reason = "a watcher's own"))]
pub(crate) const TRACE: u8 = 1;
/// The list of open sockets.
#[cfg_attr(not(feature = "registry"), allow(dead_code, reason = "a watcher's own"))]
pub(crate) const REGISTRY: u8 = 2;
/// These want to know when calls begin and end.
const TIMED: u8 = TRACE;

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
    let _one_at_a_time = SWITCH.lock();
    if mode() == 0 {
        table::clear();
    }
    MODE.fetch_or(bit, Ordering::SeqCst);
}

#[cfg_attr(not(feature = "trace"), allow(dead_code, reason = "a watcher's own"))]
pub(crate) fn switch_off(bit: u8) {
    let _one_at_a_time = SWITCH.lock();
    MODE.fetch_and(!bit, Ordering::SeqCst);
}

static SWITCH: Mutex<()> = Mutex::new(());

/// A watched call that is under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    start: u64,
}

impl Call {
    #[inline]
    pub(super) fn begin() -> Call {
        Call { start: now(TIMED) }
    }

    /// Tells all who watch. `errno` may be another one afterwards.
    pub(super) fn end(self, op: Op, fd: RawFd, outcome: Outcome, about: About<'_>) {
        let event = Event { op, fd, start: self.start, end: now(TIMED), outcome, about };
        tell(&event, known(fd));
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
        let end = now(TIMED);
        let other = if let About::Pair(_, other) = about { Some(other) } else { None };
        for fd in fd.into_iter().chain(other) {
            table::opened(fd, kind, end);
        }
        let event = Event { op, fd: fd.unwrap_or(-1), start: self.start, end, outcome, about };
        tell(&event, fd.and_then(table::entry));
    }

    /// The same of a call that has made a socket of another one.
    pub(super) fn came_of(self, op: Op, fd: RawFd, outcome: Outcome, about: About<'_>) {
        let end = now(TIMED);
        let known = known(fd);
        if let About::Accepted { new: Some(new), .. } | About::New(Some(new)) = about {
            let kind = known.map(Entry::kind);
            table::opened(new, kind.unwrap_or_else(|| kind_of(new)), end);
        }
        tell(&Event { op, fd, start: self.start, end, outcome, about }, known);
    }

    /// What is known of a socket that is about to be closed, for the last time: its number may be
    /// another file's before anybody can be told.
    pub(super) fn ending(fd: RawFd) -> Option<u64> {
        let id = known(fd)?.id();
        table::closed(fd);
        id
    }

    /// Tells of a socket that has been closed.
    pub(super) fn closed(self, fd: RawFd, _id: Option<u64>, outcome: Outcome) {
        let end = now(TIMED);
        let op = Op::Close;
        let event = Event { op, fd, start: self.start, end, outcome, about: About::Nothing };
        tell(&event, None);
    }
}

/// What the table says of a number, which is entered now if it has not been.
fn known(fd: RawFd) -> Option<&'static Entry> {
    let entry = table::entry(fd)?;
    if entry.id().is_none() {
        table::opened(fd, kind_of(fd), now(u8::MAX));
    }
    Some(entry)
}

/// The kind of a socket that nobody saw being made.
fn kind_of(fd: RawFd) -> Kind {
    let ask = |name| sys::int_option(fd, c::SOL_SOCKET, name).unwrap_or(0);
    (ask(c::SO_DOMAIN), ask(c::SO_TYPE), ask(c::SO_PROTOCOL))
}

/// The time, if one of these watches.
#[inline]
fn now(watchers: u8) -> u64 {
    if mode() & watchers != 0 { sys::monotonic() } else { 0 }
}

fn tell(event: &Event<'_>, entry: Option<&'static Entry>) {
    let before = match (entry, event.moved()) {
        (Some(entry), Some(moved)) => Some(entry.count(moved)),
        _ => None,
    };
    let _ = before;
    if let Some(entry) = entry {
        entry.used.store(event.end, Ordering::Relaxed);
    }
}
