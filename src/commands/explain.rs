//! `landfall explain`: tells what a kind is.

use super::{Exit, Outcome};

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_: &Args) -> Outcome {
    Ok(Exit::Done)
}
