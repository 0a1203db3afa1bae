//! When GitHub is slow, broken, full, or does not let us: what is done about it, and what is said.

use crate::run::{PULL, TOKEN, Workflow};
use landfall::model::Risk;
use serde_json::json;

#[test]
fn limits_lost_answers_and_bad_gateways_are_outlasted() {
    let workflow = Workflow::start();
    workflow.fails(&[
        ("issues/list-comments", "primary"),
        ("pulls/get", "broken"),
        ("issues/create-comment", "secondary"),
        ("issues/create-comment", "lost"),
    ]);
    workflow.comment().expect(0);
    assert_eq!(workflow.github.comments(PULL).len(), 1);
    // The second one was carried out, though its answer was lost; nothing is made twice.
    assert_eq!(workflow.writes(), ["POST /issues/7/comments", "POST /issues/7/comments"]);
}

#[test]
fn a_slow_answer_is_waited_for() {
    let workflow = Workflow::start();
    workflow.fails(&[("issues/create-comment", "slow"), ("issues/list-comments", "slow")]);
    workflow.comment().expect(0);
    assert_eq!(workflow.writes(), ["POST /issues/7/comments"]);
}

#[test]
fn a_limit_that_would_take_too_long_is_told_at_once() {
    let workflow = Workflow::start();
    workflow.github.set(&json!({ "faults": [{ "operation": "issues/list-comments", "fault": "primary", "seconds": 3000 }] }));
    let ran = workflow.comment().expect(1);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines[0], "error: GitHub's rate limit is reached");
    assert_eq!(lines[1], "  GET /repos/acme/infra/issues/7/comments?per_page=100&page=1: 403: API rate limit exceeded for installation.");
    assert!(
        lines[2].starts_with("  it would take another 300") && lines[2].ends_with(" s, and landfall waits 600 s in all"),
        "{}",
        ran.stderr
    );
    assert_eq!(lines[3], "  hint: run again later; a GitHub App of your own has limits of its own");
}

#[test]
fn a_missing_permission_is_named() {
    let workflow = Workflow::start();
    workflow
        .github
        .set(&json!({ "tokens": { TOKEN: { "login": "github-actions[bot]", "type": "Bot", "installation": true, "writes": false } } }));
    let ran = workflow.comment().expect(1);
    assert_eq!(
        ran.stderr,
        "error: GitHub does not let us, or does not know it\n  \
         POST /repos/acme/infra/issues/7/comments: 403: Resource not accessible by integration\n  \
         hint: the job needs `permissions: pull-requests: write` (`issues: write` for the comment alone), and a token of its own needs the \
         same (GitHub asks for: issues=write; pull_requests=write); on a pull request from a fork, GITHUB_TOKEN may read only; \
         or the repository or pull request is not the one that was meant\n"
    );
}

#[test]
fn a_comment_that_is_too_long_is_refused_and_the_old_one_stays() {
    let workflow = Workflow::start();
    workflow.comment().expect(0);
    let before = workflow.github.comments(PULL);
    workflow.github.set(&json!({ "longest": 100 }));
    let ran = workflow.landfall(&["comment", &workflow.plan(Risk::Dangerous)]).expect(1);
    assert!(ran.stderr.starts_with("error: the comment is too long for GitHub\n"), "{}", ran.stderr);
    assert!(ran.stderr.contains("422: Validation Failed: Body is too long (maximum is 100 characters)"), "{}", ran.stderr);
    assert_eq!(workflow.github.comments(PULL), before);
}

#[test]
fn what_is_missing_in_the_environment_is_said_with_a_hint() {
    let mut workflow = Workflow::start();
    let plan = workflow.plan(Risk::Notable);
    let mut said = |name: &str, value: &str, arguments: &[&str]| {
        workflow.env(name, value);
        let ran = workflow.landfall(&[&["comment", &plan], arguments].concat()).expect(1);
        ran.stderr.lines().next().unwrap().to_owned()
    };
    assert_eq!(said("GITHUB_TOKEN", "ghs_wRoNg", &[]), "error: GitHub does not accept the token");
    assert_eq!(said("GITHUB_TOKEN", "", &[]), "error: there is no GitHub token");
    assert_eq!(said("GITHUB_API_URL", "http://github.acme.example", &[]), "error: GITHUB_API_URL is no use");
    assert_eq!(said("GITHUB_REPOSITORY", "acme", &[]), "error: it is not known which repository is meant");
    assert_eq!(said("GITHUB_EVENT_PATH", "/nowhere", &[]), "error: it is not known which pull request is meant");
    assert_eq!(said("GITHUB_EVENT_PATH", "/nowhere", &["--pull-request", "7"]), "error: it is not known which commit was planned");
}
