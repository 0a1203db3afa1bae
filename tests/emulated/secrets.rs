//! Every secret that a whole life of an account brings into being, searched for, byte by byte, in everything that landfall printed, wrote
//! or was called with. They arrive in GitHub and in Secrets Manager, where they are equal, and nowhere else.

use crate::emulator::{Emulator, REGION, SECRET};
use crate::estate::Generated;
use crate::github::GitHub;
use crate::live::account;
use crate::searching::{Traces, files, found};
use crate::tee::Tee;
use aws_smithy_types::base64;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// What landfall is given, and has to keep to itself as well.
const TOKEN: &str = "ghp_tOkEnThAtNoBoDyMaYsEe000000000000001";
const USER_KEY: &str = "NRAK-KEYTHATNOBODYMAYSEE0001";
const PUT: &str = "actions/create-or-update-environment-secret";
/// More than anything is tried within a run.
const ATTEMPTS: usize = 100;
const COMMIT: &str = "cccccccccccccccccccccccccccccccccccccccc";

const DOMAINS: &str = "\
organization: { name: acme, account_email: \"aws+{domain}-{environment}@acme.example\", home_region: us-west-2, github: acme }
network: { pool: 10.0.0.0/8, vpc_prefix: 20, zones: 1 }
people:
  ada: { name: Ada Fern, email: ada@acme.example, phone: \"+15550100\" }
  grace: { name: Grace Okoye, email: grace@acme.example, phone: \"+15550104\" }
teams: { core: { on_call: { primary: [ada], escalation: grace, handover: monday 09:00 Europe/Berlin } } }
modules: { ci-users: { github: true }, observability: { prefix: acme } }
domains:
  shop: { team: core, environments: [prod], repositories: [infra], ci_users: { deploy: {}, publish: { kind: user } } }
";

/// An estate, the worlds around it, and what landfall has left behind so far.
struct Stage {
    emulator: Emulator,
    github: GitHub,
    tee: Tee,
    estate: Generated,
    /// Home, temporary files and plans.
    folder: TempDir,
    traces: Traces,
    /// What the running programs could be seen to have been started with.
    started: BTreeSet<Vec<u8>>,
}

impl Stage {
    async fn set() -> Stage {
        let emulator = Emulator::start().await;
        let tee = Tee::to(&emulator.endpoint()).await;
        let github = GitHub::start(&json!({
            "tokens": { TOKEN: { "login": "ada", "type": "User", "writes": true } },
            "pulls": { "7": { "author": "ada", "head": COMMIT } },
        }));
        let estate = Generated::with(&["shop"]);
        std::fs::write(estate.root().join("domains.yaml"), DOMAINS).unwrap();
        Stage { emulator, github, tee, estate, folder: TempDir::new().unwrap(), traces: Traces::new(), started: BTreeSet::new() }
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// Runs landfall, keeps all that it printed, and answers its exit status.
    fn run(&mut self, arguments: &[&str]) -> i32 {
        let mut command = self.emulator.command(self.estate.root(), arguments);
        let nerdgraph = format!("{}/newrelic/graphql", self.tee.endpoint);
        let home = self.folder.path().as_os_str();
        command.env("AWS_ENDPOINT_URL", &self.tee.endpoint).env("NEW_RELIC_API_URL", nerdgraph).env("NEW_RELIC_API_KEY", USER_KEY);
        command.env("GITHUB_API_URL", self.github.address()).env("GITHUB_TOKEN", TOKEN);
        for name in ["HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env(name, home);
        }
        // Whatever a library would tell those who debug it.
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
        let child = command.spawn().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let (pid, watching) = (child.id(), ended.clone());
        let watcher = std::thread::spawn(move || watched(pid, &watching));
        let output = child.wait_with_output().unwrap();
        ended.store(true, Ordering::SeqCst);
        self.started.extend(watcher.join().unwrap());
        let what = arguments.join(" ");
        self.traces.push((format!("stdout of {what}"), output.stdout));
        self.traces.push((format!("stderr of {what}"), output.stderr));
        output.status.code().unwrap_or(-1)
    }

    #[track_caller]
    fn succeeds(&mut self, arguments: &[&str]) {
        let status = self.run(arguments);
        let said: Vec<_> = self.traces.iter().rev().take(2).map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect();
        assert_eq!(status, 0, "{arguments:?}\n{}", said.join("\n"));
    }

    /// Plans into a file of this name, and answers it.
    fn planned(&mut self, name: &str) -> String {
        let file = self.file(name);
        self.succeeds(&["plan", "-v", "--out", &file]);
        file
    }

    /// The ids of the user's access keys.
    async fn keys(&self) -> BTreeSet<String> {
        let id = account(&self.emulator, "aws+shop-prod@acme.example").await.id;
        let iam = aws_sdk_iam::Client::new(&self.emulator.member(&id).await);
        let answer = iam.list_access_keys().user_name("ci-publish").send().await.unwrap();
        answer.access_key_metadata().iter().filter_map(|key| key.access_key_id()).map(str::to_owned).collect()
    }

    /// What GitHub opened, by its name there. The access key's two halves are there once more, as one.
    fn opened(&self) -> BTreeMap<String, String> {
        let state = self.github.state();
        let secrets = state["environments"]["prod"]["secrets"].as_object().unwrap();
        let text = |name: &str| secrets[name]["value"].as_str().unwrap().to_owned();
        let mut all: BTreeMap<String, String> = secrets.keys().map(|name| (name.clone(), text(name))).collect();
        let whole: Value = serde_json::from_str(&all.remove("PUBLISH_AWS_KEY").unwrap()).unwrap();
        assert_eq!(whole, json!({ "AWS_ACCESS_KEY_ID": text(SECRETS[0].1[0].1), "AWS_SECRET_ACCESS_KEY": text(SECRETS[0].1[1].1) }));
        all
    }

    /// The fields of the secrets of Secrets Manager, by their names at GitHub.
    async fn stored(&self) -> BTreeMap<String, String> {
        let id = account(&self.emulator, "aws+shop-prod@acme.example").await.id;
        let client = aws_sdk_secretsmanager::Client::new(&self.emulator.member(&id).await);
        let mut all = BTreeMap::new();
        for (secret, fields) in SECRETS {
            let answer = client.get_secret_value().secret_id(secret).send().await.unwrap();
            let value: Value = serde_json::from_str(answer.secret_string().unwrap()).unwrap();
            all.extend(fields.map(|(field, name)| (name.to_owned(), value[field].as_str().unwrap().to_owned())));
        }
        all
    }
}

/// By secret, its fields, and what they are called at GitHub.
const SECRETS: [(&str, [(&str, &str); 2]); 2] = [
    (
        "landfall/ci/publish",
        [("AWS_ACCESS_KEY_ID", "PUBLISH_AWS_ACCESS_KEY_ID"), ("AWS_SECRET_ACCESS_KEY", "PUBLISH_AWS_SECRET_ACCESS_KEY")],
    ),
    ("landfall/new-relic", [("license_key", "NEW_RELIC_LICENSE_KEY"), ("browser_key", "NEW_RELIC_BROWSER_KEY")]),
];

/// The arguments and the environment of a process and those that it starts, for as long as it runs.
fn watched(pid: u32, ended: &AtomicBool) -> BTreeSet<Vec<u8>> {
    let mut seen = BTreeSet::new();
    while !ended.load(Ordering::SeqCst) {
        for pid in family(pid) {
            seen.extend(["cmdline", "environ"].iter().filter_map(|what| std::fs::read(format!("/proc/{pid}/{what}")).ok()));
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    seen
}

fn family(pid: u32) -> Vec<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().filter_map(Result::ok);
    let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<u32> =
        children.flat_map(|line| line.split(' ').filter_map(|id| id.trim().parse().ok()).collect::<Vec<_>>()).collect();
    [pid].into_iter().chain(children).collect()
}

/// Uses the access key, as a job would.
async fn used(emulator: &Emulator, opened: &BTreeMap<String, String>) {
    let [id, secret] = ["PUBLISH_AWS_ACCESS_KEY_ID", "PUBLISH_AWS_SECRET_ACCESS_KEY"].map(|name| &opened[name]);
    let credentials = aws_sdk_iam::config::Credentials::new(id, secret, None, None, "test");
    let config = emulator
        .management()
        .into_builder()
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials));
    let config = config.region(aws_config::Region::new(REGION)).build();
    aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.unwrap();
}

/// From now on every key is as old as it may get.
fn age(root: &Path) {
    let module: PathBuf = root.join("modules/ci-users/module.yaml");
    let text = std::fs::read_to_string(&module).unwrap();
    let aged = text.replace("rotate_after_days: ${each.value.rotate_after_days}", "rotate_after_days: 0");
    assert_ne!(text, aged);
    std::fs::write(module, aged).unwrap();
}

/// The whole life: made, shown in every form, rotated with a failure on the way.
async fn lived(stage: &mut Stage) {
    stage.succeeds(&["check"]);
    let first = stage.planned("first.json");
    stage.succeeds(&["apply", "-v", &first]);
    let opened = stage.opened();
    assert_eq!((opened.len(), &opened), (4, &stage.stored().await), "what arrived is equal in both places");

    age(stage.estate.root());
    let second = stage.planned("second.json");
    for format in ["text", "json", "markdown", "html"] {
        stage.succeeds(&["plan", "-v", "--full", "--format", format]);
        stage.succeeds(&["show", &second, "--full", "--format", format]);
    }
    let summary = stage.file("summary.md");
    stage.succeeds(&["comment", &second, "--repository", "acme/infra", "--pull-request", "7", "--commit", COMMIT, "--summary", &summary]);
    let refused = json!({ "operation": PUT, "fault": "forbidden" });
    stage.github.set(&json!({ "faults": vec![refused; ATTEMPTS] }));
    assert_ne!(stage.run(&["apply", "-v", &second]), 0, "GitHub takes no secret");
    stage.github.set(&json!({ "faults": [] }));
    assert_eq!(stage.opened(), opened, "the old key is what GitHub has");

    let third = stage.planned("third.json");
    stage.succeeds(&["apply", "-v", &third]);
    let renewed = stage.opened();
    assert_eq!(renewed, stage.stored().await);
    assert_ne!(renewed["PUBLISH_AWS_SECRET_ACCESS_KEY"], opened["PUBLISH_AWS_SECRET_ACCESS_KEY"]);
    used(&stage.emulator, &renewed).await;
    let before = stage.keys().await;
    let fourth = stage.planned("fourth.json");
    stage.succeeds(&["apply", "-v", &fourth]);
    let after = stage.keys().await;
    assert_eq!((before.len(), after), (2, BTreeSet::from([renewed["PUBLISH_AWS_ACCESS_KEY_ID"].clone()])), "the old key is gone");
    for arguments in [&["health"][..], &["health", "--format", "json"], &["policy", "apply"], &["matrix", &first, "--wave", "prod"]] {
        stage.run(arguments);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_found_where_it_should_not_be() {
    let mut stage = Stage::set().await;
    lived(&mut stage).await;

    let (lasting, passing) = (stage.tee.lasting(), stage.tee.passing());
    let stored = stage.stored().await;
    let values = stored.iter().filter(|(name, _)| !name.ends_with("_ID")).map(|(_, value)| value.clone());
    assert!(values.clone().all(|value| lasting.contains(&value)), "the test knows of every secret that is stored");
    assert!(lasting.len() >= 5, "two access keys or more, two keys of New Relic, and the original one: {}", lasting.len());
    assert!(passing.len() >= 2 && passing.iter().chain(&lasting).all(|secret| secret.len() >= 20), "{}", passing.len());
    let made: BTreeSet<String> = lasting.iter().chain(&passing).cloned().collect();
    let given = [SECRET, TOKEN, USER_KEY].map(str::to_owned);
    let all: BTreeSet<String> = made.iter().cloned().chain(given).collect();

    let mut traces = std::mem::take(&mut stage.traces);
    let printed: usize = traces.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(printed > 100_000, "{printed} bytes: all was printed");
    traces.extend(files(stage.folder.path()));
    traces.extend(files(stage.estate.root()));
    traces.extend(stage.github.comments(7).into_iter().map(|(login, body)| (format!("a comment of {login}"), body.into_bytes())));
    assert_eq!(found(&all, &traces), BTreeSet::new());

    // What it was given is in its environment, and only there; what it made is in neither.
    let started: Traces = stage.started.iter().map(|bytes| ("a process".to_owned(), bytes.clone())).collect();
    assert!(started.len() >= 10, "every command was seen running: {}", started.len());
    assert_eq!(found(&made, &started), BTreeSet::new());
    let arguments: Traces = started
        .into_iter()
        .filter(|(_, bytes)| !bytes.starts_with(b"AWS_") && bytes.starts_with(env!("CARGO_BIN_EXE_landfall").as_bytes()))
        .collect();
    assert!(!arguments.is_empty() && found(&all, &arguments).is_empty());

    // Tags, parameters, records: nothing that goes to AWS holds a secret but what is there to hand it over.
    assert_eq!(found(&lasting, &stage.tee.other_requests()), BTreeSet::new());
    let variables = stage.github.state()["environments"]["prod"]["variables"].to_string();
    assert_eq!(found(&all, &vec![("variables".to_owned(), variables.into_bytes())]), BTreeSet::new());

    // The search would have found one.
    let planted = stage.folder.path().join("deep/down");
    std::fs::create_dir_all(&planted).unwrap();
    let leak = format!("cache of {}", lasting.first().unwrap());
    std::fs::write(planted.join("cache.bin"), [&[0xff, 0x00][..], base64::encode(leak).as_bytes()].concat()).unwrap();
    let seen = found(&all, &files(stage.folder.path()));
    assert!(!seen.is_empty() && seen.iter().all(|told| told.contains("cache.bin: in base64")), "{seen:?}");
}
