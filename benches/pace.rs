//! How long large estates take at AWS's limits, in virtual time: an empty plan of 450 and of 3,000 accounts, and a first apply of 450, over
//! the simulated AWS of tests/connector. Prints a table. `cargo bench --bench pace --profile dev` does it without building everything again.

#[path = "../tests/connector/aws.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod aws;
#[path = "../tests/connector/census.rs"]
mod census;
#[path = "../tests/estates/mod.rs"]
mod estates;
#[path = "../tests/connector/floor.rs"]
mod floor;
#[path = "../tests/connector/populate.rs"]
mod populate;
#[path = "../tests/connector/run.rs"]
mod run;

use aws::Aws;
use landfall::plan::estimate;
use run::{applied, estate, planned};
use std::time::Duration;
use tokio::time::Instant;

const SEED: u64 = 7;
/// Domains have three accounts each.
const SMALL: usize = 150;
const LARGE: usize = 1000;
/// Between planning and applying, somebody reads the plan.
const REVIEW: Duration = Duration::from_secs(60);

fn main() {
    println!("| run | accounts | calls | throttled | took | at least | ratio | estimated | real time |");
    println!("|---|---|---|---|---|---|---|---|---|");
    measured(|| virtually(empty_plan(SMALL)));
    measured(|| virtually(empty_plan(LARGE)));
    measured(|| virtually(first_apply(SMALL)));
}

fn virtually(run: impl Future<Output = String>) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime needs nothing but memory").block_on(run)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]
fn measured(run: impl FnOnce() -> String) {
    let started = std::time::Instant::now();
    println!("{} {} s |", run(), started.elapsed().as_secs());
}

async fn empty_plan(domains: usize) -> String {
    let aws = Aws::new(SEED);
    let (plan, _) = planned(&aws, &estate(1)).await;
    assert!(applied(&aws, plan).await.0.succeeded());
    tokio::time::sleep(REVIEW).await;
    populate::populate(&aws, domains);
    aws.forget();
    let start = Instant::now();
    let (plan, report) = planned(&aws, &estate(domains)).await;
    let took = start.elapsed();
    assert!(plan.is_empty() && report.notes.is_empty(), "{:?}", report.notes.first());
    row("empty plan", domains, &aws, (took, floor::of_reading(&aws)), "-".to_owned())
}

async fn first_apply(domains: usize) -> String {
    let aws = Aws::new(SEED);
    let (plan, report) = planned(&aws, &estate(domains)).await;
    assert!(report.notes.is_empty(), "{:?}", report.notes.first());
    tokio::time::sleep(REVIEW).await;
    aws.forget();
    let (estimated, start) = (estimate(&plan).takes, Instant::now());
    let (outcome, _) = applied(&aws, plan.clone()).await;
    let took = start.elapsed();
    assert!(outcome.succeeded());
    row("first apply", domains, &aws, (took, floor::of_first_apply(&aws, &plan)), minutes(estimated))
}

fn row(what: &str, domains: usize, aws: &Aws, (took, floor): (Duration, Duration), estimated: String) -> String {
    let ratio = took.as_secs_f64() / floor.as_secs_f64();
    let calls: usize = aws.world().seen.calls.values().sum();
    let throttled = aws.world().seen.throttled.len();
    let (accounts, took, floor) = (domains * 3, minutes(took), minutes(floor));
    format!("| {what} | {accounts} | {calls} | {throttled} | {took} | {floor} | {ratio:.2} | {estimated} |")
}

fn minutes(time: Duration) -> String {
    format!("{:.1} min", time.as_secs_f64() / 60.0)
}
