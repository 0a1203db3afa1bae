//! A rehearsal for people: the verdict and the time, then wave by wave, then what would go wrong and what to do about it, then what it waits
//! for, then what is not known. Lets nothing from outside through unescaped.

use super::{Queue, Rehearsal, Unknown, WaveRan};
use crate::apply::{Gate, StepResult};
use crate::model::escape::line as escape;
use crate::model::{Account, show};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// So many accounts that are held back are named on a line.
const NAMED: usize = 12;

/// All of it. `full` names each account of the waves.
pub fn text(rehearsal: &Rehearsal, full: bool) -> String {
    let parts = [
        waves(&rehearsal.waves, full),
        gates(&rehearsal.outcome.gates),
        failures(rehearsal),
        withheld(rehearsal),
        queues(&rehearsal.queues),
        unknown(&rehearsal.unknown),
    ];
    let parts: String = parts.into_iter().filter(|part| !part.is_empty()).map(|part| format!("\n{part}")).collect();
    format!("{}\n{parts}", verdict(rehearsal))
}

/// The one line that says it all.
pub(super) fn verdict(rehearsal: &Rehearsal) -> String {
    let outcome = &rehearsal.outcome;
    let all = outcome.steps.len();
    let done = outcome.steps.iter().filter(|(_, result)| result.succeeded()).count();
    let approvals = match rehearsal.approvals {
        0 => String::new(),
        count => format!(", given {}", many(count, "approval")),
    };
    let counts: Vec<String> = counts(rehearsal).into_iter().map(|(count, what)| format!("{count} {what}")).collect();
    let (time, calls) = (time(rehearsal.takes), rehearsal.calls);
    match (all, rehearsal.succeeds()) {
        (0, true) => "Rehearsed: there is nothing to do.".to_owned(),
        (_, true) => format!("Rehearsed: all {all} steps would be done{approvals}, in about {time} ({calls} AWS calls)."),
        (_, false) => format!("Rehearsed: {done} of {all} steps would be done, {}; it would take about {time}.", counts.join(", ")),
    }
}

/// What would not be done, by why.
pub(super) fn counts(rehearsal: &Rehearsal) -> Vec<(usize, &'static str)> {
    let outcome = &rehearsal.outcome;
    let counts = [
        (outcome.count(|result| matches!(result, StepResult::Failed(_))), "would fail"),
        (outcome.count(|result| matches!(result, StepResult::Withheld(_))) + rehearsal.withheld.len(), "would be withheld"),
        (outcome.count(|result| matches!(result, StepResult::Skipped { .. })), "skipped because of them"),
        (outcome.count(|result| *result == StepResult::NotStarted), "not started"),
    ];
    counts.into_iter().filter(|(count, _)| *count > 0).collect()
}

/// A time as people say it.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) if minutes < 10 => format!("{minutes} min {seconds} s"),
        (0, minutes, _) => format!("{minutes} min"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

fn waves(waves: &[WaveRan], full: bool) -> String {
    let mut text = String::new();
    for WaveRan { wave, begins, takes, accounts, halted } in waves {
        let failed = accounts.values().filter(|ran| !ran.succeeded).count();
        let said = if failed > 0 { format!(", {failed} not done") } else { String::new() };
        let halted = halted.map(|(failed, most)| format!("; halted: {failed} failed, {most} may")).unwrap_or_default();
        let _ =
            writeln!(text, "wave {wave}: {} in {}, from {}{said}{halted}", many(accounts.len(), "account"), time(*takes), time(*begins));
        for (account, ran) in accounts.iter().filter(|(_, ran)| full || !ran.succeeded) {
            let what = if ran.succeeded { "done".to_owned() } else { format!("not done ({} of {})", ran.failed, many(ran.steps, "step")) };
            let _ = writeln!(text, "  {account}: {what} in {}", time(ran.takes));
        }
    }
    text
}

fn gates(gates: &[Gate]) -> String {
    let mut text = String::new();
    for Gate { wave, reasons, held, .. } in gates {
        for reason in reasons {
            let _ = writeln!(text, "gate {wave}: would not hold: {}", escape(&reason.to_string()));
        }
        let names: Vec<&Account> = held.iter().take(NAMED).collect();
        let more = if held.len() > NAMED { format!(" and {} more", held.len() - NAMED) } else { String::new() };
        let _ = writeln!(text, "gate {wave}: not started: {}{more}", show(names));
    }
    text
}

fn failures(rehearsal: &Rehearsal) -> String {
    let mut text = String::new();
    let mut skipped: BTreeMap<_, usize> = BTreeMap::new();
    for (_, result) in &rehearsal.outcome.steps {
        if let StepResult::Skipped { because } = result {
            *skipped.entry(because).or_default() += 1;
        }
    }
    for (address, result) in &rehearsal.outcome.steps {
        let why = match result {
            StepResult::Failed(error) => format!("would fail: {}", escape(&error.message)),
            StepResult::Withheld(error) => escape(&error.message),
            _ => continue,
        };
        let _ = writeln!(text, "{address}: {why}");
        if let Some(hint) = rehearsal.hints.get(address) {
            let _ = writeln!(text, "  hint: {hint}");
        }
        if let Some(count) = skipped.get(address) {
            let _ = writeln!(text, "  {} would be skipped because of it", many(*count, "step"));
        }
    }
    for (account, health) in &rehearsal.outcome.sick {
        let _ = writeln!(text, "{account}: would be red after its steps: {}", escape(&health.complaints().join("; ")));
    }
    text
}

fn withheld(rehearsal: &Rehearsal) -> String {
    let mut text = String::new();
    for step in &rehearsal.withheld {
        let _ = writeln!(text, "{}: would be withheld: planned now, it is not as in this plan", step.address);
    }
    if !rehearsal.withheld.is_empty() {
        text.push_str("  hint: live state or the files have changed since the plan was made: plan again\n");
    }
    text
}

fn queues(queues: &[Queue]) -> String {
    let mut text = String::new();
    for Queue { call, limit, waits, accounts } in queues.iter().filter(|queue| queue.waits.longest >= Duration::from_secs(1)) {
        let whose = if *accounts > 1 { format!(", in {accounts} accounts") } else { String::new() };
        let rate = format!("{} at once, {} a second for each {}", limit.capacity, rounded(limit.per_second), limit.scope);
        let waited = format!("{} of {} calls wait, the longest {}", waits.waited, waits.calls, time(waits.longest));
        let _ = writeln!(text, "waits at {call} ({rate}): {waited}{whose}");
    }
    text
}

fn rounded(rate: f64) -> String {
    if rate < 0.01 { format!("{rate:.4}") } else { rate.to_string() }
}

fn unknown(all: &[Unknown]) -> String {
    let lines = all.iter().map(|Unknown { what, assumed }| format!("not known: {}; taken for granted: {assumed}\n", escape(what)));
    lines.collect()
}

fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_say_them() {
        for (seconds, said) in
            [(0, "0 s"), (59, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (600, "10 min"), (601, "10 min"), (3661, "1 h 1 min")]
        {
            assert_eq!(time(Duration::from_secs(seconds)), said);
        }
    }
}
