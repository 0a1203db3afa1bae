//! What an apply tells while it runs and when it is over: to people, on both streams.

use super::super::calls::Calls;
use super::super::progress::Bars;
use super::super::{Exit, gate};
use super::approved::Approved;
use crate::apply::{Event, Outcome, Reason, StepResult};
use crate::model::Address;
use crate::plan::{Action, Step};
use crate::render::escape::line as escape;
use crate::render::many;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A pause of so many seconds is worth a line.
const WORTH_SAYING: u64 = 8;

/// Each step that is planned now and was not reviewed so, by name: withheld, or gone on with.
pub(super) fn not_reviewed(approved: &Approved) -> String {
    let Approved { withheld, resumed, .. } = approved;
    let resumed =
        resumed.iter().map(|at| format!("{at}: goes on: a run of the reviewed plan began it, and was lost or failed in the midst of it\n"));
    let lines =
        withheld.iter().map(|step| format!("{}: withheld: {} was not reviewed as it is planned now\n", step.address, step_name(step)));
    let hint = (!withheld.is_empty()).then(|| {
        "Live state or the files have changed since the review: open a pull request, or run the plan of this one again.\n".to_owned()
    });
    resumed.chain(lines).chain(hint).collect()
}

/// Who tells of the progress: bars on a terminal, lines elsewhere; failures are lines on both.
pub(super) struct Teller<'a> {
    bars: &'a Bars,
    calls: &'a Calls,
    seen: RefCell<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The wave that goes on, how many accounts it has, and how many of them have ended.
    wave: String,
    accounts: usize,
    ended: usize,
    /// How many steps wait for one, until it is done.
    behind: BTreeMap<Address, usize>,
}

impl<'a> Teller<'a> {
    pub fn new(bars: &'a Bars, calls: &'a Calls) -> Teller<'a> {
        Teller { bars, calls, seen: RefCell::default() }
    }

    pub fn tell(&self, event: &Event<'_>) {
        let bars = self.bars;
        match event {
            Event::WaveStarted { wave } => {
                let accounts = wave.accounts.values().filter(|steps| !steps.is_empty()).count();
                *self.seen.borrow_mut() = Seen { wave: wave.name.to_string(), accounts, ..Seen::default() };
                self.stage();
                bars.line(&format!("wave {}: {}", wave.name, many(wave.accounts.len(), "account")));
            }
            Event::WaveHalted { wave, failed, tolerated, left } => {
                let head = format!("wave {}: halted: {failed} failed, {tolerated} may", wave.name);
                bars.line(&format!("{head}; {} not started", many(*left, "account")));
            }
            Event::GateBakes { wave, bake } => {
                bars.stage(format!("{wave} waits {} s", bake.as_secs()));
                gate::tell(bars, event);
            }
            Event::HealthRead { .. } | Event::GlassBroken { .. } | Event::GateAnswered { .. } => gate::tell(bars, event),
            Event::AccountStarted { account, steps } => {
                bars.open(account, steps.len());
                let waiting = steps.iter().flat_map(|step| &step.after).filter_map(|at| steps.get(*at));
                let mut seen = self.seen.borrow_mut();
                waiting.for_each(|needed| *seen.behind.entry(needed.address.clone()).or_default() += 1);
            }
            Event::AccountEnded { account, succeeded } => {
                self.seen.borrow_mut().ended += 1;
                self.stage();
                bars.close(account);
                if bars.hidden() {
                    bars.line(&format!("{account}: {}", if *succeeded { "done" } else { "not done" }));
                }
            }
            Event::NotRecorded { account, why } => {
                bars.line(&format!("{account}: its record of who touched what last was not written: {}", escape(why)));
            }
            Event::StepStarted { step } => bars.show(&step.address.account, self.at(step)),
            Event::StepWaits { step, error, pause } => self.waits(step, &escape(&error.message), pause.as_secs()),
            Event::StepEnded { step, result } => {
                bars.advance(&step.address.account);
                self.seen.borrow_mut().behind.remove(&step.address);
                if let StepResult::Failed(_) | StepResult::Withheld(_) = result {
                    bars.line(&format!("{}: {}", step.address, became(result)));
                }
            }
        }
    }

    /// The wave, and how much of it has ended.
    fn stage(&self) {
        let seen = self.seen.borrow();
        self.bars.stage(format!("{}, {}/{}", seen.wave, seen.ended, many(seen.accounts, "account")));
    }

    /// What an account is at, who waits for that, and what its calls have had to wait for.
    fn at(&self, step: &Step) -> String {
        let behind = self.seen.borrow().behind.get(&step.address).copied().unwrap_or(0);
        let behind = if behind > 0 { format!(", {} behind it", many(behind, "step")) } else { String::new() };
        let waited = self.calls.waited(&step.address.account);
        let waited = waited.map(|(operation, waited)| format!("; {operation} waited {} s for its turn", waited.as_secs()));
        format!("{}{behind}{}", step_name(step), waited.unwrap_or_default())
    }

    fn waits(&self, step: &Step, why: &str, seconds: u64) {
        self.bars.show(&step.address.account, format!("{} waits {seconds} s: {why}", self.at(step)));
        if seconds >= WORTH_SAYING {
            self.bars.line(&format!("{}: trying again in {seconds} s: {why}", step.address));
        }
    }
}

fn step_name(step: &Step) -> String {
    let verb = match step.action {
        Action::Create { .. } => "create",
        Action::Update { .. } => "update",
        Action::Delete { .. } => "delete",
    };
    format!("{verb} {} {}", step.address.kind, step.address.name)
}

fn became(result: &StepResult) -> String {
    match result {
        StepResult::Done => "done".to_owned(),
        StepResult::AlreadyDone => "was already so".to_owned(),
        StepResult::Failed(error) => format!("failed: {}", escape(&error.message)),
        StepResult::Withheld(error) => escape(&error.message),
        StepResult::Skipped { because } => format!("skipped, because {because} did not succeed"),
        StepResult::NotStarted => "not started".to_owned(),
    }
}

/// The closing summary: every step that did not succeed by name, then the counts.
pub(super) fn summary(outcome: &Outcome) -> String {
    let mut text = String::new();
    let told = |result: &StepResult| !result.succeeded() && *result != StepResult::NotStarted;
    for (account, health) in &outcome.sick {
        text.push_str(&format!("{account}: red after its steps: {}\n", escape(&health.complaints().join("; "))));
    }
    for gate in &outcome.gates {
        gate::lines(gate).iter().for_each(|line| text.push_str(&format!("{line}\n")));
    }
    for (address, result) in outcome.steps.iter().filter(|(_, result)| told(result)) {
        text.push_str(&format!("{address}: {}\n", became(result)));
    }
    let counts = [
        (outcome.count(|result| *result == StepResult::Done), "done"),
        (outcome.count(|result| *result == StepResult::AlreadyDone), "already so"),
        (outcome.count(|result| matches!(result, StepResult::Failed(_))), "failed"),
        (outcome.count(|result| matches!(result, StepResult::Withheld(_))), "withheld"),
        (outcome.count(|result| matches!(result, StepResult::Skipped { .. })), "skipped"),
        (outcome.count(|result| *result == StepResult::NotStarted), "not started"),
    ];
    let parts = counts.iter().enumerate().filter(|(at, (count, _))| *at == 0 || *count > 0);
    let parts: Vec<_> = parts.map(|(_, (count, what))| format!("{count} {what}")).collect();
    let head = if outcome.succeeded() { "Applied" } else { "Not all applied" };
    text.push_str(&format!("{head}: {}.\n", parts.join(", ")));
    if !outcome.succeeded() {
        text.push_str("Nothing is lost: mend what failed, plan again, and apply the new plan.\n");
    }
    text
}

/// A failure is an error, and so is a gate that did not hold; steps that were only withheld, and what waited for them, are their own
/// status.
pub(super) fn exit(outcome: &Outcome) -> Exit {
    let failed = outcome.count(|result| matches!(result, StepResult::Failed(_))) > 0 || !outcome.sick.is_empty();
    if outcome.succeeded() {
        Exit::Done
    } else if failed || outcome.gates.iter().flat_map(|gate| &gate.reasons).any(Reason::is_cause) {
        Exit::Failed
    } else {
        Exit::Changes
    }
}
