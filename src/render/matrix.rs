//! Accounts of a wave of a plan → the matrix of a GitHub Actions job: which account each job applies. Pure. Must never name an account twice, leave
//! one out, or print what GitHub refuses: an empty matrix is no matrix at all.

use crate::model::{Account, Name};
use crate::plan::Plan;
use serde::Serialize;

/// The most jobs that GitHub accepts in one matrix.
pub const MOST_JOBS: usize = 256;

#[derive(Serialize)]
struct Matrix {
    include: Vec<Job>,
}

#[derive(Serialize)]
struct Job {
    /// For people: the first account, and how many more.
    name: String,
    /// For `landfall apply --account`: separated by commas.
    accounts: String,
    /// Its place, counted from 0: what the part of the plan file is called that is for it.
    part: usize,
}

/// The accounts of a wave that have something to do.
pub fn busy<'a>(plan: &'a Plan, wave: &Name) -> Vec<&'a Account> {
    let waves = plan.waves.iter().filter(|found| found.name == *wave);
    waves.flat_map(|wave| &wave.accounts).filter(|(_, steps)| !steps.is_empty()).map(|(account, _)| account).collect()
}

/// The matrix of these accounts, as one line of JSON with at most so many jobs; none when there are none.
///
/// # Panics
/// Never: the matrix is plain text.
pub fn matrix(accounts: &[&Account], jobs: usize) -> Option<String> {
    let include: Vec<Job> = packed(accounts, jobs).into_iter().enumerate().map(job).collect();
    (!include.is_empty()).then(|| serde_json::to_string(&Matrix { include }).expect("plain text has a JSON form"))
}

/// Shares a list out to at most so many jobs, whose lengths differ by one at most.
pub fn packed<T>(list: &[T], jobs: usize) -> Vec<&[T]> {
    let parts = jobs.clamp(1, MOST_JOBS).min(list.len());
    (0..parts).map(|part| &list[part * list.len() / parts..(part + 1) * list.len() / parts]).collect()
}

fn job((part, accounts): (usize, &[&Account])) -> Job {
    let names: Vec<String> = accounts.iter().map(ToString::to_string).collect();
    let name = match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first, more @ ..] => format!("{first} and {} more", more.len()),
    };
    Job { name, accounts: names.join(","), part }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::made::{self, name};
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// A plan with one step in each of these accounts, all in one wave.
    fn plan(wave: &'static str, accounts: &[String]) -> Plan {
        made::plan([(wave, accounts.iter().map(|account| made::create(&format!("{account}/global/iam-role/ci-deploy"), false)).collect())])
    }

    fn of_prod(count: usize) -> Vec<String> {
        (0..count).map(|at| format!("domain{at:04}/prod")).collect()
    }

    fn of(plan: &Plan, wave: &str, jobs: usize) -> Option<String> {
        matrix(&busy(plan, &name(wave)), jobs)
    }

    /// How many accounts each job got.
    fn sizes(count: usize, jobs: usize) -> Vec<usize> {
        let asked = of_prod(count);
        let Some(text) = of(&plan("prod", &asked), "prod", jobs) else { return Vec::new() };
        assert!(!text.contains('\n'), "one line");
        let value: Value = serde_json::from_str(&text).unwrap();
        let jobs = value["include"].as_array().unwrap();
        let lists: Vec<Vec<&str>> = jobs.iter().map(|job| job["accounts"].as_str().unwrap().split(',').collect()).collect();
        assert_eq!(lists.concat(), asked, "each account once, in order");
        let names: BTreeSet<&str> = jobs.iter().map(|job| job["name"].as_str().unwrap()).collect();
        assert_eq!(names.len(), jobs.len(), "each job has a name of its own");
        lists.iter().map(Vec::len).collect()
    }

    #[test]
    fn one_job_an_account_up_to_what_github_accepts() {
        assert!(sizes(0, 256).is_empty());
        assert_eq!(sizes(1, 256), [1]);
        assert_eq!(sizes(256, 256), [1; 256]);
    }

    #[test]
    fn beyond_that_accounts_share_jobs_evenly() {
        for (count, jobs, most) in [(257, 256, 2), (500, 256, 2), (3000, 256, 12), (3000, 4000, 12), (5, 2, 3), (5, 0, 5)] {
            let sizes = sizes(count, jobs);
            assert_eq!(sizes.len(), jobs.clamp(1, MOST_JOBS), "{count} accounts in {jobs} jobs");
            assert_eq!(sizes.iter().max(), Some(&most), "{count} accounts in {jobs} jobs");
            assert!(sizes.iter().all(|size| *size + 1 >= most), "{sizes:?}");
        }
    }

    #[test]
    fn a_matrix_as_github_reads_it() {
        let accounts = ["catalog/prod", "orders/prod", "payments/prod"].map(str::to_owned);
        let text = of(&plan("prod", &accounts), "prod", 2).unwrap();
        let expected = concat!(
            r#"{"include":[{"name":"catalog/prod","accounts":"catalog/prod","part":0},"#,
            r#"{"name":"orders/prod and 1 more","accounts":"orders/prod,payments/prod","part":1}]}"#
        );
        assert_eq!(text, expected);
        let organization = of(&plan("organization", &["management".to_owned()]), "organization", 256).unwrap();
        assert_eq!(organization, r#"{"include":[{"name":"management","accounts":"management","part":0}]}"#);
    }

    #[test]
    fn nothing_to_do_is_no_matrix() {
        let mut planned = plan("prod", &of_prod(2));
        assert_eq!(of(&planned, "dev", 256), None, "a wave that the plan does not have");
        planned.waves[0].accounts.values_mut().for_each(Vec::clear);
        assert_eq!(of(&planned, "prod", 256), None, "a wave whose accounts have no steps");
    }
}
