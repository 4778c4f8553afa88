//! Programs that are measured: started, asked, ended.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::run::{cannot_start, root};

/// A program that ends with this.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts a program, whose output can be read.
    pub(crate) fn start(command: &mut Command) -> Result<Running, String> {
        let command = command.stdout(Stdio::piped());
        Ok(Running(command.spawn().map_err(|error| cannot_start(command, &error))?))
    }

    /// Starts a server that says in its first line where it listens, and at which port that is.
    pub(crate) fn serve(command: &mut Command) -> Result<(Running, u16), String> {
        let mut server = Running::start(command.stdin(Stdio::null()))?;
        let line = server.line()?;
        let port = line.trim_end().rsplit(':').next().and_then(|port| port.parse().ok());
        Ok((server, port.ok_or_else(|| format!("it says {line:?}"))?))
    }

    /// The first line that it prints.
    pub(crate) fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        if let Some(output) = self.0.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(|error| error.to_string())?;
        }
        Ok(line)
    }

    /// The memory that is its own and in use, or was at most, in KiB.
    pub(crate) fn memory(&self, what: Memory) -> Option<f64> {
        let file = format!("/proc/{}/status", self.0.id());
        let name = match what {
            Memory::Now => "VmRSS:",
            Memory::Peak => "VmHWM:",
        };
        let text = std::fs::read_to_string(file).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" kB")?.parse().ok()
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Memory {
    Now,
    Peak,
}

/// The most that these use together while something is done, in KiB.
pub(crate) fn peak<T>(programs: &[Running], work: impl FnOnce() -> T) -> (T, f64) {
    let over = AtomicBool::new(false);
    let watch = || {
        let mut most = vec![0.0_f64; programs.len()];
        while !over.load(Ordering::Relaxed) {
            // One that has ended has nothing any more.
            for (most, program) in most.iter_mut().zip(programs) {
                *most = most.max(program.memory(Memory::Peak).unwrap_or(0.0));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        most.iter().sum()
    };
    std::thread::scope(|scope| {
        let watcher = scope.spawn(watch);
        let done = work();
        over.store(true, Ordering::Relaxed);
        (done, watcher.join().unwrap_or(f64::NAN))
    })
}

/// A port at which nobody listens.
pub(crate) fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    Ok(listener.map_err(|error| error.to_string())?.port())
}

/// A program of this workspace, as `build` has made it.
pub(crate) fn ours(name: &str) -> Command {
    Command::new(root().join("target/release").join(name))
}

/// What a program prints as JSON.
pub(crate) fn answer(command: &mut Command) -> Result<Value, String> {
    let output = command.output().map_err(|error| cannot_start(command, &error))?;
    let said = || match String::from_utf8_lossy(&output.stderr).trim() {
        "" => output.status.to_string(),
        said => said.to_owned(),
    };
    if !output.status.success() {
        return Err(said());
    }
    serde_json::from_slice(&output.stdout).map_err(|_| said())
}

/// The number at a place of what a program prints as JSON.
pub(crate) fn number(command: &mut Command, place: &str) -> Result<f64, String> {
    let answer = answer(command)?;
    let number = answer.pointer(place).and_then(Value::as_f64);
    number.ok_or_else(|| format!("nothing at {place} in {answer}"))
}
