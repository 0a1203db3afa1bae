//! `landfall matrix`: the waves of a plan that have something to do, and the accounts of one, as the matrix of a GitHub Actions job. No network.

use super::output::print;
use super::{Exit, Failure, Outcome, plan_file};
use crate::model::{Name, show};
use crate::plan::{ORGANIZATION, Plan};
use crate::render::{MOST_JOBS, busy, matrix};
use std::collections::BTreeSet;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan file, as written by `landfall plan --out`
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The wave: organization, or one of the plan's rollout, such as prod. Without it, the names of those with something to do are printed
    #[arg(long, value_name = "NAME")]
    wave: Option<Name>,
    /// The most jobs; beyond that, accounts share jobs. GitHub accepts 256
    #[arg(long, value_name = "N", default_value_t = MOST_JOBS, value_parser = jobs)]
    jobs: usize,
}

pub fn run(args: &Args) -> Outcome {
    let plan = plan_file::open(&args.plan, "this plan can't be read")?.plan;
    let Some(wave) = &args.wave else {
        let waves = plan.waves.iter().filter(|wave| !busy(&plan, &wave.name).is_empty());
        return print(&waves.map(|wave| format!("{}\n", wave.name)).collect::<String>()).map(|()| Exit::Done);
    };
    known(&plan, wave)?;
    if let Some(matrix) = matrix(&busy(&plan, wave), args.jobs) {
        print(&(matrix + "\n"))?;
    }
    Ok(Exit::Done)
}

/// A wave that the plan's rollout doesn't have is a slip of the pen. Answered with "nothing to do", it would leave a wave out for good.
pub(super) fn known(plan: &Plan, wave: &Name) -> Result<(), Failure> {
    let rollout = plan.rollout.waves.iter().map(|rules| &rules.name);
    let names: BTreeSet<&str> = rollout.chain(plan.waves.iter().map(|wave| &wave.name)).map(Name::as_str).chain([ORGANIZATION]).collect();
    if names.contains(wave.as_str()) {
        return Ok(());
    }
    Err(Failure::new("no such wave", format!("{wave} is no wave of this plan: there are {}", show(names))))
}

fn jobs(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=MOST_JOBS).contains(count));
    count.ok_or_else(|| format!("a matrix has 1 to {MOST_JOBS} jobs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_jobs_than_github_accepts() {
        assert_eq!(jobs("256"), Ok(256));
        for refused in ["0", "257", "-1", "many"] {
            assert_eq!(jobs(refused).unwrap_err(), "a matrix has 1 to 256 jobs");
        }
    }
}
