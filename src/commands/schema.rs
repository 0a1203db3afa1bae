//! `landfall schema`: prints the schemas.

use super::{Exit, Outcome};

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_: &Args) -> Outcome {
    Ok(Exit::Done)
}
