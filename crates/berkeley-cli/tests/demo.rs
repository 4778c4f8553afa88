//! `demo` plays its exchanges for real, and draws what happened.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::process::{Command, Output};

use serde_json::Value;

const ALL: &[&str] = &["tcp", "udp", "unix", "stream", "refused", "reuse", "timeout"];

#[test]
fn unasked_it_shows_tcp_udp_and_unix_and_what_to_try_next() {
    let picture = text(&demo(&[], 80, "C.UTF-8"));
    for title in ["TCP: ", "UDP: ", "UNIX: ", "Try next"] {
        assert!(picture.lines().any(|line| line.starts_with(title)), "{title:?} in\n{picture}");
    }
    assert!(picture.contains(" serve :8000 --echo"), "{picture}");
}

#[test]
fn a_recording_that_is_going_on_is_shared() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demo.jsonl");
    let arguments = ["tcp", "udp", "--trace", file.to_str().unwrap()];
    let picture = text(&demo(&arguments, 80, "C.UTF-8"));
    assert!(
        picture.contains("sk.bind(127.0.0.1:0)") && picture.contains("sk.sendto("),
        "{picture}"
    );
    assert_eq!(picture.matches("sk.listen()").count(), 1, "{picture}");
    let recorded = std::fs::read_to_string(&file).unwrap();
    let calls = recorded.matches(r#""op":"listen""#).count();
    assert_eq!((calls, recorded.matches(r#""ev":"end""#).count()), (1, 1));

    let arguments = ["demo", "udp", "--trace", "/dev/null"];
    let ended = Command::new(env!("CARGO_BIN_EXE_berkeley")).args(arguments).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(!ended.status.success() && said.contains("it is no file"), "{said}");
}

#[test]
fn the_tcp_picture_has_the_calls_of_the_tutorials() {
    let picture = text(&demo(&["tcp"], 80, "C.UTF-8"));
    let mut last = 0;
    for wanted in [
        "socket(AF_INET, SOCK_STREAM) ┤",
        "sk.bind(127.0.0.1:0)",
        "sk.listen()",
        "├ sk.connect(127.0.0.1:",
        "─ SYN+ACK ─▶",
        "◀─ 6 bytes ─├ sk.send(\"hello!\") → 6",
        "conn.send(\"hi\") → 2",
        "→ \"\" = the end",
        "sk.close()",
    ] {
        let at = picture.get(last..).unwrap().find(wanted);
        last += at.unwrap_or_else(|| panic!("{wanted:?}, in this order, in\n{picture}"));
    }
}

#[test]
fn every_picture_fits_the_width() {
    for width in [64, 80, 120] {
        let picture = text(&demo(ALL, width, "C.UTF-8"));
        // The commands to try next are to be copied whole.
        let picture = picture.split("Try next").next().unwrap();
        for line in picture.lines() {
            assert!(line.chars().count() <= width, "wider than {width}: {line}");
        }
    }
}

#[test]
fn without_a_utf8_locale_it_is_ascii() {
    let picture = text(&demo(ALL, 80, "C"));
    assert!(picture.is_ascii(), "{picture}");
    assert!(picture.contains("<--- SYN ---+"), "{picture}");
}

#[test]
fn a_pipe_gets_no_colours_unless_asked_for() {
    assert!(!text(&demo(&["udp"], 80, "C.UTF-8")).contains('\u{1b}'));
    assert!(text(&demo(&["udp", "--color", "always"], 80, "C.UTF-8")).contains("\u{1b}["));
}

#[test]
fn the_events_are_those_of_real_sockets() {
    let calls = calls(&demo(&["tcp", "--json"], 80, "C"), "tcp");
    let of = |side: &str| -> Vec<String> {
        let mine = calls.iter().filter(|call| call["side"] == side);
        mine.map(|call| call["call"].as_str().unwrap().to_owned()).collect()
    };
    let server = "socket setsockopt bind getsockname listen accept recv send recv close close";
    assert_eq!(of("server").join(" "), server);
    assert_eq!(of("client").join(" "), "socket connect send recv close");

    let bound = calls.iter().find(|call| call["call"] == "getsockname").unwrap();
    let connect = calls.iter().find(|call| call["call"] == "connect").unwrap();
    assert_eq!(bound["result"], connect["args"]["addr"]);
    assert!(calls.iter().all(|call| call["failed"] == false && call["duration"].is_f64()));
}

#[test]
fn over_ipv6_it_is_the_same() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        berkeley_testing::skip!("this machine has no IPv6 loopback");
    }
    let picture = text(&demo(&["tcp", "udp", "-6"], 100, "C.UTF-8"));
    assert!(picture.contains("sk.connect([::1]:"), "{picture}");
}

#[test]
fn the_errors_of_the_tutorials_are_shown() {
    for (name, call, result) in [
        ("refused", "connect", "ECONNREFUSED"),
        ("reuse", "bind", "EADDRINUSE"),
        ("timeout", "recv", "timed out"),
    ] {
        let calls = calls(&demo(&[name, "--json"], 80, "C"), name);
        let failed: Vec<&Value> = calls.iter().filter(|call| call["failed"] == true).collect();
        assert_eq!(failed.len(), 1, "{failed:#?}");
        assert_eq!((&failed[0]["call"], &failed[0]["result"]), (&call.into(), &result.into()));
    }
}

#[test]
fn two_sends_are_received_by_one_recv() {
    let calls = calls(&demo(&["stream", "--json"], 80, "C"), "stream");
    let received = calls.iter().find(|call| call["call"] == "recv").unwrap();
    assert_eq!(received["result"], "\"hello world\"");
}

#[test]
fn json_lines_tell_each_call_and_end_with_the_whole() {
    let printed = text(&demo(&["udp", "--json-lines"], 80, "C"));
    let lines: Vec<Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (whole, calls) = lines.split_last().unwrap();
    assert_eq!(whole["exchanges"][0]["calls"].as_array().unwrap().len(), calls.len());
    assert!(calls.iter().all(|call| call["exchange"] == "udp" && call["call"].is_string()));
}

#[test]
fn what_it_does_not_have_is_a_usage_error_that_names_what_it_has() {
    let output = demo(&["sctp"], 80, "C");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("tcp, udp, unix"), "{said}");
}

fn demo(args: &[&str], width: usize, locale: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_berkeley"))
        .arg("demo")
        .args(args)
        .env("COLUMNS", width.to_string())
        .env("LC_ALL", locale)
        .env_remove("CLICOLOR_FORCE")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn calls(output: &Output, name: &str) -> Vec<Value> {
    let mut whole: Value = serde_json::from_str(&text(output)).unwrap();
    assert_eq!(whole["ok"], true);
    assert_eq!(whole["exchanges"][0]["name"], name);
    match whole["exchanges"][0]["calls"].take() {
        Value::Array(calls) => calls,
        other => panic!("{other}"),
    }
}
