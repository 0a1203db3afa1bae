//! How long a plan takes when nothing goes wrong: the longest chain of steps in an account, or the slowest of AWS's limits, whichever is
//! longer. What AWS publishes is in it as published, and what it does not as it is seen.

use super::work::{ACCOUNT_CREATION, INTERFACES, leaves, work};
use super::{Action, Parallel, Plan, Step, Wave};
use crate::kinds::{Scope, row};
use crate::model::limits::{self, limit};
use crate::model::{Account, Address, Region};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What a call takes, there and back: between the 50 ms of a near Region and the 200 ms of a far one.
pub const CALL: Duration = Duration::from_millis(125);

/// What a plan takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    pub steps: usize,
    /// Wave after wave, and in each round after round; the slowest account, or what all its accounts wait for together.
    pub takes: Duration,
    /// For how long waves have to bake before others start.
    pub bakes: Duration,
}

/// Whose buckets a call takes from: an account's in a Region, or the management account's.
type Whose<'a> = Option<(&'a Account, &'a Region)>;

/// How often each call is made from each one's buckets.
#[derive(Default)]
struct Calls<'a>(BTreeMap<(&'a str, Whose<'a>), usize>);

/// What a plan takes, by the order of its steps and AWS's limits.
pub fn estimate(plan: &Plan) -> Estimate {
    let parallel = |wave: &Wave| plan.rollout.rules(&wave.name).and_then(|rules| rules.parallel);
    let takes = plan.waves.iter().map(|wave| of_wave(wave, parallel(wave))).sum();
    let busy = plan.waves.iter().filter(|wave| wave.accounts.values().any(|steps| !steps.is_empty()));
    let bakes = busy.map(|wave| plan.bake_before(&wave.name)).sum();
    Estimate { steps: plan.steps().count(), takes, bakes }
}

fn of_wave(wave: &Wave, parallel: Option<Parallel>) -> Duration {
    let accounts: Vec<&[Step]> = wave.accounts.values().map(Vec::as_slice).filter(|steps| !steps.is_empty()).collect();
    let (mut left, mut takes) = (&accounts[..], Duration::ZERO);
    let mut width = parallel.map_or(usize::MAX, |parallel| parallel.start);
    while !left.is_empty() {
        let (round, later) = left.split_at(width.clamp(1, left.len()));
        takes += of_round(round);
        (left, width) = (later, parallel.map_or(usize::MAX, |parallel| parallel.after(width)));
    }
    takes
}

fn of_round(accounts: &[&[Step]]) -> Duration {
    let created: usize = accounts.iter().flat_map(|steps| steps.iter()).filter(|step| creates_account(step)).count();
    let mut calls = Calls::default();
    let mut slowest = Duration::ZERO;
    for steps in accounts {
        steps.iter().for_each(|step| calls.add(step));
        // The last account to be created has all its other steps still ahead.
        let before = if steps.iter().any(creates_account) { creations(created) } else { Duration::ZERO };
        slowest = slowest.max(before + path(steps));
    }
    slowest.max(calls.floor())
}

/// When the last of so many accounts is there: each begins when there is a token for it, and when one of the five before it is done.
fn creations(count: usize) -> Duration {
    let tokens = limit("organizations:CreateAccount");
    let mut ends = [Duration::ZERO; limits::ACCOUNT_CREATIONS.limit];
    for number in 0..count {
        let place = &mut ends[number % limits::ACCOUNT_CREATIONS.limit];
        *place = (*place).max(Duration::from_secs_f64(tokens.seconds(number + 1))) + ACCOUNT_CREATION;
    }
    ends.into_iter().max().unwrap_or_default()
}

/// The longest chain of steps that come after one another; an account's own creation counts with its calls alone.
fn path(steps: &[Step]) -> Duration {
    let mut ends: Vec<Duration> = Vec::with_capacity(steps.len());
    let mut free: BTreeMap<Address, Duration> = BTreeMap::new();
    for step in steps {
        // A plan lists needs before what needs them; whatever does not hold to that is checked elsewhere.
        let after = step.after.iter().filter_map(|at| ends.get(*at)).max().copied().unwrap_or_default();
        let start = after.max(free.get(&step.address).copied().unwrap_or_default());
        let end = start + duration(step);
        free.extend(leaves(step).into_iter().map(|left| (left, end + INTERFACES)));
        ends.push(end);
    }
    ends.into_iter().max().unwrap_or_default()
}

fn duration(step: &Step) -> Duration {
    let work = work(step);
    let takes = if creates_account(step) { Duration::ZERO } else { work.takes };
    CALL * u32::try_from(work.calls().count()).unwrap_or(u32::MAX) + takes
}

fn creates_account(step: &Step) -> bool {
    step.address.kind.as_str() == "account" && matches!(step.action, Action::Create { .. })
}

impl<'a> Calls<'a> {
    fn add(&mut self, step: &'a Step) {
        let scope = row(&step.address.kind).map_or(Scope::Global, |row| row.scope);
        let inside = matches!(scope, Scope::Global | Scope::Regional);
        let whose = inside.then_some((&step.address.account, &step.address.region));
        for call in work(step).calls() {
            *self.0.entry((limit(call).bucket(call), whose)).or_default() += 1;
        }
    }

    /// The time that the slowest bucket needs to give what is asked of it.
    fn floor(&self) -> Duration {
        let seconds = self.0.iter().map(|((bucket, _), times)| limit(bucket).seconds(*times));
        Duration::from_secs_f64(seconds.fold(0.0, f64::max))
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.takes.as_secs() < 60 {
            f.write_str("less than a minute at AWS's limits")?;
        } else {
            write!(f, "about {} at AWS's limits", minutes(self.takes))?;
        }
        if self.bakes.is_zero() { Ok(()) } else { write!(f, ", and {} in which waves bake", minutes(self.bakes)) }
    }
}

/// `119 min`, `2 h`, `2 h 16 min`; rounded up.
fn minutes(time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0 | 1, _) if minutes != 60 => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::made;
    use super::super::work::{INTERFACE_ENDPOINT, NAT_GATEWAY};
    use super::*;
    use crate::kinds::Spec;
    use serde_json::{Value, json};

    fn create(at: &str, fields: Value, after: &[usize]) -> Step {
        let address: crate::model::Address = at.parse().unwrap();
        let want: Spec = (row(&address.kind).unwrap().parse)(fields).unwrap();
        let action = Action::Create { want, replacing: false };
        Step { address, action, after: after.to_vec(), concerns: Vec::new(), asked: None }
    }

    fn account(of: &str) -> Step {
        let email = format!("aws+{}@acme.example", of.replace('/', "-"));
        let fields = json!({
            "email": email, "name": "x", "organizational_unit": "management:organizational-unit/prod", "access_role": "Role"
        });
        create(&format!("{of}/global/account/main"), fields, &[])
    }

    fn parameter(of: &str, number: usize) -> Step {
        let fields = json!({ "value": { "text": "x" } });
        create(&format!("{of}/us-west-2/ssm-parameter/p{number}"), fields, &[])
    }

    fn takes(accounts: Vec<(String, Vec<Step>)>) -> Duration {
        let accounts = accounts.into_iter().map(|(account, steps)| (account.parse().unwrap(), steps)).collect();
        of_wave(&Wave { name: "prod".parse().unwrap(), accounts }, None)
    }

    /// So many calls, one after the other.
    fn calls(count: u32) -> Duration {
        CALL * count
    }

    #[test]
    fn a_chain_takes_what_its_steps_take_together_and_what_is_beside_it_nothing() {
        let of = "payments/prod";
        let nat = |name: &str, after: &[usize]| {
            let fields = json!({ "subnet": "subnet/public-a", "elastic_ip": "elastic-ip/a" });
            create(&format!("{of}/us-west-2/nat-gateway/{name}"), fields, after)
        };
        let ip = create(&format!("{of}/us-west-2/elastic-ip/a"), json!({}), &[]);
        // Each looks once and writes once; the gateways wait side by side.
        let steps = vec![ip, nat("a", &[0]), nat("b", &[]), nat("c", &[])];
        assert_eq!(takes(vec![(of.to_owned(), steps)]), calls(4) + NAT_GATEWAY);
    }

    #[test]
    fn a_gateway_endpoint_is_there_at_once_and_interfaces_wait_for_their_bucket() {
        let of = "payments/prod";
        let endpoint = |name: String, fields: Value| create(&format!("{of}/us-west-2/vpc-endpoint/{name}"), fields, &[]);
        let gateway = endpoint("s3".into(), json!({ "vpc": "vpc/main", "service": "s3", "type": "gateway", "route_tables": [] }));
        assert_eq!(takes(vec![(of.to_owned(), vec![gateway])]), calls(2));
        let interface = |number: usize| {
            let fields = json!({
                "vpc": "vpc/main", "service": "ecr.api", "type": "interface",
                "subnets": ["subnet/private-a"], "security_groups": ["security-group/ecr"]
            });
            endpoint(format!("e{number}"), fields)
        };
        let some = |count: usize| vec![(of.to_owned(), (0..count).map(interface).collect())];
        assert_eq!(takes(some(4)), calls(2) + INTERFACE_ENDPOINT);
        // 4 at once, 36 at 0.3 a second.
        assert_eq!(takes(some(40)), Duration::from_secs(120));
    }

    #[test]
    fn a_subnet_goes_when_lambda_has_left_it_and_no_sooner() {
        let function = "lambda-function/landfall-x";
        let within = |subnets: Value| {
            let code = json!({ "x.py": "" });
            json!({ "runtime": "python3.13", "handler": "x.y", "code": code, "role": "iam-role/x", "subnets": subnets })
        };
        let both = || within(json!(["subnet/a", "subnet/b"]));
        let takes = |first: Step, name: &str| {
            let subnet = json!({ "vpc": "vpc/main", "cidr": "10.0.0.0/24", "zone": "a" });
            let second = made::waiting(made::delete(&format!("subnet/{name}"), subnet), &[0]);
            takes(vec![("payments/prod".to_owned(), vec![first, second])])
        };
        let gone = |name: &str| takes(made::delete(function, both()), name);
        let beside = gone("c");
        assert!(beside < Duration::from_secs(10), "{beside:?}");
        assert_eq!(gone("a"), beside + INTERFACES);
        let moved = |name: &str| takes(made::update(function, both(), within(json!(["subnet/b"]))), name);
        assert_eq!((moved("a") > INTERFACES, moved("b") > INTERFACES), (true, false));
    }

    #[test]
    fn parameters_wait_in_their_own_account_only() {
        let some = |of: &str| (of.to_owned(), (0..63).map(|number| parameter(of, number)).collect::<Vec<_>>());
        // 3 at once, 60 at 3 a second.
        assert_eq!(takes(vec![some("payments/prod")]), Duration::from_secs(20));
        assert_eq!(takes(vec![some("payments/prod"), some("search/prod")]), Duration::from_secs(20));
    }

    #[test]
    fn accounts_are_created_five_at_a_time_and_wait_for_tokens() {
        let some = |count: usize| {
            let of = |number: usize| format!("domain-{number}/prod");
            (0..count).map(|number| (of(number), vec![account(&of(number))])).collect::<Vec<_>>()
        };
        assert_eq!(takes(some(1)), ACCOUNT_CREATION + calls(7));
        assert_eq!(takes(some(5)), ACCOUNT_CREATION + Duration::from_secs(20) + calls(7));
        // Ninety rounds of five, longer than 447 tokens at ten seconds each; the last of a round began 20 s after the first.
        assert_eq!(takes(some(450)), ACCOUNT_CREATION * 90 + Duration::from_secs(20) + calls(7));
    }

    #[test]
    fn waves_come_one_after_the_other_and_nothing_takes_no_time() {
        let wave = |name: &str, of: &str| Wave {
            name: name.parse().unwrap(),
            accounts: BTreeMap::from([(of.parse().unwrap(), vec![account(of)])]),
        };
        let mut plan: Plan = Plan {
            estate: "acme".parse().unwrap(),
            home_region: "us-west-2".parse().unwrap(),
            access_role: "Role".to_owned(),
            emails: BTreeMap::new(),
            approvals: Default::default(),
            rollout: Default::default(),
            notices: Default::default(),
            waves: vec![],
        };
        assert_eq!(estimate(&plan), Estimate { steps: 0, takes: Duration::ZERO, bakes: Duration::ZERO });
        assert_eq!(estimate(&plan).to_string(), "less than a minute at AWS's limits");
        plan.waves = vec![wave("dev", "payments/dev"), wave("prod", "payments/prod")];
        let one = of_wave(&plan.waves[0], None);
        assert_eq!(estimate(&plan), Estimate { steps: 2, takes: one * 2, bakes: Duration::ZERO });
        assert_eq!(estimate(&plan).to_string(), "about 4 min at AWS's limits");
        let hours = |minutes: u64| Estimate { steps: 1, takes: Duration::from_secs(minutes * 60), bakes: Duration::ZERO }.to_string();
        let expected = [(1, "1 min"), (59, "59 min"), (60, "1 h"), (61, "61 min"), (119, "119 min"), (120, "2 h")];
        for (minutes, shown) in expected {
            assert_eq!(hours(minutes), format!("about {shown} at AWS's limits"));
        }
        assert_eq!(hours(136), "about 2 h 16 min at AWS's limits");
    }

    #[test]
    fn a_wave_that_grows_takes_its_rounds_and_the_time_in_which_it_bakes_is_told_apart() {
        let of = |number: usize| format!("domain-{number}/prod");
        let accounts = (0..7).map(|number| (of(number).parse().unwrap(), vec![parameter(&of(number), 0)])).collect();
        let wave = Wave { name: "prod".parse().unwrap(), accounts };
        let one = of_wave(&wave, None);
        // One, two, four.
        assert_eq!(of_wave(&wave, Some(Parallel { start: 1, grow: 2, most: 8 })), one * 3);
        assert_eq!(of_wave(&wave, Some(Parallel { start: 3, grow: 1, most: 3 })), one * 3);
        let baked = Estimate { steps: 1, takes: one, bakes: Duration::from_secs(90 * 60) };
        assert_eq!(baked.to_string(), "less than a minute at AWS's limits, and 90 min in which waves bake");
    }

    #[test]
    fn only_a_wave_with_steps_waits_for_those_before_it_to_bake() {
        use crate::plan::estates::{accounts, desired};
        let mut desired = desired(&accounts(&["payments/dev", "payments/prod"]));
        desired.estate.rollout.waves[0].bake_seconds = 600;
        let (mut plan, _) = crate::plan::plan(&desired, &crate::plan::Live::default());
        assert_eq!(estimate(&plan).bakes, Duration::from_secs(600));
        let prod = plan.waves.last_mut().unwrap();
        prod.accounts.values_mut().for_each(Vec::clear);
        assert_eq!(estimate(&plan).bakes, Duration::ZERO);
    }
}
