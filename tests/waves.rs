//! The guards of the waves in apply.yml, read and not run. What act can't show: it gives up by itself once a called workflow fails, where
//! GitHub goes on with whatever does not wait.

use serde_json::{Value, json};

const WAVES: [&str; 4] = ["organization", "dev", "stage", "prod"];

#[test]
fn every_wave_waits_for_all_before_it_and_starts_after_no_failure() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/.github/workflows/apply.yml");
    let workflow: Value = serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for (at, wave) in WAVES.iter().enumerate() {
        let job = &workflow["jobs"][wave];
        let needs = [&["prepare"], &WAVES[..at]].concat();
        let needed = if needs.len() == 1 { json!(needs[0]) } else { json!(needs) };
        assert_eq!(job["needs"], needed, "{wave}");
        let guard = "!failure() && !cancelled() && needs.prepare.result == 'success'";
        assert_eq!(job["if"], format!("${{{{ {guard} && needs.prepare.outputs.{wave} != '' }}}}"));
        let with = json!({ "wave": wave, "matrix": format!("${{{{ needs.prepare.outputs.{wave} }}}}") });
        assert_eq!(job["with"], with, "{wave}");
        assert_eq!(job["permissions"], json!({ "id-token": "write" }), "{wave}");
    }
    assert_eq!(workflow["concurrency"], json!({ "group": "landfall-apply", "queue": "max", "cancel-in-progress": false }));
}
