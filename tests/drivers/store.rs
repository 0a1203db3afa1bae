//! The store of the lock and the history, in an emulated S3: conditional writes, histories that several append to, and what is tampered with.

use crate::bench::connect;
use crate::moto;
use aws_sdk_s3::primitives::ByteStream;
use landfall::aws::{Lease, Session};
use landfall::cloud::Store;
use landfall::cloud::lock::{Claim, NotOurs, TERM, look, take};
use landfall::cloud::records::{Scribe, append, history};
use landfall::model::{Entry, Holder, flaws};
use std::time::Duration;

/// The management account's session in a Region of the test's own: the store is one for each.
async fn management(region: &str) -> Session {
    let (connection, _) = connect(true, moto::endpoint()).await;
    let caller = connection.caller().await.unwrap();
    connection.management(&caller).elsewhere(&region.parse().unwrap())
}

#[tokio::test]
async fn the_store_is_made_once_and_closed() {
    let at = management("eu-west-1").await;
    let store = Store::of(&at);
    assert_eq!(store.read("lock.json").await.unwrap(), None, "there is no store yet, and so nothing in it");
    assert_eq!(store.list("records/").await.unwrap(), Vec::<String>::new());
    assert!(store.open().await.unwrap());
    assert!(!store.open().await.unwrap(), "it is there already");
    let written = at.s3().put_object().bucket(store.bucket()).key("x").body(ByteStream::from_static(b"1")).send().await.unwrap();
    assert!(written.version_id().is_some(), "its documents have versions");
    let block = at.s3().get_public_access_block().bucket(store.bucket()).send().await.unwrap();
    assert_eq!(block.public_access_block_configuration().unwrap().restrict_public_buckets(), Some(true));
}

#[tokio::test]
async fn a_version_is_written_over_once() {
    let store = Store::of(&management("eu-west-2").await);
    store.open().await.unwrap();
    let first = store.write("x", "1", None).await.unwrap().unwrap();
    assert_eq!(store.write("x", "2", None).await.unwrap(), None, "there is one already");
    let second = store.write("x", "2", Some(&first)).await.unwrap().unwrap();
    assert_eq!(store.write("x", "3", Some(&first)).await.unwrap(), None, "somebody else was faster");
    assert_eq!(store.read("x").await.unwrap(), Some(("2".to_owned(), second)));
}

fn claim(run: &str) -> Claim {
    Claim { run: run.to_owned(), who: format!("who-{run}"), purpose: "a test".to_owned(), term: TERM, program: None, ended: |_| false }
}

#[tokio::test]
async fn of_ten_that_take_the_lock_at_once_one_has_it() {
    let store = Store::of(&management("eu-west-3").await);
    store.open().await.unwrap();
    let takes = (0..10).map(|at| {
        let store = &store;
        async move { take(store, &claim(&at.to_string()), Duration::ZERO, &Lease::none(), |_| {}).await }
    });
    let taken = futures::future::join_all(takes).await;
    assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 1);
    assert!(taken.iter().all(|taken| matches!(taken, Ok(_) | Err(NotOurs::Held(_)))));
    for turn in taken.into_iter().flatten() {
        turn.release(&store).await.unwrap();
    }
    let (lock, _) = look(&store).await.unwrap();
    assert_eq!((lock.fence, lock.holder), (1, None));
}

fn broken(reason: String) -> Entry {
    let (since, until) = (jiff::Timestamp::UNIX_EPOCH, jiff::Timestamp::UNIX_EPOCH);
    let holder = Holder { run: "r".into(), who: "w".into(), purpose: "p".into(), since, until, program: None };
    Entry::LockBroken { reason, holder }
}

async fn put(at: &Session, store: &Store, key: &str, text: String) {
    at.s3().put_object().bucket(store.bucket()).key(key).body(ByteStream::from(text.into_bytes())).send().await.unwrap();
}

fn key(number: u64) -> String {
    format!("records/{number:08}.json")
}

async fn text(store: &Store, number: u64) -> String {
    store.read(&key(number)).await.unwrap().unwrap().0
}

async fn flawed(store: &Store) -> Vec<String> {
    let (texts, head) = history(store).await.unwrap();
    flaws(&texts, head.as_ref())
}

#[tokio::test]
async fn a_history_that_many_append_to_at_once_is_whole_and_tampering_shows() {
    let at = management("eu-north-1").await;
    let store = Store::of(&at);
    store.open().await.unwrap();
    let appends = (0..12).map(|number| {
        let (store, scribe) = (&store, Scribe { run: format!("run-{number}"), who: "somebody".into() });
        async move { append(store, &scribe, jiff::Timestamp::UNIX_EPOCH, broken(format!("reason {number}"))).await.unwrap().number }
    });
    let mut numbers = futures::future::join_all(appends).await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).collect::<Vec<u64>>(), "none twice, none left out");
    assert_eq!(flawed(&store).await, Vec::<String>::new());

    let (fifth, sixth) = (text(&store, 5).await, text(&store, 6).await);
    put(&at, &store, &key(5), fifth.replacen(": \"reason", ": \"Reason", 1)).await;
    assert_eq!(flawed(&store).await, ["record 5 was altered, or is another one: record 6 holds a different digest of it"]);
    put(&at, &store, &key(5), sixth.clone()).await;
    put(&at, &store, &key(6), fifth.clone()).await;
    assert!(flawed(&store).await.contains(&"record 6 lies where record 5 should be".to_owned()));
    put(&at, &store, &key(5), fifth).await;
    put(&at, &store, &key(6), sixth).await;
    assert_eq!(flawed(&store).await, Vec::<String>::new());
    for missing in [1, 7, 12] {
        let there = text(&store, missing).await;
        at.s3().delete_object().bucket(store.bucket()).key(key(missing)).send().await.unwrap();
        assert_eq!(flawed(&store).await, [format!("record {missing} is missing")]);
        put(&at, &store, &key(missing), there).await;
    }
}
