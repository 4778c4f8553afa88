//! What Python's sockets cost beside CPython's: what `benches/python/beside.py` says.

use std::process::Command;

use serde_json::Value;

use super::Options;
use super::line::{Line, Target};
use super::running::answer;
use crate::cpython::target;
use crate::python::{environment, interpreter};
use crate::run::root;

/// Every row of it, by the oldest Python that the package is for.
pub(super) fn python(_: &Options) -> Result<Vec<Line>, String> {
    let base = interpreter("3.11").ok_or("there is no Python 3.11 with pip")?;
    let inside = environment(&base, &target()?.join("python/table"), &["aiohttp"])?;
    let mut beside = Command::new(inside);
    let result = answer(beside.arg(root().join("benches/python/beside.py")).arg("--json"))?;
    let rows = result.get("rows").and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(rows.iter().map(line).collect())
}

fn line(row: &Value) -> Line {
    let number = |name: &str| row.get(name).and_then(Value::as_f64);
    let micros = |name: &str| format!("{:.2} µs", number(name).unwrap_or(f64::NAN) / 1000.0);
    Line {
        what: row.get("row").and_then(Value::as_str).unwrap_or_default().to_owned(),
        ours: micros("ours_ns"),
        beside: format!("CPython {}", micros("stock_ns")),
        ratio: number("ratio").unwrap_or(f64::NAN),
        target: number("target").map_or(Target::None, Target::AtLeast),
    }
}
