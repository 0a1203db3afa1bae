//! What a kind refuses whatever AWS holds: told from the files alone, so that nobody learns of it halfway through an apply. Each rule here
//! is one that a driver, or AWS itself, holds as well, because a plan file can be written by others. Pure.

use super::{Spec, alternate_contact, own, rotation, service_quota, sizes};
use crate::model::{KindName, Name, Region};
use crate::outside::github::Repository;
use std::collections::BTreeSet;

/// The one name of what an account has one of.
const ONE: &str = "main";
/// What a route can lead to.
const GATEWAYS: [KindName; 2] = [KindName::new("internet-gateway"), KindName::new("nat-gateway")];

/// Why a resource can't have its name, if it can't, and what to do.
pub fn misnamed(spec: &Spec, name: &Name) -> Option<(String, &'static str)> {
    let kind = spec.kind();
    match spec {
        Spec::EventBus(_)
        | Spec::EventRule(_)
        | Spec::LambdaFunction(_)
        | Spec::Alarm(_)
        | Spec::OrganizationEventRule(_)
        | Spec::OrganizationAlarm(_) => {
            let message = format!("the {kind} `{name}` does not begin with `{}`", own::PREFIX);
            let hint = "that is how Landfall finds what is its own again, without a call for each resource of an account";
            (!name.as_str().starts_with(own::PREFIX)).then_some((message, hint))
        }
        Spec::AccountAlias(_)
        | Spec::PasswordPolicy(_)
        | Spec::PublicAccessBlock(_)
        | Spec::SupportPlan(_)
        | Spec::NewRelicAccount(_)
        | Spec::ReplicationSet(_) => {
            let message = format!("the {kind} `{name}` has to be called `{ONE}`");
            (name.as_str() != ONE).then_some((message, "there is one, so a second name would be another word for the same thing"))
        }
        Spec::Region(_) | Spec::EbsEncryption(_) | Spec::DefaultVpc(_) => {
            let message = format!("`{name}` is no Region, and each {kind} is named after the one that it is for");
            name.as_str().parse::<Region>().is_err().then_some((message, "write a Region, such as eu-central-1"))
        }
        Spec::AlternateContact(_) => {
            let message = format!("AWS knows no contact called `{name}`");
            alternate_contact::of(name).is_err().then_some((message, "there are billing, operations and security"))
        }
        Spec::ServiceQuota(_) => {
            let message = format!("`{name}` is no quota");
            service_quota::codes(name).is_err().then_some((message, "write the service's code and the quota's: vpc/L-F678F1CE"))
        }
        Spec::GithubEnvironment(_) => {
            let message = format!("`{name}` is no repository, and each {kind} is named after the one that it is in");
            name.as_str().parse::<Repository>().is_err().then_some((message, "write owner/name, such as acme/infra"))
        }
        _ => None,
    }
}

/// Why a resource can't be, if it can't.
pub fn impossible(spec: &Spec) -> Option<String> {
    let wrong = match spec {
        Spec::CiKey(key) => no_repository(&key.repositories),
        Spec::NewRelicKeys(keys) => no_repository(&keys.repositories),
        Spec::RouteTable(table) => {
            let wrong = table.routes.iter().find(|(_, target)| !GATEWAYS.contains(&target.kind));
            wrong.map(|(range, target)| format!("{range} leads to {target}, which is neither an internet gateway nor a NAT gateway"))
        }
        Spec::Rotation(rotation) => rotation::timing(rotation).err().map(|error| error.message),
        _ => None,
    };
    wrong.or_else(|| sizes::too_large(spec))
}

fn no_repository(all: &BTreeSet<String>) -> Option<String> {
    let wrong = all.iter().find(|text| text.parse::<Repository>().is_err() || text.parse::<Name>().is_err());
    wrong.map(|text| format!("{text:?} is no repository: write owner/name, such as acme/infra"))
}

#[cfg(test)]
mod tests {
    use super::super::row;
    use super::*;
    use serde_json::{Value, json};

    fn spec(kind: &str, fields: Value) -> Spec {
        (row(&kind.parse().unwrap()).unwrap().parse)(fields).unwrap()
    }

    #[test]
    fn names_by_which_things_are_known_again() {
        let contact = json!({ "name": "Ada", "title": "Boss", "email": "ada@acme.example", "phone": "+15550100" });
        let cases = [
            ("event-rule", json!({}), "landfall-tick", "tick"),
            ("password-policy", json!({}), "main", "strict"),
            ("new-relic-account", json!({ "name": "acme" }), "main", "other"),
            ("ebs-encryption", json!({ "enabled": true }), "eu-central-1", "eu_central_1"),
            ("alternate-contact", contact, "billing", "bills"),
            ("service-quota", json!({ "value": 5 }), "vpc/L-F678F1CE", "vpc"),
            ("github-environment", json!({}), "acme/infra", "infra"),
        ];
        for (kind, fields, good, bad) in cases {
            let spec = spec(kind, fields);
            assert_eq!(misnamed(&spec, &good.parse().unwrap()), None, "{kind}");
            let (message, _) = misnamed(&spec, &bad.parse().unwrap()).unwrap_or_else(|| panic!("{kind} {bad}"));
            assert!(message.contains(bad), "{message}");
        }
    }

    #[test]
    fn what_no_account_can_have() {
        let key = |to: &str| json!({ "user": "iam-user/u", "rotate_after_days": 90, "secret": "s", "repositories": [to] });
        let table = |to: &str| json!({ "vpc": "vpc/main", "routes": { "0.0.0.0/0": to } });
        for (kind, fields, wrong) in [
            ("ci-key", key("acme/infra"), key("infra")),
            ("ci-key", key("acme/infra"), key("acme/in fra")),
            ("route-table", table("nat-gateway/a"), table("subnet/a")),
        ] {
            assert_eq!(impossible(&spec(kind, fields)), None);
            assert!(impossible(&spec(kind, wrong.clone())).is_some(), "{kind} {wrong}");
        }
        let rotation = |starts: &str, zone: &str| json!({ "contacts": [], "starts": starts, "time_zone": zone, "shift": "daily" });
        assert_eq!(impossible(&spec("rotation", rotation("2026-11-23T09:00", "Europe/Berlin"))), None);
        assert!(impossible(&spec("rotation", rotation("monday", "Europe/Berlin"))).is_some());
        assert!(impossible(&spec("rotation", rotation("2026-11-23T09:00", "Europe/Nowhere"))).is_some());
    }
}
