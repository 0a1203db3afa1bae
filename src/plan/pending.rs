//! What lives and is of no use yet: channels that wait for a code, subscriptions that wait to be confirmed. Shown, and never taken for drift;
//! and said louder where it leaves nobody to be reached.

use super::ground::Ground;
use crate::kinds::Spec;
use crate::model::{Address, Note, Severity, Subject};
use std::collections::BTreeMap;

/// How many ways there are to whoever is reached, and how many of them wait.
#[derive(Default)]
struct Ways {
    all: usize,
    waiting: usize,
}

/// A note for each declared resource that waits, and one for each contact and topic of whose ways every one does.
pub(super) fn notes(ground: &Ground) -> Vec<Note> {
    let declared = || ground.found_all().filter(|(at, _)| ground.declared(at).is_some());
    let waiting = declared().filter_map(|(at, found)| {
        let note = Note::new(Severity::Information, Subject::Resource(at.clone()), "Waits for somebody", found.spec.pending()?);
        Some(note.hint("no plan can do it, and none changes anything until it is done"))
    });
    let mut ways: BTreeMap<Address, Ways> = BTreeMap::new();
    for (at, found) in declared() {
        let Some(end) = reached(ground, at, &found.spec) else { continue };
        let ways = ways.entry(end).or_default();
        ways.all += 1;
        ways.waiting += usize::from(found.spec.pending().is_some());
    }
    let unreachable = ways.iter().filter(|(_, ways)| ways.waiting == ways.all).map(|(at, ways)| nobody(at, ways));
    waiting.chain(unreachable).collect()
}

/// Whom a channel or subscription is a way to.
fn reached(ground: &Ground, at: &Address, spec: &Spec) -> Option<Address> {
    match spec {
        Spec::ContactChannel(channel) => Some(channel.contact.resolve(at, ground.home())),
        Spec::SnsSubscription(subscription) => Some(subscription.topic.resolve(at, ground.home())),
        _ => None,
    }
}

fn nobody(at: &Address, Ways { all, .. }: &Ways) -> Note {
    let detail = match all {
        1 => "There is one way to reach somebody here, and it has yet to be confirmed.".to_owned(),
        _ => format!("There are {all} ways to reach somebody here, and all of them have yet to be confirmed."),
    };
    let note = Note::new(Severity::Warning, Subject::Resource(at.clone()), "Nobody is reached yet", detail);
    note.hint("whoever is on call enters the code, or follows the link, that AWS has sent")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::estates::{desired, live};
    use serde_json::{Value, json};

    /// What is said of a topic, by whether each of its subscriptions waits.
    fn told(waits: &[bool]) -> Vec<String> {
        let here = "payments/prod/us-west-2";
        let subscription = |(number, pending): (usize, bool)| {
            let fields = json!({ "topic": "sns-topic/alarms", "protocol": "email", "endpoint": "ops@acme.example" });
            let fields: Value = if pending {
                fields.as_object().unwrap().clone().into_iter().chain([("pending".into(), json!(true))]).collect()
            } else {
                fields
            };
            (format!("{here}/sns-subscription/s{number}"), fields)
        };
        let topic = (format!("{here}/sns-topic/alarms"), json!({}));
        let all =
            |waits: &[bool]| [topic.clone()].into_iter().chain(waits.iter().copied().enumerate().map(subscription)).collect::<Vec<_>>();
        let (desired, live) = (desired(&all(&vec![false; waits.len()])), live(&all(waits)));
        let notes = notes(&Ground::of(&desired, &live)).into_iter().filter(|note| note.severity == Severity::Warning);
        notes.map(|note| format!("{}: {}", note.subject, note.detail)).collect()
    }

    #[test]
    fn it_is_said_where_every_way_to_somebody_has_yet_to_be_confirmed() {
        let topic = "payments/prod/us-west-2/sns-topic/alarms";
        let one = format!("{topic}: There is one way to reach somebody here, and it has yet to be confirmed.");
        let two = format!("{topic}: There are 2 ways to reach somebody here, and all of them have yet to be confirmed.");
        assert_eq!((told(&[true]), told(&[true, true])), (vec![one], vec![two]));
        assert_eq!((told(&[true, false]), told(&[])), (vec![], vec![]));
    }
}
