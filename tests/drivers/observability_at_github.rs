//! New Relic's keys on their way to GitHub: the stand-in really opens the sealed boxes, so that what arrived is compared, byte for byte, with
//! what Secrets Manager holds.

use crate::bench::{as_asked, changed, made, removed, spec};
use crate::github::GitHub;
use crate::moto;
use landfall::aws::{Access, Connection, Options, Session};
use landfall::kinds::{self, Spec};
use landfall::model::{Address, Call, Effect};
use landfall::outside::Outside;
use landfall::outside::github::wire::Base;
use landfall::outside::github::{Environment, Repository, Token};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const REPOSITORY: &str = "acme/infra";
const NAMES: [(&str, &str); 2] = [("license_key", "NEW_RELIC_LICENSE_KEY"), ("browser_key", "NEW_RELIC_BROWSER_KEY")];
const PUT: &str = "actions/create-or-update-environment-secret";

fn stand_in() -> GitHub {
    GitHub::start(&json!({ "tokens": { "ghp_x": { "login": "ada", "type": "User", "writes": true } } }))
}

/// A session that manages an account, with the stand-in for its GitHub: the environment is there, and so is a New Relic account.
async fn managing(account: &str, id: &str, github: &GitHub) -> (Session, u64) {
    let access =
        Access { reads: Arc::new(kinds::reads()), inside: Arc::new(kinds::reads_inside()), writes: true, turn: Default::default() };
    let options = Options {
        region: "us-west-2".parse().unwrap(),
        role: "OrganizationAccountAccessRole".into(),
        access: access.clone(),
        on_call: Arc::new(|_: &Call<'_>| ()),
    };
    let outside = Outside::emulated(&access, &options.on_call, moto::endpoint());
    let base = Base::of(Some(&github.address())).unwrap();
    let outside = outside.with_github(&access, &options.on_call, base, Token::new("ghp_x").unwrap());
    let connection = Connection::emulated(options, moto::endpoint()).await.beside(outside);
    let caller = connection.caller().await.unwrap();
    let account = account.parse().unwrap();
    let inside = connection.member(&caller, &account, &id.into());
    let at = connection.management(&caller).managing(&account, &id.into()).with_inside(Arc::new(inside));
    made(&at, &address(&at, "github-environment", REPOSITORY), &spec("github-environment", json!({}))).await;
    let name = format!("acme-{}", account.to_string().replace('/', "-"));
    let id = made(&at, &address(&at, "new-relic-account", "main"), &spec("new-relic-account", json!({ "name": name }))).await;
    let number = id.as_str().parse().unwrap();
    (at, number)
}

fn address(at: &Session, kind: &str, name: &str) -> Address {
    format!("{}/global/{kind}/{name}", at.account()).parse().unwrap()
}

fn here(at: &Session) -> Address {
    address(at, "new-relic-keys", "main")
}

fn keys(types: &[&str], repositories: &[&str]) -> Spec {
    let fields = json!({
        "account": "new-relic-account/main", "secret": "landfall/new-relic", "types": types, "repositories": repositories,
    });
    spec("new-relic-keys", fields)
}

/// The keys that GitHub opened, and those of Secrets Manager, both by the names that they have at GitHub.
async fn arrived(at: &Session, github: &GitHub) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let state = github.state();
    let secrets = state["environments"]["prod"]["secrets"].as_object().unwrap();
    let there = secrets.iter().map(|(name, secret)| (name.clone(), secret["value"].as_str().unwrap().to_owned()));
    let inside = at.inside().await.unwrap();
    let answer = inside.secretsmanager().get_secret_value().secret_id("landfall/new-relic").send().await.unwrap();
    let stored: Value = serde_json::from_str(answer.secret_string().unwrap()).unwrap();
    let stored = NAMES.into_iter().filter_map(|(field, name)| Some((name.to_owned(), stored[field].as_str()?.to_owned())));
    (there.collect(), stored.collect())
}

/// Those who are asked whether they have all they should.
#[track_caller]
fn same((there, stored): &(BTreeMap<String, String>, BTreeMap<String, String>), count: usize) {
    assert_eq!((there, stored.len()), (stored, count));
}

/// What a plan would change, once the files' spec is compared with what is there.
async fn planned(at: &Session, want: &Spec) -> Vec<String> {
    let seen = Spec::find(at, &here(at)).await.unwrap().unwrap();
    Spec::changes(&seen.spec, want).into_iter().map(|change| change.field).collect()
}

#[tokio::test]
async fn keys_reach_github_and_are_taken_back() {
    let github = stand_in();
    let (at, _) = managing("sealed/prod", "666666666611", &github).await;
    let both = keys(&["license", "browser"], &[REPOSITORY]);
    made(&at, &here(&at), &both).await;
    let first = arrived(&at, &github).await;
    same(&first, 2);
    let seen = Spec::find(&at, &here(&at)).await.unwrap().unwrap();
    let shown = format!("{seen:?}{}", serde_json::to_string(&seen.spec).unwrap());
    assert!(first.1.values().all(|value| !shown.contains(value)), "{shown}");

    // Somebody deletes one at GitHub: it is planned, and the same key is handed over again.
    let repository: Repository = REPOSITORY.parse().unwrap();
    let environment = Environment { github: &at.outside().github, account: at.account(), repository: &repository, name: "prod" };
    environment.delete_secret("NEW_RELIC_LICENSE_KEY").await.unwrap();
    assert_eq!(changed(&at, &here(&at), &both).await, ["repositories"]);
    assert_eq!(arrived(&at, &github).await, first);

    // One type goes, everywhere; then the repository; then all of it.
    environment.put_secret("THEIRS", &landfall::outside::github::Secret::new("x".to_owned())).await.unwrap();
    assert_eq!(changed(&at, &here(&at), &keys(&["license"], &[REPOSITORY])).await, ["types"]);
    let (there, _) = arrived(&at, &github).await;
    assert_eq!(there.keys().collect::<Vec<_>>(), ["NEW_RELIC_LICENSE_KEY", "THEIRS"]);
    assert_eq!(changed(&at, &here(&at), &keys(&["license"], &[])).await, ["repositories"]);
    let (there, stored) = arrived(&at, &github).await;
    assert_eq!((there.keys().collect::<Vec<_>>(), stored.len()), (vec![&"THEIRS".to_owned()], 1));
    assert_eq!(changed(&at, &here(&at), &both).await, ["types", "repositories"]);
    removed(&at, &here(&at)).await;
    let state = github.state();
    let left: Vec<&String> = state["environments"]["prod"]["secrets"].as_object().unwrap().keys().collect();
    assert_eq!(left, ["THEIRS"]);
}

#[tokio::test]
async fn a_key_that_is_renewed_is_renewed_at_github_before_the_old_one_goes() {
    let github = stand_in();
    let (at, account) = managing("renewal/prod", "666666666612", &github).await;
    let both = keys(&["license", "browser"], &[REPOSITORY]);
    made(&at, &here(&at), &both).await;
    let first = arrived(&at, &github).await;
    let new_relic = &at.outside().new_relic;
    let ours = new_relic.keys(at.account(), account).await.unwrap().into_iter();
    let browser: Vec<String> = ours.filter(|key| key.ingest_type.as_str() == "BROWSER").map(|key| key.id).collect();
    new_relic.delete_keys(at.account(), &browser).await.unwrap();
    // GitHub has a key that no longer opens anything: the repository does not count as served until it has the new one.
    github.set(&json!({ "faults": [{ "operation": PUT, "fault": "broken" }] }));
    let seen = Spec::find(&at, &here(&at)).await.unwrap().unwrap();
    let changes = Spec::changes(&seen.spec, &both);
    both.update(&at, &here(&at), &seen.id, &changes).await.unwrap_err();
    assert_eq!(planned(&at, &both).await, ["repositories"], "what was cut off is told");
    assert_eq!(changed(&at, &here(&at), &both).await, ["repositories"]);
    let second = arrived(&at, &github).await;
    same(&second, 2);
    assert_eq!(second.0["NEW_RELIC_LICENSE_KEY"], first.0["NEW_RELIC_LICENSE_KEY"]);
    assert_ne!(second.0["NEW_RELIC_BROWSER_KEY"], first.0["NEW_RELIC_BROWSER_KEY"]);
}

#[tokio::test]
async fn a_crash_at_github_is_noticed_and_made_good_and_no_key_is_left_over() {
    let github = stand_in();
    let (at, account) = managing("crashed/prod", "666666666613", &github).await;
    let both = keys(&["license", "browser"], &[REPOSITORY]);
    for fault in ["broken", "lost"] {
        github.set(&json!({ "faults": [{ "operation": PUT, "fault": fault }] }));
        both.create(&at, &here(&at)).await.unwrap_err();
        assert_eq!(planned(&at, &both).await, ["repositories"], "{fault}");
        let seen = Spec::find(&at, &here(&at)).await.unwrap().unwrap();
        at.directory().learn(&here(&at), &seen.id);
        let changes = Spec::changes(&seen.spec, &both);
        assert!(changes.iter().all(|change| change.effect == Effect::InPlace));
        both.update(&at, &here(&at), &seen.id, &changes).await.unwrap();
        as_asked(&at, &here(&at), &both).await;
        same(&arrived(&at, &github).await, 2);
        let all = at.outside().new_relic.keys(at.account(), account).await.unwrap();
        assert_eq!(all.len(), 3, "one of each, and the account's original: {all:?}");
        removed(&at, &here(&at)).await;
    }
}
