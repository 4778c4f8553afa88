//! `trace`: recorded calls as a text, a page, a picture, numbers, and an explanation.

mod program;
mod watch;

use std::io::Read;
use std::path::{Path, PathBuf};

use berkeley_picture::{Level, Look, Trace, explain, span, stat, text};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

pub(crate) use self::program::PAYLOAD;
use self::program::Program;

use crate::args::Global;
use crate::failure::{Exit, Failure};
use crate::text::{is_utf8, width};
use crate::view::{DIM, ERROR, GOOD, STRONG, View};

/// Record calls, see who waited and where the bytes went, and what went wrong
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  berkeley trace show run.jsonl              the calls as text
  berkeley trace show --watch run.jsonl      the same, live
  berkeley trace html server.jsonl client.jsonl -o run.html
                                             both ends in one picture, for a browser
  berkeley trace check run.jsonl             what went wrong, and what to do
  berkeley trace stat run.jsonl              how often each call was made, and how long it took
  berkeley trace export pcapng run.jsonl     for Wireshark
  berkeley trace -- python app.py            run a program, record its calls, and draw them
  berkeley trace import strace.txt           the calls of any program, from a log of
                                             strace -f -yy -ttt -T -o strace.txt")]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    program: Program,
}

#[derive(Subcommand, Debug)]
enum What {
    /// The calls as text: two lifelines where two talk, and a list where there are more
    Show(Show),
    /// The calls as a page of one file that needs no network
    Html(Written),
    /// The calls as a picture for documents
    Svg(Written),
    /// How often each call was made, how often it failed, and how long it took
    Stat(Files),
    /// What went wrong, and what to do; fails if there is something
    Check(Files),
    /// A log of strace as a recording; logs of other programs than those on berkeley, too
    Import(Written),
    /// The calls for another program: Perfetto, OpenTelemetry, Wireshark, readers of strace
    Export(Export),
}

#[derive(Args, Debug)]
struct Export {
    /// For which: perfetto (also chrome://tracing), otlp (OpenTelemetry), pcapng (Wireshark;
    /// packets made from the calls, and marked so), strace
    #[arg(value_enum, hide_possible_values = true)]
    form: Form,
    #[command(flatten)]
    to: Written,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum Form {
    Perfetto,
    Otlp,
    Pcapng,
    Strace,
}

#[derive(Args, Debug)]
struct Show {
    #[command(flatten)]
    from: Files,
    /// Go on while the recordings grow: a live picture on a terminal, a line for each call in a
    /// pipe; --timeout limits it
    #[arg(short, long)]
    watch: bool,
}

#[derive(Args, Debug)]
struct Files {
    /// Recordings, which are put together; - is the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Args, Debug)]
struct Written {
    #[command(flatten)]
    from: Files,
    /// Where to write it; - is the standard output [default: beside the first recording]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, view: &View) -> Result<(), Failure> {
    let Some(what) = &arguments.what else { return program::run(&arguments.program, view) };
    match what {
        What::Import(to) => import(to, view),
        What::Show(Show { from, watch: true }) => watch::run(&from.files, global.timeout, view),
        What::Show(Show { from, .. }) => show(&read(from, view)?, view),
        What::Html(to) => {
            let trace = read(&to.from, view)?;
            write(to, "html", berkeley_picture::html(&trace).as_bytes(), view)
        }
        What::Svg(to) => {
            let trace = read(&to.from, view)?;
            write(to, "svg", berkeley_picture::svg(&trace).as_bytes(), view)
        }
        What::Export(Export { form, to }) => {
            let trace = read(&to.from, view)?;
            let (ending, bytes) = match form {
                Form::Perfetto => ("perfetto.json", berkeley_picture::chrome(&trace).into_bytes()),
                Form::Otlp => ("otlp.json", berkeley_picture::otlp(&trace).into_bytes()),
                Form::Pcapng => ("pcapng", berkeley_picture::pcapng(&trace)),
                Form::Strace => ("strace", berkeley_picture::strace(&trace).into_bytes()),
            };
            write(to, ending, &bytes, view)
        }
        What::Stat(files) => numbers(&read(files, view)?, view),
        What::Check(files) => check(&read(files, view)?, view),
    }
}

/// Writes the recording that logs of strace make.
fn import(to: &Written, view: &View) -> Result<(), Failure> {
    let mut lines = String::new();
    for file in &to.from.files {
        let bytes = contents(file)
            .map_err(|error| Failure::new(Exit::No, format!("{}: {error}", file.display())))?;
        lines += &berkeley_picture::import_strace(&String::from_utf8_lossy(&bytes));
    }
    if lines.is_empty() {
        let failure = Failure::new(Exit::No, "no calls of sockets in it");
        return Err(failure.help("a log is made by: strace -f -yy -ttt -T -o strace.txt COMMAND"));
    }
    write(to, "jsonl", lines.as_bytes(), view)
}

/// Reads the recordings, and fails if none of them has a call.
fn read(files: &Files, view: &View) -> Result<Trace, Failure> {
    let mut texts = Vec::new();
    for file in &files.files {
        let bytes = contents(file)
            .map_err(|error| Failure::new(Exit::No, format!("{}: {error}", file.display())))?;
        texts.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    let trace = Trace::read(texts.iter().map(String::as_str));
    if trace.unread > 0 {
        view.note(format_args!("{} lines could not be read, and are left out", trace.unread));
    }
    if trace.calls.is_empty() {
        let names: Vec<String> =
            files.files.iter().map(|file| file.display().to_string()).collect();
        let failure = Failure::new(Exit::No, format!("{}: no calls in it", names.join(", ")));
        return Err(failure.help("A recording is lines of JSON of the schema berkeley.trace/1."));
    }
    Ok(trace)
}

fn contents(file: &Path) -> std::io::Result<Vec<u8>> {
    if file.as_os_str() != "-" {
        return std::fs::read(file);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn write(to: &Written, ending: &str, bytes: &[u8], view: &View) -> Result<(), Failure> {
    let beside = || {
        let first = to.from.files.first().filter(|file| file.as_os_str() != "-");
        first.map_or_else(|| PathBuf::from("-"), |first| first.with_extension(ending))
    };
    let output = to.output.clone().unwrap_or_else(beside);
    if output.as_os_str() == "-" {
        return view.bytes(bytes);
    }
    std::fs::write(&output, bytes)
        .map_err(|error| Failure::new(Exit::No, format!("{}: {error}", output.display())))?;
    view.line(format_args!("wrote {}", output.display()))?;
    view.result(&json!({
        "ok": true, "schema": "berkeley.trace.file/1", "file": output, "bytes": bytes.len(),
    }))
}

fn show(trace: &Trace, view: &View) -> Result<(), Failure> {
    for line in text(trace, &Look { width: width(), unicode: is_utf8() }) {
        view.line(line)?;
    }
    let found = explain(trace);
    if !found.is_empty() {
        view.line("")?;
        tell(&found, view)?;
    }
    view.result(&json!({
        "ok": true, "schema": "berkeley.trace.show/1",
        "calls": trace.calls.len(), "links": trace.links.len(), "dropped": trace.dropped(),
        "found": found.iter().map(as_json).collect::<Vec<_>>(),
    }))
}

fn numbers(trace: &Trace, view: &View) -> Result<(), Failure> {
    let stats = stat(trace);
    let unicode = is_utf8();
    view.line(format_args!(
        "{STRONG}{:14} {:>8} {:>7} {:>12} {:>9} {:>9} {:>9} {:>9}{STRONG:#}",
        "call", "calls", "errors", "bytes", "p50", "p99", "max", "waited"
    ))?;
    let mut rows = Vec::new();
    for stat in &stats {
        let [p50, p99, max, waited] =
            [stat.p50, stat.p99, stat.max, stat.waited].map(|nanos| span(nanos, unicode));
        let error = if stat.errors > 0 { ERROR } else { DIM };
        view.line(format_args!(
            "{:14} {:>8} {error}{:>7}{error:#} {:>12} {p50:>9} {p99:>9} {max:>9} {waited:>9}",
            stat.op, stat.calls, stat.errors, stat.bytes
        ))?;
        let seconds = |nanos: i64| nanos as f64 / 1e9;
        let row = json!({
            "call": stat.op, "calls": stat.calls, "errors": stat.errors, "bytes": stat.bytes,
            "p50": seconds(stat.p50), "p99": seconds(stat.p99), "max": seconds(stat.max),
            "waited": seconds(stat.waited), "total": seconds(stat.total),
        });
        view.event(&row)?;
        rows.push(row);
    }
    if trace.dropped() > 0 {
        view.note(format_args!("{} calls were not recorded", trace.dropped()));
    }
    view.result(&json!({
        "ok": true, "schema": "berkeley.trace.stat/1", "dropped": trace.dropped(), "calls": rows,
    }))
}

fn check(trace: &Trace, view: &View) -> Result<(), Failure> {
    let found = explain(trace);
    tell(&found, view)?;
    let wrong = found.iter().filter(|finding| finding.level != Level::Note).count();
    if found.is_empty() {
        view.line(format_args!("{GOOD}nothing was found{GOOD:#} in {} calls", trace.calls.len()))?;
    }
    let found: Vec<Value> = found.iter().map(as_json).collect();
    for finding in &found {
        view.event(finding)?;
    }
    view.result(&json!({ "ok": wrong == 0, "schema": "berkeley.trace.check/1", "found": found }))?;
    match wrong {
        0 => Ok(()),
        // All that there is to say stands in the result.
        _ => Err(Failure::new(Exit::No, "")),
    }
}

fn tell(found: &[berkeley_picture::Finding], view: &View) -> Result<(), Failure> {
    let columns = width().min(100) - 4;
    for finding in found {
        let style = if finding.level == Level::Error { ERROR } else { STRONG };
        let (level, rule) = (finding.level.name(), finding.rule);
        let calls: Vec<String> =
            finding.calls.iter().take(8).map(|call| format!("#{}", call + 1)).collect();
        let more = if finding.calls.len() > 8 { " …" } else { "" };
        let calls = calls.join(" ");
        // An error that no rule knows has no name of its own.
        let rule = if rule == level { String::new() } else { format!(" {rule}") };
        let noun = if finding.calls.len() == 1 { "call" } else { "calls" };
        view.line(format_args!(
            "{style}{level}{style:#}:{rule}  {DIM}{noun} {calls}{more}{DIM:#}"
        ))?;
        for line in textwrap::wrap(&finding.what, columns) {
            view.line(format_args!("    {line}"))?;
        }
        for (number, line) in textwrap::wrap(&finding.remedy, columns - 5).iter().enumerate() {
            let label = if number == 0 { "try:" } else { "" };
            view.line(format_args!("    {GOOD}{label:4}{GOOD:#} {line}"))?;
        }
    }
    Ok(())
}

fn as_json(finding: &berkeley_picture::Finding) -> Value {
    json!({
        "rule": finding.rule, "level": finding.level.name(), "what": finding.what,
        "try": finding.remedy, "calls": finding.calls,
    })
}
