//! A workflow with the workflows that it calls written into it. act gives up as soon as a called workflow fails, where GitHub goes on with
//! whatever does not wait for its success; of jobs in one workflow both know alike. Knows how ours are written, and no other.

use serde_json::{Value, json};
use std::path::Path;

/// Replaces each call of wave.yml in apply.yml by the jobs of wave.yml, called `<caller>-<job>`.
pub fn inline(workflows: &Path) {
    let read = |name: &str| -> Value { serde_yaml::from_str(&std::fs::read_to_string(workflows.join(name)).unwrap()).unwrap() };
    let (mut apply, wave) = (read("apply.yml"), read("wave.yml"));
    let jobs = apply["jobs"].as_object_mut().unwrap();
    let callers: Vec<String> = jobs.iter().filter(|(_, job)| calls(job)).map(|(name, _)| name.clone()).collect();
    assert!(!callers.is_empty(), "nothing calls wave.yml");
    let called: Vec<&str> = wave["jobs"].as_object().unwrap().keys().map(String::as_str).collect();
    for job in jobs.values_mut() {
        job["needs"] = waiting(&job["needs"], &callers, &called);
    }
    for caller in &callers {
        let call = jobs.remove(caller).unwrap();
        for (name, job) in wave["jobs"].as_object().unwrap() {
            jobs.insert(format!("{caller}-{name}"), inlined(caller, &call, job, &called));
        }
    }
    // Every JSON is YAML, too.
    std::fs::write(workflows.join("apply.yml"), apply.to_string()).unwrap();
}

fn calls(job: &Value) -> bool {
    job["uses"].as_str().is_some_and(|uses| uses.ends_with("/.github/workflows/wave.yml"))
}

/// Whoever waits for a call waits for all of its jobs.
fn waiting(needs: &Value, callers: &[String], called: &[&str]) -> Value {
    let jobs = |need: &str| match callers.iter().any(|caller| caller == need) {
        true => called.iter().map(|job| format!("{need}-{job}")).collect(),
        false => vec![need.to_owned()],
    };
    json!(listed(needs).into_iter().flat_map(jobs).collect::<Vec<_>>())
}

/// One name, or several.
fn listed(needs: &Value) -> Vec<&str> {
    needs.as_array().map_or_else(|| needs.as_str().into_iter().collect(), |all| all.iter().filter_map(Value::as_str).collect())
}

fn condition(of: &Value) -> String {
    of.as_str().map_or("true", |text| text.trim_start_matches("${{ ").trim_end_matches(" }}")).to_owned()
}

/// act reads a matrix before it finds out that its job is skipped, and then what the matrix is made of may be no JSON.
fn harmless(matrix: &str) -> String {
    let output = matrix.trim_start_matches("${{ fromJSON(").trim_end_matches(") }}");
    format!("${{{{ fromJSON(startsWith({output}, '{{') && {output} || '{{}}') }}}}")
}

/// A job of the called workflow, as one of the caller's: with what was handed over, and its fellows by their new names.
fn inlined(caller: &str, call: &Value, job: &Value, called: &[&str]) -> Value {
    let mut text = job.to_string();
    for fellow in called {
        text = text.replace(&format!("needs.{fellow}."), &format!("needs.{caller}-{fellow}."));
    }
    for (input, value) in call["with"].as_object().unwrap() {
        let value = value.as_str().unwrap().trim_start_matches("${{ ").trim_end_matches(" }}");
        text = text.replace(&format!("inputs.{input} "), &format!("{value} "));
    }
    let mut job: Value = serde_json::from_str(&text).unwrap();
    let own: Vec<String> = listed(&job["needs"]).into_iter().map(|need| format!("{caller}-{need}")).collect();
    let needs = listed(&call["needs"]).into_iter().map(str::to_owned).chain(own);
    job["needs"] = json!(needs.collect::<Vec<_>>());
    job["if"] = json!(format!("${{{{ ({}) && ({}) }}}}", condition(&call["if"]), condition(&job["if"])));
    if let Some(matrix) = job["strategy"]["matrix"].as_str() {
        job["strategy"]["matrix"] = json!(harmless(matrix));
        // act reads no expression there.
        job["strategy"].as_object_mut().unwrap().remove("max-parallel");
    }
    job
}
