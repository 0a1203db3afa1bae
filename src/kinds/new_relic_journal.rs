//! The journal of New Relic accounts: what was asked for and what came of it, one SSM parameter of the management account to each.
//! New Relic has neither unique names nor idempotency keys, so the intention is written down before the request is sent.

use crate::aws::{CallError, Fault, Session, or_missing};
use crate::outside::new_relic::ManagedAccount;
use aws_sdk_ssm::types::ParameterType;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// What the journal says of one New Relic account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Entry {
    /// An account of this name is about to be made, or was, and nobody lived to tell.
    Creating { name: String, since: u64 },
    /// It was made, and this is its id.
    Made { id: u64, since: u64 },
}

/// A new account can be missing from listings for some 10 s (New Relic's Terraform provider waits as long). Six times that.
const VISIBLE_AFTER: Duration = Duration::from_secs(60);
/// Between two looks at the listing.
const PAUSE: Duration = Duration::from_secs(2);

/// Where all entries are.
const PATH: &str = "/landfall/new-relic/";

/// Where the entry of the session's account is.
fn path(at: &Session) -> String {
    format!("{PATH}{}", at.account())
}

/// The entry, if there is one.
pub(super) async fn entry(at: &Session) -> Result<Option<Entry>, CallError> {
    let text = match at.reads_all() {
        true => listed(at).await?.get(&path(at)).cloned(),
        false => {
            let answer = or_missing(at.ssm().get_parameter().name(path(at)).send().await.map_err(CallError::from))?;
            answer.and_then(|answer| answer.parameter?.value)
        }
    };
    let odd = || CallError::refused("ssm:GetParameter", format!("{} holds no entry of Landfall's journal", path(at)));
    text.map(|text| serde_json::from_str(&text).map_err(|_| odd())).transpose()
}

/// All entries, by their names: ten a call, for all accounts.
async fn listed(at: &Session) -> Result<Arc<BTreeMap<String, String>>, CallError> {
    let at = &at.for_all();
    at.once("new-relic-journal", async {
        let mut pages = at.ssm().get_parameters_by_path().path(PATH).recursive(true).into_paginator().send();
        let mut all = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let found = page?.parameters.unwrap_or_default();
            all.extend(found.into_iter().filter_map(|found| Some((found.name?, found.value?))));
        }
        Ok(all)
    })
    .await
}

/// Writes the first entry. Two runs at once can't both succeed: AWS lets only one make the parameter.
pub(super) async fn begin(at: &Session, entry: &Entry) -> Result<(), CallError> {
    write(at, entry, false).await.map_err(|error| match error.fault {
        Fault::Exists => CallError { fault: Fault::Busy, message: "another run is making this New Relic account".to_owned(), ..error },
        _ => error,
    })
}

/// Writes the next entry over the one that is there.
pub(super) async fn go_on(at: &Session, entry: &Entry) -> Result<(), CallError> {
    write(at, entry, true).await
}

async fn write(at: &Session, entry: &Entry, over: bool) -> Result<(), CallError> {
    let text = serde_json::json!(entry).to_string();
    let call = at.ssm().put_parameter().name(path(at)).value(text).r#type(ParameterType::String).overwrite(over);
    call.description("Landfall's journal of a New Relic account").send().await?;
    Ok(())
}

/// Takes the entry out.
pub(super) async fn end(at: &Session) -> Result<(), CallError> {
    or_missing(at.ssm().delete_parameter().name(path(at)).send().await.map_err(CallError::from)).map(drop)
}

/// The time, as entries hold it.
pub(super) fn now(at: &Session) -> u64 {
    at.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl Entry {
    /// The account that the entry speaks of, among those there are.
    ///
    /// # Errors
    /// `Refused` when several could be meant: nobody knows which.
    pub fn among<'a>(&self, accounts: &'a [ManagedAccount]) -> Result<Option<&'a ManagedAccount>, CallError> {
        match self {
            Entry::Made { id, since: _ } => Ok(accounts.iter().find(|account| account.id == *id)),
            Entry::Creating { name, since: _ } => {
                let named: Vec<&ManagedAccount> = accounts.iter().filter(|account| account.name == *name).collect();
                if named.len() > 1 { Err(twins(name, &named)) } else { Ok(named.first().copied()) }
            }
        }
    }

    fn since(&self) -> u64 {
        match self {
            Entry::Creating { name: _, since } | Entry::Made { id: _, since } => *since,
        }
    }

    /// The account that the entry speaks of, once it has had the time to show in listings.
    ///
    /// # Errors
    /// Those of listing, and of `among`.
    pub async fn settled(&self, at: &Session) -> Result<Option<ManagedAccount>, CallError> {
        let age = Duration::from_secs(now(at).saturating_sub(self.since()));
        let mut left = VISIBLE_AFTER.saturating_sub(age);
        loop {
            let accounts = at.outside().new_relic.accounts(at.account()).await?;
            match self.among(&accounts)? {
                None if !left.is_zero() => tokio::time::sleep(PAUSE).await,
                found => return Ok(found.cloned()),
            }
            left = left.saturating_sub(PAUSE);
        }
    }
}

/// Several accounts of a name, where one is meant.
pub(super) fn twins(name: &str, named: &[&ManagedAccount]) -> CallError {
    let ids = crate::model::show(named.iter().map(|account| account.id));
    let message = format!("New Relic has several accounts named {name}: {ids}. Cancel or rename all but the one to keep, then run again");
    CallError::refused("newrelic:ListAccounts", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: u64, name: &str) -> ManagedAccount {
        ManagedAccount { id, name: name.into(), is_canceled: false }
    }

    #[test]
    fn an_entry_knows_its_account() {
        let accounts = [account(1, "acme-catalog-prod"), account(2, "renamed"), account(3, "twin"), account(4, "twin")];
        let creating = |name: &str| Entry::Creating { name: name.into(), since: 0 };
        assert_eq!(creating("acme-catalog-prod").among(&accounts).unwrap().unwrap().id, 1);
        assert_eq!(creating("acme-catalog-dev").among(&accounts), Ok(None));
        assert_eq!(Entry::Made { id: 2, since: 0 }.among(&accounts).unwrap().unwrap().name, "renamed");
        assert_eq!(Entry::Made { id: 9, since: 0 }.among(&accounts), Ok(None));
        let error = creating("twin").among(&accounts).unwrap_err();
        assert!(error.message.starts_with("New Relic has several accounts named twin: 3, 4."), "{error}");
    }

    #[test]
    fn entries_read_as_they_are_written() {
        let text = r#"{"state":"creating","name":"acme-catalog-prod","since":1790000000}"#;
        let entry = Entry::Creating { name: "acme-catalog-prod".into(), since: 1_790_000_000 };
        assert_eq!(serde_json::json!(entry), serde_json::from_str::<serde_json::Value>(text).unwrap());
        assert_eq!(serde_json::from_str::<Entry>(text).unwrap(), entry);
        assert!(serde_json::from_str::<Entry>(r#"{"state":"gone"}"#).is_err());
    }
}
