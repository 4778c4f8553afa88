//! `cargo xtask page`: the page of `berkeley trace html` in a browser.

use crate::peers::install;
use crate::run::{cargo, is_installed};
use crate::test::{Count, finish, run as run_tests};

/// Installs Chromium if it is missing and may be installed, and runs the page's tests. What moving
/// through a hundred thousand calls costs is printed.
pub(crate) fn run() -> Result<(), String> {
    let mut count = Count::default();
    let browsers = ["chromium", "chromium-browser", "google-chrome", "chromium-headless-shell"];
    let missing = !browsers.into_iter().any(is_installed);
    if let Err(why) = if missing { install(&[("chromium", "chromium")]) } else { Ok(()) } {
        println!("skipped the page's tests: {why}");
        count.add(0, 0, 1);
        return finish(count, &[]);
    }
    let mut test = cargo();
    test.args(["test", "--release", "--package", "berkeley-picture", "--test", "page"]);
    test.args(["--", "--nocapture", "--test-threads", "1"]);
    let ended = run_tests(&mut test, &mut count);
    if count.skipped() > 0 {
        println!("nothing may be skipped here: skipped tests count as failed");
        count.allow_no_skips();
    }
    finish(count, &Vec::from_iter(ended.err()))
}
