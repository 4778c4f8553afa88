//! Mistakes with bytes and datagrams: what was sent, what arrived, what nobody read.

use super::{Found, Seen};
use crate::model::{Call, LinkKind};
use crate::ops::Way;
use crate::say;

fn got_end(call: &Call) -> bool {
    call.row().way == Way::In && call.ret == Some(0) && call.number("room") != Some(0)
}

/// `recv` after the end.
pub(super) fn read_after_end(seen: &Seen<'_>) -> Found {
    let mut found = Found::new();
    for (socket, calls) in seen.sockets() {
        if !seen.trace.sockets.get(socket).is_some_and(|socket| socket.is_stream()) {
            continue;
        }
        for plain in [false, true] {
            let reads: Vec<usize> = calls
                .iter()
                .filter(|(_, call)| call.row().way == Way::In && call.row().plain == plain)
                .skip_while(|(_, call)| !got_end(call))
                .map(|(index, _)| *index)
                .collect();
            // What carries TLS in memory asks once more, in its own loop and without a call.
            if reads.len() > if plain { 3 } else { 1 } {
                let name = seen.name(socket);
                let again = say::count(reads.len() - 1, "time");
                let what = format!(
                    "recv() of {name} returned b\"\", which means that the other side has sent \
                     everything, and was called {again} more."
                );
                found.push((what, reads));
            }
        }
    }
    found
}

/// `send` that took a part, and nobody sent the rest.
pub(super) fn short_send(seen: &Seen<'_>) -> Found {
    let mut found = Found::new();
    for (socket, calls) in seen.sockets() {
        if !seen.trace.sockets.get(socket).is_some_and(|socket| socket.is_stream()) {
            continue;
        }
        let sends: Vec<_> = calls.iter().filter(|(_, call)| call.row().way == Way::Out).collect();
        for (number, (index, call)) in sends.iter().enumerate() {
            let sent = call.bytes();
            let Some(wanted) = call.number("len") else { continue };
            if call.ret.is_none() || call.errno.is_some() || sent >= wanted || call.op == "sendfile"
            {
                continue;
            }
            // The rest, alone or with more behind it; attempts that moved nothing count as well.
            let rest = wanted - sent;
            let next = sends.get(number + 1);
            let goes_on = next.is_some_and(|(_, next)| {
                let beginning = call.data.get(usize::try_from(sent).unwrap_or(usize::MAX)..);
                let alike = beginning
                    .is_none_or(|rest| rest.iter().zip(&next.data).all(|(one, two)| one == two));
                next.number("len").is_none_or(|len| len >= rest) && alike
            });
            if !goes_on {
                let name = seen.name(socket);
                let what = format!(
                    "send() of {name} was given {} and took {sent} of them; the other {rest} were \
                     never sent.",
                    say::count(usize::try_from(wanted).unwrap_or(usize::MAX), "byte")
                );
                let next = next.map(|(next, _)| *next);
                found.push((what, [Some(*index), next].into_iter().flatten().collect()));
            }
        }
    }
    found
}

/// `close` while bytes that had arrived were not read: the kernel sends RST, and the other side may
/// lose what it has not read yet.
pub(super) fn unread_at_close(seen: &Seen<'_>) -> Found {
    let mut found = Found::new();
    for (index, socket) in seen.trace.sockets.iter().enumerate() {
        let calls = seen.calls(index);
        let Some((close, closed)) = calls.iter().rev().find(|(_, call)| call.op == "close") else {
            continue;
        };
        if !socket.is_stream() || socket.listens {
            continue;
        }
        let moved = |calls: &[(usize, &Call)], way: Way, before: i64| -> u64 {
            let calls = calls.iter().filter(|(_, call)| {
                call.row().way == way && !call.row().plain && call.end <= before
            });
            calls.filter_map(|(_, call)| call.range).map(|(_, to)| to).max().unwrap_or_default()
        };
        let other = socket.other.map(|other| seen.calls(other)).unwrap_or_default();
        let sent = moved(&other, Way::Out, closed.start);
        let read = moved(&calls, Way::In, closed.start);
        let told = socket.samples.iter().rev().find(|sample| sample.t <= closed.end);
        let told = told.and_then(|sample| sample.rcv_queue).filter(|_| socket.other.is_none());
        let unread = sent.saturating_sub(read).max(told.unwrap_or_default());
        if unread == 0 {
            continue;
        }
        let mut concerned = vec![*close];
        let hurt = other.iter().find(|(_, call)| {
            call.end >= closed.start
                && matches!(call.errno.as_deref(), Some("ECONNRESET" | "EPIPE"))
        });
        let arrived = |call: &Call| call.range.is_some_and(|(_, to)| to > read);
        concerned.extend(
            other
                .iter()
                .filter(|(_, call)| call.row().way == Way::Out && call.end <= closed.start)
                .filter(|(_, call)| arrived(call))
                .map(|(index, _)| *index),
        );
        let then = match hurt {
            Some((index, call)) => {
                concerned.push(*index);
                let errno = call.errno.as_deref().unwrap_or_default();
                format!(", so that {}() of the other side failed with {errno}", call.op)
            }
            None if socket.is_tcp() => ", which resets the connection (RST)".to_owned(),
            None => ", which the other side is told as an error".to_owned(),
        };
        let name = seen.name(index);
        let what = format!("{name} was closed with {} unread{then}.", say::size(unread));
        found.push((what, concerned));
    }
    found
}

/// A datagram that was longer than the room for it.
pub(super) fn truncated(seen: &Seen<'_>) -> Found {
    let mut by_socket: std::collections::BTreeMap<usize, (u64, u64, Vec<usize>)> =
        std::collections::BTreeMap::new();
    for (index, call) in seen.trace.calls.iter().enumerate() {
        let (Some(at), Some(socket)) = (call.socket, seen.trace.socket_of(call)) else { continue };
        if call.row().way != Way::In || socket.is_stream() || call.ret.is_none() {
            continue;
        }
        let links = seen.to.get(&index).map(Vec::as_slice).unwrap_or_default();
        let sent = links.iter().filter_map(|link| seen.trace.links.get(*link));
        let sent = sent.filter_map(|link| seen.trace.calls.get(link.from)).map(Call::bytes).max();
        let room = call.number("room").unwrap_or_else(|| call.bytes());
        let whole = sent.unwrap_or_default().max(call.bytes());
        // As a wish, the flag asks how long a datagram was; recvmsg answers with it, too.
        let flagged = call.op == "recvmsg" && call.has_flag("MSG_TRUNC") && call.bytes() >= room;
        if !call.op.ends_with("mmsg") && (whole > room || flagged) {
            let (_, _, calls) = by_socket.entry(at).or_insert((room, whole, Vec::new()));
            calls.push(index);
        }
    }
    let sentence = |(socket, (room, whole, calls)): (usize, (u64, u64, Vec<usize>))| {
        let name = seen.name(socket);
        let of =
            if whole > room { format!(" of a datagram of {whole} bytes") } else { String::new() };
        let times = match calls.len() {
            1 => String::new(),
            times => format!(" ({times} times)"),
        };
        let what = format!(
            "{name} gave room for {room} bytes{of}{times}: what did not fit is gone, and the next \
             recv() does not bring it."
        );
        (what, calls)
    };
    by_socket.into_iter().map(sentence).collect()
}

/// Datagrams that nobody received, though the socket they went to was recorded.
pub(super) fn lost(seen: &Seen<'_>) -> Found {
    let trace = seen.trace;
    let mut lost: std::collections::BTreeMap<usize, Vec<usize>> = std::collections::BTreeMap::new();
    for (index, call) in trace.calls.iter().enumerate() {
        let (Some(at), Some(socket)) = (call.socket, trace.socket_of(call)) else { continue };
        let done = call.row().way == Way::Out && call.errno.is_none() && call.ret.is_some();
        if !done || socket.is_stream() || seen.from.contains_key(&index) {
            continue;
        }
        let to = call.word("addr").or(socket.peer.as_deref());
        let bound = |other: &crate::Socket| {
            !other.is_stream()
                && other.local.as_deref() == to
                && other.opened <= call.start
                && other.closed.is_none_or(|closed| closed > call.end)
        };
        if to.is_some() && trace.sockets.iter().any(bound) {
            lost.entry(at).or_default().push(index);
        }
    }
    let sentence = |(socket, calls): (usize, Vec<usize>)| {
        let name = seen.name(socket);
        let datagrams = say::count(calls.len(), "datagram");
        let was = if calls.len() == 1 { "was" } else { "were" };
        let what = format!(
            "{datagrams} that {name} sent {was} not received, though the socket they went to was \
             open: lost, or never read."
        );
        (what, calls)
    };
    lost.into_iter().map(sentence).collect()
}

/// One `recv` with bytes of several `send`, or one `send` in several `recv`.
pub(super) fn no_messages(seen: &Seen<'_>) -> Found {
    let trace = seen.trace;
    let is_bytes = |link: &&usize| {
        trace.links.get(**link).is_some_and(|link| matches!(link.kind, LinkKind::Bytes { .. }))
    };
    let mut found = Found::new();
    for (socket, calls) in seen.sockets() {
        // Records of TLS are nobody's messages.
        let plain = calls.iter().any(|(_, call)| call.row().plain);
        let several = |links: &std::collections::BTreeMap<usize, Vec<usize>>, way: Way| {
            let rows = calls.iter().map(|(at, call)| (at, call.row()));
            rows.filter(|(_, row)| row.way == way && row.plain == plain).find_map(|(at, _)| {
                let links: Vec<_> = links.get(at)?.iter().filter(is_bytes).copied().collect();
                (links.len() > 1).then_some((*at, links))
            })
        };
        let name = seen.name(socket);
        if let Some((at, links)) = several(&seen.to, Way::In) {
            let many = links.len();
            let mut concerned = vec![at];
            concerned.extend(links.iter().filter_map(|link| Some(trace.links.get(*link)?.from)));
            let what = format!(
                "One recv() of {name} got the bytes of {many} sends: a stream keeps bytes, not \
                 messages."
            );
            found.push((what, concerned));
        } else if let Some((at, links)) = several(&seen.from, Way::Out) {
            let many = links.len();
            let mut concerned = vec![at];
            concerned.extend(links.iter().filter_map(|link| Some(trace.links.get(*link)?.to)));
            let what = format!(
                "One send() of {name} arrived in {many} pieces: a stream keeps bytes, not messages."
            );
            found.push((what, concerned));
        }
    }
    found
}
