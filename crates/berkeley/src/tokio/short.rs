//! The short way of calls that keep no time: what is ready costs as little as Tokio's own sockets do.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::tokio::io::Interest as Interests;
use ::tokio::task::coop::poll_proceed;

use super::Socket;
use super::wait::{Got, Turn, has, is_closed};
use crate::error::Result;
use crate::socket::Socket as Plain;
use crate::sys::Interest;
use crate::sys::reactor::Registration;

/// A call on the short way.
pub(super) struct Short<'a, A> {
    socket: &'a Socket,
    interest: Interest,
    io: Option<&'a Registration>,
    /// The reactor's place, once it has to wait.
    turn: Option<Turn<'a>>,
    attempt: &'a mut A,
}

impl<T, A: FnMut(&Plain) -> Result<Got<T>>> Future for Short<'_, A> {
    type Output = Option<Result<T>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let this = self.get_mut();
        let Some(io) = this.io else { return Poll::Ready(None) };
        let (place, turn) = (this.socket.place(this.interest), &mut this.turn);
        let take = || {
            *turn = turn.take().or_else(|| place.take());
            turn.is_some()
        };
        match this.socket.poll_short(cx, io, this.interest, this.attempt, take) {
            Some(done) => done.map(Some),
            None => Poll::Ready(None),
        }
    }
}

impl Socket {
    /// The short way of a call that has no time to keep: `None` for what takes the long way,
    /// [`until_any`](Socket::until_any). Calls that are made often try this themselves, for every
    /// future around another costs.
    #[inline]
    pub(super) fn short<'a, A>(
        &'a self,
        interest: Interest,
        for_ever: bool,
        attempt: &'a mut A,
    ) -> Short<'a, A> {
        Short {
            socket: self,
            interest,
            io: self.short_way(interest, for_ever),
            turn: None,
            attempt,
        }
    }

    /// The registration, if the short way will do for a call: there is no time to keep, and what the
    /// reactor's one place tells is all that there is to know.
    #[inline]
    fn short_way(&self, interest: Interest, for_ever: bool) -> Option<&Registration> {
        // Other sockets than these have errors that come without being readable, of which that
        // place does not tell.
        let is_told = match interest {
            Interest::Read => self.fills(),
            Interest::Write => true,
            Interest::Error => false,
        };
        self.io.registration().filter(|_| for_ever && is_told)
    }

    /// An attempt whenever the reactor calls the socket ready, without a deadline. Who has to wait
    /// takes the reactor's place for this direction first. `None` for what takes the long way.
    #[inline]
    fn poll_short<T>(
        &self,
        cx: &mut Context<'_>,
        io: &Registration,
        interest: Interest,
        attempt: &mut impl FnMut(&Plain) -> Result<Got<T>>,
        take_place: impl FnOnce() -> bool,
    ) -> Option<Poll<Result<T>>> {
        let known = match interest {
            Interest::Write => Interests::WRITABLE,
            _ => Interests::READABLE,
        };
        let (mut take_place, mut has_blocked) = (Some(take_place), false);
        loop {
            // To look and try costs less than the reactor's answer to who would wait.
            if has(io, known) {
                let Poll::Ready(budget) = poll_proceed(cx) else { return Some(Poll::Pending) };
                let mut done = None;
                let _ = io.try_io(known, |_| {
                    let is_over = match attempt(self.plain()) {
                        Err(error) if error.is_would_block() => true,
                        Err(error) => {
                            done = Some(Err(error));
                            false
                        }
                        Ok(got) => {
                            done = Some(Ok(got.value));
                            // Urgent data ends a receive short, and the rest stands behind it.
                            got.was_last && !has(io, Interests::PRIORITY)
                        }
                    };
                    if is_over { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
                });
                if let Some(done) = done {
                    budget.made_progress();
                    return Some(Poll::Ready(done));
                }
                has_blocked = true;
            }
            if take_place.take().is_some_and(|take| !take()) {
                return None;
            }
            let ready = match interest {
                Interest::Write => io.poll_write_ready(cx),
                _ => io.poll_read_ready(cx),
            };
            match ready {
                Poll::Ready(ready)
                    if has_blocked && is_closed(ready.as_ref().ok()?.ready(), interest) =>
                {
                    return None;
                }
                Poll::Ready(ready) => drop(ready.ok()?),
                Poll::Pending if interest == Interest::Read && has(io, Interests::ERROR) => {
                    return None;
                }
                Poll::Pending => return Some(Poll::Pending),
            }
        }
    }

    /// [`poll_short`](Socket::poll_short) for those who are polled and have no call under way.
    #[inline]
    pub(super) fn poll_new<T>(
        &self,
        cx: &mut Context<'_>,
        interest: Interest,
        attempt: &mut impl FnMut(&Plain) -> Result<Got<T>>,
    ) -> Option<Poll<Result<T>>> {
        let io = self.io.registration().filter(|_| self.plain().awaits_for_ever())?;
        self.poll_short(cx, io, interest, attempt, || self.place(interest).take_for_polls())
    }
}
