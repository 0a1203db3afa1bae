//! The sandbox as a newcomer has it: nothing but the binary, and what it holds kept in a file between its lives.

use crate::emulator::Ran;
use crate::estate::Generated;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A sandbox of the test's own, which is stopped with it.
struct Sandbox {
    folder: TempDir,
    estate: Generated,
}

impl Sandbox {
    fn landfall(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.current_dir(self.estate.root()).args(arguments).stdin(Stdio::null());
        command.env("LANDFALL_SANDBOX_DIR", self.folder.path()).env("LANDFALL_PYTHON", "/nowhere/python").env("PATH", "");
        for name in ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "OTEL_EXPORTER_OTLP_ENDPOINT"] {
            command.env_remove(name);
        }
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        Ran::of(command.output().unwrap())
    }

    /// What `sandbox env` exports, once the sandbox runs.
    fn environment(&self) -> Vec<(String, String)> {
        if !self.folder.path().join("state.json").exists() {
            return Vec::new();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        let output = command.args(["sandbox", "env"]).env("LANDFALL_SANDBOX_DIR", self.folder.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let exported = text.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        exported.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn holds(&self, file: &str) -> bool {
        Path::new(self.folder.path()).join(file).exists()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.landfall(&["sandbox", "stop"]);
    }
}

#[test]
fn the_sandbox_needs_nothing_but_the_binary_and_keeps_what_it_holds() {
    let sandbox = Sandbox { folder: TempDir::new().unwrap(), estate: Generated::domains(1) };
    let toured = sandbox.landfall(&["sandbox", "tour"]).expect(0);
    assert!(toured.stdout.contains("That was the whole path"), "{}", toured.stdout);
    sandbox.landfall(&["plan", "--exit-code"]).expect(0);
    let health = sandbox.landfall(&["health"]).expect(0);
    assert!(health.stdout.contains("green") && !health.stdout.contains("red"), "{}", health.stdout);

    // What is stopped is there again.
    sandbox.landfall(&["sandbox", "stop"]).expect(0);
    assert!(sandbox.holds("world.json"));
    sandbox.landfall(&["sandbox", "start"]).expect(0);
    sandbox.landfall(&["plan", "--exit-code"]).expect(0);

    // And what is reset is gone.
    sandbox.landfall(&["sandbox", "reset"]).expect(0);
    sandbox.landfall(&["plan", "--exit-code"]).expect(2);
}
