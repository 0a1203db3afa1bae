//! What the workflows of a test see of GitHub: comments, merges and approvals, kept in files. Never talks to GitHub.

use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The one pull request.
pub const PULL: u64 = 7;
pub const REPOSITORY: &str = "acme/infra";

/// A GitHub for one test.
pub struct GitHub {
    folder: PathBuf,
}

impl GitHub {
    /// One whose files are in a folder, with the landfall that asks it in `folder/bin`.
    pub fn start(folder: &Path) -> GitHub {
        let program = include_str!("landfall.py");
        let program = program.replace("@LANDFALL@", env!("CARGO_BIN_EXE_landfall")).replace("@STAND_INS@", &folder.to_string_lossy());
        let path = folder.join("bin").join("landfall");
        std::fs::create_dir_all(folder.join("bin")).unwrap();
        std::fs::write(&path, program).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        GitHub { folder: folder.to_owned() }
    }

    /// What workflows need in their environment to find it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The pull request has this head, and is open.
    pub fn open(&self, _head: &str) {}

    /// The comment on the pull request, if there is one.
    pub fn comment(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.join("comment.json")).ok()?;
        Some(text)
    }

    /// Somebody else than the author approves the head.
    pub fn approve(&self, _head: &str) {
        self.keep("approvals.json", &Value::from(1));
    }

    /// The pull request is merged, which makes this commit.
    pub fn merge(&self, _head: &str, commit: &str) {
        self.keep("merged.json", &Value::from(commit));
    }

    fn keep(&self, name: &str, value: &Value) {
        std::fs::write(self.folder.join(name), value.to_string()).unwrap();
    }
}
