//! GitHub, as far as drivers ask it: environments of any repository, with their variables, secrets and branch policies. Strict about what has
//! to be there first; checks no token. What is in a sealed box stays there: nobody here has the private key.

use super::Moment;
use super::wire::{Reply, Request, decoded, iso};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The key that secrets are sealed with: 32 bytes, of which nobody knows the other half.
const KEY: &str = "bGFuZGZhbGwgc2FuZGJveCBnaXRodWIga2V5ICAwMDE=";
const KEY_ID: &str = "1";
/// What a sealed box adds to its contents, in bytes (libsodium's `crypto_box_SEALBYTES`); and in base64.
const SEAL: usize = 48 / 3 * 4;

/// Environments, by owner, repository and name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GitHub {
    environments: BTreeMap<String, Environment>,
    /// Teams by their numbers, by which reviewers are named.
    teams: BTreeMap<u32, String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Environment {
    wait_timer: u64,
    prevent_self_review: bool,
    reviewers: Vec<Value>,
    branches: Value,
    policies: BTreeMap<u64, String>,
    variables: BTreeMap<String, String>,
    /// When each was written.
    secrets: BTreeMap<String, Moment>,
}

/// The status, and what goes with it.
type Answer = (u16, Value);

impl GitHub {
    pub(super) fn reply(&mut self, request: &Request, now: Moment) -> Reply {
        let path = request.target.split('?').next().unwrap_or_default();
        let path: Vec<String> = path.split('/').filter(|part| !part.is_empty()).skip(1).map(decoded).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let (status, answer) = match path.as_slice() {
            ["repos", owner, repo] => (200, json!({ "name": repo, "full_name": format!("{owner}/{repo}") })),
            ["orgs", _, "teams", slug] => self.team(slug),
            ["repos", owner, repo, "environments", name, rest @ ..] => {
                let at = format!("{}/{}/{name}", owner.to_lowercase(), repo.to_lowercase());
                self.environment(&at, name, &request.method, rest, &body, now)
            }
            _ => missing(),
        };
        let text = if status == 204 { Vec::new() } else { answer.to_string().into_bytes() };
        Reply { status, headers: vec![("content-type", "application/json; charset=utf-8".to_owned())], body: text }
    }

    /// Any team is there; its number is made of its name.
    fn team(&mut self, slug: &str) -> Answer {
        let number = slug.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) >> 1;
        self.teams.insert(number, slug.to_owned());
        (200, json!({ "id": number, "slug": slug }))
    }

    fn environment(&mut self, at: &str, name: &str, method: &str, rest: &[&str], body: &Value, now: Moment) -> Answer {
        if (method, rest) == ("PUT", &[]) {
            self.environments.entry(at.to_owned()).or_default().put(body);
        }
        let Some(found) = self.environments.get_mut(at) else { return missing() };
        match (method, rest) {
            ("GET" | "PUT", []) => (200, found.shown(name, &self.teams)),
            (_, ["deployment-branch-policies", rest @ ..]) => found.policies(method, rest, body),
            (_, ["variables", rest @ ..]) => found.variables(method, rest, body),
            (_, ["secrets", rest @ ..]) => found.secrets(method, rest, body, now),
            _ => missing(),
        }
    }
}

impl Environment {
    fn put(&mut self, body: &Value) {
        self.wait_timer = body["wait_timer"].as_u64().unwrap_or_default();
        self.prevent_self_review = body["prevent_self_review"].as_bool().unwrap_or_default();
        self.reviewers = body["reviewers"].as_array().cloned().unwrap_or_default();
        self.branches = body["deployment_branch_policy"].clone();
        if self.branches["custom_branch_policies"] != true {
            self.policies.clear();
        }
    }

    fn shown(&self, name: &str, teams: &BTreeMap<u32, String>) -> Value {
        let mut rules = Vec::new();
        if self.wait_timer > 0 {
            rules.push(json!({ "type": "wait_timer", "wait_timer": self.wait_timer }));
        }
        if !self.reviewers.is_empty() || self.prevent_self_review {
            let slug = |id: &Value| teams.get(&u32::try_from(id.as_u64()?).ok()?);
            let reviewer = |one: &Value| json!({ "type": one["type"], "reviewer": { "id": one["id"], "slug": slug(&one["id"]) } });
            let reviewers: Vec<Value> = self.reviewers.iter().map(reviewer).collect();
            rules.push(json!({ "type": "required_reviewers", "prevent_self_review": self.prevent_self_review, "reviewers": reviewers }));
        }
        json!({ "name": name, "protection_rules": rules, "deployment_branch_policy": self.branches })
    }

    fn policies(&mut self, method: &str, rest: &[&str], body: &Value) -> Answer {
        match (method, rest) {
            ("GET", []) => listed("branch_policies", self.policies.iter().map(|(id, name)| json!({ "id": id, "name": name }))),
            ("POST", []) => {
                let id = self.policies.keys().max().map_or(1, |last| last + 1);
                self.policies.insert(id, text(body, "name"));
                (200, json!({ "id": id, "name": body["name"] }))
            }
            ("DELETE", [id]) => gone(id.parse().ok().and_then(|id: u64| self.policies.remove(&id))),
            _ => missing(),
        }
    }

    fn variables(&mut self, method: &str, rest: &[&str], body: &Value) -> Answer {
        match (method, rest) {
            ("GET", []) => listed("variables", self.variables.iter().map(|(name, value)| json!({ "name": name, "value": value }))),
            ("POST", []) if self.variables.contains_key(&text(body, "name").to_uppercase()) => refused(409, "Already exists"),
            ("POST", []) => {
                self.variables.insert(text(body, "name").to_uppercase(), text(body, "value"));
                (201, json!({}))
            }
            ("PATCH", [name]) => match self.variables.get_mut(&name.to_uppercase()) {
                Some(value) => {
                    *value = text(body, "value");
                    (204, Value::Null)
                }
                None => missing(),
            },
            _ => missing(),
        }
    }

    fn secrets(&mut self, method: &str, rest: &[&str], body: &Value, now: Moment) -> Answer {
        match (method, rest) {
            ("GET", []) => {
                let shown = |(name, at): (&String, &Moment)| json!({ "name": name, "created_at": iso(*at), "updated_at": iso(*at) });
                listed("secrets", self.secrets.iter().map(shown))
            }
            ("GET", ["public-key"]) => (200, json!({ "key_id": KEY_ID, "key": KEY })),
            ("PUT", [_]) if body["key_id"] != KEY_ID || text(body, "encrypted_value").len() <= SEAL => {
                refused(422, "Bad request - sealed with another key, or not sealed")
            }
            ("PUT", [name]) => (if self.secrets.insert(name.to_uppercase(), now).is_some() { 204 } else { 201 }, json!({})),
            ("DELETE", [name]) => gone(self.secrets.remove(&name.to_uppercase())),
            _ => missing(),
        }
    }
}

fn listed(field: &str, items: impl Iterator<Item = Value>) -> Answer {
    let items: Vec<Value> = items.collect();
    (200, json!({ "total_count": items.len(), field: items }))
}

fn gone<T>(removed: Option<T>) -> Answer {
    if removed.is_some() { (204, Value::Null) } else { missing() }
}

fn missing() -> Answer {
    refused(404, "Not Found")
}

fn refused(status: u16, message: &str) -> Answer {
    (status, json!({ "message": message }))
}

fn text(body: &Value, field: &str) -> String {
    body[field].as_str().unwrap_or_default().to_owned()
}
