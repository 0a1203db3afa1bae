//! `landfall check` and `landfall schema` as users run them: exit status, and what goes to which stream.

use assert_cmd::Command;

fn landfall(folder: &std::path::Path) -> Command {
    let mut command = Command::cargo_bin("landfall").expect("the binary is built for its tests");
    command.current_dir(folder).env("NO_COLOR", "1");
    command
}

fn here() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_shipped_files_are_right() {
    let seen = landfall(here()).arg("check").assert().success();
    let out = String::from_utf8_lossy(&seen.get_output().stdout).into_owned();
    assert!(out.starts_with("12 domains, 30 accounts, ") && out.ends_with(" resources: no problems\n"), "{out}");
    assert_eq!(String::from_utf8_lossy(&seen.get_output().stderr), "");
}

#[test]
fn problems_go_to_stderr_and_fail() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = "error[unreadable]: this can't be read: No such file or directory (os error 2)\n--> domains.yaml";
    let seen = landfall(folder.path()).arg("check").assert().code(1).stdout("");
    let text = String::from_utf8_lossy(&seen.get_output().stderr).into_owned();
    assert!(text.starts_with(said), "{text}");
}

#[test]
fn problems_as_json_go_to_stdout() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("modules")).expect("a folder");
    std::fs::write(folder.path().join("staging.yaml"), "teams: {}\ndomains: {}\norganisation: {}\n").expect("a file");
    let seen = landfall(folder.path()).args(["check", "--file", "staging.yaml", "--format", "json"]).assert().code(1).stderr("");
    let said: serde_json::Value = serde_json::from_slice(&seen.get_output().stdout).expect("JSON");
    assert_eq!(said["version"], 1);
    assert_eq!(
        said["problems"][1],
        serde_json::json!({
            "level": "error", "check": "unknown-key", "file": "staging.yaml", "line": 3, "column": 1, "also": null,
            "message": "`organisation` is no key of `this file`", "label": "unknown key", "hint": "did you mean `organization`?",
        })
    );
}

#[test]
fn schemas_and_checks_are_listed() {
    landfall(here()).args(["schema", "domains"]).assert().success().stdout(include_str!("../domains.schema.json"));
    let seen = landfall(here()).args(["check", "--list"]).assert().success();
    let out = String::from_utf8_lossy(&seen.get_output().stdout).into_owned();
    assert!(out.lines().any(|line| line.starts_with("prod-missing ")), "{out}");
}
