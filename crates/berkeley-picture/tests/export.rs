//! What is written for other programs is what they read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::process::Command;

use berkeley_picture::{Trace, chrome, otlp, pcapng, strace};
use common::trace;
use serde_json::Value;

#[test]
fn perfetto_gets_slices_that_nest_and_arrows_that_end_in_them() {
    let trace = trace(&["tcp-server", "tcp-client"]);
    let json: Value = serde_json::from_str(&chrome(&trace)).unwrap();
    let events = json["traceEvents"].as_array().unwrap();
    let of = |phase: &str| events.iter().filter(|event| event["ph"] == phase).collect::<Vec<_>>();
    assert_eq!(of("X").len(), trace.calls.len());
    assert_eq!((of("s").len(), of("f").len()), (trace.links.len(), trace.links.len()));
    assert_eq!(of("M").len(), trace.processes.len() + trace.threads.len());
    assert!(of("C").iter().any(|event| event["name"] == "s1 RTT (us)"), "{:?}", of("C"));
    let number = |event: &Value, key: &str| event[key].as_f64().unwrap();
    let inside = |mark: &Value| {
        of("X").iter().any(|slice| {
            slice["tid"] == mark["tid"]
                && number(slice, "ts") <= number(mark, "ts")
                && number(mark, "ts") <= number(slice, "ts") + number(slice, "dur") + 0.001
        })
    };
    for mark in of("s").into_iter().chain(of("f")) {
        assert!(inside(mark), "{mark}");
    }
    for thread in &trace.threads {
        let mut end = 0.0;
        for slice in of("X").iter().filter(|slice| slice["tid"] == thread.tid) {
            assert!(number(slice, "ts") >= end, "{slice} begins before {end}");
            end = number(slice, "ts") + number(slice, "dur") - 0.001;
        }
    }
}

#[test]
fn opentelemetry_gets_a_span_a_connection_and_none_a_send() {
    let json: Value = serde_json::from_str(&otlp(&trace(&["tcp-server", "tcp-client"]))).unwrap();
    let resources = json["resourceSpans"].as_array().unwrap();
    assert_eq!(resources.len(), 2);
    let spans: Vec<&Value> = resources
        .iter()
        .flat_map(|resource| resource["scopeSpans"][0]["spans"].as_array().unwrap())
        .collect();
    let names: Vec<&str> = spans.iter().map(|span| span["name"].as_str().unwrap()).collect();
    assert_eq!(names.iter().filter(|name| **name == "socket tcp").count(), 2, "{names:?}");
    assert_eq!(names.iter().filter(|name| **name == "socket connect").count(), 1, "{names:?}");
    let traces: Vec<&Value> = spans.iter().map(|span| &span["traceId"]).collect();
    assert!(traces.iter().all(|id| *id == traces[0]), "both ends are of one trace: {traces:?}");
    let mut ids: Vec<&str> = spans.iter().map(|span| span["spanId"].as_str().unwrap()).collect();
    assert!(ids.iter().all(|id| id.len() == 16) && traces[0].as_str().unwrap().len() == 32);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), spans.len());
    let connect = spans.iter().find(|span| span["name"] == "socket connect").unwrap();
    assert!(ids.contains(&connect["parentSpanId"].as_str().unwrap()));
    let nanos = |key: &str| connect[key].as_str().unwrap().parse::<u64>().unwrap();
    assert!(nanos("startTimeUnixNano") <= nanos("endTimeUnixNano"));
    assert!(nanos("startTimeUnixNano") > 1_600_000_000_000_000_000);

    let failed = otlp(&trace(&["mistake-unread-at-close"]));
    assert!(failed.contains(r#"{"key":"error.type","value":{"stringValue":"ECONNRESET"}}"#));
}

#[test]
fn strace_readers_get_lines_of_its_form() {
    let text = strace(&trace(&["tcp-server", "tcp-client"]));
    for line in text.lines() {
        let (tid, rest) = line.split_once(' ').unwrap();
        let (at, rest) = rest.split_once(' ').unwrap();
        assert!(tid.parse::<u32>().is_ok() && at.parse::<f64>().is_ok(), "{line}");
        let (call, took) = rest.rsplit_once(" <").unwrap();
        assert!(took.trim_end_matches('>').parse::<f64>().is_ok(), "{line}");
        assert!(call.contains("(") && call.contains(") = "), "{line}");
    }
    assert!(text.contains("sin_addr=inet_addr(\"127.0.0.1\")}) = 0 <"), "{text}");
    assert!(text.contains("\"hello!\", 6, MSG_NOSIGNAL) = 6 <"), "{text}");
    let failed = strace(&trace(&["mistake-refused"]));
    assert!(failed.contains(") = -1 ECONNREFUSED ("), "{failed}");
}

#[test]
fn wireshark_reads_the_packets_and_finds_nothing_wrong() {
    let Some(tshark) = berkeley_testing::program("tshark") else {
        berkeley_testing::skip!("tshark is not installed");
    };
    let folder = tempfile::tempdir().unwrap();
    let look = |trace: &Trace, arguments: &[&str]| {
        let file = folder.path().join("calls.pcapng");
        std::fs::write(&file, pcapng(trace)).unwrap();
        let mut command = Command::new(&tshark);
        command.arg("-r").arg(&file).args(["-o", "tcp.check_checksum:TRUE"]).args(arguments);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let trace = common::trace(&["tcp-server", "tcp-client"]);
    let flags = look(&trace, &["-T", "fields", "-e", "tcp.flags.str", "-e", "tcp.len"]);
    let flags: Vec<String> =
        flags.lines().map(|line| line.replace('·', "").replace('\t', " ")).collect();
    let wanted = ["S 0", "AS 0", "A 0", "AP 6", "AP 6", "AP 17", "AP 17", "AF 0", "AF 0"];
    assert_eq!(flags, wanted);
    let followed = look(&trace, &["-q", "-z", "follow,tcp,ascii,0"]);
    assert!(followed.contains("what is the time?") && followed.contains("WHAT IS THE TIME?"));
    let wrong = "_ws.malformed || tcp.checksum.status == \"Bad\" || tcp.analysis.lost_segment || tcp.analysis.retransmission";
    assert_eq!(look(&trace, &["-Y", wrong]), "");
    let comments = look(&trace, &["-T", "fields", "-e", "frame.comment"]);
    assert!(comments.lines().all(|line| line.contains("synthetic")), "{comments}");

    let datagrams = common::trace(&["udp-server", "udp-client"]);
    let sizes = look(&datagrams, &["-T", "fields", "-e", "udp.length"]);
    assert_eq!(sizes.lines().collect::<Vec<_>>(), ["13", "17", "13", "17"]);
    // Of long data only the beginning is there, and the length is right all the same.
    let long = common::trace(&["mistake-short-send"]);
    let sizes =
        look(&long, &["-Y", "tcp.len > 0", "-T", "fields", "-e", "tcp.len", "-e", "frame.cap_len"]);
    let (len, kept) = sizes.lines().next().unwrap().split_once('\t').unwrap();
    assert!(len.parse::<u32>().unwrap() > 1000 && kept.parse::<u32>().unwrap() < 100, "{sizes}");
}
