//! `resolve`: the addresses that programs get for a name.

use std::net::IpAddr;
use std::time::Instant;

use berkeley::{
    Addr, AddrInfo, AddrInfoFlags, Family, NameInfoFlags, Type, getaddrinfo, getnameinfo,
};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::args::Global;
use crate::failure::Failure;
use crate::view::{DIM, STRONG, View};

/// The addresses that programs get for a name, in their order
///
/// The answer is the C library's (getaddrinfo), with the hosts file and all: what a program that
/// connects to the name will try, not what one name server says.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  berkeley resolve localhost\n  berkeley resolve localhost http\n  \
berkeley resolve --reverse 127.0.0.1"
)]
pub(crate) struct Arguments {
    /// The host: a name or an address
    host: String,
    /// A service or a port
    service: Option<String>,
    /// For sockets of this type
    #[arg(long = "type", value_enum, default_value_t = Kind::Stream)]
    kind: Kind,
    /// The names of an address instead
    #[arg(long, conflicts_with_all = ["kind", "canon"])]
    reverse: bool,
    /// The canonical name too
    #[arg(long)]
    canon: bool,
}

#[derive(Clone, Copy, ValueEnum, Debug)]
enum Kind {
    Stream,
    Dgram,
    Raw,
    All,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, view: &View) -> Result<(), Failure> {
    if arguments.reverse { reverse(arguments, view) } else { forward(arguments, global, view) }
}

fn forward(arguments: &Arguments, global: &Global, view: &View) -> Result<(), Failure> {
    let service = arguments.service.as_deref();
    let mut question = getaddrinfo(arguments.host.as_str(), service);
    question = match arguments.kind {
        Kind::Stream => question.ty(Type::STREAM),
        Kind::Dgram => question.ty(Type::DGRAM),
        Kind::Raw => question.ty(Type::RAW),
        Kind::All => question,
    };
    question = question.family(global.family());
    if arguments.canon {
        question = question.flags(AddrInfoFlags::CANONNAME);
    }
    let start = Instant::now();
    let answers = question.call()?;
    let taken = start.elapsed();

    let canonical = answers.iter().find_map(|answer| answer.canonical_name.as_deref());
    if let Some(name) = canonical {
        view.line(format_args!("{STRONG}{name}{STRONG:#}"))?;
    }
    for answer in &answers {
        view.line(describe(answer, service.is_some(), matches!(arguments.kind, Kind::All)))?;
    }
    view.detail(format_args!("{} answers in {taken:.1?}", answers.len()));
    view.result(&json!({
        "schema": "berkeley.resolve/1",
        "ok": true,
        "host": arguments.host,
        "service": service,
        "canonical": canonical,
        "seconds": taken.as_secs_f64(),
        "answers": answers.iter().map(to_json).collect::<Vec<_>>(),
    }))
}

fn reverse(arguments: &Arguments, view: &View) -> Result<(), Failure> {
    let host: IpAddr = arguments.host.parse().map_err(|_| {
        Failure::usage(format!("{:?} is not a numeric address", arguments.host))
            .help("without --reverse a name is looked up")
    })?;
    let service = arguments.service.as_deref();
    let port = match service {
        None => 0,
        Some(text) => {
            text.parse().map_err(|_| Failure::usage(format!("{text:?} is not a port")))?
        }
    };
    let start = Instant::now();
    let names = getnameinfo(&Addr::from((host, port)), NameInfoFlags::NAMEREQD)?;
    let taken = start.elapsed();
    match service {
        Some(_) => view.line(format_args!("{} {}", names.host, names.service))?,
        None => view.line(&names.host)?,
    }
    view.result(&json!({
        "schema": "berkeley.resolve/1",
        "ok": true,
        "host": arguments.host,
        "seconds": taken.as_secs_f64(),
        "name": names.host,
        "service": service.map(|_| names.service),
    }))
}

fn describe(answer: &AddrInfo, with_port: bool, with_kind: bool) -> String {
    let addr = match answer.addr.to_ip() {
        Some(ip) if !with_port => bare(&ip.ip(), &answer.addr),
        _ => answer.addr.to_string(),
    };
    if with_kind { format!("{addr}  {DIM}{} {}{DIM:#}", answer.ty, answer.protocol) } else { addr }
}

/// An address without the port that nobody asked for, but with its scope.
fn bare(ip: &IpAddr, addr: &Addr) -> String {
    match addr.to_ip() {
        Some(std::net::SocketAddr::V6(v6)) if v6.scope_id() != 0 => {
            let scope = berkeley::if_indextoname(v6.scope_id());
            format!("{ip}%{}", scope.unwrap_or_else(|_| v6.scope_id().to_string()))
        }
        _ => ip.to_string(),
    }
}

fn to_json(answer: &AddrInfo) -> Value {
    json!({
        "family": answer.family.to_string(),
        "type": answer.ty.to_string(),
        "protocol": answer.protocol.to_string(),
        "addr": answer.addr.to_string(),
        "ip": answer.addr.to_ip().map(|ip| ip.ip().to_string()),
        "port": answer.addr.port(),
    })
}

/// Which family the command line asks for.
impl Global {
    pub(crate) fn family(&self) -> Family {
        match (self.v4, self.v6) {
            (true, _) => Family::INET,
            (_, true) => Family::INET6,
            _ => Family::UNSPEC,
        }
    }
}
