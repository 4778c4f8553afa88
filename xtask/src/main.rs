//! The project's chores: `cargo xtask --help` lists them.

mod bench;
mod cpython;
mod fresh;
mod fuzz;
mod iperf;
mod kernel;
mod layers;
mod miri;
mod nightly;
mod page;
mod peers;
mod programs;
mod python;
mod run;
mod table;
mod test;
mod versions;

use std::process::ExitCode;

const HELP: &str = "\
The project's chores.

Usage: cargo xtask <COMMAND>

  test             everything that must hold: format, lints, layers, tests, documentation, the
                   Python package, three of CPython's suites with it; ends with
                   `N passed, N failed, N skipped`
  layers           only the order of the layers and the address of `unsafe`
  bench [ARGS...]  what a call costs beside other libraries; see `cargo xtask bench --help`
  iperf [ARGS...]  `berkeley bench` beside iperf3; see `cargo xtask iperf --help`
  table [ARGS...]  everything that is measured beside others, in one table; see
                   `cargo xtask table --help`
  peers            the tests against ncat, socat, curl, tshark and strace, of which none may be
                   skipped; as root, installs those that are missing with apt-get
  page             the page of `berkeley trace html` in Chromium, which it installs as root if it is
                   missing; prints how many frames a second a hundred thousand calls have
  kernel [ARGS...] the tests under a kernel that has every family of sockets; see
                   `cargo xtask kernel --help`
  fuzz [ARGS...]   looks for inputs for which a parser or builder does not hold; see
                   `cargo xtask fuzz --help`
  miri             the tests without system calls under Miri, also as a machine of 32 bits and a
                   big-endian one; takes a nightly toolchain with Miri
  cpython [ARGS...]
                   CPython's own tests with our sockets; see `cargo xtask cpython --help`
  python [VERSION...]
                   the Python package in a fresh environment of each Python, and its tests; see
                   `cargo xtask python --help`
  versions         checks, without running it, what is built for the Pythons 3.14 and 3.15, with and
                   without the global lock, and for machines with ARM and of 32 bits
  programs [ARGS...]
                   programs of many packages with our sockets, beside the same with CPython's; see
                   `cargo xtask programs --help`
  fresh            `cargo xtask test` in a fresh clone of the last commit

`test` and `layers` need only cargo and a C compiler; what is of Python skips without it.
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next();
    let rest: Vec<String> = args.collect();
    let done = match (command.as_deref(), rest.as_slice()) {
        (None | Some("-h" | "--help" | "help"), _) => {
            print!("{HELP}");
            Ok(())
        }
        (Some("test"), []) => test::all(),
        (Some("layers"), []) => layers::check(),
        (Some("bench"), args) => bench::run(args),
        (Some("iperf"), args) => iperf::run(args),
        (Some("table"), args) => table::run(args),
        (Some("peers"), []) => peers::run(),
        (Some("page"), []) => page::run(),
        (Some("cpython"), args) => cpython::run(args),
        (Some("python"), args) => python::run(args),
        (Some("programs"), args) => programs::run(args),
        (Some("kernel"), args) => kernel::run(args),
        // What the guest of `kernel` runs.
        (Some("kernel-inside"), [messages, args @ ..]) => kernel::run_inside(messages, args),
        (Some("fuzz"), args) => fuzz::run(args),
        (Some("versions"), []) => versions::run(),
        (Some("miri"), []) => miri::run(),
        (Some("fresh"), []) => fresh::run(),
        (Some(other), rest) => {
            let words = rest.iter().fold(other.to_string(), |line, word| format!("{line} {word}"));
            Err(format!("there is no chore `{words}`; see `cargo xtask --help`"))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
