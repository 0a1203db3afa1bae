//! What people have seen of a plan, and so what may be done: the very steps that they saw, and what is left of those that a run of that plan
//! began and did not finish. Never approves another end than they saw.

use super::{Action, Plan, Step};
use crate::model::{Address, Digest};
use std::collections::{BTreeMap, BTreeSet};

/// A reviewed plan, as a later run of it sees it.
pub struct Reviewed<'a> {
    steps: BTreeSet<Digest>,
    seen: BTreeMap<&'a Address, Vec<&'a Action>>,
    /// Addresses whose steps a run of this plan began and may have left half done.
    unfinished: &'a BTreeSet<Address>,
}

impl<'a> Reviewed<'a> {
    pub fn of(plan: &'a Plan, unfinished: &'a BTreeSet<Address>) -> Reviewed<'a> {
        let mut seen: BTreeMap<&Address, Vec<&Action>> = BTreeMap::new();
        plan.steps().for_each(|step| seen.entry(&step.address).or_default().push(&step.action));
        Reviewed { steps: plan.steps().map(Step::digest).collect(), seen, unfinished }
    }

    /// Whether somebody has seen this very step.
    pub fn has_seen(&self, step: &Step) -> bool {
        self.steps.contains(&step.digest())
    }

    /// Whether somebody has seen a step: itself, or all that it does and more.
    pub fn approves(&self, step: &Step) -> bool {
        self.has_seen(step) || self.unfinished.contains(&step.address) && self.could_finish(step)
    }

    /// Whether a step would finish one that was seen, if a run had been in the midst of that.
    pub fn could_finish(&self, step: &Step) -> bool {
        self.seen.get(&step.address).into_iter().flatten().any(|seen| finishes(&step.action, seen))
    }
}

/// Whether an action is what is left of another one, interrupted at any moment: it ends where that one would have ended, and changes
/// nothing that it would not have changed.
fn finishes(left: &Action, whole: &Action) -> bool {
    match (left, whole) {
        (Action::Update { want, .. } | Action::Create { want, .. }, Action::Create { want: whole, .. }) => want == whole,
        (Action::Update { want, changes, .. }, Action::Update { want: whole, changes: seen, .. }) => {
            want == whole && changes.iter().all(|change| seen.iter().any(|seen| seen.field == change.field && seen.after == change.after))
        }
        (Action::Delete { replacing, .. }, Action::Delete { replacing: whole, .. }) => replacing == whole,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{Spec, row};
    use crate::model::{Change, KindName};
    use crate::plan::estates::{accounts, at, desired, live, with};
    use crate::plan::{Live, plan};
    use serde_json::{Value, json};

    fn vpc(purpose: &str) -> Spec {
        let row = row(&KindName::new("vpc")).unwrap();
        (row.parse)(json!({ "cidr": "10.0.0.0/20", "tags": { "purpose": purpose } })).unwrap()
    }

    fn update(live: &str, want: &str, fields: &[&str]) -> Action {
        let changes = fields.iter().map(|field| Change::between(*field, None, Some(want.to_owned()))).collect();
        Action::Update { live: vpc(live), want: vpc(want), changes }
    }

    fn create(want: &str, replacing: bool) -> Action {
        Action::Create { want: vpc(want), replacing }
    }

    fn delete(live: &str, replacing: bool) -> Action {
        Action::Delete { live: vpc(live), replacing, why: Vec::new() }
    }

    #[test]
    fn what_ends_as_was_seen_finishes_it() {
        for (left, whole) in [
            (update("half", "new", &["a", "b"]), create("new", false)),
            (update("half", "new", &["a"]), update("old", "new", &["a", "b"])),
            (create("new", false), create("new", true)),
            (delete("half", false), delete("old", false)),
            (delete("half", true), delete("old", true)),
        ] {
            assert!(finishes(&left, &whole), "{left:?} {whole:?}");
        }
    }

    #[test]
    fn another_end_or_another_field_does_not() {
        for (left, whole) in [
            (update("half", "newer", &["a"]), create("new", false)),
            (update("half", "new", &["c"]), update("old", "new", &["a", "b"])),
            (update("half", "newer", &["a"]), update("old", "new", &["a"])),
            (create("new", false), update("old", "new", &["a"])),
            (delete("half", false), create("half", false)),
            (delete("half", true), delete("old", false)),
            (delete("half", false), update("old", "new", &["a"])),
        ] {
            assert!(!finishes(&left, &whole), "{left:?} {whole:?}");
        }
    }

    const BEGUN: &str = "payments/prod/us-west-2/vpc/begun";
    const WAITING: &str = "payments/prod/us-west-2/vpc/waiting";

    /// Two networks of one purpose.
    fn networks(purpose: &str) -> Vec<(String, Value)> {
        let network = |cidr: &str| json!({ "cidr": cidr, "tags": { "purpose": purpose } });
        with(accounts(&["payments/prod"]), [(BEGUN, network("10.0.0.0/20")), (WAITING, network("10.1.0.0/20"))])
    }

    #[test]
    fn what_is_left_half_done_is_approved_where_a_run_was_in_the_midst_of_it() {
        let (seen, _) = plan(&desired(&networks("new")), &Live::default());
        let unfinished = BTreeSet::from([at(BEGUN)]);
        let reviewed = Reviewed::of(&seen, &unfinished);
        assert!(seen.steps().all(|step| reviewed.has_seen(step) && reviewed.approves(step)));
        // By place: the one that was begun, and the other. Whether each was seen, could finish what was, and is approved.
        let of = |purpose: &str| {
            let (later, _) = plan(&desired(&networks(purpose)), &live(&networks("half")));
            let judged = later.steps().map(|step| [reviewed.has_seen(step), reviewed.could_finish(step), reviewed.approves(step)]);
            judged.collect::<Vec<_>>()
        };
        assert_eq!(of("new"), [[false, true, true], [false, true, false]]);
        assert_eq!(of("another"), [[false; 3]; 2], "nobody saw that end");
    }
}
