//! `replication-set`: the Regions that Incident Manager keeps its records in. Never deletes one: every contact and incident would go with it.

use super::{Driver, Kind, Scope, Seen, Tags, contacts};
use crate::aws::{CallError, Session, Wait, until};
use crate::model::{Address, Change, Effect, KindName, Name, Reference, RemoteId, Risk, show};
use aws_sdk_ssmincidents::types::{
    AddRegionAction, DeleteRegionAction, RegionMapInputValue, ReplicationSet as Found, ReplicationSetStatus as Status,
    UpdateReplicationSetAction as Action,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// Copying into a Region takes minutes; AWS promises nothing.
const WAIT: Wait = Wait { first_pause: Duration::from_secs(1), limit: Duration::from_secs(1800) };

/// The replication set of the organization, called `main`: an account has one, and Incident Manager works once it is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationSet {
    /// The Regions that hold a copy, the home Region among them: two, so that one may fail, and three at most.
    #[schemars(length(min = 1, max = 3))]
    pub regions: BTreeSet<String>,
    /// Whether AWS refuses to delete the set, whoever asks.
    #[serde(default = "yes")]
    pub deletion_protection: bool,
}

fn yes() -> bool {
    true
}

impl Kind for ReplicationSet {
    const NAME: KindName = KindName::new("replication-set");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str =
        "The Regions that Incident Manager keeps its contacts and incidents in. An account has one set, and a plan never deletes it.";
    const REFERS: &'static [KindName] = &[];
    // Who has Incident Manager has a set already, and it holds all there is: it is taken over, and left as it is when undeclared.
    const SETTING: bool = true;
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] = &["ssm-incidents:ListReplicationSets", "ssm-incidents:GetReplicationSet"];
    const WRITES: &'static [&'static str] = &[
        "ssm-incidents:CreateReplicationSet",
        "ssm-incidents:UpdateReplicationSet",
        "ssm-incidents:UpdateDeletionProtection",
        // The first set of an account brings the service's own role along.
        "iam:CreateServiceLinkedRole",
    ];

    fn changes(live: &ReplicationSet, want: &ReplicationSet) -> Vec<Change> {
        let ReplicationSet { regions, deletion_protection: protection } = live;
        let ReplicationSet { regions: want_regions, deletion_protection: want_protection } = want;
        let changed = (regions != want_regions).then(|| Change::between("regions", Some(show(regions)), Some(show(want_regions))));
        let leaves = regions.difference(want_regions).next().is_some();
        let regions = changed.map(|change| match leaves {
            true => change.concerning(Risk::Dangerous, "a Region's copy of all contacts and incidents is deleted"),
            false => change.concerning(Risk::Notable, "contacts and incidents are copied to another Region"),
        });
        let protection = Change::of("deletion_protection", protection, want_protection)
            .map(|change| change.concerning(Risk::Notable, "decides whether one call can delete every contact and incident"));
        regions.into_iter().chain(protection).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

/// The one set that contacts stand on.
pub(super) fn main() -> Reference {
    Reference::here(ReplicationSet::NAME, name())
}

fn name() -> Name {
    "main".parse().expect("`main` is a name")
}

impl Driver for ReplicationSet {
    async fn read(at: &Session) -> Result<Vec<Seen<ReplicationSet>>, CallError> {
        let answer = at.ssmincidents().list_replication_sets().send().await?;
        let mut seen = Vec::new();
        for arn in answer.replication_set_arns() {
            let found = get(at, arn).await?;
            seen.push(Seen { id: arn.as_str().into(), name: Some(name()), spec: see(&found) });
        }
        Ok(seen)
    }

    async fn create(at: &Session, _: &Address, want: &ReplicationSet) -> Result<RemoteId, CallError> {
        let regions = want.regions.iter().map(|region| (region.clone(), RegionMapInputValue::builder().build()));
        let call = at.ssmincidents().create_replication_set().set_regions(Some(regions.collect()));
        let id = match call.send().await.map_err(CallError::from) {
            Ok(answer) => RemoteId::from(answer.arn()),
            Err(error) if contacts::is_conflict(&error) => Self::read(at).await?.into_iter().next().ok_or(error)?.id,
            Err(error) => return Err(error),
        };
        settled(at, &id).await?;
        protect(at, &id, want.deletion_protection).await?;
        Ok(id)
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &ReplicationSet, _: &[Change]) -> Result<(), CallError> {
        let live = settled(at, id).await?;
        // AWS takes one Region a call. Those that join come first: the set is never down to fewer than it was to have.
        for region in want.regions.difference(&live.regions) {
            let add = AddRegionAction::builder().region_name(region).build().map_err(contacts::unbuilt)?;
            change(at, id, Action::AddRegionAction(add)).await?;
        }
        for region in live.regions.difference(&want.regions) {
            let remove = DeleteRegionAction::builder().region_name(region).build().map_err(contacts::unbuilt)?;
            change(at, id, Action::DeleteRegionAction(remove)).await?;
        }
        if live.deletion_protection != want.deletion_protection {
            protect(at, id, want.deletion_protection).await?;
        }
        Ok(())
    }

    async fn delete(_: &Session, address: &Address, _: &RemoteId, _: &ReplicationSet) -> Result<(), CallError> {
        let why = format!("{address} holds every contact and incident, and is never deleted by a plan");
        Err(CallError::refused("ssm-incidents:DeleteReplicationSet", why))
    }
}

fn see(found: &Found) -> ReplicationSet {
    ReplicationSet {
        regions: found.region_map().keys().cloned().collect(),
        deletion_protection: found.deletion_protected(),
    }
}

async fn get(at: &Session, arn: &str) -> Result<Found, CallError> {
    let answer = at.ssmincidents().get_replication_set().arn(arn).send().await?;
    answer.replication_set.ok_or_else(|| CallError::refused("ssm-incidents:GetReplicationSet", "the answer holds no set"))
}

/// Waits until the set can be changed, and says how it is then.
async fn settled(at: &Session, id: &RemoteId) -> Result<ReplicationSet, CallError> {
    until("the copying of the replication set", WAIT, async || {
        let found = get(at, id.as_str()).await?;
        match found.status() {
            Status::Active => Ok(Some(see(&found))),
            Status::Failed => Err(CallError::refused("ssm-incidents:GetReplicationSet", "AWS says that the set has failed")),
            _ => Ok(None),
        }
    })
    .await
}

async fn change(at: &Session, id: &RemoteId, action: Action) -> Result<(), CallError> {
    at.ssmincidents().update_replication_set().arn(id.as_str()).actions(action).send().await?;
    settled(at, id).await.map(drop)
}

async fn protect(at: &Session, id: &RemoteId, protected: bool) -> Result<(), CallError> {
    at.ssmincidents().update_deletion_protection().arn(id.as_str()).deletion_protected(protected).send().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(regions: &[&str], deletion_protection: bool) -> ReplicationSet {
        ReplicationSet { regions: regions.iter().map(|region| (*region).to_owned()).collect(), deletion_protection }
    }

    #[test]
    fn a_region_that_leaves_takes_its_copy_along() {
        let live = set(&["us-east-1", "us-west-2"], true);
        assert_eq!(ReplicationSet::changes(&live, &live), []);
        let risk = |want: &ReplicationSet| {
            let changes = ReplicationSet::changes(&live, want);
            changes.into_iter().map(|change| (change.field, change.effect, change.concern.unwrap().risk)).collect::<Vec<_>>()
        };
        let all = risk(&set(&["us-east-2", "us-west-2"], false));
        let expected = [
            ("regions".to_owned(), Effect::InPlace, Risk::Dangerous),
            ("deletion_protection".to_owned(), Effect::InPlace, Risk::Notable),
        ];
        assert_eq!(all, expected);
        let more = risk(&set(&["us-east-1", "us-east-2", "us-west-2"], true));
        assert_eq!(more, [("regions".to_owned(), Effect::InPlace, Risk::Notable)]);
    }
}
