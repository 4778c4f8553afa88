//! The examples run, and do what they say.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::path::PathBuf;
use std::process::Command;

#[test]
fn mio_serves_streams_and_datagrams() {
    let said = run("under_mio", &[]);
    assert_eq!(said, "SOCK_SEQPACKET hello\nSOCK_DGRAM hello\n");
}

#[test]
fn async_io_receives_batches_and_descriptors() {
    let said = run("under_async_io", &["2000"]);
    let numbers: Vec<u32> = said.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert!(matches!(numbers[..], [2000, calls] if calls < 2000), "{said}");
    assert!(said.ends_with("\nwhat stands in the file\n"), "{said}");
}

#[test]
fn compio_receives_control_messages() {
    let said = run("under_compio", &[]);
    assert_eq!(said, "5 bytes came to Some(127.0.0.1)\n7 bytes came from the server\n");
}

#[test]
fn hyper_and_rustls_serve_and_fetch() {
    assert_eq!(run("https", &[]), "/greeting: 5 bytes\n1 served\n");
}

#[test]
fn quinn_hands_the_kernel_many_datagrams_at_once() {
    let said = run("quic_copy", &["8"]);
    let numbers: Vec<u64> = said.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [bytes, datagrams, calls] = numbers[..] else { panic!("{said}") };
    assert_eq!(bytes, 8 << 20);
    assert!(calls < datagrams, "{said}");
}

/// Runs an example to its end, which must be a good one, and answers what it printed.
fn run(name: &str, args: &[&str]) -> String {
    // target/<profile>/deps/examples-… is this test; examples stand beside deps.
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
