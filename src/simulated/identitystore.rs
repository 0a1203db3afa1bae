//! Identity Center's directory: users, groups and memberships.

use super::At;
use super::wire::{Answer, Asked, fault};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentityStore {}

impl IdentityStore {
    pub(super) fn answer(&mut self, _: &mut At<'_>, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            other => fault("UnknownOperationException", format!("the simulated identitystore has no {other}")),
        }
    }
}
