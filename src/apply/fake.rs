//! A cloud for the tests of this room: what steps, canaries and the lock answer is up to each test, and time is tokio's paused clock. Must
//! never answer by chance, and never go on for ever with whoever does.

use super::{Cloud, Event, Gate, Limits, Outcome, Performed, StepError, StepResult, Terms, Trouble, Watch, apply};
use crate::model::{Account, Address, Approvals, Colour, Environment, Health, Name, Word};
use crate::plan::{Action, ApprovedPlan, ORGANIZATION, Plan, Rollout, Step, Wave, WaveRules};
use jiff::Timestamp;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(super) const TERMS: Terms = Terms { limits: Limits { accounts: 8, steps: 4 }, watch: Watch::Whole, break_glass: None };
/// More calls than any test makes: who makes so many would go on for ever.
const ENDLESS: usize = 1_000;

/// What an attempt at a step comes to; the second argument says how many there were before.
type Perform = Box<dyn Fn(&Step, usize) -> Result<Performed, StepError>>;
/// What an account's canaries say, so long after the start.
type Canaries = Box<dyn Fn(&Account, Duration) -> Health>;

pub(super) struct Fake {
    pub perform: Perform,
    pub canaries: Canaries,
    /// Why the lock is not held, if it is not.
    pub lock: Result<(), String>,
    /// How long a step takes.
    pub takes: Duration,
    pub begins: Timestamp,
    /// Every attempt, and whether it was said to be another one.
    pub attempts: RefCell<Vec<(Address, bool)>>,
    /// Who was asked how it is, and when.
    pub asked: RefCell<Vec<(String, Duration)>>,
    pub calls: Cell<usize>,
    pub start: tokio::time::Instant,
}

impl Fake {
    /// In which all goes well, at once.
    pub fn new() -> Fake {
        Fake {
            perform: Box::new(|_, _| Ok(Performed::Done)),
            canaries: Box::new(|_, _| green()),
            lock: Ok(()),
            takes: Duration::ZERO,
            begins: "2026-11-21T09:00:00Z".parse().unwrap(),
            attempts: RefCell::default(),
            asked: RefCell::default(),
            calls: Cell::default(),
            start: tokio::time::Instant::now(),
        }
    }

    /// In which the steps of some accounts come to grief, and no others.
    pub fn with_trouble(accounts: &'static [&'static str], trouble: Trouble) -> Fake {
        let is_bad = |step: &Step| accounts.contains(&step.address.account.to_string().as_str());
        let perform = move |step: &Step, _| if is_bad(step) { Err(StepError::new(trouble, "no")) } else { Ok(Performed::Done) };
        Fake { perform: Box::new(perform), ..Fake::new() }
    }

    /// In which some accounts are red, whenever they are asked.
    pub fn with_red(accounts: &'static [&'static str]) -> Fake {
        let canaries = |account: &Account, _| if accounts.contains(&account.to_string().as_str()) { red("no answer") } else { green() };
        Fake { canaries: Box::new(canaries), ..Fake::new() }
    }

    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn called(&self) {
        self.calls.set(self.calls.get() + 1);
        assert!(self.calls.get() < ENDLESS, "this goes on for ever");
    }

    /// Carries out a plan, all of which was reviewed.
    pub async fn apply(&self, plan: Plan) -> Outcome {
        apply(&approved(plan), self, &TERMS, &mut |_: &Event<'_>| ()).await
    }
}

impl Cloud for Fake {
    async fn perform(&self, step: &Step, again: bool) -> Result<Performed, StepError> {
        let before = self.attempts.borrow().iter().filter(|(address, _)| *address == step.address).count();
        self.attempts.borrow_mut().push((step.address.clone(), again));
        self.called();
        if !self.takes.is_zero() {
            self.sleep(self.takes).await;
        }
        (self.perform)(step, before)
    }

    async fn ended(&self, _: &Account, _: &[Step], _: &[StepResult]) -> Result<(), String> {
        Ok(())
    }

    async fn health(&self, account: &Account) -> Health {
        self.asked.borrow_mut().push((account.to_string(), self.elapsed()));
        self.called();
        (self.canaries)(account, self.elapsed())
    }

    async fn lock_held(&self) -> Result<(), String> {
        self.lock.clone()
    }

    fn now(&self) -> Timestamp {
        self.begins + self.elapsed()
    }

    async fn sleep(&self, pause: Duration) {
        self.called();
        tokio::time::sleep(pause).await;
    }
}

pub(super) fn green() -> Health {
    Health::of(BTreeMap::from([("canary".to_owned(), Word { colour: Colour::Green, why: Vec::new(), suspects: Vec::new() })]))
}

pub(super) fn red(why: &str) -> Health {
    Health::of(BTreeMap::from([("canary".to_owned(), Word::silent(why))]))
}

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(super) fn account(text: &str) -> Account {
    text.parse().unwrap()
}

/// A step of an account, after others of it by their places.
pub(super) fn step(account: &str, role: &str, after: &[usize]) -> Step {
    let spec = serde_json::json!({ "iam-role": { "trust": {}, "policies": {}, "tags": {} } });
    Step {
        address: format!("{account}/global/iam-role/{role}").parse().unwrap(),
        action: Action::Create { want: serde_json::from_value(spec).unwrap(), replacing: false },
        after: after.to_vec(),
        concerns: vec![],
        asked: None,
    }
}

/// A plan with one step in each of these accounts, in the wave of its environment.
pub(super) fn plan(accounts: &[&str]) -> Plan {
    let all: BTreeSet<Account> = accounts.iter().map(|text| account(text)).collect();
    let of = |environment: Option<Environment>| all.iter().filter(move |account| account.environment() == environment);
    let steps = |one: &Account| (one.clone(), vec![step(&one.to_string(), "ci-deploy", &[])]);
    let wave = |name: Name, environment| Wave { name, accounts: of(environment).map(steps).collect() };
    let waves = Environment::ALL.map(|environment| wave(name(environment.as_str()), Some(environment)));
    let waves = [vec![wave(name(ORGANIZATION), None)], waves.into()].concat().into_iter().filter(|wave| !wave.accounts.is_empty());
    let rules = |each: Environment| WaveRules::of(each, of(Some(each)).cloned().collect(), name(each.as_str()));
    let rollout = Rollout { waves: Environment::ALL.map(rules).into(), time_zone: "UTC".to_owned(), ..Rollout::default() };
    let (estate, home_region, access_role) = (name("acme"), "us-west-2".parse().unwrap(), "role".to_owned());
    Plan {
        estate,
        home_region,
        access_role,
        emails: BTreeMap::new(),
        approvals: Approvals::default(),
        rollout,
        notices: Default::default(),
        waves: waves.collect(),
    }
}

/// The same plan, in which every member has a canary.
pub(super) fn watched(mut plan: Plan) -> Plan {
    let members = plan.rollout.waves.iter().flat_map(|rules| &rules.members);
    plan.rollout.canaries = members.map(|account| (account.clone(), BTreeSet::from([name("landfall-canary-a")]))).collect();
    plan
}

pub(super) fn approved(plan: Plan) -> ApprovedPlan {
    let reviewed = plan.steps().map(Step::digest).collect();
    ApprovedPlan::of(plan, &reviewed).0
}

/// What gates say, and of which wave.
pub(super) fn said(gates: &[Gate]) -> Vec<String> {
    gates.iter().flat_map(|gate| gate.reasons.iter().map(move |reason| format!("{}: {reason}", gate.wave))).collect()
}
