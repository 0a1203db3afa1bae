//! The plan that undoes what an apply did: written before its first step, so that it is there whatever happens, and offered when something
//! did not go well. Applies nothing: the way back is reviewed like any other plan.

use super::Failure;
use crate::apply::{Outcome, StepResult};
use crate::model::Address;
use crate::plan::{Plan, PlanFile, Report, rollback};
use crate::render::many;
use std::collections::BTreeSet;
use std::path::Path;

/// The way back from all of a plan, which is written to a file if one is named.
pub fn before(plan: &Plan, path: Option<&Path>) -> Result<PlanFile, Failure> {
    let all: BTreeSet<Address> = plan.steps().map(|step| step.address.clone()).collect();
    let file = way_back(plan, &all);
    path.map_or(Ok(()), |path| write(path, &file)).map(|()| file)
}

/// Writes the way back from what was done, and says that it is there.
pub fn after(plan: &Plan, outcome: &Outcome, path: Option<&Path>) -> Result<Option<String>, Failure> {
    let done = outcome.steps.iter().filter(|(_, result)| result.succeeded() || may_be_done(result));
    let done: BTreeSet<Address> = done.map(|(address, _)| address.clone()).collect();
    let file = way_back(plan, &done);
    let offered = !outcome.succeeded() && !done.is_empty();
    let what = format!("{}, and {} for people", many(file.plan.steps().count(), "step"), many(file.report.notes.len(), "note"));
    Ok(match path {
        Some(path) => {
            write(path, &file)?;
            let path = path.display();
            offered.then(|| {
                format!("The way back from what was done is in {path} ({what}): look at it with `landfall show {path}`, and apply it.\n")
            })
        }
        None => offered
            .then(|| format!("There is a way back from what was done ({what}): with `--rollback-out FILE` the same command writes it.\n")),
    })
}

/// What failed may have been done all the same: its way back finds nothing to do where it was not.
fn may_be_done(result: &StepResult) -> bool {
    matches!(result, StepResult::Failed(_))
}

fn way_back(plan: &Plan, done: &BTreeSet<Address>) -> PlanFile {
    let (back, notes) = rollback(plan, done);
    let accounts = back.waves.iter().map(|wave| wave.accounts.len()).sum();
    PlanFile::of(back, Report { notes, unchanged: 0, accounts })
}

pub(super) fn write(path: &Path, file: &PlanFile) -> Result<(), Failure> {
    let unwritten = |error| Failure::new("the way back could not be written", format!("{}: {error}", path.display()));
    std::fs::write(path, file.to_json()).map_err(unwritten)
}
