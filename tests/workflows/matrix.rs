//! One apply, spread over jobs, when something goes wrong between them: a job that is lost, a turn that is somebody else's, jobs that are
//! run again after their run has ended. Each time the end is what one process makes of the same files.

use crate::act::Ran;
use crate::emulator::Emulator;
use crate::repository::Repository;
use crate::{as_one_process, github::REPOSITORY, nobodys_turn, repository, to_do};
use std::time::Duration;

/// Waves by names of one's own, in an order of one's own. A wave of one account tolerates no failure unless it is told to.
const WAVES: &str = "waves: [{ name: dev, tolerate: 1 }, { name: first-customers, accounts: [tools/prod] }, stage, prod]";

/// A repository whose pull request is merged and approved, and the merged commit.
fn merged(aws: &Emulator) -> (Repository, String) {
    let mut repository = repository(aws);
    repository.edit("domains.yaml", "waves: [dev, stage, prod]", WAVES);
    let commit = reviewed(&mut repository, "waves");
    (repository, commit)
}

/// Has what is there now planned on a pull request, approved and merged; the merged commit.
fn reviewed(repository: &mut Repository, what: &str) -> String {
    let head = repository.commit(what);
    repository.github.open(&head);
    repository.pull_request(REPOSITORY, &head).expect(&[("check/check", "success"), ("plan/plan", "success")]);
    let commit = repository.commit("merge");
    repository.github.merge(&head, &commit);
    repository.github.approve(&head);
    commit
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_lost_holds_back_its_domain_and_the_next_run_waits_until_it_can_write_no_more() {
    let aws = Emulator::start().await;
    let (mut repository, commit) = merged(&aws);
    repository.lose(Some("shop/dev"));
    let ran = repository.push(&commit);
    ran.expect(&[
        ("apply/end", "success"),
        ("apply/gate of dev", "success"),
        ("apply/gate of first-customers", "success"),
        ("apply/gate of organization", "success"),
        ("apply/gate of prod", "failure"),
        ("apply/prepare", "success"),
        ("check/check", "success"),
        ("management", "success"),
        ("shop/dev", "failure"),
        ("tools/prod", "success"),
    ]);
    ran.says("this job is lost because the test wants it to");
    ran.says("gate prod: shop/dev did not succeed");
    ran.says("Not every job of it has ended");
    assert_eq!(to_do(&aws, &repository), ["shop/dev", "shop/prod"]);

    // What was half made is planned as a change of what is there, which nobody has seen: another pull request shows it.
    repository.lose(None);
    let commit = reviewed(&mut repository, "once more");
    let ran = repository.push(&commit);
    ran.says("waiting for");
    finished(&ran);
    nobodys_turn(&aws, &repository);
    as_one_process(&aws, &repository).await;
}

/// What was left is done.
fn finished(ran: &Ran) {
    ran.expect(&[
        ("apply/end", "success"),
        ("apply/gate of dev", "success"),
        ("apply/gate of prod", "success"),
        ("apply/prepare", "success"),
        ("check/check", "success"),
        ("shop/dev", "success"),
        ("shop/prod", "success"),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_somebody_else_writes_a_run_waits_and_plans_only_then() {
    let aws = Emulator::start().await;
    let (mut repository, commit) = merged(&aws);
    let root = repository.root();
    let token = aws.landfall(&root, &["lock", "take", "--purpose", "looking into it"]).expect(0).stdout;
    let running = std::thread::spawn(move || (repository.push(&commit), repository));
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(!running.is_finished(), "it waits");
    // What the other one does in its turn is not planned again.
    aws.landfall(&root, &["plan", "--out", "target.json"]).expect(0);
    let organization = ["apply", "target.json", "--wave", "organization", "--turn", token.trim()];
    aws.landfall(&root, &organization).expect(0);
    aws.landfall(&root, &["lock", "release", token.trim()]).expect(0);

    let (ran, repository) = running.join().unwrap();
    ran.says("looking into it");
    ran.expect(&[
        ("apply/end", "success"),
        ("apply/gate of dev", "success"),
        ("apply/gate of first-customers", "success"),
        ("apply/gate of prod", "success"),
        ("apply/prepare", "success"),
        ("check/check", "success"),
        ("shop/dev", "success"),
        ("shop/prod", "success"),
        ("tools/prod", "success"),
    ]);
    let token = repository.turn();
    let again = ["apply", "target.json", "--wave", "dev", "--account", "shop/dev", "--turn", &token];
    let again = aws.landfall(&root, &again).expect(1);
    assert!(again.stderr.contains("re-run all jobs"), "a job that is run again after its run has ended:\n{}", again.stderr);
    as_one_process(&aws, &repository).await;
}
