//! The canary's handler as it stands: its own tests, in Python, on real sockets of this machine. Knows nothing of landfall.

use std::path::Path;
use std::process::Command;

#[test]
fn the_handler_as_it_stands() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/canary");
    let output =
        Command::new("python3").args(["-I", "-B", "-m", "unittest", "discover", "--start-directory"]).arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let ran = said.lines().find_map(|line| line.strip_prefix("Ran ")?.split(' ').next()?.parse::<u32>().ok());
    assert!(ran.is_some_and(|tests| tests > 0), "no test was run: {said}");
}
