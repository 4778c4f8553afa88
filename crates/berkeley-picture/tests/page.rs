//! The page in a browser: it loads from the disk, nothing goes wrong, and what it offers works.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/browser.rs"]
mod browser;
mod common;

use berkeley_picture::{Trace, html};
use browser::{Browser, chromium};
use common::{crowd, trace};
use serde_json::json;

const NO_BROWSER: &str = "Chromium is not installed (cargo xtask page installs it)";

/// Opens the picture of a trace.
fn show(browser: &mut Browser, trace: &Trace) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("picture.html");
    std::fs::write(&file, html(trace)).unwrap();
    browser.open(&file);
    folder
}

fn quiet(browser: &Browser) {
    assert!(browser.said.is_empty(), "the page said {:#?}", browser.said);
}

#[test]
fn it_loads_in_light_and_dark_and_says_nothing() {
    let Some(program) = chromium() else { berkeley_testing::skip!("{NO_BROWSER}") };
    let mut browser = Browser::start(&program, 1440, 900);
    let mut pictures = Vec::new();
    for scheme in ["light", "dark"] {
        browser.scheme(scheme);
        let _folder = show(&mut browser, &trace(&["tcp-server", "tcp-client"]));
        assert_eq!(browser.run("document.documentElement.dataset.theme"), scheme);
        assert_eq!(
            browser.run("document.querySelector('h1').textContent").as_str().unwrap().len(),
            36
        );
        assert_eq!(
            browser.run("berkeley.Page.layout.lanes.map(l => l.name)"),
            json!(["server.py", "client.py"])
        );
        pictures.push(browser.picture(&format!("tcp-{scheme}")));
    }
    assert_ne!(pictures[0], pictures[1]);
    quiet(&browser);
}

#[test]
fn filters_show_what_is_asked_for() {
    let Some(program) = chromium() else { berkeley_testing::skip!("{NO_BROWSER}") };
    let mut browser = Browser::start(&program, 1440, 900);
    let trace = trace(&["mistake-unread-at-close"]);
    let _folder = show(&mut browser, &trace);
    let shown = "berkeley.Page.layout.n";
    assert_eq!(browser.run(shown), trace.calls.len());
    let choose = |id: &str, value: &str| {
        format!(
            "(() => {{ const s = document.getElementById('{id}'); s.value = '{value}'; s.dispatchEvent(new Event('change')); }})()"
        )
    };
    for (id, value, expected) in [
        ("by-result", "error", 1),
        ("by-result", "ECONNRESET", 1),
        ("by-call", "close", 3),
        ("by-call", "=recv", 2),
        ("by-socket", "0", 7),
    ] {
        browser.run(&choose(id, value));
        let expected = match id {
            "by-socket" => trace.calls.iter().filter(|call| call.socket == Some(0)).count(),
            _ => expected,
        };
        assert_eq!(browser.run(shown), expected, "{id} {value}");
        browser.run(&choose(id, ""));
    }
    browser.run("document.getElementById('stage').focus()");
    browser.press("/");
    for letter in ["l", "e", "t", "t", "e", "r"] {
        browser.press(letter);
    }
    let found = berkeley_testing::eventually(|| browser.run(shown) == 1);
    assert!(found, "the data was not found");
    browser.press("Escape");
    assert_eq!(browser.run(shown), trace.calls.len());
    for (key, lanes) in [("l", 1), ("l", 3), ("l", 2)] {
        browser.press(key);
        assert_eq!(browser.run("berkeley.Page.layout.lanes.length"), lanes);
    }
    quiet(&browser);
}

#[test]
fn the_keyboard_alone_is_enough() {
    let Some(program) = chromium() else { berkeley_testing::skip!("{NO_BROWSER}") };
    let mut browser = Browser::start(&program, 1440, 900);
    let _folder = show(&mut browser, &trace(&["tcp-server", "tcp-client"]));
    browser.press("Tab");
    browser.press("Enter");
    assert_eq!(browser.run("document.activeElement.id"), "stage");
    let call = "berkeley.Data.opName(berkeley.Page.chosen.call)";
    browser.press("ArrowDown");
    assert_eq!(browser.run(call), "socket");
    for _ in 0..12 {
        browser.press("j");
        if browser.run(call) == "send" {
            break;
        }
    }
    assert_eq!(browser.run(call), "send");
    browser.press("p");
    assert_eq!(browser.run(call), "recv");
    let said = browser.run("document.getElementById('said').textContent");
    assert!(said.as_str().unwrap().contains("server.py: s2.recv(1024), \"hello!\""), "{said}");
    browser.press("Enter");
    assert_eq!(browser.run("document.activeElement.id"), "call");
    let details = browser.run("document.getElementById('call').innerText");
    for wanted in ["68 65 6c 6c 6f 21", "hello!", "At the other end", "[0, 6)"] {
        let details = details.as_str().unwrap().to_lowercase();
        assert!(details.contains(&wanted.to_lowercase()), "{wanted} in {details}");
    }
    browser.press("?");
    assert_eq!(browser.run("document.getElementById('keys').open"), true);
    browser.press("Escape");
    browser.press("t");
    assert_eq!(browser.run("document.documentElement.dataset.theme"), "dark");
    quiet(&browser);
}

#[test]
fn the_mouse_zooms_moves_and_chooses() {
    let Some(program) = chromium() else { berkeley_testing::skip!("{NO_BROWSER}") };
    let mut browser = Browser::start(&program, 1200, 600);
    let _folder = show(&mut browser, &trace(&["mistake-nagle"]));
    browser.run("berkeley.Page.zoomTo(1)");
    let number = |browser: &mut Browser, what: &str| browser.run(what).as_f64().unwrap();
    let zoom = number(&mut browser, "berkeley.Page.view.zoom");
    // Two is Ctrl.
    browser.mouse(
        "mouseWheel",
        400.0,
        400.0,
        json!({ "deltaX": 0, "deltaY": -200, "modifiers": 2 }),
    );
    assert!(number(&mut browser, "berkeley.Page.view.zoom") > zoom * 1.5);
    let top = number(&mut browser, "berkeley.Page.view.top");
    browser.mouse("mouseWheel", 400.0, 400.0, json!({ "deltaX": 0, "deltaY": 200 }));
    assert!(number(&mut browser, "berkeley.Page.view.top") > top);
    browser.run("berkeley.Page.fit()");
    let place = browser.run(
        "(() => { const p = berkeley.Page; const k = 3; \
         const x = document.getElementById('canvas').getBoundingClientRect(); \
         for (let y = 45; y < 300; y += 2) for (let left = 60; left < 900; left += 8) \
         if (p.hit(left, y) === 3) return [left + x.left, y + x.top + 1]; })()",
    );
    let (x, y) = (place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
    browser.mouse("mouseMoved", x, y, json!({}));
    assert_eq!(browser.run("document.getElementById('tip').hidden"), false);
    browser.click(x, y);
    assert_eq!(browser.run("berkeley.Page.chosen.call"), 3);
    quiet(&browser);
}

#[test]
fn explanations_mark_their_calls() {
    let Some(program) = chromium() else { berkeley_testing::skip!("{NO_BROWSER}") };
    let mut browser = Browser::start(&program, 1440, 900);
    for name in ["nagle", "backlog", "truncated", "no-messages"] {
        let trace = trace(&[&format!("mistake-{name}")]);
        let found = berkeley_picture::explain(&trace);
        let _folder = show(&mut browser, &trace);
        browser.run("document.querySelector('.finding button').click()");
        let marked = browser.run("[...berkeley.Page.chosen.marked]");
        assert_eq!(marked, json!(found[0].calls), "{name}");
        browser.picture(&format!("mistake-{name}"));
    }
    quiet(&browser);
}

#[test]
fn it_prints() {
    let Some(program) = chromium() else { berkeley_testing::skip!("{NO_BROWSER}") };
    let mut browser = Browser::start(&program, 1440, 900);
    browser.scheme("dark");
    let _folder = show(&mut browser, &trace(&["mistake-nagle"]));
    let pdf = browser.print("printed");
    assert!(pdf.starts_with(b"%PDF") && pdf.len() > 20_000, "{} bytes", pdf.len());
    assert_eq!(browser.run("document.documentElement.dataset.theme"), "dark");
    quiet(&browser);
}

/// What is measured is printed, not judged: a machine that does other things is slow.
#[test]
fn a_hundred_thousand_calls_can_be_moved_through() {
    // Without optimization it takes a minute to make the page: there a part of them has to do.
    let asks = if cfg!(debug_assertions) { 30 } else { 243 };
    let Some(program) = chromium() else { berkeley_testing::skip!("{NO_BROWSER}") };
    let files = crowd(100, asks);
    let trace = Trace::read(files.iter().map(String::as_str));
    assert!(trace.calls.len() > asks * 410, "{}", trace.calls.len());
    let mut browser = Browser::start(&program, 1440, 900);
    let _folder = show(&mut browser, &trace);
    for lanes in ["thread", "socket"] {
        browser.run(&format!("(() => {{ const s = document.getElementById('lanes'); s.value = '{lanes}'; s.dispatchEvent(new Event('change')); }})()"));
        let times = browser.run("berkeley.Page.frames(120)");
        let mut times: Vec<f64> =
            times.as_array().unwrap().iter().map(|time| time.as_f64().unwrap()).collect();
        times.sort_by(f64::total_cmp);
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        println!(
            "{} calls in {} lanes: {:.0} frames a second, half of the frames within {:.1} ms, 95 % within {:.1} ms",
            trace.calls.len(),
            browser.run("berkeley.Page.layout.lanes.length"),
            1000.0 / mean,
            times[times.len() / 2],
            times[times.len() * 95 / 100],
        );
        browser.run("berkeley.Page.fit()");
        browser.picture(&format!("many-{lanes}-far"));
        browser.run("(berkeley.Page.zoomTo(1), berkeley.Page.pan(0, 4000))");
        browser.picture(&format!("many-{lanes}-near"));
    }
    quiet(&browser);
}
