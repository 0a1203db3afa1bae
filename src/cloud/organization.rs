//! Reads the organization: its units, and its accounts matched with the declared ones, by email first and by our mark second.

use super::read::read_kind;
use super::sessions::{Entrance, account_address, list};
use crate::aws::{CallError, Session};
use crate::kinds::{self, Kind, OrganizationalUnit, Scope, Spec, TABLE};
use crate::model::{Account, Address, RemoteId};
use crate::plan::{Declared, Desired, Found, Live, Stranger};
use futures::{StreamExt, TryStreamExt};
use std::collections::{BTreeMap, BTreeSet};

/// Marks asked for at once. `ListTagsForResource` allows 10 a second (Organizations quotas); each takes some 100 ms.
const MARKS_AT_ONCE: usize = 5;

/// An account of the organization that is ours.
type Ours = (Address, RemoteId, kinds::Account);

/// Reads units and accounts into a `Live`, and returns the ids of our accounts that are open: the declared ones, and those that carry our mark.
pub(super) async fn read(management: &Session, desired: &Desired) -> (Live, BTreeMap<Account, RemoteId>) {
    let Desired { estate, resources, kinds } = desired;
    let mut live = Live::default();
    let mut ids = BTreeMap::new();
    for row in TABLE.iter().filter(|row| row.scope == Scope::Organization && kinds.contains(&row.kind)) {
        read_kind(management, &row.kind, &mut live).await;
    }
    disown(&mut live, resources);
    let emails = estate.members.iter().map(|(account, member)| (account.clone(), member.email.clone())).collect();
    match ours(management, &emails).await {
        Ok(accounts) => {
            for (address, id, spec) in accounts {
                // One that nobody declares and that is closed is over.
                if spec.status.is_some() && !estate.members.contains_key(&address.account) {
                    continue;
                }
                if spec.status.is_none() {
                    ids.insert(address.account.clone(), id.clone());
                }
                live.found.insert(address, Found { id, spec: Spec::Account(spec) });
            }
        }
        Err(error) => {
            let kinds = live.unreadable.entry(Account::Management).or_default();
            kinds.insert(kinds::Account::NAME, error.to_string());
        }
    }
    (live, ids)
}

/// Leaves to others the units that nobody declares: a unit's mark is its name alone, and any name could be theirs.
fn disown(live: &mut Live, declared: &BTreeMap<Address, Declared>) {
    let is_ours = |address: &Address| address.kind != OrganizationalUnit::NAME || declared.contains_key(address);
    live.twins.retain(|address, _| is_ours(address));
    let theirs = live.found.extract_if(.., |address, _| !is_ours(address));
    live.strangers.extend(theirs.map(|(address, Found { id, spec })| Stranger { account: address.account, id, spec }));
}

/// The accounts of ours that exist and are open: the declared ones, and those that carry our mark.
///
/// # Errors
/// The organization can't be read.
pub async fn open_accounts(entrance: &Entrance, desired: &Desired) -> Result<BTreeSet<Account>, CallError> {
    let (live, ids) = read(&entrance.management, desired).await;
    match live.unreadable.get(&Account::Management).and_then(|kinds| kinds.get(&kinds::Account::NAME)) {
        Some(why) => Err(CallError::refused("organizations:ListAccountsForParent", why.clone())),
        None => Ok(ids.into_keys().collect()),
    }
}

/// Enters units and accounts into the management session's directory, for an apply.
pub(super) async fn learn(management: &Session, emails: &BTreeMap<Account, String>) -> Result<(), CallError> {
    list(management, &OrganizationalUnit::NAME).await?;
    for (address, id, _) in ours(management, emails).await? {
        management.directory().learn(&address, &id);
    }
    Ok(())
}

/// The accounts that carry a declared email, and those that carry our mark.
///
/// The email is the identity, so it goes first; the mark is asked for only where no declared email matches, which on an
/// estate in order is nowhere: one call fewer for every account.
async fn ours(management: &Session, emails: &BTreeMap<Account, String>) -> Result<Vec<Ours>, CallError> {
    let declared: BTreeMap<String, &Account> = emails.iter().map(|(account, email)| (email.to_lowercase(), account)).collect();
    let (known, unknown): (Vec<_>, Vec<_>) = <kinds::Account as kinds::Driver>::read(management)
        .await?
        .into_iter()
        .partition(|seen| declared.contains_key(&seen.spec.email.to_lowercase()));
    let by_email = known.into_iter().map(|seen| (account_address(declared[&seen.spec.email.to_lowercase()]), seen.id, seen.spec));
    let mut all: Vec<Ours> = by_email.collect();
    let taken: BTreeSet<Address> = all.iter().map(|(address, ..)| address.clone()).collect();
    let others = unknown.into_iter().filter(|seen| seen.id != *management.account_id());
    let marked = futures::stream::iter(others.map(|seen| async move {
        let mark = kinds::account::mark(management, &seen.id).await?;
        Ok::<_, CallError>(mark.map(|address| (address, seen.id, seen.spec)))
    }));
    let marked: Vec<Ours> = marked.buffered(MARKS_AT_ONCE).try_filter_map(async |found| Ok(found)).try_collect().await?;
    all.extend(marked.into_iter().filter(|(address, ..)| !taken.contains(address)));
    Ok(all)
}
