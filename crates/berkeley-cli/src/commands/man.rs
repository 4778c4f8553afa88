//! `man`: the manual page.

use clap::{Args, CommandFactory};

use crate::args::Cli;
use crate::failure::Failure;
use crate::view::View;

/// Print the manual page, for man(1)
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  berkeley man | man -l -")]
pub(crate) struct Arguments {
    /// The page of one command
    command: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, view: &View) -> Result<(), Failure> {
    let mut root = Cli::command();
    root.build();
    let page = match &arguments.command {
        None => root,
        Some(name) => root.find_subcommand(name).cloned().ok_or_else(|| {
            let names: Vec<_> = root.get_subcommands().map(|command| command.get_name()).collect();
            Failure::usage(format!("there is no command {name:?}"))
                .help(format!("the commands: {}", names.join(", ")))
        })?,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    view.bytes(&text)
}
