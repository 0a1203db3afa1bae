//! What the IAM kinds share: tags and documents in IAM's shape.

use super::{Document, Tags, document};
use crate::aws::{CallError, Session};
use crate::model::Change;
use aws_sdk_iam::types::{EntityType, ManagedPolicyDetail, RoleDetail, Tag, UserDetail};
use percent_encoding::percent_decode_str;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The most that IAM lists in one page.
const PAGE: i32 = 1000;

/// Who and what there is in an account, whole: documents, tags and boundaries.
#[derive(Default)]
pub(super) struct Identities {
    pub policies: Vec<ManagedPolicyDetail>,
    pub roles: Vec<RoleDetail>,
    pub users: Vec<UserDetail>,
}

/// AWS's one listing of whole identities. Policies, roles and users are read one after the other, so in a read the first brings all three;
/// a step that looks for one resource lists its kind alone.
pub(super) async fn identities(at: &Session, kind: EntityType) -> Result<Arc<Identities>, CallError> {
    let kinds = match at.reads_all() {
        true => vec![EntityType::LocalManagedPolicy, EntityType::Role, EntityType::User],
        false => vec![kind],
    };
    at.once("identities", async {
        let call = at.iam().get_account_authorization_details().set_filter(Some(kinds));
        let mut pages = call.into_paginator().page_size(PAGE).send();
        let mut all = Identities::default();
        // A page holds some of each kind, and may hold none of one.
        while let Some(page) = pages.next().await {
            let page = page?;
            all.policies.extend(page.policies.unwrap_or_default());
            all.roles.extend(page.role_detail_list.unwrap_or_default());
            all.users.extend(page.user_detail_list.unwrap_or_default());
        }
        Ok(all)
    })
    .await
}

/// IAM's tags as ours.
pub(super) fn tags(found: &[Tag]) -> Tags {
    found.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

/// Our tags as IAM's.
pub(super) fn written(tags: &Tags) -> Result<Vec<Tag>, CallError> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect::<Result<_, _>>().map_err(|error| CallError::refused("iam:Tag", error.to_string()))
}

/// A document as IAM returns it, percent-encoded, with this account's own names taken out.
pub(super) fn found(at: &Session, text: &str) -> Document {
    Document::found(&decoded(text)).restore(at.account_id().as_str(), at.region().as_str())
}

/// A document as IAM takes it, with this account's own names put in.
pub(super) fn text(at: &Session, document: &Document) -> String {
    document.fill(at.account_id().as_str(), at.partition(), at.region().as_str()).compact()
}

/// An ARN as a spec holds it, filled in for the session's account.
pub(super) fn filled(at: &Session, arn: &str) -> String {
    document::fill(&document::neutral(arn), at.account_id().as_str(), at.partition(), at.region().as_str())
}

/// The reverse of `filled`.
pub(super) fn restored(at: &Session, arn: &str) -> String {
    document::restored(arn, at.account_id().as_str(), at.region().as_str())
}

/// The inline policies that differ, one change a policy.
pub(super) fn policy_changes(live: &BTreeMap<String, Document>, want: &BTreeMap<String, Document>) -> Vec<Change> {
    let names: BTreeSet<&String> = live.keys().chain(want.keys()).collect();
    let change = |name: &String| Change::of_option(format!("policies.{name}"), &live.get(name).cloned(), &want.get(name).cloned());
    names.into_iter().filter_map(change).collect()
}

/// IAM percent-encodes documents. One that begins with a brace is not encoded, and its `%` are its own.
fn decoded(text: &str) -> String {
    if text.trim_start().starts_with('{') {
        return text.to_owned();
    }
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded_once() {
        assert_eq!(decoded("%7B%22Sid%22%3A%20%22a%2520b%22%7D"), r#"{"Sid": "a%20b"}"#);
        assert_eq!(decoded(r#"{"Sid": "a%20b"}"#), r#"{"Sid": "a%20b"}"#);
    }
}
