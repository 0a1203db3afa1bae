//! The comments of a pull request at GitHub. A pull request is an issue there, and so are its comments.

use super::author::{Author, User};
use super::github::parsed;
use super::wire::{Request, Verb, Wire};
use super::{GitHub, Trouble};
use crate::model::Name;
use crate::render::comment::Marker;
use serde::Deserialize;
use serde_json::json;

/// A comment as GitHub has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Posted {
    pub id: u64,
    #[serde(default)]
    pub html_url: String,
    /// None where the account is gone.
    pub user: Option<User>,
    /// When it was written last, in GitHub's RFC 3339: in UTC, to the second, so that it compares as text.
    #[serde(default)]
    pub updated_at: String,
    #[serde(default)]
    body: Option<String>,
}

impl Posted {
    pub fn login(&self) -> Option<&str> {
        self.user.as_ref().map(|user| user.login.as_str())
    }

    pub fn body(&self) -> &str {
        self.body.as_deref().unwrap_or_default()
    }

    /// Its marker, if we wrote it.
    pub fn marker(&self, author: &Author) -> Option<Marker> {
        Marker::of(self.body()).filter(|_| author.is(self.user.as_ref()))
    }
}

/// The comments that are ours, with their markers, the oldest first; of one estate, or of any.
pub async fn ours<W: Wire>(
    github: &GitHub<W>,
    pull_request: u64,
    author: &Author,
    estate: Option<&Name>,
) -> Result<Vec<(Posted, Marker)>, Trouble> {
    let all: Vec<Posted> = github.all(&github.path(format!("/issues/{pull_request}/comments"))).await?;
    let marked = all.into_iter().filter_map(|comment| comment.marker(author).map(|marker| (comment, marker)));
    let mut ours: Vec<_> = marked.filter(|(_, marker)| estate.is_none_or(|estate| *estate == marker.estate)).collect();
    // GitHub counts ids up; its dates are only as fine as a second.
    ours.sort_by_key(|(comment, _)| comment.id);
    Ok(ours)
}

pub async fn create<W: Wire>(github: &GitHub<W>, pull_request: u64, body: &str) -> Result<Posted, Trouble> {
    let path = github.path(format!("/issues/{pull_request}/comments"));
    let request = Request { verb: Verb::Post, path, body: Some(json!({ "body": body })) };
    parsed(&request, &github.once(&request).await?)
}

pub async fn update<W: Wire>(github: &GitHub<W>, id: u64, body: &str) -> Result<Posted, Trouble> {
    let path = github.path(format!("/issues/comments/{id}"));
    let request = Request { verb: Verb::Patch, path, body: Some(json!({ "body": body })) };
    parsed(&request, &github.once(&request).await?)
}

/// Deletes a comment; one that is gone already is as good.
pub async fn delete<W: Wire>(github: &GitHub<W>, id: u64) -> Result<(), Trouble> {
    let request = Request { verb: Verb::Delete, path: github.path(format!("/issues/comments/{id}")), body: None };
    match github.once(&request).await {
        Err(trouble) if trouble.status != Some(404) => Err(trouble),
        _ => Ok(()),
    }
}
