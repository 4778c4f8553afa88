//! `connect`: standard input goes there, what comes back to standard output.

mod compute;
mod datagrams;
mod stream;

use std::time::{Duration, Instant};

use berkeley::{
    Addr, Cause, Connector, Endpoint, Error, Family, Protocol, Socket, Type, UnixAddr, eyeballs,
};
use clap::Args;
use serde_json::{Value, json};

use crate::args::{Global, duration};
use crate::failure::{Exit, Failure};
use crate::place;
use crate::view::{Form, View};

/// Connect to an address: standard input goes there, what comes back to standard output
///
/// At the end of the input a stream is half closed, and read until the other side ends it.
/// Datagrams: what is piped in is one datagram, on a terminal each line is one.
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  echo hello | berkeley connect localhost:8000\n  \
echo hello | berkeley connect udp://localhost:8000\n  berkeley connect --check localhost 22\n  \
berkeley connect unix:/run/x.sock < request")]
pub(crate) struct Arguments {
    /// The address, or host and port as two words
    #[arg(required = true, num_args = 1..=2, value_names = ["ADDRESS", "PORT"])]
    place: Vec<String>,
    /// UDP
    #[arg(short, long)]
    udp: bool,
    /// Only find out whether something answers there
    #[arg(short = 'z', long)]
    check: bool,
    /// When to end: eof, idle=DURATION, count=MESSAGES, bytes=N
    #[arg(long, value_name = "WHEN", value_parser = until)]
    until: Option<Until>,
    /// What is one datagram: whole, line, len=N
    #[arg(long, value_name = "WHAT", value_parser = frame)]
    frame: Option<Frame>,
    /// End when this text has come; status 1 if it does not
    #[arg(long, value_name = "TEXT")]
    expect: Option<String>,
    /// Throw away what comes back
    #[arg(long, conflicts_with_all = ["recv_only", "expect"])]
    send_only: bool,
    /// Do not read standard input
    #[arg(long)]
    recv_only: bool,
    /// Do not half close at the end of the input
    #[arg(long)]
    no_shutdown: bool,
    /// Send line feeds as carriage return and line feed
    #[arg(long)]
    crlf: bool,
    /// Show what comes as hexadecimal numbers
    #[arg(long)]
    hex: bool,
    /// The address to connect from
    #[arg(long, value_name = "ADDRESS")]
    source: Option<Addr>,
    /// Try the addresses of a host one after the other, not side by side
    #[arg(long)]
    sequential: bool,
    #[arg(short = 'l', hide = true)]
    listen: bool,
    #[arg(short = 'N', hide = true)]
    half_close: bool,
}

/// When a connection has done its work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Until {
    Eof,
    Idle(Duration),
    Count(u64),
    Bytes(u64),
}

/// What of the input goes into one datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Frame {
    Whole,
    Line,
    Len(usize),
}

pub(crate) fn run(arguments: &Arguments, global: &Global, view: &View) -> Result<(), Failure> {
    let text = arguments.place.join(":");
    if arguments.listen {
        return Err(
            Failure::usage("connect does not listen").help(format!("berkeley serve {text}"))
        );
    }
    if arguments.half_close {
        return Err(Failure::usage(
            "-N is not needed: connect half closes at the end of the input",
        ));
    }
    let endpoint = place::endpoint(&text, arguments.udp, global)?;
    let start = Instant::now();
    let socket = dial(&endpoint, arguments, global).map_err(|error| explain(error, &text))?;
    let peer = socket.peer_addr().ok();
    let shown = peer.map_or_else(|| text.clone(), |peer| peer.to_string());
    let connected = start.elapsed();
    view.event(
        &json!({ "event": "connected", "peer": shown, "seconds": connected.as_secs_f64() }),
    )?;
    if arguments.check {
        return check(&socket, &shown, connected, view);
    }
    let mut transfer = Transfer::new(arguments, view);
    let ended = match (socket.family(), socket.ty(), socket.protocol()) {
        (Family::ALG, ..) => compute::run(&socket, arguments, &mut transfer),
        // SCTP keeps messages, and cannot be half closed.
        (_, Type::STREAM, protocol) if protocol != Protocol::SCTP => {
            stream::run(&socket, arguments, global, &mut transfer)
        }
        _ => {
            let to = named_each_time(&endpoint)?;
            datagrams::run(&socket, to.as_ref(), arguments, global, &mut transfer)
        }
    };
    transfer.finish();
    ended.map_err(|error| named(error, &text))?;
    if view.tells_people() {
        view.note(format_args!(
            "connected to {shown} in {connected:.1?}, closed after {} B out, {} B in",
            transfer.sent, transfer.received
        ));
    }
    transfer.verdict(arguments)?;
    view.result(&json!({
        "schema": "berkeley.connect/1",
        "ok": true,
        "local": socket.local_addr().ok().map(|addr| addr.to_string()),
        "peer": shown,
        "sent": transfer.sent,
        "received": transfer.received,
        "messages": transfer.messages,
        "seconds": start.elapsed().as_secs_f64(),
        "data": transfer.data(),
    }))
}

fn dial(endpoint: &Endpoint, arguments: &Arguments, global: &Global) -> Result<Socket, Dialled> {
    let head_start = (!arguments.sequential).then_some(eyeballs::DELAY);
    let mut connector = Connector::new().timeout(global.timeout).happy_eyeballs(head_start);
    for (level, number, value) in place::options(endpoint, global)? {
        connector = connector.option(level, number, &value);
    }
    // Answers to a datagram of a UNIX socket need an address to go to.
    let unnamed = (endpoint.family(), endpoint.ty()) == (Family::UNIX, Type::DGRAM);
    let own =
        unnamed.then(|| Addr::try_from(UnixAddr::Unnamed)).transpose().map_err(Failure::from)?;
    if let Some(source) = arguments.source.or(own) {
        connector = connector.source(source);
    }
    Ok(connector.connect(endpoint)?)
}

/// The address that each message must name: that of SCTP's sockets of many associations.
fn named_each_time(endpoint: &Endpoint) -> Result<Option<Addr>, Failure> {
    if (endpoint.ty(), endpoint.protocol()) != (Type::SEQPACKET, Protocol::SCTP) {
        return Ok(None);
    }
    let answers = berkeley::resolve(endpoint, berkeley::AddrInfoFlags::empty())?;
    Ok(answers.first().map(|answer| answer.addr))
}

/// Why dialling failed: the network, or the command line.
enum Dialled {
    Error(Error),
    Failure(Failure),
}

impl From<Error> for Dialled {
    fn from(error: Error) -> Dialled {
        Dialled::Error(error)
    }
}

impl From<Failure> for Dialled {
    fn from(failure: Failure) -> Dialled {
        Dialled::Failure(failure)
    }
}

/// The sentence for a connection that failed: why, where, and what was tried.
fn explain(error: Dialled, text: &str) -> Failure {
    match error {
        Dialled::Failure(failure) => failure,
        Dialled::Error(error) if error.lookup_code().is_some() => error.into(),
        Dialled::Error(error) => {
            let tried: Vec<String> = match error.attempts() {
                [] => error.address().map(ToString::to_string).into_iter().collect(),
                attempts => {
                    attempts.iter().filter_map(Error::address).map(ToString::to_string).collect()
                }
            };
            let mut message = format!("{}: {text}", error.cause());
            if tried != [text] && !tried.is_empty() {
                message = format!("{message} (tried {})", tried.join(", "));
            }
            Failure { message, ..Failure::from(error) }
        }
    }
}

/// An error of the transfer, with the place that the person named.
fn named(mut failure: Failure, text: &str) -> Failure {
    if !failure.message.is_empty() && !failure.message.contains(text) {
        failure.message = format!("{text}: {}", failure.message);
    }
    failure
}

/// `--check`: what could be found out.
fn check(socket: &Socket, shown: &str, taken: Duration, view: &View) -> Result<(), Failure> {
    let mut answer = "open";
    if socket.ty() == Type::DGRAM {
        // Only a refusal proves anything: an open port may keep silent.
        socket.send(&[])?;
        socket.set_timeout(Duration::from_millis(500))?;
        match socket.recv(&mut [0; 1]) {
            Err(error) if error.is_timeout() => answer = "open, or silent",
            Err(error) if !matches!(error.cause(), Cause::Truncated(_)) => {
                return Err(explain(error.into(), shown));
            }
            _ => {}
        }
    }
    view.line(format_args!("{shown} is {answer} ({taken:.1?})"))?;
    view.result(&json!({
        "schema": "berkeley.connect/1", "ok": true, "peer": shown, "answer": answer,
        "seconds": taken.as_secs_f64(),
    }))
}

/// What has gone and come so far.
struct Transfer<'a> {
    view: &'a View,
    hex: bool,
    sent: u64,
    received: u64,
    messages: u64,
    /// The end of what came, to find the expected text in, across receives.
    tail: Vec<u8>,
    expected: Option<Vec<u8>>,
    found: bool,
    /// What came, for `--json`, up to a limit.
    kept: Vec<u8>,
    bar: Option<indicatif::ProgressBar>,
}

/// How much of the data `--json` shows.
const KEPT: usize = 1 << 20;

impl<'a> Transfer<'a> {
    fn new(arguments: &Arguments, view: &'a View) -> Transfer<'a> {
        Transfer {
            view,
            hex: arguments.hex,
            sent: 0,
            received: 0,
            messages: 0,
            tail: Vec::new(),
            expected: arguments.expect.as_ref().map(|text| text.as_bytes().to_vec()),
            found: false,
            kept: Vec::new(),
            bar: view.progress_line(!arguments.send_only),
        }
    }

    /// Takes what has come; `true` when nothing more is wanted.
    fn take(&mut self, data: &[u8], arguments: &Arguments) -> Result<bool, Failure> {
        self.received += data.len() as u64;
        self.messages += 1;
        if let Some(bar) = &self.bar {
            bar.set_position(self.received);
        }
        if !arguments.send_only {
            self.show(data)?;
        }
        if let Some(expected) = &self.expected {
            self.tail.extend_from_slice(data);
            self.found |= self.tail.windows(expected.len().max(1)).any(|part| part == expected);
            let keep = self.tail.len().saturating_sub(expected.len());
            self.tail.drain(..keep);
        }
        Ok(self.found
            || match arguments.until {
                Some(Until::Count(count)) => self.messages >= count,
                Some(Until::Bytes(bytes)) => self.received >= bytes,
                _ => false,
            })
    }

    fn show(&mut self, data: &[u8]) -> Result<(), Failure> {
        if self.view.form != Form::Text {
            let room = KEPT.saturating_sub(self.kept.len());
            self.kept.extend(data.iter().take(room));
            return Ok(());
        }
        if !self.hex {
            return self.view.bytes(data);
        }
        let mut text = String::new();
        for row in data.chunks(16) {
            let numbers: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
            let letters: String =
                row.iter()
                    .map(|byte| {
                        if byte.is_ascii_graphic() || *byte == b' ' {
                            char::from(*byte)
                        } else {
                            '.'
                        }
                    })
                    .collect();
            text += &format!("{:<48} {letters}\n", numbers.join(" "));
        }
        self.view.bytes(text.as_bytes())
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Whether what was expected has come.
    fn verdict(&self, arguments: &Arguments) -> Result<(), Failure> {
        match &arguments.expect {
            Some(text) if !self.found => {
                Err(Failure::new(Exit::No, format!("{text:?} did not come")))
            }
            _ => Ok(()),
        }
    }

    /// The data as `--json` shows it.
    fn data(&self) -> Value {
        match std::str::from_utf8(&self.kept) {
            Ok(text) => json!({ "text": text }),
            Err(_) => {
                let hex: String = self.kept.iter().map(|byte| format!("{byte:02x}")).collect();
                json!({ "hex": hex })
            }
        }
    }
}

fn until(text: &str) -> Result<Until, String> {
    let number = |text: &str| text.parse().map_err(|_| format!("{text:?} is not a number"));
    match text.split_once('=') {
        None if text == "eof" => Ok(Until::Eof),
        Some(("idle", limit)) => Ok(Until::Idle(duration(limit)?)),
        Some(("count", count)) => Ok(Until::Count(number(count)?)),
        Some(("bytes", bytes)) => Ok(Until::Bytes(number(bytes)?)),
        _ => Err("write eof, idle=1s, count=N or bytes=N".to_owned()),
    }
}

fn frame(text: &str) -> Result<Frame, String> {
    match text.split_once('=') {
        None if text == "whole" => Ok(Frame::Whole),
        None if text == "line" => Ok(Frame::Line),
        Some(("len", len)) => match len.parse() {
            Ok(len) if len > 0 => Ok(Frame::Len(len)),
            _ => Err(format!("{len:?} is not a length")),
        },
        _ => Err("write whole, line or len=N".to_owned()),
    }
}
