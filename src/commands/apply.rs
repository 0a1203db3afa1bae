//! `landfall apply`: carries out a reviewed plan file, and says what became of every step.

use super::connect::{Calls, Mode, connect};
use super::progress::Bars;
use super::{Exit, Failure, Outcome as Ended, gate, matrix, plan_file, way_back};
use crate::apply::{Event, Limits, Outcome, Reason, StepResult, Terms, Watch, apply};
use crate::cloud::RealCloud;
use crate::model::{Account, Digest, Name};
use crate::plan::{Action, ApprovedPlan, Plan, Step};
use crate::render::escape::line as escape;
use crate::render::many;
use std::path::PathBuf;

/// Enough to keep a usual network busy; each account has limits of its own at AWS.
pub(super) const LIMITS: Limits = Limits { accounts: 16, steps: 4 };

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan file, as written by `landfall plan --out`
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The plan file that was reviewed: what is planned now and is not in it is withheld, and the exit status is 2
    #[arg(long, value_name = "FILE")]
    reviewed: Option<PathBuf>,
    /// Apply the steps of this wave only, such as prod
    #[arg(long, value_name = "NAME")]
    wave: Option<Name>,
    /// Apply the steps of these accounts only, such as payments/prod (repeatable, or separated by commas)
    #[arg(long, value_name = "DOMAIN/ENVIRONMENT", value_delimiter = ',')]
    account: Vec<Account>,
    /// Write the plan that undoes what was done to this file: before the first step, and again at the end
    #[arg(long, value_name = "FILE")]
    rollback_out: Option<PathBuf>,
    /// Start although a block day or a bake time says no, and why; what canaries and the lock say holds all the same
    #[arg(long, value_name = "REASON", value_parser = gate::reason)]
    break_glass: Option<String>,
    /// Tell of every AWS call on stderr
    #[arg(short, long)]
    verbose: bool,
}

pub async fn run(args: Args) -> Ended {
    let (approved, withheld, digest) = approve(&args)?;
    print!("{}", not_reviewed(&withheld));
    if approved.plan().is_empty() {
        println!(
            "Nothing to apply: {}.",
            if withheld.is_empty() { "the plan has no steps" } else { "no step was reviewed as it is planned now" }
        );
        return Ok(if withheld.is_empty() { Exit::Done } else { Exit::Changes });
    }
    let calls = Calls::default();
    let Plan { home_region, access_role, .. } = approved.plan();
    let entrance = connect(Mode::ReadWrite, home_region.clone(), access_role.clone(), args.verbose, &calls).await?;
    let unreadable = |error| Failure::new("the organization could not be read", escape(&format!("{error}")));
    way_back::before(approved.plan(), args.rollback_out.as_deref())?;
    let cloud = RealCloud::open(entrance, approved.plan(), digest).await.map_err(unreadable)?;
    let bars = Bars::new("applying", args.verbose);
    bars.expect(approved.plan().steps().count());
    // An account's own job in a matrix comes after its wave's gate; a whole wave, or a whole plan, is its own gatekeeper.
    let watch = if args.account.is_empty() { Watch::Whole } else { Watch::Own };
    let terms = Terms { limits: LIMITS, watch, break_glass: args.break_glass.clone() };
    let outcome = apply(&approved, &cloud, &terms, &mut |event| tell(&bars, event)).await;
    bars.clear();
    eprintln!("{}", calls.summary());
    print!("{}", summary(&outcome));
    print!("{}", way_back::after(approved.plan(), &outcome, args.rollback_out.as_deref())?.unwrap_or_default());
    Ok(match exit(&outcome) {
        Exit::Done if !withheld.is_empty() => Exit::Changes,
        exit => exit,
    })
}

/// The part of the plan that this run is for and that was reviewed, the steps of that part that were not, and the digest of what people
/// have seen: a record that names it leads to the pull request.
fn approve(args: &Args) -> Result<(ApprovedPlan, Vec<Step>, Digest), Failure> {
    let open = |path: &PathBuf| plan_file::open(path, "this plan can't be applied");
    let planned = open(&args.plan)?;
    let reviewed = args.reviewed.as_ref().map(open).transpose()?;
    if let Some(other) = reviewed.as_ref().filter(|reviewed| reviewed.plan.estate != planned.plan.estate) {
        let detail = format!("the plan is of {}, and what was reviewed is of {}", planned.plan.estate, other.plan.estate);
        return Err(Failure::new("these plans are of two estates", detail));
    }
    let seen = reviewed.as_ref().unwrap_or(&planned);
    let (digests, digest) = (seen.reviewed(), seen.digest.clone());
    let mut plan = planned.plan;
    if let Some(wave) = &args.wave {
        matrix::known(&plan, wave)?;
        plan.waves.retain(|other| other.name == *wave);
    }
    if !args.account.is_empty() {
        plan.keep(&args.account.iter().cloned().collect());
    }
    let (approved, withheld) = ApprovedPlan::of(plan, &digests);
    Ok((approved, withheld, digest))
}

/// Each step that is planned now and was not reviewed so, by name.
fn not_reviewed(withheld: &[Step]) -> String {
    let lines =
        withheld.iter().map(|step| format!("{}: withheld: {} was not reviewed as it is planned now\n", step.address, step_name(step)));
    let hint = (!withheld.is_empty()).then(|| {
        "Live state or the files have changed since the review: open a pull request, or run the plan of this one again.\n".to_owned()
    });
    lines.chain(hint).collect()
}

/// Progress: bars on a terminal, lines elsewhere; failures are lines on both.
fn tell(bars: &Bars, event: &Event<'_>) {
    match event {
        Event::WaveStarted { wave } => {
            bars.line(&format!("wave {}: {}", wave.name, many(wave.accounts.len(), "account")));
        }
        Event::WaveHalted { wave, failed, tolerated, left } => {
            let head = format!("wave {}: halted: {failed} failed, {tolerated} may", wave.name);
            bars.line(&format!("{head}; {} not started", many(*left, "account")));
        }
        Event::HealthRead { .. } | Event::GateBakes { .. } | Event::GlassBroken { .. } | Event::GateAnswered { .. } => {
            gate::tell(bars, event)
        }
        Event::AccountStarted { account, steps } => bars.open(account, steps.len()),
        Event::AccountEnded { account, succeeded } => {
            bars.close(account);
            if bars.hidden() {
                bars.line(&format!("{account}: {}", if *succeeded { "done" } else { "not done" }));
            }
        }
        Event::NotRecorded { account, why } => {
            bars.line(&format!("{account}: its record of who touched what last was not written: {}", escape(why)));
        }
        Event::StepStarted { step } => bars.show(&step.address.account, step_name(step)),
        Event::StepWaits { step, error, pause } => {
            bars.show(&step.address.account, format!("{} waits: {}", step_name(step), escape(&error.message)));
            if pause.as_secs() >= 8 {
                bars.line(&format!("{}: trying again in {} s: {}", step.address, pause.as_secs(), escape(&error.message)));
            }
        }
        Event::StepEnded { step, result } => {
            bars.advance(&step.address.account);
            if let StepResult::Failed(_) | StepResult::Withheld(_) = result {
                bars.line(&format!("{}: {}", step.address, became(result)));
            }
        }
    }
}

fn step_name(step: &Step) -> String {
    let verb = match step.action {
        Action::Create { .. } => "create",
        Action::Update { .. } => "update",
        Action::Delete { .. } => "delete",
    };
    format!("{verb} {} {}", step.address.kind, step.address.name)
}

fn became(result: &StepResult) -> String {
    match result {
        StepResult::Done => "done".to_owned(),
        StepResult::AlreadyDone => "was already so".to_owned(),
        StepResult::Failed(error) => format!("failed: {}", escape(&error.message)),
        StepResult::Withheld(error) => escape(&error.message),
        StepResult::Skipped { because } => format!("skipped, because {because} did not succeed"),
        StepResult::NotStarted => "not started".to_owned(),
    }
}

/// The closing summary: every step that did not succeed by name, then the counts.
fn summary(outcome: &Outcome) -> String {
    let mut text = String::new();
    let told = |result: &StepResult| !result.succeeded() && *result != StepResult::NotStarted;
    for (account, health) in &outcome.sick {
        text.push_str(&format!("{account}: red after its steps: {}\n", escape(&health.complaints().join("; "))));
    }
    for gate in &outcome.gates {
        gate::lines(gate).iter().for_each(|line| text.push_str(&format!("{line}\n")));
    }
    for (address, result) in outcome.steps.iter().filter(|(_, result)| told(result)) {
        text.push_str(&format!("{address}: {}\n", became(result)));
    }
    let counts = [
        (outcome.count(|result| *result == StepResult::Done), "done"),
        (outcome.count(|result| *result == StepResult::AlreadyDone), "already so"),
        (outcome.count(|result| matches!(result, StepResult::Failed(_))), "failed"),
        (outcome.count(|result| matches!(result, StepResult::Withheld(_))), "withheld"),
        (outcome.count(|result| matches!(result, StepResult::Skipped { .. })), "skipped"),
        (outcome.count(|result| *result == StepResult::NotStarted), "not started"),
    ];
    let parts = counts.iter().enumerate().filter(|(at, (count, _))| *at == 0 || *count > 0);
    let parts: Vec<_> = parts.map(|(_, (count, what))| format!("{count} {what}")).collect();
    let head = if outcome.succeeded() { "Applied" } else { "Not all applied" };
    text.push_str(&format!("{head}: {}.\n", parts.join(", ")));
    if !outcome.succeeded() {
        text.push_str("Nothing is lost: mend what failed, plan again, and apply the new plan.\n");
    }
    text
}

/// A failure is an error, and so is a gate that did not hold; steps that were only withheld, and what waited for them, are their own
/// status.
fn exit(outcome: &Outcome) -> Exit {
    let failed = outcome.count(|result| matches!(result, StepResult::Failed(_))) > 0 || !outcome.sick.is_empty();
    if outcome.succeeded() {
        Exit::Done
    } else if failed || outcome.gates.iter().flat_map(|gate| &gate.reasons).any(Reason::is_cause) {
        Exit::Failed
    } else {
        Exit::Changes
    }
}
