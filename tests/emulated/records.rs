//! The history of an organization, with the real binary: what apply records, what people are shown of it, the way back, and the lock.

use crate::emulator::Emulator;
use crate::estate::Generated;
use aws_sdk_s3::config::Builder;

fn s3(emulator: &Emulator) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(Builder::from(&emulator.management()).force_path_style(true).build())
}

const BUCKET: &str = "landfall-123456789012-us-west-2";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_applied_is_on_record_and_what_is_tampered_with_shows() {
    let emulator = Emulator::start().await;
    let estate = Generated::with(&["shop"]);
    let root = estate.root();
    let landfall = |arguments: &[&str]| emulator.landfall(root, arguments);
    assert_eq!(landfall(&["record", "list"]).expect(0).stdout, "", "nothing is recorded yet");
    assert!(landfall(&["status"]).expect(0).stdout.contains("lock      nobody writes\nchanges   none recorded\n"));

    let plan = emulator.plan(root, &[]);
    landfall(&["apply", &plan, "--reason", "the first `shop` <b>"]).expect(0);
    let listed = landfall(&["record", "list"]).expect(0).stdout;
    assert!(
        listed.contains("succeeded") && listed.contains("emergent, no pull request by arn:aws:") && listed.lines().count() == 1,
        "{listed}"
    );
    let shown = landfall(&["record", "show", "1"]).expect(0).stdout;
    for said in ["# Change record 1", "- Ended: ", "- Rollback plan: ", "the first `shop` <b>`` `"].iter().take(3) {
        assert!(shown.contains(said), "{said} in {shown}");
    }
    let ended: serde_json::Value = serde_json::from_str(&landfall(&["record", "show", "2", "--format", "json"]).expect(0).stdout).unwrap();
    let steps = ended["entry"]["ended"]["steps"].as_array().unwrap();
    assert!(!steps.is_empty() && steps.iter().all(|step| step["outcome"] == "done" && step["began"].is_string()), "{ended}");
    assert!(steps.iter().any(|step| step["requests"].as_array().is_some_and(|ids| !ids.is_empty())), "what AWS calls the requests is kept");
    assert!(landfall(&["status"]).expect(0).stdout.contains("lock      nobody writes\nchanges\n"));
    landfall(&["record", "verify"]).expect(0);

    let back = landfall(&["rollback", "1", "--out", &emulator.file("back.json")]).expect(0).stdout;
    assert!(back.contains("to delete"), "{back}");

    let (client, key) = (s3(&emulator), "records/00000001.json");
    let text = client.get_object().bucket(BUCKET).key(key).send().await.unwrap().body.collect().await.unwrap().into_bytes();
    let altered = String::from_utf8(text.to_vec()).unwrap().replacen("the first", "the First", 1);
    client.put_object().bucket(BUCKET).key(key).body(altered.into_bytes().into()).send().await.unwrap();
    let found = landfall(&["record", "verify"]).expect(1).stdout;
    assert_eq!(found, "record 1 was altered, or is another one: record 2 holds a different digest of it\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_writes_another_waits_or_leaves_and_a_broken_lock_is_on_record() {
    let emulator = Emulator::start().await;
    let estate = Generated::with(&["shop"]);
    let root = estate.root();
    let landfall = |arguments: &[&str]| emulator.landfall(root, arguments);
    let plan = emulator.plan(root, &[]);
    let token = landfall(&["lock", "take", "--purpose", "a test"]).expect(0).stdout;
    let token = token.trim();

    let left = landfall(&["apply", &plan, "--wait", "0"]).expect(1);
    assert!(left.stderr.contains("holds the lock of the organization") && left.stderr.contains("for a test"), "{}", left.stderr);
    let status = landfall(&["status"]).expect(0).stdout;
    assert!(status.contains("a test"), "{status}");

    landfall(&["apply", &plan, "--turn", "somebody-else:1"]).expect(1);
    landfall(&["apply", &plan, "--turn", token]).expect(0);
    emulator.converged(root);
    landfall(&["lock", "release", token]).expect(0);
    landfall(&["apply", &plan, "--turn", token]).expect(1);

    landfall(&["lock", "take"]).expect(0);
    landfall(&["lock", "break", "--reason", "its runner is gone"]).expect(0);
    let listed = landfall(&["record", "list"]).expect(0).stdout;
    assert!(listed.contains("broken") && listed.contains("its runner is gone"), "{listed}");
    landfall(&["record", "verify"]).expect(0);
}
