//! Small parts of what EC2 shows. Holds no state.

use crate::simulated::Moment;
use crate::simulated::wire::element;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

/// Elements of the same names as fields, each as text.
pub(super) fn elements(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(name, text)| element(name, text)).collect()
}

/// An element where there is something to tell.
pub(super) fn some(name: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { element(name, text) }
}

/// A list of bare texts.
pub(super) fn texts<'a>(name: &str, all: impl IntoIterator<Item = &'a String>) -> String {
    let escaped = |text: &String| element("item", text);
    format!("<{name}>{}</{name}>", all.into_iter().map(escaped).collect::<String>())
}

/// A range as AWS takes it: with the bits of hosts taken away.
pub(super) fn range(text: &str) -> Option<Ipv4Net> {
    text.parse().ok().map(|range: Ipv4Net| range.trunc())
}

/// When something comes and goes that takes its time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Life {
    pub made: Moment,
    /// From when on it is there.
    pub ready: Moment,
    /// From when on it is gone, once somebody deleted it.
    pub gone: Option<Moment>,
}

impl Life {
    pub fn state(&self, now: Moment) -> &'static str {
        match self.gone {
            Some(gone) if gone <= now => "deleted",
            Some(_) => "deleting",
            None if now < self.ready => "pending",
            None => "available",
        }
    }

    pub fn is_gone(&self, now: Moment) -> bool {
        self.gone.is_some_and(|gone| gone <= now)
    }
}
