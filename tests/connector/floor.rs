//! The least that a run can take: what AWS's buckets give, what AWS takes for itself, and what our own places have room for. Made of what
//! the simulated AWS saw, and not of Landfall's estimate.

use super::aws::{Aws, LATENCY};
use landfall::model::Account;
use landfall::model::limits::{ACCOUNT_CREATIONS, limit};
use landfall::plan::Plan;
use landfall::simulated::NAT_GATEWAY;
use std::time::Duration;

/// Accounts that a plan reads at once (`cloud/read.rs`).
const READ_AT_ONCE: u32 = 32;

/// What a call takes there and back, in the middle.
const CALL: Duration = Duration::from_millis((LATENCY.0 + LATENCY.1) / 2);

/// The least that the waves of a first apply take: their accounts' creations, and then the last account's NAT gateway.
pub fn of_first_apply(aws: &Aws, plan: &Plan) -> Duration {
    let world = aws.world();
    let takes: Vec<Duration> = world.organization.requests.iter().map(|request| request.takes).collect();
    let waves = plan.waves.iter().filter(|wave| wave.accounts.keys().any(|account| *account != Account::Management));
    let mut from = 0;
    let floor = waves.map(|wave| {
        let to = from + wave.accounts.len();
        let floor = creations(&takes[from..to]) + NAT_GATEWAY;
        from = to;
        floor
    });
    floor.sum()
}

/// The least that accounts take which are asked for in this order, five at a time, ten seconds apart.
fn creations(takes: &[Duration]) -> Duration {
    let tokens = limit("organizations:CreateAccount");
    let mut free = [Duration::ZERO; ACCOUNT_CREATIONS.limit];
    let mut last = Duration::ZERO;
    for (number, takes) in takes.iter().enumerate() {
        let place = free.iter_mut().min().unwrap();
        let start = (*place).max(Duration::from_secs_f64(tokens.seconds(number + 1)));
        *place = start + *takes;
        last = last.max(*place);
    }
    last
}

/// The least that reading takes: the organization, page by page, and then all accounts, so many at once.
pub fn of_reading(aws: &Aws) -> Duration {
    let world = aws.world();
    let (listing, reading): (Vec<_>, Vec<_>) = world.seen.calls.iter().partition(|(call, _)| call.starts_with("organizations:"));
    let tokens = listing.iter().map(|(call, times)| limit(call).seconds(**times)).fold(0.0, f64::max);
    let count = |calls: &[(&String, &usize)]| calls.iter().map(|(_, times)| **times as u32).sum::<u32>();
    Duration::from_secs_f64(tokens).max(CALL * count(&listing)) + CALL * count(&reading) / READ_AT_ONCE
}
