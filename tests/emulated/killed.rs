//! Apply, killed at any moment and run again, ends in the state that an undisturbed run ends in, with nothing twice and nothing lost; and what
//! was reviewed once, and is half done, needs no second review.

use crate::emulator::Emulator;
use crate::estate::Generated;
use crate::live::{Inventory, inventory, same};
use std::path::Path;
use std::process::Child;
use std::time::Duration;

const SEEDS: u64 = 3;
/// After so many kills the run is left alone, so that the test ends.
const KILLS: u32 = 5;
/// Up to which part of an undisturbed run the kills come: each run has less to do than the one before it.
const LATEST: f64 = 0.6;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_can_simply_be_run_again() {
    let estate = Generated::with(&["shop", "tools"]);
    let (undisturbed, took) = undisturbed(&estate).await;
    for seed in 0..SEEDS {
        let emulator = Emulator::start().await;
        let kills = disturbed(&emulator, estate.root(), seed, took).await;
        assert!(kills > 0, "seed {seed}: no run was killed");
        emulator.converged(estate.root());
        same(&inventory(&emulator).await, &undisturbed, &format!("{kills} kills of seed {seed}"));
    }
}

/// The state to end in, and how long an apply takes that nobody kills.
async fn undisturbed(estate: &Generated) -> (Inventory, Duration) {
    let emulator = Emulator::start().await;
    let plan = emulator.plan(estate.root(), &[]);
    let start = tokio::time::Instant::now();
    emulator.landfall(estate.root(), &["apply", &plan]).expect(0);
    let took = start.elapsed();
    emulator.converged(estate.root());
    (inventory(&emulator).await, took)
}

/// Plans and applies what was reviewed at first, again and again, until an apply has not been killed; answers how many were.
async fn disturbed(emulator: &Emulator, root: &Path, seed: u64, took: Duration) -> u32 {
    let reviewed = emulator.file("reviewed.json");
    emulator.landfall(root, &["plan", "--out", &reviewed]).expect(0);
    for kills in 0..KILLS {
        let plan = emulator.plan(root, &[]);
        let mut command = emulator.command(root, &["apply", &plan, "--reviewed", &reviewed]);
        let apply = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn();
        if !killed(apply.unwrap(), took.mul_f64(fraction(seed, kills))).await {
            return kills;
        }
    }
    emulator.landfall(root, &["apply", &emulator.plan(root, &[]), "--reviewed", &reviewed]).expect(0);
    KILLS
}

/// Kills it, with no chance to tidy up, unless it ends before its time.
async fn killed(mut apply: Child, after: Duration) -> bool {
    tokio::time::sleep(after).await;
    if let Some(status) = apply.try_wait().unwrap() {
        assert!(status.success(), "an apply that nobody killed failed");
        return false;
    }
    apply.kill().unwrap();
    apply.wait().unwrap();
    true
}

/// When to kill: a fraction of the undisturbed run, the same for the same seed. (The multiplier is Knuth's, of MMIX.)
fn fraction(seed: u64, kills: u32) -> f64 {
    let mixed = (seed * 64 + u64::from(kills) + 1).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    LATEST * (mixed >> 48) as f64 / 65_536.0
}
