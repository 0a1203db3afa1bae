//! What somebody else deletes or changes, of every kind: the plan says exactly that, and apply puts it right.

use crate::emulator::Emulator;
use crate::fields::{Estate, apply, planned};
use landfall::aws::{Access, Connection, Options, Session};
use landfall::cloud::{Entrance, enter};
use landfall::kinds::{self, OUTSIDE, Row, Scope, Spec, TABLE};
use landfall::model::{Account, Address, Reference};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything of ours that lives, by address, and whoever may change it.
struct Live {
    sessions: BTreeMap<Address, Arc<Session>>,
    specs: BTreeMap<Address, Spec>,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_by_somebody_else_is_planned_and_made_again() {
    let emulator = Emulator::start().await;
    let (estate, mut calls) = (Estate::with(&[]), BTreeSet::new());
    apply(&emulator, estate.root(), &mut calls);
    let live = live(&emulator).await;
    let needed: BTreeSet<Reference> = live.specs.values().flat_map(Spec::needs).collect();
    let is_needed = |at: &Address| needed.iter().any(|need| need.kind == at.kind && need.name == at.name);
    let leaves: Vec<&Address> = live.specs.keys().filter(|at| row(at).is_deletable() && !is_needed(at)).collect();
    let kinds: BTreeSet<_> = leaves.iter().map(|at| &at.kind).collect();
    delete(&live, &leaves).await;
    let expected = leaves.iter().map(|at| (format!("{}/{}", at.kind, at.name), "create".to_owned())).collect();
    assert_eq!(planned(&emulator, estate.root(), &mut calls), expected, "{kinds:?}");
    apply(&emulator, estate.root(), &mut calls);
    assert_eq!(planned(&emulator, estate.root(), &mut calls), BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_somebody_emptied_is_filled_again() {
    let emulator = Emulator::start().await;
    let (estate, mut calls) = (Estate::with(&[]), BTreeSet::new());
    apply(&emulator, estate.root(), &mut calls);
    let live = live(&emulator).await;
    let mut all: Vec<&Address> = live.specs.keys().filter(|at| row(at).is_deletable()).collect();
    all.sort_by_key(|at| std::cmp::Reverse(TABLE.iter().position(|row| row.kind == at.kind)));
    delete(&live, &all).await;
    let expected = all.iter().map(|at| (format!("{}/{}", at.kind, at.name), "create".to_owned())).collect();
    assert_eq!(planned(&emulator, estate.root(), &mut calls), expected);
    apply(&emulator, estate.root(), &mut calls);
    assert_eq!(planned(&emulator, estate.root(), &mut calls), BTreeSet::new());
}

trait Deletable {
    fn is_deletable(&self) -> bool;
}

impl Deletable for Row {
    /// Settings are never deleted, accounts are closed, and what is outside of AWS has tests of its own.
    fn is_deletable(&self) -> bool {
        let of_aws = self.reads.iter().all(|action| OUTSIDE.iter().all(|service| !action.starts_with(service)));
        !self.setting && of_aws && matches!(self.scope, Scope::Global | Scope::Regional)
    }
}

fn row(at: &Address) -> &'static Row {
    kinds::row(&at.kind).unwrap()
}

async fn delete(live: &Live, all: &[&Address]) {
    for at in all {
        let session = &live.sessions[*at];
        let seen = Spec::find(session, at).await.unwrap().unwrap_or_else(|| panic!("{at} lives"));
        seen.spec.delete(session, at, &seen.id).await.unwrap();
    }
}

/// Reads the account as a run would, kind by kind in the order of the table.
async fn live(emulator: &Emulator) -> Live {
    let entrance = entrance(emulator).await;
    let account: Account = "shop/prod".parse().unwrap();
    let id = crate::live::account(emulator, "aws+shop-prod@acme.example").await.id;
    let session = Arc::new(entrance.connection.member(&entrance.caller, &account, &id.as_str().into()));
    let mut live = Live { sessions: BTreeMap::new(), specs: BTreeMap::new() };
    for row in TABLE.iter().filter(|row| row.is_deletable()) {
        for seen in Spec::read(&row.kind, &session).await.unwrap() {
            let Some(name) = seen.name else { continue };
            let address = Address { account: account.clone(), region: row.scope.region(session.region()), kind: row.kind.clone(), name };
            session.directory().learn(&address, &seen.id);
            live.sessions.insert(address.clone(), session.clone());
            live.specs.insert(address, seen.spec);
        }
    }
    live
}

async fn entrance(emulator: &Emulator) -> Entrance {
    let access = Access { reads: Arc::new(kinds::reads()), inside: Arc::new(kinds::reads_inside()), writes: true };
    let options = Options {
        region: crate::emulator::REGION.parse().unwrap(),
        role: crate::emulator::ROLE.to_owned(),
        access,
        on_call: Arc::new(|_| {}),
    };
    enter(Connection::emulated(options, &emulator.endpoint()).await).await.unwrap()
}
