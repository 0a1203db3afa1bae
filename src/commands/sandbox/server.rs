//! The emulator's process: started detached on loopback, known again by the token that it writes down, ended when it is told so.
//! Never ends, and never talks to, a process that has not proved to be the sandbox.

use super::super::Failure;
use super::{CREDENTIAL, REGION, http, install, program};
use crate::aws::{CallError, Wait, until};
use crate::model::Digest;
use crate::render::escape;
use aws_config::BehaviorVersion;
use aws_sdk_organizations::types::OrganizationFeatureSet;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Written by the program when it can be reached.
const STATE: &str = "state.json";
const LOG: &str = "server.log";
/// Loading the service models takes a second or two, and much longer on a machine that is busy compiling.
const STARTING: Wait = Wait { first_pause: Duration::from_millis(50), limit: Duration::from_secs(120) };
/// It only has to finish the requests that it is serving.
const STOPPING: Wait = Wait { first_pause: Duration::from_millis(20), limit: Duration::from_secs(20) };

/// A sandbox that runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    pub pid: u32,
    pub port: u16,
    /// Of the program and of what it is installed from.
    version: String,
    /// Known to it and to the owner of its folder alone.
    token: String,
}

/// How an emulator is started.
#[derive(Clone, Copy, Debug)]
pub enum Life {
    /// On the usual port if that is free, and outliving the command and its terminal.
    Kept,
    /// On a port of its own, and no longer than the process that started it holds the other end of its standard input.
    Tethered,
}

impl Running {
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Starts the sandbox, or finds it running. Of two that start it at once, one does, and the other finds it.
///
/// # Errors
/// It can't be installed, or does not come up.
pub async fn start() -> Result<Running, Failure> {
    let folder = install::folder()?;
    let lock = File::create(folder.join("start.lock")).map_err(|error| broken(&error.to_string()))?;
    lock.lock().map_err(|error| broken(&error.to_string()))?;
    if let Some(running) = running().await? {
        if running.version == version() {
            return Ok(running);
        }
        eprintln!("The sandbox of another version of landfall was running; it is stopped, and a new, empty one starts.");
        stop(&running).await?;
    }
    let (_, running) = launch(&install::python()?, &folder, Life::Kept).await?;
    Ok(running)
}

/// The sandbox that runs, if one does.
///
/// # Errors
/// There is no folder to look in.
pub async fn running() -> Result<Option<Running>, Failure> {
    let Some(running) = state(&install::folder()?) else { return Ok(None) };
    Ok(answers(&running).await.then_some(running))
}

/// Stops the sandbox.
///
/// # Errors
/// It does not end.
pub async fn stop(running: &Running) -> Result<(), Failure> {
    ask(running.port, &format!("/landfall/{}/stop", running.token), "").await?;
    let ended = until("the end of the emulated AWS", STOPPING, async || Ok((!answers(running).await).then_some(())));
    ended.await.map_err(|error| broken(&format!("{}; it is process {}", error.message, running.pid)))
}

/// Forgets everything in it, and prepares it anew.
///
/// # Errors
/// It does not answer.
pub async fn reset(running: &Running) -> Result<(), Failure> {
    ask(running.port, "/moto-api/reset", "").await?;
    prepare(running).await
}

/// Starts an emulator whose files are in a folder, waits until it answers, and makes an organization in it.
///
/// # Errors
/// It can't be started, or does not answer in time; its log says why.
pub async fn launch(python: &Path, folder: &Path, life: Life) -> Result<(Child, Running), Failure> {
    let mut child = spawn(python, folder, life).map_err(|error| broken(&error.to_string()))?;
    let up = until("the start of the emulated AWS", STARTING, async || match child.try_wait() {
        Ok(None) => Ok(state(folder).filter(|running| running.pid == child.id())),
        _ => Err(CallError::refused("landfall:Sandbox", "the emulated AWS ended at once")),
    });
    let failed = |error: CallError| broken(&format!("{}\n{}", error.message, last_words(folder)));
    let up = up.await.map_err(failed);
    let prepared = match up {
        Ok(running) => prepare(&running).await.map(|()| running),
        Err(failure) => Err(failure),
    };
    if prepared.is_err() {
        // What does not come up must not stay behind and hold the port; if it has ended by itself, all the better.
        let _ = child.kill();
    }
    prepared.map(|running| (child, running))
}

fn spawn(python: &Path, folder: &Path, life: Life) -> std::io::Result<Child> {
    let program = program::write(folder)?;
    // The log tells the paths asked for, and so the token: it is the owner's alone.
    let log = File::options().write(true).create(true).truncate(true).mode(0o600).open(folder.join(LOG))?;
    let mut command = Command::new(python);
    command.arg("-I").arg(program).arg("--run").arg(folder).args(["--version", &version()]);
    match life {
        Life::Kept => command.stdin(Stdio::null()),
        Life::Tethered => command.stdin(Stdio::piped()).args(["--tethered", "--port", "0"]),
    };
    // A process group of its own: the interrupt that ends the command does not reach it.
    command.stdout(log.try_clone()?).stderr(log).process_group(0).spawn()
}

fn state(folder: &Path) -> Option<Running> {
    serde_json::from_str(&std::fs::read_to_string(folder.join(STATE)).ok()?).ok()
}

fn version() -> String {
    Digest::of(&(program::FILES, install::REQUIREMENTS)).short().to_owned()
}

/// The end of the log, for the person who has to find out.
fn last_words(folder: &Path) -> String {
    const LINES: usize = 5;
    let path = folder.join(LOG);
    let log = match std::fs::read(&path) {
        Ok(log) => String::from_utf8_lossy(&log).into_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => error.to_string(),
    };
    let lines: Vec<&str> = log.lines().collect();
    format!("{}\nthe whole log is {}", lines[lines.len().saturating_sub(LINES)..].join("\n"), path.display())
}

/// Settles what an AWS organization has from the start.
async fn prepare(running: &Running) -> Result<(), Failure> {
    ask(running.port, "/moto-api/config", r#"{"lambda":{"use_docker":false}}"#).await?;
    let client = organizations(&running.endpoint());
    if client.describe_organization().send().await.is_ok() {
        return Ok(());
    }
    let made = client.create_organization().feature_set(OrganizationFeatureSet::All).send().await;
    made.map(drop).map_err(|error| broken(&CallError::from(error).to_string()))
}

/// A client that knows no other endpoint, and no credentials but the sandbox's.
fn organizations(endpoint: &str) -> aws_sdk_organizations::Client {
    let config = aws_sdk_organizations::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(aws_config::Region::from_static(REGION))
        .credentials_provider(aws_credential_types::Credentials::new(CREDENTIAL, CREDENTIAL, None, None, "sandbox"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    aws_sdk_organizations::Client::from_conf(config)
}

async fn ask(port: u16, path: &str, body: &str) -> Result<(), Failure> {
    match http::request(port, "POST", path, body).await {
        Ok((200..=299, _)) => Ok(()),
        Ok((status, _)) => Err(broken(&format!("it answers {status}"))),
        Err(error) => Err(broken(&error.to_string())),
    }
}

/// Whether it is the sandbox that answers on its port, and not a stranger that got the port after its end.
async fn answers(running: &Running) -> bool {
    matches!(http::request(running.port, "GET", &format!("/landfall/{}", running.token), "").await, Ok((200, _)))
}

fn broken(detail: &str) -> Failure {
    Failure::new("the sandbox does not work", escape::lines(detail).join("\n")).hint("landfall sandbox stop, then start")
}
