//! The command `berkeley`: learn, test and debug networks at the terminal.

mod args;
mod commands;
mod failure;
mod place;
mod text;
mod view;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::view::View;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let view = View::new(&cli.global);
    let ended = commands::run(&cli, &view).and_then(|()| view.flush());
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            view.failure(&failure);
            failure.exit.into()
        }
    }
}
