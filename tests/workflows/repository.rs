//! A user's repository: scaffolded, with two domains, under git, and with everything around it that its workflows need.

use crate::act::{Event, Ran, happen};
use crate::github::{GitHub, PULL, REPOSITORY};
use crate::inlined::inline;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The roles and the Region, as a user sets them.
pub const VARIABLES: [(&str, &str); 3] = [
    ("LANDFALL_PLAN_ROLE", "arn:aws:iam::111111111111:role/plan"),
    ("LANDFALL_APPLY_ROLE", "arn:aws:iam::111111111111:role/apply"),
    ("LANDFALL_REGION", "us-west-2"),
];

const SCAFFOLDED: &str = "  hello:\n    team: platform\n    repositories: [hello]\n    ci_users: { deploy: {} }\n";
/// Nothing in stage: a wave with nothing to do.
const DOMAINS: &str =
    "  shop:\n    team: platform\n    environments: [dev, prod]\n  tools:\n    team: platform\n    environments: [prod]\n";

pub struct Repository {
    folder: TempDir,
    pub github: GitHub,
    /// The repository's secrets, as its workflows get them.
    pub secrets: Vec<(&'static str, String)>,
    /// Counts up with every event, as GitHub's runs do.
    run: u64,
}

impl Repository {
    /// A new one, whose workflows reach an AWS by this environment.
    pub fn new(aws: &[(String, String)]) -> Repository {
        let folder = TempDir::new().unwrap();
        let github = GitHub::start(&folder.path().join("stand-ins"));
        let repository = Repository { folder, github, secrets: Vec::new(), run: 1000 };
        for made in [repository.root(), repository.stand_ins(), repository.home()] {
            std::fs::create_dir_all(made).unwrap();
        }
        let credentials: String = aws.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        std::fs::write(repository.stand_ins().join("credentials"), credentials).unwrap();
        repository.run(env!("CARGO_BIN_EXE_landfall"), &["init", "--github", "acme"]);
        repository.edit("domains.yaml", SCAFFOLDED, DOMAINS);
        repository.for_act();
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        repository.git(&["remote", "add", "origin", &format!("https://github.com/{REPOSITORY}")]);
        repository.commit("scaffold");
        repository
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("repository")
    }

    pub fn stand_ins(&self) -> PathBuf {
        self.folder.path().join("stand-ins")
    }

    fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Replaces a text in a file, in which it has to be.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.root().join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} does not hold {from:?}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    /// What act does not know yet: queues of more than one run, the newer way to name what is in the same repository, and calls that fail.
    fn for_act(&self) {
        self.edit(".github/workflows/apply.yml", "  queue: max\n", "");
        for workflow in ["apply", "check", "drift", "plan"] {
            self.edit(&format!(".github/workflows/{workflow}.yml"), "uses: $/", "uses: ./");
        }
        inline(&self.root().join(".github/workflows"));
    }

    /// Commits everything; its name.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example", "-c", "commit.gpgsign=false"];
        self.run("git", &[&identity[..], arguments].concat())
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = Command::new(program).current_dir(self.root()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program} {arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A pull request from a repository, with this head.
    pub fn pull_request(&mut self, from: &str, head: &str) -> Ran {
        let head = json!({ "sha": head, "ref": "change", "repo": { "full_name": from } });
        self.event("pull_request", json!({ "pull_request": { "number": PULL, "head": head, "base": { "ref": "main" } } }), &VARIABLES)
    }

    pub fn push(&mut self, commit: &str) -> Ran {
        self.event("push", json!({ "ref": "refs/heads/main", "after": commit }), &VARIABLES)
    }

    /// Any event, in a run of its own.
    pub fn event(&mut self, name: &str, payload: Value, variables: &[(&'static str, &'static str)]) -> Ran {
        self.run += 1;
        let (root, home, stand_ins) = (self.root(), self.home(), self.stand_ins());
        let mut environment = self.github.environment();
        environment.push(("GITHUB_RUN_ID", self.run.to_string()));
        environment.push(("GITHUB_RUN_ATTEMPT", "1".to_owned()));
        environment.push(("STAND_INS", stand_ins.to_string_lossy().into_owned()));
        let (variables, secrets, actions) = (variables.to_vec(), self.secrets.clone(), actions(&root));
        let programs = stand_ins.join("bin");
        happen(&Event { repository: &root, name, payload, home: &home, programs: &programs, environment, variables, secrets, actions })
    }

    /// The text of a file in an artifact of the last run.
    pub fn artifact(&self, name: &str, file: &str) -> Option<String> {
        std::fs::read_to_string(self.stand_ins().join("artifacts").join(self.run.to_string()).join(name).join(file)).ok()
    }

    /// The turn that the last run had: the second in this AWS.
    pub fn turn(&self) -> String {
        format!("github-{}-1:2", self.run)
    }

    /// The roles that were asked for, one line each: who asked, and for which. Asked for again, only what came since.
    pub fn roles(&self) -> Vec<String> {
        let path = self.stand_ins().join("roles");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let _ = std::fs::remove_file(path);
        let mut roles: Vec<String> = text.lines().map(|line| line.replace(&self.run.to_string(), "RUN")).collect();
        roles.sort();
        roles
    }

    /// The roles that each session of the last run may assume by its session policy, by who asked, such as `apply`; none has to stand for
    /// "all". Asked for again, only what came since.
    pub fn policies(&self) -> Vec<(String, Vec<String>)> {
        let path = self.stand_ins().join("policies");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let _ = std::fs::remove_file(path);
        let mut all: Vec<(String, Vec<String>)> = text.lines().map(|line| self.policy(line)).collect();
        all.sort();
        all
    }

    fn policy(&self, line: &str) -> (String, Vec<String>) {
        let (session, policy) = line.split_once(' ').unwrap();
        let by = session.trim_start_matches("landfall-").trim_end_matches(&format!("-{}", self.run)).to_owned();
        if policy.is_empty() {
            return (by, vec!["any".to_owned()]);
        }
        let policy: Value = serde_json::from_str(policy).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        assert_eq!(statements[0], json!({ "Effect": "Allow", "NotAction": "sts:Assume*", "Resource": "*" }), "{policy}");
        let roles = statements[1..].iter().flat_map(|statement| {
            assert_eq!((&statement["Effect"], &statement["Action"]), (&json!("Allow"), &json!("sts:AssumeRole")), "{policy}");
            statement["Resource"].as_array().unwrap().iter().map(|role| role.as_str().unwrap().to_owned())
        });
        (by, roles.collect())
    }

    /// From now on, the job of these accounts fails before it does anything; none, with nothing.
    pub fn fail(&self, accounts: Option<&str>) {
        std::fs::write(self.stand_ins().join("failing.json"), json!(accounts).to_string()).unwrap();
    }

    /// From now on, the job of these accounts is lost while it writes; none, with nothing.
    pub fn lose(&self, accounts: Option<&str>) {
        std::fs::write(self.stand_ins().join("lost.json"), json!(accounts).to_string()).unwrap();
    }
}

/// The actions that the workflows use, as they are pinned there, and what stands in for each. `actions/checkout` is act's own.
fn actions(root: &Path) -> Vec<(String, PathBuf)> {
    let stand_ins = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/workflows/actions");
    let workflows = std::fs::read_dir(root.join(".github/workflows")).unwrap();
    let text: String = workflows.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    let used = text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("uses: ")?.split(' ').next());
    let mut pinned: Vec<&str> = used.filter(|action| action.contains('@') && !action.starts_with("actions/checkout@")).collect();
    pinned.sort_unstable();
    pinned.dedup();
    let name = |action: &str| action.split(['/', '@']).nth(1).unwrap().to_owned();
    pinned.into_iter().map(|action| (action.to_owned(), stand_ins.join(name(action)))).collect()
}
