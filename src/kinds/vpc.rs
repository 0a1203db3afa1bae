//! `vpc`: a virtual private cloud, the network of one account in one Region.

use super::{Cidr, Driver, Held, Kind, Scope, Seen, Tags, adoption, ec2, network_interface, tags};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, KindName, Reference, RemoteId, Risk};
use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, Vpc as Found, VpcAttributeName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A virtual private cloud.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vpc {
    /// The IPv4 range. Chosen from the pool and then kept, unless fixed here.
    pub cidr: Cidr,
    /// The id of a VPC that others made, `vpc-0123…`: it becomes this one, with the range that it has, instead of a new one being made.
    /// Looked at only until then. Empty means none.
    #[serde(default, deserialize_with = "adoption::id", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = r"^(vpc-[0-9a-f]{8,17})?$"))]
    pub adopts: Option<String>,
    /// Whether the VPC's own resolver answers.
    #[serde(default = "yes")]
    pub dns_support: bool,
    /// Whether instances with public addresses get public names. Needed, along with `dns_support`, for private names of endpoints.
    #[serde(default)]
    pub dns_hostnames: bool,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
    /// Found, never declared: whether anybody's network interfaces are in it, other than those that a network consists of itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(skip)]
    pub in_use: bool,
    /// Found, never declared: whether others made it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(skip)]
    pub adopted: bool,
}

fn yes() -> bool {
    true
}

impl Kind for Vpc {
    const NAME: KindName = KindName::new("vpc");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A virtual private cloud: the account's network in a Region, with an IPv4 range that no other has.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &["ec2:DescribeVpcs", "ec2:DescribeVpcAttribute", "ec2:DescribeNetworkInterfaces"];
    const WRITES: &'static [&'static str] = &["ec2:CreateVpc", "ec2:DeleteVpc", "ec2:ModifyVpcAttribute", "ec2:CreateTags"];

    fn changes(live: &Vpc, want: &Vpc) -> Vec<Change> {
        let Vpc { cidr, adopts: _, dns_support: support, dns_hostnames: hostnames, tags: live_tags, in_use: _, adopted: _ } = live;
        let Vpc { cidr: want_cidr, adopts: _, dns_support, dns_hostnames, tags: want_tags, in_use: _, adopted: _ } = want;
        let cidr = Change::of("cidr", cidr, want_cidr)
            .map(|change| change.replaces().concerning(Risk::Dangerous, "replacing the VPC takes the whole network down"));
        let dns = [Change::of(SUPPORT, support, dns_support), Change::of(HOSTNAMES, hostnames, dns_hostnames)];
        let dns = dns.into_iter().flatten().map(|change| change.concerning(Risk::Notable, "changes which names resolve in the network"));
        cidr.into_iter().chain(dns).chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    /// The range that it is to have.
    fn tells(&self) -> Option<String> {
        Some(self.cidr.fixed().map_or_else(|| KEEPS.to_owned(), |range| range.to_string()))
    }

    fn held(&self) -> Option<Held> {
        let others = self.in_use.then_some("network interfaces are in it that are not the network's own");
        others.or(self.adopted.then_some(adoption::HELD)).map(Held::along)
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

/// What a declared VPC tells of its range that is left to the planner, which keeps what it has once chosen.
const KEEPS: &str = "keeps its range";
const SUPPORT: &str = "dns_support";
const HOSTNAMES: &str = "dns_hostnames";

impl Driver for Vpc {
    async fn read(at: &Session) -> Result<Vec<Seen<Vpc>>, CallError> {
        let mut seen: Vec<Seen<Vpc>> = ec2::vpcs(at).await?.iter().filter_map(|found| see(at, found)).collect();
        // What costs a call a VPC is asked of our own only: a stranger's is never compared.
        let busy = network_interface::busy(at, seen.iter().filter(|seen| may_go(at, seen)).map(|seen| &seen.id)).await?;
        for Seen { id, name: _, spec } in seen.iter_mut().filter(|seen| seen.name.is_some()) {
            spec.in_use = busy.contains(id.as_str());
            spec.dns_support = attribute(at, id, VpcAttributeName::EnableDnsSupport).await?;
            spec.dns_hostnames = attribute(at, id, VpcAttributeName::EnableDnsHostnames).await?;
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &Vpc) -> Result<RemoteId, CallError> {
        let id = match &want.adopts {
            Some(stranger) => adopt(at, stranger, address, want).await?,
            None => {
                let marks = ec2::marks(ResourceType::Vpc, address, &want.tags);
                let answer = at.ec2().create_vpc().cidr_block(want.cidr.to_string()).tag_specifications(marks).send().await?;
                ec2::created("ec2:CreateVpc", answer.vpc().and_then(Found::vpc_id))?
            }
        };
        resolve(at, &id, want, |_| true).await?;
        Ok(id)
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &Vpc, changes: &[Change]) -> Result<(), CallError> {
        resolve(at, id, want, |field| changes.iter().any(|change| change.field == field)).await?;
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &Vpc) -> Result<(), CallError> {
        let answer = at.ec2().delete_vpc().vpc_id(id.as_str()).send().await.map_err(CallError::from);
        network_interface::deleted(at, "vpc-id", id, answer).await
    }
}

fn see(at: &Session, found: &Found) -> Option<Seen<Vpc>> {
    let all = ec2::tags(found.tags());
    let cidr = Cidr::Fixed(found.cidr_block()?.parse().ok()?);
    // AWS's defaults, until asked.
    let (tags, adopted) = (tags::declared(&all), adoption::was(&all));
    let spec = Vpc { cidr, adopts: None, dns_support: true, dns_hostnames: false, tags, in_use: false, adopted };
    Some(Seen { id: found.vpc_id()?.into(), name: tags::owner(at, &Vpc::NAME, &all), spec })
}

/// Whether a plan could delete a VPC: only then does it matter who lives in it. One that is declared and keeps its range stays.
fn may_go(at: &Session, seen: &Seen<Vpc>) -> bool {
    let Some(name) = &seen.name else { return false };
    let address = Address { account: at.account().clone(), region: at.region().clone(), kind: Vpc::NAME, name: name.clone() };
    at.wanted(&address).is_none_or(|wanted| wanted != KEEPS && wanted != seen.spec.cidr.to_string())
}

/// Marks a stranger's VPC as this one, if it still has the range that the plan knows of.
async fn adopt(at: &Session, stranger: &str, address: &Address, want: &Vpc) -> Result<RemoteId, CallError> {
    let answer = at.ec2().describe_vpcs().vpc_ids(stranger).send().await?;
    let refused = |why: String| CallError::refused("ec2:DescribeVpcs", format!("{stranger} can't be adopted: {why}"));
    let found = answer.vpcs().first().ok_or_else(|| refused("it is not there".to_owned()))?;
    let range = found.cidr_block().unwrap_or_default();
    if range != want.cidr.to_string() {
        return Err(refused(format!("its range is {range}, not {}", want.cidr)));
    }
    adoption::adopt(at, stranger, address, &ec2::tags(found.tags()), &want.tags).await
}

async fn attribute(at: &Session, id: &RemoteId, name: VpcAttributeName) -> Result<bool, CallError> {
    let answer = at.ec2().describe_vpc_attribute().vpc_id(id.as_str()).attribute(name).send().await?;
    let value = answer.enable_dns_support().or(answer.enable_dns_hostnames());
    Ok(value.and_then(AttributeBooleanValue::value).unwrap_or_default())
}

/// Sets what is to be resolved; AWS takes one attribute a call, and hostnames only where there is a resolver.
async fn resolve(at: &Session, id: &RemoteId, want: &Vpc, sets: impl Fn(&str) -> bool) -> Result<(), CallError> {
    let call = || at.ec2().modify_vpc_attribute().vpc_id(id.as_str());
    let value = |on| AttributeBooleanValue::builder().value(on).build();
    let support = sets(SUPPORT).then(|| call().enable_dns_support(value(want.dns_support)));
    let hostnames = sets(HOSTNAMES).then(|| call().enable_dns_hostnames(value(want.dns_hostnames)));
    let calls = if want.dns_support { [support, hostnames] } else { [hostnames, support] };
    for call in calls.into_iter().flatten() {
        call.send().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vpc(cidr: &str, team: &str) -> Vpc {
        serde_json::from_value(serde_json::json!({ "cidr": cidr, "tags": { "team": team } })).unwrap()
    }

    #[test]
    fn a_range_replaces_and_a_tag_does_not() {
        let live = vpc("10.0.0.0/20", "catalog");
        assert_eq!(Vpc::changes(&live, &live), []);
        let tagged = Vpc::changes(&live, &vpc("10.0.0.0/20", "payments"));
        assert_eq!(tagged, [Change::between("tags.team", Some("catalog".into()), Some("payments".into()))]);
        let moved = Vpc::changes(&live, &vpc("10.0.16.0/20", "catalog"));
        assert_eq!(moved[0].effect, crate::model::Effect::Replaces);
    }

    #[test]
    fn tags_of_others_are_left_alone() {
        let mut live = vpc("10.0.0.0/20", "catalog");
        live.tags.insert("backup".into(), "yes".into());
        assert_eq!(Vpc::changes(&live, &vpc("10.0.0.0/20", "catalog")), []);
    }

    #[test]
    fn names_resolve_differently_in_place() {
        let live = vpc("10.0.0.0/20", "catalog");
        let changes = Vpc::changes(&live, &Vpc { dns_support: false, dns_hostnames: true, ..live.clone() });
        let seen: Vec<_> = changes.iter().map(|c| (c.field.as_str(), c.after.as_deref(), c.effect)).collect();
        let in_place = crate::model::Effect::InPlace;
        assert_eq!(seen, [("dns_support", Some("false"), in_place), ("dns_hostnames", Some("true"), in_place)]);
    }

    #[test]
    fn what_is_only_found_or_only_declared_is_no_difference() {
        let live = vpc("10.0.0.0/20", "catalog");
        let want = Vpc { adopts: Some("vpc-0123456789abcdef0".to_owned()), ..live.clone() };
        assert_eq!(Vpc::changes(&Vpc { in_use: true, ..live.clone() }, &want), []);
        assert_eq!((live.held(), Vpc { in_use: true, ..live }.held().is_some()), (None, true));
    }

    #[test]
    fn an_empty_id_adopts_nothing() {
        let read = |id: &str| serde_json::from_value::<Vpc>(serde_json::json!({ "cidr": "10.0.0.0/20", "adopts": id })).unwrap().adopts;
        assert_eq!((read(""), read("vpc-1")), (None, Some("vpc-1".to_owned())));
    }
}
