//! `cargo xtask kernel`: the tests under a kernel that has every family.
//!
//! The programs are built here. The guest is started once, and in it this program runs them one
//! after the other.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::run::{cannot_start, cargo, root, shown, succeed};
use crate::test::{Count, WITH_ALL, finish, run_with};

const HELP: &str = "\
Runs the tests under a kernel that has every family of sockets.

Usage: cargo xtask kernel [--test PROGRAM]... [[--] NAME...]

  --test PROGRAM  only the tests of crates/*/tests/PROGRAM.rs
  NAME            only tests with this in their name

Without arguments all run, but for those that xtask/src/kernel.rs leaves out and says why. Tests
may skip themselves only for the reasons that are listed there.
";

/// How long the guest may run in all, and in it one program. Neither is ever near.
const IN_ALL: Duration = Duration::from_secs(30 * 60);
const FOR_ONE: Duration = Duration::from_secs(5 * 60);

/// The memory of the guest in mebibytes.
const MEMORY: u32 = 2048;

/// A test that does not run in the guest, or a whole program if `test` is empty.
struct LeftOut {
    program: &'static str,
    test: &'static str,
    why: &'static str,
}

/// What `cargo xtask test` alone runs.
const LEFT_OUT: &[LeftOut] = &[
    LeftOut {
        program: "berkeley::leaks",
        test: "",
        why: "a hundred thousand connections take minutes there, and are of two families only",
    },
    LeftOut {
        program: "berkeley::lib",
        test: "",
        why: "parsers, orders of events and headers, which no kernel changes",
    },
    LeftOut {
        program: "berkeley::constants",
        test: "",
        why: "the headers and CPythons are those of the machine, and take minutes there",
    },
    LeftOut {
        program: "berkeley::option_numbers",
        test: "",
        why: "the headers are those of the machine",
    },
    LeftOut {
        program: "berkeley::cmsg_numbers",
        test: "",
        why: "the headers are those of the machine",
    },
    LeftOut {
        program: "berkeley::batches_offload",
        test: "d8_a_million_datagrams_arrive_once_and_whole",
        why: "a million take a minute there, and are of one family only",
    },
    LeftOut {
        program: "berkeley::batches_offload",
        test: "d6_d7_half_a_million_without_offload",
        why: "so many take a minute there, and are of one family only",
    },
    LeftOut {
        program: "berkeley-cli::serve",
        test: "ten_thousand_connections_at_once",
        why: "so many take a minute there, and are of one family only",
    },
    LeftOut {
        program: "berkeley::eyeballs",
        test: "e8_a_black_hole_is_passed_in_less_than_300_ms",
        why: "it measures milliseconds, which the guest has not",
    },
    LeftOut {
        program: "berkeley::awaited_connections",
        test: "e8_a_black_hole_is_passed_in_less_than_300_ms",
        why: "it measures milliseconds, which the guest has not",
    },
    LeftOut {
        program: "berkeley-cli::peers",
        test: "",
        why: "the other programs have deadlines of their own, and the guest is slow",
    },
    LeftOut {
        program: "berkeley-cli::trace",
        test: "on_a_terminal_it_is_a_picture_that_ends_with_a_key",
        why: "`script` shows nothing there: the guest gives it no terminal",
    },
];

/// Words in a test's reason to skip itself, and why that reason holds in the guest too. No other
/// does.
const MAY_SKIP: &[(&str, &str)] = &[
    ("is not installed", "the programs are those of the machine"),
    ("there is no CPython", "the programs are those of the machine"),
    ("no header ", "and so are the headers of C"),
    ("needs Linux ", "Debian's kernel is not the newest"),
    ("this system lets groups", "there everybody may ping"),
];

/// A program with tests, as cargo has built it.
#[derive(Debug, PartialEq)]
struct Program {
    /// The folder of the package and the file of the tests: `berkeley::options`; for the tests of
    /// a library or a command `berkeley::lib`, `xtask::main`.
    name: String,
    file: PathBuf,
    /// Where cargo runs it.
    folder: PathBuf,
}

/// What the arguments ask for.
#[derive(Debug, Default, PartialEq)]
struct Wanted {
    programs: Vec<String>,
    names: Vec<String>,
}

/// Builds the tests, starts the guest and has them run there.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "-h" || arg == "--help") {
        print!("{HELP}");
        return Ok(());
    }
    let wanted = wanted(args)?;
    let messages = std::env::temp_dir().join(format!("berkeley-kernel-{}", std::process::id()));
    let done = build(&wanted, &messages).and_then(|()| start(&messages, args));
    let _ = fs::remove_file(&messages);
    done
}

/// Runs in the guest what was built, by the messages of cargo in a file.
pub(crate) fn run_inside(messages: &str, args: &[String]) -> Result<(), String> {
    let text = fs::read_to_string(messages)
        .map_err(|error| format!("cannot read what was built from {messages}: {error}"))?;
    let wanted = wanted(args)?;
    let mut count = Count::default();
    let mut problems = Vec::new();
    for program in programs(&text) {
        let mut test = command(&program, &wanted.names);
        let mut left_out = false;
        for row in LEFT_OUT.iter().filter(|row| row.program == program.name) {
            // Who names a program wants it.
            if !row.test.is_empty() {
                test.args(["--skip", row.test]);
            } else if wanted.programs.is_empty() {
                left_out = true;
            } else {
                continue;
            }
            println!("left out {} {}: {}", program.name, row.test, row.why);
        }
        if left_out {
            continue;
        }
        if let Err(problem) = run_with(&mut test, &mut count, may_skip) {
            problems.push(format!("{}: {problem}", program.name));
        }
    }
    if count == Count::default() {
        return Err("no test has such a name".to_owned());
    }
    finish(count, &problems)
}

/// Whether this reason for a skip holds in the guest.
fn may_skip(reason: &str) -> bool {
    MAY_SKIP.iter().any(|(words, _)| reason.contains(words))
}

/// `--test` names programs, and all else is in the names of tests.
fn wanted(args: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--test" => {
                let program = args.next().ok_or("--test takes the name of a program")?;
                wanted.programs.push(program.clone());
            }
            "--" => wanted.names.extend(args.by_ref().cloned()),
            option if option.starts_with('-') => {
                return Err(format!(
                    "there is no option {option}; see `cargo xtask kernel --help`"
                ));
            }
            name => wanted.names.push(name.to_owned()),
        }
    }
    Ok(wanted)
}

/// Builds what is wanted, and what it starts in turn. Cargo's messages go to a file.
fn build(wanted: &Wanted, messages: &Path) -> Result<(), String> {
    let file = fs::File::create(messages)
        .map_err(|error| format!("cannot write {}: {error}", messages.display()))?;
    let mut build = cargo();
    build.args(["test", "--no-run", "--workspace"]);
    // What is of others' loops and protocols needs no family that is not everywhere, and what draws
    // opens no socket at all.
    build.args(["--exclude", "berkeley-ecosystem", "--exclude", "berkeley-picture"]);
    build.args(WITH_ALL);
    for program in &wanted.programs {
        build.args(["--test", program]);
    }
    build.arg("--message-format=json-render-diagnostics");
    succeed(build.stdout(file))
}

/// Starts the guest with this program in it.
fn start(messages: &Path, args: &[String]) -> Result<(), String> {
    let this = std::env::current_exe()
        .map_err(|error| format!("cannot find the program that runs: {error}"))?;
    let mut guest = Command::new(root().join("xtask/kernel/run"));
    guest.args(["--mem", &MEMORY.to_string(), "--timeout", &IN_ALL.as_secs().to_string(), "--"]);
    guest.arg(this).arg("kernel-inside").arg(messages).args(args);
    guest.env("BERKELEY_KERNEL_LANE", "1").stdin(Stdio::null());
    println!("$ {}", shown(&guest));
    let status = guest.status().map_err(|error| cannot_start(&guest, &error))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(1) => Err("tests failed".to_owned()),
        Some(124) => Err("the guest did not finish in time".to_owned()),
        _ => Err(format!("the guest ended with {status}")),
    }
}

/// How the guest runs a program: no longer than it may.
fn command(program: &Program, names: &[String]) -> Command {
    let mut command = Command::new("timeout");
    let limit = FOR_ONE.as_secs().to_string();
    command.args(["--kill-after=5", &limit]).arg(&program.file).args(names);
    command.current_dir(&program.folder).env("CARGO_MANIFEST_DIR", &program.folder);
    command
}

/// The programs with tests in cargo's messages, which are lines of JSON.
fn programs(messages: &str) -> Vec<Program> {
    let lines = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut found: Vec<Program> = lines.filter_map(|message: Value| program(&message)).collect();
    // Cargo tells them as they are ready.
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// A message's program, if it is about one with tests.
fn program(message: &Value) -> Option<Program> {
    if message.pointer("/profile/test")? != true {
        return None;
    }
    let file = PathBuf::from(message.get("executable")?.as_str()?);
    let folder = Path::new(message.get("manifest_path")?.as_str()?).parent()?.to_owned();
    let source = Path::new(message.pointer("/target/src_path")?.as_str()?);
    let mut name = OsString::from(folder.file_name()?);
    name.push("::");
    name.push(source.file_stem()?);
    Some(Program { name: name.into_string().ok()?, file, folder })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn programs_are_read_from_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","profile":{"test":false},"executable":"/t/berkeley"}
{"reason":"compiler-artifact","manifest_path":"/w/crates/berkeley/Cargo.toml","target":{"name":"options","src_path":"/w/crates/berkeley/tests/options.rs"},"profile":{"test":true},"executable":"/t/options-1"}
{"reason":"compiler-artifact","manifest_path":"/w/crates/berkeley/Cargo.toml","target":{"name":"berkeley","src_path":"/w/crates/berkeley/src/lib.rs"},"profile":{"test":true},"executable":null}
not JSON
{"reason":"build-finished","success":true}"#;
        let options = Program {
            name: "berkeley::options".into(),
            file: "/t/options-1".into(),
            folder: "/w/crates/berkeley".into(),
        };
        assert_eq!(programs(messages), [options]);
    }

    #[test]
    fn arguments_are_programs_and_names() {
        let all = wanted(&strings(&["--test", "options", "can", "--", "rds", "--test"])).unwrap();
        assert_eq!(all.programs, ["options"]);
        assert_eq!(all.names, ["can", "rds", "--test"]);
        assert!(wanted(&strings(&["--test"])).is_err());
        assert!(wanted(&strings(&["--all"])).is_err());
    }

    #[test]
    fn what_is_left_out_exists() {
        for row in LEFT_OUT {
            let (package, file) = row.program.split_once("::").unwrap();
            let folder = if file == "lib" { "src" } else { "tests" };
            let source = root().join(format!("crates/{package}/{folder}/{file}.rs"));
            let text = fs::read_to_string(&source).unwrap_or_default();
            assert!(!text.is_empty(), "{}: no such program", row.program);
            let test = if row.test.is_empty() { String::new() } else { format!("fn {}", row.test) };
            assert!(text.contains(&test), "{} {}: no such test", row.program, row.test);
            assert!(!row.why.is_empty());
        }
    }

    #[test]
    fn a_family_that_is_missing_is_no_reason_to_skip() {
        assert!(may_skip("groff is not installed"));
        assert!(!may_skip("this kernel has no SCTP"));
    }
}
