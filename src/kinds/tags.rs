//! Tags: the mark of ours, and what people and cost reports go by.

use crate::aws::Session;
use crate::model::{Address, Change, KindName, Name};
use std::collections::BTreeMap;

/// Declared tags. Tags that others add to a resource are left alone and never shown.
pub type Tags = BTreeMap<String, String>;

/// The tag that marks a resource as ours; its value is the resource's address.
pub const ADDRESS_TAG: &str = "landfall:address";

/// The declared tags that differ, one change a tag.
pub(super) fn changes(live: &Tags, want: &Tags) -> Vec<Change> {
    let differing = want.iter().filter(|(key, value)| live.get(*key) != Some(*value));
    differing.map(|(key, value)| Change::between(format!("tags.{key}"), live.get(key).cloned(), Some(value.clone()))).collect()
}

/// The name that the mark gives a resource, if it is ours, of this kind and of this very account and Region.
pub(super) fn owner(at: &Session, kind: &KindName, tags: &Tags) -> Option<Name> {
    let address = tags.get(ADDRESS_TAG)?.parse::<Address>().ok()?;
    let here = address.account == *at.account() && address.kind == *kind;
    let in_region = address.region == crate::model::Region::GLOBAL || address.region == *at.region();
    (here && in_region).then_some(address.name)
}

/// The tags to set on a resource: the declared ones and the mark.
pub(super) fn marked(address: &Address, tags: &Tags) -> Tags {
    let mut all = tags.clone();
    all.insert(ADDRESS_TAG.to_owned(), address.to_string());
    all
}

/// The tags of a live resource as a spec holds them: without our own, and without AWS's own.
pub(super) fn declared(tags: &Tags) -> Tags {
    let ours = |key: &String| !key.starts_with("landfall:") && !key.starts_with("aws:");
    tags.iter().filter(|(key, _)| ours(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Whether any of the changes is of a tag.
pub(super) fn touched(changes: &[Change]) -> bool {
    changes.iter().any(|change| change.field.starts_with("tags."))
}
