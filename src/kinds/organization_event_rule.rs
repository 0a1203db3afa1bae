//! `organization-event-rule`: an event rule of the management account, see `event_rule`. It calls nothing: it is there to be counted.

use super::organization_wide::organization_wide;
use super::{EventRule, Driver, Kind, Scope, Seen, Tags};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

organization_wide!(
    /// A rule on a bus of the management account.
    OrganizationEventRule(EventRule) = "organization-event-rule",
    "An EventBridge rule on a bus of the management account: sees what the organization's accounts report.",
    &[KindName::new("event-bus")],
    // No functions and no forwarding here: rules of the organization are there to be counted.
    &["events:PutRule", "events:PutTargets", "events:RemoveTargets", "events:DeleteRule"]
);

impl OrganizationEventRule {
    /// What would not be found again, or could not be: rules are read on our buses, whose events have no schedule.
    pub fn wrong(&self) -> Option<&'static str> {
        let EventRule { schedule, pattern: _, bus, functions, forward_to, forward_role, enabled: _ } = &self.0;
        let calls = !functions.is_empty() || forward_to.is_some() || forward_role.is_some();
        match bus {
            None => Some("it needs a `bus` of the management account"),
            Some(_) if schedule.is_some() => Some("only rules of a default bus have a schedule"),
            Some(_) if calls => Some("it calls nothing and sends nothing on: leave `functions`, `forward_to` and `forward_role` out"),
            Some(_) => None,
        }
    }
}
