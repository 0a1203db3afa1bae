//! One apply, spread over jobs, when something goes wrong between them: a job that is lost, a turn that is somebody else's, jobs that are
//! run again after their run has ended. Each time the end is what one process makes of the same files.

use crate::act::Ran;
use crate::emulator::Emulator;
use crate::listener::Listener;
use crate::repository::Repository;
use crate::{as_one_process, github::REPOSITORY, nobodys_turn, repository, to_do};
use std::time::Duration;

/// Waves by names of one's own, in an order of one's own. A wave of one account tolerates no failure unless it is told to.
const WAVES: &str = "waves: [{ name: dev, tolerate: 1 }, { name: first-customers, accounts: [tools/prod] }, stage, prod]";

/// A repository whose pull request is merged and approved, and the merged commit.
fn merged(aws: &Emulator, notices: &str) -> (Repository, String) {
    let mut repository = repository(aws);
    repository.edit("domains.yaml", "waves: [dev, stage, prod]", WAVES);
    repository.edit("domains.yaml", "domains:\n", &format!("{notices}domains:\n"));
    let head = repository.commit("waves");
    repository.github.open(&head);
    repository.pull_request(REPOSITORY, &head).expect(&[("check/check", "success"), ("plan/plan", "success")]);
    let commit = repository.commit("merge");
    repository.github.merge(&head, &commit);
    repository.github.approve(&head);
    (repository, commit)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_lost_holds_back_its_domain_and_the_next_run_waits_until_it_can_write_no_more() {
    let aws = Emulator::start().await;
    let listener = Listener::start();
    let (mut repository, commit) = merged(&aws, "notices: { slack: true, webhook: true, deployments: true }\n");
    repository.secrets = vec![
        ("LANDFALL_SLACK_WEBHOOK", listener.at("/everybody")),
        ("LANDFALL_SLACK_WEBHOOKS", format!("platform {}", listener.at("/platform"))),
        ("LANDFALL_WEBHOOK", listener.at("/hook")),
    ];
    repository.lose(Some("shop/dev"));
    let ran = repository.push(&commit);
    ran.expect(&[
        ("apply/end", "success"),
        ("apply/gate of dev", "success"),
        ("apply/gate of first-customers", "success"),
        ("apply/gate of organization", "success"),
        ("apply/gate of prod", "failure"),
        ("apply/new accounts of dev", "success"),
        ("apply/new accounts of first-customers", "success"),
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
    // What it left is no network yet, and so its canary is red: the gate says so.
    let first = ["acme: apply started", "acme: apply halted at prod", "acme: apply did not succeed"];
    assert_eq!(said(&listener, "/everybody"), first, "{}", ran.log);
    let heard = listener.heard("/hook");
    let last = heard.iter().rfind(|heard| heard.body.contains(r#""team":null"#)).unwrap().body.clone();
    assert!(last.contains(r#""management":"done","shop/dev":"failed","shop/prod":"not-started","tools/prod":"done""#), "{last}");
    assert!(last.contains("shop/dev: its job was lost, or still goes on"), "{last}");

    // What was half made was begun by a run of what was reviewed, and so it goes on.
    repository.lose(None);
    let ran = repository.push(&commit);
    ran.says("waiting for");
    finished(&ran);
    nobodys_turn(&aws, &repository);
    let both = [&first[..], &["acme: apply started", "acme: apply succeeded"]].concat();
    assert_eq!(said(&listener, "/everybody"), both, "once each");
    assert_eq!(said(&listener, "/platform"), both.iter().map(|title| format!("{title} for platform")).collect::<Vec<_>>());
    deployed(&repository);
    as_one_process(&aws, &repository).await;
}

/// What was told, in order.
fn said(listener: &Listener, path: &str) -> Vec<String> {
    let text = |body: &str| serde_json::from_str::<serde_json::Value>(body).unwrap()["text"].as_str().unwrap().to_owned();
    listener.heard(path).iter().map(|heard| text(&heard.body)).collect()
}

/// Each wave that began is a deployment, and is told how it ended: in the first run, and in the second.
fn deployed(repository: &Repository) {
    let shown: Vec<String> = repository.github.deployments().iter().map(|(wave, states)| format!("{wave}: {}", states.join(" "))).collect();
    let expected = [
        "acme-organization: in_progress success",
        "acme-dev: in_progress failure",
        "acme-first-customers: in_progress success",
        "acme-dev: in_progress success",
        "acme-prod: in_progress success",
    ];
    let told_once = |states: &String| states.replace("success success", "success");
    assert_eq!(shown.iter().map(told_once).collect::<Vec<_>>(), expected);
}

/// What was left is done.
fn finished(ran: &Ran) {
    ran.expect(&[
        ("apply/end", "success"),
        ("apply/gate of dev", "success"),
        ("apply/gate of prod", "success"),
        ("apply/new accounts of prod", "success"),
        ("apply/prepare", "success"),
        ("check/check", "success"),
        ("shop/dev", "success"),
        ("shop/prod", "success"),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_somebody_else_writes_a_run_waits_and_plans_only_then() {
    let aws = Emulator::start().await;
    let (mut repository, commit) = merged(&aws, "");
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
        ("apply/new accounts of dev", "success"),
        ("apply/new accounts of first-customers", "success"),
        ("apply/new accounts of prod", "success"),
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
