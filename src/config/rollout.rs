//! The types of `rollout` and `calendar` in `domains.yaml`, and what they come to for the accounts of the file. Their doc comments are
//! what editors show.

use super::domains::{Domains, EnvironmentName};
use crate::model::{Account, Environment, Name};
use crate::plan;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeSet;

/// How changes reach the accounts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rollout {
    /// The waves in order: `dev`, `stage` and `prod` stand for the accounts of these environments; any other is a mapping. Each account
    /// goes in the first wave that names it.
    #[schemars(length(max = 24))]
    pub waves: Vec<Wave>,
    /// What an account that failed or is not well holds back in later waves: the accounts of its own domain, or the whole estate.
    pub sick: Sick,
}

/// A wave: an environment, or a name with the accounts that it takes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Wave {
    Plain(String),
    Ruled(RuledWave),
}

/// A wave with the accounts that it takes, and what it demands.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuledWave {
    /// `dev`, `stage` or `prod`, which take the accounts of that environment unless something else is named; or a name of your own.
    pub name: String,
    /// Accounts by name, such as `catalog/dev`.
    #[serde(default)]
    pub accounts: BTreeSet<String>,
    /// All accounts of these domains.
    #[serde(default)]
    pub domains: BTreeSet<String>,
    /// All accounts of these environments.
    #[serde(default)]
    #[schemars(with = "BTreeSet<EnvironmentName>")]
    pub environments: BTreeSet<Environment>,
    /// How many accounts go at once: slowly, then faster. As many as the machine can serve, when absent.
    pub parallel: Option<Parallel>,
    /// How many of its accounts may fail before it halts: a number, or a percentage, rounded down. When absent, one in ten, and one of two
    /// to nineteen; in a wave of one account, none.
    pub tolerate: Option<Tolerate>,
    /// For how long all accounts until here have to stay well before the next wave starts: `90s`, `10m`, `2h`; a week at the most.
    pub bake: Option<String>,
}

/// How many accounts go at once.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Parallel {
    /// How many accounts go first.
    #[schemars(range(min = 1, max = 64))]
    pub start: usize,
    /// By what the number is multiplied after each round in which no account failed.
    #[schemars(range(min = 1, max = 10))]
    pub grow: usize,
    /// The most accounts at once.
    #[schemars(range(min = 1, max = 64))]
    pub most: usize,
}

/// A number of accounts, or a percentage.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Tolerate {
    Count(u32),
    Share(String),
}

/// What a sick account holds back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sick {
    #[default]
    Domain,
    Estate,
}

/// The days on which nothing is changed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Calendar {
    pub block_days: Vec<BlockDays>,
    /// Where the days begin and end, such as `America/Los_Angeles`.
    pub time_zone: String,
}

/// Days on which nothing is changed, and why.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockDays {
    pub name: String,
    /// The first day: `2026-11-26`.
    pub from: String,
    /// The last day.
    pub to: String,
}

impl Default for Rollout {
    fn default() -> Rollout {
        let waves = Environment::ALL.map(|environment| Wave::Plain(environment.to_string()));
        Rollout { waves: waves.into(), sick: Sick::default() }
    }
}

impl Default for Parallel {
    /// One, two, four, … up to what an apply without growth does at once.
    fn default() -> Parallel {
        Parallel { start: 1, grow: 2, most: 16 }
    }
}

impl Default for Calendar {
    fn default() -> Calendar {
        Calendar { block_days: Vec::new(), time_zone: "UTC".to_owned() }
    }
}

impl Wave {
    pub fn name(&self) -> &str {
        match self {
            Wave::Plain(name) => name,
            Wave::Ruled(wave) => &wave.name,
        }
    }

    /// The wave with everything that goes without saying.
    pub fn ruled(&self) -> RuledWave {
        let mut wave = match self {
            Wave::Plain(name) => RuledWave { name: name.clone(), ..RuledWave::default() },
            Wave::Ruled(wave) => wave.clone(),
        };
        if wave.accounts.is_empty() && wave.domains.is_empty() && wave.environments.is_empty() {
            wave.environments.extend(wave.name.parse::<Environment>().ok());
        }
        wave
    }
}

impl RuledWave {
    /// Whether the wave names an account.
    pub fn takes(&self, account: &Account) -> bool {
        let Account::Member { domain, environment } = account else { return false };
        self.environments.contains(environment) || self.domains.contains(domain.as_str()) || self.accounts.contains(&account.to_string())
    }

    pub fn tolerance(&self) -> Option<Result<plan::Tolerance, String>> {
        self.tolerate.as_ref().map(|tolerate| match tolerate {
            Tolerate::Count(count) => Ok(plan::Tolerance::Count(*count as usize)),
            Tolerate::Share(text) => text.parse(),
        })
    }
}

/// Every account of the file, whether or not anything is wrong with it.
pub fn accounts(domains: &Domains) -> impl Iterator<Item = Account> {
    domains.domains.iter().filter_map(|(name, domain)| Some((name.parse::<Name>().ok()?, domain))).flat_map(|(name, domain)| {
        domain.environments.iter().map(move |environment| Account::member(name.clone(), *environment)).collect::<Vec<_>>()
    })
}

/// What the file asks for, in the planner's terms. What is wrong in it has been reported, and is left out.
pub fn of(domains: &Domains) -> plan::Rollout {
    let mut left: BTreeSet<Account> = accounts(domains).collect();
    let mut waves = Vec::new();
    for wave in domains.rollout.waves.iter().map(Wave::ruled) {
        let Ok(name) = wave.name.parse::<Name>() else { continue };
        let members: BTreeSet<Account> = left.extract_if(.., |account| wave.takes(account)).collect();
        let parallel = wave.parallel.map(|Parallel { start, grow, most }| plan::Parallel { start, grow, most: most.max(start) });
        let tolerate = wave.tolerance().and_then(Result::ok);
        let bake_seconds = wave.bake.as_deref().and_then(|text| plan::seconds(text).ok()).unwrap_or_default();
        waves.push(plan::WaveRules { name, members, environments: wave.environments, parallel, tolerate, bake_seconds });
    }
    let sick = match domains.rollout.sick {
        Sick::Domain => plan::Sick::Domain,
        Sick::Estate => plan::Sick::Estate,
    };
    let block_days = domains.calendar.block_days.iter().cloned();
    let block_days = block_days.map(|BlockDays { name, from, to }| plan::BlockDays { name, from, to }).collect();
    plan::Rollout { waves, sick, time_zone: domains.calendar.time_zone.clone(), block_days, ..plan::Rollout::default() }
}
