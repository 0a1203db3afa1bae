//! Executes workflows on this machine, without containers: act, installed once from a pinned package. Knows nothing of what they do.

use landfall::model::Digest;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const REQUIREMENTS: &str = include_str!("requirements.txt");
/// Written last, so that an install without it was interrupted.
const READY: &str = "ready";

/// What became of an event.
pub struct Ran {
    /// The jobs that ran, by the accounts of their matrix or else by `workflow/job`, with their results. Skipped ones are not there.
    pub jobs: BTreeMap<String, String>,
    pub log: String,
}

/// A repository and what its workflows find around them.
pub struct Event<'a> {
    pub repository: &'a Path,
    /// `push`, `pull_request`, …
    pub name: &'a str,
    pub payload: Value,
    /// Where act may keep what it keeps.
    pub home: &'a Path,
    /// Before all others on PATH.
    pub programs: &'a Path,
    pub environment: Vec<(&'static str, String)>,
    pub variables: Vec<(&'static str, &'static str)>,
    pub secrets: Vec<(&'static str, String)>,
    /// What an action, as `owner/name@ref`, is replaced by.
    pub actions: Vec<(String, PathBuf)>,
}

impl Ran {
    /// Fails with the whole log when other jobs ran, or they ended otherwise.
    #[track_caller]
    pub fn expect(&self, jobs: &[(&str, &str)]) {
        let seen: Vec<(&str, &str)> = self.jobs.iter().map(|(job, result)| (job.as_str(), result.as_str())).collect();
        assert_eq!(seen, jobs, "\n{}", self.log);
    }

    /// Fails with the whole log when a text is not in it.
    #[track_caller]
    pub fn says(&self, text: &str) {
        assert!(self.log.contains(text), "{text:?} is not in the log:\n{}", self.log);
    }
}

/// Lets an event happen, and waits until all its workflows have ended.
pub fn happen(event: &Event<'_>) -> Ran {
    let payload = event.home.join("event.json");
    std::fs::write(&payload, event.payload.to_string()).unwrap();
    let mut act = Command::new(installed());
    act.current_dir(event.repository).env_clear().env("HOME", event.home).env("XDG_CACHE_HOME", event.home);
    act.env("PATH", format!("{}:{}", event.programs.display(), std::env::var("PATH").unwrap()));
    act.args([event.name, "--json", "--platform", "ubuntu-24.04=-self-hosted", "--eventpath"]).arg(&payload);
    for (name, value) in &event.environment {
        act.arg("--env").arg(format!("{name}={value}"));
    }
    for (name, value) in &event.variables {
        act.arg("--var").arg(format!("{name}={value}"));
    }
    for (action, path) in &event.actions {
        act.arg("--local-repository").arg(format!("{action}={}", path.display()));
    }
    act.args(["--secret", &format!("GITHUB_TOKEN={}", crate::github::TOKEN)]);
    for (name, value) in &event.secrets {
        act.arg("--secret").arg(format!("{name}={value}"));
    }
    let output = act.stdin(Stdio::null()).output().unwrap();
    told(&String::from_utf8_lossy(&output.stdout), &String::from_utf8_lossy(&output.stderr))
}

/// What act printed: a line of JSON for each thing that happened.
fn told(stdout: &str, stderr: &str) -> Ran {
    let mut ran = Ran { jobs: BTreeMap::new(), log: stderr.to_owned() };
    for line in stdout.lines() {
        let Ok(line) = serde_json::from_str::<Value>(line) else {
            ran.log.push_str(&format!("{line}\n"));
            continue;
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().trim_end().to_owned();
        let job = line["matrix"]["accounts"].as_str().map_or_else(|| text(&line["job"]), str::to_owned);
        ran.log.push_str(&format!("[{job}] {}\n", text(&line["msg"])));
        if let Some(result) = line["jobResult"].as_str() {
            ran.jobs.insert(job, result.to_owned());
        }
    }
    ran
}

/// The program, installed by whoever comes first; the others wait.
fn installed() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("act");
    std::fs::create_dir_all(&root).unwrap();
    let lock = File::create(root.join("install.lock")).unwrap();
    lock.lock().unwrap();
    let folder = root.join(Digest::of(&REQUIREMENTS).short());
    if !folder.join(READY).exists() {
        install(&folder);
    }
    folder.join("bin").join("act")
}

fn install(folder: &Path) {
    if folder.exists() {
        std::fs::remove_dir_all(folder).unwrap();
    }
    let run = |program: &Path, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
        let output = output.unwrap_or_else(|error| panic!("the tests need Python 3 with venv: {}: {error}", program.display()));
        assert!(output.status.success(), "{arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
    };
    run(Path::new("python3"), &["-m", "venv", &folder.to_string_lossy()]);
    let list = folder.join("requirements.txt");
    std::fs::write(&list, REQUIREMENTS).unwrap();
    let pip =
        ["install", "--quiet", "--disable-pip-version-check", "--no-input", "--require-hashes", "--only-binary=:all:", "--requirement"];
    let list = list.to_string_lossy();
    run(&folder.join("bin").join("pip"), &[&pip[..], &[&list]].concat());
    std::fs::write(folder.join(READY), "").unwrap();
}
