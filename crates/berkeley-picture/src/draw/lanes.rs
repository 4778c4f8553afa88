//! The columns of a picture: a process, a thread or a socket each.

use std::collections::BTreeMap;

use crate::model::Trace;

/// A column.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Lane {
    pub(crate) name: String,
}

/// Which column each call stands in.
#[derive(Clone, Default, Debug)]
pub(crate) struct Lanes {
    pub(crate) lanes: Vec<Lane>,
    /// The lane of each call, by the call's index.
    pub(crate) of_call: Vec<usize>,
}

impl Lanes {
    /// A lane a thread; if one thread did everything, a lane a socket, so that there is somebody to
    /// talk to. Whoever listens stands first: pictures of servers and clients are read that way.
    pub(crate) fn new(trace: &Trace) -> Lanes {
        let mut threads: BTreeMap<usize, (bool, usize)> = BTreeMap::new();
        for (index, call) in trace.calls.iter().enumerate() {
            let serves = matches!(call.op.as_str(), "listen" | "accept" | "accept4");
            let thread = threads.entry(call.thread).or_insert((false, index));
            thread.0 |= serves;
        }
        if threads.len() < 2 {
            return Lanes::of_sockets(trace);
        }
        let mut order: Vec<(bool, usize, usize)> =
            threads.iter().map(|(thread, (serves, first))| (!serves, *first, *thread)).collect();
        order.sort_unstable();
        let lanes = order.iter().map(|(_, _, thread)| Lane { name: thread_name(trace, *thread) });
        let place: BTreeMap<usize, usize> =
            order.iter().enumerate().map(|(lane, (_, _, thread))| (*thread, lane)).collect();
        let of_call = trace.calls.iter().map(|call| place.get(&call.thread).copied());
        Lanes { lanes: lanes.collect(), of_call: of_call.map(Option::unwrap_or_default).collect() }
    }

    fn of_sockets(trace: &Trace) -> Lanes {
        let mut place: BTreeMap<Option<usize>, usize> = BTreeMap::new();
        let mut lanes = Vec::new();
        let mut of_call = Vec::with_capacity(trace.calls.len());
        for call in &trace.calls {
            let lane = *place.entry(call.socket).or_insert_with(|| {
                let socket = trace.socket_of(call);
                let name = socket.map_or("program".to_owned(), |socket| socket.name.clone());
                lanes.push(Lane { name });
                lanes.len() - 1
            });
            of_call.push(lane);
        }
        Lanes { lanes, of_call }
    }
}

/// A thread as a title: its process's name, and its own if there are several.
pub(crate) fn thread_name(trace: &Trace, index: usize) -> String {
    let Some(thread) = trace.threads.get(index) else { return String::new() };
    let process = trace.processes.get(thread.process);
    let process_name = process.map(|process| process.name.clone()).unwrap_or_default();
    let siblings = trace.threads.iter().filter(|other| other.process == thread.process).count();
    let twins = trace.processes.iter().filter(|other| other.name == process_name).count();
    let pid = match process {
        Some(process) if twins > 1 && !process.name.starts_with("pid ") => {
            format!(" ({})", process.pid)
        }
        _ => String::new(),
    };
    let own = match thread.name.as_str() {
        "" => format!("thread {}", thread.tid),
        name => name.to_owned(),
    };
    match (siblings, trace.processes.len()) {
        (..=1, _) => format!("{process_name}{pid}"),
        (_, 1) => own,
        _ => format!("{process_name}{pid} {own}"),
    }
}
