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
    use crate::plan::made::spec;
    use serde_json::json;

    fn log_group(days: u16) -> Spec {
        spec("log-group/landfall/x", json!({ "retention_days": days, "tags": { "team": "core" } }))
    }

    fn filled() -> Spec {
        spec("log-group/landfall/x", json!({ "retention_days": 90, "tags": { "team": "core" }, "holds_entries": true }))
    }

    fn create(want: &Spec) -> Action {
        Action::Create { want: want.clone(), replacing: false }
    }

    fn update(live: &Spec, want: &Spec) -> Action {
        Action::Update { live: live.clone(), want: want.clone(), changes: Spec::changes(live, want) }
    }

    fn delete(live: &Spec) -> Action {
        Action::Delete { live: live.clone(), replacing: false, why: Vec::new() }
    }

    /// Why nothing may be done.
    fn drift(action: &Action, seen: Option<&Spec>, again: bool) -> String {
        match due(action, seen, again) {
            Due::Drift(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_to_be_created_is_made_where_nothing_is_and_left_where_it_is() {
        let want = log_group(90);
        for again in [false, true] {
            assert_eq!(due(&create(&want), None, again), Due::Create(&want));
            assert_eq!(due(&create(&want), Some(&want), again), Due::Nothing);
        }
    }

    #[test]
    fn what_an_attempt_left_half_done_is_completed_and_what_somebody_else_made_is_not() {
        let (want, half) = (log_group(90), log_group(30));
        let told = drift(&create(&want), Some(&half), false);
        assert_eq!(told, "withheld: it was to be created, but something else is there by now (retention_days); plan again");
        assert_eq!(due(&create(&want), Some(&half), true), Due::Update(&want, Spec::changes(&half, &want)));
        let [want, other] = ["10.0.16.0/20", "10.0.32.0/20"].map(|range| spec("vpc/main", json!({ "cidr": range })));
        for again in [false, true] {
            let told = drift(&create(&want), Some(&other), again);
            assert_eq!(told, "withheld: it was to be created, but something else is there by now (cidr); plan again");
        }
    }

    #[test]
    fn a_setting_is_there_with_its_account_and_is_made_as_declared() {
        let [want, seen] = [16, 8].map(|length| spec("password-policy/main", json!({ "minimum_length": length })));
        assert_eq!(due(&create(&want), Some(&seen), false), Due::Update(&want, Spec::changes(&seen, &want)));
        let asked = json!({ "value": 5, "requested": { "value": 10, "state": "pending", "by": "case 1" } });
        let [want, seen] = [json!({ "value": 10 }), asked].map(|fields| spec("service-quota/ec2/L-0263D0A3", fields));
        assert_eq!(due(&create(&want), Some(&seen), false), Due::Nothing, "what was asked for is not asked for twice");
    }

    #[test]
    fn an_update_is_of_what_the_plan_found_or_goes_on_where_an_attempt_left_off() {
        let (live, other, want) = (log_group(30), log_group(60), log_group(90));
        let action = update(&live, &want);
        for again in [false, true] {
            assert_eq!(due(&action, Some(&live), again), Due::Update(&want, Spec::changes(&live, &want)));
            assert_eq!(due(&action, Some(&want), again), Due::Nothing);
            assert_eq!(drift(&action, None, again), "it was to be updated, but it is gone");
        }
        let told = drift(&action, Some(&other), false);
        assert_eq!(told, "withheld: it has changed since the plan was made (retention_days); plan again");
        assert_eq!(due(&action, Some(&other), true), Due::Update(&want, Spec::changes(&other, &want)), "only what is left");
    }

    #[test]
    fn what_is_bound_to_a_replacement_is_bound_anew_whatever_it_looks_like() {
        let publishes = |of: &str| spec("ssm-parameter/landfall/x", json!({ "value": { "id_of": of } }));
        let want = publishes("vpc/main");
        let changes = vec![Change::between("needs.vpc/main", Some("vpc/main".into()), Some("vpc/main (replaced)".into()))];
        let action = Action::Update { live: want.clone(), want: want.clone(), changes: changes.clone() };
        for seen in [want.clone(), publishes("vpc/vpc-0lost")] {
            for again in [false, true] {
                assert_eq!(due(&action, Some(&seen), again), Due::Update(&want, changes.clone()), "{seen:?}");
            }
        }
    }

    #[test]
    fn only_what_the_plan_found_is_deleted_unless_an_attempt_was_at_it() {
        let (live, other) = (log_group(90), log_group(30));
        let told = drift(&delete(&live), Some(&other), false);
        assert_eq!(told, "withheld: it was to be deleted, but it has changed since the plan was made (retention_days); plan again");
        assert_eq!(due(&delete(&live), Some(&other), true), Due::Delete(&live));
        for again in [false, true] {
            assert_eq!(due(&delete(&live), Some(&live), again), Due::Delete(&live));
            assert_eq!(due(&delete(&live), None, again), Due::Nothing, "it is gone");
        }
    }

    #[test]
    fn what_has_come_to_hold_something_since_the_plan_is_not_deleted() {
        let (empty, filled) = (log_group(90), filled());
        for again in [false, true] {
            let why = drift(&delete(&empty), Some(&filled), again);
            assert_eq!(why, "withheld: it was to be deleted, but by now it holds log entries; plan again");
            assert_eq!(due(&delete(&filled), Some(&filled), again), Due::Delete(&filled), "retired with its entries, as planned");
        }
    }
}
