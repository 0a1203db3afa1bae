//! `public-access-block`: keeps everything in the account's S3 buckets from the public, whatever their own settings say.

use super::setting::{self, Setting};
use super::{Kind, Scope, Tags};
use crate::aws::{CallError, Session};
use crate::model::{Change, KindName, Name, Reference, Risk};
use aws_sdk_s3control::types::PublicAccessBlockConfiguration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What S3 refuses in all buckets of the account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PublicAccessBlock {
    /// Whether new public access control lists are refused.
    pub block_acls: bool,
    /// Whether those that there are count for nothing.
    pub ignore_acls: bool,
    /// Whether new public bucket policies are refused.
    pub block_policies: bool,
    /// Whether buckets with a public policy are for the account itself alone.
    pub restrict_buckets: bool,
}

impl Default for PublicAccessBlock {
    fn default() -> PublicAccessBlock {
        PublicAccessBlock { block_acls: true, ignore_acls: true, block_policies: true, restrict_buckets: true }
    }
}

impl Kind for PublicAccessBlock {
    const NAME: KindName = KindName::new("public-access-block");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str = "Keeps everything in the account's S3 buckets from the public, whatever their own settings say.";
    const REFERS: &'static [KindName] = &[];
    const SETTING: bool = true;
    const READS: &'static [&'static str] = &["s3:GetAccountPublicAccessBlock"];
    const WRITES: &'static [&'static str] = &["s3:PutAccountPublicAccessBlock"];

    fn changes(live: &PublicAccessBlock, want: &PublicAccessBlock) -> Vec<Change> {
        let PublicAccessBlock { block_acls, ignore_acls, block_policies, restrict_buckets } = live;
        let pairs = [
            ("block_acls", block_acls, want.block_acls),
            ("ignore_acls", ignore_acls, want.ignore_acls),
            ("block_policies", block_policies, want.block_policies),
            ("restrict_buckets", restrict_buckets, want.restrict_buckets),
        ];
        let judged = |change: Change, want: bool| match want {
            true => change.concerning(Risk::Notable, "what somebody made public in S3 no longer is"),
            false => change.concerning(Risk::Dangerous, "lets buckets become public"),
        };
        pairs.into_iter().filter_map(|(field, live, want)| Some(judged(Change::of(field, live, &want)?, want))).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Setting for PublicAccessBlock {
    /// An account where nobody ever set it blocks nothing.
    async fn get(at: &Session, _: &Name) -> Result<Option<PublicAccessBlock>, CallError> {
        let nothing = PublicAccessBlock { block_acls: false, ignore_acls: false, block_policies: false, restrict_buckets: false };
        match at.s3control().get_public_access_block().account_id(at.account_id().as_str()).send().await.map_err(CallError::from) {
            Ok(answer) => Ok(Some(answer.public_access_block_configuration.map_or(nothing, |found| see(&found)))),
            Err(error) if error.code.as_deref() == Some("NoSuchPublicAccessBlockConfiguration") => Ok(Some(nothing)),
            Err(error) => Err(error),
        }
    }

    async fn put(at: &Session, _: &Name, want: &PublicAccessBlock) -> Result<(), CallError> {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(want.block_acls)
            .ignore_public_acls(want.ignore_acls)
            .block_public_policy(want.block_policies)
            .restrict_public_buckets(want.restrict_buckets);
        let call = at.s3control().put_public_access_block().account_id(at.account_id().as_str());
        call.public_access_block_configuration(block.build()).send().await?;
        Ok(())
    }
}

setting::driver!(PublicAccessBlock);

fn see(found: &PublicAccessBlockConfiguration) -> PublicAccessBlock {
    PublicAccessBlock {
        block_acls: found.block_public_acls().unwrap_or_default(),
        ignore_acls: found.ignore_public_acls().unwrap_or_default(),
        block_policies: found.block_public_policy().unwrap_or_default(),
        restrict_buckets: found.restrict_public_buckets().unwrap_or_default(),
    }
}
