//! Landfall: one file of teams in; a running, watched, reviewed AWS platform out.
//!
//! Files and live AWS go in on the left, and each room hands plain values to the next:
//!
//! ```text
//! domains.yaml, modules/ ──▶ config ──▶ Desired ─┐
//!                                                ├─▶ plan ──▶ Plan + Report ──▶ render ──▶ text, JSON, comment, page
//! AWS ──▶ aws ──▶ kinds ──▶ cloud ──▶ Live ──────┘               │
//!  ▲                                                             ▼
//!  └──────────────────────── kinds ◀── cloud ◀── apply ◀── ApprovedPlan
//! ```
//!
//! # The rooms, in the order in which to read them
//!
//! | room | what it is for | what it may use |
//! |---|---|---|
//! | [`model`] | the nouns: account, address, change, note, digest | nothing |
//! | [`outside`] | GitHub and New Relic: how they are asked, and as drivers ask them; knows no kinds | `model` |
//! | [`aws`] | sessions, credentials, refusals, the pace of calls, what errors mean; knows no kinds | `outside`, `model` |
//! | [`kinds`] | one file a kind of resource: its spec and differences (pure), its driver (I/O) | `aws`, `outside`, `model` |
//! | [`plan`] | desired × live → plan and report; pure | `kinds`, `model` |
//! | [`config`] | `domains.yaml` and `modules/` → desired, every problem with its place | `plan`, `kinds`, `model` |
//! | [`render`] | plan and report → text, JSON, the comment and a page, with what is alike folded into patterns; pure | `plan`, `kinds`, `model` |
//! | [`apply`] | an approved plan × a `Cloud` → events and an outcome | `plan`, `model` |
//! | [`rehearsal`] | a whole apply in virtual time against live state as it was read: what would become of it; pure | `apply`, `plan`, `kinds`, `model` |
//! | [`cloud`] | the real cloud: reads accounts into live state, carries out steps | all of the above but `config`, `render` and `rehearsal` |
//! | [`review`] | GitHub: the one comment on a pull request, and its approvals | `render`, `plan`, `outside`, `model` |
//! | [`simulated`] | a simulated AWS in its wire formats, for the sandbox and for tests in virtual time; pure | `model` |
//! | [`commands`] | one file a command; wires the rooms together | everything |
//!
//! `tests/layering.rs` holds these arrows.
//!
//! # What always holds
//!
//! 1. A spec holds names, never AWS ids. Ids live in drivers and in a session's [`aws::Directory`], and nowhere else. So a plan has no
//!    unknown value, and works for accounts that don't exist yet.
//! 2. The plan decides everything, the executor nothing: [`apply`] takes an [`plan::ApprovedPlan`] and carries out its steps.
//! 3. Pure rooms can't reach AWS: every I/O function wants an [`aws::Session`], which only [`aws::Connection`] makes.
//! 4. What could not be read is never taken for "not there": it becomes a blocking note, and no step.
//! 5. What carries no mark of ours is never changed and never deleted.
//! 6. A session made for planning refuses every operation outside the table of reads, before a request exists.
//! 7. The SDK never repeats a write. A step looks at its resource first, each time it is tried.
//!
//! # Where a new kind goes
//!
//! Write `src/kinds/<kind>.rs`: the spec as a struct, [`kinds::Kind`] (what differs, what it needs, what it calls) and
//! [`kinds::Driver`] (read, create, update, delete), with tests beneath. Add its row to the table in `src/kinds/mod.rs`, below the kinds
//! that it refers to. That is all: the spec's enum, the dispatch, `landfall explain`, the schemas and the permitted reads follow.

pub mod apply;
pub mod aws;
pub mod cloud;
pub mod commands;
pub mod config;
pub mod kinds;
pub mod model;
pub mod outside;
pub mod plan;
pub mod rehearsal;
pub mod render;
pub mod review;
pub mod simulated;
