//! `ping`: is it there, and how long does that take.

mod probe;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use signal_hook::consts::SIGINT;

use self::probe::{Answer, Probe};
use crate::args::{Global, duration};
use crate::failure::{Exit, Failure};
use crate::place;
use crate::view::{DIM, GOOD, View};

/// Ask a host whether it is there, and how long that takes
///
/// By ICMP echo; by connecting for tcp://host:port; by a datagram that shall come back for
/// udp://host:port.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  berkeley ping localhost\n  berkeley ping -c 3 tcp://localhost:22\n  \
berkeley ping -c 3 udp://localhost:7"
)]
pub(crate) struct Arguments {
    /// The host, or an address with tcp:// or udp://
    place: String,
    /// How often
    #[arg(short, long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    count: u16,
    /// How long between two questions
    #[arg(short, long, default_value = "1", value_name = "DURATION", value_parser = duration)]
    interval: Duration,
    /// How long to wait for an answer
    #[arg(short = 'W', long, default_value = "1", value_name = "DURATION", value_parser = duration)]
    wait: Duration,
    /// How many bytes go along
    #[arg(short, long, default_value_t = 56, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(..=65_000))]
    size: u16,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, view: &View) -> Result<(), Failure> {
    let stopped = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGINT, Arc::clone(&stopped))?;
    let has_scheme = arguments.place.contains("://");
    let text = match (has_scheme, global.v6) {
        (true, _) => arguments.place.clone(),
        // The host decides on the version, as far as it may.
        (false, true) => format!("icmp6://{}", arguments.place),
        (false, false) => format!("icmp://{}", arguments.place),
    };
    if !has_scheme && arguments.place.matches(':').count() == 1 {
        return Err(Failure::usage(format!("{:?} is not a host", arguments.place))
            .help(format!("a port is asked by tcp://{0} or udp://{0}", arguments.place)));
    }
    let endpoint = place::endpoint(&text, false, global)?;
    let mut probe =
        Probe::new(&endpoint, has_scheme, global, usize::from(arguments.size), arguments.wait)?;
    view.note(format_args!("asking {} by {}", probe.addr(), probe.how()));

    let limit = global.timeout.map(|limit| Instant::now() + limit);
    let is_over =
        || stopped.load(Ordering::Relaxed) || limit.is_some_and(|limit| Instant::now() >= limit);
    let (mut times, mut asked) = (Vec::new(), 0);
    for sequence in 1..=arguments.count {
        let start = Instant::now();
        asked += 1;
        match probe.ask(sequence, &stopped) {
            Ok(Answer { from, taken, note }) => {
                times.push(taken);
                view.line(format_args!(
                    "{GOOD}{sequence:>3}{GOOD:#}  {}  {from} {DIM}{note}{DIM:#}",
                    milliseconds(taken)
                ))?;
                view.event(&json!({
                    "event": "reply", "sequence": sequence, "from": from, "seconds": taken.as_secs_f64(),
                }))?;
            }
            Err(error) if error.is_timeout() && stopped.load(Ordering::Relaxed) => {
                asked -= 1;
                break;
            }
            Err(error) => {
                view.line(format_args!("{sequence:>3}  {}", error.cause()))?;
                view.event(&json!({
                    "event": "none", "sequence": sequence, "why": error.cause().to_string(),
                }))?;
            }
        }
        if sequence < arguments.count {
            let next = start + arguments.interval;
            // In small steps, so that Ctrl-C is heard.
            while Instant::now() < next && !is_over() {
                let left = next.saturating_duration_since(Instant::now());
                std::thread::sleep(left.min(Duration::from_millis(20)));
            }
        }
        if is_over() {
            break;
        }
    }
    summarise(&probe, asked, times, view)?;
    if stopped.load(Ordering::Relaxed) {
        return Err(Failure::new(Exit::Interrupted, ""));
    }
    Ok(())
}

/// Prints what came of it; without any answer that is a failure.
fn summarise(
    probe: &Probe,
    asked: u32,
    mut times: Vec<Duration>,
    view: &View,
) -> Result<(), Failure> {
    times.sort_unstable();
    let answered = times.len();
    let lost = f64::from(asked) - answered as f64;
    let loss = if asked == 0 { 0.0 } else { 100.0 * lost / f64::from(asked) };
    let percentile = |percent: usize| {
        // The smallest time that so many percent of the answers do not exceed.
        let at = (answered * percent).div_ceil(100).saturating_sub(1);
        times.get(at).copied()
    };
    let mean =
        u32::try_from(answered).ok().filter(|n| *n > 0).map(|n| times.iter().sum::<Duration>() / n);
    view.line(format_args!("{asked} asked, {answered} answered, {loss:.0} % lost"))?;
    if let (Some(least), Some(mean), Some(most)) = (times.first(), mean, times.last()) {
        let show = |percent| milliseconds(percentile(percent).unwrap_or_default());
        view.line(format_args!(
            "min {}  mean {}  max {}  p50 {}  p90 {}  p99 {}",
            milliseconds(*least),
            milliseconds(mean),
            milliseconds(*most),
            show(50),
            show(90),
            show(99)
        ))?;
    }
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
    let ok = answered > 0;
    view.result(&json!({
        "schema": "berkeley.ping/1",
        "ok": ok,
        "addr": probe.addr().to_string(),
        "by": probe.how(),
        "asked": asked,
        "answered": answered,
        "seconds": {
            "min": seconds(times.first().copied()), "mean": seconds(mean),
            "max": seconds(times.last().copied()), "p50": seconds(percentile(50)),
            "p90": seconds(percentile(90)), "p99": seconds(percentile(99)),
        },
    }))?;
    match ok {
        true => Ok(()),
        false => Err(Failure::new(Exit::No, format!("{} does not answer", probe.addr()))),
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1000.0)
}
