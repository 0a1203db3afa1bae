//! The emulated AWS that the drivers are driven against: started once, ended with the test process, its accounts kept apart by their ids.

use landfall::commands::sandbox::install;
use landfall::commands::sandbox::server::{Life, launch};
use std::path::Path;
use std::process::Child;
use std::sync::OnceLock;

struct Server {
    endpoint: String,
    /// Holds the end of the pipe with which the emulator ends.
    _child: Child,
}

/// Where the emulated AWS listens.
pub fn endpoint() -> &'static str {
    static SERVER: OnceLock<Server> = OnceLock::new();
    // On a thread of its own: the tests that ask are inside runtimes already.
    &SERVER.get_or_init(|| std::thread::spawn(start).join().expect("the emulated AWS starts")).endpoint
}

#[tokio::main]
async fn start() -> Server {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("drivers");
    std::fs::create_dir_all(&folder).unwrap();
    let python = install::python().unwrap();
    let (child, running) = launch(&python, &folder, Life::Tethered).await.unwrap();
    Server { endpoint: running.endpoint(), _child: child }
}
