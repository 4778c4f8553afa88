//! From lines to what happened.

use std::collections::HashMap;

use super::{Attempt, Call, Process, Sample, Socket, Thread, Trace, pair};
use crate::ops::{self, Group, Way};
use crate::record::{CallLine, Nanos, Record, SocketLine, parse_line};

/// A call that took longer than this has waited for somebody.
const WAITED: Nanos = 100_000;

/// Takes lines as they come, and puts together what they say.
#[derive(Clone, Default, Debug)]
pub(crate) struct Builder {
    trace: Trace,
    processes: HashMap<u64, usize>,
    threads: HashMap<(u64, u64), usize>,
    sockets: HashMap<(u64, String), usize>,
    lines: Vec<CallLine>,
    samples: Vec<(u64, String, Sample)>,
    pairs: Vec<(usize, u64, String)>,
    parents: Vec<(usize, u64, String)>,
}

impl Builder {
    /// Takes a line, and says whether it could be read.
    pub(crate) fn line(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        match parse_line(line) {
            Some(record) => self.record(record),
            None => self.trace.unread += 1,
        }
    }

    pub(crate) fn record(&mut self, record: Record) {
        match record {
            Record::Process { t, pid, wall, name, argv } => {
                let process = self.process(pid, t);
                if let Some(process) = self.trace.processes.get_mut(process) {
                    *process = Process { name, argv, wall, start: t, ..process.clone() };
                }
            }
            Record::Thread { pid, tid, name } => {
                let thread = self.thread(pid, tid, 0);
                if let Some(thread) = self.trace.threads.get_mut(thread) {
                    thread.name = name;
                }
            }
            Record::Socket(line) => self.socket_line(line),
            Record::Call(line) => self.lines.push(line),
            Record::Info(line) => {
                let sample = Sample {
                    t: line.t,
                    state: line.state,
                    rtt: line.rtt,
                    cwnd: line.cwnd,
                    retrans: line.retrans,
                    rcv_queue: line.rcv_queue,
                    snd_queue: line.snd_queue,
                };
                self.samples.push((line.pid, line.sock, sample));
            }
            Record::Dropped { t, pid, count } => {
                let process = self.process(pid, t);
                if let Some(process) = self.trace.processes.get_mut(process) {
                    process.dropped += count;
                }
            }
            Record::End { t, pid } => {
                let process = self.process(pid, t);
                if let Some(process) = self.trace.processes.get_mut(process) {
                    process.end = Some(t);
                }
            }
        }
    }

    /// Forgets all but so many of the last calls.
    pub(crate) fn keep(&mut self, most: usize) {
        let old = self.lines.len().saturating_sub(most);
        self.lines.drain(..old);
    }

    /// How many calls there are.
    pub(crate) fn calls(&self) -> usize {
        self.lines.len()
    }

    /// Everything so far.
    pub(crate) fn finish(mut self) -> Trace {
        let mut lines = std::mem::take(&mut self.lines);
        lines.sort_by_key(|line| (line.t, line.pid, line.tid));
        // Whose calls were lost by the writer may still be known by name.
        let mut open: HashMap<(u64, u64, u64), usize> = HashMap::new();
        for line in lines {
            let span = line.span.map(|span| (line.pid, line.tid, span));
            let call = self.call(line);
            let earlier = span.and_then(|span| open.get(&span).copied());
            match earlier.and_then(|index| self.trace.calls.get_mut(index)) {
                Some(earlier) if belongs(earlier, &call) => merge(earlier, call),
                _ => {
                    if let Some(span) = span {
                        open.insert(span, self.trace.calls.len());
                    }
                    self.trace.calls.push(call);
                }
            }
        }
        self.finish_sockets();
        let mut trace = self.trace;
        for call in &mut trace.calls {
            call.waited = waited(call);
        }
        lives(&mut trace);
        made(&mut trace);
        pair::pair(&mut trace);
        trace
    }

    fn finish_sockets(&mut self) {
        for (pid, sock, sample) in std::mem::take(&mut self.samples) {
            let socket = self.socket(pid, &sock, sample.t);
            if let Some(socket) = self.trace.sockets.get_mut(socket) {
                socket.samples.push(sample);
            }
        }
        for (socket, pid, other) in std::mem::take(&mut self.pairs) {
            let other = self.sockets.get(&(pid, other)).copied();
            for (one, two) in other.into_iter().flat_map(|other| [(socket, other), (other, socket)])
            {
                if let Some(one) = self.trace.sockets.get_mut(one) {
                    one.other = Some(two);
                }
            }
        }
        for (socket, pid, parent) in std::mem::take(&mut self.parents) {
            let parent = self.sockets.get(&(pid, parent)).copied();
            if let Some(socket) = self.trace.sockets.get_mut(socket) {
                socket.from = parent;
            }
        }
        for socket in &mut self.trace.sockets {
            socket.samples.sort_by_key(|sample| sample.t);
        }
    }

    fn process(&mut self, pid: u64, t: Nanos) -> usize {
        let processes = &mut self.trace.processes;
        *self.processes.entry(pid).or_insert_with(|| {
            let name = format!("pid {pid}");
            processes.push(Process { pid, name, start: t, ..Process::default() });
            processes.len() - 1
        })
    }

    fn thread(&mut self, pid: u64, tid: u64, t: Nanos) -> usize {
        let process = self.process(pid, t);
        let threads = &mut self.trace.threads;
        *self.threads.entry((pid, tid)).or_insert_with(|| {
            threads.push(Thread { process, tid, name: String::new() });
            threads.len() - 1
        })
    }

    fn socket(&mut self, pid: u64, sock: &str, t: Nanos) -> usize {
        let process = self.process(pid, t);
        let sockets = &mut self.trace.sockets;
        *self.sockets.entry((pid, sock.to_owned())).or_insert_with(|| {
            let name = sock.to_owned();
            sockets.push(Socket { process, name, opened: t, ..Socket::default() });
            sockets.len() - 1
        })
    }

    fn socket_line(&mut self, line: SocketLine) {
        let index = self.socket(line.pid, &line.sock, line.t);
        if let Some(pair) = line.pair {
            self.pairs.push((index, line.pid, pair));
        }
        if let Some(from) = line.from {
            self.parents.push((index, line.pid, from));
        }
        let Some(socket) = self.trace.sockets.get_mut(index) else { return };
        socket.opened = socket.opened.min(line.t);
        socket.fd = line.fd.or(socket.fd);
        socket.cookie = line.cookie.or(socket.cookie);
        // An address that is known stays: a closed socket has none any more.
        for (known, new) in [(&mut socket.local, line.local), (&mut socket.peer, line.peer)] {
            if new.is_some() {
                *known = new;
            }
        }
        for (known, new) in [
            (&mut socket.family, line.family),
            (&mut socket.ty, line.ty),
            (&mut socket.proto, line.proto),
        ] {
            if let Some(new) = new {
                *known = new;
            }
        }
    }

    fn call(&mut self, line: CallLine) -> Call {
        let thread = self.thread(line.pid, line.tid, line.t);
        let socket = line.sock.map(|sock| self.socket(line.pid, &sock, line.t));
        let moved = line.ret.and_then(|ret| u64::try_from(ret).ok());
        // A look at bytes that stay there moves none.
        let peeks = line.args.get("flags").and_then(|flags| flags.as_str());
        let peeks = peeks.is_some_and(|flags| flags.contains("MSG_PEEK"));
        let range = line.off.zip(moved).filter(|_| !peeks).map(|(off, len)| (off, off + len));
        Call {
            start: line.t,
            end: line.t.saturating_add(line.dur),
            thread,
            socket,
            fd: line.fd,
            op: line.op,
            args: line.args,
            ret: line.ret,
            errno: line.errno,
            range,
            data: line.data,
            left: line.left,
            ..Call::default()
        }
    }
}

/// Whether two system calls of one span are attempts of one call. Calls that each did something are
/// shown as they are: a program that sends a buffer in pieces is to be seen doing so.
fn belongs(earlier: &Call, later: &Call) -> bool {
    let is_poll = |op: &str| ops::by_name(op).group == Group::Wait;
    let tried = earlier.errno.is_some() || is_poll(&earlier.op);
    let same = earlier.op == later.op || is_poll(&earlier.op) || is_poll(&later.op);
    // What a connect came to, in the end, is asked of the socket.
    let asked = earlier.op == "connect" && later.word("name") == Some("SO_ERROR");
    earlier.socket == later.socket && (tried && same || asked)
}

fn attempt(call: &Call) -> Attempt {
    Attempt {
        op: call.op.clone(),
        start: call.start,
        dur: call.end - call.start,
        ret: call.ret,
        errno: call.errno.clone(),
    }
}

fn merge(earlier: &mut Call, later: Call) {
    if earlier.attempts.is_empty() {
        earlier.attempts.push(attempt(earlier));
    }
    earlier.attempts.push(attempt(&later));
    earlier.end = earlier.end.max(later.end);
    let is_poll = |op: &str| ops::by_name(op).group == Group::Wait;
    if earlier.op == "connect" && later.op == "getsockopt" {
        let told = later.word("value").filter(|value| value.starts_with('E')).map(str::to_owned);
        earlier.ret = later.ret;
        earlier.errno = told.or(later.errno);
    } else if is_poll(&later.op) {
        // Whoever waited in vain has the outcome of the attempt before; a poll that failed has its
        // own.
        let real = later.errno.clone().filter(|errno| errno != "EINTR");
        earlier.errno = real.or_else(|| earlier.errno.take());
    } else {
        let left = earlier.left.or(later.left);
        let attempts = std::mem::take(&mut earlier.attempts);
        let (start, end) = (earlier.start, earlier.end);
        *earlier = Call { start, end, attempts, left, ..later };
    }
}

/// How long a call waited: in `poll` if it did, and else in itself if it is one that waits.
fn waited(call: &Call) -> Nanos {
    let is_poll = |attempt: &&Attempt| ops::by_name(&attempt.op).group == Group::Wait;
    let polled: Nanos = call.attempts.iter().filter(is_poll).map(|attempt| attempt.dur).sum();
    if polled > 0 {
        return polled;
    }
    let row = call.row();
    if row.waits && call.took() >= WAITED { call.took() } else { 0 }
}

/// When sockets were closed, which ones listen, and which bytes calls moved if nobody counted.
fn lives(trace: &mut Trace) {
    let mut counts: HashMap<(usize, bool, bool), u64> = HashMap::new();
    for call in &mut trace.calls {
        let Some(index) = call.socket else { continue };
        let Some(socket) = trace.sockets.get_mut(index) else { continue };
        socket.opened = socket.opened.min(call.start);
        match call.op.as_str() {
            "close" => socket.closed = Some(call.end),
            "listen" | "accept" | "accept4" => socket.listens = true,
            _ => {}
        }
        let row = ops::by_name(&call.op);
        if row.way == Way::No || !socket.is_stream() && !row.plain {
            continue;
        }
        let bytes = call.bytes();
        let count = counts.entry((index, row.way == Way::Out, row.plain)).or_default();
        if call.range.is_none() && call.ret.is_some() && !call.has_flag("MSG_PEEK") {
            call.range = Some((*count, *count + bytes));
        }
        if let Some((_, to)) = call.range {
            *count = to;
        }
    }
}

/// Which sockets `accept` made.
fn made(trace: &mut Trace) {
    let mut by_fd: HashMap<(usize, Option<i64>), Vec<usize>> = HashMap::new();
    for (index, socket) in trace.sockets.iter().enumerate() {
        if let Some(from) = socket.from {
            by_fd.entry((from, socket.fd)).or_default().push(index);
        }
    }
    for children in by_fd.values_mut() {
        children.sort_by_key(|child| trace.sockets.get(*child).map(|socket| socket.opened));
        children.reverse();
    }
    for call in &mut trace.calls {
        let (Some(from), true) = (call.socket, call.op.starts_with("accept")) else { continue };
        if call.ret.is_some_and(|ret| ret >= 0) {
            // The earliest of this number that is left: numbers are used again and again.
            call.made = by_fd.get_mut(&(from, call.ret)).and_then(Vec::pop);
        }
    }
}
