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
