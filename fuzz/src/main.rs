//! Runs one target under libFuzzer: the one that `BERKELEY_FUZZ` names. `cargo xtask fuzz` builds
//! and starts it.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

static CHECK: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(|data: &[u8]| CHECK.get_or_init(chosen)(data));

fn chosen() -> fn(&[u8]) {
    let name = std::env::var("BERKELEY_FUZZ").unwrap_or_default();
    let Some(target) = berkeley_fuzz::TARGETS.iter().find(|target| target.name == name) else {
        eprintln!("BERKELEY_FUZZ names no target");
        std::process::exit(2);
    };
    target.check
}
