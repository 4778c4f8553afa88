//! What happened, put together from the lines of one or more recordings.

mod build;
mod live;
mod pair;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub(crate) use self::build::Builder;
pub use self::live::Live;
use crate::ops::{self, Op};
use crate::record::Nanos;

/// Everything that was recorded: who called what, when, with which outcome, and which calls of both
/// ends belong together.
///
/// ```
/// use berkeley_picture::Trace;
///
/// let trace = Trace::read([r#"
///     {"ev":"process","t":1.0,"pid":1,"name":"app"}
///     {"ev":"call","t":1.1,"dur":0.002,"pid":1,"tid":1,"sock":"s1","op":"recv","ret":5}
/// "#]);
/// assert_eq!(trace.calls.len(), 1);
/// assert_eq!(trace.calls[0].end - trace.calls[0].start, 2_000_000);
/// ```
#[derive(Clone, Default, Debug)]
pub struct Trace {
    /// The processes, in the order in which they began.
    pub processes: Vec<Process>,
    /// The threads that made calls.
    pub threads: Vec<Thread>,
    /// The sockets, in the order in which they were first seen.
    pub sockets: Vec<Socket>,
    /// The calls, in the order in which they began.
    pub calls: Vec<Call>,
    /// Which calls of both ends belong together.
    pub links: Vec<Link>,
    /// Lines that could not be read: of a later kind, or cut off.
    pub unread: usize,
}

/// A program that recorded.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Process {
    /// Its number in the system.
    pub pid: u64,
    /// What it is called: the file's name, as a rule.
    pub name: String,
    /// The words it was started with.
    pub argv: Vec<String>,
    /// When its recording began.
    pub start: Nanos,
    /// When it ended, if it ended in order.
    pub end: Option<Nanos>,
    /// How many seconds since 1970 it was when its recording began.
    pub wall: Option<f64>,
    /// How many of its calls were not recorded, since the writer fell behind.
    pub dropped: u64,
}

/// A thread of a process.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Thread {
    /// The index of its process.
    pub process: usize,
    /// Its number in the system.
    pub tid: u64,
    /// Its name, if it has one.
    pub name: String,
}

/// A socket: one end of a conversation.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Socket {
    /// The index of its process.
    pub process: usize,
    /// Its name within the process: `s2`.
    pub name: String,
    /// Its descriptor.
    pub fd: Option<i64>,
    /// `AF_INET` and the like; empty if that is not known.
    pub family: String,
    /// `SOCK_STREAM` and the like.
    pub ty: String,
    /// `IPPROTO_TCP` and the like.
    pub proto: String,
    /// Its own address.
    pub local: Option<String>,
    /// The address that it is connected to.
    pub peer: Option<String>,
    /// What the kernel calls it, in every process that holds it.
    pub cookie: Option<u64>,
    /// The index of the socket that accepted it, or of which it is a duplicate.
    pub from: Option<usize>,
    /// The index of the other end, if that was recorded too.
    pub other: Option<usize>,
    /// When it was first seen.
    pub opened: Nanos,
    /// When it was closed, if it was.
    pub closed: Option<Nanos>,
    /// Whether it accepts connections.
    pub listens: bool,
    /// What the kernel said of it, in order.
    pub samples: Vec<Sample>,
}

/// What the kernel said of a connection at a moment.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Sample {
    /// When.
    pub t: Nanos,
    /// `ESTABLISHED` and the like.
    pub state: Option<String>,
    /// The smoothed round-trip time.
    pub rtt: Option<Nanos>,
    /// The congestion window, in segments.
    pub cwnd: Option<u64>,
    /// How many segments were sent again.
    pub retrans: Option<u64>,
    /// Bytes that nobody had read.
    pub rcv_queue: Option<u64>,
    /// Bytes that the peer had not acknowledged.
    pub snd_queue: Option<u64>,
}

/// A call of the program. Attempts of one call, and its waits between them, are one.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Call {
    /// When it began.
    pub start: Nanos,
    /// When it returned.
    pub end: Nanos,
    /// The index of its thread.
    pub thread: usize,
    /// The index of its socket.
    pub socket: Option<usize>,
    /// Its descriptor.
    pub fd: Option<i64>,
    /// Its name in C.
    pub op: String,
    /// Its arguments, in the words of C.
    pub args: Map<String, Value>,
    /// What it returned.
    pub ret: Option<i64>,
    /// The name of its error.
    pub errno: Option<String>,
    /// Which bytes of the stream it moved: from the first to behind the last.
    pub range: Option<(u64, u64)>,
    /// The first bytes it moved.
    pub data: Vec<u8>,
    /// How long it waited.
    pub waited: Nanos,
    /// What was left of its time limit when it began.
    pub left: Option<Nanos>,
    /// The socket that it made: that of `accept`.
    pub made: Option<usize>,
    /// The system calls that it took, if there were several.
    pub attempts: Vec<Attempt>,
}

/// One system call of several that one call took.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Attempt {
    /// Its name in C.
    pub op: String,
    /// When it began.
    pub start: Nanos,
    /// How long it took.
    pub dur: Nanos,
    /// What it returned.
    pub ret: Option<i64>,
    /// The name of its error.
    pub errno: Option<String>,
}

/// Two calls that belong together: what the first did is what the second got.
#[derive(Clone, PartialEq, Debug)]
pub struct Link {
    /// The index of the call that did it.
    pub from: usize,
    /// The index of the call that got it.
    pub to: usize,
    /// What it was.
    pub kind: LinkKind,
}

/// What goes from one end to the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LinkKind {
    /// A connection that was asked for.
    Connect,
    /// These bytes of a stream.
    Bytes {
        /// The first.
        from: u64,
        /// Behind the last.
        to: u64,
    },
    /// A datagram of so many bytes.
    Datagram {
        /// How many.
        len: u64,
    },
    /// The end of the stream.
    End,
    /// The connection, cut off.
    Reset,
}

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It did what it was to do.
    Done,
    /// It would have had to wait, which is no error of a socket that does not wait.
    Again,
    /// Its time was up.
    TimedOut,
    /// It failed.
    Failed,
}

impl Trace {
    /// Puts together what several recordings say. Each is a text of lines; lines that cannot be read
    /// are counted and left out.
    ///
    /// ```
    /// let trace = berkeley_picture::Trace::read(["not a line of a recording"]);
    /// assert_eq!((trace.calls.len(), trace.unread), (0, 1));
    /// ```
    pub fn read<'a>(files: impl IntoIterator<Item = &'a str>) -> Trace {
        let mut builder = Builder::default();
        for file in files {
            for line in file.lines() {
                builder.line(line);
            }
        }
        builder.finish()
    }

    /// When the first call began; zero if there is none.
    ///
    /// ```
    /// assert_eq!(berkeley_picture::Trace::default().start(), 0);
    /// ```
    pub fn start(&self) -> Nanos {
        self.calls.iter().map(|call| call.start).min().unwrap_or_default()
    }

    /// When the last call returned; zero if there is none.
    ///
    /// ```
    /// assert_eq!(berkeley_picture::Trace::default().end(), 0);
    /// ```
    pub fn end(&self) -> Nanos {
        self.calls.iter().map(|call| call.end).max().unwrap_or_default()
    }

    /// How many calls were not recorded.
    ///
    /// ```
    /// let trace = berkeley_picture::Trace::read([r#"{"ev":"dropped","t":1,"pid":1,"count":3}"#]);
    /// assert_eq!(trace.dropped(), 3);
    /// ```
    pub fn dropped(&self) -> u64 {
        self.processes.iter().map(|process| process.dropped).sum()
    }

    pub(crate) fn socket_of(&self, call: &Call) -> Option<&Socket> {
        self.sockets.get(call.socket?)
    }

    /// The calls of each socket, by their indices in order.
    pub(crate) fn calls_by_socket(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut by_socket: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, call) in self.calls.iter().enumerate() {
            if let Some(socket) = call.socket {
                by_socket.entry(socket).or_default().push(index);
            }
        }
        by_socket
    }

    /// The calls with these indices.
    pub(crate) fn pick<'a>(
        &'a self,
        indices: &'a [usize],
    ) -> impl DoubleEndedIterator<Item = (usize, &'a Call)> + 'a {
        indices.iter().filter_map(|index| Some((*index, self.calls.get(*index)?)))
    }
}

impl Socket {
    /// Whether it moves a stream of bytes.
    ///
    /// ```
    /// use berkeley_picture::Socket;
    ///
    /// let socket = Socket { ty: "SOCK_STREAM".to_owned(), ..Socket::default() };
    /// assert!(socket.is_stream());
    /// ```
    pub fn is_stream(&self) -> bool {
        self.ty.starts_with("SOCK_STREAM")
    }

    /// Whether it is one of TCP.
    ///
    /// ```
    /// assert!(!berkeley_picture::Socket::default().is_tcp());
    /// ```
    pub fn is_tcp(&self) -> bool {
        self.is_stream() && self.family.starts_with("AF_INET")
    }

    /// What it is, in a word: `tcp`, `udp`, `unix`.
    ///
    /// ```
    /// assert_eq!(berkeley_picture::Socket::default().kind(), "socket");
    /// ```
    pub fn kind(&self) -> String {
        let proto = self.proto.trim_start_matches("IPPROTO_").to_ascii_lowercase();
        let ty = self.ty.split('|').next().unwrap_or_default().trim_start_matches("SOCK_");
        match (self.family.as_str(), ty) {
            ("AF_INET" | "AF_INET6", "STREAM") if proto.is_empty() || proto == "ip" => "tcp".into(),
            ("AF_INET" | "AF_INET6", "DGRAM") if proto.is_empty() || proto == "ip" => "udp".into(),
            ("AF_INET" | "AF_INET6", _) => proto,
            ("AF_UNIX", "STREAM") => "unix".into(),
            ("", _) => "socket".into(),
            (family, ty) => {
                let family = family.trim_start_matches("AF_").to_ascii_lowercase();
                format!("{family}-{}", ty.to_ascii_lowercase())
            }
        }
    }
}

impl Call {
    pub(crate) fn row(&self) -> &'static Op {
        ops::by_name(&self.op)
    }

    /// How it ended.
    ///
    /// ```
    /// use berkeley_picture::{Call, Outcome};
    ///
    /// let refused = Call { errno: Some("ECONNREFUSED".to_owned()), ..Call::default() };
    /// assert_eq!(refused.outcome(), Outcome::Failed);
    /// ```
    pub fn outcome(&self) -> Outcome {
        let waited = self.attempts.iter().any(|attempt| attempt.op == "poll");
        match self.errno.as_deref() {
            None => Outcome::Done,
            Some("EAGAIN" | "EWOULDBLOCK" | "EINPROGRESS" | "EALREADY") if waited => {
                Outcome::TimedOut
            }
            Some("EAGAIN" | "EWOULDBLOCK" | "EINPROGRESS" | "EALREADY" | "EINTR") => Outcome::Again,
            Some("ETIMEDOUT" | "timed out") => Outcome::TimedOut,
            Some(_) => Outcome::Failed,
        }
    }

    /// How long it took.
    ///
    /// ```
    /// let call = berkeley_picture::Call { start: 3, end: 10, ..Default::default() };
    /// assert_eq!(call.took(), 7);
    /// ```
    pub fn took(&self) -> Nanos {
        self.end - self.start
    }

    /// How many bytes it moved.
    ///
    /// ```
    /// let call = berkeley_picture::Call { op: "send".into(), ret: Some(5), ..Default::default() };
    /// assert_eq!(call.bytes(), 5);
    /// ```
    pub fn bytes(&self) -> u64 {
        let row = self.row();
        if row.way == ops::Way::No {
            return 0;
        }
        // Batches return how many messages they moved.
        if row.name.ends_with("mmsg") {
            let lens = self.args.get("lens").and_then(Value::as_array);
            let sum = lens.map(|lens| lens.iter().filter_map(Value::as_u64).sum());
            return sum.or_else(|| self.number("bytes")).unwrap_or_default();
        }
        self.ret.and_then(|ret| u64::try_from(ret).ok()).unwrap_or_default()
    }

    /// An argument that is a number.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.args.get(key)?.as_u64()
    }

    /// An argument that is a text.
    pub(crate) fn word(&self, key: &str) -> Option<&str> {
        self.args.get(key)?.as_str()
    }

    /// Whether its flags have this one.
    pub(crate) fn has_flag(&self, flag: &str) -> bool {
        ["flags", "got_flags", "msg_flags"]
            .into_iter()
            .filter_map(|key| self.word(key))
            .any(|flags| flags.split('|').any(|one| one.trim() == flag))
    }
}
