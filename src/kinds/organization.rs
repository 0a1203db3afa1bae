//! The tree of the organization: its root and its units. Walked the same way for units and for accounts.

use crate::aws::{CallError, Session};

/// An organizational unit in the tree.
pub(super) struct Unit {
    pub id: String,
    pub name: String,
    /// None directly under the root.
    pub parent: Option<String>,
}

/// The id of the organization's root. There is always exactly one.
pub(super) async fn root(at: &Session) -> Result<String, CallError> {
    let answer = at.organizations().list_roots().send().await?;
    let id = answer.roots().first().and_then(|root| root.id()).map(str::to_owned);
    id.ok_or_else(|| CallError::refused("organizations:ListRoots", "the organization has no root"))
}

/// All units, parents before their children. One call a unit, and nothing cheaper: AWS lists units by parent only.
pub(super) async fn units(at: &Session, root: &str) -> Result<Vec<Unit>, CallError> {
    let mut units = children(at, root, true).await?;
    let mut next = 0;
    while next < units.len() {
        let parent = units[next].id.clone();
        units.extend(children(at, &parent, false).await?);
        next += 1;
    }
    Ok(units)
}

async fn children(at: &Session, parent: &str, is_root: bool) -> Result<Vec<Unit>, CallError> {
    let mut pages = at.organizations().list_organizational_units_for_parent().parent_id(parent).into_paginator().send();
    let mut units = Vec::new();
    while let Some(page) = pages.next().await {
        for unit in page?.organizational_units() {
            let parent = (!is_root).then(|| parent.to_owned());
            units.extend(unit.id().zip(unit.name()).map(|(id, name)| Unit { id: id.to_owned(), name: name.to_owned(), parent }));
        }
    }
    Ok(units)
}
