//! `cargo xtask fuzz`: looks for inputs for which a target does not hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::nightly;
use crate::run::{cargo, root, succeed};

/// What lets the fuzzer see where the program has been, and what it has compared.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Inputs are a few addresses or messages long.
const LONGEST: &str = "-max_len=400";

/// How many inputs are kept for a target.
const KEPT: usize = 30;

const HELP: &str = "\
Looks for inputs for which a target does not hold.

Usage: cargo xtask fuzz [TARGET]... [--seconds N] [--keep]

  TARGET       a folder of fuzz/corpus; all of them if none is named
  --seconds N  how long to look for each target, 60 if not said
  --keep       put what it has found to reach more into fuzz/corpus

What it finds wrong goes to fuzz/crashes, where the ordinary tests run it. What it has learnt stays
below target/fuzz for the next time. It takes a C++ compiler; with a nightly toolchain it also
looks for errors of memory.
";

/// Builds the program and runs each target.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let (mut names, mut seconds, mut keep) = (Vec::new(), 60_u32, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-h" | "--help" => {
                print!("{HELP}");
                return Ok(());
            }
            "--keep" => keep = true,
            "--seconds" => {
                let number = args.next().and_then(|number| number.parse().ok());
                seconds = number.ok_or("--seconds takes a number")?;
            }
            name => names.push(name.to_owned()),
        }
    }
    let known = targets()?;
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        return Err(format!("there is no target `{unknown}`; there are {}", known.join(", ")));
    }
    if names.is_empty() {
        names = known;
    }
    let program = build()?;
    let mut wrong = Vec::new();
    for name in &names {
        let target = Target::new(&program, name)?;
        if target.look(seconds).is_err() {
            wrong.push(name.as_str());
        }
        if keep {
            target.keep()?;
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("not everything holds; see fuzz/crashes: {}", wrong.join(", "))),
    }
}

/// Every target has a folder of inputs, as the tests see to.
fn targets() -> Result<Vec<String>, String> {
    let paths = files(&root().join("fuzz/corpus"))?;
    Ok(paths.iter().filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
}

fn build() -> Result<PathBuf, String> {
    let host = nightly::host().ok_or("`rustc -vV` does not say what this machine is")?;
    let folder = root().join("target/fuzz");
    let mut flags = COVERAGE.to_owned();
    let mut build = match nightly::is_here() {
        true => {
            flags += " -Zsanitizer=address";
            nightly::cargo()
        }
        false => {
            println!("no nightly toolchain: errors of memory are not looked for");
            cargo()
        }
    };
    // A platform that is named keeps the flags from the programs that run while building.
    build.args(["build", "--profile", "fuzz", "--target", &host, "--features", "link"]);
    build.args(["--package", "berkeley-fuzz", "--bin", "berkeley-fuzz"]);
    succeed(build.env("RUSTFLAGS", flags).env("CARGO_TARGET_DIR", &folder))?;
    Ok(folder.join(host).join("fuzz/berkeley-fuzz"))
}

/// One target and its folders.
struct Target<'a> {
    program: &'a Path,
    name: &'a str,
    /// What it has learnt, which may be thousands of files.
    learnt: PathBuf,
    kept: PathBuf,
    crashes: PathBuf,
}

impl<'a> Target<'a> {
    fn new(program: &'a Path, name: &'a str) -> Result<Target<'a>, String> {
        let folder = |place: &str| {
            let folder = root().join(place).join(name);
            fs::create_dir_all(&folder)
                .map_err(|error| format!("{}: {error}", folder.display()))?;
            Ok::<_, String>(folder)
        };
        let (learnt, kept) = (folder("target/fuzz/learnt")?, folder("fuzz/corpus")?);
        Ok(Target { program, name, learnt, kept, crashes: root().join("fuzz/crashes").join(name) })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.program);
        command.current_dir(root()).env("BERKELEY_FUZZ", self.name).arg(LONGEST);
        command
    }

    fn look(&self, seconds: u32) -> Result<(), String> {
        let made = fs::create_dir_all(&self.crashes);
        made.map_err(|error| format!("{}: {error}", self.crashes.display()))?;
        let mut look = self.command();
        look.arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1");
        look.arg(format!("-artifact_prefix={}/", self.crashes.display()));
        let looked = succeed(look.arg(&self.learnt).arg(&self.kept));
        // Only a folder without files can be removed.
        let _ = fs::remove_dir(&self.crashes);
        looked
    }

    /// Copies what reaches most of what the kept inputs do not, until there are [`KEPT`].
    fn keep(&self) -> Result<(), String> {
        let record = root().join("target/fuzz").join(format!("{}.merge", self.name));
        let merged = root().join("target/fuzz/merged").join(self.name);
        let _ = (fs::remove_file(&record), fs::remove_dir_all(&merged));
        let made = fs::create_dir_all(&merged);
        made.map_err(|error| format!("{}: {error}", merged.display()))?;
        let mut merge = self.command();
        // This way of merging records all that an input reaches, not only what is new.
        merge.arg("-set_cover_merge=1").arg(format!("-merge_control_file={}", record.display()));
        merge.args([&merged, &self.kept, &self.learnt]).stderr(Stdio::null());
        succeed(&mut merge)?;
        let text = fs::read_to_string(&record);
        let inputs = reached(&text.map_err(|error| format!("{}: {error}", record.display()))?);
        let kept = files(&self.kept)?.len();
        for path in choose(&inputs, &self.kept, KEPT.saturating_sub(kept)) {
            let to = self.kept.join(path.file_name().unwrap_or_default());
            fs::copy(path, &to).map_err(|error| format!("{}: {error}", to.display()))?;
            println!("kept {}", to.display());
        }
        Ok(())
    }
}

/// An input, and the numbers of the places in the program that it reaches.
type Input = (PathBuf, BTreeSet<usize>);

/// Reads the fuzzer's record of a merge: how many files, how many of them are in the first folder,
/// a line for each file, and lines such as `FT 3 17 40`, for what the third file reaches.
fn reached(record: &str) -> Vec<Input> {
    let mut lines = record.lines();
    let count: usize = lines.next().and_then(|line| line.parse().ok()).unwrap_or(0);
    let mut inputs: Vec<Input> =
        lines.by_ref().skip(1).take(count).map(|line| (line.into(), BTreeSet::new())).collect();
    for line in lines {
        let mut words = line.split(' ');
        if words.next() != Some("FT") {
            continue;
        }
        let mut numbers = words.filter_map(|word| word.parse().ok());
        if let Some((_, places)) = numbers.next().and_then(|number: usize| inputs.get_mut(number)) {
            // Eight numbers for a place, by how often it was passed.
            places.extend(numbers.map(|feature| feature / 8));
        }
    }
    inputs
}

/// Those that reach the most new places beside the inputs of a folder, at most so many.
fn choose<'a>(inputs: &'a [Input], kept: &Path, most: usize) -> Vec<&'a Path> {
    let (old, mut new): (Vec<&Input>, Vec<&Input>) =
        inputs.iter().partition(|(path, _)| path.starts_with(kept));
    let mut places: BTreeSet<usize> =
        old.into_iter().flat_map(|(_, places)| places).copied().collect();
    let mut chosen = Vec::new();
    while chosen.len() < most {
        let gain = |input: &&Input| input.1.difference(&places).count();
        let Some(best) = new.iter().copied().max_by_key(gain) else { break };
        if gain(&best) == 0 {
            break;
        }
        places.extend(&best.1);
        chosen.push(best.0.as_path());
        new.retain(|input| input.0 != best.0);
    }
    chosen
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_reach_most_are_chosen() {
        let record = "4\n1\nold/a\nnew/b\nnew/c\nnew/d\nSTARTED 0 5\nFT 0 8 16\nCOV 0 9\n\
            FT 1 9 17\nFT 2 24\nSTARTED 3 9\nFT 3 32 41 8\n";
        let inputs = reached(record);
        assert_eq!(inputs[3], ("new/d".into(), BTreeSet::from([1, 4, 5])));
        let choose = |most| choose(&inputs, Path::new("old"), most);
        assert_eq!(choose(1), [Path::new("new/d")]);
        assert_eq!(choose(9), [Path::new("new/d"), Path::new("new/c")]);
    }
}
