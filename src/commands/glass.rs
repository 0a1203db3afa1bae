//! `landfall break-glass`: agrees, as the second of two people, that a plan passes over block days and bake times; and what apply and gates ask
//! before they pass over any. Applies nothing.

use super::calls::Calls;
use super::connect::{Mode, connect_while};
use super::output::print;
use super::{Exit, Failure, Outcome, clock, gate, lock, plan_file};
use crate::aws::Caller;
use crate::cloud::{Store, glass};
use crate::model::{Digest, Turn};
use crate::plan::PlanFile;
use crate::render::escape::line as escape;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan file that people have seen: the one that `--reviewed` names, where there is one
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", value_parser = gate::reason)]
    reason: String,
}

pub async fn run(args: Args) -> Outcome {
    let PlanFile { plan, digest, .. } = plan_file::open(&args.plan, "nobody can agree to this plan")?;
    let (region, role) = (plan.home_region.clone(), plan.access_role.clone());
    let entrance = connect_while(Turn::default(), Mode::ReadWrite, region, role, false, &Calls::default()).await?;
    let store = Store::of(&entrance.management);
    store.open().await.map_err(|error| lock::failed(error.into()))?;
    let agreement = glass::Agreement { who: entrance.caller.arn.clone(), reason: args.reason, at: clock::now(None) };
    let unwritten = |error: crate::aws::CallError| Failure::new("that you agree could not be written down", escape(&error.to_string()));
    glass::agree(&store, &entrance.caller, &digest, &agreement).await.map_err(unwritten)?;
    let who = escape(&agreement.who);
    print(&format!("{who} agrees, for an hour, that plan {} passes over block days and bake times.\n", digest.short()))?;
    Ok(Exit::Done)
}

/// The reason for the record, of both people; none where nothing is to be passed over.
///
/// # Errors
/// When nobody else agreed.
pub(super) async fn broken(asked: Option<&str>, store: &Store, caller: &Caller, plan: &Digest) -> Result<Option<String>, Failure> {
    let Some(reason) = asked else { return Ok(None) };
    let unread = |error: crate::aws::CallError| Failure::new("who agrees could not be read", escape(&error.to_string()));
    let alone = || {
        Failure::new("it takes two people to break the glass", format!("nobody but {} agreed to plan {}", escape(&caller.arn), plan.short()))
            .hint("somebody else runs `landfall break-glass PLAN --reason TEXT` with credentials of their own, and you start this again within an hour")
    };
    let other = glass::agreed(store, caller, plan, clock::now(None)).await.map_err(unread)?.ok_or_else(alone)?;
    Ok(Some(format!("{reason}; agreed by {}: {}", other.who, other.reason)))
}
