//! Adoption: a spec may name the id of a resource that others made and that is to become this one. It is the one place where a spec
//! holds an id, because a stranger has no other name. The planner finds the stranger; `create` marks it instead of making another.

use super::{ADDRESS_TAG, Spec, Tags, ec2, tags};
use crate::aws::{CallError, Session};
use crate::model::{Address, RemoteId};
use serde::{Deserialize, Deserializer};

/// The tag of what others made: beside the mark, so that nobody forgets whose work it was.
const ADOPTED_TAG: &str = "landfall:adopted";

/// Why what was adopted must not be deleted.
pub(super) const HELD: &str = "others made it, and it was adopted";

/// Whether a resource of ours was adopted.
pub(super) fn was(tags: &Tags) -> bool {
    tags.contains_key(ADOPTED_TAG)
}

impl Spec {
    /// The id of the stranger that is to become this resource.
    pub fn adopts(&self) -> Option<&str> {
        match self {
            Spec::Vpc(vpc) => vpc.adopts.as_deref(),
            Spec::InternetGateway(gateway) => gateway.adopts.as_deref(),
            _ => None,
        }
    }
}

/// An id, or none where the text is empty: so that a module can bind the field to a parameter that is empty by default.
pub(super) fn id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.filter(|id| !id.is_empty()))
}

/// Marks a stranger as the resource of an address. `found` are the tags that it has: what carries another mark stays another's.
pub(super) async fn adopt(at: &Session, id: &str, address: &Address, found: &Tags, declared: &Tags) -> Result<RemoteId, CallError> {
    let mark = found.get(ADDRESS_TAG).filter(|mark| **mark != address.to_string());
    if let Some(mark) = mark {
        return Err(CallError::refused("ec2:CreateTags", format!("{id} can't be adopted: its mark says that it is {mark}")));
    }
    let mut all = tags::marked(address, declared);
    all.insert(ADOPTED_TAG.to_owned(), "true".to_owned());
    let all = ec2::written(&all);
    at.ec2().create_tags().resources(id).set_tags(Some(all)).send().await?;
    Ok(id.into())
}
