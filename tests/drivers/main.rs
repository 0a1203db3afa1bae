//! Every driver, through the official SDK, against an emulated AWS. Knows nothing of plans.

mod bench;
mod identity;
mod moto;
mod network;
mod on_call;
mod organization;
mod wire;
