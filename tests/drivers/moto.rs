//! The emulated AWS that the drivers are driven against: started once, ended with the test process, its accounts kept apart by their ids.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// Python needs a second or two to start, and many more on a machine that is busy compiling.
const LOOKS: u32 = 600;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Ends the server when the test process has gone, however it went: then its end of the pipe closes.
const MINDER: &str = r#""$0" "$@" & server=$!; cat > /dev/null; kill $server"#;

struct Server {
    endpoint: String,
    _minder: Child,
}

/// Where the emulated AWS listens. `LANDFALL_MOTO` names its program; otherwise `moto_server` is looked for on the `PATH`.
pub fn endpoint() -> &'static str {
    static SERVER: OnceLock<Server> = OnceLock::new();
    &SERVER.get_or_init(start).endpoint
}

fn start() -> Server {
    let program = std::env::var("LANDFALL_MOTO").unwrap_or_else(|_| "moto_server".to_owned());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let minder = Command::new("sh")
        .args(["-c", MINDER, &program, "-H", "127.0.0.1", "-p", &port.to_string()])
        .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    let listens = (0..LOOKS).any(|_| {
        std::thread::sleep(BETWEEN_LOOKS);
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    assert!(listens, "{program} does not listen: install it with `pip install 'moto[server]'`, or name it in LANDFALL_MOTO");
    Server { endpoint: format!("http://127.0.0.1:{port}"), _minder: minder }
}
