//! What a step of each kind asks of AWS, for the estimate and the rehearsal: its calls, and how long AWS then takes. Knows no order and no account.

use super::{Action, Step};
use crate::kinds::{Spec, row};
use crate::model::Address;
use std::collections::BTreeSet;
use std::time::Duration;

/// AWS publishes no time for the creation of an account; what people see is a minute or two ("it can take a few minutes", Organizations user
/// guide, *Creating a member account*).
pub const ACCOUNT_CREATION: Duration = Duration::from_secs(90);
/// A NAT gateway is `pending` for about two minutes (what people see; VPC user guide, *NAT gateway states*: "might take several minutes" to go).
pub const NAT_GATEWAY: Duration = Duration::from_secs(120);
/// An interface endpoint is `pending` for a minute or two: a network interface in each subnet (what people see; AWS publishes none).
pub const INTERFACE_ENDPOINT: Duration = Duration::from_secs(60);
/// Both go about as fast as that.
pub const REMOVAL: Duration = Duration::from_secs(45);
/// Enabling a Region "takes a few minutes for most accounts, but can sometimes take several hours" (Account Management reference guide).
const REGION: Duration = Duration::from_secs(300);
/// A replication set is `CREATING` for about a minute a Region (what people see).
const REPLICATION_SET: Duration = Duration::from_secs(60);
/// Identity Center carries out an assignment, or a permission set's change, in the background (what people see).
const ASSIGNMENT: Duration = Duration::from_secs(10);
/// Lambda takes the interfaces of a function that is gone out of its subnets within 20 minutes (Lambda developer guide, "Connecting to a VPC").
pub const INTERFACES: Duration = Duration::from_secs(20 * 60);
/// A function in a VPC is `Pending` until its network interfaces exist (Lambda developer guide, *Function states*: about a minute).
const FUNCTION: Duration = Duration::from_secs(30);

/// What a step does: how it looks at its resource, and what it then does about it.
pub struct Work {
    /// How it looks, each kind of look once.
    pub looks: Vec<&'static str>,
    pub writes: Vec<&'static str>,
    /// How long AWS goes on after them.
    pub takes: Duration,
}

/// A kind's own row: the calls that make, change and remove one, and how long the making and removing go on after them.
struct Row {
    kind: &'static str,
    /// How a step looks at its resource, where that is not by all the kind's reads.
    looks: Option<&'static [&'static str]>,
    create: &'static [&'static str],
    update: &'static [&'static str],
    delete: &'static [&'static str],
    made_in: Duration,
    gone_in: Duration,
}

/// What a step asks of AWS: the looks at its resource first, each kind of look once, and then what it is for.
pub fn work(step: &Step) -> Work {
    let kind = step.address.kind.as_str();
    let own = ROWS.iter().find(|row| row.kind == kind);
    let reads = || row(&step.address.kind).map_or(&[][..], |row| row.reads);
    let looks = own.and_then(|row| row.looks).unwrap_or_else(reads);
    let (calls, takes) = match (own, &step.action) {
        (None, _) => (&[][..], Duration::ZERO),
        (Some(row), Action::Create { .. }) => (row.create, row.made_in),
        (Some(row), Action::Update { .. }) => (row.update, Duration::ZERO),
        (Some(row), Action::Delete { .. }) => (row.delete, row.gone_in),
    };
    let writes = calls.iter().chain(&extra(step)).copied().collect();
    Work { looks: looks.to_vec(), writes, takes: if is_gateway_endpoint(step) { Duration::ZERO } else { takes } }
}

impl Work {
    /// All of its calls, in order.
    pub fn calls(&self) -> impl Iterator<Item = &'static str> {
        self.looks.iter().chain(&self.writes).copied()
    }
}

/// Where a function that a step deletes, or moves, leaves interfaces behind: subnets, and security groups.
pub fn leaves(step: &Step) -> BTreeSet<Address> {
    let of = |spec: Option<&Spec>| match spec {
        Some(Spec::LambdaFunction(function)) => function.subnets.union(&function.security_groups).cloned().collect(),
        _ => BTreeSet::new(),
    };
    let (before, after) = (of(step.action.before()), of(step.action.after()));
    before.difference(&after).map(|left| left.resolve(&step.address, &step.address.region)).collect()
}

/// What there is more of in one resource than in another.
fn extra(step: &Step) -> Vec<&'static str> {
    let Action::Create { want, .. } = &step.action else { return Vec::new() };
    let parts: &[(&'static str, usize)] = match want {
        Spec::RouteTable(table) => &[("ec2:CreateRoute", table.routes.len()), ("ec2:AssociateRouteTable", table.subnets.len())],
        Spec::IamRole(role) => &[("iam:PutRolePolicy", role.policies.len()), ("iam:AttachRolePolicy", role.managed_policies.len())],
        Spec::IamUser(user) => &[("iam:PutUserPolicy", user.policies.len())],
        _ => &[],
    };
    parts.iter().flat_map(|(call, times)| std::iter::repeat_n(*call, *times)).collect()
}

/// A route in route tables: there at once.
fn is_gateway_endpoint(step: &Step) -> bool {
    let spec = step.action.after().or_else(|| step.action.before());
    matches!(spec, Some(Spec::VpcEndpoint(endpoint)) if endpoint.of == crate::kinds::EndpointType::Gateway)
}

const fn kind(
    kind: &'static str,
    create: &'static [&'static str],
    update: &'static [&'static str],
    delete: &'static [&'static str],
) -> Row {
    Row { kind, looks: None, create, update, delete, made_in: Duration::ZERO, gone_in: Duration::ZERO }
}

/// One that is there anyway, and only ever changed.
const fn setting(name: &'static str, calls: &'static [&'static str]) -> Row {
    kind(name, calls, calls, &[])
}

impl Row {
    const fn looking(self, looks: &'static [&'static str]) -> Row {
        Row { looks: Some(looks), ..self }
    }

    const fn taking(self, made_in: Duration, gone_in: Duration) -> Row {
        Row { made_in, gone_in, ..self }
    }
}

const CREATION: [&str; 5] = [
    "organizations:ListCreateAccountStatus",
    "organizations:CreateAccount",
    "organizations:DescribeCreateAccountStatus",
    "organizations:ListParents",
    "organizations:MoveAccount",
];
const CONTACT: [&[&str]; 3] =
    [&["ssm-contacts:CreateContact", "ssm-contacts:AssociateContact"], &["ssm-contacts:UpdateContact"], &["ssm-contacts:DeleteContact"]];
const RULE: [&[&str]; 2] = [&["events:PutRule", "events:PutTargets"], &["events:RemoveTargets", "events:DeleteRule"]];
const ALARM: [&[&str]; 2] = [&["cloudwatch:PutMetricAlarm"], &["cloudwatch:DeleteAlarms"]];
const ASSIGN: [&str; 2] = ["sso:CreateAccountAssignment", "sso:DescribeAccountAssignmentCreationStatus"];
const UNASSIGN: [&str; 2] = ["sso:DeleteAccountAssignment", "sso:DescribeAccountAssignmentDeletionStatus"];

/// All kinds, in the order of the table of kinds.
const ROWS: &[Row] = &[
    kind("organizational-unit", &["organizations:CreateOrganizationalUnit"], &["organizations:TagResource"], &[]),
    kind(
        "service-control-policy",
        &["organizations:CreatePolicy", "organizations:AttachPolicy"],
        &["organizations:UpdatePolicy"],
        &["organizations:DetachPolicy", "organizations:DeletePolicy"],
    ),
    kind(
        "permission-set",
        &["sso:CreatePermissionSet", "sso:PutInlinePolicyToPermissionSet", "sso:AttachManagedPolicyToPermissionSet"],
        &["sso:UpdatePermissionSet", "sso:PutInlinePolicyToPermissionSet", "sso:ProvisionPermissionSet"],
        &["sso:DeletePermissionSet"],
    ),
    kind(
        "access-group",
        &["identitystore:CreateGroup", "identitystore:CreateGroupMembership"],
        &["identitystore:CreateGroupMembership", "identitystore:DeleteGroupMembership"],
        &[],
    ),
    kind("account", &CREATION, &["organizations:MoveAccount"], &["organizations:CloseAccount"])
        .looking(&["organizations:DescribeAccount", "organizations:ListParents"])
        .taking(ACCOUNT_CREATION, Duration::ZERO),
    setting("alternate-contact", &["account:PutAlternateContact"]),
    setting("account-alias", &["iam:CreateAccountAlias"]),
    setting("password-policy", &["iam:UpdateAccountPasswordPolicy"]),
    setting("public-access-block", &["s3:PutAccountPublicAccessBlock"]),
    setting("region", &["account:EnableRegion"]).taking(REGION, Duration::ZERO),
    setting("default-vpc", &["ec2:DeleteSubnet", "ec2:DetachInternetGateway", "ec2:DeleteInternetGateway", "ec2:DeleteVpc"]),
    setting("ebs-encryption", &["ec2:EnableEbsEncryptionByDefault"]),
    kind("access-assignment", &ASSIGN, &[], &UNASSIGN).taking(ASSIGNMENT, ASSIGNMENT),
    kind("vpc", &["ec2:CreateVpc", "ec2:ModifyVpcAttribute", "ec2:ModifyVpcAttribute"], &["ec2:ModifyVpcAttribute"], &["ec2:DeleteVpc"]),
    kind(
        "internet-gateway",
        &["ec2:CreateInternetGateway", "ec2:AttachInternetGateway"],
        &["ec2:AttachInternetGateway"],
        &["ec2:DetachInternetGateway", "ec2:DeleteInternetGateway"],
    ),
    kind("subnet", &["ec2:CreateSubnet"], &["ec2:ModifySubnetAttribute"], &["ec2:DeleteSubnet"]).looking(&["ec2:DescribeSubnets"]),
    kind("elastic-ip", &["ec2:AllocateAddress"], &["ec2:CreateTags"], &["ec2:ReleaseAddress"]),
    kind("nat-gateway", &["ec2:CreateNatGateway"], &["ec2:CreateTags"], &["ec2:DeleteNatGateway"]).taking(NAT_GATEWAY, REMOVAL),
    kind("route-table", &["ec2:CreateRouteTable"], &["ec2:ReplaceRoute"], &["ec2:DisassociateRouteTable", "ec2:DeleteRouteTable"]),
    kind(
        "security-group",
        &["ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress"],
        &["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
        &["ec2:DeleteSecurityGroup"],
    )
    .looking(&["ec2:DescribeSecurityGroups"]),
    setting("default-security-group", &["ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"]),
    kind("vpc-endpoint", &["ec2:CreateVpcEndpoint"], &["ec2:ModifyVpcEndpoint"], &["ec2:DeleteVpcEndpoints"])
        .taking(INTERFACE_ENDPOINT, REMOVAL),
    kind("log-group", &["logs:CreateLogGroup", "logs:PutRetentionPolicy"], &["logs:PutRetentionPolicy"], &["logs:DeleteLogGroup"]),
    kind(
        "iam-oidc-provider",
        &["iam:CreateOpenIDConnectProvider"],
        &["iam:AddClientIDToOpenIDConnectProvider"],
        &["iam:DeleteOpenIDConnectProvider"],
    ),
    kind("iam-policy", &["iam:CreatePolicy"], &["iam:ListPolicyVersions", "iam:CreatePolicyVersion"], &["iam:DeletePolicy"]),
    kind("iam-role", &["iam:CreateRole"], &["iam:PutRolePolicy"], &["iam:DeleteRolePolicy", "iam:DeleteRole"]),
    kind("flow-log", &["ec2:CreateFlowLogs"], &["ec2:CreateTags"], &["ec2:DeleteFlowLogs"]),
    kind("iam-user", &["iam:CreateUser"], &["iam:PutUserPolicy"], &["iam:DeleteUserPolicy", "iam:DeleteUser"]),
    kind("github-environment", &["github:PutEnvironment", "github:CreateDeploymentBranchPolicy"], &["github:PutEnvironment"], &[]),
    kind(
        "ci-key",
        &["secretsmanager:CreateSecret", "iam:CreateAccessKey", "secretsmanager:PutSecretValue", "github:PutEnvironmentSecret"],
        &["iam:CreateAccessKey", "secretsmanager:PutSecretValue", "github:PutEnvironmentSecret", "iam:DeleteAccessKey"],
        &["iam:DeleteAccessKey", "github:DeleteEnvironmentSecret", "secretsmanager:DeleteSecret"],
    ),
    kind("ssm-parameter", &["ssm:PutParameter"], &["ssm:PutParameter"], &["ssm:DeleteParameter"]),
    kind(
        "new-relic-account",
        &["ssm:PutParameter", "newrelic:CreateAccount", "ssm:PutParameter"],
        &["newrelic:UpdateAccount"],
        &["newrelic:CancelAccount", "ssm:DeleteParameter"],
    ),
    kind(
        "new-relic-keys",
        &["newrelic:CreateKeys", "secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"],
        &["newrelic:CreateKeys", "secretsmanager:PutSecretValue"],
        &["newrelic:DeleteKeys", "secretsmanager:DeleteSecret"],
    ),
    setting("support-plan", &["support:CreateCase"]),
    setting("service-quota", &["servicequotas:RequestServiceQuotaIncrease"]),
    setting("replication-set", &["ssm-incidents:CreateReplicationSet"]).taking(REPLICATION_SET, Duration::ZERO),
    kind("contact", CONTACT[0], CONTACT[1], CONTACT[2]),
    kind(
        "contact-channel",
        &["ssm-contacts:CreateContactChannel", "ssm-contacts:SendActivationCode"],
        &["ssm-contacts:UpdateContactChannel"],
        &["ssm-contacts:DeleteContactChannel"],
    ),
    setting("engagement-plan", CONTACT[1]),
    kind("rotation", &["ssm-contacts:CreateRotation"], &["ssm-contacts:UpdateRotation"], &["ssm-contacts:DeleteRotation"]),
    kind("on-call-schedule", CONTACT[0], CONTACT[1], CONTACT[2]),
    kind("escalation-plan", CONTACT[0], CONTACT[1], CONTACT[2]),
    kind(
        "response-plan",
        &["ssm-incidents:CreateResponsePlan"],
        &["ssm-incidents:UpdateResponsePlan"],
        &["ssm-incidents:DeleteResponsePlan"],
    ),
    kind("sns-topic", &["sns:CreateTopic", "sns:SetTopicAttributes"], &["sns:SetTopicAttributes"], &["sns:DeleteTopic"]),
    kind("sns-subscription", &["sns:Subscribe"], &[], &["sns:Unsubscribe"]),
    setting("budget", &["budgets:ModifyBudget"]),
    kind("event-bus", &["events:CreateEventBus", "events:PutPermission"], &["events:PutPermission"], &["events:DeleteEventBus"]),
    kind("lambda-function", &["lambda:CreateFunction"], &["lambda:UpdateFunctionCode"], &["lambda:DeleteFunction"])
        .taking(FUNCTION, Duration::ZERO),
    kind("event-rule", RULE[0], RULE[0], RULE[1]),
    kind("alarm", ALARM[0], ALARM[0], ALARM[1]),
    kind("organization-event-rule", RULE[0], RULE[0], RULE[1]),
    kind("organization-alarm", ALARM[0], ALARM[0], ALARM[1]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::TABLE;
    use crate::plan::estates::{at, spec};
    use crate::plan::made;
    use serde_json::{Value, json};

    #[test]
    fn every_kind_has_a_row_of_calls_that_it_makes() {
        let kinds: Vec<_> = TABLE.iter().map(|row| row.kind.as_str()).collect();
        let rows: Vec<_> = ROWS.iter().map(|row| row.kind).collect();
        assert_eq!(rows, kinds, "one row for each kind, in the order of the table of kinds");
        for (row, own) in TABLE.iter().zip(ROWS) {
            for call in own.create.iter().chain(own.update).chain(own.delete).chain(own.looks.unwrap_or_default()) {
                assert!(row.writes.contains(call) || row.reads.contains(call), "{} never calls {call}", own.kind);
            }
        }
    }

    #[test]
    fn what_aws_goes_on_with_after_its_answer_takes_its_time_in_both_directions() {
        let takes =
            |of: &str, fields: Value| [made::create(of, fields.clone()), made::delete(of, fields)].map(|step| work(&step).takes.as_secs());
        let endpoint = |of: &str| json!({ "vpc": "vpc/main", "service": "s3", "type": of });
        assert_eq!(takes("nat-gateway/a", json!({ "subnet": "subnet/a", "elastic_ip": "elastic-ip/a" })), [120, 45]);
        assert_eq!(takes("vpc-endpoint/x", endpoint("interface")), [60, 45]);
        assert_eq!(takes("vpc-endpoint/x", endpoint("gateway")), [0, 0]);
        assert_eq!(takes("elastic-ip/a", json!({})), [0, 0]);
    }

    #[test]
    fn what_has_parts_takes_a_call_for_each() {
        let calls = |address: &str, fields: Value| {
            let address = at(address);
            let action = Action::Create { want: spec(&address, fields), replacing: false };
            work(&Step { address, action, after: vec![], concerns: vec![], asked: None }).writes.len()
        };
        let table = |routes: Value, subnets: Value| {
            calls("a/prod/us-west-2/route-table/x", json!({ "vpc": "vpc/main", "routes": routes, "subnets": subnets }))
        };
        let plain = table(json!({}), json!([]));
        let routes = json!({ "0.0.0.0/0": "nat-gateway/a", "10.9.0.0/16": "nat-gateway/b" });
        assert_eq!(table(routes, json!(["subnet/a", "subnet/b", "subnet/c"])), plain + 5);
        let role = |policies: Value, managed: Value| {
            calls("a/prod/global/iam-role/x", json!({ "trust": {}, "policies": policies, "managed_policies": managed }))
        };
        assert_eq!(role(json!({ "p": {} }), json!(["ReadOnlyAccess", "SecurityAudit"])), role(json!({}), json!([])) + 3);
        let user = |policies: Value| {
            calls("a/prod/global/iam-user/x", json!({ "policies": policies, "permission_boundary": "iam-policy/ci-boundary" }))
        };
        assert_eq!(user(json!({ "p": {}, "q": {} })), user(json!({})) + 2);
    }
}
