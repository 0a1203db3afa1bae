//! An apply that is killed at one call after the other, in turn, and one that loses one answer after the other: a rerun ends where an
//! undisturbed run ends, with nothing twice and nothing lost.

use super::aws::{Aws, Mishap};
use super::estate::one_account;
use super::run::{applied, planned};
use landfall::model::Severity;
use landfall::plan::Desired;
use std::collections::{BTreeMap, BTreeSet};

const SEED: u64 = 7;
/// So many runs are enough after any one mishap: one that goes on, and one that puts right what was left half done.
const RUNS: usize = 3;
/// Every so manieth call, unless `LANDFALL_EVERY` says otherwise: 1 takes ten minutes. A prime, so that no call that comes again and again
/// is always passed over.
const EVERY: usize = 23;

type Census = BTreeMap<String, usize>;

/// What an undisturbed run ends in, and how many calls its apply makes.
async fn undisturbed(desired: &Desired) -> (Census, usize) {
    let aws = Aws::new(SEED);
    let (plan, _) = planned(&aws, desired).await;
    aws.forget();
    assert!(applied(&aws, plan).await.0.succeeded());
    let calls = aws.world().seen.calls.values().sum();
    let (census, twice) = aws.census();
    assert_eq!(twice, [] as [&str; 0]);
    (census, calls)
}

/// Applies with a mishap at one call, and then as often as it takes.
async fn disturbed(desired: &Desired, at: usize, mishap: Mishap) -> Census {
    let aws = Aws::new(SEED);
    let (plan, _) = planned(&aws, desired).await;
    aws.strike(Some((at, mishap)));
    tokio::select! {
        _ = applied(&aws, plan) => {}
        () = aws.killed() => {}
    }
    aws.strike(None);
    for run in 0.. {
        let (plan, report) = planned(&aws, desired).await;
        if plan.is_empty() {
            // That somebody has yet to follow a link is no news.
            let troubles: Vec<_> = report.notes.iter().filter(|note| note.severity != Severity::Information).collect();
            assert!(troubles.is_empty(), "{mishap:?} at call {at}: {troubles:?}");
            break;
        }
        assert!(run < RUNS, "{mishap:?} at call {at}: {:?} left", plan.steps().map(|step| step.address.to_string()).collect::<Vec<_>>());
        applied(&aws, plan).await;
    }
    let (census, twice) = aws.census();
    assert_eq!(twice, [] as [&str; 0], "{mishap:?} at call {at}");
    census
}

async fn always(mishap: Mishap) {
    let desired = one_account();
    let (expected, calls) = undisturbed(&desired).await;
    assert!(calls > 100, "{calls} calls");
    let every = std::env::var("LANDFALL_EVERY").map_or(EVERY, |every| every.parse().expect("LANDFALL_EVERY is a number"));
    for at in (0..calls).step_by(every) {
        let found = disturbed(&desired, at, mishap).await;
        let differs = |what: &&String| found.get(*what) != expected.get(*what);
        let all: BTreeSet<&String> = found.keys().chain(expected.keys()).filter(differs).collect();
        let told: Vec<String> =
            all.into_iter().map(|what| format!("{what}: {:?} and not {:?}", found.get(what), expected.get(what))).collect();
        assert!(told.is_empty(), "{mishap:?} at call {at} of {calls}:\n{}", told.join("\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn killed_before_any_call() {
    always(Mishap::KilledBefore).await;
}

#[tokio::test(start_paused = true)]
async fn killed_between_any_call_and_its_answer() {
    always(Mishap::KilledAfter).await;
}

#[tokio::test(start_paused = true)]
async fn with_any_answer_lost() {
    always(Mishap::AnswerLost).await;
}
