//! Whole messages: what is piped in is one of them, on a terminal each line is.

use std::io::{BufRead, IsTerminal, Read};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use berkeley::{Addr, Errno, Error, Socket, Type};

use super::stream::with_crlf;
use super::{Arguments, Frame, Transfer, Until};
use crate::args::Global;
use crate::failure::{Exit, Failure};

/// How long to wait for more answers, once everything is sent.
const PATIENCE: Duration = Duration::from_secs(1);

/// Sends the input's messages and takes what comes back, until it has been silent.
pub(super) fn run(
    socket: &Socket,
    to: Option<&Addr>,
    arguments: &Arguments,
    global: &Global,
    transfer: &mut Transfer<'_>,
) -> Result<(), Failure> {
    let sender = match arguments.recv_only {
        true => None,
        false => Some(start(socket, to.copied(), arguments)?),
    };
    let idle = match arguments.until {
        Some(Until::Idle(limit)) => Some(limit),
        Some(_) => None,
        None if arguments.recv_only => None,
        None => Some(PATIENCE),
    };
    let deadline = global.timeout.map(|limit| Instant::now() + limit);
    let reader = socket.dup()?;
    // Short waits, so that the end of the input and the limits are seen in time.
    reader.set_timeout(Duration::from_millis(20))?;
    let mut sent_all = sender.is_none();
    let mut last = Instant::now();
    let mut data = vec![0; 1 << 18];
    loop {
        if let Some(sender) = sender.as_ref().filter(|_| !sent_all) {
            for message in sender.try_iter() {
                match message {
                    Sent::Message(len) => transfer.sent += len,
                    Sent::End(result) => {
                        result?;
                        sent_all = true;
                    }
                }
                last = Instant::now();
            }
        }
        if sent_all && arguments.send_only {
            return refused_late(socket);
        }
        match reader.recv(&mut data) {
            // A connection of messages has an end; a datagram may be empty.
            Ok(0) if has_end(socket) => return Ok(()),
            Ok(len) => {
                last = Instant::now();
                if transfer.take(data.get(..len).unwrap_or_default(), arguments)? {
                    return Ok(());
                }
            }
            Err(error) if error.is_timeout() => {}
            Err(error) => return Err(refusal(error)),
        }
        if sent_all && idle.is_some_and(|idle| last.elapsed() >= idle) {
            return Ok(());
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let limit = global.timeout.unwrap_or_default();
            return Err(Failure::new(Exit::Timeout, format!("time is up after {limit:?}")));
        }
    }
}

/// Whether nothing is the end of a connection, and not an empty message.
fn has_end(socket: &Socket) -> bool {
    matches!(socket.ty(), Type::STREAM | Type::SEQPACKET | Type::DCCP)
}

/// What the sending thread tells.
enum Sent {
    Message(u64),
    End(Result<(), Failure>),
}

fn start(
    socket: &Socket,
    to: Option<Addr>,
    arguments: &Arguments,
) -> Result<mpsc::Receiver<Sent>, Failure> {
    let (tell, told) = mpsc::channel();
    let socket = socket.dup()?;
    let by_line = std::io::stdin().is_terminal();
    let frame = arguments.frame.unwrap_or(if by_line { Frame::Line } else { Frame::Whole });
    let crlf = arguments.crlf;
    thread::spawn(move || {
        let ended = send(&socket, to.as_ref(), frame, crlf, &tell);
        let _ = tell.send(Sent::End(ended));
    });
    Ok(told)
}

fn send(
    socket: &Socket,
    to: Option<&Addr>,
    frame: Frame,
    crlf: bool,
    tell: &mpsc::Sender<Sent>,
) -> Result<(), Failure> {
    let mut input = std::io::stdin().lock();
    loop {
        let mut message = Vec::new();
        let read = match frame {
            // One byte more than any datagram can have is enough to know that it is too long.
            Frame::Whole => (&mut input).take(LONGEST + 1).read_to_end(&mut message),
            Frame::Line => input.read_until(b'\n', &mut message),
            Frame::Len(len) => (&mut input).take(len as u64).read_to_end(&mut message),
        };
        read.map_err(|error| Failure::new(Exit::Send, format!("standard input: {error}")))?;
        if message.is_empty() {
            return Ok(());
        }
        let data = if crlf { with_crlf(&message) } else { message };
        let sent = match to {
            Some(to) => socket.send_to(&data, to),
            None => socket.send(&data),
        };
        sent.map_err(|error| match error.errno() {
            Some(Errno::EMSGSIZE) => Failure::new(
                Exit::Send,
                format!("{} bytes or more do not fit into one datagram", data.len()),
            )
            .help("--frame line or --frame len=N make several of the input"),
            _ => refusal(error),
        })?;
        // The command may have ended meanwhile.
        let _ = tell.send(Sent::Message(data.len() as u64));
        if frame == Frame::Whole {
            return Ok(());
        }
    }
}

/// More than the largest message of any type here: UNIX ones may have as much as the send buffer.
const LONGEST: u64 = 16 << 20;

/// A refusal belongs to the connection, whichever call tells it.
fn refusal(error: Error) -> Failure {
    let refused = error.errno() == Some(Errno::ECONNREFUSED);
    let mut failure = Failure::from(error);
    if refused {
        failure.exit = Exit::Connect;
        failure.message = "connection refused".to_owned();
    }
    failure
}

/// A refusal may come a moment after the last datagram has gone.
fn refused_late(socket: &Socket) -> Result<(), Failure> {
    thread::sleep(Duration::from_millis(50));
    match socket.take_error()? {
        Errno::SUCCESS => Ok(()),
        errno => Err(Failure::new(Exit::Connect, errno.to_string())),
    }
}
