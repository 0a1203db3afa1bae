//! Flow logs: records of a VPC's connections, written to log groups.

use super::endpoints::unsuccessful;
use super::listing::{PAGE, Resource, Sort, tagged};
use super::shown::{elements, some, texts};
use super::{Ec2, Tags, add, tags};
use crate::simulated::wire::{Answer, Asked, element, fault, iso, xml};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};

/// Over how many seconds connections may be summed up, and are unless told otherwise.
const INTERVALS: [&str; 2] = ["60", "600"];

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct FlowLog {
    vpc: String,
    group: String,
    role: String,
    traffic: String,
    interval: String,
    made: Moment,
    pub tags: Tags,
}

impl Resource for FlowLog {
    const SORT: Sort = Sort {
        prefix: "fl",
        kind: "vpc-flow-log",
        set: "flowLogSet",
        id: "flowLogId",
        ids: "FlowLogId",
        missing: "InvalidFlowLogId.NotFound",
        page: PAGE,
    };

    fn show(&self, _: &str, _: &At<'_>, _: &Ec2) -> String {
        let of = [("resourceId", self.vpc.as_str()), ("trafficType", &self.traffic), ("maxAggregationInterval", &self.interval)];
        let to = [("logDestinationType", "cloud-watch-logs"), ("logGroupName", self.group.as_str()), ("flowLogStatus", "ACTIVE")];
        elements(&of) + &elements(&to) + &some("deliverLogsPermissionArn", &self.role) + &element("creationTime", &iso(self.made))
    }

    fn values(&self, filter: &str, _: &At<'_>) -> Option<Vec<String>> {
        let value = match filter {
            "resource-id" => self.vpc.clone(),
            "log-group-name" => self.group.clone(),
            "traffic-type" => self.traffic.clone(),
            _ => return None,
        };
        Some(vec![value])
    }

    tagged!();
}

impl Ec2 {
    pub(super) fn create_flow_logs(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let interval = asked.some("MaxAggregationInterval").unwrap_or_else(|| "600".to_owned());
        let (group, role) = (asked.text("LogGroupName"), asked.text("DeliverLogsPermissionArn"));
        if !INTERVALS.contains(&interval.as_str()) || asked.text("ResourceType") != "VPC" {
            return fault("InvalidParameter", "Invalid Flow Log Max Aggregation Interval, or a resource that is no VPC");
        }
        if group.is_empty() || role.is_empty() {
            return fault("InvalidParameter", "LogGroupName and DeliverLogsPermissionArn can't be empty");
        }
        let tags = tags::given(asked, &FlowLog::SORT)?;
        let (vpcs, missing): (Vec<_>, Vec<_>) = asked.list("ResourceId").into_iter().partition(|vpc| self.vpcs.contains_key(vpc));
        let mut made = Vec::new();
        for vpc in vpcs {
            if self.flow_logs.values().any(|log| (&log.vpc, &log.group) == (&vpc, &group)) {
                return fault("FlowLogAlreadyExists", "There is an existing Flow Log with the same configuration and log destination.");
            }
            let (group, role, traffic) = (group.clone(), role.clone(), asked.text("TrafficType"));
            let log = FlowLog { vpc, group, role, traffic, interval: interval.clone(), made: at.now, tags: tags.clone() };
            made.push(add(&mut self.flow_logs, at, log));
        }
        let bare = texts("flowLogIdSet", &made);
        xml(bare + &unsuccessful("InvalidVpcID.NotFound", &missing))
    }

    pub(super) fn delete_flow_logs(&mut self, asked: &Asked) -> Answer {
        let mut missing = asked.list("FlowLogId");
        missing.retain(|id| self.flow_logs.remove(id).is_none());
        xml(unsuccessful("InvalidFlowLogId.NotFound", &missing))
    }
}
