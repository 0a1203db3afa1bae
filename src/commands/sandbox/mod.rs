//! `landfall sandbox`: an emulated AWS on this machine.

use super::{Exit, Outcome};

#[derive(Debug, clap::Args)]
pub struct Args {}

pub async fn run(_: Args) -> Outcome {
    Ok(Exit::Done)
}
