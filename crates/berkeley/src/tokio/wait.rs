//! Trying, waiting for the reactor, and trying again: the one way in which every awaited call is
//! made.

use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::tokio::io::Interest as Interests;
use ::tokio::io::Ready;
use ::tokio::task::coop::poll_proceed;
use ::tokio::time::{Sleep, sleep_until, timeout_at};

use super::Socket;
use crate::error::{Call, Cause, Error, Result};
use crate::socket::Socket as Plain;
use crate::sys::reactor::{Edge, NotWatched, Registration};
use crate::sys::{Errno, Interest, Woken};
use crate::time::Deadline;

/// What an attempt has brought, and whether nothing is left behind it: the next attempt would find
/// nothing, and the reactor will tell when there is more.
pub(super) struct Got<T> {
    pub(super) value: T,
    pub(super) was_last: bool,
}

impl<T> From<T> for Got<T> {
    fn from(value: T) -> Got<T> {
        Got { value, was_last: false }
    }
}

/// Until when a call waits: known once it has to.
#[derive(Clone, Copy)]
pub(super) enum Patience {
    Unknown,
    By(Deadline),
    /// It does not wait.
    None,
}

impl Patience {
    /// Whether there is no time to keep.
    #[inline]
    pub(super) fn is_endless(self) -> bool {
        matches!(self, Patience::By(Deadline::NEVER))
    }

    pub(super) fn has_passed(self) -> bool {
        matches!(self, Patience::By(deadline) if deadline.has_passed())
    }
}

impl Socket {
    /// That of a call of one piece: its time begins when it has to wait.
    pub(super) fn patience(&self) -> Patience {
        match self.plain().timeout() {
            Some(Duration::ZERO) => Patience::None,
            _ => Patience::Unknown,
        }
    }

    /// That of a call of many pieces: its time begins now.
    pub(super) fn patience_from_now(&self) -> Patience {
        self.plain().awaits().map_or(Patience::None, Patience::By)
    }

    /// Makes an attempt, and more whenever the socket is ready, until one says something else than
    /// "would block", or time is up.
    ///
    /// Whatever an attempt brings is answered without another point at which this could be dropped:
    /// nothing is lost with it.
    #[allow(clippy::manual_async_fn, reason = "an async fn would move all of these once more")]
    #[inline]
    pub(super) fn until<T>(
        &self,
        call: Call,
        interest: Interest,
        patience: &mut Patience,
        mut attempt: impl FnMut(&Plain) -> Result<Got<T>>,
    ) -> impl Future<Output = Result<T>> {
        async move {
            let for_ever = match *patience {
                Patience::Unknown => self.plain().awaits_for_ever(),
                _ => patience.is_endless(),
            };
            match self.short(interest, for_ever, &mut attempt).await {
                Some(done) => done,
                None => self.until_any(call, interest, patience, &mut attempt).await,
            }
        }
    }

    /// Who has the reactor's place for this direction.
    #[inline]
    pub(super) fn place(&self, interest: Interest) -> &Place {
        match interest {
            Interest::Write => &self.write_place,
            _ => &self.read_place,
        }
    }

    /// [`until`](Socket::until) for any number of calls at once, with any deadline.
    pub(super) async fn until_any<T>(
        &self,
        call: Call,
        interest: Interest,
        patience: &mut Patience,
        attempt: &mut impl FnMut(&Plain) -> Result<Got<T>>,
    ) -> Result<T> {
        // Others may have taken the news of an entry in the queue of errors for theirs.
        let mut at_once = matches!(patience, Patience::None) || interest == Interest::Error;
        let (mut told, mut late) = (Ready::EMPTY, false);
        loop {
            let tried = poll_fn(|cx| {
                let budget = ready!(poll_proceed(cx));
                let tried = self.try_once(interest, at_once, attempt);
                if tried.as_ref().is_some_and(|got| !got.as_ref().is_err_and(Error::is_would_block))
                {
                    budget.made_progress();
                }
                Poll::Ready(tried)
            });
            let is_tried = match tried.await {
                Some(Ok(got)) => return Ok(got.value),
                Some(Err(error))
                    if matches!(patience, Patience::None) || !error.is_would_block() =>
                {
                    return Err(error);
                }
                tried => tried.is_some(),
            };
            if late {
                return Err(Error::new(call, Cause::TimedOut));
            }
            at_once = is_tried && is_closed(told, interest);
            if at_once {
                told = Ready::EMPTY;
                late = !self.ready_again(call, interest, patience).await?;
                continue;
            }
            let io = self.registered(call)?;
            match self.ready(call, io, interest, patience).await? {
                Some(ready) => told = ready,
                // What is there by now still counts.
                None => (late, at_once) = (true, true),
            }
        }
    }

    /// Makes an attempt, if the reactor knows of nothing that stands against it; of a socket that it
    /// does not know, and where it is not asked, at once. It learns what the attempt has shown.
    fn try_once<T>(
        &self,
        interest: Interest,
        at_once: bool,
        attempt: &mut impl FnMut(&Plain) -> Result<Got<T>>,
    ) -> Option<Result<Got<T>>> {
        let plain = self.plain();
        let Some(io) = self.io.registration().filter(|_| !at_once) else {
            return Some(attempt(plain));
        };
        let (first, second) = self.waits_for(interest);
        let mut tried = None;
        for known in [Some(first), second].into_iter().flatten() {
            let _ = io.try_io(known, |_| {
                let got = attempt(plain);
                let is_over = match &got {
                    // Urgent data ends a receive short, and the rest stands behind it.
                    Ok(got) => got.was_last && !has(io, Interests::PRIORITY),
                    Err(error) => error.is_would_block(),
                };
                tried = Some(got);
                // This is how the reactor is told to wait for the next event.
                if is_over { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            if tried.is_some() {
                break;
            }
        }
        tried
    }

    /// [`until`](Socket::until) of attempts that say nothing of what is left.
    pub(super) async fn once<T>(
        &self,
        call: Call,
        interest: Interest,
        mut attempt: impl FnMut(&Plain) -> Result<T>,
    ) -> Result<T> {
        let mut patience = self.patience();
        self.until(call, interest, &mut patience, |plain| attempt(plain).map(Got::from)).await
    }

    /// Waits until the reactor calls the socket ready, and how; `None` if time is up.
    async fn ready(
        &self,
        call: Call,
        io: &Registration,
        interest: Interest,
        patience: &mut Patience,
    ) -> Result<Option<Ready>> {
        let (first, second) = self.waits_for(interest);
        let ready = io.ready(second.map_or(first, |second| first | second));
        let event = match self.moment(patience) {
            None => ready.await,
            Some(moment) => match timeout_at(moment, ready).await {
                Ok(event) => event,
                Err(_) => return Ok(None),
            },
        };
        event.map(|event| Some(event.ready())).map_err(|error| failed(call, &error))
    }

    /// What to wait for, one or the other.
    fn waits_for(&self, interest: Interest) -> (Interests, Option<Interests>) {
        match interest {
            // Somebody takes errors from their queue, and waits for their news.
            Interest::Read if self.takes_errors.load(Ordering::SeqCst) => {
                (Interests::READABLE, None)
            }
            // An error is to be received, too, and comes without being readable.
            Interest::Read => (Interests::READABLE, Some(Interests::ERROR)),
            Interest::Write => (Interests::WRITABLE, None),
            Interest::Error => (Interests::ERROR, None),
        }
    }

    /// Waits where the reactor calls the socket ready for ever; `false` if time is up.
    async fn ready_again(
        &self,
        call: Call,
        interest: Interest,
        patience: &mut Patience,
    ) -> Result<bool> {
        let again = self.again(call, interest)?;
        self.in_time(patience, again).await
    }

    /// Waits for this as long as the call may; `false` if time is up.
    pub(super) async fn in_time(
        &self,
        patience: &mut Patience,
        until: impl Future<Output = Result<()>>,
    ) -> Result<bool> {
        match self.moment(patience) {
            None => until.await.map(|()| true),
            Some(moment) => match timeout_at(moment, until).await {
                Ok(ready) => ready.map(|()| true),
                Err(_) => Ok(false),
            },
        }
    }

    /// The same as a future of its own.
    fn again(
        &self,
        call: Call,
        interest: Interest,
    ) -> Result<impl Future<Output = Result<()>> + Send + Sync + use<>> {
        let plain = self.plain();
        if plain.glance(call, interest)? == Woken::ShutDown {
            // It is "ready" for ever, with nothing to receive.
            return Err(Error::new(call, Errno::ESHUTDOWN));
        }
        edge(call, plain, interest)
    }

    /// The moment at which a call gives up that now has to wait.
    pub(super) fn moment(&self, patience: &mut Patience) -> Option<::tokio::time::Instant> {
        if let Patience::Unknown = patience {
            *patience = self.patience_from_now();
        }
        match patience {
            Patience::By(deadline) => deadline.moment().map(Into::into),
            _ => None,
        }
    }

    /// The registration, made now if nobody has waited before.
    pub(super) fn registered(&self, call: Call) -> Result<&Registration> {
        let interests =
            Interests::READABLE | Interests::WRITABLE | Interests::PRIORITY | Interests::ERROR;
        match self.io.registration() {
            Some(io) => Ok(io),
            None => self.io.register(interests).map_err(|error| not_watched(call, error)),
        }
    }

    /// [`until`](Socket::until) for those who are polled: one task in each direction.
    pub(super) fn poll_until<T>(
        &self,
        cx: &mut Context<'_>,
        call: Call,
        interest: Interest,
        slot: &mut Slot,
        mut attempt: impl FnMut(&Plain) -> Result<Got<T>>,
    ) -> Poll<Result<T>> {
        let never_waits = self.plain().timeout() == Some(Duration::ZERO);
        let mut told = Ready::EMPTY;
        let done = loop {
            if let Some(again) = &mut slot.again {
                match again.as_mut().poll(cx) {
                    Poll::Ready(Ok(())) => (slot.again, slot.at_once) = (None, true),
                    Poll::Ready(Err(error)) => break Err(error),
                    Poll::Pending if slot.is_late(cx) => slot.again = None,
                    Poll::Pending => return Poll::Pending,
                }
            }
            let budget = ready!(poll_proceed(cx));
            let at_once = never_waits || slot.late || slot.at_once;
            let is_tried = match self.try_once(interest, at_once, &mut attempt) {
                Some(Err(error)) if !never_waits && error.is_would_block() => true,
                Some(got) => {
                    budget.made_progress();
                    break got.map(|got| got.value);
                }
                None => false,
            };
            drop(budget);
            if slot.late {
                break Err(Error::new(call, Cause::TimedOut));
            }
            slot.at_once = false;
            if is_tried && is_closed(told, interest) {
                slot.begin(self.plain());
                match self.again(call, interest) {
                    Ok(again) => slot.again = Some(Box::pin(again)),
                    Err(error) => break Err(error),
                }
                continue;
            }
            let io = match self.registered(call) {
                Ok(io) => io,
                Err(error) => break Err(error),
            };
            if !self.place(interest).take_for_polls() {
                // Somebody else waits there, who must not lose it.
                slot.begin(self.plain());
                match edge(call, self.plain(), interest) {
                    Ok(again) => slot.again = Some(Box::pin(again)),
                    Err(error) => break Err(error),
                }
                continue;
            }
            let ready = match interest {
                Interest::Write => io.poll_write_ready(cx),
                _ => io.poll_read_ready(cx),
            };
            match ready {
                Poll::Ready(Ok(guard)) => told = guard.ready(),
                Poll::Ready(Err(error)) => break Err(failed(call, &error)),
                Poll::Pending => {
                    slot.begin(self.plain());
                    if !slot.is_late(cx) {
                        return Poll::Pending;
                    }
                }
            }
        };
        *slot = Slot::default();
        Poll::Ready(done)
    }
}

/// Waits for a descriptor in one direction, by a descriptor of its own.
pub(super) fn edge<F: AsFd>(
    call: Call,
    fd: &F,
    interest: Interest,
) -> Result<impl Future<Output = Result<()>> + Send + Sync + use<F>> {
    let edge = Edge::new(fd, interest).map_err(Error::of(call))?;
    Ok(async move {
        let io = edge.watched().register(Interests::READABLE);
        let io = io.map_err(|error| not_watched(call, error))?;
        loop {
            let mut guard = io.readable().await.map_err(|error| failed(call, &error))?;
            if edge.has_come().map_err(Error::of(call))? {
                return Ok(());
            }
            guard.clear_ready();
        }
    })
}

/// What a task keeps between the polls of one call.
#[derive(Default)]
pub(super) struct Slot {
    /// Wakes it when time is up.
    timer: Option<Pin<Box<Sleep>>>,
    has_begun: bool,
    /// Time is up: there is one more attempt.
    late: bool,
    /// The next attempt does not ask the reactor.
    at_once: bool,
    again: Option<Pin<Box<dyn Future<Output = Result<()>> + Send + Sync>>>,
}

/// Who has the place that the reactor keeps for one task in a direction, which costs less than its
/// list of any number: nobody, a call, or whoever is polled, for good.
#[derive(Default)]
pub(super) struct Place(AtomicU8);

/// One call's turn in a [`Place`], until it ends.
pub(super) struct Turn<'p>(&'p Place);

impl Place {
    const FREE: u8 = 0;
    const TAKEN: u8 = 1;
    const POLLED: u8 = 2;

    #[inline]
    pub(super) fn take(&self) -> Option<Turn<'_>> {
        self.change(Place::TAKEN).ok().map(|_| Turn(self))
    }

    /// For those who are polled, of whom the last one counts; `false` while a call has it.
    #[inline]
    pub(super) fn take_for_polls(&self) -> bool {
        self.0.load(Ordering::Acquire) == Place::POLLED
            || self.change(Place::POLLED) != Err(Place::TAKEN)
    }

    #[inline]
    fn change(&self, to: u8) -> Result<u8, u8> {
        self.0.compare_exchange(Place::FREE, to, Ordering::AcqRel, Ordering::Acquire)
    }
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.0.store(Place::FREE, Ordering::Release);
    }
}

impl Slot {
    /// Whether no call is under way.
    #[inline]
    pub(super) fn is_idle(&self) -> bool {
        !self.has_begun && !self.at_once
    }

    /// The call has to wait: its time begins.
    fn begin(&mut self, plain: &Plain) {
        if !std::mem::replace(&mut self.has_begun, true) {
            let moment = plain.awaits().and_then(Deadline::moment);
            self.timer = moment.map(|moment| Box::pin(sleep_until(moment.into())));
        }
    }

    fn is_late(&mut self, cx: &mut Context<'_>) -> bool {
        let timer = self.timer.as_mut();
        self.late |= timer.is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
        self.late
    }
}

/// Whether the reactor knows of this.
#[inline]
pub(super) fn has(io: &Registration, known: Interests) -> bool {
    io.try_io(known, |_| Ok(())).is_ok()
}

/// Whether the reactor calls this direction ready for ever.
pub(super) fn is_closed(told: Ready, interest: Interest) -> bool {
    match interest {
        Interest::Read => told.is_read_closed(),
        Interest::Write => told.is_write_closed(),
        Interest::Error => false,
    }
}

fn not_watched(call: Call, error: NotWatched) -> Error {
    match error {
        NotWatched::NoRuntime => {
            Error::new(call, Cause::Argument("an awaited socket waits in a Tokio runtime"))
        }
        NotWatched::Os(errno) => Error::new(call, errno),
    }
}

/// The reactor is gone, and with it all that was waited for.
fn failed(call: Call, error: &io::Error) -> Error {
    Error::new(call, error.raw_os_error().map_or(Errno::ECANCELED, Errno::from))
}
