//! AWS Service Quotas: what is allowed, and what was asked for.

use super::At;
use super::wire::{Answer, Asked, fault};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Quotas {}

impl Quotas {
    pub(super) fn answer(&mut self, _: &mut At<'_>, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            other => fault("UnknownOperationException", format!("the simulated servicequotas has no {other}")),
        }
    }
}
