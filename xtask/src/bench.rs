//! `cargo xtask bench`: what a call costs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cpython::target;
use crate::python::{interpreter, pip};
use crate::run::{cargo, is_installed, root, succeed};

/// Builds the benchmark for release and runs it with these arguments.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    for (tool, counts) in [("valgrind", "instructions"), ("strace", "system calls")] {
        if !is_installed(tool) {
            eprintln!("{counts} are not counted: install the Debian package {tool}");
        }
    }
    let build = ["run", "--release", "--quiet", "--package", "berkeley-bench", "--"];
    // Standard output belongs to the benchmark, whose JSON others read.
    let status = cargo().args(build).args(args).status();
    match status {
        Ok(status) if status.success() => recorder(args),
        Ok(status) => Err(format!("the benchmark ended with {status}")),
        Err(_) => succeed(cargo().args(build).args(args)),
    }
}

/// What a recording of all calls costs, behind the whole table: a program of its own, for the library
/// has another feature there.
fn recorder(args: &[String]) -> Result<(), String> {
    let alone = ["--json", "--only", "--rounds", "-h", "--help"];
    if args.iter().any(|arg| alone.contains(&arg.as_str())) {
        return Ok(());
    }
    let run = ["run", "--release", "--quiet", "--package", "berkeley-bench", "--features", "trace"];
    let rust = succeed(cargo().args(run).args(["--bin", "recorder", "--"]).args(args));
    rust.and(from_python(args))
}

/// The same from Python, if there is one that the package can be built for.
fn from_python(args: &[String]) -> Result<(), String> {
    let inside = match interpreter("3.11").ok_or("there is no Python 3.11 with pip".to_owned()) {
        Ok(base) => environment(&base),
        Err(problem) => Err(problem),
    };
    let inside = match inside {
        Ok(inside) => inside,
        Err(problem) => {
            eprintln!("what a recording costs in Python is not measured: {problem}");
            return Ok(());
        }
    };
    let mut program = Command::new(inside);
    program.arg(root().join("benches/python/recorder.py"));
    for arg in args {
        match arg.as_str() {
            "--check" => program.arg("--check"),
            "--once" => program.args(["--turns", "1"]),
            _ => &mut program,
        };
    }
    succeed(&mut program)
}

/// An environment with our package, which is new each time.
fn environment(base: &Path) -> Result<PathBuf, String> {
    let folder = target()?.join("python/bench");
    let python = folder.join("bin/python");
    if !python.exists() {
        succeed(Command::new(base).args(["-m", "venv", "--without-pip"]).arg(&folder))?;
    }
    succeed(&mut pip(base, &python, &["install", "--force-reinstall", "--no-deps", "."]))?;
    Ok(python)
}
