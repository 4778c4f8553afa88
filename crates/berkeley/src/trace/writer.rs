//! The thread that writes records down.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use super::line::key;
use super::told::Teller;
use crate::seam::record::{self, Plan, Progress, Recording, State, Summary};
use crate::seam::words::Record;
use crate::sys::{self, Errno};

/// While calls are made, the rings are looked at so often.
const OFTEN: Duration = Duration::from_millis(20);
/// After so many looks for nothing the writer sleeps until it is woken, or for this long.
const LOOKS: u32 = 25;
const SLEEP: Duration = Duration::from_millis(500);
/// Lines are handed to the system in pieces of this size.
const PIECE: usize = 64 << 10;
/// The longest that anybody waits for the writer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens the file and begins to write to it.
pub(super) fn start(plan: Plan, empty: bool) -> io::Result<Arc<Recording>> {
    let path = expand(&plan.path, std::process::id());
    let mut options = OpenOptions::new();
    // Copies of the process write to it, too: each piece goes behind the end, wherever that is.
    let file = options.create(true).append(true).open(path)?;
    if empty {
        // A pipe or a terminal cannot be emptied.
        let _ = file.set_len(0);
    }
    let recording = Arc::new(Recording::new(plan));
    let mut writer = Writer::new(Arc::clone(&recording), file);
    // Nothing of the process stands before this, nor of its copies.
    writer.process();
    writer.hand_over();
    if let Some(Errno(errno)) = writer.summary.failed {
        return Err(io::Error::from_raw_os_error(errno));
    }
    let spawn = || thread::Builder::new().name("berkeley trace".to_owned()).spawn(|| writer.run());
    let handle = sys::without_signals(spawn)?;
    recording.written_by(handle.thread().clone());
    lock(&recording.progress).thread = Some(handle);
    Ok(recording)
}

/// Waits until all that was recorded so far stands in the file.
pub(super) fn flush(recording: &Recording) {
    let progress = &recording.progress;
    let mut state = lock(progress);
    state.asked += 1;
    let wanted = state.asked;
    recording.wake();
    let until = Instant::now() + PATIENCE;
    while state.answered < wanted && !state.ended {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        let waited = progress.changed.wait_timeout(state, left);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Ends the writer, if it runs in this process, and says what it has done.
pub(super) fn finish(recording: &Recording, own: bool) -> Summary {
    if own {
        recording.stopping.store(true, Ordering::SeqCst);
        flush(recording);
        let thread = lock(&recording.progress).thread.take();
        if let Some(thread) = thread.filter(JoinHandle::is_finished) {
            let _ = thread.join();
        }
    }
    lock(&recording.progress).summary
}

fn lock(progress: &Progress) -> MutexGuard<'_, State> {
    progress.state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the file, with the number of the process where `%p` stands.
pub(super) fn expand(path: &Path, process: u32) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    let number = process.to_string();
    let mut name = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, others)) = rest.split_first() {
        match rest.strip_prefix(b"%p") {
            Some(others) => {
                name.extend_from_slice(number.as_bytes());
                rest = others;
            }
            None => {
                name.push(*first);
                rest = others;
            }
        }
    }
    PathBuf::from(OsStr::from_bytes(&name))
}

struct Writer {
    recording: Arc<Recording>,
    file: File,
    teller: Teller,
    out: Vec<u8>,
    words: Vec<u64>,
    /// The threads that a line has told of.
    told: Vec<u32>,
    summary: Summary,
}

impl Writer {
    fn new(recording: Arc<Recording>, file: File) -> Writer {
        let teller = Teller::of(std::process::id());
        let (out, words, told) = (Vec::with_capacity(2 * PIECE), Vec::new(), Vec::new());
        Writer { recording, file, teller, out, words, told, summary: Summary::default() }
    }

    fn run(mut self) {
        let sample = self.recording.plan.sample.map(|every| every.max(Duration::from_millis(1)));
        let mut next = sample.map(|every| Instant::now() + every);
        let mut looks = 0;
        loop {
            let stopping = self.recording.stopping.load(Ordering::SeqCst);
            self.recording.hurried.store(false, Ordering::Relaxed);
            let asked = lock(&self.recording.progress).asked;
            if let (Some(every), Some(at)) = (sample, next.filter(|at| *at <= Instant::now())) {
                record::sample();
                next = Some((at + every).max(Instant::now()));
            }
            looks = if self.look() { 0 } else { looks + 1 };
            if stopping {
                self.teller.line("end", sys::monotonic(), &mut self.out, |_| {});
            }
            self.hand_over();
            self.report(asked, stopping);
            if stopping {
                return;
            }
            let often =
                next.map_or(OFTEN, |at| at.saturating_duration_since(Instant::now()).min(OFTEN));
            if looks < LOOKS || next.is_some() {
                thread::park_timeout(often);
                continue;
            }
            // Whoever records something from here on wakes the writer; what came just before is
            // looked for once more.
            self.recording.asleep.store(true, Ordering::SeqCst);
            if !self.look() {
                thread::park_timeout(SLEEP);
            }
            self.recording.asleep.store(false, Ordering::SeqCst);
        }
    }

    /// Tells those who wait.
    fn report(&self, asked: u64, ended: bool) {
        let progress = &self.recording.progress;
        let mut state = lock(progress);
        state.summary = self.summary;
        state.answered = state.answered.max(asked);
        state.ended |= ended;
        progress.changed.notify_all();
    }

    /// Takes what is in the rings; `false` if there was nothing.
    fn look(&mut self) -> bool {
        let rings = self.recording.rings().clone();
        let mut any = false;
        let mut dropped = self.recording.take_lost();
        for ring in &rings {
            // Asked first: what comes before the end of a thread is still taken below.
            let ended = ring.ended.load(Ordering::Acquire);
            let Writer { teller, out, words, told, file, summary, .. } = self;
            ring.drain(words, |words| {
                any = true;
                let Some(record) = Record::read(words) else { return };
                let is_call = matches!(record, Record::Call(_));
                if is_call && !told.contains(&ring.thread) {
                    told.push(ring.thread);
                    teller.thread(ring.thread, None, out);
                }
                if let Record::Name(thread, mut name) = record {
                    told.push(thread);
                    teller.thread(thread, Some(&mut name), out);
                    return;
                }
                teller.tell(record, ring.thread, out);
                summary.calls += u64::from(is_call);
                if out.len() >= PIECE {
                    write(file, out, summary);
                }
            });
            dropped += ring.take_dropped();
            if ended {
                let mut rings = self.recording.rings();
                rings.retain(|other| !Arc::ptr_eq(other, ring));
                // Another thread may have the number next, unless this one has gone on in a larger
                // ring.
                if !rings.iter().any(|other| other.thread == ring.thread) {
                    self.told.retain(|thread| *thread != ring.thread);
                }
                drop(rings);
                self.recording.forget(ring);
            }
        }
        if dropped > 0 {
            any = true;
            self.summary.dropped += dropped;
            let count = i64::try_from(dropped).unwrap_or(i64::MAX);
            self.teller.line("dropped", sys::monotonic(), &mut self.out, |line| {
                line.number(key!("count"), count);
            });
        }
        any
    }

    /// Hands what is there to the system.
    fn hand_over(&mut self) {
        write(&mut self.file, &mut self.out, &mut self.summary);
    }

    /// Says who writes.
    fn process(&mut self) {
        let now = sys::monotonic();
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let argv = std::fs::read("/proc/self/cmdline").unwrap_or_default();
        let argv = argv.strip_suffix(b"\0").unwrap_or(&argv);
        let argv: Vec<String> =
            argv.split(|byte| *byte == 0).map(|arg| String::from_utf8_lossy(arg).into()).collect();
        let name = name_of(&argv);
        self.teller.line("process", now, &mut self.out, |line| {
            line.text(key!("schema"), "berkeley.trace/1");
            line.number(key!("ppid"), std::os::unix::process::parent_id().into());
            line.seconds(key!("wall"), u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX));
            line.text(key!("name"), &name);
            line.list(key!("argv"), argv.into_iter());
        });
    }
}

/// What a program is called: for those that another one runs, the name of the text.
fn name_of(argv: &[String]) -> String {
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let mut rest = argv.iter();
    let program = rest.next().map(|path| last(path)).unwrap_or_default();
    if !program.starts_with("python") {
        return program;
    }
    // Programs that run programs stand before them.
    let text = rest.clone().find(|arg| arg.ends_with(".py"));
    let module = || argv.windows(2).rev().find(|two| two.first().is_some_and(|arg| arg == "-m"));
    let text = text.or_else(|| module()?.last());
    text.map_or(program, |path| last(path))
}

/// Writes whole lines in one call, so that those of other processes do not come between. What
/// cannot be written is given up: the program goes on.
fn write(file: &mut File, out: &mut Vec<u8>, summary: &mut Summary) {
    if !out.is_empty() && summary.failed.is_none() {
        if let Err(error) = file.write_all(out) {
            summary.failed = Some(Errno(error.raw_os_error().unwrap_or(Errno::EIO.0)));
        }
    }
    out.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_may_have_the_number_of_the_process_in_its_name() {
        let named = |path: &str| expand(Path::new(path), 42).display().to_string();
        assert_eq!(named("run.jsonl"), "run.jsonl");
        assert_eq!(named("%p/run-%p.%%p"), "42/run-42.%42");
    }

    #[test]
    fn a_program_has_the_name_that_people_know() {
        let named =
            |argv: &[&str]| name_of(&argv.iter().map(|s| s.to_string()).collect::<Vec<_>>());
        assert_eq!(named(&["/usr/bin/thing", "x"]), "thing");
        assert_eq!(named(&["/usr/bin/python3.12", "-u", "/a/app.py", "x"]), "app.py");
        assert_eq!(named(&["python3"]), "python3");
        let run = ["python3", "-m", "berkeley", "trace", "-m", "http.server", "80"];
        assert_eq!(named(&run), "http.server");
    }
}
