//! The emulator's process: started detached on loopback, found again by its state file, stopped by its process id.

use super::super::Failure;
use super::{environment, http, install};
use crate::aws::{Wait, until};
use crate::render::escape;
use aws_config::BehaviorVersion;
use aws_sdk_organizations::types::OrganizationFeatureSet;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Taken if nobody else has it, so that the endpoint is the same from day to day.
const USUAL_PORT: u16 = 5577;
/// Loading the service models takes some seconds, and longer on a busy machine.
const STARTING: Wait = Wait { first_pause: Duration::from_millis(100), limit: Duration::from_secs(120) };

/// A sandbox that runs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Running {
    pub pid: u32,
    pub port: u16,
}

impl Running {
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Starts the sandbox, or finds it running.
///
/// # Errors
/// It can't be installed, or does not come up.
pub async fn start() -> Result<Running, Failure> {
    if let Some(running) = running().await? {
        return Ok(running);
    }
    let python = install::python()?;
    let folder = install::folder()?;
    let port = free_port().map_err(|error| broken(&error.to_string()))?;
    let mut child = spawn(&python, port, &folder.join("server.log")).map_err(|error| broken(&error.to_string()))?;
    let running = Running { pid: child.id(), port };
    if let Err(failure) = come_up(running, &folder.join("server.log")).await {
        // What does not come up must not stay behind and hold the port; if it has ended by itself, all the better.
        let _ = child.kill();
        return Err(failure);
    }
    remember(&folder, running).map_err(|error| broken(&error.to_string()))?;
    Ok(running)
}

/// The sandbox that runs, if one does.
///
/// # Errors
/// There is no folder to look in.
pub async fn running() -> Result<Option<Running>, Failure> {
    let state = std::fs::read_to_string(install::folder()?.join("state.json")).ok();
    let Some(running) = state.and_then(|text| serde_json::from_str::<Running>(&text).ok()) else { return Ok(None) };
    Ok((is_ours(running.pid) && answers(running.port).await).then_some(running))
}

/// Stops the sandbox; false when it was not running.
///
/// # Errors
/// There is no folder to look in.
pub fn stop() -> Result<bool, Failure> {
    let path = install::folder()?.join("state.json");
    let state = std::fs::read_to_string(&path).ok();
    let Some(running) = state.and_then(|text| serde_json::from_str::<Running>(&text).ok()) else { return Ok(false) };
    let killed = is_ours(running.pid) && Command::new("kill").arg(running.pid.to_string()).status().is_ok_and(|status| status.success());
    // Gone or never there: either way the state says nothing any more.
    let _ = std::fs::remove_file(path);
    Ok(killed)
}

/// Forgets everything in it, and prepares it anew.
///
/// # Errors
/// It does not answer.
pub async fn reset(running: &Running) -> Result<(), Failure> {
    ask(running.port, "/moto-api/reset", "").await?;
    prepare(running.port).await
}

/// Starts an emulator on a port, in a process group of its own: it outlives the command and its terminal.
///
/// # Errors
/// The program can't be started.
pub fn spawn(python: &Path, port: u16, log: &Path) -> std::io::Result<Child> {
    let log = File::create(log)?;
    Command::new(python)
        .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
        // It overrides AssumeRole: every account would be the same one.
        .env_remove("MOTO_ACCOUNT_ID")
        .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        // It leaves files where it stands.
        .current_dir(std::env::temp_dir())
        .process_group(0)
        .spawn()
}

/// Waits until an emulator answers, and makes an organization in it.
///
/// # Errors
/// It does not answer in time; its log says why.
pub async fn come_up(running: Running, log: &Path) -> Result<(), Failure> {
    let up = until("the start of the emulated AWS", STARTING, async || Ok(answers(running.port).await.then_some(())));
    up.await.map_err(|error| broken(&format!("{}; its log is {}", error.message, log.display())))?;
    prepare(running.port).await
}

/// A port that nobody listens on; the usual one if possible.
///
/// # Errors
/// The machine has no free port.
pub fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", USUAL_PORT)).or_else(|_| TcpListener::bind(("127.0.0.1", 0)))?;
    Ok(listener.local_addr()?.port())
}

/// Settles what an AWS organization has from the start.
async fn prepare(port: u16) -> Result<(), Failure> {
    ask(port, "/moto-api/config", r#"{"lambda":{"use_docker":false}}"#).await?;
    let [(_, endpoint), (_, key), (_, secret), (_, region)] = environment(&Running { pid: 0, port }.endpoint());
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_sdk_organizations::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(aws_config::Region::new(region))
        .credentials_provider(aws_credential_types::Credentials::new(key, secret, None, None, "sandbox"))
        .http_client(http)
        .build();
    let client = aws_sdk_organizations::Client::from_conf(config);
    if client.describe_organization().send().await.is_ok() {
        return Ok(());
    }
    let made = client.create_organization().feature_set(OrganizationFeatureSet::All).send().await;
    made.map(drop).map_err(|error| broken(&crate::aws::AwsError::from(error).to_string()))
}

async fn ask(port: u16, path: &str, body: &str) -> Result<(), Failure> {
    match http::request(port, "POST", path, body).await {
        Ok((200..=299, _)) => Ok(()),
        Ok((status, _)) => Err(broken(&format!("{path} answers {status}"))),
        Err(error) => Err(broken(&format!("{path}: {error}"))),
    }
}

/// Whether an emulator answers on a port. Anything else that may listen there knows no such path.
async fn answers(port: u16) -> bool {
    matches!(http::request(port, "GET", "/moto-api/config", "").await, Ok((200..=299, answer)) if answer.contains("lambda"))
}

/// Whether a process is an emulator of ours, and not another that got the number of one that ended.
fn is_ours(pid: u32) -> bool {
    let listing = Command::new("ps").args(["-o", "args=", "-p", &pid.to_string()]).output();
    listing.is_ok_and(|listing| String::from_utf8_lossy(&listing.stdout).contains("moto.server"))
}

fn remember(folder: &Path, running: Running) -> std::io::Result<()> {
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(folder.join("state.json"))?;
    Ok(serde_json::to_writer(file, &running)?)
}

fn broken(detail: &str) -> Failure {
    Failure::new("the sandbox does not work", escape::lines(detail).join("\n")).hint("landfall sandbox stop, then start")
}
