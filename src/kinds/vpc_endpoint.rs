//! `vpc-endpoint`: a way to a service of AWS that doesn't lead through the internet. Its driver's waiting and comparing is in `endpoint`.

use super::{Driver, Kind, Scope, Seen, Tags, ec2, endpoint, tags};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk, show};
use aws_sdk_ec2::types::{ResourceType, VpcEndpoint as Found, VpcEndpointType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A way from a VPC to a service of AWS that doesn't lead through the internet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VpcEndpoint {
    /// The VPC that the way leads from.
    pub vpc: Reference,
    /// The service by its short name, such as `s3` or `ecr.api`; by its whole name where it isn't `com.amazonaws.REGION.…`.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9._-]*$"))]
    pub service: String,
    /// A route (`gateway`, for S3 and DynamoDB, free of charge) or network interfaces in some subnets (`interface`, paid by the hour).
    #[serde(rename = "type")]
    pub of: EndpointType,
    /// The route tables that get the route. For gateways only.
    #[serde(default)]
    pub route_tables: BTreeSet<Reference>,
    /// The subnets that get an interface: at most one an availability zone. For interfaces only, and at least one.
    #[serde(default)]
    pub subnets: BTreeSet<Reference>,
    /// The groups that say who may connect. For interfaces only, and at least one.
    #[serde(default)]
    pub security_groups: BTreeSet<Reference>,
    /// Whether the service's usual name leads here from within the VPC, which has to have `dns_support` and `dns_hostnames`.
    #[serde(default)]
    pub private_dns: bool,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

/// What the way is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EndpointType {
    Gateway,
    Interface,
}

impl Kind for VpcEndpoint {
    const NAME: KindName = KindName::new("vpc-endpoint");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A VPC endpoint: a way to a service of AWS that doesn't lead through the internet, nor through a NAT gateway.";
    const REFERS: &'static [KindName] =
        &[KindName::new("vpc"), KindName::new("subnet"), KindName::new("route-table"), KindName::new("security-group")];
    const READS: &'static [&'static str] = &["ec2:DescribeVpcEndpoints"];
    // The last one is no call of ours: EC2 makes it in the caller's name for an endpoint with private names.
    const WRITES: &'static [&'static str] = &[
        "ec2:CreateVpcEndpoint",
        "ec2:ModifyVpcEndpoint",
        "ec2:DeleteVpcEndpoints",
        "ec2:CreateTags",
        "route53:AssociateVPCWithHostedZone",
    ];

    fn changes(live: &VpcEndpoint, want: &VpcEndpoint) -> Vec<Change> {
        let VpcEndpoint { vpc, service, of, route_tables, subnets, security_groups, private_dns, tags: live_tags } = live;
        let VpcEndpoint { vpc: want_vpc, service: want_service, of: want_of, route_tables: want_tables, .. } = want;
        let VpcEndpoint { subnets: want_subnets, security_groups: want_groups, private_dns: want_dns, tags: want_tags, .. } = want;
        let fixed = [Change::of("vpc", vpc, want_vpc), Change::of("service", service, want_service), Change::of("type", of, want_of)];
        let why = "traffic to the service takes the internet, or no way at all, while the endpoint is replaced";
        let fixed = fixed.into_iter().flatten().map(|change| change.replaces().concerning(Risk::Dangerous, why));
        let sets = [
            among("route_tables", route_tables, want_tables),
            among("subnets", subnets, want_subnets),
            among("security_groups", security_groups, want_groups),
            Change::of("private_dns", private_dns, want_dns),
        ];
        let why = "changes the path of network traffic to the service";
        let sets = sets.into_iter().flatten().map(|change| change.concerning(Risk::Notable, why));
        fixed.chain(sets).chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        let parts = self.route_tables.iter().chain(&self.subnets).chain(&self.security_groups);
        parts.chain([&self.vpc]).cloned().collect()
    }

    /// A route table can go while it has the endpoint's route; a subnet or a group can't while an interface of the endpoint is in it, so
    /// the endpoint has to go first.
    fn rebind(&self, replaced: &Reference) -> Effect {
        if replaced.kind == KindName::new("route-table") { Effect::InPlace } else { Effect::Replaces }
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

fn among(field: &str, live: &BTreeSet<Reference>, want: &BTreeSet<Reference>) -> Option<Change> {
    (live != want).then(|| Change::between(field, Some(show(live)), Some(show(want))))
}

impl VpcEndpoint {
    /// What AWS would refuse, or would fill in by itself so that live never is as declared.
    pub fn wrong(&self) -> Option<&'static str> {
        let interface = !self.subnets.is_empty() || !self.security_groups.is_empty() || self.private_dns;
        match self.of {
            EndpointType::Gateway if interface => Some("a gateway has `route_tables`, but neither subnets, security groups nor private names"),
            EndpointType::Interface if !self.route_tables.is_empty() => Some("an interface has `subnets`, but no route tables"),
            EndpointType::Interface if self.subnets.is_empty() => Some("an interface needs at least one of `subnets`"),
            EndpointType::Interface if self.security_groups.is_empty() => Some("an interface needs at least one of `security_groups`"),
            EndpointType::Gateway | EndpointType::Interface => None,
        }
    }
}

impl fmt::Display for EndpointType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EndpointType::Gateway => "gateway",
            EndpointType::Interface => "interface",
        })
    }
}

impl Driver for VpcEndpoint {
    async fn read(at: &Session) -> Result<Vec<Seen<VpcEndpoint>>, CallError> {
        Ok(endpoint::list(at).await?.iter().filter_map(|found| see(at, found)).collect())
    }

    // One that is still coming carries no traffic yet: a step waits for it, a plan doesn't.
    async fn find(at: &Session, address: &Address) -> Result<Option<Seen<VpcEndpoint>>, CallError> {
        let all = endpoint::list(at).await?;
        let ours = |found: &&Found| tags::owner(at, &VpcEndpoint::NAME, &ec2::tags(found.tags())).as_ref() == Some(&address.name);
        let Some(found) = all.iter().find(ours) else { return Ok(None) };
        if let Some(id) = found.vpc_endpoint_id().filter(|_| endpoint::is_coming(found)) {
            endpoint::available(at, id).await?;
        }
        Ok(see(at, found))
    }

    // Without a client token, for the reason that NAT gateways have none: it would bring back what was deleted since.
    async fn create(at: &Session, address: &Address, want: &VpcEndpoint) -> Result<RemoteId, CallError> {
        let vpc = at.id_of(&want.vpc, at.region().clone())?;
        let call = at.ec2().create_vpc_endpoint().vpc_id(vpc.as_str()).service_name(endpoint::long_name(at, &want.service));
        let call = match want.of {
            EndpointType::Gateway => {
                let tables = endpoint::ids(at, &want.route_tables)?;
                call.vpc_endpoint_type(VpcEndpointType::Gateway).set_route_table_ids(Some(tables).filter(|ids| !ids.is_empty()))
            }
            EndpointType::Interface => {
                let call = call.vpc_endpoint_type(VpcEndpointType::Interface).private_dns_enabled(want.private_dns);
                let call = call.set_subnet_ids(Some(endpoint::ids(at, &want.subnets)?));
                call.set_security_group_ids(Some(endpoint::ids(at, &want.security_groups)?))
            }
        };
        let answer = call.tag_specifications(ec2::marks(ResourceType::VpcEndpoint, address, &want.tags)).send().await?;
        let id = ec2::created("ec2:CreateVpcEndpoint", answer.vpc_endpoint().and_then(Found::vpc_endpoint_id))?;
        endpoint::available(at, id.as_str()).await?;
        Ok(id)
    }

    // By the ids of now and not by the changes: a route table that was replaced under its name changes no name here.
    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &VpcEndpoint, changes: &[Change]) -> Result<(), CallError> {
        endpoint::reconcile(at, id, want).await?;
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &VpcEndpoint) -> Result<(), CallError> {
        endpoint::delete(at, id).await
    }
}

fn see(at: &Session, found: &Found) -> Option<Seen<VpcEndpoint>> {
    let of = match found.vpc_endpoint_type()? {
        VpcEndpointType::Gateway => EndpointType::Gateway,
        VpcEndpointType::Interface => EndpointType::Interface,
        // Of load balancers, resources and networks of services: none of ours, and nothing that ours are compared with.
        _ => return None,
    };
    let named = |kind: KindName, ids: &mut dyn Iterator<Item = &str>| ids.filter_map(|id| at.reference(&kind, id)).collect();
    let all = ec2::tags(found.tags());
    let spec = VpcEndpoint {
        vpc: at.reference(&KindName::new("vpc"), found.vpc_id()?)?,
        service: endpoint::short_name(at, found.service_name()?),
        of,
        route_tables: named(KindName::new("route-table"), &mut found.route_table_ids().iter().map(String::as_str)),
        subnets: named(KindName::new("subnet"), &mut found.subnet_ids().iter().map(String::as_str)),
        security_groups: named(KindName::new("security-group"), &mut found.groups().iter().filter_map(|group| group.group_id())),
        private_dns: of == EndpointType::Interface && found.private_dns_enabled().unwrap_or_default(),
        tags: tags::declared(&all),
    };
    Some(Seen { id: found.vpc_endpoint_id()?.into(), name: tags::owner(at, &VpcEndpoint::NAME, &all), spec })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn endpoint(fields: Value) -> VpcEndpoint {
        let mut all = json!({ "vpc": "vpc/main", "service": "ecr.api", "type": "interface" });
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    fn whole() -> VpcEndpoint {
        endpoint(json!({ "subnets": ["subnet/private-a"], "security_groups": ["security-group/web"], "private_dns": true }))
    }

    #[test]
    fn where_it_stands_changes_in_place_and_what_it_is_does_not() {
        let live = whole();
        assert_eq!(VpcEndpoint::changes(&live, &live), []);
        let mut want = endpoint(json!({ "subnets": ["subnet/private-a", "subnet/private-b"], "security_groups": ["security-group/ecr"] }));
        let effects = |want: &VpcEndpoint| VpcEndpoint::changes(&live, want).into_iter().map(|c| (c.field, c.effect)).collect::<Vec<_>>();
        let in_place = ["subnets", "security_groups", "private_dns"].map(|field| (field.to_owned(), Effect::InPlace));
        assert_eq!(effects(&want), in_place);
        want.service = "ecr.dkr".to_owned();
        assert_eq!(effects(&want)[0], ("service".to_owned(), Effect::Replaces));
        let gateway = endpoint(json!({ "service": "s3", "type": "gateway", "route_tables": ["route-table/public"] }));
        assert!(effects(&gateway).contains(&("type".to_owned(), Effect::Replaces)));
    }

    #[test]
    fn it_lets_go_of_route_tables_only() {
        let gateway = endpoint(json!({ "type": "gateway", "route_tables": ["route-table/public"] }));
        assert_eq!(gateway.rebind(&"route-table/public".parse().unwrap()), Effect::InPlace);
        for need in ["vpc/main", "subnet/private-a", "security-group/web"] {
            assert_eq!(whole().rebind(&need.parse().unwrap()), Effect::Replaces, "{need}");
        }
    }

    #[test]
    fn what_aws_would_refuse_is_said_before() {
        assert_eq!(whole().wrong(), None);
        assert_eq!(endpoint(json!({ "type": "gateway", "route_tables": [] })).wrong(), None);
        let wrong = |fields| endpoint(fields).wrong().unwrap_or_default();
        assert!(wrong(json!({ "type": "gateway", "private_dns": true })).contains("a gateway has"));
        assert!(wrong(json!({ "security_groups": ["security-group/web"] })).contains("`subnets`"));
        assert!(wrong(json!({ "subnets": ["subnet/private-a"] })).contains("`security_groups`"));
        assert!(wrong(json!({ "route_tables": ["route-table/public"] })).contains("no route tables"));
    }
}
