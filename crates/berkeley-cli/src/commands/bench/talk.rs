//! What the two sides of a measurement say to each other: a line of JSON at a time, over a stream.

use std::time::{Duration, Instant};

use berkeley::Socket;
use serde::{Deserialize, Serialize};

use super::track::Arrivals;
use crate::failure::{Exit, Failure};

/// The version of all this, which stands in every line.
const VERSION: u64 = 1;
const KEY: &str = "berkeley-bench";

/// The longest line: with room for the samples of both directions.
const MOST_BYTES: usize = 1 << 20;

/// What is said.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Said {
    /// The client: measure this.
    Measure(Request),
    /// The client, on a further connection: it is a stream of the measurement of this token.
    Join(u32),
    /// The server: connect, or send datagrams to these ports.
    Ready { token: u32, ports: Vec<u16> },
    /// The server: everybody has joined.
    Go,
    /// The client: that was all; so many datagrams each stream has sent.
    Done { sent: Vec<u64> },
    /// The server: that has arrived.
    Arrived(Received),
    /// Either: it cannot be done.
    Refused(String),
}

/// What to measure.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) work: Work,
    pub(super) datagrams: bool,
    /// Bytes of a message, or of a block of a stream.
    pub(super) size: usize,
    pub(super) streams: usize,
    pub(super) seconds: f64,
    /// How often to look at what has come by then, in seconds.
    pub(super) interval: f64,
}

/// One kind of measurement.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Work {
    /// As much as goes through, one way.
    Throughput,
    /// There and back, one message at a time.
    RoundTrips,
}

/// What has arrived at the server.
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Received {
    pub(super) bytes: u64,
    /// From the first byte to the last one.
    pub(super) seconds: f64,
    /// Processor time, if the system tells.
    pub(super) cpu_seconds: Option<f64>,
    /// The bytes of each interval.
    pub(super) samples: Vec<u64>,
    /// One for each stream of datagrams.
    pub(super) arrivals: Vec<Arrivals>,
    /// How many bytes of datagrams may wait in each of its sockets.
    pub(super) receive_buffer: Option<usize>,
}

/// One end of the conversation.
pub(super) struct Talk {
    pub(super) socket: Socket,
    /// Whom it is with, for people.
    pub(super) with: String,
    read: Vec<u8>,
}

/// Why there is no line.
#[derive(Debug)]
pub(super) enum Silence {
    /// Not yet.
    Waiting,
    /// The other side is gone.
    Ended,
    /// It failed, or what came is none of ours.
    Failed(Failure),
}

impl Talk {
    pub(super) fn new(socket: Socket, with: String) -> Talk {
        Talk { socket, with, read: Vec::new() }
    }

    pub(super) fn say(&self, said: &Said) -> Result<(), Failure> {
        let mut value = serde_json::to_value(said).unwrap_or_default();
        // `Go` alone is a word, not an object.
        if let Some(word) = value.as_str() {
            value = serde_json::json!({ word: null });
        }
        if let Some(object) = value.as_object_mut() {
            object.insert(KEY.to_owned(), VERSION.into());
        }
        let mut line = value.to_string();
        line.push('\n');
        self.socket.set_timeout(Duration::from_secs(10))?;
        Ok(self.socket.send_all(line.as_bytes())?)
    }

    /// The next line, if it comes within this time.
    pub(super) fn hear(&mut self, within: Duration) -> Result<Said, Silence> {
        let until = Instant::now() + within;
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.read.drain(..=end).collect();
                return read(&line, &self.with).map_err(Silence::Failed);
            }
            if self.read.len() > MOST_BYTES || !may_begin(&self.read) {
                return Err(Silence::Failed(stranger(&self.with, &self.read)));
            }
            let left = until.saturating_duration_since(Instant::now());
            let waited = self.socket.set_timeout(left.max(Duration::from_millis(1)));
            let mut piece = [0; 4096];
            match waited.and_then(|()| self.socket.recv(&mut piece)) {
                Ok(0) if self.read.is_empty() => return Err(Silence::Ended),
                Ok(0) => return Err(Silence::Failed(stranger(&self.with, &self.read))),
                Ok(len) => self.read.extend_from_slice(piece.get(..len).unwrap_or_default()),
                Err(error) if error.is_timeout() || error.is_would_block() => {
                    if left.is_zero() || Instant::now() >= until {
                        return Err(Silence::Waiting);
                    }
                }
                Err(error) => return Err(Silence::Failed(error.into())),
            }
        }
    }

    /// The next line, which has to come within this time.
    pub(super) fn expect(&mut self, within: Duration) -> Result<Said, Failure> {
        match self.hear(within) {
            Ok(Said::Refused(why)) => {
                Err(Failure::new(Exit::No, format!("{} refuses: {why}", self.with)))
            }
            Ok(said) => Ok(said),
            Err(Silence::Waiting) => Err(Failure::new(
                Exit::Timeout,
                format!("{} says nothing within {within:?}", self.with),
            )
            .help("is that a berkeley bench --serve?")),
            Err(Silence::Ended) => {
                Err(Failure::new(Exit::Recv, format!("{} has closed the connection", self.with)))
            }
            Err(Silence::Failed(failure)) => Err(failure),
        }
    }
}

/// Whether these bytes may be the beginning of a line.
fn may_begin(bytes: &[u8]) -> bool {
    bytes.first().is_none_or(|first| *first == b'{')
}

/// What a line says.
fn read(line: &[u8], with: &str) -> Result<Said, Failure> {
    let value: serde_json::Value =
        serde_json::from_slice(line).map_err(|_| stranger(with, line))?;
    let version = value.get(KEY).ok_or_else(|| stranger(with, line))?;
    if version.as_u64() != Some(VERSION) {
        return Err(Failure::new(
            Exit::No,
            format!("{with} speaks version {version} of this measurement, and this is {VERSION}"),
        )
        .help("take the same berkeley on both sides"));
    }
    let mut value = value;
    if let Some(object) = value.as_object_mut() {
        object.remove(KEY);
        if object.contains_key("go") {
            return Ok(Said::Go);
        }
    }
    serde_json::from_value(value).map_err(|_| stranger(with, line))
}

fn stranger(with: &str, said: &[u8]) -> Failure {
    let said: String = String::from_utf8_lossy(said).chars().take(40).collect();
    Failure::new(Exit::No, format!("{with} is no berkeley bench: it says {:?}", said.trim_end()))
        .help("start one there: berkeley bench --serve ADDRESS")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talks() -> (Talk, Talk) {
        let (a, b) = Socket::pair(
            berkeley::Family::UNIX,
            berkeley::Type::STREAM,
            berkeley::Protocol::DEFAULT,
        )
        .unwrap();
        (Talk::new(a, "a".to_owned()), Talk::new(b, "b".to_owned()))
    }

    #[test]
    fn what_is_said_is_heard() {
        let (a, mut b) = talks();
        let request = Request {
            work: Work::Throughput,
            datagrams: true,
            size: 1200,
            streams: 2,
            seconds: 0.5,
            interval: 0.1,
        };
        let all = [
            Said::Measure(request),
            Said::Join(7),
            Said::Ready { token: 1, ports: vec![1, 2] },
            Said::Go,
            Said::Done { sent: vec![3] },
            Said::Arrived(Received { arrivals: vec![Arrivals::default()], ..Received::default() }),
            Said::Refused("why".to_owned()),
        ];
        all.iter().for_each(|said| a.say(said).unwrap());
        for said in all {
            assert_eq!(b.hear(Duration::from_secs(5)).unwrap(), said);
        }
        assert!(matches!(b.hear(Duration::ZERO), Err(Silence::Waiting)));
        drop(a);
        assert!(matches!(b.hear(Duration::from_secs(5)), Err(Silence::Ended)));
    }

    #[test]
    fn others_are_told_apart() {
        for (line, says) in [
            ("SSH-2.0-OpenSSH\r\n", "no berkeley bench: it says \"SSH-2.0-OpenSSH\""),
            ("SSH", "no berkeley bench"),
            ("{}\n", "no berkeley bench"),
            ("{\"berkeley-bench\":1,\"dance\":{}}\n", "no berkeley bench"),
            ("{\"berkeley-bench\":2,\"go\":null}\n", "speaks version 2"),
        ] {
            let (a, mut b) = talks();
            a.socket.send_all(line.as_bytes()).unwrap();
            let failure = b.expect(Duration::from_secs(5)).unwrap_err();
            assert!(failure.message.contains(says), "{line}: {}", failure.message);
        }
    }
}
