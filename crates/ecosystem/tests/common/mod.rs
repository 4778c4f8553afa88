//! Running an example.

use std::path::PathBuf;
use std::process::Command;

/// Runs an example to its end, which must be a good one, and answers what it printed.
pub(crate) fn run(name: &str, args: &[&str]) -> String {
    // target/<profile>/deps/loops-… is this test; examples stand beside deps.
    let test = std::env::current_exe().unwrap();
    let example: PathBuf = test.parent().unwrap().parent().unwrap().join("examples").join(name);
    let way_out = "cargo build -p berkeley-ecosystem --examples";
    assert!(example.exists(), "there is no {}; try: {way_out}", example.display());
    let output = Command::new(example).args(args).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {}\n{said}{complained}", output.status);
    said
}
