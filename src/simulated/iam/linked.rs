//! Roles that AWS's services make for themselves, when they are first used or asked to. Nobody else changes them.

use super::Iam;
use super::identities::Identity;
use super::roles::of_aws;
use crate::simulated::At;
use crate::simulated::wire::{Answer, Asked, fault};
use serde_json::json;

/// How AWS calls the roles of services whose names don't tell.
const NAMES: [(&str, &str); 2] = [("ssm-incidents", "IncidentManager"), ("replication.dynamodb", "DynamoDBReplication")];

impl Iam {
    pub(super) fn create_linked_role(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let service = asked.text("AWSServiceName");
        let Some((name, role)) = linked(at, &service) else {
            return fault("InvalidInput", "Service role name is not valid");
        };
        if self.roles.contains_key(&name) {
            // It is InvalidInput here, of all codes.
            return fault(
                "InvalidInput",
                format!("Service role name {name} has been taken in this account, please try a different suffix."),
            );
        }
        self.add_role(at, name, role)
    }

    /// What a service does when it is first used.
    pub(in crate::simulated) fn link(&mut self, at: &mut At<'_>, service: &str) {
        if let Some((name, role)) = linked(at, service) {
            self.roles.entry(name).or_insert(role);
        }
    }
}

/// The role of a service, and what it is called.
fn linked(at: &mut At<'_>, service: &str) -> Option<(String, Identity)> {
    let short = service.strip_suffix(".amazonaws.com")?;
    let known = NAMES.iter().find(|(of, _)| *of == short).map(|(_, name)| (*name).to_owned());
    let role = of_aws(at, &format!("/aws-service-role/{service}/"), &json!({ "Service": service }));
    Some((format!("AWSServiceRoleFor{}", known.unwrap_or_else(|| capitals(short))), role))
}

/// `some-service` as `SomeService`.
fn capitals(name: &str) -> String {
    let word = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    name.split(['-', '.']).map(word).collect()
}
