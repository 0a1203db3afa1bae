//! A rehearsal as notes of a plan's report, so that it stands wherever the plan does: in the comment on a pull request, on the page, in the
//! terminal. Says the verdict once, and each thing that would go wrong where it would; leaves the rest to `landfall rehearse`.

use super::{Rehearsal, text};
use crate::apply::{Reason, StepResult};
use crate::model::{Note, Severity, Subject};

const VERDICT: &str = "Rehearsal";
const FAILS: &str = "Rehearsal: steps that would fail";
const WITHHELD: &str = "Rehearsal: steps that would be withheld";
const GATES: &str = "Rehearsal: gates that would not hold";
const SICK: &str = "Rehearsal: accounts that would be red after their steps";

/// The verdict, and what would go wrong.
pub fn notes(rehearsal: &Rehearsal) -> Vec<Note> {
    let mut notes = vec![verdict(rehearsal)];
    for (address, result) in &rehearsal.outcome.steps {
        let (summary, why) = match result {
            StepResult::Failed(error) => (FAILS, &error.message),
            StepResult::Withheld(error) => (WITHHELD, &error.message),
            _ => continue,
        };
        let note = Note::new(Severity::Warning, Subject::Resource(address.clone()), summary, why.clone());
        notes.push(match rehearsal.hints.get(address) {
            Some(hint) => note.hint(hint.clone()),
            None => note,
        });
    }
    for gate in &rehearsal.outcome.gates {
        // What follows from steps that fail is said with them.
        let causes = gate.reasons.iter().filter(|reason| reason.is_cause());
        notes.extend(causes.map(|reason| {
            let subject = if let Reason::Red(account, _) = reason { Subject::Account(account.clone()) } else { Subject::Estate };
            let held = crate::model::show(&gate.held);
            Note::new(Severity::Warning, subject, GATES, format!("The gate of {} holds back {held}: {reason}", gate.wave))
        }));
    }
    let sick = rehearsal.outcome.sick.iter();
    notes.extend(
        sick.map(|(account, health)| Note::new(Severity::Warning, Subject::Account(account.clone()), SICK, health.complaints().join("; "))),
    );
    notes
}

/// The note where there is no rehearsal, and why.
pub fn unrehearsed(why: &impl std::fmt::Display) -> Note {
    Note::new(Severity::Warning, Subject::Estate, VERDICT, format!("It could not be rehearsed.\n{why}"))
}

fn verdict(rehearsal: &Rehearsal) -> Note {
    let slowest = rehearsal.waves.iter().map(|wave| format!("{} {}", wave.wave, text::time(wave.takes)));
    let mut detail = text::verdict(rehearsal);
    if rehearsal.waves.len() > 1 {
        detail.push_str(&format!("\nBy wave: {}.", slowest.collect::<Vec<_>>().join(", ")));
    }
    if let Some(queue) = rehearsal.queues.first().filter(|queue| queue.waits.longest.as_secs() > 0) {
        detail.push_str(&format!("\nWhat it waits for longest: {}, up to {}.", queue.call, text::time(queue.waits.longest)));
    }
    for unknown in &rehearsal.unknown {
        detail.push_str(&format!("\nNot known: {}; taken for granted: {}.", unknown.what, unknown.assumed));
    }
    let severity = if rehearsal.succeeds() { Severity::Information } else { Severity::Warning };
    Note::new(severity, Subject::Estate, VERDICT, detail)
}
