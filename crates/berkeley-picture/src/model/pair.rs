//! Which sockets are two ends of one conversation, and which calls of theirs belong together.

use std::collections::{HashMap, HashSet, VecDeque};

use super::{Call, Link, LinkKind, Trace};
use crate::ops::Way;

/// How many datagrams are looked through for the one that arrived. More than that are not on their
/// way at once, as a rule, and a long recording is to be read in time.
const LOOK: usize = 256;

/// Finds the pairs.
pub(super) fn pair(trace: &mut Trace) {
    let same = Same::new(trace);
    by_address(trace, &same);
    by_queue(trace);
    same.share(trace);
    let mut links = connects(trace);
    links.extend(streams(trace, &same));
    links.extend(datagrams(trace));
    links.sort_by_key(|link| (link.to, link.from));
    trace.links = links;
}

/// Which sockets are one in the kernel: duplicates, and what several processes hold after a fork.
/// The first of them stands for all.
struct Same {
    first: Vec<usize>,
}

impl Same {
    fn new(trace: &Trace) -> Same {
        let mut by_cookie: HashMap<u64, usize> = HashMap::new();
        let first = trace.sockets.iter().enumerate().map(|(index, socket)| match socket.cookie {
            Some(cookie) if cookie != 0 => *by_cookie.entry(cookie).or_insert(index),
            _ => index,
        });
        Same { first: first.collect() }
    }

    fn first(&self, socket: usize) -> usize {
        self.first.get(socket).copied().unwrap_or(socket)
    }

    /// What one has found is the other end of all.
    fn share(&self, trace: &mut Trace) {
        let mut others: HashMap<usize, usize> = HashMap::new();
        for (index, socket) in trace.sockets.iter().enumerate() {
            if let Some(other) = socket.other {
                others.entry(self.first(index)).or_insert(other);
            }
        }
        for (index, socket) in trace.sockets.iter_mut().enumerate() {
            socket.other = socket.other.or_else(|| others.get(&self.first(index)).copied());
        }
    }

    /// The calls of all that are one, in order, by the first of them.
    fn calls(&self, trace: &Trace) -> HashMap<usize, Vec<usize>> {
        let mut calls: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, call) in trace.calls.iter().enumerate() {
            if let Some(socket) = call.socket {
                calls.entry(self.first(socket)).or_default().push(index);
            }
        }
        calls
    }
}

/// An address as both ends say it: that of IPv4 within IPv6 is one of IPv4.
fn same(addr: &str) -> String {
    match addr.strip_prefix("[::ffff:").and_then(|rest| rest.split_once("]:")) {
        Some((host, port)) => format!("{host}:{port}"),
        None => addr.to_owned(),
    }
}

/// Two ends have each other's addresses.
fn by_address(trace: &mut Trace, one: &Same) {
    let mut by_key: HashMap<(String, String, bool), Vec<usize>> = HashMap::new();
    let key = |local: &str, peer: &str, stream| (same(local), same(peer), stream);
    for (index, socket) in trace.sockets.iter().enumerate() {
        if one.first(index) != index {
            continue;
        }
        if let (Some(local), Some(peer), false) = (&socket.local, &socket.peer, socket.listens) {
            // UNIX sockets without a name are not told apart by it.
            if is_named(local) && is_named(peer) {
                by_key.entry(key(local, peer, socket.is_stream())).or_default().push(index);
            }
        }
    }
    for index in 0..trace.sockets.len() {
        let Some(socket) = trace.sockets.get(index) else { continue };
        if one.first(index) != index {
            continue;
        }
        let (Some(local), Some(peer), None) = (&socket.local, &socket.peer, socket.other) else {
            continue;
        };
        let mirrored = by_key.get(&key(peer, local, socket.is_stream()));
        // Ports come back: of several, the one that lived at the same time and opened nearest.
        let other = mirrored.into_iter().flatten().copied().filter(|other| *other != index);
        let other = other.filter(|other| {
            trace.sockets.get(*other).is_some_and(|other| {
                other.other.is_none()
                    && socket.closed.is_none_or(|closed| other.opened <= closed)
                    && other.closed.is_none_or(|closed| socket.opened <= closed)
            })
        });
        let opened = |other: &usize| trace.sockets.get(*other).map_or(i64::MAX, |o| o.opened);
        let other = other.min_by_key(|other| opened(other).abs_diff(socket.opened));
        if let Some(other) = other {
            marry(trace, index, other);
        }
    }
}

fn is_named(addr: &str) -> bool {
    !matches!(addr, "" | "unix:" | "@")
}

fn marry(trace: &mut Trace, one: usize, two: usize) {
    for (one, two) in [(one, two), (two, one)] {
        if let Some(one) = trace.sockets.get_mut(one) {
            one.other = Some(two);
        }
    }
}

/// A listener hands connections out in the order in which they were made: that is how clients
/// without a name are known, as those of UNIX sockets are.
fn by_queue(trace: &mut Trace) {
    let mut connected: HashMap<String, VecDeque<usize>> = HashMap::new();
    let mut order: Vec<usize> = (0..trace.calls.len()).collect();
    order.sort_by_key(|index| trace.calls.get(*index).map(|call| call.end));
    let mut accepted = Vec::new();
    for index in order {
        let Some(call) = trace.calls.get(index) else { continue };
        let Some(socket) = trace.socket_of(call) else { continue };
        match call.op.as_str() {
            "connect" if call.errno.is_none() && !socket.ty.starts_with("SOCK_DGRAM") => {
                let addr = call.word("addr").or(socket.peer.as_deref());
                if let (Some(addr), None, Some(client)) = (addr, socket.other, call.socket) {
                    connected.entry(same(addr)).or_default().push_back(client);
                }
            }
            "accept" | "accept4" => {
                let child = call.made.and_then(|made| trace.sockets.get(made));
                let address = socket.local.as_deref().map(same);
                if let (Some(child), Some(addr), Some(made)) = (child, address, call.made) {
                    // Where both have names these decide.
                    let nameless = child.peer.as_deref().is_none_or(|peer| !is_named(peer));
                    if child.other.is_none() && nameless {
                        accepted.push((addr, made));
                    }
                }
            }
            _ => {}
        }
    }
    for (addr, child) in accepted {
        if let Some(client) = connected.get_mut(&addr).and_then(VecDeque::pop_front) {
            marry(trace, client, child);
        }
    }
}

/// `connect` of one end and the `accept` that made the other.
fn connects(trace: &Trace) -> Vec<Link> {
    let mut asked: HashMap<usize, usize> = HashMap::new();
    for (index, call) in trace.calls.iter().enumerate() {
        if let (Some(socket), "connect") = (call.socket, call.op.as_str()) {
            asked.entry(socket).or_insert(index);
        }
    }
    let link = |(to, call): (usize, &Call)| {
        let other = trace.sockets.get(call.made?)?.other?;
        let from = *asked.get(&other)?;
        Some(Link { from, to, kind: LinkKind::Connect })
    };
    trace.calls.iter().enumerate().filter_map(link).collect()
}

/// The calls of both ends that moved the same bytes, and those that said and saw the end.
fn streams(trace: &Trace, same: &Same) -> Vec<Link> {
    let mut links = Vec::new();
    let by_socket = same.calls(trace);
    for (index, socket) in trace.sockets.iter().enumerate() {
        let Some(other) = socket.other.filter(|_| socket.is_stream()) else { continue };
        let other = same.first(other);
        if same.first(index) != index {
            continue;
        }
        let (Some(mine), Some(theirs)) = (by_socket.get(&index), by_socket.get(&other)) else {
            continue;
        };
        for plain in [false, true] {
            let moves = |calls: &[usize], way: Way| -> Vec<(usize, u64, u64)> {
                let calls = trace.pick(calls).filter(|(_, call)| {
                    let row = call.row();
                    row.way == way && row.plain == plain
                });
                let ranges =
                    calls.filter_map(|(at, call)| call.range.map(|(from, to)| (at, from, to)));
                let mut ranges: Vec<_> = ranges.filter(|(_, from, to)| from < to).collect();
                ranges.sort_by_key(|(_, from, _)| *from);
                ranges
            };
            join(&moves(mine, Way::Out), &moves(theirs, Way::In), &mut links);
        }
        links.extend(ends(trace, mine, theirs));
    }
    links
}

/// Links what overlaps of two lists of byte ranges, both in order.
fn join(sent: &[(usize, u64, u64)], got: &[(usize, u64, u64)], links: &mut Vec<Link>) {
    let (mut sent, mut got) = (sent.iter().peekable(), got.iter().peekable());
    while let (Some((from, s0, s1)), Some((to, g0, g1))) = (sent.peek(), got.peek()) {
        let (first, last) = (*s0.max(g0), *s1.min(g1));
        if first < last {
            let kind = LinkKind::Bytes { from: first, to: last };
            links.push(Link { from: *from, to: *to, kind });
        }
        if s1 <= g1 {
            sent.next();
        } else {
            got.next();
        }
    }
}

/// What told the other end that it is over, and where it saw that.
fn ends(trace: &Trace, mine: &[usize], theirs: &[usize]) -> Vec<Link> {
    let said = |(_, call): &(usize, &Call)| {
        call.op == "close"
            || call.op == "shutdown" && call.word("how").is_none_or(|how| how != "SHUT_RD")
    };
    let Some((from, teller)) = trace.pick(mine).find(said) else { return Vec::new() };
    let saw = |(_, call): &(usize, &Call)| saw_end(call).is_some() && call.end >= teller.start;
    let seen = trace.pick(theirs).find(saw);
    let link = seen.and_then(|(to, call)| Some(Link { from, to, kind: saw_end(call)? }));
    link.into_iter().collect()
}

fn saw_end(call: &Call) -> Option<LinkKind> {
    let row = call.row();
    let nothing = row.way == Way::In && !row.plain && call.ret == Some(0);
    match call.errno.as_deref() {
        None if nothing && call.number("room") != Some(0) => Some(LinkKind::End),
        Some("ECONNRESET" | "EPIPE" | "ECONNABORTED") => Some(LinkKind::Reset),
        _ => None,
    }
}

/// A datagram that was sent.
struct Sent<'a> {
    index: usize,
    call: &'a Call,
    from: Option<String>,
    /// Whether it may arrive at several.
    many: bool,
    arrived: HashSet<usize>,
}

/// The datagrams that were sent and those that arrived: by address, length and hash, in order.
fn datagrams(trace: &Trace) -> Vec<Link> {
    let mut links = Vec::new();
    let mut ways: HashMap<String, VecDeque<Sent<'_>>> = HashMap::new();
    let mut order: Vec<(i64, bool, usize)> = Vec::new();
    for (index, call) in trace.calls.iter().enumerate() {
        match call.row().way {
            Way::Out => order.push((call.start, false, index)),
            Way::In => order.push((call.end, true, index)),
            Way::No => {}
        }
    }
    order.sort_unstable();
    for (_, arrives, index) in order {
        let Some(call) = trace.calls.get(index) else { continue };
        let (Some(at), Some(socket)) = (call.socket, trace.socket_of(call)) else { continue };
        if socket.is_stream() || call.ret.is_none() || call.errno.is_some() {
            continue;
        }
        if !arrives {
            let to = call.word("addr").or(socket.peer.as_deref()).map(same);
            let way = match (to, socket.other) {
                (Some(to), _) if is_named(&to) => ending(&to),
                (_, Some(other)) => format!("pair {other}"),
                _ => continue,
            };
            let many = call.word("addr").is_some_and(is_for_many);
            let from = socket.local.as_deref().map(same);
            let sent = Sent { index, call, from, many, arrived: HashSet::new() };
            ways.entry(way).or_default().push_back(sent);
            continue;
        }
        let way = match socket.local.as_deref().map(same) {
            Some(local) if is_named(&local) => ending(&local),
            _ => format!("pair {at}"),
        };
        let Some(queue) = ways.get_mut(&way) else { continue };
        let from = call.word("from").or(socket.peer.as_deref()).map(same);
        let found = queue
            .iter()
            .take(LOOK)
            .position(|sent| !sent.arrived.contains(&at) && fits(sent, call, from.as_deref()));
        let Some(place) = found else { continue };
        if let Some(sent) = queue.get_mut(place) {
            sent.arrived.insert(at);
            let kind = LinkKind::Datagram { len: call.bytes() };
            links.push(Link { from: sent.index, to: index, kind });
            if !sent.many {
                queue.remove(place);
            }
        }
        while queue.len() > 4 * LOOK {
            queue.pop_front();
        }
    }
    links
}

/// What of an address both ends agree on: the port where the host may be any, and else all.
fn ending(addr: &str) -> String {
    match addr.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => format!("port {port}"),
        _ => addr.to_owned(),
    }
}

fn is_for_many(addr: &str) -> bool {
    let host = addr.rsplit_once(':').map_or(addr, |(host, _)| host);
    let first = host.split('.').next().and_then(|first| first.parse::<u8>().ok());
    first.is_some_and(|first| first >= 224) || host.starts_with("[ff") || host.ends_with(".255")
}

fn fits(sent: &Sent<'_>, got: &Call, from: Option<&str>) -> bool {
    let (len, wanted) = (got.bytes(), sent.call.bytes());
    // One that did not fit into the room is shorter.
    let cut = match got.number("room") {
        Some(room) => len >= room,
        None => got.has_flag("MSG_TRUNC"),
    };
    let long = len == wanted || cut && len <= wanted;
    let hashes = sent.call.word("hash").zip(got.word("hash"));
    let hash = hashes.is_none_or(|(one, two)| one == two || cut);
    let data = sent.call.data.iter().zip(&got.data).all(|(one, two)| one == two);
    let source = match (sent.from.as_deref(), from) {
        (Some(local), Some(from)) if is_named(local) && is_named(from) => {
            ending(local) == ending(from)
        }
        _ => true,
    };
    long && hash && data && source
}
