//! An emulated AWS for one test, or with `LANDFALL_AWS=simulated` a simulated one, and landfall run against it. Ends with the test, however the
//! test ends.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_ec2::config::{Credentials, Region};
use landfall::commands::sandbox::environment;
use landfall::commands::sandbox::server::{Life, Running, Which, launch, launch_of};
use landfall::simulated::World;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Must never be seen in anything that landfall prints or writes.
pub const SECRET: &str = "sEcReT-that-nobody-may-see";
/// The role that AWS makes in new accounts.
pub const ROLE: &str = "OrganizationAccountAccessRole";
pub const REGION: &str = "us-west-2";

pub struct Emulator {
    running: Running,
    /// Its files, and the plans of the test.
    folder: TempDir,
    server: Child,
}

/// What a command came back with.
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Emulator {
    pub async fn start() -> Emulator {
        let folder = TempDir::new().unwrap();
        let (server, running) = match std::env::var("LANDFALL_AWS").as_deref() {
            Ok("simulated") => launch_of(Path::new(env!("CARGO_BIN_EXE_landfall")), folder.path()).await.unwrap(),
            _ => launch(Which::Emulated, folder.path(), Life::Tethered).await.unwrap(),
        };
        Emulator { running, folder, server }
    }

    pub fn endpoint(&self) -> String {
        self.running.endpoint()
    }

    /// What the simulated AWS holds, if this is it, as it writes it down.
    pub async fn world(&self) -> Option<World> {
        let file = self.folder.path().join("world.json");
        file.exists().then_some(())?;
        // Longer than it lets pass from a change until then.
        tokio::time::sleep(Duration::from_secs(3)).await;
        Some(serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
    }

    /// A file of the test's own.
    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    /// Landfall in an estate's folder, with nothing but this emulator to talk to.
    pub fn command(&self, root: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.current_dir(root).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, value) in environment(&self.endpoint()) {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("AWS_SECRET_ACCESS_KEY", SECRET);
        // The tests' own run may be in Actions, whose summary is not theirs.
        for name in ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "OTEL_EXPORTER_OTLP_ENDPOINT"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs landfall to its end. Whatever it prints is searched for the secret.
    pub fn landfall(&self, root: &Path, arguments: &[&str]) -> Ran {
        let ran = Ran::of(self.command(root, arguments).output().unwrap());
        assert!(!ran.stdout.contains(SECRET) && !ran.stderr.contains(SECRET), "{arguments:?} shows the secret key");
        ran
    }

    /// Plans into a file, and answers its name.
    pub fn plan(&self, root: &Path, more: &[&str]) -> String {
        let file = self.file("plan.json");
        let arguments: Vec<&str> = ["plan", "--out", &file].iter().chain(more).copied().collect();
        self.landfall(root, &arguments).expect(0);
        let plan = std::fs::read_to_string(&file).unwrap();
        assert!(!plan.contains(SECRET), "the plan file holds the secret key");
        file
    }

    /// Plans and applies everything.
    pub fn apply(&self, root: &Path) {
        let plan = self.plan(root, &[]);
        self.landfall(root, &["apply", &plan]).expect(0);
    }

    /// The steps that a plan would take now, as `create payments/prod/us-west-2/vpc/main`, sorted.
    pub fn steps(&self, root: &Path) -> Vec<String> {
        steps(&self.landfall(root, &["plan", "--format", "json"]).expect(0).stdout)
    }

    /// Nothing is left to do.
    pub fn converged(&self, root: &Path) {
        let ran = self.landfall(root, &["plan", "--format", "json", "--exit-code"]);
        assert_eq!(steps(&ran.stdout), Vec::<String>::new(), "{}", ran.stderr);
        ran.expect(0);
    }

    /// SDK settings for the management account.
    pub fn management(&self) -> SdkConfig {
        config(&self.endpoint(), Credentials::new("test", "test", None, None, "test"))
    }

    /// SDK settings for a member account, by way of its role.
    pub async fn member(&self, id: &str) -> SdkConfig {
        let sts = aws_sdk_sts::Client::new(&self.management());
        let call = sts.assume_role().role_arn(format!("arn:aws:iam::{id}:role/{ROLE}")).role_session_name("test");
        let issued = call.send().await.unwrap().credentials.unwrap();
        let token = Some(issued.session_token().to_owned());
        config(&self.endpoint(), Credentials::new(issued.access_key_id(), issued.secret_access_key(), token, None, "test"))
    }
}

/// SDK settings for whoever signs, with nothing of the environment's.
pub fn config(endpoint: &str, credentials: Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(REGION))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
        .build()
}

impl Ran {
    pub fn of(output: std::process::Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).expect("landfall prints UTF-8");
        Ran { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Fails with all that was printed when the exit status is another.
    #[track_caller]
    pub fn expect(self, status: i32) -> Ran {
        assert_eq!(self.status, Some(status), "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }
}

fn steps(json: &str) -> Vec<String> {
    let plan: serde_json::Value = serde_json::from_str(json).unwrap();
    let accounts = plan["waves"].as_array().unwrap().iter().flat_map(|wave| wave["accounts"].as_array().unwrap());
    let steps = accounts.flat_map(|account| account["steps"].as_array().unwrap());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let mut steps: Vec<String> = steps.map(|step| format!("{} {}", text(&step["action"]), text(&step["address"]))).collect();
    steps.sort();
    steps
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended already, and then that is what we want.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
