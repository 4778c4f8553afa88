//! What became of each test, and how two runs differ.

use std::collections::BTreeMap;

use serde_json::Value;

/// What a run of a module gave.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outcomes {
    pub(super) tests: BTreeMap<String, String>,
    /// Why the skipped ones were.
    pub(super) reasons: BTreeMap<String, String>,
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
            "reasons": self.reasons,
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
    let texts = |name: &str| {
        let rows = value.get(name).and_then(Value::as_object).into_iter().flatten();
        rows.map(|(test, text)| (test.clone(), text.as_str().unwrap_or_default().to_owned()))
            .collect()
    };
    Ok(Outcomes {
        tests: texts("tests"),
        reasons: texts("reasons"),
        ours: number("ours"),
        others: number("others"),
        processes: number("processes"),
        astray: number("astray"),
    })
}

/// Words in the reason of a skip that hold where the kernel has every family, and why. No other does.
const MAY_SKIP: &[(&str, &str)] = &[
    ("Hyper-V sockets required", "a family of Windows"),
    ("Windows", "asks for Windows"),
    ("macOS", "asks for macOS"),
    ("Numeric scope id does not work or undocumented", "asks for Windows, says its condition"),
    ("Linux behavior is tested by", "asks for what is not Linux"),
    ("network is not enabled", "asks for a network outside"),
];

/// Whether nothing was skipped that a kernel with every family can do.
pub(super) fn skipped_unseen(found: &Outcomes) -> Result<(), String> {
    let may = |reason: &str| MAY_SKIP.iter().any(|(words, _)| reason.contains(words));
    let skips = found.tests.iter().filter(|(_, outcome)| *outcome == "skip");
    let reasons = skips.map(|(test, _)| (test, found.reasons.get(test).map_or("", String::as_str)));
    let wrong: Vec<String> = reasons
        .filter(|(_, reason)| !may(reason))
        .map(|(test, reason)| format!("{test} ({reason})"))
        .collect();
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("skipped, and may not be: {}", wrong.join("; "))),
    }
}

/// Whether every test did what it was to do, or was skipped.
pub(super) fn clean(found: &Outcomes) -> bool {
    !found.tests.is_empty() && found.tests.values().all(|outcome| rank(Some(outcome)) < MISSING)
}

/// From the best to the worst that is none.
const RANKS: &[&str] = &["ok", "exit status: 0", "skip"];
const MISSING: usize = RANKS.len();

/// How good an outcome is; below another is better.
fn rank(outcome: Option<&String>) -> usize {
    match outcome {
        None => MISSING,
        Some(outcome) => RANKS.iter().position(|known| known == outcome).unwrap_or(MISSING + 1),
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
        Outcomes { tests: tests.collect(), ours, others, processes: 1, ..Outcomes::default() }
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
    fn a_family_is_no_reason_to_skip_where_there_is_every_one() {
        let mut found = given(&[("a", "skip"), ("b", "ok")], 1, 0);
        assert!(skipped_unseen(&found).is_err(), "without a reason");
        found.reasons.insert("a".into(), "requires Windows".into());
        assert!(skipped_unseen(&found).is_ok());
        found.reasons.insert("a".into(), "RDS sockets required for this test.".into());
        assert_eq!(
            skipped_unseen(&found).unwrap_err(),
            "skipped, and may not be: a (RDS sockets required for this test.)"
        );
    }

    #[test]
    fn what_went_wrong_is_not_clean() {
        assert!(clean(&given(&[("a", "ok"), ("b", "skip"), ("t ended", "exit status: 0")], 0, 0)));
        assert!(!clean(&given(&[("a", "ok"), ("b", "error")], 0, 0)));
        assert!(!clean(&given(&[("t ended", "signal: 9 (SIGKILL)")], 0, 0)));
        assert!(!clean(&given(&[], 0, 0)));
    }

    #[test]
    fn what_was_measured_is_read_again() {
        let mut measured = given(&[("a", "skip"), ("t ended", "exit status: 0")], 3, 1);
        measured.reasons.insert("a".into(), "why".into());
        assert_eq!(outcomes(&measured.text()).unwrap(), measured);
    }
}
