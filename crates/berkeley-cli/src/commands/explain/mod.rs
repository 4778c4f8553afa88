//! `explain`: what an error, an option, a state or a word of sockets means.

mod words;

use berkeley::{Errno, Family, LookupCode, Protocol, Type, opt};
use berkeley_picture::words as errors;
use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::args::Global;
use crate::failure::{Exit, Failure};
use crate::text::width;
use crate::view::{DIM, STRONG, View};

/// What an error, an option or a word of sockets means
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  berkeley explain ECONNREFUSED      an error by its name, or by its number: 111
  berkeley explain SO_REUSEADDR      an option
  berkeley explain TIME_WAIT Nagle   words
  berkeley explain                   everything that it knows")]
pub(crate) struct Arguments {
    /// Names and numbers of errors, options, TCP states, families, types, words
    #[arg(allow_negative_numbers = true)]
    word: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, _: &Global, view: &View) -> Result<(), Failure> {
    if arguments.word.is_empty() {
        return list(view);
    }
    let mut found = Vec::new();
    for word in &arguments.word {
        let topics = look_up(word);
        if topics.is_empty() {
            return Err(unknown(word));
        }
        found.extend(topics);
    }
    for (number, topic) in found.iter().enumerate() {
        if number > 0 {
            view.line("")?;
        }
        show(topic, view)?;
        view.event(topic)?;
    }
    view.result(&json!({ "ok": true, "schema": "berkeley.explain/1", "topics": found }))
}

/// One thing that can be explained.
#[derive(Clone, PartialEq, Debug, Serialize)]
struct Topic {
    name: &'static str,
    /// What kind of thing it is: `error 111`.
    kind: String,
    what: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    cause: &'static str,
    #[serde(rename = "try", skip_serializing_if = "str::is_empty")]
    remedy: &'static str,
    /// Where there is more.
    #[serde(skip_serializing_if = "String::is_empty")]
    see: String,
}

/// A row of the tables: what it means, what usually causes it, and what to try.
use errors::Row;

/// Everything that this word names. `EAGAIN` is one thing, 11 may be several.
fn look_up(word: &str) -> Vec<Topic> {
    let same = |topic: &Topic| match word.parse::<i32>() {
        Ok(number) => topic.kind.rsplit(' ').next() == Some(number.to_string().as_str()),
        Err(_) => spelled(topic.name) == spelled(word),
    };
    let word = spelled(word);
    let alias = words::ALIASES.iter().find(|(alias, _)| spelled(alias) == word);
    let topics = topics();
    match alias {
        Some((_, name)) => topics.into_iter().filter(|topic| topic.name == *name).collect(),
        None => topics.into_iter().filter(same).collect(),
    }
}

/// A word as it is compared: `half close`, `half-close` and `HALF_CLOSE` are one.
fn spelled(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn topics() -> Vec<Topic> {
    let mut topics = Vec::new();
    for (errno, name) in Errno::NAMED.iter().filter(|(errno, _)| !errno.is_success()) {
        let row = errors::ERRORS.iter().find(|row| row.0 == *name);
        let (_, what, cause, remedy) = row.copied().unwrap_or((name, "", "", ""));
        let system = errno.to_string();
        let what = if what.is_empty() { sentence(&system) } else { what.to_owned() };
        let kind = format!("error {}", errno.number());
        topics.push(Topic { name, kind, what, cause, remedy, see: "errno(3)".to_owned() });
    }
    for (code, name) in LookupCode::NAMED {
        let row = errors::LOOKUPS.iter().find(|row| row.0 == *name);
        let (_, what, cause, remedy) = row.copied().unwrap_or((name, "", "", ""));
        let what = if what.is_empty() { sentence(&code.to_string()) } else { what.to_owned() };
        let kind = format!("error of a look-up of names, {}", code.number());
        topics.push(Topic { name, kind, what, cause, remedy, see: "getaddrinfo(3)".to_owned() });
    }
    for row in opt::TABLE {
        let (_, cause, remedy) = words::OPTIONS
            .iter()
            .find(|option| option.0 == row.name)
            .copied()
            .unwrap_or((row.name, "", ""));
        let kind = format!("socket option of level {}: {}", row.level_name, row.form);
        let what = row.meaning.to_owned();
        let page = match row.level_name {
            "SOL_SOCKET" => "socket(7)",
            "IPPROTO_TCP" => "tcp(7)",
            "IPPROTO_UDP" => "udp(7)",
            "IPPROTO_UDPLITE" => "udplite(7)",
            "IPPROTO_SCTP" => "sctp(7)",
            "IPPROTO_IP" => "ip(7)",
            "IPPROTO_IPV6" => "ipv6(7)",
            "SOL_RAW" => "raw(7)",
            "SOL_NETLINK" => "netlink(7)",
            "SOL_PACKET" => "packet(7)",
            "AF_VSOCK" => "vsock(7)",
            _ => "socket(7)",
        };
        let see = format!("{page}; berkeley options; {}", row.platforms);
        topics.push(Topic { name: row.name, kind, what, cause, remedy, see });
    }
    topics.extend(named(words::FAMILIES, |name| {
        Family::from_name(name).map(|family| format!("family {}", family.number()))
    }));
    topics.extend(named(words::TYPES, |name| {
        Type::from_name(name).map(|ty| format!("type {}", ty.number()))
    }));
    topics.extend(named(words::PROTOCOLS, |name| {
        Protocol::from_name(name).map(|protocol| format!("protocol {}", protocol.number()))
    }));
    topics.extend(named(words::STATES, |_| Some("state of a TCP connection".to_owned())));
    topics.extend(named(words::WORDS, |_| Some("word".to_owned())));
    topics
}

fn named(rows: &[Row], kind: impl Fn(&str) -> Option<String>) -> Vec<Topic> {
    let topic = |row: &Row| {
        let (name, what, cause, remedy) = *row;
        let kind = kind(name).unwrap_or_default();
        Topic { name, kind, what: what.to_owned(), cause, remedy, see: String::new() }
    };
    rows.iter().map(topic).collect()
}

fn show(topic: &Topic, view: &View) -> Result<(), Failure> {
    view.line(format_args!("{STRONG}{}{STRONG:#}  {DIM}{}{DIM:#}", topic.name, topic.kind))?;
    let see = topic.see.as_str();
    let rows = [
        ("what", topic.what.as_str()),
        ("cause", topic.cause),
        ("try", topic.remedy),
        ("see", see),
    ];
    for (label, text) in rows.into_iter().filter(|(_, text)| !text.is_empty()) {
        // What follows the first line stands under it.
        let mut label = label;
        for line in textwrap::wrap(text, width().min(100) - 9) {
            view.line(format_args!("  {DIM}{label:5}{DIM:#}  {line}"))?;
            label = "";
        }
    }
    Ok(())
}

fn list(view: &View) -> Result<(), Failure> {
    let topics = topics();
    let mut last = "";
    let mut line = String::new();
    for topic in &topics {
        let group = match topic.kind.split([' ', ',']).next().unwrap_or_default() {
            "error" if topic.kind.contains("look-up") => "errors of look-ups",
            "error" => "errors",
            "socket" => "options",
            "family" => "families",
            "type" => "types",
            "protocol" => "protocols",
            "state" => "states of TCP",
            _ => "words",
        };
        if group != last || line.len() + 2 + topic.name.len() > 78 {
            if !line.is_empty() {
                view.line(&line)?;
            }
            if group != last {
                view.line(format_args!("{STRONG}{group}{STRONG:#}"))?;
            }
            line = "  ".to_owned();
            last = group;
        }
        if line.len() > 2 {
            line.push_str("  ");
        }
        line.push_str(topic.name);
        view.event(topic)?;
    }
    view.line(&line)?;
    view.result(&json!({ "ok": true, "schema": "berkeley.explain/1", "topics": topics }))
}

fn unknown(word: &str) -> Failure {
    let wanted = spelled(word);
    let topics = topics();
    let names = topics.iter().map(|topic| topic.name);
    let nearest = names.min_by_key(|name| distance(&wanted, &spelled(name)));
    let failure = Failure::new(Exit::No, format!("nothing is known about {word:?}"));
    match nearest.filter(|name| distance(&wanted, &spelled(name)) * 2 <= wanted.len().max(4)) {
        Some(name) => failure.help(format!("nearest: berkeley explain {name}")),
        None => failure.help("everything that is known: berkeley explain"),
    }
}

/// How many letters have to be put in, left out or changed to come from one word to the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (number, letter) in one.chars().enumerate() {
        let mut next = vec![number + 1];
        let mut left = number + 1;
        for (pair, with) in row.windows(2).zip(&other) {
            let &[diagonal, above] = pair else { continue };
            let change = diagonal + usize::from(*with != letter);
            left = change.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// The system's own words, as a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_row_names_something_that_exists() {
        for row in errors::ERRORS {
            assert!(Errno::from_name(row.0).is_some(), "{}", row.0);
        }
        for row in errors::LOOKUPS {
            assert!(LookupCode::from_name(row.0).is_some(), "{}", row.0);
        }
        for row in words::OPTIONS {
            assert!(opt::by_name(row.0).is_some(), "{}", row.0);
        }
        for row in [words::FAMILIES, words::TYPES, words::PROTOCOLS].concat() {
            assert!(!look_up(row.0).remove(0).kind.is_empty(), "{}", row.0);
        }
        for (alias, name) in words::ALIASES {
            assert_eq!(look_up(alias).len(), 1, "{alias} is another word for {name}");
        }
    }

    #[test]
    fn everything_is_told_in_five_lines_that_fit() {
        for topic in topics() {
            assert!(!topic.what.is_empty(), "{}", topic.name);
            for text in [topic.what.as_str(), topic.cause, topic.remedy] {
                assert!(text.chars().count() <= 150, "{}: {text}", topic.name);
                assert!(text.is_empty() || text.ends_with(['.', '?']), "{}: {text}", topic.name);
            }
        }
    }

    #[test]
    fn distances_count_changes() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
