//! The lock of an organization as it is kept: one small document that says whose turn it is. What is read back is untrusted.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The shape of the document that this version writes.
const FORMAT: u32 = 1;
/// By so much the clocks of two machines may differ. One that is set by NTP, as every machine of AWS and GitHub is, differs by less than a
/// second; beyond a quarter of an hour AWS refuses the signature of every request.
pub const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// Whose turn it is to write, and how many turns there were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    format: u32,
    /// The fence: grows by one with every turn, so that a run of an earlier turn can be told from the one whose turn it is.
    pub fence: u64,
    /// Who has it. None between two turns.
    pub holder: Option<Holder>,
}

/// A run whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// Of the run, and of no other.
    pub run: String,
    /// As AWS knows the caller: an ARN.
    pub who: String,
    /// What for, in words.
    pub purpose: String,
    pub since: Timestamp,
    /// When its turn ends unless it is renewed.
    pub until: Timestamp,
    /// Which program on which machine it is. None for a turn that no single program has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
}

impl Lock {
    /// Before the first turn.
    pub fn fresh() -> Lock {
        Lock { format: FORMAT, fence: 0, holder: None }
    }

    /// A document's text. None when it is no lock, or of another version.
    pub fn of(text: &str) -> Option<Lock> {
        serde_json::from_str(text).ok().filter(|lock: &Lock| lock.format == FORMAT)
    }

    /// The document's text.
    ///
    /// # Panics
    /// Never: a lock is plain data.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data has a JSON form") + "\n"
    }

    /// The next turn.
    #[must_use]
    pub fn next(&self, holder: Holder) -> Lock {
        Lock { format: FORMAT, fence: self.fence.saturating_add(1), holder: Some(holder) }
    }

    /// The same turn, with another end.
    #[must_use]
    pub fn renewed(&self, holder: Holder) -> Lock {
        let since = self.holder.as_ref().map_or(holder.since, |now| now.since);
        Lock { holder: Some(Holder { since, ..holder }), ..self.clone() }
    }

    /// The end of this turn.
    #[must_use]
    pub fn released(&self) -> Lock {
        Lock { holder: None, ..self.clone() }
    }

    /// Whose turn it still may be, whatever the clocks.
    pub fn held_at(&self, now: Timestamp) -> Option<&Holder> {
        self.holder.as_ref().filter(|holder| now < holder.until.saturating_add(SKEW).unwrap_or(Timestamp::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_turn_ends_for_others_after_it_ended_for_its_holder() {
        let holder = Holder { run: "1".into(), who: "me".into(), purpose: "test".into(), since: at(0), until: at(100), program: None };
        let lock = Lock::fresh().next(holder.clone());
        assert_eq!((lock.fence, lock.held_at(at(159))), (1, Some(&holder)));
        assert_eq!(lock.held_at(at(160)), None);
        assert_eq!(lock.released().held_at(at(0)), None);
        assert_eq!(lock.released().fence, 1, "the fence never goes back");
    }

    #[test]
    fn what_is_no_lock_is_not_taken_for_a_free_one() {
        let lock = Lock::fresh();
        assert_eq!(Lock::of(&lock.text()), Some(lock));
        for text in ["", "{}", "null", r#"{"format": 2, "fence": 1, "holder": null}"#, r#"{"format": 1, "fence": -1, "holder": null}"#] {
            assert_eq!(Lock::of(text), None, "{text}");
        }
    }
}
