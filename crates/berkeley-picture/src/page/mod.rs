//! The page: one file with everything in it, that needs no network.

mod data;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::draw::svg::escaped;
use crate::model::Trace;
use crate::rules::explain;

const PAGE: &str = include_str!("../../assets/page.html");
const STYLE: &str = include_str!("../../assets/page.css");
/// The parts of the script, each of which uses those before it.
const SCRIPTS: &[&str] = &[
    include_str!("../../assets/data.js"),
    include_str!("../../assets/layout.js"),
    include_str!("../../assets/draw.js"),
    include_str!("../../assets/panels.js"),
    include_str!("../../assets/plots.js"),
    include_str!("../../assets/main.js"),
];

/// Draws the calls as a page of one file: a sequence diagram to zoom and search, the connections,
/// plots, and what went wrong. It loads nothing, and its policy lets nothing be loaded.
///
/// ```
/// let trace = berkeley_picture::Trace::default();
/// assert!(berkeley_picture::html(&trace).starts_with("<!doctype html>"));
/// ```
pub fn html(trace: &Trace) -> String {
    let script = format!("\"use strict\";\n(() => {{\n{}}})();\n", SCRIPTS.concat());
    let title = title(trace);
    let data = data::data(trace, &explain(trace), &title).to_string();
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hash(STYLE),
        hash(&script)
    );
    let name = escaped(&title);
    // In the order in which the page has them, so that nothing that is put in is looked at again.
    let parts = [
        ("{{csp}}", policy.as_str()),
        ("{{title}}", &name),
        ("{{style}}", STYLE),
        ("{{heading}}", &name),
        // Within a script an end tag would end it; JSON can say the sign in another way.
        ("{{data}}", &data.replace('<', "\\u003c")),
        ("{{script}}", &script),
    ];
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + script.len() + data.len());
    let mut rest = PAGE;
    for (place, text) in parts {
        if let Some((before, after)) = rest.split_once(place) {
            page.push_str(before);
            page.push_str(text);
            rest = after;
        }
    }
    page.push_str(rest);
    page
}

/// The programs' names.
fn title(trace: &Trace) -> String {
    let mut names: Vec<&str> =
        trace.processes.iter().map(|process| process.name.as_str()).collect();
    names.dedup();
    let more = if names.len() > 4 { " …" } else { "" };
    names.truncate(4);
    match names.as_slice() {
        [] => "Socket calls".to_owned(),
        names => format!("Socket calls of {}{more}", names.join(", ")),
    }
}

/// How a policy names a text that is allowed.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_recorded_can_leave_its_place() {
        let line = r#"{"ev":"process","t":1,"pid":1,"name":"</script><script>alert(1)</script>{{script}}"}
            {"ev":"call","t":1,"pid":1,"op":"send","args":{"</script>":"<!--"},"ret":1}"#;
        let page = html(&Trace::read([line]));
        assert_eq!(page.matches("</script>").count(), 2);
        assert!(!page.contains("<!--") && !page.contains("<script>alert"));
        assert_eq!(page.matches("\"use strict\"").count(), 1);
    }

    #[test]
    fn the_page_asks_for_nothing() {
        let page = html(&Trace::default());
        for word in ["http://", "https://", "@import", "url(", "fetch(", "XMLHttp", " style=\""] {
            let page = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn a_thousand_calls_are_a_small_page() {
        let line = |n: usize| {
            let t = 1.0 + n as f64 / 1000.0;
            format!(
                r#"{{"ev":"call","t":{t},"dur":0.00001234,"pid":1,"sock":"s1","op":"send","args":{{"len":64,"flags":"MSG_NOSIGNAL"}},"ret":64,"off":{}}}"#,
                n * 64
            )
        };
        let text: Vec<String> = (0..1000).map(line).collect();
        let page = html(&Trace::read([text.join("\n").as_str()]));
        assert!(page.len() < 300_000, "{} bytes", page.len());
    }
}
