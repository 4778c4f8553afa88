//! The table of features in `docs/features.md` is true: every `yes` names tests that there are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;

/// Every test of the library and the command, by name.
fn tests() -> BTreeSet<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut names = BTreeSet::new();
    for folder in ["berkeley/tests", "berkeley-cli/tests"] {
        for entry in std::fs::read_dir(crates.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let functions = text.lines().filter_map(|line| line.trim().strip_prefix("fn "));
                names.extend(functions.filter_map(|rest| Some(rest.split_once('(')?.0.to_owned())));
            }
        }
    }
    names
}

#[test]
fn every_yes_is_shown_by_tests_that_are_there() {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/features.md");
    let document = std::fs::read_to_string(document).unwrap();
    let tests = tests();
    let mut rows = 0;
    for line in document.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [row, what, own, .., shown] = cells.as_slice() else { continue };
        let Some(number) = row.strip_prefix(['A', 'B', 'C', 'D', 'E', 'F', 'G']) else { continue };
        if number.parse::<u32>().is_err() {
            continue;
        }
        rows += 1;
        let named: Vec<&str> = shown.split('`').skip(1).step_by(2).collect();
        match *own {
            "yes" => assert!(!named.is_empty(), "{row} {what}: no test is named"),
            "part" | "no" | "–" => assert!(!shown.is_empty(), "{row} {what}: no reason is given"),
            other => panic!("{row} {what}: {other:?} is no answer"),
        }
        for test in named.iter().filter(|_| *own == "yes") {
            assert!(tests.contains(*test), "{row} {what}: there is no test {test}");
            // A name begins with the rows it shows: `a4_a5_unix_…`.
            let word = row.to_lowercase();
            let mut prefix = test.split('_').take_while(|part| {
                let digits = part.strip_prefix(|c: char| ('a'..='g').contains(&c));
                digits.is_some_and(|digits| !digits.is_empty() && digits.parse::<u32>().is_ok())
            });
            assert!(prefix.any(|part| part == word), "{test} is not named after {row}");
        }
    }
    assert!(rows > 90, "only {rows} rows were found");
}
