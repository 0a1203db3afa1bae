//! For each fault of the table: what the rehearsal says becomes of every step, and what then becomes of it. Both through the real binary,
//! over the emulated AWS, made strict where it is too lenient.

use super::emulator::Emulator;
use super::ground::{Came, Ground};
use super::table::{Fault, VPC, faults};
use futures::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::OnceCell;

/// Organizations at once: each run is a process, and the emulated AWS is one.
const AT_ONCE: usize = 4;
/// The numbers of the management accounts, which nobody else in the emulated AWS has.
const FIRST: u64 = 900_000_000_000;

/// The one emulated AWS of these tests. It ends with this program.
async fn emulator() -> &'static Emulator {
    static EMULATOR: OnceCell<Emulator> = OnceCell::const_new();
    EMULATOR.get_or_init(Emulator::start).await
}

/// What a rehearsal said and what then came, where they differ.
async fn differs(number: u64, fault: &Fault) -> Option<String> {
    let ground = Ground::settled(emulator().await, (FIRST + number).to_string(), fault.before).await;
    ground.declare(fault.settings, fault.domain, fault.resources);
    let plan = ground.plan().await;
    (fault.strike)(&ground).await;
    let (said, json) = ground.rehearse(&plan).await;
    let came = ground.apply(&plan).await;
    let verdicts = format!("\n  said {:?}\n  came {:?}", said.whys, came.whys);
    if let Some(wrong) = compared(&said, &came) {
        return Some(format!("{}: {wrong}{verdicts}", fault.name));
    }
    let is_said = fault.says.is_empty() || said.whys.values().any(|why| why.contains(fault.says));
    (!is_said).then(|| format!("{}: it is not said why: {json:#}{verdicts}", fault.name))
}

fn compared(said: &Came, came: &Came) -> Option<String> {
    let keys = said.results.keys().chain(came.results.keys());
    let differing: BTreeMap<&String, _> =
        keys.map(|at| (at, (said.results.get(at), came.results.get(at)))).filter(|(_, (said, came))| said != came).collect();
    if !differing.is_empty() {
        return Some(format!("{differing:?}"));
    }
    if said.held != came.held {
        return Some(format!("held back: {:?} was said, and {:?} came", said.held, came.held));
    }
    (said.succeeded != came.succeeded).then(|| format!("succeeded: {} was said, and {} came", said.succeeded, came.succeeded))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_rehearsal_says_of_each_fault_is_what_then_becomes_of_every_step() {
    let all = faults();
    assert!(all.len() >= 20);
    // One after the other, for whoever looks for one of them.
    let only = std::env::var("LANDFALL_FAULT").unwrap_or_default();
    let chosen = all.iter().enumerate().filter(|(_, fault)| fault.name.contains(&only));
    let ran = futures::stream::iter(chosen).map(|(number, fault)| async move {
        let wrong = differs(number as u64, fault).await;
        eprintln!("{} {}", if wrong.is_none() { "foretold" } else { "NOT FORETOLD" }, fault.name);
        wrong
    });
    let wrong: Vec<String> = ran.buffer_unordered(AT_ONCE).filter_map(|wrong| async { wrong }).collect().await;
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_that_a_foreign_vpc_has_by_now_is_withheld_by_the_merge_as_was_said() {
    let ground = Ground::settled(emulator().await, (FIRST + 1000).to_string(), "").await;
    ground.declare("", "", VPC);
    let plan = ground.plan().await;
    let ec2 = ground.ec2("tools/prod").await;
    ec2.create_vpc().cidr_block(ground.planned_range("shop/dev/us-west-2/vpc/second")).send().await.unwrap();
    let (_, json) = ground.rehearse(&plan).await;
    let said: BTreeSet<&str> = json["withheld"].as_array().unwrap().iter().filter_map(|address| address.as_str()).collect();
    assert!(said.contains("shop/dev/us-west-2/vpc/second"), "{json:#}");

    let now = ground.plan_to("now.json").await;
    let (ran, events) = ground.events(&["apply", &now, "--reviewed", &plan]).await;
    let came: BTreeSet<&str> =
        events.iter().filter(|event| event["event"] == "step-withheld").filter_map(|event| event["address"].as_str()).collect();
    assert_eq!((said, ran.status), (came, Some(2)), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_what_became_of_it_when_it_is_rehearsed_at_once() {
    let ground = Ground::settled(emulator().await, (FIRST + 1001).to_string(), "").await;
    ground.declare("", "", VPC);
    let ec2 = ground.ec2("shop/dev").await;
    for number in 0..4 {
        ec2.create_vpc().cidr_block(format!("192.168.{number}.0/24")).send().await.unwrap();
    }
    let file = ground.file("rehearsed.json").to_string_lossy().into_owned();
    let said = ground.landfall(&["plan", "--rehearse", "--out", &file]).await.expect(0).stdout;
    assert!(said.contains("Rehearsal: steps that would fail") && said.contains("VpcLimitExceeded"), "{said}");
    assert!(said.contains("Rehearsed: ") && said.contains("1 would fail"), "{said}");
    let shown = ground.landfall(&["show", &file, "--format", "markdown"]).await.expect(0).stdout;
    assert!(
        shown.contains("<b>warning</b>: Rehearsal (1)") && shown.contains("<b>warning</b>: Rehearsal: steps that would fail (1)"),
        "{shown}"
    );
    let plain = ground.landfall(&["plan"]).await.expect(0).stdout;
    assert!(!plain.contains("Rehears"), "only when it is asked for:\n{plain}");
}
