//! What the workflows of a test see of GitHub: one pull request in one repository, in the stand-in that the review tests use, too.

use crate::stand_in;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The one pull request.
pub const PULL: u64 = 7;
pub const REPOSITORY: &str = "acme/infra";
/// What act hands to the steps as `github.token`.
pub const TOKEN: &str = "the-tokens-secret";

/// A GitHub for one test.
pub struct GitHub(stand_in::GitHub);

impl GitHub {
    /// One with no pull request yet. `folder/bin` gets the landfall that the workflows find: the real one, but for where a test wants a failure.
    pub fn start(folder: &Path) -> GitHub {
        let program = include_str!("landfall.py");
        let program = program.replace("@LANDFALL@", env!("CARGO_BIN_EXE_landfall")).replace("@STAND_INS@", &folder.to_string_lossy());
        let path = folder.join("bin").join("landfall");
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        std::fs::write(&path, program).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let bot = json!({ "login": "github-actions[bot]", "type": "Bot", "installation": true, "writes": true });
        GitHub(stand_in::GitHub::start(&json!({ "tokens": { TOKEN: bot }, "permissions": { "grace": "write" } })))
    }

    /// What workflows need in their environment to find it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![("GITHUB_API_URL", self.0.address())]
    }

    /// The pull request has this head, and is open.
    pub fn open(&self, head: &str) {
        self.pull(json!({ "author": "ada", "head": head }));
    }

    /// The comments on the pull request.
    pub fn comments(&self) -> Vec<String> {
        self.0.comments(PULL).into_iter().map(|(_, body)| body).collect()
    }

    /// The deployments by their environments, with the states that each has been told to be in.
    pub fn deployments(&self) -> Vec<(String, Vec<String>)> {
        let state = self.0.state();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let states = |one: &Value| one["states"].as_array().unwrap().iter().map(|state| text(&state[0])).collect();
        state["deployments"].as_array().unwrap().iter().map(|one| (text(&one["environment"]), states(one))).collect()
    }

    /// Somebody else than the author approves the head.
    pub fn approve(&self, head: &str) {
        self.0.set(&json!({ "reviews": [{ "pull": PULL, "login": "grace", "state": "APPROVED", "commit": head }] }));
    }

    /// The pull request is merged, which makes this commit.
    pub fn merge(&self, head: &str, commit: &str) {
        self.pull(json!({ "author": "ada", "head": head, "merged": commit }));
    }

    fn pull(&self, pull: Value) {
        self.0.set(&json!({ "pulls": { PULL.to_string(): pull } }));
    }
}
