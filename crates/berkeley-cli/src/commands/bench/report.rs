//! What came of a measurement, for people and for programs.

use std::time::Duration;

use serde_json::{Value, json};

use super::talk::Received;
use super::track::Arrivals;
use super::work::Trips;
use crate::failure::{Exit, Failure};
use crate::view::{STRONG, View};

/// Everything that was measured.
pub(super) struct Report {
    pub(super) addr: String,
    pub(super) scheme: &'static str,
    pub(super) streams: usize,
    pub(super) flow: Option<Flow>,
    pub(super) trips: Option<AllTrips>,
}

/// What went through, one way.
pub(super) struct Flow {
    pub(super) size: usize,
    pub(super) datagrams: bool,
    pub(super) sent_bytes: u64,
    pub(super) sent_datagrams: u64,
    pub(super) seconds: f64,
    pub(super) cpu_seconds: Option<f64>,
    /// How long an interval is, and how many bytes have gone in each.
    pub(super) interval: f64,
    pub(super) samples: Vec<u64>,
    pub(super) received: Received,
}

/// The round trips of all streams.
pub(super) struct AllTrips {
    pub(super) size: usize,
    pub(super) seconds: f64,
    pub(super) trips: Trips,
}

/// The percentiles that are told, with their names.
const PERCENTILES: [(&str, f64); 5] =
    [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99.9", 99.9), ("p99.99", 99.99)];

impl Flow {
    /// From the first byte that arrived to the last, or if that was one moment, while it was sent.
    fn received_seconds(&self) -> f64 {
        if self.received.seconds > 0.0 { self.received.seconds } else { self.seconds }
    }

    fn bits_per_second(&self) -> Option<f64> {
        ratio(self.received.bytes as f64 * 8.0, self.received_seconds())
    }

    /// Of all streams; the jitter is the largest.
    fn arrivals(&self) -> Arrivals {
        self.received.arrivals.iter().fold(Arrivals::default(), |all, one| Arrivals {
            received: all.received + one.received,
            duplicates: all.duplicates + one.duplicates,
            reordered: all.reordered + one.reordered,
            late: all.late + one.late,
            jitter: all.jitter.max(one.jitter),
        })
    }

    fn to_json(&self) -> Value {
        let mut flow = json!({
            "size": self.size,
            "bits_per_second": self.bits_per_second(),
            "sent": {
                "bytes": self.sent_bytes, "seconds": self.seconds,
                "cpu_seconds": self.cpu_seconds,
                "cpu_seconds_per_byte": per(self.cpu_seconds, self.sent_bytes),
            },
            "received": {
                "bytes": self.received.bytes, "seconds": self.received.seconds,
                "cpu_seconds": self.received.cpu_seconds,
                "cpu_seconds_per_byte": per(self.received.cpu_seconds, self.received.bytes),
            },
            "samples": {
                "interval": self.interval,
                "sent_bytes": self.samples, "received_bytes": self.received.samples,
            },
        });
        if let (true, Some(object)) = (self.datagrams, flow.as_object_mut()) {
            let all = self.arrivals();
            let lost = self.sent_datagrams.saturating_sub(all.received);
            let datagrams = json!({
                "sent": self.sent_datagrams, "received": all.received, "lost": lost,
                "lost_fraction": ratio(lost as f64, self.sent_datagrams as f64),
                "duplicates": all.duplicates, "reordered": all.reordered, "late": all.late,
                "jitter_seconds": all.jitter,
                "per_second": ratio(all.received as f64, self.received_seconds()),
                "receive_buffer": self.received.receive_buffer,
            });
            object.insert("datagrams".to_owned(), datagrams);
        }
        flow
    }

    fn print(&self, view: &View) -> Result<(), Failure> {
        let bits = self.bits_per_second().unwrap_or(0.0);
        let per_second = match self.datagrams {
            true => {
                let each = self.arrivals().received as f64 / self.received_seconds();
                format!(", {} datagrams/s of {} B", scaled(each), self.size)
            }
            false => String::new(),
        };
        view.line(format_args!(
            "throughput   {STRONG}{}bit/s{STRONG:#}{per_second}: {}B in {:.2} s",
            scaled(bits),
            scaled(self.received.bytes as f64),
            self.received_seconds()
        ))?;
        if self.datagrams {
            let all = self.arrivals();
            let lost = self.sent_datagrams.saturating_sub(all.received);
            let share = 100.0 * lost as f64 / (self.sent_datagrams.max(1)) as f64;
            let late =
                if all.late > 0 { format!(", {} too late", all.late) } else { String::new() };
            view.line(format_args!(
                "datagrams    {} sent, {lost} lost ({share:.2} %), {} out of order, {} twice{late}; \
                 jitter {}",
                self.sent_datagrams,
                all.reordered,
                all.duplicates,
                short(Duration::from_secs_f64(all.jitter.clamp(0.0, 1e6)))
            ))?;
        }
        let cpu = |seconds: Option<f64>, bytes| match per(seconds, bytes) {
            Some(each) => format!("{:.3} ns/B", each * 1e9),
            None => "unknown".to_owned(),
        };
        view.line(format_args!(
            "processor    sender {}, receiver {}",
            cpu(self.cpu_seconds, self.sent_bytes),
            cpu(self.received.cpu_seconds, self.received.bytes)
        ))
    }
}

impl AllTrips {
    fn to_json(&self) -> Value {
        let times = &self.trips.times;
        let seconds = |nanos: u64| (!times.is_empty()).then_some(nanos as f64 / 1e9);
        let mut all = json!({
            "size": self.size,
            "count": times.len(), "lost": self.trips.lost,
            "per_second": ratio(times.len() as f64, self.seconds),
            "min": seconds(times.min()), "max": seconds(times.max()),
            "mean": (!times.is_empty()).then(|| times.mean() / 1e9),
        });
        if let Some(object) = all.as_object_mut() {
            for (name, percent) in PERCENTILES {
                let time = seconds(times.value_at_percentile(percent));
                object.insert(name.to_owned(), json!(time));
            }
        }
        all
    }

    fn print(&self, view: &View) -> Result<(), Failure> {
        let times = &self.trips.times;
        let lost = match self.trips.lost {
            0 => String::new(),
            lost => format!(", {lost} lost"),
        };
        let each = times.len() as f64 / self.seconds.max(f64::MIN_POSITIVE);
        view.line(format_args!(
            "round trips  {} of {} B in {:.2} s, {}/s{lost}",
            times.len(),
            self.size,
            self.seconds,
            scaled(each)
        ))?;
        if times.is_empty() {
            return Ok(());
        }
        let percentiles: Vec<_> = PERCENTILES
            .iter()
            .map(|(name, percent)| {
                let time = Duration::from_nanos(times.value_at_percentile(*percent));
                format!("{name} {STRONG}{}{STRONG:#}", short(time))
            })
            .collect();
        view.line(format_args!(
            "             min {}  {}  max {}",
            short(Duration::from_nanos(times.min())),
            percentiles.join("  "),
            short(Duration::from_nanos(times.max()))
        ))
    }
}

impl Report {
    /// Prints it; if nothing has gone through, that is a failure.
    pub(super) fn print(&self, view: &View) -> Result<(), Failure> {
        let nothing = |what| {
            Err(Failure::new(Exit::No, format!("nothing arrives at {}: {what}", self.addr))
                .help("does something between keep it from getting through?"))
        };
        let ended = match (&self.flow, &self.trips) {
            (Some(flow), _) if flow.received.bytes == 0 => nothing("no byte of what was sent"),
            (_, Some(trips)) if trips.trips.times.is_empty() => nothing("no round trip"),
            _ => Ok(()),
        };
        if let Some(trips) = &self.trips {
            trips.print(view)?;
        }
        if let Some(flow) = &self.flow {
            flow.print(view)?;
        }
        view.result(&json!({
            "schema": "berkeley.bench/1",
            "ok": ended.is_ok(),
            "addr": self.addr,
            "scheme": self.scheme,
            "streams": self.streams,
            "throughput": self.flow.as_ref().map(Flow::to_json),
            "round_trips": self.trips.as_ref().map(AllTrips::to_json),
        }))?;
        ended
    }
}

/// A quotient, if there is one.
fn ratio(of: f64, by: f64) -> Option<f64> {
    (by > 0.0).then_some(of / by).filter(|ratio| ratio.is_finite())
}

fn per(seconds: Option<f64>, bytes: u64) -> Option<f64> {
    ratio(seconds?, bytes as f64)
}

/// A number with the letter of its thousand: `1.23 M`.
pub(super) fn scaled(value: f64) -> String {
    let scales = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    match scales.iter().find(|(scale, _)| value >= *scale) {
        Some((scale, letter)) => format!("{:.2} {letter}", value / scale),
        None => format!("{value:.0} "),
    }
}

/// A short time in a unit that fits.
pub(super) fn short(time: Duration) -> String {
    match time.as_nanos() {
        0..1_000 => format!("{} ns", time.as_nanos()),
        1_000..1_000_000 => format!("{:.1} µs", time.as_secs_f64() * 1e6),
        1_000_000..1_000_000_000 => format!("{:.2} ms", time.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}
