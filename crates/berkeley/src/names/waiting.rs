//! Look-ups that end in time, or are awaited. The C library's cannot be ended, so that a thread of
//! its own makes it, and is left alone with it if time is up.

use std::collections::VecDeque;
use std::ffi::{CStr, CString};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::error::{Call, Cause, Error, Result};
use crate::interrupt::interrupted;
use crate::seam;
use crate::sys::{self, Errno};
use crate::time::Deadline;

/// So many threads look up at a time, those included that nobody waits for any more.
const MOST_THREADS: usize = 32;

/// How often the program is asked whether to go on: no signal ends the waiting.
const GLANCE: Duration = Duration::from_millis(25);

/// How many look-ups are still under way though nobody waits for them any more, because their
/// time was up, or the future that awaited them was dropped. There are 32 at most: more than that
/// wait for their turn, as long as they may.
///
/// ```
/// use berkeley::{abandoned_lookups, getaddrinfo};
/// use std::time::Duration;
///
/// let _ = getaddrinfo("localhost", 80).timeout(Duration::from_secs(5)).call()?;
/// assert!(abandoned_lookups() <= 32);
/// # Ok::<(), berkeley::Error>(())
/// ```
pub fn abandoned_lookups() -> usize {
    ABANDONED.load(Ordering::Relaxed)
}

static ABANDONED: AtomicUsize = AtomicUsize::new(0);

/// A look-up that a thread of its own makes, while its owner does something else.
///
/// Dropped, it is abandoned: what is under way ends by itself, and [is counted](abandoned_lookups)
/// until then. The thread lives no longer than its look-up, so that it has the namespaces of who
/// asked, and a program that forks has no threads it does not know of. There are 32 at most; the
/// next look-ups wait until one is free.
///
/// ```
/// use berkeley::{Call, PendingLookup, getnameinfo};
/// use std::time::Duration;
///
/// let addr = "127.0.0.1:80".parse()?;
/// let look_up = move || getnameinfo(&addr, Default::default());
/// let pending = PendingLookup::begin(Call::GetNameInfo, look_up, || println!("done"))?;
/// println!("{}", pending.wait(Duration::from_secs(5))?.host);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PendingLookup<T> {
    ticket: Arc<Ticket<T>>,
    /// The thread, unless one that is there already will make the look-up.
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> PendingLookup<T> {
    /// Begins a look-up, which errors of the waiting call `call`. `done` is called in the thread
    /// when there is an answer to [take](PendingLookup::try_take), and dropped in any case.
    ///
    /// ```
    /// use berkeley::{Call, PendingLookup, gethostbyaddr};
    ///
    /// let look_up = || gethostbyaddr("127.0.0.1");
    /// let pending = PendingLookup::begin(Call::GetHostByAddr, look_up, || ())?;
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `EAGAIN` if the system gives no thread, and none is there.
    pub fn begin(
        call: Call,
        look_up: impl FnOnce() -> Result<T> + Send + 'static,
        done: impl FnOnce() + Send + 'static,
    ) -> Result<PendingLookup<T>> {
        PendingLookup::of(Ticket::new(call, look_up, done))
    }

    /// A look-up that has its outcome already.
    pub(super) fn over(
        call: Call,
        outcome: Result<T>,
        done: impl FnOnce() + Send + 'static,
    ) -> PendingLookup<T> {
        let ticket = Ticket::new(call, move || outcome, done);
        ticket.work();
        PendingLookup { ticket, thread: None }
    }

    fn of(ticket: Arc<Ticket<T>>) -> Result<PendingLookup<T>> {
        let thread = enqueue(&ticket).map_err(Error::of(ticket.call))?;
        Ok(PendingLookup { ticket, thread })
    }

    /// The answer, if it has come and nobody has taken it.
    ///
    /// ```
    /// # use berkeley::{Call, PendingLookup, gethostbyname_ex};
    /// let look_up = || gethostbyname_ex("localhost");
    /// let mut pending = PendingLookup::begin(Call::GetHostByName, look_up, || ())?;
    /// match pending.try_take() {
    ///     Some(answer) => println!("{:?}", answer?.addresses),
    ///     None => println!("not yet"),
    /// }
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the look-up.
    pub fn try_take(&mut self) -> Option<Result<T>> {
        let outcome = self.ticket.take(&mut lock(&self.ticket.state))?;
        self.join();
        Some(outcome)
    }

    /// Waits for the answer, no longer than this. The [interrupt
    /// hook](crate::set_interrupt_hook) is asked all the while, whether a signal comes or not.
    ///
    /// ```
    /// # use berkeley::{Call, PendingLookup, gethostbyname_ex};
    /// let look_up = || gethostbyname_ex("localhost");
    /// let pending = PendingLookup::begin(Call::GetHostByName, look_up, || ())?;
    /// println!("{:?}", pending.wait(None)?.addresses);
    /// # Ok::<(), berkeley::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the look-up; [`Cause::TimedOut`] if the time passes, `EINTR` if the hook says so.
    pub fn wait(self, limit: impl Into<Option<Duration>>) -> Result<T> {
        self.wait_until(Deadline::after_option(limit.into()))
    }

    fn wait_until(mut self, deadline: Deadline) -> Result<T> {
        let call = self.ticket.call;
        let mut state = lock(&self.ticket.state);
        loop {
            if let Some(outcome) = self.ticket.take(&mut state) {
                drop(state);
                self.join();
                return outcome;
            }
            let left = deadline.remaining().unwrap_or(GLANCE);
            if left.is_zero() {
                return Err(Error::new(call, Cause::TimedOut));
            }
            let waited = self.ticket.done.wait_timeout(state, left.min(GLANCE));
            let (woken, time) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if time.timed_out() {
                // A handler may look up names itself.
                drop(state);
                interrupted(call)?;
                state = lock(&self.ticket.state);
            }
        }
    }

    /// Waits for the thread's end, if it ends with this look-up: whoever forks then is alone.
    fn join(&mut self) {
        if let (Some(thread), true) =
            (self.thread.take(), self.ticket.was_last.load(Ordering::Acquire))
        {
            // A task may be polled by the thread that wakes it.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// The answer, awaited by whatever runtime there is. Dropped, it is abandoned as ever.
impl<T: Send + 'static> Future for PendingLookup<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        // Before the look: an answer that comes behind it finds whom to wake.
        *lock(&self.ticket.task) = Some(cx.waker().clone());
        self.try_take().map_or(Poll::Pending, Poll::Ready)
    }
}

impl<T> Drop for PendingLookup<T> {
    fn drop(&mut self) {
        let mut state = lock(&self.ticket.state);
        // It is counted before the thread can see that it is.
        if let State::UnderWay = *state {
            ABANDONED.fetch_add(1, Ordering::Relaxed);
        }
        let _unused = std::mem::replace(&mut *state, State::Abandoned);
    }
}

impl<T> fmt::Debug for PendingLookup<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingLookup").field("call", &self.ticket.call).finish_non_exhaustive()
    }
}

/// Makes a look-up in a thread of its own, and waits for it no longer than this. For those that
/// have no timeout themselves: [`getnameinfo`](crate::getnameinfo),
/// [`gethostbyaddr`](crate::gethostbyaddr) and whatever else asks the machine's name service.
///
/// The [interrupt hook](crate::set_interrupt_hook) is asked all the while. Without a limit that is
/// so in the process's first thread, where interpreters run their handlers of signals; in any
/// other, and where the system gives no thread, the look-up is then made by the caller itself.
///
/// ```
/// use berkeley::{Call, gethostbyaddr, look_up_within};
/// use std::time::Duration;
///
/// let limit = Duration::from_secs(5);
/// match look_up_within(Call::GetHostByAddr, limit, || gethostbyaddr("127.0.0.1")) {
///     Ok(host) => println!("{}", host.name),
///     Err(error) => println!("{error}"),
/// }
/// ```
///
/// # Errors
///
/// Those of the look-up, and of [`PendingLookup::wait`].
#[doc(alias("resolver timeout", "gethostbyaddr", "getnameinfo"))]
pub fn look_up_within<T: Send + 'static>(
    call: Call,
    limit: impl Into<Option<Duration>>,
    look_up: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    within(call, Deadline::after_option(limit.into()), look_up)
}

fn within<T: Send + 'static>(
    call: Call,
    deadline: Deadline,
    look_up: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    if deadline == Deadline::NEVER && !sys::in_first_thread() {
        return look_up();
    }
    let ticket = Ticket::new(call, look_up, || ());
    match PendingLookup::of(Arc::clone(&ticket)) {
        Err(_) if deadline == Deadline::NEVER => {
            ticket.work();
            ticket.take(&mut lock(&ticket.state)).unwrap_or_else(|| Err(lost(call)))
        }
        pending => pending?.wait_until(deadline),
    }
}

/// What `getaddrinfo` is asked, in memory of its own.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) host: Option<CString>,
    pub(super) service: Option<CString>,
    pub(super) hints: sys::Hints,
}

pub(super) type Outcome = std::result::Result<Vec<sys::Answer>, sys::LookupFailure>;

impl Question {
    pub(super) fn put(&self) -> Outcome {
        seam::getaddrinfo(self.host.as_deref(), self.service.as_deref(), self.hints)
    }

    /// The answer, if no name service need be asked for it: where a number is asked for, or none.
    pub(super) fn put_if_numeric(&mut self) -> Option<Outcome> {
        let flags = self.hints.flags;
        let wants_number = flags & sys::c::AI_NUMERICHOST != 0;
        if !wants_number && !self.host.as_deref().is_none_or(may_be_number) {
            return None;
        }
        self.hints.flags |= sys::c::AI_NUMERICHOST;
        let outcome = self.put();
        let is_all = outcome.is_ok() || self.host.is_none() || self.hints.flags == flags;
        self.hints.flags = flags;
        is_all.then_some(outcome)
    }
}

/// Whether it may be an address in numbers. What is none is not asked for as one: who records calls
/// would see one that fails.
fn may_be_number(host: &CStr) -> bool {
    let host = host.to_bytes();
    host.first().is_some_and(u8::is_ascii_digit) || host.contains(&b':')
}

/// Puts the question, and waits for the answer until then. Where no name service is asked, no
/// thread is.
pub(super) fn ask(mut question: Question, deadline: Deadline) -> Result<Outcome> {
    if let Some(outcome) = question.put_if_numeric() {
        return Ok(outcome);
    }
    // This name stands in a file, and nobody has to wait for that.
    if deadline == Deadline::NEVER && question.host.as_deref() == Some(c"localhost") {
        return Ok(question.put());
    }
    within(Call::GetAddrInfo, deadline, move || Ok(question.put()))
}

type LookUp<T> = Box<dyn FnOnce() -> Result<T> + Send>;
type Done = Box<dyn FnOnce() + Send>;

/// A look-up, as far as it has come.
enum State<T> {
    Waiting(LookUp<T>, Done),
    UnderWay,
    Done(Result<T>),
    /// Or the answer was taken.
    Abandoned,
}

/// One look-up: who asks waits for it, and one thread answers.
struct Ticket<T> {
    call: Call,
    state: Mutex<State<T>>,
    done: Condvar,
    /// Whom to wake, if who asks is a task.
    task: Mutex<Option<Waker>>,
    /// Whether the thread has ended after it.
    was_last: AtomicBool,
}

impl<T> Ticket<T> {
    fn new(
        call: Call,
        look_up: impl FnOnce() -> Result<T> + Send + 'static,
        done: impl FnOnce() + Send + 'static,
    ) -> Arc<Ticket<T>> {
        let state = State::Waiting(Box::new(look_up), Box::new(done));
        let was_last = AtomicBool::new(false);
        let (state, task) = (Mutex::new(state), Mutex::new(None));
        Arc::new(Ticket { call, state, done: Condvar::new(), task, was_last })
    }

    /// The answer, if it is there.
    fn take(&self, state: &mut State<T>) -> Option<Result<T>> {
        match std::mem::replace(state, State::Abandoned) {
            State::Done(outcome) => Some(outcome),
            other => {
                *state = other;
                None
            }
        }
    }
}

/// What a thread does of a ticket.
trait Work: Send + Sync {
    /// Makes the look-up, unless nobody wants it any more, and keeps the outcome.
    fn look_up(&self) -> Box<dyn FnOnce() + '_>;

    /// Says that this was the thread's last.
    fn is_last(&self);

    /// Both in one, for who does it himself.
    fn work(&self) {
        self.look_up()();
    }

    /// Whether somebody waits for it to begin.
    fn is_wanted(&self) -> bool;
}

impl<T: Send> Work for Ticket<T> {
    fn look_up(&self) -> Box<dyn FnOnce() + '_> {
        let mut state = lock(&self.state);
        let before = std::mem::replace(&mut *state, State::UnderWay);
        let State::Waiting(look_up, done) = before else {
            *state = before;
            return Box::new(|| ());
        };
        drop(state);
        let outcome = look_up();
        Box::new(move || {
            let mut state = lock(&self.state);
            match *state {
                State::Abandoned => drop(ABANDONED.fetch_sub(1, Ordering::Relaxed)),
                _ => *state = State::Done(outcome),
            }
            drop(state);
            self.done.notify_all();
            if let Some(task) = lock(&self.task).take() {
                task.wake();
            }
            done();
        })
    }

    fn is_last(&self) {
        self.was_last.store(true, Ordering::Release);
    }

    fn is_wanted(&self) -> bool {
        matches!(*lock(&self.state), State::Waiting(..))
    }
}

/// How many threads there are, and what waits for one of them.
struct Pool {
    queue: VecDeque<Arc<dyn Work>>,
    threads: usize,
    /// Threads do not come along into a copy of the process.
    process: u32,
}

/// One for each process of a line of forks: a child may have come into being while a thread of its
/// parent's had the lock, which nobody gives back there.
static POOLS: [Mutex<Pool>; 16] =
    [const { Mutex::new(Pool { queue: VecDeque::new(), threads: 0, process: 0 }) }; 16];

/// The process that has asked last, and how many forks lie before it.
static PROCESS: AtomicU32 = AtomicU32::new(0);
static FORKS: AtomicUsize = AtomicUsize::new(0);

/// The pool of this process.
fn pool() -> MutexGuard<'static, Pool> {
    let process = std::process::id();
    let before = PROCESS.swap(process, Ordering::AcqRel);
    if before != process && before != 0 {
        FORKS.fetch_add(1, Ordering::AcqRel);
        ABANDONED.store(0, Ordering::Relaxed);
    }
    let [first, ..] = &POOLS;
    let place = FORKS.load(Ordering::Acquire) % POOLS.len();
    let mut pool = lock(POOLS.get(place).unwrap_or(first));
    if pool.process != process {
        *pool = Pool { queue: VecDeque::new(), threads: 0, process };
    }
    pool
}

/// Gives the look-up to a new thread, or lets it wait for one.
fn enqueue<T: Send + 'static>(
    ticket: &Arc<Ticket<T>>,
) -> std::result::Result<Option<JoinHandle<()>>, Errno> {
    let mut pool = pool();
    let ticket: Arc<dyn Work> = Arc::<Ticket<T>>::clone(ticket);
    if pool.threads < MOST_THREADS {
        let own = Arc::clone(&ticket);
        let builder = thread::Builder::new().name("berkeley look-up".to_owned());
        match builder.spawn(move || work(own)) {
            Ok(thread) => {
                pool.threads += 1;
                return Ok(Some(thread));
            }
            Err(error) if pool.threads == 0 => {
                return Err(Errno(error.raw_os_error().unwrap_or(Errno::EAGAIN.0)));
            }
            Err(_) => {}
        }
    }
    // Those that were abandoned while they waited are nobody's any more.
    pool.queue.retain(|other| other.is_wanted());
    pool.queue.push_back(ticket);
    Ok(None)
}

/// What each thread does: one look-up, and those that could have no thread of their own.
fn work(mut ticket: Arc<dyn Work>) {
    loop {
        let tell = ticket.look_up();
        let next = {
            let mut pool = pool();
            let next = pool.queue.pop_front();
            if next.is_none() {
                pool.threads = pool.threads.saturating_sub(1);
                ticket.is_last();
            }
            next
        };
        tell();
        match next {
            Some(next) => ticket = next,
            None => return,
        }
    }
}

/// A look-up that has answered nothing, which none does.
fn lost(call: Call) -> Error {
    Error::new(call, Errno::EAGAIN)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
