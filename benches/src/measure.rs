//! Counting and timing. What cannot be counted from inside is counted by running this program
//! again, under valgrind and under strace.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::cases::{self, BATCH, Case};
use crate::raw;

/// What a library's call costs in a case. `None`: the tool that counts it is not installed.
#[derive(Debug)]
pub(crate) struct Cost {
    /// The library.
    pub peer: &'static str,
    /// Instructions in user space per call.
    pub instructions: Option<f64>,
    /// System calls per call.
    pub system_calls: Option<f64>,
    /// Allocations per call.
    pub allocations: f64,
    /// The time of a call, in nanoseconds: the median of all batches.
    pub nanoseconds: f64,
    /// The time over that of libc: the median of the rounds' ratios.
    pub ratio: f64,
}

/// A case and what it costs each library.
#[derive(Debug)]
pub(crate) struct Row {
    /// The case.
    pub case: Case,
    /// One for each library, libc first.
    pub costs: Vec<Cost>,
}

/// The argument that makes this program do nothing but the work to be counted.
pub(crate) const WORK: &str = "--work";

/// How many batches each library makes while it is counted.
const COUNTED_BATCHES: u64 = 4;

/// Measures every case with this in its name, in so many rounds.
pub(crate) fn all(rounds: usize, only: &str) -> io::Result<Vec<Row>> {
    let system_calls = count_system_calls()?;
    cases::all()
        .enumerate()
        .filter(|(_, case)| case.name().contains(only))
        .map(|(number, case)| {
            eprintln!("measuring {}", case.name());
            let instructions = count_instructions(number)?;
            let mut costs = time(case, rounds)?;
            for (cost, peer) in costs.iter_mut().zip(case.contestants()?) {
                cost.instructions =
                    instructions.as_ref().map(|by_symbol| instructions_of(by_symbol, &peer.symbol));
                cost.system_calls = system_calls.as_ref().map(|by_mark| {
                    let all = by_mark.get(&mark(case, peer.name)).copied().unwrap_or(f64::NAN);
                    let far = (COUNTED_BATCHES * case.far_calls()) as f64;
                    (all - far) / (COUNTED_BATCHES * BATCH) as f64
                });
            }
            Ok(Row { case, costs })
        })
        .collect()
}

/// The work to be counted: of one case, or of all.
pub(crate) fn work(number: Option<usize>) -> io::Result<()> {
    let chosen = cases::all().enumerate().filter(|(n, _)| number.is_none_or(|number| number == *n));
    for (_, case) in chosen {
        for mut peer in case.contestants()? {
            raw::mark(&mark(case, peer.name));
            for _ in 0..COUNTED_BATCHES {
                peer.batch()?;
            }
            raw::mark("");
        }
    }
    Ok(())
}

/// The libraries of one case in turn, their order reversed from round to round, so that none is
/// always behind the same other.
fn time(case: Case, rounds: usize) -> io::Result<Vec<Cost>> {
    let mut peers = case.contestants()?;
    let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(rounds); peers.len()];
    let mut allocations = vec![0; peers.len()];
    for peer in &mut peers {
        peer.batch()?; // the first call of each is not like the others
    }
    for round in 0..rounds {
        let mut order: Vec<_> = peers.iter_mut().zip(&mut times).zip(&mut allocations).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for ((peer, times), allocations) in order {
            let batch = peer.batch()?;
            times.push(batch.time.as_nanos() as f64 / BATCH as f64);
            *allocations += batch.allocations;
        }
    }
    let libc = times.first().cloned().unwrap_or_default();
    let costs = peers.iter().zip(times).zip(allocations).map(|((peer, times), allocations)| Cost {
        peer: peer.name,
        instructions: None,
        system_calls: None,
        allocations: allocations as f64 / (rounds as u64 * BATCH) as f64,
        ratio: median(times.iter().zip(&libc).map(|(time, libc)| time / libc)),
        nanoseconds: median(times.into_iter()),
    });
    Ok(costs.collect())
}

/// Instructions per call of each measured function, by callgrind.
///
/// Of a function that callgrind has seen it writes the cost of its own lines and, after each line
/// `calls=`, the cost of what it called: together all that happened until it returned.
fn count_instructions(number: usize) -> io::Result<Option<HashMap<String, f64>>> {
    let out = std::env::temp_dir().join(format!("berkeley-bench-{}.callgrind", std::process::id()));
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--quiet", "--compress-strings=no", "--compress-pos=no"])
        .arg(format!("--callgrind-out-file={}", out.display()));
    let Some(text) = output_of(valgrind, Some(number), &out)? else { return Ok(None) };
    let mut costs: HashMap<String, f64> = HashMap::new();
    let mut function = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("fn=") {
            function = Some(without_hash(name));
        } else if line.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-') {
            let cost = line.split(' ').nth(1).and_then(|cost| cost.parse::<f64>().ok());
            if let (Some(function), Some(cost)) = (&function, cost) {
                *costs.entry(function.clone()).or_default() += cost;
            }
        }
    }
    for cost in costs.values_mut() {
        *cost /= (COUNTED_BATCHES * BATCH) as f64;
    }
    Ok(Some(costs))
}

/// What a symbol cost. Two functions of the same code are one in the program, under either name:
/// those of the streams of `std` are.
fn instructions_of(by_symbol: &HashMap<String, f64>, symbol: &str) -> f64 {
    let twin = symbol.replace("std::os::unix::net::stream::UnixStream", "std::net::tcp::TcpStream");
    by_symbol.get(symbol).or_else(|| by_symbol.get(&twin)).copied().unwrap_or(f64::NAN)
}

/// System calls, by strace: each library's stand between two marks, together with those of the
/// other end.
fn count_system_calls() -> io::Result<Option<HashMap<String, f64>>> {
    let out = std::env::temp_dir().join(format!("berkeley-bench-{}.strace", std::process::id()));
    let mut strace = Command::new("strace");
    strace.args(["-s", "64", "-o"]).arg(&out);
    let Some(text) = output_of(strace, None, &out)? else { return Ok(None) };
    let mut counts: HashMap<String, f64> = HashMap::new();
    let mut current: Option<String> = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("write(-1, \"") {
            current = rest.split('"').next().filter(|mark| !mark.is_empty()).map(String::from);
        } else if let Some(mark) = &current {
            *counts.entry(mark.clone()).or_default() += 1.0;
        }
    }
    Ok(Some(counts))
}

/// Runs the work under a tool and reads what it has written; `None` if it is not installed.
fn output_of(mut tool: Command, case: Option<usize>, out: &Path) -> io::Result<Option<String>> {
    let case = case.map(|number| number.to_string());
    tool.arg(std::env::current_exe()?).arg(WORK).args(case).stdout(Stdio::null());
    let status = match tool.status() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        status => status?,
    };
    let text = std::fs::read_to_string(out);
    let _ = std::fs::remove_file(out);
    if !status.success() {
        return Err(io::Error::other(format!(
            "{} ended with {status}",
            tool.get_program().display()
        )));
    }
    text.map(Some)
}

fn mark(case: Case, peer: &str) -> String {
    format!("{} {peer}", case.name())
}

/// A symbol without the `::h0123456789abcdef` that the compiler may add.
fn without_hash(symbol: &str) -> String {
    match symbol.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            name.into()
        }
        _ => symbol.into(),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
