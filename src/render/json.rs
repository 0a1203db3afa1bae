//! The plan for programs: stable, versioned, documented in docs/plan-format.md. A field is never renamed or removed within a format.

use super::counts::Counts;
use super::escape;
use crate::kinds::Spec;
use crate::model::{Account, Address, Change, Concern, Digest, Name, Note, Place, Region, Risk};
use crate::plan::{Action, Plan, Report, Rollout, Step};
use serde::Serialize;

/// The version of the shape below.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Shown<'a> {
    format: u32,
    landfall: &'static str,
    estate: &'a Name,
    home_region: &'a Region,
    digest: Digest,
    /// Whether nothing was left out.
    whole: bool,
    summary: Counts,
    /// People who have to approve it, besides its author.
    approvals_needed: usize,
    notes: &'a [Note],
    /// How it reaches the accounts.
    rollout: &'a Rollout,
    waves: Vec<ShownWave<'a>>,
}

#[derive(Serialize)]
struct ShownWave<'a> {
    name: &'a Name,
    accounts: Vec<ShownAccount<'a>>,
}

#[derive(Serialize)]
struct ShownAccount<'a> {
    account: &'a Account,
    email: Option<&'a String>,
    steps: Vec<ShownStep<'a>>,
}

#[derive(Serialize)]
struct ShownStep<'a> {
    address: &'a Address,
    action: &'static str,
    /// Whether the step is one half of a replacement.
    replacing: bool,
    risk: Risk,
    concerns: &'a [Concern],
    /// For an update what changes, for the delete of a replacement what demands it.
    changes: &'a [Change],
    before: Option<&'a Spec>,
    after: Option<&'a Spec>,
    /// Places in this list of steps.
    waits_for: &'a [usize],
    module: Option<&'a Name>,
    place: Option<&'a Place>,
    digest: Digest,
}

/// A plan and its report as JSON, indented, with a newline at the end.
///
/// # Panics
/// Never: plans are plain data.
pub fn json(plan: &Plan, report: &Report) -> String {
    let Plan { estate, home_region, access_role: _, emails, approvals: _, rollout, notices: _, waves } = plan;
    let summary = Counts::of(plan, report);
    let waves = waves.iter().map(|wave| ShownWave {
        name: &wave.name,
        accounts: wave
            .accounts
            .iter()
            .map(|(account, steps)| ShownAccount { account, email: emails.get(account), steps: steps.iter().map(step).collect() })
            .collect(),
    });
    let shown = Shown {
        format: FORMAT,
        landfall: env!("CARGO_PKG_VERSION"),
        estate,
        home_region,
        digest: Digest::of(plan),
        whole: summary.blocking == 0,
        summary,
        approvals_needed: plan.approvals_needed(),
        notes: &report.notes,
        rollout,
        waves: waves.collect(),
    };
    escape::json(&serde_json::to_string_pretty(&shown).expect("plain data has a JSON form")) + "\n"
}

fn step(step: &Step) -> ShownStep<'_> {
    let Step { address, action, after, concerns, asked } = step;
    let (name, replacing, changes): (_, _, &[Change]) = match action {
        Action::Create { want: _, replacing } => ("create", *replacing, &[]),
        Action::Update { live: _, want: _, changes } => ("update", false, changes),
        Action::Delete { live: _, replacing, why } => ("delete", *replacing, why),
    };
    ShownStep {
        address,
        action: name,
        replacing,
        risk: step.risk(),
        concerns,
        changes,
        before: action.before(),
        after: action.after(),
        waits_for: after,
        module: asked.as_ref().map(|(module, _)| module),
        place: asked.as_ref().map(|(_, place)| place),
        digest: step.digest(),
    }
}
