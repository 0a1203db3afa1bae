//! An environment that is taken out of the files: what it holds goes in an order that works, the account only when it is retired.

use crate::emulator::Emulator;
use crate::estate::Generated;
use crate::live::{account, inventory};

const DEV: &str = "aws+shop-dev@acme.example";
const PROD: &str = "aws+shop-prod@acme.example";

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_environment_is_emptied_and_closed_only_when_it_is_retired() {
    let emulator = Emulator::start().await;
    let estate = Generated::with(&["shop"]);
    emulator.apply(estate.root());
    let before = inventory(&emulator).await;

    edit(&estate, "    team: core\n", "    team: core\n    environments: [stage, prod]\n");
    let steps = emulator.steps(estate.root());
    // The organization's policies for dev go as well: nothing is in dev any more.
    let expected =
        |step: &String| step.starts_with("delete shop/dev/") || step.starts_with("delete management/global/service-control-policy/");
    assert!(steps.len() > 10 && steps.iter().all(expected), "{steps:?}");
    emulator.apply(estate.root());
    emulator.converged(estate.root());
    let after = inventory(&emulator).await;
    assert_eq!(after[PROD], before[PROD]);
    // The emulated AWS remembers deleted NAT gateways, as AWS does for an hour.
    let left = after[DEV].iter().filter(|line| line.contains("shop/dev/us-west-2/") && !line.contains("Some(Deleted)"));
    assert_eq!(left.collect::<Vec<_>>(), Vec::<&String>::new());
    let said = emulator.landfall(estate.root(), &["plan"]).expect(0).stdout;
    assert!(said.contains("An account is no longer declared") && said.contains("retire: [shop/dev]"), "{said}");

    edit(&estate, "domains:\n", "retire: [shop/dev]\ndomains:\n");
    let steps = emulator.steps(estate.root());
    assert!(steps.contains(&"delete shop/dev/global/account/main".to_owned()), "{steps:?}");
    assert!(steps.iter().all(|step| step.starts_with("delete shop/dev/global/")), "what is in it goes with it: {steps:?}");
    emulator.apply(estate.root());
    emulator.converged(estate.root());
    let organizations = aws_sdk_organizations::Client::new(&emulator.management());
    let id = account(&emulator, DEV).await.id;
    let closed = organizations.describe_account().account_id(id).send().await.unwrap().account.unwrap();
    assert_eq!(closed.status().unwrap().as_str(), "SUSPENDED");
}

fn edit(estate: &Generated, from: &str, to: &str) {
    let path = estate.root().join("domains.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from));
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}
