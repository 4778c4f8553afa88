//! `cargo xtask cpython`: CPython's own tests with our `_socket`, beside the same with CPython's.
//!
//! What each test gives with CPython's own is measured here once, and kept in the target folder.

mod outcomes;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use self::outcomes::{Outcomes, Tally, better, differences, outcomes, proven, tally};
use crate::run::{cannot_start, cargo, root, shown, succeed};
use crate::test::{Count, finish};

const HELP: &str = "\
Runs CPython's own tests with berkeley in the place of its sockets, and compares test by test with
what they give without.

Usage: cargo xtask cpython [OPTION]... [MODULE]...

  MODULE            only these of xtask/cpython/modules.tsv, or `differential`: thousands of bad
                    arguments, given to both
  --python VERSION  only with this interpreter: 3.13, 3.13.0 or its path; may be given again
  --variant native  our `_socket` below CPython's socket.py (default)
  --variant full    `berkeley.install()`
  --kernel          under a kernel that has every family, as `cargo xtask kernel` has it
  --stock           measure again what CPython's own gives

Without --python these run that are found: 3.11, 3.12 and 3.13, each from PATH or pyenv, with
CPython's tests installed.
";

/// The versions that are looked for.
const VERSIONS: &[&str] = &["3.11", "3.12", "3.13"];

/// The run that is no module of CPython's.
const DIFFERENTIAL: &str = "differential";

/// How long one test may take, and one module. Neither is ever near.
const FOR_ONE: Duration = Duration::from_secs(420);
const FOR_ALL: Duration = Duration::from_secs(20 * 60);

/// What the arguments ask for.
#[derive(Debug, PartialEq)]
struct Wanted {
    modules: Vec<String>,
    pythons: Vec<String>,
    variant: Variant,
    stock_again: bool,
    kernel: bool,
}

/// Whose sockets a run has.
#[derive(Clone, Copy, Debug, PartialEq)]
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

/// An interpreter with CPython's tests.
struct Interpreter {
    file: PathBuf,
    /// All three numbers.
    version: String,
    /// Where its runs are kept, in the target folder.
    folder: PathBuf,
}

/// Runs what is wanted with each interpreter.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if args.iter().any(|arg| arg == "-h" || arg == "--help") {
        print!("{HELP}");
        return Ok(());
    }
    let wanted = wanted(args)?;
    let modules = chosen(&fs_text(&data().join("modules.tsv"))?, &wanted.modules)?;
    // What is imported there leaves files beside it.
    copied(&data().join("suites"), &suites()?)?;
    let mut count = Count::default();
    let alone = if wanted.kernel { Some(Vec::new()) } else { namespace() };
    let Some(alone) = alone else {
        println!("skipped cpython: no right to make a network namespace (unshare --net)");
        count.add(0, 0, modules.len());
        return finish(count, &[]);
    };
    let mut problems = Vec::new();
    for interpreter in interpreters(&wanted.pythons, &mut count)? {
        println!("== CPython {} ({})", interpreter.version, interpreter.file.display());
        let lane = Lane { interpreter: &interpreter, alone: &alone, kernel: wanted.kernel };
        lane.run(&wanted, &modules, &mut count, &mut problems)?;
    }
    finish(count, &problems)
}

fn wanted(args: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted {
        modules: Vec::new(),
        pythons: Vec::new(),
        variant: Variant::Native,
        stock_again: false,
        kernel: false,
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

/// How a program is started in a network of its own, if that may be.
pub(crate) fn namespace() -> Option<Vec<&'static str>> {
    [vec!["unshare", "--net"], vec!["unshare", "--map-root-user", "--net"]].into_iter().find(
        |words| {
            let Some((program, rest)) = words.split_first() else { return false };
            let mut tried = Command::new(program);
            tried.args(rest).arg("true").stderr(Stdio::null());
            tried.status().is_ok_and(|status| status.success())
        },
    )
}

/// The interpreters that are asked for, or those that are found.
fn interpreters(asked: &[String], count: &mut Count) -> Result<Vec<Interpreter>, String> {
    let mut found = Vec::new();
    for python in asked {
        let interpreter = interpreter(python)?;
        found.push(interpreter.ok_or_else(|| format!("there is no Python {python} with tests"))?);
    }
    if asked.is_empty() {
        for version in VERSIONS {
            match interpreter(version)? {
                Some(interpreter) => found.push(interpreter),
                None => {
                    println!("skipped CPython {version}: none is found that has CPython's tests");
                    count.add(0, 0, 1);
                }
            }
        }
    }
    Ok(found)
}

/// The first interpreter of a version, or at a path, that has the tests.
fn interpreter(asked: &str) -> Result<Option<Interpreter>, String> {
    let candidates = match asked.contains('/') {
        true => vec![PathBuf::from(asked)],
        false => candidates(asked),
    };
    let ask = "import sys, importlib.util as u\n\
               if u.find_spec('test.test_socket'):\n\
               \x20   print('%d.%d.%d' % sys.version_info[:3], sys.executable, sep='\\n')";
    for file in candidates {
        // One that does not start is none: pyenv has such for versions that are not chosen.
        let Ok(answer) = answer(&file, ask, &[]) else { continue };
        let Some((version, file)) = answer.trim_end().split_once('\n') else { continue };
        if !asked.contains('/') && version != asked && !version.starts_with(&format!("{asked}.")) {
            continue;
        }
        let folder = target()?.join("cpython").join(version);
        return Ok(Some(Interpreter { file: file.into(), version: version.to_owned(), folder }));
    }
    Ok(None)
}

/// Where an interpreter of a version may be.
pub(crate) fn candidates(version: &str) -> Vec<PathBuf> {
    let minor: Vec<&str> = version.splitn(3, '.').take(2).collect();
    let name = format!("python{}", minor.join("."));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv"));
    let pyenv = std::env::var_os("PYENV_ROOT").map(PathBuf::from).or(home);
    let versions = pyenv.and_then(|root| fs::read_dir(root.join("versions")).ok());
    let mut versions: Vec<PathBuf> =
        versions.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    versions.sort();
    folders.extend(versions.into_iter().map(|folder| folder.join("bin")));
    folders.into_iter().map(|folder| folder.join(&name)).filter(|file| file.is_file()).collect()
}

/// One interpreter, and how its runs are kept away from the network.
struct Lane<'a> {
    interpreter: &'a Interpreter,
    alone: &'a [&'static str],
    /// Whether they are in the guest of `xtask/kernel/run`, which is alone.
    kernel: bool,
}

impl Lane<'_> {
    fn run(
        &self,
        wanted: &Wanted,
        modules: &[Module],
        count: &mut Count,
        problems: &mut Vec<String>,
    ) -> Result<(), String> {
        let library = self.build()?;
        let stock = self.environment(Variant::Stock, None)?;
        let replaced = self.environment(wanted.variant, Some(&library))?;
        for module in modules {
            if !self.has(module)? {
                println!("{:24} not in {}", module.name, self.interpreter.version);
                continue;
            }
            let known = self.file(&stock, module, "json");
            let expected = match fs::read_to_string(&known).map(|text| outcomes(&text)) {
                Ok(Ok(known)) if !wanted.stock_again => known,
                _ => self.measure(&stock, module)?.0,
            };
            let (found, took) = self.measure(&replaced, module)?;
            let worse = differences(&expected, &found);
            let Tally { ok, skipped, changed } = tally(&expected, &found);
            println!(
                "{:24} {ok} ok, {skipped} skipped, {} worse, {} better; {} sockets of ours and {} \
                 others in {} processes; {:.1} s",
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
                problems.push(format!("{} {}", self.interpreter.version, line));
            }
            for line in better(&expected, &found) {
                println!("  better {line}");
            }
            count.add(ok, worse.len(), skipped);
            let proven = proven(&expected, &found);
            count.add(usize::from(proven.is_ok()), usize::from(proven.is_err()), 0);
            if let Err(problem) = proven {
                println!("  not proven: {problem}");
                problems.push(format!("{} {}: {problem}", self.interpreter.version, module.name));
            }
        }
        let named = !wanted.modules.is_empty();
        if !self.kernel && !named || wanted.modules.iter().any(|name| name == DIFFERENTIAL) {
            let done = self.differential(&replaced);
            count.add(usize::from(done.is_ok()), usize::from(done.is_err()), 0);
            problems.extend(done.err());
        }
        Ok(())
    }

    /// Gives bad arguments to CPython's `_socket` and ours, in one process.
    fn differential(&self, folder: &Path) -> Result<(), String> {
        let mut test = Command::new("timeout");
        test.args(["--kill-after=10", &FOR_ALL.as_secs().to_string()]).args(self.alone);
        test.arg(folder.join("bin/python")).arg("-I");
        test.arg(root().join("tests/python/differential.py")).stdin(Stdio::null());
        succeed(&mut test)
    }

    /// Builds the native module for the interpreter.
    fn build(&self) -> Result<PathBuf, String> {
        let minor = self.interpreter.version.rsplit_once('.').map_or("", |(minor, _)| minor);
        // Each version has a folder of its own, or each run would build it again.
        let folder = target()?.join("cpython").join(format!("build-{minor}"));
        let mut build = cargo();
        build.args(["build", "--release", "--quiet", "--package", "berkeley-python"]);
        build.arg("--target-dir").arg(&folder);
        // A module for any interpreter of the version does not bring one of its own.
        build.env("PYO3_PYTHON", &self.interpreter.file).env("PYO3_BUILD_EXTENSION_MODULE", "1");
        succeed(&mut build)?;
        Ok(folder.join("release/lib_berkeley.so"))
    }

    /// Makes a virtual environment, whose every process has the variant's sockets.
    fn environment(&self, variant: Variant, library: Option<&Path>) -> Result<PathBuf, String> {
        let folder = self.interpreter.folder.join(variant.name());
        let python = folder.join("bin/python");
        if !python.is_file() {
            let mut venv = Command::new(&self.interpreter.file);
            succeed(venv.args(["-m", "venv", "--without-pip"]).arg(&folder))?;
        }
        let ask = "import sysconfig; print(sysconfig.get_path('purelib'))";
        let packages = PathBuf::from(answer(&python, ask, &[])?.trim());
        let hook = fs_text(&data().join("sitecustomize.py"))?;
        let hook = format!("VARIANT = {:?}\n{hook}", variant.name());
        written(&packages.join("sitecustomize.py"), hook.as_bytes())?;
        let Some(library) = library else { return Ok(folder) };
        let package = packages.join("berkeley");
        let _ = fs::remove_dir_all(&package);
        made(&package)?;
        match variant {
            Variant::Full => copied(&root().join("python/berkeley"), &package)?,
            _ => written(&package.join("__init__.py"), b"")?,
        }
        // A new file: one that a process has open may not be written to.
        let module = package.join("_berkeley.so");
        fs::copy(library, &module).map_err(|error| problem(&module, &error))?;
        Ok(folder)
    }

    /// Where something about a module is kept.
    fn file(&self, folder: &Path, module: &Module, kind: &str) -> PathBuf {
        let lane = if self.kernel { "kernel-" } else { "" };
        folder.join(format!("{lane}{}.{kind}", module.name))
    }

    /// Whether the interpreter has a module of tests.
    fn has(&self, module: &Module) -> Result<bool, String> {
        let Some(at) = module.arguments.iter().position(|word| word == "--testdir") else {
            let ask =
                "import sys, importlib.util as u; print(u.find_spec(sys.argv[1]) is not None)";
            let name = format!("test.{}", module.module);
            return Ok(answer(&self.interpreter.file, ask, &[&name])?.trim() == "True");
        };
        let file = module.arguments.get(at + 1).map(PathBuf::from).unwrap_or_default();
        Ok(file.join(&module.module).with_extension("py").is_file())
    }

    /// Runs a module in an environment, and keeps what it gave there.
    fn measure(&self, folder: &Path, module: &Module) -> Result<(Outcomes, Duration), String> {
        let file = |kind: &str| self.file(folder, module, kind);
        let (log, report) = (file("log"), file("xml"));
        let _ = fs::remove_file(&report);
        let python = folder.join("bin/python");
        let ask = "import sysconfig; print(sysconfig.get_path('purelib'))";
        let proof = PathBuf::from(answer(&python, ask, &[])?.trim()).join("proof");
        let _ = fs::remove_dir_all(&proof);
        made(&proof)?;
        // Short: paths of sockets are made below it.
        let temporary = std::env::temp_dir().join(format!("bk{}", std::process::id()));
        made(&temporary)?;
        let output = fs::File::create(&log).map_err(|error| problem(&log, &error))?;
        let errors = output.try_clone().map_err(|error| problem(&log, &error))?;

        let mut test = Command::new("timeout");
        test.args(["--kill-after=10", &FOR_ALL.as_secs().to_string()]);
        if self.kernel {
            test.arg(root().join("xtask/kernel/run")).args(["--mem", "2048", "--timeout"]);
            test.arg(FOR_ALL.as_secs().to_string()).arg("--").arg(&self.interpreter.file);
            test.args(["-I", "-S"]).arg(data().join("guest.py")).args([&report, &proof]);
        } else {
            test.args(self.alone).arg(&self.interpreter.file).args(["-I", "-S"]);
            test.arg(data().join("lo.py"));
        }
        test.arg(&python).args(["-m", "test", "-v", "--timeout", &FOR_ONE.as_secs().to_string()]);
        test.arg("--tempdir").arg(&temporary).arg("--junit-xml").arg(&report);
        // What hangs on some kernels does not on that one.
        let all_run = self.kernel && module.arguments.iter().any(|word| word == "-i");
        test.args(module.arguments.iter().filter(|_| !all_run)).arg(&module.module);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PYTHON") {
                test.env_remove(name);
            }
        }
        test.current_dir(&temporary).stdin(Stdio::null()).stdout(output).stderr(errors);
        let start = Instant::now();
        let status = test.status().map_err(|error| cannot_start(&test, &error))?;
        let took = start.elapsed();
        let _ = fs::remove_dir_all(&temporary);
        if self.kernel {
            brought(&log)?;
        }

        let mut read = Command::new(&self.interpreter.file);
        read.arg("-I").arg(data().join("outcomes.py")).args([&report, &log, &proof]);
        let mut found = outcomes(&output_of(&mut read)?)?;
        // The status counts as a test: a process can die after all its tests.
        found.tests.insert(format!("{} ended", module.name), status.to_string());
        let kept = file("json");
        written(&kept, found.text().as_bytes())?;
        Ok((found, took))
    }
}

/// Writes the files that were written in the guest, by the last line of its log.
fn brought(log: &Path) -> Result<(), String> {
    let bytes = fs::read(log).map_err(|error| problem(log, &error))?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.trim_end().lines().last().unwrap_or_default();
    let files: BTreeMap<PathBuf, String> =
        serde_json::from_str(line).map_err(|_| format!("{}: the guest died", log.display()))?;
    files.iter().try_for_each(|(file, content)| written(file, content.as_bytes()))
}

/// The folder of what belongs to this command.
fn data() -> PathBuf {
    root().join("xtask/cpython")
}

/// Tests that are made of CPython's, where they are run from.
fn suites() -> Result<PathBuf, String> {
    Ok(target()?.join("cpython/suites"))
}

/// Cargo's folder of what is built: this program is in it.
pub(crate) fn target() -> Result<PathBuf, String> {
    let this = std::env::current_exe().ok();
    let folder = this.as_deref().and_then(|file| file.ancestors().nth(2));
    folder.map(Path::to_owned).ok_or_else(|| "cannot find the target folder".to_owned())
}

/// What an interpreter prints, asked in a line of Python.
pub(crate) fn answer(python: &Path, line: &str, args: &[&str]) -> Result<String, String> {
    output_of(Command::new(python).args(["-I", "-c", line]).args(args))
}

fn output_of(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| cannot_start(command, &error))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{}` ended with {}: {errors}", shown(command), output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn problem(file: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", file.display())
}

fn fs_text(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| problem(file, &error))
}

fn written(file: &Path, content: &[u8]) -> Result<(), String> {
    fs::write(file, content).map_err(|error| problem(file, &error))
}

fn made(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| problem(folder, &error))
}

/// Copies the files of a package of Python.
fn copied(from: &Path, to: &Path) -> Result<(), String> {
    made(to)?;
    for entry in fs::read_dir(from).map_err(|error| problem(from, &error))?.flatten() {
        let (file, copy) = (entry.path(), to.join(entry.file_name()));
        if file.is_dir() {
            copied(&file, &copy)?;
        } else if file.extension().is_none_or(|kind| kind != "so") {
            fs::copy(&file, &copy).map_err(|error| problem(&file, &error))?;
        }
    }
    Ok(())
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
        assert!(all.stock_again);
        assert!(wanted(&strings(&["--variant", "stock"])).is_err());
        assert!(wanted(&strings(&["--python"])).is_err());
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
        assert!(chosen(&table, &strings(&["test_nothing"])).is_err());
    }
}
