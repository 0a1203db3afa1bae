//! How far a `ci-key` has come, as a state: judged from tags, keys, their use and the time; worded for plans. Pure, and holds no key's id.

use super::ci_key_live::{Fact, Key};
use crate::model::{Change, Risk};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde::{Deserialize, Serialize};

/// IAM lets a user have this many keys (IAM quotas).
pub(super) const MOST_KEYS: usize = 2;
const DAY: i64 = 86_400;
/// How long a replaced key has to have rested, in seconds: a job that began before the switch may run for hours.
const REST: i64 = DAY;
/// What a person has to do before a key can be made.
pub(super) const CROWDED: &str = "the user has two access keys and IAM allows no third: use the new key so that the old one can go, or delete the key that isn't Landfall's";

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// There is a key, and it is young enough.
    Current,
    /// The key is as old as it may get; made on that day.
    Due { made: String },
    /// A new key is delivered; the old one lives until the new one has been used and the old one has rested.
    Waiting,
    /// The new key is in use, the old one is not: it can go.
    Replaced,
    /// An attempt to make a key did not live to tell.
    Interrupted,
    /// There is no key: none was made yet, or somebody deleted it.
    Absent,
    /// A new key is due and there is no room for one.
    Crowded,
}

impl State {
    /// What a plan says of it. A live state is compared with a live one (`want` is there) by its name, not by its days.
    pub(super) fn change(&self, want: Option<&State>, days: u32) -> Option<Change> {
        let key = |before: String, after: &str| Change::between("key", Some(before), Some(after.to_owned()));
        if let Some(want) = want {
            return (self != want).then(|| key(self.words(), &want.words()));
        }
        let new = format!("a new key, delivered ({days} days allowed)");
        match self {
            State::Current | State::Waiting => None,
            State::Absent => Some(key(self.words(), &new)),
            State::Due { .. } => {
                Some(key(self.words(), &new).concerning(Risk::Notable, "the old key stays until the new one has been used"))
            }
            State::Interrupted => {
                Some(key(self.words(), &new).concerning(Risk::Notable, "deletes the key that was made and reached nobody"))
            }
            State::Replaced => Some(
                key(self.words(), "the new key alone").concerning(Risk::Notable, "deletes the old key, which has not been used for a day"),
            ),
            State::Crowded => Some(key(self.words(), CROWDED).by_hand()),
        }
    }

    fn words(&self) -> String {
        match self {
            State::Current => "current".to_owned(),
            State::Due { made } => format!("due: made on {made}"),
            State::Waiting => "the old key and a new one that is not yet in use".to_owned(),
            State::Replaced => "the old key and a new one that is in use".to_owned(),
            State::Interrupted => "begun and not finished".to_owned(),
            State::Absent => "none".to_owned(),
            State::Crowded => "due, and no room for another".to_owned(),
        }
    }
}

/// What is known of the keys besides their ids; for tests, which have no IAM.
pub(super) struct Uses {
    /// When the new key, and the old one, were last used.
    pub new: Option<i64>,
    pub old: Option<i64>,
}

/// The state, by the tags, the keys, their use and the time.
pub(super) fn judged(fact: &Fact, keys: &[Key], uses: &Uses, now: i64) -> State {
    if fact.making.is_some() {
        return State::Interrupted;
    }
    let live = |id: &Option<String>| keys.iter().find(|key| id.as_deref() == Some(&key.id));
    let is_full = keys.len() >= MOST_KEYS;
    let Some(key) = live(&fact.key) else { return if is_full { State::Crowded } else { State::Absent } };
    let is_due = now.saturating_sub(key.created) >= i64::from(fact.rotate_after_days) * DAY;
    if live(&fact.old).is_some() {
        // One who uses the new key says nothing of those whom it has not reached.
        let is_used = fact.is_delivered() && uses.new.is_some_and(|used| used >= key.created);
        let rests = uses.old.is_none_or(|used| now.saturating_sub(used) >= REST);
        return match (is_used && rests, is_due && fact.rotate_after_days > 0) {
            (true, _) => State::Replaced,
            (false, true) => State::Crowded,
            (false, false) => State::Waiting,
        };
    }
    match is_due {
        true if is_full => State::Crowded,
        true => State::Due { made: day(key.created) },
        false => State::Current,
    }
}

fn day(second: i64) -> String {
    let text = DateTime::from_secs(second).fmt(Format::DateTime).unwrap_or_default();
    text.split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Tags;
    use super::super::ci_key_live::{DAYS, DELIVERED, KEY, MAKING, OLD, USER};
    use super::*;

    const NOW: i64 = 1_795_248_000; // 2026-11-21

    fn fact(key: &str, old: &str, making: Option<&str>) -> Fact {
        let told = [(USER, "ci-publish"), (DAYS, "90"), (KEY, key), (OLD, old), (DELIVERED, key)];
        let mut tags = Tags::from(told.map(|(k, v)| (k.to_owned(), v.to_owned())));
        tags.extend(making.map(|ids| (MAKING.to_owned(), ids.to_owned())));
        Fact::told(&tags, "publish".parse().unwrap()).unwrap()
    }

    fn keys(keys: &[(&str, i64)]) -> Vec<Key> {
        keys.iter().map(|(id, days)| Key { id: (*id).to_owned(), created: NOW - days * DAY }).collect()
    }

    fn state(fact: &Fact, found: &[(&str, i64)], new: Option<i64>, old: Option<i64>) -> State {
        let ago = |days: Option<i64>| days.map(|days| NOW - days * DAY);
        judged(fact, &keys(found), &Uses { new: ago(new), old: ago(old) }, NOW)
    }

    #[test]
    fn a_key_is_current_until_it_is_due() {
        assert_eq!(state(&fact("A", "-", None), &[("A", 89)], None, None), State::Current);
        let due = state(&fact("A", "-", None), &[("A", 90)], None, None);
        assert_eq!(due, State::Due { made: "2026-08-23".to_owned() });
        assert_eq!(state(&fact("-", "-", None), &[], None, None), State::Absent);
        assert_eq!(state(&fact("A", "-", None), &[("X", 3)], None, None), State::Absent, "somebody deleted it");
    }

    #[test]
    fn the_old_key_lives_until_the_new_one_is_used_and_it_has_rested_itself() {
        let fact = fact("B", "A", None);
        let both = [("A", 95), ("B", 5)];
        assert_eq!(state(&fact, &both, None, Some(6)), State::Waiting);
        assert_eq!(state(&fact, &both, Some(6), Some(6)), State::Waiting, "used before it was made: another key's use");
        assert_eq!(state(&fact, &both, Some(4), Some(0)), State::Waiting, "a job still runs with the old one");
        assert_eq!(state(&fact, &both, Some(4), Some(4)), State::Replaced);
        assert_eq!(state(&fact, &both, Some(4), None), State::Replaced);
        let mut underway = fact.clone();
        underway.delivered = Some("A".to_owned());
        assert_eq!(state(&underway, &both, Some(4), None), State::Waiting, "a repository still has the old one");
        assert_eq!(state(&fact, &[("B", 5)], None, None), State::Current);
    }

    #[test]
    fn what_is_not_ours_is_never_in_the_way_of_knowing_and_never_touched() {
        assert_eq!(state(&fact("A", "-", None), &[("A", 90), ("X", 3)], None, None), State::Crowded);
        assert_eq!(state(&fact("A", "-", None), &[("A", 9), ("X", 3)], None, None), State::Current);
        assert_eq!(state(&fact("-", "-", None), &[("X", 9), ("Y", 3)], None, None), State::Crowded);
        assert_eq!(state(&fact("B", "A", None), &[("A", 180), ("B", 90)], None, Some(0)), State::Crowded);
        let keys = keys(&[("A", 1), ("X", 1), ("N", 0)]);
        let begun = fact("A", "-", Some("A X"));
        let orphans: Vec<bool> = keys.iter().map(|key| begun.is_orphan(key)).collect();
        assert_eq!(orphans, [false, false, true]);
        let ours: Vec<bool> = keys.iter().map(|key| fact("A", "-", None).is_ours(key)).collect();
        assert_eq!(ours, [true, false, false]);
    }

    #[test]
    fn an_attempt_that_did_not_finish_is_told_whatever_else_is_there() {
        let begun = fact("A", "-", Some("A"));
        assert_eq!(state(&begun, &[("A", 90), ("N", 0)], None, None), State::Interrupted);
        assert_eq!(state(&fact("-", "-", Some("-")), &[], None, None), State::Interrupted);
    }

    #[test]
    fn plans_say_what_happens_and_never_which_key() {
        let shown = |state: &State| state.change(None, 90).map(|change| (change.before.unwrap(), change.after.unwrap()));
        let due = State::Due { made: "2026-08-22".to_owned() };
        let new = "a new key, delivered (90 days allowed)".to_owned();
        assert_eq!(shown(&due), Some(("due: made on 2026-08-22".to_owned(), new)));
        assert_eq!(shown(&State::Waiting), None);
        assert_eq!(due.change(Some(&due), 90), None, "as planned");
    }
}
