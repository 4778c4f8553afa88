//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;

const EXAMPLES: &str = "\
Examples:
  berkeley demo                             watch a server and a client talk
  berkeley serve :8000 --echo               a server that sends everything back
  echo hello | berkeley connect :8000       talk to it
  berkeley resolve localhost                the addresses that programs get for a name
  berkeley who :8000                        which program has the port
  berkeley bench udp://:5400                how much gets to berkeley bench --serve :5400

Addresses:
  host:port  :8000  [::1]:80  tcp://host:port  tcp4://  tcp6://  udp://  udp4://  udp6://
  unix:path  unix:@name  unix-dgram:path  unix-seqpacket:path  icmp://host  fd:3
  mptcp://  sctp://  dccp://  udplite://  rds://  vsock:host:1024  tipc:1000:5  can:vcan0
  isotp:vcan0,rx=0x123,tx=0x456  packet:eth0  netlink:0  alg:hash:sha256  and more:
  berkeley families --all lists the words, and those that this kernel has
  and ?NAME=VALUE behind any of them for socket options: :8000?TCP_NODELAY=1

Exit status:
  0 done, 1 the answer is no, 2 usage, 6 name not found, 7 nobody answers, 28 timeout,
  45 address taken, 55 send failed, 56 receive failed, 77 right missing, 130 Ctrl-C";

/// Learn, test and debug networks.
#[derive(Parser, Debug)]
#[command(name = "berkeley", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    disable_help_flag = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// What every command takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// IPv4 only
    #[arg(short = '4', long = "ipv4", global = true, conflicts_with = "v6")]
    pub(crate) v4: bool,
    /// IPv6 only
    #[arg(short = '6', long = "ipv6", global = true)]
    pub(crate) v6: bool,
    /// Time limit: 2.5 (seconds), 300ms, 1m
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Set a socket option, by its name in C; may be repeated
    #[arg(long, global = true, value_name = "NAME=VALUE", value_parser = option)]
    pub(crate) opt: Vec<(String, String)>,
    /// Print one JSON object at the end
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print a JSON object a line as things happen, and that of --json last
    #[arg(long, global = true, conflicts_with = "json")]
    pub(crate) json_lines: bool,
    /// Print nothing but results and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Tell more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// Colours: auto, always, never
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(crate) color: When,
    /// The live line about a transfer: auto, always, never
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    #[arg(hide_default_value = true, hide_possible_values = true)]
    pub(crate) progress: When,
    /// Record every call of this command's sockets, for berkeley trace
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    // The long form of clap's own flag spreads each option over several lines.
    /// Print help
    #[arg(short, long, global = true, action = clap::ArgAction::HelpShort)]
    help: Option<bool>,
}

/// When to do what depends on a terminal.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum When {
    /// If there is a terminal
    Auto,
    /// In any case
    Always,
    /// Not at all
    Never,
}

/// The commands, each with a file of its own below `commands/`.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Demo(commands::demo::Arguments),
    #[command(alias = "listen")]
    Serve(commands::serve::Arguments),
    Connect(commands::connect::Arguments),
    Ping(commands::ping::Arguments),
    Bench(commands::bench::Arguments),
    Trace(commands::trace::Arguments),
    Resolve(commands::resolve::Arguments),
    Who(commands::who::Arguments),
    Options(commands::options::Arguments),
    Families(commands::families::Arguments),
    Explain(commands::explain::Arguments),
    Completions(commands::completions::Arguments),
    Man(commands::man::Arguments),
}

/// Reads `2.5` (seconds), `300ms`, `10us`, `1m`, `1h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let scale = match unit {
        "" | "s" => 1.0,
        "ms" => 1e-3,
        "us" => 1e-6,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("unknown unit {unit:?}; write 2.5, 300ms, 1m or 1h")),
    };
    let value: f64 =
        digits.parse().map_err(|_| "write 2.5 (seconds), 300ms, 1m or 1h".to_owned())?;
    Duration::try_from_secs_f64(value * scale).map_err(|_| "a duration is not negative".to_owned())
}

/// Reads `NAME=VALUE`.
fn option(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE, such as TCP_NODELAY=1".to_owned()),
    }
}
