//! `landfall init` as its user meets it: what it writes is right, and what is there stays. Must never write outside of its folder.

use assert_cmd::Command;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What a run came back with: exit status, stdout, stderr.
fn landfall(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::cargo_bin("landfall").unwrap().current_dir(folder).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Every file beneath a folder, with its text.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for path in std::fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                found.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_new_repository_passes_its_own_check() {
    let folder = TempDir::new().unwrap();
    let (status, told, complaint) = landfall(folder.path(), &["init"]);
    assert_eq!((status, complaint.as_str()), (Some(0), ""));
    assert!(told.starts_with("In .: 20 of 20 files written.\n"), "{told}");
    let written: Vec<String> = files(folder.path()).into_keys().collect();
    let expected = [
        ".github/actions/landfall/action.yml",
        ".github/workflows/apply.yml",
        ".github/workflows/check.yml",
        ".github/workflows/drift.yml",
        ".github/workflows/plan.yml",
        ".github/workflows/wave.yml",
        "domains.schema.json",
        "domains.yaml",
        "modules/access/module.yaml",
        "modules/account/module.yaml",
        "modules/canary/handler.py",
        "modules/canary/module.yaml",
        "modules/ci-users/module.yaml",
        "modules/guardrails/module.yaml",
        "modules/module.schema.json",
        "modules/network/module.yaml",
        "modules/observability/module.yaml",
        "modules/on-call/module.yaml",
        "modules/quotas/module.yaml",
        "modules/support/module.yaml",
    ];
    assert_eq!(written, expected);
    let (status, told, complaint) = landfall(folder.path(), &["check"]);
    assert_eq!((status, complaint.as_str()), (Some(0), ""));
    assert!(told.starts_with("1 domain, 3 accounts, ") && told.ends_with(": no problems\n"), "{told}");
}

#[test]
fn what_is_asked_for_is_in_the_domains_file() {
    let folder = TempDir::new().unwrap();
    let asked =
        ["--organization", "umbra", "--email", "root+{domain}.{environment}@umbra.test", "--region", "eu-west-1", "--github", "umbra-hq"];
    let arguments: Vec<&str> = ["init", "new/platform"].into_iter().chain(asked).collect();
    assert_eq!(landfall(folder.path(), &arguments).0, Some(0));
    let root: PathBuf = folder.path().join("new/platform");
    let domains = std::fs::read_to_string(root.join("domains.yaml")).unwrap();
    for line in [
        "  name: umbra\n",
        "  account_email: root+{domain}.{environment}@umbra.test\n",
        "  home_region: eu-west-1\n",
        "  github: umbra-hq\n",
    ] {
        assert!(domains.contains(line), "{line}{domains}");
    }
    assert_eq!(landfall(&root, &["check"]).0, Some(0));
}

#[test]
fn a_second_run_changes_nothing_and_completes_what_is_missing() {
    let folder = TempDir::new().unwrap();
    landfall(folder.path(), &["init"]);
    let before = files(folder.path());
    let (status, told, _) = landfall(folder.path(), &["init"]);
    assert_eq!((status, told.as_str()), (Some(0), "In .: all 20 files are there already, as they would be written.\n"));
    std::fs::remove_file(folder.path().join("modules/network/module.yaml")).unwrap();
    let (status, told, _) = landfall(folder.path(), &["init"]);
    assert_eq!(status, Some(0));
    assert!(told.starts_with("In .: 1 of 20 files written."), "{told}");
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_file_that_is_there_is_kept_and_nothing_is_written_beside_it() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("modules")).unwrap();
    std::fs::write(folder.path().join("domains.yaml"), "mine").unwrap();
    let (status, told, complaint) = landfall(folder.path(), &["init"]);
    let expected = "\
error: these files are there already, and differ; nothing was written
  domains.yaml
  hint: move them away, or write into an empty folder and take over what you want: landfall init FOLDER
";
    assert_eq!((status, told.as_str(), complaint.as_str()), (Some(1), "", expected));
    assert_eq!(files(folder.path()), BTreeMap::from([("domains.yaml".to_owned(), "mine".to_owned())]));
}

#[test]
fn arguments_that_make_no_valid_file_are_refused_before_anything_is_written() {
    let folder = TempDir::new().unwrap();
    for wrong in [["--email", "nobody"], ["--region", "the moon"], ["--organization", "a\nb: c"]] {
        let (status, _, complaint) = landfall(folder.path(), &["init", wrong[0], wrong[1]]);
        assert_eq!(status, Some(1), "{wrong:?}");
        assert!(complaint.starts_with("error: no valid domains.yaml can be made of these arguments\n"), "{complaint}");
    }
    assert!(files(folder.path()).is_empty());
}
