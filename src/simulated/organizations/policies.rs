//! Policies of the organization, and what they are attached to. Everything always has one of a type at least.

use super::{ID, MANAGEMENT, Organization, ROOT, Tags, arn_of, constraint, page, tags};
use crate::simulated::At;
use crate::simulated::iam::{Purpose, flaw};
use crate::simulated::wire::{Answer, Asked, Fault, fault, json as ok};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The types that this organization has.
pub(super) const TYPES: [&str; 1] = [CONTROL];
const CONTROL: &str = "SERVICE_CONTROL_POLICY";
/// The longest policy, policies, and policies of one target (Organizations quotas).
const LONGEST: usize = 10_240;
const MOST: usize = 10_000;
const MOST_ATTACHED: usize = 10;
/// The policy that everything begins with.
const FULL: &str = "p-FullAWSAccess";

/// A policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Policy {
    name: String,
    description: String,
    content: String,
    is_aws: bool,
    /// The ids of all that it is attached to.
    targets: BTreeSet<String>,
    pub tags: Tags,
}

/// What there is before anybody makes one.
pub(super) fn from_the_start() -> BTreeMap<String, Policy> {
    let all = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
    let full = Policy {
        name: "FullAWSAccess".to_owned(),
        description: "Allows access to every operation".to_owned(),
        content: all.to_string(),
        is_aws: true,
        targets: BTreeSet::from([ROOT, MANAGEMENT].map(str::to_owned)),
        tags: Tags::new(),
    };
    BTreeMap::from([(FULL.to_owned(), full)])
}

/// Attaches to something new what everything begins with.
pub(super) fn begin(policies: &mut BTreeMap<String, Policy>, id: &str) {
    if let Some(full) = policies.get_mut(FULL) {
        full.targets.insert(id.to_owned());
    }
}

/// Takes whatever is attached off something that is gone.
pub(super) fn forget(policies: &mut BTreeMap<String, Policy>, id: &str) {
    for policy in policies.values_mut() {
        policy.targets.remove(id);
    }
}

impl Organization {
    pub(super) fn create_policy(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        of_type(asked, "Type")?;
        let (name, content) = (asked.text("Name"), fitting(asked)?);
        self.free_name(&name, "")?;
        if self.policies.len() >= MOST {
            return constraint("POLICY_NUMBER_LIMIT_EXCEEDED", "You have exceeded the number of policies.");
        }
        let (description, tags) = (asked.text("Description"), tags::checked(0, asked)?);
        let id = at.id("p-", 8);
        let policy = Policy { name, description, content, is_aws: false, targets: BTreeSet::new(), tags };
        let answer = policy.whole(&id);
        self.policies.insert(id, policy);
        ok(answer)
    }

    pub(super) fn update_policy(&mut self, asked: &Asked) -> Answer {
        let id = asked.text("PolicyId");
        let content = asked.has("Content").then(|| fitting(asked)).transpose()?;
        let name = asked.some("Name");
        if let Some(name) = &name {
            self.free_name(name, &id)?;
        }
        let policy = self.own_policy(&id)?;
        policy.name = name.unwrap_or_else(|| policy.name.clone());
        policy.description = asked.some("Description").unwrap_or_else(|| policy.description.clone());
        policy.content = content.unwrap_or_else(|| policy.content.clone());
        ok(policy.whole(&id))
    }

    pub(super) fn delete_policy(&mut self, asked: &Asked) -> Answer {
        let id = asked.text("PolicyId");
        if !self.own_policy(&id)?.targets.is_empty() {
            return fault("PolicyInUseException", "The policy is attached to one or more entities.");
        }
        self.policies.remove(&id);
        ok(json!({}))
    }

    pub(super) fn describe_policy(&mut self, asked: &Asked) -> Answer {
        let id = asked.text("PolicyId");
        ok(self.known_policy(&id)?.whole(&id))
    }

    pub(super) fn list_policies(&self, asked: &Asked) -> Answer {
        of_type(asked, "Filter")?;
        page(asked, "Policies", self.policies.iter(), |(id, policy)| policy.summary(id))
    }

    pub(super) fn policies_of(&self, asked: &Asked) -> Answer {
        of_type(asked, "Filter")?;
        let target = self.target(asked)?;
        let attached = self.policies.iter().filter(|(_, policy)| policy.targets.contains(&target));
        page(asked, "Policies", attached, |(id, policy)| policy.summary(id))
    }

    pub(super) fn targets_of(&mut self, asked: &Asked) -> Answer {
        let targets = self.known_policy(&asked.text("PolicyId"))?.targets.clone();
        let named = targets.iter().filter_map(|id| Some((id, self.name(id)?)));
        page(asked, "Targets", named, |(id, (name, kind))| json!({ "TargetId": id, "Arn": arn_of(id, kind), "Name": name, "Type": kind }))
    }

    pub(super) fn attach(&mut self, asked: &Asked) -> Answer {
        let target = self.target(asked)?;
        let attached = self.policies.values().filter(|policy| policy.targets.contains(&target)).count();
        let is_off = self.off.contains(CONTROL);
        let policy = self.known_policy(&asked.text("PolicyId"))?;
        if is_off {
            return switched_off();
        }
        if policy.targets.contains(&target) {
            return fault("DuplicatePolicyAttachmentException", "The selected policy is already attached to the specified target.");
        }
        if attached >= MOST_ATTACHED {
            return constraint(
                "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                "You have attached the maximum number of policies to the target.",
            );
        }
        policy.targets.insert(target);
        ok(json!({}))
    }

    pub(super) fn detach(&mut self, asked: &Asked) -> Answer {
        let target = self.target(asked)?;
        let attached = self.policies.values().filter(|policy| policy.targets.contains(&target)).count();
        let is_off = self.off.contains(CONTROL);
        let policy = self.known_policy(&asked.text("PolicyId"))?;
        if !policy.targets.contains(&target) {
            return fault("PolicyNotAttachedException", "The policy isn't attached to the specified target in the specified root.");
        }
        if attached <= 1 && !is_off {
            return constraint(
                "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
                "You cannot remove the last policy attached to the specified target.",
            );
        }
        policy.targets.remove(&target);
        ok(json!({}))
    }

    /// Switches a type of policies on or off for the whole organization.
    pub(super) fn switch(&mut self, asked: &Asked, on: bool) -> Answer {
        let kind = of_type(asked, "PolicyType")?;
        if asked.text("RootId") != ROOT {
            return fault("RootNotFoundException", "You specified a root that doesn't exist.");
        }
        let changed = if on { self.off.remove(&kind) } else { self.off.insert(kind) };
        match (changed, on) {
            (true, _) => ok(json!({ "Root": self.root() })),
            (false, true) => fault("PolicyTypeAlreadyEnabledException", "The specified policy type is already enabled."),
            (false, false) => switched_off(),
        }
    }

    fn known_policy(&mut self, id: &str) -> Result<&mut Policy, Fault> {
        let found = self.policies.get_mut(id);
        found.map_or_else(|| fault("PolicyNotFoundException", "We can't find a policy with the PolicyId that you specified."), Ok)
    }

    /// A policy that is not AWS's.
    fn own_policy(&mut self, id: &str) -> Result<&mut Policy, Fault> {
        let policy = self.known_policy(id)?;
        if policy.is_aws {
            return fault(
                "InvalidInputException",
                "IMMUTABLE_POLICY: You specified a policy that is managed by AWS and can't be modified.",
            );
        }
        Ok(policy)
    }

    fn free_name(&self, name: &str, except: &str) -> Result<(), Fault> {
        if self.policies.iter().any(|(id, policy)| policy.name == name && id != except) {
            return fault("DuplicatePolicyException", "A policy with the same name already exists.");
        }
        Ok(())
    }

    fn target(&self, asked: &Asked) -> Result<String, Fault> {
        let id = asked.text("TargetId");
        match self.name(&id) {
            Some(_) => Ok(id),
            None => fault("TargetNotFoundException", "You specified a target that doesn't exist."),
        }
    }
}

impl Policy {
    fn summary(&self, id: &str) -> Value {
        let owner = if self.is_aws { "aws:policy".to_owned() } else { format!("{MANAGEMENT}:policy/{ID}") };
        json!({
            "Id": id,
            "Arn": format!("arn:aws:organizations::{owner}/service_control_policy/{id}"),
            "Name": self.name,
            "Description": self.description,
            "Type": CONTROL,
            "AwsManaged": self.is_aws,
        })
    }

    fn whole(&self, id: &str) -> Value {
        json!({ "Policy": { "PolicySummary": self.summary(id), "Content": self.content } })
    }
}

fn of_type(asked: &Asked, parameter: &str) -> Result<String, Fault> {
    let kind = asked.text(parameter);
    if TYPES.contains(&kind.as_str()) { Ok(kind) } else { fault("InvalidInputException", "You specified an invalid value.") }
}

/// The content that a call brings, if AWS takes it.
fn fitting(asked: &Asked) -> Result<String, Fault> {
    let content = asked.text("Content");
    if content.chars().count() > LONGEST {
        return constraint("POLICY_CONTENT_LIMIT_EXCEEDED", "the policy is longer than 10,240 characters");
    }
    match flaw(&content, Purpose::Organization) {
        Some(why) => fault("MalformedPolicyDocumentException", why),
        None => Ok(content),
    }
}

fn switched_off() -> Answer {
    fault("PolicyTypeNotEnabledException", "This operation can be performed only for enabled policy types.")
}
