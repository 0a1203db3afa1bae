//! The directory of a session: which AWS id an address has, and back. The only place where ids and names meet.

use crate::model::{Account, Address, KindName, Reference, RemoteId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// What a session has learnt so far; filled by reads and creates, asked by drivers.
#[derive(Debug, Default)]
pub struct Directory(Mutex<Entries>);

#[derive(Debug, Default)]
struct Entries {
    ids: BTreeMap<Address, RemoteId>,
    addresses: BTreeMap<(KindName, RemoteId), Address>,
    listed: BTreeSet<(Account, KindName)>,
}

impl Directory {
    /// Learns that a resource is there.
    pub fn learn(&self, address: &Address, id: &RemoteId) {
        let mut entries = self.entries();
        entries.addresses.insert((address.kind.clone(), id.clone()), address.clone());
        entries.ids.insert(address.clone(), id.clone());
    }

    /// Learns that a resource is gone.
    pub fn forget(&self, address: &Address) {
        let mut entries = self.entries();
        if let Some(id) = entries.ids.remove(address) {
            entries.addresses.remove(&(address.kind.clone(), id));
        }
    }

    /// Records that all resources of a kind in an account have been listed.
    pub fn mark_listed(&self, account: &Account, kind: &KindName) {
        self.entries().listed.insert((account.clone(), kind.clone()));
    }

    /// Whether all resources of a kind in an account have been listed.
    pub fn is_listed(&self, account: &Account, kind: &KindName) -> bool {
        self.entries().listed.contains(&(account.clone(), kind.clone()))
    }

    /// The ids of all resources of a kind in an account.
    pub fn ids(&self, account: &Account, kind: &KindName) -> Vec<RemoteId> {
        let entries = self.entries();
        let of_kind = entries.ids.iter().filter(|(at, _)| at.account == *account && at.kind == *kind);
        of_kind.map(|(_, id)| id.clone()).collect()
    }

    /// The id behind an address.
    pub fn id(&self, address: &Address) -> Option<RemoteId> {
        self.entries().ids.get(address).cloned()
    }

    /// The name behind an id, as a spec in `account` would write it; a stranger is named by its id.
    pub fn reference(&self, account: &Account, kind: &KindName, id: &str) -> Option<Reference> {
        let entries = self.entries();
        let found = entries.addresses.get(&(kind.clone(), RemoteId::from(id)));
        let Some(address) = found else {
            return id.parse().ok().map(|name| Reference::here(kind.clone(), name));
        };
        let elsewhere = (address.account != *account).then(|| address.account.clone());
        Some(Reference { account: elsewhere, kind: kind.clone(), name: address.name.clone() })
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        // A panic while holding the lock leaves whole entries behind: each method makes one insert or remove at a time.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_meet_here() {
        let directory = Directory::default();
        let address: Address = "payments/prod/us-west-2/vpc/main".parse().unwrap();
        directory.learn(&address, &"vpc-1".into());
        let seen = |id| directory.reference(&address.account, &address.kind, id).unwrap().to_string();
        assert_eq!(seen("vpc-1"), "vpc/main");
        assert_eq!(seen("vpc-2"), "vpc/vpc-2", "a stranger is named by its id");
        let elsewhere = directory.reference(&Account::Management, &address.kind, "vpc-1").unwrap();
        assert_eq!(elsewhere.to_string(), "payments/prod:vpc/main");
        directory.forget(&address);
        assert_eq!(directory.id(&address), None);
    }
}
