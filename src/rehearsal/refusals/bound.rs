//! Deletes of what something else still hangs from. AWS refuses them, and apply waits for it to let go: in vain, unless it is Lambda that lets go.

use super::super::world::World;
use super::Refusal;
use crate::apply::Trouble;
use crate::kinds::Spec;
use crate::model::Address;
use crate::plan::Step;

/// What AWS answers, by the kind that is deleted (EC2 API reference, "Error codes"; IAM API reference, "DeletePolicy").
fn code(live: &Spec) -> Option<&'static str> {
    Some(match live {
        Spec::Vpc(_) => "ec2:DeleteVpc DependencyViolation",
        Spec::Subnet(_) => "ec2:DeleteSubnet DependencyViolation",
        Spec::SecurityGroup(_) => "ec2:DeleteSecurityGroup DependencyViolation",
        Spec::IamPolicy(_) => "iam:DeletePolicy DeleteConflict",
        _ => return None,
    })
}

pub(super) fn bound(world: &World, step: &Step, live: &Spec) -> Option<Refusal> {
    let code = code(live)?;
    if world.leaving.borrow().get(&step.address).is_some_and(|until| world.clock.now() < *until) {
        let why = format!("{code}: Lambda has not taken its interfaces out of it yet");
        return Some(Refusal { trouble: Trouble::Leaving, why, hint: None });
    }
    let holds =
        |at: &Address, spec: &Spec| spec.needs().iter().any(|need| need.resolve(at, world.home()) == step.address) && !goes_along(spec);
    let (held, account) = (world.held.borrow(), &step.address.account);
    let own = held.ours(account).find(|(at, spec)| **at != step.address && holds(at, spec)).map(|(at, _)| at.to_string());
    let stranger = || {
        let other = held.strangers(account).find(|other| holds(&step.address, &other.spec));
        other.map(|other| format!("{}, which is not ours,", other.id))
    };
    let used = || matches!(live, Spec::Vpc(vpc) if vpc.in_use).then(|| "somebody's network interface".to_owned());
    let who = own.or_else(stranger).or_else(used)?;
    Some(Refusal::in_vain(format!("{code}: {who} hangs from it"), "remove that first; nothing is lost by trying again"))
}

/// What AWS makes along with a VPC, and removes with it: its main route table and its default group.
fn goes_along(spec: &Spec) -> bool {
    match spec {
        Spec::SecurityGroup(group) => group.description == "default VPC security group",
        // A stranger's table that serves subnets shows by its subnets, which hang from the VPC themselves.
        Spec::RouteTable(_) => true,
        _ => false,
    }
}
