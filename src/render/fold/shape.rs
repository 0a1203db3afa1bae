//! A step as it is shown: plain values instead of specs, so that placeholders can stand where the account's own values stood.

use crate::model::{Change, Concern};
use crate::plan::Step;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A step without its account, its order and who asked for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    pub region: String,
    pub kind: String,
    pub name: String,
    pub action: Shaped,
    #[serde(default)]
    pub concerns: Vec<Concern>,
}

/// An action with its specs as JSON: `{"vpc": {"cidr": …}}`. Mirrors `plan::Action`, from whose JSON it is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shaped {
    Create { want: Value, replacing: bool },
    Update { live: Value, want: Value, changes: Vec<Change> },
    Delete { live: Value, replacing: bool, why: Vec<Change> },
}

impl Shape {
    /// A step as it is, with nothing taken out.
    ///
    /// # Panics
    /// Never: steps are plain data, and a test holds that the two forms agree.
    pub fn of(step: &Step) -> Shape {
        serde_json::from_value(json(step)).expect("a shape is a step with fewer fields")
    }

    /// The shape that a template tells of.
    pub(super) fn parse(template: &str) -> Option<Shape> {
        serde_json::from_str(template).ok()
    }
}

/// The JSON of a step that patterns are made from. Destructured: a field more has to be decided upon.
pub(super) fn json(step: &Step) -> Value {
    let Step { address, action, after: _, concerns, asked: _ } = step;
    let crate::model::Address { account: _, region, kind, name } = address;
    serde_json::json!({ "region": region, "kind": kind, "name": name, "action": action, "concerns": concerns })
}
