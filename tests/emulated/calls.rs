//! How many calls it takes to find that nothing is to be done: the price of each plan, paid in every account.

use crate::applied::applied;
use crate::emulator::Emulator;
use crate::estate::{Generated, example};
use std::collections::BTreeMap;

/// The most that any account of the example may cost: all modules, two Regions, three topics and zones, two contacts. Raised only for a new kind of
/// resource, and then by its one listing.
const MOST: usize = 50;
/// The same with one Region, two topics, and neither contacts, quotas nor support.
const MOST_OF_PLAIN: usize = 42;

/// AWS's operations by account, each as often as it was called, of a plan in which nothing is to be done.
fn empty_plan(emulator: &Emulator, root: &std::path::Path) -> BTreeMap<String, BTreeMap<String, usize>> {
    let ran = emulator.landfall(root, &["plan", "-v", "--exit-code"]).expect(0);
    let mut accounts: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for line in ran.stderr.lines() {
        let mut words = line.split(' ');
        let (Some(account), Some(operation)) = (words.next(), words.next()) else { continue };
        let is_call = operation.contains(':') && line.ends_with("ms");
        if is_call && !operation.starts_with("github:") && !operation.starts_with("newrelic:") {
            *accounts.entry(account.to_owned()).or_default().entry(operation.to_owned()).or_default() += 1;
        }
    }
    accounts
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_every_module_is_read_in_few_calls() {
    let accounts = empty_plan(&applied().await.emulator, &example());
    let members = accounts.iter().filter(|(account, _)| *account != "management");
    assert_eq!(members.clone().count(), 30);
    for (account, operations) in members {
        let calls: usize = operations.values().sum();
        assert!(calls <= MOST, "{calls} calls in {account}: {operations:#?}");
        let twice = ["ec2:DescribeSecurityGroups", "iam:GetAccountAuthorizationDetails", "secretsmanager:ListSecrets"];
        assert!(twice.iter().all(|operation| operations[*operation] == 1), "{account} asks twice: {operations:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_organizations_is_not_asked_for_account_by_account() {
    let emulator = Emulator::start().await;
    let of_all = async |domains: &[&str]| {
        let estate = Generated::with(domains);
        emulator.apply(estate.root());
        let accounts = empty_plan(&emulator, estate.root());
        let most = accounts.iter().filter(|(account, _)| *account != "management").map(|(_, all)| all.values().sum::<usize>()).max();
        assert!(most.unwrap() <= MOST_OF_PLAIN, "{accounts:#?}");
        accounts["management"].clone()
    };
    let (few, many) = (of_all(&["alpha"]).await, of_all(&["alpha", "bravo", "charlie"]).await);
    for once in ["sso:ListInstances", "sso:ListAccountAssignmentsForPrincipal"] {
        assert_eq!(few[once], many[once], "{once}");
    }
}
