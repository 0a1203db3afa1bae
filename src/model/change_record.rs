//! Change records: what was done to an organization, by whom, why, and how it ended. Each holds the digest of the one before it, so that
//! none can be altered, left out or moved without a trace. Holds no value of any field, and no secret: names, times and outcomes.

use super::{Account, Address, Deed, Digest, Ended, Holder, Name, Risk};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The shape of records that this version writes.
const FORMAT: u32 = 1;

/// One entry of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRecord {
    pub format: u32,
    /// Counted from 1.
    pub number: u64,
    /// Of the text of the record before; none for the first.
    pub before: Option<Digest>,
    pub at: Timestamp,
    /// Of the run that wrote it, and of no other.
    pub run: String,
    /// As AWS knows the caller: an ARN.
    pub who: String,
    pub entry: Entry,
}

/// What is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Entry {
    /// A run is about to write. One without an end was killed, or still goes on.
    Began(Box<Began>),
    Ended(Box<Closing>),
    /// Somebody ended somebody else's turn.
    LockBroken {
        reason: String,
        holder: Holder,
    },
}

/// What a run set out to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Began {
    pub estate: Name,
    /// The version of landfall.
    pub landfall: String,
    pub why: Why,
    /// The plan that is carried out.
    pub plan: Digest,
    /// The plan that people saw, where it is another one.
    pub reviewed: Option<Digest>,
    /// How many people its worst risk takes, besides its author.
    pub approvals_needed: usize,
    pub risk: Risk,
    pub steps: usize,
    pub accounts: usize,
    /// The wave and the accounts that it is for, where it is a job of a matrix.
    pub part: Option<Part>,
    /// The turn to write that it has.
    pub fence: u64,
    /// Where the plan that undoes it lies, and what it can't undo.
    pub rollback: Option<Rollback>,
}

/// Why something is changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// In somebody's words, where there is no pull request, or its gates were passed by.
    pub reason: Option<String>,
    /// `owner/name`.
    pub repository: Option<String>,
    pub pull_request: Option<u64>,
    pub commit: Option<String>,
    /// The address of the workflow run.
    pub workflow: Option<String>,
    /// Who started it, as GitHub knows them.
    pub actor: Option<String>,
    /// Whether it was carried out without a reviewed plan.
    pub emergent: bool,
}

/// The part of a plan that a job of a matrix carries out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub wave: Option<Name>,
    pub accounts: Vec<Account>,
}

/// The plan that undoes a run: computed before its first step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// Of the document in the store.
    pub key: String,
    /// Of its text.
    pub digest: Digest,
    pub steps: usize,
    /// What no plan can undo.
    pub by_hand: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    pub outcome: RunOutcome,
    /// Why it went no further, where it halted.
    pub halted: Option<String>,
    pub steps: Vec<StepRecord>,
    pub readings: Vec<Reading>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    Succeeded,
    /// Some steps did not succeed.
    Failed,
    /// A gate did not hold, and later waves were not started.
    Halted,
    /// Live state was not as reviewed; nothing failed.
    Withheld,
}

/// What became of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    pub address: Address,
    pub action: Deed,
    /// The fields that it changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    pub outcome: StepOutcome,
    /// Why it did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// What AWS calls the writes of it: what its support asks for, and CloudTrail can be searched by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepOutcome {
    Done,
    AlreadySo,
    Failed,
    Withheld,
    Skipped,
    NotStarted,
}

/// What a canary said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    pub at: Timestamp,
    pub when: When,
    pub account: Account,
    /// `green`, `red`, …, and why where it is not green.
    pub said: String,
}

/// At which point of a run a canary was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    Before,
    During,
    After,
}

/// Where the history ends: its last record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub number: u64,
    /// Of the text of the record.
    pub digest: Digest,
}

impl ChangeRecord {
    /// The record that comes after the end of a history.
    pub fn next(after: Option<&Head>, at: Timestamp, (run, who): (&str, &str), entry: Entry) -> ChangeRecord {
        let (number, before) = after.map_or((1, None), |head| (head.number + 1, Some(head.digest.clone())));
        ChangeRecord { format: FORMAT, number, before, at, run: run.to_owned(), who: who.to_owned(), entry }
    }

    /// A record's text. None when it is none, or of another version.
    pub fn of(text: &str) -> Option<ChangeRecord> {
        serde_json::from_str(text).ok().filter(|record: &ChangeRecord| record.format == FORMAT)
    }

    /// The record's text.
    ///
    /// # Panics
    /// Never: a record is plain data.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data has a JSON form") + "\n"
    }
}

impl From<Ended> for StepOutcome {
    fn from(ended: Ended) -> StepOutcome {
        match ended {
            Ended::Done => StepOutcome::Done,
            Ended::AlreadySo => StepOutcome::AlreadySo,
            Ended::Failed => StepOutcome::Failed,
        }
    }
}

/// What is wrong with a history: texts by the number that each is kept under, and where it is said to end. Nothing, when all of it holds.
///
/// Whoever can write to the store could forge all of it from some record on; the store keeps every version against that.
pub fn flaws(texts: &BTreeMap<u64, String>, head: Option<&Head>) -> Vec<String> {
    let mut found = Vec::new();
    let last = texts.keys().next_back().copied().unwrap_or(0).max(head.map_or(0, |head| head.number));
    let digest = |number: u64| texts.get(&number).map(|text| Digest::of_text(text));
    for number in 1..=last {
        let Some(text) = texts.get(&number) else {
            found.push(format!("record {number} is missing"));
            continue;
        };
        let Some(record) = ChangeRecord::of(text) else {
            found.push(format!("record {number} can't be read: it was altered, or written by another version"));
            continue;
        };
        if record.number != number {
            found.push(format!("record {} lies where record {number} should be", record.number));
        }
        let before = digest(number - 1);
        if number > 1 && before.is_some() && record.before != before {
            found.push(format!("record {} was altered, or is another one: record {number} holds a different digest of it", number - 1));
        }
    }
    if let Some(head) = head.filter(|head| digest(head.number).is_some_and(|is| is != head.digest)) {
        found.push(format!("record {} was altered, or is another one: the end of the history holds a different digest of it", head.number));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(count: u64) -> (BTreeMap<u64, String>, Head) {
        let (mut texts, mut head) = (BTreeMap::new(), None);
        let (since, until) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        for number in 1..=count {
            let holder = Holder { run: "1".into(), who: "me".into(), purpose: "x".into(), since, until, program: None };
            let entry = Entry::LockBroken { reason: format!("reason {number}"), holder };
            let text = ChangeRecord::next(head.as_ref(), since, ("run", "me"), entry).text();
            head = Some(Head { number, digest: Digest::of_text(&text) });
            texts.insert(number, text);
        }
        (texts, head.unwrap())
    }

    #[test]
    fn a_whole_history_has_no_flaw() {
        let (texts, head) = history(5);
        assert_eq!(flaws(&texts, Some(&head)), Vec::<String>::new());
        assert_eq!(flaws(&BTreeMap::new(), None), Vec::<String>::new());
        let earlier = Head { number: 4, digest: Digest::of_text(&texts[&4]) };
        assert_eq!(flaws(&texts, Some(&earlier)), Vec::<String>::new(), "killed before the end was moved on: nothing is lost");
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let (texts, head) = history(3);
        for number in 1..=3 {
            for at in 0..texts[&number].len() {
                let mut bytes = texts[&number].clone().into_bytes();
                bytes[at] ^= 1;
                let Ok(text) = String::from_utf8(bytes) else { continue };
                let mut altered = texts.clone();
                altered.insert(number, text);
                assert!(!flaws(&altered, Some(&head)).is_empty(), "record {number}, byte {at}");
            }
        }
    }

    #[test]
    fn a_missing_record_is_found_wherever_it_was() {
        let (texts, head) = history(4);
        for number in 1..=4 {
            let mut fewer = texts.clone();
            fewer.remove(&number);
            assert_eq!(flaws(&fewer, Some(&head)), [format!("record {number} is missing")]);
        }
        assert_eq!(flaws(&BTreeMap::new(), Some(&head)).len(), 4);
    }

    #[test]
    fn swapped_records_are_found() {
        let (texts, head) = history(4);
        let mut swapped = texts.clone();
        swapped.insert(2, texts[&3].clone());
        swapped.insert(3, texts[&2].clone());
        let found = flaws(&swapped, Some(&head));
        assert!(found.contains(&"record 3 lies where record 2 should be".to_owned()), "{found:?}");
        assert!(found.contains(&"record 2 lies where record 3 should be".to_owned()), "{found:?}");
    }
}
