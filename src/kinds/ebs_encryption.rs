//! `ebs-encryption`: whether new EBS volumes of an account are encrypted in a Region, whoever makes them.

use super::setting::{self, Setting};
use super::{Kind, Scope, Tags};
use crate::aws::{CallError, Session};
use crate::model::{Change, KindName, Name, Reference, Risk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Encryption by default in one Region, which the resource is named after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EbsEncryption {
    /// Whether new volumes and copies of snapshots are encrypted.
    pub enabled: bool,
    /// The Region's own resource, where it has to be enabled before. Never compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Reference>,
}

impl Kind for EbsEncryption {
    const NAME: KindName = KindName::new("ebs-encryption");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str = "Whether new EBS volumes of the account are encrypted in a Region, which the resource is named after.";
    const REFERS: &'static [KindName] = &[KindName::new("region")];
    const SETTING: bool = true;
    const READS: &'static [&'static str] = &["ec2:GetEbsEncryptionByDefault"];
    const WRITES: &'static [&'static str] = &["ec2:EnableEbsEncryptionByDefault", "ec2:DisableEbsEncryptionByDefault"];

    fn changes(live: &EbsEncryption, want: &EbsEncryption) -> Vec<Change> {
        let (EbsEncryption { enabled, region: _ }, EbsEncryption { enabled: wanted, region: _ }) = (live, want);
        let judged = |change: Change| match wanted {
            true => change,
            false => change.concerning(Risk::Notable, "new volumes are no longer encrypted"),
        };
        Change::of("enabled", enabled, wanted).map(judged).into_iter().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        self.region.iter().cloned().collect()
    }

    fn rebind(&self, _: &Reference) -> crate::model::Effect {
        crate::model::Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Setting for EbsEncryption {
    async fn get(at: &Session, name: &Name) -> Result<Option<EbsEncryption>, CallError> {
        let region = setting::region("ec2:GetEbsEncryptionByDefault", name)?;
        match at.elsewhere(&region).ec2().get_ebs_encryption_by_default().send().await.map_err(CallError::from) {
            Ok(answer) => Ok(Some(EbsEncryption { enabled: answer.ebs_encryption_by_default().unwrap_or_default(), region: None })),
            Err(error) if setting::is_not_enabled(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn put(at: &Session, name: &Name, want: &EbsEncryption) -> Result<(), CallError> {
        let there = at.elsewhere(&setting::region("ec2:EnableEbsEncryptionByDefault", name)?);
        if want.enabled {
            there.ec2().enable_ebs_encryption_by_default().send().await?;
        } else {
            there.ec2().disable_ebs_encryption_by_default().send().await?;
        }
        Ok(())
    }
}

setting::driver!(EbsEncryption);
