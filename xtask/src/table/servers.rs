//! `berkeley serve` and a proxy beside other servers, all asked by the same client.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Options;
use super::line::{Line, Other, Target, thousands};
use super::running::{Memory, Running, answer, free_port, number, ours, peak};
use crate::run::is_installed;

/// Over how many connections an echo is measured, and of how many bytes.
const CONNECTIONS: [usize; 3] = [1, 100, 10_000];
const BYTES: [usize; 2] = [64, 65_536];

/// More processes than this for one measurement are too much for a machine with other work.
const MOST_PROCESSES: usize = 100;

/// What echoes: its name, how it is started at a port, and whether it needs a process for each
/// connection. A port of zero is any, of which it tells.
struct Server {
    name: &'static str,
    program: &'static str,
    command: fn(u16) -> Command,
    picks_port: bool,
    forks: bool,
}

/// Ours first.
const SERVERS: [Server; 5] = [
    Server { name: "serve", program: "", command: serve, picks_port: true, forks: false },
    Server {
        name: "--threads 2",
        program: "",
        command: serve_by_two,
        picks_port: true,
        forks: false,
    },
    Server { name: "tokio", program: "", command: tokio, picks_port: true, forks: false },
    Server { name: "socat", program: "socat", command: socat, picks_port: false, forks: true },
    Server { name: "ncat", program: "ncat", command: ncat, picks_port: false, forks: true },
];

fn serve(_: u16) -> Command {
    let mut command = ours("berkeley");
    command.args(["serve", "127.0.0.1:0", "--echo", "--quiet"]);
    command
}

fn serve_by_two(port: u16) -> Command {
    let mut command = serve(port);
    command.args(["--threads", "2"]);
    command
}

/// With a buffer for the longest message: with the usual one it would be slower there.
fn tokio(_: u16) -> Command {
    let mut command = ours("tokio_echo");
    command.arg("65536");
    command
}

fn socat(port: u16) -> Command {
    let mut command = Command::new("socat");
    let listen = format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,nodelay,backlog=4096,fork");
    command.args(["-b", "65536", &listen, "PIPE"]);
    command
}

fn ncat(port: u16) -> Command {
    let mut command = Command::new("ncat");
    command.args(["-l", "-k", "--max-conns", "10000", "-e", "/bin/cat", "127.0.0.1"]);
    command.arg(port.to_string());
    command
}

impl Server {
    fn start(&self) -> Result<(Running, u16), String> {
        if self.picks_port {
            return Running::serve(&mut (self.command)(0));
        }
        if !is_installed(self.program) {
            return Err("not installed".to_owned());
        }
        let port = free_port()?;
        let mut command = (self.command)(port);
        Ok((Running::start(command.stdin(Stdio::null()).stderr(Stdio::null()))?, port))
    }

    /// How many echoes a second.
    fn echoes(&self, connections: usize, bytes: usize, seconds: f64) -> Result<f64, String> {
        if self.forks && connections > MOST_PROCESSES {
            return Err("a process for each connection".to_owned());
        }
        let (_server, port) = self.start()?;
        let mut client = ours("scale");
        client.args(["echo", &port.to_string(), &connections.to_string(), &bytes.to_string()]);
        number(client.arg(seconds.to_string()), "/per_second")
    }
}

/// The echo of every server, in turn.
pub(super) fn echo(options: &Options) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    for bytes in BYTES {
        for connections in CONNECTIONS {
            let all = in_turn(options.rounds, SERVERS.len(), |server| {
                let server = SERVERS.get(server).ok_or("no such server")?;
                server.echoes(connections, bytes, options.seconds)
            });
            let mut all = SERVERS.iter().zip(all);
            let (Some((_, one)), Some((_, two))) = (all.next(), all.next()) else { continue };
            let others: Vec<Other> =
                all.map(|(server, measured)| Other { name: server.name, measured }).collect();
            let of = if connections == 1 { "connection" } else { "connections" };
            let what =
                format!("echoes a second, {} {of}, {bytes} B", thousands(connections as f64));
            lines.push(Line::of(what.clone(), &one?, &others, thousands));
            if connections > 1 {
                let what = "the same with --threads 2".to_owned();
                lines.push(Line::of(what, &two?, &others, thousands).target(Target::None));
            }
        }
    }
    Ok(lines)
}

/// Measures each so often, all in turn, each round in the other order. One that cannot is not asked
/// again.
fn in_turn(
    rounds: usize,
    count: usize,
    mut measure: impl FnMut(usize) -> Result<f64, String>,
) -> Vec<Result<Vec<f64>, String>> {
    let mut all: Vec<Result<Vec<f64>, String>> = (0..count).map(|_| Ok(Vec::new())).collect();
    for round in 0..rounds {
        let mut order: Vec<_> = all.iter_mut().enumerate().collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for (number, measured) in order {
            let Ok(values) = measured else { continue };
            match measure(number) {
                Ok(value) => values.push(value),
                Err(why) => *measured = Err(why),
            }
        }
    }
    all
}

/// How many idle connections.
const IDLE: usize = 5000;

/// The memory of a server for one connection that has been answered once and says nothing more.
pub(super) fn idle(options: &Options) -> Result<Vec<Line>, String> {
    let servers: [fn() -> Command; 2] = [
        || serve(0),
        // With the small buffer of tokio's documentation.
        || ours("tokio_echo"),
    ];
    let mut all = in_turn(options.rounds.min(3), servers.len(), |number| {
        let server = servers.get(number).ok_or("no such server")?;
        one_idle(&mut server())
    })
    .into_iter();
    let (Some(one), Some(other)) = (all.next(), all.next()) else { return Ok(Vec::new()) };
    let others = [Other { name: "tokio", measured: other }];
    let what = format!("bytes for each of {} idle connections", thousands(IDLE as f64));
    Ok(vec![Line::of(what, &one?, &others, thousands).target(Target::AtMost(1.0))])
}

fn one_idle(command: &mut Command) -> Result<f64, String> {
    let (server, port) = Running::serve(command)?;
    let memory = || server.memory(Memory::Now).ok_or("no /proc");
    let before = memory()?;
    let mut client = ours("scale");
    client.args(["idle", &port.to_string(), &IDLE.to_string()]).stdin(Stdio::piped());
    let mut client = Running::start(&mut client)?;
    let said = client.line()?;
    if said.trim() != "ready" {
        return Err("not all connections were made".to_owned());
    }
    Ok((memory()? - before) * 1024.0 / IDLE as f64)
}

/// How long the file is.
const FILE: u64 = 1 << 30;

/// A file through a socket, and the memory that takes.
pub(super) fn file(options: &Options) -> Result<Vec<Line>, String> {
    let file = File::new()?;
    let ways: [Way; 3] = [by_serve, by_socat, by_ncat];
    let mut memory = vec![0.0_f64; ways.len()];
    let mut all = in_turn(options.rounds, ways.len(), |number| {
        let (programs, port) = ways.get(number).ok_or("no such way")?(&file.0)?;
        let mut client = ours("scale");
        client.args(["drain", &port.to_string()]);
        let (done, most) = peak(&programs, || answer(&mut client));
        if let Some(memory) = memory.get_mut(number) {
            *memory = memory.max(most);
        }
        let done = done?;
        let of = |name| done.get(name).and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN);
        if of("bytes") != FILE as f64 {
            return Err(format!("{} B came", of("bytes")));
        }
        Ok(of("bytes") / of("seconds"))
    })
    .into_iter();
    let (Some(one), Some(socat), Some(ncat)) = (all.next(), all.next(), all.next()) else {
        return Ok(Vec::new());
    };
    let others =
        [Other { name: "socat", measured: socat }, Other { name: "cat | ncat", measured: ncat }];
    let rate = Line::of("a file of 1 GiB to a socket".to_owned(), &one?, &others, gigabytes);
    let names = ["socat", "cat | ncat"];
    let mut numbers = memory.iter();
    let ours = numbers.next().copied().unwrap_or(f64::NAN);
    let beside =
        names.iter().zip(numbers).map(|(name, most)| format!("{name} {}", mebibytes(*most)));
    let beside: Vec<String> = beside.collect();
    let memory = Line {
        what: "the most memory meanwhile".to_owned(),
        ours: mebibytes(ours),
        beside: beside.join(", "),
        ratio: f64::NAN,
        target: Target::None,
    };
    Ok(vec![rate.target(Target::AtLeast(1.5)), memory])
}

fn gigabytes(rate: f64) -> String {
    format!("{:.2} GB/s", rate / 1e9)
}

fn mebibytes(kibibytes: f64) -> String {
    format!("{:.1} MiB", kibibytes / 1024.0)
}

/// What sends the file, and from where.
type Sending = (Vec<Running>, u16);
type Way = fn(&Path) -> Result<Sending, String>;

fn by_serve(file: &Path) -> Result<Sending, String> {
    let mut command = ours("berkeley");
    command.args(["serve", "127.0.0.1:0", "--quiet", "--file"]).arg(file);
    Running::serve(&mut command).map(|(server, port)| (vec![server], port))
}

fn by_socat(file: &Path) -> Result<Sending, String> {
    if !is_installed("socat") {
        return Err("not installed".to_owned());
    }
    let port = free_port()?;
    let mut command = Command::new("socat");
    command.arg("-u").arg(format!("FILE:{}", file.display()));
    command.arg(format!("TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr"));
    Ok((vec![Running::start(command.stdin(Stdio::null()))?], port))
}

fn by_ncat(file: &Path) -> Result<Sending, String> {
    if !is_installed("ncat") {
        return Err("not installed".to_owned());
    }
    let port = free_port()?;
    let mut cat = Running::start(Command::new("cat").arg(file))?;
    let piped = cat.0.stdout.take().ok_or("no output")?;
    let mut ncat = Command::new("ncat");
    ncat.args(["-l", "--send-only", "127.0.0.1", &port.to_string()]).stdin(piped);
    Ok((vec![Running::start(&mut ncat)?, cat], port))
}

/// A file that is there for as long as this.
struct File(PathBuf);

impl File {
    fn new() -> Result<File, String> {
        let path = std::env::temp_dir().join(format!("berkeley-table-{}", std::process::id()));
        let file = File(path);
        let fill = || {
            let (mut out, block) = (fs::File::create(&file.0)?, vec![0x5a; 1 << 20]);
            (0..FILE >> 20).try_for_each(|_| out.write_all(&block))
        };
        fill().map_err(|error: std::io::Error| format!("{}: {error}", file.0.display()))?;
        Ok(file)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = fs::remove_file(&self.0);
    }
}

/// What `berkeley bench` gets through a proxy.
pub(super) fn proxy(options: &Options) -> Result<Vec<Line>, String> {
    let (_target, port) =
        Running::serve(ours("berkeley").args(["bench", "-q", "--serve", "127.0.0.1:0"]))?;
    let ways: [&[&str]; 2] = [&[], &["--copy"]];
    let mut all = in_turn(options.rounds, ways.len(), |number| {
        let mut proxy = ours("examples/splice_proxy");
        proxy.args(["127.0.0.1:0", &format!("127.0.0.1:{port}")]);
        let (_proxy, port) =
            Running::serve(proxy.args(ways.get(number).copied().unwrap_or_default()))?;
        let mut client = ours("berkeley");
        client.args(["bench", &format!("127.0.0.1:{port}"), "--json", "--only", "throughput"]);
        client.args(["-t", &format!("{}", options.seconds)]);
        number_of_bytes(&mut client)
    })
    .into_iter();
    let (Some(one), Some(other)) = (all.next(), all.next()) else { return Ok(Vec::new()) };
    let others = [Other { name: "read and write", measured: other }];
    Ok(vec![Line::of("a proxy by splice".to_owned(), &one?, &others, gigabytes)])
}

fn number_of_bytes(client: &mut Command) -> Result<f64, String> {
    number(client, "/throughput/bits_per_second").map(|bits| bits / 8.0)
}
