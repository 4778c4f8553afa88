//! `options`: every option of a socket, with its value and meaning.

use berkeley::opt::{self, Row};
use berkeley::{Endpoint, Family, Socket, Target};
use clap::Args;
use serde_json::{Value, json};

use crate::args::Global;
use crate::failure::{Exit, Failure};
use crate::text;
use crate::view::{DIM, STRONG, View};

/// Every option of a socket, with its value and meaning
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  berkeley options                    those of a TCP socket\n  \
berkeley options udp:// SO_RCVBUF\n  berkeley options --set SO_RCVBUF=64K\n  \
berkeley options fd:0               of a socket this command was started with"
)]
pub(crate) struct Arguments {
    /// The kind of socket (tcp, udp6, unix-dgram, fd:3 …), or names of options
    #[arg(value_name = "KIND|NAME")]
    words: Vec<String>,
    /// Set an option and read it back; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Only options whose name or meaning has this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, view: &View) -> Result<(), Failure> {
    let (kind, names) = match arguments.words.split_first() {
        Some((first, rest)) if opt::by_name(first).is_none() => (first.as_str(), rest),
        _ => ("tcp", arguments.words.as_slice()),
    };
    let socket = open(kind, global)?;
    for setting in &arguments.set {
        let (name, value) = setting
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("{setting:?} is not NAME=VALUE")))?;
        set(&socket, name, value)?;
    }
    for (name, value) in &global.opt {
        set(&socket, name, value)?;
    }
    let mut asked = Vec::new();
    for name in names.iter().map(String::as_str).chain(arguments.set.iter().filter_map(|setting| {
        // What was set is shown; beside what was asked for, if anything was.
        setting.split_once('=').map(|(name, _)| name)
    })) {
        asked.push(row(name)?);
    }
    let rows: Vec<&Row> = match asked.as_slice() {
        [] => {
            let all = opt::TABLE.iter();
            all.filter(|row| row.access.reads() && row.belongs_to(socket.family()))
                .filter(|row| is_wanted(row, arguments.filter.as_deref()))
                .collect()
        }
        _ => asked,
    };
    let explicit = !names.is_empty();
    let mut listed = Vec::new();
    for row in rows {
        match read(&socket, row) {
            Ok(value) => {
                view.line(describe(row, &value))?;
                listed.push(to_json(row, &value));
            }
            // A socket of this kind has no such option; that is worth an error only if asked for.
            Err(error) if explicit => return Err(error.into()),
            Err(_) => {}
        }
    }
    if listed.is_empty() {
        return Err(Failure::new(Exit::No, "no option of this socket fits"));
    }
    view.result(&json!({
        "schema": "berkeley.options/1",
        "ok": true,
        "family": socket.family().to_string(),
        "type": socket.ty().to_string(),
        "options": listed,
    }))
}

/// Sets an option by the name and value that a person writes.
pub(crate) fn set(socket: &Socket, name: &str, value: &str) -> Result<(), Failure> {
    let row = row(name)?;
    let bytes = (row.parse)(value).ok_or_else(|| {
        Failure::usage(format!("{value:?} is no value of {}: it takes {}", row.name, row.form))
    })?;
    socket.setsockopt(row.level, row.number, &bytes).map_err(|error| {
        let mut failure = Failure::from(error);
        failure.message = format!("{}={value}: {}", row.name, failure.message);
        failure
    })
}

fn row(name: &str) -> Result<&'static Row, Failure> {
    opt::by_name(name).ok_or_else(|| {
        Failure::usage(format!("there is no option {name:?}")).help(
            "berkeley options lists those of a TCP socket, berkeley explain tells what they do",
        )
    })
}

/// A socket of the kind that is named: a scheme of the address syntax, or any address.
fn open(kind: &str, global: &Global) -> Result<Socket, Failure> {
    let word = kind.trim_end_matches("//").trim_end_matches(':');
    let scheme = berkeley::SCHEMES.iter().find(|scheme| scheme.name == word && word != "fd");
    let (family, ty, protocol) = match scheme {
        Some(scheme) => (scheme.family, scheme.ty, scheme.protocol),
        None => {
            let endpoint: Endpoint = kind.parse()?;
            if let Target::Fd(_) = endpoint.target() {
                return Ok(berkeley::create_connection(endpoint)?);
            }
            (endpoint.family(), endpoint.ty(), endpoint.protocol())
        }
    };
    let family = match (family, global.family()) {
        (Family::UNSPEC, Family::UNSPEC) => Family::INET,
        (Family::UNSPEC, asked) => asked,
        (family, _) => family,
    };
    Ok(Socket::new(family, ty, protocol)?)
}

fn is_wanted(row: &Row, filter: Option<&str>) -> bool {
    let has = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    filter.is_none_or(|part| has(row.name, part) || has(row.meaning, part))
}

fn read(socket: &Socket, row: &Row) -> berkeley::Result<Vec<u8>> {
    let mut value = vec![0; row.room];
    (row.ask)(&mut value);
    let len = socket.getsockopt(row.level, row.number, &mut value)?;
    value.truncate(len);
    Ok(value)
}

fn describe(row: &Row, value: &[u8]) -> String {
    let shown = shown(row, value);
    let room = text::width().saturating_sub(42).max(20);
    // What is too long for its column follows the meaning, line by line.
    let is_short = shown.chars().count() <= 40;
    let (column, below) =
        if is_short { (shown.as_str(), "") } else { ("as follows", shown.as_str()) };
    let line = format!("{STRONG}{:<24}{STRONG:#} {column:<16} ", row.name);
    let mut meaning = textwrap::wrap(row.meaning, room).into_iter();
    let first = meaning.next().unwrap_or_default();
    let rest: String = meaning.map(|more| format!("\n{:42}{DIM}{more}{DIM:#}", "")).collect();
    let below = textwrap::wrap(below, text::width().saturating_sub(6).max(20));
    let below = below.iter().filter(|line| !line.is_empty());
    let below: String = below.map(|line| format!("\n    {line}")).collect();
    format!("{line}{DIM}{first}{DIM:#}{rest}{below}")
}

fn shown(row: &Row, value: &[u8]) -> String {
    (row.describe)(value)
        .unwrap_or_else(|| value.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn to_json(row: &Row, value: &[u8]) -> Value {
    json!({
        "name": row.name,
        "level": row.level_name,
        "number": row.number,
        "platforms": row.platforms,
        "value": shown(row, value),
        "bytes": value.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
        "form": row.form,
        "meaning": row.meaning,
    })
}
