//! From files to accounts and to an empty plan, on estates of several sizes, from nothing and from half of it.

use crate::applied::applied;
use crate::emulator::Emulator;
use crate::estate::{Generated, example};
use crate::live::{Inventory, inventory};
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn the_example_estate_is_planned_applied_and_then_as_declared() {
    let emulator = &applied().await.emulator;
    emulator.landfall(&example(), &["check"]).expect(0);
    let live = inventory(emulator).await;
    assert_eq!(live.len(), 30, "{:?}", live.keys());
    ranges_are_apart(&live);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estate_of_one_domain() {
    sized(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estate_of_thirty_domains() {
    sized(30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_of_it_is_there_already_and_stays_as_it_is() {
    let emulator = Emulator::start().await;
    let (half, whole) = (Generated::with(&["bravo", "delta"]), Generated::with(&["alpha", "bravo", "charlie", "delta"]));
    emulator.apply(half.root());
    let before = inventory(&emulator).await;
    assert!(emulator.steps(whole.root()).iter().all(|step| step.starts_with("create ") && !step.contains("bravo")));
    emulator.apply(whole.root());
    emulator.converged(whole.root());
    let after = inventory(&emulator).await;
    assert_eq!(after.len(), 12);
    for (email, lines) in &before {
        assert_eq!(&after[email], lines, "{email} was not to be touched");
    }
    ranges_are_apart(&after);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_plan_has_the_same_bytes() {
    let emulator = Emulator::start().await;
    let (estate, turned) = (Generated::with(&["alpha", "bravo", "charlie"]), Generated::with(&["charlie", "alpha", "bravo"]));
    // Some of it is there, so that what AWS answers, and in which order, has its chance to show.
    emulator.apply(Generated::with(&["bravo"]).root());
    let plan = |root: &Path| emulator.landfall(root, &["plan", "--full"]).expect(0).stdout;
    let file = |root: &Path| std::fs::read_to_string(emulator.plan(root, &[])).unwrap();
    let (text, bytes) = (plan(estate.root()), file(estate.root()));
    for _ in 0..8 {
        assert_eq!(plan(estate.root()), text);
        assert_eq!(file(estate.root()), bytes);
    }
    assert_eq!(plan(turned.root()), text, "the order in the file does not matter");
}

async fn sized(domains: usize) {
    let emulator = Emulator::start().await;
    let estate = Generated::domains(domains);
    emulator.apply(estate.root());
    emulator.converged(estate.root());
    let live = inventory(&emulator).await;
    assert_eq!(live.len(), domains * 3);
    ranges_are_apart(&live);
}

/// No two VPCs of the organization overlap.
fn ranges_are_apart(live: &Inventory) {
    let vpcs = live.values().flatten().filter(|line| line.contains("/vpc/main: "));
    let mut ranges: Vec<ipnet::Ipv4Net> = vpcs.map(|line| line.split('"').nth(1).unwrap().parse().unwrap()).collect();
    ranges.sort_by_key(ipnet::Ipv4Net::network);
    assert_eq!(ranges.len(), live.len(), "each account has its network");
    let collision = ranges.windows(2).find(|pair| pair[0].broadcast() >= pair[1].network());
    assert_eq!(collision, None);
}
