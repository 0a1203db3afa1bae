//! Every driver, through the official SDK, against an emulated AWS. Knows nothing of plans.

mod access;
mod adoption;
mod bench;
mod canary;
mod ci;
mod ci_rotation;
mod endpoints;
#[path = "../github/mod.rs"]
mod github;
mod guardrails;
mod identity;
mod logs;
mod moto;
mod network;
mod observability;
mod observability_at_github;
mod on_call;
mod organization;
mod quotas;
mod settings;
mod store;
mod support;
mod wire;
