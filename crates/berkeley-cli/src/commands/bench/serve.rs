//! The other side of a measurement: it receives, counts and tells.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use berkeley::{Family, Protocol, Socket, Type, opt};

use super::talk::{Received, Request, Said, Silence, Talk, Work};
use super::track::Label;
use super::work::{self, Done, MOST_BYTES, Meter};
use crate::failure::{Exit, Failure};
use crate::view::View;

/// How often it looks around.
const STEP: Duration = Duration::from_millis(50);

/// How long a client may take to say what it wants, and its streams to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a stranger may take, while nobody else is served.
const STRANGER: Duration = Duration::from_secs(2);

/// How long nothing has to come after the last datagram was sent, for it to be over.
const QUIET: Duration = Duration::from_millis(300);

/// The most that is measured at once, and for how long.
const MOST_STREAMS: usize = 128;
const MOST_SIZE: usize = 16 << 20;
const MOST_SECONDS: f64 = 86_400.0;
const MOST_SAMPLES: usize = 4096;

/// So many bytes of datagrams may wait, if the system allows it.
const WAITING_BYTES: usize = 8 << 20;

/// Serves one client after the other.
pub(super) struct Server<'a> {
    pub(super) listener: &'a Socket,
    pub(super) once: bool,
    pub(super) stopped: &'a AtomicBool,
    pub(super) view: &'a View,
}

impl Server<'_> {
    pub(super) fn run(&self) -> Result<(), Failure> {
        loop {
            let Some(mut talk) = self.accept(PATIENCE.max(STEP))? else {
                if self.is_stopped() {
                    return Err(Failure::new(Exit::Interrupted, ""));
                }
                continue;
            };
            match self.serve(&mut talk) {
                Ok(true) if self.once => return Ok(()),
                Ok(_) => {}
                Err(failure) if self.is_stopped() => return Err(failure),
                // It is the client's business, who is told as well as can be.
                Err(failure) => {
                    self.view.note(format_args!("{}: {}", talk.with, failure.message));
                    let _ = talk.say(&Said::Refused(failure.message));
                }
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Who comes next within this time; nobody if it is told to stop.
    fn accept(&self, within: Duration) -> Result<Option<Talk>, Failure> {
        let until = Instant::now() + within;
        self.listener.set_timeout(STEP)?;
        while !self.is_stopped() {
            match self.listener.accept() {
                Ok((socket, from)) => {
                    let with =
                        if from.is_empty() { "a client".to_owned() } else { from.to_string() };
                    return Ok(Some(Talk::new(socket, with)));
                }
                Err(error) if !error.is_timeout() && !error.is_would_block() => {
                    // One that gave up before it was accepted.
                    self.view.detail(format_args!("{error}"));
                    std::thread::sleep(STEP);
                }
                Err(_) => {}
            }
            if Instant::now() >= until {
                break;
            }
        }
        Ok(None)
    }

    /// Does what a client asks for, until it goes; whether it has asked for anything.
    fn serve(&self, talk: &mut Talk) -> Result<bool, Failure> {
        let mut any = false;
        let mut patience = STRANGER;
        loop {
            match talk.hear(patience) {
                Ok(Said::Measure(request)) => {
                    check(&request)?;
                    self.measure(talk, &request)?;
                    (any, patience) = (true, PATIENCE);
                }
                // A stream of a measurement that is over.
                Ok(_) => return Ok(any),
                Err(Silence::Ended) => return Ok(any),
                Err(Silence::Waiting) => {
                    return Err(Failure::new(Exit::Timeout, "you have said nothing"));
                }
                Err(Silence::Failed(failure)) => return Err(failure),
            }
        }
    }

    fn measure(&self, talk: &mut Talk, request: &Request) -> Result<(), Failure> {
        let token = new_token();
        let sockets = match request.datagrams {
            true => self.datagram_sockets(talk, request, token)?,
            false => self.stream_sockets(talk, request, token)?,
        };
        let receive_buffer = match request.datagrams {
            true => sockets.first().and_then(|socket| socket.get(opt::SO_RCVBUF).ok()),
            false => None,
        };
        talk.say(&Said::Go)?;
        let (what, view) = (describe(request), self.view);
        view.note(format_args!("{} measures {what}", talk.with));
        let meter = Meter::default();
        let (mut received, done) = std::thread::scope(|scope| {
            let workers: Vec<_> = sockets
                .iter()
                .map(|socket| scope.spawn(|| receive(socket, request, token, &meter)))
                .collect();
            let watched = self.watch(talk, request, &meter, || {
                workers.iter().all(std::thread::ScopedJoinHandle::is_finished)
            });
            meter.end();
            let done: Result<Vec<Done>, Failure> = workers
                .into_iter()
                .map(|worker| worker.join().unwrap_or_else(|_| Err(crashed())))
                .collect();
            watched.and_then(|samples| Ok((samples, done?)))
        })?;
        let first = done.iter().filter_map(|done| Some(done.span?.0)).min();
        let last = done.iter().filter_map(|done| Some(done.span?.1)).max();
        received.bytes = done.iter().map(|done| done.bytes).sum();
        if let (Some(first), Some(last)) = (first, last) {
            received.seconds = (last - first).as_secs_f64();
        }
        received.cpu_seconds = done.iter().map(|done| done.cpu).sum();
        received.receive_buffer = receive_buffer;
        if request.datagrams {
            received.arrivals = done.iter().map(|done| done.arrivals).collect();
        }
        if request.work == Work::Throughput {
            view.note(format_args!("  {} bytes in {:.3} s", received.bytes, received.seconds));
        }
        talk.say(&Said::Arrived(received))
    }

    /// A socket for each stream of datagrams, at the address that the client has come to.
    fn datagram_sockets(
        &self,
        talk: &Talk,
        request: &Request,
        token: u32,
    ) -> Result<Vec<Socket>, Failure> {
        let here = talk.socket.local_addr()?;
        let Some(mut place) = here.to_ip() else {
            return Err(Failure::usage("datagrams are measured between addresses of IP"));
        };
        place.set_port(0);
        let (mut sockets, mut ports) = (Vec::new(), Vec::new());
        for _ in 0..request.streams {
            let family = if place.is_ipv6() { Family::INET6 } else { Family::INET };
            let socket = Socket::new(family, Type::DGRAM, Protocol::DEFAULT)?;
            // As root beyond the system's limit, else up to it.
            let _ = socket
                .set(opt::SO_RCVBUFFORCE, WAITING_BYTES)
                .or_else(|_| socket.set(opt::SO_RCVBUF, WAITING_BYTES));
            socket.bind(place)?;
            ports.push(socket.local_addr()?.port().unwrap_or(0));
            work::prepare(&socket)?;
            sockets.push(socket);
        }
        talk.say(&Said::Ready { token, ports })?;
        Ok(sockets)
    }

    /// The connections of a measurement, which have to come soon.
    fn stream_sockets(
        &self,
        talk: &Talk,
        request: &Request,
        token: u32,
    ) -> Result<Vec<Socket>, Failure> {
        talk.say(&Said::Ready { token, ports: Vec::new() })?;
        let until = Instant::now() + PATIENCE;
        let mut sockets = Vec::new();
        while sockets.len() < request.streams {
            let left = until.saturating_duration_since(Instant::now());
            let Some(mut other) = self.accept(left)? else {
                return Err(Failure::new(Exit::Timeout, "not all streams have come"));
            };
            match other.hear(left.min(STRANGER)) {
                Ok(Said::Join(its)) if its == token => {
                    let _ = other.socket.set(opt::TCP_NODELAY, true);
                    work::prepare(&other.socket)?;
                    sockets.push(other.socket);
                }
                _ => refuse(&other),
            }
        }
        Ok(sockets)
    }

    /// Looks on while it is measured, until everything has arrived or the client is gone.
    fn watch(
        &self,
        talk: &mut Talk,
        request: &Request,
        meter: &Meter,
        are_done: impl Fn() -> bool,
    ) -> Result<Received, Failure> {
        let interval = Duration::from_secs_f64(request.interval);
        let over = Instant::now() + Duration::from_secs_f64(request.seconds) + PATIENCE;
        let (mut samples, mut seen) = (Vec::new(), 0);
        let mut next = Instant::now() + interval;
        let mut told: Option<u64> = None;
        let mut quiet = (Instant::now(), 0);
        loop {
            let now = Instant::now();
            if now >= next && samples.len() < MOST_SAMPLES {
                let bytes = meter.bytes();
                samples.push(bytes - seen);
                (seen, next) = (bytes, next + interval);
            }
            let got = meter.datagrams();
            if got != quiet.1 {
                quiet = (now, got);
            }
            let ended = match (told, request.datagrams, request.work) {
                (None, ..) => false,
                (_, false, _) => are_done(),
                (_, _, Work::RoundTrips) => true,
                (Some(sent), ..) => got >= sent || now - quiet.0 > QUIET,
            };
            if ended {
                // Nothing came while it waited for what might still come.
                let last = samples.iter().rposition(|bytes| *bytes > 0);
                samples.truncate(last.map_or(0, |last| last + 1));
                return Ok(Received { samples, ..Received::default() });
            }
            if now > over || self.is_stopped() {
                let why = if now > over { "it takes too long" } else { "the server was stopped" };
                let exit = if now > over { Exit::Timeout } else { Exit::Interrupted };
                return Err(Failure::new(exit, why));
            }
            // Whoever else comes meanwhile need not wait to be told.
            self.listener.set_timeout(Duration::ZERO)?;
            if let Ok((socket, _)) = self.listener.accept() {
                refuse(&Talk::new(socket, String::new()));
            }
            let wait = next.saturating_duration_since(Instant::now()).min(STEP);
            match talk.hear(if told.is_some() { Duration::from_millis(5) } else { wait }) {
                Ok(Said::Done { sent }) => {
                    told = Some(sent.iter().sum());
                    quiet = (Instant::now(), meter.datagrams());
                }
                Ok(_) | Err(Silence::Ended) => {
                    return Err(Failure::new(Exit::Recv, "the client is gone"));
                }
                Err(Silence::Waiting) => {}
                Err(Silence::Failed(failure)) => return Err(failure),
            }
        }
    }
}

fn receive(socket: &Socket, request: &Request, token: u32, meter: &Meter) -> Result<Done, Failure> {
    match (request.work, request.datagrams) {
        (Work::Throughput, true) => work::receive_datagrams(socket, request.size, token, meter),
        (Work::Throughput, false) => work::receive_stream(socket, meter),
        (Work::RoundTrips, true) => {
            work::echo_datagrams(socket, token, meter).map(|()| Done::default())
        }
        (Work::RoundTrips, false) => work::echo_stream(socket, meter).map(|()| Done::default()),
    }
}

/// Whether it can be done; what a client says is not believed.
fn check(request: &Request) -> Result<(), Failure> {
    let sizes = match request.datagrams {
        true => Label::LEN..=MOST_BYTES,
        false => 1..=MOST_SIZE,
    };
    let problem = if !sizes.contains(&request.size) {
        format!("sizes are from {} to {}", sizes.start(), sizes.end())
    } else if !(1..=MOST_STREAMS).contains(&request.streams) {
        format!("there are 1 to {MOST_STREAMS} streams")
    } else if !(0.0..=MOST_SECONDS).contains(&request.seconds) {
        format!("it takes {MOST_SECONDS} s at most")
    } else if !(0.01..=MOST_SECONDS).contains(&request.interval) {
        "an interval is 10 ms at least".to_owned()
    } else {
        return Ok(());
    };
    Err(Failure::usage(problem))
}

/// Checks a request before it is sent.
pub(super) fn check_request(request: &Request) -> Result<(), Failure> {
    check(request)
}

fn refuse(talk: &Talk) {
    // Whether it hears that or not is its own business.
    let _ = talk.say(&Said::Refused("another measurement is under way".to_owned()));
}

fn describe(request: &Request) -> String {
    let what = match request.work {
        Work::Throughput => "throughput",
        Work::RoundTrips => "round trips",
    };
    let of = if request.datagrams { "datagrams" } else { "blocks" };
    let streams = if request.streams == 1 { "stream" } else { "streams" };
    format!("{what} with {} {streams}, {of} of {} bytes", request.streams, request.size)
}

fn crashed() -> Failure {
    Failure::new(Exit::No, "a thread has crashed")
}

/// A number that others do not guess.
fn new_token() -> u32 {
    (RandomState::new().build_hasher().finish() >> 16) as u32
}
