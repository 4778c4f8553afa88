//! `cargo xtask miri`: the tests that call no system, under Miri, as three kinds of machine.

use crate::nightly;
use crate::test::{Count, finish, run as run_tests};

/// This machine, one of 32 bits, and one whose most significant byte comes first.
const MACHINES: [Option<&str>; 3] =
    [None, Some("i686-unknown-linux-gnu"), Some("s390x-unknown-linux-gnu")];

/// The tests: what follows `cargo miri test`.
const TESTS: [&[&str]; 3] = [
    // The probe of layouts compiles C.
    &["--package", "berkeley", "--lib", "--", "--skip", "layout_probe"],
    &["--package", "berkeley", "--test", "addresses"],
    &["--package", "berkeley-fuzz", "--test", "corpus"],
];

/// Pointers keep where they come from, and kept inputs may be read from files.
const FLAGS: &str = "-Zmiri-strict-provenance -Zmiri-disable-isolation";

/// Runs all of them, also after one has failed.
pub(crate) fn run() -> Result<(), String> {
    if !nightly::has_miri() {
        return Err(
            "Miri is missing: rustup toolchain install nightly --component miri,rust-src".into()
        );
    }
    let (mut count, mut problems) = (Count::default(), Vec::new());
    for machine in MACHINES {
        for tests in TESTS {
            let mut miri = nightly::cargo();
            miri.env("MIRIFLAGS", FLAGS).args(["miri", "test"]);
            miri.args(machine.iter().flat_map(|machine| ["--target", machine])).args(tests);
            problems.extend(run_tests(&mut miri, &mut count).err());
        }
    }
    finish(count, &problems)
}
