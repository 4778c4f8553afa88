//! `cargo xtask iperf`: `berkeley bench` beside iperf3, on loopback.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::run::{cannot_start, cargo, is_installed, root, succeed};

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

/// A program that ends with this.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

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
    if !is_installed("iperf3") {
        return Err("install the Debian package iperf3".to_owned());
    }
    succeed(cargo().args(["build", "--release", "--quiet", "--package", "berkeley-cli"]))?;
    let program = root().join("target/release/berkeley");
    let (_ours, port) =
        serve(Command::new(&program).args(["bench", "-q", "--serve", "127.0.0.1:0"]))?;
    println!("  {:<16}{:>14}{:>14}{:>8}", "Gbit/s received", "berkeley", "iperf3", "ratio");
    for (name, ours, theirs) in CASES {
        let (mut pairs, limit) = (Vec::new(), seconds.to_string());
        for round in 0..rounds {
            let (way, rest) = ours.split_first().unwrap_or((&"tcp", &[]));
            let mut berkeley = Command::new(&program);
            berkeley.args(["bench", &format!("{way}://127.0.0.1:{port}"), "--json"]);
            berkeley.args(["--only", "throughput", "-t", &limit]).args(rest);
            let ours = || rate(&mut berkeley, "/throughput/bits_per_second");
            let theirs = || beside(theirs, &limit);
            // Neither is always behind the other.
            let pair = match round % 2 {
                0 => (ours, theirs).both()?,
                _ => (theirs, ours).both().map(|(theirs, ours)| (ours, theirs))?,
            };
            pairs.push(pair);
        }
        let median = |mut all: Vec<f64>| {
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
        };
        println!(
            "  {name:<16}{:>14.2}{:>14.2}{:>8.2}",
            median(pairs.iter().map(|(ours, _)| ours / 1e9).collect()),
            median(pairs.iter().map(|(_, theirs)| theirs / 1e9).collect()),
            median(pairs.iter().map(|(ours, theirs)| ours / theirs).collect()),
        );
    }
    Ok(())
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
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = free.map_err(|error| error.to_string())?.port().to_string();
    let mut server = Command::new("iperf3");
    server.args(["-s", "-1", "-B", "127.0.0.1", "-p", &port, "--forceflush"]);
    let server = spawn(&mut server)?;
    let mut server = Server(server);
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
    rate(&mut client, "/end/sum_received/bits_per_second")
}

/// Starts our server, and says at which port it listens.
fn serve(command: &mut Command) -> Result<(Server, u16), String> {
    let mut server = Server(spawn(command)?);
    let mut line = String::new();
    if let Some(output) = server.0.stdout.take() {
        BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
    }
    let port = line.trim_end().rsplit(':').next().and_then(|port| port.parse().ok());
    Ok((server, port.ok_or_else(|| format!("it says {line:?}"))?))
}

fn spawn(command: &mut Command) -> Result<Child, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.spawn().map_err(|error| cannot_start(command, &error))
}

/// The number at this place of what a command prints.
fn rate(command: &mut Command, place: &str) -> Result<f64, String> {
    let output = command.output().map_err(|error| cannot_start(command, &error))?;
    let result: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let said = || String::from_utf8_lossy(&output.stderr).into_owned();
    result.pointer(place).and_then(Value::as_f64).ok_or_else(said)
}
