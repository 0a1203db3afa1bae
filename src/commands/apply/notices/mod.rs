//! Tells others of a run, beside it: what happens becomes notices, for everybody once and for each team about its own accounts. Never waits
//! for anybody while there are steps to do, and never fails the run.

mod courier;

pub(super) use courier::{Courier, Unheard, last_words};

use super::super::github::{run, variable};
use super::approved::Approved;
use super::journal;
use super::turn::Held;
use crate::apply::{Event, Outcome, Reason, StepResult};
use crate::model::{Account, Name};
use crate::outside::github::deployments::{Deployment, State};
use crate::plan::{Plan, Wave};
use crate::render::many;
use crate::render::notice::{Became, Notice, Team, What, slack, webhook};
use courier::Message;
use jiff::Timestamp;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// What is told of one run.
pub(super) struct Notices<'a> {
    approved: &'a Approved,
    run: String,
    who: String,
    /// The address of the workflow run.
    link: Option<String>,
    /// Whether it is a whole run, and not one job of a matrix, of which there are hundreds: those tell a team what goes wrong, and no more.
    whole: bool,
    seen: RefCell<Seen>,
    outbox: UnboundedSender<Message>,
}

#[derive(Default)]
struct Seen {
    /// The wave that goes on, and when it halted: why.
    wave: Option<Name>,
    ended: BTreeMap<Account, bool>,
    /// Why steps failed, by account.
    reasons: BTreeMap<Account, Vec<String>>,
    /// The teams that have heard of a failure in a wave.
    told: BTreeSet<(Name, Name)>,
}

/// Notices of a run, and who carries them.
pub(super) fn of<'a>(args: &super::Args, approved: &'a Approved, held: &Held) -> (Notices<'a>, Courier) {
    let (notices, courier) = of_run(approved, &held.scribe.run, &held.scribe.who);
    (Notices { whole: !args.turn.is_shared(), ..notices }, courier)
}

/// Notices of a whole run by its name and that of its caller, and who carries them.
pub(super) fn of_run<'a>(approved: &'a Approved, name: &str, caller: &str) -> (Notices<'a>, Courier) {
    let (outbox, inbox) = unbounded_channel();
    let repository = variable("GITHUB_REPOSITORY").and_then(|text| text.parse().ok());
    let link = repository.as_ref().and_then(run).map(|(_, address)| address);
    let who = variable("GITHUB_ACTOR").unwrap_or_else(|| caller.to_owned());
    let notices = Notices { approved, run: name.to_owned(), who, link, whole: true, seen: RefCell::default(), outbox };
    (notices, Courier::of(&approved.plan.plan().notices, inbox))
}

impl Notices<'_> {
    fn plan(&self) -> &Plan {
        self.approved.plan.plan()
    }

    /// The run begins.
    pub fn begin(&self, at: Timestamp) {
        if !self.whole {
            return;
        }
        let planned: BTreeMap<Account, Became> = self.busy().map(|(account, _)| (account.clone(), Became::Planned)).collect();
        self.tell(&self.notice(What::Started, at, None, planned.clone()));
        for (team, accounts) in self.teams(&planned) {
            self.tell(&self.notice(What::Started, at, Some(team), accounts));
        }
    }

    pub fn hear(&self, event: &Event<'_>, at: Timestamp) {
        match event {
            Event::WaveStarted { wave } => {
                self.close_wave();
                self.seen.borrow_mut().wave = Some(wave.name.clone());
                self.wave_started(&wave.name);
            }
            Event::StepEnded { step, result: StepResult::Failed(error) | StepResult::Withheld(error) } => {
                let said = format!("{}: {}", step.address, error.message);
                self.seen.borrow_mut().reasons.entry(step.address.account.clone()).or_default().push(said);
            }
            Event::HealthRead { account, reading: crate::apply::Reading::After, health } if health.is_red() => {
                let said = format!("{account} is red: {}", health.complaints().join("; "));
                self.seen.borrow_mut().reasons.entry((*account).clone()).or_default().push(said);
            }
            Event::AccountEnded { account, succeeded } => {
                self.seen.borrow_mut().ended.insert((*account).clone(), *succeeded);
                if !succeeded {
                    self.failed(account, at);
                }
            }
            Event::WaveHalted { wave, failed, tolerated, left } => {
                let why = format!("{failed} of its accounts failed, and it tolerates {tolerated}; {} not started", many(*left, "account"));
                let left = busy(wave).filter(|account| !self.seen.borrow().ended.contains_key(*account)).cloned().collect();
                self.halted(&wave.name, &left, &[why], at);
            }
            // What follows from failures has been told with them.
            Event::GateAnswered { gate } if !gate.holds() && gate.reasons.iter().any(Reason::is_cause) => {
                let reasons: Vec<String> = gate.reasons.iter().map(ToString::to_string).collect();
                self.halted(&gate.wave, &gate.held, &reasons, at);
            }
            _ => {}
        }
    }

    /// The run is over.
    pub fn end(&self, outcome: &Outcome, at: Timestamp) {
        self.close_wave();
        let seen = self.seen.borrow().reasons.clone();
        self.ended(&self.fates(outcome), journal::halted(outcome).into_iter().chain(seen.into_values().flatten()).collect(), at);
    }

    /// The run is over: what became of each account, and why.
    pub fn ended(&self, fates: &BTreeMap<Account, Became>, reasons: Vec<String>, at: Timestamp) {
        if !self.whole {
            return;
        }
        let what = |fates: &BTreeMap<Account, Became>| match fates.values().all(|became| *became == Became::Done) {
            true => What::Succeeded,
            false => What::NotSucceeded,
        };
        self.tell(&Notice { reasons, ..self.notice(what(fates), at, None, fates.clone()) });
        for (team, accounts) in self.teams(fates) {
            self.tell(&self.notice(what(&accounts), at, Some(team), accounts));
        }
    }

    fn failed(&self, account: &Account, at: Timestamp) {
        let wave = self.seen.borrow().wave.clone();
        let Some(team) = self.team(account) else { return };
        let first = wave.clone().is_none_or(|wave| self.seen.borrow_mut().told.insert((team.name.clone(), wave)));
        if first {
            let mut notice = self.notice(What::Failed, at, Some(team), BTreeMap::from([(account.clone(), Became::Failed)]));
            notice.reasons = self.seen.borrow().reasons.get(account).cloned().unwrap_or_default();
            self.tell(&Notice { wave, ..notice });
        }
    }

    /// A wave did not start with these accounts, or went no further.
    pub fn halted(&self, wave: &Name, held: &BTreeSet<Account>, reasons: &[String], at: Timestamp) {
        let accounts: BTreeMap<Account, Became> = held.iter().map(|account| (account.clone(), Became::NotStarted)).collect();
        let mut notice = self.notice(What::Halted, at, None, accounts.clone());
        (notice.wave, notice.reasons) = (Some(wave.clone()), reasons.to_vec());
        self.tell(&notice);
        for (team, accounts) in self.teams(&accounts) {
            self.tell(&Notice { team: Some(team), accounts, ..notice.clone() });
        }
    }

    /// A notice of some accounts.
    fn notice(&self, what: What, at: Timestamp, team: Option<Team>, accounts: BTreeMap<Account, Became>) -> Notice {
        let steps = self.busy().filter(|(account, _)| accounts.contains_key(account)).map(|(_, steps)| steps).sum();
        Notice {
            what,
            at,
            estate: self.plan().estate.clone(),
            run: self.run.clone(),
            plan: self.approved.seen().short().to_owned(),
            team,
            wave: None,
            accounts,
            steps,
            reasons: Vec::new(),
            who: self.who.clone(),
            link: self.link.clone(),
        }
    }

    /// Hands a notice to the courier. Nobody is told twice: of a job of a matrix, everybody hears elsewhere.
    fn tell(&self, notice: &Notice) {
        if notice.team.is_none() && !self.whole {
            return;
        }
        let ways = &self.plan().notices;
        let team = notice.team.as_ref().map(|team| team.name.clone());
        // Without a channel of its own, a team hears in everybody's of what went wrong; of the rest, everybody's notice tells.
        let urgent = notice.what == What::Failed || (notice.what == What::Halted && !self.whole) || notice.team.is_none();
        let slack = ways.slack.then(|| Message::Slack { team, urgent, body: slack(notice).to_string() });
        let webhook = ways.webhook.then(|| Message::Webhook(webhook(notice).to_string()));
        for message in slack.into_iter().chain(webhook) {
            // The courier outlives the run; if it did not, nobody would be there to hear.
            let _ = self.outbox.send(message);
        }
    }

    /// Says how the wave that went on has ended, if one did.
    fn close_wave(&self) {
        let Some(wave) = self.seen.borrow_mut().wave.take() else { return };
        self.wave_ended(&wave, &self.seen.borrow().ended);
    }

    /// Says that a wave goes on.
    pub fn wave_started(&self, wave: &Name) {
        self.deploy(wave, State::InProgress, format!("{} to do", many(self.busy_in(wave).count(), "account")));
    }

    /// Says how a wave has ended, by the accounts that have and whether they succeeded.
    pub fn wave_ended(&self, wave: &Name, ended: &BTreeMap<Account, bool>) {
        let accounts: Vec<&Account> = self.busy_in(wave).collect();
        let done = accounts.iter().filter(|account| ended.get(**account) == Some(&true)).count();
        let failed = accounts.iter().filter(|account| ended.get(**account) == Some(&false)).count();
        let state = match (done == accounts.len(), failed) {
            (true, _) => State::Success,
            (false, 0) => State::Inactive,
            (false, _) => State::Failure,
        };
        self.deploy(wave, state, format!("{done} of {} done, {failed} failed", many(accounts.len(), "account")));
    }

    fn deploy(&self, wave: &Name, state: State, description: String) {
        if self.whole && self.plan().notices.deployments.is_some() {
            let commit = variable("GITHUB_SHA").unwrap_or_default();
            let environment = format!("{}-{wave}", self.plan().estate);
            let (what, log) = (Deployment { commit, environment, description }, self.link.clone());
            let _ = self.outbox.send(Message::Deployment { what, state, log });
        }
    }

    /// What became of each account that something was to be done in.
    fn fates(&self, outcome: &Outcome) -> BTreeMap<Account, Became> {
        let mut fates: BTreeMap<Account, Became> = BTreeMap::new();
        let withheld = self.approved.withheld.iter().map(|step| (&step.address, Became::Withheld));
        let steps = outcome.steps.iter().map(|(address, result)| (address, became(result)));
        for (address, became) in withheld.chain(steps) {
            let worst = fates.entry(address.account.clone()).or_insert(Became::Done);
            *worst = became.min(*worst);
        }
        fates.extend(outcome.sick.keys().map(|account| (account.clone(), Became::Failed)));
        fates
    }

    /// The accounts by team; those of nobody are left out.
    fn teams(&self, accounts: &BTreeMap<Account, Became>) -> Vec<(Team, BTreeMap<Account, Became>)> {
        let owned = self.plan().notices.teams.iter().map(|(name, team)| {
            let its = accounts.iter().filter(|(account, _)| team.accounts.contains(*account));
            let its: BTreeMap<Account, Became> = its.map(|(account, became)| (account.clone(), *became)).collect();
            (Team { name: name.clone(), channel: team.channel.clone() }, its)
        });
        owned.filter(|(_, accounts)| !accounts.is_empty()).collect()
    }

    fn team(&self, account: &Account) -> Option<Team> {
        self.plan().notices.owner(account).map(|(name, team)| Team { name: name.clone(), channel: team.channel.clone() })
    }

    fn busy_in(&self, wave: &Name) -> impl Iterator<Item = &Account> {
        self.plan().waves.iter().filter(move |one| one.name == *wave).flat_map(busy)
    }

    /// The accounts with something to do, and how many steps.
    fn busy(&self) -> impl Iterator<Item = (&Account, usize)> {
        let accounts = self.plan().waves.iter().flat_map(|wave| &wave.accounts);
        accounts.filter(|(_, steps)| !steps.is_empty()).map(|(account, steps)| (account, steps.len()))
    }
}

fn busy(wave: &Wave) -> impl Iterator<Item = &Account> {
    wave.accounts.iter().filter(|(_, steps)| !steps.is_empty()).map(|(account, _)| account)
}

fn became(result: &StepResult) -> Became {
    match result {
        StepResult::Done | StepResult::AlreadyDone => Became::Done,
        StepResult::Failed(_) => Became::Failed,
        StepResult::Withheld(_) => Became::Withheld,
        // What stopped it counts, and is worse.
        StepResult::Skipped { .. } | StepResult::NotStarted => Became::NotStarted,
    }
}
