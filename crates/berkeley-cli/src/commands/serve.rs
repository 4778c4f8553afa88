//! `serve`: answer at an address.

mod clients;
mod run;

use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use berkeley::{
    Addr, Endpoint, Errno, Family, Protocol, Server, Socket, Target, Type, UnixAddr, opt,
};
use clap::Args;
use serde_json::json;

use crate::args::{Global, duration};
use crate::failure::{Exit, Failure};
use crate::place;
use crate::view::View;

/// Serve at an address
///
/// Without more it prints who connects and what comes. One thread serves as many connections as the
/// limit of open files allows; more threads share an IP port (SO_REUSEPORT).
///
/// At Ctrl-C or SIGTERM it accepts nobody more, and ends when the connections that are open have
/// ended, or after the time of --drain; a second one ends it at once.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  berkeley serve :8000 --echo\n  \
berkeley serve udp://:8000 unix:/tmp/x.sock\n  berkeley serve 127.0.0.1:0 --file page.html --once")]
pub(crate) struct Arguments {
    /// The addresses; port 0 is any free one
    #[arg(required = true, value_name = "ADDRESS")]
    places: Vec<String>,
    #[command(flatten)]
    answer: AnswerArguments,
    /// End when the first connection has ended, or after the first datagram
    #[arg(short = '1', long)]
    once: bool,
    /// How many connections at once; others wait
    #[arg(long, value_name = "N")]
    max_conns: Option<usize>,
    /// Share the port with other servers that do the same
    #[arg(long)]
    reuseport: bool,
    /// How many threads serve an IP port; 0: one for each processor
    #[arg(long, value_name = "N", default_value_t = 1,
        conflicts_with_all = ["once", "max_conns"])]
    threads: usize,
    /// How long open connections have to end after Ctrl-C; 0: none at all
    #[arg(long, value_name = "DURATION", default_value = "5", value_parser = duration)]
    drain: Duration,
    #[arg(short = 'l', hide = true)]
    listen: bool,
    #[arg(short = 'k', hide = true)]
    keep: bool,
}

/// What to do with what comes: one of these, or print it.
#[derive(Args, Debug)]
#[group(multiple = false)]
struct AnswerArguments {
    /// Send everything back
    #[arg(long)]
    echo: bool,
    /// Throw everything away
    #[arg(long)]
    discard: bool,
    /// Send letters without end
    #[arg(long)]
    chargen: bool,
    /// Send this file to each connection
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// What is done with a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Answer {
    Print,
    Echo,
    Discard,
    Chargen,
    File(PathBuf),
}

/// A socket that is served at, and the file to remove with it.
pub(crate) struct Place {
    pub(crate) socket: Socket,
    /// The kind of place, with its address.
    pub(crate) endpoint: Endpoint,
    /// Whether there are connections to accept.
    accepts: bool,
    path: Option<PathBuf>,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Gone already is as good.
            let _ = std::fs::remove_file(path);
        }
    }
}

pub(crate) fn run(arguments: &Arguments, global: &Global, view: &View) -> Result<(), Failure> {
    if arguments.listen || arguments.keep {
        let place = arguments.places.join(" ");
        return Err(Failure::usage("-l and -k are not needed: serve listens, and goes on")
            .help(format!("berkeley serve {place}")));
    }
    let answer = match &arguments.answer {
        AnswerArguments { echo: true, .. } => Answer::Echo,
        AnswerArguments { discard: true, .. } => Answer::Discard,
        AnswerArguments { chargen: true, .. } => Answer::Chargen,
        AnswerArguments { file: Some(file), .. } => {
            std::fs::File::open(file)
                .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
            Answer::File(file.clone())
        }
        _ => Answer::Print,
    };
    // As many connections as the system allows; where it allows no more, that is what there is.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let mut places = Vec::new();
    let threads = match arguments.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        some => some,
    };
    let shared = arguments.reuseport || threads > 1;
    for text in &arguments.places {
        let place = open(text, shared, global)?;
        announce(&place, view)?;
        places.push(place);
    }
    let mut shares = Vec::new();
    for _ in 1..threads {
        let others = places.iter().filter_map(|place| again(place, global).transpose());
        shares.push(others.collect::<Result<Vec<_>, _>>()?);
    }
    shares.retain(|places| !places.is_empty());
    shares.push(places);
    let start = Instant::now();
    let (totals, ended) = serve(shares, &answer, arguments, view)?;
    let seconds = start.elapsed().as_secs_f64();
    view.note(format_args!(
        "served in {seconds:.1} s: connections {}, datagrams {}, {} B in, {} B out",
        totals.connections, totals.datagrams, totals.received, totals.sent
    ));
    view.result(&json!({
        "schema": "berkeley.serve/1",
        "ok": ended.is_ok(),
        "connections": totals.connections,
        "datagrams": totals.datagrams,
        "received": totals.received,
        "sent": totals.sent,
        "seconds": seconds,
    }))?;
    ended
}

/// Serves with a thread for each share of the places, until one of them ends.
fn serve(
    shares: Vec<Vec<Place>>,
    answer: &Answer,
    arguments: &Arguments,
    view: &View,
) -> Result<(run::Totals, Result<(), Failure>), Failure> {
    let number = AtomicU64::new(0);
    let mut loops = Vec::new();
    for places in shares {
        loops.push(run::Loop::new(places, answer.clone(), arguments, &number, view)?);
    }
    let stops = loops.iter().map(run::Loop::stop).collect::<Result<Vec<_>, _>>()?;
    let serve = |server: &mut run::Loop<'_>| {
        let ended = server.run();
        // A signal has been told to every loop, and each lets its own clients end.
        if !ended.as_ref().is_err_and(|failure| failure.exit == Exit::Interrupted) {
            for stop in &stops {
                // Who has ended already does not read it.
                let _ = stop.send(run::END);
            }
        }
        (server.totals(), ended)
    };
    let mut results = std::thread::scope(|scope| {
        let threads: Vec<_> =
            loops.iter_mut().map(|server| scope.spawn(|| serve(server))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect::<Vec<_>>()
    });
    let totals = results.iter().fold(run::Totals::default(), |sum, (totals, _)| sum.plus(totals));
    // What is no order to end is the reason of all.
    results.sort_by_key(|(_, ended)| {
        ended.as_ref().err().is_none_or(|failure| failure.exit == Exit::Interrupted)
    });
    let ended = results.into_iter().next().map_or(Ok(()), |(_, ended)| ended);
    Ok((totals, ended))
}

/// Another socket at the address of a place, for another thread; none where the address cannot be
/// shared.
fn again(place: &Place, global: &Global) -> Result<Option<Place>, Failure> {
    let socket = &place.socket;
    let shares = matches!(socket.family(), Family::INET | Family::INET6)
        && matches!(socket.ty(), Type::STREAM | Type::DGRAM)
        && !matches!(socket.protocol(), Protocol::SCTP | Protocol::DCCP);
    shares.then(|| open_at(&place.endpoint, serves_both(socket), true, global)).transpose()
}

/// Opens the socket that serves at an address.
pub(crate) fn open(text: &str, shared: bool, global: &Global) -> Result<Place, Failure> {
    let endpoint = place::endpoint(text, false, global)?;
    open_at(&endpoint, is_wildcard(&endpoint), shared, global)
}

/// The same, for both versions of IP if they are meant.
fn open_at(
    endpoint: &Endpoint,
    both: bool,
    shared: bool,
    global: &Global,
) -> Result<Place, Failure> {
    let endpoint = endpoint.clone();
    let mut server = Server::new().reuse_port(shared);
    for (level, number, value) in place::options(&endpoint, global)? {
        server = server.option(level, number, &value);
    }
    let socket = match both {
        // One socket for IPv4 and IPv6, or IPv4 alone where there is no IPv6.
        true => match server.clone().dual_stack(true).listen(&endpoint) {
            Err(error) if !is_taken(&error) => server.listen(&endpoint),
            result => result,
        },
        false => listen_at_path(&server, &endpoint),
    };
    let socket = socket.map_err(|error| Failure::of_serving(error, endpoint.ty()))?;
    let path = match (endpoint.target(), socket.local_addr()) {
        (Target::Addr(_), Ok(addr)) => match addr.to_unix() {
            Some(UnixAddr::Path(path)) => Some(path.to_owned()),
            _ => None,
        },
        _ => None,
    };
    socket.set_nonblocking(true)?;
    let endpoint = match endpoint.target() {
        Target::Fd(_) => Endpoint::of_addr(&socket.local_addr()?, socket.ty()).unwrap_or(endpoint),
        // A service of TIPC has names; its socket's own address is nobody's business.
        _ if endpoint.family() == Family::TIPC => endpoint,
        _ => endpoint.at(socket.local_addr()?),
    };
    // A socket of SCTP that listens may be all of its associations itself.
    let many = (socket.ty(), socket.protocol()) == (Type::SEQPACKET, Protocol::SCTP);
    let accepts = !many && socket.get(opt::SO_ACCEPTCONN)?;
    Ok(Place { socket, endpoint, accepts, path })
}

/// Whether both IP versions are meant: no host, and none of them named.
fn is_wildcard(endpoint: &Endpoint) -> bool {
    matches!(endpoint.target(), Target::Host { host: None, .. })
        && matches!(endpoint.scheme().name, "tcp" | "udp")
}

/// Whether a socket of IPv6 is one of IPv4 too.
fn serves_both(socket: &Socket) -> bool {
    socket.family() == Family::INET6 && socket.get(opt::IPV6_V6ONLY).is_ok_and(|only| !only)
}

fn is_taken(error: &berkeley::Error) -> bool {
    error.errno() == Some(Errno::EADDRINUSE)
}

/// Listens; the file of a UNIX server that is gone is replaced, that of a living one is not.
fn listen_at_path(server: &Server, endpoint: &Endpoint) -> berkeley::Result<Socket> {
    let path = match endpoint.target() {
        Target::Addr(addr) => match addr.to_unix() {
            Some(UnixAddr::Path(path)) => Some((path.to_owned(), *addr)),
            _ => None,
        },
        _ => None,
    };
    match (server.listen(endpoint), path) {
        (Err(error), Some((path, addr))) if is_taken(&error) && is_dead(endpoint, &addr) => {
            let _ = std::fs::remove_file(path);
            server.listen(endpoint)
        }
        (result, _) => result,
    }
}

/// Whether nobody has a socket at this path any more.
fn is_dead(endpoint: &Endpoint, addr: &Addr) -> bool {
    let probe = Socket::new(endpoint.family(), endpoint.ty(), endpoint.protocol());
    probe.and_then(|probe| probe.connect_ex(addr)).is_ok_and(|errno| errno == Errno::ECONNREFUSED)
}

fn announce(place: &Place, view: &View) -> Result<(), Failure> {
    let socket = &place.socket;
    let addr = socket.local_addr()?;
    let both = serves_both(socket);
    let endpoint = place.endpoint.to_string();
    let versions = if both { " (IPv4 and IPv6)" } else { "" };
    view.line(format_args!("listening on {endpoint}{versions}"))?;
    view.event(&json!({
        "event": "listening", "addr": addr.to_string(), "endpoint": endpoint, "port": addr.port(),
    }))?;
    if view.tells_people() {
        let scheme = place.endpoint.scheme().name;
        let to = match (addr.port(), scheme) {
            (Some(port), "tcp" | "tcp4" | "tcp6") => format!("localhost:{port}"),
            (Some(port), _) => format!("{scheme}://localhost:{port}"),
            (None, _) => endpoint,
        };
        view.note(format_args!("try: berkeley connect {to}     stop: Ctrl-C"));
    }
    Ok(())
}

/// How a server ends that was told to.
fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, "")
}
