//! What a run may do: the part of the plan that it is for, as far as it was reviewed.

use super::super::{Failure, matrix, plan_file, record};
use super::Args;
use crate::apply;
use crate::cloud::{Store, records};
use crate::model::{Address, Digest};
use crate::plan::{ApprovedPlan, PlanFile, Reviewed, Step};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What is planned now, narrowed to the part that a run is for, and what people have seen.
pub(super) struct Review {
    planned: PlanFile,
    seen: PlanFile,
    /// Whether what people have seen is another plan.
    other: bool,
}

/// A plan to carry out, and what was left out of it.
pub(super) struct Approved {
    pub plan: ApprovedPlan,
    /// The steps of this part that nobody reviewed.
    pub withheld: Vec<Step>,
    /// Those that were not reviewed as they are planned now, and are left of what was: a run was lost in the midst of them.
    pub resumed: Vec<Address>,
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

impl Review {
    /// # Errors
    /// Files that are no plans, or plans of two estates.
    pub fn of(args: &Args) -> Result<Review, Failure> {
        let open = |path: &PathBuf| plan_file::open(path, "this plan can't be applied");
        let mut planned = open(&args.plan)?;
        let reviewed = args.reviewed.as_ref().map(open).transpose()?;
        if let Some(other) = reviewed.as_ref().filter(|reviewed| reviewed.plan.estate != planned.plan.estate) {
            let detail = format!("the plan is of {}, and what was reviewed is of {}", planned.plan.estate, other.plan.estate);
            return Err(Failure::new("these plans are of two estates", detail));
        }
        let (seen, other) = reviewed.map_or_else(|| (planned.clone(), false), |reviewed| (reviewed, true));
        if let Some(wave) = &args.wave {
            matrix::known(&planned.plan, wave)?;
            planned.plan.waves.retain(|other| other.name == *wave);
        }
        if !args.account.is_empty() {
            planned.plan.keep(&args.account.iter().cloned().collect());
        }
        if args.accounts_for.is_some() {
            planned.plan.keep_new_accounts();
        }
        Ok(Review { planned, seen, other })
    }

    /// What may be done, by what was seen alone.
    pub fn approve(&self) -> Approved {
        self.resume(&BTreeSet::new())
    }

    /// Whether the history could tell that more may be done.
    pub fn leaves_open(&self, approved: &Approved) -> bool {
        could_be_left(&self.seen, &approved.withheld)
    }

    /// What may be done, by the history too.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn approve_by(&self, store: &Store) -> Result<Approved, Failure> {
        Ok(self.resume(&unfinished(store, &self.seen).await?))
    }

    fn resume(&self, unfinished: &BTreeSet<Address>) -> Approved {
        let PlanFile { plan, digest, .. } = &self.planned;
        let reviewed = Reviewed::of(&self.seen.plan, unfinished);
        let (plan, withheld) = ApprovedPlan::seen(plan.clone(), &reviewed);
        let resumed = plan.plan().steps().filter(|step| !reviewed.has_seen(step)).map(|step| step.address.clone()).collect();
        let reviewed = self.other.then(|| self.seen.digest.clone());
        Approved { plan, withheld, resumed, digest: digest.clone(), reviewed }
    }
}

/// Whether some steps that nobody has seen so would finish what was seen.
pub(in super::super) fn could_be_left(seen: &PlanFile, withheld: &[Step]) -> bool {
    let nothing = BTreeSet::new();
    let reviewed = Reviewed::of(&seen.plan, &nothing);
    withheld.iter().any(|step| reviewed.could_finish(step))
}

/// What earlier runs of a plan may have left half done, by the history.
///
/// # Errors
/// Those of the store.
pub(in super::super) async fn unfinished(store: &Store, seen: &PlanFile) -> Result<BTreeSet<Address>, Failure> {
    let records = records::of_plan(store, &seen.digest).await.map_err(record::unreadable)?;
    Ok(apply::unfinished(&seen.plan, &records))
}
