//! Names and ranges that somebody else has where AWS gives each only once.

use super::super::world::World;
use super::Refusal;
use crate::kinds::Spec;
use crate::plan::{Step, Stranger};

const HINT: &str = "somebody else made it: delete it, or give ours another name";

/// Who has what a new resource would be called, or a part of the range that it would have.
pub(super) fn taken(world: &World, step: &Step, want: &Spec) -> Option<Refusal> {
    let held = world.held.borrow();
    let mut here = held.strangers(&step.address.account).filter(|other| want.adopts() != Some(other.id.as_str()));
    here.find_map(|other| named_so(step, want, other).or_else(|| in_the_way(world, step, want, other)))
}

/// Kinds that an account has once by a name, and of which a stranger's is never taken over.
fn named_so(step: &Step, want: &Spec, other: &Stranger) -> Option<Refusal> {
    let code = match (want, &other.spec) {
        (Spec::IamRole(_), Spec::IamRole(_)) => "iam:CreateRole EntityAlreadyExists",
        (Spec::IamUser(_), Spec::IamUser(_)) => "iam:CreateUser EntityAlreadyExists",
        (Spec::IamPolicy(_), Spec::IamPolicy(_)) => "iam:CreatePolicy EntityAlreadyExists",
        (Spec::IamOidcProvider(_), Spec::IamOidcProvider(_)) => "iam:CreateOpenIDConnectProvider EntityAlreadyExists",
        _ => return None,
    };
    // `arn:aws:iam::1:role/path/name`
    let (id, name) = (other.id.as_str(), step.address.name.as_str());
    let is_it = id.strip_suffix(name).is_some_and(|before| before.ends_with('/'));
    is_it.then(|| Refusal::new(format!("{code}: {id} is there, and not ours"), HINT))
}

/// A subnet whose range overlaps with that of another one of its VPC.
fn in_the_way(world: &World, step: &Step, want: &Spec, other: &Stranger) -> Option<Refusal> {
    let (Spec::Subnet(subnet), Spec::Subnet(theirs)) = (want, &other.spec) else { return None };
    let vpc = |subnet: &crate::kinds::Subnet| subnet.vpc.resolve(&step.address, world.home());
    let (range, taken) = (want.range()?, other.spec.range()?);
    let overlap = range.contains(&taken) || taken.contains(&range);
    let why = || format!("ec2:CreateSubnet InvalidSubnet.Conflict: {} has {taken}, and is not ours", other.id);
    (overlap && vpc(subnet) == vpc(theirs)).then(|| Refusal::new(why(), "plan again: the planner then avoids the range"))
}
