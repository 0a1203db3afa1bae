//! Sessions of a run: the management account's, and one for each member account, opened on first use.

use crate::aws::{CallError, Caller, Connection, Session};
use crate::kinds::{Kind, Spec};
use crate::kinds::{account, row};
use crate::model::{Account, Address, KindName, Name, RemoteId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The open way into an organization: who we are, and the management account's session.
pub struct Entrance {
    pub connection: Arc<Connection>,
    pub caller: Caller,
    pub management: Arc<Session>,
}

/// Finds out who we are, and that we are in the management account.
///
/// # Errors
/// Missing credentials, no organization, or credentials of another account of it.
pub async fn enter(connection: Connection) -> Result<Entrance, CallError> {
    let caller = connection.caller().await?;
    let management = connection.management(&caller);
    let answer = management.organizations().describe_organization().send().await?;
    let master = answer.organization().and_then(|organization| organization.master_account_id());
    if master != Some(caller.account_id.as_str()) {
        let message = format!(
            "these credentials are of account {}, and the organization's management account is {}",
            caller.account_id,
            master.unwrap_or("unknown")
        );
        return Err(CallError::refused("organizations:DescribeOrganization", message));
    }
    Ok(Entrance { connection: Arc::new(connection), caller, management: Arc::new(management) })
}

/// The address under which an account's own resource is known.
pub(super) fn account_address(account: &Account) -> Address {
    let name: Name = "main".parse().expect("`main` is a name");
    Address { account: account.clone(), region: crate::model::Region::GLOBAL, kind: account::Account::NAME, name }
}

/// Member sessions by account, each kept for as long as its account is being worked on.
#[derive(Default)]
pub(super) struct Sessions(Mutex<BTreeMap<Account, Arc<Session>>>);

impl Sessions {
    /// The session of an account whose id the management session's directory knows.
    pub fn of(&self, entrance: &Entrance, account: &Account) -> Result<Arc<Session>, CallError> {
        let id = self.id_of(entrance, account)?;
        Ok(self.kept(account, || entrance.connection.member(&entrance.caller, account, &id)))
    }

    /// The session of one that this run has nothing to do in, and only looks at.
    pub fn visiting(&self, entrance: &Entrance, account: &Account) -> Result<Arc<Session>, CallError> {
        let id = self.id_of(entrance, account)?;
        Ok(self.kept(account, || entrance.connection.visitor(&entrance.caller, account, &id)))
    }

    fn kept(&self, account: &Account, open: impl FnOnce() -> Session) -> Arc<Session> {
        lock(&self.0).entry(account.clone()).or_insert_with(|| Arc::new(open())).clone()
    }

    /// Lets go of an account's session. Whoever needs one again opens another.
    pub fn drop(&self, account: &Account) {
        lock(&self.0).remove(account);
    }

    /// The id of an account, as the management session's directory knows it.
    pub fn id_of(&self, entrance: &Entrance, account: &Account) -> Result<RemoteId, CallError> {
        let unknown = || CallError::missing("landfall:Directory", format!("the account {account} does not exist (yet)"));
        entrance.management.directory().id(&account_address(account)).ok_or_else(unknown)
    }
}

/// Locks what steps share. A panic elsewhere leaves nothing half done behind these locks: each is held for one insert or look.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads all resources of a kind and enters the ones of ours into the session's directory.
pub(super) async fn list(session: &Session, kind: &KindName) -> Result<Vec<(Option<Address>, RemoteId, Spec)>, CallError> {
    let seen = Spec::read(kind, session).await?;
    let region = row(kind).map_or(crate::model::Region::GLOBAL, |row| row.scope.region(session.region()));
    let address = |name| Address { account: session.account().clone(), region: region.clone(), kind: kind.clone(), name };
    let all: Vec<_> = seen.into_iter().map(|seen| (seen.name.map(address), seen.id, seen.spec)).collect();
    for (address, id, _) in &all {
        if let Some(address) = address {
            session.directory().learn(address, id);
        }
    }
    session.directory().mark_listed(session.account(), kind);
    Ok(all)
}
