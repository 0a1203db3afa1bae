//! How far the keys of a `new-relic-keys` have come at GitHub: written into the tags of their secret, and compared with what GitHub lists.
//! GitHub never tells what is in a secret, and neither does this file: values go into sealed boxes and nowhere else.
//!
//! What holds after a crash anywhere: a repository counts as served only if the ids of the keys that reached it are those of the keys that
//! the secret holds, and GitHub still lists every one. So whatever was cut off is planned, and done, again.

use super::new_relic_keys::KeyType;
use super::{Tags, github_environment};
use crate::aws::{CallError, Session};
use crate::outside::Secret;
use crate::outside::github::{self, Repository, SecretSeen};
use std::collections::{BTreeMap, BTreeSet};

/// Names a repository that the keys go to.
const TO: &str = "landfall:to:";

/// What is delivered: the text of the secret, each key for GitHub, and the tags that tell of them.
pub(super) struct Delivery {
    pub value: Secret,
    pub keys: BTreeMap<KeyType, github::Secret>,
    pub tags: Tags,
}

impl KeyType {
    /// Tells the id of the key that has reached all repositories.
    fn delivered(self) -> String {
        format!("landfall:{self}-key-delivered")
    }

    /// What the secret at GitHub is called.
    fn variable(self) -> &'static str {
        match self {
            KeyType::License => "NEW_RELIC_LICENSE_KEY",
            KeyType::Browser => "NEW_RELIC_BROWSER_KEY",
        }
    }
}

/// Whether a tag tells of a delivery.
pub(super) fn is_ours(key: &str) -> bool {
    key.starts_with(TO) || KeyType::ALL.iter().any(|of| [of.tag(), of.delivered()].iter().any(|tag| tag == key))
}

/// The repositories that have, or may have, got keys.
pub(super) fn repositories(tags: &Tags) -> BTreeSet<String> {
    tags.iter().filter(|(key, _)| key.starts_with(TO)).map(|(_, to)| to.clone()).collect()
}

/// The tags before anything goes to GitHub: those who had keys are still known, those who get some are already.
pub(super) fn beginning(tags: &Tags, live: &Tags, want: &BTreeSet<String>) -> Tags {
    told(tags, repositories(live).union(want))
}

/// The tags once everything is there.
pub(super) fn ended(tags: &Tags, want: &BTreeSet<String>) -> Tags {
    let mut all = told(tags, want);
    if !want.is_empty() {
        all.extend(KeyType::ALL.into_iter().filter_map(|of| Some((of.delivered(), tags.get(&of.tag())?.clone()))));
    }
    all
}

fn told<'a>(tags: &Tags, to: impl IntoIterator<Item = &'a String>) -> Tags {
    let to = to.into_iter().enumerate().map(|(at, to)| (format!("{TO}{at}"), to.clone()));
    tags.clone().into_iter().chain(to).collect()
}

/// The types of the keys that the secret holds.
fn held(tags: &Tags) -> impl Iterator<Item = KeyType> {
    KeyType::ALL.into_iter().filter(|of| tags.contains_key(&of.tag()))
}

/// Whether the keys of the secret are those that went to GitHub last.
fn are_the_same(tags: &Tags) -> bool {
    KeyType::ALL.iter().all(|of| tags.get(&of.tag()) == tags.get(&of.delivered()))
}

/// The repositories that have every key of the secret.
pub(super) async fn reached(at: &Session, tags: &Tags) -> Result<BTreeSet<String>, CallError> {
    let mut reached = BTreeSet::new();
    // Without a key there is nothing that could be missing.
    let all = if are_the_same(tags) { repositories(tags) } else { BTreeSet::new() };
    for repository in all {
        if has(&listed(at, &repository).await?, tags) {
            reached.insert(repository);
        }
    }
    Ok(reached)
}

async fn listed(at: &Session, repository: &str) -> Result<Vec<SecretSeen>, CallError> {
    let repository = parsed(repository)?;
    github_environment::environment(at, &repository)?.secrets().await
}

fn has(seen: &[SecretSeen], tags: &Tags) -> bool {
    held(tags).all(|of| seen.iter().any(|secret| secret.name.eq_ignore_ascii_case(of.variable())))
}

/// Hands the keys to every repository that should have them and has them not, and takes from GitHub what should no longer be there.
pub(super) async fn hand_over(at: &Session, want: &BTreeSet<String>, live: &Tags, given: &Delivery) -> Result<(), CallError> {
    let gone: BTreeSet<String> = repositories(live).difference(want).cloned().collect();
    take_back(at, &gone, &KeyType::ALL).await?;
    let dropped: Vec<KeyType> = held(live).filter(|of| !given.keys.contains_key(of)).collect();
    take_back(at, want, &dropped).await?;
    let reached = reached(at, &known(live, given)).await?;
    for repository in want.difference(&reached) {
        let repository = parsed(repository)?;
        let environment = github_environment::environment(at, &repository)?;
        for (of, key) in &given.keys {
            environment.put_secret(of.variable(), key).await?;
        }
    }
    Ok(())
}

/// What the tags will say, had all that is written there by now arrived already.
fn known(live: &Tags, given: &Delivery) -> Tags {
    let delivered: BTreeSet<String> = given.keys.keys().map(|of| of.delivered()).collect();
    let told = live.iter().filter(|(key, _)| key.starts_with(TO) || delivered.contains(*key));
    told.chain(&given.tags).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Removes keys from the environments of some repositories; what is not there is no error.
pub(super) async fn take_back(at: &Session, from: &BTreeSet<String>, types: &[KeyType]) -> Result<(), CallError> {
    for repository in from {
        let repository = parsed(repository)?;
        let environment = github_environment::environment(at, &repository)?;
        for of in types {
            environment.delete_secret(of.variable()).await?;
        }
    }
    Ok(())
}

fn parsed(repository: &str) -> Result<Repository, CallError> {
    repository.parse().map_err(|why: String| CallError::refused("github:PutEnvironmentSecret", why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn some(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn who_had_keys_is_known_until_they_are_taken_back() {
        let keys = tags(&[("landfall:license-key", "1")]);
        let first = ended(&keys, &some(&["acme/api"]));
        assert!(are_the_same(&first));
        let renewed = tags(&[("landfall:license-key", "2")]);
        let begun: Tags = first.into_iter().chain(beginning(&renewed, &ended(&keys, &some(&["acme/api"])), &some(&["acme/web"]))).collect();
        assert!(!are_the_same(&begun), "the old key is what GitHub has");
        assert_eq!(repositories(&begun), some(&["acme/api", "acme/web"]));
        let done = ended(&renewed, &some(&["acme/web"]));
        assert_eq!((repositories(&done), are_the_same(&done)), (some(&["acme/web"]), true));
        assert_eq!(ended(&renewed, &BTreeSet::new()), renewed, "without GitHub nothing is said of it");
    }

    #[test]
    fn a_repository_has_the_keys_when_it_has_all_of_them() {
        let seen = |names: &[&str]| {
            let one = |name: &&str| SecretSeen { name: (*name).to_owned(), updated_at: String::new() };
            names.iter().map(one).collect::<Vec<_>>()
        };
        let both = tags(&[("landfall:license-key", "1"), ("landfall:browser-key", "2")]);
        assert!(has(&seen(&["OTHER", "new_relic_license_key", "NEW_RELIC_BROWSER_KEY"]), &both));
        assert!(!has(&seen(&["NEW_RELIC_LICENSE_KEY"]), &both));
        assert!(has(&seen(&["NEW_RELIC_LICENSE_KEY"]), &tags(&[("landfall:license-key", "1")])));
    }

    #[test]
    fn tags_of_a_delivery_are_told_from_others() {
        let ours = ["landfall:to:0", "landfall:license-key", "landfall:browser-key-delivered"];
        assert!(ours.into_iter().all(is_ours));
        assert!(!["landfall:address", "landfall:new-relic-account", "team"].into_iter().any(is_ours));
    }
}
