//! `explain`.

use clap::Args;

use crate::args::Global;
use crate::failure::Failure;
use crate::view::View;

/// What an error, an option or a word of sockets means
#[derive(Args, Debug)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments, _: &Global, _: &View) -> Result<(), Failure> {
    Err(Failure::usage("not there yet"))
}
