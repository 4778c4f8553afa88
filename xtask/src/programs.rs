//! `cargo xtask programs`: programs as users write them, by `python -m berkeley` and by `python`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::cpython::{answer, namespace, target};
use crate::peers;
use crate::python::{environment, interpreter, judge};
use crate::run::{cannot_start, is_installed, root, shown, succeed};
use crate::test::{Count, finish};

const HELP: &str = "\
Runs the programs of tests/python/programs by `python` and by `python -m berkeley`, and compares what
they print and how they end. Each counts its sockets: all must be of the kind that is run. Those with
TLS are recorded, too: what one end has written must be what the other has read.

Usage: cargo xtask programs [VERSION | NAME]...

  VERSION  with this interpreter: 3.13, or the path of one; without it 3.11
  NAME     only this program, as its file without .py

Fetches the packages that the programs use, once. As root, installs redis-server and openssl with
apt-get if they are missing.
";

/// What some programs start, and the Debian packages that have it.
const NEEDED: &[(&str, &str, &str)] =
    &[("redis_client", "redis-server", "redis-server"), ("tls_server", "openssl", "openssl")];

/// Those whose TLS is recorded: by `ssl`'s sockets, and in memory by who carries it to a socket.
const RECORDED: &[&str] = &["anyio_tls", "requests_https", "trio_echo"];

/// How long a program may take. None is ever near.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs what is wanted with each interpreter.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if args.iter().any(|arg| matches!(arg.as_str(), "-h" | "--help")) {
        print!("{HELP}");
        return Ok(());
    }
    let all = programs()?;
    let (names, mut versions): (Vec<&str>, Vec<&str>) =
        args.iter().map(String::as_str).partition(|&arg| all.iter().any(|name| name == arg));
    if versions.is_empty() {
        versions.push("3.11");
    }
    let chosen = |name: &&String| names.is_empty() || names.contains(&name.as_str());
    let chosen: Vec<&String> = all.iter().filter(chosen).collect();
    let needed: Vec<(&str, &str)> = NEEDED
        .iter()
        .filter(|(name, ..)| chosen.iter().any(|chosen| chosen == name))
        .map(|&(_, program, package)| (program, package))
        .collect();
    if let Err(problem) = peers::install(&needed) {
        println!("{problem}");
    }
    let alone = namespace().unwrap_or_else(|| {
        println!("no right to make a network namespace (unshare --net): in this one, on loopback");
        Vec::new()
    });
    let (mut count, mut problems) = (Count::default(), Vec::new());
    for version in versions {
        let python = interpreter(version);
        let python = python.ok_or_else(|| format!("there is no Python {version} with pip"))?;
        let place = Place::prepared(&python, &alone)?;
        for name in &chosen {
            let missing =
                NEEDED.iter().find(|(one, program, _)| one == name && !is_installed(program));
            if let Some((_, program, _)) = missing {
                println!("skipped {name}: there is no {program}");
                count.add(0, 0, 1);
                continue;
            }
            judge(place.compare(name), &mut count, &mut problems);
        }
    }
    finish(count, &problems)
}

/// The folder of the programs.
fn folder() -> PathBuf {
    root().join("tests/python/programs")
}

/// Their names, in order.
fn programs() -> Result<Vec<String>, String> {
    let folder = folder();
    let files = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let files = files.flatten().map(|file| file.path());
    let files = files.filter(|file| file.extension().is_some_and(|end| end == "py"));
    let mut names: Vec<String> =
        files.filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    Ok(names)
}

/// Whose sockets a run has.
#[derive(Clone, Copy, PartialEq)]
enum Sockets {
    Stock,
    Ours,
    /// Ours, with a recording.
    Recorded,
}

/// What a run has given.
struct Ran {
    output: Output,
    took: Duration,
    /// How many sockets it has made: of ours, and of others.
    made: (usize, usize),
}

/// An environment with the packages.
struct Place<'a> {
    folder: PathBuf,
    python: PathBuf,
    alone: &'a [&'static str],
}

impl<'a> Place<'a> {
    fn prepared(base: &Path, alone: &'a [&'static str]) -> Result<Self, String> {
        let version = answer(base, "import sys; print('%d.%d' % sys.version_info[:2])", &[])?;
        println!("== Python {}", version.trim());
        let folder = target()?.join("python").join(format!("programs-{}", version.trim()));
        let requirements = self::folder().join("requirements.txt");
        let wanted = fs::read_to_string(&requirements)
            .map_err(|error| format!("{}: {error}", requirements.display()))?;
        let packages: Vec<&str> = wanted.lines().filter(|line| !line.starts_with('#')).collect();
        let python = environment(base, &folder, &packages)?;
        Ok(Self { folder, python, alone })
    }

    /// Runs a program in both ways.
    fn compare(&self, name: &str) -> Result<(), String> {
        let (stock, ours) = (self.run(name, Sockets::Stock)?, self.run(name, Sockets::Ours)?);
        println!(
            "{name:24} {} sockets of ours in {:.1} s; {} in {:.1} s by python alone",
            ours.made.0,
            ours.took.as_secs_f64(),
            stock.made.1,
            stock.took.as_secs_f64(),
        );
        let agree = |way: &str, ours: &Ran| {
            same(&stock, ours).map_err(|problem| {
                for (way, ran) in [("python", &stock), (way, ours)] {
                    println!("-- {way} {name}.py: {}", ran.output.status);
                    print!("{}", String::from_utf8_lossy(&ran.output.stdout));
                    print!("{}", String::from_utf8_lossy(&ran.output.stderr));
                }
                format!("{name}: {problem}")
            })
        };
        agree("python -m berkeley", &ours)?;
        if !RECORDED.contains(&name) {
            return Ok(());
        }
        agree("python -m berkeley trace", &self.run(name, Sockets::Recorded)?)?;
        let mut reader = Command::new(&self.python);
        reader.arg(root().join("tests/python/recorded.py")).arg(self.recording());
        succeed(&mut reader).map_err(|problem| format!("{name}: its recording: {problem}"))
    }

    /// Where a program is recorded.
    fn recording(&self) -> PathBuf {
        self.folder.join("run.jsonl")
    }

    fn run(&self, name: &str, sockets: Sockets) -> Result<Ran, String> {
        let proof = self.folder.join("proof");
        let problem = |error: std::io::Error| format!("{}: {error}", proof.display());
        let _ = fs::remove_dir_all(&proof);
        fs::create_dir_all(&proof).map_err(problem)?;
        let mut program = Command::new("timeout");
        program.args(["--kill-after=5", &LIMIT.as_secs().to_string()]).args(self.alone);
        if !self.alone.is_empty() {
            program.arg(&self.python).args(["-I", "-S"]).arg(root().join("xtask/cpython/lo.py"));
        }
        program.arg(&self.python);
        if sockets != Sockets::Stock {
            program.args(["-m", "berkeley"]);
        }
        if sockets == Sockets::Recorded {
            program.args(["trace", "-o"]).arg(self.recording());
        }
        program.arg(format!("{name}.py")).current_dir(folder()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy().to_lowercase();
            if text.starts_with("python") || text.ends_with("_proxy") {
                program.env_remove(name);
            }
        }
        program.env("PYTHONPATH", root().join("xtask/programs")).env("BERKELEY_PROOF", &proof);
        program.env("PYTHONDONTWRITEBYTECODE", "1");
        let start = Instant::now();
        let output = program.output().map_err(|error| cannot_start(&program, &error))?;
        let took = start.elapsed();
        if output.status.code() == Some(124) {
            println!("{}", String::from_utf8_lossy(&output.stderr));
            return Err(format!("`{}` takes too long", shown(&program)));
        }
        let mut told = String::new();
        for file in fs::read_dir(&proof).map_err(problem)?.flatten() {
            told += &fs::read_to_string(file.path()).map_err(problem)?;
        }
        Ok(Ran { output, took, made: made(&told) })
    }
}

/// Adds up the lines that the processes of a run have written.
fn made(told: &str) -> (usize, usize) {
    told.lines().fold((0, 0), |(ours, others), line| {
        let mut numbers = line.split(' ').map(|word| word.parse().unwrap_or(0));
        (ours + numbers.next().unwrap_or(0), others + numbers.next().unwrap_or(0))
    })
}

/// Whether the second has done what the first has, well, and each with its own sockets.
fn same(stock: &Ran, ours: &Ran) -> Result<(), String> {
    let whose = [("python", stock.made.1, stock.made.0), ("berkeley", ours.made.0, ours.made.1)];
    if !stock.output.status.success() {
        return Err(format!("by python alone it ends with {}", stock.output.status));
    }
    if stock.output.status != ours.output.status {
        return Err(format!("ends with {}", ours.output.status));
    }
    if stock.output.stdout != ours.output.stdout || stock.output.stderr != ours.output.stderr {
        return Err("prints something else".to_owned());
    }
    match whose.into_iter().find(|&(_, right, wrong)| right == 0 || wrong > 0) {
        Some((who, right, wrong)) => {
            Err(format!("not proven: by {who} it has made {right} of its sockets, {wrong} others"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::*;

    fn ran(printed: &str, status: i32, made: (usize, usize)) -> Ran {
        let status = ExitStatus::from_raw(status);
        let output = Output { status, stdout: printed.into(), stderr: Vec::new() };
        Ran { output, took: Duration::ZERO, made }
    }

    #[test]
    fn a_program_must_do_the_same_with_sockets_of_its_own() {
        assert_eq!(made("3 0\n4 1\nkilled\n"), (7, 1));
        assert_eq!(same(&ran("a", 0, (0, 2)), &ran("a", 0, (3, 0))), Ok(()));
        for (stock, ours) in [
            (ran("a", 0, (0, 2)), ran("b", 0, (2, 0))),
            (ran("a", 0, (0, 2)), ran("a", 256, (2, 0))),
            (ran("a", 256, (0, 2)), ran("a", 256, (2, 0))),
            (ran("a", 0, (0, 2)), ran("a", 0, (2, 1))),
            (ran("a", 0, (0, 2)), ran("a", 0, (0, 0))),
            (ran("a", 0, (1, 2)), ran("a", 0, (2, 0))),
        ] {
            assert!(same(&stock, &ours).is_err());
        }
    }
}
