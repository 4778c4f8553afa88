//! `completions`: what a shell needs to complete the command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::Failure;
use crate::view::View;

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  source <(berkeley completions bash)")]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, view: &View) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "berkeley", &mut script);
    view.bytes(&script)
}
