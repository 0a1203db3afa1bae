//! `vpc`: a virtual private cloud, the network of one account in one Region.

use super::{Cidr, Driver, Kind, Scope, Seen, Tags, ec2, tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, KindName, Reference, RemoteId, Risk};
use aws_sdk_ec2::types::{ResourceType, Vpc as Found};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A virtual private cloud.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vpc {
    /// The IPv4 range. Chosen from the pool and then kept, unless fixed here.
    pub cidr: Cidr,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for Vpc {
    const NAME: KindName = KindName::new("vpc");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A virtual private cloud: the account's network in a Region, with an IPv4 range that no other has.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &["ec2:DescribeVpcs"];
    const WRITES: &'static [&'static str] = &["ec2:CreateVpc", "ec2:DeleteVpc", "ec2:CreateTags"];

    fn changes(live: &Vpc, want: &Vpc) -> Vec<Change> {
        let Vpc { cidr, tags: live_tags } = live;
        let Vpc { cidr: want_cidr, tags: want_tags } = want;
        let cidr = Change::of("cidr", cidr, want_cidr)
            .map(|change| change.replaces().concerning(Risk::Dangerous, "replacing the VPC takes the whole network down"));
        cidr.into_iter().chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for Vpc {
    async fn read(at: &Session) -> Result<Vec<Seen<Vpc>>, CallError> {
        let mut pages = at.ec2().describe_vpcs().into_paginator().page_size(ec2::PAGE).send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(page?.vpcs().iter().filter_map(|found| see(at, found)));
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &Vpc) -> Result<RemoteId, CallError> {
        let marks = ec2::marks(ResourceType::Vpc, address, &want.tags);
        let answer = at.ec2().create_vpc().cidr_block(want.cidr.to_string()).tag_specifications(marks).send().await?;
        ec2::created("ec2:CreateVpc", answer.vpc().and_then(Found::vpc_id))
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &Vpc, changes: &[Change]) -> Result<(), CallError> {
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &Vpc) -> Result<(), CallError> {
        or_missing(at.ec2().delete_vpc().vpc_id(id.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

fn see(at: &Session, found: &Found) -> Option<Seen<Vpc>> {
    let all = ec2::tags(found.tags());
    let cidr = Cidr::Fixed(found.cidr_block()?.parse().ok()?);
    let spec = Vpc { cidr, tags: tags::declared(&all) };
    Some(Seen { id: found.vpc_id()?.into(), name: tags::owner(at, &Vpc::NAME, &all), spec })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vpc(cidr: &str, team: &str) -> Vpc {
        Vpc { cidr: Cidr::Fixed(cidr.parse().unwrap()), tags: Tags::from([("team".to_owned(), team.to_owned())]) }
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
}
