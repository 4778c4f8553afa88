//! `connect`.

use clap::Args;

use crate::args::Global;
use crate::failure::Failure;
use crate::view::View;

/// Connect to an address: standard input goes there, what comes back to standard output
#[derive(Args, Debug)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments, _: &Global, _: &View) -> Result<(), Failure> {
    Err(Failure::usage("not there yet"))
}
