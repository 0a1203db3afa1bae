//! `landfall completions`: shell completions, made from the arguments themselves.

use super::{Arguments, Exit, Outcome};
use clap::CommandFactory;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell to complete for
    shell: clap_complete::Shell,
}

pub fn run(args: &Args) -> Outcome {
    let mut command = Arguments::command();
    clap_complete::generate(args.shell, &mut command, "landfall", &mut std::io::stdout());
    Ok(Exit::Done)
}
