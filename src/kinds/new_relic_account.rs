//! `new-relic-account`: a New Relic account for a domain and environment. Never made twice: each creation is announced in the journal.

use super::new_relic_journal::{self as journal, Entry};
use super::{Driver, Held, Kind, Scope, Seen, Tags};
use crate::aws::{CallError, Fault, Session};
use crate::model::{Address, Change, Effect, KindName, Name, Reference, RemoteId};
use crate::outside::new_relic::ManagedAccount;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A New Relic account. Landfall knows it by the id in its journal, an SSM parameter of the management account: names are not unique there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelicAccount {
    /// What New Relic shows as the account's name, such as `acme-catalog-prod`. Should be unlike any other's.
    pub name: String,
    /// Found, never declared: that a run ended before it could write down the id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub unsettled: Option<String>,
}

impl Kind for NewRelicAccount {
    const NAME: KindName = KindName::new("new-relic-account");
    const SCOPE: Scope = Scope::Managed;
    const OPTIONAL: bool = true;
    const ABOUT: &'static str = "A New Relic account for one AWS account. Found by the id in Landfall's journal, because names are not unique there.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &["ssm:GetParameter", "ssm:GetParametersByPath", "newrelic:ListAccounts"];
    const WRITES: &'static [&'static str] =
        &["ssm:PutParameter", "ssm:DeleteParameter", "newrelic:CreateAccount", "newrelic:UpdateAccount", "newrelic:CancelAccount"];

    fn changes(live: &NewRelicAccount, want: &NewRelicAccount) -> Vec<Change> {
        let NewRelicAccount { name, unsettled } = live;
        let NewRelicAccount { name: want_name, unsettled: want_unsettled } = want;
        let name = Change::of("name", name, want_name);
        let unsettled = Change::of_option("unsettled", unsettled, want_unsettled);
        name.into_iter().chain(unsettled).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn held(&self) -> Option<Held> {
        Some(Held::along("canceling a New Relic account loses the telemetry, dashboards and alerts in it"))
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Driver for NewRelicAccount {
    /// The account that the journal speaks of. Without an entry none is ours, whatever it is called.
    async fn read(at: &Session) -> Result<Vec<Seen<NewRelicAccount>>, CallError> {
        let entry = journal::entry(at).await?;
        // Where one is declared, New Relic is asked in any case: that it can't be should show in the plan.
        if entry.is_none() && at.declared(&Self::NAME).is_empty() {
            return Ok(Vec::new());
        }
        let accounts = at.outside().new_relic.accounts(at.account()).await?;
        let Some(entry) = entry else { return Ok(Vec::new()) };
        Ok(entry.among(&accounts)?.map(|account| see(&entry, account)).into_iter().collect())
    }

    async fn create(at: &Session, _: &Address, want: &NewRelicAccount) -> Result<RemoteId, CallError> {
        let earlier = journal::entry(at).await?;
        // A run that was cut off may have made it, and New Relic takes its time to show it.
        let found = match &earlier {
            Some(entry) => entry.settled(at).await?,
            None => None,
        };
        let account = match found {
            Some(account) => account,
            None => make(at, want, earlier.is_some()).await?,
        };
        let made = Entry::Made { id: account.id, since: journal::now(at) };
        journal::go_on(at, &made).await?;
        // The next plan is to see it. Should that take longer still: it is in the journal.
        made.settled(at).await?;
        if account.name != want.name {
            at.outside().new_relic.rename_account(at.account(), account.id, &want.name).await?;
        }
        Ok(account.id.to_string().into())
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &NewRelicAccount, changes: &[Change]) -> Result<(), CallError> {
        let id = number(id)?;
        if changes.iter().any(|change| change.field == "unsettled") {
            journal::go_on(at, &Entry::Made { id, since: journal::now(at) }).await?;
        }
        if changes.iter().any(|change| change.field == "name") {
            at.outside().new_relic.rename_account(at.account(), id, &want.name).await?;
        }
        Ok(())
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &NewRelicAccount) -> Result<(), CallError> {
        let id = number(id)?;
        let lives = at.outside().new_relic.accounts(at.account()).await?.iter().any(|account| account.id == id);
        if lives {
            at.outside().new_relic.cancel_account(at.account(), id).await?;
        }
        journal::end(at).await
    }
}

/// Announces the account, and asks for it once.
async fn make(at: &Session, want: &NewRelicAccount, again: bool) -> Result<ManagedAccount, CallError> {
    refuse_strangers(at, want).await?;
    let entry = Entry::Creating { name: want.name.clone(), since: journal::now(at) };
    if again { journal::go_on(at, &entry).await? } else { journal::begin(at, &entry).await? }
    let made = at.outside().new_relic.create_account(at.account(), &want.name).await;
    if made.as_ref().is_err_and(|error| error.fault != Fault::Lost) {
        // Nothing was made, so there is nothing to look for.
        journal::end(at).await?;
    }
    made
}

/// An account of the name that is not in the journal is somebody's: neither taken over nor given a twin.
async fn refuse_strangers(at: &Session, want: &NewRelicAccount) -> Result<(), CallError> {
    let accounts = at.outside().new_relic.accounts(at.account()).await?;
    let named: Vec<&ManagedAccount> = accounts.iter().filter(|account| account.name == want.name).collect();
    match named[..] {
        [] => Ok(()),
        [one] => {
            let message = format!("New Relic has an account named {} already, {}, that is not Landfall's: rename one of the two", want.name, one.id);
            Err(CallError::refused("newrelic:CreateAccount", message))
        }
        _ => Err(journal::twins(&want.name, &named)),
    }
}

fn see(entry: &Entry, account: &ManagedAccount) -> Seen<NewRelicAccount> {
    let unsettled = match entry {
        Entry::Made { .. } => None,
        Entry::Creating { .. } => Some("its id is not in the journal".to_owned()),
    };
    let name: Option<Name> = "main".parse().ok();
    Seen { id: account.id.to_string().into(), name, spec: NewRelicAccount { name: account.name.clone(), unsettled } }
}

/// The id as New Relic counts.
pub(super) fn number(id: &RemoteId) -> Result<u64, CallError> {
    id.as_str().parse().map_err(|_| CallError::refused("newrelic:ListAccounts", format!("{id} is no id of a New Relic account")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_renamed_where_it_is_and_an_unsettled_one_is_settled() {
        let spec = |name: &str| NewRelicAccount { name: name.into(), unsettled: None };
        assert_eq!(NewRelicAccount::changes(&spec("a"), &spec("a")), []);
        let renamed = Change::between("name", Some("a".into()), Some("b".into()));
        assert_eq!(NewRelicAccount::changes(&spec("a"), &spec("b")), [renamed]);
        let entry = Entry::Creating { name: "a".into(), since: 0 };
        let seen = see(&entry, &ManagedAccount { id: 1, name: "a".into(), is_canceled: false });
        let settled = Change::between("unsettled", Some("its id is not in the journal".into()), None);
        assert_eq!(NewRelicAccount::changes(&seen.spec, &spec("a")), [settled]);
    }
}
