//! Mistakes with connections and with waiting.

use std::collections::BTreeMap;

use super::{Found, Seen};
use crate::model::{Call, Outcome};
use crate::ops::Way;
use crate::record::Nanos;
use crate::say;

const MILLI: Nanos = 1_000_000;
const SECOND: Nanos = 1000 * MILLI;

/// `bind` or `listen` of an address that is taken.
pub(super) fn address_in_use(seen: &Seen<'_>) -> Found {
    let mut found = Found::new();
    for (socket, calls) in seen.sockets() {
        for (number, (index, call)) in calls.iter().enumerate() {
            if call.errno.as_deref() != Some("EADDRINUSE") {
                continue;
            }
            let addr = call.word("addr").unwrap_or("its address");
            let before = calls.iter().take(number);
            let set = before.clone().any(|(_, call)| {
                call.op == "setsockopt" && call.word("name") == Some("SO_REUSEADDR")
            });
            let op = &call.op;
            let holder = seen.trace.sockets.iter().enumerate().find(|(other, found)| {
                *other != socket
                    && found.listens
                    && found.local.as_deref() == Some(addr)
                    && found.opened < call.start
                    && found.closed.is_none_or(|closed| closed > call.start)
            });
            let why = match (holder, set) {
                (Some((holder, _)), _) => format!("{} listens there", seen.name(holder)),
                (None, true) => "another socket listens there".to_owned(),
                (None, false) => "another socket listens there, or connections of the server \
                                  before are still in TIME_WAIT and SO_REUSEADDR was not set"
                    .to_owned(),
            };
            found.push((format!("{op}() could not have {addr}: {why}."), vec![*index]));
        }
    }
    found
}

/// `connect` to where nobody listens.
pub(super) fn refused(seen: &Seen<'_>) -> Found {
    let mut by_addr: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, call) in seen.trace.calls.iter().enumerate() {
        if call.op == "connect" && call.errno.as_deref() == Some("ECONNREFUSED") {
            let addr = call
                .word("addr")
                .or(seen.trace.socket_of(call).and_then(|socket| socket.peer.as_deref()));
            by_addr.entry(addr.unwrap_or("the address").to_owned()).or_default().push(index);
        }
    }
    let sentence = |(addr, calls): (String, Vec<usize>)| {
        let first = seen.trace.calls.get(*calls.first()?)?;
        let later = seen.trace.calls.iter().enumerate().find(|(_, call)| {
            call.op == "listen"
                && call.start > first.start
                && seen.trace.socket_of(call).and_then(|socket| socket.local.as_deref())
                    == Some(&addr)
        });
        let port = addr.rsplit_once(':').map_or(addr.as_str(), |(_, port)| port);
        let elsewhere = seen.trace.sockets.iter().find(|socket| {
            let local = socket.local.as_deref().unwrap_or_default();
            socket.listens
                && local != addr
                && local.rsplit_once(':').is_some_and(|(_, p)| p == port)
        });
        let times = match calls.len() {
            1 => String::new(),
            times => format!(" {times} times"),
        };
        let mut concerned = calls.clone();
        let why = match (later, elsewhere) {
            (Some((index, call)), _) => {
                concerned.push(index);
                let after = say::span(call.start - first.start, true);
                format!("the server called listen() only {after} later")
            }
            (None, Some(socket)) => {
                let local = socket.local.as_deref().unwrap_or_default();
                format!("nobody listens there; a server listens on {local}")
            }
            (None, None) => "the host answered, but nobody listens there".to_owned(),
        };
        Some((format!("connect() to {addr} was refused{times}: {why}."), concerned))
    };
    by_addr.into_iter().filter_map(sentence).collect()
}

/// More connections than `listen` was to keep waiting.
pub(super) fn backlog(seen: &Seen<'_>) -> Found {
    let trace = seen.trace;
    let mut found = Found::new();
    for (socket, calls) in seen.sockets() {
        let Some((listen, listening)) = calls.iter().find(|(_, call)| call.op == "listen") else {
            continue;
        };
        let Some(room) = listening.number("backlog") else { continue };
        let local = trace.sockets.get(socket).and_then(|socket| socket.local.clone());
        let reaches = |call: &Call| {
            let to = call.word("addr");
            to.is_some()
                && (to == local.as_deref()
                    || to.and_then(port) == local.as_deref().and_then(port)
                        && to.and_then(port).is_some())
        };
        let asked: Vec<(usize, &Call)> = trace
            .calls
            .iter()
            .enumerate()
            .filter(|(_, call)| {
                call.op == "connect" && call.start >= listening.start && reaches(call)
            })
            .collect();
        // What was late or turned away while as many waited as there was room for.
        let accepted = |before: Nanos| {
            let done = |(_, call): &&(usize, &Call)| {
                call.op.starts_with("accept") && call.errno.is_none() && call.end <= before
            };
            calls.iter().filter(done).count()
        };
        let tcp = trace.sockets.get(socket).is_some_and(|socket| socket.is_tcp());
        let late = |call: &Call| {
            let tried_again =
                tcp && call.took() >= 900 * MILLI && call.outcome() != Outcome::Failed;
            let turned_away = !tcp && call.errno.as_deref() == Some("EAGAIN");
            tried_again || turned_away
        };
        let concerned: Vec<usize> = asked
            .iter()
            .filter(|(_, call)| late(call))
            .filter(|(_, call)| {
                let before = asked.iter().filter(|(_, other)| other.start < call.start);
                let waiting = before.count().saturating_sub(accepted(call.start));
                waiting as u64 > room
            })
            .map(|(index, _)| *index)
            .collect();
        if !concerned.is_empty() {
            let clients = say::count(concerned.len(), "client");
            let had = if tcp { "had to try again" } else { "was turned away" };
            let what = format!(
                "listen({room}) of {} keeps {} waiting; accept() came too late, and {clients} {had}.",
                seen.name(socket),
                say::count(
                    usize::try_from(room).unwrap_or(usize::MAX).saturating_add(1),
                    "connection"
                )
            );
            let mut calls = concerned;
            calls.push(*listen);
            found.push((what, calls));
        }
    }
    found
}

fn port(addr: &str) -> Option<&str> {
    let (_, port) = addr.rsplit_once(':')?;
    port.parse::<u16>().ok().map(|_| port)
}

/// A long `connect` without a limit.
pub(super) fn slow_connect(seen: &Seen<'_>) -> Found {
    let slow = |(index, call): (usize, &Call)| {
        let limited = call.left.is_some() || call.attempts.iter().any(|a| say::is_wait(&a.op));
        if call.op != "connect" || call.took() < 2 * SECOND || limited {
            return None;
        }
        let addr = call.word("addr").unwrap_or("the address");
        let took = say::span(call.took(), true);
        let end = if call.errno.is_some() { ", and failed" } else { "" };
        let what = format!(
            "connect() to {addr} took {took}{end}: where nothing answers, the kernel tries for \
             minutes, and there was no time limit."
        );
        Some((what, vec![index]))
    };
    seen.trace.calls.iter().enumerate().filter_map(slow).collect()
}

/// Two small writes and then a read that waits: Nagle's algorithm keeps the second until the first
/// is confirmed, which the other side delays.
pub(super) fn nagle(seen: &Seen<'_>) -> Found {
    let mut found = Found::new();
    for (socket, calls) in seen.sockets() {
        let tcp = seen.trace.sockets.get(socket).is_some_and(|socket| socket.is_tcp());
        let at_once = calls.iter().any(|(_, call)| {
            call.op == "setsockopt"
                && call.word("name") == Some("TCP_NODELAY")
                && call.args.get("value").is_none_or(|value| value != 0)
        });
        if !tcp || at_once {
            continue;
        }
        let mut small: Vec<usize> = Vec::new();
        let mut hit: Vec<usize> = Vec::new();
        let mut worst = 0;
        let mut times = 0;
        for (index, call) in &calls {
            match call.row().way {
                Way::Out if (1..1400).contains(&call.bytes()) => small.push(*index),
                Way::Out => small.clear(),
                Way::In if call.bytes() > 0 => {
                    // The delay is 40 ms at least on Linux, and rarely more than 200 ms.
                    if small.len() >= 2 && (35 * MILLI..=500 * MILLI).contains(&call.waited) {
                        times += 1;
                        worst = worst.max(call.waited);
                        if hit.len() < 30 {
                            hit.append(&mut small);
                            hit.push(*index);
                        }
                    }
                    small.clear();
                }
                _ => {}
            }
        }
        if times > 0 {
            let name = seen.name(socket);
            let worst = say::span(worst, true);
            let often = say::count(times, "time");
            let what = format!(
                "{name} sent a message in several small sends and then waited up to {worst} for \
                 the answer ({often}): Nagle's algorithm holds the second back until the first is \
                 confirmed."
            );
            found.push((what, hit));
        }
    }
    found
}

/// The same attempt again and again without waiting.
pub(super) fn spin(seen: &Seen<'_>) -> Found {
    let mut found = Found::new();
    for (socket, calls) in seen.sockets() {
        let mut run: Vec<(usize, Nanos)> = Vec::new();
        let mut longest: Vec<(usize, Nanos)> = Vec::new();
        for (index, call) in &calls {
            let vain = call.outcome() == Outcome::Again
                && call.op != "connect"
                && call.waited == 0
                // Whoever slept between two attempts does not spin.
                && run.last().is_none_or(|(_, before)| call.start - before < 2 * MILLI);
            match vain {
                true => run.push((*index, call.end)),
                false => run.clear(),
            }
            if run.len() > longest.len() {
                longest.clone_from(&run);
            }
        }
        if longest.len() >= 16 {
            let name = seen.name(socket);
            let op = longest.first().and_then(|(at, _)| seen.trace.calls.get(*at));
            let op = op.map_or("recv", |call| call.op.as_str());
            let what = format!(
                "{op}() of {name} was called {} times in a row while nothing was there: that keeps \
                 a processor busy with waiting.",
                longest.len()
            );
            found.push((what, longest.into_iter().map(|(index, _)| index).collect()));
        }
    }
    found
}

/// Sockets that were open when their process ended.
pub(super) fn not_closed(seen: &Seen<'_>) -> Found {
    let mut open: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, socket) in seen.trace.sockets.iter().enumerate() {
        let process = seen.trace.processes.get(socket.process);
        let ended = process.is_some_and(|process| process.end.is_some() && process.dropped == 0);
        if ended && socket.closed.is_none() && seen.by_socket.contains_key(&index) {
            open.entry(socket.process).or_default().push(index);
        }
    }
    let sentence = |(process, sockets): (usize, Vec<usize>)| {
        let of = seen.trace.processes.get(process);
        let of = of.map(|process| process.name.clone()).unwrap_or_default();
        let names: Vec<&str> = sockets
            .iter()
            .take(5)
            .filter_map(|socket| Some(seen.trace.sockets.get(*socket)?.name.as_str()))
            .collect();
        let more = if sockets.len() > 5 { " and more" } else { "" };
        let number = say::count(sockets.len(), "socket");
        let what = format!("{of} ended with {number} open: {}{more}.", names.join(", "));
        let last = |socket: &usize| seen.by_socket.get(socket).and_then(|calls| calls.last());
        (what, sockets.iter().filter_map(last).copied().collect())
    };
    open.into_iter().map(sentence).collect()
}

/// `getpeername` of a socket without a peer, and a `recv` after it that only looks.
pub(super) fn asked_whether_connected(seen: &Seen<'_>) -> Found {
    let mut found = Found::new();
    let not_connected = |call: &Call| call.errno.as_deref() == Some("ENOTCONN");
    for (socket, calls) in seen.sockets() {
        let mut asked: Vec<usize> = Vec::new();
        let mut follows = false;
        for (index, call) in calls {
            match call.op.as_str() {
                "getpeername" if not_connected(call) => {
                    asked.push(index);
                    follows = true;
                }
                "recv" if follows && not_connected(call) => {
                    asked.push(index);
                    follows = false;
                }
                // It is not to wait meanwhile.
                "ioctl" => {}
                _ => follows = false,
            }
        }
        if !asked.is_empty() {
            let name = seen.name(socket);
            found.push((format!("{name} was asked whether it is connected: it is not."), asked));
        }
    }
    found
}

/// `shutdown` of a connection that the other side has reset.
pub(super) fn ended_before(seen: &Seen<'_>) -> Found {
    let mut found = Found::new();
    for (socket, calls) in seen.sockets() {
        let was_connected = seen.trace.sockets.get(socket).is_some_and(|it| it.peer.is_some());
        for (index, call) in calls {
            if was_connected && call.op == "shutdown" && call.errno.as_deref() == Some("ENOTCONN") {
                let name = seen.name(socket);
                let what = format!(
                    "shutdown() of {name} came too late: the other side had ended the connection \
                     by a reset."
                );
                found.push((what, vec![index]));
            }
        }
    }
    found
}
