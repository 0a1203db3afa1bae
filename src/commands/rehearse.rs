//! `landfall rehearse`: reads live state, and carries out a plan file in virtual time against it. Reads, and asks canaries; its sessions
//! refuse everything else.

use super::apply::LIMITS;
use super::calls::Calls;
use super::connect::{Mode, connect};
use super::output::print;
use super::progress::Bars;
use super::{Exit, Failure, Outcome, clock, files, plan_file};
use crate::apply::{Terms, Watch};
use crate::cloud::{self, Entrance, Progress, Selection, Store, read};
use crate::kinds::Kind;
use crate::model::{Account, Health, Healths, Holder};
use crate::plan::{ApprovedPlan, Desired, Live, Plan, Step, plan};
use crate::rehearsal::{self, Known, QuotaOf, Rehearsal, asked, rehearse};
use crate::render::escape::line as escape;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan file, as written by `landfall plan --out`
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    files: files::FileArgs,
    /// How to print what would become of it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Name every account, and tell of every AWS call on stderr
    #[arg(short, long)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

/// 0 when all of it would be done, 2 when something would not.
pub async fn run(args: Args) -> Outcome {
    let file = plan_file::open(&args.plan, "this plan can't be rehearsed")?;
    let desired = files::load(&args.files)?;
    if desired.estate.name != file.plan.estate {
        let detail = format!("the plan is of {}, and the files are of {}", file.plan.estate, desired.estate.name);
        return Err(Failure::new("the plan and the files are of two estates", detail).hint("--root FOLDER: where the plan's files are"));
    }
    let (calls, estate) = (Calls::default(), &desired.estate);
    let entrance = connect(estate, Mode::Asking, args.verbose, &calls).await?;
    let bars = Bars::new("reading", args.verbose);
    let live = read(&entrance, &desired, &Selection::default(), |progress| match progress {
        Progress::Accounts(count) => bars.expect(count),
        Progress::Read(account) => bars.advance(account),
    })
    .await;
    bars.clear();
    let (_, changed) = ApprovedPlan::of(plan(&desired, &live).0, &file.reviewed());
    let mut rehearsal = rehearsed(&entrance, &desired, live, file.plan).await?;
    rehearsal.withhold(changed);
    eprintln!("{}", calls.summary());
    print(&match args.format {
        Format::Text => rehearsal::text(&rehearsal, args.verbose),
        Format::Json => rehearsal::json(&rehearsal),
    })?;
    Ok(if rehearsal.succeeds() { Exit::Done } else { Exit::Changes })
}

/// Rehearses a plan against live state; asks for what live state doesn't tell.
///
/// # Errors
/// The organization can't be read.
pub(super) async fn rehearsed(entrance: &Entrance, desired: &Desired, live: Live, plan: Plan) -> Result<Rehearsal, Failure> {
    let of_organization = live.unreadable.get(&Account::Management);
    if let Some(why) = of_organization.and_then(|kinds| kinds.get(&crate::kinds::Account::NAME)) {
        return Err(Failure::new("it is not known which accounts there are", escape(why)));
    }
    let reviewed = plan.steps().map(Step::digest).collect();
    let (plan, _) = ApprovedPlan::of(plan, &reviewed);
    let mut questions = asked(&plan);
    let accounts = if questions.is_empty() { None } else { cloud::count_accounts(entrance).await.ok() };
    let healths = if plan.plan().rollout.canaries.is_empty() { Healths::new() } else { healths(entrance, desired).await? };
    let writer = writer(entrance).await;
    let mut known = Known { live, healths, granted: BTreeMap::new(), accounts, writer, now: clock::now(None) };
    let terms = Terms { limits: LIMITS, watch: Watch::Whole, break_glass: None };
    // A quota is asked for only when a step comes up against AWS's default, which most never do. Then there may be others behind it.
    let mut seen = BTreeSet::new();
    loop {
        for quota in questions.difference(&seen) {
            known.granted.extend(granted(entrance, &known.live, quota).await.map(|value| (quota.clone(), value)));
        }
        seen.extend(questions);
        let stuck = || Failure::new("the rehearsal came to no end", "apply waits for what no time brings: this is a bug of landfall's");
        let rehearsal = rehearse(&plan, &known, &terms).ok_or_else(stuck)?;
        if rehearsal.met.is_subset(&seen) {
            return Ok(rehearsal);
        }
        questions = rehearsal.met;
    }
}

/// A quota that can't be read is not known, which the rehearsal says.
async fn granted(entrance: &Entrance, live: &Live, quota: &QuotaOf) -> Option<u64> {
    cloud::granted(entrance, live, &quota.account, quota.service, quota.code).await.ok().flatten()
}

/// What canaries say now, of accounts whose canaries may be asked. A plan's role need not be allowed to, which says nothing of the account.
async fn healths(entrance: &Entrance, desired: &Desired) -> Result<Healths, Failure> {
    let unknown = |error: crate::aws::CallError| Failure::new("it is not known which accounts there are", escape(&error.to_string()));
    let mut healths = cloud::health(entrance, desired, &Selection::default()).await.map_err(unknown)?;
    healths.retain(|_, health| !is_unasked(health));
    Ok(healths)
}

fn is_unasked(health: &Health) -> bool {
    let denied = format!("silent: {} AccessDenied", cloud::ASKING);
    health.canaries.values().any(|word| word.why.iter().any(|why| why.starts_with(&denied)))
}

/// Whose turn it is, if that can be looked up.
async fn writer(entrance: &Entrance) -> Option<Holder> {
    let (lock, _) = cloud::lock::look(&Store::of(&entrance.management)).await.ok()?;
    lock.held_at(clock::now(None)).cloned()
}
