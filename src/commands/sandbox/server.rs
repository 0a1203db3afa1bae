//! The sandbox's process: started detached on loopback, known again by the token that it writes down, ended when it is told so.
//! Never ends, and never talks to, a process that has not proved to be the sandbox.

use super::super::Failure;
use super::emulated::prepare;
use super::{http, install, program};
use crate::aws::{CallError, Wait, until};
use crate::model::Digest;
use crate::render::escape;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Written by the program when it can be reached.
pub(super) const STATE: &str = "state.json";
/// What runs the embedded AWS.
const SERVE: [&str; 2] = ["sandbox", "serve"];
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
    pub(super) version: String,
    /// Known to it and to the owner of its folder alone.
    pub(super) token: String,
}

/// Which AWS it is that a sandbox has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The simulated one, which is in this program.
    Embedded,
    /// moto, with what we add to it, in Python.
    Emulated,
}

/// How a sandbox is started.
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

/// Starts the sandbox, or finds it running: the one that is asked for, or, where none is, whichever runs. Of two that start it at once, one
/// does, and the other finds it.
///
/// # Errors
/// It can't be installed, or does not come up.
pub async fn start(which: Option<Which>) -> Result<Running, Failure> {
    let folder = install::folder()?;
    let lock = File::create(folder.join("start.lock")).map_err(|error| broken(&error.to_string()))?;
    lock.lock().map_err(|error| broken(&error.to_string()))?;
    if let Some(running) = running().await? {
        let is = |which: Which| running.version == which.version();
        if which.map_or(is(Which::Embedded) || is(Which::Emulated), is) {
            return Ok(running);
        }
        eprintln!("Another sandbox was running; it is stopped, and this one starts.");
        stop(&running).await?;
    }
    let (_, running) = launch(which.unwrap_or(Which::Embedded), &folder, Life::Kept).await?;
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
    if running.which() == Some(Which::Embedded) {
        return ask(running.port, &format!("/landfall/{}/reset", running.token), "").await;
    }
    ask(running.port, "/moto-api/reset", "").await?;
    prepare(running).await
}

/// Starts a sandbox whose files are in a folder, and waits until it answers and has an organization.
///
/// # Errors
/// It can't be started, or does not answer in time; its log says why.
pub async fn launch(which: Which, folder: &Path, life: Life) -> Result<(Child, Running), Failure> {
    let (mut child, running) = begin(which.command(folder)?, &which.version(), folder, life).await?;
    match which {
        Which::Embedded => Ok((child, running)),
        Which::Emulated => match prepare(&running).await {
            Ok(()) => Ok((child, running)),
            Err(failure) => {
                let _ = child.kill();
                Err(failure)
            }
        },
    }
}

/// Starts the embedded AWS of a program that is not this one: for tests.
///
/// # Errors
/// Those of `launch`.
pub async fn launch_of(program: &Path, folder: &Path) -> Result<(Child, Running), Failure> {
    let mut command = Command::new(program);
    command.args(SERVE);
    begin(command, "", folder, Life::Tethered).await
}

async fn begin(command: Command, version: &str, folder: &Path, life: Life) -> Result<(Child, Running), Failure> {
    let mut child = spawn(command, version, folder, life).map_err(|error| broken(&error.to_string()))?;
    let up = until("the start of the sandbox", STARTING, async || match child.try_wait() {
        Ok(None) => Ok(state(folder).filter(|running| running.pid == child.id())),
        _ => Err(CallError::refused("landfall:Sandbox", "the sandbox ended at once")),
    });
    let failed = |error: CallError| broken(&format!("{}\n{}", error.message, last_words(folder)));
    match up.await.map_err(failed) {
        Ok(running) => Ok((child, running)),
        Err(failure) => {
            // What does not come up must not stay behind and hold the port; if it has ended by itself, all the better.
            let _ = child.kill();
            Err(failure)
        }
    }
}

impl Which {
    /// Tells one program from another.
    fn version(self) -> String {
        match self {
            Which::Embedded => program::own().map_or_else(|_| String::new(), |own| Digest::of(&own).short().to_owned()),
            Which::Emulated => Digest::of(&(program::FILES, install::REQUIREMENTS)).short().to_owned(),
        }
    }

    /// The program to run, which is installed first if need be.
    fn command(self, folder: &Path) -> Result<Command, Failure> {
        let failed = |error: std::io::Error| broken(&error.to_string());
        let mut command = match self {
            Which::Embedded => Command::new(std::env::current_exe().map_err(failed)?),
            Which::Emulated => Command::new(install::python()?),
        };
        match self {
            Which::Embedded => command.args(SERVE),
            Which::Emulated => command.arg("-I").arg(program::write(folder).map_err(failed)?),
        };
        Ok(command)
    }
}

impl Running {
    pub fn which(&self) -> Option<Which> {
        [Which::Embedded, Which::Emulated].into_iter().find(|which| which.version() == self.version)
    }
}

fn spawn(mut command: Command, version: &str, folder: &Path, life: Life) -> std::io::Result<Child> {
    // The log tells the paths asked for, and so the token: it is the owner's alone.
    let log = File::options().write(true).create(true).truncate(true).mode(0o600).open(folder.join(LOG))?;
    command.arg("--run").arg(folder).args(["--version", version]);
    match life {
        Life::Kept => command.stdin(Stdio::null()),
        Life::Tethered => command.stdin(Stdio::piped()).args(["--tethered", "--port", "0"]),
    };
    // A process group of its own: the interrupt that ends the command does not reach it.
    command.stdout(log.try_clone()?).stderr(log).process_group(0).spawn()
}

/// Writes a file that is there as a whole or not at all, for the owner's eyes only: whoever knows the token can stop the server.
pub(super) fn whole(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension(std::process::id().to_string());
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text)?;
    std::fs::rename(draft, path)
}

/// Says where a sandbox can be reached.
pub(super) fn publish(path: &Path, running: &Running) -> std::io::Result<()> {
    whole(path, &serde_json::to_vec(running)?)
}

fn state(folder: &Path) -> Option<Running> {
    serde_json::from_str(&std::fs::read_to_string(folder.join(STATE)).ok()?).ok()
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

pub(super) async fn ask(port: u16, path: &str, body: &str) -> Result<(), Failure> {
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

pub(super) fn broken(detail: &str) -> Failure {
    Failure::new("the sandbox does not work", escape::lines(detail).join("\n")).hint("landfall sandbox stop, then start")
}
