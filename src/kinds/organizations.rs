//! What the two kinds of the organization share: the walk over its tree, and tags in its shape.

use super::tags;
use crate::aws::{AwsError, Session};
use crate::model::{Address, RemoteId};
use aws_sdk_organizations::types::Tag;

/// An organizational unit as found on the walk.
pub(super) struct Unit {
    pub id: RemoteId,
    pub name: String,
    /// The name of the unit it is in; none below the root.
    pub parent: Option<String>,
}

/// The id of the organization's root. An organization has exactly one.
pub(super) async fn root(at: &Session) -> Result<RemoteId, AwsError> {
    let none = || AwsError::refused("organizations:ListRoots", "the organization has no root");
    let mut pages = at.organizations().list_roots().into_paginator().send();
    let page = pages.next().await.ok_or_else(none)??;
    page.roots().first().and_then(|root| root.id()).map(RemoteId::from).ok_or_else(none)
}

/// All organizational units, parents before children.
pub(super) async fn units(at: &Session) -> Result<Vec<Unit>, AwsError> {
    let mut found: Vec<Unit> = Vec::new();
    children(at, &root(at).await?, None, &mut found).await?;
    let mut next = 0;
    while next < found.len() {
        let (id, name) = (found[next].id.clone(), found[next].name.clone());
        children(at, &id, Some(&name), &mut found).await?;
        next += 1;
    }
    Ok(found)
}

async fn children(at: &Session, id: &RemoteId, parent: Option<&str>, found: &mut Vec<Unit>) -> Result<(), AwsError> {
    let call = at.organizations().list_organizational_units_for_parent().parent_id(id.as_str());
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let named = page?.organizational_units.unwrap_or_default().into_iter().filter_map(|unit| Some((unit.id?, unit.name?)));
        found.extend(named.map(|(id, name)| Unit { id: id.into(), name, parent: parent.map(str::to_owned) }));
    }
    Ok(())
}

/// The mark, for a creating call.
pub(super) fn marks(address: &Address) -> Result<Vec<Tag>, AwsError> {
    let incomplete = |error: aws_sdk_organizations::error::BuildError| AwsError::refused("organizations:TagResource", error.to_string());
    let all = tags::marked(address, &super::Tags::new());
    all.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(incomplete)).collect()
}
