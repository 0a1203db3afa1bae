//! `landfall check`: validates the files, without network.

use super::{Exit, Outcome};

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_: &Args) -> Outcome {
    Ok(Exit::Done)
}
