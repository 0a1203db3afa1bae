//! Every kind of resource: one file a kind, one row in the table below. To add one, write its file and its row; the spec's enum,
//! the dispatch, `explain`, the schemas, the documentation and the table of permitted reads all come out of the table.
//!
//! A kind has two halves. The pure half (`Kind`) is all that `config`, `plan` and `render` can reach; the other half (`Driver`) wants
//! a `Session`, which only `aws` can make.

mod ci_key_live;
mod ci_key_state;
mod cidr;
mod dispatch;
mod document;
mod ec2;
mod fields;
mod iam;
mod kind;
mod organization;
mod permission;
mod route;
mod rule;
mod tags;

pub use cidr::Cidr;
pub use dispatch::{OUTSIDE, Row, reads, reads_inside, row};
pub use document::Document;
pub use fields::{Field, fields};
pub use kind::{Driver, Kind, Scope, Seen};
pub use rule::{Ports, Protocol, Rule};
pub use tags::{ADDRESS_TAG, Tags};

dispatch::kinds! {
    // In the order in which they are read: a kind may refer to those above it only (`Kind::REFERS`, held by a test).
    organizational_unit::OrganizationalUnit,
    account::Account,
    vpc::Vpc,
    internet_gateway::InternetGateway,
    subnet::Subnet,
    elastic_ip::ElasticIp,
    nat_gateway::NatGateway,
    route_table::RouteTable,
    security_group::SecurityGroup,
    iam_oidc_provider::IamOidcProvider,
    iam_policy::IamPolicy,
    iam_role::IamRole,
    iam_user::IamUser,
    github_environment::GithubEnvironment,
    ci_key::CiKey,
    ssm_parameter::SsmParameter,
}
