//! The real binary against an emulated AWS that each test has to itself, started from the sandbox's own install. What became of the
//! accounts is looked up with the AWS SDK, never with landfall.

mod applied;
mod calls;
#[path = "../connector/census.rs"]
mod census;
mod changed_by_hand;
mod embedded;
mod emulator;
mod estate;
mod failing;
mod fields;
mod gates;
#[path = "../github/mod.rs"]
mod github;
mod glass;
mod health;
mod killed;
mod listener;
mod live;
mod notices;
mod on_call;
mod out_of_band;
mod reading;
mod records;
mod retired;
mod reviewed;
mod searching;
mod secrets;
mod since;
mod strike;
mod tee;
mod whole;
