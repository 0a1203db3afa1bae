//! `internet-gateway`: the way between a VPC and the internet.

use super::{Driver, Kind, Scope, Seen, Tags, Vpc, ec2, tags};
use crate::aws::{AwsError, Session, or_exists, or_missing};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk};
use aws_sdk_ec2::types::{InternetGateway as Found, ResourceType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An internet gateway, attached to one VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InternetGateway {
    /// The VPC that it serves. Only a gateway that somebody detached has none.
    pub vpc: Option<Reference>,
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for InternetGateway {
    const NAME: KindName = KindName::new("internet-gateway");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "An internet gateway: lets what has a public address in the VPC's public subnets talk to the internet.";
    const REFERS: &'static [KindName] = &[Vpc::NAME];
    const READS: &'static [&'static str] = &["ec2:DescribeInternetGateways"];
    const WRITES: &'static [&'static str] = &[
        "ec2:CreateInternetGateway",
        "ec2:AttachInternetGateway",
        "ec2:DetachInternetGateway",
        "ec2:DeleteInternetGateway",
        "ec2:CreateTags",
    ];

    fn changes(live: &InternetGateway, want: &InternetGateway) -> Vec<Change> {
        let InternetGateway { vpc, tags } = live;
        let vpc = Change::of_option("vpc", vpc, &want.vpc)
            .map(|change| change.concerning(Risk::Dangerous, "public subnets are off the internet while the gateway moves"));
        vpc.into_iter().chain(tags::changes(tags, &want.tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        self.vpc.iter().cloned().collect()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for InternetGateway {
    async fn read(at: &Session) -> Result<Vec<Seen<InternetGateway>>, AwsError> {
        let mut pages = at.ec2().describe_internet_gateways().into_paginator().send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(page?.internet_gateways().iter().filter_map(|found| see(at, found)));
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &InternetGateway) -> Result<RemoteId, AwsError> {
        let marks = ec2::marks(ResourceType::InternetGateway, address, &want.tags);
        let answer = at.ec2().create_internet_gateway().tag_specifications(marks).send().await?;
        let id = ec2::created("ec2:CreateInternetGateway", answer.internet_gateway().and_then(Found::internet_gateway_id))?;
        attach(at, &id, want).await?;
        Ok(id)
    }

    async fn update(
        at: &Session,
        _: &Address,
        id: &RemoteId,
        want: &InternetGateway,
        changes: &[Change],
    ) -> Result<(), AwsError> {
        if changes.iter().any(|change| !change.field.starts_with("tags.")) {
            detach(at, id).await?;
            attach(at, id, want).await?;
        }
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &InternetGateway) -> Result<(), AwsError> {
        if or_missing(detach(at, id).await)?.is_none() {
            return Ok(());
        }
        or_missing(at.ec2().delete_internet_gateway().internet_gateway_id(id.as_str()).send().await.map_err(AwsError::from)).map(drop)
    }
}

async fn attach(at: &Session, id: &RemoteId, want: &InternetGateway) -> Result<(), AwsError> {
    let Some(vpc) = &want.vpc else { return Ok(()) };
    let vpc = at.id_of(vpc, at.region().clone())?;
    let call = at.ec2().attach_internet_gateway().internet_gateway_id(id.as_str()).vpc_id(vpc.as_str());
    or_exists(call.send().await.map_err(AwsError::from)).map(drop)
}

/// Detaches the gateway from whatever it is attached to now, which the plan may not know.
async fn detach(at: &Session, id: &RemoteId) -> Result<(), AwsError> {
    let answer = at.ec2().describe_internet_gateways().internet_gateway_ids(id.as_str()).send().await?;
    for attachment in answer.internet_gateways().iter().flat_map(|gateway| gateway.attachments()) {
        let call = at.ec2().detach_internet_gateway().internet_gateway_id(id.as_str());
        call.set_vpc_id(attachment.vpc_id().map(str::to_owned)).send().await?;
    }
    Ok(())
}

fn see(at: &Session, found: &Found) -> Option<Seen<InternetGateway>> {
    let all = ec2::tags(found.tags());
    let vpc = found.attachments().first().and_then(|attachment| at.reference(&Vpc::NAME, attachment.vpc_id()?));
    let spec = InternetGateway { vpc, tags: tags::declared(&all) };
    Some(Seen { id: found.internet_gateway_id()?.into(), name: tags::owner(at, &InternetGateway::NAME, &all), spec })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detached_gateway_is_attached_in_place() {
        let want = InternetGateway { vpc: Some("vpc/main".parse().unwrap()), tags: Tags::new() };
        let live = InternetGateway { vpc: None, tags: Tags::new() };
        let changes = InternetGateway::changes(&live, &want);
        assert_eq!((changes[0].field.as_str(), changes[0].effect), ("vpc", Effect::InPlace));
        assert_eq!(InternetGateway::changes(&want, &want), []);
    }
}
