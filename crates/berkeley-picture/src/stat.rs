//! Numbers: how often each call was made, how often it failed, and how long it took.

use std::collections::BTreeMap;

use crate::model::Trace;
use crate::record::Nanos;

/// The numbers of one call.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Stat {
    /// Its name in C.
    pub op: String,
    /// How often it was made.
    pub calls: usize,
    /// How often it failed; that it would have had to wait is no failure.
    pub errors: usize,
    /// The bytes it moved.
    pub bytes: u64,
    /// How long half of them took at most.
    pub p50: Nanos,
    /// How long 99 of 100 took at most.
    pub p99: Nanos,
    /// How long the slowest took.
    pub max: Nanos,
    /// How long all of them waited.
    pub waited: Nanos,
    /// How long all of them took.
    pub total: Nanos,
}

/// Counts the calls by name, those that took longest first.
///
/// ```
/// use berkeley_picture::{Trace, stat};
///
/// let trace = Trace::read([r#"{"ev":"call","t":1,"dur":0.001,"pid":1,"op":"send","ret":5}"#]);
/// assert_eq!((stat(&trace)[0].calls, stat(&trace)[0].bytes), (1, 5));
/// ```
pub fn stat(trace: &Trace) -> Vec<Stat> {
    let mut times: BTreeMap<&str, (Stat, Vec<Nanos>)> = BTreeMap::new();
    for call in &trace.calls {
        let (stat, times) = times.entry(&call.op).or_default();
        stat.calls += 1;
        stat.errors += usize::from(call.is_error());
        stat.bytes += call.bytes();
        stat.waited += call.waited;
        stat.total += call.took();
        times.push(call.took());
    }
    let finish = |(op, (stat, mut times)): (&str, (Stat, Vec<Nanos>))| {
        times.sort_unstable();
        let at = |percent: usize| {
            let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(place).copied().unwrap_or_default()
        };
        let max = times.last().copied().unwrap_or_default();
        Stat { op: op.to_owned(), p50: at(50), p99: at(99), max, ..stat }
    };
    let mut stats: Vec<Stat> = times.into_iter().map(finish).collect();
    stats.sort_by_key(|stat| (-stat.total, stat.op.clone()));
    stats
}
