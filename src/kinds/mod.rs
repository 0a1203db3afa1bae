//! Every kind of resource: one file a kind, one row in the table below. To add one, write its file and its row; the spec's enum,
//! the dispatch, `explain`, the schemas, the documentation and the table of permitted reads all come out of the table.
//!
//! A kind has two halves. The pure half (`Kind`) is all that `config`, `plan` and `render` can reach; the other half (`Driver`) wants
//! a `Session`, which only `aws` can make.

mod cidr;
mod dispatch;
mod document;
mod ec2;
mod kind;
mod rule;
mod tags;

pub use cidr::Cidr;
pub use dispatch::{Row, reads, row};
pub use document::Document;
pub use kind::{Driver, Kind, Scope, Seen};
pub use rule::{Ports, Protocol, Rule};
pub use tags::{ADDRESS_TAG, Tags};

/// A driver that is not written yet: says so, and sends nothing.
macro_rules! unwritten {
    ($type:ident) => {
        impl super::Driver for $type {
            async fn read(_: &crate::aws::Session) -> Result<Vec<super::Seen<$type>>, crate::aws::AwsError> {
                Err(super::not_yet())
            }
            async fn create(
                _: &crate::aws::Session,
                _: &crate::model::Address,
                _: &$type,
            ) -> Result<crate::model::RemoteId, crate::aws::AwsError> {
                Err(super::not_yet())
            }
            async fn update(
                _: &crate::aws::Session,
                _: &crate::model::Address,
                _: &crate::model::RemoteId,
                _: &$type,
                _: &[Change],
            ) -> Result<(), crate::aws::AwsError> {
                Err(super::not_yet())
            }
            async fn delete(
                _: &crate::aws::Session,
                _: &crate::model::Address,
                _: &crate::model::RemoteId,
                _: &$type,
            ) -> Result<(), crate::aws::AwsError> {
                Err(super::not_yet())
            }
        }
    };
}
use unwritten;

fn not_yet() -> crate::aws::AwsError {
    crate::aws::AwsError::refused("landfall:Driver", "not written yet")
}

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
    iam_role::IamRole,
    ssm_parameter::SsmParameter,
}
