//! What a run may do: the part of the plan that it is for, as far as it was reviewed.

use super::super::{Failure, matrix, plan_file};
use super::Args;
use crate::model::Digest;
use crate::plan::{ApprovedPlan, PlanFile, Step};
use std::path::PathBuf;

/// A plan to carry out, and what was left out of it.
pub(super) struct Approved {
    pub plan: ApprovedPlan,
    /// The steps of this part that nobody reviewed.
    pub withheld: Vec<Step>,
    /// Of the plan that is carried out.
    pub digest: Digest,
    /// Of the plan that people have seen, where it is another one: a record that names it leads to the pull request.
    pub reviewed: Option<Digest>,
}

impl Approved {
    /// Of the plan as people have seen it.
    pub fn seen(&self) -> &Digest {
        self.reviewed.as_ref().unwrap_or(&self.digest)
    }
}

/// # Errors
/// Files that are no plans, or plans of two estates.
pub(super) fn approve(args: &Args) -> Result<Approved, Failure> {
    let open = |path: &PathBuf| plan_file::open(path, "this plan can't be applied");
    let planned = open(&args.plan)?;
    let reviewed = args.reviewed.as_ref().map(open).transpose()?;
    if let Some(other) = reviewed.as_ref().filter(|reviewed| reviewed.plan.estate != planned.plan.estate) {
        let detail = format!("the plan is of {}, and what was reviewed is of {}", planned.plan.estate, other.plan.estate);
        return Err(Failure::new("these plans are of two estates", detail));
    }
    let digests = reviewed.as_ref().unwrap_or(&planned).reviewed();
    let PlanFile { mut plan, digest, .. } = planned;
    if let Some(wave) = &args.wave {
        matrix::known(&plan, wave)?;
        plan.waves.retain(|other| other.name == *wave);
    }
    if !args.account.is_empty() {
        plan.keep(&args.account.iter().cloned().collect());
    }
    if args.accounts_for.is_some() {
        plan.keep_new_accounts();
    }
    let (plan, withheld) = ApprovedPlan::of(plan, &digests);
    Ok(Approved { plan, withheld, digest, reviewed: reviewed.map(|file| file.digest) })
}
