//! Every driver, through the official SDK, against an emulated AWS. Knows nothing of plans.

mod bench;
mod ci;
mod identity;
mod moto;
mod network;
mod organization;
mod wire;
