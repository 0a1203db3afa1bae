//! AWS Account Management, as one account has it: its name, its contacts, its Regions.

use super::At;
use super::wire::{Answer, Asked, fault};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountManagement {}

impl AccountManagement {
    pub(super) fn answer(&mut self, _: &mut At<'_>, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            other => fault("UnknownOperationException", format!("the simulated account has no {other}")),
        }
    }
}
