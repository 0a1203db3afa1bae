//! A case: everything that a seed decides beforehand, as plain data, so that it can be shrunk and kept. What happens by chance while it is
//! played is drawn from its seed as well. Holds no expectation.

use super::files::{Network, Team};
use crate::world::Seed;
use serde::{Deserialize, Serialize};

/// A whole story of an estate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub seed: u64,
    /// Where VPC ranges come from: mostly wide, sometimes nearly full.
    pub pool: String,
    /// Whether one sick account holds back all, and not only its domain.
    pub sick_estate: bool,
    pub bake_seconds: u64,
    pub teams: Vec<Team>,
    pub chapters: Vec<Chapter>,
}

/// A pull request, what comes in its way, and how its runs go until all is calm again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    pub edits: Vec<Edit>,
    /// What people change by hand: before the review, and between the review and the runs.
    pub before: Vec<Drift>,
    pub between: Vec<Drift>,
    /// What they change while a run goes on, so many seconds after it set out.
    pub during: Vec<(u64, Drift)>,
    /// What lasts until the storm is over.
    pub troubles: Vec<Trouble>,
    pub faults: Faults,
    pub runs: Vec<Run>,
}

/// One run in a storm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// After so many awaits it is killed.
    pub killed_after: Option<u64>,
    /// After so many awaits its machine stands still for minutes, and goes on as if nothing had been.
    pub stalled_after: Option<u64>,
    /// Another one that starts in the same minute.
    pub rival: bool,
    /// Whether it plans before it takes its turn, as by hand, and not after it, as in CI.
    pub plans_first: bool,
    /// By how much its clock is wrong, and by how much it jumps while it writes, in seconds.
    pub clock: i64,
    pub jump: i64,
    /// Whether the reviewer struck out all deletes.
    pub spares: bool,
}

/// A change of the files. Numbers pick one of those that there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    Add(Team),
    Remove(u64),
    /// Removed, and its accounts closed.
    Retire(u64),
    Rename(u64),
    /// Into another organizational unit.
    Move(u64),
    /// One availability zone more, or one less.
    Resize(u64),
    /// A range of its own, which replaces its networks.
    Fix(u64, u8),
    /// Its network goes, or comes.
    Network(u64),
    /// Another team's name in its tags.
    Relabel(u64),
    /// Another email for its accounts: by hand alone.
    Email(u64),
    /// A log group less, and perhaps retired by name.
    Logs(u64, bool),
}

/// What somebody does by hand. Numbers pick one of the resources that there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// Deleted, with all that is bound to it.
    Gone(u64),
    Retagged(u64),
    /// Its settings changed.
    Changed(u64),
    /// A resource with our mark that nobody declared.
    Undeclared(u64),
    /// It has lost our mark.
    Unmarked(u64),
    /// Somebody else's VPC, with a range in the pool.
    Foreign(u64, u8),
    /// Something was written into a log group.
    Filled(u64),
}

/// What lasts for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// One kind can't be read in one account.
    Unreadable(u64),
    /// Nothing in one account can be.
    Denied(u64),
    Suspended(u64),
    /// No more resources of its kind in any account.
    Quota(u64),
    /// Its canaries are red.
    Red(u64),
    /// Two resources carry one mark.
    Twin(u64),
}

/// How often what goes wrong, in percent of the calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    pub throttled: u64,
    /// The answer is lost, or is a 5xx, or comes too late; half of the time the call had been carried out.
    pub lost: u64,
    pub slow: u64,
    pub unsettled: u64,
    /// What was just made is not listed yet.
    pub stale: u64,
    /// A listing that fails.
    pub unread: u64,
    /// A canary that is red for one answer.
    pub flapping: u64,
    /// What became of an account can't be recorded.
    pub unrecorded: u64,
}

impl Faults {
    fn is_calm(&self) -> bool {
        *self == Faults::default()
    }
}

impl Case {
    /// The case of a seed, with about so many accounts.
    pub fn of(seed: u64, accounts: u64) -> Case {
        let dice = Seed::new(seed);
        let pool = if dice.percent(85) { "10.0.0.0/8" } else { "10.0.0.0/18" };
        let (mut teams, mut made) = (Vec::new(), 0);
        while made < accounts {
            let team = team(&dice, teams.len() as u64);
            made += team.environments.len() as u64;
            teams.push(team);
        }
        let mut chapters = vec![Chapter { edits: Vec::new(), ..chapter(&dice, 0) }];
        chapters.extend((0..1 + dice.below(2)).map(|at| chapter(&dice, 100 * (at + 1))));
        let (sick_estate, bake_seconds) = (dice.percent(30), dice.below(3) * 150);
        Case { seed, pool: pool.to_owned(), sick_estate, bake_seconds, teams, chapters }
    }

    /// How much there is to it: what shrinking makes less.
    pub fn size(&self) -> usize {
        let of_chapter = |chapter: &Chapter| {
            let Chapter { edits, before, between, during, troubles, faults, runs } = chapter;
            1 + edits.len() + before.len() + between.len() + during.len() + troubles.len() + runs.len() + usize::from(!faults.is_calm())
        };
        self.teams.iter().map(Team::size).sum::<usize>() + self.chapters.iter().map(of_chapter).sum::<usize>()
    }
}

fn team(dice: &Seed, number: u64) -> Team {
    let environments = [vec![2], vec![0, 2], vec![0, 1, 2], vec![0, 1, 2]][dice.below(4) as usize].clone();
    // Networks are most of what there is to plan, and one in three domains has one: elsewhere accounts and roles are enough.
    let network = dice.percent(35).then(|| Network { prefix: 20 + dice.below(3) as u8, zones: 1 + dice.below(2) as usize, fixed: None });
    Team {
        name: format!("domain-{number}"),
        environments,
        network,
        role: dice.percent(50),
        logs: dice.below(2),
        watched: dice.percent(50),
        elsewhere: dice.percent(10),
        label: "platform".to_owned(),
        mail: 0,
    }
}

fn several<T>(dice: &Seed, most: u64, make: impl Fn() -> T) -> Vec<T> {
    (0..dice.below(most + 1)).map(|_| make()).collect()
}

fn chapter(dice: &Seed, first: u64) -> Chapter {
    let stormy = dice.percent(60);
    let rate = |most: u64| if stormy && dice.percent(60) { 1 + dice.below(most) } else { 0 };
    Chapter {
        edits: (0..1 + dice.below(3)).map(|at| edit(dice, first + at)).collect(),
        before: several(dice, 2, || drift(dice)),
        between: several(dice, 2, || drift(dice)),
        during: several(dice, 2, || (dice.below(240), drift(dice))),
        troubles: several(dice, 2, || trouble(dice)),
        faults: Faults {
            throttled: rate(15),
            lost: rate(8),
            slow: rate(5),
            unsettled: rate(8),
            stale: rate(50),
            unread: rate(3),
            flapping: rate(5),
            unrecorded: rate(20),
        },
        runs: (0..1 + dice.below(2)).map(|_| run(dice)).collect(),
    }
}

fn run(dice: &Seed) -> Run {
    let far = |most: u64| i64::try_from(dice.below(2 * most + 1)).unwrap_or_default() - i64::try_from(most).unwrap_or_default();
    Run {
        killed_after: dice.percent(50).then(|| 1 + dice.below(600)),
        stalled_after: dice.percent(15).then(|| 1 + dice.below(400)),
        rival: dice.percent(20),
        plans_first: dice.percent(20),
        clock: far(10),
        jump: if dice.percent(20) { far(10) } else { 0 },
        spares: dice.percent(15),
    }
}

fn edit(dice: &Seed, number: u64) -> Edit {
    let pick = dice.below(1 << 32);
    match dice.below(12) {
        0 | 1 => Edit::Add(team(dice, number + 10)),
        2 => Edit::Remove(pick),
        3 => Edit::Retire(pick),
        4 => Edit::Rename(pick),
        5 => Edit::Move(pick),
        6 => Edit::Resize(pick),
        7 => Edit::Fix(pick, dice.below(256) as u8),
        8 => Edit::Network(pick),
        9 => Edit::Relabel(pick),
        10 => Edit::Email(pick),
        _ => Edit::Logs(pick, dice.percent(50)),
    }
}

fn drift(dice: &Seed) -> Drift {
    let pick = dice.below(1 << 32);
    match dice.below(8) {
        0 | 1 => Drift::Gone(pick),
        2 => Drift::Retagged(pick),
        3 => Drift::Changed(pick),
        4 => Drift::Undeclared(pick),
        5 => Drift::Unmarked(pick),
        6 => Drift::Foreign(pick, dice.below(256) as u8),
        _ => Drift::Filled(pick),
    }
}

fn trouble(dice: &Seed) -> Trouble {
    let pick = dice.below(1 << 32);
    match dice.below(7) {
        0 | 1 => Trouble::Unreadable(pick),
        2 => Trouble::Denied(pick),
        3 => Trouble::Suspended(pick),
        4 => Trouble::Quota(pick),
        5 => Trouble::Red(pick),
        _ => Trouble::Twin(pick),
    }
}
