//! What is told of a run whose jobs share a turn, since none of them sees the whole: that it begins, what the gates of its waves hold back, and
//! how it ended, by the change records of the turn. Never fails anything: who did not hear is named on stderr.

use super::super::{Failure, clock, record};
use super::approved::{Approved, could_be_left};
use super::notices::{self, Notices, last_words};
use crate::apply::{Came, Gate, Past, Reason, came, unfinished};
use crate::cloud::Store;
use crate::cloud::records::of_plan;
use crate::model::{Account, Address, ChangeRecord, Entry, StepOutcome, show};
use crate::plan::{ApprovedPlan, Plan, PlanFile, Reviewed, Wave};
use crate::render::notice::Became;
use std::collections::{BTreeMap, BTreeSet};

/// A run in several jobs.
pub(in super::super) struct Spread {
    approved: Approved,
    run: String,
    caller: String,
}

impl Spread {
    /// The run that has a turn, by its token, and what its jobs may do of a plan.
    ///
    /// # Errors
    /// Those of the store, where the history has to tell what is left of what was reviewed.
    pub async fn of(planned: &PlanFile, reviewed: Option<&PlanFile>, store: &Store, token: &str, caller: &str) -> Result<Spread, Failure> {
        let (seen, turn) = (reviewed.unwrap_or(planned), token.rsplit_once(':'));
        let (mut plan, mut withheld) = ApprovedPlan::of(planned.plan.clone(), &seen.reviewed());
        if could_be_left(seen, &withheld) {
            let left = left_before(store, seen, turn.and_then(|(_, fence)| fence.parse().ok())).await?;
            (plan, withheld) = ApprovedPlan::seen(planned.plan.clone(), &Reviewed::of(&seen.plan, &left));
        }
        let (digest, reviewed) = (planned.digest.clone(), reviewed.map(|file| file.digest.clone()));
        let approved = Approved { plan, withheld, resumed: Vec::new(), digest, reviewed };
        let run = turn.map_or(token, |(run, _)| run).to_owned();
        Ok(Spread { approved, run, caller: caller.to_owned() })
    }

    /// What its jobs may do.
    pub fn plan(&self) -> &Plan {
        self.approved.plan.plan()
    }

    pub async fn began(&self) {
        self.tell(|notices| notices.begin(clock::now(None))).await;
    }

    /// The gate of a wave was asked: the wave before it is over, and this one goes on or is held back.
    pub async fn asked(&self, gate: &Gate, records: &[ChangeRecord]) {
        let (plan, came) = (self.plan(), came(self.plan(), records));
        let before = plan.waves.iter().take_while(|wave| wave.name != gate.wave).filter(|wave| busy(wave).next().is_some()).last();
        // What earlier gates have told is not told again.
        let is_news = |reason: &Reason| match reason {
            Reason::TooMany { wave, .. } => before.is_some_and(|before| before.name == *wave),
            reason => reason.is_cause(),
        };
        self.tell(|notices| {
            before.iter().for_each(|wave| wave_ended(notices, wave, &came));
            if !gate.holds() && gate.reasons.iter().any(is_news) {
                let reasons: Vec<String> = gate.reasons.iter().map(ToString::to_string).collect();
                notices.halted(&gate.wave, &gate.held, &reasons, clock::now(None));
            }
            if !gate.is_shut() {
                notices.wave_started(&gate.wave);
            }
        })
        .await;
    }

    /// All jobs are over.
    pub async fn ended(&self, records: &[ChangeRecord]) {
        let came = came(self.plan(), records);
        let last = self.plan().waves.iter().rfind(|wave| busy(wave).any(|account| came.contains_key(account)));
        self.tell(|notices| {
            last.iter().for_each(|wave| wave_ended(notices, wave, &came));
            let halted = Past::of_all(self.plan(), &came).halted.map(|reason| reason.to_string());
            notices.ended(&fates(&self.approved, &came, records), halted.into_iter().chain(reasons(records)).collect(), clock::now(None));
        })
        .await;
    }

    async fn tell(&self, what: impl FnOnce(&Notices<'_>)) {
        let (notices, courier) = notices::of_run(&self.approved, &self.run, &self.caller);
        let unheard = courier.unheard();
        what(&notices);
        // Nobody can write to the courier any more, so the carrying ends.
        drop(notices);
        last_words(courier.carry(), &unheard).await;
        unheard.lines().iter().for_each(|line| eprintln!("{line}"));
    }
}

/// What runs before a turn may have left half done of a plan: what its own jobs finish by and by stays theirs to do.
async fn left_before(store: &Store, seen: &PlanFile, turn: Option<u64>) -> Result<BTreeSet<Address>, Failure> {
    let mut records = of_plan(store, &seen.digest).await.map_err(record::unreadable)?;
    let in_turn = |record: &ChangeRecord| matches!(&record.entry, Entry::Began(began) if Some(began.fence) == turn);
    let own: BTreeSet<String> = records.iter().filter(|record| in_turn(record)).map(|record| record.run.clone()).collect();
    records.retain(|record| !own.contains(&record.run));
    Ok(unfinished(&seen.plan, &records))
}

fn busy(wave: &Wave) -> impl Iterator<Item = &Account> {
    wave.accounts.iter().filter(|(_, steps)| !steps.is_empty()).map(|(account, _)| account)
}

/// Says how a wave has ended, unless nothing of it has begun.
fn wave_ended(notices: &Notices<'_>, wave: &Wave, came: &BTreeMap<Account, Came>) {
    let of_wave = busy(wave).filter_map(|account| Some((account.clone(), *came.get(account)?)));
    let ended: BTreeMap<Account, bool> =
        of_wave.filter(|(_, came)| *came != Came::NotStarted).map(|(account, came)| (account, came == Came::Succeeded)).collect();
    if !ended.is_empty() {
        notices.wave_ended(&wave.name, &ended);
    }
}

/// What became of each account that something was to be done in.
fn fates(approved: &Approved, came: &BTreeMap<Account, Came>, records: &[ChangeRecord]) -> BTreeMap<Account, Became> {
    let only_withheld = only_withheld(records);
    let fate = |account: &Account| match came.get(account) {
        Some(Came::Succeeded) => Became::Done,
        Some(Came::Failed) if only_withheld.get(account) == Some(&true) => Became::Withheld,
        Some(Came::Failed) => Became::Failed,
        Some(Came::NotStarted) | None => Became::NotStarted,
    };
    let all = approved.plan.plan().waves.iter().flat_map(busy);
    let mut fates: BTreeMap<Account, Became> = all.map(|account| (account.clone(), fate(account))).collect();
    for step in &approved.withheld {
        let worst = fates.entry(step.address.account.clone()).or_insert(Became::Withheld);
        *worst = Became::Withheld.min(*worst);
    }
    fates
}

/// The accounts in which steps did not succeed, by whether that is because some were withheld: nothing failed there.
fn only_withheld(records: &[ChangeRecord]) -> BTreeMap<Account, bool> {
    let mut all: BTreeMap<Account, bool> = BTreeMap::new();
    for closing in records.iter().filter_map(|record| if let Entry::Ended(closing) = &record.entry { Some(closing) } else { None }) {
        let mut seen: BTreeMap<&Account, (bool, bool)> = BTreeMap::new();
        for step in &closing.steps {
            let (failed, withheld) = seen.entry(&step.address.account).or_default();
            *failed |= step.outcome == StepOutcome::Failed;
            *withheld |= step.outcome == StepOutcome::Withheld;
        }
        all.extend(seen.into_iter().map(|(account, (failed, withheld))| (account.clone(), withheld && !failed)));
    }
    all
}

/// What went wrong in the jobs, in the order of their records; those that were lost at the end.
fn reasons(records: &[ChangeRecord]) -> Vec<String> {
    let (mut open, mut said) = (BTreeMap::new(), Vec::new());
    for ChangeRecord { run, entry, .. } in records {
        match entry {
            Entry::Began(began) => {
                open.insert(run, began);
            }
            Entry::Ended(closing) => {
                open.remove(run);
                let failed = closing.steps.iter().filter(|step| matches!(step.outcome, StepOutcome::Failed | StepOutcome::Withheld));
                let failed = failed.map(|step| format!("{}: {}", step.address, step.why.as_deref().unwrap_or("it did not succeed")));
                said.extend(closing.halted.clone().into_iter().chain(failed));
            }
            Entry::LockBroken { .. } => {}
        }
    }
    let lost = open.into_values().map(|began| {
        let accounts = began.part.as_ref().map(|part| show(&part.accounts)).unwrap_or_default();
        format!("{accounts}: its job was lost, or still goes on: its record has no end")
    });
    said.into_iter().chain(lost).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Began, Closing, Deed, Digest, Part, Risk, RunOutcome, StepRecord, Why};
    use jiff::Timestamp;

    fn record(run: &str, entry: Entry) -> ChangeRecord {
        ChangeRecord::next(None, Timestamp::UNIX_EPOCH, (run, "somebody"), entry)
    }

    fn began(run: &str, account: &str) -> ChangeRecord {
        let began = Began {
            estate: "acme".parse().unwrap(),
            landfall: "0".to_owned(),
            why: Why::default(),
            plan: Digest::of_text("x"),
            reviewed: None,
            approvals_needed: 0,
            risk: Risk::Routine,
            steps: 1,
            accounts: 1,
            part: Some(Part { wave: None, accounts: vec![account.parse().unwrap()] }),
            fence: 1,
            rollback: None,
        };
        record(run, Entry::Began(Box::new(began)))
    }

    fn ended(run: &str, account: &str, outcomes: &[StepOutcome]) -> ChangeRecord {
        let step = |(at, outcome): (usize, &StepOutcome)| StepRecord {
            address: format!("{account}/global/iam-role/r{at}").parse().unwrap(),
            action: Deed::Create,
            fields: vec![],
            outcome: *outcome,
            why: Some("AccessDenied".to_owned()),
            began: None,
            ended: None,
            requests: vec![],
        };
        let steps = outcomes.iter().enumerate().map(step).collect();
        record(run, Entry::Ended(Box::new(Closing { outcome: RunOutcome::Failed, halted: None, steps, readings: vec![] })))
    }

    #[test]
    fn what_failed_is_told_with_its_reason_and_a_lost_job_by_its_account() {
        use StepOutcome::{Done, Failed, Skipped, Withheld};
        let records = [began("1", "a/dev"), began("2", "b/dev"), ended("2", "b/dev", &[Done, Failed, Skipped, Withheld])];
        let expected = [
            "b/dev/global/iam-role/r1: AccessDenied",
            "b/dev/global/iam-role/r3: AccessDenied",
            "a/dev: its job was lost, or still goes on: its record has no end",
        ];
        assert_eq!(reasons(&records), expected);
    }

    #[test]
    fn an_account_is_withheld_only_where_nothing_failed() {
        use StepOutcome::{Done, Failed, Withheld};
        let of = |outcomes: &[StepOutcome]| only_withheld(&[ended("1", "a/dev", outcomes)])[&"a/dev".parse().unwrap()];
        assert!(of(&[Done, Withheld]) && !of(&[Withheld, Failed]) && !of(&[Done]));
    }
}
