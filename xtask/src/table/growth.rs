//! What one of many costs, and the plots of that.

use serde_json::Value;

use super::Options;
use super::line::{Line, Target};
use super::running::{Running, answer, ours};

/// What the dearest may cost over the cheapest, of what is called flat.
const FLAT: f64 = 1.5;

/// Measures and draws both.
pub(super) fn growth(options: &Options) -> Result<Vec<Line>, String> {
    let folder = options.folder()?;
    let (_ours, port) =
        Running::serve(ours("berkeley").args(["serve", "127.0.0.1:0", "--echo", "--quiet"]))?;
    let (_tokio, other) = Running::serve(ours("tokio_echo").arg("65536"))?;
    let mut connections = ours("scale");
    connections.arg("connections").arg(&folder);
    connections.args(["serve --echo", &port.to_string(), "tokio", &other.to_string()]);
    let connections = answer(&mut connections)?;
    let datagrams = answer(ours("scale").arg("datagrams").arg(&folder))?;
    Ok(vec![
        flat("an echo over 10 to 10,000 connections", &connections, "serve --echo", 0.0),
        // Both are the same kernel's, whose sockets no longer fit into the processor's memory.
        flat("the same by tokio", &connections, "tokio", 0.0).target(Target::None),
        // One alone fills no batch: what is flat begins where batches are full.
        flat("a datagram of 100 to 1,000,000 in batches", &datagrams, "batches", 100.0),
        flat("a datagram of 1 to 1,000,000, one by one", &datagrams, "single", 0.0),
    ])
}

/// The dearest over the cheapest, of so many or more.
fn flat(what: &str, result: &Value, name: &str, least: f64) -> Line {
    let points = result.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let costs = points.iter().filter_map(|point| {
        let number = point.get(0)?.as_f64()?;
        point.get(1)?.as_f64().filter(|_| number >= least)
    });
    let costs: Vec<f64> = costs.collect();
    let (low, high) = costs
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(low, high), cost| (low.min(*cost), high.max(*cost)));
    let (first, last) = (costs.first().copied(), costs.last().copied());
    let micros = |cost: Option<f64>| format!("{:.3} µs", cost.unwrap_or(f64::NAN));
    Line {
        what: what.to_owned(),
        ours: format!("{} at first, {} at last", micros(first), micros(last)),
        beside: format!("{} to {}", micros(Some(low)), micros(Some(high))),
        ratio: high / low,
        target: Target::AtMost(FLAT),
    }
}
