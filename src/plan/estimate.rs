//! How long a plan takes at least, under the limits that AWS publishes. A floor, not a promise: what AWS does not publish is not in it.

use super::{Action, Plan, Step};
use crate::model::Account;
use std::fmt;
use std::time::Duration;

/// Account creation: a token every ten seconds, three at once in the beginning (Organizations quotas, `CreateAccount` 0.1/s, burst 3).
const ACCOUNT_EVERY: u64 = 10;
const ACCOUNT_BURST: u64 = 3;
/// A NAT gateway takes about this long to become available; its creation is limited to one a second after ten (EC2 API throttling).
const NAT_GATEWAY: u64 = 120;
/// Endpoints: four at once, and then three in ten seconds (EC2 API throttling, `CreateVpcEndpoint`).
const ENDPOINT_BURST: u64 = 4;
const THREE_ENDPOINTS_EVERY: u64 = 10;
/// Mutating EC2 calls of one account and Region: five a second after fifty (EC2 API throttling).
const EC2_BURST: u64 = 50;
const EC2_RATE: u64 = 5;
/// `PutParameter`: three a second for an account and Region, as AWS Support tells; the documentation is silent.
const PARAMETER_RATE: u64 = 3;

/// The kinds that EC2 makes.
const EC2: [&str; 9] =
    ["vpc", "subnet", "internet-gateway", "elastic-ip", "nat-gateway", "route-table", "security-group", "vpc-endpoint", "flow-log"];

/// What a plan takes, at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    pub steps: usize,
    /// Wave after wave, the slowest account of each.
    pub at_least: Duration,
}

/// The least that a plan takes.
pub fn estimate(plan: &Plan) -> Estimate {
    let of_wave = |accounts: &mut dyn Iterator<Item = (&Account, &Vec<Step>)>| {
        let (mut created, mut slowest) = (0, 0);
        for (_, steps) in accounts {
            created += count(steps, |step| step.address.kind.as_str() == "account" && creates(step));
            slowest = slowest.max(of_account(steps));
        }
        let creation = created.saturating_sub(ACCOUNT_BURST) * ACCOUNT_EVERY;
        creation + slowest
    };
    let seconds: u64 = plan.waves.iter().map(|wave| of_wave(&mut wave.accounts.iter())).sum();
    Estimate { steps: plan.steps().count(), at_least: Duration::from_secs(seconds) }
}

/// The seconds of one account's own critical path.
fn of_account(steps: &[Step]) -> u64 {
    let ec2 = count(steps, |step| EC2.contains(&step.address.kind.as_str()));
    let parameters = count(steps, |step| step.address.kind.as_str() == "ssm-parameter");
    let gateways = count(steps, |step| step.address.kind.as_str() == "nat-gateway" && creates(step));
    let endpoints = count(steps, |step| step.address.kind.as_str() == "vpc-endpoint" && creates(step));
    let endpoints = (endpoints.saturating_sub(ENDPOINT_BURST) * THREE_ENDPOINTS_EVERY).div_ceil(3);
    let waiting = if gateways > 0 { NAT_GATEWAY } else { 0 };
    waiting + ec2.saturating_sub(EC2_BURST).div_ceil(EC2_RATE).max(parameters.div_ceil(PARAMETER_RATE)).max(endpoints)
}

fn creates(step: &Step) -> bool {
    matches!(step.action, Action::Create { .. })
}

fn count(steps: &[Step], wanted: impl Fn(&Step) -> bool) -> u64 {
    steps.iter().filter(|step| wanted(step)).count() as u64
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at_least.as_secs() {
            0..60 => f.write_str("less than a minute at AWS's limits"),
            seconds => write!(f, "at least {} min at AWS's limits", seconds.div_ceil(60)),
        }
    }
}
