//! `plan --since` on a repository under git: what a change touches is planned, what it does not touch is left out and said so.

use crate::emulator::{Emulator, Ran};
use crate::estate::Generated;
use std::path::Path;
use std::process::Command;

fn git(root: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.current_dir(root).args(["-c", "user.name=Ada", "-c", "user.email=ada@acme.example", "-c", "commit.gpgsign=false"]);
    let output = git.args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(root: &Path) {
    git(root, &["add", "--all"]);
    git(root, &["commit", "--quiet", "--message", "files"]);
}

/// Three domains, committed as `main`.
fn committed() -> Generated {
    let estate = Generated::with(&["alpha", "bravo", "charlie"]);
    git(estate.root(), &["init", "--quiet", "--initial-branch", "main"]);
    commit(estate.root());
    estate
}

fn edit(root: &Path, file: &str, from: &str, to: &str) {
    let path = root.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file}");
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// The accounts of a plan, and what was said, but for the commit's name.
fn planned(emulator: &Emulator, root: &Path, since: &str) -> (Vec<String>, String) {
    let Ran { stdout, stderr, .. } = emulator.landfall(root, &["plan", "--since", since, "--format", "json"]).expect(0);
    let plan: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let accounts = plan["waves"].as_array().unwrap().iter().flat_map(|wave| wave["accounts"].as_array().unwrap());
    let accounts = accounts.map(|account| account["account"].as_str().unwrap().to_owned()).collect();
    let said: Vec<&str> = stderr.lines().filter(|line| !line.contains("AWS calls")).collect();
    let said = said.join("\n");
    let (before, after) = said.split_once("ince ").expect(&said);
    (accounts, format!("{before}ince {}", &after[13..]))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_change_touches_is_planned_and_the_rest_is_left_out_by_name() {
    let emulator = Emulator::start().await;
    let estate = committed();
    let root = estate.root();
    let unchanged = planned(&emulator, root, "HEAD");
    let said = "Since (HEAD), no domain has changed: only the organization is planned.\n\
                Left out, and not compared with live AWS: 3 domains with 9 accounts: alpha, bravo, charlie.";
    assert_eq!(unchanged, (vec!["management".to_owned()], said.to_owned()));

    edit(root, "domains.yaml", "repositories: [bravo]", "repositories: [bravo, bravo-web]");
    let said = "Since (main), 1 of 3 domains changed, with 3 accounts, planned now: bravo.\n\
                Left out, and not compared with live AWS: 2 domains with 6 accounts: alpha, charlie.";
    let of_bravo = ["management", "bravo/dev", "bravo/stage", "bravo/prod"].map(str::to_owned).to_vec();
    assert_eq!(planned(&emulator, root, "main"), (of_bravo, said.to_owned()));

    edit(root, "modules/ci-users/module.yaml", "default: sts.amazonaws.com", "default: sts.example.com");
    let said = "Since (main), 3 of 3 domains changed, with 9 accounts, planned now: alpha, bravo, charlie.";
    let (accounts, told) = planned(&emulator, root, "main");
    assert_eq!((accounts.len(), told.as_str()), (10, said));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_there_or_not_right_has_everything_planned() {
    let emulator = Emulator::start().await;
    let estate = committed();
    let root = estate.root();
    edit(root, "domains.yaml", "    team: core\n", "    team: corn\n");
    commit(root);
    edit(root, "domains.yaml", "    team: corn\n", "    team: core\n");
    let (accounts, said) = planned(&emulator, root, "HEAD");
    let expected = "Everything is planned, because what changed since (HEAD) can't be told: the files had errors then.";
    assert_eq!((accounts.len(), said.as_str()), (10, expected));

    git(root, &["rm", "--quiet", "--cached", "-r", "."]);
    std::fs::write(root.join("README"), "nothing else").unwrap();
    git(root, &["add", "README"]);
    git(root, &["commit", "--quiet", "--message", "no files"]);
    let (accounts, said) = planned(&emulator, root, "HEAD");
    let expected = "Everything is planned, because what changed since (HEAD) can't be told: there was no domains.yaml then.";
    assert_eq!((accounts.len(), said.as_str()), (10, expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_not_there_is_an_error_with_advice() {
    let emulator = Emulator::start().await;
    let estate = committed();
    let refused = |root: &Path, since: &str| emulator.landfall(root, &["plan", &format!("--since={since}")]).expect(1).stderr;
    let unknown = "error: there is no such commit here\n  git finds no origin/main\n  hint: fetch it first: git fetch origin\n";
    assert_eq!(refused(estate.root(), "origin/main"), unknown);
    let option = "error: this is no commit\n  --output=stolen is no name of one\n";
    assert_eq!(refused(estate.root(), "--output=stolen"), option);

    commit_again(estate.root());
    let clones = tempfile::tempdir().unwrap();
    let origin = format!("file://{}", estate.root().display());
    git(clones.path(), &["clone", "--quiet", "--depth", "1", &origin, "shallow"]);
    let shallow = "error: there is no such commit here\n  git finds no HEAD~1\n  \
                   hint: this clone is shallow: give actions/checkout `fetch-depth: 0`, or run `git fetch --unshallow`\n";
    assert_eq!(refused(&clones.path().join("shallow"), "HEAD~1"), shallow);

    let plain = Generated::with(&["alpha"]);
    assert!(refused(plain.root(), "HEAD").starts_with("error: git can't say what has changed\n  fatal: not a git repository"));
}

fn commit_again(root: &Path) {
    std::fs::write(root.join("README"), "more").unwrap();
    commit(root);
}
