//! Sessions: credentials, clients, refusals, and what AWS's errors mean. Knows no kinds and makes no decisions about resources.

mod action;
mod bucket;
mod confine;
mod connection;
mod credentials;
mod directory;
mod endpoint;
mod error;
mod guard;
mod lease;
mod once;
mod pace;
mod session;
mod wait;

pub use crate::model::{Access, Call, CallError, Fault, OnCall};
pub use confine::confined;
pub use connection::{Caller, Connection, Options};
#[cfg(test)]
pub(crate) use connection::{SESSION_POLICY_LIMIT, read_policy};
pub use directory::Directory;
pub use error::{or_exists, or_missing, unsuccessful};
pub use lease::{Lease, Moment};
pub use session::{Names, Session, Slot, Wanted};
pub use wait::{Wait, until};
