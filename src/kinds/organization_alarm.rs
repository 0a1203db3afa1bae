//! `organization-alarm`: an alarm of the management account, see `alarm`.

use super::organization_wide::organization_wide;
use super::{Alarm, Driver, Kind, Scope, Seen, Tags};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

organization_wide!(
    /// An alarm of the management account.
    OrganizationAlarm(Alarm) = "organization-alarm",
    "A CloudWatch alarm of the management account, on what the organization's accounts report.",
    &[],
    <Alarm as Kind>::WRITES
);
