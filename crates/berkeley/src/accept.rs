//! Accepting connections for as long as a server lives: what is only a client's bad luck is passed
//! over, a lack of descriptors is waited out, and the end comes when it is asked for.
//!
//! An [`Acceptor`] does it in threads that block. [`Pace`] is the machine behind it, for loops of
//! another kind: it is told what `accept` answered, and says how to go on.
//!
//! See `accept(2)`, "Error handling".

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::addr::Addr;
use crate::error::{Call, Error, Result};
use crate::interrupt::interrupted;
use crate::kind::{Family, Protocol, Type};
use crate::seam;
use crate::socket::Socket;
use crate::sys::{Errno, Interest};
use crate::time::Deadline;

/// The first pause of a server that has no room for another connection.
pub const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// The longest pause; each is twice as long as the one before.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What an error of `accept` is to a server that goes on.
///
/// ```
/// use berkeley::{Errno, accept::Trouble};
///
/// assert_eq!(Trouble::of(Errno::ECONNABORTED), Some(Trouble::Passing));
/// assert_eq!(Trouble::of(Errno::EMFILE), Some(Trouble::Full));
/// assert_eq!(Trouble::of(Errno::EINVAL), None, "it does not listen, and never will");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Trouble {
    /// It is that connection's, which is gone: the next may be waiting.
    Passing,
    /// There is no descriptor or no memory for another connection. It goes on waiting in the
    /// listener's queue, and the listener stays readable: to try again at once is to spin.
    Full,
}

/// The errors of `accept` after which a server goes on. All others are its own.
///
/// `accept(2)` lists `EOPNOTSUPP` among those that may come from the network, but it is also what
/// a socket without connections answers, for ever; Linux hands only the latter out.
pub const TROUBLES: &[(Errno, Trouble)] = &[
    (Errno::ECONNABORTED, Trouble::Passing),
    (Errno::ECONNREFUSED, Trouble::Passing),
    (Errno::ECONNRESET, Trouble::Passing),
    (Errno::EHOSTDOWN, Trouble::Passing),
    (Errno::EHOSTUNREACH, Trouble::Passing),
    (Errno::ENETDOWN, Trouble::Passing),
    (Errno::ENETUNREACH, Trouble::Passing),
    (Errno::ENONET, Trouble::Passing),
    (Errno::ENOPROTOOPT, Trouble::Passing),
    (Errno::EPERM, Trouble::Passing),
    (Errno::EPROTO, Trouble::Passing),
    (Errno::ETIMEDOUT, Trouble::Passing),
    (Errno::EMFILE, Trouble::Full),
    (Errno::ENFILE, Trouble::Full),
    (Errno::ENOBUFS, Trouble::Full),
    (Errno::ENOMEM, Trouble::Full),
    (Errno::ENOSR, Trouble::Full),
];

impl Trouble {
    /// What this error is; `None` if the server cannot go on.
    ///
    /// ```
    /// use berkeley::{Errno, accept::Trouble};
    ///
    /// assert_eq!(Trouble::of(Errno::EBADF), None);
    /// ```
    pub fn of(errno: Errno) -> Option<Trouble> {
        TROUBLES.iter().find(|(known, _)| *known == errno).map(|(_, trouble)| *trouble)
    }
}

/// How a server goes on after what `accept` answered. It makes no call and reads no clock.
///
/// ```
/// use berkeley::accept::{FIRST_PAUSE, Next, Pace};
/// use berkeley::{Deadline, Errno};
/// use std::time::Instant;
///
/// let (mut pace, now) = (Pace::new(), Instant::now());
/// assert_eq!(pace.failed(Errno::ECONNABORTED, now), Next::Accept);
/// assert_eq!(pace.failed(Errno::EAGAIN, now), Next::Wait);
/// let soon = Deadline::at(now + FIRST_PAUSE);
/// assert_eq!(pace.failed(Errno::EMFILE, now), Next::Pause(soon));
/// assert_eq!(pace.failed(Errno::EINVAL, now), Next::End);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Pace {
    /// The last pause, if nothing has been accepted since.
    pause: Option<Duration>,
}

/// What to do next, see [`Pace`].
///
/// ```
/// use berkeley::accept::Next;
///
/// assert_ne!(Next::Accept, Next::Wait);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Accept again at once.
    Accept,
    /// Nobody is there: wait until the listener is readable.
    Wait,
    /// There is no room: accept again at this moment, or when a connection has been closed. The
    /// listener is readable meanwhile.
    Pause(Deadline),
    /// The error is the server's own.
    End,
}

impl Pace {
    /// Of a server that has just begun.
    ///
    /// ```
    /// let pace = berkeley::accept::Pace::new();
    /// ```
    pub fn new() -> Pace {
        Pace::default()
    }

    /// A connection was accepted: there is room.
    ///
    /// ```
    /// let mut pace = berkeley::accept::Pace::new();
    /// pace.accepted();
    /// ```
    pub fn accepted(&mut self) {
        self.pause = None;
    }

    /// Accepting has failed now. Pauses grow from [`FIRST_PAUSE`] to [`LONGEST_PAUSE`] until a
    /// connection is accepted.
    ///
    /// ```
    /// use berkeley::accept::{FIRST_PAUSE, Next, Pace};
    /// use berkeley::{Deadline, Errno};
    /// use std::time::Instant;
    ///
    /// let (mut pace, now) = (Pace::new(), Instant::now());
    /// pace.failed(Errno::ENFILE, now);
    /// let later = Deadline::at(now + 2 * FIRST_PAUSE);
    /// assert_eq!(pace.failed(Errno::ENFILE, now), Next::Pause(later));
    /// ```
    ///
    /// The error is the [number](Error::errno) of one; none is a timeout, which has no number.
    pub fn failed(&mut self, errno: impl Into<Option<Errno>>, now: Instant) -> Next {
        let errno = errno.into().unwrap_or(Errno::EAGAIN);
        match Trouble::of(errno) {
            None if errno == Errno::EAGAIN => Next::Wait,
            None => Next::End,
            Some(Trouble::Passing) => Next::Accept,
            Some(Trouble::Full) => {
                let pause = self.pause.map_or(FIRST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE));
                self.pause = Some(pause);
                Next::Pause(now.checked_add(pause).map_or(Deadline::NEVER, Deadline::at))
            }
        }
    }
}

/// A listening socket that gives one connection after the other until it is told to stop.
///
/// Several threads may share one: each connection goes to one of them, and all are told to stop.
///
/// ```
/// use berkeley::{accept::Acceptor, create_connection, create_server};
/// use std::thread;
///
/// let acceptor = Acceptor::new(create_server("127.0.0.1:0")?)?;
/// let (place, stop) = (acceptor.listener().local_addr()?, acceptor.stop());
/// let server = thread::spawn(move || {
///     let mut served = 0;
///     for connection in acceptor.connections() {
///         let (socket, _peer) = connection?;
///         socket.send_all(b"hello!")?;
///         served += 1;
///     }
///     Ok::<_, berkeley::Error>(served)
/// });
/// assert_eq!(create_connection(place)?.recv_vec(100)?, b"hello!");
/// stop.stop();
/// assert_eq!(server.join().unwrap()?, 1);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// See `accept(2)`.
#[derive(Debug)]
#[doc(alias("accept loop", "graceful shutdown", "EMFILE"))]
pub struct Acceptor {
    listener: Socket,
    /// Readable once it is to stop: the byte that says so is never read.
    told: Socket,
    stop: Stop,
}

/// Tells an [`Acceptor`] to stop, from any thread or from a handler of signals.
///
/// It is a descriptor too: any byte that is written to it is the order, so that it can be given
/// to what writes when a signal comes (`signal_hook::low_level::pipe::register`, Python's
/// `signal.set_wakeup_fd`).
///
/// ```
/// use berkeley::{accept::Acceptor, create_server};
///
/// let acceptor = Acceptor::new(create_server("127.0.0.1:0")?)?;
/// let stop = acceptor.stop();
/// stop.stop();
/// assert!(acceptor.accept()?.is_none());
/// # Ok::<(), berkeley::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stop(Arc<Socket>);

impl Stop {
    /// Gives the order. It cannot be taken back.
    ///
    /// ```
    /// use berkeley::{accept::Acceptor, create_server};
    ///
    /// let acceptor = Acceptor::new(create_server("127.0.0.1:0")?)?;
    /// acceptor.stop().stop();
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn stop(&self) {
        // It never blocks. Without room the order has been given, and without a reader nobody is
        // there to stop.
        let _ = self.0.send(b"x");
    }
}

/// What is readable once the order to stop has been given, and what gives it.
pub(crate) fn order() -> Result<(Socket, Stop)> {
    let (told, stop) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
    for socket in [&told, &stop] {
        socket.set_timeout(Duration::ZERO)?;
    }
    Ok((told, Stop(Arc::new(stop))))
}

impl AsFd for Stop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Acceptor {
    /// Of a socket that listens, which does not block any more: its timeout becomes zero. It
    /// takes two descriptors beside that.
    ///
    /// ```
    /// let server = berkeley::create_server("127.0.0.1:0")?;
    /// let acceptor = berkeley::accept::Acceptor::new(server)?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EMFILE` at the limit of descriptors.
    pub fn new(listener: Socket) -> Result<Acceptor> {
        let (told, stop) = order()?;
        listener.set_timeout(Duration::ZERO)?;
        Ok(Acceptor { listener, told, stop })
    }

    /// What tells it to stop.
    ///
    /// ```
    /// let server = berkeley::create_server("127.0.0.1:0")?;
    /// let stop = berkeley::accept::Acceptor::new(server)?.stop();
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// The listening socket.
    ///
    /// ```
    /// let server = berkeley::create_server("127.0.0.1:0")?;
    /// let acceptor = berkeley::accept::Acceptor::new(server)?;
    /// println!("listening on {}", acceptor.listener().local_addr()?);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn listener(&self) -> &Socket {
        &self.listener
    }

    /// Gives the listening socket back, which still does not block. Connections that have not
    /// been accepted wait in it, and are reset when it is closed.
    ///
    /// ```
    /// let server = berkeley::create_server("127.0.0.1:0")?;
    /// let server = berkeley::accept::Acceptor::new(server)?.into_listener();
    /// assert!(server.accept().unwrap_err().is_would_block());
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    pub fn into_listener(self) -> Socket {
        self.listener
    }

    /// The next connection, and who connected; `None` once it has been told to stop. It waits for
    /// as long as it takes, through every [`Trouble`]. The connection has the
    /// [default timeout](crate::default_timeout), as any other.
    ///
    /// ```
    /// use berkeley::{accept::Acceptor, create_connection, create_server};
    ///
    /// let acceptor = Acceptor::new(create_server("127.0.0.1:0")?)?;
    /// let client = create_connection(acceptor.listener().local_addr()?)?;
    /// let (_socket, peer) = acceptor.accept()?.unwrap();
    /// assert_eq!(peer, client.local_addr()?);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those that are the server's own: `EINVAL` if the socket does not listen, `EOPNOTSUPP` if
    /// its type has no connections.
    pub fn accept(&self) -> Result<Option<(Socket, Addr)>> {
        let mut pace = Pace::new();
        let mut paused = None;
        while !self.wait(paused.take())? {
            match self.listener.accept() {
                Ok(connection) => return Ok(Some(connection)),
                Err(error) => match pace.failed(error.errno(), Instant::now()) {
                    // Another thread may have been faster, too.
                    Next::Accept | Next::Wait => {}
                    Next::Pause(until) => paused = Some(until),
                    Next::End => return Err(error),
                },
            }
        }
        Ok(None)
    }

    /// Every connection until it is told to stop. An error does not end it: whoever goes on after
    /// one will see it again.
    ///
    /// ```
    /// use berkeley::{accept::Acceptor, create_server};
    ///
    /// let acceptor = Acceptor::new(create_server("127.0.0.1:0")?)?;
    /// acceptor.stop().stop();
    /// assert_eq!(acceptor.connections().count(), 0);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Each is one of [`accept`](Acceptor::accept).
    #[doc(alias = "incoming")]
    pub fn connections(&self) -> impl Iterator<Item = Result<(Socket, Addr)>> + '_ {
        std::iter::from_fn(|| self.accept().transpose())
    }

    /// Waits until somebody is there, or in a pause until it is over; `true` if it is to stop.
    fn wait(&self, paused: Option<Deadline>) -> Result<bool> {
        let all = [self.told.as_fd(), self.listener.as_fd()];
        // The listener is readable all through a pause.
        let fds = all.get(..if paused.is_some() { 1 } else { 2 }).unwrap_or(&all);
        loop {
            let limit = paused.and_then(Deadline::remaining);
            match seam::wait_any(fds, Interest::Read, limit) {
                Ok(ready) => return Ok(ready.first() == Some(&true)),
                Err(Errno::EINTR) => interrupted(Call::Accept)?,
                Err(errno) => return Err(Error::new(Call::Accept, errno)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_somebody_comes() {
        let now = Instant::now();
        let mut pace = Pace::new();
        let mut pauses = || match pace.failed(Errno::EMFILE, now) {
            Next::Pause(until) => until.moment().map(|moment| (moment - now).as_millis()),
            other => panic!("{other:?}"),
        };
        let all: Vec<_> = (0..10).filter_map(|_| pauses()).collect();
        assert_eq!(all, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        // Neither of these makes room.
        pace.failed(Errno::ECONNABORTED, now);
        pace.failed(None, now);
        assert_eq!(pace.failed(Errno::EMFILE, now), Next::Pause(Deadline::at(now + LONGEST_PAUSE)));
        pace.accepted();
        assert_eq!(pace.failed(Errno::EMFILE, now), Next::Pause(Deadline::at(now + FIRST_PAUSE)));
    }

    #[test]
    fn every_error_has_one_meaning() {
        for (at, (errno, trouble)) in TROUBLES.iter().enumerate() {
            assert!(TROUBLES.iter().skip(at + 1).all(|(other, _)| other != errno), "{errno}");
            let next = Pace::new().failed(*errno, Instant::now());
            assert_eq!(matches!(next, Next::Pause(_)), *trouble == Trouble::Full, "{errno}");
            assert_ne!(next, Next::End, "{errno}");
        }
        for errno in [Errno::EBADF, Errno::EINVAL, Errno::ENOTSOCK, Errno::EOPNOTSUPP] {
            let next = Pace::new().failed(errno, Instant::now());
            assert_eq!(next, Next::End, "{errno}");
        }
    }
}
