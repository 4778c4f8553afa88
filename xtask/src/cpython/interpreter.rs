//! The interpreters that are found here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{cannot_start, shown};
use crate::test::Count;

/// The versions that are looked for.
const VERSIONS: &[&str] = &["3.11", "3.12", "3.13"];

/// An interpreter with CPython's tests.
pub(super) struct Interpreter {
    pub(super) file: PathBuf,
    /// All three numbers.
    pub(super) version: String,
    /// Where its runs are kept, in the target folder.
    pub(super) folder: PathBuf,
}

/// The interpreters that are asked for, or those that are found.
pub(super) fn interpreters(
    asked: &[String],
    count: &mut Count,
) -> Result<Vec<Interpreter>, String> {
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

/// The newest that is found, if there is one.
pub(super) fn newest(count: &mut Count) -> Result<Vec<Interpreter>, String> {
    for version in VERSIONS.iter().rev() {
        if let Some(interpreter) = interpreter(version)? {
            return Ok(vec![interpreter]);
        }
    }
    println!("skipped cpython: no {} is found that has CPython's tests", VERSIONS.join(", "));
    count.add(0, 0, 1);
    Ok(Vec::new())
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

/// What an interpreter prints, asked in a line of Python.
pub(crate) fn answer(python: &Path, line: &str, args: &[&str]) -> Result<String, String> {
    output_of(Command::new(python).args(["-I", "-c", line]).args(args))
}

/// What a program prints, or why it failed.
pub(crate) fn output_of(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| cannot_start(command, &error))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`{}` ended with {}: {errors}", shown(command), output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Cargo's folder of what is built: this program is in it.
pub(crate) fn target() -> Result<PathBuf, String> {
    let this = std::env::current_exe().ok();
    let folder = this.as_deref().and_then(|file| file.ancestors().nth(2));
    folder.map(Path::to_owned).ok_or_else(|| "cannot find the target folder".to_owned())
}
