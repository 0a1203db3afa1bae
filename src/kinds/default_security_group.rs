//! `default-security-group`: a VPC's default group, without any rule. Every VPC has one, unmarked, that can't be deleted: a setting.

use super::permission::{self, Direction, Groups};
use super::{Driver, Kind, Rule, Scope, Seen, Tags, ec2};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk};
use aws_sdk_ec2::types::{Filter, SecurityGroup as Found};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A VPC's default security group, kept without any rule: what is started without naming a group can neither be reached nor reach
/// anything. The resource's name is the VPC's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultSecurityGroup {
    /// The VPC whose default group it is.
    pub vpc: Reference,
    /// Found, never declared: the rules that are in it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(skip)]
    pub rules: BTreeSet<String>,
}

/// What AWS calls the group, in every VPC.
const GROUP: &str = "default";

impl Kind for DefaultSecurityGroup {
    const NAME: KindName = KindName::new("default-security-group");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str =
        "A VPC's default security group, without any rule. What is started without naming a group then reaches nothing and nobody.";
    const REFERS: &'static [KindName] = &[KindName::new("vpc"), KindName::new("security-group")];
    const SETTING: bool = true;
    const READS: &'static [&'static str] = &["ec2:DescribeSecurityGroups"];
    const WRITES: &'static [&'static str] = &["ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"];

    fn changes(live: &DefaultSecurityGroup, want: &DefaultSecurityGroup) -> Vec<Change> {
        let DefaultSecurityGroup { vpc, rules } = live;
        let DefaultSecurityGroup { vpc: want_vpc, rules: want_rules } = want;
        let gone = |rule: &String| {
            let change = Change::between(rule.clone(), Some("allowed".to_owned()), None);
            change.concerning(Risk::Notable, "what was put into the default group loses these connections")
        };
        let rules = rules.difference(want_rules).map(gone);
        Change::of("vpc", vpc, want_vpc).into_iter().chain(rules).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::from([self.vpc.clone()])
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Driver for DefaultSecurityGroup {
    /// Those of our own VPCs. What a stranger's holds is nobody's business here.
    async fn read(at: &Session) -> Result<Vec<Seen<DefaultSecurityGroup>>, CallError> {
        let all = ec2::security_groups(at).await?;
        Ok(all.iter().filter(|found| found.group_name() == Some(GROUP)).filter_map(|found| see(at, found)).collect())
    }

    async fn create(at: &Session, address: &Address, want: &DefaultSecurityGroup) -> Result<RemoteId, CallError> {
        if address.name != want.vpc.name {
            let why = format!("it has to be called {}, as its VPC is", want.vpc.name);
            return Err(CallError::refused("landfall:DefaultSecurityGroup", why));
        }
        let found = of_vpc(at, want).await?;
        empty(at, &found).await
    }

    // By the VPC of now: one that was replaced under its name has another group.
    async fn update(at: &Session, _: &Address, _: &RemoteId, want: &DefaultSecurityGroup, _: &[Change]) -> Result<(), CallError> {
        let found = of_vpc(at, want).await?;
        empty(at, &found).await.map(drop)
    }

    /// It goes with its VPC, and is left alone until then.
    async fn delete(_: &Session, _: &Address, _: &RemoteId, _: &DefaultSecurityGroup) -> Result<(), CallError> {
        Ok(())
    }
}

async fn of_vpc(at: &Session, want: &DefaultSecurityGroup) -> Result<Found, CallError> {
    let vpc = at.id_of(&want.vpc, at.region().clone())?;
    let filter = |name: &str, value: &str| Filter::builder().name(name).values(value).build();
    let call = at.ec2().describe_security_groups().filters(filter("group-name", GROUP)).filters(filter("vpc-id", vpc.as_str()));
    let missing = || CallError::missing("ec2:DescribeSecurityGroups", format!("{} has no default group yet", want.vpc));
    call.send().await?.security_groups.unwrap_or_default().into_iter().next().ok_or_else(missing)
}

async fn empty(at: &Session, found: &Found) -> Result<RemoteId, CallError> {
    let id = ec2::created("ec2:DescribeSecurityGroups", found.group_id())?;
    or_missing(permission::reconcile(at, &id, Direction::Ingress, found.ip_permissions(), &[]).await)?;
    or_missing(permission::reconcile(at, &id, Direction::Egress, found.ip_permissions_egress(), &[]).await)?;
    Ok(id)
}

fn see(at: &Session, found: &Found) -> Option<Seen<DefaultSecurityGroup>> {
    let (id, vpc_id) = (found.group_id()?, found.vpc_id()?);
    // A VPC that is not ours is named by its id.
    let vpc = at.reference(&KindName::new("vpc"), vpc_id).filter(|vpc| vpc.name.as_str() != vpc_id)?;
    // Its own rules name it, and no directory knows it.
    let names = GROUP.parse().ok().map(|name| (id.to_owned(), name)).into_iter().collect();
    let groups = Groups { at, names };
    let text = |direction: &str, arrow: &str, rule: &Rule| format!("{direction}.{}", rule.key().replacen(" with ", &format!(" {arrow} "), 1));
    let ingress = permission::split(found.ip_permissions()).into_iter().map(|one| text("ingress", "from", &groups.rule(&one)));
    let egress = permission::split(found.ip_permissions_egress()).into_iter().map(|one| text("egress", "to", &groups.rule(&one)));
    let rules = ingress.chain(egress).collect();
    Some(Seen { id: id.into(), name: Some(vpc.name.clone()), spec: DefaultSecurityGroup { vpc, rules } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_in_it_has_to_go() {
        let want: DefaultSecurityGroup = serde_json::from_value(serde_json::json!({ "vpc": "vpc/main" })).unwrap();
        assert_eq!(DefaultSecurityGroup::changes(&want, &want), []);
        let rules = ["egress.all to 0.0.0.0/0", "ingress.all from security-group/default"].map(str::to_owned);
        let live = DefaultSecurityGroup { rules: rules.clone().into(), ..want.clone() };
        let changes = DefaultSecurityGroup::changes(&live, &want);
        assert_eq!(changes.iter().map(|change| change.field.clone()).collect::<Vec<_>>(), rules);
        assert!(changes.iter().all(|change| change.effect == Effect::InPlace && change.after.is_none()));
    }
}
