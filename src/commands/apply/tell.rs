//! What an apply tells while it runs and when it is over: to people, on both streams.

use super::super::progress::Bars;
use super::super::{Exit, gate};
use crate::apply::{Event, Outcome, Reason, StepResult};
use crate::plan::{Action, Step};
use crate::render::escape::line as escape;
use crate::render::many;

/// Each step that is planned now and was not reviewed so, by name.
pub(super) fn not_reviewed(withheld: &[Step]) -> String {
    let lines =
        withheld.iter().map(|step| format!("{}: withheld: {} was not reviewed as it is planned now\n", step.address, step_name(step)));
    let hint = (!withheld.is_empty()).then(|| {
        "Live state or the files have changed since the review: open a pull request, or run the plan of this one again.\n".to_owned()
    });
    lines.chain(hint).collect()
}

/// Progress: bars on a terminal, lines elsewhere; failures are lines on both.
pub(super) fn tell(bars: &Bars, event: &Event<'_>) {
    match event {
        Event::WaveStarted { wave } => {
            bars.line(&format!("wave {}: {}", wave.name, many(wave.accounts.len(), "account")));
        }
        Event::WaveHalted { wave, failed, tolerated, left } => {
            let head = format!("wave {}: halted: {failed} failed, {tolerated} may", wave.name);
            bars.line(&format!("{head}; {} not started", many(*left, "account")));
        }
        Event::HealthRead { .. } | Event::GateBakes { .. } | Event::GlassBroken { .. } | Event::GateAnswered { .. } => {
            gate::tell(bars, event)
        }
        Event::AccountStarted { account, steps } => bars.open(account, steps.len()),
        Event::AccountEnded { account, succeeded } => {
            bars.close(account);
            if bars.hidden() {
                bars.line(&format!("{account}: {}", if *succeeded { "done" } else { "not done" }));
            }
        }
        Event::NotRecorded { account, why } => {
            bars.line(&format!("{account}: its record of who touched what last was not written: {}", escape(why)));
        }
        Event::StepStarted { step } => bars.show(&step.address.account, step_name(step)),
        Event::StepWaits { step, error, pause } => {
            bars.show(&step.address.account, format!("{} waits: {}", step_name(step), escape(&error.message)));
            if pause.as_secs() >= 8 {
                bars.line(&format!("{}: trying again in {} s: {}", step.address, pause.as_secs(), escape(&error.message)));
            }
        }
        Event::StepEnded { step, result } => {
            bars.advance(&step.address.account);
            if let StepResult::Failed(_) | StepResult::Withheld(_) = result {
                bars.line(&format!("{}: {}", step.address, became(result)));
            }
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
