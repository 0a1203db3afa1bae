//! One step as lines: its sign, its resource, its fields or changes, and why to look.

use super::fields::{change, differences, fields};
use super::fold::{Shape, Shaped};
use super::paint::{Ink, Paint};
use crate::model::{Change, Concern, Name, Place, Region};
use serde_json::Value;

/// How deep fields stand beneath their step.
pub(super) const INDENT: &str = "      ";

/// A step to be shown, with who asked for it.
pub(super) type Shown<'a> = (&'a Shape, Option<&'a (Name, Place)>);

/// Steps of an account, or of accounts with the same steps, as lines. A replacement stands once, where its resource is deleted.
pub(super) fn steps(steps: &[Shown<'_>], full: bool, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for (step, asked) in steps {
        let is_same = |other: &Shape| (&other.region, &other.kind, &other.name) == (&step.region, &step.kind, &step.name);
        let mut concerns: Vec<&Concern> = step.concerns.iter().collect();
        match &step.action {
            Shaped::Create { want, replacing: false } => lines.extend(create(step, want, paint)),
            // Shown with its delete; alone only when the delete was left out.
            Shaped::Create { want, replacing: true } => {
                if steps.iter().any(|(other, _)| is_same(other) && matches!(other.action, Shaped::Delete { .. })) {
                    continue;
                }
                lines.extend(create(step, want, paint));
            }
            Shaped::Update { live: _, want: _, changes } => lines.extend(update(step, changes, paint)),
            Shaped::Delete { live, replacing: true, why } => {
                let made_anew = steps.iter().map(|(other, _)| other).find(|other| is_same(other) && anew(&other.action).is_some());
                lines.extend(replace(step, live, made_anew.and_then(|other| anew(&other.action)), why, full, paint));
                let more = made_anew.into_iter().flat_map(|other| &other.concerns);
                concerns.extend(more.filter(|concern| !step.concerns.contains(concern)));
            }
            Shaped::Delete { live, replacing: false, why: _ } => lines.extend(delete(step, live, full, paint)),
        }
        lines.extend(concerns.into_iter().map(|concern| indented(&worry(concern, paint))));
        let asked = asked.filter(|_| full).map(by);
        lines.extend(asked.map(|asked| indented(&paint.text(Ink::Faint, &asked))));
    }
    lines
}

/// `asked by network, modules/network/module.yaml:23`.
pub(super) fn by((module, place): &(Name, Place)) -> String {
    format!("asked by {module}, {}", super::escape::line(&place.to_string()))
}

fn anew(action: &Shaped) -> Option<&Value> {
    if let Shaped::Create { want, replacing: true } = action { Some(want) } else { None }
}

fn create(step: &Shape, want: &Value, paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Added, &format!("  + {}", resource(step)));
    [heading].into_iter().chain(fields(want).iter().map(|line| indented(line))).collect()
}

fn update(step: &Shape, changes: &[Change], paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Changed, &format!("  ~ {}", resource(step)));
    let changes = changes.iter().flat_map(|one| change(one, paint));
    [heading].into_iter().chain(changes.map(|line| indented(&line))).collect()
}

fn replace(step: &Shape, live: &Value, want: Option<&Value>, why: &[Change], full: bool, paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Removed, &format!("-/+ {} (replaced)", resource(step)));
    // Besides what demands the replacement, the new one may differ in fields that could have changed in place.
    let others = want.map(|want| differences(live, want, why)).unwrap_or_default();
    let changes = why.iter().chain(&others).flat_map(|one| change(one, paint));
    let fields = want.filter(|_| full).map(fields).unwrap_or_default();
    [heading].into_iter().chain(changes.chain(fields).map(|line| indented(&line))).collect()
}

fn delete(step: &Shape, live: &Value, full: bool, paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Removed, &format!("  - {}", resource(step)));
    let fields = if full { fields(live) } else { Vec::new() };
    [heading].into_iter().chain(fields.iter().map(|line| indented(line))).collect()
}

/// `vpc main (us-west-2)`: the account stands above.
pub(super) fn resource(step: &Shape) -> String {
    let Shape { region, kind, name, action: _, concerns: _ } = step;
    let global = *region == Region::GLOBAL.to_string();
    super::escape::line(&if global { format!("{kind} {name}") } else { format!("{kind} {name} ({region})") })
}

fn worry(concern: &Concern, paint: Paint) -> String {
    let Concern { risk, why } = concern;
    paint.risk(*risk, &format!("! {risk}: {}", super::escape::line(why)))
}

fn indented(line: &str) -> String {
    format!("{INDENT}{line}")
}
