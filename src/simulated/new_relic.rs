//! New Relic, as far as drivers ask it: accounts and ingest keys, by the very documents that they send. As lenient as the real one where that
//! hurts: names are not unique, nothing is idempotent, and a new account takes a while to be listed.

use super::wire::{Reply, Request};
use super::{At, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// After so long a new account is listed, however much haste there is: the real one takes some 10 s, and this is enough for a look right after
/// its creation to miss it.
const LISTED_AFTER: Moment = Moment::from_secs(1);
/// The numbers of accounts begin here.
const FIRST: u64 = 4_000_001;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewRelic {
    accounts: BTreeMap<u64, Account>,
    keys: BTreeMap<String, Key>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Account {
    name: String,
    is_canceled: bool,
    /// From when on it is listed.
    listed: Moment,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Key {
    account: u64,
    ingest_type: String,
    name: String,
    value: String,
    /// Came with the account, and can't be deleted.
    is_original: bool,
}

/// The fields of the answer, or why there are none.
type Answer = Result<Value, (&'static str, &'static str)>;

impl NewRelic {
    pub(super) fn reply(&mut self, at: &mut At<'_>, request: &Request) -> Reply {
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let (status, answer) = match request.headers.get("api-key") {
            None => (401, Err(("The API key provided is invalid", "UNAUTHENTICATED"))),
            Some(_) => (200, self.answer(at, asked["query"].as_str().unwrap_or_default(), &asked["variables"])),
        };
        let answer = match answer {
            Ok(fields) => json!({ "data": fields }),
            Err((message, class)) => json!({ "errors": [{ "message": message, "extensions": { "errorClass": class } }] }),
        };
        Reply { status, headers: vec![("content-type", "application/json".to_owned())], body: answer.to_string().into_bytes() }
    }

    fn answer(&mut self, at: &mut At<'_>, document: &str, variables: &Value) -> Answer {
        let field = |name: &str| document.contains(&format!(" {name}(")) || document.contains(&format!(" {name} {{"));
        if field("managedAccounts") {
            Ok(
                json!({ "actor": { "organization": { "accountManagement": { "managedAccounts": self.listed(at.now, field("isCanceled: false")) } } } }),
            )
        } else if field("keySearch") {
            Ok(json!({ "actor": { "apiAccess": { "keySearch": self.search(&variables["query"], document.contains(" key ")) } } }))
        } else if field("accountManagementCreateAccount") {
            self.create(at, &variables["account"]).map(|account| under("accountManagementCreateAccount", "managedAccount", account))
        } else if field("accountManagementUpdateAccount") {
            self.rename(&variables["account"]).map(|account| under("accountManagementUpdateAccount", "managedAccount", account))
        } else if field("accountManagementCancelAccount") {
            self.cancel(&variables["id"]).map(|account| json!({ "accountManagementCancelAccount": account }))
        } else if field("apiAccessCreateKeys") {
            Ok(json!({ "apiAccessCreateKeys": self.create_keys(at, &variables["keys"]["ingest"]) }))
        } else if field("apiAccessDeleteKeys") {
            Ok(json!({ "apiAccessDeleteKeys": self.delete_keys(&variables["keys"]["ingestKeyIds"]) }))
        } else {
            Err(("the simulated NerdGraph has no such field", "INVALID_INPUT"))
        }
    }

    fn listed(&self, now: Moment, alive: bool) -> Vec<Value> {
        let listed = self.accounts.iter().filter(|(_, account)| account.listed <= now && !(alive && account.is_canceled));
        listed.map(|(id, account)| shown(*id, account)).collect()
    }

    fn search(&self, query: &Value, reveals: bool) -> Value {
        let accounts = query["scope"]["accountIds"].as_array();
        let asked = self.keys.iter().filter(|(_, key)| accounts.is_none_or(|ids| ids.contains(&key.account.into())));
        let keys: Vec<Value> = asked.map(|(id, key)| shown_key(id, key, reveals)).collect();
        json!({ "count": keys.len(), "keys": keys, "nextCursor": null })
    }

    fn create(&mut self, at: &mut At<'_>, account: &Value) -> Answer {
        let name = account["name"].as_str().unwrap_or_default().trim().to_owned();
        if name.is_empty() {
            return Err(("Name can't be blank", "INVALID_INPUT"));
        }
        let id = self.accounts.keys().max().map_or(FIRST, |last| last + 1);
        let account = Account { name, is_canceled: false, listed: at.now + LISTED_AFTER };
        let answer = shown(id, &account);
        self.accounts.insert(id, account);
        self.add(at, id, "LICENSE", "Original account license key", true);
        Ok(answer)
    }

    fn alive(&mut self, id: &Value) -> Result<(u64, &mut Account), (&'static str, &'static str)> {
        let id = id.as_u64().unwrap_or_default();
        let account = self.accounts.get_mut(&id).filter(|account| !account.is_canceled);
        account.map(|account| (id, account)).ok_or(("Account not found", "NOT_FOUND"))
    }

    fn rename(&mut self, asked: &Value) -> Answer {
        let (id, account) = self.alive(&asked["id"])?;
        asked["name"].as_str().unwrap_or_default().clone_into(&mut account.name);
        Ok(shown(id, account))
    }

    fn cancel(&mut self, id: &Value) -> Answer {
        let (id, account) = self.alive(id)?;
        account.is_canceled = true;
        let answer = shown(id, account);
        self.keys.retain(|_, key| key.account != id);
        Ok(answer)
    }

    fn create_keys(&mut self, at: &mut At<'_>, asked: &Value) -> Value {
        let (mut created, mut errors) = (Vec::new(), Vec::new());
        for one in asked.as_array().into_iter().flatten() {
            match self.alive(&one["accountId"]).map(|(id, _)| id) {
                Ok(account) => {
                    let (of, name) = (one["ingestType"].as_str().unwrap_or_default(), one["name"].as_str().unwrap_or_default());
                    let id = self.add(at, account, of, name, false);
                    created.extend(self.keys.get(&id).map(|key| shown_key(&id, key, true)));
                }
                Err(_) => errors.push(json!({ "message": "Not authorized for account", "type": "INGEST", "errorType": "FORBIDDEN" })),
            }
        }
        json!({ "createdKeys": created, "errors": errors })
    }

    fn delete_keys(&mut self, asked: &Value) -> Value {
        let (mut deleted, mut errors) = (Vec::new(), Vec::new());
        for id in asked.as_array().into_iter().flatten().filter_map(Value::as_str) {
            let refused = match self.keys.get(id) {
                None => Some(("Key not found", "NOT_FOUND")),
                Some(key) if key.is_original => Some(("The original license key can't be deleted", "INVALID")),
                Some(_) => None,
            };
            match refused {
                Some((message, class)) => errors.push(json!({ "message": message, "type": "INGEST", "errorType": class })),
                None => {
                    self.keys.remove(id);
                    deleted.push(json!({ "id": id }));
                }
            }
        }
        json!({ "deletedKeys": deleted, "errors": errors })
    }

    fn add(&mut self, at: &mut At<'_>, account: u64, ingest_type: &str, name: &str, is_original: bool) -> String {
        let id = at.id("", 32).to_uppercase();
        let value = if ingest_type == "LICENSE" { at.id("", 36) + "NRAL" } else { at.id("NRJS-", 20) };
        self.keys.insert(id.clone(), Key { account, ingest_type: ingest_type.to_owned(), name: name.to_owned(), value, is_original });
        id
    }
}

fn under(field: &str, inner: &str, value: Value) -> Value {
    json!({ field: { inner: value } })
}

fn shown(id: u64, account: &Account) -> Value {
    json!({ "id": id, "name": account.name, "isCanceled": account.is_canceled })
}

fn shown_key(id: &str, key: &Key, reveals: bool) -> Value {
    let mut shown = json!({ "id": id, "name": key.name, "accountId": key.account, "ingestType": key.ingest_type });
    if reveals {
        shown["key"] = key.value.as_str().into();
    }
    shown
}
