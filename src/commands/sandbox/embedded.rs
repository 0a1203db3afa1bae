//! The embedded AWS of `landfall sandbox`: the simulated one as a process on loopback, kept in a file between its lives. Must never listen
//! elsewhere, and never reach out.

use super::super::{Exit, Failure, Outcome, clock};
use super::serve::serve;
use super::server::{Running, STATE, publish, whole};
use crate::simulated::World;
use crate::simulated::wire::{Reply, Request};
use std::io::{Error, ErrorKind};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// What the simulated AWS holds, as JSON.
const WORLD: &str = "world.json";
/// The first choice, so that an `AWS_ENDPOINT_URL` exported yesterday still holds today; any free port when it is taken.
const USUAL_PORT: u16 = 5577;
/// An account takes a second or two, and a NAT gateway two: long enough to be seen, and nobody waits.
const HASTE: f64 = 60.0;
/// After a change, it is written down so much later, with whatever else has changed by then.
const SAVE_AFTER: Duration = Duration::from_secs(1);

/// How the process is started, by `landfall sandbox` itself.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder with what it holds
    #[arg(long)]
    run: PathBuf,
    /// The version to tell
    #[arg(long)]
    version: String,
    /// The port to listen on; any free one for 0
    #[arg(long)]
    port: Option<u16>,
    /// End with standard input
    #[arg(long)]
    tethered: bool,
}

/// The simulated AWS of a process, and whether it has changed since it was written down.
struct Kept {
    world: Mutex<World>,
    changed: Notify,
    stop: Notify,
    token: String,
    /// Where it is written down, by one at a time.
    file: Mutex<PathBuf>,
}

/// Serves until it is told to stop.
pub(super) async fn run(args: Args) -> Outcome {
    let failed = |error: Error| Failure::new("the embedded AWS can't run", error);
    let listener = bound(args.port).await.map_err(failed)?;
    let path = args.run.join(WORLD);
    let kept = Arc::new(Kept {
        world: Mutex::new(load(&path, seed())),
        changed: Notify::new(),
        stop: Notify::new(),
        token: token().map_err(failed)?,
        file: Mutex::new(path),
    });
    let port = listener.local_addr().map_err(failed)?.port();
    let running = Running { pid: std::process::id(), port, version: args.version, token: kept.token.clone() };
    publish(&args.run.join(STATE), &running).map_err(failed)?;
    let answering = kept.clone();
    tokio::select! {
        () = serve(listener, move |request| answering.answer(request)) => {}
        () = kept.stop.notified() => {}
        () = end_of_input(), if args.tethered => {}
        error = save_again_and_again(&kept) => return Err(failed(error)),
    }
    kept.save().map_err(failed)?;
    Ok(Exit::Done)
}

impl Kept {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self) -> Result<(), Error> {
        let path = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let text = serde_json::to_vec(&*self.world())?;
        whole(&path, &text)
    }

    fn answer(&self, request: &Request) -> Reply {
        let said = |text: &str| Reply { status: 200, headers: Vec::new(), body: text.into() };
        let own = request.target.strip_prefix("/landfall/").and_then(|rest| rest.strip_prefix(self.token.as_str()));
        match (request.method.as_str(), own) {
            ("GET", Some("")) => said("landfall sandbox"),
            ("POST", Some("/stop")) => {
                // Before it is said: whoever starts another one next finds it.
                let saved = self.save();
                self.stop.notify_one();
                match saved {
                    Ok(()) => said("stopping"),
                    Err(error) => Reply { status: 500, headers: Vec::new(), body: error.to_string().into() },
                }
            }
            ("POST", Some("/reset")) => {
                *self.world() = fresh(seed());
                self.changed.notify_one();
                said("empty")
            }
            _ => {
                let reply = self.world().reply(request, clock::since_1970());
                self.changed.notify_one();
                reply
            }
        }
    }
}

async fn save_again_and_again(kept: &Kept) -> Error {
    loop {
        kept.changed.notified().await;
        tokio::time::sleep(SAVE_AFTER).await;
        if let Err(error) = kept.save() {
            return error;
        }
    }
}

/// What was written down; an empty AWS where nothing was, or nothing that can be read any more.
fn load(path: &Path, seed: u64) -> World {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return fresh(seed),
        Err(error) => {
            eprintln!("{} can't be read: {error}; the sandbox starts empty", path.display());
            return fresh(seed);
        }
    };
    serde_json::from_slice(&text).map(|world: World| world.hurried(HASTE)).unwrap_or_else(|error| {
        let aside = path.with_extension("old.json");
        eprintln!(
            "{} is not what this version writes ({error}): it is kept as {}, and the sandbox starts empty",
            path.display(),
            aside.display()
        );
        let _ = std::fs::rename(path, aside);
        fresh(seed)
    })
}

fn fresh(seed: u64) -> World {
    World::new(seed).hurried(HASTE)
}

fn seed() -> u64 {
    clock::since_1970().as_secs()
}

async fn bound(port: Option<u16>) -> Result<TcpListener, Error> {
    if let Some(port) = port {
        return TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    }
    match TcpListener::bind((Ipv4Addr::LOCALHOST, USUAL_PORT)).await {
        Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await,
        bound => bound,
    }
}

async fn end_of_input() {
    let (ended, end) = tokio::sync::oneshot::channel();
    // A thread that nobody waits for: a read of standard input can't be given up.
    std::thread::spawn(move || {
        // Whether it ends or breaks: nobody holds the other end any more.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}

/// What only this process and the owner of its folder know.
fn token() -> Result<String, Error> {
    let mut bytes = [0; 16];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes).map_err(|_| Error::other("no random numbers"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_again_and_what_is_none_of_ours_is_kept_aside() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join(WORLD);
        let mut world = load(&path, 7);
        assert_eq!(serde_json::to_value(&world).unwrap(), serde_json::to_value(fresh(7)).unwrap());
        world.random((0, 9));
        std::fs::write(&path, serde_json::to_vec(&world).unwrap()).unwrap();
        assert_eq!(serde_json::to_value(load(&path, 8)).unwrap(), serde_json::to_value(&world).unwrap());

        std::fs::write(&path, "{\"seed\": \"of another version\"}").unwrap();
        load(&path, 9);
        assert!(!path.exists() && folder.path().join("world.old.json").exists());
    }
}
