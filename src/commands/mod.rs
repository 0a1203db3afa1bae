//! One file a command. Commands wire rooms together, print, and decide the exit status; they hold no logic of their own.

mod check;
mod completions;
mod explain;
mod failure;
pub mod sandbox;
mod schema;

pub use failure::{Exit, Failure, Outcome};

use clap::{Parser, Subcommand};

/// One file of teams in; a running, watched, reviewed AWS platform out.
#[derive(Debug, Parser)]
#[command(name = "landfall", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Validate domains.yaml and modules/, with no network
    Check(check::Args),
    /// Explain a kind of resource: its fields, what it calls, what it needs
    Explain(explain::Args),
    /// Print the JSON schema of domains.yaml or of a module, for editors
    Schema(schema::Args),
    /// An emulated AWS on this machine, to try everything without an account
    Sandbox(sandbox::Args),
    /// Print shell completions
    Completions(completions::Args),
}

/// Runs the command that the arguments name.
///
/// # Errors
/// Whatever stopped the command, worded for its user.
pub async fn run(arguments: Arguments) -> Outcome {
    match arguments.command {
        Command::Check(args) => check::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Sandbox(args) => sandbox::run(args).await,
        Command::Completions(args) => completions::run(&args),
    }
}
