//! GitHub, as drivers call it: environments, variables and secrets of repositories.

use crate::model::{Access, OnCall};

/// A client of GitHub's REST interface.
pub struct GitHub {
    pub(super) _access: Access,
    pub(super) _on_call: OnCall,
}

impl GitHub {
    pub(super) fn new(access: Access, on_call: OnCall) -> GitHub {
        GitHub { _access: access, _on_call: on_call }
    }
}
