//! The store of the lock and the records, in buckets that have hosts of their own.

use super::aws::Aws;
use super::run::enter;
use landfall::cloud::Store;

/// More than S3 lists in one page.
const RECORDS: usize = 1001;

#[tokio::test(start_paused = true)]
async fn one_writes_and_the_other_is_told_and_all_is_listed() {
    let aws = Aws::new(7);
    let (entrance, _) = enter(&aws, true).await;
    let store = Store::of(&entrance.management);
    assert_eq!(store.read("lock.json").await.unwrap(), None);
    assert!(store.open().await.unwrap());
    assert!(!store.open().await.unwrap());
    let first = store.write("lock.json", "1", None).await.unwrap().unwrap();
    assert_eq!(store.write("lock.json", "2", None).await.unwrap(), None);
    let second = store.write("lock.json", "2", Some(&first)).await.unwrap().unwrap();
    assert_eq!(store.write("lock.json", "3", Some(&first)).await.unwrap(), None);
    assert_eq!(store.read("lock.json").await.unwrap(), Some(("2".to_owned(), second)));
    let keys: Vec<String> = (0..RECORDS).map(|number| format!("records/{number:08}.json")).collect();
    futures::future::join_all(keys.iter().map(|key| store.write(key, "{}", None))).await;
    assert_eq!(store.list("records/").await.unwrap(), keys);
    assert_eq!(aws.world().seen.throttled, Vec::<String>::new());
}
