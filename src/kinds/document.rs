//! Policy documents, compared by meaning: what IAM treats as equal is equal here.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An IAM policy document in canonical form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Document(serde_json::Value);

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}
