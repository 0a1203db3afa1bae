//! Asks the simulated AWS as somebody in the management account would, at any time, for tests of what takes its time there.

use super::wire::Request;
use super::{Moment, World};
use serde_json::{Value, json};

/// Whoever asks, and what time it is.
pub(super) struct Asking {
    world: World,
    now: Moment,
}

impl Asking {
    /// An AWS that takes its time and has nobody wait for tokens.
    pub fn new() -> Asking {
        Asking { world: World::new(1).hurried(1.0), now: Moment::from_secs(1_795_000_000) }
    }

    pub fn pass(&mut self, seconds: u64) {
        self.now += Moment::from_secs(seconds);
    }

    /// The answer, or the code of the refusal.
    pub fn ask(&mut self, service: &str, operation: &str, parameters: &Value) -> Result<Value, String> {
        let headers = [
            // Whatever is signed in the future is signed lately enough.
            ("x-amz-date", "20991231T235959Z".to_owned()),
            ("authorization", format!("AWS4-HMAC-SHA256 Credential=test/20991231/us-west-2/{service}/aws4_request, x")),
            ("x-amz-target", if service == "ssm-incidents" { String::new() } else { format!("Service.{operation}") }),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let body = parameters.to_string().into_bytes();
        let reply = self.world.reply(&Request { method: "POST".into(), target: format!("/{operation}"), headers, body }, self.now);
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        if reply.status == 200 { Ok(answer) } else { Err(answer["__type"].as_str().unwrap_or_default().to_owned()) }
    }

    /// The same for what goes well.
    pub fn told(&mut self, service: &str, operation: &str, parameters: &Value) -> Value {
        self.ask(service, operation, parameters).unwrap_or_else(|code| panic!("{service}:{operation}: {code}"))
    }
}

/// Every operation that the services in whose tests this is used have.
const OPERATIONS: [(&str, &[&str]); 4] = [
    (
        "sso",
        &[
            "ListInstances",
            "CreatePermissionSet",
            "ListPermissionSets",
            "DescribePermissionSet",
            "UpdatePermissionSet",
            "DeletePermissionSet",
            "ListTagsForResource",
            "PutInlinePolicyToPermissionSet",
            "GetInlinePolicyForPermissionSet",
            "DeleteInlinePolicyFromPermissionSet",
            "AttachManagedPolicyToPermissionSet",
            "DetachManagedPolicyFromPermissionSet",
            "ListManagedPoliciesInPermissionSet",
            "ListAccountsForProvisionedPermissionSet",
            "ListPermissionSetsProvisionedToAccount",
            "ListAccountAssignments",
            "ListAccountAssignmentsForPrincipal",
            "CreateAccountAssignment",
            "DeleteAccountAssignment",
            "ProvisionPermissionSet",
            "DescribeAccountAssignmentCreationStatus",
            "DescribeAccountAssignmentDeletionStatus",
            "DescribePermissionSetProvisioningStatus",
        ],
    ),
    (
        "identitystore",
        &["CreateGroup", "ListGroups", "CreateUser", "ListUsers", "CreateGroupMembership", "ListGroupMemberships", "DeleteGroupMembership"],
    ),
    (
        "ssm-incidents",
        &[
            "createReplicationSet",
            "listReplicationSets",
            "getReplicationSet",
            "updateReplicationSet",
            "updateDeletionProtection",
            "createResponsePlan",
            "listResponsePlans",
            "getResponsePlan",
            "updateResponsePlan",
            "deleteResponsePlan",
        ],
    ),
    (
        "ssm-contacts",
        &[
            "CreateContact",
            "GetContact",
            "ListContacts",
            "UpdateContact",
            "DeleteContact",
            "ListTagsForResource",
            "CreateContactChannel",
            "ListContactChannels",
            "UpdateContactChannel",
            "SendActivationCode",
            "ActivateContactChannel",
            "DeactivateContactChannel",
            "DeleteContactChannel",
            "CreateRotation",
            "ListRotations",
            "UpdateRotation",
            "DeleteRotation",
        ],
    ),
];

/// Parameters that are right, wrong, and of the wrong kind.
fn odd(kind: usize, known: &[Value]) -> Value {
    let one = [
        json!(null),
        json!([]),
        json!("é\u{1b}"),
        json!(-1),
        json!({ "Stages": [{ "Targets": [1] }], "a": null }),
        json!([[{}]]),
        json!({}),
    ];
    let all = [
        "InstanceArn",
        "PermissionSetArn",
        "ResourceArn",
        "IdentityStoreId",
        "Name",
        "Alias",
        "Plan",
        "Type",
        "Tags",
        "NextToken",
        "MaxResults",
        "regions",
        "actions",
        "arn",
        "name",
        "incidentTemplate",
        "engagements",
        "ContactId",
        "ContactIds",
        "ContactChannelId",
        "RotationId",
        "MemberId",
        "Filter",
        "TargetId",
        "Description",
        "InlinePolicy",
        "ManagedPolicyArn",
        "tags",
        "nextToken",
        "DeliveryAddress",
    ];
    let pick = |at: usize| {
        if (at + kind).is_multiple_of(3) { known[(at + kind) % known.len()].clone() } else { one[(at * 5 + kind) % one.len()].clone() }
    };
    match kind {
        0 => json!(null),
        1 => json!([1, 2]),
        2 => json!("text"),
        _ => all.iter().enumerate().map(|(at, name)| ((*name).to_owned(), pick(at))).collect::<serde_json::Map<_, _>>().into(),
    }
}

#[test]
fn no_request_is_odd_enough_to_panic() {
    const KINDS: usize = 60;
    let mut asking = Asking::new();
    let set = asking.told("ssm-incidents", "createReplicationSet", &json!({ "regions": { "us-west-2": {} } }));
    asking.pass(60);
    let ada = asking.told("ssm-contacts", "CreateContact", &json!({ "Alias": "ada", "Type": "PERSONAL", "Plan": {} }));
    let instance = asking.told("sso", "ListInstances", &json!({}))["Instances"][0].clone();
    let made = asking.told("sso", "CreatePermissionSet", &json!({ "InstanceArn": instance["InstanceArn"], "Name": "developer" }));
    let known = [
        &set["arn"],
        &ada["ContactArn"],
        &instance["InstanceArn"],
        &instance["IdentityStoreId"],
        &made["PermissionSet"]["PermissionSetArn"],
    ];
    let known = known.map(Clone::clone);
    let (mut done, mut refused) = (0, 0);
    for (service, operations) in OPERATIONS {
        for (operation, kind) in operations.iter().flat_map(|operation| (0..KINDS).map(move |kind| (operation, kind))) {
            match asking.ask(service, operation, &odd(kind, &known)) {
                Ok(_) => done += 1,
                Err(code) => {
                    assert!(!code.starts_with("Unknown"), "{service}:{operation}: {code}");
                    refused += 1;
                }
            }
        }
    }
    assert!(done > 100 && refused > 100, "{done} done, {refused} refused");
}
