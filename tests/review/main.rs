//! The real binary against a GitHub of the tests' own: the one comment, and the approvals of what it shows.

#[path = "../estates/mod.rs"]
mod estates;
#[path = "../github/mod.rs"]
mod github;

mod app;
mod approval;
mod comment;
mod run;
mod trouble;
