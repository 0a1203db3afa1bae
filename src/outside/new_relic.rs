//! New Relic, as drivers call it: accounts and ingest keys, by NerdGraph. Keys' values stay in memory, in a wrapper that does not print.

use super::Secret;
use super::nerdgraph::{Endpoint, NerdGraph, Operation, error};
use crate::model::{Access, Account, CallError, Fault, OnCall};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::OnceLock;
use tokio::sync::OnceCell;

/// A client of NerdGraph.
pub struct NewRelic {
    nerdgraph: NerdGraph,
    /// All accounts, for a run that only reads: to it they stay as they were when it first asked.
    accounts: OnceCell<Vec<ManagedAccount>>,
}

/// An account of the New Relic organization. Names are not unique.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ManagedAccount {
    pub id: u64,
    pub name: String,
    #[serde(rename = "isCanceled", default)]
    pub is_canceled: bool,
}

/// What an ingest key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum IngestType {
    License,
    Browser,
}

/// A key with which telemetry is sent to one account.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngestKey {
    pub id: String,
    /// None where it was not asked for.
    #[serde(default)]
    pub key: Option<Secret>,
    pub name: Option<String>,
    pub ingest_type: IngestType,
    pub account_id: u64,
}

const LIST_ACCOUNTS: &str =
    "query { actor { organization { accountManagement { managedAccounts(isCanceled: false) { id name isCanceled } } } } }";
const CREATE_ACCOUNT: &str = "mutation($account: AccountManagementCreateInput!) \
    { accountManagementCreateAccount(managedAccount: $account) { managedAccount { id name isCanceled } } }";
const UPDATE_ACCOUNT: &str = "mutation($account: AccountManagementUpdateInput!) \
    { accountManagementUpdateAccount(managedAccount: $account) { managedAccount { id name isCanceled } } }";
const CANCEL_ACCOUNT: &str = "mutation($id: Int!) { accountManagementCancelAccount(id: $id) { id name isCanceled } }";
const LIST_KEYS: &str = "query($query: ApiAccessKeySearchQuery!, $cursor: String) { actor { apiAccess { keySearch(query: $query, cursor: $cursor) \
    { keys { id name ... on ApiAccessIngestKey { accountId ingestType } } nextCursor } } } }";
const REVEAL_KEYS: &str = "query($query: ApiAccessKeySearchQuery!, $cursor: String) { actor { apiAccess { keySearch(query: $query, cursor: $cursor) \
    { keys { id key name ... on ApiAccessIngestKey { accountId ingestType } } nextCursor } } } }";
const CREATE_KEYS: &str = "mutation($keys: ApiAccessCreateInput!) { apiAccessCreateKeys(keys: $keys) \
    { createdKeys { id key name ... on ApiAccessIngestKey { accountId ingestType } } errors { message type } } }";
const DELETE_KEYS: &str = "mutation($keys: ApiAccessDeleteInput!) { apiAccessDeleteKeys(keys: $keys) { deletedKeys { id } errors { message ... on ApiAccessIngestKeyError { errorType } } } }";

impl NewRelic {
    /// A client that finds its key in the environment, once it is needed.
    pub(super) fn new(access: Access, on_call: OnCall) -> NewRelic {
        NewRelic::at(access, on_call, None)
    }

    /// A client of an emulated NerdGraph, which takes any key.
    pub(super) fn emulated(access: Access, on_call: OnCall, url: String) -> NewRelic {
        NewRelic::at(access, on_call, Some(Endpoint { url, key: Secret::new("emulated".to_owned()) }))
    }

    fn at(access: Access, on_call: OnCall, endpoint: Option<Endpoint>) -> NewRelic {
        NewRelic { nerdgraph: NerdGraph { access, on_call, endpoint, client: OnceLock::new() }, accounts: OnceCell::new() }
    }

    /// All accounts that are not canceled. A new one can be missing for some 10 s.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn accounts(&self, whose: &Account) -> Result<Vec<ManagedAccount>, CallError> {
        if self.nerdgraph.access.writes {
            return self.list_accounts(whose).await;
        }
        self.accounts.get_or_try_init(|| self.list_accounts(whose)).await.cloned()
    }

    async fn list_accounts(&self, whose: &Account) -> Result<Vec<ManagedAccount>, CallError> {
        let operation = operation("newrelic:ListAccounts", whose, LIST_ACCOUNTS, json!({}));
        let answer = self.nerdgraph.call(&operation).await?;
        let all: Vec<ManagedAccount> = part(&operation, &answer, "/actor/organization/accountManagement/managedAccounts")?;
        Ok(all.into_iter().filter(|account| !account.is_canceled).collect())
    }

    /// Makes an account. Called twice, it makes two.
    ///
    /// # Errors
    /// Those of the call; `Lost` when it may have been made.
    pub async fn create_account(&self, whose: &Account, name: &str) -> Result<ManagedAccount, CallError> {
        let variables = json!({ "account": { "name": name } });
        let operation = operation("newrelic:CreateAccount", whose, CREATE_ACCOUNT, variables);
        let answer = self.nerdgraph.call(&operation).await?;
        part(&operation, &answer, "/accountManagementCreateAccount/managedAccount")
    }

    /// Renames an account.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn rename_account(&self, whose: &Account, id: u64, name: &str) -> Result<(), CallError> {
        let variables = json!({ "account": { "id": id, "name": name } });
        self.nerdgraph.call(&operation("newrelic:UpdateAccount", whose, UPDATE_ACCOUNT, variables)).await.map(drop)
    }

    /// Cancels an account: what it holds is lost.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn cancel_account(&self, whose: &Account, id: u64) -> Result<(), CallError> {
        self.nerdgraph.call(&operation("newrelic:CancelAccount", whose, CANCEL_ACCOUNT, json!({ "id": id }))).await.map(drop)
    }

    /// The ingest keys of an account, without their values.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn keys(&self, whose: &Account, account: u64) -> Result<Vec<IngestKey>, CallError> {
        self.search(whose, account, "newrelic:ListKeys", LIST_KEYS).await
    }

    /// The ingest keys of an account, with their values: refused to a run that may only read, like a write.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn revealed_keys(&self, whose: &Account, account: u64) -> Result<Vec<IngestKey>, CallError> {
        self.search(whose, account, "newrelic:RevealKeys", REVEAL_KEYS).await
    }

    async fn search(&self, whose: &Account, account: u64, name: &'static str, document: &'static str) -> Result<Vec<IngestKey>, CallError> {
        let query = json!({ "types": ["INGEST"], "scope": { "accountIds": [account] } });
        let (mut all, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "query": query, "cursor": cursor });
            let operation = operation(name, whose, document, variables);
            let answer = self.nerdgraph.call(&operation).await?;
            let page: Vec<IngestKey> = part(&operation, &answer, "/actor/apiAccess/keySearch/keys")?;
            let next = answer.pointer("/actor/apiAccess/keySearch/nextCursor").cloned().unwrap_or_default();
            let is_last = page.is_empty() || next.is_null() || next == cursor;
            all.extend(page.into_iter().filter(|key| key.account_id == account));
            if is_last {
                return Ok(all);
            }
            cursor = next;
        }
    }

    /// Makes one ingest key. Called twice, it makes two.
    ///
    /// # Errors
    /// Those of the call, and those that New Relic tells of the key in an answer that is a success otherwise.
    pub async fn create_key(&self, whose: &Account, account: u64, of: IngestType, name: &str) -> Result<IngestKey, CallError> {
        let key =
            json!({ "accountId": account, "ingestType": of.as_str(), "name": name, "notes": "made by landfall; the name is its address" });
        let operation = operation("newrelic:CreateKeys", whose, CREATE_KEYS, json!({ "keys": { "ingest": [key] } }));
        let answer = self.nerdgraph.call(&operation).await?;
        refusals(&operation, &answer, "/apiAccessCreateKeys/errors")?;
        let made: Vec<IngestKey> = part(&operation, &answer, "/apiAccessCreateKeys/createdKeys")?;
        made.into_iter().next().ok_or_else(|| error(&operation, Fault::Lost, "New Relic answered without a key".to_owned()))
    }

    /// Deletes ingest keys; those that are gone are no error.
    ///
    /// # Errors
    /// Those of the call, and those that New Relic tells of a key.
    pub async fn delete_keys(&self, whose: &Account, ids: &[String]) -> Result<(), CallError> {
        let operation = operation("newrelic:DeleteKeys", whose, DELETE_KEYS, json!({ "keys": { "ingestKeyIds": ids } }));
        let answer = self.nerdgraph.call(&operation).await?;
        refusals(&operation, &answer, "/apiAccessDeleteKeys/errors")
    }
}

impl IngestType {
    pub fn as_str(self) -> &'static str {
        match self {
            IngestType::License => "LICENSE",
            IngestType::Browser => "BROWSER",
        }
    }
}

fn operation<'a>(name: &'static str, account: &'a Account, document: &'static str, variables: Value) -> Operation<'a> {
    Operation { name, account, document, variables }
}

/// A part of an answer. What it holds instead is not said: it could be a key.
fn part<T: DeserializeOwned>(operation: &Operation<'_>, answer: &Value, at: &str) -> Result<T, CallError> {
    let wrong = || error(operation, Fault::Lost, format!("the answer is not as documented at {at}"));
    answer.pointer(at).filter(|part| !part.is_null()).and_then(|part| T::deserialize(part).ok()).ok_or_else(wrong)
}

/// The errors that New Relic tells key by key. That a key is gone is none: only deleting asks for keys by id.
fn refusals(operation: &Operation<'_>, answer: &Value, at: &str) -> Result<(), CallError> {
    let all = answer.pointer(at).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let told = all.iter().filter(|error| error["errorType"] != "NOT_FOUND");
    let messages: Vec<&str> = told.map(|error| error["message"].as_str().unwrap_or("refused without a reason")).collect();
    if messages.is_empty() { Ok(()) } else { Err(error(operation, Fault::Refused, messages.join("; "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keys_own_error_is_an_error() {
        let account = Account::Management;
        let operation = operation("newrelic:CreateKeys", &account, CREATE_KEYS, json!({}));
        let answer = json!({ "apiAccessCreateKeys": { "createdKeys": [], "errors": [{ "message": "Not authorized", "type": "INGEST" }] } });
        let refused = refusals(&operation, &answer, "/apiAccessCreateKeys/errors").unwrap_err();
        assert_eq!((refused.fault, refused.message.as_str()), (Fault::Refused, "Not authorized"));
        assert_eq!(refusals(&operation, &json!({}), "/apiAccessCreateKeys/errors"), Ok(()));
    }

    #[test]
    fn an_odd_answer_is_no_panic_and_quotes_nothing() {
        let account = Account::Management;
        let operation = operation("newrelic:ListKeys", &account, LIST_KEYS, json!({}));
        let odd = json!({ "keys": [{ "id": "1", "key": "NRAL-SECRET", "ingestType": "NEW", "accountId": "x" }] });
        let error = part::<Vec<IngestKey>>(&operation, &odd, "/keys").unwrap_err();
        assert_eq!(error.to_string(), "newrelic:ListKeys: the answer is not as documented at /keys");
    }
}
