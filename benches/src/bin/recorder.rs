//! What the recorder costs: the same calls with and without a recording, in turns, in one run.
//!
//! The library has the feature `trace` in both. The fastest of all turns counts: a machine with other
//! work makes a turn slower, never faster.
//!
//! A recorded call reads the clock twice, for nobody else knows when it began and how long it took.
//! What that alone is on this machine stands beside it: the same calls without a recording, between
//! two readings.

#![allow(clippy::print_stdout, reason = "the table")]

use std::error::Error;
use std::time::Instant;

use berkeley::trace::Options;
use berkeley::{Family, Protocol, Socket, Type, create_connection, create_server};

/// What is timed: a message there, and received.
struct Row {
    name: &'static str,
    make: fn() -> berkeley::Result<(Socket, Socket)>,
    bytes: usize,
    /// How much longer it may take with a recording.
    most: f64,
    /// Bytes of each call that are kept.
    payload: usize,
}

const ROWS: &[Row] = &[
    Row { name: "TCP, 64 bytes", make: tcp, bytes: 64, most: 0.08, payload: 0 },
    Row { name: "TCP, 64 bytes, all kept", make: tcp, bytes: 64, most: 0.1, payload: 64 },
    Row { name: "UNIX pair, 64 bytes", make: unix, bytes: 64, most: 0.25, payload: 0 },
    Row { name: "TCP, 64 KiB", make: tcp, bytes: 64 << 10, most: 0.01, payload: 0 },
];

/// Messages of a turn, and turns.
const MESSAGES: u32 = 500;
const TURNS: usize = 60;
/// Turns that follow one another on the same side.
const TOGETHER: usize = 5;

fn tcp() -> berkeley::Result<(Socket, Socket)> {
    let server = create_server("127.0.0.1:0")?;
    let client = create_connection(server.local_addr()?)?;
    client.set(berkeley::opt::TCP_NODELAY, true)?;
    Ok((client, server.accept()?.0))
}

fn unix() -> berkeley::Result<(Socket, Socket)> {
    Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)
}

fn main() -> Result<(), Box<dyn Error>> {
    let check = std::env::args().any(|arg| arg == "--check");
    let once = std::env::args().any(|arg| arg == "--once");
    let turns = if once { 1 } else { TURNS };
    let folder = std::env::temp_dir().join(format!("berkeley-recorder-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    println!("A message sent and received, without and with a recording:");
    println!(
        "{:<26}{:>12}{:>12}{:>9}{:>9}{:>9}{:>10}",
        "", "off", "on", "more", "clocks", "at most", "dropped"
    );
    let mut missed = Vec::new();
    for row in ROWS {
        let Measured { off, on, timed, dropped } = measure(row, &folder, turns)?;
        let more = on / off - 1.0;
        println!(
            "{:<26}{:>9.0} ns{:>9.0} ns{:>8.1}%{:>8.1}%{:>8.0}%{:>10}",
            row.name,
            off,
            on,
            more * 100.0,
            (timed / off - 1.0) * 100.0,
            row.most * 100.0,
            dropped,
        );
        if more > row.most {
            missed.push(row.name);
        }
    }
    std::fs::remove_dir_all(&folder)?;
    match check && !missed.is_empty() {
        true => Err(format!("target missed: {}", missed.join("; ")).into()),
        false => Ok(()),
    }
}

/// Nanoseconds of a message in the fastest turns, and how many calls were not recorded.
struct Measured {
    off: f64,
    on: f64,
    /// Without a recording, but with its readings of the clock.
    timed: f64,
    dropped: u64,
}

fn measure(row: &Row, folder: &std::path::Path, turns: usize) -> Result<Measured, Box<dyn Error>> {
    let (a, b) = (row.make)()?;
    let (data, mut room) = (vec![1; row.bytes], vec![0; row.bytes]);
    let mut turn = |clock: fn()| -> berkeley::Result<f64> {
        let start = Instant::now();
        for _ in 0..MESSAGES {
            clock();
            a.send_all(&data)?;
            clock();
            clock();
            b.recv_exactly(&mut room)?;
            clock();
        }
        Ok(start.elapsed().as_nanos() as f64 / f64::from(MESSAGES))
    };
    let (none, read): (fn(), fn()) = (|| {}, || _ = std::hint::black_box(Instant::now()));
    turn(none)?;
    let (mut off, mut on, mut timed) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    let mut dropped = 0;
    for _ in 0..turns {
        for _ in 0..TOGETHER {
            off = off.min(turn(none)?);
            timed = timed.min(turn(read)?);
        }
        let recording = Options::new().payload(row.payload).to_file(folder.join("run.jsonl"))?;
        for _ in 0..TOGETHER {
            on = on.min(turn(none)?);
        }
        dropped += recording.finish()?.dropped;
    }
    Ok(Measured { off, on, timed, dropped })
}
