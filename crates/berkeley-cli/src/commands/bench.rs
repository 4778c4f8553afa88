//! `bench`: how much goes through between two processes or machines, and how fast it comes back.

mod client;
mod plot;
mod report;
mod serve;
mod talk;
mod track;
mod work;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use berkeley::Type;
use clap::{Args, ValueEnum};
use serde_json::json;
use signal_hook::consts::SIGINT;

use crate::args::{Global, duration};
use crate::commands::serve::open;
use crate::failure::Failure;
use crate::view::View;

/// Measure throughput and round trips between two processes or machines
///
/// One side serves, the other one measures: first round trips, then how much goes through from
/// here to there. Streams are measured by what arrives; datagrams are numbered, and counted where
/// they arrive. The server of tcp:// serves udp:// too, at ports of its own for each measurement.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  berkeley bench --serve :5400\n  berkeley bench localhost:5400\n  \
berkeley bench udp://localhost:5400 --rate 100M --plot rates.svg"
)]
pub(crate) struct Arguments {
    /// The address that serves, by tcp, udp://, unix: or another stream
    #[arg(value_name = "ADDRESS")]
    place: String,
    /// Serve at the address, one client after the other
    #[arg(long, conflicts_with_all = ["duration", "size", "parallel", "rate", "only", "plot"])]
    serve: bool,
    /// With --serve: end when the first client is done
    #[arg(short = '1', long, requires = "serve")]
    once: bool,
    /// How long to measure, each of the two
    #[arg(short = 't', long, default_value = "5", value_name = "DURATION", value_parser = duration)]
    duration: Duration,
    /// Bytes of a datagram [1200], of what is sent at a time [128 KiB], of a round trip [64]
    #[arg(short, long, value_name = "BYTES")]
    size: Option<usize>,
    /// How many streams at once
    #[arg(short = 'P', long, default_value_t = 1, value_name = "N")]
    parallel: usize,
    /// Send no more than so many bits a second: 64k, 100M, 2.5G
    #[arg(short, long, value_name = "BITS", value_parser = bits)]
    rate: Option<f64>,
    /// Measure only one of the two: throughput, round-trips
    #[arg(long, value_enum, value_name = "WHAT", hide_possible_values = true)]
    only: Option<Only>,
    /// Draw the rate over time and the distribution of round trips to this file, as SVG
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
}

/// One of the two measurements.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum Only {
    Throughput,
    RoundTrips,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, view: &View) -> Result<(), Failure> {
    let stopped = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGINT, Arc::clone(&stopped))?;
    if !arguments.serve {
        return client::run(arguments, global, view, &stopped);
    }
    let place = open(&arguments.place, false, global)?;
    if place.endpoint.ty() != Type::STREAM {
        return Err(Failure::usage(format!("{} is no stream", place.endpoint))
            .help("serve at host:port: clients may take it with udp:// too"));
    }
    let endpoint = place.endpoint.to_string();
    view.line(format_args!("listening on {endpoint}"))?;
    let addr = place.socket.local_addr()?;
    view.event(&json!({
        "event": "listening", "addr": addr.to_string(), "endpoint": endpoint, "port": addr.port(),
    }))?;
    let server =
        serve::Server { listener: &place.socket, once: arguments.once, stopped: &stopped, view };
    let ended = server.run();
    view.result(&json!({ "schema": "berkeley.bench-serve/1", "ok": ended.is_ok() }))?;
    ended
}

/// Reads `64k`, `100M`, `2.5G`: bits a second.
fn bits(text: &str) -> Result<f64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let scale = match text.strip_prefix(digits).unwrap_or_default() {
        "" => 1.0,
        "k" | "K" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        unit => return Err(format!("unknown unit {unit:?}; write 64k, 100M or 2.5G")),
    };
    let value = digits.parse::<f64>().ok().map(|value| value * scale);
    let value = value.filter(|value| value.is_finite() && *value > 0.0);
    value.ok_or_else(|| "write bits a second: 64k, 100M or 2.5G".to_owned())
}
