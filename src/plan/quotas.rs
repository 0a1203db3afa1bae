//! What AWS would refuse for want of quota, before the merge and not in the middle of it. Counts against the defaults, and against more where
//! a `service-quota` tells of it: an account may have been granted more than anybody declares, which is why it warns and does not block.

use super::ground::Ground;
use crate::kinds::{EndpointType, Spec};
use crate::model::{Account, Address, KindName, Note, Reference, Region, RemoteId, Severity, Subject};
use std::collections::BTreeMap;

/// The summary of its notes, which the comment counts.
pub const SUMMARY: &str = "More than AWS allows by default";

/// How many of a kind an account may have in one Region unless it asked for more, and what AWS calls that quota
/// (VPC user guide, "Amazon VPC quotas"; EC2 user guide, "Elastic IP addresses").
static QUOTAS: [(KindName, usize, &str); 3] = [
    (KindName::new("vpc"), 5, "VPCs per Region (L-F678F1CE)"),
    (KindName::new("elastic-ip"), 5, "EC2-VPC Elastic IPs (L-0263D0A3)"),
    (KindName::new("internet-gateway"), 5, "Internet gateways per Region (L-A4707A72)"),
];

/// NAT gateways that one availability zone takes by default.
const GATEWAYS_PER_ZONE: (usize, &str) = (5, "NAT gateways per Availability Zone (L-FE5A380F)");

/// Gateway endpoints that an account has in one Region by default, and interface endpoints in one VPC
/// (VPC user guide, "Amazon VPC quotas", section "VPC endpoints").
const GATEWAY_ENDPOINTS: (usize, &str) = (20, "Gateway VPC endpoints per Region (L-1B52E74A)");
const INTERFACE_ENDPOINTS: (usize, &str) = (50, "Interface VPC endpoints per VPC (L-29B6F2EB)");

/// Subnets and route tables that one VPC takes by default (the same, section "VPC and subnets", and "Route tables").
static PER_VPC: [(KindName, usize, &str); 2] = [
    (KindName::new("subnet"), 200, "Subnets per VPC (L-407747CB)"),
    (KindName::new("route-table"), 200, "Route tables per VPC (L-589F43AA)"),
];

/// How much of something AWS allows by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quota {
    /// What AWS calls it, with its code.
    pub name: &'static str,
    /// Whose quota it is, as Service Quotas calls it: `vpc`.
    pub service: &'static str,
    pub most: usize,
    pub per: Per,
}

/// Of what there may be so many each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Per {
    Region,
    Zone,
    Vpc,
}

impl Quota {
    /// The code at the end of its name: `L-F678F1CE`.
    pub fn code(&self) -> &'static str {
        code(self.name)
    }
}

/// The quota that a resource takes from, if one is known.
pub fn taken(spec: &Spec) -> Option<Quota> {
    let quota = |(most, name): (usize, &'static str), per| Quota { name, service: "vpc", most, per };
    let kind = spec.kind();
    let by_kind = |table: &'static [(KindName, usize, &'static str)], per| {
        table.iter().find(|(of, ..)| *of == kind).map(|(_, most, name)| quota((*most, name), per))
    };
    match spec {
        Spec::NatGateway(_) => Some(quota(GATEWAYS_PER_ZONE, Per::Zone)),
        Spec::VpcEndpoint(endpoint) if endpoint.of == EndpointType::Gateway => Some(quota(GATEWAY_ENDPOINTS, Per::Region)),
        Spec::VpcEndpoint(_) => Some(quota(INTERFACE_ENDPOINTS, Per::Vpc)),
        Spec::ElasticIp(_) => by_kind(&QUOTAS, Per::Region).map(|quota| Quota { service: "ec2", ..quota }),
        _ => by_kind(&QUOTAS, Per::Region).or_else(|| by_kind(&PER_VPC, Per::Vpc)),
    }
}

fn code(name: &str) -> &str {
    name.rsplit_once('(').map_or(name, |(_, code)| code.trim_end_matches(')'))
}

/// A note for each account and Region that would hold more than the default, and whose plan adds to it.
pub(super) fn notes(ground: &Ground) -> Vec<Note> {
    let mut held: BTreeMap<(&Account, &Region, &KindName), Vec<&Address>> = BTreeMap::new();
    for at in ground.desired.resources.keys() {
        held.entry((&at.account, &at.region, &at.kind)).or_default().push(at);
    }
    let over = QUOTAS.iter().flat_map(|(kind, most, name)| {
        let here = held.iter().filter(move |((_, _, other), _)| *other == kind);
        here.filter_map(move |((account, _, _), declared)| {
            exceeded(ground, account, declared, strangers(ground, account, kind), (*most, name))
        })
    });
    over.chain(per_zone(ground)).chain(per_vpc(ground)).chain(endpoints(ground)).collect()
}

/// Live resources of a kind that are not ours and count all the same; those that become ours are counted as such.
fn strangers(ground: &Ground, account: &Account, kind: &KindName) -> usize {
    strangers_that(ground, account, |spec| spec.kind() == *kind)
}

fn strangers_that(ground: &Ground, account: &Account, counts: impl Fn(&Spec) -> bool) -> usize {
    let stays = |id: &RemoteId| !ground.adopted.values().any(|adopted| adopted.account == *account && adopted.id == *id);
    ground.live.strangers.iter().filter(|other| other.account == *account && counts(&other.spec) && stays(&other.id)).count()
}

/// The declared resources of an account, and those in one VPC of it.
type Held<'a> = BTreeMap<(&'a Account, Address), Vec<&'a Address>>;

fn per_vpc(ground: &Ground) -> Vec<Note> {
    let count = |(kind, most, name): &(KindName, usize, &str)| {
        let held = held_by_vpc(ground, |spec| match spec {
            Spec::Subnet(subnet) if spec.kind() == *kind => Some(&subnet.vpc),
            Spec::RouteTable(table) if spec.kind() == *kind => Some(&table.vpc),
            _ => None,
        });
        let over = held.iter().filter_map(|((account, _), declared)| exceeded(ground, account, declared, 0, (*most, name)));
        over.collect::<Vec<_>>()
    };
    PER_VPC.iter().flat_map(count).collect()
}

fn endpoints(ground: &Ground) -> Vec<Note> {
    let is = |spec: &Spec, of| matches!(spec, Spec::VpcEndpoint(endpoint) if endpoint.of == of);
    let mut gateways: BTreeMap<&Account, Vec<&Address>> = BTreeMap::new();
    for (at, _) in ground.desired.resources.iter().filter(|(_, declared)| is(&declared.spec, EndpointType::Gateway)) {
        gateways.entry(&at.account).or_default().push(at);
    }
    let interfaces = held_by_vpc(ground, |spec| match spec {
        Spec::VpcEndpoint(endpoint) if endpoint.of == EndpointType::Interface => Some(&endpoint.vpc),
        _ => None,
    });
    let gateways = gateways.iter().filter_map(|(account, declared)| {
        let others = strangers_that(ground, account, |spec| is(spec, EndpointType::Gateway));
        exceeded(ground, account, declared, others, GATEWAY_ENDPOINTS)
    });
    let interfaces = interfaces.iter().filter_map(|((account, _), declared)| exceeded(ground, account, declared, 0, INTERFACE_ENDPOINTS));
    gateways.chain(interfaces).collect()
}

/// Declared resources by the VPC that they are in.
fn held_by_vpc<'a>(ground: &Ground<'a>, vpc_of: impl Fn(&Spec) -> Option<&Reference>) -> Held<'a> {
    let mut held = Held::new();
    for (at, declared) in &ground.desired.resources {
        if let Some(vpc) = vpc_of(&declared.spec) {
            held.entry((&at.account, vpc.resolve(at, ground.home()))).or_default().push(at);
        }
    }
    held
}

fn per_zone(ground: &Ground) -> Vec<Note> {
    let zone_of = |at: &Address, spec: &Spec| {
        let Spec::NatGateway(gateway) = spec else { return None };
        match &ground.declared(&gateway.subnet.resolve(at, ground.home()))?.spec {
            Spec::Subnet(subnet) => Some(subnet.zone.clone()),
            _ => None,
        }
    };
    let mut held: BTreeMap<(&Account, String), Vec<&Address>> = BTreeMap::new();
    for (at, declared) in &ground.desired.resources {
        if let Some(zone) = zone_of(at, &declared.spec) {
            held.entry((&at.account, zone)).or_default().push(at);
        }
    }
    held.iter().filter_map(|((account, _), declared)| exceeded(ground, account, declared, 0, GATEWAYS_PER_ZONE)).collect()
}

fn exceeded(ground: &Ground, account: &Account, declared: &[&Address], strangers: usize, (default, name): (usize, &str)) -> Option<Note> {
    let total = declared.len() + strangers;
    let adds = declared.iter().any(|at| ground.found(at).is_none());
    // First, because what was granted is looked for among everything: once for each account would take minutes in a large estate.
    if total <= default || !adds {
        return None;
    }
    let raised = raised(ground, account, name).filter(|raised| *raised > default);
    let most = raised.unwrap_or(default);
    if total <= most {
        return None;
    }
    let others = if strangers > 0 { format!(", {strangers} of them not ours") } else { String::new() };
    let limit = if raised.is_some() { "the quota as declared" } else { "the default" };
    let detail = format!("{name}: {total} after this plan{others}; {limit} is {most}.");
    let note = Note::new(Severity::Warning, Subject::Account(account.clone()), SUMMARY, detail);
    Some(note.hint("raise the quota in Service Quotas before the merge, or declare fewer"))
}

/// What an account has of a quota beside the default, by the code at the end of its name: as declared, or as granted if that is more.
fn raised(ground: &Ground, account: &Account, name: &str) -> Option<usize> {
    let code = code(name);
    let is_it = |at: &Address| at.account == *account && at.name.as_str().rsplit('/').next() == Some(code);
    let declared = ground.desired.resources.iter().map(|(at, declared)| (at, &declared.spec));
    let all = declared.chain(ground.found_all().map(|(at, found)| (at, &found.spec)));
    let values = all.filter_map(|(at, spec)| match spec {
        Spec::ServiceQuota(quota) if is_it(at) => Some(usize::try_from(quota.value).unwrap_or(usize::MAX)),
        _ => None,
    });
    values.max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Live;
    use crate::plan::made::desired;
    use serde_json::json;

    fn told(quota: Option<u64>) -> Vec<String> {
        let ips = ["a", "b", "c", "d", "e", "f"].map(|name| (format!("elastic-ip/{name}"), json!({})));
        let quota = quota.map(|value| ("service-quota/ec2/L-0263D0A3".to_owned(), json!({ "value": value })));
        let desired = desired(&ips.into_iter().chain(quota).collect::<Vec<_>>());
        let live = Live::default();
        notes(&Ground::of(&desired, &live)).into_iter().map(|note| note.detail).collect()
    }

    #[test]
    fn a_declared_quota_takes_the_place_of_the_default() {
        assert_eq!(told(None), ["EC2-VPC Elastic IPs (L-0263D0A3): 6 after this plan; the default is 5."]);
        assert_eq!(told(Some(6)), Vec::<String>::new());
        assert_eq!(told(Some(2)), told(None), "less than the default is none");
    }
}
