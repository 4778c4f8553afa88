//! What the recorder costs: the same calls with and without a recording, in turns, in one run.
//!
//! The library has the feature `trace` in both. What that costs by itself is counted in
//! instructions by `--instructions`, which callgrind runs, once in a program without the feature.

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
const MESSAGES: u32 = 2000;
const TURNS: usize = 60;

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
    println!("{:<26}{:>12}{:>12}{:>9}{:>9}{:>10}", "", "off", "on", "more", "at most", "dropped");
    let mut missed = Vec::new();
    for row in ROWS {
        let (off, on, more, dropped) = measure(row, &folder, turns)?;
        println!(
            "{:<26}{:>9.0} ns{:>9.0} ns{:>8.1}%{:>8.0}%{:>10}",
            row.name,
            off,
            on,
            more * 100.0,
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

/// The medians of both, and of what the turns' times differ by.
fn measure(
    row: &Row,
    folder: &std::path::Path,
    turns: usize,
) -> Result<(f64, f64, f64, u64), Box<dyn Error>> {
    let (a, b) = (row.make)()?;
    let (data, mut room) = (vec![1; row.bytes], vec![0; row.bytes]);
    let mut turn = || -> berkeley::Result<f64> {
        let start = Instant::now();
        for _ in 0..MESSAGES {
            a.send_all(&data)?;
            b.recv_exactly(&mut room)?;
        }
        Ok(start.elapsed().as_nanos() as f64 / f64::from(MESSAGES))
    };
    turn()?;
    let (mut off, mut on, mut more) = (Vec::new(), Vec::new(), Vec::new());
    let mut dropped = 0;
    for _ in 0..turns {
        let without = turn()?;
        let file = folder.join("run.jsonl");
        let recording = Options::new().payload(row.payload).to_file(file)?;
        let _first = a.local_addr()?;
        let with = turn()?;
        dropped += recording.finish()?.dropped;
        off.push(without);
        on.push(with);
        more.push(with / without - 1.0);
    }
    Ok((median(off), median(on), median(more), dropped))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
