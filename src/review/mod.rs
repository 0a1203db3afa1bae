//! GitHub: the one comment on a pull request, and the approvals of those who reviewed it. Whatever GitHub answers is untrusted; no token
//! is ever shown; no address from an answer is ever followed.
//!
//! How requests travel, which may be repeated and what their failures mean is `outside::github`'s business, which drivers share. `app` and
//! `author` say who we are and who wrote. `comments`, `pulls` and `reviews` are what GitHub tells; `upsert` and `approval` are what we make
//! of it.

mod app;
mod approval;
mod author;
mod comments;
mod event;
mod pulls;
mod reviews;
mod upsert;

use crate::outside::github::{asking as github, trouble, wire};

pub use crate::outside::github::app::App;
pub use crate::outside::github::asking::GitHub;
pub use crate::outside::github::trouble::Trouble;
pub use crate::outside::github::wire::{Base, Octocrab, Wire};
pub use crate::outside::github::{PrivateKey, Repository, Token, is_commit};
pub use app::installed;
pub use approval::{Approval, Found, approval, missing};
pub use author::{Author, author};
pub use event::Event;
pub use upsert::{Posted, Target, upsert};
