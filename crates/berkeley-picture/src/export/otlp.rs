//! For OpenTelemetry: OTLP's JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::epoch;
use crate::model::{Call, Socket, Trace};
use crate::ops::Way;
use crate::record::Nanos;

/// The connections for OpenTelemetry, as the JSON of OTLP (`POST /v1/traces`): a span for each
/// connection with its bytes, and within it one for the connect; one for each look-up. Calls that
/// send and receive have none: they would be far too many. Names and attributes are those of the
/// semantic conventions for networks.
///
/// ```
/// let line = r#"{"ev":"process","t":1,"pid":1,"name":"app","wall":1}"#;
/// let json = berkeley_picture::otlp(&berkeley_picture::Trace::read([line]));
/// assert!(json.contains("\"service.name\""));
/// ```
pub fn otlp(trace: &Trace) -> String {
    let shift = epoch(trace);
    let mut by_process: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
    let by_socket = trace.calls_by_socket();
    for (index, socket) in trace.sockets.iter().enumerate() {
        let calls: Vec<&Call> = by_socket
            .get(&index)
            .into_iter()
            .flat_map(|calls| trace.pick(calls).map(|(_, call)| call))
            .collect();
        if socket.listens || calls.is_empty() {
            continue;
        }
        let spans = by_process.entry(socket.process).or_default();
        spans.extend(connection(trace, index, socket, &calls, shift));
    }
    for (index, call) in trace.calls.iter().enumerate() {
        if call.op == "getaddrinfo" {
            let process = trace.threads.get(call.thread).map(|thread| thread.process);
            let host = call.word("host").unwrap_or_default();
            let ids = (id(trace, process.unwrap_or_default(), "lookup", index, 16), None);
            let attributes = vec![attribute("dns.question.name", host.into())];
            let span =
                span(ids, &format!("lookup {index}"), "DNS lookup", 1, call, shift, attributes);
            by_process.entry(process.unwrap_or_default()).or_default().push(span);
        }
    }
    let resources = trace.processes.iter().enumerate().map(|(index, process)| {
        let attributes = [
            attribute("service.name", process.name.as_str().into()),
            attribute("process.pid", process.pid.into()),
        ];
        json!({
            "resource": { "attributes": attributes },
            "scopeSpans": [{
                "scope": { "name": "berkeley", "version": env!("CARGO_PKG_VERSION") },
                "spans": by_process.remove(&index).unwrap_or_default(),
            }],
        })
    });
    json!({ "resourceSpans": resources.collect::<Vec<_>>() }).to_string()
}

/// Kinds of spans.
const SERVER: u8 = 2;
const CLIENT: u8 = 3;

fn connection(
    trace: &Trace,
    index: usize,
    socket: &Socket,
    calls: &[&Call],
    shift: Nanos,
) -> Vec<Value> {
    let accepted = socket.from.is_some();
    let start = calls.iter().map(|call| call.start).min().unwrap_or(socket.opened);
    let end = calls.iter().map(|call| call.end).max().unwrap_or(start);
    let moved = |way: Way| -> u64 {
        let calls = calls.iter().filter(|call| call.row().way == way && !call.row().plain);
        calls.map(|call| call.bytes()).sum()
    };
    let mut attributes = network(socket);
    attributes.push(attribute("berkeley.bytes.sent", moved(Way::Out).into()));
    attributes.push(attribute("berkeley.bytes.received", moved(Way::In).into()));
    if let Some(rtt) = socket.samples.iter().filter_map(|sample| sample.rtt).min() {
        attributes.push(attribute("berkeley.rtt", json!(rtt as f64 / 1e9)));
    }
    let failed = calls.iter().rev().find(|call| call.is_error());
    let whole = Call {
        start: start.min(socket.opened),
        end: socket.closed.unwrap_or(end),
        errno: failed.and_then(|call| call.errno.clone()),
        ..Call::default()
    };
    // Both ends of one conversation are one trace.
    let first = socket.other.map_or(index, |other| other.min(index));
    let owner = trace.sockets.get(first).map(|socket| socket.process).unwrap_or_default();
    let trace_id = id(trace, owner, "socket", first, 16);
    let own = id(trace, socket.process, "socket", index, 8);
    let kind = if accepted { SERVER } else { CLIENT };
    let ids = (trace_id.clone(), None);
    let name = format!("socket {}", socket.kind());
    let mut spans =
        vec![span(ids, &format!("socket {index}"), &name, kind, &whole, shift, attributes)];
    if let Some(object) = spans.first_mut().and_then(Value::as_object_mut) {
        object.insert("spanId".to_owned(), own.clone().into());
    }
    for (number, call) in calls.iter().filter(|call| call.op == "connect").enumerate() {
        let ids = (trace_id.clone(), Some(own.clone()));
        let seed = format!("connect {index} {number}");
        spans.push(span(ids, &seed, "socket connect", CLIENT, call, shift, network(socket)));
    }
    spans
}

fn span(
    (trace_id, parent): (String, Option<String>),
    seed: &str,
    name: &str,
    kind: u8,
    call: &Call,
    shift: Nanos,
    mut attributes: Vec<Value>,
) -> Value {
    let mut span = json!({
        "traceId": trace_id,
        "spanId": hex(&Sha256::digest(format!("{trace_id} {seed}")), 8),
        "name": name,
        "kind": kind,
        // 64-bit numbers are texts in the JSON of protocol buffers.
        "startTimeUnixNano": call.start.saturating_add(shift).to_string(),
        "endTimeUnixNano": call.end.saturating_add(shift).to_string(),
        "status": {},
    });
    if let Some(errno) = call.errno.as_deref().filter(|_| call.is_error()) {
        attributes.push(attribute("error.type", errno.into()));
        if let Some(span) = span.as_object_mut() {
            span.insert("status".to_owned(), json!({ "code": 2, "message": errno }));
        }
    }
    if let Some(span) = span.as_object_mut() {
        span.insert("attributes".to_owned(), attributes.into());
        if let Some(parent) = parent {
            span.insert("parentSpanId".to_owned(), parent.into());
        }
    }
    span
}

fn network(socket: &Socket) -> Vec<Value> {
    let mut attributes = Vec::new();
    let transport = match (socket.family.as_str(), socket.is_stream()) {
        ("AF_UNIX", _) => "unix",
        (_, true) => "tcp",
        _ => "udp",
    };
    attributes.push(attribute("network.transport", transport.into()));
    match socket.family.as_str() {
        "AF_INET" => attributes.push(attribute("network.type", "ipv4".into())),
        "AF_INET6" => attributes.push(attribute("network.type", "ipv6".into())),
        _ => {}
    }
    for (key, addr) in [("local", &socket.local), ("peer", &socket.peer)] {
        let Some(addr) = addr.as_deref().filter(|addr| !addr.is_empty()) else { continue };
        let port = addr.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port): (&str, Option<u16>) =
            port.map_or((addr, None), |(host, port)| (host, Some(port)));
        let host = host.trim_start_matches('[').trim_end_matches(']');
        attributes.push(attribute(&format!("network.{key}.address"), host.into()));
        if let Some(port) = port {
            attributes.push(attribute(&format!("network.{key}.port"), port.into()));
        }
    }
    attributes
}

fn attribute(key: &str, value: Value) -> Value {
    let value = match value {
        Value::String(text) => json!({ "stringValue": text }),
        Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
        other => json!({ "intValue": other.to_string() }),
    };
    json!({ "key": key, "value": value })
}

/// A number that is the same whenever the same recording is read.
fn id(trace: &Trace, process: usize, what: &str, index: usize, bytes: usize) -> String {
    let process = trace.processes.get(process);
    let (pid, start) = process.map(|process| (process.pid, process.start)).unwrap_or_default();
    hex(&Sha256::digest(format!("{pid} {start} {what} {index}")), bytes)
}

fn hex(bytes: &[u8], count: usize) -> String {
    bytes.iter().take(count).map(|byte| format!("{byte:02x}")).collect()
}
