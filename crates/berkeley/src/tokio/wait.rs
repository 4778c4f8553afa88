//! Trying, waiting for the reactor, and trying again: the one way in which every awaited call is
//! made.

use std::future::{Future, poll_fn};
use std::io;
use std::os::fd::AsFd;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::tokio::io::Interest as Interests;
use ::tokio::io::Ready;
use ::tokio::io::unix::AsyncFdReadyGuard;
use ::tokio::task::coop::poll_proceed;
use ::tokio::time::{Sleep, sleep_until, timeout_at};

use super::Socket;
use crate::error::{Call, Cause, Error, Result};
use crate::socket::Socket as Plain;
use crate::sys::reactor::{Edge, NotWatched, Number, Registration};
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
    pub(super) async fn until<T>(
        &self,
        call: Call,
        interest: Interest,
        patience: &mut Patience,
        mut attempt: impl FnMut(&Plain) -> Result<Got<T>>,
    ) -> Result<T> {
        let plain = self.plain();
        let mut waits = Waits::of(interest);
        let mut event = match (self.io.registration(), &patience) {
            // Others may have taken the news of an entry in the queue of errors for theirs.
            (_, Patience::None) | (None, _) => None,
            _ if interest == Interest::Error => None,
            (Some(io), _) => self.ready(call, io, waits.set, patience).await?,
        };
        let mut late = event.is_none() && self.io.registration().is_some();
        late &= interest != Interest::Error && !matches!(patience, Patience::None);
        loop {
            let got = poll_fn(|cx| {
                let budget = ready!(poll_proceed(cx));
                let got = attempt(plain);
                if !got.as_ref().is_err_and(Error::is_would_block) {
                    budget.made_progress();
                }
                Poll::Ready(got)
            });
            match got.await {
                Ok(got) => {
                    if let (true, Some(event)) = (got.was_last, &mut event) {
                        self.is_over(event, interest);
                    }
                    return Ok(got.value);
                }
                Err(error) if matches!(patience, Patience::None) || !error.is_would_block() => {
                    return Err(error);
                }
                Err(_) if late => return Err(Error::new(call, Cause::TimedOut)),
                Err(_) => {}
            }
            let io = match event.take() {
                None => self.registered(call)?,
                Some(mut guard) => {
                    let told = guard.ready();
                    self.is_over(&mut guard, interest);
                    if is_closed(told, interest) {
                        late = !self.ready_again(call, interest, patience).await?;
                        continue;
                    }
                    // Somebody else is to take it from the queue of errors.
                    if told.is_error() && self.takes_errors.load(Ordering::SeqCst) {
                        waits.leave_errors();
                    }
                    guard.get_ref()
                }
            };
            event = self.ready(call, io, waits.set, patience).await?;
            late = event.is_none();
        }
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

    /// Waits until the reactor calls the socket ready; `None` if time is up.
    async fn ready<'s>(
        &'s self,
        call: Call,
        io: &'s Registration,
        interests: Interests,
        patience: &mut Patience,
    ) -> Result<Option<AsyncFdReadyGuard<'s, Number>>> {
        let mut ready = pin!(io.ready(interests));
        // Most often it is: then no clock is read.
        let event = match poll_fn(|cx| Poll::Ready(ready.as_mut().poll(cx))).await {
            Poll::Ready(event) => event,
            Poll::Pending => match self.moment(patience) {
                None => ready.await,
                Some(moment) => match timeout_at(moment, ready).await {
                    Ok(event) => event,
                    Err(_) => return Ok(None),
                },
            },
        };
        event.map(Some).map_err(|error| failed(call, &error))
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

    /// The reactor has told of nothing, or of what is taken by now: it shall tell of the next.
    fn is_over(&self, guard: &mut AsyncFdReadyGuard<'_, Number>, interest: Interest) {
        guard.clear_ready_matching(match interest {
            Interest::Read if self.takes_errors.load(Ordering::SeqCst) => {
                Ready::READABLE | Ready::PRIORITY
            }
            Interest::Read => Ready::READABLE | Ready::PRIORITY | Ready::ERROR,
            Interest::Write => Ready::WRITABLE,
            Interest::Error => Ready::ERROR,
        });
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
        let plain = self.plain();
        let done = loop {
            if let Some(again) = &mut slot.again {
                match again.as_mut().poll(cx) {
                    Poll::Ready(Ok(())) => slot.again = None,
                    Poll::Ready(Err(error)) => break Err(error),
                    Poll::Pending if slot.is_late(cx) => slot.again = None,
                    Poll::Pending => return Poll::Pending,
                }
            }
            let never_waits = plain.timeout() == Some(Duration::ZERO);
            let mut event = None;
            if let (Some(io), false, false) = (self.io.registration(), never_waits, slot.late) {
                let ready = match interest {
                    Interest::Write => io.poll_write_ready(cx),
                    _ => io.poll_read_ready(cx),
                };
                match ready {
                    Poll::Ready(Ok(guard)) => event = Some(guard),
                    Poll::Ready(Err(error)) => break Err(failed(call, &error)),
                    Poll::Pending => {
                        slot.begin(plain);
                        match slot.is_late(cx) {
                            true => continue,
                            false => return Poll::Pending,
                        }
                    }
                }
                if interest == Interest::Read {
                    // It tells of urgent data, too, before which a receive ends short.
                    let mut all = pin!(io.ready(Waits::of(interest).set));
                    if let Poll::Ready(Ok(guard)) = all.as_mut().poll(cx) {
                        event = Some(guard);
                    }
                }
            } else {
                drop(ready!(poll_proceed(cx)));
            }
            match attempt(plain) {
                Ok(got) => {
                    if let (true, Some(event)) = (got.was_last, &mut event) {
                        self.is_over(event, interest);
                    }
                    break Ok(got.value);
                }
                Err(error) if never_waits || !error.is_would_block() => break Err(error),
                Err(_) if slot.late => break Err(Error::new(call, Cause::TimedOut)),
                Err(_) => {}
            }
            match event {
                None => drop(self.registered(call)?),
                Some(mut guard) => {
                    let told = guard.ready();
                    self.is_over(&mut guard, interest);
                    if is_closed(told, interest) {
                        slot.begin(plain);
                        slot.again = Some(Box::pin(self.again(call, interest)?));
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
    again: Option<Pin<Box<dyn Future<Output = Result<()>> + Send + Sync>>>,
}

impl Slot {
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

/// What to wait for.
struct Waits {
    set: Interests,
}

impl Waits {
    fn of(interest: Interest) -> Waits {
        let set = match interest {
            // An error is to be received, too, and comes without being readable.
            Interest::Read => Interests::READABLE | Interests::PRIORITY | Interests::ERROR,
            Interest::Write => Interests::WRITABLE,
            Interest::Error => Interests::ERROR,
        };
        Waits { set }
    }

    fn leave_errors(&mut self) {
        self.set = self.set.remove(Interests::ERROR).unwrap_or(self.set);
    }
}

/// Whether the reactor calls this direction ready for ever.
fn is_closed(told: Ready, interest: Interest) -> bool {
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
