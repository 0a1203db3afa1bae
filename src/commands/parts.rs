//! Writes the parts of plan files that the jobs of a matrix need: each its own accounts' steps, and nobody else's, with the session policy
//! that keeps it within them.

use super::{Failure, plan_file};
use crate::apply::asked_by;
use crate::cloud::RealCloud;
use crate::model::{Account, Name};
use crate::plan::PlanFile;
use crate::render::busy;
use std::collections::BTreeSet;
use std::path::Path;

/// Writes `plan.json`, and `reviewed.json` if there is one, into a folder for each job, called by its place.
///
/// # Errors
/// A disk that can't be written to.
pub fn write(folder: &Path, jobs: &[&[&Account]], plan: &PlanFile, reviewed: Option<&PlanFile>) -> Result<(), Failure> {
    for (place, accounts) in jobs.iter().enumerate() {
        let of_job = folder.join(place.to_string());
        let accounts: BTreeSet<Account> = accounts.iter().map(|account| (*account).clone()).collect();
        let files = [("plan.json", Some(plan)), ("reviewed.json", reviewed)];
        for (name, whole) in files.into_iter().filter_map(|(name, whole)| Some((name, whole?))) {
            written(&of_job, name, &whole.part(&accounts).to_json())?;
        }
    }
    Ok(())
}

/// Writes `policy.json` into each job's folder: the session policy that lets it enter its own accounts, as far as they exist, and those whose
/// canaries it asks. Of one line, as a workflow hands it on.
///
/// # Errors
/// A disk that can't be written to; accounts that don't fit into a policy: a job that may enter any is none.
pub fn confine(folder: &Path, wave: &Name, cloud: &RealCloud) -> Result<(), Failure> {
    for of_job in (0..).map(|place: usize| folder.join(place.to_string())).take_while(|of_job| of_job.is_dir()) {
        let part = plan_file::open(&of_job.join("plan.json"), "this part can't be confined")?.plan;
        let own: BTreeSet<Account> = busy(&part, wave).into_iter().cloned().collect();
        let entered: BTreeSet<&Account> = own.iter().chain(asked_by(&part.rollout, wave, &own)).collect();
        let too_many = || {
            let detail =
                format!("a job would have to enter {} accounts, which is more than a session policy of AWS can name", entered.len());
            Failure::new("the jobs of this wave can't be kept apart", detail).hint("share its accounts out to several waves")
        };
        let policy = cloud.confined(entered.iter().copied()).ok_or_else(too_many)?;
        written(&of_job, "policy.json", &(policy + "\n"))?;
    }
    Ok(())
}

fn written(folder: &Path, name: &str, text: &str) -> Result<(), Failure> {
    let path = folder.join(name);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
    written.map_err(|error| Failure::new("the parts can't be written", format!("{}: {error}", path.display())))
}
