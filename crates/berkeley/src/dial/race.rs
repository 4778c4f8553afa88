//! Several addresses side by side, in a thread that waits: [`Race`] driven by one poll.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::Connector;
use super::way::Way;
use crate::addr::Addr;
use crate::error::{Call, Cause, Error, Result};
use crate::eyeballs::{Race, Step, interleave};
use crate::interrupt::interrupted;
use crate::names::AddrInfo;
use crate::seam;
use crate::socket::Socket;
use crate::sys::{Errno, Interest};
use crate::time::Deadline;

/// Connects to the first of these that answers.
pub(super) fn run(
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
                track.start(number, answer, connector);
            }
            Step::WaitUntil(until) => {
                track.look(until.remaining())?;
            }
            // Whatever has kept this thread, what has ended in time counts.
            Step::TimedOut if track.look(Some(Duration::ZERO))? => {}
            Step::Won(number) => {
                // The others are closed by leaving.
                let Some(Lane::Running(socket, _)) = track.lanes.into_iter().nth(number) else {
                    break;
                };
                socket.set_timeout(connector.timeout)?;
                return Ok(socket);
            }
            Step::Failed | Step::TimedOut => {
                let errors = track.lanes.into_iter().map(Lane::into_error).collect();
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
    Running(Socket, Addr),
    Failed(Error),
}

impl Lane {
    /// Why it is no connection, when time is up.
    fn into_error(self) -> Error {
        match self {
            Lane::Running(_, addr) => Error::new(Call::Connect, Cause::TimedOut).at(&addr),
            Lane::Failed(error) => error,
        }
    }
}

impl Track {
    fn start(&mut self, number: usize, answer: &AddrInfo, connector: &Connector) {
        match begin(connector, answer) {
            Ok((socket, connected)) => {
                self.lanes.push(Lane::Running(socket, answer.addr));
                if connected {
                    self.race.connected(number);
                }
            }
            Err(error) => {
                self.lanes.push(Lane::Failed(error));
                self.race.failed(number);
            }
        }
    }

    /// Waits at most this long until attempts have ended, and reports them; `false` if none has.
    fn look(&mut self, limit: Option<Duration>) -> Result<bool> {
        let running = self.lanes.iter().filter_map(|lane| match lane {
            Lane::Running(socket, _) => Some(socket.as_fd()),
            Lane::Failed(_) => None,
        });
        let ended = match seam::wait_any(&running.collect::<Vec<_>>(), Interest::Write, limit) {
            Ok(ended) => ended,
            Err(Errno::EINTR) => return interrupted(Call::CreateConnection).map(|()| false),
            Err(errno) => return Err(Error::new(Call::Connect, errno)),
        };
        let any = ended.contains(&true);
        let mut ended = ended.into_iter();
        for (number, lane) in self.lanes.iter_mut().enumerate() {
            let Lane::Running(socket, addr) = lane else { continue };
            if ended.next() != Some(true) {
                continue;
            }
            match socket.connected() {
                Ok(()) => self.race.connected(number),
                Err(error) => {
                    *lane = Lane::Failed(error.at(addr));
                    self.race.failed(number);
                }
            }
        }
        Ok(any)
    }
}

/// Begins to connect, without waiting; and whether it has connected already.
fn begin(connector: &Connector, answer: &AddrInfo) -> Result<(Socket, bool)> {
    let socket = connector.prepare(answer, Way::Connect)?;
    socket.set_timeout(Duration::ZERO)?;
    let connected = socket.begin_to_connect(&answer.addr)?;
    Ok((socket, connected))
}
