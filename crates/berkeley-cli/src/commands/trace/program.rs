//! `trace -- COMMAND`: a program is run, and its calls are recorded.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use berkeley_picture::Trace;
use clap::Args;
use serde_json::json;

use crate::failure::{Exit, Failure};
use crate::view::View;

/// So many bytes of what each call sends and receives are kept.
pub(crate) const PAYLOAD: usize = 32;

#[derive(Args, Debug)]
pub(super) struct Program {
    /// Where the calls of COMMAND are recorded [default: trace.jsonl]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Keep so many bytes of what each call sends and receives
    #[arg(long, value_name = "BYTES", default_value_t = PAYLOAD)]
    payload: usize,
    /// A program on berkeley, which is run, or one of Python's
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Runs it, and draws what it has done. Ends as the program does.
pub(super) fn run(program: &Program, view: &View) -> Result<(), Failure> {
    let command = with_berkeley(&program.command);
    let Some((name, arguments)) = command.split_first() else {
        return Err(Failure::usage("there is no recording to show, and no program to run")
            .help("berkeley trace show FILE, or: berkeley trace -o FILE -- COMMAND; see --help"));
    };
    let file = program.output.clone().unwrap_or_else(|| PathBuf::from("trace.jsonl"));
    let failed =
        |error: std::io::Error| Failure::new(Exit::No, format!("{}: {error}", file.display()));
    // All that the program starts write behind what is there.
    std::fs::write(&file, "").map_err(failed)?;
    let full = std::path::absolute(&file).map_err(failed)?;
    // Ctrl-C is for the program; what it has done until then is drawn.
    let _ignored =
        signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::new(AtomicBool::new(false)));
    let ended = Command::new(name)
        .args(arguments)
        .env("BERKELEY_TRACE", &full)
        .env("BERKELEY_TRACE_PAYLOAD", program.payload.to_string())
        .status()
        .map_err(|error| Failure::new(Exit::No, format!("{}: {error}", name.to_string_lossy())))?;
    let text = String::from_utf8_lossy(&std::fs::read(&file).map_err(failed)?).into_owned();
    let trace = Trace::read([text.as_str()]);
    if trace.calls.is_empty() {
        let failure =
            Failure::new(Exit::No, format!("{} has made no calls", name.to_string_lossy()));
        return Err(failure.help(
            "only programs on berkeley are seen; of others: strace -f -yy -ttt -T -o log COMMAND, \
             and berkeley trace import log",
        ));
    }
    let page = file.with_extension("html");
    std::fs::write(&page, berkeley_picture::html(&trace))
        .map_err(|error| Failure::new(Exit::No, format!("{}: {error}", page.display())))?;
    let calls = trace.calls.len();
    view.note(format_args!("{calls} calls in {}, drawn in {}", file.display(), page.display()));
    if trace.dropped() > 0 {
        view.note(format_args!("{} calls were not recorded", trace.dropped()));
    }
    view.result(&json!({
        "ok": ended.success(), "schema": "berkeley.trace.run/1", "file": file, "page": page,
        "calls": calls, "dropped": trace.dropped(), "status": status_of(ended),
    }))?;
    match status_of(ended) {
        0 => Ok(()),
        status => {
            view.flush()?;
            std::process::exit(status)
        }
    }
}

/// As a shell has it: 128 and the number of the signal that ended it.
fn status_of(ended: ExitStatus) -> i32 {
    ended.code().unwrap_or_else(|| 128 + ended.signal().unwrap_or(0))
}

/// The same command, where that is Python without berkeley with it.
fn with_berkeley(command: &[OsString]) -> Vec<OsString> {
    let mut command = command.to_vec();
    let is_python = command.first().is_some_and(|name| {
        let name = Path::new(name).file_name().unwrap_or_default().to_string_lossy();
        name.strip_prefix("python")
            .is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.'))
    });
    let Some(place) = is_python.then(|| place_of_program(&command)).flatten() else {
        return command;
    };
    let begins = |text: [&str; 2]| {
        command.iter().skip(place).map(OsString::as_os_str).take(2).eq(text.map(OsStr::new))
    };
    if !begins(["-m", "berkeley"]) {
        command.splice(place..place, ["-m", "berkeley"].map(OsString::from));
    }
    command
}

/// Where Python's options end and the program begins.
fn place_of_program(command: &[OsString]) -> Option<usize> {
    let mut place = 1;
    loop {
        let word = command.get(place)?.to_string_lossy();
        match &*word {
            "-" | "-c" | "-m" => return Some(place),
            "-W" | "-X" | "--check-hash-based-pycs" => place += 2,
            word if word.starts_with("-c") || word.starts_with("-m") => return Some(place),
            word if word.starts_with('-') => place += 1,
            _ => return Some(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(command: &str) -> String {
        let words: Vec<OsString> = command.split(' ').map(OsString::from).collect();
        let words = with_berkeley(&words);
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_program_of_pythons_gets_berkeley() {
        for (given, run) in [
            ("python app.py x", "python -m berkeley app.py x"),
            (
                "/usr/bin/python3.12 -u -X dev app.py -m",
                "/usr/bin/python3.12 -u -X dev -m berkeley app.py -m",
            ),
            ("python3 -m http.server", "python3 -m berkeley -m http.server"),
            ("python3 -c pass", "python3 -m berkeley -c pass"),
            ("python3 -m berkeley app.py", "python3 -m berkeley app.py"),
            ("python3 -V", "python3 -V"),
            ("pythonic app.py", "pythonic app.py"),
            ("berkeley serve :0", "berkeley serve :0"),
        ] {
            assert_eq!(said(given), run);
        }
    }
}
