//! `landfall health`: asks the canaries how their accounts are. Reads, and invokes canaries; its sessions refuse everything else.

use super::connect::{Calls, Mode, connect};
use super::output::{colour, print};
use super::{Exit, Failure, Outcome, files};
use crate::cloud::{Selection, health};
use crate::model::{Account, Health, Name};
use crate::plan::Desired;
use crate::render;
use std::collections::BTreeSet;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    files: files::FileArgs,
    /// Ask this domain's accounts only (repeatable)
    #[arg(long, value_name = "NAME")]
    domain: Vec<Name>,
    /// Ask this account only, such as payments/prod (repeatable)
    #[arg(long, value_name = "DOMAIN/ENVIRONMENT")]
    account: Vec<Account>,
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
    let desired = match files::load(&args.files) {
        Ok(desired) => desired,
        Err(exit) => return Ok(exit),
    };
    let selection = select(&desired, &args)?;
    let (calls, estate) = (Calls::default(), &desired.estate);
    let entrance = connect(Mode::Asking, estate.home_region.clone(), estate.plan_role.clone(), args.verbose, &calls).await?;
    let unknown =
        |error: crate::aws::CallError| Failure::new("it is not known which accounts there are", render::escape::line(&error.to_string()));
    let healths = health(&entrance, &desired, &selection).await.map_err(unknown)?;
    print(&match args.format {
        Format::Text => render::health(&healths, colour(&std::io::stdout())),
        Format::Json => render::health_json(&healths),
    })?;
    Ok(if healths.values().any(Health::is_red) { Exit::Changes } else { Exit::Done })
}

/// The accounts asked for; all, when none in particular.
fn select(desired: &Desired, args: &Args) -> Result<Selection, Failure> {
    if args.domain.is_empty() && args.account.is_empty() {
        return Ok(Selection(None));
    }
    let members: BTreeSet<&Account> = desired.estate.members.keys().collect();
    let is_of = |account: &Account, name: &Name| matches!(account, Account::Member { domain, .. } if domain == name);
    if let Some(unknown) = args.domain.iter().find(|name| !members.iter().any(|account| is_of(account, name))) {
        return Err(Failure::new("no such domain", format!("{unknown} is not among the domains of the file")));
    }
    if let Some(unknown) = args.account.iter().find(|account| !members.contains(account)) {
        return Err(Failure::new("no such account", format!("{unknown} is not among the accounts of the file")));
    }
    let wanted = |account: &&&Account| args.account.contains(account) || args.domain.iter().any(|name| is_of(account, name));
    Ok(Selection(Some(members.iter().filter(wanted).map(|account| (*account).clone()).collect())))
}
