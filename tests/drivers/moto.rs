//! The two AWSs on loopback that tests share: the emulated and the simulated one. Each is started once, when it is first asked for, and ends with
//! the test process; accounts keep tests apart.

use landfall::commands::clock::since_1970;
use landfall::commands::sandbox::serve::serve;
use landfall::commands::sandbox::server::{Life, Which, launch};
use landfall::simulated::World;
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, OnceLock};
use tokio::net::TcpListener;

/// How much faster than AWS the simulated one is, so that nobody waits.
const HASTE: f64 = 10_000.0;

/// Whether the drivers are driven against the simulated AWS.
pub fn is_simulated() -> bool {
    std::env::var("LANDFALL_AWS").is_ok_and(|name| name == "simulated")
}

/// Where the AWS listens that the drivers are driven against: the emulated one, or with `LANDFALL_AWS=simulated` the simulated one.
pub fn endpoint() -> &'static str {
    if is_simulated() { simulated() } else { emulated() }
}

/// Where the emulated AWS listens. It ends with the other end of the pipe that is held here.
pub fn emulated() -> &'static str {
    static SERVER: OnceLock<(String, Child)> = OnceLock::new();
    // On a thread of its own: the tests that ask are inside runtimes already.
    &SERVER.get_or_init(|| std::thread::spawn(start).join().expect("the emulated AWS starts")).0
}

#[tokio::main]
async fn start() -> (String, Child) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(env!("CARGO_CRATE_NAME"));
    std::fs::create_dir_all(&folder).unwrap();
    let (child, running) = launch(Which::Emulated, &folder, Life::Tethered).await.unwrap();
    (running.endpoint(), child)
}

/// Where the simulated AWS listens, in which every account is there.
pub fn simulated() -> &'static str {
    static ENDPOINT: OnceLock<String> = OnceLock::new();
    ENDPOINT.get_or_init(|| {
        let (say, port) = std::sync::mpsc::channel();
        std::thread::spawn(move || serving(&say));
        format!("http://127.0.0.1:{}", port.recv().unwrap())
    })
}

#[tokio::main]
async fn serving(say: &Sender<u16>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    say.send(listener.local_addr().unwrap().port()).unwrap();
    let world = Mutex::new(World::new(1).hurried(HASTE).open());
    serve(listener, move |request| world.lock().unwrap().reply(request, since_1970())).await;
}
