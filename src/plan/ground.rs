//! Desired and live on one table: who needs whom, as declared and as found. Every stage of planning looks here; none changes it.

use super::{Declared, Desired, Found, Live, Stranger, adopt};
use crate::kinds::{Scope, Spec, row};
use crate::model::{Account, Address, KindName, Reference, Region};
use std::collections::{BTreeMap, BTreeSet};

/// The kind of an account, whose `main` everything in that account implicitly needs.
pub(super) const ACCOUNT: KindName = KindName::new("account");
/// The kind of an organizational unit.
pub(super) const UNIT: KindName = KindName::new("organizational-unit");
/// The kind of a VPC, whose ranges come from the pool.
pub(super) const VPC: KindName = KindName::new("vpc");
/// The kind of a subnet, whose ranges come from its VPC.
pub(super) const SUBNET: KindName = KindName::new("subnet");

/// Addresses by address: what each one needs, or who needs it.
pub(super) type Edges<'a> = BTreeMap<&'a Address, BTreeSet<Address>>;

/// What planning stands on.
pub(super) struct Ground<'a> {
    pub desired: &'a Desired,
    pub live: &'a Live,
    /// What each declared resource needs as declared, what goes without saying included: its account, and a gateway to the internet.
    pub needs: Edges<'a>,
    /// The declared resources that need each address.
    pub wanted_by: BTreeMap<Address, BTreeSet<&'a Address>>,
    /// The live resources of ours that are bound to each address.
    pub held_by: BTreeMap<Address, BTreeSet<&'a Address>>,
    /// The strangers that are to become ours, each by the address that it will have.
    pub adopted: BTreeMap<&'a Address, &'a Stranger>,
}

impl<'a> Ground<'a> {
    pub(super) fn of(desired: &'a Desired, live: &'a Live) -> Ground<'a> {
        let home = &desired.estate.home_region;
        let mut needs: Edges = desired.resources.iter().map(|(at, declared)| (at, needs(at, &declared.spec, home))).collect();
        imply_gateways(&mut needs, desired.resources.iter().map(|(at, declared)| (at, &declared.spec)), home);
        let mut held: Edges = ours(desired, live).map(|(at, found)| (at, bound(at, &found.spec, home))).collect();
        // An account is closed after everything about it that is not in it.
        let closes = |at: &Address| desired.estate.retired.accounts.contains(&at.account);
        for (at, needs) in held.iter_mut().filter(|(at, _)| closes(at) && !is_inside(at)) {
            needs.extend(account_of(&at.account).filter(|account| account != *at));
        }
        imply_gateways(&mut held, ours(desired, live).map(|(at, found)| (at, &found.spec)), home);
        let held_by = turned(held.into_iter());
        let wanted_by = turned(needs.iter().map(|(at, needs)| (*at, needs.clone())));
        Ground { desired, live, needs, wanted_by, held_by, adopted: adopt::strangers(desired, live) }
    }

    pub(super) fn home(&self) -> &'a Region {
        &self.desired.estate.home_region
    }

    pub(super) fn declared(&self, at: &Address) -> Option<&'a Declared> {
        self.desired.resources.get(at)
    }

    /// What lives at an address, if it is in an account of ours.
    pub(super) fn found(&self, at: &Address) -> Option<&'a Found> {
        self.live.found.get(at).filter(|_| is_ours(self.desired, self.live, &at.account))
    }

    /// Everything of ours that lives in our accounts.
    pub(super) fn found_all(&self) -> impl Iterator<Item = (&'a Address, &'a Found)> {
        ours(self.desired, self.live)
    }

    /// Whether a resource, as declared, needs another one.
    pub(super) fn needs(&self, user: &Address, at: &Address) -> bool {
        self.needs.get(user).is_some_and(|needs| needs.contains(at))
    }

    /// The live resources that are bound to an address.
    pub(super) fn holders(&self, at: &Address) -> impl Iterator<Item = &'a Address> {
        self.held_by.get(at).into_iter().flatten().copied()
    }

    /// What a live spec is bound to.
    pub(super) fn bound(&self, at: &Address, spec: &Spec) -> Vec<Address> {
        bound(at, spec, self.home()).into_iter().collect()
    }

    /// The reference by which a spec at `from` names `to`.
    pub(super) fn reference(&self, from: &Address, spec: &Spec, to: &Address) -> Option<Reference> {
        spec.needs().into_iter().find(|reference| reference.resolve(from, self.home()) == *to)
    }

    /// Everything that needs one of the addresses, as declared and over any number of steps, and the addresses themselves.
    ///
    /// It stops at an account that lives: what is inside does not care where in the organization its account hangs.
    pub(super) fn reach(&self, from: impl IntoIterator<Item = Address>) -> BTreeSet<Address> {
        let mut next: Vec<Address> = from.into_iter().collect();
        let mut reached: BTreeSet<Address> = next.iter().cloned().collect();
        while let Some(at) = next.pop() {
            for user in self.wanted_by.get(&at).into_iter().flatten() {
                let is_new = reached.insert((*user).clone());
                if is_new && !(user.kind == ACCOUNT && self.found(user).is_some()) {
                    next.push((*user).clone());
                }
            }
        }
        reached
    }
}

/// The address of the resource that is a member account itself.
pub(super) fn account_of(account: &Account) -> Option<Address> {
    let main = "main".parse().ok()?;
    let member = *account != Account::Management;
    member.then(|| Address { account: account.clone(), region: Region::GLOBAL, kind: ACCOUNT, name: main })
}

/// Whether the files know an account; the management account goes without saying.
pub(super) fn is_declared(desired: &Desired, account: &Account) -> bool {
    *account == Account::Management || desired.estate.members.contains_key(account)
}

/// Whether a resource is in its account, and so is gone when that is.
pub(super) fn is_inside(at: &Address) -> bool {
    row(&at.kind).is_some_and(|row| matches!(row.scope, Scope::Global | Scope::Regional))
}

/// Whether an account is in our care: declared, or one that lives and carries our mark, though nobody declares it any more.
pub(super) fn is_ours(desired: &Desired, live: &Live, account: &Account) -> bool {
    is_declared(desired, account) || account_of(account).is_some_and(|main| live.found.contains_key(&main))
}

/// What a resource needs: what its spec names, and the account that it is in.
fn needs(at: &Address, spec: &Spec, home: &Region) -> BTreeSet<Address> {
    let account = account_of(&at.account).filter(|account| account != at);
    bound(at, spec, home).into_iter().chain(account).collect()
}

/// What a spec names, but for itself: a security group may let its own members in.
fn bound(at: &Address, spec: &Spec, home: &Region) -> BTreeSet<Address> {
    spec.needs().iter().map(|reference| reference.resolve(at, home)).filter(|need| need != at).collect()
}

/// A NAT gateway comes up only in a VPC with an internet gateway, and AWS detaches none while a NAT gateway has its public address from it;
/// neither names the other (VPC user guide, "NAT gateways" and "Detach an internet gateway").
fn imply_gateways<'a>(edges: &mut Edges<'a>, specs: impl Iterator<Item = (&'a Address, &'a Spec)> + Clone, home: &Region) {
    let (mut vpc_of, mut gateways_of): (BTreeMap<&Address, Address>, BTreeMap<Address, Vec<&Address>>) = Default::default();
    for (at, spec) in specs.clone() {
        match spec {
            Spec::Subnet(subnet) => drop(vpc_of.insert(at, subnet.vpc.resolve(at, home))),
            Spec::InternetGateway(gateway) => {
                let vpc = gateway.vpc.as_ref().map(|vpc| vpc.resolve(at, home));
                vpc.into_iter().for_each(|vpc| gateways_of.entry(vpc).or_default().push(at));
            }
            _ => {}
        }
    }
    for (at, spec) in specs {
        let Spec::NatGateway(nat) = spec else { continue };
        let gateways = vpc_of.get(&nat.subnet.resolve(at, home)).and_then(|vpc| gateways_of.get(vpc));
        edges.entry(at).or_default().extend(gateways.into_iter().flatten().map(|gateway| (*gateway).clone()));
    }
}

fn ours<'a>(desired: &'a Desired, live: &'a Live) -> impl Iterator<Item = (&'a Address, &'a Found)> + Clone {
    live.found.iter().filter(|(at, _)| is_ours(desired, live, &at.account))
}

fn turned<'a>(edges: impl Iterator<Item = (&'a Address, BTreeSet<Address>)>) -> BTreeMap<Address, BTreeSet<&'a Address>> {
    let mut turned: BTreeMap<Address, BTreeSet<&Address>> = BTreeMap::new();
    for (user, needs) in edges {
        for need in needs {
            turned.entry(need).or_default().insert(user);
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use crate::model::Account;
    use crate::plan::estates::{accounts, at, desired, live, steps, with};
    use crate::plan::{Live, plan};
    use serde_json::{Value, json};

    const VPC: &str = "payments/prod/us-west-2/vpc/main";

    fn range() -> Value {
        json!({ "cidr": "10.0.0.0/16" })
    }

    #[test]
    fn an_account_is_closed_after_all_that_is_about_it_and_not_in_it() {
        let assignment = json!({ "permission_set": "management:permission-set/developer", "group": "management:access-group/developers" });
        let access = [
            ("management/global/permission-set/developer", json!({ "description": "x", "session_duration": "PT8H" })),
            ("management/global/access-group/developers", json!({})),
        ];
        let mut declared = desired(&with(accounts(&["catalog/prod"]), access.clone()));
        declared.estate.retired.accounts.insert("payments/prod".parse().unwrap());
        let about = "payments/prod/global/access-assignment/developer/developers";
        let lives = live(&with(with(accounts(&["catalog/prod", "payments/prod"]), access), [(about, assignment), (VPC, range())]));
        let (plan, _) = plan(&declared, &lives);
        assert_eq!(steps(&plan), [format!("- {about} []"), "- payments/prod/global/account/main [0]".to_owned()]);
    }

    #[test]
    fn what_is_not_known_of_a_unit_holds_back_new_accounts_and_not_what_is_in_those_that_live() {
        let unit = at("management/global/organizational-unit/all");
        let declared = desired(&with(accounts(&["payments/prod"]), [(VPC, range())]));
        let planned = |lives: Live| {
            let twins = [(unit.clone(), vec!["ou-1".into(), "ou-2".into()])].into();
            steps(&plan(&declared, &Live { twins, ..lives }).0)
        };
        assert_eq!(planned(live(&accounts(&["payments/prod"]))), [format!("+ {VPC} []")]);
        assert_eq!(planned(live(&accounts(&[]))), Vec::<String>::new());
    }

    #[test]
    fn an_account_is_ours_if_it_is_declared_or_carries_our_mark() {
        let declared = desired(&accounts(&["catalog/prod"]));
        let planned = |of: &[&str]| steps(&plan(&declared, &live(&with(accounts(of), [(VPC, range())]))).0);
        assert_eq!(planned(&["catalog/prod"]), Vec::<String>::new(), "whose the other one is, nobody knows");
        assert_eq!(planned(&["catalog/prod", "payments/prod"]), [format!("- {VPC} []")], "it was declared once");
        assert!(super::is_ours(&declared, &Live::default(), &Account::Management));
    }
}
