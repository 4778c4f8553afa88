//! `cargo xtask table`: everything that is measured beside others, in one run.

mod calls;
mod dead;
mod growth;
pub(crate) mod line;
mod python;
pub(crate) mod running;
mod servers;
mod zerocopy;

use std::fs;
use std::path::PathBuf;

use crate::run::{cargo, root, succeed};
use line::Line;

const HELP: &str = "\
Measures everything beside others, in turn, and prints a table. What falls short is marked.

Usage: cargo xtask table [--rounds N] [--seconds N] [--write] [SECTION]...

  --rounds N    how many times each is measured; medians count (default 5)
  --seconds N   how long each time (default 1)
  --write       put the tables into docs/performance.md and the plots beside it
  SECTION       only these:
";

/// What to measure, and how.
pub(crate) struct Options {
    rounds: usize,
    seconds: f64,
    write: bool,
}

impl Options {
    /// Where plots go.
    fn folder(&self) -> Result<PathBuf, String> {
        if self.write {
            return Ok(root().join("docs"));
        }
        let folder = root().join("target/table");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(folder)
    }
}

type Measure = fn(&Options) -> Result<Vec<Line>, String>;

/// The sections: what each is called, what it is about, and what measures it.
const SECTIONS: &[(&str, &str, Measure)] = &[
    ("calls", "send and recv of 64 bytes, beside libc, std, socket2, nix and rustix", calls::calls),
    ("batches", "UDP batches with offload, beside libc and quinn-udp", calls::batches),
    ("bench", "berkeley bench, beside iperf3", calls::bench),
    ("echo", "berkeley serve --echo, beside tokio, socat and ncat", servers::echo),
    ("idle", "the memory of an idle connection, beside tokio", servers::idle),
    ("file", "a file of 1 GiB to a socket, beside socat and cat | ncat", servers::file),
    ("proxy", "a proxy by splice, beside one that reads and writes", servers::proxy),
    ("dead", "a host whose first address never answers, beside curl", dead::dead),
    ("zerocopy", "sending without a copy, beside sending with one", zerocopy::zerocopy),
    ("growth", "the cost of one of many connections and datagrams", growth::growth),
    ("python", "sockets, asyncio and aiohttp by Python, beside CPython's", python::python),
];

/// Measures what is asked for.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut options = Options { rounds: 5, seconds: 1.0, write: false };
    let (mut wanted, mut args) = (Vec::new(), args.iter());
    while let Some(arg) = args.next() {
        let mut number = || args.next().ok_or_else(|| format!("{arg} needs a number"));
        match arg.as_str() {
            "--rounds" => {
                let value = number()?.parse().ok().filter(|value| *value > 0);
                options.rounds = value.ok_or("--rounds needs a number")?;
            }
            "--seconds" => {
                let value = number()?.parse().ok().filter(|value| *value > 0.0);
                options.seconds = value.ok_or("--seconds needs a number")?;
            }
            "--write" => options.write = true,
            "-h" | "--help" => {
                print!("{HELP}");
                for (name, about, _) in SECTIONS {
                    println!("    {name:<10}{about}");
                }
                return Ok(());
            }
            name if SECTIONS.iter().any(|(section, ..)| *section == name) => wanted.push(name),
            other => return Err(format!("there is no section {other:?}; see --help")),
        }
    }
    build()?;
    let (mut problems, mut short) = (Vec::new(), Vec::new());
    for (name, about, measure) in SECTIONS {
        if !wanted.is_empty() && !wanted.contains(name) {
            continue;
        }
        println!("\n{name}: {about}");
        match measure(&options) {
            Ok(lines) => {
                print!("{}", line::text(&lines));
                short.extend(lines.iter().filter(|line| line.is_short()).map(Line::to_string));
                if options.write {
                    write(name, &line::markdown(&lines))?;
                }
            }
            Err(problem) => {
                println!("  not measured: {problem}");
                problems.push(format!("{name}: {problem}"));
            }
        }
    }
    match short.as_slice() {
        [] => println!("\nnothing that was measured falls short"),
        short => println!("\nshort of the target:\n  {}", short.join("\n  ")),
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Builds what is measured, as it is shipped.
fn build() -> Result<(), String> {
    // Each alone: what the command asks of the library would be in the benchmark, too.
    let proxy = ["berkeley", "--example", "splice_proxy"];
    for package in [&["berkeley-bench"][..], &["berkeley-cli"], &proxy] {
        let build = ["build", "--release", "--quiet", "--package"];
        succeed(cargo().args(build).args(package))?;
    }
    Ok(())
}

/// Puts a table into the documentation, between the marks that name its section.
fn write(name: &str, table: &str) -> Result<(), String> {
    let file = root().join("docs/performance.md");
    let problem = |what: &dyn std::fmt::Display| format!("{}: {what}", file.display());
    let text = fs::read_to_string(&file).map_err(|error| problem(&error))?;
    let text = replaced(&text, name, table).ok_or_else(|| problem(&"a mark is missing"))?;
    fs::write(&file, text).map_err(|error| problem(&error))
}

/// The text with another table between the marks of this name.
fn replaced(text: &str, name: &str, table: &str) -> Option<String> {
    let mark = format!("<!-- {name} -->\n");
    let (before, rest) = text.split_once(&mark)?;
    let (_, after) = rest.split_once("<!-- end -->")?;
    Some(format!("{before}{mark}{table}<!-- end -->{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_table_of_a_section_is_replaced() {
        let text = "a\n<!-- x -->\nold\n<!-- end -->\n<!-- y -->\n<!-- end -->\n";
        let new = "a\n<!-- x -->\nnew\n<!-- end -->\n<!-- y -->\n<!-- end -->\n";
        assert_eq!(replaced(text, "x", "new\n").as_deref(), Some(new));
        assert_eq!(replaced(text, "z", "new"), None);
    }
}
