//! Happy Eyeballs: which of a host's addresses to try when, as a machine that does nothing itself.
//!
//! A [`Race`] is told what happened and answers what to do next. It makes no call and reads no
//! clock, so that one and the same serves a program that blocks, an event loop and a test.
//! [`Connector::happy_eyeballs`](crate::Connector::happy_eyeballs) drives one with `poll`.
//!
//! The attempts of a race overlap: each gets a head start before the next begins, and the first
//! to connect wins. A host whose first address is dead costs the head start, not a timeout.
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
        }
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
        let next = self.attempts.get_mut(self.begun);
        if next.is_none() && !running {
            return Step::Failed;
        }
        if self.begun > 0 && self.deadline.has_passed_at(now) {
            return Step::TimedOut;
        }
        match (next, self.due) {
            (Some(_), Some(due)) if !due.has_passed_at(now) => {
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
mod tests {
    use super::*;

    /// What has happened to an attempt, in the order in which it did.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    enum Event {
        Started,
        Connected,
        Failed,
    }

    /// One way that things may go, and all that follow from there.
    #[derive(Clone)]
    struct World {
        race: Race,
        start: Instant,
        now: Instant,
        count: usize,
        delay: Duration,
        deadline: Option<Instant>,
        log: Vec<(Instant, usize, Event)>,
    }

    /// How often each end was reached.
    #[derive(Default, Debug)]
    struct Ends {
        won: Vec<usize>,
        failed: usize,
        timed_out: usize,
        steps: usize,
    }

    impl World {
        fn new(count: usize, delay: Duration, deadline: Option<Duration>) -> World {
            let start = Instant::now();
            let deadline = deadline.map(|after| start + after);
            let limit = deadline.map_or(Deadline::NEVER, Deadline::at);
            let race = Race::new(count).delay(delay).deadline(limit);
            World { race, start, now: start, count, delay, deadline, log: Vec::new() }
        }

        fn begun(&self) -> impl Iterator<Item = (Instant, usize)> {
            let begun = self.log.iter().filter(|(_, _, event)| *event == Event::Started);
            begun.map(|(when, attempt, _)| (*when, *attempt))
        }

        fn has(&self, attempt: usize, event: Event) -> bool {
            self.log.iter().any(|(_, other, what)| (*other, *what) == (attempt, event))
        }

        fn running(&self) -> Vec<(Instant, usize)> {
            let ended =
                |attempt| self.has(attempt, Event::Failed) || self.has(attempt, Event::Connected);
            self.begun().filter(|(_, attempt)| !ended(*attempt)).collect()
        }

        /// What must come next, by nothing but what has happened.
        fn expected(&self) -> Step {
            if let Some((_, won, _)) = self.log.iter().find(|entry| entry.2 == Event::Connected) {
                return Step::Won(*won);
            }
            let Some((when, latest)) = self.begun().last() else {
                return if self.count == 0 { Step::Failed } else { Step::Start(0) };
            };
            let begun = self.begun().count();
            if begun == self.count && self.running().is_empty() {
                return Step::Failed;
            }
            if self.deadline.is_some_and(|deadline| self.now >= deadline) {
                return Step::TimedOut;
            }
            let limit = self.deadline.map_or(Deadline::NEVER, Deadline::at);
            if begun == self.count {
                return Step::WaitUntil(limit);
            }
            let behind =
                self.log.iter().skip_while(|entry| (entry.1, entry.2) != (latest, Event::Started));
            let due = if self.has(latest, Event::Failed) {
                when
            } else if behind.into_iter().any(|entry| entry.2 == Event::Failed) {
                when + MIN_DELAY
            } else {
                when + self.delay
            };
            if self.now >= due {
                Step::Start(begun)
            } else {
                Step::WaitUntil(Deadline::at(due).min(limit))
            }
        }

        fn happen(&mut self, attempt: usize, event: Event) {
            self.log.push((self.now, attempt, event));
            match event {
                Event::Started => {}
                Event::Connected => self.race.connected(attempt),
                Event::Failed => self.race.failed(attempt),
            }
        }

        /// Takes the next step, and from there every way on.
        fn explore(mut self, ends: &mut Ends) {
            ends.steps += 1;
            let step = self.race.step(self.now);
            let at = self.now - self.start;
            assert_eq!(step, self.expected(), "at {at:?} after {:?}", self.log);
            match step {
                Step::Won(attempt) => ends.won[attempt] += 1,
                Step::Failed => ends.failed += 1,
                Step::TimedOut => ends.timed_out += 1,
                Step::Start(attempt) => {
                    for (when, other) in self.running() {
                        assert!(self.now - when >= MIN_DELAY, "{other} and {attempt} at {at:?}");
                    }
                    self.happen(attempt, Event::Started);
                    for event in [Event::Connected, Event::Failed] {
                        let mut ended = self.clone();
                        ended.happen(attempt, event);
                        ended.explore(ends);
                    }
                    self.explore(ends);
                }
                Step::WaitUntil(until) => self.wait(until, ends),
            }
        }

        fn wait(self, until: Deadline, ends: &mut Ends) {
            let running = self.running();
            assert!(!running.is_empty(), "nothing to wait for after {:?}", self.log);
            assert!(until.moment().is_none_or(|moment| moment > self.now), "it would spin");
            // Reports at once, in the middle, just in time and late; the moment itself comes too.
            let late = until.moment().unwrap_or(self.now + self.delay);
            let middle = self.now + (late - self.now) / 2;
            for now in [self.now, middle, late - Duration::from_nanos(1), late] {
                let later = World { now, ..self.clone() };
                for (_, one) in &running {
                    for event in [Event::Connected, Event::Failed] {
                        let mut ended = later.clone();
                        ended.happen(*one, event);
                        // Another one in the same breath, before the next step.
                        for (_, two) in running.iter().filter(|(_, two)| two != one) {
                            for event in [Event::Connected, Event::Failed] {
                                let mut both = ended.clone();
                                both.happen(*two, event);
                                both.explore(ends);
                            }
                        }
                        ended.explore(ends);
                    }
                }
            }
            if let Some(now) = until.moment() {
                World { now, ..self }.explore(ends);
            }
        }
    }

    #[test]
    fn e8_every_order_of_events_ends_as_it_must() {
        let ms = Duration::from_millis;
        let mut total = 0;
        for count in 0..=4 {
            for delay in [MIN_DELAY, DELAY] {
                let deadlines = [
                    None,
                    Some(Duration::ZERO),
                    Some(ms(5)),
                    Some(delay),
                    Some(delay * 2 + ms(1)),
                    Some(delay * 20),
                ];
                for deadline in deadlines {
                    let mut ends = Ends { won: vec![0; count], ..Ends::default() };
                    World::new(count, delay, deadline).explore(&mut ends);
                    let place = format!("{count} attempts, {deadline:?}: {ends:?}");
                    // Without any time only the first attempt begins.
                    let hasty = deadline == Some(Duration::ZERO) && count > 1;
                    let winners = ends.won.iter().filter(|won| **won > 0).count();
                    assert_eq!(winners, if hasty { 1 } else { count }, "{place}");
                    assert_eq!(ends.failed == 0, hasty, "{place}");
                    assert_eq!(ends.timed_out > 0, deadline.is_some() && count > 0, "{place}");
                    total += ends.steps;
                }
            }
        }
        assert!(total > 500_000, "only {total} steps");
    }

    #[test]
    fn e8_reports_that_cannot_be_change_nothing() {
        let now = Instant::now();
        let mut race = Race::new(2);
        race.connected(0);
        race.failed(1);
        race.failed(7);
        assert_eq!(race.step(now), Step::Start(0), "nothing had begun");
        let waiting = race.step(now);
        assert_eq!(waiting, Step::WaitUntil(Deadline::at(now + DELAY)));
        race.connected(1);
        race.connected(usize::MAX);
        assert_eq!(race.step(now), waiting, "another one has not begun");
        race.connected(0);
        race.failed(0);
        race.connected(1);
        assert_eq!(race.step(now + MAX_DELAY), Step::Won(0), "it is over");
    }

    #[test]
    fn e8_the_delay_has_bounds() {
        let day = Duration::from_secs(86_400);
        for (asked, got) in [(Duration::ZERO, MIN_DELAY), (DELAY, DELAY), (day, MAX_DELAY)] {
            let (mut race, now) = (Race::new(2).delay(asked), Instant::now());
            race.step(now);
            assert_eq!(race.step(now), Step::WaitUntil(Deadline::at(now + got)));
        }
    }

    /// Every list of up to six addresses of three families: nothing is lost, each family keeps
    /// its order, and two of one family stand together only when they must.
    #[test]
    fn e8_families_alternate() {
        let sort = |text: &str, first| {
            let sorted = interleave(text.split(' '), first, |word| word.chars().next());
            sorted.join(" ")
        };
        assert_eq!(sort("6a 6b 6c 4a 4b", 1), "6a 4a 6b 4b 6c");
        assert_eq!(sort("6a 6b 6c 4a 4b", 2), "6a 6b 4a 6c 4b");
        assert_eq!(sort("6a 6b 6c 4a 4b", 0), "6a 4a 6b 4b 6c");
        assert_eq!(sort("6a 6b 6c 4a 4b", 9), "6a 6b 6c 4a 4b");
        assert_eq!(sort("4a 6a 6b 6c", 1), "4a 6a 6b 6c");
        for len in 0..=6 {
            for number in 0..3_usize.pow(len) {
                let list: Vec<(usize, u32)> =
                    (0..len).map(|at| (number / 3_usize.pow(at) % 3, at)).collect();
                let sorted = interleave(list.clone(), 1, |(family, _)| *family);
                for family in 0..3 {
                    let of = |list: &[(usize, u32)]| -> Vec<u32> {
                        list.iter().filter(|item| item.0 == family).map(|item| item.1).collect()
                    };
                    assert_eq!(of(&sorted), of(&list), "{list:?}");
                }
                assert_eq!(sorted.first(), list.first());
                for (at, pair) in sorted.windows(2).enumerate() {
                    let rest = &sorted[at + 1..];
                    let alone = rest.iter().all(|item| item.0 == pair[0].0);
                    assert!(pair[0].0 != pair[1].0 || alone, "{list:?} became {sorted:?}");
                }
            }
        }
    }
}
