//! Every public item says what it does with an example, and how it fails.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn every_public_item_has_an_example_and_says_how_it_fails() {
    let mut missing = Vec::new();
    let mut items = 0;
    for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            if !is_public_item(line) {
                continue;
            }
            items += 1;
            let docs = docs_above(&lines[..number]);
            let place = format!("{}:{}: {}", file.display(), number + 1, line.trim());
            if !docs.contains("```") {
                missing.push(format!("no example: {place}"));
            }
            let signature = signature(&lines[number..]);
            let fails = signature.rsplit("->").next().unwrap().contains("Result<");
            if fails && !docs.contains("# Errors") {
                missing.push(format!("no errors: {place}"));
            }
        }
    }
    assert!(items > 150, "only {items} items were found");
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

/// Functions, types and traits. Constants and variants are rows of data: their type's example
/// serves them.
fn is_public_item(line: &str) -> bool {
    let line = line.trim_start();
    ["fn", "const fn", "struct", "enum", "trait"]
        .iter()
        .any(|word| line.starts_with(&format!("pub {word} ")))
        // A trait behind a private module, which nobody can name.
        && !line.starts_with("pub trait Sealed")
}

/// The documentation and attributes right above an item.
fn docs_above(lines: &[&str]) -> String {
    let above = lines.iter().rev().take_while(|line| {
        let line = line.trim_start();
        line.starts_with("///") || line.starts_with("#[") || line.starts_with("//")
    });
    above.copied().collect::<Vec<_>>().join("\n")
}

/// A function's head, up to its body.
fn signature(lines: &[&str]) -> String {
    let mut head = String::new();
    for line in lines {
        head.push_str(line);
        if line.ends_with(['{', ';']) {
            break;
        }
    }
    head
}
