//! `cargo xtask bench`: what a call costs.

use crate::run::{cargo, is_installed, succeed};

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
    succeed(cargo().args(run).args(["--bin", "recorder", "--"]).args(args))
}
