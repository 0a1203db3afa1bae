//! `default-vpc`: the VPC that AWS puts into every Region of a new account. Removed only when nothing lives in it.

use super::setting::{self, Setting};
use super::default_vpc_look::{self, Attached, LEAVING};
use super::{Kind, Scope, Tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Change, KindName, Name, Reference, Risk, show};
use aws_sdk_ec2::types::Tag;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The default VPC of one Region, which the resource is named after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultVpc {
    /// Whether there is one. Declared as `false`: nobody needs a network that was not planned.
    pub exists: bool,
    /// Found, never declared: what lives in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(skip)]
    pub holds: Vec<String>,
    /// The Region's own resource, where it has to be enabled before. Never compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Reference>,
}

impl Kind for DefaultVpc {
    const NAME: KindName = KindName::new("default-vpc");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str = "The VPC that AWS puts into every Region of a new account. Named after the Region; removed only when nothing lives in it.";
    const REFERS: &'static [KindName] = &[KindName::new("region")];
    const SETTING: bool = true;
    const READS: &'static [&'static str] = &[
        "ec2:DescribeVpcs",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeRouteTables",
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeVpcEndpoints",
        "ec2:DescribeVpcPeeringConnections",
        "ec2:DescribeVpnGateways",
        "ec2:DescribeInternetGateways",
    ];
    const WRITES: &'static [&'static str] =
        &["ec2:CreateTags", "ec2:DeleteSubnet", "ec2:DetachInternetGateway", "ec2:DeleteInternetGateway", "ec2:DeleteVpc"];

    fn changes(live: &DefaultVpc, want: &DefaultVpc) -> Vec<Change> {
        let (DefaultVpc { exists, holds, region: _ }, DefaultVpc { exists: wanted, holds: _, region: _ }) = (live, want);
        let Some(change) = Change::of("exists", exists, wanted) else { return Vec::new() };
        vec![match (wanted, &holds[..]) {
            (true, _) => change.by_hand(),
            (false, []) => change.concerning(Risk::Notable, "removes the default VPC; nothing lives in it"),
            (false, holds) => change.by_hand().concerning(Risk::Notable, format!("{} live in it", show(holds))),
        }]
    }

    fn needs(&self) -> BTreeSet<Reference> {
        self.region.iter().cloned().collect()
    }

    fn rebind(&self, _: &Reference) -> crate::model::Effect {
        crate::model::Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Setting for DefaultVpc {
    async fn get(at: &Session, name: &Name) -> Result<Option<DefaultVpc>, CallError> {
        let there = at.elsewhere(&setting::region("ec2:DescribeVpcs", name)?);
        match default_vpc_look::find(&there).await {
            Ok(found) => {
                let exists = found.is_some();
                Ok(Some(DefaultVpc { exists, holds: found.map_or_else(Vec::new, |found| found.holds), region: None }))
            }
            Err(error) if setting::is_not_enabled(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes it apart. Who moves in while it is being taken apart keeps its subnet: AWS deletes none that is in use.
    async fn put(at: &Session, name: &Name, want: &DefaultVpc) -> Result<(), CallError> {
        if want.exists {
            return Err(CallError::refused("ec2:CreateDefaultVpc", "a plan makes no default VPC"));
        }
        let there = at.elsewhere(&setting::region("ec2:DeleteVpc", name)?);
        let Some(found) = default_vpc_look::find(&there).await? else { return Ok(()) };
        if !found.holds.is_empty() {
            return Err(CallError::refused("ec2:DeleteVpc", format!("{} live in the default VPC of {name}", show(&found.holds))));
        }
        remove(&there, &found.id).await
    }
}

setting::driver!(DefaultVpc);

async fn remove(at: &Session, vpc: &str) -> Result<(), CallError> {
    for subnet in default_vpc_look::subnets(at, vpc).await?.iter().filter_map(|subnet| subnet.subnet_id()) {
        or_missing(at.ec2().delete_subnet().subnet_id(subnet).send().await.map_err(CallError::from))?;
    }
    for (gateway, attached) in default_vpc_look::gateways(at, vpc).await? {
        if attached == Attached::Still {
            at.ec2().create_tags().resources(&gateway).tags(Tag::builder().key(LEAVING).value(vpc).build()).send().await?;
            let call = at.ec2().detach_internet_gateway().internet_gateway_id(&gateway).vpc_id(vpc);
            or_missing(call.send().await.map_err(CallError::from))?;
        }
        or_missing(at.ec2().delete_internet_gateway().internet_gateway_id(gateway).send().await.map_err(CallError::from))?;
    }
    or_missing(at.ec2().delete_vpc().vpc_id(vpc).send().await.map_err(CallError::from)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Effect;

    #[test]
    fn what_somebody_lives_in_is_removed_by_people() {
        let live = |holds: &[&str]| DefaultVpc { exists: true, holds: holds.iter().map(|id| (*id).to_owned()).collect(), region: None };
        let want = DefaultVpc { exists: false, holds: Vec::new(), region: None };
        assert_eq!(DefaultVpc::changes(&live(&[]), &want)[0].effect, Effect::InPlace);
        let by_hand = &DefaultVpc::changes(&live(&["eni-1", "sg-2"]), &want)[0];
        assert_eq!(by_hand.effect, Effect::ByHand);
        assert_eq!(by_hand.concern.as_ref().unwrap().why, "eni-1, sg-2 live in it");
    }
}
