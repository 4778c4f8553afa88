//! `families`: which sockets this machine makes, tried for real.

use std::fs;

use berkeley::{Errno, Error, Family, Protocol, SCHEMES, Socket, Type};
use clap::Args;
use serde_json::{Value, json};

use crate::args::Global;
use crate::failure::Failure;
use crate::view::{DIM, GOOD, STRONG, View};

/// Which families and types of sockets this machine has, tried for real
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  berkeley families\n  berkeley families --all --json")]
pub(crate) struct Arguments {
    /// Families that are not here too, with the reason
    #[arg(short, long)]
    all: bool,
}

/// The types to try, with the letters they are shown by.
const TYPES: [(Type, &str); 5] = [
    (Type::STREAM, "stream"),
    (Type::DGRAM, "dgram"),
    (Type::SEQPACKET, "seqpacket"),
    (Type::RAW, "raw"),
    (Type::RDM, "rdm"),
];

/// Settings of the kernel that decide what sockets may do.
const LIMITS: [(&str, &str); 5] = [
    ("net/core/somaxconn", "longest queue of connections to accept"),
    ("net/core/rmem_max", "largest receive buffer to ask for"),
    ("net/core/wmem_max", "largest send buffer to ask for"),
    ("net/ipv4/ip_local_port_range", "ports that the kernel chooses from"),
    ("net/ipv4/ping_group_range", "groups that may ping without rights"),
];

pub(crate) fn run(arguments: &Arguments, _: &Global, view: &View) -> Result<(), Failure> {
    let mut families = Vec::new();
    for (family, name) in Family::NAMED.iter().filter(|(family, _)| *family != Family::UNSPEC) {
        let tried = TYPES.map(|(ty, word)| (word, Socket::new(*family, ty, protocol(*family, ty))));
        let has = |result: &berkeley::Result<Socket>| result.is_ok();
        let here = tried.iter().any(|(_, result)| has(result));
        let refused = tried.iter().find_map(|(_, result)| reason(result.as_ref().err()?));
        if here || refused.is_some() || arguments.all {
            let words: Vec<_> =
                tried.iter().filter(|(_, result)| has(result)).map(|(word, _)| *word).collect();
            let note = match (here, refused) {
                (_, Some(refused)) => refused,
                (true, None) => "",
                (false, None) => "not in this kernel",
            };
            let types = words.join(" ");
            view.line(row(name, &types, 32, note, here))?;
        }
        families.push(to_json(name, &tried));
    }
    let schemes = schemes(arguments, view)?;
    view.line("")?;
    let mut limits = serde_json::Map::new();
    for (name, meaning) in LIMITS {
        let value = fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default();
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        let key = name.replace('/', ".");
        if !value.is_empty() {
            view.line(format_args!(
                "{STRONG}{key:<30}{STRONG:#} {value:<14} {DIM}{meaning}{DIM:#}"
            ))?;
        }
        limits.insert(key, Value::String(value));
    }
    view.result(&json!({
        "schema": "berkeley.families/1",
        "ok": true,
        "families": families,
        "addresses": schemes,
        "limits": limits,
    }))
}

/// The words that begin addresses, each tried too: a family has more than its types.
fn schemes(arguments: &Arguments, view: &View) -> Result<Vec<Value>, Failure> {
    view.line("")?;
    let mut listed = Vec::new();
    // The words of one IP version alone say nothing new.
    let narrower = |name: &str| name.ends_with(['4', '6']) && name != "icmp6" && name != "raw6";
    for scheme in SCHEMES.iter().filter(|scheme| !narrower(scheme.name) && scheme.name != "fd") {
        let family = if scheme.family == Family::UNSPEC { Family::INET } else { scheme.family };
        let tried = Socket::new(family, scheme.ty, scheme.protocol);
        let note = match &tried {
            Ok(_) => "",
            Err(error) => reason(error).unwrap_or("not in this kernel"),
        };
        if tried.is_ok() || arguments.all {
            view.line(row(scheme.name, scheme.meaning, 50, note, tried.is_ok()))?;
        }
        listed.push(json!({
            "word": scheme.name,
            "meaning": scheme.meaning,
            "ok": tried.is_ok(),
            "errno": tried.err().and_then(|error| error.errno()).and_then(Errno::name),
        }));
    }
    Ok(listed)
}

/// A line: a name, what it has, and a note if there is one.
fn row(name: &str, what: &str, width: usize, note: &str, good: bool) -> String {
    let style = if good { GOOD } else { DIM };
    match note {
        "" => format!("{style}{name:<16}{style:#} {what}"),
        note => format!("{style}{name:<16}{style:#} {what:<width$} {DIM}{note}{DIM:#}"),
    }
}

/// A protocol with which the kernel makes raw sockets of a family, which have no default.
fn protocol(family: Family, ty: Type) -> Protocol {
    match (family, ty) {
        (Family::INET, Type::RAW) => Protocol::ICMP,
        (Family::INET6, Type::RAW) => Protocol::ICMPV6,
        (Family::CAN, Type::RAW) => Protocol::CAN_RAW,
        (Family::CAN, Type::DGRAM) => Protocol::CAN_BCM,
        (Family::KEY, Type::RAW) => Protocol::from(2), // PF_KEY_V2
        (Family::RXRPC, Type::DGRAM) => Protocol::from(Family::INET.number()), // its transport
        (Family::BLUETOOTH, Type::RAW) => Protocol::BTPROTO_HCI,
        (Family::BLUETOOTH, Type::STREAM) => Protocol::BTPROTO_RFCOMM,
        _ => Protocol::DEFAULT,
    }
}

/// Why a socket that the kernel knows cannot be had.
fn reason(error: &Error) -> Option<&'static str> {
    match error.errno()? {
        Errno::EPERM | Errno::EACCES => Some("some need a right (CAP_NET_RAW or CAP_NET_ADMIN)"),
        Errno::EMFILE | Errno::ENFILE => Some("too many open files"),
        _ => None,
    }
}

fn to_json(name: &str, tried: &[(&str, berkeley::Result<Socket>)]) -> Value {
    let types: serde_json::Map<String, Value> = tried
        .iter()
        .map(|(word, result)| {
            let answer = match result {
                Ok(_) => json!({ "ok": true }),
                Err(error) => json!({
                    "ok": false,
                    "errno": error.errno().and_then(Errno::name),
                    "message": error.to_string(),
                }),
            };
            ((*word).to_owned(), answer)
        })
        .collect();
    json!({ "family": name, "types": types })
}
