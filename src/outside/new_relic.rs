//! New Relic, as drivers call it: accounts and keys, by NerdGraph.

use crate::model::{Access, OnCall};

/// A client of NerdGraph.
pub struct NewRelic {
    pub(super) _access: Access,
    pub(super) _on_call: OnCall,
}

impl NewRelic {
    pub(super) fn new(access: Access, on_call: OnCall) -> NewRelic {
        NewRelic { _access: access, _on_call: on_call }
    }
}
