//! Runs as people read them afterwards.

use super::*;
use crate::model::{Deed, Digest, Risk};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_255_200 + second).unwrap()
}

fn beginning() -> Began {
    let why = Why { repository: Some("acme/platform".into()), pull_request: Some(42), actor: Some("ada".into()), ..Why::default() };
    Began {
        estate: "acme".parse().unwrap(),
        landfall: "0.1.0".into(),
        why,
        plan: Digest::of_text("plan"),
        reviewed: None,
        approvals_needed: 2,
        risk: Risk::Dangerous,
        steps: 58,
        accounts: 30,
        part: None,
        fence: 7,
        rollback: None,
    }
}

fn began_as(run: &str, began: Began) -> ChangeRecord {
    ChangeRecord::next(None, at(0), (run, "arn:aws:sts::1:role/apply"), Entry::Began(Box::new(began)))
}

fn began(run: &str) -> ChangeRecord {
    began_as(run, beginning())
}

fn failed(why: Option<&str>) -> StepRecord {
    StepRecord {
        address: "payments/prod/us-west-2/vpc/main".parse().unwrap(),
        action: Deed::Update,
        fields: vec!["cidr".into()],
        outcome: if why.is_some() { StepOutcome::Failed } else { StepOutcome::Done },
        why: why.map(str::to_owned),
        began: None,
        ended: None,
        requests: why.map(|_| "abc".to_owned()).into_iter().collect(),
    }
}

fn ended_by(run: &str, why: &str) -> ChangeRecord {
    let reading =
        |account: &str, said: &str| Reading { at: at(30), when: When::After, account: account.parse().unwrap(), said: said.into() };
    let readings = vec![reading("payments/prod", "red: no route"), reading("catalog/dev", "green")];
    let (halted, steps) = (Some("payments/prod is red".into()), vec![failed(Some(why))]);
    let closing = Closing { outcome: RunOutcome::Halted, halted, steps, readings };
    ChangeRecord::next(None, at(90), (run, "arn"), Entry::Ended(Box::new(closing)))
}

#[test]
fn a_run_is_one_line_and_one_without_an_end_says_so() {
    let all = BTreeMap::from([(1, began("a")), (2, ended_by("a", "no")), (3, began("b"))]);
    let expected = "     1  2026-11-21 10:00  no end     58 steps in 30 accounts; acme/platform#42 by ada\n     1  2026-11-21 10:00  halted     58 steps in 30 accounts in 90 s; acme/platform#42 by ada\n";
    assert_eq!(records(&all), expected);
}

#[test]
fn a_record_is_markdown_in_which_nothing_from_outside_is_markup() {
    let text = record(&began("a"), Some(&ended_by("a", "``` <b>@everyone</b> `x`\n# big")));
    assert!(text.contains("- Halted: `payments/prod is red`\n"), "{text}");
    assert!(text.contains("- Steps: 1 failed\n"), "{text}");
    assert!(text.contains("## Canaries after\n\n- 1 green\n- payments/prod at 2026-11-21T10:00:30Z: `red: no route`\n"), "{text}");
    let parsed: Vec<pulldown_cmark::Event<'_>> = pulldown_cmark::Parser::new(&text).collect();
    let html = parsed.iter().any(|event| matches!(event, pulldown_cmark::Event::Html(_) | pulldown_cmark::Event::InlineHtml(_)));
    assert!(!html, "{text}");
}

#[test]
fn a_run_says_why_by_its_pull_request_or_its_commit() {
    let why = |repository: Option<&str>, pull_request, commit: Option<&str>| Why {
        repository: repository.map(str::to_owned),
        pull_request,
        commit: commit.map(str::to_owned),
        ..Why::default()
    };
    let (here, hash) = (Some("acme/platform"), Some("0123456789abcdef"));
    assert_eq!(because(&why(here, Some(42), hash), "arn"), "acme/platform#42 by arn");
    assert_eq!(because(&why(here, None, hash), "arn"), "acme/platform@0123456789ab by arn");
    assert_eq!(because(&why(here, None, None), "arn"), "no pull request by arn");
    let emergent = Why { emergent: true, reason: Some("the network is down".into()), ..why(None, None, None) };
    assert_eq!(because(&emergent, "arn"), "emergent, no pull request by arn: the network is down");
}

#[test]
fn everything_that_a_run_set_out_with_is_told() {
    let rollback =
        crate::model::Rollback { key: "k".into(), digest: Digest::of_text("r"), steps: 3, by_hand: vec!["the data of x".into()] };
    let why = Why { workflow: Some("https://run.example/7".into()), ..beginning().why };
    let part = Part { wave: Some("prod".parse().unwrap()), accounts: vec!["payments/prod".parse().unwrap()] };
    let all = Began { why, part: Some(part), reviewed: Some(Digest::of_text("seen")), rollback: Some(rollback), ..beginning() };
    let (plan, reviewed) = (Digest::of_text("plan"), Digest::of_text("seen"));
    let expected = format!(
        "# Change record 1

- Estate: acme, by landfall `0.1.0`
- Who: `arn:aws:sts::1:role/apply`
- Why: `acme/platform#42 by ada`
- Began: 2026-11-21T10:00:00Z, as turn 7 of the organization's lock
- Plan: `{}`, 58 steps in 30 accounts
- Worst risk: dangerous, which takes 2 approvals
- Reviewed: plan `{}`
- Workflow run: `https://run.example/7`
- Part: wave prod, payments/prod
- Rollback plan: 3 steps, `landfall rollback 1`
  - by hand: `the data of x`
",
        plan.short(),
        reviewed.short()
    );
    assert_eq!(record(&began_as("a", all), None), expected);
    let whole = Began { part: Some(Part { wave: None, accounts: vec![] }), ..beginning() };
    assert!(record(&began_as("a", whole), None).contains("\n- Part: all accounts\n"));
}

#[test]
fn so_many_failures_are_named_and_the_others_counted() {
    let said = |failures: usize| {
        let steps = [vec![failed(None)], vec![failed(Some("no")); failures]].concat();
        let closing = Closing { outcome: RunOutcome::Failed, halted: None, steps, readings: vec![] };
        ended(&began("a"), &closing)
    };
    assert_eq!(said(0), "- Ended: 2026-11-21T10:00:00Z, failed\n- Steps: 1 done\n");
    assert!(said(1).ends_with("## What did not succeed\n\n- `payments/prod/us-west-2/vpc/main`: `no (requests abc)`\n"), "{}", said(1));
    let named = |text: &str| text.matches("- `payments/prod").count();
    assert_eq!((named(&said(MOST_STEPS)), said(MOST_STEPS).contains("more")), (MOST_STEPS, false));
    assert_eq!((named(&said(MOST_STEPS + 2)), said(MOST_STEPS + 2).contains("- and 2 more, in")), (MOST_STEPS, true));
}
