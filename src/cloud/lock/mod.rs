//! The lock of an organization: two runs never write at the same time, and one that lost its turn can't write any more. The protocol alone;
//! where the document is kept is behind `Shelf`, so that it can be tried in virtual time.
//!
//! Each turn is a conditional write on the document's version, so of two runs that take the lock at the same moment one fails. A turn ends
//! by itself; its holder renews it, and stops writing when it could not. Others wait until it has ended by any clock.

mod turn;

pub use turn::{Claim, Turn, end, join, keep, leave, take, under_way};

use crate::aws::{CallError, Moment};
use crate::model::{Holder, Lock};
use jiff::Timestamp;
use std::fmt;
use std::time::Duration;

/// How long a turn lasts unless it is renewed. After a crash, others wait for it: short. A few lost renewals must not end it: not too short.
pub const TERM: Duration = Duration::from_secs(120);

/// Where the one document is kept: a store with conditional writes, and a clock.
#[expect(async_fn_in_trait, reason = "a run awaits its lock on one task and never sends it to another thread")]
pub trait Shelf {
    /// The document and its version, if there is one.
    async fn get(&self) -> Result<Option<(String, Version)>, CallError>;

    /// Writes the document over this version of it, or where there is none. None when something else is there by now.
    async fn put(&self, text: &str, over: Option<&Version>) -> Result<Option<Version>, CallError>;

    /// This moment, by both clocks.
    fn now(&self) -> Moment;

    /// Lets time pass.
    async fn sleep(&self, pause: Duration);
}

/// A version of the document: the ETag of an S3 object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// Why it is not our turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotOurs {
    /// Somebody else's.
    Held(Box<Holder>),
    /// What lies there is no lock that this version can read.
    Unreadable,
    /// The turn that was to be joined is over.
    Over,
    Call(CallError),
}

impl From<CallError> for NotOurs {
    fn from(error: CallError) -> NotOurs {
        NotOurs::Call(error)
    }
}

impl fmt::Display for NotOurs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotOurs::Held(holder) => {
                write!(f, "{} holds the lock of the organization since {} for {}", holder.who, holder.since, holder.purpose)
            }
            NotOurs::Unreadable => {
                f.write_str("what lies where the lock of the organization is kept is no lock that this version can read")
            }
            NotOurs::Over => f.write_str("the turn to write that this run belongs to is over: it ended, or somebody broke the lock"),
            NotOurs::Call(error) => write!(f, "the lock of the organization can't be reached: {error}"),
        }
    }
}

/// The lock as it is now, and the version of its document.
///
/// # Errors
/// Those of the shelf, and a document that is no lock.
pub async fn look(shelf: &impl Shelf) -> Result<(Lock, Option<Version>), NotOurs> {
    match shelf.get().await? {
        None => Ok((Lock::fresh(), None)),
        Some((text, version)) => Ok((Lock::of(&text).ok_or(NotOurs::Unreadable)?, Some(version))),
    }
}

/// Ends whoever's turn it is. Nobody else gets one before the last moment at which the run that held it may still be writing.
///
/// # Errors
/// Those of the shelf; `Over` when nobody holds it.
pub async fn break_it(shelf: &impl Shelf, who: &str, reason: &str) -> Result<Holder, NotOurs> {
    loop {
        let (lock, version) = look(shelf).await?;
        let Some(broken) = lock.held_at(time(shelf.now())).cloned() else { return Err(NotOurs::Over) };
        let holder = holder("broken", who, &format!("breaking the lock: {reason}"), shelf.now(), TERM);
        if shelf.put(&lock.next(holder).text(), version.as_ref()).await?.is_some() {
            return Ok(broken);
        }
    }
}

fn holder(run: &str, who: &str, purpose: &str, now: Moment, term: Duration) -> Holder {
    let until = time(now.after(term));
    Holder { run: run.to_owned(), who: who.to_owned(), purpose: purpose.to_owned(), since: time(now), until, program: None }
}

/// By the clock on the wall, which others have as well.
fn time(moment: Moment) -> Timestamp {
    Timestamp::try_from(moment.wall()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
