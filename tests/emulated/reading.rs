//! Plan only reads: every request that reaches AWS is looked at, on AWS's side of the wire.

use crate::emulator::Emulator;
use crate::estate::Generated;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_sends_nothing_but_reads() {
    let emulator = Emulator::start().await;
    let (half, whole) = (Generated::with(&["shop"]), Generated::with(&["shop", "tools"]));
    emulator.apply(half.root());
    recorder(&emulator, "start");
    emulator.plan(whole.root(), &[]);
    emulator.landfall(whole.root(), &["plan", "--full", "--format", "json"]).expect(0);
    recorder(&emulator, "stop");

    let sent = recorded(&emulator);
    let reads: BTreeSet<String> = landfall::kinds::reads().iter().filter_map(|read| Some(read.split_once(':')?.1.to_owned())).collect();
    let writes: BTreeSet<_> = sent.difference(&reads).collect();
    assert_eq!(writes, BTreeSet::new());
    for expected in ["DescribeVpcs", "ListAccountsForParent", "AssumeRole"] {
        assert!(sent.contains(expected), "the recorder saw only {sent:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_planned_with_the_role_that_is_for_that() {
    let emulator = Emulator::start().await;
    let estate = Generated::with(&["shop"]);
    emulator.apply(estate.root());
    let path = estate.root().join("domains.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("  name: acme\n", "  name: acme\n  plan_role: landfall-reads\n", 1)).unwrap();
    recorder(&emulator, "start");
    emulator.converged(estate.root());
    recorder(&emulator, "stop");
    let recording = std::fs::read_to_string(emulator.file("recording.jsonl")).unwrap();
    let bodies = recording.lines().filter_map(|line| {
        let request: serde_json::Value = serde_json::from_str(line).unwrap();
        Some(unbase64(request["body"].as_str()?))
    });
    let (ours, others): (Vec<String>, Vec<String>) =
        bodies.filter(|body| body.contains("Action=AssumeRole")).partition(|body| body.contains("role%2Flandfall-reads"));
    assert_eq!((ours.len(), others), (3, vec![]), "each account once, and by no other role");
}

/// Moto's own recorder, started or stopped.
fn recorder(emulator: &Emulator, what: &str) {
    let address = emulator.endpoint().replace("http://", "");
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(stream, "POST /moto-api/recorder/{what}-recording HTTP/1.0\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(" 200 "), "{answer}");
}

/// The operations of all recorded requests.
fn recorded(emulator: &Emulator) -> BTreeSet<String> {
    let recording = std::fs::read_to_string(emulator.file("recording.jsonl")).unwrap();
    recording.lines().map(|line| operation(&serde_json::from_str(line).unwrap())).collect()
}

/// AWS's protocols in use here: a header names the operation, or a field of the form in the body does, or method and path do.
fn operation(request: &serde_json::Value) -> String {
    if request["method"] == "GET" && request["url"].as_str().is_some_and(|url| url.contains("/functions")) {
        return "ListFunctions".to_owned();
    }
    if request["method"] == "GET" && request["url"].as_str().is_some_and(|url| url.ends_with("/publicAccessBlock")) {
        return "GetAccountPublicAccessBlock".to_owned();
    }
    if let Some(target) = request["headers"]["X-Amz-Target"].as_str() {
        // In policies, whatever reads a budget is one action.
        let of_budgets = target.contains("Budget") && target.contains(".Describe");
        return if of_budgets { "ViewBudget".to_owned() } else { target.split('.').next_back().unwrap().to_owned() };
    }
    let form = unbase64(request["body"].as_str().unwrap());
    let action = form.split('&').find_map(|field| field.strip_prefix("Action="));
    action.map_or_else(|| of_path(request["url"].as_str().unwrap()), str::to_owned)
}

/// Incident Manager's paths are its operations: `/listResponsePlans`.
fn of_path(url: &str) -> String {
    let path = url.split("://").last().and_then(|rest| rest.split('/').nth(1)).unwrap_or_default();
    let (first, rest) = path.split_at_checked(1).unwrap_or_else(|| panic!("no operation in {url}"));
    format!("{}{}", first.to_uppercase(), rest.split('?').next().unwrap_or_default())
}

fn unbase64(text: &str) -> String {
    String::from_utf8(aws_smithy_types::base64::decode(text).unwrap()).unwrap()
}
