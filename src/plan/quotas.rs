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
    use crate::plan::estates::{at, desired, live, spec};
    use serde_json::{Value, json};

    const HERE: &str = "payments/prod/us-west-2";

    fn told(declared: &[(String, Value)], lives: &[(String, Value)]) -> Vec<String> {
        notes(&Ground::of(&desired(declared), &live(lives))).into_iter().map(|note| note.detail).collect()
    }

    /// So many resources of a kind, each with the same fields.
    fn many(count: usize, kind: &str, fields: &Value) -> Vec<(String, Value)> {
        (0..count).map(|number| (format!("{HERE}/{kind}/r{number}"), fields.clone())).collect()
    }

    fn quota(at: &str, value: u64) -> Vec<(String, Value)> {
        vec![(format!("{at}/service-quota/{}", "ec2/L-0263D0A3"), json!({ "value": value }))]
    }

    #[test]
    fn a_quota_is_told_by_its_code_and_what_it_is_counted_by() {
        let vpc = |fields: Value| {
            fields.as_object().unwrap().clone().into_iter().chain([("vpc".to_owned(), json!("vpc/main"))]).collect::<Value>()
        };
        let range = || json!({ "cidr": "10.0.0.0/20" });
        let cases = [
            ("vpc", range(), Some(("vpc", "L-F678F1CE", Per::Region, 5))),
            ("elastic-ip", json!({}), Some(("ec2", "L-0263D0A3", Per::Region, 5))),
            ("internet-gateway", json!({}), Some(("vpc", "L-A4707A72", Per::Region, 5))),
            ("nat-gateway", json!({ "subnet": "subnet/a", "elastic_ip": "elastic-ip/a" }), Some(("vpc", "L-FE5A380F", Per::Zone, 5))),
            ("vpc-endpoint", vpc(json!({ "service": "s3", "type": "gateway" })), Some(("vpc", "L-1B52E74A", Per::Region, 20))),
            ("vpc-endpoint", vpc(json!({ "service": "sts", "type": "interface" })), Some(("vpc", "L-29B6F2EB", Per::Vpc, 50))),
            ("subnet", vpc(json!({ "cidr": "10.0.0.0/24", "zone": "a" })), Some(("vpc", "L-407747CB", Per::Vpc, 200))),
            ("route-table", vpc(json!({})), Some(("vpc", "L-589F43AA", Per::Vpc, 200))),
            ("log-group", json!({}), None),
        ];
        for (kind, fields, expected) in cases {
            let quota = taken(&spec(&at(&format!("{HERE}/{kind}/x")), fields));
            assert_eq!(quota.map(|quota| (quota.service, quota.code(), quota.per, quota.most)), expected, "{kind}");
        }
    }

    #[test]
    fn a_declared_quota_takes_the_place_of_the_default_in_its_own_account_alone() {
        let ips = many(6, "elastic-ip", &json!({}));
        let with = |quota: Vec<(String, Value)>| told(&[ips.clone(), quota].concat(), &[]);
        let over = ["EC2-VPC Elastic IPs (L-0263D0A3): 6 after this plan; the default is 5."];
        assert_eq!(with(vec![]), over);
        assert_eq!(with(quota(HERE, 6)), Vec::<String>::new());
        for less in [2, 5] {
            assert_eq!(with(quota(HERE, less)), over, "what is no more than the default is none");
        }
        assert_eq!(with(quota("payments/dev/us-west-2", 6)), over);
        let of_vpcs = vec![(format!("{HERE}/service-quota/vpc/L-F678F1CE"), json!({ "value": 6 }))];
        assert_eq!(with(of_vpcs), over, "another quota");
        assert_eq!(told(&ips, &quota(HERE, 6)), Vec::<String>::new(), "granted, and no longer declared");
    }

    #[test]
    fn only_a_plan_that_adds_to_it_is_warned_of() {
        let ips = many(6, "elastic-ip", &json!({}));
        assert_eq!(told(&ips, &ips), Vec::<String>::new(), "whatever AWS granted for them");
        assert_eq!(told(&ips, &ips[1..]).len(), 1);
    }

    #[test]
    fn subnets_and_route_tables_are_counted_apart_and_by_their_vpc() {
        let subnet = |vpc: &str| json!({ "vpc": vpc, "cidr": "10.0.0.0/24", "zone": "a" });
        let table = |vpc: &str| json!({ "vpc": vpc });
        let subnets = |count| many(count, "subnet", &subnet("vpc/main"));
        let tables = |count| many(count, "route-table", &table("vpc/main"));
        assert_eq!(told(&[subnets(200), tables(200)].concat(), &[]), Vec::<String>::new());
        assert_eq!(told(&subnets(201), &[]), ["Subnets per VPC (L-407747CB): 201 after this plan; the default is 200."]);
        assert_eq!(told(&tables(201), &[]), ["Route tables per VPC (L-589F43AA): 201 after this plan; the default is 200."]);
        let elsewhere = (format!("{HERE}/subnet/elsewhere"), subnet("vpc/other"));
        assert_eq!(told(&[subnets(200), vec![elsewhere]].concat(), &[]), Vec::<String>::new());
    }

    #[test]
    fn nat_gateways_are_counted_by_the_zone_of_their_subnet() {
        let subnet = |zone: &str| {
            let fields = json!({ "vpc": "vpc/main", "cidr": "10.0.0.0/24", "zone": zone });
            (format!("{HERE}/subnet/{zone}"), fields)
        };
        let gateways =
            |count, zone: &str| many(count, "nat-gateway", &json!({ "subnet": format!("subnet/{zone}"), "elastic_ip": "elastic-ip/a" }));
        let in_zones = |gateways: Vec<(String, Value)>| told(&[vec![subnet("a"), subnet("b")], gateways].concat(), &[]);
        assert_eq!(in_zones(gateways(5, "a")), Vec::<String>::new());
        assert_eq!(in_zones(gateways(6, "a")), ["NAT gateways per Availability Zone (L-FE5A380F): 6 after this plan; the default is 5."]);
        let mut spread = gateways(6, "a");
        spread[0].1["subnet"] = json!("subnet/b");
        assert_eq!(in_zones(spread), Vec::<String>::new());
    }
}
