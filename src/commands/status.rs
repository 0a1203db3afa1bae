//! `landfall status`: the estate at a glance: its accounts, whose turn it is to write, and what was changed last.

use super::calls::Calls;
use super::connect::{Mode, connect, unread};
use super::output::print;
use super::record::parsed;
use super::{Exit, Outcome, clock, files};
use crate::cloud::lock::look;
use crate::cloud::{self, Store, records};
use crate::model::{Account, Environment, Holder};
use crate::plan::Desired;
use crate::render::escape::line as escape;
use crate::render::{self, many};
use std::collections::BTreeSet;

/// So many of the latest runs are shown; `landfall record list` shows more.
const LATEST: usize = 5;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    files: files::FileArgs,
}

pub async fn run(args: Args) -> Outcome {
    let desired = files::load(&args.files)?;
    let entrance = connect(&desired.estate, Mode::Looking, false, &Calls::default()).await?;
    let open = cloud::open_accounts(&entrance, &desired).await.map_err(unread)?;
    let store = Store::of(&entrance.management);
    let (lock, _) = look(&store).await.map_err(unread)?;
    let (texts, _) = records::history(&store).await.map_err(unread)?;
    let latest: String = render::records(&parsed(&texts)).lines().take(LATEST).flat_map(|line| [line, "\n"]).collect();
    let holder = lock.held_at(clock::now(None));
    print(&format!("{}{}{}", accounts(&desired, &open), turn(holder), changes(&latest))).map(|()| Exit::Done)
}

/// How many accounts there are of each environment, and by name those that are declared and not there.
fn accounts(desired: &Desired, open: &BTreeSet<Account>) -> String {
    let members = || desired.estate.members.keys();
    let of = |environment: Environment| {
        members().filter(move |account| matches!(account, Account::Member { environment: is, .. } if *is == environment))
    };
    let counted = Environment::ALL.iter().map(|environment| (environment, of(*environment).count())).filter(|(_, count)| *count > 0);
    let counted: Vec<String> = counted.map(|(environment, count)| format!("{count} {environment}")).collect();
    let missing: Vec<&Account> = members().filter(|account| !open.contains(account)).collect();
    let over: Vec<&Account> = open.iter().filter(|account| !desired.estate.members.contains_key(account)).collect();
    let mut text = format!("estate    {} in {}\n", desired.estate.name, desired.estate.home_region);
    text.push_str(&format!("accounts  {} declared: {}\n", many(desired.estate.members.len(), "account"), counted.join(", ")));
    text.push_str(&names("not there", &missing));
    text.push_str(&names("no longer declared", &over));
    text
}

fn names(what: &str, accounts: &[&Account]) -> String {
    if accounts.is_empty() { String::new() } else { format!("          {} {what}: {}\n", accounts.len(), crate::model::show(accounts)) }
}

fn turn(holder: Option<&Holder>) -> String {
    match holder {
        None => "lock      nobody writes\n".to_owned(),
        Some(Holder { run, who, purpose, since, until, program: _ }) => {
            let said = format!("{who} writes since {since}, until {until} unless renewed: {purpose} (run {run})");
            format!("lock      {}\n", escape(&said))
        }
    }
}

fn changes(latest: &str) -> String {
    if latest.is_empty() { "changes   none recorded\n".to_owned() } else { format!("changes\n{latest}") }
}
