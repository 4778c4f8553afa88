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
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the benchmark ended with {status}")),
        Err(_) => succeed(cargo().args(build).args(args)),
    }
}
