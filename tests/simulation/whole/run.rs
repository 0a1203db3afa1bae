//! One run: it takes its turn with the real lock, reads, plans with the real planner, and applies what was approved with the real apply. It can
//! be killed at any await. Decides nothing that the program decides.

use super::aws::Aws;
use super::case;
use super::files::Files;
use super::oracle::{self, Watcher, Writer};
use crate::TERMS;
use jiff::Timestamp;
use landfall::apply::{Event, Outcome, apply};
use landfall::aws::{CallError, Fault, Lease, Moment};
use landfall::cloud::lock::{Claim, Shelf, TERM, Version, keep, take};
use landfall::model::{Account, Digest, Severity};
use landfall::plan::{ApprovedPlan, Desired, Live, Plan, PlanFile, Report, Step, check, plan};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// When all stories begin, by the clock on the wall.
const BEGIN: Duration = Duration::from_secs(1_795_165_200);
const LATENCY: Duration = Duration::from_millis(100);
/// As long as a call may take that is slow. Less than what the lock leaves between the end of one turn and the next.
const SLOW: Duration = Duration::from_secs(10);
/// Longer than a turn lasts that nobody renews.
const STALL: Duration = Duration::from_secs(400);
/// How long a run waits for its turn.
const PATIENCE: Duration = Duration::from_secs(3600);
/// The awaits after which a clock jumps that does.
const JUMPS_AFTER: u64 = 150;

/// What a run is like, beside what the case says.
pub struct Run {
    pub name: String,
    pub aws: Rc<RefCell<Aws>>,
    files: Files,
    like: case::Run,
    ticks: Cell<u64>,
    /// Until when its machine stands still.
    stalled: Cell<Option<Instant>>,
    died: tokio::sync::Notify,
    lease: Arc<Lease>,
    pub(super) writer: OnceCell<Writer>,
    pub(super) fresh: RefCell<BTreeSet<Account>>,
    /// What canaries answered since an account last ended, and whether any answer was red.
    pub(super) answers: RefCell<BTreeMap<Account, bool>>,
}

/// What a run came to.
pub enum Ended {
    /// Killed, or its turn never came.
    Nothing,
    Applied(Outcome),
}

/// The steps that somebody approved: as the program calls them, and as they were seen.
#[derive(Clone)]
pub struct Review {
    digests: BTreeSet<Digest>,
    seen: BTreeSet<Digest>,
}

/// A plan, and what it was made of.
pub struct Planned {
    pub desired: Desired,
    pub live: Live,
    pub plan: Plan,
    pub report: Report,
    /// When it was set out for.
    pub began: Instant,
}

impl Planned {
    /// The review of somebody who approves all of it.
    pub fn review(&self) -> Review {
        Review { digests: self.plan.steps().map(Step::digest).collect(), seen: self.plan.steps().map(oracle::seen).collect() }
    }
}

impl Run {
    pub fn new(name: String, aws: &Rc<RefCell<Aws>>, files: &Files, like: case::Run) -> Run {
        Run {
            name,
            aws: aws.clone(),
            files: files.clone(),
            like,
            ticks: Cell::new(0),
            stalled: Cell::new(None),
            died: tokio::sync::Notify::new(),
            lease: Lease::none(),
            writer: OnceCell::new(),
            fresh: RefCell::default(),
            answers: RefCell::default(),
        }
    }

    pub fn tell(&self, what: &str) {
        self.aws.borrow_mut().tell(&self.name, what);
    }

    /// One await more: at the one that the case names, the run dies.
    pub(super) async fn tick(&self) {
        self.ticks.set(self.ticks.get() + 1);
        self.aws.borrow_mut().calls += 1;
        if self.like.killed_after.is_some_and(|after| self.ticks.get() > after) {
            self.died.notify_one();
            std::future::pending::<()>().await;
        }
        if self.like.stalled_after == Some(self.ticks.get()) {
            self.tell("stands still");
            self.stalled.set(Some(Instant::now() + STALL));
        }
        if let Some(until) = self.stalled.get() {
            tokio::time::sleep_until(until).await;
        }
    }

    /// Half of a call's way.
    pub(super) async fn travel(&self) {
        self.tick().await;
        self.way().await;
    }

    /// The same, once the call has left: then no machine can stop it.
    pub(super) async fn way(&self) {
        let pause = {
            let aws = self.aws.borrow();
            if aws.dice.percent(aws.faults.slow) { SLOW / (1 + aws.dice.below(10) as u32) } else { LATENCY / 2 }
        };
        tokio::time::sleep(pause).await;
    }

    pub(super) fn chance(&self, rate: impl Fn(&case::Faults) -> u64) -> bool {
        let aws = self.aws.borrow();
        aws.dice.percent(rate(&aws.faults))
    }

    /// The clock on the wall, as this run's machine shows it.
    pub(super) fn wall(&self) -> SystemTime {
        let jump = if self.ticks.get() > JUMPS_AFTER { self.like.jump } else { 0 };
        let told = i64::try_from((BEGIN + self.aws.borrow().began.elapsed()).as_millis()).unwrap_or(i64::MAX);
        let millis = told + 1000 * (self.like.clock + jump);
        SystemTime::UNIX_EPOCH + Duration::from_millis(millis.unsigned_abs())
    }

    pub(super) fn timestamp(&self) -> Timestamp {
        Timestamp::try_from(self.wall()).unwrap_or(Timestamp::MAX)
    }

    /// Whether it still is its turn to write.
    pub(super) fn may_write(&self) -> Result<(), String> {
        self.lease.holds(Moment::by(self.wall()))
    }

    /// From the first await to the last, or to the one at which it is killed.
    pub async fn go(&self, review: Option<Review>) -> Ended {
        let alive = async { self.turn(review).await };
        tokio::select! {
            biased;
            () = self.died.notified() => {
                self.tell("is killed");
                Ended::Nothing
            }
            ended = alive => ended,
        }
    }

    async fn turn(&self, review: Option<Review>) -> Ended {
        let early = if self.like.plans_first { Some(self.plan().await) } else { None };
        let run = format!("{}-{}", self.name, self.ticks.get());
        let (who, purpose) = (self.name.clone(), "a plan".to_owned());
        let claim = Claim { run, who, purpose, term: TERM, program: None, ended: |_| false };
        let mut turn = match take(self, &claim, PATIENCE, &self.lease, |_| {}).await {
            Ok(turn) => turn,
            Err(why) => {
                self.tell(&format!("has no turn: {why}"));
                return Ended::Nothing;
            }
        };
        self.tell(&format!("has turn {}", turn.fence()));
        let fence = turn.fence();
        let outcome = tokio::select! {
            biased;
            outcome = self.carry_out(early, review, fence) => outcome,
            never = keep(&mut turn, self) => match never {},
        };
        if let Err(why) = turn.release(self).await {
            self.tell(&format!("keeps its turn: {why}"));
        }
        Ended::Applied(outcome)
    }

    async fn carry_out(&self, early: Option<Planned>, review: Option<Review>, fence: u64) -> Outcome {
        let planned = match early {
            Some(planned) => planned,
            None => self.plan().await,
        };
        let Review { mut digests, mut seen } = review.unwrap_or_else(|| planned.review());
        if self.like.spares {
            for step in planned.plan.steps().filter(|step| step.action.after().is_none()) {
                digests.remove(&step.digest());
                seen.remove(&oracle::seen(step));
            }
        }
        let Planned { desired, live, plan, report, began: planned } = planned;
        let kept = PlanFile::read(&PlanFile::of(plan, report).to_json()).expect("what a planner writes is a plan file");
        self.tell(&format!("has the plan {}", kept.digest));
        let (approved, withheld) = ApprovedPlan::of(kept.plan, &digests);
        self.tell(&format!("applies {} steps, {} not approved", approved.plan().steps().count(), withheld.len()));
        let writer = Writer { name: self.name.clone(), fence, reviewed: seen.clone(), desired, live, planned };
        assert!(self.writer.set(writer).is_ok(), "a run plans once");
        let mut watcher = Watcher::new(approved.plan(), &seen);
        let mut on = |event: &Event<'_>| {
            watcher.see(event, &mut self.answers.borrow_mut());
            self.hear(event);
        };
        let outcome = apply(&approved, self, &TERMS, &mut on).await;
        let wrong = watcher.wrong.into_iter().map(|wrong| format!("{}: {wrong}", self.name));
        self.aws.borrow_mut().wrong.extend(wrong);
        outcome
    }

    fn hear(&self, event: &Event<'_>) {
        match event {
            Event::StepWaits { step, error, .. } => self.tell(&format!("{} waits: {:?}", step.address, error.trouble)),
            Event::StepEnded { step, result } if !result.succeeded() => self.tell(&format!("{}: {result:?}", step.address)),
            Event::GateAnswered { gate } => self.tell(&format!("gate of {}: {} held", gate.wave, gate.held.len())),
            Event::WaveStarted { wave } => self.tell(&format!("wave {}", wave.name)),
            Event::WaveHalted { wave, .. } => self.tell(&format!("wave {} halts", wave.name)),
            _ => {}
        }
    }

    /// Reads, account by account, and plans. Every plan is held against the oracle of plans.
    pub async fn plan(&self) -> Planned {
        let (desired, began) = (self.files.desired(), Instant::now());
        let mut live = Live::default();
        self.travel().await;
        self.aws.borrow().list(&Account::Management, &desired, &mut live);
        let accounts = self.aws.borrow().open_accounts();
        for account in accounts {
            self.travel().await;
            self.aws.borrow().list(&account, &desired, &mut live);
        }
        live.strangers.sort_by(|a, b| (&a.account, &a.id).cmp(&(&b.account, &b.id)));
        let (mut plan, report) = plan(&desired, &live);
        plan.rollout.canaries = self.files.canaries();
        let wrong = check(&desired, &live, &plan).into_iter().map(|wrong| format!("{}: plan: {wrong}", self.name));
        self.aws.borrow_mut().wrong.extend(wrong);
        let blocking = report.notes.iter().filter(|note| note.severity == Severity::Blocking).count();
        let count = plan.steps().count();
        self.tell(&format!("plans {count} steps, {blocking} blocking notes"));
        Planned { desired, live, plan, report, began }
    }
}

fn no_answer<T>() -> Result<T, CallError> {
    Err(CallError { fault: Fault::Lost, ..CallError::refused("s3:PutObject", "no answer") })
}

impl Shelf for Run {
    async fn get(&self) -> Result<Option<(String, Version)>, CallError> {
        self.travel().await;
        if self.chance(|faults| faults.lost) {
            return no_answer();
        }
        let found = self.aws.borrow().lock.clone();
        self.travel().await;
        Ok(found.map(|(text, version)| (text, Version(version.to_string()))))
    }

    async fn put(&self, text: &str, over: Option<&Version>) -> Result<Option<Version>, CallError> {
        self.travel().await;
        let lost = self.chance(|faults| faults.lost);
        let written = if lost && self.chance(|_| 50) { None } else { self.aws.borrow_mut().swap(text, over) };
        self.travel().await;
        if lost { no_answer() } else { Ok(written.map(|version| Version(version.to_string()))) }
    }

    fn now(&self) -> Moment {
        Moment::by(self.wall())
    }

    async fn sleep(&self, pause: Duration) {
        self.tick().await;
        tokio::time::sleep(pause).await;
    }
}

impl Aws {
    /// Writes the lock's document if it still is the version that the writer has seen.
    fn swap(&mut self, text: &str, over: Option<&Version>) -> Option<u64> {
        let there = self.lock.as_ref().map(|(_, version)| *version);
        let is_same = there.map(|version| version.to_string()).as_deref() == over.map(|version| version.0.as_str());
        is_same.then(|| {
            let version = there.unwrap_or_default() + 1;
            self.lock = Some((text.to_owned(), version));
            version
        })
    }

    /// How long it has been going on, in virtual time.
    pub fn elapsed(&self) -> Duration {
        Instant::now() - self.began
    }
}
