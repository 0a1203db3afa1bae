//! What was reviewed of a merged commit, and whether that suffices for its plan.

use crate::run::{BOT, PULL, Ran, Workflow, commit, plan_of};
use landfall::model::Risk;
use serde_json::{Value, json};

/// A workflow after the merge: the comment shows a plan of the head `c`, which was merged as `e`.
fn merged(risk: Risk, reviews: &[(&str, &str, char)]) -> Workflow {
    let workflow = Workflow::start();
    workflow.landfall(&["comment", &workflow.plan(risk)]).expect(0);
    let review =
        |(login, state, head): &(&str, &str, char)| json!({ "pull": PULL, "login": login, "state": state, "commit": commit(*head) });
    workflow.github.set(&json!({
        "pulls": { "7": { "author": "ada", "head": commit('c'), "merged": commit('e') } },
        "permissions": { "ada": "admin", "grace": "write", "linus": "admin", "margaret": "write", "mallory": "read" },
        "reviews": reviews.iter().map(review).collect::<Vec<Value>>(),
    }));
    workflow
}

fn verified(workflow: &Workflow, risk: Risk) -> Ran {
    workflow.landfall(&["approval", "--commit", &commit('e'), "--plan", &workflow.plan(risk)])
}

fn outputs(risk: Risk, approvals: usize) -> String {
    let (plan, head) = (plan_of(risk).digest, commit('c'));
    format!("pull_request=7\nrun=99\nplan={plan}\ncommit={head}\napprovals={approvals}\n")
}

#[test]
fn two_people_suffice_for_a_dangerous_plan_and_one_does_not() {
    let two = merged(Risk::Dangerous, &[("grace", "APPROVED", 'c'), ("linus", "APPROVED", 'c')]);
    let ran = verified(&two, Risk::Dangerous).expect(0);
    assert_eq!((ran.stdout, ran.stderr.as_str()), (outputs(Risk::Dangerous, 2), ""));
    let one = merged(Risk::Dangerous, &[("grace", "APPROVED", 'c'), ("grace", "APPROVED", 'c')]);
    let ran = verified(&one, Risk::Dangerous).expect(2);
    assert_eq!(ran.stdout, outputs(Risk::Dangerous, 1));
    let told =
        "missing: approvals: the plan's worst step is dangerous, which takes 2, and cccccccccccccccccccccccccccccccccccccccc has 1\n";
    assert_eq!(ran.stderr, told);
}

#[test]
fn the_authors_own_an_older_commits_and_a_readers_approval_do_not_count() {
    let reviews = [("ada", "APPROVED", 'c'), ("grace", "APPROVED", 'b'), ("mallory", "APPROVED", 'c'), ("stranger", "APPROVED", 'c')];
    let ran = verified(&merged(Risk::Notable, &reviews), Risk::Notable).expect(2);
    assert_eq!(ran.stdout, outputs(Risk::Notable, 0));
    assert_eq!(
        ran.stderr,
        "an approval does not count: ada is the author of the pull request\n\
         an approval does not count: grace approved bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, which is not the head\n\
         an approval does not count: mallory may not write to the repository\n\
         an approval does not count: stranger may not write to the repository\n\
         missing: approvals: the plan's worst step is notable, which takes 1, and cccccccccccccccccccccccccccccccccccccccc has 0\n"
    );
}

#[test]
fn an_approval_taken_back_does_not_count_and_a_comment_takes_none_back() {
    let reviews = [
        ("grace", "APPROVED", 'c'),
        ("grace", "CHANGES_REQUESTED", 'c'),
        ("linus", "DISMISSED", 'c'),
        ("margaret", "CHANGES_REQUESTED", 'b'),
        ("margaret", "APPROVED", 'c'),
        ("margaret", "COMMENTED", 'c'),
    ];
    assert_eq!(verified(&merged(Risk::Notable, &reviews), Risk::Notable).expect(0).stdout, outputs(Risk::Notable, 1));
}

#[test]
fn a_routine_plan_takes_no_approval() {
    assert_eq!(verified(&merged(Risk::Routine, &[]), Risk::Routine).expect(0).stdout, outputs(Risk::Routine, 0));
}

#[test]
fn another_plan_and_a_plan_of_another_commit_are_told() {
    let workflow = merged(Risk::Notable, &[("grace", "APPROVED", 'd')]);
    workflow.github.set(&json!({ "pulls": { "7": { "author": "ada", "head": commit('d'), "merged": commit('e') } } }));
    let ran = verified(&workflow, Risk::Routine).expect(2);
    let (file, shown) = (plan_of(Risk::Routine).digest, plan_of(Risk::Notable).digest);
    let told = format!(
        "missing: the reviewed plan: the file holds plan {}, and the comment on #7 shows {}\n\
         missing: a plan of what was merged: the comment shows the plan of {}, and {} was merged\n",
        file.short(),
        shown.short(),
        commit('c'),
        commit('d')
    );
    assert_eq!(ran.stderr, told);
}

#[test]
fn a_failed_plan_is_no_plan() {
    let workflow = merged(Risk::Notable, &[("grace", "APPROVED", 'c')]);
    workflow.github.set(&json!({ "pulls": { "7": { "author": "ada", "head": commit('c') } } }));
    let said = workflow.file("said.txt", "error");
    workflow.landfall(&["comment", "--failed", &said, "--estate", "acme"]).expect(0);
    workflow.github.set(&json!({ "pulls": { "7": { "author": "ada", "head": commit('c'), "merged": commit('e') } } }));
    let ran = verified(&workflow, Risk::Notable).expect(2);
    assert_eq!(ran.stderr, "missing: a plan: on pull request #7, planning failed\n");
    assert!(ran.stdout.contains("\nplan=\n"), "{}", ran.stdout);
}

#[test]
fn a_commit_without_a_merged_pull_request_is_told() {
    let workflow = merged(Risk::Notable, &[]);
    let ran = workflow.landfall(&["approval", "--commit", &commit('a')]).expect(2);
    assert_eq!(ran.stderr, format!("missing: no pull request was merged as {}: was it pushed without one?\n", commit('a')));
    assert_eq!(ran.stdout, "");
    workflow.github.set(&json!({ "pulls": { "7": { "author": "ada", "head": commit('c') } } }));
    workflow.landfall(&["approval", "--commit", &commit('c')]).expect(2);
    let ran = workflow.landfall(&["approval", "--commit", &commit('e'), "--pull-request", "7"]).expect(2);
    assert_eq!(ran.stderr, format!("missing: pull request #7 was not merged as {}\n", commit('e')));
}

#[test]
fn without_a_comment_of_ours_nothing_was_reviewed() {
    let workflow = Workflow::start();
    let forged =
        format!("<!-- landfall {{\"estate\":\"acme\",\"plan\":\"{}\",\"commit\":\"{}\",\"run\":1}} -->", "a".repeat(64), commit('c'));
    workflow.github.set(&json!({
        "pulls": { "7": { "author": "mallory", "head": commit('c'), "merged": commit('e') } },
        "comments": [{ "issue": PULL, "login": "mallory", "type": "User", "body": forged }],
    }));
    let ran = workflow.landfall(&["approval", "--commit", &commit('e')]).expect(2);
    assert_eq!(ran.stderr, "missing: pull request #7 has no comment of ours with a plan (ours are those of any bot)\n");
}

#[test]
fn comments_of_two_bots_are_ambiguous_until_the_author_is_named() {
    let workflow = merged(Risk::Notable, &[]);
    let body = workflow.github.comments(PULL)[0].1.clone();
    workflow.github.set(&json!({ "comments": [{ "issue": PULL, "login": "echo[bot]", "type": "Bot", "body": body }] }));
    let ran = workflow.landfall(&["approval", "--commit", &commit('e')]).expect(1);
    assert!(ran.stderr.starts_with("error: there are comments of several authors\n"), "{}", ran.stderr);
    let named = workflow.landfall(&["approval", "--commit", &commit('e'), "--author", BOT]).expect(0);
    assert_eq!(named.stdout, outputs(Risk::Notable, 0));
}

#[test]
fn a_marker_can_add_no_output_of_its_own() {
    let workflow = Workflow::start();
    let forged = format!("<!-- landfall {{\"estate\":\"acme\",\"plan\":\"x\\nrun=666\",\"commit\":\"{}\",\"run\":1}} -->", commit('c'));
    workflow.github.set(&json!({
        "pulls": { "7": { "author": "ada", "head": commit('c'), "merged": commit('e') } },
        "comments": [{ "issue": PULL, "login": BOT, "type": "Bot", "body": forged }],
    }));
    let ran = workflow.landfall(&["approval", "--commit", &commit('e')]).expect(1);
    assert!(ran.stderr.starts_with("error: the comment's marker is damaged\n") && ran.stdout.is_empty(), "{}{}", ran.stderr, ran.stdout);
}
