//! Lines as strace writes them, for whoever reads those.

use std::fmt::Write;

use serde_json::Value;

use super::epoch;
use crate::model::{Call, Trace};
use crate::ops::Way;
use crate::words;

/// The calls as lines of text like those of `strace -f -ttt -T -yy`, for programs that read them.
/// Arguments that were not recorded are left out.
///
/// ```
/// let line = r#"{"ev":"call","t":1,"dur":0.001,"pid":1,"tid":7,"fd":3,"op":"listen","args":{"backlog":5},"ret":0}"#;
/// let text = berkeley_picture::strace(&berkeley_picture::Trace::read([line]));
/// assert_eq!(text, "7 1.000000 listen(3, 5) = 0 <0.001000>\n");
/// ```
pub fn strace(trace: &Trace) -> String {
    let shift = epoch(trace);
    let mut out = String::new();
    for call in &trace.calls {
        let tid = trace.threads.get(call.thread).map(|thread| thread.tid).unwrap_or_default();
        let at = call.start.saturating_add(shift) as f64 / 1e9;
        let took = call.took() as f64 / 1e9;
        let said = said(trace, call);
        // Writing to a string does not fail.
        let _ = writeln!(out, "{tid} {at:.6} {said} = {} <{took:.6}>", answer(call));
    }
    out
}

fn said(trace: &Trace, call: &Call) -> String {
    let mut words = Vec::new();
    let fd = call.fd.filter(|fd| *fd >= 0);
    if !matches!(call.op.as_str(), "socket" | "socketpair" | "getaddrinfo" | "getnameinfo") {
        words.extend(fd.map(|fd| descriptor(trace, call, fd)));
    }
    let text = |key: &str| call.args.get(key).and_then(argument);
    match (call.op.as_str(), call.row().way) {
        ("socket" | "socketpair", _) => {
            let socket = trace.socket_of(call);
            let known = |key: &str, known: Option<&String>| text(key).or_else(|| known.cloned());
            words.extend(known("family", socket.map(|socket| &socket.family)));
            words.extend(known("type", socket.map(|socket| &socket.ty)));
            words.extend(known("proto", socket.map(|socket| &socket.proto)));
        }
        ("setsockopt" | "getsockopt", _) => {
            words.extend(text("level"));
            words.extend(text("name"));
            words.extend(text("value").map(|value| format!("[{value}]")));
            words.push("4".to_owned());
        }
        (_, Way::Out | Way::In) => {
            words.push(data(call));
            words.extend(text("len").or_else(|| text("room")));
            words.push(text("flags").filter(|flags| flags != "\"\"").unwrap_or("0".to_owned()));
            words.extend(text("addr").or_else(|| text("from")).map(|addr| address(&addr)));
        }
        _ => {
            for (key, value) in &call.args {
                let Some(value) = argument(value) else { continue };
                words.push(if matches!(key.as_str(), "addr" | "from") {
                    address(&value)
                } else {
                    value
                });
            }
        }
    }
    format!("{}({})", call.op, words.join(", "))
}

fn argument(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// `5<TCP:[127.0.0.1:80->127.0.0.1:5000]>`.
fn descriptor(trace: &Trace, call: &Call, fd: i64) -> String {
    let Some(socket) = trace.socket_of(call) else { return fd.to_string() };
    let kind = socket.kind().to_ascii_uppercase();
    match (socket.local.as_deref(), socket.peer.as_deref()) {
        (Some(local), Some(peer)) => format!("{fd}<{kind}:[{local}->{peer}]>"),
        (Some(local), None) => format!("{fd}<{kind}:[{local}]>"),
        _ => fd.to_string(),
    }
}

fn address(addr: &str) -> String {
    let Some((host, port)) = addr.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok())
    else {
        let path = addr.strip_prefix("unix:").unwrap_or(addr);
        return format!("{{sa_family=AF_UNIX, sun_path={path:?}}}");
    };
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => format!(
            "{{sa_family=AF_INET6, sin6_port=htons({port}), inet_pton(AF_INET6, {host:?}, &sin6_addr)}}"
        ),
        None => {
            format!("{{sa_family=AF_INET, sin_port=htons({port}), sin_addr=inet_addr({host:?})}}")
        }
    }
}

/// The data as C writes it.
fn data(call: &Call) -> String {
    if call.data.is_empty() {
        return if call.bytes() == 0 { "\"\"".to_owned() } else { "\"\"...".to_owned() };
    }
    let text: String = call
        .data
        .iter()
        .flat_map(|byte| std::ascii::escape_default(*byte))
        .map(char::from)
        .collect();
    let more = if (call.data.len() as u64) < call.bytes() { "..." } else { "" };
    format!("\"{text}\"{more}")
}

fn answer(call: &Call) -> String {
    match call.errno.as_deref() {
        Some(errno) => {
            let what = words::ERRORS.iter().find(|row| row.0 == errno).map(|row| row.1);
            format!("-1 {errno} ({})", what.unwrap_or_default().trim_end_matches('.'))
        }
        None => call.ret.map_or("?".to_owned(), |ret| ret.to_string()),
    }
}
