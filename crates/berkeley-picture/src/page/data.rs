//! What the page's script reads: columns of numbers, and each text once.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::model::{Call, LinkKind, Outcome, Trace};
use crate::ops::Way;
use crate::rules::Finding;
use crate::say;

/// Texts, each of which is kept once.
#[derive(Default)]
struct Texts {
    texts: Vec<Value>,
    places: HashMap<String, usize>,
}

impl Texts {
    fn place(&mut self, key: String, value: impl FnOnce(&str) -> Value) -> usize {
        if let Some(place) = self.places.get(&key) {
            return *place;
        }
        self.texts.push(value(&key));
        self.places.insert(key, self.texts.len() - 1);
        self.texts.len() - 1
    }
}

/// Everything, as the script wants it. Times are nanoseconds since the first call.
pub(super) fn data(trace: &Trace, findings: &[Finding], title: &str) -> Value {
    let begin = trace.start();
    let wall = trace
        .processes
        .iter()
        .find_map(|process| Some(process.wall? - (process.start - begin) as f64 / 1e9));
    let processes = trace.processes.iter().map(
        |process| json!({ "name": process.name, "pid": process.pid, "dropped": process.dropped }),
    );
    let threads = (0..trace.threads.len()).map(|index| {
        let process = trace.threads.get(index).map(|thread| thread.process);
        json!({ "process": process, "label": crate::draw::lanes::thread_name(trace, index) })
    });
    let findings = findings.iter().map(|finding| {
        json!({
            "rule": finding.rule, "level": finding.level.name(), "what": finding.what,
            "try": finding.remedy, "calls": finding.calls,
        })
    });
    let threads_used: std::collections::BTreeSet<usize> =
        trace.calls.iter().map(|call| call.thread).collect();
    let (ops, calls, strings, args) = calls(trace, begin);
    json!({
        "schema": "berkeley.picture/1",
        "title": title,
        "wall": wall,
        "length": trace.end() - begin,
        "lanes": if threads_used.len() < 2 { "socket" } else { "thread" },
        "processes": processes.collect::<Vec<_>>(),
        "threads": threads.collect::<Vec<_>>(),
        "sockets": sockets(trace, begin),
        "findings": findings.collect::<Vec<_>>(),
        "ops": ops,
        "calls": calls,
        "links": links(trace),
        "strings": strings,
        "args": args,
    })
}

fn sockets(trace: &Trace, begin: i64) -> Vec<Value> {
    #[derive(Clone, Default)]
    struct Sums {
        bytes: [u64; 2],
        messages: [usize; 2],
        calls: usize,
        errors: usize,
        waited: i64,
    }
    let mut sums = vec![Sums::default(); trace.sockets.len()];
    for call in &trace.calls {
        let Some(sum) = call.socket.and_then(|socket| sums.get_mut(socket)) else { continue };
        sum.calls += 1;
        sum.errors += usize::from(say::is_error(call));
        sum.waited += call.waited;
        let row = call.row();
        let [out, into] = &mut sum.bytes;
        let [sent, got] = &mut sum.messages;
        match row.way {
            // What a layer above moved has moved once already.
            _ if row.plain => {}
            Way::Out => {
                *out += call.bytes();
                *sent += usize::from(call.errno.is_none());
            }
            Way::In => {
                *into += call.bytes();
                *got += usize::from(call.errno.is_none());
            }
            Way::No => {}
        }
    }
    let one = |(socket, sum): (&crate::Socket, Sums)| {
        let ([out, into], [sent, received]) = (sum.bytes, sum.messages);
        let named = |addr: &Option<String>| {
            addr.clone().filter(|addr| !matches!(addr.as_str(), "" | "unix:"))
        };
        json!({
            "process": socket.process, "name": socket.name, "kind": socket.kind(),
            "tcp": socket.is_tcp(), "stream": socket.is_stream(), "listens": socket.listens,
            "local": named(&socket.local), "peer": named(&socket.peer), "other": socket.other,
            "opened": socket.opened - begin, "closed": socket.closed.map(|closed| closed - begin),
            "rtt": socket.samples.iter().filter_map(|sample| sample.rtt).min(),
            "retrans": socket.samples.iter().filter_map(|sample| sample.retrans).max(),
            "out": out, "in": into, "sent": sent, "received": received,
            "calls": sum.calls, "errors": sum.errors, "waited": sum.waited,
        })
    };
    trace.sockets.iter().zip(sums).map(one).collect()
}

fn calls(trace: &Trace, begin: i64) -> (Vec<Value>, Value, Vec<Value>, Vec<Value>) {
    let mut ops = Texts::default();
    let mut strings = Texts::default();
    let mut args = Texts::default();
    let text = |key: &str| Value::from(key);
    let column = |value: &dyn Fn(&Call) -> Value| trace.calls.iter().map(value).collect::<Vec<_>>();
    // What few calls have is told with the call's number.
    let some = |value: &dyn Fn(&Call) -> Option<Value>| -> Vec<Value> {
        let calls = trace.calls.iter().enumerate();
        calls.filter_map(|(index, call)| Some(json!([index, value(call)?]))).collect()
    };
    let (mut op, mut said, mut result, mut arguments) = (vec![], vec![], vec![], vec![]);
    for call in &trace.calls {
        let group = call.row().group.name();
        op.push(ops.place(call.op.clone(), |name| json!({ "name": name, "group": group })));
        said.push(strings.place(say::call(trace, call), text));
        result.push(strings.place(say::result(trace, call), text));
        let key = serde_json::to_string(&call.args).unwrap_or_default();
        arguments.push(args.place(key, |_| Value::Object(call.args.clone())));
    }
    let outcome = |call: &Call| match call.outcome() {
        Outcome::Done => 0,
        Outcome::Again => 1,
        Outcome::TimedOut => 2,
        Outcome::Failed => 3,
    };
    let attempts = |call: &Call| {
        let one =
            |attempt: &crate::Attempt| json!([attempt.op, attempt.dur, attempt.ret, attempt.errno]);
        let attempts: Vec<Value> = call.attempts.iter().map(one).collect();
        (!attempts.is_empty()).then_some(Value::from(attempts))
    };
    let data =
        |call: &Call| (!call.data.is_empty()).then(|| Value::from(STANDARD.encode(&call.data)));
    let moves = |call: &Call| call.row().way != Way::No && call.ret.is_some();
    let calls = json!({
        "start": column(&|call| (call.start - begin).into()),
        "dur": column(&|call| call.took().into()),
        "thread": column(&|call| call.thread.into()),
        "socket": column(&|call| call.socket.map_or(Value::from(-1), Value::from)),
        "outcome": column(&|call| outcome(call).into()),
        "op": op, "text": said, "result": result, "args": arguments,
        "waited": some(&|call| (call.waited > 0).then(|| call.waited.into())),
        "errno": some(&|call| call.errno.clone().map(Value::from)),
        // Zero is what most calls return that do not move anything.
        "ret": some(&|call| call.ret.filter(|ret| *ret != 0 && !moves(call)).map(Value::from)),
        "bytes": some(&|call| moves(call).then(|| call.bytes().into())),
        "range": some(&|call| call.range.map(|(from, to)| json!([from, to]))),
        "data": some(&data),
        "left": some(&|call| call.left.map(Value::from)),
        "made": some(&|call| call.made.map(Value::from)),
        "attempts": some(&attempts),
    });
    (ops.texts, calls, strings.texts, args.texts)
}

fn links(trace: &Trace) -> Value {
    let (mut from, mut to, mut kind) = (vec![], vec![], vec![]);
    let (mut first, mut last) = (vec![], vec![]);
    for link in &trace.links {
        let (number, begin, end) = match link.kind {
            LinkKind::Connect => (0, 0, 0),
            LinkKind::Bytes { from, to } => (1, from, to),
            LinkKind::Datagram { len } => (2, 0, len),
            LinkKind::End => (3, 0, 0),
            LinkKind::Reset => (4, 0, 0),
        };
        from.push(link.from);
        to.push(link.to);
        kind.push(number);
        first.push(begin);
        last.push(end);
    }
    json!({ "from": from, "to": to, "kind": kind, "from_byte": first, "to_byte": last })
}
