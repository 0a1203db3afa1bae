//! Rehearsals held against what then happens: the time against applies through the real SDK over the simulated AWS, and the verdict against
//! the real binary over the emulated one, for one fault after the other.

#[path = "../connector/aws.rs"]
#[allow(dead_code, reason = "the connector's own tests use the rest")]
mod aws;
#[path = "../connector/census.rs"]
#[allow(dead_code, reason = "the connector's own tests use it")]
mod census;
#[path = "../emulated/emulator.rs"]
#[allow(dead_code, reason = "the emulated tests use the rest")]
mod emulator;
#[path = "../estates/mod.rs"]
mod estates;
#[path = "../connector/run.rs"]
#[allow(dead_code, reason = "the connector's own tests use the rest")]
mod run;

mod faults;
mod foretold;
mod ground;
mod pure;
mod strict;
mod table;
mod times;
mod waits;
