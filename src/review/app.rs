//! Signing in as a GitHub App for one repository's pull requests, with no more permission than the command needs.

use super::author::Author;
use super::{App, Base, Repository, Token, Trouble};
use crate::outside::github::app::{self, Permissions};

/// A token of the App's installation in a repository, and who we are with it. `writes` says whether it has to be able to comment.
///
/// # Errors
/// The key is no key, the App is not installed there, or lacks the permission.
pub async fn installed(base: &Base, app: &App, repository: &Repository, writes: bool, tell: fn(&str)) -> Result<(Token, Author), Trouble> {
    let wants = Permissions::from([("pull_requests", if writes { "write" } else { "read" })]);
    let (token, slug) = app::installed(base, app, repository, &wants, false, tell).await?;
    // What an App writes is its bot's.
    Ok((token, Author::Login(format!("{slug}[bot]"))))
}
