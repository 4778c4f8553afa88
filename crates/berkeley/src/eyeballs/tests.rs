//! The machine in every order of events, against a model that knows only what has happened.

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
    /// How many attempts are still to come, all at once.
    late: Option<usize>,
    hold: Option<Instant>,
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
        let (late, hold, log) = (None, None, Vec::new());
        World { race, start, now: start, count, delay, deadline, late, hold, log }
    }

    /// So many more come at some time, and the first is held back until then.
    fn with_late(mut self, late: usize, hold: Option<Duration>) -> World {
        self.race = self.race.open();
        self.late = Some(late);
        self.hold = hold.map(|hold| self.start + hold);
        if let Some(hold) = self.hold {
            self.race.hold(Deadline::at(hold));
        }
        self
    }

    fn arrive(&mut self) {
        let late = self.late.take().unwrap_or(0);
        self.count += late;
        self.race.add(late);
        self.race.close();
        if self.hold.take().is_some() {
            self.race.hold(Deadline::at(self.now));
        }
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
        let limit = self.deadline.map_or(Deadline::NEVER, Deadline::at);
        let is_late = self.deadline.is_some_and(|deadline| self.now >= deadline);
        let begun = self.begun().count();
        if begun == self.count && self.running().is_empty() && self.late.is_none() {
            return Step::Failed;
        }
        let Some((when, latest)) = self.begun().last() else {
            return match self.hold {
                _ if self.count == 0 && is_late => Step::TimedOut,
                _ if self.count == 0 => Step::WaitUntil(limit),
                Some(hold) if self.now < hold && !is_late => {
                    Step::WaitUntil(Deadline::at(hold).min(limit))
                }
                _ => Step::Start(0),
            };
        };
        if is_late {
            return Step::TimedOut;
        }
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
            Step::Failed => {
                let all = (0..self.count).all(|attempt| self.has(attempt, Event::Failed));
                assert!(all && self.late.is_none(), "given up early: {:?}", self.log);
                ends.failed += 1;
            }
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
        let waits_for_more = self.late.is_some();
        assert!(!running.is_empty() || waits_for_more, "what for, after {:?}?", self.log);
        assert!(until.moment().is_none_or(|moment| moment > self.now), "it would spin");
        // Reports at once, in the middle, just in time and late; the moment itself comes too.
        let late = until.moment().unwrap_or(self.now + self.delay);
        let middle = self.now + (late - self.now) / 2;
        for now in [self.now, middle, late - Duration::from_nanos(1), late] {
            let later = World { now, ..self.clone() };
            if later.late.is_some() {
                let mut more = later.clone();
                more.arrive();
                more.explore(ends);
            }
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
#[cfg_attr(miri, ignore = "half a million steps of plain arithmetic take Miri hours")]
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

/// Resolvers that answer in two parts: the second comes at any time, also when all of the first
/// have failed, or while the first is held back for it; and it may be empty.
#[test]
#[cfg_attr(miri, ignore = "as many steps of plain arithmetic take Miri hours")]
fn e8_attempts_that_come_late_are_made_in_every_order_of_events() {
    let ms = Duration::from_millis;
    let mut total = 0;
    for (early, late) in [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0), (2, 1)] {
        for hold in [None, Some(RESOLUTION_DELAY)] {
            for deadline in [None, Some(Duration::ZERO), Some(ms(20)), Some(DELAY * 2)] {
                let mut ends = Ends { won: vec![0; early + late], ..Ends::default() };
                World::new(early, DELAY, deadline).with_late(late, hold).explore(&mut ends);
                let place = format!("{early} and {late}, {hold:?}, {deadline:?}: {ends:?}");
                if deadline.is_none() {
                    assert!(ends.won.iter().all(|won| *won > 0), "{place}");
                    assert!(ends.failed > 0 && ends.timed_out == 0, "{place}");
                } else {
                    assert!(ends.timed_out > 0, "{place}");
                }
                total += ends.steps;
            }
        }
    }
    assert!(total > 200_000, "only {total} steps");
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
