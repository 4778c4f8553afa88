//! A stream: two directions that end one after the other.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use berkeley::{Error, Shutdown, Socket};

use super::{Arguments, Transfer, Until};
use crate::args::Global;
use crate::failure::{Exit, Failure};

/// Moves bytes both ways until both directions have ended, or nothing more is wanted.
pub(super) fn run(
    socket: &Socket,
    arguments: &Arguments,
    global: &Global,
    transfer: &mut Transfer<'_>,
) -> Result<(), Failure> {
    let progress = Arc::new(Progress::default());
    let sender = match arguments.recv_only {
        true => None,
        false => Some(Sender::start(socket, arguments, &progress)?),
    };
    let received = receive(socket, arguments, global, transfer);
    let sent = match (&received, sender) {
        // What was wanted has come: the rest of the input is not.
        (Ok(Ended::Satisfied), _) | (Err(_), _) => Ok(()),
        (Ok(Ended::ByPeer), Some(sender)) => sender.finish(&progress),
        (Ok(Ended::ByPeer), None) => Ok(()),
    };
    transfer.sent = progress.sent.load(Ordering::Relaxed);
    // An error in sending is the cause of one in receiving that follows from it.
    sent.and(received.map(drop))
}

enum Ended {
    ByPeer,
    Satisfied,
}

fn receive(
    socket: &Socket,
    arguments: &Arguments,
    global: &Global,
    transfer: &mut Transfer<'_>,
) -> Result<Ended, Failure> {
    let idle = match arguments.until {
        Some(Until::Idle(limit)) => Some(limit),
        _ => None,
    };
    let reader = socket.dup()?;
    if idle.is_some() {
        reader.set_timeout(idle)?;
    }
    let mut data = vec![0; 1 << 16];
    loop {
        match reader.recv(&mut data) {
            Ok(0) => return Ok(Ended::ByPeer),
            Ok(len) => {
                if transfer.take(data.get(..len).unwrap_or_default(), arguments)? {
                    return Ok(Ended::Satisfied);
                }
            }
            Err(error) if error.is_timeout() && idle.is_some() => return Ok(Ended::Satisfied),
            Err(error) if error.is_timeout() => {
                let limit = global.timeout.unwrap_or_default();
                return Err(Failure::new(Exit::Timeout, format!("nothing came for {limit:?}")));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// How far sending has come.
#[derive(Default)]
struct Progress {
    sent: AtomicU64,
    /// Whether bytes have been read that are not sent yet.
    sending: AtomicBool,
}

/// The thread that sends the input. It may wait for input for ever, so it is never joined.
struct Sender(mpsc::Receiver<Result<(), Failure>>);

impl Sender {
    fn start(
        socket: &Socket,
        arguments: &Arguments,
        progress: &Arc<Progress>,
    ) -> Result<Sender, Failure> {
        let (done, result) = mpsc::channel();
        let socket = socket.dup()?;
        let progress = Arc::clone(progress);
        let (crlf, shutdown) = (arguments.crlf, !arguments.no_shutdown);
        thread::spawn(move || {
            let ended = send(&socket, crlf, &progress).and_then(|()| match shutdown {
                true => half_close(&socket),
                false => Ok(()),
            });
            // If nobody listens any more, the command has ended.
            let _ = done.send(ended);
        });
        Ok(Sender(result))
    }

    /// The other side has ended its direction. What was read is still sent, and what else the
    /// input has; but a silent input is not waited for.
    fn finish(self, progress: &Progress) -> Result<(), Failure> {
        const SILENCE: Duration = Duration::from_millis(500);
        let mut last = (progress.sent.load(Ordering::Relaxed), Instant::now());
        loop {
            match self.0.recv_timeout(Duration::from_millis(20)) {
                Ok(result) => return result,
                Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(()),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
            let sent = progress.sent.load(Ordering::Relaxed);
            if sent != last.0 || progress.sending.load(Ordering::Acquire) {
                last = (sent, Instant::now());
            } else if last.1.elapsed() > SILENCE {
                return Ok(());
            }
        }
    }
}

fn send(socket: &Socket, crlf: bool, progress: &Progress) -> Result<(), Failure> {
    let mut input = std::io::stdin().lock();
    if let Some(file) = plain_file(&input).filter(|_| !crlf && !socket.ty().keeps_boundaries()) {
        return send_file(socket, file, progress);
    }
    let mut data = vec![0; 1 << 16];
    loop {
        let len = match input.read(&mut data) {
            Ok(0) => return Ok(()),
            Ok(len) => len,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::new(Exit::Send, format!("standard input: {error}"))),
        };
        progress.sending.store(true, Ordering::Release);
        let piece = data.get(..len).unwrap_or_default();
        let sent = match crlf {
            true => socket.send_all(&with_crlf(piece)),
            false => socket.send_all(piece),
        };
        sent.map_err(|error| lost(error, progress))?;
        progress.sent.fetch_add(len as u64, Ordering::Relaxed);
        progress.sending.store(false, Ordering::Release);
    }
}

/// The input, if the kernel can send it by itself.
fn plain_file(input: &impl AsFd) -> Option<File> {
    let file = File::from(input.as_fd().try_clone_to_owned().ok()?);
    file.metadata().is_ok_and(|metadata| metadata.is_file()).then_some(file)
}

/// Sends a file from where it stands, and leaves it standing behind what has gone: a program that
/// has it too goes on there.
fn send_file(socket: &Socket, mut file: File, progress: &Progress) -> Result<(), Failure> {
    let of_file = |error| Failure::new(Exit::Send, format!("standard input: {error}"));
    let mut at = file.stream_position().map_err(of_file)?;
    progress.sending.store(true, Ordering::Release);
    let ended = loop {
        let sent = match socket.sendfile(&file, at, FILE_PIECE) {
            Ok(0) => break Ok(()),
            Ok(sent) => sent,
            Err(error) => {
                at += error.bytes_sent().unwrap_or(0) as u64;
                break Err(lost(error, progress));
            }
        };
        at += sent;
        progress.sent.fetch_add(sent, Ordering::Relaxed);
    };
    progress.sending.store(false, Ordering::Release);
    file.seek(SeekFrom::Start(at)).map_err(of_file)?;
    ended
}

/// The failure of a send, which says how much had gone.
fn lost(error: Error, progress: &Progress) -> Failure {
    let sent = progress.sent.load(Ordering::Relaxed) + error.bytes_sent().unwrap_or(0) as u64;
    let message = format!("{} after {sent} bytes were sent", error.cause());
    Failure { message, ..Failure::from(error) }
}

/// How much of a file the kernel sends at a time.
const FILE_PIECE: u64 = 1 << 20;

fn half_close(socket: &Socket) -> Result<(), Failure> {
    match socket.shutdown(Shutdown::Write) {
        // The other side was quicker: there is nothing to close any more.
        Err(error) if error.errno() == Some(berkeley::Errno::ENOTCONN) => Ok(()),
        // TIPC ends both directions or none.
        Err(error) if error.errno() == Some(berkeley::Errno::EINVAL) => Ok(()),
        result => Ok(result?),
    }
}

pub(super) fn with_crlf(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 16);
    for byte in data {
        if *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}
