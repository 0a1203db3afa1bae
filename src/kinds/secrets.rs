//! The secrets of ours in an account's Secrets Manager, by their mark. Never what is in them.

use super::tags;
use crate::aws::{CallError, Session};
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, SecretListEntry};
use std::sync::Arc;

/// All secrets of the session's account and Region with our mark, whatever kind they are of: the listing tells their tags.
pub(super) async fn marked(at: &Session) -> Result<Arc<Vec<SecretListEntry>>, CallError> {
    let marked = || Filter::builder().key(FilterNameStringType::TagKey).values(tags::ADDRESS_TAG).build();
    let pages = || at.secretsmanager().list_secrets().filters(marked()).into_paginator().send();
    at.once("secrets", async {
        let (mut pages, mut all) = (pages(), Vec::new());
        while let Some(page) = pages.next().await {
            all.extend(page?.secret_list.unwrap_or_default());
        }
        Ok(all)
    })
    .await
}
