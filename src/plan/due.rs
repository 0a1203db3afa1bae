//! What is left to do of a step, by what its resource is like when it comes to it. The one decision that apply makes about a resource, and
//! that a rehearsal foretells: so both make it here. Pure; reads and writes nothing.

use super::Action;
use crate::kinds::{Spec, row};
use crate::model::{Change, Effect, show};

/// What is left to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Due<'a> {
    Create(&'a Spec),
    Update(&'a Spec, Vec<Change>),
    Delete(&'a Spec),
    /// It is as the step would leave it.
    Nothing,
    /// It is neither as the plan found it nor as the step would leave it; with words for people.
    Drift(String),
}

/// What is left to do of a step. `again` says that it was tried before in this run: what that attempt left half done is then completed,
/// where on a first attempt it counts as drift.
pub fn due<'a>(action: &'a Action, seen: Option<&Spec>, again: bool) -> Due<'a> {
    match action {
        Action::Create { want, .. } => create(want, seen, again),
        Action::Update { live, want, changes } => update((live, want, changes), seen, again),
        Action::Delete { live, .. } => delete(live, seen, again),
    }
}

fn create<'a>(want: &'a Spec, seen: Option<&Spec>, again: bool) -> Due<'a> {
    let Some(seen) = seen else { return Due::Create(want) };
    let left = left(seen, want);
    // A setting is there as soon as its account is, and may well have been planned before that.
    let is_setting = row(&want.kind()).is_some_and(|row| row.setting);
    match left.iter().all(|change| change.effect == Effect::InPlace) {
        _ if left.is_empty() => Due::Nothing,
        true if again || is_setting => Due::Update(want, left),
        _ => drifted("it was to be created, but something else is there by now", &left),
    }
}

fn update<'a>((live, want, changes): (&Spec, &'a Spec, &[Change]), seen: Option<&Spec>, again: bool) -> Due<'a> {
    let Some(seen) = seen else { return Due::Drift("it was to be updated, but it is gone".to_owned()) };
    let rebinds = changes.iter().any(|change| change.field.starts_with("needs."));
    let left = left(seen, want);
    if left.is_empty() && !rebinds {
        return Due::Nothing;
    }
    // A need replaced under the same name shows as a stranger's id until it is bound again, so it can't be compared.
    let as_planned = rebinds || again || Spec::changes(seen, live).is_empty();
    match as_planned {
        false => drifted("it has changed since the plan was made", &left),
        true if rebinds => Due::Update(want, changes.to_vec()),
        true => Due::Update(want, left),
    }
}

fn delete<'a>(live: &'a Spec, seen: Option<&Spec>, again: bool) -> Due<'a> {
    let Some(seen) = seen else { return Due::Nothing };
    let differing = Spec::changes(seen, live);
    if !differing.is_empty() && !again {
        return drifted("it was to be deleted, but it has changed since the plan was made", &differing);
    }
    // What it has come to hold since then is no change of it, and nobody has agreed to lose it.
    match seen.held().filter(|_| live.held().is_none()) {
        Some(held) => Due::Drift(format!("withheld: it was to be deleted, but by now {}; plan again", held.why)),
        None => Due::Delete(live),
    }
}

/// What there still is to do: what was asked for, an attempt before this one may have asked.
fn left(live: &Spec, want: &Spec) -> Vec<Change> {
    Spec::changes(live, want).into_iter().filter(|change| change.effect != Effect::Awaited).collect()
}

fn drifted<'a>(what: &str, changes: &[Change]) -> Due<'a> {
    let fields = show(changes.iter().map(|change| &change.field));
    Due::Drift(format!("withheld: {what} ({fields}); plan again"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::LogGroup;

    fn log_group(holds_entries: bool) -> Spec {
        Spec::LogGroup(LogGroup { retention_days: None, disposable: false, tags: Default::default(), holds_entries })
    }

    #[test]
    fn what_has_come_to_hold_something_since_the_plan_is_not_deleted() {
        let (empty, filled) = (log_group(false), log_group(true));
        for again in [false, true] {
            let Due::Drift(why) = delete(&empty, Some(&filled), again) else { panic!("it would be deleted") };
            assert_eq!(why, "withheld: it was to be deleted, but by now it holds log entries; plan again");
            assert_eq!(delete(&empty, Some(&empty), again), Due::Delete(&empty), "empty as planned");
            assert_eq!(delete(&filled, Some(&filled), again), Due::Delete(&filled), "retired with its entries, as planned");
        }
    }
}
