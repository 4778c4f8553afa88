//! The results as a table to read and as JSON.

use std::fmt::Write;

use crate::measure::{Cost, Row};

/// The instructions that a call on a blocking socket may have over the bare one of C.
pub(crate) const MOST_EXTRA_INSTRUCTIONS: f64 = 25.0;

/// A table for each quantity: one line for each case, one column for each library.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    section(&mut text, rows, "instructions per call, in user space", |cost| {
        number(cost.instructions, 0)
    });
    section(&mut text, rows, "system calls per call", |cost| number(cost.system_calls, 2));
    section(&mut text, rows, "allocations per call", |cost| number(Some(cost.allocations), 2));
    section(&mut text, rows, "time per call, ns", |cost| number(Some(cost.nanoseconds), 0));
    section(&mut text, rows, "time over libc's, median of the rounds' ratios", |cost| {
        number(Some(cost.ratio), 3)
    });
    text
}

/// One object: the cases, and in each what every library costs, and the awaited ones. What was not
/// counted is null.
pub(crate) fn json(rows: &[Row], awaited: &str) -> String {
    let cases = rows.iter().map(|row| {
        let peers = row.costs.iter().map(|cost| {
            let fields = [
                ("instructions", cost.instructions),
                ("system_calls", cost.system_calls),
                ("allocations", Some(cost.allocations)),
                ("nanoseconds", Some(cost.nanoseconds)),
                ("ratio", Some(cost.ratio)),
            ];
            let fields = fields.map(|(name, value)| {
                let value = value.filter(|value| value.is_finite());
                format!(r#""{name}":{}"#, value.map_or("null".into(), |value| value.to_string()))
            });
            format!(r#""{}":{{{}}}"#, cost.peer, fields.join(","))
        });
        let peers: Vec<_> = peers.collect();
        format!(r#"{{"case":"{}","peers":{{{}}}}}"#, row.case.name(), peers.join(","))
    });
    let cases: Vec<_> = cases.collect();
    let cases = cases.join(",");
    format!(r#"{{"schema":"berkeley.cost/1","cases":[{cases}],"awaited":{awaited}}}"#)
}

/// What misses its target, one line each.
pub(crate) fn misses(rows: &[Row]) -> Vec<String> {
    let mut misses = Vec::new();
    for row in rows {
        let of = |name| row.costs.iter().find(|cost| cost.peer == name);
        let (Some(ours), Some(libc)) = (of("berkeley"), of("libc")) else { continue };
        let case = row.case.name();
        if let (Some(ours), Some(libc)) = (ours.instructions, libc.instructions) {
            let extra = ours - libc;
            // A count that is missing is a miss.
            let missed = extra.is_nan() || extra > MOST_EXTRA_INSTRUCTIONS;
            // A batch is a copy besides: what that may cost is for the reader to say.
            if missed && !row.case.timeout && row.case.op.batched().is_none() {
                misses.push(format!("{case}: {extra:.0} instructions over libc"));
            }
        }
        let allowed = match row.case.op.batched() {
            Some(_) => libc.system_calls.unwrap_or(f64::NAN),
            None => 1.0,
        };
        if ours.system_calls.is_some_and(|calls| calls != allowed) {
            misses.push(format!("{case}: {} system calls", number(ours.system_calls, 2)));
        }
        if ours.allocations != 0.0 {
            misses.push(format!("{case}: {} allocations", ours.allocations));
        }
    }
    misses
}

/// One table for all cases that compare the same libraries.
fn section(text: &mut String, rows: &[Row], title: &str, cell: impl Fn(&Cost) -> String) {
    let names = |row: &Row| row.costs.iter().map(|cost| cost.peer).collect::<Vec<_>>();
    for rows in rows.chunk_by(|a, b| names(a) == names(b)) {
        let each = rows.first().and_then(|row| row.case.op.batched());
        let title =
            if each.is_some() { title.replace("per call", "per datagram") } else { title.into() };
        part(text, rows, &title, &cell);
    }
}

fn part(text: &mut String, rows: &[Row], title: &str, cell: impl Fn(&Cost) -> String) {
    let _ = writeln!(text, "{title}");
    let peers = rows.first().map(|row| &row.costs[..]).unwrap_or_default();
    let heads = peers.iter().fold(String::new(), |line, cost| format!("{line}{:>10}", cost.peer));
    let _ = writeln!(text, "  {:<22}{heads}", "");
    for row in rows {
        let cells =
            row.costs.iter().fold(String::new(), |line, c| format!("{line}{:>10}", cell(c)));
        let _ = writeln!(text, "  {:<22}{cells}", row.case.name());
    }
    let _ = writeln!(text);
}

fn number(value: Option<f64>, digits: usize) -> String {
    match value {
        Some(value) if value.is_finite() => format!("{value:.digits$}"),
        _ => "-".into(),
    }
}
