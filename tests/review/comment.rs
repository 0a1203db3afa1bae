//! The one comment: created, updated in place, one after a race, and nobody else's.

use crate::run::{BOT, PULL, Workflow, commit, plan_of};
use landfall::model::{Digest, Risk};
use landfall::render::comment::Marker;
use serde_json::{Value, json};

/// The first line of a comment of ours, of a plan of the commit.
fn marker(estate: &str, head: char) -> String {
    let plan = Some(Digest::of(&"some plan"));
    Marker { estate: estate.parse().unwrap(), plan, commit: commit(head), run: Some(1), shown: Vec::new() }.line()
}

fn comment(login: &str, kind: &str, body: &str) -> Value {
    json!({ "issue": PULL, "login": login, "type": kind, "body": body })
}

#[test]
fn the_first_plan_makes_the_comment_and_the_next_ones_update_it() {
    let workflow = Workflow::start();
    let made = workflow.comment().expect(0);
    assert_eq!(made.stdout, "Commented: https://github.example/acme/infra/pull/7#issuecomment-1000\n");
    let dangerous = workflow.plan(Risk::Dangerous);
    let updated = workflow.landfall(&["comment", &dangerous]).expect(0);
    assert_eq!(updated.stdout, "Updated the comment: https://github.example/acme/infra/pull/7#issuecomment-1000\n");
    let comments = workflow.github.comments(PULL);
    let [(login, body)] = comments.as_slice() else { panic!("{comments:?}") };
    assert_eq!(login, BOT);
    let marker = Marker::of(body).unwrap();
    let digest = plan_of(Risk::Dangerous).digest;
    assert_eq!((marker.plan, marker.commit, marker.run), (Some(digest), commit('c'), Some(99)));
    assert_eq!(workflow.writes(), ["POST /issues/7/comments", "PATCH /issues/comments/1000"]);
}

#[test]
fn a_run_again_of_the_same_plan_leaves_one_comment() {
    let workflow = Workflow::start();
    workflow.comment().expect(0);
    workflow.comment().expect(0);
    assert_eq!(workflow.github.comments(PULL).len(), 1);
}

#[test]
fn the_comment_is_found_behind_a_hundred_others() {
    let workflow = Workflow::start();
    let mut comments = vec![comment("ada", "User", "hello"); 230];
    comments.push(comment(BOT, "Bot", &marker("acme", 'b')));
    comments.extend(vec![comment("ada", "User", "bye"); 5]);
    workflow.github.set(&json!({ "comments": comments }));
    workflow.comment().expect(0);
    assert_eq!(workflow.github.comments(PULL).len(), 236);
    assert_eq!(workflow.writes(), ["PATCH /issues/comments/1230"]);
}

#[test]
fn a_forged_marker_a_strangers_comment_and_another_estates_are_left_alone() {
    let workflow = Workflow::start();
    let foreign = [
        comment("mallory", "User", &marker("acme", 'c')),
        comment(BOT, "Bot", &marker("acme-staging", 'c')),
        comment("renovate[bot]", "Bot", "no marker"),
        json!({ "issue": 8, "login": BOT, "body": marker("acme", 'c') }),
    ];
    workflow.github.set(&json!({ "comments": foreign }));
    workflow.comment().expect(0);
    assert_eq!(workflow.writes(), ["POST /issues/7/comments"]);
}

#[test]
fn two_runs_that_race_leave_the_older_comment_with_the_newer_plan() {
    let workflow = Workflow::start();
    workflow.github.set(&json!({ "race": { "login": BOT, "body": marker("acme", 'c') } }));
    workflow.comment().expect(0);
    let comments = workflow.github.comments(PULL);
    assert_eq!(comments.len(), 1, "{comments:?}");
    assert_eq!(Marker::of(&comments[0].1).unwrap().plan, Some(plan_of(Risk::Notable).digest));
    assert_eq!(workflow.writes(), ["POST /issues/7/comments", "PATCH /issues/comments/1000", "DELETE /issues/comments/1001"]);
}

#[test]
fn runs_at_the_very_same_time_leave_one_comment() {
    let workflow = Workflow::start();
    // Written once, before any of them reads it.
    let plan = workflow.plan(Risk::Notable);
    std::thread::scope(|scope| {
        for run in [(); 3].map(|()| scope.spawn(|| workflow.landfall(&["comment", &plan]))) {
            run.join().unwrap().expect(0);
        }
    });
    assert_eq!(workflow.github.comments(PULL).len(), 1);
}

#[test]
fn a_run_whose_commit_is_no_longer_the_head_leaves_the_comment_alone() {
    let mut workflow = Workflow::start();
    workflow.comment().expect(0);
    workflow.event('b');
    let told = "The comment of acme was left alone: this plan is of bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, \
                and the head of #7 is cccccccccccccccccccccccccccccccccccccccc by now.\n";
    assert_eq!(workflow.landfall(&["comment", &workflow.plan(Risk::Dangerous)]).expect(0).stdout, told);
    assert_eq!(workflow.writes(), ["POST /issues/7/comments"]);
}

#[test]
fn a_push_while_a_run_waits_makes_it_stale() {
    let workflow = Workflow::start();
    workflow.fails(&[("issues/create-comment", "secondary")]);
    workflow.github.set(&json!({ "push": { "pull": PULL, "looks": 1, "head": commit('d') } }));
    assert!(workflow.comment().expect(0).stdout.contains("left alone"));
    assert!(workflow.github.comments(PULL).is_empty());
}

#[test]
fn after_the_merge_the_comment_stays_what_was_reviewed() {
    let workflow = Workflow::start();
    workflow.comment().expect(0);
    let reviewed = workflow.github.comments(PULL);
    workflow.github.set(&json!({ "pulls": { "7": { "author": "ada", "head": commit('c'), "merged": commit('e') } } }));
    let ran = workflow.landfall(&["comment", &workflow.plan(Risk::Dangerous)]).expect(0);
    assert_eq!(ran.stdout, "The comment of acme was left alone: #7 was merged, and the comment is what was reviewed.\n");
    assert_eq!(workflow.github.comments(PULL), reviewed);
}

#[test]
fn a_plan_of_another_estate_than_the_one_that_was_named_is_no_comment() {
    let workflow = Workflow::start();
    let ran = workflow.landfall(&["comment", &workflow.plan(Risk::Notable), "--estate", "acme-staging"]).expect(1);
    assert!(ran.stderr.starts_with("error: this is another estate's plan\n"), "{}", ran.stderr);
}

#[test]
fn a_failed_plan_takes_the_place_of_the_plan_even_where_the_files_are_broken() {
    let workflow = Workflow::start();
    workflow.comment().expect(0);
    workflow.file("domains.yaml", "organization:\n  name: acme\n  : [");
    workflow.landfall_given(&["comment", "--failed", "-"], "error: domains.yaml:3: no YAML\u{1b}[0m").expect(0);
    let comments = workflow.github.comments(PULL);
    assert_eq!(comments.len(), 1);
    assert_eq!(Marker::of(&comments[0].1).unwrap().plan, None);
    let said = workflow.file("said.txt", "error: something else");
    workflow.landfall(&["comment", "--failed", &said, "--estate", "acme"]).expect(0);
    assert!(workflow.github.comments(PULL)[0].1.contains("something else"));
}

#[test]
fn the_pages_of_the_plan_are_appended_to_the_steps_summary() {
    let mut workflow = Workflow::start();
    let summary = workflow.file("summary.md", "before\n");
    workflow.env("GITHUB_STEP_SUMMARY", &summary);
    workflow.comment().expect(0);
    let written = std::fs::read_to_string(&summary).unwrap();
    assert!(written.starts_with("before\n") && written.contains("payments"), "{written}");
}

#[test]
fn a_pull_request_from_a_fork_is_commented_like_any_other() {
    let workflow = Workflow::start();
    workflow.github.set(&json!({ "pulls": { "7": { "author": "mallory", "head": commit('c'), "fork": "mallory" } } }));
    workflow.comment().expect(0);
    assert_eq!(workflow.github.comments(PULL).len(), 1);
}

#[test]
fn a_persons_token_finds_the_persons_comments_only() {
    let mut workflow = Workflow::start();
    workflow.env("GITHUB_TOKEN", "ghp_x");
    let ours = comment("landfall-machine", "User", &marker("acme", 'b'));
    let others = [comment(BOT, "Bot", &marker("acme", 'b')), comment("mallory", "User", &marker("acme", 'b'))];
    workflow.github.set(&json!({ "tokens": { "ghp_x": { "login": "landfall-machine", "type": "User", "writes": true } } }));
    workflow.github.set(&json!({ "comments": others.into_iter().chain([ours]).collect::<Vec<_>>() }));
    workflow.comment().expect(0);
    assert_eq!(workflow.writes(), ["PATCH /issues/comments/1002"]);
}

#[test]
fn an_author_that_we_are_not_is_an_error_and_no_comment_stays() {
    let workflow = Workflow::start();
    let ran = workflow.landfall(&["comment", &workflow.plan(Risk::Notable), "--author", "other[bot]"]).expect(1);
    assert!(ran.stderr.contains("we write as github-actions[bot]"), "{}", ran.stderr);
    assert!(workflow.github.comments(PULL).is_empty());
}
