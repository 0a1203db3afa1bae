//! `landfall health`: asks the canaries how their accounts are. Reads, and invokes canaries; its sessions refuse everything else.

use super::calls::Calls;
use super::connect::{Mode, connect};
use super::output::{colour, print};
use super::{Exit, Failure, Outcome, accounts, files};
use crate::cloud::health;
use crate::model::Health;
use crate::render;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    files: files::FileArgs,
    #[command(flatten)]
    accounts: accounts::AccountArgs,
    /// How to print what they say
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Tell of every AWS call on stderr
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One line an account
    Text,
    Json,
}

/// 0 when nothing is red, 2 when something is.
pub async fn run(args: Args) -> Outcome {
    let desired = files::load(&args.files)?;
    let selection = args.accounts.select(&desired)?;
    let entrance = connect(&desired.estate, Mode::Asking, args.verbose, &Calls::default()).await?;
    let unknown =
        |error: crate::aws::CallError| Failure::new("it is not known which accounts there are", render::escape::line(&error.to_string()));
    let healths = health(&entrance, &desired, &selection).await.map_err(unknown)?;
    print(&match args.format {
        Format::Text => render::health(&healths, colour(&std::io::stdout())),
        Format::Json => render::health_json(&healths),
    })?;
    Ok(if healths.values().any(Health::is_red) { Exit::Changes } else { Exit::Done })
}
