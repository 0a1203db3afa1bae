//! The store of an organization: one S3 bucket in the management account that holds the lock and the change records. Made by the first
//! apply. Knows nothing of what is in the documents.

use super::lock::{Shelf, Version};
use crate::aws::{CallError, Fault, Moment, Session, or_exists};
use crate::kinds;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, PublicAccessBlockConfiguration, VersioningConfiguration,
};
use std::sync::Arc;
use std::time::Duration;

/// What looking into the store takes. Plans need it not, and so it is among no kind's.
pub const LOOKING: [&str; 2] = [kinds::policy::STORE[0], kinds::policy::STORE[1]];
/// Where the lock is.
const LOCK: &str = "lock.json";
/// The Region whose name must not be given when a bucket is made in it (API reference of `CreateBucket`).
const UNSPOKEN: &str = "us-east-1";

/// The bucket, seen through the management account's session.
#[derive(Clone)]
pub struct Store {
    at: Arc<Session>,
    bucket: String,
}

impl Store {
    /// The store of the organization that a session of its management account is of. Sends nothing.
    pub fn of(management: &Session) -> Store {
        let bucket = format!("landfall-{}-{}", management.account_id(), management.region());
        Store { at: Arc::new(management.without_lease()), bucket }
    }

    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Makes the bucket unless it is there: versioned, so that nothing in it is ever really overwritten, and closed to the public. True when
    /// it was made.
    ///
    /// # Errors
    /// Those of the S3 operations; a bucket of this name that belongs to somebody else.
    pub async fn open(&self) -> Result<bool, CallError> {
        match self.at.s3().head_bucket().bucket(&self.bucket).expected_bucket_owner(self.at.account_id().as_str()).send().await {
            Ok(_) => return Ok(false),
            Err(SdkError::ServiceError(error)) if error.err().is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
        let region = self.at.region().as_str();
        let place = (region != UNSPOKEN)
            .then(|| CreateBucketConfiguration::builder().location_constraint(BucketLocationConstraint::from(region)).build());
        let made = self.at.s3().create_bucket().bucket(&self.bucket).set_create_bucket_configuration(place).send().await;
        or_exists(made.map_err(CallError::from).map_err(ours))?;
        self.secure().await?;
        Ok(true)
    }

    async fn secure(&self) -> Result<(), CallError> {
        let s3 = self.at.s3();
        let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        s3.put_bucket_versioning().bucket(&self.bucket).versioning_configuration(versioned).send().await?;
        let closed = PublicAccessBlockConfiguration::builder().block_public_acls(true).ignore_public_acls(true);
        let closed = closed.block_public_policy(true).restrict_public_buckets(true).build();
        s3.put_public_access_block().bucket(&self.bucket).public_access_block_configuration(closed).send().await?;
        Ok(())
    }

    /// A document and its version. None when it, or the whole store, is not there.
    ///
    /// # Errors
    /// Those of `s3:GetObject`; a document that is no text.
    pub async fn read(&self, key: &str) -> Result<Option<(String, Version)>, CallError> {
        let call = self.at.s3().get_object().bucket(&self.bucket).key(key).expected_bucket_owner(self.at.account_id().as_str());
        let answer = match call.send().await.map_err(CallError::from) {
            Ok(answer) => answer,
            Err(error) if matches!(error.code.as_deref(), Some("NoSuchKey" | "NoSuchBucket")) => return Ok(None),
            Err(error) => return Err(error),
        };
        let version = Version(answer.e_tag().unwrap_or_default().to_owned());
        let lost = |why: String| CallError { fault: Fault::Lost, ..CallError::refused("s3:GetObject", why) };
        let bytes = answer.body.collect().await.map_err(|error| lost(error.to_string()))?.into_bytes();
        let text = String::from_utf8(bytes.to_vec());
        let text = text.map_err(|_| CallError::refused("s3:GetObject", format!("{key} in {} is no text", self.bucket)))?;
        Ok(Some((text, version)))
    }

    /// Writes a document over this version of it, or where there is none yet. None when something else is there by now.
    ///
    /// # Errors
    /// Those of `s3:PutObject`.
    pub async fn write(&self, key: &str, text: &str, over: Option<&Version>) -> Result<Option<Version>, CallError> {
        let call = self.at.s3().put_object().bucket(&self.bucket).key(key).expected_bucket_owner(self.at.account_id().as_str());
        let call = call.content_type("application/json").body(text.as_bytes().to_vec().into());
        let call = match over {
            Some(version) => call.if_match(&version.0),
            None => call.if_none_match("*"),
        };
        match call.send().await.map_err(CallError::from) {
            Ok(answer) => Ok(Some(Version(answer.e_tag().unwrap_or_default().to_owned()))),
            Err(error) if is_conflict(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The keys that begin so, in order.
    ///
    /// # Errors
    /// Those of `s3:ListBucket`.
    pub async fn list(&self, prefix: &str) -> Result<Vec<String>, CallError> {
        let call = self.at.s3().list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let mut pages = call.expected_bucket_owner(self.at.account_id().as_str()).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            match page.map_err(CallError::from) {
                Ok(page) => keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned))),
                Err(error) if error.code.as_deref() == Some("NoSuchBucket") => return Ok(keys),
                Err(error) => return Err(error),
            }
        }
        keys.sort();
        Ok(keys)
    }
}

/// The documented answers to a conditional write that came too late: 412 when another version is there, 409 when one is being written,
/// 404 when there is none any more (user guide of Amazon S3, "Conditional requests").
fn is_conflict(error: &CallError) -> bool {
    matches!(error.code.as_deref(), Some("PreconditionFailed" | "ConditionalRequestConflict" | "NoSuchKey"))
}

/// A bucket that we have already is the bucket that we wanted.
fn ours(error: CallError) -> CallError {
    let ours = error.code.as_deref() == Some("BucketAlreadyOwnedByYou");
    if ours { CallError { fault: Fault::Exists, ..error } } else { CallError { fault: Fault::Refused, ..error } }
}

impl Shelf for Store {
    async fn get(&self) -> Result<Option<(String, Version)>, CallError> {
        self.read(LOCK).await
    }

    async fn put(&self, text: &str, over: Option<&Version>) -> Result<Option<Version>, CallError> {
        self.write(LOCK, text, over).await
    }

    fn now(&self) -> Moment {
        self.at.moment()
    }

    async fn sleep(&self, pause: Duration) {
        tokio::time::sleep(pause).await;
    }
}
