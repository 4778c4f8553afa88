//! Connections by name, awaited: looking up, every address and every attempt wait in the runtime.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use ::tokio::time::{Sleep, sleep_until, timeout_at};

use super::Socket;
use crate::addr::{Addr, Target};
use crate::dial::{Connector, Search, ToEndpoint, Way, adopt};
use crate::error::{Call, Cause, Error, Result};
use crate::eyeballs::{Race, Step, interleave};
use crate::names::{AddrInfo, AddrInfoFlags};
use crate::time::Deadline;

/// Connects to a place given in the [address syntax](crate::Endpoint), a host and port, or an
/// address: see [`create_connection`](crate::create_connection). For a deadline, a source address
/// or several addresses side by side, see [`Connector::connect_awaited`].
///
/// ```
/// use berkeley::tokio::{create_connection, create_server};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
/// let server = create_server("localhost:0").await?;
/// let port = server.local_addr()?.port().unwrap();
/// let sock = create_connection(("localhost", port)).await?;
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// Those of the plain one.
pub async fn create_connection(place: impl ToEndpoint) -> Result<Socket> {
    Connector::new().connect_awaited(place).await
}

/// Connections that are awaited, with the feature `tokio`.
impl Connector {
    /// Connects to a place: see [`connect`](Connector::connect). The timeout covers everything, and
    /// the socket keeps it.
    ///
    /// ```
    /// use berkeley::{Connector, eyeballs};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let server = berkeley::tokio::create_server("localhost:0").await?;
    /// let port = server.local_addr()?.port().unwrap();
    /// let connector =
    ///     Connector::new().timeout(Duration::from_secs(5)).happy_eyeballs(eyeballs::DELAY);
    /// let sock = connector.connect_awaited(("localhost", port)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Connector::connect).
    ///
    /// # If it is dropped
    ///
    /// Attempts are ended, and their sockets closed. A look-up, which nobody can end, is left alone
    /// in [a thread of a few](crate::abandoned_lookups).
    pub async fn connect_awaited(&self, place: impl ToEndpoint) -> Result<Socket> {
        let fail = |error: Error| error.in_call(Call::CreateConnection);
        let endpoint = place.to_endpoint().map_err(fail)?;
        let deadline = self.deadline();
        if let Target::Fd(fd) = endpoint.target() {
            return adopt(*fd).and_then(Socket::try_from).map_err(fail);
        }
        let answers = match Search::of(&endpoint, AddrInfoFlags::empty())? {
            Search::Over(answers) => answers,
            Search::Ask(question, kind) => {
                let asked = within(deadline, question.call_awaited()).await;
                let timed_out =
                    || Error::new(Call::GetAddrInfo, Cause::TimedOut).at_name(question.to_string());
                kind.answers(asked.unwrap_or_else(|| Err(timed_out()))?)
            }
        };
        self.awaited_first(answers, deadline).await
    }

    /// Connects to the first of these addresses that answers: see
    /// [`connect_any`](Connector::connect_any).
    ///
    /// ```
    /// use berkeley::{Connector, eyeballs, tokio::create_server};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> berkeley::Result<()> {
    /// let server = create_server("127.0.0.1:0").await?;
    /// let addr = server.local_addr()?;
    /// let connector = Connector::new().happy_eyeballs(eyeballs::DELAY);
    /// let sock = connector.connect_any_awaited([addr]).await?;
    /// assert_eq!(sock.peer_addr()?, addr);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`connect_any`](Connector::connect_any).
    ///
    /// # If it is dropped
    ///
    /// Attempts are ended, and their sockets closed.
    pub async fn connect_any_awaited(
        &self,
        addrs: impl IntoIterator<Item = impl Into<Addr>>,
    ) -> Result<Socket> {
        let (answers, deadline) = (Connector::answers(addrs)?, self.deadline());
        self.awaited_first(answers, deadline).await
    }

    async fn awaited_first(&self, answers: Vec<AddrInfo>, deadline: Deadline) -> Result<Socket> {
        let socket = match self.overlap(&answers) {
            Some(delay) => race(self, answers, delay, deadline).await?,
            None => self.awaited_in_turn(&answers, deadline).await?,
        };
        socket.set_timeout(self.own_timeout());
        socket.set_deadline(Deadline::NEVER);
        Ok(socket)
    }

    async fn awaited_in_turn(&self, answers: &[AddrInfo], deadline: Deadline) -> Result<Socket> {
        let mut attempts = Vec::new();
        for answer in answers {
            match self.attempt_awaited(answer, deadline).await {
                Ok(socket) => return Ok(socket),
                Err(error) => attempts.push(error),
            }
            if deadline.has_passed() {
                break;
            }
        }
        Err(Error::of_attempts(Call::CreateConnection, attempts))
    }

    async fn attempt_awaited(&self, answer: &AddrInfo, deadline: Deadline) -> Result<Socket> {
        let way = Way::of(answer);
        if matches!(way, Way::Bind | Way::Accept) {
            // These never wait.
            return self.attempt(answer, deadline)?.try_into();
        }
        let socket = Socket::try_from(self.prepare(answer, way)?)?;
        socket.set_timeout(None);
        socket.set_deadline(deadline);
        socket.connect(answer.addr).await?;
        Ok(socket)
    }
}

/// Connects to the first of these that answers: [`Race`] driven by a task.
async fn race(
    connector: &Connector,
    answers: Vec<AddrInfo>,
    delay: Duration,
    deadline: Deadline,
) -> Result<Socket> {
    let answers = interleave(answers, 1, |answer| answer.family);
    let race = Race::new(answers.len()).delay(delay).deadline(deadline);
    let mut track = Track { race, lanes: Vec::with_capacity(answers.len()) };
    loop {
        match track.race.step(Instant::now()) {
            Step::Start(number) => {
                let Some(answer) = answers.get(number) else { break };
                track.lanes.push(Lane::begin(connector, answer));
                track.look().await;
            }
            Step::WaitUntil(until) => track.wait(until).await,
            // Whatever has kept this thread, what has ended in time counts.
            Step::TimedOut if track.look().await => {}
            Step::Won(number) => {
                // The others are closed by leaving.
                let Some(Lane::Connected(socket)) = track.lanes.into_iter().nth(number) else {
                    break;
                };
                return Ok(socket);
            }
            Step::Failed | Step::TimedOut => {
                let errors = track.lanes.into_iter().filter_map(Lane::into_error).collect();
                return Err(Error::of_attempts(Call::CreateConnection, errors));
            }
        }
    }
    Err(Error::of_attempts(Call::CreateConnection, Vec::new()))
}

/// The machine, and the attempts that have begun, in their order.
struct Track {
    race: Race,
    lanes: Vec<Lane>,
}

enum Lane {
    Running(Attempt, Addr),
    Connected(Socket),
    Failed(Error),
}

type Attempt = Pin<Box<dyn Future<Output = Result<Socket>> + Send>>;

impl Lane {
    fn begin(connector: &Connector, answer: &AddrInfo) -> Lane {
        let addr = answer.addr;
        let prepared = connector.prepare(answer, Way::Connect).and_then(Socket::try_from);
        let attempt = async move {
            let socket = prepared?;
            // The race has its own deadline.
            socket.set_timeout(None);
            socket.connect(addr).await?;
            Ok(socket)
        };
        Lane::Running(Box::pin(attempt), addr)
    }

    /// Why it is no connection, when time is up.
    fn into_error(self) -> Option<Error> {
        match self {
            Lane::Running(_, addr) => Some(Error::new(Call::Connect, Cause::TimedOut).at(&addr)),
            Lane::Failed(error) => Some(error),
            Lane::Connected(_) => None,
        }
    }
}

impl Track {
    /// Goes on with every attempt and reports what has ended; `false` if none has.
    fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let mut any = false;
        for (number, lane) in self.lanes.iter_mut().enumerate() {
            let Lane::Running(attempt, _) = lane else { continue };
            let Poll::Ready(ended) = attempt.as_mut().poll(cx) else { continue };
            any = true;
            match ended {
                Ok(socket) => {
                    *lane = Lane::Connected(socket);
                    self.race.connected(number);
                }
                Err(error) => {
                    *lane = Lane::Failed(error);
                    self.race.failed(number);
                }
            }
        }
        any
    }

    async fn look(&mut self) -> bool {
        poll_fn(|cx| Poll::Ready(self.poll(cx))).await
    }

    /// Waits until an attempt has ended, or for that long.
    async fn wait(&mut self, until: Deadline) {
        let mut timer: Option<Pin<Box<Sleep>>> =
            until.moment().map(|moment| Box::pin(sleep_until(moment.into())));
        poll_fn(|cx| {
            let late = timer.as_mut().is_some_and(|timer| timer.as_mut().poll(cx).is_ready());
            if self.poll(cx) || late { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// What it answers; `None` if time is up.
async fn within<T>(deadline: Deadline, work: impl Future<Output = T>) -> Option<T> {
    match deadline.moment() {
        None => Some(work.await),
        Some(moment) => timeout_at(moment.into(), work).await.ok(),
    }
}
