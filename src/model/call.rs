//! Calls to the services that hold live state: what a run may call, what each call took, and what it means when one fails.

use super::Account;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a connection may do.
#[derive(Clone, Debug)]
pub struct Access {
    /// The operations that only read, as in IAM policies: `ec2:DescribeVpcs`. All others count as writes.
    pub reads: Arc<BTreeSet<String>>,
    /// Those of them that are made with a member account's role.
    pub inside: Arc<BTreeSet<String>>,
    /// Whether writes pass as well.
    pub writes: bool,
    /// While they do.
    pub turn: Turn,
}

/// Whether it still is this run's turn to write: asked at the very moment of each write, whatever service it goes to.
#[derive(Clone)]
pub struct Turn(Arc<dyn Fn() -> Result<(), String> + Send + Sync>);

impl Turn {
    /// One that ends when this says why.
    pub fn new(holds: impl Fn() -> Result<(), String> + Send + Sync + 'static) -> Turn {
        Turn(Arc::new(holds))
    }

    /// Whether it has not ended.
    ///
    /// # Errors
    /// Why it has.
    pub fn holds(&self) -> Result<(), String> {
        (self.0)()
    }
}

impl Default for Turn {
    /// One that never ends: for runs that write nothing which others could be writing.
    fn default() -> Turn {
        Turn::new(|| Ok(()))
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turn")
    }
}

/// One attempt at a call, told when it has ended.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    pub account: &'a Account,
    pub operation: &'a str,
    /// Counted from 1 for each operation's execution.
    pub attempt: u32,
    pub took: Duration,
    /// How long it waited for its turn before that: AWS takes only so many.
    pub waited: Duration,
    /// The HTTP status, or none where no answer came.
    pub status: Option<u16>,
    /// What AWS calls the request, where it says so.
    pub request: Option<&'a str>,
}

/// Whoever wants to know of calls: counters, and the trace of `-v`.
pub type OnCall = Arc<dyn Fn(&Call<'_>) + Send + Sync>;

impl Access {
    /// Whether an operation may be called now.
    ///
    /// # Errors
    /// Why it may not.
    pub fn allows(&self, operation: &str) -> Result<(), String> {
        match self.reads.contains(operation) {
            true => Ok(()),
            false if self.writes => self.turn.holds(),
            false => Err("this session may only read".to_owned()),
        }
    }
}

/// What a call came back with when it did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// Service and operation, as in IAM policies where it is AWS's: `ec2:CreateVpc`, `github:PutEnvironmentSecret`.
    pub operation: String,
    pub fault: Fault,
    /// The service's error code, such as `InvalidVpcID.NotFound`.
    pub code: Option<String>,
    pub message: String,
    /// What AWS Support asks for.
    pub request_id: Option<String>,
}

/// What a caller can do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Too many requests: nothing happened, try again later.
    Throttled,
    /// No answer, or a server error: it may or may not have happened. Look before trying again.
    Lost,
    /// It does not exist; soon after its creation that can also mean "not visible yet".
    Missing,
    /// It exists already.
    Exists,
    /// Something else has to end first: a dependency, or a concurrent change.
    Busy,
    /// What is in the way goes by itself, in AWS's own time: longer than anything else that has to end first.
    Leaving,
    /// The caller lacks a permission; right after a role's creation that can also mean "not in force yet".
    Denied,
    /// Landfall itself refused to send it: a write on a session that may only read.
    Withheld,
    /// The service understood, and will not do it.
    Refused,
}

impl CallError {
    /// An error that Landfall found in an answer that was meant as success.
    pub fn refused(operation: &str, message: impl Into<String>) -> CallError {
        CallError { operation: operation.into(), fault: Fault::Refused, code: None, message: message.into(), request_id: None }
    }

    /// Something that a step needs is not there (yet).
    pub fn missing(operation: &str, message: impl Into<String>) -> CallError {
        CallError { fault: Fault::Missing, ..CallError::refused(operation, message) }
    }

    pub fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.operation)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl std::error::Error for CallError {}
