//! What a person or a program sees: results on the standard output, everything else on the
//! standard error.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::ColorChoice;
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use serde_json::Value;

use crate::args::{Global, When};
use crate::failure::{Exit, Failure};

/// Bold red, for what went wrong.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Green, for what went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Bold, for headings and names.
pub(crate) const STRONG: Style = Style::new().bold();
/// Dim, for what matters less.
pub(crate) const DIM: Style = Style::new().dimmed();

/// How results are shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// One object at the end.
    Json,
    /// An object a line as things happen, the last of which is the one of `Json`.
    JsonLines,
}

/// The two streams and how to write to them.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) form: Form,
    quiet: bool,
    verbose: u8,
    progress: bool,
    /// Whether a final object was printed, of which there is to be one.
    finished: AtomicBool,
}

impl View {
    pub(crate) fn new(global: &Global) -> View {
        match global.color {
            When::Auto => {}
            When::Always => ColorChoice::Always.write_global(),
            When::Never => ColorChoice::Never.write_global(),
        }
        let form = match (global.json, global.json_lines) {
            (_, true) => Form::JsonLines,
            (true, _) => Form::Json,
            _ => Form::Text,
        };
        let progress = match global.progress {
            When::Auto => std::io::stderr().is_terminal() && !global.quiet,
            When::Always => true,
            When::Never => false,
        };
        View {
            form,
            quiet: global.quiet,
            verbose: global.verbose,
            progress,
            finished: AtomicBool::new(false),
        }
    }

    /// A live line about a transfer, on a terminal and if nothing else is written there.
    pub(crate) fn progress_line(&self, writes_results: bool) -> Option<ProgressBar> {
        self.bar(writes_results, "{elapsed_precise}  {bytes}  {bytes_per_sec}")
    }

    /// A live line about anything.
    pub(crate) fn live_line(&self) -> Option<ProgressBar> {
        self.bar(false, "{elapsed_precise} {msg}")
    }

    fn bar(&self, writes_results: bool, template: &str) -> Option<ProgressBar> {
        if !self.progress || writes_results && std::io::stdout().is_terminal() {
            return None;
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar()),
        );
        Some(bar)
    }

    /// Whether a person sees remarks: there is a terminal, and quiet was not asked for.
    pub(crate) fn tells_people(&self) -> bool {
        std::io::stderr().is_terminal() && !self.quiet
    }

    /// A line of the result, for people; nothing where programs read.
    pub(crate) fn line(&self, text: impl std::fmt::Display) -> Result<(), Failure> {
        match self.form {
            Form::Text => Ok(writeln!(anstream::stdout().lock(), "{text}")?),
            Form::Json | Form::JsonLines => Ok(()),
        }
    }

    /// Bytes of the result as they are.
    pub(crate) fn bytes(&self, data: &[u8]) -> Result<(), Failure> {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(data)?;
        Ok(stdout.flush()?)
    }

    /// Something that happened, for `--json-lines`.
    pub(crate) fn event(&self, event: &impl Serialize) -> Result<(), Failure> {
        match self.form {
            Form::JsonLines => print_json(event),
            Form::Text | Form::Json => Ok(()),
        }
    }

    /// The whole result, for programs.
    pub(crate) fn result(&self, result: &impl Serialize) -> Result<(), Failure> {
        match self.form {
            Form::Text => Ok(()),
            Form::Json | Form::JsonLines => {
                self.finished.store(true, Ordering::Relaxed);
                print_json(result)
            }
        }
    }

    /// A remark for people, beside the result. Not even a closed standard error stops the command.
    pub(crate) fn note(&self, text: impl std::fmt::Display) {
        if !self.quiet {
            let _ = writeln!(anstream::stderr().lock(), "{text}");
        }
    }

    /// Whether more was asked for (`-v`).
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose > 0
    }

    /// A remark for those who asked for more (`-v`).
    pub(crate) fn detail(&self, text: impl std::fmt::Display) {
        if self.verbose > 0 {
            self.note(text);
        }
    }

    /// Says why the command failed.
    pub(crate) fn failure(&self, failure: &Failure) {
        if failure.exit == Exit::Pipe {
            return;
        }
        if self.form != Form::Text && !self.finished.load(Ordering::Relaxed) {
            let _ = print_json(&failure.to_json());
        }
        if failure.message.is_empty() {
            return;
        }
        let mut stderr = anstream::stderr().lock();
        let _ = writeln!(stderr, "{ERROR}error:{ERROR:#} {}", failure.message);
        if let Some(help) = &failure.help {
            let _ = writeln!(stderr, "  {help}");
        }
    }

    /// Sees to it that everything is written.
    pub(crate) fn flush(&self) -> Result<(), Failure> {
        Ok(std::io::stdout().flush()?)
    }
}

fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).unwrap_or_else(|_| Value::Null.to_string());
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}")?;
    Ok(stdout.flush()?)
}
