//! `security-group`: which connections may reach what is in the group, and which it may make.

use super::permission::{self, Direction, Groups};
use super::{Driver, Kind, Rule, Scope, Seen, Tags, ec2, network_interface, tags};
use crate::aws::{CallError, Session, or_exists};
use crate::model::{Address, Change, KindName, Reference, RemoteId, Risk};
use aws_sdk_ec2::types::{ResourceType, SecurityGroup as Found};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which connections may reach what is in the group, and which it may make. The group's name is the resource's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroup {
    /// The VPC that it belongs to.
    pub vpc: Reference,
    /// What the group is for. AWS can't change it later: another description is another group.
    pub description: String,
    /// The connections that may come in; none when empty.
    #[serde(default)]
    pub ingress: BTreeSet<Rule>,
    /// The connections that may go out; none when empty.
    #[serde(default)]
    pub egress: BTreeSet<Rule>,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for SecurityGroup {
    const NAME: KindName = KindName::new("security-group");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A security group: which connections may reach what is in the group, and which it may make.";
    const REFERS: &'static [KindName] = &[KindName::new("vpc"), SecurityGroup::NAME];
    // Who is in it is asked when AWS does not delete it.
    const READS: &'static [&'static str] = &["ec2:DescribeSecurityGroups", "ec2:DescribeNetworkInterfaces"];
    const WRITES: &'static [&'static str] = &[
        "ec2:CreateSecurityGroup",
        "ec2:DeleteSecurityGroup",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress",
        "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
        "ec2:CreateTags",
    ];

    fn changes(live: &SecurityGroup, want: &SecurityGroup) -> Vec<Change> {
        let SecurityGroup { vpc, description, ingress, egress, tags: live_tags } = live;
        let SecurityGroup { vpc: want_vpc, description: want_description, ingress: want_in, egress: want_out, tags: want_tags } = want;
        let fixed = [Change::of("vpc", vpc, want_vpc), Change::of("description", description, want_description)];
        let why = "what is in the group has to leave it before it can be replaced";
        let fixed = fixed.into_iter().flatten().map(|change| change.replaces().concerning(Risk::Dangerous, why));
        let rules = rule_changes("ingress", ingress, want_in).into_iter().chain(rule_changes("egress", egress, want_out));
        fixed.chain(rules).chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        let groups = self.ingress.iter().chain(&self.egress).filter_map(|rule| rule.security_group.clone());
        groups.chain([self.vpc.clone()]).collect()
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

/// One change a rule: which ones come, which go, and which are only described differently.
fn rule_changes(direction: &str, live: &BTreeSet<Rule>, want: &BTreeSet<Rule>) -> Vec<Change> {
    let keys: BTreeSet<String> = live.iter().chain(want).map(Rule::key).collect();
    let one = |rules: &BTreeSet<Rule>, key: &String| rules.iter().find(|rule| rule.key() == *key).cloned();
    let change = |key: &String| rule_change(direction, key, one(live, key), one(want, key));
    keys.iter().filter_map(change).collect()
}

fn rule_change(direction: &str, key: &str, live: Option<Rule>, want: Option<Rule>) -> Option<Change> {
    let text = |rule: &Rule| rule.description.clone().unwrap_or_else(|| "allowed".to_owned());
    let arrow = if direction == "ingress" { "from" } else { "to" };
    let field = format!("{direction}.{}", key.replacen(" with ", &format!(" {arrow} "), 1));
    let change = Change::of_option(field, &live.as_ref().map(text), &want.as_ref().map(text))?;
    let opens = live.is_none() && direction == "ingress" && want.as_ref().is_some_and(Rule::is_open);
    Some(match (&live, &want) {
        (Some(_), Some(_)) => change,
        _ if opens => change.concerning(Risk::Dangerous, "opens the group to the whole internet"),
        _ => change.concerning(Risk::Notable, "changes which connections are allowed"),
    })
}

impl Driver for SecurityGroup {
    async fn read(at: &Session) -> Result<Vec<Seen<SecurityGroup>>, CallError> {
        let all = ec2::security_groups(at).await?;
        // Groups name each other, so the names come first.
        let name = |found: &Found| Some((found.group_id()?.to_owned(), tags::owner(at, &SecurityGroup::NAME, &ec2::tags(found.tags()))?));
        let groups = Groups { at, names: all.iter().filter_map(name).collect() };
        Ok(all.iter().filter_map(|found| see(&groups, found)).collect())
    }

    async fn create(at: &Session, address: &Address, want: &SecurityGroup) -> Result<RemoteId, CallError> {
        let vpc = at.id_of(&want.vpc, at.region().clone())?;
        let call = at.ec2().create_security_group().group_name(address.name.as_str()).description(&want.description).vpc_id(vpc.as_str());
        let call = call.tag_specifications(ec2::marks(ResourceType::SecurityGroup, address, &want.tags));
        let id = match or_exists(call.send().await.map_err(CallError::from))? {
            Some(answer) => ec2::created("ec2:CreateSecurityGroup", answer.group_id())?,
            None => ours(at, address).await?,
        };
        // AWS puts a rule into every new group that lets everything out.
        reconcile(at, address, &id, want).await?;
        Ok(id)
    }

    // By the ids of now and not by the changes: a group that was replaced under its name changes no name here.
    async fn update(at: &Session, address: &Address, id: &RemoteId, want: &SecurityGroup, changes: &[Change]) -> Result<(), CallError> {
        reconcile(at, address, id, want).await?;
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &SecurityGroup) -> Result<(), CallError> {
        let answer = at.ec2().delete_security_group().group_id(id.as_str()).send().await.map_err(CallError::from);
        network_interface::deleted(at, "group-id", id, answer).await
    }
}

/// The group that a name clashed with, if it is ours: then an earlier attempt made it.
async fn ours(at: &Session, address: &Address) -> Result<RemoteId, CallError> {
    let taken = || CallError::refused("ec2:CreateSecurityGroup", format!("the VPC has a group named {} that is not Landfall's", address.name));
    SecurityGroup::find(at, address).await?.map(|seen| seen.id).ok_or_else(taken)
}

async fn reconcile(at: &Session, address: &Address, id: &RemoteId, want: &SecurityGroup) -> Result<(), CallError> {
    let answer = at.ec2().describe_security_groups().group_ids(id.as_str()).send().await?;
    let missing = || CallError::missing("ec2:DescribeSecurityGroups", format!("{id} is not there"));
    let found = answer.security_groups().first().ok_or_else(missing)?;
    let own = Reference::here(SecurityGroup::NAME, address.name.clone());
    // A group may name itself in its rules, before any directory knows it.
    let id_of = |group: &Reference| if *group == own { Ok(id.clone()) } else { at.id_of(group, at.region().clone()) };
    let wanted = |rules: &BTreeSet<Rule>| rules.iter().map(|rule| permission::of(rule, &id_of)).collect::<Result<Vec<_>, _>>();
    let (ingress, egress) = (wanted(&want.ingress)?, wanted(&want.egress)?);
    permission::reconcile(at, id, Direction::Ingress, found.ip_permissions(), &ingress).await?;
    permission::reconcile(at, id, Direction::Egress, found.ip_permissions_egress(), &egress).await
}

fn see(groups: &Groups, found: &Found) -> Option<Seen<SecurityGroup>> {
    let all = ec2::tags(found.tags());
    let rules = |permissions| permission::split(permissions).iter().map(|one| groups.rule(one)).collect();
    let spec = SecurityGroup {
        vpc: groups.at.reference(&KindName::new("vpc"), found.vpc_id()?)?,
        description: found.description().unwrap_or_default().to_owned(),
        ingress: rules(found.ip_permissions()),
        egress: rules(found.ip_permissions_egress()),
        tags: tags::declared(&all),
    };
    Some(Seen { id: found.group_id()?.into(), name: tags::owner(groups.at, &SecurityGroup::NAME, &all), spec })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn group(ingress: serde_json::Value) -> SecurityGroup {
        let fields = json!({ "vpc": "vpc/main", "description": "web", "ingress": ingress });
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn each_rule_is_a_change_and_the_internet_is_dangerous() {
        let live = group(json!([{ "protocol": "tcp", "ports": 443, "cidr": "10.0.0.0/8", "description": "office" }]));
        assert_eq!(SecurityGroup::changes(&live, &live), []);
        let want = group(json!([{ "protocol": "tcp", "ports": "443", "cidr": "0.0.0.0/0" }]));
        let changes = SecurityGroup::changes(&live, &want);
        let seen: Vec<_> = changes.iter().map(|c| (c.field.as_str(), c.before.as_deref(), c.concern.as_ref().unwrap().risk)).collect();
        assert_eq!(
            seen,
            [
                ("ingress.tcp 443 from 0.0.0.0/0", None, Risk::Dangerous),
                ("ingress.tcp 443 from 10.0.0.0/8", Some("office"), Risk::Notable),
            ]
        );
    }

    #[test]
    fn another_description_of_a_rule_is_routine() {
        let rule = |text: &str| group(json!([{ "protocol": "tcp", "ports": 443, "cidr": "0.0.0.0/0", "description": text }]));
        let changes = SecurityGroup::changes(&rule("web"), &rule("public web"));
        assert_eq!(changes, [Change::between("ingress.tcp 443 from 0.0.0.0/0", Some("web".into()), Some("public web".into()))]);
    }
}
