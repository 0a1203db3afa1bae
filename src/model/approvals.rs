//! How many people have to approve a plan, by its worst risk.

use super::Risk;
use serde::{Deserialize, Serialize};

/// How many people, besides the author, have to approve a plan before it is applied, by the plan's worst risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Approvals {
    /// Of a plan in which nothing stands out.
    #[schemars(range(max = 6))]
    pub routine: u8,
    /// Of a plan whose worst step deserves a look: new accounts, permissions, network paths.
    #[schemars(range(max = 6))]
    pub notable: u8,
    /// Of a plan that deletes or replaces something, or opens a door.
    #[schemars(range(max = 6))]
    pub dangerous: u8,
}

impl Default for Approvals {
    /// Nobody for the hundredth identical change, several pairs of eyes for what can't be undone.
    fn default() -> Approvals {
        Approvals { routine: 0, notable: 1, dangerous: 2 }
    }
}

impl Approvals {
    /// For a worst risk; never fewer than for a lesser one, whatever the files say.
    pub fn needed(self, risk: Risk) -> usize {
        let Approvals { routine, notable, dangerous } = self;
        let needed = match risk {
            Risk::Routine => routine,
            Risk::Notable => routine.max(notable),
            Risk::Dangerous => routine.max(notable).max(dangerous),
        };
        usize::from(needed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greater_risk_never_needs_fewer() {
        let odd = Approvals { routine: 3, notable: 1, dangerous: 2 };
        assert_eq!([Risk::Routine, Risk::Notable, Risk::Dangerous].map(|risk| odd.needed(risk)), [3, 3, 3]);
        assert_eq!([Risk::Routine, Risk::Notable, Risk::Dangerous].map(|risk| Approvals::default().needed(risk)), [0, 1, 2]);
    }
}
