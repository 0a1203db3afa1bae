//! `elastic-ip`: a public IPv4 address that stays the same.

use super::{Driver, Kind, Scope, Seen, Tags, ec2, tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, KindName, Reference, RemoteId};
use aws_sdk_ec2::types::{Address as Found, DomainType, ResourceType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A public IPv4 address that stays the same. AWS chooses it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ElasticIp {
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for ElasticIp {
    const NAME: KindName = KindName::new("elastic-ip");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "An elastic IP: a public IPv4 address that stays the same, for a NAT gateway to send from.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &["ec2:DescribeAddresses"];
    const WRITES: &'static [&'static str] = &["ec2:AllocateAddress", "ec2:ReleaseAddress", "ec2:CreateTags"];

    fn changes(live: &ElasticIp, want: &ElasticIp) -> Vec<Change> {
        let ElasticIp { tags: live_tags } = live;
        let ElasticIp { tags: want_tags } = want;
        tags::changes(live_tags, want_tags)
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for ElasticIp {
    async fn read(at: &Session) -> Result<Vec<Seen<ElasticIp>>, CallError> {
        // The one listing of EC2 without pages: an account has few addresses.
        let answer = at.ec2().describe_addresses().send().await?;
        Ok(answer.addresses().iter().filter_map(|found| see(at, found)).collect())
    }

    async fn create(at: &Session, address: &Address, want: &ElasticIp) -> Result<RemoteId, CallError> {
        let marks = ec2::marks(ResourceType::ElasticIp, address, &want.tags);
        let answer = at.ec2().allocate_address().domain(DomainType::Vpc).tag_specifications(marks).send().await?;
        ec2::created("ec2:AllocateAddress", answer.allocation_id())
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &ElasticIp, changes: &[Change]) -> Result<(), CallError> {
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &ElasticIp) -> Result<(), CallError> {
        or_missing(at.ec2().release_address().allocation_id(id.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

fn see(at: &Session, found: &Found) -> Option<Seen<ElasticIp>> {
    let all = ec2::tags(found.tags());
    let spec = ElasticIp { tags: tags::declared(&all) };
    Some(Seen { id: found.allocation_id()?.into(), name: tags::owner(at, &ElasticIp::NAME, &all), spec })
}
