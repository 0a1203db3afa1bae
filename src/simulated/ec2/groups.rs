//! Security groups.

use super::listing::{PAGE, Resource, Sort, tagged};
use super::permission::{Peer, Permission, show};
use super::shown::elements;
use super::{Ec2, Tags, add, done, found, get, get_mut, tags, unknown};
use crate::simulated::At;
use crate::simulated::servicequotas::Quotas;
use crate::simulated::wire::{Answer, Asked, Fault, fault, xml};
use serde::{Deserialize, Serialize};

/// The name of the group that each VPC has from the start, and that nobody else may take.
const DEFAULT: &str = "default";

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SecurityGroup {
    pub vpc: String,
    pub name: String,
    pub about: String,
    pub ingress: Vec<Permission>,
    pub egress: Vec<Permission>,
    pub tags: Tags,
}

impl SecurityGroup {
    pub fn is_default(&self) -> bool {
        self.name == DEFAULT
    }

    fn names(&self, group: &str) -> bool {
        self.ingress.iter().chain(&self.egress).any(|one| matches!(&one.peer, Peer::Group(named) if named == group))
    }
}

impl Resource for SecurityGroup {
    const SORT: Sort = Sort {
        prefix: "sg",
        kind: "security-group",
        set: "securityGroupInfo",
        id: "groupId",
        ids: "GroupId",
        missing: "InvalidGroup.NotFound",
        page: PAGE,
    };

    fn show(&self, _: &str, at: &At<'_>, _: &Ec2) -> String {
        let own = [("ownerId", at.account), ("groupName", &self.name), ("groupDescription", &self.about), ("vpcId", &self.vpc)];
        elements(&own) + &show("ipPermissions", &self.ingress, at.account) + &show("ipPermissionsEgress", &self.egress, at.account)
    }

    fn values(&self, filter: &str, _: &At<'_>) -> Option<Vec<String>> {
        let value = match filter {
            "vpc-id" => self.vpc.clone(),
            "group-name" => self.name.clone(),
            "description" => self.about.clone(),
            _ => return None,
        };
        Some(vec![value])
    }

    tagged!();
}

/// The rules of one direction.
type Side = fn(&mut SecurityGroup) -> &mut Vec<Permission>;

impl Ec2 {
    pub(super) fn write_groups(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        let side: Side = if asked.operation.ends_with("Egress") { |group| &mut group.egress } else { |group| &mut group.ingress };
        match asked.operation.as_str() {
            "CreateSecurityGroup" => self.create_group(at, asked, quotas),
            "DeleteSecurityGroup" => self.delete_group(asked),
            "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress" => self.authorize(asked, side, quotas),
            "RevokeSecurityGroupIngress" | "RevokeSecurityGroupEgress" => self.revoke(asked, side),
            "UpdateSecurityGroupRuleDescriptionsIngress" | "UpdateSecurityGroupRuleDescriptionsEgress" => self.redescribe(asked, side),
            other => unknown(other),
        }
    }

    /// The group of a VPC's own: its members reach each other and everybody.
    pub(super) fn add_default_group(&mut self, at: &mut At<'_>, vpc: &str) {
        let about = "default VPC security group".to_owned();
        let egress = vec![Permission::everything()];
        let group = SecurityGroup { vpc: vpc.to_owned(), name: DEFAULT.to_owned(), about, egress, ..SecurityGroup::default() };
        let id = add(&mut self.security_groups, at, group);
        if let Some(group) = self.security_groups.get_mut(&id) {
            group.ingress = vec![Permission { peer: Peer::Group(id), ..Permission::everything() }];
        }
    }

    pub(super) fn default_group(&self, vpc: &str) -> Option<&String> {
        self.security_groups.iter().find(|(_, group)| group.vpc == vpc && group.is_default()).map(|(id, _)| id)
    }

    /// Whether groups are there, and in a VPC.
    pub(super) fn check_groups<'a>(&self, groups: impl IntoIterator<Item = &'a String>, vpc: &str) -> Result<(), Fault> {
        for id in groups {
            let group = self.security_groups.get(id).filter(|group| group.vpc == vpc);
            found(group, "InvalidGroup.NotFound", id)?;
        }
        Ok(())
    }

    fn create_group(&mut self, at: &mut At<'_>, asked: &Asked, quotas: &Quotas) -> Answer {
        let (vpc, name, about) = (asked.text("VpcId"), asked.text("GroupName"), asked.text("GroupDescription"));
        get(&self.vpcs, &vpc)?;
        if about.is_empty() {
            return fault("MissingParameter", "The request must contain the parameter GroupDescription");
        }
        if name == DEFAULT {
            return fault("InvalidParameterValue", "Cannot use reserved security group name: default");
        }
        quotas.allows("L-E79EC296", self.security_groups.len(), "SecurityGroupLimitExceeded")?;
        if self.security_groups.values().any(|group| group.vpc == vpc && group.name == name) {
            return fault("InvalidGroup.Duplicate", format!("The security group '{name}' already exists for VPC '{vpc}'"));
        }
        let tags = tags::given(asked, &SecurityGroup::SORT)?;
        // AWS lets everything out of a new group.
        let egress = vec![Permission::everything()];
        let id = add(&mut self.security_groups, at, SecurityGroup { vpc, name, about, ingress: Vec::new(), egress, tags });
        xml(elements(&[("return", "true"), ("groupId", &id)]))
    }

    fn delete_group(&mut self, asked: &Asked) -> Answer {
        let id = asked.text("GroupId");
        if get(&self.security_groups, &id)?.is_default() {
            return fault("CannotDelete", format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user"));
        }
        let is_named = self.security_groups.iter().any(|(other, group)| *other != id && group.names(&id));
        if is_named || self.interfaces.values().any(|interface| interface.groups.contains(&id)) {
            return fault("DependencyViolation", format!("resource {id} has a dependent object"));
        }
        self.security_groups.remove(&id);
        xml("")
    }

    fn authorize(&mut self, asked: &Asked, side: Side, quotas: &Quotas) -> Answer {
        let (id, new) = (asked.text("GroupId"), Permission::asked(asked)?);
        let vpc = get(&self.security_groups, &id)?.vpc.clone();
        let named = new.iter().filter_map(|one| if let Peer::Group(group) = &one.peer { Some(group) } else { None });
        self.check_groups(named, &vpc)?;
        let live = side(get_mut(&mut self.security_groups, &id)?);
        let mut all = live.clone();
        for one in new {
            if all.iter().any(|other| other.is_as(&one)) {
                return fault("InvalidPermission.Duplicate", "the specified rule already exists");
            }
            quotas.allows("L-0EA8095F", all.len(), "RulesPerSecurityGroupLimitExceeded")?;
            all.push(one);
        }
        *live = all;
        done()
    }

    fn revoke(&mut self, asked: &Asked, side: Side) -> Answer {
        let old = Permission::asked(asked)?;
        let live = side(get_mut(&mut self.security_groups, &asked.text("GroupId"))?);
        known(live, &old)?;
        live.retain(|one| !old.iter().any(|old| old.is_as(one)));
        done()
    }

    fn redescribe(&mut self, asked: &Asked, side: Side) -> Answer {
        let new = Permission::asked(asked)?;
        let live = side(get_mut(&mut self.security_groups, &asked.text("GroupId"))?);
        known(live, &new)?;
        for one in live {
            if let Some(new) = new.iter().find(|new| new.is_as(one)) {
                one.description.clone_from(&new.description);
            }
        }
        xml("")
    }
}

fn known(live: &[Permission], asked: &[Permission]) -> Result<(), Fault> {
    match asked.iter().all(|one| live.iter().any(|other| other.is_as(one))) {
        true => Ok(()),
        false => fault("InvalidPermission.NotFound", "The specified rule does not exist in this security group."),
    }
}
