//! What somebody else deletes or changes, of every kind: the plan says exactly that, and apply puts it right.

use crate::emulator::Emulator;
use crate::fields::{Estate, apply, people, planned};
use landfall::aws::{Access, Connection, Options, Session};
use landfall::cloud::{Entrance, enter};
use landfall::kinds::{self, OUTSIDE, Row, Scope, Spec, TABLE};
use landfall::model::{Account, Address, Reference, Turn};
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
    people(&emulator).await;
    let (estate, mut calls) = (Estate::with(&[]), BTreeSet::new());
    apply(&emulator, estate.root(), &mut calls);
    let live = live(&emulator).await;
    let needed: BTreeSet<Reference> = live.specs.values().flat_map(Spec::needs).collect();
    let is_needed = |at: &Address| needed.iter().any(|need| need.kind == at.kind && need.name == at.name);
    // What is pending waits for somebody, and AWS has no call that takes an invitation back.
    let lapses = |at: &Address| at.kind.as_str() == "sns-subscription" && live.specs[at].pending().is_some();
    let leaves: Vec<&Address> = live.specs.keys().filter(|at| !is_needed(at) && !lapses(at)).collect();
    let kinds: BTreeSet<_> = leaves.iter().map(|at| &at.kind).collect();
    delete(&live, &leaves).await;
    let mut expected: BTreeSet<_> = leaves.iter().map(|at| (format!("{}/{}", at.kind, at.name), "create".to_owned())).collect();
    expected.extend(KEY.map(|(of, what)| (of.to_owned(), what.to_owned())));
    let planned_now: BTreeSet<(String, String)> = planned(&emulator, estate.root(), &mut calls);
    assert_eq!(planned_now.symmetric_difference(&expected).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "{kinds:?}");
    apply(&emulator, estate.root(), &mut calls);
    assert_eq!(planned(&emulator, estate.root(), &mut calls), BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_somebody_emptied_is_filled_again() {
    let emulator = Emulator::start().await;
    people(&emulator).await;
    let (estate, mut calls) = (Estate::with(&[]), BTreeSet::new());
    apply(&emulator, estate.root(), &mut calls);
    let live = live(&emulator).await;
    let mut all: Vec<&Address> = live.specs.keys().collect();
    all.sort_by_key(|at| std::cmp::Reverse(TABLE.iter().position(|row| row.kind == at.kind)));
    delete(&live, &all).await;
    let mut expected: BTreeSet<_> = all.iter().map(|at| (format!("{}/{}", at.kind, at.name), "create".to_owned())).collect();
    // It went with its VPC.
    expected.insert(("default-security-group/main".to_owned(), "create".to_owned()));
    expected.extend(KEY.map(|(of, what)| (of.to_owned(), what.to_owned())));
    let planned_now = planned(&emulator, estate.root(), &mut calls);
    assert_eq!(planned_now.symmetric_difference(&expected).collect::<Vec<_>>(), Vec::<&(String, String)>::new());
    apply(&emulator, estate.root(), &mut calls);
    assert_eq!(planned(&emulator, estate.root(), &mut calls), BTreeSet::new());
}

/// What follows for the key of a user that somebody deleted: it is made and delivered again.
const KEY: [(&str, &str); 2] = [("ci-key/publish", "key"), ("ci-key/publish", "repositories")];

trait Deletable {
    fn is_deletable(&self) -> bool;
    fn is_of_aws(&self) -> bool;
}

impl Deletable for Row {
    /// Settings are never deleted, nor are units and accounts, and what is outside of AWS has tests of its own.
    fn is_deletable(&self) -> bool {
        let never = self.setting || self.scope == Scope::Membership || self.kind.as_str() == "organizational-unit";
        !never && self.is_of_aws()
    }

    fn is_of_aws(&self) -> bool {
        self.reads.iter().all(|action| OUTSIDE.iter().all(|service| !action.starts_with(service)))
    }
}

async fn delete(live: &Live, all: &[&Address]) {
    for at in all {
        let session = &live.sessions[*at];
        let seen = Spec::find(session, at).await.unwrap().unwrap_or_else(|| panic!("{at} lives"));
        seen.spec.delete(session, at, &seen.id).await.unwrap();
    }
}

/// Reads the organization and its account as a run would, kind by kind in the order of the table.
async fn live(emulator: &Emulator) -> Live {
    let entrance = entrance(emulator).await;
    let account: Account = "shop/prod".parse().unwrap();
    let id = crate::live::account(emulator, "aws+shop-prod@acme.example").await.id;
    // An invitation is somebody's only while it is declared.
    let invited = BTreeSet::from(["page-primary/email/ada_at_acme.example".parse().unwrap()]);
    let declared = BTreeMap::from([((account.clone(), "sns-subscription".parse().unwrap()), invited)]);
    let inside = Arc::new(entrance.connection.member(&entrance.caller, &account, &id.as_str().into()).declaring(Arc::new(declared)));
    let managing = Arc::new(entrance.management.managing(&account, &id.as_str().into()).with_inside(inside.clone()));
    let mut live = Live { sessions: BTreeMap::new(), specs: BTreeMap::new() };
    for row in TABLE.iter().filter(|row| row.is_of_aws()) {
        let session = match row.scope {
            Scope::Organization | Scope::Membership => &entrance.management,
            Scope::Managed => &managing,
            Scope::Global | Scope::Regional => &inside,
        };
        for seen in Spec::read(&row.kind, session).await.unwrap() {
            let Some(name) = seen.name else { continue };
            let region = row.scope.region(session.region());
            let address = Address { account: session.account().clone(), region, kind: row.kind.clone(), name };
            session.directory().learn(&address, &seen.id);
            if row.is_deletable() {
                live.sessions.insert(address.clone(), session.clone());
                live.specs.insert(address, seen.spec);
            }
        }
    }
    live
}

async fn entrance(emulator: &Emulator) -> Entrance {
    let access = Access { reads: Arc::new(kinds::reads()), inside: Arc::new(kinds::reads_inside()), writes: true, turn: Turn::default() };
    let options = Options {
        region: crate::emulator::REGION.parse().unwrap(),
        role: crate::emulator::ROLE.to_owned(),
        access,
        on_call: Arc::new(|_| {}),
    };
    enter(Connection::emulated(options, &emulator.endpoint()).await).await.unwrap()
}
