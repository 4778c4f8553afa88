//! Calls as events of the crate `tracing`.

use std::cell::RefCell;

use tracing::Level;

use super::line::Line;
use super::told::{args, error_name};
use crate::seam::event::{About, Event, Op, Outcome};
use crate::seam::ring::{Reader, Ring};
use crate::seam::watch;
use crate::seam::words::{self, MOST_CALL};
use crate::sys::{Errno, c};

/// Makes every call of every socket of this process an event of the crate `tracing`, until the
/// answer is dropped, beside a recording in a file or without one.
///
/// Switched on it is by this alone: before, a call costs one load and one branch, whatever
/// subscriber there is. From then on the subscriber is asked for each call, and nothing is put into
/// words for one that does not want it.
///
/// The events have the target `berkeley::socket` and the name `call`. Their level is `DEBUG` if a
/// socket is made or ended, or the call failed, and `TRACE` otherwise, also for `EAGAIN` and
/// `EINPROGRESS`, which are no news. The fields are those of `docs/trace-format.md`, and left out
/// where there they are null:
///
/// | field | type | what it is |
/// |---|---|---|
/// | `op` | text | the call, by its name in C |
/// | `sock` | text | the socket, `s3`: a name that is never used again |
/// | `fd` | number | its descriptor; −1 where no socket is concerned |
/// | `args` | shown | the arguments, the text of an object of JSON |
/// | `ret` | number | the answer of a call that has succeeded |
/// | `errno` | text | the error of one that has failed: `ECONNREFUSED`, `EAI_NONAME` |
/// | `dur` | number | how long it took, in seconds |
/// | `left` | number | of `poll`: how long it was to wait at most, in seconds |
/// | `new` | text | of `accept`, `dup` and `socketpair`: the socket that came of it, the other one of a pair |
///
/// The subscriber is called after the call, in its thread and in its current span. Calls that it
/// makes itself, there, are not events. If it passes events to another thread which sends them by
/// sockets of this library, have it filter that thread out, or each event brings forth others.
///
/// ```
/// use berkeley::trace;
/// use tracing::Level;
///
/// let printed = tracing_subscriber::fmt().with_max_level(Level::TRACE).with_test_writer().finish();
/// tracing::subscriber::with_default(printed, || {
///     let _events = trace::to_tracing();
///     let server = berkeley::create_server("127.0.0.1:0")?;
///     // DEBUG berkeley::socket: op="socket" sock="s1" fd=3
///     //     args={"family":"AF_INET","type":"SOCK_STREAM","proto":6} ret=3 dur=1.9798e-5
///     berkeley::create_connection(server.local_addr()?)?.send_all(b"hello!")
/// })?;
/// # Ok::<(), berkeley::Error>(())
/// ```
#[doc(alias("tracing", "log", "subscriber"))]
pub fn to_tracing() -> Events {
    watch::listen(heard);
    Events { _private: () }
}

/// Calls are events of `tracing` while there is one of these. To have them as long as the process
/// lives, keep it in `main`.
///
/// ```
/// let events = berkeley::trace::to_tracing();
/// // … the program …
/// drop(events);
/// ```
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Events {
    _private: (),
}

impl Drop for Events {
    fn drop(&mut self) {
        watch::listen_no_more();
    }
}

/// What a thread needs to put calls into words, used again for each. It is borrowed while the
/// subscriber is told, so that calls of its own are not told of.
struct Words {
    ring: Ring,
    words: Vec<u64>,
    bytes: Vec<u8>,
    text: Vec<u8>,
}

thread_local! {
    static WORDS: RefCell<Words> = RefCell::new(Words {
        // A record, and the word before it.
        ring: Ring::new(MOST_CALL + 1, 0),
        words: Vec::new(),
        bytes: Vec::new(),
        text: Vec::new(),
    });
}

fn heard(event: &Event<'_>, id: Option<u64>, new: Option<u64>) {
    // A thread that ends may have given its words back.
    let _ = WORDS.try_with(|words| {
        if let Ok(mut words) = words.try_borrow_mut() {
            emit(&mut words, event, id, new);
        }
    });
}

fn emit(words: &mut Words, event: &Event<'_>, id: Option<u64>, new: Option<u64>) {
    // The level is part of what is said once, where an event stands. The values are looked for only
    // if it is wanted.
    macro_rules! event {
        ($level:expr) => {
            tracing::event!(
                name: "call",
                target: "berkeley::socket",
                $level,
                op = event.op.name(),
                sock = name(id).as_deref(),
                fd = event.fd,
                args = %words.args(event),
                ret = event.outcome.value(),
                errno = error_name(event.outcome).as_deref(),
                dur = seconds(event.end.saturating_sub(event.start)),
                left = left(event),
                new = name(new).as_deref(),
            )
        };
    }
    match is_news(event) {
        true => event!(Level::DEBUG),
        false => event!(Level::TRACE),
    }
}

impl Words {
    /// The arguments as a recording has them.
    fn args(&mut self, event: &Event<'_>) -> &str {
        let Words { ring, words, bytes, text } = self;
        text.clear();
        if ring.has_room(MOST_CALL) {
            let mut draft = ring.begin(0);
            words::about(&event.about, 0, (0, 0, 0), &mut draft);
            draft.publish();
        }
        ring.drain(words, |words| {
            Line::write(text, |line| {
                let about = words.get(1..).unwrap_or_default();
                args(line, event.op, event.outcome, &mut Reader(about), bytes);
            });
        });
        std::str::from_utf8(text).unwrap_or_default().trim_end()
    }
}

fn is_news(event: &Event<'_>) -> bool {
    match event.outcome {
        Outcome::Failed(Errno(c::EAGAIN | c::EINPROGRESS)) => false,
        Outcome::Failed(_) | Outcome::LookupFailed(_) => true,
        Outcome::Value(_) => matches!(
            event.op,
            Op::Socket | Op::SocketPair | Op::Accept | Op::Dup | Op::Retire | Op::Close
        ),
    }
}

fn name(id: Option<u64>) -> Option<String> {
    id.map(|id| format!("s{id}"))
}

fn seconds(nanos: u64) -> f64 {
    std::time::Duration::from_nanos(nanos).as_secs_f64()
}

fn left(event: &Event<'_>) -> Option<f64> {
    match event.about {
        About::Wait { limit, .. } => limit.map(|limit| limit.as_secs_f64()),
        _ => None,
    }
}
