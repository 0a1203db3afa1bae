//! Tags of all that the organization has: its root, units, accounts and policies.

use super::{Organization, ROOT, Tags, constraint, page};
use crate::simulated::iam::is_tag;
use crate::simulated::wire::{Answer, Asked, Fault, fault, json as ok};
use serde_json::json;

/// Tags of one of them (Organizations quotas).
const MOST: usize = 50;

impl Organization {
    pub(super) fn list_tags(&mut self, asked: &Asked) -> Answer {
        let tags = self.tags(asked)?;
        page(asked, "Tags", tags.iter(), |(key, value)| json!({ "Key": key, "Value": value }))
    }

    pub(super) fn tag(&mut self, asked: &Asked) -> Answer {
        let tags = self.tags(asked)?;
        let there = tags.keys().filter(|key| !asked.tags("Tags").contains_key(*key)).count();
        tags.extend(checked(there, asked)?);
        ok(json!({}))
    }

    pub(super) fn untag(&mut self, asked: &Asked) -> Answer {
        let keys = asked.list("TagKeys");
        self.tags(asked)?.retain(|key, _| !keys.contains(key));
        ok(json!({}))
    }

    fn tags(&mut self, asked: &Asked) -> Result<&mut Tags, Fault> {
        let id = asked.text("ResourceId");
        let found = match id.as_str() {
            ROOT => Some(&mut self.root_tags),
            _ if id.starts_with("ou-") => self.units.get_mut(&id).map(|unit| &mut unit.tags),
            _ if id.starts_with("p-") => self.policies.get_mut(&id).map(|policy| &mut policy.tags),
            _ => self.member_mut(&id).map(|member| &mut member.tags),
        };
        found.map_or_else(|| fault("TargetNotFoundException", "You specified a target that doesn't exist."), Ok)
    }
}

/// The tags that a call brings, where there are so many already.
pub(super) fn checked(there: usize, asked: &Asked) -> Result<Tags, Fault> {
    let new = asked.tags("Tags");
    if !new.iter().all(is_tag) {
        return fault("InvalidInputException", "INVALID_PATTERN: a tag's key or value does not satisfy the constraint");
    }
    if there + new.len() > MOST {
        return constraint("MAX_TAG_LIMIT_EXCEEDED", "You have exceeded the number of tags allowed on this resource.");
    }
    Ok(new)
}
