//! On-call with Incident Manager, from nothing to nothing: planned, applied, confirmed by humans, changed, and taken away again.

use crate::emulator::Emulator;
use crate::estate::Generated;
use std::path::Path;

const PEOPLE: &str = "  linus: { name: Linus Moss, email: linus@acme.example, phone: \"+15550107\" }\n";

/// One domain whose on-call is kept by Incident Manager.
fn estate(primary: &str) -> Generated {
    let estate = Generated::with(&["alpha"]);
    let file = estate.root().join("domains.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("teams:\n", &format!("{PEOPLE}teams:\n")).replace("primary: [ada]", &format!("primary: {primary}"));
    std::fs::write(file, format!("{text}modules: {{ on-call: {{ backend: incident-manager }} }}\n")).unwrap();
    estate
}

fn of_on_call(steps: Vec<String>) -> Vec<String> {
    let kinds = ["contact", "rotation", "plan", "schedule", "replication-set", "sns-"];
    steps.into_iter().filter(|step| kinds.iter().any(|kind| step.contains(kind))).collect()
}

/// The notes of a plan with a summary.
fn noted(emulator: &Emulator, root: &Path, summary: &str) -> usize {
    let plan: serde_json::Value = serde_json::from_str(&emulator.landfall(root, &["plan", "--format", "json"]).expect(0).stdout).unwrap();
    plan["notes"].as_array().unwrap().iter().filter(|note| note["summary"] == summary).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_call_comes_waits_for_its_humans_changes_and_goes() {
    let emulator = Emulator::start().await;
    let first = estate("[ada, linus]");
    emulator.apply(first.root());
    emulator.converged(first.root());
    assert_eq!(noted(&emulator, first.root(), "Waits for somebody"), 9 + 3 * 2 + 1, "channels, and invitations to the topics");
    activate(&emulator).await;
    assert_eq!(noted(&emulator, first.root(), "Waits for somebody"), 3 * 2 + 1, "invitations alone");
    emulator.converged(first.root());

    let turned = estate("[linus, ada]");
    assert_eq!(emulator.steps(turned.root()), ["update management/global/rotation/alpha-primary"]);
    emulator.apply(turned.root());
    emulator.converged(turned.root());

    // Linus leaves: his channels go before he does, and invitations that he never accepted lapse by themselves.
    let without = estate("[ada]");
    emulator.apply(without.root());
    emulator.converged(without.root());

    let file = without.root().join("domains.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("backend: incident-manager", "backend: sns")).unwrap();
    let steps = of_on_call(emulator.steps(without.root()));
    assert!(steps.iter().all(|step| step.starts_with("delete management/global/")), "{steps:?}");
    assert!(!steps.iter().any(|step| step.contains("replication-set")), "it is left as it is: {steps:?}");
    emulator.apply(without.root());
    emulator.converged(without.root());
}

/// Enters every code, as the humans would.
async fn activate(emulator: &Emulator) {
    let client = aws_sdk_ssmcontacts::Client::new(&emulator.management());
    for contact in client.list_contacts().send().await.unwrap().contacts() {
        let channels = client.list_contact_channels().contact_id(contact.contact_arn()).send().await.unwrap();
        for arn in channels.contact_channels().iter().map(|channel| channel.contact_channel_arn()) {
            let call = client.activate_contact_channel().contact_channel_id(arn);
            call.activation_code(&arn[arn.len() - 6..]).send().await.unwrap();
        }
    }
}
