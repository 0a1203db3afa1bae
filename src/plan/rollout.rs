//! How changes reach the accounts: waves with what they demand, the days on which nothing starts, and the canaries that are asked.
//! Plain data, part of the plan: what was reviewed is what is run. Knows no clock; whoever asks brings the time.

use super::{Desired, Plan, Wave};
use crate::kinds::{Kind, LambdaFunction};
use crate::model::{Account, Environment, Name};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The wave of what belongs to the organization as a whole: before all others, which hang from it.
pub const ORGANIZATION: &str = "organization";
/// The wave of what of the organization can go only after everything that hangs from it; rollbacks have it.
pub const ORGANIZATION_LAST: &str = "organization-last";
/// What the functions are called that are canaries.
const CANARY: &str = "landfall-canary-";
/// Where nothing else is said, one account in so many may fail before its wave halts, and one of several always.
const TOLERATED_SHARE: usize = 10;

/// How changes reach the accounts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// In order; the organization goes before them all.
    pub waves: Vec<WaveRules>,
    pub sick: Sick,
    /// By which block days begin and end, such as `America/Los_Angeles`.
    pub time_zone: String,
    pub block_days: Vec<BlockDays>,
    /// The canaries that each account has by the files.
    pub canaries: BTreeMap<Account, BTreeSet<Name>>,
}

/// What a wave takes, and what it demands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaveRules {
    pub name: Name,
    /// The declared accounts that go in it, with or without steps.
    pub members: BTreeSet<Account>,
    /// The environments whose accounts it takes that no wave before it does: where an account goes that nobody declares any more.
    pub environments: BTreeSet<Environment>,
    /// How its width grows; all at once, as far as the machine allows, when absent.
    pub parallel: Option<Parallel>,
    /// How many accounts may fail before it halts.
    pub tolerate: Option<Tolerance>,
    /// For how long its accounts have to stay well before the next wave starts.
    pub bake_seconds: u64,
}

/// Slowly, then faster: how many accounts go at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parallel {
    pub start: usize,
    /// After a round in which none failed, by what the width is multiplied.
    pub grow: usize,
    pub most: usize,
}

/// How many accounts of a wave may fail: `3` or `5%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    Count(usize),
    Percent(usize),
}

/// What an account that is not well holds back in later waves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sick {
    /// The accounts of its own domain.
    #[default]
    Domain,
    /// All accounts.
    Estate,
}

/// Days on which no wave starts, and why. Dates as `2026-11-26`, both included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockDays {
    pub name: String,
    pub from: String,
    pub to: String,
}

impl Rollout {
    /// The place of the wave that takes an account; the last one's for an account that none names, since it is the most careful.
    pub fn place_of(&self, account: &Account) -> Option<usize> {
        let environment = account.environment()?;
        let named = self.waves.iter().position(|wave| wave.members.contains(account));
        let by_environment = || self.waves.iter().position(|wave| wave.environments.contains(&environment));
        named.or_else(by_environment).or_else(|| self.waves.len().checked_sub(1))
    }

    /// The place of a wave by its name.
    pub fn place(&self, wave: &Name) -> Option<usize> {
        self.waves.iter().position(|rules| rules.name == *wave)
    }

    /// The rules of a wave; none for the organization's, which has no peers.
    pub fn rules(&self, wave: &Name) -> Option<&WaveRules> {
        self.waves.iter().find(|rules| rules.name == *wave)
    }

    /// Every account of the waves before one; of all waves, for a name that is none. The organization's has none before it.
    pub fn before(&self, wave: &Name) -> impl Iterator<Item = &Account> {
        let end = if wave.as_str() == ORGANIZATION { 0 } else { self.place(wave).unwrap_or(self.waves.len()) };
        self.waves[..end].iter().flat_map(|rules| &rules.members)
    }

    /// The block days that a moment is on, if it is on any. Dates that are none block: nobody can say when they would end.
    pub fn blocked(&self, now: Timestamp) -> Option<&BlockDays> {
        let today = TimeZone::get(&self.time_zone).ok().map(|zone| now.to_zoned(zone).date());
        self.block_days.iter().find(|days| match (days.span(), today) {
            (Some((from, to)), Some(today)) => from <= today && today <= to,
            _ => true,
        })
    }

    /// What in it no planner writes.
    pub(super) fn contradiction(&self) -> Option<String> {
        let names: BTreeSet<&Name> = self.waves.iter().map(|wave| &wave.name).collect();
        let narrow = |wave: &&WaveRules| wave.parallel.is_some_and(|width| width.start == 0 || width.grow == 0 || width.most < width.start);
        if names.len() < self.waves.len() || names.iter().any(|name| [ORGANIZATION, ORGANIZATION_LAST].contains(&name.as_str())) {
            Some("two of its waves have one name".to_owned())
        } else if let Some(wave) = self.waves.iter().find(narrow) {
            Some(format!("the wave {} never starts anything", wave.name))
        } else if TimeZone::get(&self.time_zone).is_err() || self.block_days.iter().any(|days| days.span().is_none()) {
            Some("its block days are no days".to_owned())
        } else {
            None
        }
    }
}

impl Plan {
    /// For how long the accounts before a wave have to stay well: the longest bake time of the waves since the last one that this plan has
    /// steps in, that one included. When nobody knows whether an earlier run has waited, as after a crash, this one waits.
    pub fn bake_before(&self, wave: &Name) -> Duration {
        let Some(place) = self.rollout.place(wave).filter(|_| wave.as_str() != ORGANIZATION) else { return Duration::ZERO };
        let is_busy = |wave: &Wave| wave.accounts.values().any(|steps| !steps.is_empty());
        let has_steps = |name: &Name| self.waves.iter().any(|wave| wave.name == *name && is_busy(wave));
        let from = self.rollout.waves[..place].iter().rposition(|rules| has_steps(&rules.name)).unwrap_or_default();
        self.rollout.waves[from..place].iter().filter(|rules| !rules.members.is_empty()).map(WaveRules::bake).max().unwrap_or_default()
    }
}

impl Parallel {
    /// How many accounts go after a round of so many in which none failed.
    pub fn after(self, round: usize) -> usize {
        round.saturating_mul(self.grow).min(self.most).max(self.start)
    }
}

impl WaveRules {
    /// A wave that takes an environment, and demands nothing in particular.
    pub fn of(environment: Environment, members: BTreeSet<Account>, name: Name) -> WaveRules {
        let environments = BTreeSet::from([environment]);
        WaveRules { name, members, environments, parallel: None, tolerate: None, bake_seconds: 0 }
    }

    /// How many of so many accounts may fail.
    pub fn tolerated(&self, accounts: usize) -> usize {
        match self.tolerate {
            Some(Tolerance::Count(count)) => count,
            Some(Tolerance::Percent(percent)) => accounts * percent / 100,
            None if accounts < 2 => 0,
            None => (accounts / TOLERATED_SHARE).max(1),
        }
    }

    pub fn bake(&self) -> Duration {
        Duration::from_secs(self.bake_seconds)
    }

    /// Whether it demands nothing in particular.
    pub fn is_plain(&self) -> bool {
        self.parallel.is_none() && self.tolerate.is_none() && self.bake_seconds == 0
    }
}

impl BlockDays {
    fn span(&self) -> Option<(Date, Date)> {
        Some((self.from.parse().ok()?, self.to.parse().ok()?))
    }
}

/// The canaries that the files declare, by account.
pub fn canaries(desired: &Desired) -> BTreeMap<Account, BTreeSet<Name>> {
    let mut canaries: BTreeMap<Account, BTreeSet<Name>> = BTreeMap::new();
    for at in desired.resources.keys().filter(|at| at.kind == LambdaFunction::NAME && is_canary(&at.name)) {
        canaries.entry(at.account.clone()).or_default().insert(at.name.clone());
    }
    canaries
}

/// Whether a function of this name is a canary.
pub fn is_canary(function: &Name) -> bool {
    function.as_str().starts_with(CANARY)
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tolerance::Count(count) => write!(f, "{count}"),
            Tolerance::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl FromStr for Tolerance {
    type Err = String;

    fn from_str(text: &str) -> Result<Tolerance, String> {
        let wrong = || format!("{text:?} is neither a number of accounts nor a percentage");
        let (digits, percent) = text.strip_suffix('%').map_or((text, false), |digits| (digits, true));
        let plain = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number: usize = digits.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
        match percent {
            true if number > 100 => Err(wrong()),
            true => Ok(Tolerance::Percent(number)),
            false => Ok(Tolerance::Count(number)),
        }
    }
}

crate::model::as_text!(Tolerance);

/// A length of time as people write it: `90s`, `10m`, `2h`, `1d`, in seconds.
///
/// # Errors
/// When it is none, or over a week: a wave that waits longer than that is forgotten.
pub fn seconds(text: &str) -> Result<u64, String> {
    const WEEK: u64 = 7 * 86_400;
    let wrong = || format!("{text:?} is no length of time");
    let unit = match text.bytes().last() {
        Some(b's') => 1,
        Some(b'm') => 60,
        Some(b'h') => 3_600,
        Some(b'd') => 86_400,
        _ => return Err(wrong()),
    };
    let digits = &text[..text.len() - 1];
    let plain = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| plain).ok_or_else(wrong)?;
    Some(number * unit).filter(|seconds| *seconds <= WEEK).ok_or_else(|| format!("{text:?} is over a week"))
}

/// Seconds as people write them: the largest unit that holds them whole.
pub fn show_seconds(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let fits = units.iter().find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{seconds}s"), |(unit, letter)| format!("{}{letter}", seconds / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(name: &str, members: &[&str], environments: &[Environment]) -> WaveRules {
        WaveRules {
            name: name.parse().unwrap(),
            members: members.iter().map(|text| text.parse().unwrap()).collect(),
            environments: environments.iter().copied().collect(),
            parallel: None,
            tolerate: None,
            bake_seconds: 0,
        }
    }

    fn rollout() -> Rollout {
        let waves = vec![
            rules("canaries", &["catalog/dev"], &[]),
            rules("early", &["orders/dev"], &[Environment::Dev]),
            rules("late", &["catalog/prod"], &[Environment::Prod]),
        ];
        Rollout { waves, time_zone: "UTC".to_owned(), ..Rollout::default() }
    }

    #[test]
    fn an_account_goes_where_it_is_named_then_by_environment_then_last() {
        let place = |account: &str| rollout().place_of(&account.parse().unwrap());
        assert_eq!(["catalog/dev", "gone/dev", "gone/stage"].map(place), [Some(0), Some(1), Some(2)]);
        assert_eq!(place("management"), None);
        let before = |wave: &str| rollout().before(&wave.parse().unwrap()).map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(before("late"), ["catalog/dev", "orders/dev"]);
        assert_eq!(before("organization"), Vec::<String>::new());
    }

    #[test]
    fn block_days_are_days_of_their_zone() {
        let mut rollout = rollout();
        rollout.block_days = vec![BlockDays { name: "x".into(), from: "2026-11-26".into(), to: "2026-11-27".into() }];
        let blocked = |rollout: &Rollout, at: &str| rollout.blocked(at.parse().unwrap()).is_some();
        assert!(!blocked(&rollout, "2026-11-25T23:59:59Z") && blocked(&rollout, "2026-11-26T00:00:00Z"));
        assert!(blocked(&rollout, "2026-11-27T23:59:59Z") && !blocked(&rollout, "2026-11-28T00:00:00Z"));
        rollout.time_zone = "America/Los_Angeles".to_owned();
        assert!(!blocked(&rollout, "2026-11-26T07:59:59Z") && blocked(&rollout, "2026-11-28T07:59:59Z"));
        rollout.block_days[0].to = "soon".to_owned();
        assert!(blocked(&rollout, "2020-01-01T00:00:00Z"), "what can't be read blocks");
        assert!(rollout.contradiction().is_some());
    }

    #[test]
    fn a_wave_of_one_tolerates_nothing_and_percentages_round_down() {
        let tolerated = |text: Option<&str>, accounts| {
            WaveRules { tolerate: text.map(|text| text.parse().unwrap()), ..rules("a", &[], &[]) }.tolerated(accounts)
        };
        assert_eq!([1, 2, 9, 25].map(|accounts| tolerated(None, accounts)), [0, 1, 1, 2]);
        assert_eq!([19, 20, 100].map(|accounts| tolerated(Some("5%"), accounts)), [0, 1, 5]);
        assert_eq!((tolerated(Some("3"), 1), tolerated(Some("100%"), 4)), (3, 4));
        for wrong in ["", "%", "-1", "101%", "five", "+5", "1.5%", "1 %", "99999999999999999999"] {
            assert!(wrong.parse::<Tolerance>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn lengths_of_time_read_as_they_are_shown() {
        for (text, expected) in [("0s", 0), ("90s", 90), ("10m", 600), ("2h", 7_200), ("7d", 604_800)] {
            assert_eq!((seconds(text), show_seconds(expected)), (Ok(expected), text.to_owned()));
        }
        for wrong in ["", "m", "10", "10 m", "-1m", "+1m", "8d", "1w", "1½h", "9999999h"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_wave_waits_for_the_longest_bake_since_the_last_wave_that_has_steps() {
        use crate::plan::estates::{accounts, desired, live};
        const ALL: [&str; 3] = ["payments/dev", "payments/stage", "payments/prod"];
        let waits = |declared: &[&str], lives: &[&str], wave: &str| {
            let mut desired = desired(&accounts(declared));
            for (rules, seconds) in desired.estate.rollout.waves.iter_mut().zip([600, 60, 3600]) {
                rules.bake_seconds = seconds;
            }
            crate::plan::plan(&desired, &live(&accounts(lives))).0.bake_before(&wave.parse().unwrap()).as_secs()
        };
        assert_eq!(["organization", "dev", "stage", "prod"].map(|wave| waits(&ALL, &[], wave)), [0, 0, 600, 60]);
        assert_eq!(waits(&ALL, &["payments/dev"], "prod"), 60);
        assert_eq!(waits(&ALL, &["payments/stage"], "prod"), 600, "nobody has waited for dev yet");
        assert_eq!(waits(&ALL, &ALL[..2], "prod"), 600, "nobody knows whether an earlier run has");
        assert_eq!(waits(&ALL[1..], &ALL[1..2], "prod"), 60, "where nobody is, nothing bakes");
    }
}
