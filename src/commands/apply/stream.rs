//! A run as JSON, one event a line: versioned, documented in docs/apply-events.md. A field is never renamed or removed within a format. What
//! comes from outside is escaped as JSON escapes.

use super::super::{gate, output};
use super::approved::Approved;
use super::journal;
use super::turn::Held;
use crate::apply::{Event, Outcome, Reading, StepResult};
use crate::model::show;
use crate::plan::{Action, Step};
use crate::render::escape::json as escape;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::cell::Cell;

/// The version of the events' shape.
const FORMAT: u32 = 1;

/// Events on stdout.
#[derive(Default)]
pub(super) struct Stream {
    /// Nobody can read it any more: that is said once, and the run goes on.
    broken: Cell<bool>,
}

impl Stream {
    pub fn begin(&self, approved: &Approved, held: &Held, at: Timestamp) {
        let plan = approved.plan.plan();
        let accounts = plan.waves.iter().flat_map(|wave| wave.accounts.values()).filter(|steps| !steps.is_empty()).count();
        let head = json!({
            "event": "run-started", "landfall": env!("CARGO_PKG_VERSION"), "estate": plan.estate, "run": held.scribe.run,
            "plan": approved.digest, "reviewed": approved.reviewed, "steps": plan.steps().count(), "accounts": accounts,
        });
        self.say(head, at);
        for step in &approved.withheld {
            let why = "it was not reviewed as it is planned now";
            self.say(json!({ "event": "step-withheld", "address": step.address, "action": verb(step), "why": why }), at);
        }
    }

    pub fn hear(&self, event: &Event<'_>, at: Timestamp) {
        self.say(shown(event), at);
    }

    pub fn end(&self, approved: &Approved, outcome: &Outcome, at: Timestamp) {
        let mut counts = serde_json::Map::new();
        for (_, result) in &outcome.steps {
            let count = counts.get(name(result)).and_then(Value::as_u64).unwrap_or(0);
            counts.insert(name(result).to_owned(), (count + 1).into());
        }
        let halted = journal::halted(outcome);
        self.say(json!({ "event": "run-ended", "outcome": journal::ended(outcome, approved), "halted": halted, "steps": counts }), at);
    }

    fn say(&self, mut event: Value, at: Timestamp) {
        event["format"] = FORMAT.into();
        event["at"] = at.to_string().into();
        if let Err(failure) = output::print(&format!("{}\n", escape(&event.to_string())))
            && !self.broken.replace(true)
        {
            eprintln!("{failure}");
        }
    }
}

fn shown(event: &Event<'_>) -> Value {
    match event {
        Event::WaveStarted { wave } => {
            let accounts: Vec<_> = wave.accounts.iter().filter(|(_, steps)| !steps.is_empty()).map(|(account, _)| account).collect();
            json!({ "event": "wave-started", "wave": wave.name, "accounts": accounts })
        }
        Event::AccountStarted { account, steps } => json!({ "event": "account-started", "account": account, "steps": steps.len() }),
        Event::StepStarted { step } => json!({ "event": "step-started", "address": step.address, "action": verb(step) }),
        Event::StepWaits { step, error, pause } => json!({
            "event": "step-waits", "address": step.address, "action": verb(step), "seconds": pause.as_secs_f64(), "why": error.message,
        }),
        Event::StepEnded { step, result } => json!({
            "event": "step-ended", "address": step.address, "action": verb(step), "result": name(result), "why": why(result),
        }),
        Event::AccountEnded { account, succeeded } => json!({ "event": "account-ended", "account": account, "succeeded": succeeded }),
        Event::NotRecorded { account, why } => json!({ "event": "not-recorded", "account": account, "why": why }),
        Event::WaveHalted { wave, failed, tolerated, left } => {
            json!({ "event": "wave-halted", "wave": wave.name, "failed": failed, "tolerated": tolerated, "left": left })
        }
        Event::HealthRead { account, reading, health } => {
            let when = match reading {
                Reading::Before => "before",
                Reading::During => "during",
                Reading::After => "after",
            };
            let said = health.complaints();
            json!({ "event": "health-read", "account": account, "when": when, "health": health.colour.to_string(), "why": said })
        }
        Event::GateBakes { wave, bake } => json!({ "event": "gate-bakes", "wave": wave, "seconds": bake.as_secs_f64() }),
        Event::GlassBroken { wave, why, despite } => json!({ "event": "glass-broken", "wave": wave, "why": why, "despite": despite }),
        Event::GateAnswered { gate } => {
            let reasons: Vec<Value> = gate.reasons.iter().map(gate::reason_json).collect();
            json!({ "event": "gate-answered", "wave": gate.wave, "reasons": reasons, "held": gate.held, "free": gate.free })
        }
    }
}

fn verb(step: &Step) -> &'static str {
    match step.action {
        Action::Create { .. } => "create",
        Action::Update { .. } => "update",
        Action::Delete { .. } => "delete",
    }
}

pub(super) fn name(result: &StepResult) -> &'static str {
    match result {
        StepResult::Done => "done",
        StepResult::AlreadyDone => "already-so",
        StepResult::Failed(_) => "failed",
        StepResult::Withheld(_) => "withheld",
        StepResult::Skipped { .. } => "skipped",
        StepResult::NotStarted => "not-started",
    }
}

fn why(result: &StepResult) -> Option<String> {
    match result {
        StepResult::Done | StepResult::AlreadyDone | StepResult::NotStarted => None,
        StepResult::Failed(error) | StepResult::Withheld(error) => Some(error.message.clone()),
        StepResult::Skipped { because } => Some(format!("{} did not succeed", show([because]))),
    }
}
