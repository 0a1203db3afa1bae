//! Change records for people: the history one line a run, and one record as Markdown. What a record says is untrusted, and escaped here.

use super::counts::many;
use super::escape;
use crate::model::{Began, ChangeRecord, Closing, Entry, Part, Reading, RunOutcome, StepOutcome, StepRecord, When, Why, show};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// So many failed steps are named in full in Markdown; the others are counted. GitHub shows a summary of a mebibyte.
const MOST_STEPS: usize = 200;

/// One line a run or event, the latest first.
pub fn records(records: &BTreeMap<u64, ChangeRecord>) -> String {
    let ends: BTreeMap<&str, (&ChangeRecord, &Closing)> =
        records.values().filter_map(|record| Some((record.run.as_str(), (record, closing(record)?)))).collect();
    let lines = records.values().rev().filter_map(|record| match &record.entry {
        Entry::Began(began) => {
            let (outcome, took) = match ends.get(record.run.as_str()) {
                Some((end, closing)) => (outcome(closing.outcome), format!(" in {}", duration(record.at, end.at))),
                None => ("no end", String::new()),
            };
            let size = format!("{} in {}", many(began.steps, "step"), many(began.accounts, "account"));
            Some(line(record, outcome, &format!("{size}{took}; {}", because(&began.why, &record.who))))
        }
        Entry::LockBroken { reason, holder } => {
            Some(line(record, "broken", &format!("the lock of {}, by {}: {reason}", holder.who, record.who)))
        }
        Entry::Ended(_) => None,
    });
    lines.collect()
}

fn line(record: &ChangeRecord, outcome: &str, rest: &str) -> String {
    format!("{:>6}  {}  {outcome:9}  {}\n", record.number, minute(record.at), escape::line(rest))
}

fn closing(record: &ChangeRecord) -> Option<&Closing> {
    match &record.entry {
        Entry::Ended(closing) => Some(closing),
        Entry::Began(_) | Entry::LockBroken { .. } => None,
    }
}

fn outcome(outcome: RunOutcome) -> &'static str {
    match outcome {
        RunOutcome::Succeeded => "succeeded",
        RunOutcome::Failed => "failed",
        RunOutcome::Halted => "halted",
        RunOutcome::Withheld => "withheld",
    }
}

/// To the minute, by UTC.
fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

fn duration(from: Timestamp, to: Timestamp) -> String {
    match to.duration_since(from).as_secs().max(0) {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

/// Why it was done, and by whom.
fn because(why: &Why, who: &str) -> String {
    let by = why.actor.as_deref().unwrap_or(who);
    let what = match (&why.repository, why.pull_request, &why.commit) {
        (Some(repository), Some(number), _) => format!("{repository}#{number}"),
        (Some(repository), None, Some(commit)) => format!("{repository}@{}", commit.chars().take(12).collect::<String>()),
        _ => "no pull request".to_owned(),
    };
    let emergent = if why.emergent { "emergent, " } else { "" };
    let reason = why.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{emergent}{what} by {by}{reason}")
}

/// One run as Markdown: how it began, and how it ended if it did.
pub fn record(began: &ChangeRecord, end: Option<&ChangeRecord>) -> String {
    let mut text = format!("# Change record {}\n\n", began.number);
    match &began.entry {
        Entry::Began(entry) => text.push_str(&set_out(began, entry)),
        Entry::Ended(closing) => text.push_str(&ended(began, closing)),
        Entry::LockBroken { reason, holder } => {
            let said = format!("{} broke the lock of {}, held for {}: {reason}", began.who, holder.who, holder.purpose);
            text.push_str(&format!("- {}: {}\n", began.at, code(&said)));
        }
    }
    if let Some((end, closing)) = end.and_then(|end| Some((end, closing(end)?))) {
        text.push_str(&ended(end, closing));
    }
    text
}

fn set_out(record: &ChangeRecord, began: &Began) -> String {
    let Began { estate, landfall, why, plan, reviewed, approvals_needed, risk, steps, accounts, part, fence, rollback } = began;
    let mut lines = vec![
        format!("- Estate: {estate}, by landfall {}", code(landfall)),
        format!("- Who: {}", code(&record.who)),
        format!("- Why: {}", code(&because(why, &record.who))),
        format!("- Began: {}, as turn {fence} of the organization's lock", record.at),
        format!("- Plan: `{}`, {} in {}", plan.short(), many(*steps, "step"), many(*accounts, "account")),
        format!("- Worst risk: {risk}, which takes {}", many(*approvals_needed, "approval")),
    ];
    lines.extend(reviewed.as_ref().map(|reviewed| format!("- Reviewed: plan `{}`", reviewed.short())));
    lines.extend(why.workflow.as_ref().map(|workflow| format!("- Workflow run: {}", code(workflow))));
    lines.extend(part.as_ref().map(|Part { wave, accounts }| {
        let wave = wave.as_ref().map(|wave| format!("wave {wave}, ")).unwrap_or_default();
        format!("- Part: {wave}{}", if accounts.is_empty() { "all accounts".to_owned() } else { show(accounts) })
    }));
    if let Some(rollback) = rollback {
        lines.push(format!("- Rollback plan: {}, `landfall rollback {}`", many(rollback.steps, "step"), record.number));
        lines.extend(rollback.by_hand.iter().map(|what| format!("  - by hand: {}", code(what))));
    }
    lines.join("\n") + "\n"
}

fn ended(record: &ChangeRecord, closing: &Closing) -> String {
    let Closing { outcome: how, halted, steps, readings } = closing;
    let mut text = format!("- Ended: {}, {}\n", record.at, outcome(*how));
    text.push_str(&halted.as_ref().map(|why| format!("- Halted: {}\n", code(why))).unwrap_or_default());
    text.push_str(&counted(steps));
    let told: Vec<&StepRecord> = steps.iter().filter(|step| step.why.is_some()).collect();
    if !told.is_empty() {
        text.push_str("\n## What did not succeed\n\n");
        for step in told.iter().take(MOST_STEPS) {
            let requests = if step.requests.is_empty() { String::new() } else { format!(" (requests {})", show(&step.requests)) };
            let why = step.why.as_deref().unwrap_or_default();
            text.push_str(&format!("- `{}`: {}\n", step.address, code(&format!("{why}{requests}"))));
        }
        let more = told.len().saturating_sub(MOST_STEPS);
        text.push_str(&if more > 0 { format!("- and {more} more, in the record's JSON\n") } else { String::new() });
    }
    text.push_str(&read(readings));
    text
}

fn counted(steps: &[StepRecord]) -> String {
    let count = |of| steps.iter().filter(|step| step.outcome == of).count();
    let all = [
        (StepOutcome::Done, "done"),
        (StepOutcome::AlreadySo, "already so"),
        (StepOutcome::Failed, "failed"),
        (StepOutcome::Withheld, "withheld"),
        (StepOutcome::Skipped, "skipped"),
        (StepOutcome::NotStarted, "not started"),
    ];
    let parts: Vec<String> = all
        .iter()
        .map(|(of, word)| (count(*of), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if parts.is_empty() { String::new() } else { format!("- Steps: {}\n", parts.join(", ")) }
}

/// What the canaries said: those that were not well by name, the others counted.
fn read(readings: &[Reading]) -> String {
    let mut text = String::new();
    for (when, title) in [(When::Before, "before"), (When::During, "during"), (When::After, "after")] {
        let of: Vec<&Reading> = readings.iter().filter(|reading| reading.when == when).collect();
        let (well, ill): (Vec<&Reading>, Vec<&Reading>) = of.iter().partition(|reading| reading.said == "green");
        if of.is_empty() {
            continue;
        }
        text.push_str(&format!("\n## Canaries {title}\n\n- {} green\n", well.len()));
        for reading in ill {
            text.push_str(&format!("- {} at {}: {}\n", reading.account, reading.at, code(&reading.said)));
        }
    }
    text
}

/// In a code span, where nothing is markup: with a fence that is longer than any in the text.
fn code(text: &str) -> String {
    let text = escape::line(text);
    let longest = text.split(|sign| sign != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    if longest == 0 { format!("`{text}`") } else { format!("{fence} {text} {fence}") }
}

#[cfg(test)]
mod tests;
