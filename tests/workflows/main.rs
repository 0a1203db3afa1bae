//! The scaffolded workflows, executed from end to end: act runs them, against the emulated AWS and a GitHub of the tests' own.

mod act;
#[path = "../connector/census.rs"]
mod census;
#[path = "../emulated/emulator.rs"]
#[expect(dead_code, reason = "the tests with the binary alone use more of it")]
mod emulator;
mod github;
mod inlined;
#[path = "../emulated/listener.rs"]
#[expect(dead_code, reason = "the tests with the binary alone use more of it")]
mod listener;
#[path = "../emulated/live.rs"]
mod live;
mod matrix;
mod repository;
#[path = "../github/mod.rs"]
mod stand_in;

use emulator::Emulator;
use github::REPOSITORY;
use landfall::commands::sandbox::environment;
use live::{account, inventory, same};
use repository::Repository;
use serde_json::json;

/// A repository whose workflows reach an emulated AWS.
fn repository(aws: &Emulator) -> Repository {
    let environment: Vec<_> = environment(&aws.endpoint()).into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    Repository::new(&environment)
}

/// The accounts in which there is something to do, as landfall itself sees them.
fn to_do(aws: &Emulator, repository: &Repository) -> Vec<String> {
    let plan = aws.landfall(&repository.root(), &["plan", "--format", "json"]).expect(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let accounts = plan["waves"].as_array().unwrap().iter().flat_map(|wave| wave["accounts"].as_array().unwrap());
    accounts.map(|account| account["account"].as_str().unwrap().to_owned()).collect()
}

/// The matrix has done what one process does.
async fn as_one_process(aws: &Emulator, repository: &Repository) {
    let other = Emulator::start().await;
    other.apply(&repository.root());
    same(&inventory(aws).await, &inventory(&other).await, "the jobs of a matrix, against one process");
}

/// Nobody has the turn to write.
fn nobodys_turn(aws: &Emulator, repository: &Repository) {
    let status = aws.landfall(&repository.root(), &["status"]).expect(0);
    assert!(status.stdout.contains("nobody"), "{}", status.stdout);
}

const ALL: [&str; 4] = ["management", "shop/dev", "shop/prod", "tools/prod"];
const PLANS: &str = "arn:aws:iam::111111111111:role/plan";
const APPLIES: &str = "arn:aws:iam::111111111111:role/apply";

/// A role that was asked for, and by which part of a workflow.
fn role(by: &str, role: &str) -> String {
    format!("landfall-{by}-RUN {role}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_is_planned_and_its_merge_applies_what_was_reviewed() {
    let aws = Emulator::start().await;
    let mut repository = repository(&aws);
    let head = repository.commit("two domains");
    planned(&mut repository, &aws, &head);
    let merged = repository.commit("merge");
    repository.github.merge(&head, &merged);
    unapproved(&mut repository, &aws, &merged);
    repository.github.approve(&head);
    stopped_by_a_failure(&mut repository, &aws, &merged);
    finished(&mut repository, &aws, &merged).await;
    nobodys_turn(&aws, &repository);
    as_one_process(&aws, &repository).await;
    nothing_left(&mut repository);
    drifted(&mut repository);
}

/// The pull request is planned and commented on; nothing is written to AWS.
fn planned(repository: &mut Repository, aws: &Emulator, head: &str) {
    repository.github.open(head);
    let ran = repository.pull_request(REPOSITORY, head);
    ran.expect(&[("check/check", "success"), ("plan/plan", "success")]);
    let plan: serde_json::Value = serde_json::from_str(&repository.artifact("landfall-plan", "plan.json").unwrap()).unwrap();
    let page = repository.artifact("landfall-plan", "plan.html").expect("the page");
    assert!(page.starts_with("<!doctype html>") && page.contains("tools/prod"), "{page}");
    let [comment]: [String; 1] = repository.github.comments().try_into().expect("one comment");
    assert!(comment.contains(plan["digest"].as_str().unwrap()) && comment.contains(head), "{comment}");
    assert_eq!(repository.roles(), [role("plan", PLANS)]);
    assert_eq!(to_do(aws, repository), ALL);
}

/// Merged without an approval, nothing is applied.
fn unapproved(repository: &mut Repository, aws: &Emulator, merged: &str) {
    let ran = repository.push(merged);
    ran.expect(&[("apply/end", "success"), ("apply/prepare", "failure"), ("check/check", "success")]);
    ran.says("missing: ");
    assert_eq!(repository.roles(), [role("end", APPLIES), role("prepare", PLANS), role("turn", APPLIES)]);
    nobodys_turn(aws, repository);
    assert_eq!(to_do(aws, repository), ALL);
}

/// An account of dev fails: prod of its domain is not begun, and nobody else is held back. Stage, which has nothing to do, has no job.
fn stopped_by_a_failure(repository: &mut Repository, aws: &Emulator, merged: &str) {
    repository.fail(Some("shop/dev"));
    let ran = repository.push(merged);
    ran.expect(&[
        ("apply/end", "success"),
        ("apply/gate of dev", "success"),
        ("apply/gate of organization", "success"),
        ("apply/gate of prod", "failure"),
        ("apply/new accounts of dev", "success"),
        ("apply/new accounts of prod", "success"),
        ("apply/prepare", "success"),
        ("check/check", "success"),
        ("management", "success"),
        ("shop/dev", "failure"),
        ("tools/prod", "success"),
    ]);
    ran.says("this account fails because the test wants it to");
    ran.says("gate prod: shop/dev was held back");
    ran.says("gate prod: not started: shop/prod");
    assert_eq!(to_do(aws, repository), &ALL[1..3]);
    nobodys_turn(aws, repository);
    repository.roles();
    repository.policies();
}

/// Run again, it goes on where it stopped, each account in a job of its own: who is done, has none any more.
async fn finished(repository: &mut Repository, aws: &Emulator, merged: &str) {
    repository.fail(None);
    let ran = repository.push(merged);
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
    let (apply, gate) = (role("apply", APPLIES), role("gate", APPLIES));
    let accounts = role("accounts", APPLIES);
    let expected =
        [accounts, apply.clone(), apply, role("end", APPLIES), gate.clone(), gate, role("prepare", PLANS), role("turn", APPLIES)];
    assert_eq!(repository.roles(), expected);
    confined(repository, aws).await;
    assert_eq!(to_do(aws, repository), Vec::<String>::new());
    let part = repository.artifact("landfall-wave-prod", "0/plan.json").unwrap();
    assert!(part.contains("\"shop/prod/") && !part.contains("\"shop/dev/"), "{part}");
}

/// Each job could enter its own account and, to ask its canary, that of its domain in the wave before; the others none, but for those that
/// read. What a session policy does not let in stays out: the stand-in holds all of landfall to it.
async fn confined(repository: &Repository, aws: &Emulator) {
    let mut roles = Vec::new();
    for of in ["shop-dev", "shop-prod"] {
        let id = account(aws, &format!("aws+{of}@acme.example")).await.id;
        roles.push(format!("arn:aws:iam::{id}:role/{}", emulator::ROLE));
    }
    let any = || vec!["any".to_owned()];
    let expected: Vec<(&str, Vec<String>)> = vec![
        ("accounts", vec![]),
        ("apply", roles[..1].to_vec()),
        ("apply", roles.clone()),
        ("end", vec![]),
        ("gate", any()),
        ("gate", any()),
        ("prepare", any()),
        ("turn", vec![]),
    ];
    let mut seen = repository.policies();
    assert_eq!(seen.iter_mut().map(|(by, roles)| (by.as_str(), std::mem::take(roles))).collect::<Vec<_>>(), expected);
    let policy = repository.artifact("landfall-wave-dev", "0/policy.json").unwrap();
    let asked = |of: &str| {
        let mut landfall = std::process::Command::new(repository.stand_ins().join("bin/landfall"));
        landfall.current_dir(repository.root()).args(["health", "--account", of]).env("SESSION_POLICY", policy.trim());
        for (name, value) in environment(&aws.endpoint()) {
            value.map(|value| landfall.env(name, value));
        }
        String::from_utf8(landfall.output().unwrap().stdout).unwrap()
    };
    assert!(!asked("shop/dev").contains("the session policy denies it"), "{}", asked("shop/dev"));
    assert!(asked("shop/prod").contains("the session policy denies it"), "{}", asked("shop/prod"));
}

/// A push that changes nothing needs no pull request, no approval, and no job of a wave.
fn nothing_left(repository: &mut Repository) {
    let pushed = repository.commit("nothing to do");
    let ran = repository.push(&pushed);
    ran.expect(&[("apply/end", "success"), ("apply/prepare", "success"), ("check/check", "success")]);
    assert_eq!(repository.artifact("landfall-apply", "plan.json"), None, "nothing is handed over");
}

/// On its schedule, drift is quiet while live AWS is as declared, and fails, with the plan, when it is not.
fn drifted(repository: &mut Repository) {
    let nightly = json!({ "schedule": "17 5 * * 1-5" });
    repository.event("schedule", nightly.clone(), &repository::VARIABLES).expect(&[("drift/drift", "success")]);
    repository.edit("domains.yaml", "    environments: [prod]\n", "    environments: [stage, prod]\n");
    let ran = repository.event("schedule", nightly, &repository::VARIABLES);
    ran.expect(&[("drift/drift", "failure")]);
    ran.says("Live AWS is not as the files say.");
    let plan = repository.artifact("landfall-drift", "plan.md").unwrap();
    assert!(plan.contains("tools/stage"), "{plan}");
}

#[test]
fn code_from_a_fork_has_its_files_checked_and_nothing_else() {
    let mut repository = Repository::new(&[]);
    let head = repository.commit("hostile");
    repository.github.open(&head);
    let ran = repository.pull_request("mallory/infra", &head);
    ran.expect(&[("check/check", "success"), ("plan/no plan", "success")]);
    ran.says("Code from a fork never runs with credentials.");
    assert_eq!(repository.roles(), Vec::<String>::new());
    assert_eq!(repository.github.comments(), Vec::<String>::new());
}

#[test]
fn without_roles_nothing_runs_and_everything_says_so() {
    let mut repository = Repository::new(&[]);
    let head = repository.commit("not set up");
    let pull = json!({ "number": 7, "head": { "sha": head, "ref": "change", "repo": { "full_name": REPOSITORY } } });
    let ran = repository.event("pull_request", json!({ "pull_request": pull }), &[]);
    ran.expect(&[("check/check", "success"), ("plan/no plan", "success")]);
    ran.says("LANDFALL_PLAN_ROLE is not set");
    let ran = repository.event("push", json!({ "ref": "refs/heads/main" }), &[]);
    ran.expect(&[("apply/not applied", "success"), ("check/check", "success")]);
    ran.says("One of them is not set.");
    let ran = repository.event("schedule", json!({}), &[]);
    ran.expect(&[("drift/not looked", "success")]);
    assert_eq!(repository.roles(), Vec::<String>::new());
}

#[test]
fn files_that_are_wrong_fail_the_check() {
    let mut repository = Repository::new(&[]);
    repository.edit("domains.yaml", "    team: platform\n", "    team: platforms\n");
    let head = repository.commit("a slip");
    let ran = repository.pull_request("mallory/infra", &head);
    ran.expect(&[("check/check", "failure"), ("plan/no plan", "success")]);
    ran.says("did you mean `platform`?");
}
