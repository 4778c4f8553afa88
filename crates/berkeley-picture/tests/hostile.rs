//! Recordings may be cut, mixed up, or made by somebody else: nothing panics, and nothing that was
//! recorded steers a terminal or leaves its place in a page.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use berkeley_picture::{Look, Trace, chrome, explain, html, otlp, pcapng, stat, strace, svg, text};

/// Everything that can be made of a recording.
fn everything(recording: &str) -> usize {
    let trace = Trace::read([recording]);
    let lines = text(&trace, &Look { width: 80, unicode: false });
    assert!(lines.iter().all(|line| line.is_ascii()), "{lines:#?}");
    for line in &lines {
        let plain = anstream::adapter::strip_str(line).to_string();
        assert!(!plain.contains(char::is_control), "{plain:?}");
    }
    let page = html(&trace);
    assert_eq!(page.matches("</script").count(), 2);
    let picture = svg(&trace);
    assert!(!picture.contains("<script"));
    for json in [chrome(&trace), otlp(&trace)] {
        serde_json::from_str::<serde_json::Value>(&json).unwrap();
    }
    lines.len()
        + pcapng(&trace).len()
        + strace(&trace).len()
        + stat(&trace).len()
        + explain(&trace).len()
}

#[test]
fn what_is_changed_here_and_there_is_still_drawn() {
    let names =
        ["tcp-server", "udp-client", "unix", "mistake-unread-at-close", "mistake-truncated"];
    // Numbers without a pattern, the same in each run.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |most: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % most as u64).unwrap()
    };
    let odd = [
        "-1",
        "0",
        "1e300",
        "-1e300",
        "9223372036854775807",
        "18446744073709551615",
        "null",
        "[]",
        "{}",
        "true",
        "\"</script><script>\"",
        "\"\\u001b[31m\"",
        "\"\"",
        "\"\u{e9}\u{fffe}\"",
    ];
    for round in 0..60 {
        let whole = common::recording(names[round % names.len()]);
        let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
        for _ in 0..=next(6) {
            let at = next(lines.len());
            // The value of some member becomes another.
            let colons: Vec<usize> = lines[at].match_indices("\":").map(|(at, _)| at + 2).collect();
            let begin = colons[next(colons.len())];
            let rest = lines[at].get(begin..).unwrap();
            let len = rest.find([',', '}']).unwrap_or(rest.len());
            lines[at].replace_range(begin..begin + len, odd[next(odd.len())]);
            let other = next(lines.len());
            lines.swap(at, other);
        }
        everything(&lines.join("\n"));
    }
}

#[test]
fn extremes_are_drawn() {
    let line = |t: &str, dur: &str, op: &str, ret: &str, off: &str| {
        format!(
            r#"{{"ev":"call","t":{t},"dur":{dur},"pid":1,"sock":"s1","op":"{op}","args":{{"len":18446744073709551615,"room":0,"lens":[18446744073709551615,1]}},"ret":{ret},"off":{off}}}"#
        )
    };
    let lines = [
        r#"{"ev":"socket","t":-1e300,"pid":1,"sock":"s1","family":"AF_INET","type":"SOCK_STREAM","local":"127.0.0.1:1","peer":"127.0.0.1:2","pair":"s1","from":"s1"}"#.to_owned(),
        line("1e300", "1e300", "send", "9223372036854775807", "18446744073709551615"),
        line("-1e300", "1e300", "recv", "9223372036854775807", "18446744073709551615"),
        line("0", "-5", "recvmmsg", "-9223372036854775808", "0"),
        line("0", "1", "close", "0", "0"),
        r#"{"ev":"dropped","t":0,"pid":1,"count":18446744073709551615}"#.to_owned(),
        r#"{"ev":"dropped","t":0,"pid":1,"count":18446744073709551615}"#.to_owned(),
    ];
    assert!(everything(&lines.join("\n")) > 0);
}

#[test]
fn the_picture_in_the_readme_is_this_one() {
    let picture = format!("{}/../../docs/trace.svg", env!("CARGO_MANIFEST_DIR"));
    let made = svg(&common::trace(&["tcp-server", "tcp-client"]));
    if std::env::var_os("BERKELEY_WRITE").is_some() {
        std::fs::write(&picture, &made).unwrap();
    }
    let told = "BERKELEY_WRITE=1 cargo test -p berkeley-picture --test hostile writes it anew";
    assert!(std::fs::read_to_string(&picture).unwrap() == made, "{told}");
}
