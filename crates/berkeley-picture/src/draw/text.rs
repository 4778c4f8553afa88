//! The sequence picture as text: two lifelines with arrows between them where two talk, and a list
//! where there are more.

use std::collections::{BTreeMap, BTreeSet};

use anstyle::{AnsiColor, Style};

use super::lanes::Lanes;
use crate::model::{Call, LinkKind, Trace};
use crate::ops::Way;
use crate::record::Nanos;
use crate::say;

/// What the text has to fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// How many columns there are.
    pub width: usize,
    /// Whether lines and arrows may be more than ASCII.
    pub unicode: bool,
}

impl Default for Look {
    fn default() -> Look {
        Look { width: 80, unicode: true }
    }
}

/// The narrowest picture that can be read.
const NARROWEST: usize = 64;
/// Wider pictures tear calls and arrows apart.
const WIDEST: usize = 132;
/// The column of times.
const TIME: usize = 7;

const ARROW: Style = AnsiColor::Cyan.on_default();
const WAIT: Style = AnsiColor::Yellow.on_default();
const ERROR: Style = AnsiColor::Red.on_default().bold();
const STRONG: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const PLAIN: Style = Style::new();

/// Draws the calls as lines of text, with colours as a terminal takes them: whoever writes
/// elsewhere takes those out, as the crate `anstream` does.
///
/// ```
/// use berkeley_picture::{Look, Trace, text};
///
/// let line = r#"{"ev":"call","t":1,"dur":0.001,"pid":1,"sock":"s1","op":"listen"}"#;
/// let lines = text(&Trace::read([line]), &Look { width: 100, unicode: false });
/// assert!(lines.last().unwrap().contains("s1.listen()"));
/// ```
pub fn text(trace: &Trace, look: &Look) -> Vec<String> {
    let lanes = Lanes::new(trace);
    let mut lines = match lanes.lanes.as_slice() {
        [left, right] => {
            let sheet = Sheet::new(*look);
            let rows = rows(trace, &lanes);
            let mut lines = vec![sheet.header(&left.name, &right.name)];
            let mut waiting = [false; 2];
            for moment in moments(&rows) {
                lines.extend(sheet.moment(&moment, &mut waiting));
            }
            lines
        }
        _ => {
            let mut all = vec![styled(DIM, &format!("{:>TIME$}", "ms"))];
            all.extend(lines(trace, &lanes, *look, 0));
            all
        }
    };
    if trace.dropped() > 0 {
        let dropped = say::count(usize::try_from(trace.dropped()).unwrap_or(usize::MAX), "call");
        lines.push(styled(WAIT, &format!("  {dropped} not recorded: the writer fell behind")));
    }
    lines
}

/// The calls from this one on as a list, a line each, however many talk: what can be added to while
/// they go on.
///
/// ```
/// use berkeley_picture::{Look, Trace, list};
///
/// let line = r#"{"ev":"call","t":1,"dur":0.001,"pid":1,"sock":"s1","op":"listen"}"#;
/// let trace = Trace::read([line, line]);
/// assert_eq!(list(&trace, &Look::default(), 1).len(), 1);
/// ```
pub fn list(trace: &Trace, look: &Look, first: usize) -> Vec<String> {
    lines(trace, &Lanes::new(trace), *look, first)
}

/// One call in the picture of two.
#[derive(Clone, PartialEq, Debug)]
struct Row {
    lane: usize,
    call: String,
    result: String,
    failed: bool,
    /// Whether it is one that waits for the other side.
    waits: bool,
    start: Nanos,
    end: Nanos,
    waited: Nanos,
    arrows: Vec<Arrow>,
}

/// Something that goes from one lane to the other.
#[derive(Clone, PartialEq, Debug)]
struct Arrow {
    from: usize,
    label: String,
}

fn rows(trace: &Trace, lanes: &Lanes) -> Vec<Row> {
    let begin = trace.start();
    let arrows = Arrows::new(trace, lanes);
    let mut over = BTreeSet::new();
    let mut rows = Vec::with_capacity(trace.calls.len());
    for (index, call) in trace.calls.iter().enumerate() {
        let lane = lanes.of_call.get(index).copied().unwrap_or_default();
        let waits = call.row().waits && call.row().way != Way::Out && call.op != "connect";
        rows.push(Row {
            lane,
            call: call_text(trace, call),
            result: say::result(trace, call),
            failed: call.is_error(),
            waits,
            start: call.start - begin,
            end: call.end - begin,
            waited: call.waited,
            arrows: arrows.of(index, call, lane, &mut over),
        });
    }
    rows
}

/// `s1.bind(127.0.0.1:0)`.
fn call_text(trace: &Trace, call: &Call) -> String {
    let said = say::call(trace, call);
    match trace.socket_of(call) {
        Some(socket) if !matches!(call.op.as_str(), "socket" | "socketpair") => {
            format!("{}.{said}", socket.name)
        }
        _ => said,
    }
}

/// What calls make go to the other lane.
struct Arrows<'a> {
    trace: &'a Trace,
    lanes: &'a Lanes,
    /// The links from each call.
    links: BTreeMap<usize, Vec<usize>>,
    /// The lane of each socket.
    home: BTreeMap<usize, usize>,
    /// The lane of who has an address: whoever connects there talks to them, also if nobody accepts.
    at: BTreeMap<&'a str, usize>,
    /// When each socket was closed: when that began.
    closed: BTreeMap<usize, Nanos>,
}

impl Arrows<'_> {
    fn new<'a>(trace: &'a Trace, lanes: &'a Lanes) -> Arrows<'a> {
        let mut links = BTreeMap::<usize, Vec<usize>>::new();
        for (index, link) in trace.links.iter().enumerate() {
            links.entry(link.from).or_default().push(index);
        }
        let (mut home, mut at, mut closed) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (index, call) in trace.calls.iter().enumerate() {
            let lane = lanes.of_call.get(index).copied().unwrap_or_default();
            for socket in call.socket.into_iter().chain(call.made) {
                home.insert(socket, lane);
                if call.op == "close" {
                    closed.insert(socket, call.start);
                }
            }
        }
        for (index, socket) in trace.sockets.iter().enumerate().rev() {
            if let (Some(local), None, Some(lane)) = (&socket.local, &socket.peer, home.get(&index))
            {
                at.insert(local.as_str(), *lane);
            }
        }
        Arrows { trace, lanes, links, home, at, closed }
    }

    fn of(&self, index: usize, call: &Call, lane: usize, over: &mut BTreeSet<usize>) -> Vec<Arrow> {
        let Some(socket) = self.trace.socket_of(call) else { return Vec::new() };
        let links = self.links.get(&index).map(Vec::as_slice).unwrap_or_default();
        let links: Vec<_> = links.iter().filter_map(|at| self.trace.links.get(*at)).collect();
        let crosses = links.iter().any(|link| self.lanes.of_call.get(link.to) != Some(&lane));
        let there = socket.peer.as_deref().or(call.word("addr"));
        let other = match socket.other {
            Some(other) => self.home.get(&other),
            None => there.and_then(|addr| self.at.get(addr)),
        };
        let talks = crosses || links.is_empty() && other.is_some_and(|other| *other != lane);
        let there = 1 - lane.min(1);
        let arrows = |labels: &[&str]| -> Vec<Arrow> {
            let label = |(number, label): (usize, &&str)| Arrow {
                from: if number % 2 == 0 { lane } else { there },
                label: (*label).to_owned(),
            };
            labels.iter().enumerate().map(label).collect()
        };
        let row = call.row();
        match (call.op.as_str(), call.errno.as_deref()) {
            ("connect", None) if !talks || !socket.is_stream() => Vec::new(),
            ("connect", None) if socket.is_tcp() => arrows(&["SYN", "SYN+ACK", "ACK"]),
            ("connect", None) => arrows(&["connect"]),
            ("connect", Some("ECONNREFUSED")) if talks && socket.is_tcp() => {
                arrows(&["SYN", "RST"])
            }
            ("shutdown" | "close", None) if talks && socket.is_stream() => {
                let reads_on = call.word("how") == Some("SHUT_RD");
                let other_closed = socket.other.and_then(|other| self.closed.get(&other));
                let heard = other_closed.is_none_or(|closed| *closed > call.start);
                let first = call.socket.is_some_and(|socket| over.insert(socket));
                let reset = links.iter().any(|link| link.kind == LinkKind::Reset);
                match (first && !reads_on, socket.is_tcp(), heard) {
                    (true, true, true) if reset => arrows(&["RST"]),
                    (true, true, _) => arrows(&["FIN"]),
                    (true, false, true) => arrows(&["end"]),
                    _ => Vec::new(),
                }
            }
            (_, None) if row.way == Way::Out && talks && !row.plain && call.bytes() > 0 => {
                let bytes = call.bytes();
                let bytes = match bytes {
                    1 => "1 byte".to_owned(),
                    0..10_000 => format!("{bytes} bytes"),
                    _ => say::size(bytes),
                };
                arrows(&[&bytes])
            }
            _ => Vec::new(),
        }
    }
}

/// A row of the picture: a whole call, or the beginning or the end of one that waited.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Moment<'a> {
    at: Nanos,
    row: &'a Row,
    part: Part,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Whole,
    Begin,
    End,
}

/// The rows in the order in which they happened.
///
/// A call stands where it began, and one that waited for the other side also where it returned,
/// if something happened in between.
fn moments(rows: &[Row]) -> Vec<Moment<'_>> {
    // When something happens in each lane, in order.
    let mut times: [Vec<Nanos>; 2] = Default::default();
    for row in rows {
        if let Some(times) = times.get_mut(row.lane) {
            times.push(row.start);
            if row.waits {
                times.push(row.end);
            }
        }
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    let split = |row: &Row| {
        let other = times.get(1 - row.lane.min(1)).map(Vec::as_slice).unwrap_or_default();
        let next = other.get(other.partition_point(|at| *at <= row.start));
        row.waits && next.is_some_and(|at| *at < row.end)
    };
    let mut moments = Vec::new();
    for row in rows {
        let at = row.start;
        if split(row) {
            moments.push(Moment { at, row, part: Part::Begin });
            moments.push(Moment { at: row.end, row, part: Part::End });
        } else {
            moments.push(Moment { at, row, part: Part::Whole });
        }
    }
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// The widths and the characters of one picture.
#[derive(Debug)]
struct Sheet {
    /// The columns beside each lifeline.
    lane: usize,
    /// The columns between the lifelines.
    gap: usize,
    unicode: bool,
}

impl Sheet {
    fn new(look: Look) -> Sheet {
        let width = look.width.clamp(NARROWEST, WIDEST);
        let gap = 12 + width.saturating_sub(80) / 4;
        // The times and a space, and a space and a lifeline on both sides.
        let lane = (width - TIME - 1 - 4 - gap) / 2;
        Sheet { lane, gap, unicode: look.unicode }
    }

    fn header(&self, left: &str, right: &str) -> String {
        let cut = |name: &str| name.chars().take(self.lane).collect::<String>();
        let left = format!("{:>lane$}", cut(left), lane = self.lane + 2);
        let right = cut(right);
        format!(
            "{DIM}{:>TIME$}{DIM:#} {STRONG}{left}{:gap$}{right}{STRONG:#}",
            "ms",
            "",
            gap = self.gap
        )
    }

    /// The lines of one row: the texts beside the lifeline of its side, and its arrows.
    fn moment(&self, moment: &Moment<'_>, waiting: &mut [bool; 2]) -> Vec<String> {
        let row = moment.row;
        let texts = self.texts(moment);
        let arrows: &[Arrow] = if moment.part == Part::End { &[] } else { &row.arrows };
        let height = texts.len().max(arrows.len());
        let mut lines = Vec::with_capacity(height);
        for number in 0..height {
            let knot = match (moment.part, number) {
                (Part::Begin, 0) => Some(self.begin(row.lane)),
                // The end of waiting stands in the last line.
                (Part::End, _) if number + 1 == height => Some(self.end(row.lane)),
                (Part::Whole, 0) => Some(self.call(row.lane)),
                _ => None,
            };
            let text = texts.get(number).map_or(&[][..], Vec::as_slice);
            let (on_left, on_right) = if row.lane == 0 { (text, &[][..]) } else { (&[][..], text) };
            let time = match number {
                0 => milliseconds(moment.at),
                _ => " ".repeat(TIME),
            };
            let knot_of = |lane: usize, waits: bool| match knot {
                Some(knot) if lane == row.lane => styled(knot_style(moment), knot),
                _ => self.lifeline(waits),
            };
            let [left_waits, right_waits] = *waiting;
            let line = format!(
                "{} {} {}{}{} {}",
                styled(DIM, &time),
                right(on_left, self.lane),
                knot_of(0, left_waits),
                self.arrow(arrows.get(number)),
                knot_of(1, right_waits),
                left(on_right),
            );
            lines.push(line.trim_end().to_owned());
            if let Some(waits) = waiting.get_mut(row.lane) {
                match moment.part {
                    Part::Begin => *waits = true,
                    Part::End if number + 1 == height => *waits = false,
                    _ => {}
                }
            }
        }
        lines
    }

    /// What stands beside the lifeline: the call, its result, and how long it took, in as few
    /// lines as they fit into.
    fn texts(&self, moment: &Moment<'_>) -> Vec<Vec<Piece>> {
        let row = moment.row;
        let mut pieces = Vec::new();
        if moment.part != Part::End {
            pieces.push((PLAIN, row.call.clone()));
        }
        if moment.part != Part::Begin && !row.result.is_empty() {
            let style = if row.failed { ERROR } else { STRONG };
            let arrow = if self.unicode { "→" } else { "->" };
            pieces.push((style, format!("{arrow} {}", row.result)));
        }
        let took = say::span(row.end - row.start, self.unicode);
        let waited = row.waited >= 1_000_000;
        if moment.part == Part::End || moment.part == Part::Whole && waited {
            pieces.push((WAIT, format!("waited {took}")));
        }
        let pieces = pieces.into_iter().map(|(style, text)| (style, self.plain(text)));
        let mut lines = self.fill(pieces.collect());
        // The time of a call that did not wait is worth no line of its own.
        if let (Part::Whole, false, Some(last)) = (moment.part, waited, lines.last_mut()) {
            if width(last) + 1 + took.chars().count() <= self.lane {
                last.push((DIM, took));
            }
        }
        lines
    }

    fn plain(&self, text: String) -> String {
        if self.unicode { text } else { ascii(&text) }
    }

    /// Puts pieces into lines. One that is longer than a line is broken.
    fn fill(&self, pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
        let mut lines: Vec<Vec<Piece>> = vec![Vec::new()];
        for (style, text) in pieces {
            for part in broken(&text, self.lane) {
                let needs = part.chars().count() + 1;
                match lines.last_mut() {
                    Some(line) if line.is_empty() || width(line) + needs <= self.lane => {
                        line.push((style, part));
                    }
                    _ => lines.push(vec![(style, part)]),
                }
            }
        }
        lines
    }

    fn arrow(&self, arrow: Option<&Arrow>) -> String {
        let Some(Arrow { from, label }) = arrow else { return " ".repeat(self.gap) };
        let (dash, head_right, head_left) =
            if self.unicode { ('─', '▶', '◀') } else { ('-', '>', '<') };
        let room = self.gap - 1;
        let label: String = format!(" {label} ").chars().take(room).collect();
        let before = (room - label.chars().count()) / 2;
        let after = room - label.chars().count() - before;
        let dashes = |count: usize| dash.to_string().repeat(count);
        let text = match from {
            0 => format!("{}{label}{}{head_right}", dashes(before), dashes(after)),
            _ => format!("{head_left}{}{label}{}", dashes(before), dashes(after)),
        };
        styled(ARROW, &text)
    }

    fn lifeline(&self, waits: bool) -> String {
        match (waits, self.unicode) {
            (true, true) => styled(WAIT, "┃"),
            (true, false) => styled(WAIT, ":"),
            (false, true) => styled(DIM, "│"),
            (false, false) => styled(DIM, "|"),
        }
    }

    fn call(&self, lane: usize) -> &'static str {
        match (lane, self.unicode) {
            (0, true) => "┤",
            (_, true) => "├",
            _ => "+",
        }
    }

    fn begin(&self, lane: usize) -> &'static str {
        match (lane, self.unicode) {
            (0, true) => "┓",
            (_, true) => "┏",
            _ => "+",
        }
    }

    fn end(&self, lane: usize) -> &'static str {
        match (lane, self.unicode) {
            (0, true) => "┛",
            (_, true) => "┗",
            _ => "+",
        }
    }
}

fn knot_style(moment: &Moment<'_>) -> Style {
    match (moment.part, moment.row.failed) {
        (Part::Whole, false) => PLAIN,
        (Part::Whole, true) => ERROR,
        _ => WAIT,
    }
}

/// A line a call, for those who are not two.
fn lines(trace: &Trace, lanes: &Lanes, look: Look, first: usize) -> Vec<String> {
    let begin = trace.start();
    let widest = lanes.lanes.iter().map(|lane| lane.name.chars().count()).max().unwrap_or_default();
    let column = widest.min(24);
    let mut from: BTreeMap<usize, usize> = BTreeMap::new();
    for link in &trace.links {
        from.entry(link.to).or_insert(link.from);
    }
    let (arrow, back) = if look.unicode { ("→", "◀─") } else { ("->", "<-") };
    let mut lines = Vec::with_capacity(trace.calls.len().saturating_sub(first));
    for (index, call) in trace.calls.iter().enumerate().skip(first) {
        let lane = lanes.of_call.get(index).and_then(|lane| lanes.lanes.get(*lane));
        let lane = lane.map(|lane| lane.name.as_str()).unwrap_or_default();
        let lane: String = lane.chars().take(column).collect();
        let mut pieces = vec![(PLAIN, call_text(trace, call))];
        let result = say::result(trace, call);
        if !result.is_empty() {
            let style = if call.is_error() { ERROR } else { STRONG };
            pieces.push((style, format!("{arrow} {result}")));
        }
        if let Some(other) = from.get(&index).and_then(|at| trace.calls.get(*at)) {
            let socket = trace.socket_of(other).map(|s| s.name.clone()).unwrap_or_default();
            pieces.push((ARROW, format!("{back} {socket}.{}", other.op)));
        }
        let took = say::span(call.took(), look.unicode);
        match call.waited >= 1_000_000 {
            true => pieces.push((WAIT, format!("waited {took}"))),
            false => pieces.push((DIM, took)),
        }
        let texts = pieces.iter().map(|(style, text)| {
            let text = if look.unicode { text.clone() } else { ascii(text) };
            styled(*style, &text)
        });
        let text = texts.collect::<Vec<_>>().join(" ");
        let time = styled(DIM, &milliseconds(call.start - begin));
        lines.push(format!("{time} {STRONG}{lane:column$}{STRONG:#}  {text}"));
    }
    lines
}

/// A text in one style.
type Piece = (Style, String);

/// How many columns pieces take, with a space between each two.
fn width(pieces: &[Piece]) -> usize {
    let texts: usize = pieces.iter().map(|(_, text)| text.chars().count()).sum();
    texts + pieces.len().saturating_sub(1)
}

fn left(pieces: &[Piece]) -> String {
    let texts: Vec<String> = pieces.iter().map(|(style, text)| styled(*style, text)).collect();
    texts.join(" ")
}

fn right(pieces: &[Piece], lane: usize) -> String {
    format!("{}{}", " ".repeat(lane.saturating_sub(width(pieces))), left(pieces))
}

fn styled(style: Style, text: &str) -> String {
    if style == PLAIN { text.to_owned() } else { format!("{style}{text}{style:#}") }
}

/// A text without what ASCII does not have.
fn ascii(text: &str) -> String {
    let plain = |c: char| match c {
        '…' => "...".to_owned(),
        'µ' => "u".to_owned(),
        c if c.is_ascii() => c.to_string(),
        _ => "?".to_owned(),
    };
    text.chars().map(plain).collect()
}

/// A time in as many places as there is room for: a slow machine must not break the picture.
fn milliseconds(at: Nanos) -> String {
    let value = at as f64 / 1e6;
    let shown = format!("{value:>TIME$.3}");
    shown.get(..TIME).map_or(shown.clone(), |cut| cut.trim_end_matches('.').to_owned())
}

/// A text in lines of at most so many columns, broken between words if it can be.
fn broken(text: &str, columns: usize) -> Vec<String> {
    let options = textwrap::Options::new(columns)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let lines = textwrap::wrap(text, options).into_iter();
    lines.filter(|line| !line.is_empty()).map(String::from).collect()
}
