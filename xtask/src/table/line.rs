//! A line of the table, for people and as Markdown.

use std::fmt::{self, Write as _};

/// What a ratio has to reach.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// It is only told.
    None,
}

/// One measurement beside others.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) what: String,
    pub(super) ours: String,
    /// Each of the others, with what it has reached.
    pub(super) beside: String,
    pub(super) ratio: f64,
    pub(super) target: Target,
}

impl Line {
    /// Ours beside the best of the others, of each of which there are as many measurements: the
    /// ratio is the least of the medians of the rounds' ratios. What could not be measured is told.
    pub(super) fn of(
        what: String,
        ours: &[f64],
        others: &[Other],
        form: fn(f64) -> String,
    ) -> Line {
        let mut beside: Vec<(f64, String)> = Vec::new();
        let mut least = f64::INFINITY;
        for other in others {
            match &other.measured {
                Ok(theirs) => {
                    let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs);
                    least = least.min(median(ratios));
                    let middle = median(theirs.iter().copied());
                    beside.push((middle, format!("{} {}", other.name, form(middle))));
                }
                Err(why) => beside.push((f64::NEG_INFINITY, format!("{} – ({why})", other.name))),
            }
        }
        beside.sort_by(|a, b| b.0.total_cmp(&a.0));
        let beside = beside.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ");
        let ours = form(median(ours.iter().copied()));
        let ratio = if least.is_finite() { least } else { f64::NAN };
        Line { what, ours, beside, ratio, target: Target::AtLeast(1.0) }
    }

    pub(super) fn target(self, target: Target) -> Line {
        Line { target, ..self }
    }

    /// Whether it misses its target. What has none misses none.
    pub(super) fn is_short(&self) -> bool {
        match self.target {
            Target::AtLeast(target) => self.ratio.is_nan() || self.ratio < target,
            Target::AtMost(target) => self.ratio.is_nan() || self.ratio > target,
            Target::None => false,
        }
    }

    fn cells(&self) -> [String; 5] {
        let ratio = match self.ratio {
            ratio if ratio.is_nan() => "–".to_owned(),
            ratio if ratio >= 10.0 => format!("{ratio:.0}"),
            ratio => format!("{ratio:.2}"),
        };
        let target = match self.target {
            Target::AtLeast(target) => format!("≥ {target}"),
            Target::AtMost(target) => format!("≤ {target}"),
            Target::None => String::new(),
        };
        let short = if self.is_short() { ", short of it" } else { "" };
        [
            self.what.clone(),
            self.ours.clone(),
            self.beside.clone(),
            ratio,
            format!("{target}{short}"),
        ]
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [what, ours, beside, ratio, target] = self.cells();
        write!(f, "{what}: {ours} beside {beside}: {ratio}, {target}")
    }
}

/// Another one, with its measurements or the reason why there are none.
pub(super) struct Other {
    pub(super) name: &'static str,
    pub(super) measured: Result<Vec<f64>, String>,
}

const HEADS: [&str; 5] = ["", "berkeley", "beside", "ratio", "target"];

/// Lines under each other, to read.
pub(super) fn text(lines: &[Line]) -> String {
    let rows: Vec<[String; 5]> = lines.iter().map(Line::cells).collect();
    let heads = HEADS.map(String::from);
    let widths: Vec<usize> = (0..HEADS.len())
        .map(|column| {
            let cells = rows.iter().chain([&heads]).filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in [&heads].into_iter().chain(&rows) {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let _ = writeln!(text, "  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    text
}

/// The same as a table of Markdown.
pub(super) fn markdown(lines: &[Line]) -> String {
    let mut text = format!("| {} |\n|---|---|---|---|---|\n", HEADS.join(" | "));
    for line in lines {
        // A bar would end the cell.
        let cells = line.cells().map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// The middle one.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A number with its thousands apart.
pub(super) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_the_others_counts() {
        let others = [
            Other { name: "slow", measured: Ok(vec![10.0, 20.0, 30.0]) },
            Other { name: "none", measured: Err("too many".to_owned()) },
            Other { name: "fast", measured: Ok(vec![100.0, 200.0, 300.0]) },
        ];
        let line = Line::of("x".to_owned(), &[90.0, 190.0, 330.0], &others, thousands);
        assert_eq!(
            (line.beside.as_str(), line.ratio),
            ("fast 200, slow 20, none – (too many)", 0.95)
        );
        assert!(line.is_short());
        assert!(!line.target(Target::AtLeast(0.9)).is_short());
        let alone = Line::of("x".to_owned(), &[1.0], &[], thousands);
        assert!(alone.is_short(), "what is beside nothing reaches nothing");
    }

    #[test]
    fn a_table_of_markdown_keeps_its_columns() {
        let line = Line {
            what: "cat | ncat".to_owned(),
            ours: thousands(1_234_567.0),
            beside: "1".to_owned(),
            ratio: 12.3,
            target: Target::AtMost(1.02),
        };
        let row = "| cat \\| ncat | 1,234,567 | 1 | 12 | ≤ 1.02, short of it |\n";
        assert!(markdown(&[line]).ends_with(row));
    }
}
