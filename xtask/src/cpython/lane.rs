//! One interpreter's runs, each alone in a network of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::files::{copied, fs_text, made, problem, written};
use super::interpreter::{Interpreter, answer, output_of, target};
use super::outcomes::{Outcomes, clean, outcomes};
use super::{Module, Variant, data};
use crate::run::{cannot_start, cargo, root, succeed};

/// How long one test may take, and one module. Neither is ever near.
const FOR_ONE: Duration = Duration::from_secs(420);
const FOR_ALL: Duration = Duration::from_secs(20 * 60);

/// One interpreter, and how its runs are kept away from the network.
pub(super) struct Lane {
    interpreter: Interpreter,
    alone: Vec<&'static str>,
    /// Whether they are in the guest of `xtask/kernel/run`, which is alone.
    pub(super) kernel: bool,
    /// Our module, built for the interpreter.
    library: PathBuf,
}

impl Lane {
    /// Builds what the interpreter needs.
    pub(super) fn new(
        interpreter: Interpreter,
        alone: Vec<&'static str>,
        kernel: bool,
        variant: Variant,
    ) -> Result<Self, String> {
        let library = built(&interpreter)?;
        for variant in [Variant::Stock, variant] {
            made(&interpreter.folder.join(variant.name()))?;
        }
        Ok(Self { interpreter, alone, kernel, library })
    }

    /// All three numbers.
    pub(super) fn version(&self) -> &str {
        &self.interpreter.version
    }

    /// What CPython's own sockets have given before.
    pub(super) fn known(&self, module: &Module) -> Option<Outcomes> {
        let text = fs::read_to_string(self.file(module, Variant::Stock, "json")).ok()?;
        // What went wrong with CPython's own may have been for want of time.
        outcomes(&text).ok().filter(clean)
    }

    /// Makes a virtual environment, whose every process has the variant's sockets. Only one run at
    /// a time may be in it.
    pub(super) fn environment(&self, variant: Variant, slot: usize) -> Result<PathBuf, String> {
        let folder = self.interpreter.folder.join(variant.name()).join(format!("venv-{slot}"));
        let python = folder.join("bin/python");
        if !python.is_file() {
            let mut venv = Command::new(&self.interpreter.file);
            output_of(venv.args(["-m", "venv", "--without-pip"]).arg(&folder))?;
        }
        let packages = packages(&folder)?;
        let hook = fs_text(&data().join("sitecustomize.py"))?;
        let hook = format!("VARIANT = {:?}\n{hook}", variant.name());
        written(&packages.join("sitecustomize.py"), hook.as_bytes())?;
        let package = packages.join("berkeley");
        let _ = fs::remove_dir_all(&package);
        match variant {
            Variant::Stock => return Ok(folder),
            Variant::Full => copied(&root().join("python/berkeley"), &package)?,
            Variant::Native => {
                made(&package)?;
                written(&package.join("__init__.py"), b"")?;
            }
        }
        // A new file: one that a process has open may not be written to.
        let module = package.join("_berkeley.so");
        fs::copy(&self.library, &module).map_err(|error| problem(&module, &error))?;
        Ok(folder)
    }

    /// Where something about a module is kept.
    fn file(&self, module: &Module, variant: Variant, kind: &str) -> PathBuf {
        let lane = if self.kernel { "kernel-" } else { "" };
        let folder = self.interpreter.folder.join(variant.name());
        folder.join(format!("{lane}{}.{kind}", module.name))
    }

    /// Whether the interpreter has a module of tests.
    pub(super) fn has(&self, module: &Module) -> Result<bool, String> {
        let Some(at) = module.arguments.iter().position(|word| word == "--testdir") else {
            let ask =
                "import sys, importlib.util as u; print(u.find_spec(sys.argv[1]) is not None)";
            let name = format!("test.{}", module.module);
            return Ok(answer(&self.interpreter.file, ask, &[&name])?.trim() == "True");
        };
        let file = module.arguments.get(at + 1).map(PathBuf::from).unwrap_or_default();
        Ok(file.join(&module.module).with_extension("py").is_file())
    }

    /// Runs a module in an environment, and keeps what it gave.
    pub(super) fn measure(
        &self,
        folder: &Path,
        slot: usize,
        module: &Module,
        variant: Variant,
    ) -> Result<(Outcomes, Duration), String> {
        let file = |kind: &str| self.file(module, variant, kind);
        let (log, report) = (file("log"), file("xml"));
        let _ = fs::remove_file(&report);
        let proof = packages(folder)?.join("proof");
        let _ = fs::remove_dir_all(&proof);
        made(&proof)?;
        // Short: paths of sockets are made below it.
        let temporary = std::env::temp_dir().join(format!("bk{}-{slot}", std::process::id()));
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
            test.args(&self.alone).arg(&self.interpreter.file).args(["-I", "-S"]);
            test.arg(data().join("lo.py"));
        }
        test.arg(folder.join("bin/python")).args(["-m", "test", "-v", "--timeout"]);
        test.arg(FOR_ONE.as_secs().to_string()).arg("--tempdir").arg(&temporary);
        test.arg("--junit-xml").arg(&report);
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
        written(&file("json"), found.text().as_bytes())?;
        Ok((found, took))
    }

    /// Gives bad arguments to CPython's `_socket` and ours, in one process. Returns what it says,
    /// and whether it has found nothing.
    pub(super) fn differential(&self, folder: &Path) -> Result<(String, bool), String> {
        let mut test = Command::new("timeout");
        test.args(["--kill-after=10", &FOR_ALL.as_secs().to_string()]).args(&self.alone);
        // That mode finds what is written where it does not belong.
        test.arg(folder.join("bin/python")).args(["-I", "-X", "dev", "-W", "ignore"]);
        test.arg(root().join("tests/python/differential.py")).stdin(Stdio::null());
        let output = test.output().map_err(|error| cannot_start(&test, &error))?;
        let text = [output.stdout, output.stderr].concat();
        let mut text = String::from_utf8_lossy(&text).trim_end().to_owned();
        if !output.status.success() {
            text += &format!("\nended with {}", output.status);
        }
        Ok((text, output.status.success()))
    }
}

/// How a program is started in a network and with a host name of its own, if that may be.
pub(crate) fn namespace() -> Option<Vec<&'static str>> {
    let ways: [&[&str]; 2] =
        [&["unshare", "--net", "--uts"], &["unshare", "--map-root-user", "--net", "--uts"]];
    let may = |words: &&&[&'static str]| {
        let Some((program, rest)) = words.split_first() else { return false };
        let mut tried = Command::new(program);
        tried.args(rest).arg("true").stderr(Stdio::null());
        tried.status().is_ok_and(|status| status.success())
    };
    ways.iter().find(may).map(|words| words.to_vec())
}

/// Builds the native module for an interpreter.
fn built(interpreter: &Interpreter) -> Result<PathBuf, String> {
    let minor = interpreter.version.rsplit_once('.').map_or("", |(minor, _)| minor);
    // Each version has a folder of its own, or each run would build it again.
    let folder = target()?.join("cpython").join(format!("build-{minor}"));
    let mut build = cargo();
    build.args(["build", "--release", "--quiet", "--package", "berkeley-python"]);
    build.arg("--target-dir").arg(&folder);
    // A module for any interpreter of the version does not bring one of its own.
    build.env("PYO3_PYTHON", &interpreter.file).env("PYO3_BUILD_EXTENSION_MODULE", "1");
    succeed(&mut build)?;
    Ok(folder.join("release/lib_berkeley.so"))
}

/// Where an environment's packages are.
fn packages(folder: &Path) -> Result<PathBuf, String> {
    let ask = "import sysconfig; print(sysconfig.get_path('purelib'))";
    Ok(answer(&folder.join("bin/python"), ask, &[])?.trim().into())
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
