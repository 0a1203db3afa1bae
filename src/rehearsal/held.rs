//! What there is by now, account by account: an estate has tens of thousands of resources, and every question is about one account.

use crate::kinds::Spec;
use crate::model::{Account, Address};
use crate::plan::{Live, Stranger};
use std::collections::BTreeMap;

/// Resources of ours, and of others.
pub(super) struct Held<'a> {
    ours: BTreeMap<Account, BTreeMap<Address, Spec>>,
    strangers: BTreeMap<&'a Account, Vec<&'a Stranger>>,
}

impl<'a> Held<'a> {
    pub fn of(live: &'a Live) -> Held<'a> {
        let mut held = Held { ours: BTreeMap::new(), strangers: BTreeMap::new() };
        live.found.iter().for_each(|(at, found)| held.insert(at.clone(), found.spec.clone()));
        live.strangers.iter().for_each(|stranger| held.strangers.entry(&stranger.account).or_default().push(stranger));
        held
    }

    pub fn get(&self, at: &Address) -> Option<&Spec> {
        self.ours.get(&at.account)?.get(at)
    }

    pub fn contains(&self, at: &Address) -> bool {
        self.get(at).is_some()
    }

    pub fn insert(&mut self, at: Address, spec: Spec) {
        self.ours.entry(at.account.clone()).or_default().insert(at, spec);
    }

    pub fn remove(&mut self, at: &Address) {
        if let Some(ours) = self.ours.get_mut(&at.account) {
            ours.remove(at);
        }
    }

    /// What is ours in an account.
    pub fn ours(&self, account: &Account) -> impl Iterator<Item = (&Address, &Spec)> {
        self.ours.get(account).into_iter().flatten()
    }

    /// What is not.
    pub fn strangers(&self, account: &Account) -> impl Iterator<Item = &'a Stranger> {
        self.strangers.get(account).into_iter().flatten().copied()
    }

    /// The VPC that every new account has, and that looks the same in all of them (VPC user guide, "Default VPC components"), goes, with
    /// what is in it.
    pub fn without_default_vpc(&mut self, account: &Account) {
        let is_default = |spec: &Spec| spec.range().is_some_and(|range| range.to_string() == "172.31.0.0/16");
        let Some(strangers) = self.strangers.get_mut(account) else { return };
        let Some(vpc) = strangers.iter().find(|other| is_default(&other.spec)).map(|vpc| vpc.id.clone()) else { return };
        let is_in = |spec: &Spec| spec.needs().iter().any(|need| need.name.as_str() == vpc.as_str());
        strangers.retain(|other| other.id != vpc && !is_in(&other.spec));
    }
}
