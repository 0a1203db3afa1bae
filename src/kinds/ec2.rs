//! What the EC2 kinds share: tags in EC2's shape, and ids from answers.

use super::{Tags, tags};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, RemoteId};
use aws_sdk_ec2::types::{ResourceType, SecurityGroup, Tag, TagSpecification, Vpc};
use std::sync::Arc;

/// The most that EC2 lists in one page. Asked for explicitly: EC2 charges listings without a page size more of its token bucket.
pub(super) const PAGE: i32 = 1000;
/// Its most for route tables.
pub(super) const PAGE_OF_ROUTE_TABLES: i32 = 100;

/// All VPCs of the session's Region: those that we make are among them, and so is the one that AWS made.
pub(super) async fn vpcs(at: &Session) -> Result<Arc<Vec<Vpc>>, CallError> {
    let pages = || at.ec2().describe_vpcs().into_paginator().page_size(PAGE).items().send();
    at.once("vpcs", async { Ok(pages().collect::<Result<_, _>>().await?) }).await
}

/// All security groups of the session's Region, the default ones as well.
pub(super) async fn security_groups(at: &Session) -> Result<Arc<Vec<SecurityGroup>>, CallError> {
    let pages = || at.ec2().describe_security_groups().into_paginator().page_size(PAGE).items().send();
    at.once("security-groups", async { Ok(pages().collect::<Result<_, _>>().await?) }).await
}

/// EC2's tags as ours.
pub(super) fn tags(found: &[Tag]) -> Tags {
    found.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))).collect()
}

/// The mark and the declared tags, for a creating call: a resource is never there without its mark.
pub(super) fn marks(kind: ResourceType, address: &Address, declared: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).set_tags(Some(written(&tags::marked(address, declared)))).build()
}

/// Sets the declared tags when one of them changes.
pub(super) async fn retag(at: &Session, id: &RemoteId, declared: &Tags, changes: &[Change]) -> Result<(), CallError> {
    if tags::touched(changes) {
        at.ec2().create_tags().resources(id.as_str()).set_tags(Some(written(declared))).send().await?;
    }
    Ok(())
}

/// The id in the answer to a creating call.
pub(super) fn created(operation: &str, id: Option<&str>) -> Result<RemoteId, CallError> {
    id.map(RemoteId::from).ok_or_else(|| CallError::refused(operation, "the answer holds no id"))
}

pub(super) fn written(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
