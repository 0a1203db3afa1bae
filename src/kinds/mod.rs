//! Every kind of resource: one file a kind, one row in the table below. To add one, write its file and its row; the spec's enum,
//! the dispatch, `explain`, the schemas, the documentation and the table of permitted reads all come out of the table.
//!
//! A kind has two halves. The pure half (`Kind`) is all that `config`, `plan` and `render` can reach; the other half (`Driver`) wants
//! a `Session`, which only `aws` can make.

mod access_assignment_list;
mod adoption;
mod ci_key_live;
mod ci_key_state;
mod cidr;
mod contacts;
mod default_vpc_look;
mod dispatch;
mod document;
mod ec2;
mod endpoint;
mod fields;
pub mod fitting;
mod iam;
mod identity_center;
mod kind;
mod network_interface;
mod new_relic_delivery;
mod new_relic_journal;
mod organization;
mod organization_wide;
mod own;
pub mod package;
mod permission;
pub mod policy;
mod route;
mod rule;
mod secrets;
mod setting;
mod sizes;
mod support_cases;
mod tags;

pub use cidr::Cidr;
pub use dispatch::{OUTSIDE, Row, reads, reads_inside, row};
pub use document::Document;
pub use fields::{Field, fields};
pub use kind::{Driver, Held, Kind, Scope, Seen};
pub use rule::{Ports, Protocol, Rule};
pub use tags::{ADDRESS_TAG, Tags};
pub use vpc_endpoint::EndpointType;

dispatch::kinds! {
    // In the order in which they are read: a kind may refer to those above it only (`Kind::REFERS`, held by a test).
    organizational_unit::OrganizationalUnit,
    service_control_policy::ServiceControlPolicy,
    permission_set::PermissionSet,
    access_group::AccessGroup,
    account::Account,
    alternate_contact::AlternateContact,
    account_alias::AccountAlias,
    password_policy::PasswordPolicy,
    public_access_block::PublicAccessBlock,
    region::Region,
    default_vpc::DefaultVpc,
    ebs_encryption::EbsEncryption,
    access_assignment::AccessAssignment,
    vpc::Vpc,
    internet_gateway::InternetGateway,
    subnet::Subnet,
    elastic_ip::ElasticIp,
    nat_gateway::NatGateway,
    route_table::RouteTable,
    security_group::SecurityGroup,
    default_security_group::DefaultSecurityGroup,
    vpc_endpoint::VpcEndpoint,
    log_group::LogGroup,
    iam_oidc_provider::IamOidcProvider,
    iam_policy::IamPolicy,
    iam_role::IamRole,
    flow_log::FlowLog,
    iam_user::IamUser,
    github_environment::GithubEnvironment,
    ci_key::CiKey,
    ssm_parameter::SsmParameter,
    new_relic_account::NewRelicAccount,
    new_relic_keys::NewRelicKeys,
    support_plan::SupportPlan,
    service_quota::ServiceQuota,
    replication_set::ReplicationSet,
    contact::Contact,
    contact_channel::ContactChannel,
    engagement_plan::EngagementPlan,
    rotation::Rotation,
    on_call_schedule::OnCallSchedule,
    escalation_plan::EscalationPlan,
    response_plan::ResponsePlan,
    sns_topic::SnsTopic,
    sns_subscription::SnsSubscription,
    budget::Budget,
    event_bus::EventBus,
    lambda_function::LambdaFunction,
    event_rule::EventRule,
    alarm::Alarm,
    organization_event_rule::OrganizationEventRule,
    organization_alarm::OrganizationAlarm,
}
