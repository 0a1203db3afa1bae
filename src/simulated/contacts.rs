//! Incident Manager's contacts: people, channels, plans and rotations.

use super::At;
use super::wire::{Answer, Asked, fault};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Contacts {}

impl Contacts {
    pub(super) fn answer(&mut self, _: &mut At<'_>, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            other => fault("UnknownOperationException", format!("the simulated ssm-contacts has no {other}")),
        }
    }
}
