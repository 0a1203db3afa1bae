//! The AWS that the drivers are driven against: the emulated one, or with `LANDFALL_AWS=simulated` the simulated one. Started once, ended with
//! the test process, its accounts kept apart by their ids.

use landfall::commands::clock::since_1970;
use landfall::commands::sandbox::serve::serve;
use landfall::commands::sandbox::server::{Life, Which, launch};
use landfall::simulated::World;
use std::path::Path;
use std::process::Child;
use std::sync::{Mutex, OnceLock};
use tokio::net::TcpListener;

struct Server {
    endpoint: String,
    /// Holds the end of the pipe with which the emulator ends.
    _child: Option<Child>,
}

/// How much faster than AWS the simulated one is, so that nobody waits.
const HASTE: f64 = 10_000.0;

/// Whether the drivers are driven against the simulated AWS.
pub fn is_simulated() -> bool {
    std::env::var("LANDFALL_AWS").is_ok_and(|name| name == "simulated")
}

/// Where the AWS listens.
pub fn endpoint() -> &'static str {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let start = if is_simulated() { simulated } else { emulated };
    // On a thread of its own: the tests that ask are inside runtimes already.
    &SERVER.get_or_init(|| std::thread::spawn(start).join().expect("the AWS starts")).endpoint
}

#[tokio::main]
async fn emulated() -> Server {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("drivers");
    std::fs::create_dir_all(&folder).unwrap();
    let (child, running) = launch(Which::Emulated, &folder, Life::Tethered).await.unwrap();
    Server { endpoint: running.endpoint(), _child: Some(child) }
}

fn simulated() -> Server {
    let (say, port) = std::sync::mpsc::channel();
    std::thread::spawn(move || serving(&say));
    Server { endpoint: format!("http://127.0.0.1:{}", port.recv().unwrap()), _child: None }
}

#[tokio::main]
async fn serving(say: &std::sync::mpsc::Sender<u16>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    say.send(listener.local_addr().unwrap().port()).unwrap();
    let world = Mutex::new(World::new(1).hurried(HASTE).open());
    serve(listener, move |request| world.lock().unwrap().reply(request, since_1970())).await;
}
