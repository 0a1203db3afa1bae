//! A GitHub for one test: `server.mjs`, installed once from pinned packages, started on a port of its own, gone with the test. Never
//! talks to GitHub. A test that ends with a request or an answer that GitHub's own description does not allow fails.

#![allow(dead_code, reason = "each test binary uses its part")]

use landfall::model::Digest;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What it is made of; the install's folder is named after it, so that a change is a new install.
const PARTS: [(&str, &str); 5] = [
    ("package.json", include_str!("package.json")),
    ("package-lock.json", include_str!("package-lock.json")),
    ("trim.mjs", include_str!("trim.mjs")),
    ("environments.mjs", include_str!("environments.mjs")),
    ("server.mjs", include_str!("server.mjs")),
];
const DESCRIPTION: &str = "node_modules/@octokit/openapi/generated/api.github.com.deref.json";
/// Written last, so that an install without it was interrupted.
const TRIMMED: &str = "github.json";

/// A running stand-in.
pub struct GitHub {
    port: u16,
    /// Holds the end of the pipe with which it ends.
    server: Child,
}

impl GitHub {
    /// Starts one in which there is what `settings` says; see `server.mjs`.
    pub fn start(settings: &Value) -> GitHub {
        let folder = installed();
        let mut node = Command::new("node");
        node.current_dir(&folder).args(["server.mjs", TRIMMED]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = node.spawn().expect("the tests need Node 20 or newer");
        let mut line = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the stand-in tells its port");
        let github = GitHub { port, server };
        github.set(settings);
        github
    }

    /// Where its interface is: where an Enterprise Server has it, so that no request can leave the prefix out.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/api/v3", self.port)
    }

    /// Changes what is there, and what goes wrong.
    pub fn set(&self, settings: &Value) {
        assert_eq!(self.control("POST", &settings.to_string()), serde_json::json!({}));
    }

    /// All that is there, and what was asked.
    pub fn state(&self) -> Value {
        self.control("GET", "")
    }

    /// The App that may be installed here: its id and its private key.
    pub fn app(&self) -> Value {
        self.control("PUT", "")
    }

    /// The bodies of a pull request's comments, with their authors.
    pub fn comments(&self, issue: u64) -> Vec<(String, String)> {
        let state = self.state();
        let all = state["comments"].as_array().unwrap().iter().filter(|comment| comment["issue"] == issue);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        all.map(|comment| (text(&comment["login"]), text(&comment["body"]))).collect()
    }

    fn control(&self, method: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!("{method} /_stand-in HTTP/1.1\r\nHost: stand-in\r\nConnection: close\r\n");
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        let violations = (!std::thread::panicking()).then(|| self.state()["violations"].clone());
        // It may have ended already, and then that is what we want.
        let _ = self.server.kill();
        let _ = self.server.wait();
        if let Some(violations) = violations {
            assert_eq!(violations, serde_json::json!([]), "what GitHub's description does not allow");
        }
    }
}

/// The folder of the install, made by whoever comes first; the others wait.
fn installed() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("github");
    std::fs::create_dir_all(&root).unwrap();
    let lock = File::create(root.join("install.lock")).unwrap();
    lock.lock().unwrap();
    let folder = root.join(Digest::of(&PARTS).short());
    if !folder.join(TRIMMED).exists() {
        install(&folder);
    }
    folder
}

fn install(folder: &Path) {
    if folder.exists() {
        std::fs::remove_dir_all(folder).unwrap();
    }
    std::fs::create_dir_all(folder).unwrap();
    for (name, text) in PARTS {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).current_dir(folder).args(arguments).stdin(Stdio::null()).output();
        let output = output.unwrap_or_else(|error| panic!("the tests need Node 20 or newer, with npm: {program}: {error}"));
        assert!(output.status.success(), "{program} {arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
    };
    // No package gets to run anything of its own.
    run("npm", &["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]);
    run("node", &["trim.mjs", DESCRIPTION, "trimmed.json"]);
    // 390 MB, of which 200 kB were needed.
    std::fs::remove_dir_all(folder.join("node_modules/@octokit/openapi")).unwrap();
    std::fs::rename(folder.join("trimmed.json"), folder.join(TRIMMED)).unwrap();
}
