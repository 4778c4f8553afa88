//! The sequence picture as SVG, for documents.

use std::fmt::Write;

use super::lanes::Lanes;
use crate::model::{Call, LinkKind, Outcome, Trace};
use crate::say;

const ROW: f64 = 27.0;
const BOX: f64 = 21.0;
const HEAD: f64 = 44.0;
const GUTTER: f64 = 76.0;
const LANE: f64 = 400.0;
const WIDE: f64 = 270.0;
/// How wide a letter is, about: viewers have fonts of their own.
const LETTER: f64 = 7.3;
/// A picture in a document ends somewhere.
const MOST: usize = 400;

/// Colours that everybody can tell apart (Okabe and Ito), and for dark ground, too.
const STYLE: &str = "\
.bg{fill:#fff}text{font:12px ui-monospace,'DejaVu Sans Mono',monospace;fill:#16202c}\
.t{font-size:11px;fill:#566273}.h{font:600 13px system-ui,sans-serif}.l{stroke:#d5dae1}\
rect.c{fill-opacity:.12;stroke-width:1}.life{fill:#6b7685;stroke:#6b7685}\
.link{fill:#00805f;stroke:#00805f}.send{fill:#0067a8;stroke:#0067a8}\
.recv{fill:#8a5aa8;stroke:#8a5aa8}.wait{fill:#a86e00;stroke:#a86e00}\
.name{fill:#4a6fa5;stroke:#4a6fa5}.rest{fill:#7c8794;stroke:#7c8794}\
.bad{fill:#c13f00;stroke:#c13f00}text.bad,tspan.bad{stroke:none}.b{font-weight:600}.w{fill:url(#w)}\
.a{fill:none;stroke:#0067a8;stroke-width:1.3}.a.d{stroke-dasharray:6 4}.a.r{stroke:#c13f00}.hs{stroke:#b9c2cd}\
@media(prefers-color-scheme:dark){.bg{fill:#10151c}text{fill:#e6ebf1}.t{fill:#98a5b5}\
.l{stroke:#303c4a}.life{fill:#93a0af;stroke:#93a0af}.link{fill:#2fc49a;stroke:#2fc49a}\
.send{fill:#56b4e9;stroke:#56b4e9}.recv{fill:#c79be6;stroke:#c79be6}.a{stroke:#56b4e9}\
.bad{fill:#ff7a45;stroke:#ff7a45}.hs{stroke:#465365}}";

/// Draws the calls as an SVG picture: a lane for each thread, a box for each call as high as what
/// happened meanwhile, arrows for what went between them. Of very long recordings it has the
/// beginning.
///
/// ```
/// let line = r#"{"ev":"call","t":1,"dur":0.001,"pid":1,"sock":"s1","op":"listen"}"#;
/// let svg = berkeley_picture::svg(&berkeley_picture::Trace::read([line]));
/// assert!(svg.starts_with("<svg") && svg.contains("s1.listen()"));
/// ```
pub fn svg(trace: &Trace) -> String {
    let lanes = Lanes::new(trace);
    let shown = trace.calls.len().min(MOST);
    let places = places(trace, &lanes, shown);
    let bottom = places.iter().map(|place| place.bottom).fold(HEAD, f64::max);
    let width = GUTTER + LANE * lanes.lanes.len().max(1) as f64;
    let height = bottom + if shown < trace.calls.len() { 46.0 } else { 20.0 };
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = draw(trace, &lanes, &places, (width, height), &mut out);
    out
}

/// Where a call stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    middle: f64,
    top: f64,
    bottom: f64,
}

/// A row for each call, and for each call that returned after others had begun, a row for its end.
fn places(trace: &Trace, lanes: &Lanes, shown: usize) -> Vec<Place> {
    let calls = trace.calls.get(..shown).unwrap_or_default();
    let mut moments: Vec<(i64, bool, usize)> = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        moments.push((call.start, true, index));
        if calls.get(index + 1).is_some_and(|next| next.start < call.end) {
            moments.push((call.end, false, index));
        }
    }
    moments.sort_unstable_by_key(|(at, begins, index)| (*at, *begins, *index));
    let none = Place { middle: 0.0, top: 0.0, bottom: 0.0 };
    let mut places = vec![none; shown];
    let mut free = vec![f64::MIN; lanes.lanes.len()];
    let mut y = HEAD + 14.0;
    let mut began = false;
    for (_, begins, index) in moments {
        let lane = lanes.of_call.get(index).copied().unwrap_or_default();
        let (Some(place), Some(free)) = (places.get_mut(index), free.get_mut(lane)) else {
            continue;
        };
        y += match (begins, began) {
            (true, true) => ROW,
            (true, false) => 9.0,
            (false, true) => BOX,
            (false, false) => 9.0,
        };
        if begins {
            y = y.max(*free + 5.0);
            let middle = GUTTER + (lane as f64 + 0.5) * LANE;
            *place = Place { middle, top: y, bottom: y + BOX };
        } else {
            place.bottom = y.max(place.top + BOX);
        }
        *free = free.max(place.bottom);
        began = begins;
    }
    places
}

fn draw(
    trace: &Trace,
    lanes: &Lanes,
    places: &[Place],
    (width, height): (f64, f64),
    out: &mut String,
) -> std::fmt::Result {
    write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\"><title>Socket calls</title>\
         <style>{STYLE}</style><defs><pattern id=\"w\" width=\"6\" height=\"6\" \
         patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path d=\"M0 0V6\" \
         class=\"hs\"/></pattern><marker id=\"e\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" \
         markerWidth=\"8\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" \
         orient=\"auto-start-reverse\"><path d=\"M0 0L8 4L0 8z\" class=\"send\" stroke=\"none\"/>\
         </marker></defs><rect class=\"bg\" width=\"100%\" height=\"100%\"/>"
    )?;
    write!(
        out,
        "<text class=\"t\" x=\"{}\" y=\"27\" text-anchor=\"end\">ms</text>",
        GUTTER - 12.0
    )?;
    for (at, lane) in lanes.lanes.iter().enumerate() {
        let x = GUTTER + (at as f64 + 0.5) * LANE;
        let name = escaped(&lane.name);
        write!(out, "<text class=\"h\" x=\"{x}\" y=\"27\" text-anchor=\"middle\">{name}</text>")?;
        write!(out, "<path class=\"l\" d=\"M{x} {HEAD}V{}\"/>", height - 8.0)?;
    }
    let begin = trace.start();
    for (call, place) in trace.calls.iter().zip(places) {
        let ms = (call.start - begin) as f64 / 1e6;
        let (x, y) = (GUTTER - 12.0, place.top + 15.0);
        write!(out, "<text class=\"t\" x=\"{x}\" y=\"{y:.0}\" text-anchor=\"end\">{ms:.3}</text>")?;
    }
    for link in &trace.links {
        if let (Some(from), Some(to)) = (places.get(link.from), places.get(link.to)) {
            arrow(trace, link, from, to, out)?;
        }
    }
    for (call, place) in trace.calls.iter().zip(places) {
        one(trace, call, place, out)?;
    }
    if places.len() < trace.calls.len() {
        let more = trace.calls.len() - places.len();
        let y = height - 16.0;
        write!(out, "<text x=\"{GUTTER}\" y=\"{y:.0}\">… and {more} calls more</text>")?;
    }
    out.write_str("</svg>\n")
}

fn one(trace: &Trace, call: &Call, place: &Place, out: &mut String) -> std::fmt::Result {
    let Place { middle, top, bottom } = *place;
    let (x, high) = (middle - WIDE / 2.0, bottom - top);
    let failed = call.is_error();
    let class = if failed { "bad" } else { call.row().group.name() };
    write!(
        out,
        "<rect class=\"bg\" x=\"{x}\" y=\"{top:.1}\" width=\"{WIDE}\" height=\"{high:.1}\" rx=\"5\"/>"
    )?;
    if call.waited >= 200_000 && high > 26.0 {
        write!(
            out,
            "<rect class=\"w\" x=\"{x}\" y=\"{top:.1}\" width=\"{WIDE}\" height=\"{high:.1}\" rx=\"5\"/>"
        )?;
    }
    let dash = if call.outcome() == Outcome::Again { " stroke-dasharray=\"3 3\"" } else { "" };
    write!(
        out,
        "<rect class=\"c {class}\"{dash} x=\"{x}\" y=\"{top:.1}\" width=\"{WIDE}\" height=\"{high:.1}\" rx=\"5\"/>"
    )?;
    let said = match trace.socket_of(call) {
        Some(socket) if !matches!(call.op.as_str(), "socket" | "socketpair") => {
            format!("{}.{}", socket.name, say::call(trace, call))
        }
        _ => say::call(trace, call),
    };
    let result = say::result(trace, call);
    let answer = if result.is_empty() { String::new() } else { format!("→ {result}") };
    let wait = match call.waited >= 1_000_000 {
        true => format!("waited {}", say::span(call.waited, true)),
        false => String::new(),
    };
    let most = ((WIDE - 20.0) / LETTER) as usize;
    let tall = high >= 40.0;
    let bad = if failed { " bad" } else { "" };
    let (left, first) = (x + 10.0, top + 15.0);
    if tall {
        // The wait ends the first line, and the call gives way to it: the answer has its own.
        let (last, right) = (bottom - 7.0, x + WIDE - 10.0);
        let room = most.saturating_sub(if wait.is_empty() { 0 } else { wait.chars().count() + 1 });
        let (said, answer) = (escaped(&cut(&said, room)), escaped(&cut(&answer, most)));
        if !wait.is_empty() {
            write!(
                out,
                "<text class=\"t\" x=\"{right}\" y=\"{first:.1}\" text-anchor=\"end\">{wait}</text>"
            )?;
        }
        write!(
            out,
            "<text x=\"{left}\" y=\"{first:.1}\">{said}</text>\
             <text class=\"b{bad}\" x=\"{left}\" y=\"{last:.1}\">{answer}</text>"
        )
    } else {
        // The answer says more than the arguments.
        let answer = cut(&answer, most * 3 / 5);
        let room = most.saturating_sub(answer.chars().count() + 1);
        let said = cut(&said, room);
        write!(
            out,
            "<text x=\"{left}\" y=\"{first:.1}\">{} <tspan class=\"b{bad}\">{}</tspan></text>",
            escaped(&said),
            escaped(&answer)
        )
    }?;
    if failed {
        // What fails has a shape, not only a colour.
        let (cx, cy) = (x + WIDE, top + BOX / 2.0);
        write!(
            out,
            "<circle class=\"bad\" cx=\"{cx}\" cy=\"{cy:.1}\" r=\"7\"/><path d=\"M{} {:.1}l6 6m0-6l-6 6\" stroke=\"#fff\" stroke-width=\"2\"/>",
            cx - 3.0,
            cy - 3.0
        )?;
    }
    Ok(())
}

fn arrow(
    trace: &Trace,
    link: &crate::Link,
    from: &Place,
    to: &Place,
    out: &mut String,
) -> std::fmt::Result {
    if from.middle == to.middle {
        return Ok(());
    }
    let side = if to.middle > from.middle { 1.0 } else { -1.0 };
    let (x1, x2) = (from.middle + side * WIDE / 2.0, to.middle - side * WIDE / 2.0);
    let y1 = from.top + BOX / 2.0;
    let mut y2 = to.top + BOX / 2.0;
    if y2 < y1 {
        y2 = y1.max(to.bottom - BOX / 2.0);
    }
    let dashed = matches!(link.kind, LinkKind::Connect | LinkKind::End | LinkKind::Reset);
    let class = match link.kind {
        LinkKind::Reset => "a d r",
        _ if dashed => "a d",
        _ => "a",
    };
    let (x, y) = (x1 + (x2 - x1) * 0.4, y1 + (y2 - y1) * 0.4);
    let name = escaped(&say::link(trace, link));
    let wide = name.chars().count() as f64 * 6.8 + 8.0;
    write!(
        out,
        "<path class=\"{class}\" marker-end=\"url(#e)\" d=\"M{x1} {y1:.1}L{x2} {y2:.1}\"/>\
         <rect class=\"bg\" x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"15\"/>\
         <text class=\"t\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
        x - wide / 2.0,
        y - 8.0,
        y + 4.0
    )
}

/// At most so many letters.
fn cut(text: &str, most: usize) -> String {
    match text.chars().count() <= most {
        true => text.to_owned(),
        false => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// A text as XML has it; what XML has not is left out.
pub(crate) fn escaped(text: &str) -> String {
    let one = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => String::new(),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}
