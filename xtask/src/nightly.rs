//! The nightly toolchain: Miri and the address sanitizer come with it alone.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::run::root;

/// The nightly cargo.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new("rustup");
    cargo.args(["run", "nightly", "cargo"]).current_dir(root());
    cargo
}

/// Whether there is a nightly toolchain.
pub(crate) fn is_here() -> bool {
    answer(cargo().arg("--version")).is_some()
}

/// Whether it has Miri and the sources of the standard library, which Miri runs.
pub(crate) fn has_miri() -> bool {
    let sysroot =
        answer(Command::new("rustup").args(["run", "nightly", "rustc", "--print", "sysroot"]));
    let sources = |sysroot: String| PathBuf::from(sysroot).join("lib/rustlib/src/rust/library");
    answer(cargo().args(["miri", "--version"])).is_some()
        && sysroot.map(sources).is_some_and(|sources| sources.is_dir())
}

/// The platform that this toolchain builds for if it is not told.
pub(crate) fn host() -> Option<String> {
    let version = answer(Command::new("rustc").arg("-vV"))?;
    version.lines().find_map(|line| line.strip_prefix("host: ").map(String::from))
}

/// What a program prints, if it can be started and succeeds.
fn answer(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    output.status.success().then_some(text)
}
