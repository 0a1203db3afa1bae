//! How far the delivery of a `ci-key` has come: what the tags of its secret and the user's keys tell together. Reads no secret's value.

use super::ci_key_state::{MOST_KEYS, State, Uses, judged};
use super::{Kind, Tags, ci_key::CiKey, secrets, tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::Name;
use aws_sdk_secretsmanager::types::Tag;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

/// By how much GitHub's clock may be behind AWS's, in seconds. The tag of the delivered key is compared as well.
pub(super) const SKEW: i64 = 120;
pub(super) const USER: &str = "landfall:user";
pub(super) const KEY: &str = "landfall:key";
pub(super) const OLD: &str = "landfall:old-key";
pub(super) const MAKING: &str = "landfall:making";
pub(super) const DELIVERED: &str = "landfall:delivered";
pub(super) const DAYS: &str = "landfall:rotate-after-days";
const PREFIX: &str = "landfall:prefix";
const TO: &str = "landfall:to:";
/// What a tag says that has nothing to say: an empty one could as well be missing.
const NONE: &str = "-";

/// An access key of the user, by what IAM tells of it.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub id: String,
    /// In seconds since 1970.
    pub created: i64,
}

/// What the tags of the secret say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fact {
    pub arn: String,
    pub name: Name,
    pub secret: String,
    pub user: String,
    pub rotate_after_days: u32,
    /// The key that is, or is being, delivered.
    pub key: Option<String>,
    /// The one before it.
    pub old: Option<String>,
    /// The keys that were there when another one began to be made.
    pub making: Option<BTreeSet<String>>,
    /// The key that has reached all repositories.
    pub delivered: Option<String>,
    pub prefix: String,
    pub repositories: BTreeSet<String>,
    pub declared: Tags,
    /// The tags as they were found: what is no longer said has to be taken off.
    found: Tags,
}

/// The state of a key. Its use is asked for only while two keys live: that is one call a key.
pub(super) async fn state(at: &Session, fact: &Fact, keys: &[Key]) -> Result<State, CallError> {
    let rotates = keys.len() == MOST_KEYS && fact.old.is_some();
    let uses = match rotates {
        true => Uses { new: used(at, fact.key.as_deref()).await?, old: used(at, fact.old.as_deref()).await? },
        false => Uses { new: None, old: None },
    };
    let now = at.now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    Ok(judged(fact, keys, &uses, now))
}

async fn used(at: &Session, key: Option<&str>) -> Result<Option<i64>, CallError> {
    let Some(key) = key else { return Ok(None) };
    let call = at.iam().get_access_key_last_used().access_key_id(key);
    let answer = or_missing(call.send().await.map_err(CallError::from))?;
    Ok(answer.and_then(|answer| Some(answer.access_key_last_used()?.last_used_date()?.secs())))
}

/// The keys of a user; none of one that is gone.
pub(super) async fn keys(at: &Session, user: &str) -> Result<Vec<Key>, CallError> {
    let answer = or_missing(at.iam().list_access_keys().user_name(user).send().await.map_err(CallError::from))?;
    let found = answer.iter().flat_map(|answer| answer.access_key_metadata());
    Ok(found.filter_map(|key| Some(Key { id: key.access_key_id()?.to_owned(), created: key.create_date()?.secs() })).collect())
}

/// What the secrets of ours in this account and Region say.
pub(super) async fn facts(at: &Session) -> Result<Vec<Fact>, CallError> {
    let marked = secrets::marked(at).await?;
    Ok(marked.iter().filter_map(|found| Fact::of(at, found.arn()?, found.name()?, found.tags())).collect())
}

/// What the secret of one key says by now: a listing may be minutes behind (Secrets Manager API reference, `ListSecrets`), and whoever goes by
/// old tags makes a key too many.
pub(super) async fn fact(at: &Session, name: &Name, secret: &str) -> Result<Option<Fact>, CallError> {
    let answer = or_missing(at.secretsmanager().describe_secret().secret_id(secret).send().await.map_err(CallError::from))?;
    let found = answer.filter(|found| found.deleted_date().is_none());
    let fact = found.and_then(|found| Fact::of(at, found.arn()?, found.name()?, found.tags()));
    Ok(fact.filter(|fact| fact.name == *name))
}

impl Fact {
    /// What is true before the first key is made. Says all that can't be changed later, so that what is left half made is finished as it is.
    pub(super) fn beginning(name: &Name, want: &CiKey) -> Fact {
        Fact {
            arn: String::new(),
            name: name.clone(),
            secret: want.secret.clone(),
            user: want.user.name.to_string(),
            rotate_after_days: want.rotate_after_days,
            key: None,
            old: None,
            making: None,
            delivered: None,
            prefix: want.prefix.clone(),
            repositories: BTreeSet::new(),
            declared: Tags::new(),
            found: Tags::new(),
        }
    }

    fn of(at: &Session, arn: &str, secret: &str, found: &[Tag]) -> Option<Fact> {
        let tag = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
        let all: Tags = found.iter().filter_map(tag).collect();
        let name = tags::owner(at, &CiKey::NAME, &all)?;
        Some(Fact { arn: arn.to_owned(), secret: secret.to_owned(), ..Fact::told(&all, name)? })
    }

    pub(super) fn told(all: &Tags, name: Name) -> Option<Fact> {
        let one = |key: &str| all.get(key).filter(|value| *value != NONE).cloned();
        let making = all.get(MAKING).map(|ids| ids.split(' ').filter(|id| *id != NONE).map(str::to_owned).collect());
        let is_declared = |key: &String| !key.starts_with("landfall:") && !key.starts_with("aws:");
        Some(Fact {
            arn: String::new(),
            secret: String::new(),
            name,
            user: one(USER)?,
            rotate_after_days: one(DAYS)?.parse().ok()?,
            key: one(KEY),
            old: one(OLD),
            making,
            delivered: one(DELIVERED),
            prefix: one(PREFIX).unwrap_or_default(),
            repositories: all.iter().filter(|(key, _)| key.starts_with(TO)).map(|(_, to)| to.clone()).collect(),
            declared: all.iter().filter(|(key, _)| is_declared(key)).map(|(key, value)| (key.clone(), value.clone())).collect(),
            found: all.clone(),
        })
    }

    /// What it says, as tags.
    pub(super) fn tags(&self) -> Tags {
        let Fact { arn: _, name: _, secret: _, user, rotate_after_days, key, old, making, .. } = self;
        let Fact { delivered, prefix, repositories, declared: _, found: _, .. } = self;
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| NONE.to_owned());
        let mut tags = Tags::from([
            (USER.to_owned(), user.clone()),
            (DAYS.to_owned(), rotate_after_days.to_string()),
            (KEY.to_owned(), text(key)),
            (OLD.to_owned(), text(old)),
            (DELIVERED.to_owned(), text(delivered)),
            (PREFIX.to_owned(), text(&Some(prefix.clone()).filter(|prefix| !prefix.is_empty()))),
        ]);
        if let Some(ids) = making {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            tags.insert(MAKING.to_owned(), if ids.is_empty() { NONE.to_owned() } else { ids.join(" ") });
        }
        tags.extend(repositories.iter().enumerate().map(|(at, to)| (format!("{TO}{at}"), to.clone())));
        tags
    }

    /// Writes it down. What is said anew comes before what is no longer said, so that a crash between the two loses nothing.
    pub(super) async fn save(&mut self, at: &Session) -> Result<(), CallError> {
        let tags = self.tags();
        let call = at.secretsmanager().tag_resource().secret_id(&self.arn);
        call.set_tags(Some(written(&tags, &Tags::new()))).send().await?;
        let stale = [MAKING].into_iter().map(str::to_owned).chain((0..self.found.len()).map(|at| format!("{TO}{at}")));
        let stale: Vec<String> = stale.filter(|key| self.found.contains_key(key) && !tags.contains_key(key)).collect();
        if !stale.is_empty() {
            at.secretsmanager().untag_resource().secret_id(&self.arn).set_tag_keys(Some(stale)).send().await?;
        }
        self.found.retain(|key, _| !key.starts_with(TO) && key != MAKING);
        self.found.extend(tags);
        Ok(())
    }

    /// A key of ours takes the place of the one before it.
    pub(super) fn succeed(&mut self, id: &str) {
        if self.key.as_deref() != Some(id) {
            self.old = self.key.replace(id.to_owned());
            self.delivered = None;
        }
    }

    /// Whether the key has reached all that the tags name.
    pub(super) fn is_delivered(&self) -> bool {
        self.key.is_some() && self.delivered == self.key
    }

    /// Whether a key was made by an attempt that did not live to write it down. One that was there before is somebody else's.
    pub(super) fn is_orphan(&self, key: &Key) -> bool {
        let is_known = |id: &Option<String>| id.as_deref() == Some(&key.id);
        let is_new = self.making.as_ref().is_some_and(|before| !before.contains(&key.id));
        is_new && !is_known(&self.key) && !is_known(&self.old)
    }

    /// Whether a key is known to be ours.
    pub(super) fn is_ours(&self, key: &Key) -> bool {
        let is_known = |id: &Option<String>| id.as_deref() == Some(&key.id);
        is_known(&self.key) || is_known(&self.old) || self.is_orphan(key)
    }
}

/// Tags as Secrets Manager takes them.
pub(super) fn written(tags: &Tags, more: &Tags) -> Vec<Tag> {
    let all = tags.iter().chain(more);
    all.map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The second that GitHub writes as `2026-11-21T08:00:00Z`.
pub(super) fn second(text: &str) -> Option<i64> {
    DateTime::from_str(text, Format::DateTime).ok().map(|date| date.secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Change, Effect};
    use serde_json::json;

    #[test]
    fn what_a_crash_leaves_of_a_beginning_is_finished_and_not_replaced() {
        let want = json!({ "user": "iam-user/ci-publish", "rotate_after_days": 90, "secret": "ci/publish", "prefix": "PUBLISH_" });
        let want: CiKey = serde_json::from_value(want).unwrap();
        let left = Fact::told(&Fact::beginning(&"publish".parse().unwrap(), &want).tags(), "publish".parse().unwrap()).unwrap();
        let live =
            CiKey { prefix: left.prefix.clone(), rotate_after_days: left.rotate_after_days, state: Some(State::Absent), ..want.clone() };
        let replaces = |change: &Change| change.effect == Effect::Replaces;
        assert!(!CiKey::changes(&live, &want).iter().any(replaces), "{:?}", CiKey::changes(&live, &want));
    }

    #[test]
    fn what_is_written_down_is_read_again() {
        let tags = [(USER, "ci-publish"), (DAYS, "90"), (KEY, "A"), (OLD, "-")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let mut fact = Fact::told(&Tags::from(tags), "publish".parse().unwrap()).unwrap();
        fact.repositories = BTreeSet::from(["acme/api".to_owned(), "acme/web".to_owned()]);
        fact.making = Some(BTreeSet::new());
        fact.prefix = "X_".to_owned();
        fact.succeed("B");
        assert!(!fact.is_delivered());
        let again = Fact::told(&fact.tags(), fact.name.clone()).unwrap();
        assert_eq!(again.tags(), fact.tags());
        assert_eq!((again.key.as_deref(), again.old.as_deref(), again.making), (Some("B"), Some("A"), Some(BTreeSet::new())));
    }
}
