//! `cargo xtask bench`: what a call costs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cpython::{copied, target};
use crate::python::{environment, interpreter};
use crate::run::{cargo, is_installed, root, succeed};

/// Asks for the instructions of Python's calls, beside those of a commit if one follows.
const INSTRUCTIONS: &str = "--instructions";

/// Builds the benchmark for release and runs it with these arguments.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if let Some((INSTRUCTIONS, commit)) = args.split_first().map(|(first, rest)| (&**first, rest)) {
        return instructions(commit.first().map(String::as_str));
    }
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
        Ok(base) => environment(&base, &target()?.join("python/bench"), &[]),
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

/// What calls of Python's sockets take, in instructions, beside CPython's own and those of a commit.
fn instructions(commit: Option<&str>) -> Result<(), String> {
    let python = interpreter("3.11").ok_or("there is no Python 3.11 with pip")?;
    let (build, folder) = (target()?, target()?.join("instructions"));
    let ours = folder.join("ours");
    package(&python, &root(), &build, &ours)?;
    let mut count = Command::new(&python);
    count.arg(root().join("benches/python/instructions.py")).arg("--places");
    count.env("PYTHONPATH", &ours);
    if let Some(commit) = commit {
        let (source, older) = (folder.join("source"), folder.join("older"));
        let _ = fs::remove_dir_all(&source);
        fs::create_dir_all(&source).map_err(|error| error.to_string())?;
        let (archive, unpack) = (folder.join("source.tar"), ["-xf", "../source.tar"]);
        let mut git = Command::new("git");
        git.current_dir(root()).args(["archive", "--output"]).arg(&archive).arg(commit);
        succeed(&mut git)?;
        succeed(Command::new("tar").current_dir(&source).args(unpack))?;
        package(&python, &source, &folder.join("build"), &older)?;
        count.arg("--beside").arg(&older);
    }
    succeed(&mut count)
}

/// The Python package of these sources, in a folder, for an interpreter.
fn package(python: &Path, source: &Path, build: &Path, to: &Path) -> Result<(), String> {
    let mut cargo = cargo();
    cargo.current_dir(source).args(["build", "--release", "--quiet", "-p", "berkeley-python"]);
    succeed(cargo.env("PYO3_PYTHON", python).env("CARGO_TARGET_DIR", build))?;
    copied(&source.join("python/berkeley"), &to.join("berkeley"))?;
    let module = to.join("berkeley/_berkeley.so");
    // Not over the old one, which may be mapped by a program that runs.
    let _ = fs::remove_file(&module);
    let built = build.join("release/lib_berkeley.so");
    fs::copy(&built, &module).map(drop).map_err(|error| format!("{}: {error}", built.display()))
}
