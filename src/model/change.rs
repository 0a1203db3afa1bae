//! Changes: one field's before and after, what it takes, and how much it should worry a reviewer.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One field's before and after, as text. `None` means that the field is not set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub field: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub effect: Effect,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concern: Option<Concern>,
}

/// What it takes to make a change real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// AWS can change it where it is.
    InPlace,
    /// AWS can't: the resource is deleted and created anew.
    Replaces,
    /// No API does it; a person has to. Becomes a note, never a step.
    ByHand,
    /// It was asked for, and somebody else has yet to do it. Becomes a note, never a second step.
    Awaited,
}

/// How carefully a reviewer should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    Routine,
    Notable,
    Dangerous,
}

/// A risk, with the reason that a reviewer reads beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Concern {
    pub risk: Risk,
    pub why: String,
}

impl Change {
    /// The change of a field where it differs, and none where it does not.
    pub fn of<T: PartialEq + fmt::Display>(field: impl Into<String>, live: &T, want: &T) -> Option<Change> {
        (live != want).then(|| Change::between(field, Some(live.to_string()), Some(want.to_string())))
    }

    /// The change of a field that may be unset on either side.
    pub fn of_option<T: PartialEq + fmt::Display>(field: impl Into<String>, live: &Option<T>, want: &Option<T>) -> Option<Change> {
        let text = |value: &Option<T>| value.as_ref().map(T::to_string);
        (live != want).then(|| Change::between(field, text(live), text(want)))
    }

    /// A change from one text to another, in place and without concern.
    pub fn between(field: impl Into<String>, before: Option<String>, after: Option<String>) -> Change {
        Change { field: field.into(), before, after, effect: Effect::InPlace, concern: None }
    }

    /// The same change, which AWS makes only by replacing the resource.
    #[must_use]
    pub fn replaces(mut self) -> Change {
        self.effect = Effect::Replaces;
        self
    }

    /// The same change, which only a person can make.
    #[must_use]
    pub fn by_hand(mut self) -> Change {
        self.effect = Effect::ByHand;
        self
    }

    /// The same change, which was asked for already, and of whom.
    #[must_use]
    pub fn awaited(mut self, of: impl Into<String>) -> Change {
        self.effect = Effect::Awaited;
        self.concerning(Risk::Routine, of)
    }

    /// The same change, which a reviewer should look at, and why.
    #[must_use]
    pub fn concerning(mut self, risk: Risk, why: impl Into<String>) -> Change {
        self.concern = Some(Concern { risk, why: why.into() });
        self
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Risk::Routine => "routine",
            Risk::Notable => "notable",
            Risk::Dangerous => "dangerous",
        })
    }
}

/// A list as one text, for the fields that hold several values: `a, b, c`.
pub fn show<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}
