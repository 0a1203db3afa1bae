//! The table of limits itself. A call has the limit of the first row that fits it, so the particular comes before the general.

use super::Source::{Assumed, Published, Told};
use super::{Limit, Scope, Source};

pub(super) const ORGANIZATIONS: Source =
    Published("Organizations user guide, quotas (`orgs_reference_limits`), throttling limits per account");
const EC2: Source = Published("EC2 developer guide, request throttling (`ec2-api-throttling`)");
const STS: Source = Published("IAM user guide, quotas (`reference_iam-quotas`), STS request quotas");
const LOGS: Source = Published("CloudWatch Logs user guide, quotas (`cloudwatch_limits_cwl`)");
const CLOUDWATCH: Source = Published("CloudWatch user guide, quotas (`cloudwatch_limits`)");
const SECRETS: Source = Published("Secrets Manager user guide, quotas (`reference_limits`)");
const ACCOUNTS: Source = Published("Account Management reference guide, quotas (`quotas`)");
const QUOTAS: Source = Published("Service Quotas user guide, quotas (`reference_limits`)");
const LAMBDA: Source = Published("Lambda developer guide, quotas (`gettingstarted-limits`)");
const PARAMETER_WRITES: Source = Told("AWS Support, in github-aws-runners/terraform-aws-github-runner#2944");
const PARAMETER_READS: Source = Told("AWS general reference, `GetParameter` default throughput, shared by the reads");
const CASES: Source = Told("aws-ia/terraform-aws-control_tower_account_factory#642: 10 cases an hour");
pub(super) const ASSIGNMENTS: Source = Published("IAM Identity Center user guide, quotas (`limits`), throttle limits");
const IDENTITY_CENTER: Source = Told("20 a second for all of Identity Center, in benkehoe/aws-sso-util#112");
const IAM: Source = Assumed("IAM publishes none (AWS Support, in hashicorp/terraform-provider-aws#44853); this has been safe for others");
const SNS: Source = Assumed("the least that SNS grants any of its management calls");
const EVENTS: Source = Assumed("EventBridge publishes none for its management calls");
const CONTACTS: Source = Assumed("Incident Manager publishes none");
const BUDGETS: Source = Assumed("Budgets publishes none");
const S3: Source = Published("S3 user guide, performance guidelines: writes a second a prefix; of reads, it takes more");
const S3_CONTROL: Source = Assumed("S3 Control publishes none");
const UNKNOWN: Source = Assumed("nothing is known of the call: slow enough for the slowest services");

const CASES_AN_HOUR: f64 = 10.0;
const SECONDS_AN_HOUR: f64 = 3600.0;

/// All rows.
pub static TABLE: &[Limit] = &[
    each(&["organizations:CreateAccount"], 3.0, 0.1, Scope::Organization, ORGANIZATIONS),
    each(&["organizations:CloseAccount"], 1.0, 0.05, Scope::Organization, ORGANIZATIONS),
    each(&["organizations:DescribeCreateAccountStatus"], 2.0, 2.0, Scope::Organization, ORGANIZATIONS),
    each(&["organizations:DescribeAccount"], 30.0, 20.0, Scope::Organization, ORGANIZATIONS),
    each(&["organizations:ListAccounts"], 12.0, 8.0, Scope::Organization, ORGANIZATIONS),
    each(
        &[
            "organizations:ListParents",
            "organizations:ListAccountsForParent",
            "organizations:ListOrganizationalUnitsForParent",
            "organizations:ListCreateAccountStatus",
            "organizations:ListPolicies",
            "organizations:ListPoliciesForTarget",
            "organizations:ListTargetsForPolicy",
        ],
        8.0,
        5.0,
        Scope::Organization,
        ORGANIZATIONS,
    ),
    each(&["organizations:ListTagsForResource"], 15.0, 10.0, Scope::Organization, ORGANIZATIONS),
    each(&["organizations:TagResource", "organizations:UntagResource"], 6.0, 4.0, Scope::Organization, ORGANIZATIONS),
    each(
        &[
            "organizations:MoveAccount",
            "organizations:UpdateOrganizationalUnit",
            "organizations:DeleteOrganizationalUnit",
            "organizations:CreatePolicy",
            "organizations:UpdatePolicy",
            "organizations:DeletePolicy",
            "organizations:AttachPolicy",
            "organizations:DetachPolicy",
        ],
        3.0,
        2.0,
        Scope::Organization,
        ORGANIZATIONS,
    ),
    each(
        &["organizations:DescribePolicy", "organizations:DescribeOrganizationalUnit", "organizations:RemoveAccountFromOrganization"],
        2.0,
        2.0,
        Scope::Organization,
        ORGANIZATIONS,
    ),
    each(
        &["organizations:CreateOrganizationalUnit", "organizations:DescribeOrganization", "organizations:ListRoots"],
        2.0,
        1.0,
        Scope::Organization,
        ORGANIZATIONS,
    ),
    each(&["organizations:*"], 1.0, 1.0, Scope::Organization, Assumed("the least that Organizations grants any of its other calls")),
    each(&["ec2:CreateNatGateway", "ec2:DeleteNatGateway"], 10.0, 1.0, Scope::Region, EC2),
    each(&["ec2:CreateVpcEndpoint", "ec2:DeleteVpcEndpoints"], 4.0, 0.3, Scope::Region, EC2),
    each(&["ec2:CreateTags", "ec2:DeleteTags"], 100.0, 10.0, Scope::Region, EC2),
    each(&["ec2:CreateDefaultVpc"], 1.0, 1.0, Scope::Region, EC2),
    // Slower without a filter and pages than with: taken as if never asked with either.
    each(
        &["ec2:DescribeSecurityGroups", "ec2:DescribeNetworkInterfaces", "ec2:DescribeInstances", "ec2:DescribeVolumes"],
        50.0,
        10.0,
        Scope::Region,
        EC2,
    ),
    each(&["ec2:Describe*", "ec2:Get*"], 100.0, 20.0, Scope::Region, EC2),
    // Mutating calls and resource-intensive ones (rules of security groups, peerings): the same numbers.
    each(&["ec2:*"], 50.0, 5.0, Scope::Region, EC2),
    together(&["sts:*"], 600.0, 600.0, Scope::Region, STS),
    each(&["iam:Get*", "iam:List*"], 20.0, 10.0, Scope::Account, IAM),
    each(&["iam:*"], 10.0, 5.0, Scope::Account, IAM),
    each(&["ssm:PutParameter", "ssm:DeleteParameter"], 3.0, 3.0, Scope::Region, PARAMETER_WRITES),
    together(&["ssm:Get*"], 40.0, 40.0, Scope::Region, PARAMETER_READS),
    each(
        &["support:CreateCase", "support:AddCommunicationToCase"],
        CASES_AN_HOUR,
        CASES_AN_HOUR / SECONDS_AN_HOUR,
        Scope::Organization,
        CASES,
    ),
    each(&["support:*"], 5.0, 1.0, Scope::Organization, Assumed("Support publishes none, and its reads are known to be throttled early")),
    each(&["logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DescribeLogGroups"], 10.0, 10.0, Scope::Region, LOGS),
    each(&["logs:*"], 5.0, 5.0, Scope::Region, LOGS),
    each(&["cloudwatch:DescribeAlarms"], 9.0, 9.0, Scope::Region, CLOUDWATCH),
    each(&["cloudwatch:*"], 3.0, 3.0, Scope::Region, CLOUDWATCH),
    together(&["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], 10_000.0, 10_000.0, Scope::Region, SECRETS),
    each(&["secretsmanager:*"], 50.0, 50.0, Scope::Region, SECRETS),
    each(&["account:GetAlternateContact"], 15.0, 10.0, Scope::Account, ACCOUNTS),
    each(&["account:PutAlternateContact"], 8.0, 5.0, Scope::Account, ACCOUNTS),
    each(&["account:GetRegionOptStatus", "account:ListRegions"], 5.0, 5.0, Scope::Account, ACCOUNTS),
    each(&["account:EnableRegion", "account:DisableRegion"], 1.0, 1.0, Scope::Account, ACCOUNTS),
    each(&["account:*"], 1.0, 1.0, Scope::Account, Assumed("the least that Account Management grants any of its other calls")),
    each(&["servicequotas:ListServiceQuotas", "servicequotas:ListAWSDefaultServiceQuotas"], 10.0, 10.0, Scope::Region, QUOTAS),
    each(
        &[
            "servicequotas:GetServiceQuota",
            "servicequotas:GetAWSDefaultServiceQuota",
            "servicequotas:GetRequestedServiceQuotaChange",
            "servicequotas:ListRequestedServiceQuotaChangeHistory*",
        ],
        5.0,
        5.0,
        Scope::Region,
        QUOTAS,
    ),
    each(&["servicequotas:*"], 1.0, 1.0, Scope::Region, Assumed("the writes of Service Quotas")),
    // Data, not management: bounded by how many run at once.
    each(&["lambda:InvokeFunction"], 1000.0, 1000.0, Scope::Region, LAMBDA),
    together(&["lambda:*"], 15.0, 15.0, Scope::Region, LAMBDA),
    together(&["sso:*", "identitystore:*"], 20.0, 20.0, Scope::Organization, IDENTITY_CENTER),
    each(&["sns:*"], 10.0, 10.0, Scope::Region, SNS),
    each(&["events:*"], 5.0, 5.0, Scope::Region, EVENTS),
    each(&["ssm-contacts:*", "ssm-incidents:*"], 5.0, 5.0, Scope::Region, CONTACTS),
    each(&["budgets:*"], 5.0, 2.0, Scope::Account, BUDGETS),
    each(&["s3:GetAccountPublicAccessBlock", "s3:PutAccountPublicAccessBlock"], 10.0, 10.0, Scope::Account, S3_CONTROL),
    each(&["s3:*"], 3500.0, 3500.0, Scope::Account, S3),
    OTHERS,
];

/// What holds for every call that no other row is for.
pub(super) const OTHERS: Limit = each(&["*"], 5.0, 5.0, Scope::Region, UNKNOWN);

const fn each(calls: &'static [&'static str], capacity: f64, per_second: f64, scope: Scope, source: Source) -> Limit {
    Limit { calls, together: false, capacity, per_second, scope, source }
}

const fn together(calls: &'static [&'static str], capacity: f64, per_second: f64, scope: Scope, source: Source) -> Limit {
    Limit { together: true, ..each(calls, capacity, per_second, scope, source) }
}
