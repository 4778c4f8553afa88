//! `explain` knows errors, options, states and words, by every usual spelling.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::process::{Command, Output};

use berkeley::{Errno, LookupCode, opt};
use serde_json::Value;

#[test]
fn an_error_is_told_in_five_parts() {
    let said = text(&explain(&["ECONNREFUSED"]));
    assert!(said.starts_with("ECONNREFUSED  error 111\n"), "{said}");
    for label in ["  what   ", "  cause  ", "  try    ", "  see    "] {
        assert!(said.contains(label), "{label:?} in\n{said}");
    }
}

#[test]
fn numbers_cases_and_other_words_lead_to_the_same() {
    for (word, name) in [
        ("111", "ECONNREFUSED"),
        ("econnrefused", "ECONNREFUSED"),
        ("connection refused", "ECONNREFUSED"),
        ("EWOULDBLOCK", "EAGAIN"),
        ("-3", "EAI_AGAIN"),
        ("-4", "EAI_FAIL"),
        ("time-wait", "TIME_WAIT"),
        ("TimeWait", "TIME_WAIT"),
        ("nagle", "Nagle"),
        ("half close", "half-close"),
        ("so_reuseaddr", "SO_REUSEADDR"),
        ("AF_LOCAL", "AF_UNIX"),
        ("backlog", "backlog"),
    ] {
        let topics = topics(&explain(&["--json", word]));
        assert!(topics.iter().any(|topic| topic["name"] == name), "{word}: {topics:?}");
    }
}

#[test]
fn everything_with_a_name_in_the_library_is_known() {
    let topics = topics(&explain(&["--json"]));
    let errors = Errno::NAMED.iter().filter(|(errno, _)| !errno.is_success());
    let names = errors.map(|(_, name)| *name);
    let names = names.chain(LookupCode::NAMED.iter().map(|(_, name)| *name));
    for name in names.chain(opt::TABLE.iter().map(|row| row.name)) {
        let topic = topics.iter().find(|topic| topic["name"] == name);
        let what = topic.unwrap_or_else(|| panic!("{name} is not known"))["what"].as_str();
        assert!(what.is_some_and(|what| !what.is_empty()), "{name} has no meaning");
    }
}

#[test]
fn several_words_are_told_one_after_the_other() {
    let said = text(&explain(&["EPIPE", "RST"]));
    assert!(said.starts_with("EPIPE") && said.contains("\n\nRST"), "{said}");
}

#[test]
fn without_a_word_it_lists_what_it_knows() {
    let said = text(&explain(&[]));
    for heading in ["errors", "options", "families", "types", "states of TCP", "words"] {
        assert!(said.lines().any(|line| line == heading), "{heading} in\n{said}");
    }
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
}

#[test]
fn an_unknown_word_is_a_no_with_the_nearest() {
    let output = explain(&["ECONREFUSED"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    let wanted =
        "error: nothing is known about \"ECONREFUSED\"\n  nearest: berkeley explain ECONNREFUSED\n";
    assert_eq!(said, wanted);

    let output = explain(&["qqqqqqqqqqqqqq", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["ok"], false);
}

fn explain(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_berkeley"));
    command.arg("explain").args(args).env("COLUMNS", "80").output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn topics(output: &Output) -> Vec<Value> {
    let whole: Value = serde_json::from_str(&text(output)).unwrap();
    whole["topics"].as_array().unwrap().clone()
}
