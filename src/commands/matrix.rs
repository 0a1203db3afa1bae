//! `landfall matrix`: the accounts of one wave of a plan, as the matrix of a GitHub Actions job. No network.

use super::output::print;
use super::{Exit, Failure, Outcome};
use crate::model::{Environment, Name};
use crate::plan::{ORGANIZATION, PlanFile};
use crate::render::{MOST_JOBS, escape, matrix};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The plan file, as written by `landfall plan --out`
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The wave: organization, dev, stage or prod
    #[arg(long, value_name = "NAME", value_parser = wave)]
    wave: Name,
    /// The most jobs; beyond that, accounts share jobs. GitHub accepts 256
    #[arg(long, value_name = "N", default_value_t = MOST_JOBS, value_parser = jobs)]
    jobs: usize,
}

pub fn run(args: &Args) -> Outcome {
    let plan = read(&args.plan)?.plan;
    if let Some(matrix) = matrix(&plan, &args.wave, args.jobs) {
        print(&(matrix + "\n"))?;
    }
    Ok(Exit::Done)
}

/// A wave that no plan has is a slip of the pen. Answered with "nothing to do", it would leave a wave out for good.
fn wave(text: &str) -> Result<Name, String> {
    if text != ORGANIZATION && text.parse::<Environment>().is_err() {
        return Err(format!("{text:?} is no wave: there are {ORGANIZATION}, dev, stage and prod"));
    }
    text.parse().map_err(|error: crate::model::BadName| error.to_string())
}

fn jobs(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=MOST_JOBS).contains(count));
    count.ok_or_else(|| format!("a matrix has 1 to {MOST_JOBS} jobs"))
}

fn read(path: &Path) -> Result<PlanFile, Failure> {
    let unreadable = |error: &str| Failure::new("this plan can't be read", format!("{}: {}", path.display(), escape::line(error)));
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error.to_string()))?;
    let again = "make a new one with `landfall plan --out FILE`";
    PlanFile::read(&text).map_err(|error| unreadable(&error.to_string()).hint(again))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_waves_that_there_can_be() {
        for known in ["organization", "dev", "stage", "prod"] {
            assert_eq!(wave(known).unwrap().as_str(), known);
        }
        assert_eq!(wave("staeg").unwrap_err(), "\"staeg\" is no wave: there are organization, dev, stage and prod");
    }

    #[test]
    fn no_more_jobs_than_github_accepts() {
        assert_eq!(jobs("256"), Ok(256));
        for refused in ["0", "257", "-1", "many"] {
            assert_eq!(jobs(refused).unwrap_err(), "a matrix has 1 to 256 jobs");
        }
    }
}
