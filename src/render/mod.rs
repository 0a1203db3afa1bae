//! Plan + Report → text and a page for people, JSON for programs. Pure: shows what was decided, decides nothing, and lets nothing from outside through
//! unescaped.

pub mod comment;
mod counts;
mod fields;
pub mod fold;
mod health;
mod json;
mod matrix;
mod notes;
pub mod notice;
mod page;
mod paint;
mod record;
mod rollout;
mod step;
mod text;
pub mod trace;

pub use crate::model::escape;
pub use counts::{Counts, many};
pub use health::{health, health_json};
pub use json::json;
pub use matrix::{MOST_JOBS, busy, matrix, packed};
pub use page::page;
pub use record::{record, records};
pub use text::{Options, text};

#[cfg(test)]
mod made;
