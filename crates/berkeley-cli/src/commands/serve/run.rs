//! The loop that serves every socket: one thread, and the kernel tells what is ready.

use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use berkeley::accept::{self, Pace, Trouble};
use berkeley::batch::{RecvBatch, SendBatch};
use berkeley::{Deadline, Error, Family, Protocol, Socket, Type};
use indicatif::ProgressBar;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};

use super::clients::{Client, Clients, Next, PIECE};
use super::{Answer, Arguments, Place, interrupted};
use crate::failure::{Exit, Failure};
use crate::view::{Form, View};

/// What was served.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Totals {
    pub(super) connections: u64,
    pub(super) datagrams: u64,
    pub(super) received: u64,
    pub(super) sent: u64,
}

impl Totals {
    /// The sum of both.
    pub(super) fn plus(self, other: &Totals) -> Totals {
        Totals {
            connections: self.connections + other.connections,
            datagrams: self.datagrams + other.datagrams,
            received: self.received + other.received,
            sent: self.sent + other.sent,
        }
    }
}

/// The server.
pub(super) struct Loop<'a> {
    poll: Poll,
    places: Vec<Place>,
    clients: Clients,
    answer: Answer,
    once: bool,
    most: usize,
    view: &'a View,
    totals: Totals,
    memory: Vec<u8>,
    /// Once datagrams have come.
    batches: Option<Box<Batches>>,
    /// Where a signal shows, and where others say that it is over.
    signals: Socket,
    stop: Socket,
    /// How many have connected, in all the loops.
    number: &'a AtomicU64,
    /// Until when no connection is accepted, for there is no descriptor or no place left.
    paused: Option<Deadline>,
    /// How long those who are connected have to end, and until when, once it is told to end.
    drain: Duration,
    ending: Option<Deadline>,
    pace: Pace,
    /// Addresses at which more may be waiting than was taken at once. The kernel tells only once.
    again: Vec<usize>,
    bar: Option<ProgressBar>,
}

/// Memory for datagrams and their answers.
struct Batches {
    arrived: RecvBatch,
    answers: SendBatch,
    /// Of the answers.
    lengths: Vec<u64>,
}

impl Batches {
    /// Room for one datagram, or for many.
    fn new(one: bool) -> Batches {
        let slots = if one { 1 } else { 32 };
        Batches {
            arrived: RecvBatch::new(slots, RecvBatch::OFFLOAD_BYTES),
            answers: SendBatch::new(),
            lengths: Vec::new(),
        }
    }
}

/// The signals' key; those of the places follow, then those of the clients.
const SIGNALS: usize = 0;

/// The key of nobody: a client that had ended before it got one.
const DONE: usize = usize::MAX;

/// What tells a loop to end at once. A signal is told by another byte.
pub(super) const END: &[u8] = b"x";

/// How often to look whether there is a place for another client.
const PAUSE: Duration = Duration::from_millis(50);

impl<'a> Loop<'a> {
    pub(super) fn new(
        places: Vec<Place>,
        answer: Answer,
        arguments: &Arguments,
        number: &'a AtomicU64,
        view: &'a View,
    ) -> Result<Loop<'a>, Failure> {
        let poll = Poll::new().map_err(no_poll)?;
        let (signals, stop) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
        signals.set_nonblocking(true)?;
        for signal in [SIGINT, SIGTERM] {
            signal_hook::low_level::pipe::register(signal, stop.dup()?).map_err(no_poll)?;
        }
        let most = arguments.max_conns.unwrap_or(usize::MAX);
        let clients = Clients::behind(places.len() + 1);
        let bar = view.progress_line(answer == Answer::Print || view.is_verbose());
        let server = Loop {
            poll,
            places,
            clients,
            answer,
            once: arguments.once,
            most,
            view,
            totals: Totals::default(),
            memory: vec![0; PIECE],
            batches: None,
            signals,
            stop,
            number,
            paused: None,
            drain: arguments.drain,
            ending: None,
            pace: Pace::new(),
            again: Vec::new(),
            bar,
        };
        server.watch(&server.signals, SIGNALS, Interest::READABLE)?;
        for (number, place) in server.places.iter().enumerate() {
            if !place.accepts && !server.once {
                place.socket.set_recv_offload(true)?;
            }
            server.watch(&place.socket, number + 1, Interest::READABLE)?;
        }
        Ok(server)
    }

    pub(super) fn totals(&self) -> Totals {
        self.totals
    }

    /// What ends the loop: a byte that is sent there.
    pub(super) fn stop(&self) -> Result<Socket, Failure> {
        Ok(self.stop.dup()?)
    }

    /// Serves until it is told to end.
    pub(super) fn run(&mut self) -> Result<(), Failure> {
        let (mut events, mut ready) = (Events::with_capacity(1024), Vec::new());
        loop {
            match self.poll.poll(&mut events, self.patience()) {
                Err(error) if error.kind() != std::io::ErrorKind::Interrupted => {
                    return Err(no_poll(error));
                }
                _ => {}
            }
            let told = events.iter().map(|event| (event.token().0, event.is_read_closed()));
            ready.extend(self.again.drain(..).map(|key| (key, false)));
            ready.extend(told);
            for (key, is_ending) in ready.drain(..) {
                let done = match key {
                    SIGNALS => {
                        self.told()?;
                        false
                    }
                    key if key < self.clients.first() => self.place_ready(key)?,
                    key => self.client_ready(key, is_ending)?,
                };
                if done && self.once {
                    return Ok(());
                }
            }
            self.clients.tidy();
            if let Some(until) = self.ending {
                let left = self.clients.len();
                if left == 0 || until.has_passed() {
                    if let Some(bar) = &self.bar {
                        bar.finish_and_clear();
                    }
                    if left > 0 {
                        self.view.note(format_args!("connections that had not ended: {left}"));
                    }
                    return Err(interrupted());
                }
            }
            self.resume();
        }
    }

    /// Hears what signals and other loops have told: first to let the clients end, then to end.
    fn told(&mut self) -> Result<(), Failure> {
        let mut bytes = [0; 16];
        while let Ok(len @ 1..) = self.signals.recv(&mut bytes) {
            for byte in bytes.get(..len).unwrap_or_default() {
                match self.ending {
                    None if !END.contains(byte) => self.drain()?,
                    _ => self.ending = Some(Deadline::after(Duration::ZERO)),
                }
            }
        }
        Ok(())
    }

    /// Serves whoever has come by now, and nobody later; those have some time to end.
    fn drain(&mut self) -> Result<(), Failure> {
        let until = Deadline::after(self.drain);
        if !self.drain.is_zero() {
            for key in 1..=self.places.len() {
                self.place_ready(key)?;
            }
        }
        // Closed, and their files removed.
        self.places.clear();
        (self.paused, self.ending) = (None, Some(until));
        let (open, seconds) = (self.clients.len(), self.drain.as_secs_f64());
        if open > 0 && !self.drain.is_zero() {
            self.view.note(format_args!(
                "ending: open connections {open}, which have {seconds} s; at once: Ctrl-C"
            ));
            self.view.event(&json!({ "event": "ending", "open": open, "seconds": seconds }))?;
        }
        Ok(())
    }

    /// How long nothing may happen.
    fn patience(&self) -> Option<Duration> {
        match self.paused.or(self.ending) {
            _ if !self.again.is_empty() => Some(Duration::ZERO),
            Some(until) => until.remaining(),
            None => None,
        }
    }

    /// Something has come at one of the addresses. `true` if a datagram was served.
    fn place_ready(&mut self, key: usize) -> Result<bool, Failure> {
        let Some(place) = self.places.get(key - 1) else { return Ok(false) };
        match place.accepts {
            true => self.accept(key).map(|()| false),
            false => self.datagrams(key),
        }
    }

    fn accept(&mut self, key: usize) -> Result<(), Failure> {
        // A bounded number at a time, so that those who are connected are not forgotten.
        for _ in 0..256 {
            if self.clients.len() >= self.most || self.once && self.totals.connections > 0 {
                self.paused = Some(Deadline::after(PAUSE));
                return Ok(());
            }
            let Some(place) = self.places.get(key - 1) else { return Ok(()) };
            let (socket, peer) = match place.socket.accept() {
                Ok(accepted) => accepted,
                Err(error) => match self.pace.failed(error.errno(), Instant::now()) {
                    accept::Next::Accept => continue,
                    accept::Next::Wait => return Ok(()),
                    accept::Next::Pause(until) => {
                        self.view.detail(format_args!("waiting: {error}"));
                        self.paused = Some(until);
                        return Ok(());
                    }
                    accept::Next::End => return Err(error.into()),
                },
            };
            self.pace.accepted();
            socket.set_nonblocking(true)?;
            self.totals.connections += 1;
            let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
            let name = match peer.to_string() {
                unnamed if unnamed == "unix:" || peer.is_empty() => format!("client {number}"),
                name => name,
            };
            self.say(
                number,
                || json!({ "event": "connected", "client": number, "peer": name }),
                || format!("{name} connected"),
            )?;
            let mut client = match Client::new(number, socket, name, &self.answer) {
                Ok(client) => Box::new(client),
                // No descriptor for the file: the client sees the end of the connection.
                Err(error) => {
                    self.view.note(format_args!("#{number} closed: {error}"));
                    continue;
                }
            };
            let key = self.clients.place();
            self.watch(&client.socket, key, Interest::READABLE | Interest::WRITABLE)?;
            // What has come before that is not told any more.
            match self.step(&mut client) {
                Ok(Next::Done) => {
                    self.clients.forget(key);
                    self.ended(&client, "closed by both sides")?;
                    if self.once {
                        self.again.push(DONE);
                    }
                }
                Ok(next) => self.keep(key, client, next),
                Err(error) => {
                    self.clients.forget(key);
                    self.lost(&client, &error)?;
                }
            }
        }
        self.again.push(key);
        Ok(())
    }

    /// A client has sent something, or takes something. `true` if it has ended.
    fn client_ready(&mut self, key: usize, is_ending: bool) -> Result<bool, Failure> {
        let Some(mut client) = self.clients.take(key) else { return Ok(key == DONE) };
        client.is_ending |= is_ending;
        let how = match self.step(&mut client) {
            Ok(Next::Done) => Ok(()),
            Ok(next) => {
                self.keep(key, client, next);
                return Ok(false);
            }
            Err(error) => Err(error),
        };
        self.clients.forget(key);
        match how {
            Ok(()) => self.ended(&client, "closed by both sides")?,
            Err(error) => self.lost(&client, &error)?,
        }
        Ok(true)
    }

    fn keep(&mut self, key: usize, client: Box<Client>, next: Next) {
        if next == Next::Again {
            self.again.push(key);
        }
        self.clients.put(key, client);
    }

    /// Lets a client go on as far as it can.
    fn step(&mut self, client: &mut Client) -> Result<Next, Error> {
        let mut memory = std::mem::take(&mut self.memory);
        let (received, sent, number) = (client.received, client.sent, client.number);
        let mut shown = Ok(());
        let result = client.advance(&self.answer, &mut memory, |data| {
            if shown.is_ok() {
                shown = self.came(number, data);
            }
        });
        self.memory = memory;
        self.totals.received += client.received - received;
        self.totals.sent += client.sent - sent;
        if let Some(bar) = &self.bar {
            bar.set_position(self.totals.received.max(self.totals.sent));
        }
        result
    }

    fn datagrams(&mut self, key: usize) -> Result<bool, Failure> {
        let mut batches = std::mem::take(&mut self.batches);
        let served = batches.get_or_insert_with(|| Box::new(Batches::new(self.once)));
        let served = self.datagrams_by(key, served);
        self.batches = batches;
        served
    }

    fn datagrams_by(&mut self, key: usize, batches: &mut Batches) -> Result<bool, Failure> {
        let Batches { arrived, answers, lengths } = batches;
        for _ in 0..8 {
            let Some(place) = self.places.get(key - 1) else { return Ok(false) };
            match place.socket.recv_batch(arrived) {
                Ok(_) => {}
                Err(error) if error.is_would_block() => return Ok(false),
                // What an earlier answer has met.
                Err(error) if is_passing(&error) => {
                    self.view.note(format_args!("a datagram was lost: {error}"));
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            for datagram in arrived.iter() {
                let (data, from) = (datagram.data(), datagram.from());
                if datagram.is_truncated() {
                    let whole = datagram.whole_len();
                    self.view.note(format_args!("a datagram was lost: it has {whole} B"));
                    continue;
                }
                self.totals.datagrams += 1;
                self.totals.received += data.len() as u64;
                if self.answer == Answer::Echo {
                    answers.push(data, from)?;
                    lengths.push(data.len() as u64);
                }
                let number = self.totals.datagrams;
                let event = || json!({ "event": "datagram", "from": from.to_string(), "bytes": data.len() });
                let line = || format!("{} B from {from} {}", data.len(), describe(data));
                self.say(number, event, line)?;
            }
            self.totals.sent += lengths.iter().sum::<u64>() - self.send_by(key, answers, lengths);
            lengths.clear();
            if self.once {
                return Ok(true);
            }
        }
        self.again.push(key);
        Ok(false)
    }

    /// Sends the answers, which have these lengths, and says how many bytes of them were lost.
    fn send_by(&self, key: usize, answers: &mut SendBatch, lengths: &[u64]) -> u64 {
        let Some(place) = self.places.get(key - 1) else { return 0 };
        let mut lost = 0;
        while !answers.is_empty() {
            let error = place.socket.send_batch(answers).err();
            let first = lengths.len().saturating_sub(answers.len());
            if !answers.skip_first() {
                break;
            }
            lost += lengths.get(first).copied().unwrap_or_default();
            match error {
                Some(error) => self.view.note(format_args!("no answer: {error}")),
                None => self.view.note("no answer: there is no room to send"),
            }
        }
        lost
    }

    /// Accepts again, when there may be room.
    fn resume(&mut self) {
        if self.paused.is_some_and(Deadline::has_passed) {
            self.paused = None;
            self.again.extend(1..=self.places.len());
        }
    }

    /// Lets the kernel tell when something happens to a socket, until it is closed.
    fn watch(&self, socket: &Socket, key: usize, interest: Interest) -> Result<(), Failure> {
        let registry = self.poll.registry();
        registry.register(&mut SourceFd(&socket.as_raw_fd()), Token(key), interest).map_err(no_poll)
    }

    /// Tells what has come, where that is what is done with it.
    fn came(&self, number: u64, data: &[u8]) -> Result<(), Failure> {
        let len = data.len();
        let event = || json!({ "event": "received", "client": number, "bytes": len });
        self.say(number, event, || format!("received {len} B {}", describe(data)))
    }

    fn lost(&self, client: &Client, error: &Error) -> Result<(), Failure> {
        self.ended(client, &error.cause().to_string())
    }

    fn ended(&self, client: &Client, how: &str) -> Result<(), Failure> {
        let (received, sent) = (client.received, client.sent);
        let seconds = client.since.elapsed().as_secs_f64();
        let event = || {
            json!({
                "event": "closed", "client": client.number, "peer": client.name, "how": how,
                "received": received, "sent": sent, "seconds": seconds,
            })
        };
        self.say(client.number, event, || {
            format!("{how} after {seconds:.1} s: {received} B in, {sent} B out")
        })
    }

    /// A line about a client for people, if they shall be told, or an event for programs.
    fn say(
        &self,
        number: u64,
        event: impl FnOnce() -> serde_json::Value,
        line: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        match self.view.form {
            Form::Text if self.answer == Answer::Print || self.view.is_verbose() => {
                self.view.line(format_args!("#{number} {}", line()))
            }
            Form::JsonLines => self.view.event(&event()),
            _ => Ok(()),
        }
    }
}

fn no_poll(error: std::io::Error) -> Failure {
    Failure::new(Exit::Recv, format!("waiting for sockets: {error}"))
}

/// What the network has done to an answer: the errors that a connection may meet before it is
/// accepted, too.
fn is_passing(error: &Error) -> bool {
    error.errno().and_then(Trouble::of) == Some(Trouble::Passing)
}

/// The beginning of what has come, as a person can read it.
fn describe(data: &[u8]) -> String {
    const SHOWN: usize = 60;
    let shown = data.get(..SHOWN.min(data.len())).unwrap_or_default();
    let dots = if data.len() > SHOWN { " …" } else { "" };
    format!("\"{}\"{dots}", shown.escape_ascii())
}
