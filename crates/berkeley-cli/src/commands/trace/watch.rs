//! `trace show --watch`: the last calls of recordings that grow, live.

use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use berkeley_picture::{Level, Live, Look, Trace, explain, list, text};
use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, poll, read};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode, size,
};
use crossterm::{cursor, execute, queue};

use crate::failure::{Exit, Failure};
use crate::text::{is_utf8, width};
use crate::view::{DIM, ERROR, STRONG, View};

/// How many calls are kept to look back at.
const KEPT: usize = 2000;
/// How often is looked for more.
const TICK: Duration = Duration::from_millis(100);

/// Shows what is added to the files: on a terminal as a picture that moves, and in a pipe a line for
/// each call. With a limit of time it ends by itself.
pub(super) fn run(files: &[PathBuf], limit: Option<Duration>, view: &View) -> Result<(), Failure> {
    let mut sources = Vec::new();
    for file in files {
        let opened = File::open(file)
            .map_err(|error| Failure::new(Exit::No, format!("{}: {error}", file.display())))?;
        sources.push(Source { file: opened, half: Vec::new() });
    }
    let end = limit.map(|limit| Instant::now() + limit);
    if std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        let screen = Screen::open()?;
        let ended = watch(&mut sources, end);
        drop(screen);
        return ended;
    }
    lines(&mut sources, end, view)
}

/// A file that grows.
struct Source {
    file: File,
    /// The beginning of a letter whose end is not there yet.
    half: Vec<u8>,
}

impl Source {
    fn more(&mut self) -> Result<String, Failure> {
        let mut bytes = std::mem::take(&mut self.half);
        self.file.read_to_end(&mut bytes)?;
        // A recording is ASCII where it matters; what ends within a letter is looked at again.
        let whole = match std::str::from_utf8(&bytes) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => bytes.len(),
        };
        self.half = bytes.split_off(whole);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Takes what is new, and says whether there was something.
fn take(sources: &mut [Source], live: &mut Live) -> Result<bool, Failure> {
    let mut any = false;
    for (number, source) in sources.iter_mut().enumerate() {
        let text = source.more()?;
        any |= !text.is_empty();
        live.push(number, &text);
    }
    Ok(any)
}

fn lines(sources: &mut [Source], end: Option<Instant>, view: &View) -> Result<(), Failure> {
    let mut live = Live::new(KEPT);
    let look = Look { width: width(), unicode: is_utf8() };
    // What was shown last: the calls before it are not looked at again.
    let mut shown = i64::MIN;
    loop {
        if take(sources, &mut live)? {
            let trace = live.trace();
            let first = trace.calls.iter().position(|call| call.start > shown);
            for line in first.map(|first| list(&trace, &look, first)).unwrap_or_default() {
                view.line(line)?;
            }
            shown = trace.calls.last().map_or(shown, |call| call.start);
            view.flush()?;
        }
        match end {
            Some(end) if Instant::now() >= end => return Ok(()),
            _ => std::thread::sleep(TICK),
        }
    }
}

/// The terminal while it is ours.
struct Screen;

impl Screen {
    fn open() -> Result<Screen, Failure> {
        enable_raw_mode()?;
        let screen = Screen;
        execute!(std::io::stdout(), EnterAlternateScreen, cursor::Hide)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = execute!(std::io::stdout(), LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
    }
}

/// What a person has done to the picture.
#[derive(Default)]
struct Hand {
    /// How many lines above the end it is.
    back: usize,
    paused: bool,
    done: bool,
}

fn watch(sources: &mut [Source], end: Option<Instant>) -> Result<(), Failure> {
    let mut live = Live::new(KEPT);
    let mut hand = Hand::default();
    let mut picture: Option<Picture> = None;
    while !hand.done {
        let (columns, rows) = size()?;
        let columns = usize::from(columns);
        let changed = !hand.paused && take(sources, &mut live)?;
        if changed || picture.as_ref().is_none_or(|picture| picture.columns != columns) {
            picture = Some(Picture::new(&live, columns));
        }
        if let Some(picture) = &picture {
            picture.draw(&mut hand, usize::from(rows))?;
        }
        if poll(TICK)? {
            listen(&mut hand, usize::from(rows))?;
        }
        hand.done |= end.is_some_and(|end| Instant::now() >= end);
    }
    Ok(())
}

fn listen(hand: &mut Hand, rows: usize) -> Result<(), Failure> {
    let Event::Key(key) = read()? else { return Ok(()) };
    if key.kind == KeyEventKind::Release {
        return Ok(());
    }
    let page = rows.saturating_sub(5).max(1);
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => hand.done = true,
        KeyCode::Char('q') | KeyCode::Esc => hand.done = true,
        KeyCode::Char(' ') => hand.paused = !hand.paused,
        KeyCode::Up | KeyCode::Char('k') => hand.back += 1,
        KeyCode::Down | KeyCode::Char('j') => hand.back = hand.back.saturating_sub(1),
        KeyCode::PageUp => hand.back += page,
        KeyCode::PageDown => hand.back = hand.back.saturating_sub(page),
        KeyCode::Home => hand.back = usize::MAX,
        KeyCode::End => hand.back = 0,
        _ => {}
    }
    Ok(())
}

/// The lines of one moment.
struct Picture {
    columns: usize,
    head: String,
    lines: Vec<String>,
    found: Option<String>,
}

impl Picture {
    fn new(live: &Live, columns: usize) -> Picture {
        let trace = live.trace();
        let mut lines = text(&trace, &Look { width: columns, unicode: is_utf8() });
        let title = if lines.is_empty() { String::new() } else { lines.remove(0) };
        let found = explain(&trace);
        let found = found.iter().rev().find(|finding| finding.level != Level::Note);
        let found = found.map(|finding| format!("{}: {}", finding.rule, finding.what));
        Picture { columns, head: format!("{}\n{title}", head(live, &trace)), lines, found }
    }

    fn draw(&self, hand: &mut Hand, rows: usize) -> Result<(), Failure> {
        let mut frame: Vec<String> = self.head.lines().map(str::to_owned).collect();
        let room = rows.saturating_sub(frame.len() + 2).max(1);
        hand.back = hand.back.min(self.lines.len().saturating_sub(room));
        let last = self.lines.len() - hand.back;
        let first = last.saturating_sub(room);
        frame.extend(self.lines.get(first..last).unwrap_or_default().iter().cloned());
        frame.resize(rows.saturating_sub(2), String::new());
        let found = self.found.as_deref().unwrap_or_default();
        frame.push(format!("{ERROR}{}{ERROR:#}", cut(found, self.columns)));
        let state = match (hand.paused, hand.back) {
            (true, _) => "paused",
            (_, 0) => "live",
            _ => "looking back",
        };
        let keys =
            format!("{state}   q ends   space pauses   ↑ ↓ PgUp PgDn look back   End goes on");
        frame.push(format!("{DIM}{}{DIM:#}", cut(&keys, self.columns)));
        let colours = anstream::stdout().current_choice() != anstream::ColorChoice::Never;
        let mut out = std::io::stdout().lock();
        for (row, line) in frame.iter().take(rows).enumerate() {
            let row = u16::try_from(row).unwrap_or(u16::MAX);
            queue!(out, cursor::MoveTo(0, row), Clear(ClearType::CurrentLine))?;
            match colours {
                true => write!(out, "{line}")?,
                false => write!(out, "{}", anstream::adapter::strip_str(line))?,
            }
        }
        Ok(out.flush()?)
    }
}

fn head(live: &Live, trace: &Trace) -> String {
    let names: Vec<&str> = trace.processes.iter().map(|process| process.name.as_str()).collect();
    let open = trace.sockets.iter().filter(|socket| socket.closed.is_none()).count();
    let errors = trace.calls.iter().filter(|call| call.is_error()).count();
    let dropped = match trace.dropped() {
        0 => String::new(),
        dropped => format!("   {ERROR}{dropped} not recorded{ERROR:#}"),
    };
    format!(
        "{STRONG}{}{STRONG:#}   {} calls   {open} sockets open   {errors} errors of late{dropped}",
        names.join(", "),
        live.calls(),
    )
}

/// At most so many letters.
fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}
