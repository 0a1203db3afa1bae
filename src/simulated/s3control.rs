//! Amazon S3's interface for whole accounts: whether anything of theirs can be public.

use super::At;
use super::s3::{answered, between, refused};
use super::wire::{Answer, Asked, element, fault};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What can be kept from the public, for an account as for a bucket.
pub(super) const BLOCKS: [&str; 4] = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"];

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PublicAccess {
    /// What was said last, if anything was.
    block: Option<BTreeMap<String, String>>,
}

impl PublicAccess {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        if asked.headers.get("x-amz-account-id").is_some_and(|account| account != at.account) {
            return refused(403, "AccessDenied", "Access Denied");
        }
        match (asked.operation.as_str(), &self.block) {
            ("GetAccountPublicAccessBlock", Some(block)) => answered(shown(block)),
            ("GetAccountPublicAccessBlock", None) => {
                refused(404, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
            }
            ("PutAccountPublicAccessBlock", _) => {
                self.block = Some(given(asked));
                answered("")
            }
            (other, _) => fault("NotImplemented", format!("the simulated S3 Control has no {other}")),
        }
    }
}

/// What a request blocks; what it leaves out, it does not.
pub(super) fn given(asked: &Asked) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(&asked.body);
    let said = |block: &str| between(&text, block).filter(|said| *said == "true").unwrap_or("false").to_owned();
    BLOCKS.iter().map(|block| ((*block).to_owned(), said(block))).collect()
}

pub(super) fn shown(block: &BTreeMap<String, String>) -> String {
    let inner: String = block.iter().map(|(name, value)| element(name, value)).collect();
    format!("<PublicAccessBlockConfiguration>{inner}</PublicAccessBlockConfiguration>")
}
