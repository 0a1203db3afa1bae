//! `elastic-ip`: a public IPv4 address that stays the same.

use super::{Kind, Scope, Tags, tags};
use crate::model::{Change, KindName, Reference};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A public IPv4 address that stays the same. AWS chooses it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ElasticIp {
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

super::unwritten!(ElasticIp);
