//! What calls cost and how much goes through: what `cargo xtask bench` and `cargo xtask iperf` say.

use serde_json::Value;

use super::Options;
use super::line::{Line, Target, median};
use super::running::{answer, ours};
use crate::iperf;

/// How much over libc's time a call and a datagram of a batch may take, and how many instructions a
/// call.
const CALL: f64 = 1.02;
const BATCHED: f64 = 1.05;
const INSTRUCTIONS: f64 = 25.0;

/// A case and what each library costs there.
type Case = (String, Vec<(String, Value)>);

/// Every case whose name has one of these.
fn cases(options: &Options, only: &[&str]) -> Result<Vec<Case>, String> {
    let mut all = Vec::new();
    for only in only {
        let mut bench = ours("berkeley-bench");
        bench.args(["--json", "--rounds", &(options.rounds * 400).to_string(), "--only", only]);
        let result = answer(bench.stderr(std::process::Stdio::null()))?;
        let cases = result.pointer("/cases").and_then(Value::as_array).cloned();
        for case in cases.unwrap_or_default() {
            let name = case.get("case").and_then(Value::as_str).unwrap_or_default().to_owned();
            let peers = case.get("peers").and_then(Value::as_object).cloned().unwrap_or_default();
            all.push((name, peers.into_iter().collect()));
        }
    }
    Ok(all)
}

/// One quantity of the libraries of a case: ours, and the others as a text.
fn cells(case: &Case, quantity: &str, form: impl Fn(f64) -> String) -> (f64, String) {
    let of = |cost: &Value| cost.get(quantity).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let (mut own, mut beside) = (f64::NAN, Vec::new());
    for (name, cost) in &case.1 {
        match name.as_str() {
            "berkeley" => own = of(cost),
            name => beside.push(format!("{name} {}", form(of(cost)))),
        }
    }
    (own, beside.join(", "))
}

/// One library's quantity.
fn of(case: &Case, library: &str, quantity: &str) -> f64 {
    let cost = case.1.iter().find(|(name, _)| name == library).map(|(_, cost)| cost);
    cost.and_then(|cost| cost.get(quantity)).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// Calls on blocking sockets: their time and their instructions.
pub(super) fn calls(options: &Options) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    for case in cases(options, &["tcp", "udp send", "udp recv", "unix"])? {
        // What has a timeout has no target, and what is a batch another one.
        if case.0.contains("timeout") || of(&case, "quinn-udp", "ratio").is_finite() {
            continue;
        }
        let (ratio, _) = cells(&case, "ratio", |_| String::new());
        let (time, beside) = cells(&case, "nanoseconds", nanoseconds);
        let what = format!("{}, time over libc's", case.0);
        let target = Target::AtMost(CALL);
        lines.push(Line { what, ours: nanoseconds(time), beside, ratio, target });
        let (own, beside) = cells(&case, "instructions", |count| format!("{count:.0}"));
        lines.push(Line {
            what: format!("{}, instructions more than libc's", case.0),
            ours: format!("{own:.0}"),
            beside,
            ratio: own - of(&case, "libc", "instructions"),
            target: Target::AtMost(INSTRUCTIONS),
        });
    }
    Ok(lines)
}

/// Batches with offload, a datagram's time.
pub(super) fn batches(options: &Options) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    for case in cases(options, &["udp send_batch", "udp send_segments", "udp recv_batch"])? {
        let (own, beside) = cells(&case, "nanoseconds", nanoseconds);
        let over = |library| of(&case, "berkeley", "ratio") / of(&case, library, "ratio");
        for (library, most) in [("libc", BATCHED), ("quinn-udp", 1.0)] {
            lines.push(Line {
                what: format!("{} B, time over {library}'s", case.0),
                ours: nanoseconds(own),
                beside: beside.clone(),
                ratio: over(library),
                target: Target::AtMost(most),
            });
        }
    }
    Ok(lines)
}

fn nanoseconds(time: f64) -> String {
    match time {
        time if time < 100.0 => format!("{time:.1} ns"),
        time => format!("{time:.0} ns"),
    }
}

/// What gets through, beside iperf3.
pub(super) fn bench(options: &Options) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    for (name, pairs) in iperf::measure(options.rounds, options.seconds)? {
        let rate = |rate: f64| format!("{:.2} Gbit/s", rate / 1e9);
        lines.push(Line {
            what: format!("berkeley bench, {name}"),
            ours: rate(median(pairs.iter().map(|(ours, _)| *ours))),
            beside: format!("iperf3 {}", rate(median(pairs.iter().map(|(_, theirs)| *theirs)))),
            ratio: median(pairs.iter().map(|(ours, theirs)| ours / theirs)),
            target: Target::AtLeast(1.0),
        });
    }
    Ok(lines)
}
