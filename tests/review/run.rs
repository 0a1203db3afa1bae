//! Landfall in a workflow of the tests' own: its plan files, its event, its environment. Whatever it prints is searched for secrets.

use crate::estates::{applied, domain, with_domains};
use crate::github::GitHub;
use landfall::model::Risk;
use landfall::plan::{Live, Plan, PlanFile, Report, plan};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A workflow's own token: of an installation, and so without a user.
pub const TOKEN: &str = "ghs_tOpSeCrEtThAtNoBoDyMaYsEe";
pub const BOT: &str = "github-actions[bot]";
/// The pull request of the tests.
pub const PULL: u64 = 7;

/// A workflow, and what it works with.
pub struct Workflow {
    pub github: GitHub,
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What a command came back with.
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A commit made of one digit.
pub fn commit(digit: char) -> String {
    digit.to_string().repeat(40)
}

/// A plan whose worst step is of a risk.
pub fn plan_of(risk: Risk) -> PlanFile {
    let declared = |names: &[&str]| with_domains("10.0.0.0/8", &names.iter().map(|name| domain(name)).collect::<Vec<_>>());
    let both = declared(&["catalog", "payments"]);
    let (fresh, report) = plan(&both, &Live::default());
    let live = || applied(&fresh, &Live::default());
    let (plan, report) = match risk {
        Risk::Routine => plan(&both, &live()),
        Risk::Notable => (fresh, report),
        Risk::Dangerous => without_a_role(&live()),
    };
    assert_eq!(plan.risk(), risk);
    PlanFile::of(plan, report)
}

/// A plan that deletes what is no longer declared.
fn without_a_role(live: &Live) -> (Plan, Report) {
    let mut payments = domain("payments");
    payments.with_role = false;
    plan(&with_domains("10.0.0.0/8", &[domain("catalog"), payments]), live)
}

impl Workflow {
    /// A run for the pull request's head `c`, in a repository where the pull request is open.
    pub fn start() -> Workflow {
        let github = GitHub::start(&json!({
            "tokens": { TOKEN: { "login": BOT, "type": "Bot", "installation": true, "writes": true } },
            "pulls": { "7": { "author": "ada", "head": commit('c') } },
        }));
        let mut workflow = Workflow { github, folder: TempDir::new().unwrap(), environment: Vec::new() };
        workflow.event('c');
        let address = workflow.github.address();
        let own = [("GITHUB_TOKEN", TOKEN), ("GITHUB_REPOSITORY", "acme/infra"), ("GITHUB_RUN_ID", "99"), ("GITHUB_API_URL", &address)];
        own.iter().for_each(|(name, value)| workflow.env(name, value));
        workflow
    }

    pub fn env(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// The event that started the workflow: the pull request got a head.
    pub fn event(&mut self, head: char) {
        let event = json!({ "pull_request": { "number": PULL, "head": { "sha": commit(head) } } });
        let path = self.file("event.json", &event.to_string());
        self.env("GITHUB_EVENT_PATH", &path);
    }

    /// A file of the workflow's, by its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    }

    pub fn plan(&self, risk: Risk) -> String {
        self.file(&format!("{risk}.json"), &plan_of(risk).to_json())
    }

    pub fn landfall(&self, arguments: &[&str]) -> Ran {
        self.landfall_given(arguments, "")
    }

    /// Runs landfall to its end, with nothing in its environment but the workflow's.
    pub fn landfall_given(&self, arguments: &[&str], stdin: &str) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.current_dir(self.folder.path()).args(arguments).env_clear().envs(self.environment.iter().cloned());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).expect("landfall prints UTF-8");
        let ran = Ran { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        for secret in ["ghs_", "tOpSeCrEt", "PRIVATE KEY", "Bearer"] {
            assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{secret} in\n{}{}", ran.stdout, ran.stderr);
        }
        ran
    }

    /// Comments a notable plan.
    pub fn comment(&self) -> Ran {
        self.landfall(&["comment", &self.plan(Risk::Notable)])
    }

    /// What goes wrong with the next requests for an operation.
    pub fn fails(&self, faults: &[(&str, &str)]) {
        let fault = |(operation, fault): &(&str, &str)| json!({ "operation": operation, "fault": fault, "seconds": 1 });
        self.github.set(&json!({ "faults": faults.iter().map(fault).collect::<Vec<Value>>() }));
    }

    /// The requests so far, without what all have in common, and without questions.
    pub fn writes(&self) -> Vec<String> {
        let state = self.github.state();
        let all = state["requests"].as_array().unwrap().iter().map(|request| request.as_str().unwrap().to_owned());
        all.filter(|request| !request.starts_with("GET "))
            .map(|request| request.replace("/api/v3/repos/acme/infra", "").replace("/repos/acme/infra", ""))
            .collect()
    }
}

impl Ran {
    /// Fails with all that was printed when the exit status is another.
    #[track_caller]
    pub fn expect(self, status: i32) -> Ran {
        assert_eq!(self.status, Some(status), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }
}
