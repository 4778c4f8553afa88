//! `demo`.

use clap::Args;

use crate::args::Global;
use crate::failure::Failure;
use crate::view::View;

/// Watch a server and a client talk, call by call
#[derive(Args, Debug)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: &Arguments, _: &Global, _: &View) -> Result<(), Failure> {
    Err(Failure::usage("not there yet"))
}
