//! How long a rehearsal says that an apply takes, and how long it then takes: within 20 %.

use super::aws::Aws;
use super::estates;
use super::foretold::{approved, known};
use super::run::{applied, enter, estate};
use landfall::apply::{Limits, Terms, Watch};
use landfall::cloud::{Selection, read};
use landfall::plan::{Desired, plan};
use landfall::rehearsal::rehearse;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

const SEED: u64 = 7;
/// By how much a rehearsal may be wrong.
const WITHIN: f64 = 0.2;
const TERMS: Terms = Terms { limits: Limits { accounts: 64, steps: 8 }, watch: Watch::Whole, break_glass: None };

/// Rehearses what is to be done, does it, and holds one time against the other.
async fn held_against_each_other(what: &str, aws: &Aws, desired: &Desired) -> Duration {
    let (entrance, _) = enter(aws, false).await;
    let live = read(&entrance, desired, &Selection::default(), |_| {}).await;
    let (plan, report) = plan(desired, &live);
    assert_eq!(report.notes, [], "{what}");
    assert!(!plan.is_empty(), "{what}");
    let rehearsed = rehearse(&approved(plan.clone()), &known(live), &TERMS).unwrap();
    assert!(rehearsed.succeeds(), "{what}: {:?}", rehearsed.outcome);
    // Somebody reads it before it is applied.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let start = Instant::now();
    assert!(applied(aws, plan).await.0.succeeded(), "{what}: {:?}", aws.world().seen.refused);
    let (took, said) = (start.elapsed(), rehearsed.takes);
    eprintln!("{what}: took {took:?}, {said:?} were said, {} calls", rehearsed.calls);
    let ratio = said.as_secs_f64() / took.as_secs_f64();
    assert!((1.0 - WITHIN..=1.0 + WITHIN).contains(&ratio), "{what}: took {took:?}, and {said:?} were said");
    took
}

#[tokio::test(start_paused = true)]
async fn a_first_apply_a_new_domain_and_changes_in_every_account_take_what_was_said() {
    let aws = Aws::new(SEED);
    held_against_each_other("first apply of 10 domains", &aws, &estate(10)).await;
    held_against_each_other("an eleventh domain", &aws, &estate(11)).await;

    let mut more = estate(11);
    let accounts: Vec<_> = more.estate.members.keys().cloned().collect();
    for account in &accounts {
        let at = |what: &str| format!("{account}/us-west-2/{what}");
        for number in 0..40 {
            estates::declare(&mut more, &at(&format!("ssm-parameter/landfall/setting-{number}")), json!({ "value": { "text": "x" } }));
        }
    }
    held_against_each_other("40 parameters in each account", &aws, &more).await;

    for account in &accounts {
        let at = |what: &str| format!("{account}/us-west-2/{what}");
        let fields = json!({ "vpc": "vpc/main", "cidr": { "newbits": 6 }, "zone": "b" });
        estates::declare(&mut more, &at("subnet/more"), fields);
        let rule = json!([{ "protocol": "tcp", "ports": 80, "security_group": "security-group/internal" }]);
        estates::declare(&mut more, &at("security-group/plain"), json!({ "vpc": "vpc/main", "description": "plain", "ingress": rule }));
    }
    held_against_each_other("a subnet and a group in each account", &aws, &more).await;
}

#[tokio::test(start_paused = true)]
async fn waves_that_go_slowly_and_bake_take_what_was_said() {
    let aws = Aws::new(SEED);
    let mut desired = estate(6);
    for (wave, bake) in desired.estate.rollout.waves.iter_mut().zip([600, 1200, 0]) {
        wave.bake_seconds = bake;
        wave.parallel = Some(serde_json::from_value(json!({ "start": 1, "grow": 2, "most": 4 })).unwrap());
    }
    let took = held_against_each_other("slowly", &aws, &desired).await;
    assert!(took > Duration::from_secs(1800), "it has baked");
}
