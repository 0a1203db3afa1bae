//! Runs of Landfall against the simulated AWS: the same rooms as the commands wire together, in virtual time.

use super::aws::Aws;
use super::estates::{Domain, with_domains};
use aws_smithy_async::time::SharedTimeSource;
use landfall::apply::{Event, Limits, Outcome, StepResult, Terms, Watch, apply};
use landfall::aws::{Access, Connection, Options};
use landfall::cloud::{self, Entrance, RealCloud, Selection};
use landfall::kinds;
use landfall::model::{Call, Digest};
use landfall::plan::{ApprovedPlan, Desired, Plan, Report, Step, plan};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// As `landfall apply` has them.
pub const LIMITS: Limits = Limits { accounts: 64, steps: 8 };

/// The kinds that the simulated AWS knows.
const KINDS: [&str; 12] = [
    "organizational-unit",
    "account",
    "vpc",
    "internet-gateway",
    "subnet",
    "elastic-ip",
    "nat-gateway",
    "route-table",
    "security-group",
    "iam-oidc-provider",
    "iam-role",
    "ssm-parameter",
];

/// What was seen of the calls of a run.
#[derive(Default)]
pub struct Seen {
    pub calls: usize,
    pub longest_wait: Duration,
}

/// An estate of so many domains with three environments each.
pub fn estate(domains: usize) -> Desired {
    let domain = |number: usize| Domain { zones: vec!['a'], vpc_prefix: 22, ..super::estates::domain(&format!("domain-{number}")) };
    let mut desired = with_domains("10.0.0.0/8", &(0..domains).map(domain).collect::<Vec<_>>());
    desired.kinds.retain(|kind| KINDS.contains(&kind.as_str()));
    desired
}

pub async fn enter(aws: &Aws, writes: bool) -> (Entrance, Arc<Mutex<Seen>>) {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let told = seen.clone();
    let on_call = move |call: &Call<'_>| {
        let mut seen = told.lock().unwrap();
        seen.calls += 1;
        seen.longest_wait = seen.longest_wait.max(call.waited);
    };
    let reads = kinds::reads().into_iter().chain([cloud::READING.to_owned()]).collect();
    let access = Access { reads: Arc::new(reads), inside: Arc::new(kinds::reads_inside()), writes, turn: Default::default() };
    let (region, role) = ("us-west-2".parse().unwrap(), "OrganizationAccountAccessRole".to_owned());
    let options = Options { region, role, access, on_call: Arc::new(on_call) };
    let connection = Connection::simulated(options, aws.client(), SharedTimeSource::new(aws.clone()));
    (cloud::enter(connection).await.unwrap(), seen)
}

/// Plans, as `landfall plan` does.
pub async fn planned(aws: &Aws, desired: &Desired) -> (Plan, Report) {
    let (entrance, _) = enter(aws, false).await;
    let live = cloud::read(&entrance, desired, &Selection::default(), |_| {}).await;
    plan(desired, &live)
}

/// Applies a plan, as `landfall apply` does.
pub async fn applied(aws: &Aws, plan: Plan) -> (Outcome, Arc<Mutex<Seen>>) {
    let (entrance, seen) = enter(aws, true).await;
    let reviewed = plan.steps().map(Step::digest).collect();
    let digest = Digest::of(&"the plan");
    let (approved, withheld) = ApprovedPlan::of(plan, &reviewed);
    assert!(withheld.is_empty());
    let cloud = RealCloud::open(entrance, approved.plan(), digest).await.unwrap();
    let mut tell = |event: &Event<'_>| {
        if let Event::StepEnded { step, result: result @ (StepResult::Failed(_) | StepResult::Withheld(_)) } = event {
            eprintln!("{}: {result:?}", step.address);
        }
        if let Event::NotRecorded { account, why } = event {
            eprintln!("{account}: not recorded: {why}");
        }
    };
    let terms = Terms { limits: LIMITS, watch: Watch::Whole, break_glass: None };
    (apply(&approved, &cloud, &terms, &mut tell).await, seen)
}
