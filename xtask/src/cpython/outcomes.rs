//! What became of each test, and how two runs differ.

use std::collections::BTreeMap;

use serde_json::Value;

/// What a run of a module gave.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcomes {
    pub(super) tests: BTreeMap<String, String>,
    /// Sockets of our type and of others that were made.
    pub(super) ours: u64,
    pub(super) others: u64,
    /// Processes that told how many.
    pub(super) processes: u64,
    /// Those in which `_socket` was not ours in the end.
    pub(super) astray: u64,
}

impl Outcomes {
    pub(super) fn text(&self) -> String {
        serde_json::json!({
            "tests": self.tests,
            "ours": self.ours,
            "others": self.others,
            "processes": self.processes,
            "astray": self.astray,
        })
        .to_string()
    }
}

/// Reads what a run gave.
pub(super) fn outcomes(text: &str) -> Result<Outcomes, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("what a run gave: {error}"))?;
    let number = |name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
    let tests = value.get("tests").and_then(Value::as_object).into_iter().flatten();
    Ok(Outcomes {
        tests: tests
            .map(|(test, outcome)| (test.clone(), outcome.as_str().unwrap_or_default().to_owned()))
            .collect(),
        ours: number("ours"),
        others: number("others"),
        processes: number("processes"),
        astray: number("astray"),
    })
}

/// How good an outcome is; below another is better.
fn rank(outcome: Option<&String>) -> usize {
    let ranks = ["ok", "exit status: 0", "skip"];
    match outcome {
        None => ranks.len(),
        Some(outcome) => ranks.iter().position(|known| known == outcome).unwrap_or(ranks.len() + 1),
    }
}

/// The tests that differ: `id: expected, found`.
fn changed<'a>(
    expected: &'a Outcomes,
    found: &'a Outcomes,
) -> impl Iterator<Item = (bool, String)> + 'a {
    let mut names: Vec<&String> = expected.tests.keys().chain(found.tests.keys()).collect();
    names.sort();
    names.dedup();
    names.into_iter().filter_map(|name| {
        let (before, now) = (expected.tests.get(name), found.tests.get(name));
        let shown = |outcome: Option<&String>| outcome.map_or("missing", String::as_str).to_owned();
        let line = format!("{name}: {}, was {}", shown(now), shown(before));
        (before != now).then(|| (rank(now) > rank(before) || now.is_none(), line))
    })
}

pub(super) fn differences(expected: &Outcomes, found: &Outcomes) -> Vec<String> {
    changed(expected, found).filter(|(worse, _)| *worse).map(|(_, line)| line).collect()
}

pub(super) fn better(expected: &Outcomes, found: &Outcomes) -> Vec<String> {
    changed(expected, found).filter(|(worse, _)| !*worse).map(|(_, line)| line).collect()
}

/// How many tests did as before or better, and how many did not.
pub(super) struct Tally {
    pub(super) ok: usize,
    pub(super) skipped: usize,
    pub(super) changed: usize,
}

pub(super) fn tally(expected: &Outcomes, found: &Outcomes) -> Tally {
    let worse = differences(expected, found).len();
    let skipped = found
        .tests
        .iter()
        .filter(|(name, outcome)| *outcome == "skip" && expected.tests.get(*name) == Some(*outcome))
        .count();
    let counted = found.tests.len() - skipped;
    let missing = expected.tests.keys().filter(|name| !found.tests.contains_key(*name)).count();
    let ok = (counted + missing).saturating_sub(worse);
    Tally { ok, skipped, changed: changed(expected, found).count() }
}

/// Whether the run has used our sockets and no others.
pub(super) fn proven(expected: &Outcomes, found: &Outcomes) -> Result<(), String> {
    match found {
        Outcomes { processes: 0, .. } => Err("no process said what it used".to_owned()),
        Outcomes { astray: 1.., .. } => {
            Err(format!("`_socket` was not ours in {} processes in the end", found.astray))
        }
        Outcomes { ours: 0, .. } if expected.others > 0 => {
            Err("no socket of ours was made".to_owned())
        }
        Outcomes { others: 1.., .. } => Err(format!("{} sockets were not ours", found.others)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(tests: &[(&str, &str)], ours: u64, others: u64) -> Outcomes {
        let tests = tests.iter().map(|(name, outcome)| (name.to_string(), outcome.to_string()));
        Outcomes { tests: tests.collect(), ours, others, processes: 1, astray: 0 }
    }

    #[test]
    fn what_is_worse_fails() {
        let before = given(&[("a", "ok"), ("b", "skip"), ("c", "fail"), ("d", "ok")], 0, 5);
        let now = given(&[("a", "fail"), ("b", "ok"), ("c", "fail"), ("e", "error")], 5, 0);
        assert_eq!(
            differences(&before, &now),
            ["a: fail, was ok", "d: missing, was ok", "e: error, was missing"]
        );
        assert_eq!(better(&before, &now), ["b: ok, was skip"]);
        let Tally { ok, skipped, changed } = tally(&before, &now);
        assert_eq!((ok, skipped, changed), (2, 0, 4));
        assert_eq!(differences(&before, &before), Vec::<String>::new());
    }

    #[test]
    fn a_run_must_use_our_sockets() {
        let before = given(&[], 0, 5);
        assert!(proven(&before, &given(&[], 5, 0)).is_ok());
        assert!(proven(&before, &given(&[], 0, 0)).is_err());
        assert!(proven(&before, &given(&[], 5, 1)).is_err());
        assert!(proven(&before, &Outcomes::default()).is_err());
        // What makes none with CPython's own need make none with ours.
        assert!(proven(&given(&[], 0, 0), &given(&[], 0, 0)).is_ok());
    }

    #[test]
    fn what_was_measured_is_read_again() {
        let measured = given(&[("a", "ok"), ("t ended", "exit status: 0")], 3, 1);
        assert_eq!(outcomes(&measured.text()).unwrap(), measured);
    }
}
