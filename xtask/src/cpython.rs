//! `cargo xtask cpython`: CPython's own tests with our `_socket`, beside the same with CPython's.
//!
//! What each test gives with CPython's own is measured here once, and kept in the target folder.

mod files;
mod interpreter;
mod lane;
mod outcomes;

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

pub(crate) use self::files::copied;
use self::files::fs_text;
pub(crate) use self::interpreter::{answer, candidates, output_of, target};
use self::interpreter::{interpreters, newest};
use self::lane::Lane;
pub(crate) use self::lane::namespace;
use self::outcomes::{Outcomes, Tally, better, differences, proven, skipped_unseen, tally};
use crate::run::root;
use crate::test::{Count, finish};

const HELP: &str = "\
Runs CPython's own tests with berkeley in the place of its sockets, and compares test by test with
what they give without.

Usage: cargo xtask cpython [OPTION]... [MODULE]...

  MODULE            only these of xtask/cpython/modules.tsv, or `differential`: thousands of bad
                    arguments, given to both
  --python VERSION  only with this interpreter: 3.13, 3.13.0 or its path; may be given again
  --newest          only with the newest that is found
  --variant native  our `_socket` below CPython's socket.py (default)
  --variant full    `berkeley.install()`
  --kernel          under a kernel that has every family, as `cargo xtask kernel` has it: test_socket
                    may skip there only what is of other systems
  --stock           measure again what CPython's own gives
  --jobs N          so many at a time, each in a network of its own (two for a processor, at most 4)

Without --python these run that are found: 3.11, 3.12 and 3.13, each from PATH or pyenv, with
CPython's tests installed.
";

/// What `cargo xtask test` runs.
const SHORT: &[&str] = &["test_asyncio", "test_socket", "test_ssl"];

/// The run that is no module of CPython's.
const DIFFERENTIAL: &str = "differential";

/// What skips nothing for want of a family where there is every one.
const OF_FAMILIES: &str = "test_socket";

/// So many suites at a time for a processor, which each uses for a quarter of its time; and in all.
const JOBS: usize = 2;
const MOST_JOBS: usize = 4;

/// What the arguments ask for.
#[derive(Debug, PartialEq)]
struct Wanted {
    modules: Vec<String>,
    pythons: Vec<String>,
    newest: bool,
    variant: Variant,
    stock_again: bool,
    kernel: bool,
    jobs: usize,
}

/// Whose sockets a run has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Variant {
    Stock,
    Native,
    Full,
}

impl Variant {
    fn name(self) -> &'static str {
        match self {
            Variant::Stock => "stock",
            Variant::Native => "native",
            Variant::Full => "full",
        }
    }
}

/// A row of modules.tsv.
#[derive(Clone, Debug, PartialEq)]
struct Module {
    name: String,
    module: String,
    arguments: Vec<String>,
}

/// One run of many.
#[derive(Clone, Copy)]
struct Job<'a> {
    lane: &'a Lane,
    what: What<'a>,
}

#[derive(Clone, Copy)]
enum What<'a> {
    Suite(&'a Module, Variant),
    Differential,
}

/// What a run gave.
enum Given {
    Suite(Outcomes, Duration),
    /// The lines of the differential test, and whether it has found nothing.
    Differential(String, bool),
}

/// Both runs of a module, as they come.
#[derive(Default)]
struct Pair {
    expected: Option<Outcomes>,
    found: Option<(Outcomes, Duration)>,
}

/// Runs what is wanted with each interpreter.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if args.iter().any(|arg| arg == "-h" || arg == "--help") {
        print!("{HELP}");
        return Ok(());
    }
    let (mut count, mut problems) = (Count::default(), Vec::new());
    compare(&wanted(args)?, &mut count, &mut problems)?;
    finish(count, &problems)
}

/// The suites that say most, with the newest interpreter that is found.
pub(crate) fn short(count: &mut Count, problems: &mut Vec<String>) -> Result<(), String> {
    let args = ["--newest", "--variant", "full"].iter().chain(SHORT);
    compare(&wanted(&args.map(ToString::to_string).collect::<Vec<_>>())?, count, problems)
}

fn wanted(args: &[String]) -> Result<Wanted, String> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let mut wanted = Wanted {
        modules: Vec::new(),
        pythons: Vec::new(),
        newest: false,
        variant: Variant::Native,
        stock_again: false,
        kernel: false,
        jobs: (processors * JOBS).min(MOST_JOBS),
    };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--python" => {
                let python = args.next().ok_or("--python takes a version or a path")?;
                wanted.pythons.push(python.clone());
            }
            "--variant" => {
                wanted.variant = match args.next().map(String::as_str) {
                    Some("native") => Variant::Native,
                    Some("full") => Variant::Full,
                    _ => return Err("--variant takes native or full".to_owned()),
                }
            }
            "--jobs" => {
                let jobs = args.next().and_then(|jobs| jobs.parse().ok());
                wanted.jobs = jobs.filter(|jobs| *jobs > 0).ok_or("--jobs takes a number")?;
            }
            "--newest" => wanted.newest = true,
            "--stock" => wanted.stock_again = true,
            "--kernel" => wanted.kernel = true,
            option if option.starts_with('-') => {
                return Err(format!(
                    "there is no option {option}; see `cargo xtask cpython --help`"
                ));
            }
            module => wanted.modules.push(module.to_owned()),
        }
    }
    Ok(wanted)
}

/// Builds what is needed, and runs and compares all that is wanted.
fn compare(wanted: &Wanted, count: &mut Count, problems: &mut Vec<String>) -> Result<(), String> {
    let modules = chosen(&fs_text(&data().join("modules.tsv"))?, &wanted.modules)?;
    // What is imported there leaves files beside it.
    copied(&data().join("suites"), &suites()?)?;
    let alone = if wanted.kernel { Some(Vec::new()) } else { namespace() };
    let Some(alone) = alone else {
        println!("skipped cpython: no right to make a network namespace (unshare --net)");
        count.add(0, 0, modules.len());
        return Ok(());
    };
    let interpreters = match wanted.newest {
        true => newest(count)?,
        false => interpreters(&wanted.pythons, count)?,
    };
    let mut lanes = Vec::new();
    for interpreter in interpreters {
        println!("== CPython {} ({})", interpreter.version, interpreter.file.display());
        lanes.push(Lane::new(interpreter, alone.clone(), wanted.kernel, wanted.variant)?);
    }
    let mut pairs: BTreeMap<(&str, &str), Pair> = BTreeMap::new();
    let mut jobs = VecDeque::new();
    for lane in &lanes {
        for module in &modules {
            if !lane.has(module)? {
                println!("{} {} is not in it", lane.version(), module.name);
                continue;
            }
            let pair = pairs.entry((lane.version(), &module.name)).or_default();
            pair.expected = lane.known(module).filter(|_| !wanted.stock_again);
            if pair.expected.is_none() {
                jobs.push_back(Job { lane, what: What::Suite(module, Variant::Stock) });
            }
            jobs.push_back(Job { lane, what: What::Suite(module, wanted.variant) });
        }
        let named = wanted.modules.iter().any(|name| name == DIFFERENTIAL);
        if named || wanted.modules.is_empty() && !wanted.kernel {
            jobs.push_back(Job { lane, what: What::Differential });
        }
    }
    all_done(jobs, wanted.jobs, |job, given| match (job.what, given) {
        (_, Err(problem)) => {
            println!("{} {problem}", job.lane.version());
            count.add(0, 1, 0);
            problems.push(problem);
        }
        (What::Suite(module, variant), Ok(Given::Suite(outcomes, took))) => {
            let pair = pairs.entry((job.lane.version(), &module.name)).or_default();
            match variant {
                Variant::Stock => pair.expected = Some(outcomes),
                _ => pair.found = Some((outcomes, took)),
            }
            if let Pair { expected: Some(expected), found: Some(found) } = pair {
                told(job.lane, module, expected, found, count, problems);
            }
        }
        (_, Ok(Given::Differential(text, good))) => {
            println!("{} {DIFFERENTIAL}\n{text}", job.lane.version());
            count.add(usize::from(good), usize::from(!good), 0);
            if !good {
                problems.push(format!("{} {DIFFERENTIAL}", job.lane.version()));
            }
        }
        (What::Differential, Ok(Given::Suite(..))) => {}
    });
    Ok(())
}

/// Does the jobs, so many at a time, and tells of each when it is done.
fn all_done<'a>(
    jobs: VecDeque<Job<'a>>,
    at_a_time: usize,
    mut tell: impl FnMut(Job<'a>, Result<Given, String>),
) {
    let jobs = Mutex::new(jobs);
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let (done, results) = mpsc::channel();
    thread::scope(|scope| {
        for slot in 0..at_a_time {
            let (next, done) = (&next, done.clone());
            scope.spawn(move || {
                // An environment of its own, which has the proof of what it used.
                let mut made = BTreeMap::new();
                while let Some(job) = next() {
                    if done.send((job, one_done(job, slot, &mut made))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done);
        for (job, given) in results {
            tell(job, given);
        }
    });
}

fn one_done<'a>(
    job: Job<'a>,
    slot: usize,
    made: &mut BTreeMap<(&'a str, Variant), PathBuf>,
) -> Result<Given, String> {
    let variant = match job.what {
        What::Suite(_, variant) => variant,
        What::Differential => Variant::Native,
    };
    let key = (job.lane.version(), variant);
    let folder = match made.get(&key) {
        Some(folder) => folder.clone(),
        None => job.lane.environment(variant, slot)?,
    };
    made.insert(key, folder.clone());
    match job.what {
        What::Suite(module, variant) => {
            let (outcomes, took) = job.lane.measure(&folder, slot, module, variant)?;
            Ok(Given::Suite(outcomes, took))
        }
        What::Differential => {
            let (text, good) = job.lane.differential(&folder)?;
            Ok(Given::Differential(text, good))
        }
    }
}

/// Prints and counts how a module's two runs differ.
fn told(
    lane: &Lane,
    module: &Module,
    expected: &Outcomes,
    (found, took): &(Outcomes, Duration),
    count: &mut Count,
    problems: &mut Vec<String>,
) {
    let worse = differences(expected, found);
    let Tally { ok, skipped, changed } = tally(expected, found);
    println!(
        "{} {:24} {ok} ok, {skipped} skipped, {} worse, {} better; {} sockets of ours and {} \
         others in {} processes; {:.1} s",
        lane.version(),
        module.name,
        worse.len(),
        changed.saturating_sub(worse.len()),
        found.ours,
        found.others,
        found.processes,
        took.as_secs_f64(),
    );
    for line in &worse {
        println!("  worse {line}");
        problems.push(format!("{} {}", lane.version(), line));
    }
    for line in better(expected, found) {
        println!("  better {line}");
    }
    count.add(ok, worse.len(), skipped);
    let mut checks = vec![proven(expected, found)];
    if lane.kernel && module.name == OF_FAMILIES {
        checks.push(skipped_unseen(found));
    }
    for check in checks {
        count.add(usize::from(check.is_ok()), usize::from(check.is_err()), 0);
        if let Err(problem) = check {
            println!("  {problem}");
            problems.push(format!("{} {}: {problem}", lane.version(), module.name));
        }
    }
}

/// The rows of a table with these names; all if there are none.
fn chosen(table: &str, names: &[String]) -> Result<Vec<Module>, String> {
    let suites = suites()?.display().to_string();
    let rows = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let all: Vec<Module> = rows.filter_map(|row| module(row, &suites)).collect();
    let known = |name: &str| name == DIFFERENTIAL || all.iter().any(|row| row.name == name);
    if let Some(name) = names.iter().find(|name| !known(name)) {
        return Err(format!("there is no module {name} in xtask/cpython/modules.tsv"));
    }
    Ok(all.into_iter().filter(|row| names.is_empty() || names.contains(&row.name)).collect())
}

fn module(line: &str, suites: &str) -> Option<Module> {
    let mut cells = line.split('\t');
    let (name, module) = (cells.next()?.to_owned(), cells.next()?.to_owned());
    let words = cells.next().unwrap_or_default().split_whitespace();
    let arguments = words.map(|word| word.replace("{suites}", suites)).collect();
    Some(Module { name, module, arguments })
}

/// The folder of what belongs to this command.
fn data() -> PathBuf {
    root().join("xtask/cpython")
}

/// Tests that are made of CPython's, where they are run from.
fn suites() -> Result<PathBuf, String> {
    Ok(target()?.join("cpython/suites"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn arguments_are_modules_and_options() {
        let all = strings(&["test_ssl", "--python", "3.13", "--variant", "full", "--stock"]);
        let all = wanted(&all).unwrap();
        assert_eq!(all.modules, ["test_ssl"]);
        assert_eq!(all.pythons, ["3.13"]);
        assert_eq!(all.variant, Variant::Full);
        assert!(all.stock_again && !all.newest);
        assert_eq!(wanted(&strings(&["--jobs", "3"])).unwrap().jobs, 3);
        assert!(wanted(&strings(&["--variant", "stock"])).is_err());
        assert!(wanted(&strings(&["--python"])).is_err());
        assert!(wanted(&strings(&["--jobs", "0"])).is_err());
        assert!(wanted(&strings(&["--all"])).is_err());
    }

    #[test]
    fn modules_are_rows() {
        let table = fs_text(&data().join("modules.tsv")).unwrap();
        let all = chosen(&table, &[]).unwrap();
        assert!(all.len() > 30);
        assert!(all.iter().all(|row| row.module.starts_with("test_")), "{all:?}");
        let one = chosen(&table, &strings(&["test_eintr"])).unwrap();
        assert_eq!(one[0].arguments, ["-u", "walltime"]);
        assert_eq!(chosen(&table, &strings(SHORT)).unwrap().len(), SHORT.len());
        assert!(all.iter().any(|row| row.name == OF_FAMILIES));
        assert!(chosen(&table, &strings(&["test_nothing"])).is_err());
    }
}
