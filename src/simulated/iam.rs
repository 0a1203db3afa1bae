//! AWS IAM, as one account has it: roles and identity providers.

use super::At;
use super::wire::{Answer, Asked, element, encoded, fault, set, xml};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Iam {
    roles: BTreeMap<String, Role>,
    providers: BTreeMap<String, Provider>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Role {
    trust: String,
    policies: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Provider {
    clients: Vec<String>,
    tags: BTreeMap<String, String>,
}

impl Iam {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let account = at.account;
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
