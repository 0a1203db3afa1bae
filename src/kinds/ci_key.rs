//! `ci-key`: the access key of an IAM user, delivered to GitHub and to Secrets Manager, and rotated by age.
//!
//! The secret half of a key exists once, in CreateAccessKey's answer. It goes from there to Secrets Manager and into sealed boxes for GitHub,
//! and must never reach a file, a log, a plan or an argument. What is where is told by the Secrets Manager secret's tags (`ci_key_live`),
//! so that no plan ever reads a secret's value.
//!
//! What holds at every moment, also after a crash anywhere: a key that was delivered works until its successor was delivered and has been
//! seen in use; a key whose secret got lost is deleted, never left; a key that isn't known to be ours is never touched.

use super::ci_key_live::{self as live, Fact};
use super::ci_key_state::{CROWDED, State};
use super::{Driver, GithubEnvironment, Kind, Scope, Seen, Tags, github_environment, tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk, show};
use crate::outside::github::{Repository, Secret};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The access key of an IAM user, handed to whoever needs it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CiKey {
    /// The user whose key it is.
    pub user: Reference,
    /// After how many days a new key is made and delivered. The old one goes when the new one has been used.
    pub rotate_after_days: u32,
    /// The name of the secret in Secrets Manager that holds the key, as `{"AWS_ACCESS_KEY_ID": …, "AWS_SECRET_ACCESS_KEY": …}`.
    pub secret: String,
    /// The GitHub repositories, as `owner/name`, that get the key, as secrets of the environment with the name of the account's.
    #[serde(default)]
    pub repositories: BTreeSet<String>,
    /// What the names of GitHub's secrets begin with: `PUBLISH_` makes `PUBLISH_AWS_KEY`, which holds what the secret in Secrets Manager does,
    /// and its two halves, `PUBLISH_AWS_ACCESS_KEY_ID` and `PUBLISH_AWS_SECRET_ACCESS_KEY`.
    #[serde(default)]
    pub prefix: String,
    /// Tags of the secret. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
    /// Found, never declared: how far the key's delivery and rotation have come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub state: Option<State>,
}

impl Kind for CiKey {
    const NAME: KindName = KindName::new("ci-key");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str =
        "The access key of an IAM user: made, handed to GitHub environments and Secrets Manager, and rotated, without ever being shown.";
    const REFERS: &'static [KindName] = &[KindName::new("iam-user"), KindName::new("github-environment")];
    const READS: &'static [&'static str] =
        &["secretsmanager:ListSecrets", "iam:ListAccessKeys", "iam:GetAccessKeyLastUsed", "github:ListEnvironmentSecrets", "github:GetRepository"];
    const WRITES: &'static [&'static str] = &[
        "iam:CreateAccessKey",
        "iam:DeleteAccessKey",
        "secretsmanager:CreateSecret",
        "secretsmanager:PutSecretValue",
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:DeleteSecret",
        "secretsmanager:TagResource",
        "secretsmanager:UntagResource",
        "github:GetEnvironmentPublicKey",
        "github:PutEnvironmentSecret",
        "github:DeleteEnvironmentSecret",
    ];

    fn changes(live: &CiKey, want: &CiKey) -> Vec<Change> {
        let CiKey { user, rotate_after_days, secret, repositories, prefix, tags: live_tags, state } = live;
        let CiKey { user: want_user, rotate_after_days: want_days, secret: want_secret, .. } = want;
        let CiKey { repositories: want_repositories, prefix: want_prefix, tags: want_tags, state: want_state, .. } = want;
        let moved = |change: Change| change.replaces().concerning(Risk::Dangerous, "whoever uses the key at that moment loses it");
        let given = Change::of("repositories", &show(repositories), &show(want_repositories))
            .map(|change| change.concerning(Risk::Notable, "decides who gets the key"));
        let fields = [
            state.as_ref().and_then(|state| state.change(want_state.as_ref(), *want_days)),
            Change::of("user", user, want_user).map(moved),
            Change::of("secret", secret, want_secret).map(moved),
            Change::of("prefix", prefix, want_prefix).map(moved),
            Change::of("rotate_after_days", rotate_after_days, want_days),
            given,
        ];
        fields.into_iter().flatten().chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        // A repository whose name is none is told when it is delivered to.
        let names = self.repositories.iter().filter_map(|repository| repository.parse().ok());
        let environments = names.map(|name| Reference::here(GithubEnvironment::NAME, name));
        environments.chain([self.user.clone()]).collect()
    }

    fn rebind(&self, replaced: &Reference) -> Effect {
        if *replaced == self.user { Effect::Replaces } else { Effect::InPlace }
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for CiKey {
    async fn read(at: &Session) -> Result<Vec<Seen<CiKey>>, CallError> {
        let mut seen = Vec::new();
        for fact in live::facts(at).await? {
            seen.push(see(at, &fact).await?);
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &CiKey) -> Result<RemoteId, CallError> {
        // The secret comes first, empty: its tags tell, after a crash, which keys were there before and which one was made and lost.
        let mut fact = Fact::beginning(&address.name, want);
        let tags = live::written(&tags::marked(address, &want.tags), &fact.tags());
        let made = at.secretsmanager().create_secret().name(&want.secret).set_tags(Some(tags)).send().await?;
        made.arn().unwrap_or_default().clone_into(&mut fact.arn);
        settle(at, want, fact).await
    }

    async fn update(at: &Session, address: &Address, _: &RemoteId, want: &CiKey, changes: &[Change]) -> Result<(), CallError> {
        let fact = live::fact(at, &address.name, &want.secret).await?;
        let mut fact = fact.ok_or_else(|| CallError::missing("secretsmanager:DescribeSecret", "the secret is gone"))?;
        fact.rotate_after_days = want.rotate_after_days;
        if tags::touched(changes) {
            let tags = live::written(&want.tags, &Tags::new());
            at.secretsmanager().tag_resource().secret_id(&fact.arn).set_tags(Some(tags)).send().await?;
        }
        settle(at, want, fact).await.map(drop)
    }

    async fn delete(at: &Session, address: &Address, _: &RemoteId, live: &CiKey) -> Result<(), CallError> {
        let Some(fact) = live::fact(at, &address.name, &live.secret).await? else { return Ok(()) };
        for repository in &fact.repositories {
            take_back(at, repository, &fact.prefix).await?;
        }
        let keys = live::keys(at, &fact.user).await?;
        for key in keys.iter().filter(|key| fact.is_ours(key)) {
            delete_key(at, &fact.user, &key.id).await?;
        }
        // Last, because its tags tell what else there is to remove. Without a time to recover in, because what it holds opens nothing.
        let call = at.secretsmanager().delete_secret().secret_id(&fact.arn).force_delete_without_recovery(true);
        or_missing(call.send().await.map_err(CallError::from)).map(drop)
    }
}

async fn see(at: &Session, fact: &Fact) -> Result<Seen<CiKey>, CallError> {
    let keys = live::keys(at, &fact.user).await?;
    let state = live::state(at, fact, &keys).await?;
    let mut repositories = BTreeSet::new();
    for repository in &fact.repositories {
        if fact.is_delivered() && has(at, repository, fact, &keys).await? {
            repositories.insert(repository.clone());
        }
    }
    let user = fact.user.parse().map_err(|_| CallError::refused("secretsmanager:ListSecrets", "the user's name is none"))?;
    let spec = CiKey {
        user: Reference::here(KindName::new("iam-user"), user),
        rotate_after_days: fact.rotate_after_days,
        secret: fact.secret.clone(),
        repositories,
        prefix: fact.prefix.clone(),
        tags: fact.declared.clone(),
        state: Some(state),
    };
    Ok(Seen { id: fact.arn.as_str().into(), name: Some(fact.name.clone()), spec })
}

/// Whether GitHub has all its secrets, written no earlier than the key was made. GitHub never tells what is in them.
async fn has(at: &Session, repository: &str, fact: &Fact, keys: &[live::Key]) -> Result<bool, CallError> {
    let repository = parsed(repository)?;
    let seen = github_environment::environment(at, &repository)?.secrets().await?;
    let made = keys.iter().find(|key| fact.key.as_deref() == Some(&key.id)).map(|key| key.created);
    let is_newer = |name: &str| {
        let secret = seen.iter().find(|secret| secret.name.eq_ignore_ascii_case(&format!("{}{name}", fact.prefix)));
        secret.is_some_and(|secret| made.is_some_and(|made| live::second(&secret.updated_at).is_some_and(|at| at + live::SKEW >= made)))
    };
    Ok(NAMES.into_iter().all(is_newer))
}

/// What GitHub's secrets are called. The first holds both halves: GitHub takes one secret at a time, so that a job that starts between two
/// writes, or after a run that ended there, would get halves of two keys. Who reads the first always gets a whole one.
const NAMES: [&str; 3] = ["AWS_KEY", ID, SECRET];
/// The two halves, and the fields of Secrets Manager's secret.
const ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";

/// Brings the key to where it should be, from wherever an earlier attempt left it.
async fn settle(at: &Session, want: &CiKey, mut fact: Fact) -> Result<RemoteId, CallError> {
    let mut keys = live::keys(at, &fact.user).await?;
    let mut state = live::state(at, &fact, &keys).await?;
    if state == State::Interrupted {
        recover(at, &mut fact, &keys).await?;
        keys = live::keys(at, &fact.user).await?;
        state = live::state(at, &fact, &keys).await?;
    }
    let secret = match state {
        State::Crowded => return Err(CallError::refused("iam:CreateAccessKey", CROWDED)),
        State::Absent | State::Due { .. } => Some(renew(at, &mut fact, &keys).await?),
        State::Replaced => {
            if let Some(old) = fact.old.take() {
                delete_key(at, &fact.user, &old).await?;
            }
            None
        }
        State::Current | State::Waiting | State::Interrupted => None,
    };
    deliver(at, want, &mut fact, secret).await?;
    fact.save(at).await?;
    Ok(fact.arn.as_str().into())
}

/// After an attempt that did not live to tell: the key that reached Secrets Manager is taken over, one that reached nobody is deleted.
async fn recover(at: &Session, fact: &mut Fact, keys: &[live::Key]) -> Result<(), CallError> {
    let stored = stored(at, fact).await?.map(|(id, _)| id);
    let orphans: Vec<&live::Key> = keys.iter().filter(|key| fact.is_orphan(key)).collect();
    for key in orphans {
        if stored.as_deref() == Some(&key.id) {
            fact.succeed(&key.id);
        } else {
            delete_key(at, &fact.user, &key.id).await?;
        }
    }
    fact.making = None;
    fact.save(at).await
}

/// Makes a key beside the one that is in use, and keeps its secret half where no crash loses it.
async fn renew(at: &Session, fact: &mut Fact, keys: &[live::Key]) -> Result<Secret, CallError> {
    if !keys.iter().any(|key| fact.key.as_deref() == Some(&key.id)) {
        // Somebody deleted the newer one: the older is what is in use.
        fact.key = fact.old.take();
    }
    fact.making = Some(keys.iter().map(|key| key.id.clone()).collect());
    fact.save(at).await?;
    let answer = at.iam().create_access_key().user_name(&fact.user).send().await?;
    let key = answer.access_key.ok_or_else(|| CallError::refused("iam:CreateAccessKey", "the answer holds no key"))?;
    let secret = Secret::new(key.secret_access_key);
    let text = whole(&key.access_key_id, &secret);
    at.secretsmanager().put_secret_value().secret_id(&fact.arn).secret_string(text.expose()).send().await?;
    fact.succeed(&key.access_key_id);
    fact.making = None;
    fact.save(at).await?;
    Ok(secret)
}

/// Hands the key to every repository that should have it, and takes it back from those that should not.
async fn deliver(at: &Session, want: &CiKey, fact: &mut Fact, secret: Option<Secret>) -> Result<(), CallError> {
    for repository in fact.repositories.difference(&want.repositories) {
        take_back(at, repository, &fact.prefix).await?;
    }
    let keys = live::keys(at, &fact.user).await?;
    let mut missing = BTreeSet::new();
    for repository in &want.repositories {
        if !fact.repositories.contains(repository) || !fact.is_delivered() || !has(at, repository, fact, &keys).await? {
            missing.insert(repository);
        }
    }
    fact.repositories.clone_from(&want.repositories);
    if missing.is_empty() && secret.is_none() {
        fact.delivered.clone_from(&fact.key);
        return Ok(());
    }
    fact.save(at).await?;
    let (id, secret) = match (secret, fact.key.clone()) {
        (Some(secret), Some(id)) => (id, secret),
        // The key is older than this run: only Secrets Manager has its secret half.
        _ => stored(at, fact).await?.ok_or_else(|| CallError::refused("secretsmanager:GetSecretValue", "the secret holds no key"))?,
    };
    for repository in missing {
        let repository = parsed(repository)?;
        let environment = github_environment::environment(at, &repository)?;
        for (name, value) in NAMES.into_iter().zip([&whole(&id, &secret), &Secret::new(id.clone()), &secret]) {
            environment.put_secret(&format!("{}{name}", fact.prefix), value).await?;
        }
    }
    fact.delivered.clone_from(&fact.key);
    Ok(())
}

async fn take_back(at: &Session, repository: &str, prefix: &str) -> Result<(), CallError> {
    let repository = parsed(repository)?;
    let environment = github_environment::environment(at, &repository)?;
    for name in NAMES {
        environment.delete_secret(&format!("{prefix}{name}")).await?;
    }
    Ok(())
}

/// Both halves of a key, as one text.
fn whole(id: &str, secret: &Secret) -> Secret {
    Secret::new(json!({ ID: id, SECRET: secret.expose() }).to_string())
}

/// The key in Secrets Manager, if there is one yet.
async fn stored(at: &Session, fact: &Fact) -> Result<Option<(String, Secret)>, CallError> {
    let call = at.secretsmanager().get_secret_value().secret_id(&fact.arn);
    let Some(answer) = or_missing(call.send().await.map_err(CallError::from))? else { return Ok(None) };
    let mut value: Value = serde_json::from_str(answer.secret_string().unwrap_or_default()).unwrap_or_default();
    let (id, secret) = (value[ID].take(), value[SECRET].take());
    Ok(match (id, secret) {
        (Value::String(id), Value::String(secret)) => Some((id, Secret::new(secret))),
        _ => None,
    })
}

async fn delete_key(at: &Session, user: &str, key: &str) -> Result<(), CallError> {
    let call = at.iam().delete_access_key().user_name(user).access_key_id(key);
    or_missing(call.send().await.map_err(CallError::from)).map(drop)
}

fn parsed(repository: &str) -> Result<Repository, CallError> {
    repository.parse().map_err(|why: String| CallError::refused("github:PutEnvironmentSecret", why))
}
