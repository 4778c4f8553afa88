//! `cargo xtask versions`: what is built is checked for Pythons and machines that are not here.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::cpython::{output_of, target};
use crate::run::{cargo, succeed};
use crate::test::{Count, finish};

/// Pythons that few have: the version, and whether it is the build without the global lock.
const PYTHONS: &[(&str, bool)] =
    &[("3.14", false), ("3.14", true), ("3.15", false), ("3.15", true)];

/// Machines, and what is checked for them.
const MACHINES: &[(&str, &[&str])] = &[
    (
        "aarch64-unknown-linux-gnu",
        &[
            "-p",
            "berkeley",
            "-p",
            "berkeley-cli",
            "-p",
            "berkeley-python",
            "-F",
            "berkeley/io-uring,berkeley/tokio",
        ],
    ),
    // The `io-uring` crate is not made for it, and Python's binding is for 64 bits.
    ("i686-unknown-linux-gnu", &["-p", "berkeley", "-p", "berkeley-cli"]),
];

/// Checks all of it, also after something has failed.
pub(crate) fn run() -> Result<(), String> {
    let (mut count, mut problems) = (Count::default(), Vec::new());
    let mut done = |result: Result<(), String>| {
        count.add(usize::from(result.is_ok()), usize::from(result.is_err()), 0);
        problems.extend(result.err());
    };
    for (version, free) in PYTHONS {
        done(checked(version, *free, &["--package", "berkeley-python"]));
    }
    let mut skipped = 0;
    for (machine, packages) in MACHINES {
        if has(machine) {
            done(checked("3.13", false, &[packages, &["--target", machine][..]].concat()));
        } else {
            println!("skipped {machine}: not installed (rustup target add {machine})");
            skipped += 1;
        }
    }
    count.add(0, 0, skipped);
    finish(count, &problems)
}

/// Checks packages for a Python which is told of in a file, in the place of one that is here.
fn checked(version: &str, free: bool, args: &[&str]) -> Result<(), String> {
    let folder = target()?.join("versions");
    let (letter, flags) = if free { ("t", "Py_GIL_DISABLED") } else { ("", "") };
    let file = folder.join(format!("{version}{letter}"));
    let text = format!(
        "implementation=CPython\nversion={version}\nbuild_flags={flags}\n\
         suppress_build_script_link_lines=true\n"
    );
    let problem = |error| format!("{}: {error}", file.display());
    fs::create_dir_all(&folder).map_err(problem)?;
    fs::write(&file, text).map_err(problem)?;
    // A folder of its own, or what is here would be built again after it.
    let mut check = cargo();
    check.arg("check").args(args).arg("--target-dir").arg(folder.join("build"));
    println!("PYO3_CONFIG_FILE={}", file.display());
    succeed(check.env("PYO3_CONFIG_FILE", &file).env("RUSTFLAGS", "-D warnings"))
}

/// Whether there is a standard library for a machine.
fn has(machine: &str) -> bool {
    let asked =
        output_of(Command::new("rustc").args(["--print", "target-libdir", "--target", machine]));
    asked.is_ok_and(|folder| PathBuf::from(folder.trim()).is_dir())
}
