//! Live state full of tricks, as people and programs are shown it: in text, JSON, the comment, the page and in Slack.

use crate::mutated::HOSTILE;
use crate::targets::estate;
use landfall::kinds::Spec;
use landfall::model::{Note, Severity, Subject};
use landfall::plan::{Action, Desired, Found, Live, Plan, Report, Stranger, plan};
use landfall::render::comment::{LARGEST_BODY, Occasion, comment, pages};
use landfall::render::notice::{Became, Notice, What, slack, webhook};
use landfall::render::{Options, json, page, text};
use std::collections::BTreeMap;

/// Larger than any policy that AWS takes.
const LARGE: usize = 100 * 1024;

/// Live state after every step of a plan was done.
pub fn applied(plan: &Plan) -> Live {
    let mut live = Live::default();
    for step in plan.steps() {
        if let Action::Create { want, .. } = &step.action {
            let id = format!("id-of-{}", step.address);
            live.found.insert(step.address.clone(), Found { id: id.as_str().into(), spec: want.clone() });
        }
    }
    live
}

/// Everything that somebody in an account can write, written by somebody who means harm.
fn spoilt(desired: &Desired) -> Live {
    let mut live = applied(&plan(desired, &Live::default()).0);
    let all = HOSTILE.join(" ");
    for (number, found) in live.found.values_mut().enumerate() {
        let word = HOSTILE[number % HOSTILE.len()];
        if let Some(tags) = found.spec.tags() {
            // One that the files declare, and as many as AWS lets a resource have.
            tags.insert("team".into(), all.clone());
            tags.extend((0..50).map(|tag| (format!("{word}{tag}"), word.repeat(20))));
        }
        match &mut found.spec {
            Spec::IamRole(role) => {
                let large = serde_json::json!({ "Version": word, "Statement": [{ "Sid": "x".repeat(LARGE), "Resource": HOSTILE }] });
                for policy in role.policies.values_mut() {
                    *policy = serde_json::from_value(large.clone()).unwrap();
                }
            }
            Spec::SecurityGroup(group) => group.description = all.clone(),
            _ => {}
        }
    }
    let foreign = live.found.iter().find(|(at, _)| at.kind.as_str() == "vpc").map(|(at, found)| (at.account.clone(), found.spec.clone()));
    live.strangers.extend(foreign.map(|(account, spec)| Stranger { account, id: all.as_str().into(), spec }));
    live
}

fn spoilt_plan() -> (Plan, Report) {
    let desired = estate();
    let (plan, mut report) = plan(&desired, &spoilt(&desired));
    assert!(plan.steps().count() > 5, "something is to be mended");
    for word in HOSTILE {
        let subject = Subject::Account("payments/prod".parse().unwrap());
        report.notes.push(Note::new(Severity::Blocking, subject, word, word.repeat(500)).hint(word));
    }
    (plan, report)
}

fn raw(shown: &str) -> Option<char> {
    const TRICKS: &str = "\u{202e}\u{202c}\u{200b}\u{2060}\u{feff}\u{e0041}\u{fe0f}";
    shown.chars().find(|c| *c != '\n' && (c.is_control() || TRICKS.contains(*c)))
}

#[test]
fn text_and_json_hold_nothing_raw_and_no_line_that_a_runner_obeys() {
    let (plan, report) = spoilt_plan();
    for full in [false, true] {
        let shown = text(&plan, &report, Options { color: false, full });
        assert_eq!(raw(&shown), None);
        assert!(shown.contains("\\u{202e}gnirts") && shown.contains("owned"), "it is shown, and not left out");
        let command = shown.lines().find(|line| line.trim_start().starts_with("::"));
        assert_eq!(command, None, "a line that GitHub's runner takes for a command");
    }
    let shown = json(&plan, &report);
    assert_eq!(raw(&shown), None);
    let told: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert!(told.to_string().contains('\u{202e}'), "programs get what is there, to the letter");
}

#[test]
fn comment_and_page_stay_small_and_run_nothing() {
    let (plan, report) = spoilt_plan();
    let occasion = Occasion { commit: "abc".into(), run: None, previous: None };
    let body = comment(&plan, &report, &occasion);
    assert!(body.len() <= LARGEST_BODY, "{} bytes", body.len());
    for shown in pages(&plan, &report).iter().chain([&body]) {
        assert_eq!(raw(shown), None);
    }
    let html = page(&plan, &report);
    assert_eq!(raw(&html), None);
    assert!(!html.contains("<img") && !html.contains("<script>alert"), "an element from outside");
    assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;"), "it is shown, as text");
}

#[test]
fn notices_mention_nobody_and_hold_nothing_raw() {
    let all = HOSTILE.join(" ").repeat(40);
    let notice = Notice {
        what: What::Failed,
        at: "2026-11-21T09:00:00Z".parse().unwrap(),
        estate: "acme".parse().unwrap(),
        run: all.clone(),
        plan: "1f2e3d4c".to_owned(),
        team: None,
        wave: None,
        accounts: BTreeMap::from([("payments/prod".parse().unwrap(), Became::Failed)]),
        steps: 1,
        reasons: HOSTILE.iter().map(|word| (*word).to_owned()).chain([all.clone()]).collect(),
        who: all,
        link: Some("javascript:alert(1)".to_owned()),
    };
    let message = slack(&notice);
    let mut texts = Vec::new();
    strings(&message, &mut texts);
    assert!(texts.iter().all(|text| raw(text).is_none()), "{texts:?}");
    assert!(texts.iter().all(|text| !text.contains('<') && !text.contains("javascript:alert(1)|")), "a link or a mention");
    assert!(webhook(&notice).to_string().len() < 200 * 1024, "bounded");
}

fn strings(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => into.push(text.clone()),
        serde_json::Value::Array(all) => all.iter().for_each(|one| strings(one, into)),
        serde_json::Value::Object(fields) => fields.values().for_each(|one| strings(one, into)),
        _ => {}
    }
}
