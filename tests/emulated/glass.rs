//! Breaking the glass: nobody does it alone, and both stand in the record.

use crate::emulator::{Emulator, Ran};
use crate::estate::Generated;
use std::path::Path;

/// Every day is a block day.
const CALENDAR: &str = "
calendar:
  time_zone: UTC
  block_days: [{ name: Freeze, from: 2020-01-01, to: 2099-12-31 }]
";

/// Landfall with somebody else's credentials.
async fn as_another(emulator: &Emulator, root: &Path, arguments: &[&str]) -> Ran {
    let iam = aws_sdk_iam::Client::new(&emulator.management());
    iam.create_user().user_name("grace").send().await.unwrap();
    let key = iam.create_access_key().user_name("grace").send().await.unwrap().access_key.unwrap();
    let mut command = emulator.command(root, arguments);
    command.env("AWS_ACCESS_KEY_ID", key.access_key_id()).env("AWS_SECRET_ACCESS_KEY", key.secret_access_key());
    Ran::of(command.output().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_glass_is_broken_by_two_people_and_both_are_on_record() {
    let emulator = Emulator::start().await;
    let estate = Generated::with(&["shop"]);
    let (root, domains) = (estate.root(), estate.root().join("domains.yaml"));
    let text = std::fs::read_to_string(&domains).unwrap();
    std::fs::write(&domains, text.replacen("domains:\n", &format!("{}domains:\n", CALENDAR.trim_start()), 1)).unwrap();
    let plan = emulator.plan(root, &[]);
    let blocked = emulator.landfall(root, &["apply", &plan]);
    assert!(blocked.status != Some(0) && (blocked.stdout + &blocked.stderr).contains("Freeze"));

    let breaking = ["apply", &plan, "--break-glass", "prod is down"];
    let alone = |when: &str| {
        let ran = emulator.landfall(root, &breaking).expect(1);
        assert!(ran.stderr.contains("it takes two people to break the glass"), "{when}: {}", ran.stderr);
    };
    alone("nobody agreed");
    emulator.landfall(root, &["break-glass", &plan, "--reason", "I agree with myself"]).expect(0);
    alone("nobody else agreed");
    as_another(&emulator, root, &["break-glass", &plan, "--reason", "checkout fails, and this mends it"]).await.expect(0);
    let other = emulator.file("other.json");
    emulator.landfall(root, &["plan", "--account", "shop/dev", "--out", &other]).expect(0);
    let ran = emulator.landfall(root, &["apply", &other, "--break-glass", "prod is down"]).expect(1);
    assert!(ran.stderr.contains("two people"), "to another plan nobody agreed: {}", ran.stderr);
    emulator.landfall(root, &breaking).expect(0);
    emulator.converged(root);
    let list = emulator.landfall(root, &["record", "list"]).expect(0).stdout;
    let number = list.split_whitespace().next().unwrap();
    let record = emulator.landfall(root, &["record", "show", number, "--format", "json"]).expect(0).stdout;
    for said in ["prod is down", "user/grace", "checkout fails, and this mends it", "\"emergent\""] {
        assert!(record.contains(said), "{said} is not in {record}");
    }
}
