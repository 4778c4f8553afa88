//! `cargo xtask test`: everything that must hold, and a count of the tests.

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::layers;
use crate::run::{cannot_start, cargo, shown, succeed};

/// Tests that ran. Those that skipped themselves are not among the passed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// The features that the library does not have by itself. Those of the fuzz targets take more than
/// a compiler.
pub(crate) const WITH_ALL: &[&str] =
    &["--features", "berkeley/io-uring,berkeley/registry,berkeley/tokio,berkeley/tracing"];

/// Runs every check, also after one has failed, and counts each as a test.
pub(crate) fn all() -> Result<(), String> {
    let mut count = Count::default();
    let mut problems = Vec::new();
    let mut check = |count: &mut Count, result: Result<(), String>| match result {
        Ok(()) => count.passed += 1,
        Err(problem) => {
            eprintln!("error: {problem}");
            count.failed += 1;
            problems.push(problem.lines().next().unwrap_or_default().to_string());
        }
    };
    // Python's binding is built for a Python, which the rest does without.
    let python = has_python();
    let left_out: &[&str] = if python { &[] } else { &["--exclude", "berkeley-python"] };
    if !python {
        println!("skipped berkeley-python: python3 is not there, or older than 3.11");
        count.skipped += 1;
    }
    let clippy = [&["clippy", "--workspace"], left_out, &["--all-targets"], WITH_ALL];
    let clippy = [&clippy.concat()[..], &["--", "-D", "warnings"]].concat();
    // Not every toolchain comes with both, and the tests say more than these do.
    for (tool, args) in [("fmt", &["fmt", "--all", "--check"][..]), ("clippy", &clippy)] {
        if has_cargo_command(tool) {
            check(&mut count, succeed(cargo().args(args)));
        } else {
            println!("skipped {tool}: not installed (rustup component add rustfmt clippy)");
            count.skipped += 1;
        }
    }
    check(&mut count, layers::check());
    let mut doc = cargo();
    doc.args(["doc", "--workspace", "--no-deps", "--quiet"]).args(left_out).args(WITH_ALL);
    check(&mut count, succeed(doc.env("RUSTDOCFLAGS", "-D warnings")));
    // All else here has the library's features.
    let bare = ["rustc", "--package", "berkeley", "--lib", "--", "-D", "warnings"];
    check(&mut count, succeed(cargo().args(bare)));
    // The fuzzer itself takes a C++ compiler; what it drives is checked without.
    let driver = ["check", "--package", "berkeley-fuzz", "--features", "driver", "--bins"];
    check(&mut count, succeed(cargo().args(driver)));
    let mut all = cargo();
    all.args(["test", "--workspace", "--no-fail-fast"]).args(left_out).args(WITH_ALL);
    if let Err(problem) = run(&mut all, &mut count) {
        problems.push(problem);
    }
    if python {
        for part in [crate::python::oldest, crate::cpython::short] {
            if let Err(problem) = part(&mut count, &mut problems) {
                eprintln!("error: {problem}");
                count.failed += 1;
                problems.push(problem);
            }
        }
    }
    finish(count, &problems)
}

/// Runs `cargo test` with its output shown as it comes, and adds up what it says.
pub(crate) fn run(test: &mut Command, count: &mut Count) -> Result<(), String> {
    run_with(test, count, |_| true)
}

/// Like [`run`], for a single program too. A test may skip itself only if `may_skip` says so of its
/// reason; otherwise it has failed.
pub(crate) fn run_with(
    test: &mut Command,
    count: &mut Count,
    may_skip: impl Fn(&str) -> bool,
) -> Result<(), String> {
    println!("$ {}", shown(test));
    let skips = std::env::temp_dir().join(format!("berkeley-skips-{}", std::process::id()));
    let _ = fs::remove_file(&skips);
    test.env("BERKELEY_SKIPS", &skips).stdout(Stdio::piped());
    let mut child = test.spawn().map_err(|error| cannot_start(test, &error))?;
    let mut ran = Count::default();
    if let Some(output) = child.stdout.take() {
        ran = stream(output).map_err(|error| format!("cannot read the tests' output: {error}"))?;
    }
    let status = child.wait().map_err(|error| format!("cannot wait for the tests: {error}"))?;
    let skipped = read_skips(&skips);
    // A program that does not build or dies has no line of results.
    let died = !status.success() && ran.failed == 0;
    let (ran, wrongly) = judge(ran, &skipped, may_skip);
    for line in &skipped {
        println!("skipped {line}");
    }
    count.passed += ran.passed;
    count.failed += ran.failed + usize::from(died);
    count.skipped += ran.skipped;
    if !status.success() {
        return Err(format!("`{}` ended with {status}", shown(test)));
    }
    match wrongly.is_empty() {
        true => Ok(()),
        false => Err(format!("skipped, and may not be: {}", wrongly.join("; "))),
    }
}

/// Prints the final line, and fails if anything did.
pub(crate) fn finish(count: Count, problems: &[String]) -> Result<(), String> {
    for problem in problems {
        println!("failed: {problem}");
    }
    println!("{} passed, {} failed, {} skipped", count.passed, count.failed, count.skipped);
    match count.failed {
        0 => Ok(()),
        failed => Err(format!("{failed} failed")),
    }
}

impl Count {
    /// Adds tests that another kind of run has counted.
    pub(crate) fn add(&mut self, passed: usize, failed: usize, skipped: usize) {
        self.passed += passed;
        self.failed += failed;
        self.skipped += skipped;
    }

    /// How many were skipped.
    pub(crate) fn skipped(self) -> usize {
        self.skipped
    }

    /// Counts the skipped as failed.
    pub(crate) fn allow_no_skips(&mut self) {
        self.failed += std::mem::take(&mut self.skipped);
    }
}

/// Tests that skipped themselves are among the passed until here. Those that may not are told too.
fn judge(ran: Count, skipped: &[String], may_skip: impl Fn(&str) -> bool) -> (Count, Vec<String>) {
    let wrongly = skipped.iter().filter(|line| {
        // The name of the test, and the reason.
        let reason = line.split_once(": ").map_or(line.as_str(), |(_, reason)| reason);
        !may_skip(reason)
    });
    let wrongly: Vec<String> = wrongly.cloned().collect();
    let count = Count {
        passed: ran.passed.saturating_sub(skipped.len()),
        failed: ran.failed + wrongly.len(),
        skipped: ran.skipped + skipped.len() - wrongly.len(),
    };
    (count, wrongly)
}

/// Hands the output on as it comes and adds up its lines `test result:`.
fn stream(output: impl Read) -> std::io::Result<Count> {
    let mut count = Count::default();
    let mut out = std::io::stdout();
    for line in BufReader::new(output).split(b'\n') {
        let line = line?;
        out.write_all(&line)?;
        out.write_all(b"\n")?;
        add(&mut count, &String::from_utf8_lossy(&line));
    }
    Ok(count)
}

/// Reads `test result: ok. 5 passed; 0 failed; 1 ignored; …`.
fn add(count: &mut Count, line: &str) {
    let Some(results) = line.trim_start().strip_prefix("test result: ") else { return };
    let words: Vec<&str> = results.split([' ', ';']).filter(|word| !word.is_empty()).collect();
    for pair in words.windows(2) {
        let [number, what] = pair else { continue };
        let Ok(number) = number.parse::<usize>() else { continue };
        match *what {
            "passed" => count.passed += number,
            "failed" => count.failed += number,
            "ignored" => count.skipped += number,
            _ => {}
        }
    }
}

/// One line for each test that skipped itself, however often it says so.
fn read_skips(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let _ = fs::remove_file(file);
    let mut seen = HashSet::new();
    text.lines().filter(|line| seen.insert(*line)).map(String::from).collect()
}

/// Whether there is a Python that the binding can be built for.
fn has_python() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import sys; sys.exit(sys.version_info < (3, 11))"]);
    python.stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

fn has_cargo_command(name: &str) -> bool {
    let asked =
        cargo().args([name, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_without_leave_is_a_failure() {
        let ran = Count { passed: 3, failed: 1, skipped: 1 };
        let skipped = ["a: good", "b: bad"].map(String::from);
        let (count, wrongly) = judge(ran, &skipped, |reason| reason == "good");
        assert_eq!(count, Count { passed: 1, failed: 2, skipped: 2 });
        assert_eq!(wrongly, ["b: bad"]);
    }

    #[test]
    fn results_are_added_up() {
        let mut count = Count::default();
        add(
            &mut count,
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out",
        );
        add(&mut count, "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured");
        add(&mut count, "test this_is ... ok");
        assert_eq!(count, Count { passed: 6, failed: 2, skipped: 1 });
    }
}
