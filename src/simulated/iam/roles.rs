//! Roles: who may take them on, and those that AWS's services make for themselves.

use super::documents::{self, Purpose, checked, size};
use super::identities::{Identity, is_taken, named, unique};
use super::{Iam, done, missing};
use crate::simulated::wire::{Answer, Asked, Fault, element, fault, xml};
use crate::simulated::{At, Moment};
use serde_json::json;

/// The most characters of a role's name, and of its trust; spaces don't count there (IAM quotas).
const LONGEST_NAME: usize = 64;
const LONGEST_TRUST: usize = 2048;
/// How long a session of a role lasts at the most, in seconds, if nothing else is asked for.
const SESSION: &str = "3600";
/// After so long, services may assume a new role ("eventual consistency", IAM user guide: some seconds).
const IN_FORCE: Moment = Moment::from_secs(5);
/// How AWS calls the roles of services whose names don't tell.
const LINKED: [(&str, &str); 4] = [
    ("ssm-incidents", "IncidentManager"),
    ("organizations", "Organizations"),
    ("config", "Config"),
    ("replication.dynamodb", "DynamoDBReplication"),
];

impl Iam {
    pub(super) fn create_role(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let name = named(asked.text("RoleName"), LONGEST_NAME)?;
        let trust = trusting(asked.text("AssumeRolePolicyDocument"))?;
        let session = asked.some("MaxSessionDuration").unwrap_or_else(|| SESSION.to_owned());
        let role = Identity { trust: Some(trust), session, ..self.beginning(at, asked, "AROA")? };
        self.add_role(at, name, role)
    }

    /// A role that a service makes for itself. AWS makes the same when the service is first used.
    pub(super) fn create_linked_role(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let service = asked.text("AWSServiceName");
        let Some(short) = service.strip_suffix(".amazonaws.com") else {
            return fault("InvalidInput", "Service role name is not valid");
        };
        let known = LINKED.iter().find(|(of, _)| *of == short).map(|(_, name)| (*name).to_owned());
        let name = format!("AWSServiceRoleFor{}", known.unwrap_or_else(|| capitals(short)));
        if self.roles.contains_key(&name) {
            // It is InvalidInput here, of all codes.
            return fault(
                "InvalidInput",
                format!("Service role name {name} has been taken in this account, please try a different suffix."),
            );
        }
        let trust = trust(&json!({ "Service": service }));
        let path = format!("/aws-service-role/{service}/");
        let role = Identity { path, trust: Some(trust), session: SESSION.to_owned(), ..self.beginning(at, asked, "AROA")? };
        self.add_role(at, name, role)
    }

    /// The role by which the management account enters an account that Organizations made.
    pub(in crate::simulated) fn enter(&mut self, at: &mut At<'_>, name: &str, management: &str) {
        let trust = trust(&json!({ "AWS": format!("arn:aws:iam::{management}:root") }));
        let role = Identity { id: unique(at, "AROA"), path: "/".to_owned(), created: at.now, trust: Some(trust), ..Identity::default() };
        self.roles.entry(name.to_owned()).or_insert(Identity { session: SESSION.to_owned(), ..role });
    }

    /// The id of a role, if it trusts whoever has this ARN.
    pub(in crate::simulated) fn trusts(&self, role: &str, account: &str, arn: &str) -> Option<&str> {
        let role = self.roles.get(role)?;
        documents::trusts(role.trust.as_deref()?, account, arn).then_some(&role.id)
    }

    /// Whether a service of AWS may assume a role, which takes some seconds after it was made.
    pub(in crate::simulated) fn serves(&self, arn: &str, service: &str, at: &At<'_>) -> bool {
        let role = arn.rsplit('/').next().and_then(|name| self.roles.get(name));
        let trusts = |role: &Identity| role.trust.as_deref().is_some_and(|trust| documents::trusts(trust, at.account, service));
        role.is_some_and(|role| role.created + at.takes(IN_FORCE) <= at.now && trusts(role))
    }

    /// For how long the role lets somebody stay.
    pub(in crate::simulated) fn longest_session(&self, role: &str) -> Option<Moment> {
        self.roles.get(role)?.session.parse().ok().map(Moment::from_secs)
    }

    pub(super) fn update_trust(&mut self, asked: &Asked) -> Answer {
        let trust = trusting(asked.text("PolicyDocument"))?;
        self.changeable(asked)?.trust = Some(trust);
        done()
    }

    pub(super) fn delete_role(&mut self, asked: &Asked) -> Answer {
        if let Some(why) = self.changeable(asked)?.holds() {
            return fault("DeleteConflict", why);
        }
        match self.roles.remove(&asked.text("RoleName")) {
            Some(_) => done(),
            None => missing("role", &asked.text("RoleName")),
        }
    }

    fn add_role(&mut self, at: &At<'_>, name: String, role: Identity) -> Answer {
        if is_taken(self.roles.keys(), &name) {
            return fault("EntityAlreadyExists", format!("Role with name {name} already exists."));
        }
        let more = element("Description", &role.description) + &element("MaxSessionDuration", &role.session);
        let answer = format!("<Role>{}{more}</Role>", role.head(at.account, "Role", &name));
        self.roles.insert(name, role);
        xml(answer)
    }
}

fn trusting(text: String) -> Result<String, Fault> {
    if size(&text) > LONGEST_TRUST {
        return fault("LimitExceeded", format!("Cannot exceed quota for ACLSizePerRole: {LONGEST_TRUST}"));
    }
    checked(text, Purpose::Trust)
}

/// The document by which a role trusts somebody.
fn trust(whom: &serde_json::Value) -> String {
    let statement = json!({ "Effect": "Allow", "Principal": whom, "Action": "sts:AssumeRole" });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

/// `some-service` as `SomeService`.
fn capitals(name: &str) -> String {
    let word = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    name.split(['-', '.']).map(word).collect()
}
