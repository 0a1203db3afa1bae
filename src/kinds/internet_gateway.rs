//! `internet-gateway`: the door of a VPC to the internet.

use super::{Kind, Scope, Tags, tags};
use crate::model::{Change, Effect, KindName, Reference, Risk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The door of a VPC to the internet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InternetGateway {
    /// The VPC that the gateway is attached to.
    #[serde(default)]
    pub vpc: Option<Reference>,
    #[serde(default)]
    pub tags: Tags,
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
        let InternetGateway { vpc, tags: live_tags } = live;
        let InternetGateway { vpc: want_vpc, tags: want_tags } = want;
        let attachment = Change::of_option("vpc", vpc, want_vpc).map(|change| match vpc {
            Some(_) => change.concerning(Risk::Dangerous, "the network that loses the gateway loses the internet"),
            None => change.concerning(Risk::Notable, "opens the network's path to the internet"),
        });
        attachment.into_iter().chain(tags::changes(live_tags, want_tags)).collect()
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

super::unwritten!(InternetGateway);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_moves_in_place_and_taking_it_away_is_dangerous() {
        let at = |vpc: &str| InternetGateway { vpc: Some(vpc.parse().unwrap()), tags: Tags::new() };
        assert_eq!(InternetGateway::changes(&at("vpc/main"), &at("vpc/main")), []);
        let moved = InternetGateway::changes(&at("vpc/old"), &at("vpc/main"));
        assert_eq!((moved[0].effect, moved[0].concern.as_ref().unwrap().risk), (Effect::InPlace, Risk::Dangerous));
        let detached = InternetGateway { vpc: None, tags: Tags::new() };
        assert_eq!(InternetGateway::changes(&detached, &at("vpc/main"))[0].concern.as_ref().unwrap().risk, Risk::Notable);
    }
}
