//! The official SDK over a simulated AWS behind its HTTP connector, in virtual time: pacing, renewal, crashes, and how long things take.

mod aws;
mod census;
mod crashes;
mod estate;
#[path = "../estates/mod.rs"]
mod estates;
#[path = "../emulated/estate.rs"]
#[allow(dead_code, reason = "the emulated tests use the rest")]
mod files;
mod floor;
mod pacing;
mod populate;
mod removal;
mod run;
mod store;
