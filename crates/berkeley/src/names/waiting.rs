//! Look-ups that end in time, and those that are awaited. The C library's cannot be ended, so that a
//! thread of a few makes it, and is left alone with it if time is up or nobody wants it any more.

use std::collections::VecDeque;
use std::ffi::CString;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use crate::error::{Call, Cause, Error, Result};
use crate::interrupt::interrupted;
use crate::seam;
use crate::sys::{self, Errno};
use crate::time::Deadline;

/// So many threads look up at a time, those included that nobody waits for any more.
const MOST_THREADS: usize = 32;

/// How long a thread waits for more to do before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// How often the program is asked whether to go on: no signal ends the waiting.
const GLANCE: Duration = Duration::from_millis(50);

/// How many look-ups are still under way though nobody waits for them any more, because their
/// time was up, or the future that awaited them was dropped. There are 32 at most: more than that wait for their turn, as long as they may.
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

/// What `getaddrinfo` is asked, in memory of its own.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) host: Option<CString>,
    pub(super) service: Option<CString>,
    pub(super) hints: sys::Hints,
}

impl Question {
    pub(super) fn put(&self) -> Outcome {
        seam::getaddrinfo(self.host.as_deref(), self.service.as_deref(), self.hints)
    }
}

pub(super) type Outcome = std::result::Result<Vec<sys::Answer>, sys::LookupFailure>;

/// The answer, as far as it has come.
#[derive(Debug)]
enum State {
    Waiting,
    UnderWay,
    Done(Outcome),
    Abandoned,
}

impl State {
    /// The answer, if it is there.
    fn take_answer(&mut self) -> Option<Outcome> {
        match std::mem::replace(self, State::Abandoned) {
            State::Done(outcome) => Some(outcome),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Nobody wants the answer any more.
    fn give_up(&mut self) {
        if let State::UnderWay = std::mem::replace(self, State::Abandoned) {
            ABANDONED.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// One question: who asks waits for it, and one thread answers.
#[derive(Debug)]
struct Ticket {
    question: Question,
    state: Mutex<State>,
    done: Condvar,
    /// Whom to wake, if who asks is a task.
    task: Mutex<Option<Waker>>,
}

/// The threads and what they have to do.
#[derive(Debug)]
struct Pool {
    queue: VecDeque<Arc<Ticket>>,
    threads: usize,
    idle: usize,
    /// Threads do not come along into a copy of the process.
    process: u32,
}

static POOL: Mutex<Pool> =
    Mutex::new(Pool { queue: VecDeque::new(), threads: 0, idle: 0, process: 0 });

static MORE: Condvar = Condvar::new();

/// Puts the question, and waits for the answer until then.
///
/// Where a number is asked for, no name service is, and no thread.
pub(super) fn ask(question: Question, deadline: Deadline) -> Result<Outcome> {
    let ticket = match begin(question)? {
        Begun::Answered(outcome) => return Ok(outcome),
        Begun::Waiting(ticket) => ticket,
    };
    let answer = ticket.wait(deadline);
    if answer.is_err() {
        ticket.leave_queue();
    }
    answer
}

/// The same for a task, which is woken.
pub(super) fn ask_awaited(question: Question) -> Result<Asked> {
    begin(question).map(|begun| Asked { begun: Some(begun) })
}

/// A question that was put, and its answer once it is there. Who drops it gives the question up.
#[derive(Debug)]
pub(super) struct Asked {
    /// `None` once it was answered.
    begun: Option<Begun>,
}

#[derive(Debug)]
enum Begun {
    Answered(Outcome),
    Waiting(Arc<Ticket>),
}

fn begin(mut question: Question) -> Result<Begun> {
    let flags = question.hints.flags;
    question.hints.flags |= sys::c::AI_NUMERICHOST;
    let quick = question.put();
    if quick.is_ok() || question.host.is_none() || question.hints.flags == flags {
        return Ok(Begun::Answered(quick));
    }
    question.hints.flags = flags;
    let (state, task) = (Mutex::new(State::Waiting), Mutex::new(None));
    let ticket = Arc::new(Ticket { question, state, done: Condvar::new(), task });
    enqueue(&ticket)?;
    Ok(Begun::Waiting(ticket))
}

impl Future for Asked {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let outcome = match &self.begun {
            Some(Begun::Waiting(ticket)) => {
                // Before the look: an answer that comes behind it finds whom to wake.
                *lock(&ticket.task) = Some(cx.waker().clone());
                lock(&ticket.state).take_answer()
            }
            // After its answer nothing more comes.
            _ => match self.begun.take() {
                Some(Begun::Answered(outcome)) => Some(outcome),
                _ => None,
            },
        };
        match outcome {
            Some(outcome) => {
                self.begun = None;
                Poll::Ready(outcome)
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(Begun::Waiting(ticket)) = &self.begun {
            lock(&ticket.state).give_up();
            ticket.leave_queue();
        }
    }
}

fn enqueue(ticket: &Arc<Ticket>) -> Result<()> {
    let mut pool = lock(&POOL);
    let process = std::process::id();
    if pool.process != process {
        *pool = Pool { queue: VecDeque::new(), threads: 0, idle: 0, process };
        ABANDONED.store(0, Ordering::Relaxed);
    }
    pool.queue.push_back(Arc::clone(ticket));
    if pool.queue.len() > pool.idle && pool.threads < MOST_THREADS {
        let builder = thread::Builder::new().name("berkeley look-up".to_owned());
        match builder.spawn(work) {
            Ok(_) => pool.threads += 1,
            Err(_) if pool.threads > 0 => {}
            Err(error) => {
                pool.queue.pop_back();
                let errno = Errno(error.raw_os_error().unwrap_or(Errno::EAGAIN.0));
                return Err(Error::new(Call::GetAddrInfo, errno));
            }
        }
    }
    MORE.notify_one();
    Ok(())
}

/// What each thread does.
fn work() {
    let mut pool = lock(&POOL);
    loop {
        if let Some(ticket) = pool.queue.pop_front() {
            drop(pool);
            ticket.answer();
            pool = lock(&POOL);
            continue;
        }
        pool.idle += 1;
        let (woken, time) = MORE.wait_timeout(pool, IDLE).unwrap_or_else(PoisonError::into_inner);
        pool = woken;
        pool.idle -= 1;
        if time.timed_out() && pool.queue.is_empty() {
            pool.threads -= 1;
            return;
        }
    }
}

impl Ticket {
    fn answer(&self) {
        {
            let mut state = lock(&self.state);
            if !matches!(*state, State::Waiting) {
                return;
            }
            *state = State::UnderWay;
        }
        let outcome = self.question.put();
        {
            let mut state = lock(&self.state);
            match *state {
                State::Abandoned => drop(ABANDONED.fetch_sub(1, Ordering::Relaxed)),
                _ => *state = State::Done(outcome),
            }
        }
        self.done.notify_one();
        if let Some(task) = lock(&self.task).take() {
            task.wake();
        }
    }

    fn leave_queue(&self) {
        lock(&POOL).queue.retain(|other| !std::ptr::eq(&**other, self));
    }

    fn wait(&self, deadline: Deadline) -> Result<Outcome> {
        let mut state = lock(&self.state);
        loop {
            if let Some(outcome) = state.take_answer() {
                return Ok(outcome);
            }
            let left = deadline.remaining().unwrap_or(GLANCE);
            let stop = match left.is_zero() {
                true => Err(Error::new(Call::GetAddrInfo, Cause::TimedOut)),
                // A handler may look up names itself.
                false => {
                    drop(state);
                    let asked = interrupted(Call::GetAddrInfo);
                    state = lock(&self.state);
                    asked
                }
            };
            if let (Err(error), false) = (stop, matches!(*state, State::Done(_))) {
                state.give_up();
                return Err(error);
            }
            if !matches!(*state, State::Done(_)) {
                let waited = self.done.wait_timeout(state, left.min(GLANCE));
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
