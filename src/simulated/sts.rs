//! AWS STS: who somebody is, and sessions of roles, which end.

use super::organizations::Organization;
use super::wire::{Answer, Asked, element, fault, iso, xml};
use super::{At, Moment};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long an assumed role lasts, when one role assumed another.
const SESSION: Moment = Moment::from_secs(3600);

/// The sessions of roles, by their keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Sessions(BTreeMap<String, Session>);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Session {
    pub account: String,
    pub ends: Moment,
    /// The role's name, and after it the session's.
    role: String,
    name: String,
}

impl Sessions {
    pub(super) fn of(&self, key: &str) -> Option<&Session> {
        self.0.get(key)
    }

    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked, organization: &mut Organization, open: bool) -> Answer {
        match asked.operation.as_str() {
            "GetCallerIdentity" => {
                let (kind, who, id) = match self.of(&asked.key) {
                    Some(Session { role, name, .. }) => {
                        ("sts", format!("assumed-role/{role}/{name}"), format!("AROASIMULATED00000000:{name}"))
                    }
                    None => ("iam", "user/landfall".to_owned(), "AIDASIMULATED00000000".to_owned()),
                };
                let arn = format!("arn:aws:{kind}::{}:{who}", at.account);
                xml(element("Account", at.account) + &element("Arn", &arn) + &element("UserId", &id))
            }
            "AssumeRole" => self.assume(at, asked, organization, open),
            other => fault("InvalidAction", format!("the simulated STS has no {other}")),
        }
    }

    fn assume(&mut self, at: &mut At<'_>, asked: &Asked, organization: &mut Organization, open: bool) -> Answer {
        let role = asked.text("RoleArn");
        let target = role.split(':').nth(4).unwrap_or_default();
        let name = role.rsplit('/').next().unwrap_or_default();
        if open {
            organization.welcome(target);
        }
        if !organization.lets_in(target, at.now) {
            return fault("AccessDenied", format!("not authorized to assume a role of {target}"));
        }
        self.0.retain(|_, session| at.now < session.ends + SESSION);
        let key = at.id(&format!("ASIA{target}"), 8);
        let ends = at.now + SESSION;
        self.0
            .insert(key.clone(), Session { account: target.to_owned(), ends, role: name.to_owned(), name: asked.text("RoleSessionName") });
        let secrets = element("SecretAccessKey", "secret") + &element("SessionToken", "token");
        let inner = element("AccessKeyId", &key) + &secrets + &element("Expiration", &iso(ends));
        xml(format!("<Credentials>{inner}</Credentials>"))
    }
}
