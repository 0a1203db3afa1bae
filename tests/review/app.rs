//! Landfall as a GitHub App: the claim is verified by the stand-in, the token is its installation's, and we are known by name.

use crate::run::{PULL, Ran, Workflow};
use serde_json::json;

/// A workflow that has the App's key, and no other token.
fn workflow() -> Workflow {
    let mut workflow = Workflow::start();
    let app = workflow.github.app();
    workflow.env("GITHUB_TOKEN", "");
    workflow.env("LANDFALL_APP_ID", &app["id"].to_string());
    workflow.env("LANDFALL_APP_PRIVATE_KEY", &app["key"].as_str().unwrap().replace('\n', "\\n"));
    workflow
}

fn first_line(ran: &Ran) -> &str {
    ran.stderr.lines().next().unwrap_or_default()
}

#[test]
fn the_app_comments_by_its_own_name_and_takes_no_other_bots_comment() {
    let workflow = workflow();
    let foreign = json!({ "issue": PULL, "login": "other[bot]", "type": "Bot", "body": "" });
    workflow.github.set(&json!({ "comments": [foreign] }));
    workflow.comment().expect(0);
    workflow.comment().expect(0);
    let comments = workflow.github.comments(PULL);
    assert_eq!(comments.iter().map(|(login, _)| login.as_str()).collect::<Vec<_>>(), ["other[bot]", "landfall[bot]"]);
}

#[test]
fn an_app_that_is_not_installed_or_lacks_a_permission_is_told() {
    let workflow = workflow();
    workflow.github.set(&json!({ "installation": { "pull_requests": "read", "metadata": "read" } }));
    let ran = workflow.comment().expect(1);
    assert_eq!(first_line(&ran), "error: the GitHub App lacks a permission");
    workflow.github.set(&json!({ "installation": null }));
    let ran = workflow.comment().expect(1);
    assert_eq!(first_line(&ran), "error: the GitHub App is not installed there");
}

#[test]
fn a_key_that_is_another_apps_or_none_is_told_and_never_shown() {
    let mut workflow = workflow();
    workflow.env("LANDFALL_APP_ID", "1");
    assert_eq!(first_line(&workflow.comment().expect(1)), "error: GitHub does not accept the token");
    workflow.env("LANDFALL_APP_PRIVATE_KEY", "tOpSeCrEt");
    assert_eq!(first_line(&workflow.comment().expect(1)), "error: LANDFALL_APP_PRIVATE_KEY is no use");
}
