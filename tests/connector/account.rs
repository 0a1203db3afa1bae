//! What an account has besides its network: IAM's roles and identity providers, and SSM's parameters.

use super::wire::{Answer, Asked, Body, element, encoded, fault, set, xml};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Clone, Default)]
pub struct Identities {
    roles: BTreeMap<String, Role>,
    providers: BTreeMap<String, Provider>,
}

#[derive(Clone)]
struct Role {
    trust: String,
    policies: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
}

#[derive(Clone)]
struct Provider {
    clients: Vec<String>,
    tags: BTreeMap<String, String>,
}

#[derive(Clone, Default)]
pub struct Parameters(BTreeMap<String, (String, String)>);

impl Identities {
    pub fn count(&self) -> usize {
        self.roles.len() + self.providers.len()
    }

    pub fn answer(&mut self, account: &str, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            "ListOpenIDConnectProviders" => {
                let arns = self.providers.keys().map(|arn| element("Arn", arn));
                xml(set("OpenIDConnectProviderList", "member", arns))
            }
            "GetOpenIDConnectProvider" => match self.providers.get(&asked.text("OpenIDConnectProviderArn")) {
                Some(provider) => xml(provider.xml()),
                None => fault("NoSuchEntity", "OpenIDConnect Provider not found"),
            },
            "CreateOpenIDConnectProvider" => self.create_provider(account, asked),
            "GetAccountAuthorizationDetails" => {
                let roles = self.roles.iter().map(|(name, role)| role.xml(account, name));
                xml(element("IsTruncated", "false") + &set("RoleDetailList", "member", roles))
            }
            "CreateRole" => self.create_role(account, asked),
            "PutRolePolicy" => match self.roles.get_mut(&asked.text("RoleName")) {
                Some(role) => {
                    role.policies.insert(asked.text("PolicyName"), asked.text("PolicyDocument"));
                    xml("")
                }
                None => fault("NoSuchEntity", "The role cannot be found"),
            },
            other => fault("InvalidAction", format!("the simulated IAM has no {other}")),
        }
    }

    pub fn renamed(&self, text: &impl Fn(&str) -> String) -> Identities {
        let map = |all: &BTreeMap<String, String>| all.iter().map(|(key, value)| (key.clone(), text(value))).collect();
        let role = |role: &Role| Role { trust: text(&role.trust), policies: map(&role.policies), tags: map(&role.tags) };
        let provider = |provider: &Provider| Provider { clients: provider.clients.clone(), tags: map(&provider.tags) };
        Identities {
            roles: self.roles.iter().map(|(name, one)| (name.clone(), role(one))).collect(),
            providers: self.providers.iter().map(|(arn, one)| (text(arn), provider(one))).collect(),
        }
    }

    fn create_provider(&mut self, account: &str, asked: &Asked) -> Answer {
        let arn = format!("arn:aws:iam::{account}:oidc-provider/{}", asked.text("Url").trim_start_matches("https://"));
        let provider = Provider { clients: asked.list("ClientIDList.member"), tags: asked.tags("Tags.member") };
        match self.providers.insert(arn.clone(), provider) {
            Some(_) => fault("EntityAlreadyExists", arn),
            None => xml(element("OpenIDConnectProviderArn", &arn)),
        }
    }

    fn create_role(&mut self, account: &str, asked: &Asked) -> Answer {
        let name = asked.text("RoleName");
        if self.roles.contains_key(&name) {
            return fault("EntityAlreadyExists", name);
        }
        let role = Role { trust: asked.text("AssumeRolePolicyDocument"), policies: BTreeMap::new(), tags: asked.tags("Tags.member") };
        let answer = format!("<Role>{}</Role>", role.head(account, &name));
        self.roles.insert(name, role);
        xml(answer)
    }
}

impl Provider {
    fn xml(&self) -> String {
        set("ClientIDList", "member", self.clients.iter().cloned()) + &tags(&self.tags)
    }
}

impl Role {
    fn head(&self, account: &str, name: &str) -> String {
        let date = element("CreateDate", "2026-01-01T00:00:00Z");
        let id = element("RoleId", "AROAAAAAAAAAAAAAAAAAA");
        element("Path", "/") + &element("RoleName", name) + &element("Arn", &format!("arn:aws:iam::{account}:role/{name}")) + &id + &date
    }

    fn xml(&self, account: &str, name: &str) -> String {
        let policy = |(name, text): (&String, &String)| element("PolicyName", name) + &element("PolicyDocument", &encoded(text));
        let policies = set("RolePolicyList", "member", self.policies.iter().map(policy));
        self.head(account, name) + &element("AssumeRolePolicyDocument", &encoded(&self.trust)) + &policies + &tags(&self.tags)
    }
}

fn tags(all: &BTreeMap<String, String>) -> String {
    set("Tags", "member", all.iter().map(|(key, value)| element("Key", key) + &element("Value", value)))
}

impl Parameters {
    /// Those of the account's own; what `apply` notes down for canaries tells which step came last, and so depends on the order of runs.
    pub fn count(&self) -> usize {
        self.0.keys().filter(|name| !name.starts_with("/landfall-apply/")).count()
    }

    pub fn answer(&mut self, asked: &Asked) -> Answer {
        let name = asked.text("Name");
        let shown = |(name, (kind, value)): (&String, &(String, String))| json!({ "Name": name, "Type": kind, "Value": value });
        match asked.operation.as_str() {
            "GetParametersByPath" => {
                let path = asked.text("Path");
                let found: Vec<Value> = self.0.iter().filter(|(name, _)| name.starts_with(&path)).map(shown).collect();
                Ok(Body::Json(json!({ "Parameters": found })))
            }
            "GetParameter" => match self.0.get_key_value(&name) {
                Some(found) => Ok(Body::Json(json!({ "Parameter": shown(found) }))),
                None => fault("ParameterNotFound", name),
            },
            "PutParameter" => {
                self.0.insert(name, (asked.text("Type"), asked.text("Value")));
                Ok(Body::Json(json!({ "Version": 1, "Tier": "Standard" })))
            }
            other => fault("UnknownOperationException", format!("the simulated SSM has no {other}")),
        }
    }
}
