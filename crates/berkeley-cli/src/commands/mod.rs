//! The commands. Each file has the command's arguments and `run`.

pub(crate) mod bench;
pub(crate) mod completions;
pub(crate) mod connect;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod families;
pub(crate) mod man;
pub(crate) mod options;
pub(crate) mod ping;
pub(crate) mod resolve;
pub(crate) mod serve;
pub(crate) mod trace;
pub(crate) mod who;

use crate::args::{Cli, Command, Global};
use crate::failure::Failure;
use crate::view::View;

/// Runs the command that was asked for.
pub(crate) fn run(cli: &Cli, view: &View) -> Result<(), Failure> {
    let global = &cli.global;
    // Those who look at recordings make none.
    let recording = match cli.command {
        Command::Trace(_) => None,
        _ => record(global)?,
    };
    let done = dispatch(cli, view);
    match recording.map(berkeley::trace::Trace::finish) {
        // What the command itself has to say comes first.
        Some(Err(error)) => done.and(Err(error.into())),
        _ => done,
    }
}

/// Begins the recording that the command line asks for, or the environment.
fn record(global: &Global) -> Result<Option<berkeley::trace::Trace>, Failure> {
    let Some(path) = &global.trace else {
        berkeley::trace::from_env()?;
        return Ok(None);
    };
    let options = berkeley::trace::Options::new().payload(trace::PAYLOAD);
    Ok(Some(options.to_file(path)?))
}

fn dispatch(cli: &Cli, view: &View) -> Result<(), Failure> {
    let global = &cli.global;
    match &cli.command {
        Command::Bench(arguments) => bench::run(arguments, global, view),
        Command::Completions(arguments) => completions::run(arguments, view),
        Command::Connect(arguments) => connect::run(arguments, global, view),
        Command::Demo(arguments) => demo::run(arguments, global, view),
        Command::Explain(arguments) => explain::run(arguments, global, view),
        Command::Families(arguments) => families::run(arguments, global, view),
        Command::Man(arguments) => man::run(arguments, view),
        Command::Options(arguments) => options::run(arguments, global, view),
        Command::Ping(arguments) => ping::run(arguments, global, view),
        Command::Resolve(arguments) => resolve::run(arguments, global, view),
        Command::Serve(arguments) => serve::run(arguments, global, view),
        Command::Trace(arguments) => trace::run(arguments, global, view),
        Command::Who(arguments) => who::run(arguments, global, view),
    }
}
