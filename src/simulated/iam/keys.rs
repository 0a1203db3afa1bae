//! Access keys: two a user at the most, each shown whole once, and when each was last used. Keeps no secret.

use super::identities::unique;
use super::{Iam, done};
use crate::simulated::wire::{Answer, Asked, element, fault, iso, set, xml};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};

/// Keys of one user (IAM quotas).
const MOST: usize = 2;

/// An access key, by its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Key {
    pub user: String,
    created: Moment,
    used: Option<Use>,
}

/// The last call that was made with a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Use {
    at: Moment,
    service: String,
    region: String,
}

impl Iam {
    /// Whether a key is one of the account's; remembers that it was used.
    pub(in crate::simulated) fn lets_in(&mut self, asked: &Asked, now: Moment) -> bool {
        let found = self.keys.get_mut(&asked.key);
        found.is_some_and(|key| {
            key.used = Some(Use { at: now, service: asked.service.clone(), region: asked.region.clone() });
            true
        })
    }

    /// The ARN and the id of the user whose key it is.
    pub(in crate::simulated) fn whose(&self, account: &str, key: &str) -> Option<(String, String)> {
        let name = &self.keys.get(key)?.user;
        let user = self.users.get(name)?;
        Some((format!("arn:aws:iam::{account}:user{}{name}", user.path), user.id.clone()))
    }

    pub(super) fn create_key(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let user = asked.text("UserName");
        self.identity(asked)?;
        if self.keys.values().filter(|key| key.user == user).count() >= MOST {
            return fault("LimitExceeded", format!("Cannot exceed quota for AccessKeysPerUser: {MOST}"));
        }
        let id = unique(at, "AKIA");
        let key = Key { user, created: at.now, used: None };
        // Forty characters that no other key has.
        let secret = element("SecretAccessKey", &at.id("secret/", 33));
        let answer = format!("<AccessKey>{}{secret}</AccessKey>", key.xml(&id));
        self.keys.insert(id, key);
        xml(answer)
    }

    pub(super) fn list_keys(&mut self, asked: &Asked) -> Answer {
        self.identity(asked)?;
        let user = asked.text("UserName");
        let keys = self.keys.iter().filter(|(_, key)| key.user == user).map(|(id, key)| key.xml(id));
        xml(set("AccessKeyMetadata", "member", keys) + &element("IsTruncated", "false"))
    }

    pub(super) fn delete_key(&mut self, asked: &Asked) -> Answer {
        self.identity(asked)?;
        let (id, user) = (asked.text("AccessKeyId"), asked.text("UserName"));
        if self.keys.get(&id).is_none_or(|key| key.user != user) {
            return fault("NoSuchEntity", format!("The Access Key with id {id} cannot be found."));
        }
        self.keys.remove(&id);
        done()
    }

    pub(super) fn last_used(&self, asked: &Asked) -> Answer {
        let id = asked.text("AccessKeyId");
        let Some(key) = self.keys.get(&id) else {
            return fault("NoSuchEntity", format!("The Access Key with id {id} cannot be found"));
        };
        let never = || element("ServiceName", "N/A") + &element("Region", "N/A");
        let told =
            |last: &Use| element("LastUsedDate", &iso(last.at)) + &element("ServiceName", &last.service) + &element("Region", &last.region);
        let last = key.used.as_ref().map_or_else(never, told);
        xml(element("UserName", &key.user) + &format!("<AccessKeyLastUsed>{last}</AccessKeyLastUsed>"))
    }
}

impl Key {
    fn xml(&self, id: &str) -> String {
        let names = element("UserName", &self.user) + &element("AccessKeyId", id);
        names + &element("Status", "Active") + &element("CreateDate", &iso(self.created))
    }
}
