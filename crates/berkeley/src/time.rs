//! Timeouts and deadlines: the one place where a duration is turned into a moment.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The moment at which a call gives up, or never.
///
/// One deadline serves a whole call, however many system calls, signals and waits it takes. It is
/// a moment on the monotonic clock: setting the time of day moves it neither way.
///
/// ```
/// use berkeley::Deadline;
/// use std::time::Duration;
///
/// let deadline = Deadline::after(Duration::from_millis(20));
/// assert!(deadline.remaining() <= Some(Duration::from_millis(20)));
/// assert_eq!(Deadline::NEVER.remaining(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// No limit.
    pub const NEVER: Deadline = Deadline(None);

    /// So much time from now. What lies beyond the clock's range is never.
    ///
    /// ```
    /// # use std::time::Duration;
    /// assert!(!berkeley::Deadline::after(Duration::from_secs(60)).has_passed());
    /// ```
    pub fn after(duration: Duration) -> Deadline {
        Deadline(Instant::now().checked_add(duration))
    }

    /// So much time from now, or never.
    ///
    /// ```
    /// assert_eq!(berkeley::Deadline::after_option(None), berkeley::Deadline::NEVER);
    /// ```
    pub fn after_option(duration: Option<Duration>) -> Deadline {
        duration.map_or(Deadline::NEVER, Deadline::after)
    }

    /// At this moment.
    ///
    /// ```
    /// # use std::time::Instant;
    /// assert!(berkeley::Deadline::at(Instant::now()).has_passed());
    /// ```
    pub fn at(moment: Instant) -> Deadline {
        Deadline(Some(moment))
    }

    /// The time that is left, zero once it has passed; `None` without a limit.
    ///
    /// ```
    /// assert_eq!(berkeley::Deadline::NEVER.remaining(), None);
    /// ```
    pub fn remaining(self) -> Option<Duration> {
        self.0.map(|moment| moment.saturating_duration_since(Instant::now()))
    }

    /// Whether the moment has come.
    ///
    /// ```
    /// assert!(!berkeley::Deadline::NEVER.has_passed());
    /// ```
    pub fn has_passed(self) -> bool {
        self.remaining() == Some(Duration::ZERO)
    }

    /// The moment itself; `None` without a limit.
    ///
    /// ```
    /// # use berkeley::Deadline;
    /// # use std::time::Instant;
    /// let now = Instant::now();
    /// assert_eq!(Deadline::at(now).moment(), Some(now));
    /// ```
    pub fn moment(self) -> Option<Instant> {
        self.0
    }

    /// Whether it has come by then, for those who do not read the clock.
    pub(crate) fn has_passed_at(self, now: Instant) -> bool {
        self.0.is_some_and(|moment| moment <= now)
    }

    /// The earlier of two.
    ///
    /// ```
    /// # use berkeley::Deadline;
    /// # use std::time::Duration;
    /// let soon = Deadline::after(Duration::from_secs(1));
    /// assert_eq!(soon.min(Deadline::NEVER), soon);
    /// ```
    #[must_use]
    pub fn min(self, other: Deadline) -> Deadline {
        match (self.0, other.0) {
            (Some(one), Some(two)) => Deadline(Some(one.min(two))),
            (one, two) => Deadline(one.or(two)),
        }
    }
}

/// A socket's timeout, shared by the threads that use it: none, zero (never wait), or a duration.
///
/// Nanoseconds in one word, so that reading it costs one load. A duration longer than 584 years
/// is kept as the longest that fits.
#[derive(Debug)]
pub(crate) struct SharedTimeout(AtomicU64);

impl SharedTimeout {
    const NONE: u64 = u64::MAX;

    pub(crate) const fn new(timeout: Option<Duration>) -> SharedTimeout {
        SharedTimeout(AtomicU64::new(to_word(timeout)))
    }

    /// In nanoseconds; below zero is none.
    #[inline]
    pub(crate) fn of_nanos(nanos: i64) -> SharedTimeout {
        SharedTimeout(AtomicU64::new(u64::try_from(nanos).unwrap_or(SharedTimeout::NONE)))
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<Duration> {
        match self.0.load(Ordering::Relaxed) {
            SharedTimeout::NONE => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// Whether calls may wait in the kernel for as long as it takes.
    #[inline]
    pub(crate) fn is_none(&self) -> bool {
        self.0.load(Ordering::Relaxed) == SharedTimeout::NONE
    }

    pub(crate) fn set(&self, timeout: Option<Duration>) {
        self.0.store(to_word(timeout), Ordering::Relaxed);
    }
}

/// A [`Deadline`] that several threads share and change, in one word. Every
/// [`Socket`](crate::Socket) has one; this is for [those that are lent](crate::Lent::believe_deadline).
///
/// ```
/// use berkeley::{Deadline, SharedDeadline};
/// use std::time::Duration;
///
/// let shared = SharedDeadline::never();
/// assert!(shared.is_never());
/// shared.set(Deadline::after(Duration::from_secs(1)));
/// assert!(shared.get().remaining() <= Some(Duration::from_secs(1)));
/// ```
// Nanoseconds from a moment early in this process.
#[derive(Debug)]
pub struct SharedDeadline(AtomicU64);

impl SharedDeadline {
    const NONE: u64 = u64::MAX;

    /// No limit.
    ///
    /// ```
    /// # use berkeley::{Deadline, SharedDeadline};
    /// assert_eq!(SharedDeadline::never().get(), Deadline::NEVER);
    /// ```
    #[inline]
    pub const fn never() -> SharedDeadline {
        SharedDeadline(AtomicU64::new(SharedDeadline::NONE))
    }

    /// The moment.
    ///
    /// ```
    /// # use berkeley::{Deadline, SharedDeadline};
    /// assert_eq!(SharedDeadline::never().get().remaining(), None);
    /// ```
    pub fn get(&self) -> Deadline {
        match self.0.load(Ordering::Relaxed) {
            SharedDeadline::NONE => Deadline::NEVER,
            nanos => Deadline(beginning().checked_add(Duration::from_nanos(nanos))),
        }
    }

    /// Whether there is no limit, which is faster to know than the moment.
    ///
    /// ```
    /// # use berkeley::{Deadline, SharedDeadline};
    /// # use std::time::Instant;
    /// let shared = SharedDeadline::never();
    /// shared.set(Deadline::at(Instant::now()));
    /// assert!(!shared.is_never());
    /// ```
    #[inline]
    pub fn is_never(&self) -> bool {
        self.0.load(Ordering::Relaxed) == SharedDeadline::NONE
    }

    /// Changes the moment. One before this process knew of any is kept as that one: it has passed.
    ///
    /// ```
    /// # use berkeley::{Deadline, SharedDeadline};
    /// # use std::time::Instant;
    /// let shared = SharedDeadline::never();
    /// shared.set(Deadline::at(Instant::now()));
    /// assert!(shared.get().has_passed());
    /// ```
    pub fn set(&self, deadline: Deadline) {
        let since = |moment: Instant| moment.saturating_duration_since(beginning());
        self.0.store(to_word(deadline.0.map(since)), Ordering::Relaxed);
    }
}

/// What the words of deadlines count from.
fn beginning() -> Instant {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    *BEGINNING.get_or_init(Instant::now)
}

const fn to_word(timeout: Option<Duration>) -> u64 {
    match timeout {
        None => SharedTimeout::NONE,
        Some(duration) => {
            let nanos = duration.as_nanos();
            if nanos < SharedTimeout::NONE as u128 { nanos as u64 } else { SharedTimeout::NONE - 1 }
        }
    }
}
