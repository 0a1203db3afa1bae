//! Breaking the glass takes two people: one who agrees beforehand that a plan passes over what holds it back, and one who applies it. Each
//! agreement lies under its author's own id at AWS, where the policy that `landfall policy apply` prints lets nobody else write.

use super::store::Store;
use crate::aws::{CallError, Caller};
use crate::model::Digest;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub const FOLDER: &str = "glass/";
/// For so long an agreement counts: enough to apply at once, and too little to be kept in a drawer.
pub const TERM: SignedDuration = SignedDuration::from_hours(1);

/// That somebody agrees.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// As AWS knows them: an ARN.
    pub who: String,
    pub reason: String,
    pub at: Timestamp,
}

impl Agreement {
    /// Whether it counts at a moment: neither before it was made nor long after.
    fn counts(&self, now: Timestamp) -> bool {
        self.at <= now && now < self.at.saturating_add(TERM).unwrap_or(self.at)
    }
}

/// The key of an agreement: whose it is (`sts:GetCallerIdentity`, as the policy variable `aws:userid`), and of which plan.
fn key(user: &str, plan: &Digest) -> String {
    format!("{FOLDER}{user}/{plan}.json")
}

/// Writes down that whoever calls agrees, over what they said before.
///
/// # Errors
/// Those of the store; credentials whose id AWS does not tell.
pub async fn agree(store: &Store, caller: &Caller, plan: &Digest, agreement: &Agreement) -> Result<(), CallError> {
    if caller.user_id.is_empty() {
        return Err(CallError::refused("sts:GetCallerIdentity", "it does not tell whose credentials these are"));
    }
    let (key, text) = (key(&caller.user_id, plan), serde_json::to_string(agreement).unwrap_or_default());
    let known = store.read(&key).await?.map(|(_, version)| version);
    match store.write(&key, &text, known.as_ref()).await? {
        Some(_) => Ok(()),
        None => Err(CallError::refused("s3:PutObject", format!("{key} in {} was written by somebody else at this moment", store.bucket()))),
    }
}

/// Who else agreed to a plan, if anybody did within the last hour.
///
/// # Errors
/// Those of the store.
pub async fn agreed(store: &Store, caller: &Caller, plan: &Digest, now: Timestamp) -> Result<Option<Agreement>, CallError> {
    let own = key(&caller.user_id, plan);
    let ending = format!("/{plan}.json");
    for key in store.list(FOLDER).await?.into_iter().filter(|key| key.ends_with(&ending) && *key != own) {
        let Some((text, _)) = store.read(&key).await? else { continue };
        if let Some(agreement) = serde_json::from_str::<Agreement>(&text).ok().filter(|found| found.counts(now)) {
            return Ok(Some(agreement));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agreement_counts_for_an_hour() {
        let at: Timestamp = "2026-11-27T03:00:00Z".parse().unwrap();
        let agreement = Agreement { who: "somebody".to_owned(), reason: "prod is down".to_owned(), at };
        let counts = |minutes: i64| agreement.counts(at + SignedDuration::from_mins(minutes));
        assert_eq!([-1, 0, 59, 60].map(counts), [false, true, true, false]);
    }
}
