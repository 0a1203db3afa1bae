//! The simulated AWS held against the emulated one: the same stories told to both, operation by operation. Whatever the simulated one says,
//! the emulated one has to say as well, unless a story tells why not.

mod account;
mod alike;
mod budgets;
mod cloudwatch;
mod contacts;
mod coverage;
mod ec2;
#[path = "../emulated/emulator.rs"]
#[allow(dead_code, reason = "the emulated tests use the rest")]
mod emulator;
mod events;
mod iam;
mod identitystore;
mod incidents;
mod lambda;
mod logs;
#[path = "../drivers/moto.rs"]
#[allow(dead_code, reason = "the drivers ask for one of the two")]
mod moto;
mod organizations;
mod s3;
mod s3control;
mod secretsmanager;
mod servicequotas;
mod side;
mod sns;
mod ssm;
mod sso;
mod sts;
mod support;
mod tree;

use side::{Side, both};

/// Each story is told to both.
macro_rules! stories {
    ($($name:ident),* $(,)?) => {
        mod told {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::both(stringify!($name), async |side: &mut super::Side| super::$name::story(side).await).await;
            })*
        }
    };
}

stories!(
    account,
    budgets,
    cloudwatch,
    contacts,
    ec2,
    events,
    iam,
    incidents,
    lambda,
    logs,
    organizations,
    s3,
    s3control,
    secretsmanager,
    servicequotas,
    sns,
    ssm,
    sso,
    sts,
    support
);
