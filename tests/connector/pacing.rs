//! What the governor is for: no throttling within the documented limits, hardly longer than they allow, and recovery where they are not
//! what is documented.

use super::aws::Aws;
use super::floor;
use super::populate::populate;
use super::run::{applied, enter, estate, planned};
use landfall::plan::estimate;
use std::time::Duration;
use tokio::time::Instant;

const DOMAINS: usize = 10;
/// Domains of the estate that is only read.
const READ: usize = 40;
const SEED: u64 = 7;

#[tokio::test(start_paused = true)]
async fn a_first_apply_is_never_throttled_takes_what_the_limits_take_and_what_was_estimated() {
    let aws = Aws::new(SEED);
    let desired = estate(DOMAINS);
    let (plan, report) = planned(&aws, &desired).await;
    assert_eq!(report.notes, []);
    // Somebody reads it before it is applied.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (estimated, start) = (estimate(&plan), Instant::now());
    let (outcome, seen) = applied(&aws, plan.clone()).await;
    let took = start.elapsed();
    assert!(outcome.succeeded(), "{:?}", aws.world().seen.refused);
    assert_eq!(aws.world().seen.throttled, [] as [&str; 0]);
    let floor = floor::of_first_apply(&aws, &plan);
    let calls = seen.lock().unwrap().calls;
    eprintln!("took {took:?}, at least {floor:?}, estimated {:?}, {calls} calls", estimated.takes);
    assert!(took.as_secs_f64() <= 1.15 * floor.as_secs_f64(), "took {took:?}, and the limits allow {floor:?}");
    let ratio = estimated.takes.as_secs_f64() / took.as_secs_f64();
    assert!((0.8..=1.2).contains(&ratio), "took {took:?}, and {:?} were estimated", estimated.takes);
    // And it is what was wanted: nothing is left to do.
    let (again, report) = planned(&aws, &desired).await;
    assert!(again.is_empty(), "{:?} {:?}", again.steps().map(|step| step.address.to_string()).collect::<Vec<_>>(), report.notes);
}

#[tokio::test(start_paused = true)]
async fn an_empty_plan_is_never_throttled_and_takes_what_reading_takes() {
    let aws = Aws::new(SEED);
    let (plan, _) = planned(&aws, &estate(1)).await;
    assert!(applied(&aws, plan).await.0.succeeded());
    tokio::time::sleep(Duration::from_secs(60)).await;
    populate(&aws, READ);
    aws.forget();
    let start = Instant::now();
    let (plan, report) = planned(&aws, &estate(READ)).await;
    let (took, floor) = (start.elapsed(), floor::of_reading(&aws));
    eprintln!("took {took:?}, at least {floor:?}, {} calls", aws.world().seen.calls.values().sum::<usize>());
    assert!(plan.is_empty() && report.notes.is_empty(), "{:?}", report.notes.first());
    assert_eq!(aws.world().seen.throttled, [] as [&str; 0]);
    assert!(took.as_secs_f64() <= 1.15 * floor.as_secs_f64(), "took {took:?}, and {floor:?} is possible");
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_takes_the_same_time() {
    let mut took = Vec::new();
    for _ in 0..2 {
        let aws = Aws::new(SEED);
        let start = Instant::now();
        let (plan, _) = planned(&aws, &estate(1)).await;
        assert!(applied(&aws, plan).await.0.succeeded());
        took.push((start.elapsed(), aws.world().seen.calls.clone()));
    }
    assert_eq!(took[0], took[1]);
}

#[tokio::test(start_paused = true)]
async fn an_aws_that_allows_less_than_it_says_slows_down_and_breaks_nothing() {
    let aws = Aws::new(SEED);
    aws.world().strictness = Some(3.0);
    let desired = estate(2);
    let (plan, report) = planned(&aws, &desired).await;
    assert_eq!(report.notes, []);
    let (outcome, _) = applied(&aws, plan).await;
    assert!(outcome.succeeded());
    let throttled = aws.world().seen.throttled.len();
    let calls: usize = aws.world().seen.calls.values().sum();
    assert!(throttled > 0, "the test has to be of something");
    assert!(throttled * 10 < calls, "{throttled} of {calls} calls were throttled");
    assert!(planned(&aws, &desired).await.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn sessions_are_renewed_for_hours_and_no_signature_grows_old() {
    let aws = Aws::new(SEED);
    let (plan, _) = planned(&aws, &estate(1)).await;
    assert!(applied(&aws, plan).await.0.succeeded());
    let assumed = aws.world().seen.calls["sts:AssumeRole"];
    let (entrance, _) = enter(&aws, false).await;
    let id = aws.world().organization.accounts.keys().next().unwrap().as_str().into();
    let member = entrance.connection.member(&entrance.caller, &"domain-0/dev".parse().unwrap(), &id);
    for _ in 0..60 {
        member.ec2().describe_vpcs().send().await.unwrap();
        tokio::time::sleep(Duration::from_secs(300)).await;
    }
    // Five hours, in sessions of 55 minutes.
    assert_eq!(aws.world().seen.calls["sts:AssumeRole"] - assumed, 6);
    let refused = aws.world().seen.refused.clone();
    assert!(refused.keys().all(|what| !what.contains("Expired")), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_tells_how_long_it_waited_and_its_signature_is_fresh_even_so() {
    let aws = Aws::new(SEED);
    let (entrance, seen) = enter(&aws, true).await;
    let asked = (0..500).map(|_| entrance.management.organizations().list_roots().send());
    let answers = futures::future::join_all(asked).await;
    assert!(answers.iter().all(Result::is_ok));
    // 498 tokens, one a second: longer than a signature lives, and no answer's time-out has run meanwhile.
    let waited = seen.lock().unwrap().longest_wait;
    assert!(waited > Duration::from_secs(490) && waited < Duration::from_secs(510), "{waited:?}");
    assert_eq!(aws.world().seen.throttled.len(), 0);
    assert_eq!(aws.world().seen.refused.len(), 0);
}
