//! Running the command: a server in the background, and what comes out of a client.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

pub(crate) fn berkeley() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_berkeley"));
    command.env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command
}

/// A server that ends with the test.
pub(crate) struct Server {
    child: Child,
    output: BufReader<ChildStdout>,
    /// What it said it listens on, in order.
    pub(crate) places: Vec<String>,
}

impl Server {
    /// Starts `berkeley serve` with these arguments, of which so many are addresses.
    pub(crate) fn start(addresses: usize, arguments: &[&str]) -> Server {
        Server::start_as("serve", addresses, arguments)
    }

    /// The same with another command that serves.
    pub(crate) fn start_as(verb: &str, addresses: usize, arguments: &[&str]) -> Server {
        let mut command = berkeley();
        command.arg(verb).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut places = Vec::new();
        for _ in 0..addresses {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            let place = line.strip_prefix("listening on ").unwrap_or_else(|| {
                let mut error = String::new();
                let _ = child.stderr.take().unwrap().read_to_string(&mut error);
                panic!("serve said {line:?}, and {error}")
            });
            places.push(place.split_whitespace().next().unwrap().to_owned());
        }
        Server { child, output, places }
    }

    pub(crate) fn place(&self) -> &str {
        self.places.first().unwrap()
    }

    pub(crate) fn port(&self) -> u16 {
        self.place().rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// The next line it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for it to end by itself.
    pub(crate) fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// The next line that it says to people.
    pub(crate) fn said(&mut self) -> String {
        let (mut line, mut byte) = (Vec::new(), [0]);
        let stderr = self.child.stderr.as_mut().unwrap();
        while stderr.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
            line.extend(byte);
        }
        String::from_utf8(line).unwrap()
    }

    /// Tells it to end as Ctrl-C does, and answers its status and what it still said.
    pub(crate) fn interrupt(&mut self) -> (Option<i32>, String) {
        self.signal("-INT");
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command with this input to its end.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // A command that has ended does not read the rest.
            let _ = stdin.write_all(input);
        });
        child.wait_with_output().unwrap()
    })
}

/// `berkeley connect` with these arguments and this input.
pub(crate) fn connect(arguments: &[&str], input: &[u8]) -> Output {
    run(berkeley().arg("connect").args(arguments), input)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
