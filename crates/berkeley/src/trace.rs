//! Every call of every socket of this process, written down: what was called, by which thread, on
//! which socket, with what, how long it took and what it answered.
//!
//! A recording is a file of JSON Lines, `berkeley.trace/1`; `docs/trace-format.md` says what stands
//! in it. The command `berkeley trace` draws it. With the feature `trace` and no recording going
//! on, a call costs one load and one branch more than without the feature.
//!
//! ```
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("run.jsonl");
//!
//! let recording = berkeley::trace::to_file(&path)?;
//! let server = berkeley::create_server("127.0.0.1:0")?;
//! let client = berkeley::create_connection(server.local_addr()?)?;
//! client.send_all(b"hello!")?;
//! recording.finish()?;
//!
//! let lines = std::fs::read_to_string(&path)?;
//! assert!(lines.lines().any(|line| line.contains(r#""op":"connect""#)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it does to the program
//!
//! Nothing waits for the recorder. Each thread has a ring of its own, which one thread of the
//! recorder empties; what finds its ring full is not recorded, and counted in a line `dropped`.
//! Beside the calls of the program, the kernel is asked who a socket is when it is made, bound,
//! connected or accepted, and what TCP knows when it is connected, accepted, shut down, closed, or
//! has failed.
//!
//! A copy of the process (`fork`) goes on in the same file, or in one of its own if the path has
//! `%p` in it; so does a program that honours [`BERKELEY_TRACE`](from_env) in a child. What the
//! last moment held is lost to a process that ends by a signal or by `_exit` without [`flush`].
//!
//! With the feature `tracing`, `to_tracing` makes each call an event of the crate `tracing` as well,
//! or instead.
//!
//! What goes by io_uring, AF_XDP's rings or another library is not seen.

#[cfg(feature = "tracing")]
mod events;
mod line;
mod told;
mod writer;

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Call, Error, Result};
use crate::seam;
use crate::seam::event::{About, Beside, Data, Outcome};
use crate::seam::record::{self, Plan, Recording, Summary};
use crate::seam::watch::{self, TRACE};
use crate::sys::Errno;

#[cfg(feature = "tracing")]
pub use events::{Events, to_tracing};

/// What to record, and how.
///
/// ```
/// use berkeley::trace::Options;
/// use std::time::Duration;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("run-%p.jsonl");
/// let recording = Options::new().payload(32).sample(Duration::from_millis(100)).to_file(path)?;
/// recording.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    payload: usize,
    sample: Option<Duration>,
    memory: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options::new()
    }
}

impl Options {
    /// No payload, no samples, at most 64 MiB of memory.
    ///
    /// ```
    /// let options = berkeley::trace::Options::new();
    /// ```
    pub const fn new() -> Options {
        Options { payload: 0, sample: None, memory: 64 << 20 }
    }

    /// Keeps so many bytes of what each call sends or receives, 4,096 at most. At first none are:
    /// recordings are handed around.
    ///
    /// ```
    /// let options = berkeley::trace::Options::new().payload(32);
    /// ```
    #[must_use]
    pub const fn payload(mut self, bytes: usize) -> Options {
        self.payload = if bytes < 4096 { bytes } else { 4096 };
        self
    }

    /// Asks TCP what it knows of every open connection, this often: a millisecond at least. At
    /// first it is asked when a connection begins, fails, is shut down and ends.
    ///
    /// ```
    /// let every = std::time::Duration::from_millis(100);
    /// let options = berkeley::trace::Options::new().sample(every);
    /// ```
    #[must_use]
    #[doc(alias = "TCP_INFO")]
    pub const fn sample(mut self, every: Duration) -> Options {
        self.sample = Some(every);
        self
    }

    /// Takes at most so many bytes of memory for what has yet to be written: each thread that uses
    /// sockets takes 64 KiB of it, and more while the writer is late. What finds none is counted as
    /// dropped.
    ///
    /// ```
    /// let options = berkeley::trace::Options::new().memory(4 << 20);
    /// ```
    #[must_use]
    pub const fn memory(mut self, bytes: usize) -> Options {
        self.memory = bytes;
        self
    }

    /// Begins a recording in this file, which is made or emptied. In its name `%p` stands for the
    /// number of the process.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// let recording = berkeley::trace::Options::new().to_file(folder.path().join("run.jsonl"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of making the file; `EBUSY` if a recording is going on already.
    pub fn to_file(self, path: impl AsRef<Path>) -> Result<Trace> {
        self.begin(path.as_ref(), true)
    }

    /// [`to_file`](Options::to_file) behind what stands in the file already.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("run.jsonl");
    /// berkeley::trace::Options::new().append_to(path)?.finish()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`to_file`](Options::to_file).
    pub fn append_to(self, path: impl AsRef<Path>) -> Result<Trace> {
        self.begin(path.as_ref(), false)
    }

    fn begin(self, path: &Path, empty: bool) -> Result<Trace> {
        let (payload, sample, memory) = (self.payload, self.sample, self.memory);
        let plan = Plan { path: path.to_owned(), payload, sample, memory };
        let failed = |error: io::Error| {
            let errno = Errno(error.raw_os_error().unwrap_or(Errno::EIO.0));
            Error::new(Call::Trace, errno).at_name(path.display().to_string())
        };
        let begin = || writer::start(plan, empty);
        let recording =
            record::begin(begin, |plan| writer::start(plan.clone(), false).ok(), end_of_process);
        let recording = recording.map_err(failed)?;
        watch::switch_on(TRACE);
        record::declare();
        Ok(Trace { recording: Some(recording) })
    }
}

/// Begins a recording of all sockets of this process in this file, which is made or emptied.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let recording = berkeley::trace::to_file(folder.path().join("run.jsonl"))?;
/// let lookup = berkeley::getaddrinfo("127.0.0.1", "80").call()?;
/// let done = recording.finish()?;
/// assert_eq!((done.calls, done.dropped), (1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of [`Options::to_file`].
#[doc(alias("strace", "record"))]
pub fn to_file(path: impl AsRef<Path>) -> Result<Trace> {
    Options::new().to_file(path)
}

/// Begins the recording that the environment asks for, once in the life of the process; it goes on
/// until the end. Says whether one has begun.
///
/// | variable | what it is |
/// |---|---|
/// | `BERKELEY_TRACE` | the file, behind whose end it is written; `%p` stands for the process |
/// | `BERKELEY_TRACE_PAYLOAD` | bytes to keep of each call; none without it |
/// | `BERKELEY_TRACE_SAMPLE` | seconds between two samples of TCP's state; no samples without it |
///
/// ```
/// fn main() -> berkeley::Result<()> {
///     berkeley::trace::from_env()?;
///     // … the program …
///     # Ok(())
/// }
/// ```
///
/// # Errors
///
/// Those of [`Options::append_to`].
#[doc(alias = "BERKELEY_TRACE")]
pub fn from_env() -> Result<bool> {
    static ASKED: Mutex<bool> = Mutex::new(false);
    let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
    if std::mem::replace(&mut *asked, true) {
        return Ok(false);
    }
    let Some(path) = set(std::env::var_os("BERKELEY_TRACE")) else { return Ok(false) };
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<f64>().ok());
    let mut options = Options::new();
    if let Some(bytes) = number("BERKELEY_TRACE_PAYLOAD") {
        options = options.payload(bytes as usize);
    }
    let every = number("BERKELEY_TRACE_SAMPLE").and_then(|s| Duration::try_from_secs_f64(s).ok());
    if let Some(every) = every {
        options = options.sample(every);
    }
    let mut trace = options.append_to(PathBuf::from(path))?;
    // It ends with the process.
    trace.recording = None;
    Ok(true)
}

fn set(value: Option<OsString>) -> Option<OsString> {
    value.filter(|value| !value.is_empty())
}

/// Waits until all that was recorded so far stands in the file, two seconds at most.
///
/// To be called by those who end a process without its knowing, such as by `_exit`.
///
/// ```
/// berkeley::trace::flush();
/// ```
pub fn flush() {
    if let Some(recording) = record::current() {
        writer::flush(&recording);
    }
}

/// Tells the recording what the calling thread is called, from now on. At first it has the name
/// that the system knows.
///
/// ```
/// berkeley::trace::name_thread("worker 1");
/// ```
pub fn name_thread(name: &str) {
    if is_on() {
        record::name_thread(None, name);
    }
}

/// [`name_thread`] of another thread, by its number in the system.
///
/// ```
/// berkeley::trace::name_thread_of(std::process::id(), "main");
/// ```
///
/// See `gettid(2)`.
#[doc(alias("gettid", "native_id"))]
pub fn name_thread_of(thread: u32, name: &str) {
    if is_on() {
        record::name_thread(Some(thread), name);
    }
}

/// The file of the recording that is going on, with the number of the process where `%p` stood.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("run.jsonl");
/// let recording = berkeley::trace::to_file(&path)?;
/// assert_eq!(berkeley::trace::path(), Some(path));
/// recording.finish()?;
/// assert_eq!(berkeley::trace::path(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn path() -> Option<PathBuf> {
    let recording = record::current()?;
    Some(writer::expand(&recording.plan.path, std::process::id()))
}

/// Whether a recording is going on.
///
/// ```
/// assert!(!berkeley::trace::is_on());
/// ```
pub fn is_on() -> bool {
    watch::mode() & TRACE != 0
}

/// Records that a layer above has ciphered these bytes and sent them by this socket, which has just
/// taken so long: what the wire has is of no use to readers. Answered is how many bytes it took.
///
/// ```
/// use berkeley::{Family, Protocol, Socket, Type, trace};
/// use std::time::Instant;
///
/// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// let (start, text) = (Instant::now(), b"secret");
/// let sent = a.send(&text.map(|byte| byte ^ 42))?;
/// trace::ssl_write(&a, text, Ok(sent), start.elapsed());
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// None of its own: an error that is given is recorded.
#[doc(alias("SSL_write", "TLS"))]
pub fn ssl_write(sock: impl AsFd, data: &[u8], done: Result<usize, Errno>, took: Duration) {
    ciphered(Ok(sock.as_fd()), data, done, took);
}

/// Records that a layer above has received bytes by this socket, with room for so many, and
/// deciphered them to these.
///
/// ```
/// use berkeley::{Errno, Family, Protocol, Socket, Type, trace};
/// use std::time::Duration;
///
/// let (a, _b) = Socket::pair(Family::UNIX, Type::STREAM, Protocol::DEFAULT)?;
/// trace::ssl_read(&a, 1024, Ok(b"text"), Duration::from_micros(5));
/// trace::ssl_read(&a, 1024, Err(Errno::EAGAIN), Duration::ZERO);
/// # Ok::<(), berkeley::Error>(())
/// ```
///
/// # Errors
///
/// None of its own: an error that is given is recorded.
#[doc(alias("SSL_read", "TLS"))]
pub fn ssl_read(sock: impl AsFd, room: usize, done: Result<&[u8], Errno>, took: Duration) {
    deciphered(Ok(sock.as_fd()), room, done, took);
}

/// [`ssl_write`] of a layer that ciphers in memory: whoever made it carries the bytes to a socket
/// that is not known here. The number is a name for it, which the caller gives.
///
/// ```
/// use berkeley::trace;
/// use std::time::Duration;
///
/// trace::ssl_write_in_memory(1, b"secret", Ok(6), Duration::from_micros(5));
/// ```
///
/// # Errors
///
/// None of its own: an error that is given is recorded.
#[doc(alias("SSLObject", "BIO", "TLS"))]
pub fn ssl_write_in_memory(object: u32, data: &[u8], done: Result<usize, Errno>, took: Duration) {
    ciphered(Err(object), data, done, took);
}

/// [`ssl_read`] of a layer that deciphers in memory, as [`ssl_write_in_memory`] has it.
///
/// ```
/// use berkeley::trace;
/// use std::time::Duration;
///
/// trace::ssl_read_in_memory(1, 1024, Ok(b"text"), Duration::from_micros(5));
/// ```
///
/// # Errors
///
/// None of its own: an error that is given is recorded.
#[doc(alias("SSLObject", "BIO", "TLS"))]
pub fn ssl_read_in_memory(object: u32, room: usize, done: Result<&[u8], Errno>, took: Duration) {
    deciphered(Err(object), room, done, took);
}

/// By a socket, or by what has this number.
type Whose<'a> = Result<BorrowedFd<'a>, u32>;

fn beside(whose: Whose<'_>) -> Beside {
    whose.err().map_or(Beside::NOTHING, Beside::Object)
}

fn ciphered(whose: Whose<'_>, data: &[u8], done: Result<usize, Errno>, took: Duration) {
    let about = About::Out { data: Data::One(data), flags: 0, to: None, beside: beside(whose) };
    seam::ciphered(whose.ok(), took, Outcome::of_size(&done), about);
}

fn deciphered(whose: Whose<'_>, room: usize, done: Result<&[u8], Errno>, took: Duration) {
    let outcome = Outcome::of_size(&done.map(<[u8]>::len));
    let data = Data::One(done.unwrap_or_default());
    let about = About::In { room, flags: 0, data, from: None, beside: beside(whose) };
    seam::ciphered(whose.ok(), took, outcome, about);
}

/// A recording that is going on. It ends when this is dropped.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// {
///     let _recording = berkeley::trace::to_file(folder.path().join("run.jsonl"))?;
///     // … what is recorded …
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Trace {
    recording: Option<Arc<Recording>>,
}

/// What has been recorded.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let done = berkeley::trace::to_file(folder.path().join("run.jsonl"))?.finish()?;
/// assert_eq!(done.calls, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// Calls that stand in the file.
    pub calls: u64,
    /// Calls that found no room in memory.
    pub dropped: u64,
}

impl Trace {
    /// Ends the recording, waits until all of it stands in the file, and says how much it is.
    ///
    /// ```
    /// let folder = tempfile::tempdir()?;
    /// let done = berkeley::trace::to_file(folder.path().join("run.jsonl"))?.finish()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of writing the file, now or before.
    pub fn finish(mut self) -> Result<Recorded> {
        let Some(recording) = self.recording.take() else {
            return Ok(Recorded { calls: 0, dropped: 0 });
        };
        let path = recording.plan.path.display().to_string();
        let Summary { calls, dropped, failed } = end(&recording);
        match failed {
            Some(errno) => Err(Error::new(Call::Trace, errno).at_name(path)),
            None => Ok(Recorded { calls, dropped }),
        }
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        if let Some(recording) = self.recording.take() {
            end(&recording);
        }
    }
}

/// Ends a recording, if it is this process's.
fn end(recording: &Arc<Recording>) -> Summary {
    let own = record::current().is_some_and(|current| Arc::ptr_eq(&current, recording));
    if own {
        watch::switch_off(TRACE);
        record::end();
    }
    writer::finish(recording, own)
}

extern "C" fn end_of_process() {
    if let Some(recording) = record::current() {
        end(&recording);
    }
}
