//! What AWS holds: every resource found, every stranger, and everything that could not be read.

use crate::kinds::Spec;
use crate::model::{Account, Address, KindName, RemoteId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Live state, as read. Made by `cloud`, and by goldens from a file.
///
/// A declared account that has no `account` resource in `found` does not exist, unless that is unreadable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Live {
    /// What carries our mark.
    pub found: BTreeMap<Address, Found>,
    /// What does not. Never changed, never deleted; its ranges are avoided.
    pub strangers: Vec<Stranger>,
    /// Addresses that more than one resource claims, with the ids of all that do. The first of them is in `found`.
    pub twins: BTreeMap<Address, Vec<RemoteId>>,
    /// What could not be read, and why. Never taken for "not there".
    pub unreadable: BTreeMap<Account, BTreeMap<KindName, String>>,
}

/// A resource of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    pub id: RemoteId,
    pub spec: Spec,
}

/// A resource of somebody else's, in an account of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stranger {
    pub account: Account,
    pub id: RemoteId,
    pub spec: Spec,
}

impl Live {
    /// Whether all resources of a kind in an account are known.
    pub fn is_readable(&self, account: &Account, kind: &KindName) -> bool {
        !self.unreadable.get(account).is_some_and(|kinds| kinds.contains_key(kind))
    }
}
