//! `security-group`: which connections may reach what is in the group, and which it may make.

use super::{Kind, Rule, Scope, Tags, tags};
use crate::model::{Change, Effect, KindName, Reference, Risk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which connections may reach what is in the group, and which it may make. The group's name is the resource's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroup {
    pub vpc: Reference,
    /// What the group is for. AWS can't change it later: another description is another group.
    pub description: String,
    /// The connections that may come in; none when empty.
    #[serde(default)]
    pub ingress: BTreeSet<Rule>,
    /// The connections that may go out; none when empty.
    #[serde(default)]
    pub egress: BTreeSet<Rule>,
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for SecurityGroup {
    const NAME: KindName = KindName::new("security-group");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A security group: which connections may reach what is in the group, and which it may make.";
    const REFERS: &'static [KindName] = &[KindName::new("vpc"), SecurityGroup::NAME];
    const READS: &'static [&'static str] = &["ec2:DescribeSecurityGroups"];
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

    fn rebind(&self, replaced: &Reference) -> Effect {
        if *replaced == self.vpc { Effect::Replaces } else { Effect::InPlace }
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

super::unwritten!(SecurityGroup);

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
