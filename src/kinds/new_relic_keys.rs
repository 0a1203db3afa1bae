//! `new-relic-keys`: the ingest keys of a New Relic account, handed to the AWS account's Secrets Manager and, in sealed boxes, to GitHub's
//! environments (`new_relic_delivery`). Their values never leave memory on the way; what was delivered is told by the secret's tags, never
//! by reading it.

use super::new_relic_account::{self, NewRelicAccount};
use super::new_relic_delivery::{self as delivery, Delivery};
use super::{Driver, GithubEnvironment, Kind, Scope, Seen, Tags, secrets, tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, Effect, KindName, Reference, Region, RemoteId, Risk, show};
use crate::outside::{Secret, github};
use crate::outside::new_relic::{IngestKey, IngestType};
use aws_sdk_secretsmanager::types::{SecretListEntry, Tag};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The keys of one New Relic account, in one secret: `{"account_id": …, "license_key": …, "browser_key": …}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelicKeys {
    /// The New Relic account that the keys are of.
    pub account: Reference,
    /// The name of the secret in the Secrets Manager of the account and home Region.
    pub secret: String,
    /// Which keys there are.
    pub types: BTreeSet<KeyType>,
    /// The GitHub repositories, as `owner/name`, that get the keys as well, as the secrets `NEW_RELIC_LICENSE_KEY` and `NEW_RELIC_BROWSER_KEY`
    /// of the environment with the name of the account's.
    #[serde(default)]
    pub repositories: BTreeSet<String>,
    /// The secret's tags.
    #[serde(default)]
    pub tags: Tags,
    /// Found, never declared: keys that were made and never delivered, by their ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub orphans: Option<String>,
}

/// What an ingest key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyType {
    /// For agents and APIs on servers.
    License,
    /// For browser agents: it is public by nature.
    Browser,
}

impl Kind for NewRelicKeys {
    const NAME: KindName = KindName::new("new-relic-keys");
    const SCOPE: Scope = Scope::Managed;
    const OPTIONAL: bool = true;
    const ABOUT: &'static str = "Ingest keys of a New Relic account, delivered to a secret of the AWS account and to GitHub environments without ever being shown or stored elsewhere.";
    const REFERS: &'static [KindName] = &[NewRelicAccount::NAME, GithubEnvironment::NAME];
    const READS: &'static [&'static str] =
        &["secretsmanager:ListSecrets", "newrelic:ListKeys", "github:ListEnvironmentSecrets", "github:GetRepository"];
    const WRITES: &'static [&'static str] = &[
        "secretsmanager:CreateSecret",
        "secretsmanager:PutSecretValue",
        "secretsmanager:TagResource",
        "secretsmanager:UntagResource",
        "secretsmanager:DeleteSecret",
        "newrelic:RevealKeys",
        "newrelic:CreateKeys",
        "newrelic:DeleteKeys",
        "github:GetEnvironmentPublicKey",
        "github:PutEnvironmentSecret",
        "github:DeleteEnvironmentSecret",
    ];
    const INSIDE: &'static [&'static str] = &[
        "secretsmanager:ListSecrets",
        "secretsmanager:CreateSecret",
        "secretsmanager:PutSecretValue",
        "secretsmanager:TagResource",
        "secretsmanager:UntagResource",
        "secretsmanager:DeleteSecret",
    ];

    fn changes(live: &NewRelicKeys, want: &NewRelicKeys) -> Vec<Change> {
        let NewRelicKeys { account, secret, types, repositories, tags, orphans } = live;
        let NewRelicKeys { account: want_account, secret: want_secret, types: want_types, repositories: want_repositories, .. } = want;
        let NewRelicKeys { tags: want_tags, orphans: want_orphans, .. } = want;
        let account = Change::of("account", account, want_account)
            .map(|change| change.concerning(Risk::Notable, "whoever reads the secret sends to another New Relic account from then on"));
        let secret = Change::of("secret", secret, want_secret).map(|change| {
            change.replaces().concerning(Risk::Dangerous, "whoever still uses the old secret's keys sends nothing more: they are deleted")
        });
        let types = (types != want_types).then(|| Change::between("types", Some(show(types)), Some(show(want_types))));
        let given = Change::of("repositories", &show(repositories), &show(want_repositories))
            .map(|change| change.concerning(Risk::Notable, "decides who gets the keys"));
        let orphans = Change::of_option("orphans", orphans, want_orphans);
        [account, secret, types, given, orphans].into_iter().flatten().chain(tags::changes(tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        // A repository whose name is none is told when it is delivered to.
        let names = self.repositories.iter().filter_map(|repository| repository.parse().ok());
        let environments = names.map(|name| Reference::here(GithubEnvironment::NAME, name));
        environments.chain([self.account.clone()]).collect()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

/// Tells the New Relic account whose keys a secret holds.
const ACCOUNT_TAG: &str = "landfall:new-relic-account";

impl KeyType {
    pub(super) const ALL: [KeyType; 2] = [KeyType::License, KeyType::Browser];

    /// Tells the id of the key that a secret holds.
    pub(super) fn tag(self) -> String {
        format!("landfall:{self}-key")
    }

    fn ingest(self) -> IngestType {
        match self {
            KeyType::License => IngestType::License,
            KeyType::Browser => IngestType::Browser,
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            KeyType::License => "license",
            KeyType::Browser => "browser",
        })
    }
}

impl Driver for NewRelicKeys {
    async fn read(at: &Session) -> Result<Vec<Seen<NewRelicKeys>>, CallError> {
        let mut seen = Vec::new();
        for secret in ours(at).await? {
            let tags = tags_of(&secret);
            let Some(name) = tags::owner(at, &Self::NAME, &tags) else { continue };
            let address = Address { account: at.account().clone(), region: Region::GLOBAL, kind: Self::NAME, name };
            seen.extend(see(at, &address, &secret, &tags).await?);
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &NewRelicKeys) -> Result<RemoteId, CallError> {
        let (keys, given) = gather(at, address, want, &Tags::new()).await?;
        // Whom it goes to is told before it goes there, so that a crash on the way is noticed and made good.
        let told = delivery::beginning(&given.tags, &Tags::new(), &want.repositories);
        let call = at.inside().await?.secretsmanager().create_secret().name(&want.secret);
        let call = call.description("New Relic's ingest keys, delivered by Landfall").secret_string(given.value.reveal());
        let answer = call.set_tags(Some(written(&told))).send().await?;
        let id = RemoteId::from(answer.arn().unwrap_or_default());
        complete(at, &id, want, &told, &given).await?;
        drop_surplus(at, address, &keys, &given.tags).await?;
        Ok(id)
    }

    // Whatever the changes are, all is made as wanted: the same keys delivered once more do no harm.
    async fn update(at: &Session, address: &Address, id: &RemoteId, want: &NewRelicKeys, _: &[Change]) -> Result<(), CallError> {
        let live = ours(at).await?.into_iter().find(|secret| secret.arn() == Some(id.as_str())).map(|secret| tags_of(&secret));
        let live = live.unwrap_or_default();
        let (keys, given) = gather(at, address, want, &live).await?;
        let secrets = at.inside().await?.secretsmanager();
        secrets.put_secret_value().secret_id(id.as_str()).secret_string(given.value.reveal()).send().await?;
        let told = delivery::beginning(&given.tags, &live, &want.repositories);
        secrets.tag_resource().secret_id(id.as_str()).set_tags(Some(written(&told))).send().await?;
        let known = live.iter().chain(&told).map(|(key, value)| (key.clone(), value.clone())).collect();
        complete(at, id, want, &known, &given).await?;
        // Only now: until then somebody may have read the old ones.
        drop_surplus(at, address, &keys, &given.tags).await?;
        match live.get(ACCOUNT_TAG).filter(|before| given.tags.get(ACCOUNT_TAG) != Some(*before)) {
            Some(before) => drop_all(at, address, before).await,
            None => Ok(()),
        }
    }

    /// The keys first: a secret that is gone would leave nobody who knows of them, nor of the repositories that have them.
    async fn delete(at: &Session, address: &Address, id: &RemoteId, _: &NewRelicKeys) -> Result<(), CallError> {
        let secret = ours(at).await?.into_iter().find(|secret| secret.arn() == Some(id.as_str()));
        let tags = secret.map(|secret| tags_of(&secret)).unwrap_or_default();
        delivery::take_back(at, &delivery::repositories(&tags), &KeyType::ALL).await?;
        if let Some(account) = tags.get(ACCOUNT_TAG) {
            drop_all(at, address, account).await?;
        }
        let call = at.inside().await?.secretsmanager().delete_secret().secret_id(id.as_str());
        // Without the days in which it could be restored: its keys are dead, and its name is needed again.
        or_missing(call.force_delete_without_recovery(true).send().await.map_err(CallError::from)).map(drop)
    }
}

/// Hands the keys of a secret to GitHub as well, then says so in the secret's tags; `live` are those that it has.
async fn complete(at: &Session, id: &RemoteId, want: &NewRelicKeys, live: &Tags, given: &Delivery) -> Result<(), CallError> {
    delivery::hand_over(at, &want.repositories, live, given).await?;
    let ended = delivery::ended(&given.tags, &want.repositories);
    let secrets = at.inside().await?.secretsmanager();
    if ended.iter().any(|(key, value)| live.get(key) != Some(value)) {
        secrets.tag_resource().secret_id(id.as_str()).set_tags(Some(written(&ended))).send().await?;
    }
    let is_stale = |key: &&String| delivery::is_ours(key) && !ended.contains_key(*key);
    let stale: Vec<String> = live.keys().filter(is_stale).cloned().collect();
    if !stale.is_empty() {
        secrets.untag_resource().secret_id(id.as_str()).set_tag_keys(Some(stale)).send().await?;
    }
    Ok(())
}

/// All secrets with our mark, whatever kind they are of.
async fn ours(at: &Session) -> Result<Vec<SecretListEntry>, CallError> {
    Ok(secrets::marked(at.inside().await?).await?.to_vec())
}

async fn see(at: &Session, address: &Address, secret: &SecretListEntry, tags: &Tags) -> Result<Option<Seen<NewRelicKeys>>, CallError> {
    let Some((arn, name)) = secret.arn().zip(secret.name()) else { return Ok(None) };
    let account = tags.get(ACCOUNT_TAG).map(String::as_str).unwrap_or_default();
    let Some(reference) = at.reference(&NewRelicAccount::NAME, account) else { return Ok(None) };
    let keys = match account.parse::<u64>() {
        Ok(account) => at.outside().new_relic.keys(at.account(), account).await?,
        Err(_) => Vec::new(),
    };
    let delivered = |of: &KeyType| tags.get(&of.tag()).is_some_and(|id| keys.iter().any(|key| key.id == *id));
    let types = KeyType::ALL.into_iter().filter(delivered).collect();
    let surplus = surplus(address, &keys, tags);
    let orphans = (!surplus.is_empty()).then(|| show(surplus));
    let repositories = delivery::reached(at, tags).await?;
    let tags = tags::declared(tags);
    let spec = NewRelicKeys { account: reference, secret: name.to_owned(), types, repositories, tags, orphans };
    Ok(Some(Seen { id: arn.into(), name: Some(address.name.clone()), spec }))
}

/// The keys to deliver: those delivered already, else those that a run made and did not live to deliver, else new ones.
async fn gather(at: &Session, address: &Address, want: &NewRelicKeys, live: &Tags) -> Result<(Vec<IngestKey>, Delivery), CallError> {
    let account = new_relic_account::number(&at.id_of(&want.account, Region::GLOBAL)?)?;
    let new_relic = &at.outside().new_relic;
    let mut keys = new_relic.revealed_keys(at.account(), account).await?;
    let mut marks = tags::marked(address, &want.tags);
    marks.insert(ACCOUNT_TAG.to_owned(), account.to_string());
    let mut value = BTreeMap::from([("account_id".to_owned(), account.to_string())]);
    let mut sealed = BTreeMap::new();
    for of in &want.types {
        let at_hand = chosen(address, &keys, *of, live.get(&of.tag())).cloned();
        let key = match at_hand {
            Some(key) => key,
            None => new_relic.create_key(at.account(), account, of.ingest(), &address.to_string()).await?,
        };
        let text = key.key.as_ref().ok_or_else(|| CallError::refused("newrelic:RevealKeys", "New Relic does not tell this key"))?;
        value.insert(format!("{of}_key"), text.reveal().to_owned());
        sealed.insert(*of, github::Secret::new(text.reveal().to_owned()));
        marks.insert(of.tag(), key.id.clone());
        keys.push(key);
    }
    Ok((keys, Delivery { value: Secret::new(serde_json::json!(value).to_string()), keys: sealed, tags: marks }))
}

/// The key of a type to go on with: the delivered one, or the first by id that carries our name.
fn chosen<'a>(address: &Address, keys: &'a [IngestKey], of: KeyType, delivered: Option<&String>) -> Option<&'a IngestKey> {
    let ours = || keys.iter().filter(|key| is_ours(address, key) && key.ingest_type == of.ingest());
    ours().find(|key| Some(&key.id) == delivered).or_else(|| ours().min_by_key(|key| &key.id))
}

fn is_ours(address: &Address, key: &IngestKey) -> bool {
    key.name.as_deref() == Some(address.to_string().as_str())
}

/// The ids of our keys that the secret's tags don't tell of.
fn surplus(address: &Address, keys: &[IngestKey], tags: &Tags) -> BTreeSet<String> {
    let told: BTreeSet<&String> = KeyType::ALL.iter().filter_map(|of| tags.get(&of.tag())).collect();
    keys.iter().filter(|key| is_ours(address, key) && !told.contains(&key.id)).map(|key| key.id.clone()).collect()
}

async fn drop_surplus(at: &Session, address: &Address, keys: &[IngestKey], tags: &Tags) -> Result<(), CallError> {
    let surplus: Vec<String> = surplus(address, keys, tags).into_iter().collect();
    if surplus.is_empty() { Ok(()) } else { at.outside().new_relic.delete_keys(at.account(), &surplus).await }
}

/// Deletes all our keys of an account, unless it is gone with them.
async fn drop_all(at: &Session, address: &Address, account: &str) -> Result<(), CallError> {
    let new_relic = &at.outside().new_relic;
    let Ok(account) = account.parse::<u64>() else { return Ok(()) };
    if !new_relic.accounts(at.account()).await?.iter().any(|lives| lives.id == account) {
        return Ok(());
    }
    drop_surplus(at, address, &new_relic.keys(at.account(), account).await?, &Tags::new()).await
}

fn tags_of(secret: &SecretListEntry) -> Tags {
    let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    secret.tags().iter().filter_map(pair).collect()
}

fn written(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> NewRelicKeys {
        let fields = serde_json::json!({
            "account": "new-relic-account/main", "secret": "landfall/new-relic", "types": ["license", "browser"], "tags": { "team": "catalog" },
        });
        serde_json::from_value(fields).unwrap()
    }

    fn key(id: &str, of: IngestType, name: &str) -> IngestKey {
        IngestKey { id: id.into(), key: Some(Secret::new("NRAL".into())), name: Some(name.into()), ingest_type: of, account_id: 1 }
    }

    #[test]
    fn keys_change_in_place_and_their_secret_by_replacement() {
        let live = spec();
        assert_eq!(NewRelicKeys::changes(&live, &spec()), []);
        let mut want = spec();
        want.account = "new-relic-account/other".parse().unwrap();
        want.types.remove(&KeyType::Browser);
        want.repositories.insert("acme/web".into());
        want.tags.insert("team".into(), "search".into());
        let told = |changes: Vec<Change>| changes.into_iter().map(|change| (change.field, change.effect)).collect::<Vec<_>>();
        let expected = ["account", "types", "repositories", "tags.team"].map(|field| (field.to_owned(), Effect::InPlace));
        assert_eq!(told(NewRelicKeys::changes(&live, &want)), expected);
        let needs: Vec<String> = want.needs().iter().map(ToString::to_string).collect();
        assert_eq!(needs, ["github-environment/acme/web", "new-relic-account/other"]);
        let want = NewRelicKeys { secret: "new-relic".into(), ..spec() };
        assert_eq!(told(NewRelicKeys::changes(&live, &want)), [("secret".to_owned(), Effect::Replaces)]);
    }

    #[test]
    fn the_delivered_key_is_kept_and_what_a_crash_left_is_surplus() {
        let address: Address = "catalog/prod/global/new-relic-keys/main".parse().unwrap();
        let ours = address.to_string();
        let keys = [
            key("1", IngestType::License, &ours),
            key("2", IngestType::License, &ours),
            key("3", IngestType::Browser, &ours),
            key("4", IngestType::License, "somebody's"),
        ];
        let picked = |delivered: Option<&str>| {
            let delivered = delivered.map(str::to_owned);
            chosen(&address, &keys, KeyType::License, delivered.as_ref()).unwrap().id.clone()
        };
        assert_eq!((picked(Some("2")), picked(None), picked(Some("4"))), ("2".into(), "1".into(), "1".into()));
        let tags = Tags::from([("landfall:license-key".into(), "2".into())]);
        assert_eq!(surplus(&address, &keys, &tags), ["1".to_owned(), "3".to_owned()].into());
    }
}
