//! How the cost of one operation grows with the number of connections or datagrams.

use std::path::Path;
use std::time::{Duration, Instant};

use berkeley::batch::{RecvBatch, SendBatch};
use berkeley::{Addr, Family, Protocol, Socket, Type};
use serde_json::{Value, json};

use crate::Result;
use crate::clients::Clients;
use crate::plot::{Chart, Line};

/// Over how many connections.
const CONNECTIONS: [usize; 7] = [10, 30, 100, 300, 1000, 3000, 10_000];

/// How often each number is measured; they take turns, and the medians are drawn.
const ROUNDS: usize = 5;

/// How long a number of connections is measured at a time.
const TIME: Duration = Duration::from_millis(600);

/// The bytes of a message and of a datagram.
const BYTES: usize = 64;

/// A round trip by each of these echo servers, each connection with one under way: microseconds.
pub(crate) fn connections(servers: &[(&str, Addr)], folder: &Path) -> Result<Value> {
    let cases: Vec<(usize, Addr)> = CONNECTIONS
        .iter()
        .flat_map(|number| servers.iter().map(move |(_, addr)| (*number, *addr)))
        .collect();
    let costs = medians(&cases, |&(connections, addr)| {
        let mut clients = Clients::connect(addr, connections, BYTES)?;
        clients.run(TIME / 5)?;
        Ok(1e6 / clients.run(TIME)?)
    })?;
    let lines: Vec<Line<'_>> = servers
        .iter()
        .map(|&(name, server)| {
            let of = |(case, cost): (&(usize, Addr), &f64)| {
                (case.1 == server).then_some((case.0 as f64, *cost))
            };
            Line { name, points: cases.iter().zip(&costs).filter_map(of).collect() }
        })
        .collect();
    let result = lines.iter().map(|line| (line.name.to_owned(), json!(line.points))).collect();
    let chart = Chart {
        title: "An echo of 64 bytes, one under way in each connection",
        across: "connections",
        up: "µs of both sides for one",
        lines,
    };
    std::fs::write(folder.join("growth-connections.svg"), chart.draw()?)?;
    Ok(Value::Object(result))
}

/// A datagram of 64 bytes sent and received, so many of them in all: microseconds.
pub(crate) fn datagrams(folder: &Path) -> Result<Value> {
    let counts: Vec<usize> = (0..=6).map(|power| 10_usize.pow(power)).collect();
    let by = |batched| -> Result<Vec<(f64, f64)>> {
        let costs = medians(&counts, |count| repeated(*count, batched))?;
        Ok(counts.iter().map(|count| *count as f64).zip(costs).collect())
    };
    let (batches, single) = (by(true)?, by(false)?);
    let chart = Chart {
        title: "Datagrams of 64 bytes over loopback, sent and received",
        across: "datagrams",
        up: "µs for one",
        lines: vec![
            Line { name: "send_to, recv_from", points: single.clone() },
            Line { name: "send_batch, recv_batch", points: batches.clone() },
        ],
    };
    std::fs::write(folder.join("growth-datagrams.svg"), chart.draw()?)?;
    Ok(json!({ "batches": batches, "single": single }))
}

/// The median of several rounds for each case, all in turns.
fn medians<T>(cases: &[T], mut measure: impl FnMut(&T) -> Result<f64>) -> Result<Vec<f64>> {
    let mut all = vec![Vec::new(); cases.len()];
    for _ in 0..ROUNDS {
        for (case, costs) in cases.iter().zip(&mut all) {
            costs.push(measure(case)?);
        }
    }
    let middle = all.into_iter().map(|mut costs| {
        costs.sort_by(f64::total_cmp);
        costs.get(costs.len() / 2).copied().unwrap_or(f64::NAN)
    });
    Ok(middle.collect())
}

/// A few datagrams are sent again and again, with sockets and memory of their own each time; for
/// them not to be all that is timed, these are made before.
fn repeated(count: usize, batched: bool) -> Result<f64> {
    let times = (20_000 / count).max(1);
    let mut spent = Duration::ZERO;
    for _ in 0..times {
        spent += if batched { by_batches(count)? } else { one_by_one(count)? };
    }
    Ok(spent.as_secs_f64() * 1e6 / (count * times) as f64)
}

/// As many as the receiver's memory has room for, and one piece of the kernel's takes.
const STEP: usize = 64;

fn by_batches(count: usize) -> Result<Duration> {
    let (a, b, to) = sockets()?;
    b.set_recv_offload(true)?;
    let mut out = SendBatch::with_capacity(STEP, BYTES);
    let mut arrived = RecvBatch::new(4, RecvBatch::OFFLOAD_BYTES);
    let (data, mut left, start) = ([7; BYTES], count, Instant::now());
    while left > 0 {
        for _ in 0..STEP.min(left) {
            out.push(&data, to)?;
        }
        let mut under_way = a.send_batch(&mut out)?;
        left -= under_way;
        while under_way > 0 {
            under_way -= b.recv_batch(&mut arrived)?;
            check(arrived.iter().all(|datagram| datagram.data() == data))?;
        }
    }
    Ok(start.elapsed())
}

fn one_by_one(count: usize) -> Result<Duration> {
    let (a, b, to) = sockets()?;
    let (data, mut memory, start) = ([7; BYTES], [0; BYTES], Instant::now());
    for _ in 0..count {
        a.send_to(&data, to)?;
        let (len, _) = b.recv_from(&mut memory)?;
        check(len == BYTES && memory == data)?;
    }
    Ok(start.elapsed())
}

fn sockets() -> Result<(Socket, Socket, Addr)> {
    let make = || Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT);
    let (a, b) = (make()?, make()?);
    b.bind("127.0.0.1:0")?;
    let to = b.local_addr()?;
    Ok((a, b, to))
}

fn check(right: bool) -> Result<()> {
    if right { Ok(()) } else { Err("a datagram is not what was sent".into()) }
}
