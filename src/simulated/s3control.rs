//! S3's interface for whole accounts: the block of public access.

use super::At;
use super::wire::{Answer, Asked, fault};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PublicAccess {}

impl PublicAccess {
    pub(super) fn answer(&mut self, _: &mut At<'_>, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            other => fault("UnknownOperationException", format!("the simulated s3control has no {other}")),
        }
    }
}
