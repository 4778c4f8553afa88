//! The examples under other people's loops run, and do what they say.

#![allow(clippy::unwrap_used)]

mod common;

use common::run;

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
