//! One file a command. Commands wire rooms together, print, and decide the exit status; they hold no logic of their own.

mod accounts;
mod apply;
mod approval;
mod calls;
mod check;
pub mod clock;
mod comment;
mod completions;
mod connect;
mod explain;
mod failure;
mod files;
mod gate;
mod github;
mod glass;
mod health;
mod init;
mod lock;
mod machine;
mod matrix;
mod output;
mod parts;
mod plan;
mod plan_file;
mod policy;
mod progress;
mod record;
mod rehearse;
mod rollback;
pub mod sandbox;
mod schema;
mod show;
mod since;
mod status;
mod tell;
mod way_back;

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
    /// Write a repository to begin with: domains.yaml, modules, workflows
    Init(init::Args),
    /// Validate domains.yaml and modules/, with no network
    Check(check::Args),
    /// Compare the files with live AWS, and show what would be done
    Plan(plan::Args),
    /// Show a plan file, in any form
    Show(show::Args),
    /// Carry out a plan file in virtual time against live AWS as it is now, and tell what would become of it; changes nothing
    Rehearse(rehearse::Args),
    /// Carry out a reviewed plan file
    Apply(apply::Args),
    /// Post or update the one comment on a pull request
    Comment(comment::Args),
    /// Tell what was reviewed of a merged commit, and verify a plan file against it
    Approval(approval::Args),
    /// Ask the canaries how the accounts are
    Health(health::Args),
    /// Show the estate: its accounts, whose turn it is to write, what was changed last
    Status(status::Args),
    /// The history of changes: list, show, verify
    Record(record::Args),
    /// The plan that undoes a recorded run, to be reviewed and applied like any other
    Rollback(rollback::Args),
    /// The turn to write: take it for several jobs, give it back, or break it
    Lock(lock::Args),
    /// Decide the gate of one wave of a plan: 0 when it holds, 2 when it does not
    Gate(gate::Args),
    /// Agree, as the second of two people, that a plan passes over block days and bake times
    BreakGlass(glass::Args),
    /// Print the waves of a plan, or the GitHub Actions matrix of one; nothing when there is nothing to do
    Matrix(matrix::Args),
    /// Tell everybody that a run in several jobs begins, or how it ended
    Tell(tell::Args),
    /// Explain a kind of resource: its fields, what it calls, what it needs
    Explain(explain::Args),
    /// Print the least-privilege IAM policies that the modules need, for plan or for apply
    Policy(policy::Args),
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
        Command::Init(args) => init::run(args),
        Command::Check(args) => check::run(&args),
        Command::Plan(args) => plan::run(args).await,
        Command::Show(args) => show::run(&args),
        Command::Rehearse(args) => rehearse::run(args).await,
        Command::Apply(args) => apply::run(args).await,
        Command::Comment(args) => comment::run(args).await,
        Command::Approval(args) => approval::run(args).await,
        Command::Health(args) => health::run(args).await,
        Command::Status(args) => status::run(args).await,
        Command::Record(args) => record::run(args).await,
        Command::Rollback(args) => rollback::run(args).await,
        Command::Lock(args) => lock::run(args).await,
        Command::Gate(args) => gate::run(args).await,
        Command::BreakGlass(args) => glass::run(args).await,
        Command::Matrix(args) => matrix::run(&args),
        Command::Tell(args) => tell::run(args).await,
        Command::Explain(args) => explain::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Sandbox(args) => sandbox::run(args).await,
        Command::Completions(args) => completions::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_sound() {
        Arguments::command().debug_assert();
    }
}
