//! The guards of the waves in apply.yml, read and not run. What act can't show: it gives up by itself once a called workflow fails, where
//! GitHub goes on with whatever does not wait.

use serde_json::{Value, json};

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
        assert_eq!(job["permissions"], json!({ "id-token": "write" }), "{name}");
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
    assert!(!steps.iter().any(|step| step.to_string().contains("needs.prepare.outputs")), "outputs are lost with their machine");
}

#[test]
fn accounts_start_behind_the_gate_of_their_wave_in_its_environment() {
    let jobs = &workflow("wave")["jobs"];
    assert_eq!(jobs["gate"]["environment"], "landfall");
    assert_eq!(jobs["apply"]["needs"], "gate");
    assert_eq!(jobs["apply"]["if"], "${{ !cancelled() && needs.gate.outputs.matrix != '' }}");
    assert_eq!(jobs["apply"]["strategy"], json!({ "fail-fast": false, "matrix": "${{ fromJSON(needs.gate.outputs.matrix) }}" }));
    assert_eq!(jobs["apply"]["environment"], "${{ inputs.wave }}");
}
