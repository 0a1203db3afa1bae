//! What the files ask for: every resource of every account, with the line that asked.

use super::{Notices, Rollout};
use crate::kinds::Spec;
use crate::model::{Account, Address, Approvals, KindName, Name, Place, Region};
use ipnet::Ipv4Net;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that one domains file and its modules describe. Made by `config`.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    pub estate: Estate,
    pub resources: BTreeMap<Address, Declared>,
    /// The kinds to read: those that the modules name, switched on or off, and all that may live unnamed and would have to be deleted.
    /// Settings need not be read when nobody names them, nor services that the organization may not even have.
    pub kinds: BTreeSet<KindName>,
}

/// What is true of the organization as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Estate {
    pub name: Name,
    pub home_region: Region,
    /// The role that the management account assumes in member accounts.
    pub access_role: String,
    /// The role that it assumes there to plan; the same one, unless the files name another.
    pub plan_role: String,
    /// Where VPC ranges come from, in order of preference.
    pub pools: Vec<Ipv4Net>,
    /// Ranges inside the pools that belong to somebody else, by name.
    pub reserved: BTreeMap<String, Ipv4Net>,
    /// How changes reach the accounts.
    pub rollout: Rollout,
    pub approvals: Approvals,
    /// Who hears of an apply.
    pub notices: Notices,
    pub members: BTreeMap<Account, Member>,
    /// What may be given up for good.
    pub retired: Retired,
}

/// What the files allow to be lost: accounts that are closed, and resources that are deleted although they hold what nobody gets back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retired {
    pub accounts: BTreeSet<Account>,
    pub resources: BTreeSet<Address>,
}

/// What is true of one declared account.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The address that the account is found by.
    pub email: String,
    pub team: Name,
    pub place: Place,
}

/// One declared resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// Complete but for address ranges, which the planner chooses.
    pub spec: Spec,
    pub module: Name,
    pub place: Place,
}
