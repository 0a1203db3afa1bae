//! The simulated AWS held against the emulated one: the same stories told to both, operation by operation. Whatever the simulated one says,
//! the emulated one has to say as well, unless a story tells why not.

mod alike;
mod ec2;
#[path = "../emulated/emulator.rs"]
#[allow(dead_code, reason = "the emulated tests use the rest")]
mod emulator;
mod lambda;
mod servicequotas;
mod side;
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

stories!(ec2, lambda, servicequotas, sts, support);
