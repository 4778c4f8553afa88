//! The sequence picture: two lifelines, the calls beside them, arrows between them.
//!
//! It is drawn from a list of events alone, so that it does not matter who recorded them.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::event::{Arrow, Event, Side};
use crate::text::broken;
use crate::view::{DIM, ERROR, STRONG};

/// What the picture has to fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// How many columns there are.
    pub(crate) width: usize,
    /// Whether lines and arrows may be more than ASCII.
    pub(crate) unicode: bool,
}

/// The narrowest picture that can be read.
const NARROWEST: usize = 64;
/// Wider pictures tear calls and arrows apart.
const WIDEST: usize = 132;
/// The column of times.
const TIME: usize = 7;

const ARROW: Style = AnsiColor::Cyan.on_default();
const WAIT: Style = AnsiColor::Yellow.on_default();
const PLAIN: Style = Style::new();

/// Draws the picture, a line each.
pub(crate) fn draw(events: &[Event], look: Look) -> Vec<String> {
    let sheet = Sheet::new(look);
    let mut lines = vec![sheet.header()];
    let mut waiting = Waiting::default();
    for moment in moments(events) {
        lines.extend(sheet.moment(&moment, &mut waiting));
    }
    lines
}

/// A duration in the unit that suits it: `728 ns`, `35 µs`, `5.06 ms`, `1.50 s`.
pub(crate) fn span(duration: Duration, unicode: bool) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 0.9995e-6 {
        format!("{:.0} ns", seconds * 1e9)
    } else if seconds < 999.5e-6 {
        format!("{:.0} {}", seconds * 1e6, if unicode { "µs" } else { "us" })
    } else if seconds < 99.95e-3 {
        format!("{:.2} ms", seconds * 1e3)
    } else if seconds < 0.9995 {
        format!("{:.0} ms", seconds * 1e3)
    } else {
        format!("{seconds:.2} s")
    }
}

/// A row of the picture: a whole call, or the beginning or the end of one that waited.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Moment<'a> {
    at: Duration,
    event: &'a Event,
    part: Part,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Whole,
    Begin,
    End,
}

/// Whether each side waits in a call at the moment.
#[derive(Clone, Copy, Default, Debug)]
struct Waiting {
    server: bool,
    client: bool,
}

impl Waiting {
    fn side(&mut self, side: Side) -> &mut bool {
        match side {
            Side::Server => &mut self.server,
            Side::Client => &mut self.client,
        }
    }
}

/// The rows in the order in which they happened.
///
/// A call stands where it began, and one that waited for the other side also where it returned,
/// if something happened in between.
fn moments(events: &[Event]) -> Vec<Moment<'_>> {
    let split = |event: &Event| {
        let meanwhile = |at: Duration| event.start < at && at < event.end();
        waits(event)
            && events
                .iter()
                .filter(|other| other.side != event.side)
                .any(|other| meanwhile(other.start) || waits(other) && meanwhile(other.end()))
    };
    let mut moments = Vec::new();
    for event in events {
        let at = event.start;
        if split(event) {
            moments.push(Moment { at, event, part: Part::Begin });
            moments.push(Moment { at: event.end(), event, part: Part::End });
        } else {
            moments.push(Moment { at, event, part: Part::Whole });
        }
    }
    moments.sort_by_key(|moment| moment.at);
    moments
}

/// Whether this is a call that waits for the other side.
fn waits(event: &Event) -> bool {
    matches!(event.call, "accept" | "recv" | "recvfrom")
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

    fn header(&self) -> String {
        let server = format!("{:>lane$}", "server", lane = self.lane + 2);
        format!(
            "{DIM}{:>TIME$}{DIM:#} {STRONG}{server}{:gap$}client{STRONG:#}",
            "ms",
            "",
            gap = self.gap
        )
    }

    /// The lines of one row: the texts beside the lifeline of its side, and its arrows.
    fn moment(&self, moment: &Moment<'_>, waiting: &mut Waiting) -> Vec<String> {
        let event = moment.event;
        let texts = self.texts(moment);
        let arrows: &[Arrow] = if moment.part == Part::End { &[] } else { &event.arrows };
        let height = texts.len().max(arrows.len());
        let mut lines = Vec::with_capacity(height);
        for number in 0..height {
            let knot = match (moment.part, number) {
                (Part::Begin, 0) => Some(self.begin(event.side)),
                // The end of waiting stands in the last line.
                (Part::End, _) if number + 1 == height => Some(self.end(event.side)),
                (Part::Whole, 0) => Some(self.call(event.side)),
                _ => None,
            };
            let text = texts.get(number).map_or(&[][..], Vec::as_slice);
            let (server, client) = match event.side {
                Side::Server => (text, &[][..]),
                Side::Client => (&[][..], text),
            };
            let time = match number {
                0 => milliseconds(moment.at),
                _ => " ".repeat(TIME),
            };
            let knot_of = |side: Side, waits: bool| match knot {
                Some(knot) if side == event.side => styled(self.knot_style(moment), knot),
                _ => self.lifeline(waits),
            };
            let line = format!(
                "{} {} {}{}{} {}",
                styled(DIM, &time),
                right(server, self.lane),
                knot_of(Side::Server, waiting.server),
                self.arrow(arrows.get(number)),
                knot_of(Side::Client, waiting.client),
                left(client),
            );
            lines.push(line.trim_end().to_owned());
            match moment.part {
                Part::Begin => *waiting.side(event.side) = true,
                Part::End if number + 1 == height => *waiting.side(event.side) = false,
                _ => {}
            }
        }
        lines
    }

    /// What stands beside the lifeline: the call, its result, and how long it took, in as few
    /// lines as they fit into.
    fn texts(&self, moment: &Moment<'_>) -> Vec<Vec<Piece>> {
        let event = moment.event;
        let mut pieces = Vec::new();
        if moment.part != Part::End {
            pieces.push((PLAIN, self.call_text(event)));
        }
        if moment.part != Part::Begin && !event.result.is_empty() {
            let style = if event.failed { ERROR } else { STRONG };
            let arrow = if self.unicode { "→" } else { "->" };
            pieces.push((style, format!("{arrow} {}", event.result)));
        }
        let took = span(event.duration, self.unicode);
        let waited = waits(event) && event.duration >= Duration::from_millis(1);
        if moment.part == Part::End || moment.part == Part::Whole && waited {
            pieces.push((WAIT, format!("waited {took}")));
        }
        let mut lines = self.fill(pieces);
        // The time of a call that did not wait is worth no line of its own.
        if let (Part::Whole, false, Some(last)) = (moment.part, waited, lines.last_mut()) {
            if width(last) + 1 + took.chars().count() <= self.lane {
                last.push((DIM, took));
            }
        }
        lines
    }

    /// `sk.bind(127.0.0.1:0)`.
    fn call_text(&self, event: &Event) -> String {
        let Event { call, args, .. } = event;
        match event.socket {
            Some(socket) => format!("{socket}.{call}({args})"),
            None => format!("{call}({args})"),
        }
    }

    /// Puts pieces into lines. One that is longer than a line is broken, between words if it can
    /// be.
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
            Side::Server => format!("{}{label}{}{head_right}", dashes(before), dashes(after)),
            Side::Client => format!("{head_left}{}{label}{}", dashes(before), dashes(after)),
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

    fn knot_style(&self, moment: &Moment<'_>) -> Style {
        match (moment.part, moment.event.failed) {
            (Part::Whole, false) => PLAIN,
            (Part::Whole, true) => ERROR,
            _ => WAIT,
        }
    }

    fn call(&self, side: Side) -> &'static str {
        match (side, self.unicode) {
            (Side::Server, true) => "┤",
            (Side::Client, true) => "├",
            _ => "+",
        }
    }

    fn begin(&self, side: Side) -> &'static str {
        match (side, self.unicode) {
            (Side::Server, true) => "┓",
            (Side::Client, true) => "┏",
            _ => "+",
        }
    }

    fn end(&self, side: Side) -> &'static str {
        match (side, self.unicode) {
            (Side::Server, true) => "┛",
            (Side::Client, true) => "┗",
            _ => "+",
        }
    }
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

/// A time in as many places as there is room for: a slow machine must not break the picture.
fn milliseconds(at: std::time::Duration) -> String {
    let value = at.as_secs_f64() * 1e3;
    let shown = format!("{value:>TIME$.3}");
    shown.get(..TIME).map_or(shown.clone(), |cut| cut.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(side: Side, call: &'static str, start: u64, end: u64) -> Event {
        Event {
            side,
            socket: Some("sk"),
            call,
            args: String::new(),
            result: String::new(),
            failed: false,
            start: Duration::from_micros(start),
            duration: Duration::from_micros(end - start),
            arrows: Vec::new(),
        }
    }

    fn plain(events: &[Event], width: usize, unicode: bool) -> Vec<String> {
        let strip = |line: &String| anstream::adapter::strip_str(line).to_string();
        draw(events, Look { width, unicode }).iter().map(strip).collect()
    }

    fn greeting() -> Vec<Event> {
        let mut send = event(Side::Client, "send", 20, 25);
        send.args = "\"hello!\"".to_owned();
        send.arrows = vec![Arrow { from: Side::Client, label: "6 bytes".to_owned() }];
        let mut recv = event(Side::Server, "recv", 10, 30);
        recv.args = "1024".to_owned();
        recv.result = "\"hello!\"".to_owned();
        vec![send, recv]
    }

    #[test]
    fn a_call_that_waits_is_drawn_from_its_beginning_to_its_end() {
        assert_eq!(
            plain(&greeting(), 80, true),
            [
                "     ms                         server            client",
                "  0.010                sk.recv(1024) ┓            │",
                "  0.020                              ┃◀─ 6 bytes ─├ sk.send(\"hello!\") 5 µs",
                "  0.030      → \"hello!\" waited 20 µs ┛            │",
            ]
        );
    }

    #[test]
    fn without_unicode_the_picture_is_ascii() {
        let lines = plain(&greeting(), 80, false);
        assert!(lines.iter().all(|line| line.is_ascii()), "{lines:#?}");
        assert!(lines.iter().any(|line| line.contains("<- 6 bytes -")), "{lines:#?}");
    }

    #[test]
    fn a_call_during_which_nothing_happened_is_one_row() {
        let lines = plain(&[event(Side::Server, "recv", 10, 30)], 80, true);
        assert_eq!(lines.len(), 2, "{lines:#?}");
        assert!(lines[1].contains("sk.recv() 20 µs ┤"), "{lines:#?}");
    }

    #[test]
    fn no_line_is_wider_than_asked_for() {
        let mut events = greeting();
        for event in &mut events {
            event.args = "a long argument ".repeat(9);
            event.result = "x".repeat(300);
        }
        for width in [64, 80, 81, 99, 120, 200] {
            let lines = plain(&events, width, true);
            let widest = lines.iter().map(|line| line.chars().count()).max();
            assert!(widest <= Some(width), "{width}: {lines:#?}");
            let exes: usize = lines.iter().map(|line| line.matches('x').count()).sum();
            assert_eq!(exes, 600, "nothing of a result is lost");
        }
    }

    #[test]
    fn arrows_point_away_from_their_sender() {
        let mut connect = event(Side::Client, "connect", 0, 9);
        let arrow = |from, label: &str| Arrow { from, label: label.to_owned() };
        connect.arrows = vec![arrow(Side::Client, "SYN"), arrow(Side::Server, "SYN+ACK")];
        let lines = plain(&[connect], 80, true);
        assert!(lines[1].contains("│◀─── SYN ───├ sk.connect()"), "{lines:#?}");
        assert!(lines[2].contains("│─ SYN+ACK ─▶│"), "{lines:#?}");
    }

    #[test]
    fn spans_have_the_unit_that_suits_them() {
        let spans = [1, 999, 1_000, 99_900, 100_000, 999_000, 1_000_000, 12_345_678];
        assert_eq!(span(Duration::from_nanos(728), true), "728 ns");
        let shown = spans.map(|micros| span(Duration::from_micros(micros), true));
        let wanted =
            ["1 µs", "999 µs", "1.00 ms", "99.90 ms", "100 ms", "999 ms", "1.00 s", "12.35 s"];
        assert_eq!(shown, wanted);
    }
}
