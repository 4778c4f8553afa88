//! For Perfetto and `chrome://tracing`: the trace event format, as JSON.

use serde_json::{Value, json};

use crate::draw::lanes::thread_name;
use crate::model::{Call, LinkKind, Trace};
use crate::record::Nanos;
use crate::say;

/// The calls for Perfetto (ui.perfetto.dev) and `chrome://tracing`: a track for each thread, a slice
/// for each call, arrows from what was sent to what was received, and counters of round-trip times
/// and of bytes on their way. It is the JSON of the "Trace Event Format".
///
/// ```
/// let line = r#"{"ev":"call","t":1,"dur":0.001,"pid":1,"tid":1,"op":"recv","ret":5}"#;
/// let json = berkeley_picture::chrome(&berkeley_picture::Trace::read([line]));
/// assert!(json.contains("\"traceEvents\"") && json.contains("\"recv\""));
/// ```
pub fn chrome(trace: &Trace) -> String {
    let mut events = Vec::new();
    for process in &trace.processes {
        events.push(json!({
            "ph": "M", "name": "process_name", "pid": process.pid, "args": { "name": process.name },
        }));
    }
    for (index, thread) in trace.threads.iter().enumerate() {
        let name = match thread.name.as_str() {
            "" => thread_name(trace, index),
            name => name.to_owned(),
        };
        events.push(json!({
            "ph": "M", "name": "thread_name", "pid": pid(trace, thread.process), "tid": thread.tid,
            "args": { "name": name },
        }));
    }
    let begin = trace.start();
    let micros = |at: Nanos| (at - begin) as f64 / 1e3;
    for call in &trace.calls {
        let (pid, tid) = track(trace, call);
        let mut args = call.args.clone();
        let result = say::result(trace, call);
        let socket = trace.socket_of(call).map(|socket| socket.name.clone());
        for (key, value) in [("socket", socket), ("result", Some(result).filter(|r| !r.is_empty()))]
        {
            if let Some(value) = value {
                args.insert(key.to_owned(), Value::from(value));
            }
        }
        if call.waited > 0 {
            args.insert("waited_us".to_owned(), Value::from(call.waited as f64 / 1e3));
        }
        let mut event = json!({
            "ph": "X", "name": call.op, "cat": call.row().group.name(), "pid": pid, "tid": tid,
            "ts": micros(call.start), "dur": call.took() as f64 / 1e3, "args": args,
        });
        if let (true, Some(event)) = (say::is_error(call), event.as_object_mut()) {
            event.insert("cname".to_owned(), "terrible".into());
        }
        events.push(event);
    }
    for (id, link) in trace.links.iter().enumerate() {
        let ends = trace.calls.get(link.from).zip(trace.calls.get(link.to));
        let Some((from, to)) = ends else { continue };
        let name = match link.kind {
            LinkKind::Connect => "connect",
            LinkKind::End => "end",
            LinkKind::Reset => "reset",
            LinkKind::Bytes { .. } | LinkKind::Datagram { .. } => "data",
        };
        // The arrow ends within the slice that it binds to, not before it begins.
        let arrives = to.end.max(from.start);
        for (phase, call, at) in [("s", from, from.start), ("f", to, arrives)] {
            let (pid, tid) = track(trace, call);
            let mut event = json!({
                "ph": phase, "id": id, "name": name, "cat": "data", "pid": pid, "tid": tid,
                "ts": micros(at),
            });
            if let (true, Some(event)) = (phase == "f", event.as_object_mut()) {
                event.insert("bp".to_owned(), "e".into());
            }
            events.push(event);
        }
    }
    for socket in &trace.sockets {
        for sample in &socket.samples {
            let counters = [
                ("RTT (us)", sample.rtt.map(|rtt| rtt as f64 / 1e3)),
                ("cwnd", sample.cwnd.map(|cwnd| cwnd as f64)),
                ("unread bytes", sample.rcv_queue.map(|bytes| bytes as f64)),
                ("unconfirmed bytes", sample.snd_queue.map(|bytes| bytes as f64)),
            ];
            for (what, value) in counters {
                if let Some(value) = value {
                    events.push(json!({
                        "ph": "C", "name": format!("{} {what}", socket.name),
                        "pid": pid(trace, socket.process), "ts": micros(sample.t),
                        "args": { "value": value },
                    }));
                }
            }
        }
    }
    json!({ "displayTimeUnit": "ns", "traceEvents": events }).to_string()
}

fn pid(trace: &Trace, process: usize) -> u64 {
    trace.processes.get(process).map(|process| process.pid).unwrap_or_default()
}

fn track(trace: &Trace, call: &Call) -> (u64, u64) {
    let Some(thread) = trace.threads.get(call.thread) else { return (0, 0) };
    (pid(trace, thread.process), thread.tid)
}
