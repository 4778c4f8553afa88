//! `trace`: recordings are shown, drawn, counted and explained.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{berkeley, run, text};
use serde_json::Value;

/// A recording among those of the picture's tests.
fn recording(name: &str) -> String {
    format!("{}/../berkeley-picture/tests/data/{name}.jsonl", env!("CARGO_MANIFEST_DIR"))
}

fn say(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let output = run(berkeley().arg("trace").args(arguments).env("LC_ALL", "C.UTF-8"), input);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "colours in a pipe");
    (output.status.code(), out, err)
}

#[test]
fn two_processes_are_shown_as_one_ladder() {
    let (server, client) = (recording("tcp-server"), recording("tcp-client"));
    let (status, out, err) = say(&["show", &server, &client], b"");
    assert_eq!((status, err.as_str()), (Some(0), ""));
    assert!(out.contains("server.py") && out.contains("client.py"), "{out}");
    assert!(out.contains("─ SYN+ACK ") && out.contains("├ s1.send(\"hello!\") → 6"), "{out}");
}

#[test]
fn the_page_and_the_picture_are_written_beside_the_recording_or_where_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.jsonl");
    std::fs::copy(recording("unix"), &file).unwrap();
    let name = file.to_str().unwrap();
    for (verb, beginning) in [("html", "<!doctype html>"), ("svg", "<svg ")] {
        let (status, out, err) = say(&[verb, name], b"");
        assert_eq!(status, Some(0), "{err}");
        let written = file.with_extension(verb);
        assert_eq!(out, format!("wrote {}\n", written.display()));
        let picture = std::fs::read_to_string(written).unwrap();
        assert!(picture.starts_with(beginning));
        // Written to a pipe it is the same.
        assert_eq!(say(&[verb, name, "-o", "-"], b"").1, picture);
    }
}

#[test]
fn numbers_are_counted() {
    let file = recording("mistake-unread-at-close");
    let output = run(berkeley().args(["trace", "stat", "--json", &file]), b"");
    let numbers: Value = serde_json::from_slice(&output.stdout).unwrap();
    let calls = numbers["calls"].as_array().unwrap();
    let recv = calls.iter().find(|call| call["call"] == "recv").unwrap();
    assert_eq!(
        (&recv["calls"], &recv["errors"], &recv["bytes"]),
        (&2.into(), &1.into(), &4.into())
    );
    assert!(say(&["stat", &file], b"").1.lines().count() > calls.len());
}

#[test]
fn mistakes_end_with_a_status_and_what_to_try() {
    let file = recording("mistake-unread-at-close");
    let (status, out, err) = say(&["check", &file], b"");
    assert_eq!((status, err.as_str()), (Some(1), ""));
    assert!(out.contains("error: unread-at-close") && out.contains("try: Read until"), "{out}");
    let output = run(berkeley().args(["trace", "check", "--json", &file]), b"");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&found["ok"], &found["found"][0]["rule"]),
        (&false.into(), &"unread-at-close".into())
    );

    let (status, out, _) = say(&["check", &recording("unix")], b"");
    assert_eq!(status, Some(0));
    assert!(out.starts_with("nothing was found"), "{out}");
}

#[test]
fn other_programs_get_their_forms() {
    let file = recording("unix");
    for (form, beginning) in [("perfetto", "{\""), ("otlp", "{\"resourceSpans\""), ("strace", "")] {
        let (status, out, err) = say(&["export", form, &file, "-o", "-"], b"");
        assert_eq!(status, Some(0), "{err}");
        assert!(out.starts_with(beginning) && out.len() > 100, "{out}");
    }
    let output = run(berkeley().args(["trace", "export", "pcapng", &file, "-o", "-"]), b"");
    assert!(output.stdout.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]));
    assert_eq!(say(&["export", "gif", &file], b"").0, Some(2));
}

#[test]
fn what_is_added_is_shown_as_it_comes() {
    use std::io::{BufRead, BufReader, Write};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grows.jsonl");
    let mut file = std::fs::File::create(&path).unwrap();
    let mut command = berkeley();
    command.args(["trace", "show", "--watch", "--timeout", "20"]).arg(&path);
    command.env("LC_ALL", "C.UTF-8").stdin(std::process::Stdio::null());
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for op in ["socket", "bind", "listen"] {
        let t = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let line = format!(
            r#"{{"ev":"call","t":{:.9},"dur":0.00001,"pid":1,"sock":"s1","op":"{op}","args":{{}},"ret":0}}"#,
            t.as_secs_f64()
        );
        // Half a line is not yet one.
        let (begin, end) = line.split_at(30);
        write!(file, "{begin}").unwrap();
        writeln!(file, "{end}").unwrap();
        let mut shown = String::new();
        output.read_line(&mut shown).unwrap();
        assert!(shown.contains(&format!("{op}()")), "{shown}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn on_a_terminal_it_is_a_picture_that_ends_with_a_key() {
    use std::io::Write;

    let Some(script) = berkeley_testing::program("script") else {
        berkeley_testing::skip!("script, which makes a terminal, is not installed");
    };
    let shown = format!(
        "stty rows 30 cols 100; {} trace show --watch {}",
        env!("CARGO_BIN_EXE_berkeley"),
        recording("unix")
    );
    let mut command = std::process::Command::new(script);
    command.args(["-qec", &shown, "/dev/null"]).env("LC_ALL", "C.UTF-8").env("TERM", "xterm");
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut keys = child.stdin.take().unwrap();
    // What was typed before it listens is kept by the terminal.
    keys.write_all(b"kkq").unwrap();
    let output = child.wait_with_output().unwrap();
    let screen = text(&output.stdout);
    assert!(output.status.success(), "{screen}");
    assert!(screen.contains("s1.listen(5)") && screen.contains("q ends"), "{screen}");
    assert!(screen.contains("\u{1b}[?1049h") && screen.contains("\u{1b}[?1049l"), "{screen}");
}

#[test]
fn the_standard_input_is_a_file_too() {
    let whole = std::fs::read(recording("unix")).unwrap();
    let (status, out, err) = say(&["show", "-"], &whole);
    assert_eq!((status, err.as_str()), (Some(0), ""));
    assert!(out.contains("unix:@berkeley-demo"), "{out}");
}

#[test]
fn what_is_no_recording_is_an_error_that_says_so() {
    let (status, out, err) = say(&["show", "-"], b"GET / HTTP/1.1\n");
    assert_eq!((status, out.as_str()), (Some(1), ""));
    assert!(err.contains("no calls in it") && err.contains("berkeley.trace/1"), "{err}");
    let (status, _, err) = say(&["html", "/no/such/file"], b"");
    assert_eq!(status, Some(1));
    assert!(err.contains("/no/such/file"), "{err}");
}
