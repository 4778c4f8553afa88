//! `cargo xtask iperf`: `berkeley bench` beside iperf3, on loopback.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::run::{cargo, is_installed, succeed};
use crate::table::line::median;
use crate::table::running::{Running, free_port, number, ours};

const HELP: &str = "\
`berkeley bench` beside iperf3, in turn, over loopback: what arrives, in bits a second.

Usage: cargo xtask iperf [--rounds N] [--seconds N]

  --rounds N    how many times each is run (default 5)
  --seconds N   how long each time (default 3)
";

/// What is measured: its name, the argument of ours, and iperf3's.
const CASES: [(&str, &[&str], &[&str]); 4] = [
    ("tcp", &["tcp"], &[]),
    ("tcp, 2 streams", &["tcp", "-P", "2"], &["-P", "2"]),
    ("udp, 1200 B", &["udp", "-s", "1200"], &["-u", "-b", "0", "-l", "1200"]),
    ("udp, 64 B", &["udp", "-s", "64"], &["-u", "-b", "0", "-l", "64"]),
];

/// Runs both as often as is asked for, and prints a table.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let (mut rounds, mut seconds) = (5_usize, 3_usize);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let number = match arg.as_str() {
            "--rounds" => &mut rounds,
            "--seconds" => &mut seconds,
            "-h" | "--help" => {
                print!("{HELP}");
                return Ok(());
            }
            other => return Err(format!("unknown argument {other:?}; see --help")),
        };
        let value = args.next().and_then(|value| value.parse().ok()).filter(|value| *value > 0);
        *number = value.ok_or_else(|| format!("{arg} needs a number"))?;
    }
    succeed(cargo().args(["build", "--release", "--quiet", "--package", "berkeley-cli"]))?;
    println!("  {:<16}{:>14}{:>14}{:>8}", "Gbit/s received", "berkeley", "iperf3", "ratio");
    for (name, pairs) in measure(rounds, seconds as f64)? {
        println!(
            "  {name:<16}{:>14.2}{:>14.2}{:>8.2}",
            median(pairs.iter().map(|(ours, _)| ours / 1e9)),
            median(pairs.iter().map(|(_, theirs)| theirs / 1e9)),
            median(pairs.iter().map(|(ours, theirs)| ours / theirs)),
        );
    }
    Ok(())
}

/// What was received by each case's pairs of measurements, ours and theirs, in bits a second.
pub(crate) type Rates = (&'static str, Vec<(f64, f64)>);

/// Runs both so often in turn. The command must have been built.
pub(crate) fn measure(rounds: usize, seconds: f64) -> Result<Vec<Rates>, String> {
    if !is_installed("iperf3") {
        return Err("install the Debian package iperf3".to_owned());
    }
    let (_server, port) =
        Running::serve(ours("berkeley").args(["bench", "-q", "--serve", "127.0.0.1:0"]))?;
    let limit = seconds.to_string();
    // Theirs are whole.
    let whole = seconds.ceil().to_string();
    let mut all = Vec::new();
    for (name, arguments, theirs) in CASES {
        let mut pairs = Vec::new();
        for round in 0..rounds {
            let (way, rest) = arguments.split_first().unwrap_or((&"tcp", &[]));
            let mut berkeley = ours("berkeley");
            berkeley.args(["bench", &format!("{way}://127.0.0.1:{port}"), "--json"]);
            berkeley.args(["--only", "throughput", "-t", &limit]).args(rest);
            let ours = || number(&mut berkeley, "/throughput/bits_per_second");
            let theirs = || beside(theirs, &whole);
            // Neither is always behind the other.
            let pair = match round % 2 {
                0 => (ours, theirs).both()?,
                _ => (theirs, ours).both().map(|(theirs, ours)| (ours, theirs))?,
            };
            pairs.push(pair);
        }
        all.push((name, pairs));
    }
    Ok(all)
}

/// Two measurements, one after the other.
trait Both {
    fn both(self) -> Result<(f64, f64), String>;
}

impl<A, B> Both for (A, B)
where
    A: FnOnce() -> Result<f64, String>,
    B: FnOnce() -> Result<f64, String>,
{
    fn both(self) -> Result<(f64, f64), String> {
        let first = self.0()?;
        Ok((first, self.1()?))
    }
}

/// What iperf3 measures, with a server of its own for each time.
fn beside(args: &[&str], seconds: &str) -> Result<f64, String> {
    let port = free_port()?.to_string();
    let mut server = Command::new("iperf3");
    server.args(["-s", "-1", "-B", "127.0.0.1", "-p", &port, "--forceflush"]);
    let mut server = Running::start(server.stdin(Stdio::null()))?;
    // Its first line but a few tells that it listens.
    let mut lines = BufReader::new(server.0.stdout.take().ok_or("no output")?);
    let mut line = String::new();
    while !line.contains("listening") {
        line.clear();
        if lines.read_line(&mut line).map_err(|error| error.to_string())? == 0 {
            return Err("iperf3 does not serve".to_owned());
        }
    }
    let mut client = Command::new("iperf3");
    client.args(["-c", "127.0.0.1", "-p", &port, "-t", seconds, "-J"]).args(args);
    number(&mut client, "/end/sum_received/bits_per_second")
}
