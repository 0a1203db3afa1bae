//! Reads live state: the organization first, then all accounts in parallel, each kind by one listing.
//! What can't be read is recorded as unreadable, and never taken for "not there".

use super::organization;
use super::sessions::{Entrance, list};
use crate::aws::{Names, Session, Wanted};
use crate::kinds::{Kind, Row, Scope, TABLE, Vpc, row};
use crate::model::{Account, KindName, RemoteId};
use crate::plan::{Desired, Found, Live, Stranger};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Accounts read at once. Each has limits of its own at AWS, so this bounds our connections and memory: 32 are well past the
/// point where more would make a run on a usual network any shorter.
pub(super) const ACCOUNTS_AT_ONCE: usize = 32;

/// What to read: some accounts whole. Of the others VPCs alone, since a new range must avoid theirs.
#[derive(Clone, Debug, Default)]
pub struct Selection(pub Option<BTreeSet<Account>>);

/// How far the reading has come, for progress bars.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// The organization has been read; so many accounts follow.
    Accounts(usize),
    Read(&'a Account),
}

/// What was read in one account.
type Part = (Account, Live);

impl Selection {
    pub fn holds(&self, account: &Account) -> bool {
        self.0.as_ref().is_none_or(|accounts| accounts.contains(account))
    }
}

/// Reads live state of the estate's accounts.
pub async fn read(entrance: &Entrance, desired: &Desired, selection: &Selection, mut on: impl FnMut(Progress<'_>)) -> Live {
    let names = Arc::new(names(desired));
    let wanted = Arc::new(wanted(desired));
    let management = entrance.management.declaring(names.clone()).for_one_read(wanted.clone());
    let (mut live, accounts) = organization::read(&management, desired).await;
    on(Progress::Accounts(accounts.len()));
    let mut tasks = start(entrance, &management, (desired, &names, &wanted), selection, accounts);
    while let Some(joined) = tasks.join_next().await {
        let (account, part) = joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        on(Progress::Read(&account));
        merge(&mut live, part);
    }
    // Tasks end in any order; strangers are the one list among maps.
    live.strangers.sort_by(|a, b| (&a.account, &a.id).cmp(&(&b.account, &b.id)));
    forgive(&mut live, desired);
    live
}

/// The declared names, for kinds that can only be asked for one by one.
pub(super) fn names(desired: &Desired) -> Names {
    let mut names = Names::new();
    for at in desired.resources.keys() {
        names.entry((at.account.clone(), at.kind.clone())).or_default().insert(at.name.clone());
    }
    names
}

/// What the declared resources tell their readers.
fn wanted(desired: &Desired) -> Wanted {
    desired.resources.iter().filter_map(|(at, resource)| Some((at.clone(), resource.spec.tells()?))).collect()
}

/// Forgets that a service could not be read which the organization need not have, where nothing of it is declared.
fn forgive(live: &mut Live, desired: &Desired) {
    let declared: BTreeSet<&KindName> = desired.resources.keys().map(|at| &at.kind).collect();
    for kinds in live.unreadable.values_mut() {
        kinds.retain(|kind, _| declared.contains(kind) || row(kind).is_none_or(|row| !row.optional));
    }
    live.unreadable.retain(|_, kinds| !kinds.is_empty());
}

fn start(
    entrance: &Entrance,
    management: &Session,
    (desired, names, wanted): (&Desired, &Arc<Names>, &Arc<Wanted>),
    selection: &Selection,
    accounts: BTreeMap<Account, RemoteId>,
) -> JoinSet<Part> {
    let places = Arc::new(Semaphore::new(ACCOUNTS_AT_ONCE));
    let mut tasks = JoinSet::new();
    for (account, id) in accounts {
        let (inside, managed) = kinds_in(desired, selection.holds(&account));
        // What is in a retired account goes with it. Until then its VPCs have their ranges, as those of all others do.
        let retires = desired.estate.retired.accounts.contains(&account);
        let inside = inside.into_iter().filter(|kind| !retires || *kind == Vpc::NAME).collect::<Vec<_>>();
        let (connection, caller, places) = (entrance.connection.clone(), entrance.caller.clone(), places.clone());
        let (managing, names, wanted) = (management.managing(&account, &id), names.clone(), wanted.clone());
        tasks.spawn(async move {
            // The semaphore is never closed, so there always is a permit to wait for.
            let _place = places.acquire_owned().await;
            // Opened only now and closed with the task: clients exist for the accounts that are being read, not for all.
            let session = Arc::new(connection.member(&caller, &account, &id).declaring(names).for_one_read(wanted));
            let mut part = read_account(&session, &inside).await;
            let managing = managing.with_inside(session);
            for kind in &managed {
                read_kind(&managing, kind, &mut part).await;
            }
            (account, part)
        });
    }
    tasks
}

/// The kinds to read in an account and those to read about it, in the order of the table, where a kind comes after those it refers to.
fn kinds_in(desired: &Desired, whole: bool) -> (Vec<KindName>, Vec<KindName>) {
    let read = |row: &&Row| desired.kinds.contains(&row.kind) && (whole || row.kind == Vpc::NAME);
    let of = |scopes: &[Scope]| {
        let rows = TABLE.iter().filter(|row| scopes.contains(&row.scope)).filter(read);
        rows.map(|row| row.kind.clone()).collect()
    };
    (of(&[Scope::Global, Scope::Regional]), of(&[Scope::Managed]))
}

pub(super) async fn read_account(session: &Session, kinds: &[KindName]) -> Live {
    let mut live = Live::default();
    if let Err(error) = session.enter().await {
        let unreadable = kinds.iter().map(|kind| (kind.clone(), error.to_string())).collect();
        live.unreadable.insert(session.account().clone(), unreadable);
        return live;
    }
    for kind in kinds {
        read_kind(session, kind, &mut live).await;
    }
    live
}

/// Reads one kind into `live`.
pub(super) async fn read_kind(session: &Session, kind: &KindName, live: &mut Live) {
    let account = session.account();
    let all = match list(session, kind).await {
        Ok(all) => all,
        Err(error) => {
            live.unreadable.entry(account.clone()).or_default().insert(kind.clone(), error.to_string());
            return;
        }
    };
    for (address, id, spec) in all {
        match address {
            None => live.strangers.push(Stranger { account: account.clone(), id, spec }),
            Some(address) => match live.found.get(&address) {
                None => drop(live.found.insert(address, Found { id, spec })),
                Some(first) => live.twins.entry(address).or_insert_with(|| vec![first.id.clone()]).push(id),
            },
        }
    }
}

pub(super) fn merge(live: &mut Live, part: Live) {
    let Live { found, strangers, twins, unreadable } = part;
    live.found.extend(found);
    live.strangers.extend(strangers);
    live.twins.extend(twins);
    for (account, kinds) in unreadable {
        live.unreadable.entry(account).or_default().extend(kinds);
    }
}
