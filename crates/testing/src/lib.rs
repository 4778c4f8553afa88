//! What the project's tests share: skipping in the open, and waiting with a limit.

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Ends the test here and says why. `cargo xtask test` counts it as skipped, not as passed.
///
/// ```no_run
/// fn needs_a_unicorn() {
///     berkeley_testing::skip!("there is no unicorn on this machine");
/// }
/// needs_a_unicorn();
/// ```
#[macro_export]
macro_rules! skip {
    ($($why:tt)+) => {{
        $crate::record_skip(format_args!($($why)+));
        return;
    }};
}

/// Writes a skip down where `cargo xtask test` reads it: the file that `BERKELEY_SKIPS` names.
#[doc(hidden)]
pub fn record_skip(why: impl Display) {
    let thread = std::thread::current();
    let line = format!("{}: {why}\n", thread.name().unwrap_or("?"));
    eprint!("skipped {line}");
    let Some(file) = std::env::var_os("BERKELEY_SKIPS") else { return };
    let opened = OpenOptions::new().append(true).create(true).open(file);
    // One write, so that tests in parallel do not mix their lines.
    let _ = opened.and_then(|mut file| file.write_all(line.as_bytes()));
}

/// Looks until `done` says so, for ten seconds at most; `false` if it never did.
pub fn eventually(mut done: impl FnMut() -> bool) -> bool {
    let give_up = Instant::now() + Duration::from_secs(10);
    loop {
        if done() {
            return true;
        }
        if Instant::now() > give_up {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Where a program of this name is, if it is installed.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Whether this is `cargo xtask kernel`, whose kernel has every family: nothing of theirs may be
/// missing, and nothing need be skipped.
pub fn in_kernel_lane() -> bool {
    std::env::var_os("BERKELEY_KERNEL_LANE").is_some()
}

/// How many descriptors this process has open.
pub fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
