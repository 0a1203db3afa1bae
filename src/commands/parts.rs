//! Writes the parts of plan files that the jobs of a matrix need: each its own accounts' steps, and nobody else's.

use super::Failure;
use crate::model::Account;
use crate::plan::PlanFile;
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
            let path = of_job.join(name);
            let written = std::fs::create_dir_all(&of_job).and_then(|()| std::fs::write(&path, whole.part(&accounts).to_json()));
            written.map_err(|error| Failure::new("the parts can't be written", format!("{}: {error}", path.display())))?;
        }
    }
    Ok(())
}
