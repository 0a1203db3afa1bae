//! `internet-gateway`: the door of a VPC to the internet.

use super::{Driver, Kind, Scope, Seen, Tags, adoption, ec2, tags, Held};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, KindName, Reference, RemoteId, Risk};
use aws_sdk_ec2::types::{InternetGateway as Found, ResourceType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The door of a VPC to the internet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InternetGateway {
    /// The VPC that the gateway is attached to.
    #[serde(default)]
    pub vpc: Option<Reference>,
    /// The id of a gateway that others made, `igw-0123…`: it becomes this one, instead of a new one being made. A VPC has at most one,
    /// so an adopted VPC's has to be adopted along with it. Looked at only until then. Empty means none.
    #[serde(default, deserialize_with = "adoption::id", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = r"^(igw-[0-9a-f]{8,17})?$"))]
    pub adopts: Option<String>,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
    /// Found, never declared: whether others made it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(skip)]
    pub adopted: bool,
}

impl Kind for InternetGateway {
    const NAME: KindName = KindName::new("internet-gateway");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "An internet gateway: what a VPC reaches the internet through, and is reached by.";
    const REFERS: &'static [KindName] = &[KindName::new("vpc")];
    const READS: &'static [&'static str] = &["ec2:DescribeInternetGateways"];
    const WRITES: &'static [&'static str] = &[
        "ec2:CreateInternetGateway",
        "ec2:DeleteInternetGateway",
        "ec2:AttachInternetGateway",
        "ec2:DetachInternetGateway",
        "ec2:CreateTags",
    ];

    fn changes(live: &InternetGateway, want: &InternetGateway) -> Vec<Change> {
        let InternetGateway { vpc, adopts: _, tags: live_tags, adopted: _ } = live;
        let InternetGateway { vpc: want_vpc, adopts: _, tags: want_tags, adopted: _ } = want;
        let attachment = Change::of_option("vpc", vpc, want_vpc).map(|change| match vpc {
            Some(_) => change.concerning(Risk::Dangerous, "the network that loses the gateway loses the internet"),
            None => change.concerning(Risk::Notable, "opens the network's path to the internet"),
        });
        attachment.into_iter().chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        self.vpc.iter().cloned().collect()
    }

    fn held(&self) -> Option<Held> {
        self.adopted.then(|| Held::along(adoption::HELD))
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for InternetGateway {
    async fn read(at: &Session) -> Result<Vec<Seen<InternetGateway>>, CallError> {
        let mut pages = at.ec2().describe_internet_gateways().into_paginator().page_size(ec2::PAGE).send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(page?.internet_gateways().iter().filter_map(|found| see(at, found)));
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &InternetGateway) -> Result<RemoteId, CallError> {
        if let Some(stranger) = &want.adopts {
            return adopt(at, stranger, address, want).await;
        }
        let marks = ec2::marks(ResourceType::InternetGateway, address, &want.tags);
        let answer = at.ec2().create_internet_gateway().tag_specifications(marks).send().await?;
        let id = ec2::created("ec2:CreateInternetGateway", answer.internet_gateway().and_then(Found::internet_gateway_id))?;
        attach(at, &id, want, None).await?;
        Ok(id)
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &InternetGateway, changes: &[Change]) -> Result<(), CallError> {
        let attached = attached(at, id).await?;
        attach(at, id, want, attached).await?;
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &InternetGateway) -> Result<(), CallError> {
        let Some(attached) = or_missing(attached(at, id).await)? else { return Ok(()) };
        if let Some(vpc) = attached {
            detach(at, id, &vpc).await?;
        }
        or_missing(at.ec2().delete_internet_gateway().internet_gateway_id(id.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

fn see(at: &Session, found: &Found) -> Option<Seen<InternetGateway>> {
    let all = ec2::tags(found.tags());
    let vpc = vpc_of(found).and_then(|vpc| at.reference(&KindName::new("vpc"), vpc));
    let spec = InternetGateway { vpc, adopts: None, tags: tags::declared(&all), adopted: adoption::was(&all) };
    Some(Seen { id: found.internet_gateway_id()?.into(), name: tags::owner(at, &InternetGateway::NAME, &all), spec })
}

fn vpc_of(found: &Found) -> Option<&str> {
    found.attachments().first()?.vpc_id()
}

/// Marks a stranger's gateway as this one, and sees to it that it is attached as declared.
async fn adopt(at: &Session, stranger: &str, address: &Address, want: &InternetGateway) -> Result<RemoteId, CallError> {
    let answer = at.ec2().describe_internet_gateways().internet_gateway_ids(stranger).send().await?;
    let missing = || CallError::refused("ec2:DescribeInternetGateways", format!("{stranger} can't be adopted: it is not there"));
    let found = answer.internet_gateways().first().ok_or_else(missing)?;
    let id = adoption::adopt(at, stranger, address, &ec2::tags(found.tags()), &want.tags).await?;
    attach(at, &id, want, vpc_of(found).map(str::to_owned)).await?;
    Ok(id)
}

/// The VPC that the gateway is attached to right now.
async fn attached(at: &Session, id: &RemoteId) -> Result<Option<String>, CallError> {
    let answer = at.ec2().describe_internet_gateways().internet_gateway_ids(id.as_str()).send().await?;
    Ok(answer.internet_gateways().first().and_then(vpc_of).map(str::to_owned))
}

/// Attaches the gateway to the VPC that it should be at, and to no other: by ids, so that a VPC replaced under its name counts as another.
async fn attach(at: &Session, id: &RemoteId, want: &InternetGateway, attached: Option<String>) -> Result<(), CallError> {
    let wanted = want.vpc.as_ref().map(|vpc| at.id_of(vpc, at.region().clone())).transpose()?;
    if attached.as_deref() == wanted.as_ref().map(RemoteId::as_str) {
        return Ok(());
    }
    if let Some(vpc) = attached {
        detach(at, id, &vpc).await?;
    }
    if let Some(vpc) = wanted {
        at.ec2().attach_internet_gateway().internet_gateway_id(id.as_str()).vpc_id(vpc.as_str()).send().await?;
    }
    Ok(())
}

async fn detach(at: &Session, id: &RemoteId, vpc: &str) -> Result<(), CallError> {
    at.ec2().detach_internet_gateway().internet_gateway_id(id.as_str()).vpc_id(vpc).send().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Effect;

    #[test]
    fn a_gateway_moves_in_place_and_taking_it_away_is_dangerous() {
        let at = |vpc: &str| InternetGateway { vpc: Some(vpc.parse().unwrap()), adopts: None, tags: Tags::new(), adopted: false };
        assert_eq!(InternetGateway::changes(&at("vpc/main"), &at("vpc/main")), []);
        let moved = InternetGateway::changes(&at("vpc/old"), &at("vpc/main"));
        assert_eq!((moved[0].effect, moved[0].concern.as_ref().unwrap().risk), (Effect::InPlace, Risk::Dangerous));
        let detached = InternetGateway { vpc: None, adopts: None, tags: Tags::new(), adopted: false };
        assert_eq!(InternetGateway::changes(&detached, &at("vpc/main"))[0].concern.as_ref().unwrap().risk, Risk::Notable);
    }
}
