//! Quotas that are used up when a step comes to them. Where nobody read what was granted, AWS's default counts, and that is said.

use super::super::known::QuotaOf;
use super::super::world::World;
use super::Refusal;
use crate::kinds::Spec;
use crate::model::{Account, Address, Reference};
use crate::plan::{Per, Quota, Step, taken};

/// What AWS answers, by the code of the quota (EC2 API reference, "Error codes").
const CODES: [(&str, &str); 8] = [
    ("L-F678F1CE", "ec2:CreateVpc VpcLimitExceeded"),
    ("L-0263D0A3", "ec2:AllocateAddress AddressLimitExceeded"),
    ("L-A4707A72", "ec2:CreateInternetGateway InternetGatewayLimitExceeded"),
    ("L-FE5A380F", "ec2:CreateNatGateway NatGatewayLimitExceeded"),
    ("L-407747CB", "ec2:CreateSubnet SubnetLimitExceeded"),
    ("L-589F43AA", "ec2:CreateRouteTable RouteTableLimitExceeded"),
    ("L-1B52E74A", "ec2:CreateVpcEndpoint VpcEndpointLimitExceeded"),
    ("L-29B6F2EB", "ec2:CreateVpcEndpoint VpcEndpointLimitExceeded"),
];

pub(super) fn exceeded(world: &World, step: &Step, want: &Spec) -> Option<Refusal> {
    let quota = taken(want).filter(|_| want.adopts().is_none())?;
    let account = &step.address.account;
    let place = place(world, &step.address, want, quota)?;
    let counts = |at: &Address, spec: &Spec| taken(spec) == Some(quota) && self::place(world, at, spec, quota).as_ref() == Some(&place);
    let held = world.held.borrow();
    let ours = held.ours(account).filter(|(at, spec)| counts(at, spec)).count();
    let others = held.strangers(account).filter(|other| counts(&step.address, &other.spec)).count();
    let (most, is_known) = allowed(world, account, quota);
    if ours + others < most {
        return None;
    }
    world.met.borrow_mut().insert(of(account, quota));
    let code = CODES.iter().find(|(code, _)| *code == quota.code()).map_or(quota.name, |(_, said)| said);
    let there = format!("{} are there by then, {others} of them not ours", ours + others);
    let limit = if is_known { "are allowed" } else { "are allowed by default; whether this account was granted more is not known" };
    let why = format!("{code}: {}: {there}, and {most} {limit}", quota.name);
    Some(Refusal::new(why, "raise the quota in Service Quotas before the merge, or declare fewer"))
}

fn of(account: &Account, quota: Quota) -> QuotaOf {
    QuotaOf { account: account.clone(), service: quota.service, code: quota.code() }
}

/// How many there may be, and whether that is known and not only the default.
fn allowed(world: &World, account: &Account, quota: Quota) -> (usize, bool) {
    let is_it = |at: &Address| at.name.as_str().rsplit('/').next() == Some(quota.code());
    let declared = world.held.borrow().ours(account).find_map(|(at, spec)| match spec {
        Spec::ServiceQuota(quota) if is_it(at) => Some(quota.value),
        _ => None,
    });
    let known = declared.or_else(|| world.known.granted.get(&of(account, quota)).copied());
    known.map_or((quota.most, false), |most| (usize::try_from(most).unwrap_or(usize::MAX), true))
}

/// In what of an account the quota counts: the whole Region, a zone or a VPC.
fn place(world: &World, at: &Address, spec: &Spec, quota: Quota) -> Option<String> {
    let resolve = |reference: &Reference| reference.resolve(at, world.home());
    match (quota.per, spec) {
        (Per::Region, _) => Some(at.region.to_string()),
        (Per::Zone, Spec::NatGateway(gateway)) => zone(world, at, &gateway.subnet),
        (Per::Vpc, Spec::Subnet(subnet)) => Some(resolve(&subnet.vpc).to_string()),
        (Per::Vpc, Spec::RouteTable(table)) => Some(resolve(&table.vpc).to_string()),
        (Per::Vpc, Spec::VpcEndpoint(endpoint)) => Some(resolve(&endpoint.vpc).to_string()),
        (Per::Zone | Per::Vpc, _) => None,
    }
}

/// The zone of a subnet, ours or a stranger's.
fn zone(world: &World, at: &Address, subnet: &Reference) -> Option<String> {
    let held = world.held.borrow();
    let ours = held.get(&subnet.resolve(at, world.home()));
    let stranger = || held.strangers(&at.account).find(|other| other.id.as_str() == subnet.name.as_str()).map(|other| &other.spec);
    match ours.or_else(stranger)? {
        Spec::Subnet(subnet) => Some(subnet.zone.clone()),
        _ => None,
    }
}
