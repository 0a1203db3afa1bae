//! The services that hold live state and are not AWS: GitHub and New Relic. One small client each; knows no kinds.
//!
//! They obey the same two rules as AWS's clients: a run that may only read sends no write, and a write is never sent twice.

pub mod github;
mod hook;
mod nerdgraph;
pub mod new_relic;
mod secret;

use crate::model::{Access, OnCall};
pub use github::Client as GitHub;
pub use hook::Hook;
pub use new_relic::NewRelic;
pub use secret::Secret;
use std::fmt;

/// The clients of one run. Nothing is sent, and no credential is looked for, before the first call.
pub struct Outside {
    pub github: GitHub,
    pub new_relic: NewRelic,
}

impl Outside {
    /// Clients that may do what the run may do.
    pub fn new(access: &Access, on_call: &OnCall) -> Outside {
        Outside { github: GitHub::new(access.clone(), on_call.clone(), None), new_relic: NewRelic::new(access.clone(), on_call.clone()) }
    }
}

impl Outside {
    /// The same, with a GitHub that is named here and not by the environment: for tests, which can't set their own.
    #[must_use]
    pub fn with_github(mut self, access: &Access, on_call: &OnCall, base: github::wire::Base, token: github::Token) -> Outside {
        self.github = GitHub::new(access.clone(), on_call.clone(), Some((base, token)));
        self
    }

    /// Clients of emulated services, below the paths of `endpoint` where the sandbox answers for them.
    pub fn emulated(access: &Access, on_call: &OnCall, endpoint: &str) -> Outside {
        let new_relic = NewRelic::emulated(access.clone(), on_call.clone(), format!("{endpoint}/newrelic/graphql"));
        Outside { new_relic, ..Outside::new(access, on_call) }
    }
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outside")
    }
}
