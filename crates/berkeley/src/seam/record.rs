//! Records of calls, from the threads that make them to the one that writes them down.
//! How a record is put into words, and read back, stands in `words.rs`.

use std::cell::RefCell;
use std::os::fd::RawFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use super::event::{Event, Op, Outcome};
use super::ring::{Draft, Ring};
use super::table::{self, CONNECTING, Entry, Kind, NAMED};
use super::watch::{alone, open_gate, shut_gate};
pub(super) use super::words::Brief;
use super::words::{CALL, INFO, MOST_BRIEF, MOST_CALL, MOST_VALUE, NAME, SOCKET, about};
use crate::sys::{self, Errno, Storage, c};

/// What a recording is to be.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The file, in which `%p` stands for the process.
    pub(crate) path: PathBuf,
    /// So many bytes of what is sent and received are kept.
    pub(crate) payload: usize,
    /// How often TCP is asked for what it knows.
    pub(crate) sample: Option<Duration>,
    /// The most memory for what has yet to be written, in bytes.
    pub(crate) memory: usize,
}

/// A recording that is going on.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) plan: Plan,
    rings: Mutex<Vec<Arc<Ring>>>,
    /// Words that may still be taken for rings.
    room: AtomicUsize,
    /// Calls of threads that have no ring.
    lost: AtomicU64,
    writer: OnceLock<Thread>,
    /// The writer waits until it is woken.
    pub(crate) asleep: AtomicBool,
    /// Somebody has asked it to hurry.
    pub(crate) hurried: AtomicBool,
    pub(crate) stopping: AtomicBool,
    pub(crate) progress: Progress,
}

/// What the writer has done, for those who wait for it.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    pub(crate) state: Mutex<State>,
    pub(crate) changed: Condvar,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// So often somebody has asked for everything to be written, and was answered.
    pub(crate) asked: u64,
    pub(crate) answered: u64,
    pub(crate) summary: Summary,
    pub(crate) thread: Option<JoinHandle<()>>,
    pub(crate) ended: bool,
}

/// What has been written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) calls: u64,
    pub(crate) dropped: u64,
    pub(crate) failed: Option<Errno>,
}

/// A thread's first ring has so many words, 64 KiB. While the writer is late it takes larger ones,
/// each four times as large, up to 4 MiB.
const FIRST_RING: usize = 1 << 13;
const LAST_RING: usize = 1 << 19;

impl Recording {
    pub(crate) fn new(plan: Plan) -> Recording {
        Recording {
            room: AtomicUsize::new((plan.memory / size_of::<u64>()).max(1 << 10)),
            plan,
            rings: Mutex::new(Vec::new()),
            lost: AtomicU64::new(0),
            writer: OnceLock::new(),
            asleep: AtomicBool::new(false),
            hurried: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            progress: Progress::default(),
        }
    }

    /// The rings of all threads; those that have ended are given up once they are empty.
    pub(crate) fn rings(&self) -> MutexGuard<'_, Vec<Arc<Ring>>> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many calls were lost since this was last asked because there was no ring for them.
    pub(crate) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }

    /// Gives back the room of a ring.
    pub(crate) fn forget(&self, ring: &Ring) {
        self.room.fetch_add(ring.len(), Ordering::Relaxed);
    }

    /// Says who writes.
    pub(crate) fn written_by(&self, thread: Thread) {
        let _ = self.writer.set(thread);
    }

    /// Wakes the writer.
    #[cold]
    pub(crate) fn wake(&self) {
        self.asleep.store(false, Ordering::SeqCst);
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    /// Wakes it to hurry, unless somebody else has, or because it sleeps.
    #[cold]
    fn wake_for(&self, hurry: bool) {
        if !hurry || !self.hurried.swap(true, Ordering::Relaxed) {
            self.wake();
        }
    }

    /// A ring for the calling thread of so many words, or of fewer, if there is room for one more.
    fn ring(&self, words: usize) -> Option<Arc<Ring>> {
        let fitting = |room: usize| {
            let words = words.min(room);
            let words = if words.is_power_of_two() { words } else { words.next_power_of_two() / 2 };
            (words >= 1 << 10).then_some(words)
        };
        let (order, take) = (Ordering::Relaxed, |room| Some(room - fitting(room)?));
        let room = self.room.fetch_update(order, order, take).ok()?;
        let ring = Arc::new(Ring::new(fitting(room)?, sys::thread_id()));
        self.rings().push(Arc::clone(&ring));
        Some(ring)
    }

    /// Takes a larger ring in place of this, which is full, and says whether the record finds room
    /// now; it is counted if not.
    #[cold]
    fn widen(&self, full: &mut Arc<Ring>, most: usize) -> bool {
        let words = full.len() * 4;
        if let Some(ring) = (words <= LAST_RING).then(|| self.ring(words)).flatten() {
            full.ended.store(true, Ordering::Release);
            *full = ring;
        }
        let has_room = full.has_room(most);
        if !has_room {
            full.drop_one();
        }
        has_room
    }
}

/// The recording that is going on, if there is one. To be used behind the gate only.
static CURRENT: Mutex<Option<Arc<Recording>>> = Mutex::new(None);

/// Another one with each recording that begins or ends, and in each copy of the process.
static GENERATION: AtomicU32 = AtomicU32::new(1);

/// This process is a copy whose recording is still its parent's.
static COPIED: AtomicBool = AtomicBool::new(false);

/// How a recording is begun anew in a copy of the process.
static AGAIN: OnceLock<Again> = OnceLock::new();

type Again = fn(&Plan) -> Option<Arc<Recording>>;

fn slot() -> MutexGuard<'static, Option<Arc<Recording>>> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes it the one that is going on, unless there is one.
pub(crate) fn begin(
    recording: impl FnOnce() -> std::io::Result<Arc<Recording>>,
    again: Again,
    at_exit: extern "C" fn(),
) -> std::io::Result<Arc<Recording>> {
    if AGAIN.set(again).is_ok() {
        sys::at_fork(before_fork, in_parent, in_child);
        sys::at_exit(at_exit);
    }
    alone(|| {
        let mut current = slot();
        if current.is_some() && !COPIED.load(Ordering::Relaxed) {
            return Err(std::io::Error::from_raw_os_error(c::EBUSY));
        }
        let recording = recording()?;
        COPIED.store(false, Ordering::Relaxed);
        *current = Some(Arc::clone(&recording));
        GENERATION.fetch_add(1, Ordering::SeqCst);
        Ok(recording)
    })
}

/// No recording is going on any more.
pub(crate) fn end() {
    alone(|| {
        *slot() = None;
        GENERATION.fetch_add(1, Ordering::SeqCst);
    });
}

/// The one that is going on in this process.
pub(crate) fn current() -> Option<Arc<Recording>> {
    alone(|| if COPIED.load(Ordering::Relaxed) { None } else { slot().clone() })
}

extern "C" fn before_fork() {
    shut_gate();
}

extern "C" fn in_parent() {
    open_gate();
}

extern "C" fn in_child() {
    COPIED.store(true, Ordering::Relaxed);
    GENERATION.fetch_add(1, Ordering::SeqCst);
    open_gate();
}

/// What the calling thread writes to.
struct Mine {
    generation: u32,
    recording: Option<Arc<Recording>>,
    ring: Option<Arc<Ring>>,
    spans: Spans,
}

/// Which system calls belong to one call of the API.
pub(super) struct Spans {
    /// That of the last one, and of which descriptor it was.
    last: u64,
    fd: RawFd,
    /// What the next call has to be to belong to it as well.
    goes_on: GoesOn,
    /// Numbers of this thread's that have yet to be given away, and their end.
    next: u64,
    end: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum GoesOn {
    No,
    /// It has to wait first.
    ByWaiting,
    /// It was interrupted, or has waited.
    ByAny,
}

thread_local! {
    static MINE: RefCell<Mine> = const {
        RefCell::new(Mine {
            generation: 0,
            recording: None,
            ring: None,
            spans: Spans { last: 0, fd: -1, goes_on: GoesOn::No, next: 0, end: 0 },
        })
    };
}

impl Drop for Mine {
    fn drop(&mut self) {
        if let Some(ring) = &self.ring {
            ring.ended.store(true, Ordering::Release);
        }
    }
}

/// The numbers that no thread has taken yet, and how many one takes at once.
static SPANS: AtomicU64 = AtomicU64::new(1);
const SPANS_OF_ONE: u64 = 256;

impl Mine {
    /// Finds out what is recorded now, and whether this process is a copy whose recording has just
    /// begun.
    #[cold]
    fn renew(&mut self, generation: u32) -> bool {
        if let Some(ring) = self.ring.take() {
            ring.ended.store(true, Ordering::Release);
        }
        self.generation = generation;
        self.spans.goes_on = GoesOn::No;
        let (recording, copied) = alone(|| {
            let mut current = slot();
            let copied = COPIED.swap(false, Ordering::Relaxed);
            if copied {
                let plan = current.take().map(|recording| recording.plan.clone());
                *current = plan.and_then(|plan| AGAIN.get().and_then(|again| again(&plan)));
            }
            (current.clone(), copied)
        });
        self.ring = recording.as_ref().and_then(|recording| recording.ring(FIRST_RING));
        self.recording = recording;
        copied
    }
}

impl Spans {
    /// The span of a call: that of the one before, if it goes on.
    #[inline]
    fn of(&mut self, op: Op, fd: RawFd, outcome: Outcome) -> u64 {
        let goes_on = match self.goes_on {
            GoesOn::No => false,
            GoesOn::ByWaiting => op == Op::Poll,
            GoesOn::ByAny => true,
        };
        if !goes_on || fd != self.fd || fd < 0 {
            if self.next == self.end {
                self.more();
            }
            self.last = self.next;
            self.next += 1;
        }
        self.fd = fd;
        self.goes_on = match (op, outcome) {
            (Op::Poll, Outcome::Value(1..)) | (_, Outcome::Failed(Errno(c::EINTR))) => {
                GoesOn::ByAny
            }
            (_, Outcome::Failed(Errno(c::EAGAIN | c::EINPROGRESS))) => GoesOn::ByWaiting,
            _ => GoesOn::No,
        };
        self.last
    }

    #[cold]
    fn more(&mut self) {
        self.next = SPANS.fetch_add(SPANS_OF_ONE, Ordering::Relaxed);
        self.end = self.next + SPANS_OF_ONE;
    }
}

/// Writes a record of this kind of at most so many words, and counts it if there is no room.
fn write(head: u64, most: usize, record: impl FnOnce(&mut Spans, &Plan, &mut Draft<'_>)) {
    // A thread that is ending has no place for it any more.
    let _ = MINE.try_with(|mine| {
        let Ok(mut own) = mine.try_borrow_mut() else { return };
        let generation = GENERATION.load(Ordering::Relaxed);
        if own.generation != generation && own.renew(generation) {
            drop(own);
            declare();
            match mine.try_borrow_mut() {
                Ok(again) => own = again,
                Err(_) => return,
            }
        }
        let Mine { recording: Some(recording), ring, spans, .. } = &mut *own else { return };
        let most = most + recording.plan.payload.div_ceil(8);
        put(recording, ring, head, most, |draft| record(spans, &recording.plan, draft));
    });
}

/// Writes a record into a thread's ring, and sees to it that somebody reads it.
#[inline]
fn put(
    recording: &Recording,
    own: &mut Option<Arc<Ring>>,
    head: u64,
    most: usize,
    record: impl FnOnce(&mut Draft<'_>),
) {
    let Some(ring) = own else {
        recording.lost.fetch_add(1, Ordering::Relaxed);
        return;
    };
    if ring.has_room(most) || recording.widen(ring, most) {
        let mut draft = ring.begin(head);
        record(&mut draft);
        draft.publish();
    }
    let hurry = ring.is_filling() && !recording.hurried.load(Ordering::Relaxed);
    if hurry || recording.asleep.load(Ordering::Relaxed) {
        recording.wake_for(hurry);
    }
}

/// Writes down a call that has ended in the short way, which nearly all have: `false` if it cannot
/// be, and then nothing has been done.
#[inline]
pub(super) fn brief(call: &Brief<'_>, entry: &Entry) -> bool {
    let written = MINE.try_with(|mine| {
        let Ok(mut own) = mine.try_borrow_mut() else { return false };
        if own.generation != GENERATION.load(Ordering::Relaxed) {
            return false;
        }
        let Mine { recording: Some(recording), ring, spans, .. } = &mut *own else { return false };
        if !call.fits() || spans.next >= u64::from(u32::MAX) {
            return false;
        }
        let span = spans.of(call.op, call.fd, Outcome::Value(0));
        let off = entry.count((call.out, call.moved as u64));
        let payload = recording.plan.payload;
        let most = MOST_BRIEF + payload.div_ceil(8);
        put(recording, ring, call.head(), most, |draft| call.put(span, off, payload, draft));
        true
    });
    written.unwrap_or(false)
}

/// Writes down a call that has ended, and what else is to be known now.
pub(super) fn call(
    event: &Event<'_>,
    id: Option<u64>,
    entry: Option<&'static Entry>,
    before: Option<u64>,
) {
    let kind = entry.map(Entry::kind).unwrap_or_default();
    let (status, value) = match event.outcome {
        Outcome::Value(value) => (0, value as u64),
        Outcome::Failed(errno) => (1, errno.0 as u64),
        Outcome::LookupFailed(code) => (2, code as u64),
    };
    let off = before.filter(|_| kind.1 == c::SOCK_STREAM);
    let flags = u64::from(off.is_some());
    let head = CALL | (event.op as u64) << 8 | status << 16 | flags << 24;
    write(head, MOST_CALL, |spans, plan, draft| {
        let span = spans.of(event.op, event.fd, event.outcome);
        let (id, fd) = (id.unwrap_or(0), event.fd as u64);
        draft.words([event.start, event.end, value, id, fd, span, off.unwrap_or(0)]);
        about(&event.about, plan.payload, kind, draft);
    });
    if let (Some(id), Some(entry)) = (id, entry) {
        aftermath(event, id, entry);
    }
}

/// What is worth asking the kernel after such a call.
fn aftermath(event: &Event<'_>, id: u64, entry: &Entry) {
    let (fd, kind) = (event.fd, entry.kind());
    let knows_peer = match (event.op, event.outcome) {
        (Op::Connect, Outcome::Value(_)) => Some(true),
        (Op::Connect, Outcome::Failed(Errno(c::EINPROGRESS))) => {
            entry.mark(CONNECTING);
            None
        }
        (Op::GetSockOpt, Outcome::Value(_)) if entry.unmark(CONNECTING) => Some(true),
        (Op::Bind | Op::Listen, Outcome::Value(_)) => Some(false),
        // The kernel has chosen an address by now.
        (Op::SendTo | Op::SendMsg | Op::SendMmsg, Outcome::Value(_))
            if kind.1 != c::SOCK_STREAM && !entry.mark(NAMED) =>
        {
            Some(false)
        }
        _ => None,
    };
    if let Some(knows_peer) = knows_peer {
        entry.mark(NAMED);
        let peer = if knows_peer { sys::peek_addr(fd, true) } else { None };
        socket(fd, id, kind, From { peer: peer.as_ref(), known: true, ..From::default() });
    }
    let failed = match event.outcome {
        Outcome::Failed(Errno(errno)) => {
            !matches!(errno, c::EAGAIN | c::EINTR | c::EINPROGRESS | c::EBADF | c::ENOTSOCK)
        }
        _ => false,
    };
    if knows_peer == Some(true) || failed || event.op == Op::Shutdown {
        info(fd, id, kind);
    }
}

/// Where a socket comes from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct From<'a> {
    pub(super) from: Option<u64>,
    pub(super) pair: Option<u64>,
    pub(super) peer: Option<&'a Storage>,
    /// It has an address by now, or may have.
    pub(super) known: bool,
}

/// Writes down what is known of a socket.
pub(super) fn socket(fd: RawFd, id: u64, kind: Kind, from: From<'_>) {
    let local = if from.known { sys::peek_addr(fd, false) } else { None };
    let mut cookie = [0; 8];
    let cookie = sys::peek_option(fd, c::SOL_SOCKET, c::SO_COOKIE, &mut cookie)
        .map_or(0, |_| u64::from_ne_bytes(cookie));
    let now = sys::monotonic();
    write(SOCKET, 16 + 2 * (1 + Storage::CAPACITY.div_ceil(8)), |_, _, draft| {
        for word in [now, id, fd as u64, kind.0 as u64, kind.1 as u64, kind.2 as u64, cookie] {
            draft.word(word);
        }
        draft.word(from.from.unwrap_or(0));
        draft.word(from.pair.unwrap_or(0));
        draft.bytes(local.as_ref().map(Storage::as_bytes).unwrap_or_default());
        draft.bytes(from.peer.map(Storage::as_bytes).unwrap_or_default());
    });
}

/// Writes down what the kernel says of a connection.
pub(super) fn info(fd: RawFd, id: u64, (family, ty, protocol): Kind) {
    if ty != c::SOCK_STREAM {
        return;
    }
    let is_tcp = matches!(family, c::AF_INET | c::AF_INET6)
        && matches!(protocol, 0 | c::IPPROTO_TCP | c::IPPROTO_MPTCP);
    let mut value = [0; MOST_VALUE];
    let asked = is_tcp.then(|| sys::peek_option(fd, c::IPPROTO_TCP, c::TCP_INFO, &mut value));
    let value = value.get(..asked.flatten().unwrap_or(0)).unwrap_or_default();
    let (received, sent) = sys::peek_queues(fd);
    if value.is_empty() && received.is_none() {
        return;
    }
    let now = sys::monotonic();
    write(INFO, 8 + MOST_VALUE / 8, |_, _, draft| {
        draft.word(now);
        draft.word(id);
        draft.word(received.map_or(u64::MAX, |bytes| bytes as u64));
        draft.word(sent.map_or(u64::MAX, |bytes| bytes as u64));
        draft.bytes(value);
    });
}

/// Writes down every socket that is known: of those that were opened before, in this process or in
/// the one that it is a copy of, nobody has heard yet.
pub(crate) fn declare() {
    table::each(|fd, entry| {
        if let Some(id) = entry.id() {
            socket(fd, id, entry.kind(), From { known: true, ..From::default() });
        }
    });
}

/// Writes down what the kernel says of every connection.
pub(crate) fn sample() {
    table::each(|fd, entry| {
        if let Some(id) = entry.id() {
            info(fd, id, entry.kind());
        }
    });
}

/// Writes down what a thread is called: this one, or the one of this number.
pub(crate) fn name_thread(thread: Option<u32>, name: &str) {
    let cut = name.as_bytes().get(..name.len().min(MOST_VALUE)).unwrap_or_default();
    write(NAME, 3 + MOST_VALUE / 8, |_, _, draft| {
        draft.word(thread.unwrap_or_else(sys::thread_id).into());
        draft.bytes(cut);
    });
}
