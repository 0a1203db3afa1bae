//! GitHub: the one comment on a pull request, and the approvals of those who reviewed it. Whatever GitHub answers is untrusted; no token
//! is ever shown; no address from an answer is ever followed.
//!
//! `wire` sends one request, `github` repeats what may be repeated, `limits` says how long to wait, `trouble` how to word what went wrong.
//! `token` and `app` say who asks, `author` who wrote. `comments`, `pulls` and `reviews` are what GitHub tells; `upsert` and `approval`
//! are what we make of it.

mod app;
mod approval;
mod author;
mod comments;
mod event;
mod github;
mod limits;
mod pulls;
mod repository;
mod reviews;
mod token;
mod trouble;
mod upsert;
mod wire;

pub use app::{App, installed};
pub use approval::{Approval, Found, approval, missing};
pub use author::{Author, author};
pub use event::Event;
pub use github::GitHub;
pub use repository::{Repository, is_commit};
pub use token::{PrivateKey, Token};
pub use trouble::Trouble;
pub use upsert::{Posted, Target, upsert};
pub use wire::{Base, Octocrab, Wire};
