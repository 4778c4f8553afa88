//! One connection: what it has sent, what it still has to get.

use std::fs::File;
use std::io::Read;
use std::net::Shutdown;
use std::time::Instant;

use berkeley::{Error, Family, Result, Socket, Type};

use super::Answer;

/// How much is read at a time, and kept for a client that reads slowly.
pub(super) const PIECE: usize = 1 << 16;

/// How much of a file the kernel sends at a time.
const FILE_PIECE: u64 = 1 << 18;

/// How many pieces a client may send or take before others have their turn.
const TURN: usize = 16;

/// A connection. An idle one holds no buffer.
pub(super) struct Client {
    pub(super) number: u64,
    pub(super) socket: Socket,
    pub(super) name: String,
    pub(super) since: Instant,
    pub(super) received: u64,
    pub(super) sent: u64,
    /// What could not be sent yet.
    waiting: Vec<u8>,
    source: Source,
    /// The kernel has told that the peer's direction has ended, or would not tell.
    pub(super) is_ending: bool,
    peer_ended: bool,
    we_ended: bool,
}

/// The connections, each at its key.
pub(super) struct Clients {
    /// The key of the first place.
    first: usize,
    places: Vec<Option<Box<Client>>>,
    free: Vec<usize>,
    /// The keys of those that have ended, of which the kernel may have told more already.
    ended: Vec<usize>,
}

impl Clients {
    /// None yet; their keys begin there.
    pub(super) fn behind(first: usize) -> Clients {
        Clients { first, places: Vec::new(), free: Vec::new(), ended: Vec::new() }
    }

    /// The key of the first of them.
    pub(super) fn first(&self) -> usize {
        self.first
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len() - self.ended.len()
    }

    /// The key of a place for one more.
    pub(super) fn place(&mut self) -> usize {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        });
        self.first + index
    }

    pub(super) fn put(&mut self, key: usize, client: Box<Client>) {
        if let Some(place) = self.at(key) {
            *place = Some(client);
        }
    }

    pub(super) fn take(&mut self, key: usize) -> Option<Box<Client>> {
        self.at(key)?.take()
    }

    /// The place is nobody's any more.
    pub(super) fn forget(&mut self, key: usize) {
        self.ended.push(key - self.first);
    }

    /// Nothing is waiting that was told of those that have ended.
    pub(super) fn tidy(&mut self) {
        self.free.append(&mut self.ended);
    }

    fn at(&mut self, key: usize) -> Option<&mut Option<Box<Client>>> {
        self.places.get_mut(key.checked_sub(self.first)?)
    }
}

/// Where what is sent comes from, beside the client itself.
enum Source {
    None,
    /// A file that the kernel sends, from this place on.
    Sent(File, u64),
    /// Another, which is read.
    Read(File),
    Letters(usize),
}

/// What has come of sending the next piece.
enum Refill {
    Sent,
    /// The client takes no more now.
    Full,
    /// There is nothing more to send.
    Nothing,
}

/// How a client goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// When the kernel tells of something.
    Wait,
    /// When others have had their turn.
    Again,
    /// Both directions have ended.
    Done,
}

impl Client {
    pub(super) fn new(
        number: u64,
        socket: Socket,
        name: String,
        answer: &Answer,
    ) -> std::io::Result<Client> {
        let source = match answer {
            Answer::File(path) => {
                let file = File::open(path)?;
                match socket.ty() == Type::STREAM && file.metadata()?.is_file() {
                    true => Source::Sent(file, 0),
                    false => Source::Read(file),
                }
            }
            Answer::Chargen => Source::Letters(0),
            _ => Source::None,
        };
        let (since, waiting) = (Instant::now(), Vec::new());
        let tells_the_end = [Family::INET, Family::INET6, Family::UNIX].contains(&socket.family())
            && socket.ty() == Type::STREAM;
        let client = Client {
            number,
            socket,
            name,
            since,
            received: 0,
            sent: 0,
            waiting,
            source,
            is_ending: !tells_the_end,
            peer_ended: false,
            we_ended: false,
        };
        Ok(client)
    }

    /// Goes on as far as it can without waiting. `seen` gets what has come.
    pub(super) fn advance(
        &mut self,
        answer: &Answer,
        memory: &mut [u8],
        mut seen: impl FnMut(&[u8]),
    ) -> Result<Next> {
        for _ in 0..TURN {
            if !self.flush()? {
                return Ok(Next::Wait);
            }
            match self.refill(memory)? {
                Refill::Sent => continue,
                Refill::Full => return Ok(Next::Wait),
                Refill::Nothing => {}
            }
            if self.peer_ended {
                self.end()?;
                return Ok(Next::Done);
            }
            match self.socket.recv(&mut *memory) {
                Ok(0) if self.socket.ty() != Type::DGRAM => self.peer_ended = true,
                Ok(len) => {
                    self.received += len as u64;
                    let data = memory.get(..len).unwrap_or_default();
                    seen(data);
                    if *answer == Answer::Echo {
                        self.send(data)?;
                    }
                    // There was no more, and the kernel tells of what comes now.
                    if len < memory.len() && !self.is_ending && self.waiting.is_empty() {
                        return Ok(Next::Wait);
                    }
                }
                Err(error) if error.is_would_block() => return Ok(Next::Wait),
                Err(error) => return Err(error),
            }
        }
        Ok(Next::Again)
    }

    /// Sends what is kept; `false` if the client takes no more now.
    fn flush(&mut self) -> Result<bool> {
        while !self.waiting.is_empty() {
            match self.socket.send(&self.waiting) {
                Ok(sent) => {
                    self.sent += sent as u64;
                    self.waiting.drain(..sent);
                }
                Err(error) if error.is_would_block() => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        // An idle connection shall hold no memory.
        self.waiting = Vec::new();
        Ok(true)
    }

    fn send(&mut self, data: &[u8]) -> Result<()> {
        let sent = match self.socket.send(data) {
            Ok(sent) => sent,
            Err(error) if error.is_would_block() => 0,
            Err(error) => return Err(error),
        };
        self.sent += sent as u64;
        self.waiting.extend_from_slice(data.get(sent..).unwrap_or_default());
        Ok(())
    }

    /// Sends the next piece of the file or the letters.
    fn refill(&mut self, memory: &mut [u8]) -> Result<Refill> {
        let len = match &mut self.source {
            Source::None => return Ok(Refill::Nothing),
            Source::Letters(line) => fill_letters(memory, line),
            // A file that cannot be read any more ends as it stands; the client sees it short.
            Source::Read(file) => file.read(memory).unwrap_or(0),
            Source::Sent(file, at) => {
                let (more, full) = match self.socket.sendfile(&*file, *at, FILE_PIECE) {
                    Ok(sent) => (sent, false),
                    Err(error) if error.is_would_block() => {
                        (error.bytes_sent().unwrap_or(0) as u64, true)
                    }
                    Err(error) => return Err(error),
                };
                *at += more;
                self.sent += more;
                match (more, full) {
                    (_, true) => return Ok(Refill::Full),
                    (0, false) => 0,
                    _ => return Ok(Refill::Sent),
                }
            }
        };
        if len == 0 {
            self.source = Source::None;
            self.end()?;
            return Ok(Refill::Sent);
        }
        self.send(memory.get(..len).unwrap_or_default())?;
        Ok(Refill::Sent)
    }

    /// Ends our direction, once.
    fn end(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.we_ended, true) {
            return Ok(());
        }
        match self.socket.shutdown(Shutdown::Write) {
            Err(error) if is_gone(&error) => Ok(()),
            result => result,
        }
    }
}

/// Whether the connection is over, which is no news here.
fn is_gone(error: &Error) -> bool {
    error.errno() == Some(berkeley::Errno::ENOTCONN)
}

/// Lines of letters that move on by one, RFC 864.
fn fill_letters(memory: &mut [u8], line: &mut usize) -> usize {
    for (at, byte) in memory.iter_mut().enumerate() {
        let column = at % 74;
        *byte = match column {
            72 => b'\r',
            73 => b'\n',
            _ => b' ' + u8::try_from((*line + at / 74 + column) % 95).unwrap_or(0),
        };
    }
    let whole = memory.len() / 74;
    *line += whole;
    whole * 74
}
