//! `organizational-unit`: a folder of accounts, which policies attach to.

use super::{Driver, Kind, Scope, Seen, Tags, organizations};
use crate::aws::{AwsError, Fault, Session};
use crate::model::{Address, Change, KindName, Name, Reference, Region, RemoteId, Risk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An organizational unit. Its name is the resource's name; it is unique below its parent, and so is the mark of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationalUnit {
    /// The unit that this one is in; the root of the organization when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Reference>,
}

impl Kind for OrganizationalUnit {
    const NAME: KindName = KindName::new("organizational-unit");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str = "An organizational unit: a folder of accounts in the organization, which policies attach to.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &["organizations:ListRoots", "organizations:ListOrganizationalUnitsForParent"];
    const WRITES: &'static [&'static str] = &["organizations:CreateOrganizationalUnit", "organizations:TagResource"];

    fn changes(live: &OrganizationalUnit, want: &OrganizationalUnit) -> Vec<Change> {
        let OrganizationalUnit { parent } = live;
        let change = Change::of_option("parent", parent, &want.parent);
        // There is no call to move a unit; a person recreates it and moves the accounts.
        change.map(|change| change.by_hand().concerning(Risk::Notable, "a unit can't be moved")).into_iter().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        self.parent.iter().cloned().collect()
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Driver for OrganizationalUnit {
    async fn read(at: &Session) -> Result<Vec<Seen<OrganizationalUnit>>, AwsError> {
        let units = organizations::units(at).await?;
        Ok(units.into_iter().filter_map(see).collect())
    }

    async fn create(at: &Session, address: &Address, want: &OrganizationalUnit) -> Result<RemoteId, AwsError> {
        let parent = match &want.parent {
            Some(parent) => at.id_of(parent, Region::GLOBAL)?,
            None => organizations::root(at).await?,
        };
        let call = at.organizations().create_organizational_unit().parent_id(parent.as_str()).name(address.name.as_str());
        match call.set_tags(Some(organizations::marks(address)?)).send().await.map_err(AwsError::from) {
            Ok(answer) => {
                let id = answer.organizational_unit().and_then(|unit| unit.id());
                id.map(RemoteId::from)
                    .ok_or_else(|| AwsError::refused("organizations:CreateOrganizationalUnit", "the answer holds no id"))
            }
            Err(error) if error.is(Fault::Exists) => {
                // Made by an earlier attempt whose answer got lost, or just not listed yet.
                let found = Self::find(at, address).await?;
                found.map(|seen| seen.id).ok_or_else(|| AwsError { fault: Fault::Busy, ..error })
            }
            Err(error) => Err(error),
        }
    }

    async fn update(_: &Session, _: &Address, _: &RemoteId, _: &OrganizationalUnit, _: &[Change]) -> Result<(), AwsError> {
        Err(AwsError::refused("organizations:UpdateOrganizationalUnit", "a unit can't be moved"))
    }

    async fn delete(_: &Session, _: &Address, _: &RemoteId, _: &OrganizationalUnit) -> Result<(), AwsError> {
        Err(AwsError::refused("organizations:DeleteOrganizationalUnit", "units are never deleted: they may hold accounts of others"))
    }
}

fn see(unit: organizations::Unit) -> Option<Seen<OrganizationalUnit>> {
    let organizations::Unit { id, name, parent } = unit;
    let parent = parent.map(|name| Some(Reference::here(OrganizationalUnit::NAME, name.parse::<Name>().ok()?)));
    let spec = OrganizationalUnit { parent: parent.unwrap_or_default() };
    Some(Seen { id, name: name.parse().ok(), spec })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_in_another_place_is_for_a_person_to_move() {
        let root = OrganizationalUnit { parent: None };
        let inner = OrganizationalUnit { parent: Some("organizational-unit/workloads".parse().unwrap()) };
        assert_eq!(OrganizationalUnit::changes(&root, &root), []);
        assert_eq!(OrganizationalUnit::changes(&root, &inner)[0].effect, crate::model::Effect::ByHand);
        assert_eq!(inner.needs().len(), 1);
    }
}
