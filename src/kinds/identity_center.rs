//! What the Identity Center kinds share: where the organization's one instance is, and its kind of conflict. Never makes an instance.

use crate::aws::{CallError, Fault, Session};
use crate::model::Region;
use aws_sdk_ssoadmin::types::InstanceMetadata;
use std::sync::Arc;

/// The Region in which most organizations have enabled Identity Center, where it is not in the home Region.
const USUAL: &str = "us-east-1";

/// The organization's instance, and a session in its Region.
pub(super) struct Center {
    pub at: Session,
    pub instance: String,
    /// The id of its directory of people and groups.
    pub store: String,
}

/// Finds the instance: an organization has one, and in one Region.
pub(super) async fn center(at: &Session) -> Result<Center, CallError> {
    let usual = USUAL.parse::<Region>().ok().filter(|usual| usual != at.region());
    for region in [Some(at.region().clone()), usual].into_iter().flatten() {
        let there = at.elsewhere(&region);
        if let Some((instance, store)) = &*instance(&there).await? {
            return Ok(Center { instance: instance.clone(), store: store.clone(), at: there });
        }
    }
    let why =
        format!("IAM Identity Center is enabled neither in {} nor in {USUAL}: enable it once, in the management account", at.region());
    Err(CallError::refused("sso:ListInstances", why))
}

/// The instance of a Region and its directory, asked for once for all accounts.
async fn instance(at: &Session) -> Result<Arc<Option<(String, String)>>, CallError> {
    let at = &at.for_all();
    at.once("identity-center", async {
        let answer = at.ssoadmin().list_instances().send().await?;
        let known = |one: &InstanceMetadata| Some((one.instance_arn()?.to_owned(), one.identity_store_id()?.to_owned()));
        Ok(answer.instances().iter().find_map(known))
    })
    .await
}

/// Identity Center's one word for two things: that something is there already, and that something is still going on.
pub(super) fn is_conflict(error: &CallError) -> bool {
    error.code.as_deref() == Some("ConflictException")
}

/// A conflict as something that passes.
pub(super) fn busy(error: CallError) -> CallError {
    let fault = if is_conflict(&error) { Fault::Busy } else { error.fault };
    CallError { fault, ..error }
}

/// A conflict as something that is there already, which is as good.
pub(super) fn or_there<T>(result: Result<T, CallError>) -> Result<Option<T>, CallError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_conflict(&error) => Ok(None),
        Err(error) => Err(error),
    }
}
