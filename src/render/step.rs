//! One step as lines: its sign, its resource, its fields or changes, and why to look.

use super::counts::many;
use super::fields::{change, fields};
use super::paint::{Ink, Paint};
use crate::kinds::Spec;
use crate::model::{Account, Address, Change, Concern, Region, show};
use crate::plan::{Action, Step};
use std::collections::BTreeSet;

/// How deep fields stand beneath their step.
const INDENT: &str = "      ";

/// Steps of an account as lines. A replacement stands once, where its resource is deleted.
pub(super) fn steps(steps: &[&Step], full: bool, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for step in steps {
        let made_anew = |other: &&&Step| other.address == step.address && matches!(other.action, Action::Create { replacing: true, .. });
        match &step.action {
            Action::Create { want, replacing: false } => lines.extend(create(step, want, paint)),
            // Shown with its delete; alone only when the delete was left out.
            Action::Create { want, replacing: true } => {
                let cleared = steps.iter().any(|other| other.address == step.address && matches!(other.action, Action::Delete { .. }));
                lines.extend((!cleared).then(|| create(step, want, paint)).into_iter().flatten());
            }
            Action::Update { live: _, want: _, changes } => lines.extend(update(step, changes, paint)),
            Action::Delete { live, replacing: true, why } => {
                let want = steps.iter().find(made_anew).and_then(|other| other.action.after());
                lines.extend(replace(step, live, want, why, full, paint));
            }
            Action::Delete { live, replacing: false, why: _ } => lines.extend(delete(step, live, full, paint)),
        }
        lines.extend(step.concerns.iter().map(|concern| indented(&worry(concern, paint))));
        if let Some((module, place)) = step.asked.as_ref().filter(|_| full) {
            let asked = format!("asked by {module}, {}", super::escape::line(&place.to_string()));
            lines.push(indented(&paint.text(Ink::Faint, &asked)));
        }
    }
    lines
}

fn create(step: &Step, want: &Spec, paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Added, &format!("  + {}", resource(&step.address)));
    [heading].into_iter().chain(fields(want).iter().map(|line| indented(line))).collect()
}

fn update(step: &Step, changes: &[Change], paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Changed, &format!("  ~ {}", resource(&step.address)));
    let changes = changes.iter().flat_map(|one| change(one, paint));
    [heading].into_iter().chain(changes.map(|line| indented(&line))).collect()
}

fn replace(step: &Step, live: &Spec, want: Option<&Spec>, why: &[Change], full: bool, paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Removed, &format!("-/+ {} (replaced)", resource(&step.address)));
    // Besides what demands the replacement, the new one may differ in fields that could have changed in place.
    let same_kind = want.filter(|want| want.kind() == live.kind());
    let others = same_kind.map(|want| Spec::changes(live, want)).unwrap_or_default();
    let others = others.iter().filter(|other| !why.contains(other));
    let changes = why.iter().chain(others).flat_map(|one| change(one, paint));
    let fields = want.filter(|_| full).map(fields).unwrap_or_default();
    [heading].into_iter().chain(changes.chain(fields).map(|line| indented(&line))).collect()
}

fn delete(step: &Step, live: &Spec, full: bool, paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Removed, &format!("  - {}", resource(&step.address)));
    let fields = if full { fields(live) } else { Vec::new() };
    [heading].into_iter().chain(fields.iter().map(|line| indented(line))).collect()
}

/// One line for steps that were shown elsewhere, in accounts that are named.
pub(super) fn repeated(steps: &[&Step], shown: &BTreeSet<&Account>, paint: Paint) -> Vec<String> {
    let makes = |step: &&&Step| matches!(step.action, Action::Create { .. });
    let (created, updated): (Vec<&&Step>, Vec<&&Step>) = steps.iter().partition(makes);
    let line = |(steps, ink, sign): (Vec<&&Step>, Ink, &str)| {
        let text = format!("  {sign} {} as in {}, but for names and ranges", many(steps.len(), "resource"), show(shown));
        (!steps.is_empty()).then(|| paint.text(ink, &text))
    };
    [(created, Ink::Added, "+"), (updated, Ink::Changed, "~")].into_iter().filter_map(line).collect()
}

/// `vpc main (us-west-2)`: the account stands above.
fn resource(at: &Address) -> String {
    let Address { account: _, region, kind, name } = at;
    if *region == Region::GLOBAL { format!("{kind} {name}") } else { format!("{kind} {name} ({region})") }
}

fn worry(concern: &Concern, paint: Paint) -> String {
    let Concern { risk, why } = concern;
    paint.risk(*risk, &format!("! {risk}: {}", super::escape::line(why)))
}

fn indented(line: &str) -> String {
    format!("{INDENT}{line}")
}
