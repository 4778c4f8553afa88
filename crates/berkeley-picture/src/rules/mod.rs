//! What went wrong, in a sentence: errors, and mistakes that no error tells of.

mod streams;
mod waits;

use std::collections::BTreeMap;

use crate::model::{Call, Trace};
use crate::ops::Way;
use crate::say;
use crate::words;

/// How much a finding matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// Something failed.
    Error,
    /// It worked, but as nobody wants it to.
    Warning,
    /// Good to know.
    Note,
}

impl Level {
    /// Its name: `error`, `warning`, `note`.
    ///
    /// ```
    /// assert_eq!(berkeley_picture::Level::Error.name(), "error");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        }
    }
}

/// Something that was found: what happened, what to do, and in which calls it can be seen.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// The rule that found it: `short-send`.
    pub rule: &'static str,
    /// How much it matters.
    pub level: Level,
    /// What happened, in a sentence.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
    /// The indices of the calls concerned, in order.
    pub calls: Vec<usize>,
}

/// What a rule found: a sentence, and the calls concerned.
pub(crate) type Found = Vec<(String, Vec<usize>)>;

/// A mistake that can be seen.
pub(crate) struct Rule {
    /// Its name, by which tests and people refer to it.
    pub(crate) name: &'static str,
    pub(crate) level: Level,
    /// What to do about it.
    pub(crate) remedy: &'static str,
    /// Where it happened: the sentence, and the calls concerned.
    pub(crate) look: fn(&Seen<'_>) -> Found,
}

/// The rules, those that matter most first. A call that one has explained is not explained again by
/// the general words about its error.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "address-in-use",
        level: Level::Error,
        remedy: "Set SO_REUSEADDR before bind(), as create_server() does; if another program still \
                 listens there, `berkeley who` names it.",
        look: waits::address_in_use,
    },
    Rule {
        name: "refused",
        level: Level::Error,
        remedy: "Start the server first, and compare host and port letter by letter.",
        look: waits::refused,
    },
    Rule {
        name: "unread-at-close",
        level: Level::Error,
        remedy: "Read until recv() returns b\"\" before close(), or call shutdown(SHUT_WR) and then \
                 read what is left.",
        look: streams::unread_at_close,
    },
    Rule {
        name: "backlog",
        level: Level::Error,
        remedy: "Give listen() a larger number, and call accept() in a loop that does nothing slow \
                 in between.",
        look: waits::backlog,
    },
    Rule {
        name: "short-send",
        level: Level::Error,
        remedy: "Use sendall(), or send the rest in a loop: send() returns how much it took.",
        look: streams::short_send,
    },
    Rule {
        name: "read-after-end",
        level: Level::Error,
        remedy: "Leave the loop when recv() returns b\"\": that is the end, and it stays the end.",
        look: streams::read_after_end,
    },
    Rule {
        name: "truncated",
        level: Level::Error,
        remedy: "Give recv() room for the largest datagram that may come: 65535 bytes are enough \
                 for UDP.",
        look: streams::truncated,
    },
    Rule {
        name: "slow-connect",
        level: Level::Warning,
        remedy: "Give it a time limit: settimeout() before connect(), or the timeout of \
                 create_connection().",
        look: waits::slow_connect,
    },
    Rule {
        name: "nagle",
        level: Level::Warning,
        remedy: "Send the message in one call (join the parts, or sendmsg()), or set TCP_NODELAY.",
        look: waits::nagle,
    },
    Rule {
        name: "spin",
        level: Level::Warning,
        remedy: "Wait with poll(), select() or asyncio until the socket is ready, or let it block \
                 with a timeout.",
        look: waits::spin,
    },
    Rule {
        name: "not-closed",
        level: Level::Warning,
        remedy: "Use `with socket…`, or call close() where its last user is done.",
        look: waits::not_closed,
    },
    Rule {
        name: "lost",
        level: Level::Warning,
        remedy: "UDP may lose datagrams: receive faster, raise SO_RCVBUF, or let the other side \
                 confirm what arrived.",
        look: streams::lost,
    },
    Rule {
        name: "asked-whether-connected",
        level: Level::Note,
        remedy: "Nothing, if that is right: `ssl` asks so of every socket that it is given.",
        look: waits::asked_whether_connected,
    },
    Rule {
        name: "ended-before",
        level: Level::Note,
        remedy: "Nothing, if all had arrived by then; else let the other side read to the end \
                 before it closes.",
        look: waits::ended_before,
    },
    Rule {
        name: "no-messages",
        level: Level::Note,
        remedy: "Say in the data where a message ends: its length in front, or a line end; then \
                 read until it is whole.",
        look: streams::no_messages,
    },
];

/// What rules look at.
pub(crate) struct Seen<'a> {
    pub(crate) trace: &'a Trace,
    /// The calls of each socket.
    pub(crate) by_socket: BTreeMap<usize, Vec<usize>>,
    /// The links from each call, and to it, by their indices.
    pub(crate) from: BTreeMap<usize, Vec<usize>>,
    pub(crate) to: BTreeMap<usize, Vec<usize>>,
}

impl<'a> Seen<'a> {
    fn new(trace: &'a Trace) -> Seen<'a> {
        let (mut from, mut to) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for (index, link) in trace.links.iter().enumerate() {
            from.entry(link.from).or_default().push(index);
            to.entry(link.to).or_default().push(index);
        }
        Seen { trace, by_socket: trace.calls_by_socket(), from, to }
    }

    /// The calls of a socket, in order.
    pub(crate) fn calls(&self, socket: usize) -> Vec<(usize, &'a Call)> {
        let calls = self.by_socket.get(&socket).map(Vec::as_slice).unwrap_or_default();
        calls.iter().filter_map(|index| Some((*index, self.trace.calls.get(*index)?))).collect()
    }

    /// The sockets with their calls.
    pub(crate) fn sockets(&self) -> impl Iterator<Item = (usize, Vec<(usize, &'a Call)>)> + '_ {
        (0..self.trace.sockets.len()).map(|socket| (socket, self.calls(socket)))
    }

    /// How a socket is called in a sentence.
    pub(crate) fn name(&self, socket: usize) -> String {
        let Some(found) = self.trace.sockets.get(socket) else { return String::new() };
        match self.trace.processes.get(found.process) {
            Some(process) if self.trace.processes.len() > 1 => {
                format!("{} of {}", found.name, process.name)
            }
            _ => found.name.clone(),
        }
    }
}

/// Explains what went wrong: for each error, and for each mistake that can be seen, a sentence of
/// what happened and one of what to do.
///
/// ```
/// use berkeley_picture::{Trace, explain};
///
/// let trace = Trace::read([r#"
///     {"ev":"call","t":1,"dur":0,"pid":1,"sock":"s1","op":"connect","args":{"addr":"127.0.0.1:9"},
///      "errno":"ECONNREFUSED"}"#.replace('\n', " ").as_str()]);
/// let found = explain(&trace);
/// assert_eq!(found[0].rule, "refused");
/// assert!(found[0].what.contains("127.0.0.1:9"));
/// ```
pub fn explain(trace: &Trace) -> Vec<Finding> {
    let seen = Seen::new(trace);
    let mut found = Vec::new();
    for rule in RULES {
        for (what, mut calls) in (rule.look)(&seen) {
            calls.sort_unstable();
            calls.dedup();
            let (rule, level, remedy) = (rule.name, rule.level, rule.remedy.to_owned());
            found.push(Finding { rule, level, what, remedy, calls });
        }
    }
    let told: Vec<usize> = found.iter().flat_map(|finding| finding.calls.clone()).collect();
    found.extend(errors(trace, &told));
    found.sort_by_key(|finding| (finding.level, finding.calls.first().copied()));
    found
}

/// The errors that no rule has explained, each kind once for each call.
fn errors(trace: &Trace, told: &[usize]) -> Vec<Finding> {
    let told: std::collections::BTreeSet<usize> = told.iter().copied().collect();
    let mut kinds: BTreeMap<(String, String, Option<usize>), Vec<usize>> = BTreeMap::new();
    for (index, call) in trace.calls.iter().enumerate() {
        if !told.contains(&index) && call.is_error() {
            let errno = match call.outcome() {
                crate::Outcome::TimedOut => "timed out".to_owned(),
                _ => call.errno.clone().unwrap_or_default(),
            };
            // Sockets of one listener fail alike.
            let socket = trace.socket_of(call).and_then(|socket| socket.from).or(call.socket);
            kinds.entry((errno, call.op.clone(), socket)).or_default().push(index);
        }
    }
    let finding = |((errno, op, _), calls): ((String, String, Option<usize>), Vec<usize>)| {
        let call = trace.calls.get(*calls.first()?)?;
        let times = match calls.len() {
            1 => String::new(),
            times => format!(" {times} times"),
        };
        let said = say::call(trace, call);
        if errno == "timed out" {
            let whom = if call.row().way == Way::In { "the other side sent nothing" } else { "" };
            let whom = if op == "connect" { "nothing answered there" } else { whom };
            let whom = if op.starts_with("accept") { "no client came" } else { whom };
            let took = say::span(call.took(), true);
            let because = if whom.is_empty() { "" } else { ": " };
            return Some(Finding {
                rule: "timed-out",
                level: Level::Error,
                what: format!("{said} waited {took} in vain{times}{because}{whom}."),
                remedy:
                    "Look what the other side does at this moment; if it may take longer, raise \
                         the time limit."
                        .to_owned(),
                calls,
            });
        }
        let rows = words::ERRORS.iter().chain(words::LOOKUPS);
        let row = rows.into_iter().find(|row| row.0 == errno);
        let (_, what, _, remedy) = row.copied().unwrap_or(("", "", "", ""));
        let what = format!("{said} failed{times} with {errno}. {what}").trim_end().to_owned();
        let remedy = match remedy {
            "" => format!("`berkeley explain {errno}` says more."),
            remedy => remedy.to_owned(),
        };
        Some(Finding { rule: "error", level: Level::Error, what, remedy, calls })
    };
    kinds.into_iter().filter_map(finding).collect()
}
