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
        match (self, sick) {
            (Reason::Red(of, _) | Reason::Failed(of) | Reason::HeldBefore(of), Sick::Domain) => match (of, account) {
                (Account::Member { domain, .. }, Account::Member { domain: other, .. }) => domain == other,
                _ => true,
            },
            _ => true,
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
    pub(super) fn remember(&mut self, gate: &Gate, sick: Sick) {
        self.held.extend(gate.held.iter().cloned());
        if gate.reasons.iter().any(|reason| reason.is_everywhere(sick)) && self.halted.is_none() {
            self.halted = Some(Reason::NotStarted(gate.wave.clone()));
        }
    }
}

impl Reason {
    /// Whether it holds back every account there is.
    fn is_everywhere(&self, sick: Sick) -> bool {
        match self {
            Reason::Red(of, _) | Reason::Failed(of) | Reason::HeldBefore(of) => sick == Sick::Estate || *of == Account::Management,
            _ => true,
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
        if let Some((why, days)) = glass.zip(seen.block_day.as_ref()).filter(|_| waited.is_zero()) {
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
