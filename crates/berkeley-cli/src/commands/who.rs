//! `who`: which program has a port or a socket.

use berkeley::{Addr, Endpoint, Family, OpenSocket, Target, Type, UnixAddr, open_sockets};
use clap::Args;
use serde_json::{Value, json};

use crate::args::Global;
use crate::failure::{Exit, Failure};
use crate::place;
use crate::view::{DIM, STRONG, View};

/// Which program has a port or a socket
///
/// Without an address: every socket that listens. Programs of other users are seen as root only.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  berkeley who :8000\n  berkeley who unix:/run/x.sock\n  \
berkeley who 4321          the sockets of a process, if no port has that number\n  berkeley who --all --tcp")]
pub(crate) struct Arguments {
    /// An address, a port, or the number of a process
    what: Option<String>,
    /// Sockets that do not listen too
    #[arg(short, long)]
    all: bool,
    /// TCP
    #[arg(short, long)]
    tcp: bool,
    /// UDP
    #[arg(short, long)]
    udp: bool,
    /// UNIX
    #[arg(short = 'x', long)]
    unix: bool,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, view: &View) -> Result<(), Failure> {
    let wanted = arguments.what.as_deref().map(|text| Wanted::read(text, global)).transpose()?;
    let mut sockets = open_sockets()?;
    sockets.retain(|socket| arguments.is_kind(socket) && is_family(global.family(), socket));
    match &wanted {
        // Who has it first, then who is connected to it.
        Some(wanted) => sockets.retain(|socket| wanted.fits(socket)),
        None if arguments.all => {}
        None => sockets.retain(is_open_to_others),
    }
    sockets.sort_by_key(|socket| {
        (socket.family, socket.ty, !is_open_to_others(socket), socket.local.port())
    });
    if sockets.is_empty() {
        let what = arguments.what.as_deref().unwrap_or("that kind");
        return Err(Failure::new(Exit::No, format!("no program has a socket at {what}")));
    }
    for socket in &sockets {
        view.line(describe(socket))?;
    }
    let hidden =
        sockets.iter().filter(|socket| socket.owners.is_empty() && socket.inode != 0).count();
    if hidden > 0 {
        view.note(format_args!(
            "{hidden} belong to programs of other users or to the kernel; root sees the former"
        ));
    }
    view.result(&json!({
        "schema": "berkeley.who/1",
        "ok": true,
        "sockets": sockets.iter().map(to_json).collect::<Vec<_>>(),
    }))
}

/// What was asked for.
enum Wanted {
    Addr(Addr, Type),
    /// A port, of any address; or a process.
    Number(u16),
    Process(u32),
}

impl Wanted {
    fn read(text: &str, global: &Global) -> Result<Wanted, Failure> {
        let digits = text.strip_prefix(':').unwrap_or(text);
        if let Ok(port) = digits.parse() {
            return Ok(Wanted::Number(port));
        }
        if let Ok(pid) = text.parse() {
            return Ok(Wanted::Process(pid));
        }
        let endpoint: Endpoint = place::endpoint(text, false, global)?;
        if let Target::Fd(_) = endpoint.target() {
            return Err(Failure::usage("a descriptor is known to its own process only"));
        }
        let answers = berkeley::resolve(&endpoint, berkeley::AddrInfoFlags::PASSIVE)?;
        match answers.first() {
            Some(first) => Ok(Wanted::Addr(first.addr, endpoint.ty())),
            None => Err(Failure::new(Exit::Name, format!("{text} has no address"))),
        }
    }

    fn fits(&self, socket: &OpenSocket) -> bool {
        let of_process = |pid| socket.owners.iter().any(|owner| owner.pid == pid);
        match self {
            Wanted::Number(number) => {
                socket.local.port() == Some(*number) || of_process(u32::from(*number))
            }
            Wanted::Process(pid) => of_process(*pid),
            Wanted::Addr(addr, ty) => {
                let any = |addr: &Addr| addr.to_ip().is_some_and(|ip| ip.ip().is_unspecified());
                let port = addr.port().is_some() && addr.port() == socket.local.port();
                socket.ty == *ty
                    && (socket.local == *addr || port && (any(addr) || any(&socket.local)))
            }
        }
    }
}

impl Arguments {
    fn is_kind(&self, socket: &OpenSocket) -> bool {
        let any = !(self.tcp || self.udp || self.unix);
        let unix = socket.family == Family::UNIX;
        any || self.unix && unix
            || self.tcp && !unix && socket.ty == Type::STREAM
            || self.udp && !unix && socket.ty == Type::DGRAM
    }
}

fn is_family(family: Family, socket: &OpenSocket) -> bool {
    family == Family::UNSPEC || socket.family == family
}

/// Whether strangers can reach it: it listens, or takes datagrams at an address of its own.
fn is_open_to_others(socket: &OpenSocket) -> bool {
    let named = socket.local.port().is_some_and(|port| port != 0)
        || socket.local.to_unix().is_some_and(|addr| addr != UnixAddr::Unnamed);
    socket.state == "LISTEN" || socket.ty != Type::STREAM && socket.peer.is_none() && named
}

fn describe(socket: &OpenSocket) -> String {
    let local = Endpoint::of_addr(&socket.local, socket.ty);
    let local = local.map_or_else(|| socket.local.to_string(), |endpoint| endpoint.to_string());
    let owners: Vec<String> = socket.owners.iter().map(ToString::to_string).collect();
    let owners = match (owners.as_slice(), socket.uid) {
        ([], Some(uid)) if socket.inode != 0 => format!("{DIM}a program of user {uid}{DIM:#}"),
        ([], _) => format!("{DIM}-{DIM:#}"),
        _ => format!("{STRONG}{}{STRONG:#}", owners.join(", ")),
    };
    let peer = socket.peer.map(|peer| format!(" to {peer}")).unwrap_or_default();
    let state = if socket.state.is_empty() { "-" } else { socket.state };
    format!("{local:<36} {state:<12} {owners}{peer}")
}

fn to_json(socket: &OpenSocket) -> Value {
    json!({
        "family": socket.family.to_string(),
        "type": socket.ty.to_string(),
        "protocol": socket.protocol.to_string(),
        "local": socket.local.to_string(),
        "peer": socket.peer.map(|peer| peer.to_string()),
        "state": socket.state,
        "uid": socket.uid,
        "inode": socket.inode,
        "owners": socket.owners.iter().map(|owner| json!({
            "pid": owner.pid, "program": owner.program,
        })).collect::<Vec<_>>(),
    })
}
