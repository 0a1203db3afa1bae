//! The history of an organization in its store: change records appended one after the other, by runs that know nothing of each other.

use super::store::Store;
use crate::aws::{CallError, Fault};
use crate::model::{Began, ChangeRecord, Digest, Entry, Head, Rollback};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

const FOLDER: &str = "records/";
const HEAD: &str = "head.json";
/// So many jobs may append at the same moment, each in a turn of the others': the largest matrix that GitHub runs, twice.
const MOST_TRIES: usize = 512;
/// A run that is run again looks so far back for what it left half done: two records for each job of the largest matrix, twice.
const LOOK_BACK: u64 = 1024;
/// So many records are read at once: S3 has no limit that this could reach, and the connection pool is small.
const AT_ONCE: usize = 16;

/// Who writes into the history.
#[derive(Clone, Debug)]
pub struct Scribe {
    /// Of the run, and of no other.
    pub run: String,
    pub who: String,
}

fn key(number: u64) -> String {
    format!("{FOLDER}{number:08}.json")
}

/// Keeps the plan that undoes a run, and tells where it lies.
///
/// # Errors
/// Those of the store.
pub async fn keep_rollback(store: &Store, scribe: &Scribe, text: &str) -> Result<Rollback, CallError> {
    let key = format!("rollbacks/{}.json", scribe.run);
    match store.write(&key, text, None).await {
        Err(error) if error.is(Fault::Lost) => store.write(&key, text, None).await?,
        // No other run is called so: it is ours, from an attempt whose answer got lost.
        written => written?,
    };
    Ok(Rollback { key, digest: Digest::of_text(text), steps: 0, by_hand: Vec::new() })
}

/// The plan that undoes a run, as it was kept.
///
/// # Errors
/// Those of the store, and a text that is not the one that the record tells of.
pub async fn rollback(store: &Store, kept: &Rollback) -> Result<String, CallError> {
    let gone = |what: &str| CallError::refused("s3:GetObject", format!("{} in {} {what}", kept.key, store.bucket()));
    let (text, _) = store.read(&kept.key).await?.ok_or_else(|| gone("is not there any more"))?;
    if Digest::of_text(&text) == kept.digest { Ok(text) } else { Err(gone("was altered: the record holds a different digest of it")) }
}

/// Appends an entry, and answers the record of it. Of two runs that append at the same moment, one comes after the other.
///
/// # Errors
/// Those of the store.
pub async fn append(store: &Store, scribe: &Scribe, at: Timestamp, entry: Entry) -> Result<ChangeRecord, CallError> {
    let mut end = head(store).await?.map(|(head, _)| head);
    for _ in 0..MOST_TRIES {
        let record = ChangeRecord::next(end.as_ref(), at, (&scribe.run, &scribe.who), entry.clone());
        let (number, text) = (record.number, record.text());
        // A write whose answer got lost may have happened: then ours is what is found there.
        let written = match store.write(&key(number), &text, None).await {
            Ok(written) => written.is_some(),
            Err(error) if error.is(Fault::Lost) => false,
            Err(error) => return Err(error),
        };
        let found = if written { Some(text.clone()) } else { self::record(store, number).await? };
        match found {
            Some(found) if found == text => {
                advance(store, Head { number, digest: Digest::of_text(&text) }).await?;
                return Ok(record);
            }
            Some(other) => end = Some(Head { number, digest: Digest::of_text(&other) }),
            None => {}
        }
    }
    Err(CallError::refused("s3:PutObject", format!("the history in {} grows faster than this run can add to it", store.bucket())))
}

/// Moves the end of the history on, unless somebody moved it further.
async fn advance(store: &Store, to: Head) -> Result<(), CallError> {
    let text = serde_json::to_string(&to).unwrap_or_default();
    for _ in 0..MOST_TRIES {
        let known = head(store).await?;
        if known.as_ref().is_some_and(|(head, _)| head.number >= to.number) {
            break;
        }
        if store.write(HEAD, &text, known.as_ref().map(|(_, version)| version)).await?.is_some() {
            break;
        }
    }
    Ok(())
}

async fn head(store: &Store) -> Result<Option<(Head, super::lock::Version)>, CallError> {
    let Some((text, version)) = store.read(HEAD).await? else { return Ok(None) };
    let unreadable = || CallError::refused("s3:GetObject", format!("{HEAD} in {} says nothing that can be understood", store.bucket()));
    serde_json::from_str(&text).map(|head| Some((head, version))).map_err(|_| unreadable())
}

/// The texts of all records, by the number that each is kept under, and where the history is said to end.
///
/// # Errors
/// Those of the store.
pub async fn history(store: &Store) -> Result<(BTreeMap<u64, String>, Option<Head>), CallError> {
    let head = head(store).await?.map(|(head, _)| head);
    let keys = store.list(FOLDER).await?;
    let number = |key: &String| key.strip_prefix(FOLDER)?.strip_suffix(".json")?.parse().ok();
    Ok((texts(store, keys.iter().filter_map(number)).await?, head))
}

async fn texts(store: &Store, numbers: impl Iterator<Item = u64>) -> Result<BTreeMap<u64, String>, CallError> {
    let mut texts = BTreeMap::new();
    for some in numbers.collect::<Vec<_>>().chunks(AT_ONCE) {
        let read = some.iter().map(|number| async move { (*number, record(store, *number).await) });
        for (number, read) in futures::future::join_all(read).await {
            if let Some(text) = read? {
                texts.insert(number, text);
            }
        }
    }
    Ok(texts)
}

/// The records of one turn, in order: read from the end of the history back to the turn before it, since a history grows and a turn does not.
///
/// # Errors
/// Those of the store.
pub async fn of_turn(store: &Store, fence: u64) -> Result<Vec<ChangeRecord>, CallError> {
    let is_earlier = |record: &ChangeRecord| matches!(&record.entry, Entry::Began(began) if began.fence < fence);
    Ok(belonging(latest(store, u64::MAX, is_earlier).await?, |began| began.fence == fence))
}

/// The latest records of the runs of one plan, by the digest that people have seen, in order.
///
/// # Errors
/// Those of the store.
pub async fn of_plan(store: &Store, seen: &Digest) -> Result<Vec<ChangeRecord>, CallError> {
    Ok(belonging(latest(store, LOOK_BACK, |_| false).await?, |began| began.reviewed.as_ref().unwrap_or(&began.plan) == seen))
}

/// The records from the end of the history back to one, or so many of them.
async fn latest(store: &Store, most: u64, until: impl Fn(&ChangeRecord) -> bool) -> Result<Vec<ChangeRecord>, CallError> {
    let mut end = head(store).await?.map_or(0, |(head, _)| head.number);
    // Whoever wrote the last record may have been killed before the end of the history was moved on.
    while record(store, end + 1).await?.is_some() {
        end += 1;
    }
    let (mut left, mut found) = (end, BTreeMap::new());
    while left > end.saturating_sub(most) && !found.values().any(&until) {
        let from = left.saturating_sub(AT_ONCE as u64) + 1;
        let read = texts(store, from..=left).await?;
        found.extend(read.into_iter().filter_map(|(number, text)| Some((number, ChangeRecord::of(&text)?))));
        left = from - 1;
    }
    Ok(found.into_values().collect())
}

/// Those of the runs that began so.
fn belonging(mut records: Vec<ChangeRecord>, so: impl Fn(&Began) -> bool) -> Vec<ChangeRecord> {
    let began = records.iter().filter(|record| matches!(&record.entry, Entry::Began(began) if so(began)));
    let runs: BTreeSet<String> = began.map(|record| record.run.clone()).collect();
    records.retain(|record| runs.contains(&record.run));
    records
}

/// Whether a run of these began and has not ended: it was killed, or still writes.
pub fn are_open(records: &[ChangeRecord]) -> bool {
    let ended: BTreeSet<&str> =
        records.iter().filter(|record| matches!(record.entry, Entry::Ended(_))).map(|one| one.run.as_str()).collect();
    records.iter().any(|record| matches!(record.entry, Entry::Began(_)) && !ended.contains(record.run.as_str()))
}

/// One record's text.
///
/// # Errors
/// Those of the store.
pub async fn record(store: &Store, number: u64) -> Result<Option<String>, CallError> {
    Ok(store.read(&key(number)).await?.map(|(text, _)| text))
}
