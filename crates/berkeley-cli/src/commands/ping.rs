//! `ping`.

use clap::Args;

use crate::args::Global;
use crate::failure::Failure;
use crate::view::View;

/// Ask a host whether it is there, and how long that takes
#[derive(Args, Debug)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments, _: &Global, _: &View) -> Result<(), Failure> {
    Err(Failure::usage("not there yet"))
}
