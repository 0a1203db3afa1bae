//! `flow-log`: a record of a VPC's connections, written to a log group.

use super::{Driver, Kind, Scope, Seen, Tags, ec2, tags};
use crate::aws::{CallError, Fault, Session, or_missing, unsuccessful};
use crate::model::{Address, Change, Effect, KindName, Reference, Region, RemoteId, Risk};
use aws_sdk_ec2::types::{FlowLog as Found, FlowLogsResourceType, ResourceType, TrafficType, UnsuccessfulItem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A record of who connected to whom in a VPC, and whether that was allowed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowLog {
    /// The VPC whose connections are recorded.
    pub vpc: Reference,
    /// The log group that the record is written to.
    pub log_group: Reference,
    /// The IAM role that AWS writes it with.
    pub role: Reference,
    /// The connections that are recorded: those accepted, those rejected, or all.
    #[serde(default)]
    pub traffic: Traffic,
    /// Over how many seconds connections are summed up: 60 or 600. Finer costs more.
    #[serde(default = "coarse")]
    #[schemars(extend("enum" = [60, 600]))]
    pub interval_seconds: i32,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

/// Which connections are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Traffic {
    Accepted,
    Rejected,
    #[default]
    All,
}

/// AWS's own default, in seconds.
const fn coarse() -> i32 {
    600
}

const VPC: KindName = KindName::new("vpc");
const LOG_GROUP: KindName = KindName::new("log-group");
const ROLE: KindName = KindName::new("iam-role");

impl Kind for FlowLog {
    const NAME: KindName = KindName::new("flow-log");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A flow log: a record of the connections of a VPC, written to a log group. AWS changes none: another one replaces it.";
    const REFERS: &'static [KindName] = &[VPC, LOG_GROUP, ROLE];
    const READS: &'static [&'static str] = &["ec2:DescribeFlowLogs"];
    // The last one is no call of ours: EC2 asks whether the caller may hand the role on.
    const WRITES: &'static [&'static str] = &["ec2:CreateFlowLogs", "ec2:DeleteFlowLogs", "ec2:CreateTags", "iam:PassRole"];

    fn changes(live: &FlowLog, want: &FlowLog) -> Vec<Change> {
        let FlowLog { vpc, log_group, role, traffic, interval_seconds, tags: live_tags } = live;
        let FlowLog { vpc: want_vpc, log_group: want_group, role: want_role, traffic: want_traffic, interval_seconds: want_interval, tags: want_tags } =
            want;
        let fixed = [
            Change::of("vpc", vpc, want_vpc),
            Change::of("log_group", log_group, want_group),
            Change::of("role", role, want_role),
            Change::of("traffic", traffic, want_traffic),
            Change::of("interval_seconds", interval_seconds, want_interval),
        ];
        let why = "connections that are made while it is replaced are not recorded";
        let fixed = fixed.into_iter().flatten().map(|change| change.replaces().concerning(Risk::Dangerous, why));
        fixed.chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::from([self.vpc.clone(), self.log_group.clone(), self.role.clone()])
    }

    /// Log groups and roles are written to and taken on by name: one made anew under the same name serves as the old one did.
    fn rebind(&self, replaced: &Reference) -> Effect {
        if *replaced == self.vpc { Effect::Replaces } else { Effect::InPlace }
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Traffic {
    fn written(self) -> TrafficType {
        match self {
            Traffic::Accepted => TrafficType::Accept,
            Traffic::Rejected => TrafficType::Reject,
            Traffic::All => TrafficType::All,
        }
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Traffic::Accepted => "accepted",
            Traffic::Rejected => "rejected",
            Traffic::All => "all",
        })
    }
}

impl Driver for FlowLog {
    async fn read(at: &Session) -> Result<Vec<Seen<FlowLog>>, CallError> {
        let mut pages = at.ec2().describe_flow_logs().into_paginator().page_size(ec2::PAGE).send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(page?.flow_logs().iter().filter_map(|found| see(at, found)));
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &FlowLog) -> Result<RemoteId, CallError> {
        let vpc = at.id_of(&want.vpc, at.region().clone())?;
        let group = at.id_of(&want.log_group, at.region().clone())?;
        let role = at.id_of(&want.role, Region::GLOBAL)?;
        let call = at.ec2().create_flow_logs().resource_type(FlowLogsResourceType::Vpc).resource_ids(vpc.as_str());
        let call = call.log_group_name(group.as_str()).deliver_logs_permission_arn(role.as_str());
        let call = call.traffic_type(want.traffic.written()).max_aggregation_interval(want.interval_seconds);
        let call = call.tag_specifications(ec2::marks(ResourceType::VpcFlowLog, address, &want.tags));
        let answer = call.send().await.map_err(CallError::from).map_err(patient)?;
        first_error("ec2:CreateFlowLogs", answer.unsuccessful()).map_err(patient)?;
        ec2::created("ec2:CreateFlowLogs", answer.flow_log_ids().first().map(String::as_str))
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &FlowLog, changes: &[Change]) -> Result<(), CallError> {
        ec2::retag(at, id, &want.tags, changes).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &FlowLog) -> Result<(), CallError> {
        let answer = or_missing(at.ec2().delete_flow_logs().flow_log_ids(id.as_str()).send().await.map_err(CallError::from))?;
        let answer = answer.map_or(Ok(()), |answer| first_error("ec2:DeleteFlowLogs", answer.unsuccessful()));
        or_missing(answer).map(drop)
    }
}

/// AWS answers these calls with success, and lists what it did not do.
fn first_error(operation: &str, items: &[UnsuccessfulItem]) -> Result<(), CallError> {
    match items.iter().find_map(UnsuccessfulItem::error) {
        Some(error) => Err(unsuccessful(operation, error.code().unwrap_or_default(), error.message().unwrap_or_default())),
        None => Ok(()),
    }
}

/// A role that was just made can't be taken on for some seconds; AWS has no code for that, only a text.
fn patient(error: CallError) -> CallError {
    let is_early = error.message.contains("Unable to assume");
    if is_early { CallError { fault: Fault::Busy, ..error } } else { error }
}

fn see(at: &Session, found: &Found) -> Option<Seen<FlowLog>> {
    let all = ec2::tags(found.tags());
    // What it writes to and with is told by name, so no directory is asked.
    let group = found.log_group_name().unwrap_or_default().trim_start_matches('/');
    let role = found.deliver_logs_permission_arn().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
    let spec = FlowLog {
        vpc: at.reference(&VPC, found.resource_id()?)?,
        log_group: Reference::here(LOG_GROUP, group.parse().or_else(|_| "unknown".parse()).ok()?),
        role: Reference::here(ROLE, role.parse().or_else(|_| "unknown".parse()).ok()?),
        traffic: match found.traffic_type() {
            Some(TrafficType::Accept) => Traffic::Accepted,
            Some(TrafficType::Reject) => Traffic::Rejected,
            _ => Traffic::All,
        },
        interval_seconds: found.max_aggregation_interval().unwrap_or(coarse()),
        tags: tags::declared(&all),
    };
    Some(Seen { id: found.flow_log_id()?.into(), name: tags::owner(at, &FlowLog::NAME, &all), spec })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_tags_replaces_it() {
        let log = |fields: serde_json::Value| {
            let mut all = serde_json::json!({ "vpc": "vpc/main", "log_group": "log-group/aws/vpc/landfall", "role": "iam-role/flow-logs" });
            all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            serde_json::from_value::<FlowLog>(all).unwrap()
        };
        let live = log(serde_json::json!({}));
        assert_eq!((live.traffic, live.interval_seconds), (Traffic::All, 600));
        assert_eq!(FlowLog::changes(&live, &live), []);
        for (field, value) in [("traffic", serde_json::json!("rejected")), ("interval_seconds", 60.into()), ("role", "iam-role/x".into())] {
            let changes = FlowLog::changes(&live, &log(serde_json::json!({ field: value })));
            assert_eq!((changes.len(), changes[0].field.as_str(), changes[0].effect), (1, field, Effect::Replaces));
        }
        let tagged = FlowLog::changes(&live, &log(serde_json::json!({ "tags": { "team": "catalog" } })));
        assert_eq!((tagged.len(), tagged[0].effect), (1, Effect::InPlace));
    }

    #[test]
    fn a_role_that_is_too_young_is_waited_for() {
        let refused = |text: &str| patient(unsuccessful("ec2:CreateFlowLogs", "InvalidParameter", text)).fault;
        assert_eq!(refused("Unable to assume given IAM role"), Fault::Busy);
        assert_eq!(refused("LogDestination is wrong"), Fault::Refused);
    }
}
