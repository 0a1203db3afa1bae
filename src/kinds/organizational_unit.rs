//! `organizational-unit`: a folder of accounts in the organization, for policies to apply to.

use super::{Kind, Scope, Tags};
use crate::model::{Account, Change, Effect, KindName, Reference};
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

super::unwritten!(OrganizationalUnit);

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
