//! The side that measures.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use berkeley::{Addr, Connector, Endpoint, Protocol, Socket, Type, opt};
use indicatif::ProgressBar;
use serde_json::json;

use super::report::{AllTrips, Flow, Report, scaled, short};
use super::serve::check_request;
use super::talk::{Request, Said, Silence, Talk, Work};
use super::work::{self, Done, Load, Meter, Trips};
use super::{Arguments, Only, plot};
use crate::args::Global;
use crate::failure::{Exit, Failure};
use crate::place::{self, RawOption};
use crate::view::View;

/// How long the other side may take, unless a limit is set.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked what has gone, at least and as many times at most.
const INTERVAL: f64 = 0.1;
const MOST_SAMPLES: f64 = 600.0;

/// Between whom, and how.
struct Way<'a> {
    arguments: &'a Arguments,
    view: &'a View,
    stopped: &'a AtomicBool,
    endpoint: Endpoint,
    datagrams: bool,
    options: Vec<RawOption>,
    patience: Duration,
    talk: Talk,
}

pub(super) fn run(
    arguments: &Arguments,
    global: &Global,
    view: &View,
    stopped: &AtomicBool,
) -> Result<(), Failure> {
    let endpoint = place::endpoint(&arguments.place, false, global)?;
    let options = place::options(&endpoint, global)?;
    let (scheme, printed) = (endpoint.scheme().name, endpoint.to_string());
    let (datagrams, streams) = match (endpoint.ty(), scheme.strip_prefix("udp")) {
        (Type::STREAM, _) => (false, endpoint.clone()),
        // What is to be said goes by TCP to the same port.
        (_, Some(version @ ("" | "4" | "6"))) => {
            let place = printed.strip_prefix(scheme).unwrap_or_default();
            let place = place.split('?').next().unwrap_or_default();
            (true, format!("tcp{version}{place}").parse()?)
        }
        _ => {
            return Err(Failure::usage(format!("{printed} cannot be measured"))
                .help("host:port, udp://host:port, unix:path and other streams can"));
        }
    };
    let patience = global.timeout.unwrap_or(PATIENCE);
    for work in [Work::RoundTrips, Work::Throughput] {
        check_request(&request(arguments, datagrams, work))?;
    }
    let socket = Connector::new().timeout(patience).connect(&streams)?;
    // A path has no other end that is called anything.
    let with = socket.peer_addr().map_or_else(|_| printed.clone(), |addr| addr.to_string());
    let talk = Talk::new(socket, with);
    let mut way =
        Way { arguments, view, stopped, endpoint: streams, datagrams, options, patience, talk };
    let mut report = Report {
        addr: way.talk.with.clone(),
        scheme,
        streams: arguments.parallel,
        flow: None,
        trips: None,
    };
    if arguments.only != Some(Only::Throughput) {
        report.trips = Some(way.round_trips()?);
    }
    if arguments.only != Some(Only::RoundTrips) && !way.is_stopped() {
        report.flow = Some(way.throughput()?);
    }
    let printed = report.print(view);
    if let Some(file) = &arguments.plot {
        plot::write(&report, file)?;
    }
    if way.is_stopped() {
        return Err(Failure::new(Exit::Interrupted, ""));
    }
    printed
}

/// What is asked of the server.
fn request(arguments: &Arguments, datagrams: bool, work: Work) -> Request {
    let size = arguments.size.unwrap_or(match (work, datagrams) {
        (Work::RoundTrips, _) => 64,
        (_, true) => 1200,
        (_, false) => 128 * 1024,
    });
    let seconds = arguments.duration.as_secs_f64();
    let interval = INTERVAL.max(seconds / MOST_SAMPLES);
    Request { work, datagrams, size, streams: arguments.parallel, seconds, interval }
}

impl Way<'_> {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn round_trips(&mut self) -> Result<AllTrips, Failure> {
        let request = request(self.arguments, self.datagrams, Work::RoundTrips);
        let (token, sockets) = self.arrange(&request)?;
        let (datagrams, start) = (self.datagrams, Instant::now());
        let (trips, ..) = self.work(&request, &sockets, |socket, meter| {
            let load = load(&request, start, None, token);
            match datagrams {
                true => work::trip_datagrams(socket, load, meter),
                false => work::trip_stream(socket, load, meter),
            }
        })?;
        let seconds = start.elapsed().as_secs_f64();
        drop(sockets);
        self.talk.say(&Said::Done { sent: Vec::new() })?;
        self.result()?;
        let mut all = Trips::new()?;
        trips.iter().for_each(|trips| all.add(trips));
        Ok(AllTrips { size: request.size, seconds, trips: all })
    }

    fn throughput(&mut self) -> Result<Flow, Failure> {
        let request = request(self.arguments, self.datagrams, Work::Throughput);
        let (token, sockets) = self.arrange(&request)?;
        let (datagrams, start) = (self.datagrams, Instant::now());
        let rate = self.arguments.rate.map(|bits| bits / 8.0 / request.streams as f64);
        let (done, samples) = self.work(&request, &sockets, |socket, meter| {
            let load = load(&request, start, rate, token);
            match datagrams {
                true => work::send_datagrams(socket, load, meter),
                false => work::send_stream(socket, load, meter),
            }
        })?;
        let seconds = start.elapsed().as_secs_f64();
        let sent: Vec<_> = done.iter().map(|done: &Done| done.datagrams).collect();
        self.talk.say(&Said::Done { sent })?;
        let received = self.result()?;
        Ok(Flow {
            size: request.size,
            datagrams,
            sent_bytes: done.iter().map(|done| done.bytes).sum(),
            sent_datagrams: done.iter().map(|done| done.datagrams).sum(),
            seconds,
            cpu_seconds: done.iter().map(|done| done.cpu).sum(),
            interval: request.interval,
            samples,
            received,
        })
    }

    /// What has arrived, by the other side's words.
    fn result(&mut self) -> Result<super::talk::Received, Failure> {
        match self.talk.expect(self.patience.max(PATIENCE))? {
            Said::Arrived(received) => Ok(received),
            _ => Err(self.nonsense()),
        }
    }

    fn nonsense(&self) -> Failure {
        Failure::new(Exit::Recv, format!("{} says what makes no sense here", self.talk.with))
    }

    /// Tells the other side what is to come, and connects as many sockets as that takes.
    fn arrange(&mut self, request: &Request) -> Result<(u32, Vec<Socket>), Failure> {
        self.talk.say(&Said::Measure(request.clone()))?;
        let Said::Ready { token, ports } = self.talk.expect(self.patience)? else {
            return Err(self.nonsense());
        };
        let there = self.talk.socket.peer_addr()?;
        let sockets: Result<Vec<_>, Failure> = match self.datagrams {
            false => (0..request.streams).map(|_| self.join(there, token)).collect(),
            true => ports.iter().map(|port| self.towards(there, *port)).collect(),
        };
        let sockets = sockets?;
        if sockets.len() != request.streams {
            return Err(self.nonsense());
        }
        match self.talk.expect(self.patience)? {
            Said::Go => Ok((token, sockets)),
            _ => Err(self.nonsense()),
        }
    }

    /// One more connection, as a stream of the measurement.
    fn join(&self, there: Addr, token: u32) -> Result<Socket, Failure> {
        let mut connector = Connector::new().timeout(self.patience);
        for (level, number, value) in &self.options {
            connector = connector.option(*level, *number, value);
        }
        let socket = connector.connect(self.endpoint.at(there))?;
        let talk = Talk::new(socket, String::new());
        talk.say(&Said::Join(token))?;
        // Not every stream is of TCP.
        let _ = talk.socket.set(opt::TCP_NODELAY, true);
        work::prepare(&talk.socket)?;
        Ok(talk.socket)
    }

    /// A socket that sends datagrams to this port over there.
    fn towards(&self, there: Addr, port: u16) -> Result<Socket, Failure> {
        let Some(mut place) = there.to_ip() else { return Err(self.nonsense()) };
        place.set_port(port);
        let to = Addr::from(place);
        let socket = Socket::new(to.family(), Type::DGRAM, Protocol::DEFAULT)?;
        for (level, number, value) in &self.options {
            socket.setsockopt(*level, *number, value)?;
        }
        socket.connect(to)?;
        work::prepare(&socket)?;
        Ok(socket)
    }

    /// Works in a thread for each socket, looking on meanwhile: what came of each, and how many
    /// bytes went in each interval.
    fn work<T: Send>(
        &mut self,
        request: &Request,
        sockets: &[Socket],
        work: impl Fn(&Socket, &Meter) -> Result<T, Failure> + Sync,
    ) -> Result<(Vec<T>, Vec<u64>), Failure> {
        let (meter, work) = (Meter::default(), &work);
        std::thread::scope(|scope| {
            let meter = &meter;
            let workers: Vec<_> =
                sockets.iter().map(|socket| scope.spawn(move || work(socket, meter))).collect();
            let watched = self.watch(request, meter, || {
                workers.iter().any(std::thread::ScopedJoinHandle::is_finished)
            });
            // Without the other side there is nothing to wait for.
            if watched.is_err() {
                meter.end();
            }
            let mut done = Vec::new();
            for worker in workers {
                let crashed = |_| Err(Failure::new(Exit::No, "a thread has crashed"));
                let ended = worker.join().unwrap_or_else(crashed);
                if ended.is_err() {
                    meter.end();
                }
                done.push(ended);
            }
            let samples = watched?;
            let done = done.into_iter().collect::<Result<Vec<_>, Failure>>();
            // It may know better why.
            match (done, self.talk.hear(Duration::ZERO)) {
                (Ok(done), _) => Ok((done, samples)),
                (Err(_), Ok(Said::Refused(why))) => Err(self.refused(&why)),
                (Err(failure), _) => Err(failure),
            }
        })
    }

    fn refused(&self, why: &str) -> Failure {
        Failure::new(Exit::Recv, format!("{} gives up: {why}", self.talk.with))
    }

    /// Shows how it goes until a worker has finished, or the other side is gone.
    fn watch(
        &mut self,
        request: &Request,
        meter: &Meter,
        has_finished: impl Fn() -> bool,
    ) -> Result<Vec<u64>, Failure> {
        let line = self.view.live_line();
        let (start, mut samples, mut seen) = (Instant::now(), Vec::new(), (0, 0));
        let ended = loop {
            if self.is_stopped() {
                meter.end();
            }
            if has_finished() {
                break Ok(());
            }
            let due = Duration::from_secs_f64(request.interval * (samples.len() + 1) as f64);
            let left = (start + due).saturating_duration_since(Instant::now());
            match self.talk.hear(left.min(Duration::from_millis(50))) {
                Err(Silence::Waiting) => {}
                Ok(Said::Refused(why)) => break Err(self.refused(&why)),
                Ok(_) => break Err(self.nonsense()),
                Err(Silence::Ended) => {
                    let gone = format!("{} is gone", self.talk.with);
                    break Err(Failure::new(Exit::Recv, gone));
                }
                Err(Silence::Failed(failure)) => break Err(failure),
            }
            if start.elapsed() >= due {
                let now = (meter.bytes(), meter.datagrams());
                let (bytes, datagrams) = (now.0 - seen.0, now.1 - seen.1);
                seen = now;
                samples.push(bytes);
                self.show(request, due, bytes, datagrams, line.as_ref())?;
            }
        };
        if let Some(line) = line {
            line.finish_and_clear();
        }
        ended.map(|()| samples)
    }

    /// One interval.
    fn show(
        &self,
        request: &Request,
        at: Duration,
        bytes: u64,
        datagrams: u64,
        line: Option<&ProgressBar>,
    ) -> Result<(), Failure> {
        let each = |count: u64| scaled(count as f64 / request.interval);
        if let Some(line) = line {
            let now = match (request.work, request.datagrams) {
                (Work::RoundTrips, _) => {
                    let time = Duration::from_secs_f64(request.interval);
                    let count = u32::try_from(datagrams / request.streams.max(1) as u64);
                    let mean = time.checked_div(count.unwrap_or(u32::MAX));
                    let mean = mean.map_or_else(|| "-".to_owned(), short);
                    format!("{} round trips/s, {mean} each", each(datagrams))
                }
                (_, true) => format!("{}bit/s, {} datagrams/s", each(bytes * 8), each(datagrams)),
                (_, false) => format!("{}bit/s", each(bytes * 8)),
            };
            line.set_message(format!("of {:?}  {now}", self.arguments.duration));
        }
        self.view.event(&json!({
            "event": "interval", "work": request.work, "seconds": at.as_secs_f64(),
            "bytes": bytes, "messages": datagrams,
        }))
    }
}

fn load(request: &Request, start: Instant, rate: Option<f64>, token: u32) -> Load {
    let until = start + Duration::from_secs_f64(request.seconds);
    Load { size: request.size, until, rate, token }
}
