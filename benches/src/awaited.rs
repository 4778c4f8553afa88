//! What an awaited socket costs beside Tokio's own: echo servers over 1, 100 and 10,000 TCP
//! connections, and datagrams.
//!
//! Each server is a process of its own with one thread; the client is the same for all, Tokio's. The
//! libraries take turns, and each turn of one is compared with the turn of the other beside it.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use berkeley::batch::RecvBatch;
use berkeley::{Family, Protocol, Type};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::runtime::{Builder, Runtime};

use crate::raw;

/// The argument that makes this program an echo server: of a library, with a buffer of a size.
pub(crate) const SERVE: &str = "--serve-awaited";

/// The libraries. The second is this one as `AsyncRead` and `AsyncWrite`, which is how hyper and its
/// like use it.
const LIBRARIES: [&str; 3] = ["tokio::net", "AsyncRead", "berkeley"];

const SIZES: [usize; 2] = [64, 16 << 10];
const CONNECTIONS: [usize; 3] = [1, 100, 10_000];
const DATAGRAMS: [usize; 2] = [64, 1200];

/// With fewer rounds than these only what takes seconds is measured: the most connections take two
/// minutes.
const WHOLE: usize = 1000;
/// How many turns each library has, then and otherwise, and messages in one.
const TURNS: usize = 5;
const FEWER_TURNS: usize = 3;
const MESSAGES: usize = 10_000;
/// How many are counted under strace.
const COUNTED: usize = 2_000;
/// Datagrams that are under way at once, and bursts of them in one turn.
const BURST: usize = 32;
const BURSTS: usize = 500;

/// What an awaited message cost each library.
#[derive(Debug)]
pub(crate) struct Row {
    name: String,
    /// For each library but Tokio's own: how many times as many messages in the same time.
    speed: Vec<f64>,
    /// System calls for a message, and allocations, of each library.
    system_calls: Vec<Option<f64>>,
    allocations: Vec<Option<f64>>,
    /// How many times as fast it has to be.
    target: f64,
}

/// Measures all that have this in their names: wholly, or what is quick.
pub(crate) fn all(rounds: usize, only: &str) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let turns = if rounds < WHOLE { FEWER_TURNS } else { TURNS };
    rlimit::increase_nofile_limit(u64::MAX)?;
    for size in SIZES {
        for connections in CONNECTIONS {
            let name = format!("awaited echo, {size} B, {connections} conn.");
            if !name.contains(only) {
                continue;
            }
            if rounds < WHOLE && CONNECTIONS.iter().all(|fewer| *fewer <= connections) {
                eprintln!("leaving out {name}: it is measured with --rounds {WHOLE} or more");
                continue;
            }
            eprintln!("measuring {name}");
            rows.push(echoes(name, (size, connections), turns)?);
        }
    }
    for size in DATAGRAMS {
        let name = format!("awaited udp, {size} B");
        if name.contains(only) {
            eprintln!("measuring {name}");
            rows.push(datagrams(name, size, turns)?);
        }
    }
    Ok(rows)
}

/// One table for each quantity.
pub(crate) fn table(rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    let mut part = |title: &str, heads: &[&str], cells: &dyn Fn(&Row) -> Vec<Option<f64>>| {
        let heads = heads.iter().fold(String::new(), |line, head| format!("{line}{head:>12}"));
        let _ = writeln!(text, "{title}\n  {:<36}{heads}", "");
        for row in rows {
            let cells = cells(row).into_iter().fold(String::new(), |line, cell| {
                let cell = cell.filter(|cell| cell.is_finite());
                let cell = cell.map_or("-".to_owned(), |cell| format!("{cell:.2}"));
                format!("{line}{cell:>12}")
            });
            let _ = writeln!(text, "  {:<36}{cells}", row.name);
        }
        let _ = writeln!(text);
    };
    let others = LIBRARIES.get(1..).unwrap_or_default();
    part("messages in the same time, over tokio::net's", others, &|row| {
        row.speed.iter().map(|speed| Some(*speed)).collect()
    });
    part("system calls per message, of the server", &LIBRARIES, &|row| row.system_calls.clone());
    part("allocations per message, of the server", &LIBRARIES, &|row| row.allocations.clone());
    text
}

/// The rows as JSON, an array.
pub(crate) fn json(rows: &[Row]) -> String {
    let list = |values: &[Option<f64>]| {
        let values = values
            .iter()
            .map(|v| v.filter(|v| v.is_finite()).map_or("null".to_owned(), |v| v.to_string()));
        values.collect::<Vec<_>>().join(",")
    };
    let rows = rows.iter().map(|row| {
        let speed: Vec<_> = row.speed.iter().map(|speed| Some(*speed)).collect();
        format!(
            r#"{{"case":"{}","speed":[{}],"system_calls":[{}],"allocations":[{}]}}"#,
            row.name,
            list(&speed),
            list(&row.system_calls),
            list(&row.allocations)
        )
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(","))
}

/// What misses its target. Of two programs that do the same, one in twenty is noise.
pub(crate) fn misses(rows: &[Row]) -> Vec<String> {
    let mut misses = Vec::new();
    for row in rows {
        if let Some(speed) = row.speed.last().filter(|speed| **speed < row.target * 0.95) {
            misses.push(format!("{}: {speed:.2} times tokio::net", row.name));
        }
        for (what, costs) in
            [("system calls", &row.system_calls), ("allocations", &row.allocations)]
        {
            let (theirs, ours) =
                (costs.first().copied().flatten(), costs.last().copied().flatten());
            let more = theirs.zip(ours).filter(|(theirs, ours)| *ours > theirs * 1.02 + 0.01);
            if let Some((theirs, ours)) = more {
                misses.push(format!("{}: {ours:.2} {what}, and {theirs:.2}", row.name));
            }
        }
    }
    misses
}

fn echoes(name: String, (size, connections): (usize, usize), turns: usize) -> io::Result<Row> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let (mut speeds, mut allocations) = (vec![Vec::new(); LIBRARIES.len()], Vec::new());
    for turn in 0..turns {
        let mut order: Vec<usize> = (0..LIBRARIES.len()).collect();
        if turn % 2 == 1 {
            order.reverse();
        }
        let mut times = vec![0.0; LIBRARIES.len()];
        for number in order {
            let library = LIBRARIES.get(number).copied().unwrap_or_default();
            let (took, allocated) = one_turn(&runtime, library, (size, connections), None)?;
            if let Some(time) = times.get_mut(number) {
                *time = took;
            }
            if turn == 0 {
                allocations.push((number, allocated));
            }
        }
        let theirs = times.first().copied().unwrap_or(f64::NAN);
        for (speed, time) in speeds.iter_mut().zip(times) {
            speed.push(theirs / time);
        }
    }
    let mut system_calls = Vec::new();
    for library in LIBRARIES {
        system_calls.push(count_calls(&runtime, library, (size, connections))?);
    }
    allocations.sort_by_key(|(number, _)| *number);
    Ok(Row {
        name,
        speed: speeds.into_iter().skip(1).map(median).collect(),
        system_calls,
        allocations: allocations.into_iter().map(|(_, allocated)| Some(allocated)).collect(),
        target: 1.0,
    })
}

/// A server, and the messages of one turn: the seconds that they took, and the allocations of each.
fn one_turn(
    runtime: &Runtime,
    library: &str,
    (size, connections): (usize, usize),
    strace: Option<&PathBuf>,
) -> io::Result<(f64, f64)> {
    let mut server = Server::start(library, size, strace)?;
    let messages = if strace.is_some() { COUNTED.max(connections) } else { MESSAGES };
    let each = messages / connections;
    let streams = runtime.block_on(connect(server.addr, connections))?;
    // The first message of each is not like the others.
    let (streams, _) = runtime.block_on(talk(streams, size, 1))?;
    let before = server.mark()?;
    let (_streams, took) = runtime.block_on(talk(streams, size, each))?;
    let after = server.mark()?;
    Ok((took, (after - before) as f64 / (each * connections) as f64))
}

fn count_calls(
    runtime: &Runtime,
    library: &str,
    (size, connections): (usize, usize),
) -> io::Result<Option<f64>> {
    let out = std::env::temp_dir().join(format!("berkeley-bench-{}.awaited", std::process::id()));
    match one_turn(runtime, library, (size, connections), Some(&out)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        turn => turn?,
    };
    let text = std::fs::read_to_string(&out)?;
    let _ = std::fs::remove_file(&out);
    let is_mark = |line: &&str| line.contains("write(1, \"mark");
    let between = text.lines().skip_while(|line| !is_mark(line)).skip(1);
    let calls = between.take_while(|line| !is_mark(line)).filter(|line| {
        // The thread that waits for marks, and second halves of lines.
        !line.contains("read(0,") && !line.contains("resumed>") && line.contains('(')
    });
    let messages = COUNTED.max(connections) / connections * connections;
    Ok(Some(calls.count() as f64 / messages as f64))
}

async fn connect(addr: SocketAddr, count: usize) -> io::Result<Vec<TcpStream>> {
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let stream = TcpSocket::new_v4()?.connect(addr).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    Ok(streams)
}

/// Each connection sends a message and receives it back, so many times: the seconds of all.
async fn talk(
    streams: Vec<TcpStream>,
    size: usize,
    times: usize,
) -> io::Result<(Vec<TcpStream>, f64)> {
    let start = Instant::now();
    let tasks: Vec<_> = streams
        .into_iter()
        .map(|mut stream| {
            tokio::spawn(async move {
                let (message, mut back) = (vec![7; size], vec![0; size]);
                for _ in 0..times {
                    stream.write_all(&message).await?;
                    stream.read_exact(&mut back).await?;
                }
                io::Result::Ok(stream)
            })
        })
        .collect();
    let mut streams = Vec::with_capacity(tasks.len());
    for task in tasks {
        streams.push(task.await.map_err(io::Error::other)??);
    }
    Ok((streams, start.elapsed().as_secs_f64()))
}

/// An echo server in a process of its own, which ends with its input.
struct Server {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    addr: SocketAddr,
}

impl Server {
    fn start(library: &str, size: usize, strace: Option<&PathBuf>) -> io::Result<Server> {
        let this = std::env::current_exe()?;
        let mut command = match strace {
            None => Command::new(this),
            Some(out) => {
                let mut command = Command::new("strace");
                command.args(["-f", "-qq", "-s", "8", "-o"]).arg(out).arg(this);
                command
            }
        };
        command.args([SERVE, library, &(2 * size).to_string()]);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let broken = || io::Error::other("the server has no input or output");
        let input = process.stdin.take().ok_or_else(broken)?;
        let mut output = BufReader::new(process.stdout.take().ok_or_else(broken)?);
        let mut line = String::new();
        output.read_line(&mut line)?;
        let addr = line.trim().parse().map_err(io::Error::other)?;
        Ok(Server { process, input, output, addr })
    }

    /// Lets the server leave a mark between its system calls, and say how often it has allocated.
    fn mark(&mut self) -> io::Result<u64> {
        self.input.write_all(b"mark\n")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let count = line.trim().strip_prefix("mark ").unwrap_or_default();
        count.parse().map_err(io::Error::other)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.input.write_all(b"end\n");
        let _ = self.process.wait();
    }
}

/// What this program does as an echo server.
pub(crate) fn serve(mut args: impl Iterator<Item = String>) -> io::Result<()> {
    let library = args.next().unwrap_or_default();
    let size = args.next().and_then(|size| size.parse().ok()).unwrap_or(4096);
    std::thread::spawn(|| {
        for line in io::stdin().lines().map_while(Result::ok) {
            match line.as_str() {
                "mark" => println!("mark {}", raw::allocations()),
                _ => break,
            }
        }
        std::process::exit(0);
    });
    Builder::new_current_thread().enable_io().build()?.block_on(async {
        match library.as_str() {
            "tokio::net" => {
                let socket = TcpSocket::new_v4()?;
                socket.bind(([127, 0, 0, 1], 0).into())?;
                let listener = socket.listen(u32::MAX)?;
                println!("{}", listener.local_addr()?);
                loop {
                    let (stream, _) = listener.accept().await?;
                    tokio::spawn(echo_by_traits(stream, size));
                }
            }
            _ => {
                let listener = berkeley::tokio::create_server("127.0.0.1:0").await?;
                println!("{}", listener.local_addr()?);
                loop {
                    let (sock, _) = listener.accept().await?;
                    match library.as_str() {
                        "AsyncRead" => tokio::spawn(echo_by_traits(sock, size)),
                        _ => tokio::spawn(echo(sock, size)),
                    };
                }
            }
        }
    })
}

async fn echo_by_traits(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    size: usize,
) -> io::Result<()> {
    let mut buffer = vec![0; size];
    loop {
        let len = stream.read(&mut buffer).await?;
        match buffer.get(..len) {
            None | Some([]) => return Ok(()),
            Some(data) => stream.write_all(data).await?,
        }
    }
}

async fn echo(sock: berkeley::tokio::Socket, size: usize) -> io::Result<()> {
    let mut buffer = vec![0; size];
    loop {
        let len = sock.recv(&mut buffer).await?;
        match buffer.get(..len) {
            None | Some([]) => return Ok(()),
            Some(data) => sock.send_all(data).await?,
        }
    }
}

/// Bursts of datagrams from one socket to another: ours with offload both ways.
fn datagrams(name: String, size: usize, turns: usize) -> io::Result<Row> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let (theirs, ours) = (TokioUdp::new().await?, OwnUdp::new().await?);
        let (mut ratios, mut allocated) = (Vec::new(), [0, 0]);
        for _ in 0..turns {
            let start = raw::allocations();
            let their_time = theirs.turn(size).await?;
            let middle = raw::allocations();
            ratios.push(their_time / ours.turn(size).await?);
            let [by_them, by_us] = &mut allocated;
            *by_them += middle - start;
            *by_us += raw::allocations() - middle;
        }
        let messages = (turns * BURSTS * BURST) as f64;
        let [by_them, by_us] = allocated.map(|count| Some(count as f64 / messages));
        // Datagrams do not come by `AsyncRead`.
        let (system_calls, allocations) = (vec![None; LIBRARIES.len()], vec![by_them, None, by_us]);
        Ok(Row {
            name,
            speed: vec![f64::NAN, median(ratios)],
            system_calls,
            allocations,
            target: 5.0,
        })
    })
}

struct TokioUdp(UdpSocket, UdpSocket);

impl TokioUdp {
    async fn new() -> io::Result<TokioUdp> {
        let from = UdpSocket::bind("127.0.0.1:0").await?;
        let to = UdpSocket::bind("127.0.0.1:0").await?;
        from.connect(to.local_addr()?).await?;
        Ok(TokioUdp(from, to))
    }

    async fn turn(&self, size: usize) -> io::Result<f64> {
        let (data, mut room) = (vec![7; size], vec![0; 2048]);
        let start = Instant::now();
        for _ in 0..BURSTS {
            for _ in 0..BURST {
                self.0.send(&data).await?;
            }
            for _ in 0..BURST {
                self.1.recv_from(&mut room).await?;
            }
        }
        Ok(start.elapsed().as_secs_f64())
    }
}

struct OwnUdp(berkeley::tokio::Socket, berkeley::tokio::Socket);

impl OwnUdp {
    async fn new() -> io::Result<OwnUdp> {
        let udp = || berkeley::tokio::Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT);
        let (from, to) = (udp()?, udp()?);
        to.bind("127.0.0.1:0").await?;
        to.plain().set_recv_offload(true)?;
        from.connect(to.local_addr()?).await?;
        Ok(OwnUdp(from, to))
    }

    async fn turn(&self, size: usize) -> io::Result<f64> {
        let data = vec![7; size * BURST];
        let mut batch = RecvBatch::new(BURST, RecvBatch::OFFLOAD_BYTES);
        let start = Instant::now();
        for _ in 0..BURSTS {
            self.0.send_segments(&data, size, ()).await?;
            let mut arrived = 0;
            while arrived < BURST {
                arrived += self.1.recv_batch(&mut batch).await?;
            }
        }
        Ok(start.elapsed().as_secs_f64())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
