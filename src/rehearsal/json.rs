//! A rehearsal for programs: versioned, documented in docs/rehearsal.md. A field is never renamed or removed within a format.

use super::{Queue, Ran, Rehearsal, Unknown, WaveRan};
use crate::apply::{Gate, Reason, StepResult};
use serde_json::{Value, json};

/// The version of its shape.
const FORMAT: u32 = 1;

/// All of it, as JSON in the order of the plan.
pub fn json(rehearsal: &Rehearsal) -> String {
    let Rehearsal { outcome, takes, calls, waves, queues, hints, met: _, withheld, unknown, approvals } = rehearsal;
    let steps = outcome.steps.iter().map(|(address, result)| {
        let (name, why) = result_of(result);
        json!({ "address": address, "result": name, "why": why, "hint": hints.get(address) })
    });
    let sick = outcome.sick.iter().map(|(account, health)| json!({ "account": account, "why": health.complaints() }));
    let withheld = withheld.iter().map(|step| step.address.to_string());
    let unknown = unknown.iter().map(|Unknown { what, assumed }| json!({ "what": what, "assumed": assumed }));
    let shown = json!({
        "format": FORMAT, "succeeds": rehearsal.succeeds(), "seconds": seconds(*takes), "calls": calls, "approvals": approvals,
        "waves": waves.iter().map(wave).collect::<Vec<_>>(), "gates": outcome.gates.iter().map(gate).collect::<Vec<_>>(),
        "steps": steps.collect::<Vec<_>>(), "sick": sick.collect::<Vec<_>>(), "withheld": withheld.collect::<Vec<_>>(),
        "queues": queues.iter().map(queue).collect::<Vec<_>>(), "unknown": unknown.collect::<Vec<_>>(),
    });
    format!("{shown:#}\n")
}

fn result_of(result: &StepResult) -> (&'static str, Option<String>) {
    match result {
        StepResult::Done => ("done", None),
        StepResult::AlreadyDone => ("already-so", None),
        StepResult::Failed(error) => ("failed", Some(error.message.clone())),
        StepResult::Withheld(error) => ("withheld", Some(error.message.clone())),
        StepResult::Skipped { because } => ("skipped", Some(format!("{because} did not succeed"))),
        StepResult::NotStarted => ("not-started", None),
    }
}

fn wave(ran: &WaveRan) -> Value {
    let WaveRan { wave, begins, takes, accounts, halted } = ran;
    let accounts = accounts.iter().map(|(account, Ran { begins, takes, steps, failed, succeeded })| {
        json!({
            "account": account, "begins": seconds(*begins), "seconds": seconds(*takes), "steps": steps, "failed": failed, "succeeded": succeeded,
        })
    });
    let halted = halted.map(|(failed, tolerated)| json!({ "failed": failed, "tolerated": tolerated }));
    json!({ "wave": wave, "begins": seconds(*begins), "seconds": seconds(*takes), "accounts": accounts.collect::<Vec<_>>(), "halted": halted })
}

fn gate(gate: &Gate) -> Value {
    let Gate { wave, reasons, held, free } = gate;
    json!({ "wave": wave, "reasons": reasons.iter().map(Reason::to_string).collect::<Vec<_>>(), "held": held, "free": free })
}

fn queue(queue: &Queue) -> Value {
    let Queue { call, limit, waits, accounts } = queue;
    json!({
        "call": call, "at_once": limit.capacity, "per_second": limit.per_second, "for_each": limit.scope.to_string(), "accounts": accounts,
        "calls": waits.calls, "waited": waits.waited, "longest_seconds": seconds(waits.longest),
    })
}

/// To the tenth: the rest is nothing that anybody could foretell.
fn seconds(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}
