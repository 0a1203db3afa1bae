//! The guards of the waves in apply.yml, read and not run. What act can't show: it gives up by itself once a called workflow fails, where
//! GitHub goes on with whatever does not wait.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What notices are sent to: a called workflow has no secret that it is not handed.
const SECRETS: [&str; 4] = ["LANDFALL_SLACK_WEBHOOK", "LANDFALL_SLACK_WEBHOOKS", "LANDFALL_WEBHOOK", "LANDFALL_WEBHOOK_SECRET"];
/// So many waves with something to do have room in one run.
const SLOTS: usize = 8;

fn workflow(name: &str) -> Value {
    let path = format!("{}/.github/workflows/{name}.yml", env!("CARGO_MANIFEST_DIR"));
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn slot(number: usize) -> String {
    format!("wave-{number}")
}

#[test]
fn every_slot_waits_for_the_one_before_it_and_takes_the_wave_that_prepare_gave_it() {
    let workflow = workflow("apply");
    for number in 1..=SLOTS {
        let (name, job) = (slot(number), &workflow["jobs"][slot(number)]);
        let needs = if number == 1 { json!("prepare") } else { json!(["prepare", slot(number - 1)]) };
        assert_eq!(job["needs"], needs, "{name}");
        let guard = "!cancelled() && needs.prepare.result == 'success'";
        assert_eq!(job["if"], format!("${{{{ {guard} && needs.prepare.outputs.{name} != '' }}}}"));
        let of_prepare = |output: &str| format!("${{{{ needs.prepare.outputs.{output} }}}}");
        assert_eq!(job["with"], json!({ "wave": of_prepare(&name), "turn": of_prepare("turn") }), "{name}");
        assert_eq!(job["permissions"], json!({ "deployments": "write", "id-token": "write" }), "{name}");
        let secret = |name: &&str| ((*name).to_owned(), format!("${{{{ secrets.{name} }}}}"));
        let secrets: BTreeMap<String, String> = SECRETS.iter().map(secret).collect();
        assert_eq!(job["secrets"], json!(secrets), "{name}: whom to tell, and no other secret");
        assert_eq!(workflow["jobs"]["prepare"]["outputs"][&name], format!("${{{{ steps.waves.outputs.{name} }}}}"));
    }
    assert_eq!(workflow["jobs"][slot(SLOTS + 1)], Value::Null);
    assert_eq!(workflow["concurrency"], json!({ "group": "landfall-apply", "queue": "max", "cancel-in-progress": false }));
}

#[test]
fn prepare_refuses_more_waves_than_there_are_slots() {
    let steps = workflow("apply")["jobs"]["prepare"]["steps"].as_array().unwrap().clone();
    let share = steps.iter().find(|step| step["id"] == "waves").unwrap()["run"].as_str().unwrap();
    assert!(share.contains(&format!("[ \"$slot\" -gt {SLOTS} ]")), "{share}");
}

#[test]
fn the_turn_is_given_back_whatever_has_become_of_the_others() {
    let end = &workflow("apply")["jobs"]["end"];
    let all: Vec<String> = ["prepare".to_owned()].into_iter().chain((1..=SLOTS).map(slot)).collect();
    assert_eq!(end["needs"], json!(all));
    assert_eq!(end["if"], "${{ always() && needs.prepare.result != 'skipped' }}");
    let steps = end["steps"].as_array().unwrap();
    let gives = steps.iter().position(|step| step["name"] == "Give the turn back").unwrap();
    assert_eq!(gives, steps.len() - 1, "who is told of the run is told of its turn");
    assert!(!steps[gives].to_string().contains("needs.prepare.outputs"), "outputs are lost with their machine");
    let tells = &steps[gives - 1];
    assert_eq!((&tells["name"], &tells["continue-on-error"]), (&json!("Tell how it ended"), &json!(true)), "telling holds nothing up");
}

#[test]
fn accounts_start_behind_the_gate_of_their_wave_in_its_environment() {
    let jobs = &workflow("wave")["jobs"];
    assert_eq!(jobs["gate"]["environment"], "landfall");
    assert_eq!((&jobs["accounts"]["needs"], &jobs["apply"]["needs"]), (&json!("gate"), &json!(["gate", "accounts"])));
    assert_eq!(jobs["accounts"]["if"], "${{ !cancelled() && needs.gate.outputs.missing != '' }}");
    assert_eq!(jobs["accounts"]["environment"], "${{ inputs.wave }}");
    assert_eq!(jobs["apply"]["if"], "${{ !cancelled() && needs.gate.outputs.matrix != '' }}");
    let of_gate = |output: &str| format!("${{{{ fromJSON(needs.gate.outputs.{output}) }}}}");
    let strategy = json!({ "fail-fast": false, "max-parallel": of_gate("parallel"), "matrix": of_gate("matrix") });
    assert_eq!(jobs["apply"]["strategy"], strategy);
    assert_eq!(jobs["apply"]["environment"], "${{ inputs.wave }}");
}
