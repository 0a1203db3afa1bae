//! What is shown of a plan: all of it when asked, and never a raw control character.

use crate::estates::{applied, at, domain, with_domains};
use landfall::kinds::Spec;
use landfall::model::{Note, Severity, Subject};
use landfall::plan::{Live, Plan, PlanFile, Report, plan};
use landfall::render::{Options, json, text};

const FOLDED: Options = Options { color: false, full: false };
const FULL: Options = Options { color: false, full: true };

fn thirty() -> (Plan, Report) {
    let domains: Vec<_> = (0..10).map(|n| domain(&format!("domain-{n}"))).collect();
    plan(&with_domains("10.0.0.0/8", &domains), &Live::default())
}

#[test]
fn thirty_equal_accounts_are_one_pattern_and_all_are_named() {
    let (plan, report) = thirty();
    let folded = text(&plan, &report, FOLDED);
    assert!(folded.lines().count() < 200, "{} lines", folded.lines().count());
    assert_eq!(folded.matches("30 accounts: ").count(), 2, "what is notable, and what is routine:\n{folded}");
    for account in plan.emails.keys() {
        assert!(folded.contains(&account.to_string()), "{account}");
    }
}

#[test]
fn in_full_every_step_is_there() {
    let (plan, report) = thirty();
    let full = text(&plan, &report, FULL);
    let steps = plan.steps().count();
    assert_eq!(full.lines().filter(|line| line.starts_with("  + ")).count(), steps);
    for step in plan.steps() {
        if let Some(Spec::Vpc(vpc)) = step.action.after() {
            assert!(full.contains(&vpc.cidr.to_string()));
        }
    }
}

#[test]
fn an_account_that_differs_in_anything_else_stays_apart() {
    let domains: Vec<_> = (0..4).map(|n| domain(&format!("domain-{n}"))).collect();
    let mut desired = with_domains("10.0.0.0/8", &domains);
    let group = desired.resources.get_mut(&at("domain-2/prod/us-west-2/security-group/web")).unwrap();
    if let Spec::SecurityGroup(group) = &mut group.spec {
        group.ingress.clear();
    }
    let (plan, report) = plan(&desired, &Live::default());
    let folded = text(&plan, &report, FOLDED);
    assert!(folded.contains("\n  3 of 4 prod accounts; not domain-2/prod\n"), "{folded}");
    assert!(folded.contains("\ndomain-2/prod\n  + security-group web"), "{folded}");
}

#[test]
fn nothing_from_outside_reaches_the_terminal_raw() {
    let mut desired = with_domains("10.0.0.0/8", &[domain("catalog")]);
    let live = applied(&plan(&desired, &Live::default()).0, &Live::default());
    let evil = "\u{1b}[2J\u{202e}evil\u{200b}\r\n\u{7}";
    for declared in desired.resources.values_mut() {
        if let Some(tags) = declared.spec.tags() {
            tags.insert(evil.into(), evil.into());
        }
        declared.place.file = evil.into();
    }
    let (plan, mut report) = plan(&desired, &live);
    let subject = || Subject::Account("catalog/prod".parse().unwrap());
    report.notes = [Severity::Blocking, Severity::Warning].map(|severity| Note::new(severity, subject(), evil, evil).hint(evil)).to_vec();
    for options in [FOLDED, FULL] {
        let shown = text(&plan, &report, options);
        let raw = shown.chars().find(|c| *c != '\n' && (c.is_control() || "\u{202e}\u{200b}".contains(*c)));
        assert_eq!(raw, None);
        assert!(shown.contains("\\u{1b}[2J\\u{202e}evil\\u{200b}"));
    }
}

#[test]
fn json_counts_what_the_plan_does() {
    let (plan, report) = thirty();
    let shown: serde_json::Value = serde_json::from_str(&json(&plan, &report)).unwrap();
    assert_eq!(shown["format"], 1);
    assert_eq!(shown["summary"]["create"], plan.steps().count());
    assert_eq!(shown["whole"], true);
    let first = &shown["waves"][0]["accounts"][0]["steps"][0];
    assert_eq!(first["address"], "management/global/organizational-unit/workloads");
    assert_eq!(first["digest"], plan.steps().next().unwrap().digest().to_string());
}

#[test]
fn a_plan_file_reads_as_written_and_in_no_other_way() {
    let (plan, report) = thirty();
    let written = PlanFile::of(plan, report);
    let text = written.to_json();
    assert_eq!(PlanFile::read(&text), Ok(written.clone()));
    assert_eq!(written.reviewed().len(), written.plan.steps().count());
    let refused = |text: &str| PlanFile::read(text).unwrap_err().to_string();
    assert!(refused(&text[..text.len() / 2]).starts_with("this is no plan file, or only a part of one: "));
    assert!(refused("").starts_with("this is no plan file"));
    assert!(refused("[]").ends_with("it has no `format`"));
    assert!(refused(&text.replacen("\"format\":3", "\"format\":4", 1)).starts_with("the plan file is of format 4"));
    assert!(
        refused(&text.replacen("aws+domain-3-prod@acme.example", "aws+mallory@acme.example", 1)).starts_with("the plan file was altered")
    );
    assert!(
        refused(&text.replacen("{\"digest\"", "{\"x\":1,\"digest\"", 1).replacen("\"format\"", "\"y\":1,\"format\"", 1))
            .contains("unknown field")
    );
}

#[test]
fn a_plan_that_no_planner_makes_is_refused_whatever_its_digest() {
    let (plan, report) = thirty();
    let refused = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        PlanFile::read(&PlanFile::of(plan, report.clone()).to_json()).unwrap_err().to_string()
    };
    let steps = |plan: &mut Plan, change: &dyn Fn(&mut Vec<landfall::plan::Step>)| {
        change(plan.waves.last_mut().unwrap().accounts.values_mut().next().unwrap());
    };
    let last_first = refused(&|plan| steps(plan, &|steps| steps[1].after = vec![5]));
    assert!(last_first.ends_with("it waits for a step that does not come before it"), "{last_first}");
    let elsewhere = refused(&|plan| steps(plan, &|steps| steps[1].address.account = "domain-1/dev".parse().unwrap()));
    assert!(elsewhere.ends_with("it is listed under domain-0/prod"), "{elsewhere}");
    let abroad = refused(&|plan| steps(plan, &|steps| steps[1].address.region = "eu-west-1".parse().unwrap()));
    assert!(abroad.ends_with("eu-west-1 is not a Region of its kind"), "{abroad}");
    let other = refused(&|plan| steps(plan, &|steps| steps[1].action = steps[0].action.clone()));
    assert!(other.ends_with("it holds fields of the kind account"), "{other}");
    let open = refused(&|plan| {
        steps(plan, &|steps| {
            for step in steps {
                if let landfall::plan::Action::Create { want: Spec::Vpc(vpc), .. } = &mut step.action {
                    vpc.cidr = landfall::kinds::Cidr::Prefix(20);
                }
            }
        });
    });
    assert!(open.ends_with("its address range is not chosen"), "{open}");
}
