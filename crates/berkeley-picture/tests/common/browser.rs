//! A browser without a window, steered by its own protocol over two pipes: no port, no driver.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine;
use serde_json::{Value, json};

/// A page in the browser.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    next: u64,
    /// What was printed, and what went wrong, in the page.
    pub(crate) said: Vec<String>,
    _profile: tempfile::TempDir,
}

/// Where Chromium is, if it is installed.
pub(crate) fn chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome", "chromium-headless-shell"]
        .into_iter()
        .find_map(berkeley_testing::program)
}

impl Browser {
    /// Starts it, with a window of this size.
    pub(crate) fn start(program: &Path, width: u32, height: u32) -> Browser {
        let profile = tempfile::tempdir().unwrap();
        // It reads orders from descriptor 3 and answers to 4.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 >/dev/null"]).arg(program);
        command.args([
            "--headless",
            // As root, and in containers, it has no sandbox; it shows our own page alone.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--hide-scrollbars",
            "--remote-debugging-pipe",
        ]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut browser = Browser {
            child,
            to,
            from: BufReader::new(from),
            session: None,
            next: 0,
            said: Vec::new(),
            _profile: profile,
        };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let session = browser.ask(
            "Target.attachToTarget",
            json!({ "targetId": target["targetId"], "flatten": true }),
        );
        browser.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        browser.ask("Emulation.setDeviceMetricsOverride", size);
        browser
    }

    /// Opens a file, and waits until its script is done.
    pub(crate) fn open(&mut self, file: &Path) {
        let url = format!("file://{}", file.display());
        self.ask("Page.navigate", json!({ "url": url }));
        let ready = format!(
            "location.href === '{url}' && document.documentElement?.dataset.ready === 'yes'"
        );
        let opened = berkeley_testing::eventually(|| self.run(&ready) == true);
        assert!(opened, "the page is not ready: {:#?}", self.said);
    }

    /// Says that the machine is dark or light.
    pub(crate) fn scheme(&mut self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Runs a line of JavaScript and answers what it comes to.
    pub(crate) fn run(&mut self, script: &str) -> Value {
        let arguments =
            json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.ask("Runtime.evaluate", arguments);
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{script}: {thrown:#}");
        answer["result"]["value"].take()
    }

    /// Presses a key, by its name.
    pub(crate) fn press(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        for (kind, text) in [("keyDown", text), ("keyUp", "")] {
            // What the browser does by itself goes by the number.
            let number = match key {
                "Escape" => 27,
                "Enter" => 13,
                "Tab" => 9,
                _ => 0,
            };
            let mut event = json!({ "type": kind, "key": key, "windowsVirtualKeyCode": number });
            if !text.is_empty() {
                event["text"] = text.into();
            } else if key == "Enter" && kind == "keyDown" {
                event["text"] = "\r".into();
            }
            self.ask("Input.dispatchKeyEvent", event);
        }
    }

    /// Moves the mouse, turns its wheel or presses its button there.
    pub(crate) fn mouse(&mut self, kind: &str, x: f64, y: f64, more: Value) {
        let mut event = json!({ "type": kind, "x": x, "y": y, "button": "none" });
        for (key, value) in more.as_object().unwrap() {
            event[key] = value.clone();
        }
        self.ask("Input.dispatchMouseEvent", event);
    }

    /// Clicks.
    pub(crate) fn click(&mut self, x: f64, y: f64) {
        let button = json!({ "button": "left", "clickCount": 1 });
        self.mouse("mouseMoved", x, y, json!({}));
        self.mouse("mousePressed", x, y, button.clone());
        self.mouse("mouseReleased", x, y, button);
    }

    /// The page as a picture, which is kept if `BERKELEY_SCREENSHOTS` names a folder.
    pub(crate) fn picture(&mut self, name: &str) -> Vec<u8> {
        let answer = self.ask("Page.captureScreenshot", json!({ "format": "png" }));
        self.keep(&answer, &format!("{name}.png"))
    }

    /// The page as it is printed.
    pub(crate) fn print(&mut self, name: &str) -> Vec<u8> {
        let answer = self.ask("Page.printToPDF", json!({ "printBackground": true }));
        self.keep(&answer, &format!("{name}.pdf"))
    }

    fn keep(&self, answer: &Value, name: &str) -> Vec<u8> {
        let data = answer["data"].as_str().unwrap();
        let data = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
        if let Some(folder) = std::env::var_os("BERKELEY_SCREENSHOTS") {
            std::fs::write(Path::new(&folder).join(name), &data).unwrap();
        }
        data
    }

    /// Gives an order and answers what came of it.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let mut order = json!({ "id": self.next, "method": method, "params": params });
        if let Some(session) = &self.session {
            order["sessionId"] = session.as_str().into();
        }
        write!(self.to, "{order}\0").unwrap();
        self.to.flush().unwrap();
        loop {
            let mut message = Vec::new();
            self.from.read_until(0, &mut message).unwrap();
            message.pop();
            let mut message: Value = serde_json::from_slice(&message).expect("the browser ended");
            if message["id"] == self.next {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].take();
            }
            let told = ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"];
            let method = message["method"].as_str().unwrap_or_default();
            let asked = message["params"]["request"]["url"].as_str().unwrap_or("file:");
            let fetched = method == "Network.requestWillBeSent" && !asked.starts_with("file:");
            if told.contains(&method) || fetched && !asked.starts_with("data:") {
                self.said.push(message["params"].to_string());
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.session = None;
        // It ends its own helpers, which a signal would leave behind.
        self.next += 1;
        let _ = write!(self.to, "{{\"id\":{},\"method\":\"Browser.close\"}}\0", self.next);
        let _ = self.to.flush();
        let mut rest = Vec::new();
        let _ = std::io::Read::read_to_end(&mut self.from, &mut rest);
        let _ = self.child.wait();
    }
}
