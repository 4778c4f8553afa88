//! `demo`: a server and a client talk, and every call of both is drawn.

mod stories;

use std::path::Path;
use std::time::Duration;

use berkeley_picture::{Call, Look, Trace, result, span, text};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};

use self::stories::{STORIES, Stage, Story, UNASKED, by_name};
use crate::args::Global;
use crate::failure::Failure;
use crate::text::{is_utf8, width};
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
        let trace = record(story, &stage)?;
        let calls: Vec<Value> = trace.calls.iter().map(|call| as_json(&trace, call)).collect();
        for call in &calls {
            let mut line = json!({ "exchange": story.name });
            if let (Some(line), Some(call)) = (line.as_object_mut(), call.as_object()) {
                line.extend(call.clone());
            }
            view.event(&line)?;
        }
        show(story, &trace, look, view)?;
        exchanges.push(json!({ "name": story.name, "title": story.title, "calls": calls }));
    }
    next(&chosen, look, view)?;
    view.result(&json!({ "ok": true, "schema": "berkeley.demo/1", "exchanges": exchanges }))
}

/// Plays a story while the library records every call of it. There is one recording at a time: if
/// one is going on, the story is what has been added to it.
fn record(story: &Story, stage: &Stage) -> Result<Trace, Failure> {
    let recorded = match berkeley::trace::path() {
        Some(file) => {
            let skipped = read(&file)?.len();
            story.play(stage)?;
            read(&file)?.split_off(skipped)
        }
        None => {
            let folder = tempfile::tempdir()?;
            let file = folder.path().join("demo.jsonl");
            let recording = berkeley::trace::Options::new().payload(256).to_file(&file)?;
            let played = story.play(stage);
            recording.finish()?;
            played?;
            std::fs::read(&file)?
        }
    };
    let recorded = String::from_utf8_lossy(&recorded);
    // How a timeout is made is not what the tutorials are about.
    let told = recorded.lines().filter(|line| !line.contains(r#""op":"ioctl""#));
    let mut trace = Trace::read(told);
    name(&mut trace);
    Ok(trace)
}

/// What stands in a recording that is going on.
fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    berkeley::trace::flush();
    // A pipe gives nothing back.
    if !file.is_file() {
        let why =
            format!("{}: demo draws what is recorded there, and it is no file", file.display());
        return Err(Failure::usage(why));
    }
    Ok(std::fs::read(file)?)
}

/// Names the sockets as the tutorials do: what accept() answers is `conn`, and each side's own is
/// `sk`; if it makes another, that is `new`.
fn name(trace: &mut Trace) {
    let mut owners = Vec::new();
    for socket in 0..trace.sockets.len() {
        let maker = trace.calls.iter().find(|call| call.socket == Some(socket));
        let owner = maker.map(|call| call.thread);
        let Some(socket) = trace.sockets.get_mut(socket) else { continue };
        let name = match (socket.from.is_some(), owners.contains(&owner)) {
            (true, _) => "conn",
            (false, false) => "sk",
            (false, true) => "new",
        };
        if socket.from.is_none() {
            owners.push(owner);
        }
        name.clone_into(&mut socket.name);
    }
}

/// A call for programs.
fn as_json(trace: &Trace, call: &Call) -> Value {
    let socket = call.socket.and_then(|socket| trace.sockets.get(socket));
    let seconds = |nanos: i64| nanos as f64 / 1e9;
    json!({
        "side": trace.threads.get(call.thread).map(|thread| &thread.name),
        "socket": socket.map(|socket| &socket.name),
        "call": call.op,
        "args": call.args,
        "result": result(trace, call),
        "failed": call.is_error(),
        "start": seconds(call.start - trace.start()),
        "duration": seconds(call.took()),
    })
}

fn show(story: &Story, trace: &Trace, look: Look, view: &View) -> Result<(), Failure> {
    let whole = trace.end() - trace.start();
    let counted = format!("{} calls in {}", trace.calls.len(), span(whole, look.unicode));
    view.line(format_args!(
        "{GOOD}{STRONG}{}{STRONG:#}{GOOD:#}  {DIM}{counted}{DIM:#}",
        story.title
    ))?;
    view.line("")?;
    for line in text(trace, &look) {
        view.line(line)?;
    }
    view.line("")?;
    for line in textwrap::wrap(story.lesson, look.width.min(100) - 2) {
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
