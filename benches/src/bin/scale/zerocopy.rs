//! From which size on sending without a copy pays.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use berkeley::{
    Family, MsgFlags, Protocol, Socket, Type, ZeroCopy, create_connection, create_server,
};
use serde_json::{Value, json};

use crate::Result;

/// How many bytes are sent at a time.
const SIZES: [usize; 7] = [1 << 10, 1 << 12, 1 << 13, 1 << 14, 1 << 15, 60_000, 1 << 18];

/// The longest datagram among them.
const MOST: usize = 65_507;

/// How long each size is sent at a time, and how often: they take turns, and medians count.
const TIME: Duration = Duration::from_millis(60);
const ROUNDS: usize = 7;

/// So many buffers are lent to the kernel before it is asked what has become free.
const LENT: usize = 16;

/// Through a connection to a thread that throws away what comes.
pub(crate) fn connection() -> Result<Value> {
    let server = create_server("127.0.0.1:0")?;
    let socket = create_connection(server.local_addr()?)?;
    let (other, _) = server.accept()?;
    thread::scope(|scope| {
        let drain = move || {
            let mut memory = vec![0; 1 << 18];
            while other.recv_with(&mut memory[..], MsgFlags::TRUNC).is_ok_and(|len| len > 0) {}
        };
        scope.spawn(drain);
        let measured = both(&socket, &SIZES);
        socket.shutdown(std::net::Shutdown::Write)?;
        measured
    })
}

/// As datagrams to an address.
pub(crate) fn datagrams(addr: &str) -> Result<Value> {
    let socket = Socket::new(Family::INET, Type::DGRAM, Protocol::DEFAULT)?;
    socket.connect(addr)?;
    let sizes: Vec<usize> = SIZES.into_iter().filter(|size| *size <= MOST).collect();
    both(&socket, &sizes)
}

/// Microseconds for one send of each size: with a copy, without, and whether the kernel has made one
/// all the same.
fn both(socket: &Socket, sizes: &[usize]) -> Result<Value> {
    let mut all: Vec<(Vec<f64>, Vec<f64>, bool)> = vec![Default::default(); sizes.len()];
    for _ in 0..ROUNDS {
        for (size, (copied, lent, made)) in sizes.iter().zip(&mut all) {
            copied.push(by_copies(socket, *size)?);
            let (time, copies) = by_lending(socket, *size)?;
            lent.push(time);
            *made |= copies;
        }
    }
    let middle = |costs: &mut Vec<f64>| {
        costs.sort_by(f64::total_cmp);
        costs.get(costs.len() / 2).copied()
    };
    let rows = sizes.iter().zip(&mut all).map(|(size, (copied, lent, made))| {
        json!({ "bytes": size, "copy": middle(copied), "lent": middle(lent), "copied": *made })
    });
    Ok(rows.collect())
}

fn by_copies(socket: &Socket, size: usize) -> Result<f64> {
    let data = vec![7; size];
    let (mut sends, start) = (0, Instant::now());
    while start.elapsed() < TIME {
        for _ in 0..LENT {
            socket.send_all(&data)?;
        }
        sends += LENT;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / sends as f64)
}

fn by_lending(socket: &Socket, size: usize) -> Result<(f64, bool)> {
    let data: Arc<[u8]> = vec![7; size].into();
    let mut sender = ZeroCopy::new(socket)?;
    let (mut sends, mut copied, start) = (0, false, Instant::now());
    while start.elapsed() < TIME {
        for _ in 0..LENT {
            sender.send_all(Arc::clone(&data))?;
        }
        sends += LENT;
        copied |= sender.completed()?.iter().any(|done| done.copied);
    }
    copied |= sender.finish()?.iter().any(|done| done.copied);
    Ok((start.elapsed().as_secs_f64() * 1e6 / sends as f64, copied))
}
