//! Every target over the inputs that are kept: those of `corpus/`, which reach all that the
//! fuzzer has found to reach, and those of `crashes/`, for which something once did not hold.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use berkeley_fuzz::{TARGETS, Target};

#[test]
fn every_target_holds_for_every_kept_input() {
    let mut failed = Vec::new();
    for Target { name, check } in TARGETS {
        let mut inputs = files("corpus", name);
        assert!(!inputs.is_empty(), "no inputs in corpus/{name}");
        inputs.extend(files("crashes", name));
        for input in inputs {
            let bytes = fs::read(&input).unwrap();
            if catch_unwind(|| check(&bytes)).is_err() {
                failed.push(format!("{name} for {}: {}", input.display(), bytes.escape_ascii()));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_folder_of_inputs_has_its_target() {
    for folder in ["corpus", "crashes"] {
        for path in entries(&root().join(folder)) {
            let name = path.file_name().unwrap().to_str().unwrap();
            let known = TARGETS.iter().any(|target| target.name == name);
            assert!(known, "{folder}/{name} belongs to no target");
        }
    }
}

/// What no fuzzer has chosen: nothing at all, and lengths around those of headers.
#[test]
fn every_target_holds_for_plain_inputs() {
    // Miri takes a thousand times as long.
    let (lens, bytes): (Vec<usize>, &[u8]) = match cfg!(miri) {
        true => (vec![0, 1, 4, 16, 111], &[0, 0xff]),
        false => {
            ((0..40).chain([107, 108, 109, 110, 111, 112, 255]).collect(), b"\0\x01/:\x7f\xff")
        }
    };
    for Target { name, check } in TARGETS {
        for len in &lens {
            for byte in bytes {
                let input = vec![*byte; *len];
                assert!(catch_unwind(|| check(&input)).is_ok(), "{name}: {len} bytes {byte:#x}");
            }
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, target: &str) -> Vec<PathBuf> {
    entries(&root().join(folder).join(target))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
