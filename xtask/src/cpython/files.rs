//! Files, and the problems with them.

use std::fs;
use std::io;
use std::path::Path;

pub(super) fn problem(file: &Path, error: &io::Error) -> String {
    format!("{}: {error}", file.display())
}

pub(super) fn fs_text(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| problem(file, &error))
}

pub(super) fn written(file: &Path, content: &[u8]) -> Result<(), String> {
    fs::write(file, content).map_err(|error| problem(file, &error))
}

pub(super) fn made(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| problem(folder, &error))
}

/// Copies the files of a package of Python.
pub(crate) fn copied(from: &Path, to: &Path) -> Result<(), String> {
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
