//! `region`: a Region of AWS that an account has to opt into before anything can live there. Never disabled by a plan.

use super::setting::{self, Setting};
use super::{Kind, Scope, Tags};
use crate::aws::{CallError, Session, Wait, until};
use crate::model::{Change, KindName, Name, Reference};
use aws_sdk_account::types::RegionOptStatus as Status;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// AWS spreads an account over a Region in minutes, and says that it may take hours (Account Management, "EnableRegion").
const WAIT: Wait = Wait { first_pause: Duration::from_secs(1), limit: Duration::from_secs(1800) };

/// A Region. The resource is named after it: `eu-central-2`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// Whether the account is in the Region.
    pub enabled: bool,
}

impl Kind for Region {
    const NAME: KindName = KindName::new("region");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str = "A Region that the account has to opt into before anything can live there. Named after the Region, and never disabled by a plan.";
    const REFERS: &'static [KindName] = &[];
    const SETTING: bool = true;
    const READS: &'static [&'static str] = &["account:GetRegionOptStatus"];
    const WRITES: &'static [&'static str] = &["account:EnableRegion"];

    fn changes(live: &Region, want: &Region) -> Vec<Change> {
        let (Region { enabled }, Region { enabled: wanted }) = (live, want);
        // What lives in a Region that is disabled goes on costing money where nobody sees it.
        let judged = |change: Change| if *wanted { change } else { change.by_hand() };
        Change::of("enabled", enabled, wanted).map(judged).into_iter().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Setting for Region {
    /// A Region that is being enabled is not there yet, and a run that finds it so waits for it.
    async fn get(at: &Session, name: &Name) -> Result<Option<Region>, CallError> {
        let status = status(at, name).await?;
        Ok(Some(Region { enabled: matches!(status, Some(Status::Enabled | Status::EnabledByDefault)) }))
    }

    async fn put(at: &Session, name: &Name, want: &Region) -> Result<(), CallError> {
        if !want.enabled {
            return Err(CallError::refused("account:DisableRegion", format!("{name} is never disabled by a plan")));
        }
        match status(at, name).await? {
            Some(Status::Enabled | Status::EnabledByDefault) => return Ok(()),
            // An earlier run asked for it.
            Some(Status::Enabling) => {}
            _ => drop(at.accounts().enable_region().region_name(name.as_str()).send().await?),
        }
        until(&format!("the Region {name}"), WAIT, async || {
            let status = status(at, name).await?;
            Ok(matches!(status, Some(Status::Enabled | Status::EnabledByDefault)).then_some(()))
        })
        .await
    }
}

setting::driver!(Region);

async fn status(at: &Session, name: &Name) -> Result<Option<Status>, CallError> {
    let answer = at.accounts().get_region_opt_status().region_name(name.as_str()).send().await?;
    Ok(answer.region_opt_status().cloned())
}
