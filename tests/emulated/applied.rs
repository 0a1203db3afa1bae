//! The example estate, applied once for all tests that only look at it. Nobody changes what is there.

use crate::emulator::Emulator;
use crate::estate::example;
use crate::strike::Strike;
use tokio::sync::OnceCell;

pub struct Applied {
    pub emulator: Emulator,
    /// How many calls the apply made in each account.
    pub calls: Vec<usize>,
}

/// The same for every test. The emulator ends with the tests' own program.
pub async fn applied() -> &'static Applied {
    static APPLIED: OnceCell<Applied> = OnceCell::const_new();
    APPLIED.get_or_init(apply).await
}

async fn apply() -> Applied {
    let (emulator, root) = (Emulator::start().await, example());
    let strike = Strike::on_the_way_to(&emulator.endpoint());
    emulator.landfall(&root, &["plan", "--exit-code"]).expect(2);
    let plan = emulator.plan(&root, &[]);
    let mut command = emulator.command(&root, &["apply", &plan]);
    let ran = command.env("AWS_ENDPOINT_URL", &strike.endpoint).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    emulator.converged(&root);
    Applied { emulator, calls: strike.calls() }
}
