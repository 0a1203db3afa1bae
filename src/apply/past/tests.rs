//! Records of jobs, and what a gate makes of them.

use super::super::fake::{account, name, plan};
use super::*;
use crate::model::{Deed, Part, Reading, Risk, RunOutcome, StepRecord, Why};
use crate::plan::{Action, ORGANIZATION_LAST, Step};
use jiff::Timestamp;

fn record(run: &str, entry: Entry) -> ChangeRecord {
    ChangeRecord::next(None, Timestamp::UNIX_EPOCH, (run, "somebody"), entry)
}

fn began(run: &str, accounts: &[&str]) -> ChangeRecord {
    let part = Part { wave: None, accounts: accounts.iter().map(|text| account(text)).collect() };
    let began = Began {
        estate: name("acme"),
        landfall: "0".to_owned(),
        why: Why::default(),
        plan: crate::model::Digest::of_text("x"),
        reviewed: None,
        approvals_needed: 0,
        risk: Risk::Routine,
        steps: 1,
        accounts: 1,
        part: Some(part),
        fence: 1,
        rollback: None,
    };
    record(run, Entry::Began(Box::new(began)))
}

fn closing(accounts: &[(&str, StepOutcome)]) -> Closing {
    let step = |(account, outcome): &(&str, StepOutcome)| StepRecord {
        address: format!("{account}/global/iam-role/ci-deploy").parse().unwrap(),
        action: Deed::Create,
        fields: vec![],
        outcome: *outcome,
        why: None,
        began: None,
        ended: None,
        requests: vec![],
    };
    Closing { outcome: RunOutcome::Succeeded, halted: None, steps: accounts.iter().map(step).collect(), readings: vec![] }
}

fn ended(run: &str, accounts: &[(&str, StepOutcome)]) -> ChangeRecord {
    record(run, Entry::Ended(Box::new(closing(accounts))))
}

const ALL: [&str; 6] = ["a/dev", "b/dev", "c/dev", "a/prod", "b/prod", "c/prod"];

/// What the gate of prod knows then: who failed, who did not start, and whether all halts.
fn seen(records: &[ChangeRecord]) -> (String, String, bool) {
    let plan = plan(&ALL);
    let past = Past::before(&plan, &name("prod"), &came(&plan, records), Came::NotStarted);
    (crate::model::show(&past.failed), crate::model::show(&past.held), past.halted.is_some())
}

#[test]
fn who_succeeded_is_neither_failed_nor_held() {
    let done = StepOutcome::Done;
    let records = [began("1", &["a/dev", "b/dev"]), began("2", &["c/dev"]), ended("1", &[("a/dev", done), ("b/dev", done)])];
    let (failed, held, halted) = seen(&records);
    assert_eq!((failed.as_str(), held.as_str(), halted), ("c/dev", "", false), "a run without an end was killed");
    let ended = ended("2", &[("c/dev", StepOutcome::AlreadySo)]);
    assert_eq!(seen(&[&records[..], &[ended]].concat()), (String::new(), String::new(), false));
}

#[test]
fn who_is_not_told_of_did_not_start() {
    assert_eq!(seen(&[]), (String::new(), "a/dev, b/dev, c/dev".to_owned(), false));
    let held = [began("1", &ALL[..3]), ended("1", &[("a/dev", StepOutcome::Done), ("b/dev", StepOutcome::NotStarted)])];
    assert_eq!(seen(&held), (String::new(), "b/dev, c/dev".to_owned(), false));
}

#[test]
fn one_failure_of_three_is_tolerated_and_two_halt() {
    let job = |account: &'static str, outcome| [began(account, &[account]), ended(account, &[(account, outcome)])];
    let done = StepOutcome::Done;
    for bad in [StepOutcome::Failed, StepOutcome::Withheld, StepOutcome::Skipped] {
        let one = [job("a/dev", bad), job("b/dev", done), job("c/dev", done)].concat();
        assert_eq!(seen(&one), ("a/dev".to_owned(), String::new(), false));
        let two = [job("a/dev", bad), job("b/dev", bad), job("c/dev", done)].concat();
        assert_eq!(seen(&two), ("a/dev, b/dev".to_owned(), String::new(), true));
        let alone = job("a/dev", bad);
        assert_eq!(seen(&alone), ("a/dev".to_owned(), "b/dev, c/dev".to_owned(), true), "who did not start is no peer that did well");
    }
}

#[test]
fn at_the_end_all_waves_count_the_last_one_too() {
    let job = |account: &'static str, outcome| [began(account, &[account]), ended(account, &[(account, outcome)])];
    let dev = ["a/dev", "b/dev", "c/dev"].map(|account| job(account, StepOutcome::Done)).concat();
    let prod = ["a/prod", "b/prod"].map(|account| job(account, StepOutcome::Failed)).concat();
    let plan = plan(&ALL);
    let past = Past::of_all(&plan, &came(&plan, &[dev, prod].concat()));
    assert_eq!((crate::model::show(&past.failed), crate::model::show(&past.held)), ("a/prod, b/prod".to_owned(), "c/prod".to_owned()));
    let halted = Reason::TooMany { wave: name("prod"), failed: 2, tolerated: 1 };
    assert_eq!(past.halted, Some(halted));
}

#[test]
fn of_a_job_that_was_run_again_the_last_run_counts() {
    let done = StepOutcome::Done;
    let first = [began("1", &["a/dev"]), ended("1", &[("a/dev", StepOutcome::Failed)])];
    let others = [began("2", &["b/dev", "c/dev"]), ended("2", &[("b/dev", done), ("c/dev", done)])];
    let again = [began("3", &["a/dev"]), ended("3", &[("a/dev", done)])];
    assert_eq!(seen(&[first, others, again].concat()), (String::new(), String::new(), false));
}

#[test]
fn an_account_that_was_red_after_its_steps_failed_although_they_succeeded() {
    let reading = |when, said: &str| Reading { at: Timestamp::UNIX_EPOCH, when, account: account("a/dev"), said: said.to_owned() };
    let after = |readings: Vec<Reading>| {
        let closing = Closing { readings, ..closing(&[("a/dev", StepOutcome::Done)]) };
        became(&closing, &account("a/dev"))
    };
    assert_eq!(after(vec![reading(When::Before, "red: x"), reading(When::After, "green")]), Came::Succeeded);
    assert_eq!(after(vec![reading(When::After, "red: x")]), Came::Failed);
    assert_eq!(after(vec![reading(When::After, "red: x"), reading(When::After, "green")]), Came::Succeeded, "it has settled");
    let other = Reading { account: account("b/dev"), ..reading(When::After, "red: x") };
    assert_eq!(after(vec![other]), Came::Succeeded, "another account's canaries say nothing of this one");
}

#[test]
fn only_earlier_waves_count_and_the_organization_comes_before_all() {
    let plan = plan(&["management", "a/dev", "a/prod"]);
    let held = |wave: &str| crate::model::show(&Past::before(&plan, &name(wave), &BTreeMap::new(), Came::NotStarted).held);
    assert_eq!(
        [ORGANIZATION, "dev", "stage", "prod", ORGANIZATION_LAST].map(held),
        ["", "management", "management, a/dev", "management, a/dev", "management, a/dev, a/prod"]
    );
}

#[test]
fn a_run_of_a_whole_wave_set_out_for_all_of_it() {
    let mut killed = began("1", &[]);
    if let Entry::Began(began) = &mut killed.entry {
        began.part.as_mut().unwrap().wave = Some(name("dev"));
    }
    let plan = plan(&ALL);
    let failed: Vec<String> =
        came(&plan, &[killed]).into_iter().filter(|(_, came)| *came == Came::Failed).map(|(account, _)| account.to_string()).collect();
    assert_eq!(failed, ALL[..3]);
}

#[test]
fn an_account_that_was_only_made_has_not_begun() {
    let mut plan = plan(&["a/dev"]);
    let spec = serde_json::json!({ "account": {
        "email": "a@acme.example", "name": "a", "organizational_unit": "management:organizational-unit/dev", "access_role": "role",
    } });
    let action = Action::Create { want: serde_json::from_value(spec).unwrap(), replacing: false };
    let made = Step { address: "a/dev/global/account/main".parse().unwrap(), action, ..plan.steps().next().unwrap().clone() };
    plan.waves[0].accounts.values_mut().for_each(|steps| steps.insert(0, made.clone()));
    let only = |outcome| {
        let mut closing = closing(&[("a/dev", outcome)]);
        closing.steps[0].address = made.address.clone();
        vec![began("1", &["a/dev"]), record("1", Entry::Ended(Box::new(closing)))]
    };
    let of = |records: &[ChangeRecord]| came(&plan, records)[&account("a/dev")];
    assert_eq!((of(&only(StepOutcome::Done)), of(&only(StepOutcome::Failed))), (Came::NotStarted, Came::Failed));
    let left = |records: &[ChangeRecord]| unfinished(&plan, records).into_iter().map(|at| at.kind.to_string()).collect::<Vec<_>>();
    assert_eq!(left(&only(StepOutcome::Done)), ["iam-role"], "what is in an account that was made is the run's own");
    let then = [only(StepOutcome::Done), vec![began("2", &["a/dev"]), ended("2", &[("a/dev", StepOutcome::Done)])]].concat();
    assert_eq!(left(&then), [""; 0]);
}

#[test]
fn jobs_of_a_wave_count_who_failed_in_it_and_not_who_is_under_way() {
    let of_wave = |wave: &str, mut record: ChangeRecord| {
        if let Entry::Began(began) = &mut record.entry {
            began.part.as_mut().unwrap().wave = Some(name(wave));
        }
        record
    };
    let job = |wave, account, outcome| vec![of_wave(wave, began(account, &[account])), ended(account, &[(account, outcome)])];
    let (bad, done) = (StepOutcome::Failed, StepOutcome::Done);
    let under_way = vec![of_wave("prod", began("c/prod", &["c/prod"]))];
    let records = [job("prod", "a/prod", bad), job("prod", "b/prod", done), job("dev", "a/dev", bad), under_way].concat();
    assert_eq!(crate::model::show(failed_in(&name("prod"), &records)), "a/prod");
    let again = [records, job("prod", "a/prod", done)].concat();
    assert!(failed_in(&name("prod"), &again).is_empty(), "the last run of an account counts");
}

#[test]
fn what_failed_or_was_killed_is_unfinished_until_a_later_run_has_done_it() {
    let left = |records: &[ChangeRecord]| unfinished(&plan(&ALL), records).into_iter().map(|at| at.account.to_string()).collect::<Vec<_>>();
    assert_eq!(left(&[]), [""; 0]);
    let (killed, others) = (began("1", &["a/dev", "b/dev"]), began("2", &["c/dev", "a/prod", "b/prod"]));
    let of_others = [("c/dev", StepOutcome::Failed), ("a/prod", StepOutcome::NotStarted), ("b/prod", StepOutcome::Withheld)];
    let mut records = vec![killed, others, ended("2", &of_others)];
    assert_eq!(left(&records), ["a/dev", "b/dev", "c/dev"], "any step of a killed run, and what failed in another");
    records.extend([began("3", &["b/dev", "c/dev"]), ended("3", &[("b/dev", StepOutcome::Done), ("c/dev", StepOutcome::AlreadySo)])]);
    assert_eq!(left(&records), ["a/dev"]);
}
