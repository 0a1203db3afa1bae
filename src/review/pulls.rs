//! Pull requests at GitHub.

use super::author::User;
use super::wire::Wire;
use super::{GitHub, Trouble};
use serde::Deserialize;

/// A pull request, as far as it concerns us.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Pull {
    pub number: u64,
    pub user: Option<User>,
    pub head: Head,
    #[serde(default)]
    pub merged_at: Option<String>,
    /// What merging made: the merge, the squashed commit, or the last rebased one. Before that, a trial of GitHub's.
    #[serde(default)]
    pub merge_commit_sha: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Head {
    pub sha: String,
}

impl Pull {
    /// Whether merging it made a commit: a merge, a squash, a rebase, or, pushed by hand, its very head.
    pub fn made(&self, commit: &str) -> bool {
        self.merged_at.is_some() && (self.merge_commit_sha.as_deref() == Some(commit) || self.head.sha == commit)
    }
}

pub async fn pull<W: Wire>(github: &GitHub<W>, number: u64) -> Result<Pull, Trouble> {
    github.get(&github.path(format!("/pulls/{number}"))).await
}

/// The pull requests whose merge made a commit; usually one.
pub async fn merged_as<W: Wire>(github: &GitHub<W>, commit: &str) -> Result<Vec<Pull>, Trouble> {
    let all: Vec<Pull> = github.all(&github.path(format!("/commits/{commit}/pulls"))).await?;
    Ok(all.into_iter().filter(|pull| pull.made(commit)).collect())
}
