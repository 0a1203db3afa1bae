//! GitHub: how it is asked, for whoever asks. Whatever it answers is untrusted; no token is ever shown; no address from an answer is ever
//! followed.
//!
//! `wire` sends one request, `limits` says how long to wait, `trouble` how to word what went wrong, `asking` repeats what may be repeated.
//! `token`, `app` and `credentials` say who asks. `client` is what drivers call, `environments` what they call it for, and `seal` closes
//! the boxes that secrets travel in.

pub mod app;
pub mod asking;
mod client;
mod credentials;
pub mod deployments;
mod environments;
pub mod limits;
mod repository;
mod seal;
mod token;
pub mod trouble;
pub mod wire;

pub use client::Client;
pub use credentials::{Credentials, variable};
pub use environments::{Branches, Environment, Reviewer, SecretSeen, Settings};
pub use repository::{Repository, is_commit};
pub use seal::Secret;
pub use token::{PrivateKey, Token};
