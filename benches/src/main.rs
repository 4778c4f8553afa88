//! What a call costs: this project beside libc, std, socket2, nix and rustix, in one run; and what
//! a datagram of a batch costs, beside libc and quinn-udp; and what awaited sockets cost beside
//! Tokio's own.
//!
//! Each case sends or receives 64 bytes. Instructions are counted by callgrind and system calls by
//! strace, both by running this program again under them; without them these columns are empty.
//! Times come from the libraries in turn, batch by batch, and are compared within each round.

mod awaited;
mod batches;
mod cases;
mod measure;
mod peers;
mod raw;
mod report;

use std::process::ExitCode;

const HELP: &str = "\
What a call costs, beside libc, std, socket2, nix and rustix; and what a datagram of a batch costs,
beside libc and quinn-udp; and what awaited sockets cost beside Tokio's own.

Usage: berkeley-bench [--json] [--rounds N] [--only TEXT] [--check]

  --json       print one JSON object instead of tables
  --rounds N   how many times each library is timed in each case (default 2000);
               with less than 1000 no 10,000 awaited connections are measured
  --only TEXT  only the cases with this in their names, such as udp, batch or awaited
  --check      fail if a target is missed: at most 25 instructions over libc's on a blocking
               socket, one system call (of a batch as many as libc), no allocation; awaited as
               fast as Tokio's own, datagrams five times, with no more calls and allocations
  -h, --help   print this

Instructions need valgrind, system calls need strace; without them their columns are empty.
";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let (mut json, mut check, mut rounds, mut only) = (false, false, 2000, String::new());
    while let Some(arg) = args.next() {
        match arg.as_str() {
            measure::WORK => {
                measure::work(args.next().map(|number| number.parse()).transpose()?)?;
                return Ok(ExitCode::SUCCESS);
            }
            awaited::SERVE => {
                awaited::serve(args)?;
                return Ok(ExitCode::SUCCESS);
            }
            "--json" => json = true,
            "--check" => check = true,
            "--rounds" => {
                let number = args.next().and_then(|number| number.parse().ok());
                rounds = number.filter(|number| *number > 0).ok_or("--rounds needs a number")?;
            }
            "--only" => only = args.next().ok_or("--only needs a part of a case's name")?,
            // What `cargo bench` adds.
            "--bench" => {}
            "-h" | "--help" => {
                print!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            other => return Err(format!("unknown argument {other:?}; see --help").into()),
        }
    }
    let rows = measure::all(rounds, &only)?;
    let awaited = awaited::all(rounds, &only)?;
    match json {
        true => println!("{}", report::json(&rows, &awaited::json(&awaited))),
        false => print!("{}{}", report::table(&rows), awaited::table(&awaited)),
    }
    let mut misses = report::misses(&rows);
    misses.extend(awaited::misses(&awaited));
    for miss in &misses {
        eprintln!("target missed: {miss}");
    }
    Ok(if check && !misses.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
