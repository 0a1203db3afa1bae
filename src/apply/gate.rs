//! Gates: what has to hold before a wave starts. The decision is pure; what it is made from is asked of the cloud, before the bake time,
//! during it and at its end. Never starts anything, and never takes silence for an answer.

use super::waves::{Event, Terms, Watch};
use super::{Cloud, Reading, ask};
use crate::model::{Account, Health, Healths, Name};
use crate::plan::{BlockDays, Plan, Rollout, Sick};
use futures::StreamExt;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

/// How often a gate is asked again while a wave bakes: a canary looks for itself every few minutes, and each time that it is asked.
const INTERVAL: Duration = Duration::from_secs(60);

/// What a gate says of one wave.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    pub wave: Name,
    /// What does not hold, the same thing once.
    pub reasons: Vec<Reason>,
    /// The accounts of the wave that may not start because of it.
    pub held: BTreeSet<Account>,
    /// Those that may.
    pub free: BTreeSet<Account>,
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    BlockDay(BlockDays),
    /// Somebody else may write, and why we no longer may.
    LockLost(String),
    /// A canary of an account in an earlier wave is not green.
    Red(Account, Health),
    /// Its steps did not all succeed in this run, or it was not well after them.
    Failed(Account),
    /// It did not start in an earlier wave.
    HeldBefore(Account),
    /// More accounts of a wave failed than it tolerates.
    TooMany {
        wave: Name,
        failed: usize,
        tolerated: usize,
    },
    /// An earlier wave did not start.
    NotStarted(Name),
}

/// What has come to pass in a run, as its later gates see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    pub failed: BTreeSet<Account>,
    pub held: BTreeSet<Account>,
    /// Why no further wave starts, whatever canaries say.
    pub halted: Option<Reason>,
}

/// What was seen when a gate was asked.
struct Seen {
    block_day: Option<BlockDays>,
    lock: Result<(), String>,
    healths: Healths,
}

impl Gate {
    /// A gate of which nothing is known yet, before those accounts of its wave that have something to do, or all, where none has.
    fn open(plan: &Plan, wave: &Name) -> Gate {
        let busy = plan.waves.iter().filter(|other| other.name == *wave).flat_map(|wave| &wave.accounts);
        let busy: BTreeSet<Account> = busy.filter(|(_, steps)| !steps.is_empty()).map(|(account, _)| account.clone()).collect();
        let idle = plan.rollout.rules(wave).filter(|_| busy.is_empty()).map(|rules| rules.members.clone());
        Gate { wave: wave.clone(), reasons: Vec::new(), held: BTreeSet::new(), free: idle.unwrap_or(busy) }
    }

    /// Whether nothing is held back.
    pub fn holds(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether nothing may start.
    pub fn is_shut(&self) -> bool {
        self.free.is_empty()
    }

    /// Adds what does not hold, for good: what was red once is not green again within one gate.
    fn add(&mut self, reasons: Vec<Reason>, sick: Sick) {
        for reason in reasons {
            self.held.extend(self.free.extract_if(.., |account| reason.holds_back(account, sick)));
            if !self.reasons.iter().any(|known| known.is_about(&reason)) {
                self.reasons.push(reason);
            }
        }
    }
}

impl Reason {
    /// Whether it holds back an account of a later wave.
    fn holds_back(&self, account: &Account, sick: Sick) -> bool {
        self.domain(sick).is_none_or(|own| domain(account).is_none_or(|other| own == other))
    }

    /// The domain of which alone it holds back accounts; none where it holds back every account there is.
    fn domain(&self, sick: Sick) -> Option<&Name> {
        match self {
            Reason::Red(of, _) | Reason::Failed(of) | Reason::HeldBefore(of) if sick == Sick::Domain => domain(of),
            _ => None,
        }
    }

    /// Whether both are about one thing, which need not be said twice.
    fn is_about(&self, other: &Reason) -> bool {
        match (self, other) {
            (Reason::Red(one, _), Reason::Red(other, _)) => one == other,
            _ => self == other,
        }
    }

    /// Whether it stands for itself. The others follow from steps that did not succeed, which say more.
    pub fn is_cause(&self) -> bool {
        matches!(self, Reason::BlockDay(_) | Reason::LockLost(_) | Reason::Red(..))
    }
}

/// The one decision: what of all that was seen does not hold.
fn decide(past: &Past, seen: Seen, glass_is_broken: bool) -> Vec<Reason> {
    let Seen { block_day, lock, healths } = seen;
    let block_day = block_day.filter(|_| !glass_is_broken).map(Reason::BlockDay);
    let lock = lock.err().map(Reason::LockLost);
    let red = healths.into_iter().filter(|(_, health)| health.is_red()).map(|(account, health)| Reason::Red(account, health));
    past.reasons().chain(block_day).chain(lock).chain(red).collect()
}

impl Past {
    fn reasons(&self) -> impl Iterator<Item = Reason> {
        let failed = self.failed.iter().cloned().map(Reason::Failed);
        self.halted.iter().cloned().chain(failed).chain(self.held.iter().cloned().map(Reason::HeldBefore))
    }

    /// What follows for later waves from a gate.
    ///
    /// The accounts that it holds back do not start, and are remembered with all others that don't.
    pub(super) fn remember(&mut self, gate: &Gate, sick: Sick) {
        if gate.reasons.iter().any(|reason| reason.domain(sick).is_none()) {
            self.halted.get_or_insert_with(|| Reason::NotStarted(gate.wave.clone()));
        }
    }
}

/// Asks whether a wave of a plan may start. Takes as long as the wave before it has to bake.
pub async fn gate(plan: &Plan, wave: &Name, past: &Past, cloud: &impl Cloud, terms: &Terms, tell: &impl Fn(&Event<'_>)) -> Gate {
    let (rollout, mut gate) = (&plan.rollout, Gate::open(plan, wave));
    if past.halted.is_some() {
        gate.add(past.reasons().collect(), rollout.sick);
        return gate;
    }
    let watched = match terms.watch {
        Watch::Whole => canaries_before(rollout, wave).collect(),
        Watch::Own => asked_by(rollout, wave, &gate.free),
    };
    let glass = terms.break_glass.as_deref();
    let bake = if terms.watch == Watch::Own { Duration::ZERO } else { plan.bake_before(wave) };
    let mut waited = Duration::ZERO;
    loop {
        let seen = look(rollout, &watched, cloud, terms, tell).await;
        if let Some((why, days)) = glass.zip(seen.block_day.as_ref()) {
            tell(&Event::GlassBroken { wave, why, despite: &format!("{} is a block day", days.name) });
        }
        gate.add(decide(past, seen, glass.is_some()), rollout.sick);
        if gate.is_shut() || waited >= bake {
            return gate;
        }
        if let Some(why) = glass {
            tell(&Event::GlassBroken { wave, why, despite: "the waves before it have not baked" });
            return gate;
        }
        if waited.is_zero() {
            tell(&Event::GateBakes { wave, bake });
        }
        let pause = INTERVAL.min(bake - waited);
        cloud.sleep(pause).await;
        waited += pause;
    }
}

/// The accounts of all earlier waves that have a canary, changed or not.
fn canaries_before<'a>(rollout: &'a Rollout, wave: &Name) -> impl Iterator<Item = &'a Account> {
    rollout.before(wave).filter(|account| rollout.canaries.contains_key(*account))
}

/// The accounts whose canaries one job of a matrix asks before it begins with its own in a wave: those of the same domains alone.
pub fn asked_by<'a>(rollout: &'a Rollout, wave: &Name, own: &BTreeSet<Account>) -> Vec<&'a Account> {
    let domains: BTreeSet<&Name> = own.iter().filter_map(domain).collect();
    canaries_before(rollout, wave).filter(|account| domain(account).is_some_and(|domain| domains.contains(domain))).collect()
}

fn domain(account: &Account) -> Option<&Name> {
    match account {
        Account::Management => None,
        Account::Member { domain, .. } => Some(domain),
    }
}

async fn look(rollout: &Rollout, watched: &[&Account], cloud: &impl Cloud, terms: &Terms, tell: &impl Fn(&Event<'_>)) -> Seen {
    let (block_day, lock) = (rollout.blocked(cloud.now()).cloned(), cloud.lock_held().await);
    let asked = watched.iter().map(|account| async move { ((*account).clone(), ask(cloud, account).await) });
    let healths: Healths = futures::stream::iter(asked).buffer_unordered(terms.limits.accounts.max(1)).collect().await;
    for (account, health) in &healths {
        tell(&Event::HealthRead { account, reading: Reading::During, health });
    }
    Seen { block_day, lock, healths }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::BlockDay(BlockDays { name, from, to }) => write!(f, "{name} is a block day, from {from} to {to}"),
            Reason::LockLost(why) => write!(f, "the lock is not held any more: {why}"),
            Reason::Red(account, health) => write!(f, "{account} is red: {}", health.complaints().join("; ")),
            Reason::Failed(account) => write!(f, "{account} did not succeed"),
            Reason::HeldBefore(account) => write!(f, "{account} was held back"),
            Reason::TooMany { wave, failed, tolerated } => write!(f, "{failed} of the wave {wave} failed, and it tolerates {tolerated}"),
            Reason::NotStarted(wave) => write!(f, "the wave {wave} did not start"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Trouble;
    use super::super::fake::{Fake, TERMS, account, green, name, plan, red, said, step, watched};
    use super::*;
    use crate::plan::{ORGANIZATION_LAST, Wave};

    /// Asks the gate of prod, before which others bake for so long.
    async fn gate_of_prod(cloud: &Fake, bake_seconds: u64) -> Gate {
        let mut plan = watched(plan(&["a/dev", "b/dev", "a/prod", "b/prod"]));
        plan.rollout.waves[0].bake_seconds = bake_seconds;
        gate(&plan, &name("prod"), &Past::default(), cloud, &TERMS, &|_: &Event<'_>| ()).await
    }

    #[tokio::test(start_paused = true)]
    async fn canaries_are_asked_before_a_wave_bakes_every_minute_and_at_its_end_and_no_longer() {
        for (bake, expected) in [(0, vec![0]), (45, vec![0, 45]), (90, vec![0, 60, 90]), (180, vec![0, 60, 120, 180])] {
            let cloud = Fake::new();
            assert!(gate_of_prod(&cloud, bake).await.holds());
            let when: BTreeSet<u64> = cloud.asked.borrow().iter().map(|(_, when)| when.as_secs()).collect();
            assert_eq!((when, cloud.elapsed()), (expected.into_iter().collect(), Duration::from_secs(bake)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_gate_that_holds_back_all_ends_at_once_and_one_that_lets_some_go_bakes_to_the_end() {
        let all = Fake::with_red(&["a/dev", "b/dev"]);
        let gate = gate_of_prod(&all, 90).await;
        assert_eq!((gate.holds(), gate.is_shut(), all.elapsed()), (false, true, Duration::ZERO));
        let one = Fake::with_red(&["a/dev"]);
        let gate = gate_of_prod(&one, 90).await;
        assert_eq!((gate.holds(), gate.is_shut(), one.elapsed()), (false, false, Duration::from_secs(90)));
        assert_eq!((gate.held, gate.free), (BTreeSet::from([account("a/prod")]), BTreeSet::from([account("b/prod")])));
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_that_is_red_is_told_once_whatever_else_it_says_later() {
        let worse = |account: &Account, when: Duration| match account.to_string().as_str() {
            "a/dev" => red(if when.is_zero() { "no answer" } else { "no route" }),
            "b/dev" if !when.is_zero() => red("no answer"),
            _ => green(),
        };
        let gate = gate_of_prod(&Fake { canaries: Box::new(worse), ..Fake::new() }, 120).await;
        let told = ["a/dev", "b/dev"].map(|account| format!("prod: {account} is red: canary: silent: no answer"));
        assert_eq!(said(&[gate]), told);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_in_which_every_gate_holds_names_none() {
        let outcome = Fake::new().apply(watched(plan(&["a/dev", "a/prod"]))).await;
        assert_eq!((outcome.succeeded(), outcome.gates), (true, vec![]));
    }

    /// Which accounts were held back, and what was said first of the first and of the last wave that some were held back of.
    async fn held(cloud: &Fake, plan: &Plan) -> [String; 3] {
        let gates = cloud.apply(plan.clone()).await.gates;
        let accounts: BTreeSet<Account> = gates.iter().flat_map(|gate| gate.held.iter().cloned()).collect();
        let first = |gate: &Gate| format!("{}: {}", gate.wave, gate.reasons[0]);
        [crate::model::show(&accounts), first(&gates[0]), first(&gates[gates.len() - 1])]
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_wave_that_did_not_start_no_other_does_and_no_canary_is_asked() {
        let all = watched(plan(&["management", "a/dev", "a/prod", "b/stage", "b/prod"]));
        let lost = Fake { lock: Err("broken by sam".to_owned()), ..Fake::new() };
        let why = "organization: the lock is not held any more: broken by sam";
        let expected = ["management, a/dev, a/prod, b/stage, b/prod", why, "prod: the wave organization did not start"];
        assert_eq!(held(&lost, &all).await, expected);
        assert_eq!(*lost.asked.borrow(), []);
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_that_failed_holds_back_its_domain_or_the_estate_as_the_files_say() {
        let mut all = plan(&["a/dev", "a/prod", "b/stage", "b/prod"]);
        all.rollout.waves[0].tolerate = Some("1".parse().unwrap());
        let cloud = || Fake::with_trouble(&["a/dev"], Trouble::Refused);
        let why = "a/dev did not succeed";
        assert_eq!(held(&cloud(), &all).await, ["a/prod".to_owned(), format!("prod: {why}"), format!("prod: {why}")]);
        all.rollout.sick = Sick::Estate;
        let shut = "prod: the wave stage did not start".to_owned();
        assert_eq!(held(&cloud(), &all).await, ["a/prod, b/stage, b/prod".to_owned(), format!("stage: {why}"), shut]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_hangs_from_the_organization_waits_for_it_and_its_last_wave_for_all_that_hangs_from_it() {
        let mut plan = plan(&["management", "a/dev", "b/dev", "b/prod"]);
        let last = [(Account::Management, vec![step("management", "last", &[])])];
        plan.waves.push(Wave { name: name(ORGANIZATION_LAST), accounts: last.into() });
        let why = "1 of the wave organization failed, and it tolerates 0";
        let expected = ["management, a/dev, b/dev, b/prod".to_owned(), format!("dev: {why}"), format!("organization-last: {why}")];
        assert_eq!(held(&Fake::with_trouble(&["management"], Trouble::Refused), &plan).await, expected);
        let why = "organization-last: a/dev did not succeed";
        assert_eq!(held(&Fake::with_trouble(&["a/dev"], Trouble::Refused), &plan).await, ["management", why, why]);
    }

    #[test]
    fn what_follows_from_steps_that_did_not_succeed_is_no_cause_of_its_own() {
        let days = BlockDays { name: "Black Friday".into(), from: "2026-11-27".into(), to: "2026-11-27".into() };
        let a = || account("a/dev");
        let causes = [Reason::BlockDay(days), Reason::LockLost("broken".into()), Reason::Red(a(), red("no answer"))];
        assert!(causes.iter().all(Reason::is_cause));
        let too_many = Reason::TooMany { wave: name("dev"), failed: 2, tolerated: 1 };
        let effects = [Reason::Failed(a()), Reason::HeldBefore(a()), too_many, Reason::NotStarted(name("dev"))];
        assert!(!effects.iter().any(Reason::is_cause));
    }
}
