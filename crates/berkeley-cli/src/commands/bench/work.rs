//! The work that is measured: sending and receiving, a thread for each stream.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use berkeley::batch::RecvBatch;
use berkeley::{Errno, Error, Socket, opt};
use hdrhistogram::Histogram;

use super::track::{Arrivals, Label, Track};
use crate::failure::{Exit, Failure};

type Result<T> = std::result::Result<T, Failure>;

/// How long a call waits at most before it looks whether it is to end.
const STEP: Duration = Duration::from_millis(100);

/// How long the other side may be silent.
const PATIENCE: Duration = Duration::from_secs(10);

/// A round trip of a datagram that takes longer is a loss.
const LOST: Duration = Duration::from_millis(500);

/// The longest datagram, and the most that go to the kernel in one piece.
pub(super) const MOST_BYTES: usize = 65_507;
const MOST_SEGMENTS: usize = 64;

/// What all streams have done together so far, and whether they are to end.
#[derive(Default, Debug)]
pub(super) struct Meter {
    bytes: AtomicU64,
    datagrams: AtomicU64,
    ended: AtomicBool,
}

impl Meter {
    fn add(&self, bytes: usize, datagrams: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.datagrams.fetch_add(datagrams as u64, Ordering::Relaxed);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn datagrams(&self) -> u64 {
        self.datagrams.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }
}

/// What one stream is to send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) size: usize,
    /// Until when.
    pub(super) until: Instant,
    /// At most so many bytes a second.
    pub(super) rate: Option<f64>,
    pub(super) token: u32,
}

/// What one stream has sent or received.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Done {
    pub(super) bytes: u64,
    pub(super) datagrams: u64,
    /// The processor time of its thread.
    pub(super) cpu: Option<f64>,
    /// When the first and the last bytes came.
    pub(super) span: Option<(Instant, Instant)>,
    pub(super) arrivals: Arrivals,
}

/// The round trips of one stream.
pub(super) struct Trips {
    /// In nanoseconds.
    pub(super) times: Histogram<u64>,
    pub(super) lost: u64,
}

/// Prepares a socket that data goes through.
pub(super) fn prepare(socket: &Socket) -> Result<()> {
    // The kernel waits, and not `poll`, which would be a call more for each.
    socket.set_timeout(None)?;
    socket.set(opt::SO_RCVTIMEO, STEP)?;
    Ok(socket.set(opt::SO_SNDTIMEO, STEP)?)
}

/// Sends blocks through a stream, as fast as it takes them or at a rate.
pub(super) fn send_stream(socket: &Socket, load: Load, meter: &Meter) -> Result<Done> {
    let (block, cpu, mut pace) = (vec![0x5a; load.size], Cpu::now(), Pace::new(load));
    let mut silence = Silence::new();
    while let Some(most) = pace.wait(meter) {
        if most == 0 {
            continue;
        }
        match socket.send(&block) {
            Ok(sent) => {
                meter.add(sent, 0);
                pace.sent += sent as u64;
                silence = Silence::new();
            }
            Err(error) => silence.bear(error)?,
        }
    }
    // What waits in the buffers is still on its way, and the end comes behind it.
    socket.shutdown(std::net::Shutdown::Write)?;
    Ok(Done { bytes: pace.sent, cpu: cpu.spent(), ..Done::default() })
}

/// Sends numbered datagrams, as many in a call as the kernel takes, or at a rate.
pub(super) fn send_datagrams(socket: &Socket, load: Load, meter: &Meter) -> Result<Done> {
    let in_one = (MOST_BYTES / load.size.max(1)).clamp(1, MOST_SEGMENTS);
    let (mut memory, cpu) = (vec![0x5a; in_one * load.size], Cpu::now());
    let (mut pace, mut number) = (Pace::new(load), 0_u64);
    let (start, mut silence) = (Instant::now(), Silence::new());
    while let Some(most) = pace.wait(meter) {
        let some = usize::try_from(most).unwrap_or(in_one).min(in_one);
        let sent_at = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        for (datagram, number) in memory.chunks_exact_mut(load.size).take(some).zip(number..) {
            Label { token: load.token, number, sent_at }.write(datagram);
        }
        let bytes = memory.get(..some * load.size).unwrap_or_default();
        let sent = match socket.send_segments(bytes, load.size, ()) {
            Ok(sent) => sent,
            Err(error) => {
                let before = error.bytes_sent().unwrap_or(0) / load.size.max(1);
                // The queue of the interface is full, and says so instead of waiting.
                if error.errno() != Some(Errno::ENOBUFS) {
                    silence.bear(error)?;
                }
                before
            }
        };
        if sent > 0 {
            silence = Silence::new();
        }
        number += sent as u64;
        meter.add(sent * load.size, sent);
        pace.sent += (sent * load.size) as u64;
    }
    Ok(Done { bytes: pace.sent, datagrams: number, cpu: cpu.spent(), ..Done::default() })
}

/// Receives what comes through a stream up to its end.
pub(super) fn receive_stream(socket: &Socket, meter: &Meter) -> Result<Done> {
    let (mut memory, cpu) = (vec![0; RECEIVE_BYTES], Cpu::now());
    let mut done = Done::default();
    let mut silence = Silence::new();
    while !meter.has_ended() {
        match socket.recv(memory.as_mut_slice()) {
            Ok(0) => break,
            Ok(len) => {
                done.came(len, 0, Instant::now());
                meter.add(len, 0);
                silence = Silence::new();
            }
            Err(error) => silence.bear(error)?,
        }
    }
    done.cpu = cpu.spent();
    Ok(done)
}

/// Receives numbered datagrams until it is ended.
pub(super) fn receive_datagrams(
    socket: &Socket,
    size: usize,
    token: u32,
    meter: &Meter,
) -> Result<Done> {
    let joined = socket.set_recv_offload(true)?;
    let mut batch = RecvBatch::new(32, if joined { RecvBatch::OFFLOAD_BYTES } else { size });
    let (start, cpu) = (Instant::now(), Cpu::now());
    let (mut done, mut track) = (Done::default(), Track::new());
    while !meter.has_ended() {
        match socket.recv_batch(&mut batch) {
            Ok(_) => {
                let now = start.elapsed();
                let (mut bytes, mut count) = (0, 0);
                for datagram in &batch {
                    // Of others nothing is counted.
                    let label = Label::read(datagram.data()).filter(|label| label.token == token);
                    if let Some(label) = label {
                        track.note(label, now);
                        (bytes, count) = (bytes + datagram.data().len(), count + 1);
                    }
                }
                if count > 0 {
                    done.came(bytes, count, start + now);
                    meter.add(bytes, count);
                }
            }
            Err(error) if error.is_would_block() => {}
            Err(error) => return Err(error.into()),
        }
    }
    (done.cpu, done.arrivals) = (cpu.spent(), track.arrivals());
    Ok(done)
}

/// Measures round trips through a stream until time is up.
pub(super) fn trip_stream(socket: &Socket, load: Load, meter: &Meter) -> Result<Trips> {
    let (message, mut memory) = (vec![0x5a; load.size], vec![0; load.size]);
    let mut trips = Trips::new()?;
    while Instant::now() < load.until && !meter.has_ended() {
        let start = Instant::now();
        let (mut sent, mut got) = (0, 0);
        let silence = Silence::new();
        while got < load.size {
            let rest = message.get(sent..).unwrap_or_default();
            let step = match rest.is_empty() {
                false => socket.send(rest).map(|len| sent += len),
                true => match socket.recv(memory.as_mut_slice()) {
                    Ok(0) => return Err(gone()),
                    other => other.map(|len| got += len),
                },
            };
            if let Err(error) = step {
                silence.bear(error)?;
            }
        }
        trips.note(start.elapsed());
        meter.add(load.size, 1);
    }
    Ok(trips)
}

/// Measures round trips of datagrams until time is up.
pub(super) fn trip_datagrams(socket: &Socket, load: Load, meter: &Meter) -> Result<Trips> {
    let (mut message, mut memory) = (vec![0x5a; load.size], vec![0; load.size]);
    let mut trips = Trips::new()?;
    let mut number = 0;
    while Instant::now() < load.until && !meter.has_ended() {
        let label = Label { token: load.token, number, sent_at: 0 };
        label.write(&mut message);
        number += 1;
        let start = Instant::now();
        socket.send(&message)?;
        loop {
            match socket.recv(memory.as_mut_slice()) {
                // What has come too late is answered for already.
                Ok(len) if Label::read(memory.get(..len).unwrap_or_default()) == Some(label) => {
                    trips.note(start.elapsed());
                    meter.add(load.size, 1);
                    break;
                }
                Ok(_) => {}
                Err(error) if !error.is_would_block() => return Err(error.into()),
                Err(_) => {}
            }
            if start.elapsed() > LOST {
                trips.lost += 1;
                break;
            }
        }
    }
    Ok(trips)
}

/// Sends everything back that comes through a stream, up to its end.
pub(super) fn echo_stream(socket: &Socket, meter: &Meter) -> Result<()> {
    let mut memory = vec![0; RECEIVE_BYTES];
    let mut silence = Silence::new();
    while !meter.has_ended() {
        match socket.recv(memory.as_mut_slice()) {
            Ok(0) => break,
            Ok(len) => {
                let mut rest = memory.get(..len).unwrap_or_default();
                while !rest.is_empty() && !meter.has_ended() {
                    match socket.send(rest) {
                        Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                        Err(error) => silence.bear(error)?,
                    }
                }
                silence = Silence::new();
            }
            Err(error) => silence.bear(error)?,
        }
    }
    Ok(())
}

/// Sends the datagrams of a measurement back until it is ended.
pub(super) fn echo_datagrams(socket: &Socket, token: u32, meter: &Meter) -> Result<()> {
    let mut memory = vec![0; MOST_BYTES];
    while !meter.has_ended() {
        match socket.recv_from(memory.as_mut_slice()) {
            Ok((len, from)) => {
                let datagram = memory.get(..len).unwrap_or_default();
                if Label::read(datagram).is_some_and(|label| label.token == token) {
                    // Whom it does not reach counts it as lost.
                    let _ = socket.send_to(datagram, from);
                }
            }
            Err(error) if error.is_would_block() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// As much as is received from a stream at a time.
const RECEIVE_BYTES: usize = 128 * 1024;

impl Done {
    fn came(&mut self, bytes: usize, datagrams: usize, now: Instant) {
        self.bytes += bytes as u64;
        self.datagrams += datagrams as u64;
        self.span = Some((self.span.map_or(now, |(first, _)| first), now));
    }
}

impl Trips {
    /// The longest time that is told from longer ones, in nanoseconds, and to how many digits.
    const MOST: u64 = 60_000_000_000;
    const DIGITS: u8 = 3;

    pub(super) fn new() -> Result<Trips> {
        let times = Histogram::new_with_bounds(1, Trips::MOST, Trips::DIGITS);
        let times = times.map_err(|error| Failure::new(Exit::No, error.to_string()))?;
        Ok(Trips { times, lost: 0 })
    }

    fn note(&mut self, time: Duration) {
        self.times.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(Trips::MOST));
    }

    /// Adds those of another stream.
    pub(super) fn add(&mut self, other: &Trips) {
        // Both have the same bounds.
        let _ = self.times.add(&other.times);
        self.lost += other.lost;
    }
}

/// When to send how much.
struct Pace {
    load: Load,
    start: Instant,
    /// How many bytes have gone.
    sent: u64,
}

impl Pace {
    fn new(load: Load) -> Pace {
        Pace { load, start: Instant::now(), sent: 0 }
    }

    /// How many blocks or datagrams are due, perhaps after a short sleep; `None` at the end.
    fn wait(&self, meter: &Meter) -> Option<u64> {
        let now = Instant::now();
        if now >= self.load.until || meter.has_ended() {
            return None;
        }
        let Some(rate) = self.load.rate else { return Some(u64::MAX) };
        let size = self.load.size as f64;
        let due = (rate * (now - self.start).as_secs_f64() - self.sent as f64) / size;
        if due >= 1.0 {
            return Some(due as u64);
        }
        let wait = Duration::try_from_secs_f64((1.0 - due) * size / rate).unwrap_or(STEP);
        std::thread::sleep(wait.min(STEP).min(self.load.until - now));
        Some(0)
    }
}

/// For how long nothing has come or gone.
struct Silence(Instant);

impl Silence {
    fn new() -> Silence {
        Silence(Instant::now())
    }

    /// Bears an error that only says that nothing has, for as long as is usual.
    fn bear(&self, error: Error) -> Result<()> {
        match error.is_would_block() {
            true if self.0.elapsed() < PATIENCE => Ok(()),
            true => Err(Failure::new(
                Exit::Timeout,
                format!("nothing has gone through for {PATIENCE:?}"),
            )),
            false => Err(error.into()),
        }
    }
}

fn gone() -> Failure {
    Failure::new(Exit::Recv, "the other side has closed the connection")
}

/// The processor time of this thread.
struct Cpu(Option<u64>);

impl Cpu {
    fn now() -> Cpu {
        // See proc(5): the time spent on the processor, in nanoseconds, comes first.
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        Cpu(text.and_then(|text| text.split_whitespace().next()?.parse().ok()))
    }

    /// What has been spent since then, in seconds.
    fn spent(&self) -> Option<f64> {
        Some(Cpu::now().0?.saturating_sub(self.0?) as f64 / 1e9)
    }
}
