//! Happy Eyeballs: which of a host's addresses to try when, as a machine that does nothing itself.
//!
//! A [`Race`] is told what happened and answers what to do next. It makes no call and reads no
//! clock, so that one and the same serves a program that blocks, an event loop and a test.
//! [`Connector::happy_eyeballs`](crate::Connector::happy_eyeballs) drives one with `poll`.
//!
//! The attempts of a race overlap: each gets a head start before the next begins, and the first
//! to connect wins. A host whose first address is dead costs the head start, not a timeout.
//!
//! Addresses may come while it runs, from a resolver that answers family by family
//! ([`Race::open`]). The system's does not: `getaddrinfo` answers once, in the order that this
//! machine's administrator wants (RFC 6724, `gai.conf(5)`), which two questions would lose.
//!
//! See RFC 8305.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::time::Deadline;

/// The head start that an attempt has before the next begins, if nothing else is asked for.
pub const DELAY: Duration = Duration::from_millis(250);

/// The shortest head start: attempts that run side by side begin at least so far apart.
pub const MIN_DELAY: Duration = Duration::from_millis(10);

/// The longest head start.
pub const MAX_DELAY: Duration = Duration::from_secs(2);

/// How long to wait for the answer of the family that is preferred, when another's has come: see
/// [`Race::hold`]. RFC 8305, section 3.
#[doc(alias = "Resolution Delay")]
pub const RESOLUTION_DELAY: Duration = Duration::from_millis(50);

/// A race between so many attempts to connect, known by their numbers from zero on, in the order
/// in which they are to begin.
///
/// Whoever drives it asks for the next [`step`](Race::step), does it, reports what has become of
/// the attempts, and asks again:
///
/// ```
/// use berkeley::eyeballs::{Race, Step};
/// use std::time::Instant;
///
/// let mut race = Race::new(2);
/// let now = Instant::now();
/// assert_eq!(race.step(now), Step::Start(0));
/// assert!(matches!(race.step(now), Step::WaitUntil(_)));
/// race.failed(0); // refused: the next need not wait
/// assert_eq!(race.step(now), Step::Start(1));
/// race.connected(1);
/// assert_eq!(race.step(now), Step::Won(1));
/// ```
///
/// See RFC 8305, section 5.
#[derive(Clone, Debug)]
#[doc(alias("happy_eyeballs", "happy_eyeballs_delay", "staggered_race"))]
pub struct Race {
    delay: Duration,
    deadline: Deadline,
    attempts: Vec<State>,
    /// How many have begun.
    begun: usize,
    /// When the last of them did.
    last: Option<Instant>,
    /// When the next one may; `None` is at once.
    due: Option<Deadline>,
    won: Option<usize>,
    /// Whether more may be added.
    open: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Waiting,
    Running,
    Failed,
}

/// What to do next in a [`Race`].
///
/// ```
/// use berkeley::eyeballs::{Race, Step};
///
/// assert_eq!(Race::new(0).step(std::time::Instant::now()), Step::Failed, "nobody runs");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Begin this attempt, and report if it has ended already.
    Start(usize),
    /// Wait until an attempt has ended, and report it, or until this moment.
    WaitUntil(Deadline),
    /// This attempt is the connection. The others are over: close them.
    Won(usize),
    /// Every attempt has failed.
    Failed,
    /// The deadline has passed. Attempts that are still running are over.
    TimedOut,
}

impl Race {
    /// A race of so many attempts, [`DELAY`] apart, without a deadline.
    ///
    /// ```
    /// let race = berkeley::eyeballs::Race::new(3);
    /// ```
    pub fn new(attempts: usize) -> Race {
        Race {
            delay: DELAY,
            deadline: Deadline::NEVER,
            attempts: vec![State::Waiting; attempts],
            begun: 0,
            last: None,
            due: None,
            won: None,
            open: false,
        }
    }

    /// More attempts may come: without any that could go on, it waits for them until
    /// [`close`](Race::close).
    ///
    /// ```
    /// use berkeley::eyeballs::{Race, Step};
    /// use berkeley::Deadline;
    /// use std::time::Instant;
    ///
    /// let (mut race, now) = (Race::new(0).open(), Instant::now());
    /// assert_eq!(race.step(now), Step::WaitUntil(Deadline::NEVER), "the resolver is asked");
    /// race.add(1); // its first answer
    /// assert_eq!(race.step(now), Step::Start(0));
    /// race.failed(0);
    /// race.close(); // its last one, which is empty
    /// assert_eq!(race.step(now), Step::Failed);
    /// ```
    #[must_use]
    pub fn open(mut self) -> Race {
        self.open = true;
        self
    }

    /// The head start of an attempt before the next begins, from [`MIN_DELAY`] to [`MAX_DELAY`];
    /// what lies beyond is cut to them.
    ///
    /// ```
    /// use berkeley::eyeballs::Race;
    /// use std::time::Duration;
    ///
    /// let race = Race::new(3).delay(Duration::from_millis(100));
    /// ```
    #[must_use]
    #[doc(alias = "Connection Attempt Delay")]
    pub fn delay(mut self, delay: Duration) -> Race {
        self.delay = delay.clamp(MIN_DELAY, MAX_DELAY);
        self
    }

    /// When the whole race ends. The first attempt begins even if that has passed, for it may
    /// connect at once.
    ///
    /// ```
    /// use berkeley::{Deadline, eyeballs::Race};
    /// use std::time::Duration;
    ///
    /// let race = Race::new(3).deadline(Deadline::after(Duration::from_secs(5)));
    /// ```
    #[must_use]
    pub fn deadline(mut self, deadline: Deadline) -> Race {
        self.deadline = deadline;
        self
    }

    /// Adds so many attempts behind the others. Those that have not [begun](Race::begun) are only
    /// numbers yet: who adds may sort all of them anew.
    ///
    /// ```
    /// use berkeley::eyeballs::{Race, Step};
    ///
    /// let mut race = Race::new(0).open();
    /// race.add(2);
    /// assert_eq!(race.step(std::time::Instant::now()), Step::Start(0));
    /// ```
    pub fn add(&mut self, attempts: usize) {
        self.attempts.extend(std::iter::repeat_n(State::Waiting, attempts));
    }

    /// No more attempts come.
    ///
    /// ```
    /// use berkeley::eyeballs::{Race, Step};
    ///
    /// let mut race = Race::new(0).open();
    /// race.close();
    /// assert_eq!(race.step(std::time::Instant::now()), Step::Failed);
    /// ```
    pub fn close(&mut self) {
        self.open = false;
    }

    /// The first attempt does not begin before this moment, or the deadline: the addresses that are
    /// preferred may come until then. A moment that has passed lets it begin.
    ///
    /// ```
    /// use berkeley::Deadline;
    /// use berkeley::eyeballs::{RESOLUTION_DELAY, Race, Step};
    /// use std::time::Instant;
    ///
    /// // IPv4's addresses have come first.
    /// let (mut race, now) = (Race::new(1).open(), Instant::now());
    /// let soon = Deadline::at(now + RESOLUTION_DELAY);
    /// race.hold(soon);
    /// assert_eq!(race.step(now), Step::WaitUntil(soon));
    /// race.hold(Deadline::at(now)); // and now those of IPv6
    /// assert_eq!(race.step(now), Step::Start(0));
    /// ```
    ///
    /// See RFC 8305, section 3.
    pub fn hold(&mut self, until: Deadline) {
        if self.begun == 0 {
            self.due = Some(until);
        }
    }

    /// How many attempts have begun.
    ///
    /// ```
    /// let mut race = berkeley::eyeballs::Race::new(2);
    /// race.step(std::time::Instant::now());
    /// assert_eq!(race.begun(), 1);
    /// ```
    pub fn begun(&self) -> usize {
        self.begun
    }

    /// What to do next. An attempt that is to start counts as begun now.
    ///
    /// ```
    /// use berkeley::eyeballs::{DELAY, Race, Step};
    /// use std::time::Instant;
    ///
    /// let (mut race, now) = (Race::new(2), Instant::now());
    /// assert_eq!(race.step(now), Step::Start(0));
    /// assert_eq!(race.step(now + DELAY), Step::Start(1), "the first has not answered in time");
    /// ```
    pub fn step(&mut self, now: Instant) -> Step {
        if let Some(attempt) = self.won {
            return Step::Won(attempt);
        }
        let running = self.attempts.contains(&State::Running);
        let is_late = self.deadline.has_passed_at(now);
        let next = self.attempts.get_mut(self.begun);
        if next.is_none() && !running && !self.open {
            return Step::Failed;
        }
        if is_late && (self.begun > 0 || next.is_none()) {
            return Step::TimedOut;
        }
        match (next, self.due) {
            (Some(_), Some(due)) if !due.has_passed_at(now) && !is_late => {
                Step::WaitUntil(due.min(self.deadline))
            }
            (Some(next), _) => {
                *next = State::Running;
                self.begun += 1;
                self.last = Some(now);
                self.due = Some(after(now, self.delay));
                Step::Start(self.begun - 1)
            }
            (None, _) => Step::WaitUntil(self.deadline),
        }
    }

    /// Reports that an attempt has connected. The first to do so wins.
    ///
    /// ```
    /// use berkeley::eyeballs::{Race, Step};
    /// use std::time::Instant;
    ///
    /// let (mut race, now) = (Race::new(2), Instant::now());
    /// race.step(now);
    /// race.connected(0);
    /// assert_eq!(race.step(now), Step::Won(0));
    /// ```
    pub fn connected(&mut self, attempt: usize) {
        if self.won.is_none() && self.attempts.get(attempt) == Some(&State::Running) {
            self.won = Some(attempt);
        }
    }

    /// Reports that an attempt has failed. The next one begins at once, unless the latest is
    /// still running and younger than [`MIN_DELAY`].
    ///
    /// ```
    /// use berkeley::eyeballs::{Race, Step};
    /// use std::time::Instant;
    ///
    /// let (mut race, now) = (Race::new(1), Instant::now());
    /// race.step(now);
    /// race.failed(0);
    /// assert_eq!(race.step(now), Step::Failed);
    /// ```
    pub fn failed(&mut self, attempt: usize) {
        match self.attempts.get_mut(attempt) {
            Some(state) if *state == State::Running => *state = State::Failed,
            _ => return,
        }
        let latest = self.begun.checked_sub(1).and_then(|latest| self.attempts.get(latest));
        self.due = match (latest, self.last, self.due) {
            (Some(State::Running), Some(last), Some(due)) => Some(due.min(after(last, MIN_DELAY))),
            _ => None,
        };
    }
}

fn after(moment: Instant, delay: Duration) -> Deadline {
    moment.checked_add(delay).map_or(Deadline::NEVER, Deadline::at)
}

/// Sorts what has families so that they alternate: so many of the family that stands first, then
/// one of each in turn. Within a family the order stays, so it should be the resolver's, which
/// has the best first.
///
/// One of the first family is usual; two favour it more.
///
/// ```
/// use berkeley::{Addr, eyeballs::interleave};
///
/// let addrs = ["[::1]:80", "[::2]:80", "127.0.0.1:80"].map(|text| text.parse::<Addr>().unwrap());
/// let sorted = interleave(addrs, 1, Addr::family);
/// assert_eq!(sorted, [addrs[0], addrs[2], addrs[1]]);
/// ```
///
/// See RFC 8305, section 4.
#[doc(alias = "First Address Family Count")]
pub fn interleave<T, K: PartialEq>(
    items: impl IntoIterator<Item = T>,
    first: usize,
    family: impl Fn(&T) -> K,
) -> Vec<T> {
    let mut families: Vec<(K, VecDeque<T>)> = Vec::new();
    for item in items {
        let key = family(&item);
        match families.iter_mut().find(|(known, _)| *known == key) {
            Some((_, queue)) => queue.push_back(item),
            None => families.push((key, VecDeque::from([item]))),
        }
    }
    let mut sorted = Vec::new();
    if let Some((_, queue)) = families.first_mut() {
        let ahead = first.saturating_sub(1).min(queue.len());
        sorted.extend(queue.drain(..ahead));
    }
    while families.iter().any(|(_, queue)| !queue.is_empty()) {
        sorted.extend(families.iter_mut().filter_map(|(_, queue)| queue.pop_front()));
    }
    sorted
}

#[cfg(test)]
mod tests;
