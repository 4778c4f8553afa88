//! `demo`: a server and a client talk, and every call of both is drawn.

mod event;
mod picture;
mod record;
mod stories;

use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde::Serialize;
use serde_json::json;

use self::event::Event;
use self::picture::{Look, draw, span};
use self::stories::{STORIES, Stage, Story, UNASKED, by_name};
use crate::args::Global;
use crate::failure::Failure;
use crate::text::{broken, is_utf8, width};
use crate::view::{DIM, GOOD, STRONG, View};

/// Watch a server and a client talk, call by call
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  berkeley demo               TCP, UDP and UNIX, one after the other
  berkeley demo refused       what happens where nobody listens

Two threads talk over real sockets on free ports of this machine. Each row is a call, beside the
lifeline of the side that made it; the arrows are what went from one side to the other.")]
pub(crate) struct Arguments {
    /// What to watch
    #[arg(value_name = "EXCHANGE", value_parser = PossibleValuesParser::new(STORIES.iter().map(|story| story.name)))]
    exchanges: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, view: &View) -> Result<(), Failure> {
    let stage = Stage::new(global.v6, global.timeout.unwrap_or(Duration::from_secs(10)));
    let look = Look { width: width(), unicode: is_utf8() };
    let chosen: Vec<&Story> = match arguments.exchanges.as_slice() {
        [] => STORIES.iter().take(UNASKED).collect(),
        names => names.iter().filter_map(|name| by_name(name)).collect(),
    };
    let mut exchanges = Vec::new();
    for story in &chosen {
        let calls = story.play(&stage)?;
        for call in &calls {
            view.event(&Line { exchange: story.name, call })?;
        }
        show(story, &calls, look, view)?;
        exchanges.push(json!({ "name": story.name, "title": story.title, "calls": calls }));
    }
    next(&chosen, look, view)?;
    view.result(&json!({ "ok": true, "schema": "berkeley.demo/1", "exchanges": exchanges }))
}

/// One call among those of several exchanges.
#[derive(Serialize)]
struct Line<'a> {
    exchange: &'static str,
    #[serde(flatten)]
    call: &'a Event,
}

fn show(story: &Story, calls: &[Event], look: Look, view: &View) -> Result<(), Failure> {
    let (begin, end) = (calls.iter().map(|call| call.start), calls.iter().map(Event::end));
    let whole = end.max().unwrap_or_default() - begin.min().unwrap_or_default();
    let counted = format!("{} calls in {}", calls.len(), span(whole, look.unicode));
    view.line(format_args!(
        "{GOOD}{STRONG}{}{STRONG:#}{GOOD:#}  {DIM}{counted}{DIM:#}",
        story.title
    ))?;
    view.line("")?;
    for line in draw(calls, look) {
        view.line(line)?;
    }
    view.line("")?;
    for line in broken(story.lesson, look.width.min(100) - 2) {
        view.line(format_args!("  {line}"))?;
    }
    view.line("")
}

/// What to try after this.
fn next(seen: &[&Story], look: Look, view: &View) -> Result<(), Failure> {
    // Whoever runs this by cargo has no command of this name yet.
    let own =
        if std::env::var_os("CARGO").is_some() { "cargo run --release --" } else { "berkeley" };
    let unseen: Vec<&str> = STORIES
        .iter()
        .map(|story| story.name)
        .filter(|name| seen.iter().all(|story| story.name != *name))
        .collect();
    view.line(format_args!("{STRONG}Try next{STRONG:#}"))?;
    let mut rows = vec![
        (format!("{own} serve :8000 --echo"), "a server that answers what it gets"),
        (format!("{own} connect :8000"), "talk to it, in another terminal"),
    ];
    if !unseen.is_empty() {
        rows.insert(0, (format!("{own} demo {}", unseen.join(" ")), ""));
    }
    let column = rows.iter().skip(1).map(|(command, _)| command.len()).max().unwrap_or_default();
    for (command, why) in rows {
        let line = format!("  {command:column$}   {DIM}{why}{DIM:#}");
        match why.is_empty() || column + 5 + why.len() > look.width {
            true => view.line(format_args!("  {command}"))?,
            false => view.line(line)?,
        }
    }
    Ok(())
}
