//! `cargo xtask python`: the Python package as a user gets it, in a fresh environment of each
//! interpreter, and its tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cpython::{answer, candidates, output_of, target};
use crate::run::{cannot_start, root, shown, succeed};
use crate::test::{Count, finish};

const HELP: &str = "\
Builds and installs the Python package in a fresh environment of each interpreter, runs the tests of
tests/python there, and checks the package's types and style.

Usage: cargo xtask python [VERSION]...

  VERSION  only this interpreter: 3.13, or the path of one

Without it: 3.11, which must be there with pip, and 3.12 and 3.13 if they are found, in PATH or pyenv.
";

/// The first must be there.
const VERSIONS: &[&str] = &["3.11", "3.12", "3.13"];

/// What checks types and style. Newer ones know of more names and rules.
const TOOLS: &[&str] = &["mypy==2.4.1", "ruff==0.17.5"];

/// Runs it all, and counts tests and checks.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if args.iter().any(|arg| matches!(arg.as_str(), "-h" | "--help")) {
        print!("{HELP}");
        return Ok(());
    }
    let mut count = Count::default();
    let mut problems = Vec::new();
    let wanted: Vec<&str> = match args {
        [] => VERSIONS.to_vec(),
        some => some.iter().map(String::as_str).collect(),
    };
    for version in wanted {
        match interpreter(version) {
            Some(python) => {
                if let Err(problem) = one(&python, &mut count, &mut problems) {
                    eprintln!("error: {problem}");
                    count.add(0, 1, 0);
                    problems.push(problem);
                }
            }
            None if args.is_empty() && Some(&version) != VERSIONS.first() => {
                println!("skipped Python {version}: none is found that has pip");
                count.add(0, 0, 1);
            }
            None => return Err(format!("there is no Python {version} with pip")),
        }
    }
    finish(count, &problems)
}

/// The same with the oldest interpreter that is found, if pip can fetch what it takes: the part that
/// `cargo xtask test` runs.
pub(crate) fn oldest(count: &mut Count, problems: &mut Vec<String>) -> Result<(), String> {
    let Some(python) = VERSIONS.iter().find_map(|version| interpreter(version)) else {
        println!("skipped python: no {} is found that has pip", VERSIONS.join(", "));
        count.add(0, 0, 1);
        return Ok(());
    };
    let mut fetch = Command::new(&python);
    fetch.args(["-m", "pip", "download", "--disable-pip-version-check", "--quiet", "--no-deps"]);
    let folder = target()?.join("python").join("fetched");
    fetch.args(["--retries", "0", "--timeout", "20", "--dest"]).arg(&folder).args(TOOLS);
    if let Err(problem) = output_of(&mut fetch) {
        println!("skipped python: pip cannot fetch {}\n{problem}", TOOLS.join(", "));
        count.add(0, 0, 1);
        return Ok(());
    }
    one(&python, count, problems)
}

/// The first of a version, or at a path, that starts and has pip.
pub(crate) fn interpreter(asked: &str) -> Option<PathBuf> {
    let candidates = match asked.contains('/') {
        true => vec![PathBuf::from(asked)],
        false => candidates(asked),
    };
    candidates.into_iter().find(|python| answer(python, "import pip", &[]).is_ok())
}

/// All of it with one interpreter.
fn one(python: &Path, count: &mut Count, problems: &mut Vec<String>) -> Result<(), String> {
    let version = answer(python, "import sys; print('%d.%d' % sys.version_info[:2])", &[])?;
    let version = version.trim();
    println!("== Python {version}");
    let folder = target()?.join("python").join(version);
    let _ = fs::remove_dir_all(&folder);
    let venv = folder.join("venv");
    // The interpreter's own pip does for the environment too, and Debian has no other.
    succeed(Command::new(python).args(["-m", "venv", "--without-pip"]).arg(&venv))?;
    let inside = venv.join("bin/python");
    let pip = |args: &[&str]| pip(python, &inside, args);
    // As the README has it.
    succeed(&mut pip(&["install", "."]))?;
    succeed(pip(&["install"]).args(TOOLS))?;
    tests(&inside, count, problems)?;
    let tool = |name: &str, args: &[&str]| {
        let mut tool = Command::new(venv.join("bin").join(name));
        tool.current_dir(root()).args(args);
        tool
    };
    let allowed = root().join("tests/python/stubtest-allowlist.txt");
    for mut check in [
        tool("ruff", &["check", "python", "tests/python"]),
        tool("ruff", &["format", "--check", "python", "tests/python"]),
        tool("mypy", &["--python-version", version]),
    ] {
        judge(succeed(&mut check), count, problems);
    }
    // Not at the root, where the sources would be found in the place of what is installed.
    let mut stubs = tool("stubtest", &["berkeley", "--allowlist"]);
    judge(succeed(stubs.arg(allowed).current_dir(&folder)), count, problems);
    Ok(())
}

/// An interpreter's pip, for the interpreter of an environment.
pub(crate) fn pip(python: &Path, inside: &Path, args: &[&str]) -> Command {
    let mut pip = Command::new(python);
    pip.current_dir(root()).args(["-m", "pip", "--python"]).arg(inside);
    pip.args(["--disable-pip-version-check", "--quiet"]).args(args);
    pip
}

/// An environment with packages, as pip takes them, which are kept for as long as they are wanted, and
/// with ours, which is new each time. Its interpreter comes back.
pub(crate) fn environment(
    base: &Path,
    folder: &Path,
    packages: &[&str],
) -> Result<PathBuf, String> {
    let (venv, kept) = (folder.join("venv"), folder.join("packages"));
    let python = venv.join("bin/python");
    let wanted = packages.join("\n");
    if fs::read_to_string(&kept).ok().as_ref() != Some(&wanted) {
        let _ = fs::remove_dir_all(folder);
        succeed(Command::new(base).args(["-m", "venv", "--without-pip"]).arg(&venv))?;
        if !packages.is_empty() {
            succeed(pip(base, &python, &["install"]).args(packages))?;
        }
        fs::write(&kept, wanted).map_err(|error| format!("{}: {error}", kept.display()))?;
    }
    succeed(&mut pip(base, &python, &["install", "--force-reinstall", "--no-deps", "."]))?;
    Ok(python)
}

/// Counts a check.
pub(crate) fn judge(result: Result<(), String>, count: &mut Count, problems: &mut Vec<String>) {
    match result {
        Ok(()) => count.add(1, 0, 0),
        Err(problem) => {
            eprintln!("error: {problem}");
            count.add(0, 1, 0);
            problems.push(problem);
        }
    }
}

/// Runs the tests and counts them.
fn tests(python: &Path, count: &mut Count, problems: &mut Vec<String>) -> Result<(), String> {
    let mut command = Command::new(python);
    command.current_dir(root().join("tests/python"));
    command.args(["-X", "dev", "-m", "unittest", "discover", "--verbose"]);
    println!("$ {}", shown(&command));
    let output = command.output().map_err(|error| cannot_start(&command, &error))?;
    // unittest tells of its tests there.
    let told = String::from_utf8_lossy(&output.stderr);
    print!("{told}");
    let found = results(&told).ok_or_else(|| "the tests have not ended".to_owned())?;
    let (passed, failed, skipped) = found;
    count.add(passed, failed, skipped);
    match output.status.success() {
        true if failed == 0 && passed > 0 => Ok(()),
        _ => {
            problems.push(format!("`{}` ended with {}", shown(&command), output.status));
            Ok(())
        }
    }
}

/// Passed, failed and skipped, of `Ran 5 tests in 1.0s` and `FAILED (failures=1, skipped=2)`.
fn results(told: &str) -> Option<(usize, usize, usize)> {
    let mut lines = told.lines().rev();
    let end = lines.by_ref().find(|line| line.starts_with("OK") || line.starts_with("FAILED"))?;
    let ran = lines.find_map(|line| line.strip_prefix("Ran ")?.split(' ').next())?;
    let ran: usize = ran.parse().ok()?;
    let number = |name: &str| {
        let mut parts = end.split(['(', ')', ',', ' ']);
        let value = parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    };
    let (failed, skipped) = (number("failures") + number("errors"), number("skipped"));
    Some((ran.saturating_sub(failed + skipped), failed, skipped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_unittest_are_read() {
        let told = "test ... ok\n----\nRan 12 tests in 3.400s\n\nFAILED (failures=1, errors=2, skipped=3)\n";
        assert_eq!(results(told), Some((6, 3, 3)));
        assert_eq!(results("Ran 1 test in 0.1s\n\nOK\n"), Some((1, 0, 0)));
        assert_eq!(results("Ran 1 test in 0.1s\n\nOK (skipped=1)\n"), Some((0, 0, 1)));
        assert_eq!(results("killed"), None);
    }
}
