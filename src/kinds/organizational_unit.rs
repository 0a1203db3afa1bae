//! `organizational-unit`: a folder of accounts in the organization, for policies to apply to.

use super::organization::{self, Unit};
use super::{Driver, Kind, Scope, Seen, Tags, account, tags};
use crate::aws::{CallError, Session, or_exists};
use crate::model::{Account, Address, Change, Effect, KindName, Name, Reference, Region, RemoteId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An organizational unit. Its name in the organization is the resource's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationalUnit {
    /// The unit that this one is in; the organization's root when absent.
    #[serde(default)]
    pub parent: Option<Reference>,
}

impl Kind for OrganizationalUnit {
    const NAME: KindName = KindName::new("organizational-unit");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str = "An organizational unit: a folder of accounts, which policies of the organization apply to as a whole.";
    const REFERS: &'static [KindName] = &[OrganizationalUnit::NAME];
    const READS: &'static [&'static str] = &["organizations:ListRoots", "organizations:ListOrganizationalUnitsForParent"];
    const WRITES: &'static [&'static str] = &["organizations:CreateOrganizationalUnit", "organizations:TagResource"];

    fn changes(live: &OrganizationalUnit, want: &OrganizationalUnit) -> Vec<Change> {
        let OrganizationalUnit { parent } = live;
        let OrganizationalUnit { parent: want_parent } = want;
        // AWS has no call that moves a unit; deleting it would first have to throw all its accounts out.
        let parent = Change::of_option("parent", &parent.as_ref().map(at_home), &want_parent.as_ref().map(at_home));
        parent.map(Change::by_hand).into_iter().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        self.parent.iter().cloned().collect()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::ByHand
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

/// The reference as the management account itself writes it: `management:` says nothing new there.
fn at_home(reference: &Reference) -> Reference {
    let account = reference.account.clone().filter(|account| *account != Account::Management);
    Reference { account, ..reference.clone() }
}

impl Driver for OrganizationalUnit {
    // A unit is ours by its name, as its address says, and not by a tag: reading tags costs a call a unit, a unit is worthless without
    // its name, and two of one name beside each other AWS doesn't allow.
    async fn read(at: &Session) -> Result<Vec<Seen<OrganizationalUnit>>, CallError> {
        let root = organization::root(at).await?;
        let units = organization::units(at, &root).await?;
        Ok(units.iter().map(|unit| see(at, unit, &units)).collect())
    }

    async fn create(at: &Session, address: &Address, want: &OrganizationalUnit) -> Result<RemoteId, CallError> {
        let parent = match &want.parent {
            Some(parent) => at.id_of(parent, Region::GLOBAL)?.0,
            None => organization::root(at).await?,
        };
        let call = at.organizations().create_organizational_unit().parent_id(&parent).name(address.name.as_str());
        let call = call.set_tags(Some(account::written(&tags::marked(address, &Tags::new()))?));
        let answer = or_exists(call.send().await.map_err(CallError::from))?;
        let id = match &answer {
            Some(answer) => answer.organizational_unit().and_then(|unit| unit.id()).map(RemoteId::from),
            None => Self::find(at, address).await?.map(|seen| seen.id),
        };
        id.ok_or_else(|| CallError::refused("organizations:CreateOrganizationalUnit", "the answer holds no id"))
    }

    async fn update(_: &Session, address: &Address, _: &RemoteId, _: &OrganizationalUnit, _: &[Change]) -> Result<(), CallError> {
        Err(CallError::refused("organizations:MoveOrganizationalUnit", format!("AWS can't move {address}: a person has to make it anew")))
    }

    async fn delete(_: &Session, address: &Address, _: &RemoteId, _: &OrganizationalUnit) -> Result<(), CallError> {
        Err(CallError::refused("organizations:DeleteOrganizationalUnit", format!("{address} is not deleted by a plan: delete it by hand")))
    }
}

fn see(at: &Session, unit: &Unit, all: &[Unit]) -> Seen<OrganizationalUnit> {
    let parent = unit.parent.as_ref().and_then(|id| {
        let listed = all.iter().find(|unit| unit.id == *id).and_then(|unit| unit.name.parse().ok());
        listed.map(|name| Reference::here(OrganizationalUnit::NAME, name)).or_else(|| at.reference(&OrganizationalUnit::NAME, id))
    });
    Seen { id: unit.id.as_str().into(), name: unit.name.parse::<Name>().ok(), spec: OrganizationalUnit { parent } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_moved_by_hand() {
        let at_root = OrganizationalUnit { parent: None };
        let inside = |text: &str| OrganizationalUnit { parent: Some(text.parse().unwrap()) };
        let short = inside("organizational-unit/workloads");
        assert_eq!(OrganizationalUnit::changes(&short, &inside("management:organizational-unit/workloads")), []);
        let moved = Change::between("parent", None, Some("organizational-unit/workloads".into())).by_hand();
        assert_eq!(OrganizationalUnit::changes(&at_root, &short), [moved]);
    }
}
