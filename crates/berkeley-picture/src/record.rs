//! The lines of a recording, of the schema `berkeley.trace/1`: pure functions of text.
//!
//! Reading is tolerant: what is not known is left out, so that older readers show newer files and
//! a line that was cut off costs only itself.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::{Map, Value};

/// A moment or a duration, in nanoseconds. Moments are those of `CLOCK_MONOTONIC`.
pub type Nanos = i64;

/// What a line says.
///
/// ```
/// use berkeley_picture::{Record, parse_line};
///
/// let line = r#"{"ev":"end","t":2.5,"pid":7}"#;
/// assert_eq!(parse_line(line), Some(Record::End { t: 2_500_000_000, pid: 7 }));
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Record {
    /// A process began to record.
    Process {
        /// When.
        t: Nanos,
        /// Its process.
        pid: u64,
        /// What `CLOCK_REALTIME` says at this moment, in seconds since 1970.
        wall: Option<f64>,
        /// Its name.
        name: String,
        /// The words it was started with.
        argv: Vec<String>,
    },
    /// A thread and its name.
    Thread {
        /// Its process.
        pid: u64,
        /// Its thread.
        tid: u64,
        /// Its name.
        name: String,
    },
    /// A socket, or more of what is known of it.
    Socket(SocketLine),
    /// A system call.
    Call(CallLine),
    /// What the kernel said of a connection.
    Info(InfoLine),
    /// Calls that were not recorded.
    Dropped {
        /// When.
        t: Nanos,
        /// Its process.
        pid: u64,
        /// How many.
        count: u64,
    },
    /// A process ended, and wrote all that it had.
    End {
        /// When.
        t: Nanos,
        /// Its process.
        pid: u64,
    },
}

/// A socket's line. Later lines of one socket complete the earlier.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct SocketLine {
    /// When.
    pub t: Nanos,
    /// Its process.
    pub pid: u64,
    /// Its name within the process: `s2`.
    pub sock: String,
    /// Its descriptor.
    pub fd: Option<i64>,
    /// `AF_INET` and the like.
    pub family: Option<String>,
    /// `SOCK_STREAM` and the like.
    pub ty: Option<String>,
    /// `IPPROTO_TCP` and the like.
    pub proto: Option<String>,
    /// Its own address.
    pub local: Option<String>,
    /// The address that it is connected to.
    pub peer: Option<String>,
    /// The number that the kernel gives a socket, whoever holds it (`SO_COOKIE`).
    pub cookie: Option<u64>,
    /// The other half of a `socketpair`.
    pub pair: Option<String>,
    /// The socket that accepted it, or of which it is a duplicate.
    pub from: Option<String>,
}

/// One system call.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct CallLine {
    /// When it began.
    pub t: Nanos,
    /// How long it took.
    pub dur: Nanos,
    /// Its process.
    pub pid: u64,
    /// Its thread.
    pub tid: u64,
    /// Its socket.
    pub sock: Option<String>,
    /// Its descriptor.
    pub fd: Option<i64>,
    /// Its name in C.
    pub op: String,
    /// Its arguments, in the words of C.
    pub args: Map<String, Value>,
    /// What it returned; nothing if it failed.
    pub ret: Option<i64>,
    /// The name of the error.
    pub errno: Option<String>,
    /// How many bytes had gone this way before, on a stream.
    pub off: Option<u64>,
    /// The first bytes.
    pub data: Vec<u8>,
    /// What was left of the time limit.
    pub left: Option<Nanos>,
    /// Attempts and waits of one call of the program have the same.
    pub span: Option<u64>,
}

/// `TCP_INFO`, or what of it was recorded.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct InfoLine {
    /// When.
    pub t: Nanos,
    /// Its process.
    pub pid: u64,
    /// The socket.
    pub sock: String,
    /// `ESTABLISHED` and the like.
    pub state: Option<String>,
    /// The smoothed round-trip time.
    pub rtt: Option<Nanos>,
    /// The congestion window, in segments.
    pub cwnd: Option<u64>,
    /// How many segments were sent again.
    pub retrans: Option<u64>,
    /// Bytes that had arrived and nobody had read.
    pub rcv_queue: Option<u64>,
    /// Bytes that the peer had not acknowledged.
    pub snd_queue: Option<u64>,
}

/// Reads a line; `None` if it is cut off, empty, or of a kind that is not known.
///
/// ```
/// assert_eq!(berkeley_picture::parse_line("{\"ev\":\"call\",\"t\":1.0"), None);
/// ```
pub fn parse_line(line: &str) -> Option<Record> {
    let Ok(Value::Object(mut line)) = serde_json::from_str(line) else { return None };
    let kind = text(&line, "ev")?;
    let t = seconds(&line, "t").unwrap_or_default();
    let pid = number(&line, "pid").unwrap_or_default();
    Some(match kind.as_str() {
        "process" => {
            let argv = line.get("argv").and_then(Value::as_array).map(Vec::as_slice);
            let argv = argv.unwrap_or_default().iter().filter_map(Value::as_str);
            let name = text(&line, "name").unwrap_or_else(|| format!("pid {pid}"));
            let wall = line.get("wall").and_then(Value::as_f64);
            Record::Process { t, pid, wall, name, argv: argv.map(str::to_owned).collect() }
        }
        "thread" => {
            let tid = number(&line, "tid")?;
            Record::Thread { pid, tid, name: text(&line, "name").unwrap_or_default() }
        }
        "socket" => Record::Socket(SocketLine {
            t,
            pid,
            sock: text(&line, "sock")?,
            fd: signed(&line, "fd"),
            family: text(&line, "family"),
            ty: text(&line, "type"),
            proto: text(&line, "proto"),
            local: text(&line, "local"),
            peer: text(&line, "peer"),
            cookie: number(&line, "cookie"),
            pair: text(&line, "pair"),
            from: text(&line, "from"),
        }),
        "call" => Record::Call(CallLine {
            t,
            dur: seconds(&line, "dur").unwrap_or_default().clamp(0, LONGEST),
            pid,
            tid: number(&line, "tid").unwrap_or(pid),
            sock: text(&line, "sock"),
            fd: signed(&line, "fd"),
            op: text(&line, "op")?,
            ret: signed(&line, "ret"),
            errno: text(&line, "errno"),
            off: number(&line, "off"),
            data: text(&line, "data").and_then(|data| bytes(&data)).unwrap_or_default(),
            left: seconds(&line, "left"),
            span: number(&line, "span"),
            args: match line.remove("args") {
                Some(Value::Object(args)) => args,
                _ => Map::new(),
            },
        }),
        "info" => Record::Info(InfoLine {
            t,
            pid,
            sock: text(&line, "sock")?,
            state: text(&line, "state"),
            rtt: seconds(&line, "rtt"),
            cwnd: number(&line, "cwnd"),
            retrans: number(&line, "retrans"),
            rcv_queue: number(&line, "rcv_queue"),
            snd_queue: number(&line, "snd_queue"),
        }),
        "dropped" => Record::Dropped { t, pid, count: number(&line, "count").unwrap_or(1) },
        "end" => Record::End { t, pid },
        _ => return None,
    })
}

/// A text, of which nothing can steer the terminal that it is shown on.
fn text(line: &Map<String, Value>, key: &str) -> Option<String> {
    let text = line.get(key)?.as_str()?;
    match text.contains(char::is_control) {
        true => Some(text.escape_debug().to_string()),
        false => Some(text.to_owned()),
    }
}

/// What doubles count without gaps; numbers beyond it are of no recording, and sums of these fit.
const MOST: i64 = 1 << 53;
/// A hundred and twenty years, so that times of day fit, and eleven days: differences and sums of times below these fit, too.
const LATEST: Nanos = 4_000_000_000_000_000_000;
const LONGEST: Nanos = 1_000_000_000_000_000;

fn number(line: &Map<String, Value>, key: &str) -> Option<u64> {
    line.get(key).and_then(Value::as_u64).map(|number| number.min(MOST.unsigned_abs()))
}

fn signed(line: &Map<String, Value>, key: &str) -> Option<i64> {
    line.get(key).and_then(Value::as_i64).map(|number| number.clamp(-MOST, MOST))
}

/// Seconds as nanoseconds: a double has enough digits for those of a machine that is up for years.
fn seconds(line: &Map<String, Value>, key: &str) -> Option<Nanos> {
    let seconds = line.get(key)?.as_f64()?;
    // Numbers too large for the type end at its ends.
    Some(((seconds * 1e9).round() as Nanos).clamp(-LATEST, LATEST))
}

fn bytes(base64: &str) -> Option<Vec<u8>> {
    STANDARD.decode(base64).or_else(|_| STANDARD_NO_PAD.decode(base64)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_with_all_that_it_has() {
        let line = r#"{"ev":"call","t":12345.000000123,"dur":0.000000456,"pid":1,"tid":2,"sock":"s2",
            "fd":5,"op":"send","args":{"len":5,"new":{}},"ret":5,"errno":null,"off":7,
            "data":"aGVsbG8=","left":1.5,"span":3,"unknown":[1]}"#;
        let Some(Record::Call(call)) = parse_line(line) else { panic!("not a call") };
        assert_eq!((call.t, call.dur, call.left), (12_345_000_000_123, 456, Some(1_500_000_000)));
        assert_eq!((call.ret, call.errno, call.off), (Some(5), None, Some(7)));
        assert_eq!((call.data.as_slice(), call.span), (&b"hello"[..], Some(3)));
        assert_eq!(call.args.len(), 2);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        for line in ["", "{", "[]", "7", r#"{"ev":"later","t":1}"#, r#"{"ev":"call","t":1}"#] {
            assert_eq!(parse_line(line), None, "{line}");
        }
        let odd = r#"{"ev":"call","op":"send","t":"x","dur":-1,"data":"%","args":3,"ret":"y"}"#;
        let Some(Record::Call(call)) = parse_line(odd) else { panic!("not a call") };
        assert_eq!((call.t, call.dur, call.ret, call.data.len()), (0, 0, None, 0));
    }
}
