//! The drivers of New Relic: accounts that no crash makes twice, and keys that go from New Relic into Secrets Manager and nowhere else.

use crate::bench::{as_asked, changed, connect, made, removed, spec};
use crate::moto;
use landfall::aws::{Fault, Session};
use landfall::kinds::Spec;
use landfall::model::{Address, Effect};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The time by which the emulated New Relic lists a new account.
const LISTED: Duration = Duration::from_millis(1200);

/// A session that manages an account from the management account.
async fn managing(writes: bool, endpoint: &str, account: &str, id: &str) -> Session {
    let (connection, _) = connect(writes, endpoint).await;
    let caller = connection.caller().await.unwrap();
    let account = account.parse().unwrap();
    let inside = connection.member(&caller, &account, &id.into());
    connection.management(&caller).managing(&account, &id.into()).with_inside(Arc::new(inside))
}

fn address(at: &Session, kind: &str) -> Address {
    format!("{}/global/{kind}/main", at.account()).parse().unwrap()
}

fn account(name: &str) -> Spec {
    spec("new-relic-account", json!({ "name": name }))
}

fn keys(types: &[&str], team: &str) -> Spec {
    let fields = json!({ "account": "new-relic-account/main", "secret": "landfall/new-relic", "types": types, "tags": { "team": team } });
    spec("new-relic-keys", fields)
}

/// The ids of the accounts of a name, once all there are have shown.
async fn named(at: &Session, name: &str) -> Vec<u64> {
    tokio::time::sleep(LISTED).await;
    let accounts = at.outside().new_relic.accounts(at.account()).await.unwrap();
    accounts.into_iter().filter(|account| account.name == name).map(|account| account.id).collect()
}

/// What New Relic holds of our keys, and what Secrets Manager does: names and values.
async fn delivered(at: &Session, id: u64) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let ours = address(at, "new-relic-keys").to_string();
    let keys = at.outside().new_relic.revealed_keys(at.account(), id).await.unwrap().into_iter();
    let keys = keys.filter(|key| key.name.as_ref() == Some(&ours));
    let there = keys.map(|key| (format!("{}_key", key.ingest_type.as_str().to_lowercase()), key.key.unwrap().reveal().to_owned()));
    let there = there.chain([("account_id".to_owned(), id.to_string())]).collect();
    let secrets = at.inside().await.unwrap().secretsmanager();
    let answer = secrets.get_secret_value().secret_id("landfall/new-relic").send().await.unwrap();
    (there, serde_json::from_str(answer.secret_string().unwrap()).unwrap())
}

#[tokio::test]
async fn an_account_and_its_keys() {
    let at = managing(true, moto::endpoint(), "observed/prod", "666666666601").await;
    let (of_account, of_keys) = (address(&at, "new-relic-account"), address(&at, "new-relic-keys"));
    let id = made(&at, &of_account, &account("acme-observed-prod")).await;
    let number: u64 = id.as_str().parse().unwrap();
    assert_eq!(changed(&at, &of_account, &account("acme-observed")).await, ["name"]);

    made(&at, &of_keys, &keys(&["license", "browser"], "observed")).await;
    let (there, here) = delivered(&at, number).await;
    assert_eq!((there.len(), &there), (3, &here));
    assert_eq!(changed(&at, &of_keys, &keys(&["license"], "platform")).await, ["types", "tags.team"]);
    let (there, here) = delivered(&at, number).await;
    assert_eq!((there.len(), &there), (2, &here), "the browser key is gone in both");
    changed(&at, &of_keys, &keys(&["license", "browser"], "platform")).await;

    removed(&at, &of_keys).await;
    let left = at.outside().new_relic.keys(at.account(), number).await.unwrap();
    assert_eq!(left.len(), 1, "the account's original key, which is not ours: {left:?}");
    assert!(account("x").held().unwrap().why.contains("loses the telemetry"));
    removed(&at, &of_account).await;
    assert!(named(&at, "acme-observed").await.is_empty());
}

#[tokio::test]
async fn keys_that_went_missing_are_made_anew_and_their_account_can_change() {
    let at = managing(true, moto::endpoint(), "renewed/prod", "666666666602").await;
    let (of_account, of_keys) = (address(&at, "new-relic-account"), address(&at, "new-relic-keys"));
    let first: u64 = made(&at, &of_account, &account("acme-renewed")).await.as_str().parse().unwrap();
    let want = keys(&["license", "browser"], "renewed");
    made(&at, &of_keys, &want).await;
    let new_relic = &at.outside().new_relic;
    let ours = new_relic.keys(at.account(), first).await.unwrap().into_iter();
    let browser = ours.filter(|key| key.ingest_type.as_str() == "BROWSER").map(|key| key.id).collect::<Vec<_>>();
    new_relic.delete_keys(at.account(), &browser).await.unwrap();
    new_relic.create_key(at.account(), first, landfall::outside::new_relic::IngestType::License, &of_keys.to_string()).await.unwrap();
    assert_eq!(changed(&at, &of_keys, &want).await, ["types", "orphans"]);

    // The secret is lost, and its keys are not: they are delivered once more.
    let before = delivered(&at, first).await.1;
    let secrets = at.inside().await.unwrap().secretsmanager();
    secrets.delete_secret().secret_id("landfall/new-relic").force_delete_without_recovery(true).send().await.unwrap();
    made(&at, &of_keys, &want).await;
    assert_eq!(delivered(&at, first).await.1, before);

    // The account is canceled by hand, and the keys follow to the next one.
    new_relic.cancel_account(at.account(), first).await.unwrap();
    at.directory().forget(&of_account);
    tokio::time::sleep(LISTED).await;
    // As long ago as it takes for the journal's word to be doubted.
    journal(&at, json!({ "state": "made", "id": first, "since": 1_700_000_000 })).await;
    let second: u64 = made(&at, &of_account, &account("acme-renewed")).await.as_str().parse().unwrap();
    assert_ne!(first, second);
    let seen = Spec::find(&at, &of_keys).await.unwrap().unwrap();
    let changes = Spec::changes(&seen.spec, &want);
    assert_eq!(changes.iter().map(|change| change.field.as_str()).collect::<Vec<_>>(), ["account", "types"]);
    changed(&at, &of_keys, &want).await;
    let (there, here) = delivered(&at, second).await;
    assert_eq!((there.len(), there), (3, here));
}

async fn journal(at: &Session, entry: Value) {
    let call = at.ssm().put_parameter().name(format!("/landfall/new-relic/{}", at.account())).value(entry.to_string());
    call.r#type(aws_sdk_ssm::types::ParameterType::String).overwrite(true).send().await.unwrap();
}

#[tokio::test]
async fn a_creation_whose_answer_got_lost_makes_no_second_account() {
    let (endpoint, cut) = cutting("accountManagementCreateAccount").await;
    let at = managing(true, &endpoint, "cut/prod", "666666666603").await;
    let (of_account, want) = (address(&at, "new-relic-account"), account("acme-cut"));
    cut.store(true, Ordering::SeqCst);
    let error = want.create(&at, &of_account).await.unwrap_err();
    assert_eq!((error.fault, error.operation.as_str()), (Fault::Lost, "newrelic:CreateAccount"), "{error}");
    assert!(!cut.load(Ordering::SeqCst), "the answer was cut off");

    // At once, while New Relic does not list it yet.
    assert_eq!(Spec::find(&at, &of_account).await.unwrap(), None);
    let id = want.create(&at, &of_account).await.unwrap();
    assert_eq!(named(&at, "acme-cut").await, [id.as_str().parse::<u64>().unwrap()]);
    at.directory().learn(&of_account, &id);
    as_asked(&at, &of_account, &want).await;
}

#[tokio::test]
async fn a_run_that_died_is_understood_by_the_next_one() {
    let (endpoint, cut) = cutting("accountManagementCreateAccount").await;
    let at = managing(true, &endpoint, "died/prod", "666666666604").await;
    let (of_account, want) = (address(&at, "new-relic-account"), account("acme-died"));
    cut.store(true, Ordering::SeqCst);
    want.create(&at, &of_account).await.unwrap_err();
    let ids = named(&at, "acme-died").await;
    let reader = managing(false, moto::endpoint(), "died/prod", "666666666604").await;
    let seen = Spec::find(&reader, &of_account).await.unwrap().unwrap();
    assert_eq!(seen.id.as_str(), ids[0].to_string());
    let at = managing(true, moto::endpoint(), "died/prod", "666666666604").await;
    at.directory().learn(&of_account, &seen.id);
    assert_eq!(changed(&at, &of_account, &want).await, ["unsettled"]);
    assert_eq!(named(&at, "acme-died").await, ids);

    // This one died before it asked.
    let at = managing(true, moto::endpoint(), "announced/prod", "666666666605").await;
    journal(&at, json!({ "state": "creating", "name": "acme-announced", "since": 1_700_000_000 })).await;
    made(&at, &address(&at, "new-relic-account"), &account("acme-announced")).await;
    assert_eq!(named(&at, "acme-announced").await.len(), 1);
}

#[tokio::test]
async fn accounts_of_others_are_neither_taken_nor_given_a_twin() {
    let at = managing(true, moto::endpoint(), "theirs/prod", "666666666606").await;
    let (of_account, want) = (address(&at, "new-relic-account"), account("acme-theirs"));
    let new_relic = &at.outside().new_relic;
    let theirs = new_relic.create_account(at.account(), "acme-theirs").await.unwrap();
    assert_eq!(named(&at, "acme-theirs").await, [theirs.id]);
    assert_eq!(Spec::find(&at, &of_account).await.unwrap(), None);
    let error = want.create(&at, &of_account).await.unwrap_err();
    let said = format!("New Relic has an account named acme-theirs already, {}, that is not Landfall's: rename one of the two", theirs.id);
    assert_eq!((error.fault, error.message), (Fault::Refused, said));

    let second = new_relic.create_account(at.account(), "acme-theirs").await.unwrap();
    assert_eq!(named(&at, "acme-theirs").await, [theirs.id, second.id]);
    journal(&at, json!({ "state": "creating", "name": "acme-theirs", "since": 1_700_000_000 })).await;
    let error = Spec::find(&at, &of_account).await.unwrap_err();
    assert!(error.message.contains(&format!("several accounts named acme-theirs: {}, {}.", theirs.id, second.id)), "{error}");
    assert_eq!(want.create(&at, &of_account).await.unwrap_err(), error);
}

#[tokio::test]
async fn a_key_that_a_crash_left_is_delivered_and_none_is_left_over() {
    let (endpoint, cut) = cutting("apiAccessCreateKeys").await;
    let at = managing(true, &endpoint, "orphan/prod", "666666666607").await;
    let (of_account, of_keys) = (address(&at, "new-relic-account"), address(&at, "new-relic-keys"));
    let id: u64 = made(&at, &of_account, &account("acme-orphan")).await.as_str().parse().unwrap();
    let want = keys(&["license", "browser"], "orphan");
    cut.store(true, Ordering::SeqCst);
    assert_eq!(want.create(&at, &of_keys).await.unwrap_err().fault, Fault::Lost);
    made(&at, &of_keys, &want).await;
    let all = at.outside().new_relic.keys(at.account(), id).await.unwrap();
    let ours = all.iter().filter(|key| key.name.as_deref() == Some(of_keys.to_string().as_str())).count();
    assert_eq!(ours, 2, "one of each: {all:?}");
    let (there, here) = delivered(&at, id).await;
    assert_eq!(there, here);
}

#[tokio::test]
async fn a_run_that_may_only_read_sees_no_value_and_no_value_is_ever_shown() {
    let at = managing(true, moto::endpoint(), "quiet/prod", "666666666608").await;
    let (of_account, of_keys) = (address(&at, "new-relic-account"), address(&at, "new-relic-keys"));
    let id: u64 = made(&at, &of_account, &account("acme-quiet")).await.as_str().parse().unwrap();
    made(&at, &of_keys, &keys(&["license", "browser"], "quiet")).await;
    let values = delivered(&at, id).await.1;

    let reader = managing(false, moto::endpoint(), "quiet/prod", "666666666608").await;
    reader.directory().learn(&of_account, &id.to_string().as_str().into());
    let error = reader.outside().new_relic.revealed_keys(reader.account(), id).await.unwrap_err();
    assert_eq!((error.fault, error.operation.as_str()), (Fault::Withheld, "newrelic:RevealKeys"));
    let seen = Spec::find(&reader, &of_keys).await.unwrap().unwrap();
    assert!(Spec::changes(&seen.spec, &keys(&["license", "browser"], "quiet")).iter().all(|change| change.effect == Effect::InPlace));
    let listed = reader.outside().new_relic.keys(reader.account(), id).await.unwrap();
    let revealed = at.outside().new_relic.revealed_keys(at.account(), id).await.unwrap();
    let shown = format!("{seen:?} {listed:?} {revealed:?} {}", serde_json::to_string(&seen.spec).unwrap());
    for (name, value) in values.iter().filter(|(name, _)| name.ends_with("_key")) {
        assert!(!shown.contains(value.as_str()), "{name} is shown");
    }
}

/// A way to the emulated services that cuts off the answer to the next request that holds a text, once it is told to.
async fn cutting(text: &'static str) -> (String, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let cut = Arc::new(AtomicBool::new(false));
    let told = cut.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(pass(stream, text, told.clone()));
        }
    });
    (endpoint, cut)
}

async fn pass(stream: TcpStream, text: &'static str, cut: Arc<AtomicBool>) {
    let upstream = TcpStream::connect(moto::endpoint().trim_start_matches("http://")).await.unwrap();
    let ((mut from, mut to), (mut answers, mut requests)) = (stream.into_split(), upstream.into_split());
    let is_cut = Arc::new(AtomicBool::new(false));
    let cuts = is_cut.clone();
    tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let holds = buffer[..length].windows(text.len()).any(|window| window == text.as_bytes());
            if holds && cut.swap(false, Ordering::SeqCst) {
                cuts.store(true, Ordering::SeqCst);
            }
            if requests.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    });
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = answers.read(&mut buffer).await {
        // By now the other side has done what it was asked for.
        if is_cut.load(Ordering::SeqCst) || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
