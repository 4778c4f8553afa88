//! `cargo xtask peers`: the tests against programs of others, none of them skipped.

use std::process::{Command, Stdio};

use crate::run::{cargo, is_installed, succeed};
use crate::test::{Count, finish, run as run_tests};

/// The programs, and the Debian packages that have them.
const PROGRAMS: &[(&str, &str)] = &[
    ("ncat", "ncat"),
    ("socat", "socat"),
    ("curl", "curl"),
    ("tcpdump", "tcpdump"),
    ("strace", "strace"),
];

/// Installs what is missing, if it may, and runs the tests with a transfer of one gibibyte.
pub(crate) fn run() -> Result<(), String> {
    install(PROGRAMS)?;
    let mut count = Count::default();
    let mut test = cargo();
    test.args(["test", "--release", "--package", "berkeley-cli", "--test", "peers"]);
    test.env("BERKELEY_TRANSFER_MIB", "1024");
    let ended = run_tests(&mut test, &mut count);
    let mut captures = cargo();
    captures.args(["test", "--release", "--package", "berkeley-cli", "--test", "ping", "tcpdump"]);
    let ended = ended.and(run_tests(&mut captures, &mut count));
    if count.skipped() > 0 {
        println!("nothing may be skipped here: skipped tests count as failed");
        count.allow_no_skips();
    }
    finish(count, &Vec::from_iter(ended.err()))
}

/// Installs those of these programs, each with its Debian package, that are missing.
pub(crate) fn install(programs: &[(&str, &str)]) -> Result<(), String> {
    let missing = programs.iter().filter(|(program, _)| !is_installed(program));
    let packages: Vec<&str> = missing.map(|(_, package)| *package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if !is_root() || !is_installed("apt-get") {
        return Err(format!("these are missing: {list}; install them (apt-get install {list})"));
    }
    // Nobody is there to be asked anything.
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("-q");
        apt
    };
    succeed(apt().arg("update"))?;
    succeed(apt().args(["install", "-y", "--no-install-recommends"]).args(packages))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").stderr(Stdio::null()).output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
