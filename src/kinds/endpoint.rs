//! VPC endpoints as EC2 has them: their names, how they come and go, what is added to them and taken away. Compared by the ids of now.

use super::{EndpointType, VpcEndpoint, ec2};
use crate::aws::{CallError, Session, Wait, or_missing, unsuccessful, until};
use crate::model::{Reference, RemoteId};
use aws_sdk_ec2::types::VpcEndpoint as Found;
use std::collections::BTreeSet;
use std::time::Duration;

/// Interfaces come within two minutes and go within five; AWS promises nothing, so we give it three times that.
const WAIT: Wait = Wait { first_pause: Duration::from_millis(500), limit: Duration::from_secs(900) };

/// What AWS calls the service in full. A name that is whole already stays: some services of China's Regions begin otherwise.
pub(super) fn long_name(at: &Session, service: &str) -> String {
    let is_whole = ["com.amazonaws.", "cn.com.amazonaws.", "aws."].iter().any(|prefix| service.starts_with(prefix));
    if is_whole { service.to_owned() } else { format!("{}{service}", prefix(at)) }
}

pub(super) fn short_name(at: &Session, service: &str) -> String {
    service.strip_prefix(&prefix(at)).unwrap_or(service).to_owned()
}

fn prefix(at: &Session) -> String {
    format!("com.amazonaws.{}.", at.region())
}

pub(super) fn ids(at: &Session, references: &BTreeSet<Reference>) -> Result<Vec<String>, CallError> {
    references.iter().map(|reference| Ok(at.id_of(reference, at.region().clone())?.to_string())).collect()
}

/// All endpoints but those that are gone or failed, which AWS goes on listing for a while.
pub(super) async fn list(at: &Session) -> Result<Vec<Found>, CallError> {
    let mut pages = at.ec2().describe_vpc_endpoints().into_paginator().page_size(ec2::PAGE).send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        all.extend(page?.vpc_endpoints.unwrap_or_default().into_iter().filter(is_there));
    }
    Ok(all)
}

fn is_there(found: &Found) -> bool {
    !["deleted", "deleting", "failed", "rejected", "expired"].contains(&state(found).as_str())
}

pub(super) fn is_coming(found: &Found) -> bool {
    state(found) == "pending"
}

/// In lower case: AWS writes it so, although its own definition of the service doesn't.
fn state(found: &Found) -> String {
    found.state().map(|state| state.as_str().to_lowercase()).unwrap_or_default()
}

async fn by_id(at: &Session, id: &str) -> Result<Option<Found>, CallError> {
    let answer = at.ec2().describe_vpc_endpoints().vpc_endpoint_ids(id).send().await?;
    Ok(answer.vpc_endpoints.unwrap_or_default().into_iter().next())
}

/// Waits until an endpoint carries traffic.
pub(super) async fn available(at: &Session, id: &str) -> Result<(), CallError> {
    until(&format!("VPC endpoint {id} becoming available"), WAIT, async || {
        let Some(found) = or_missing(by_id(at, id).await)?.flatten() else { return Ok(None) };
        match state(&found).as_str() {
            "available" => Ok(Some(())),
            "pending" | "" => Ok(None),
            state => {
                let why = found.last_error().and_then(|error| error.message()).or(found.failure_reason()).unwrap_or("AWS gives no reason");
                Err(CallError::refused("ec2:CreateVpcEndpoint", format!("VPC endpoint {id} is {state}: {why}")))
            }
        }
    })
    .await
}

/// What to add to a set and what to take away from it; none where AWS expects no list at all.
struct Turn {
    add: Option<Vec<String>>,
    remove: Option<Vec<String>>,
}

impl Turn {
    fn of<'a>(live: impl Iterator<Item = &'a str>, want: Vec<String>) -> Turn {
        let live: BTreeSet<&str> = live.collect();
        let filled = |ids: Vec<String>| Some(ids).filter(|ids| !ids.is_empty());
        let remove = live.iter().filter(|id| !want.iter().any(|want| want == *id)).map(|id| (*id).to_owned()).collect();
        Turn { add: filled(want.iter().filter(|id| !live.contains(id.as_str())).cloned().collect()), remove: filled(remove) }
    }

    fn is_nothing(&self) -> bool {
        self.add.is_none() && self.remove.is_none()
    }
}

/// Makes an endpoint's route tables, subnets, groups and names what they should be, in one call, if any of them is not.
pub(super) async fn reconcile(at: &Session, id: &RemoteId, want: &VpcEndpoint) -> Result<(), CallError> {
    let missing = || CallError::missing("ec2:DescribeVpcEndpoints", format!("{id} is not there"));
    let found = by_id(at, id.as_str()).await?.ok_or_else(missing)?;
    let tables = Turn::of(found.route_table_ids().iter().map(String::as_str), ids(at, &want.route_tables)?);
    let subnets = Turn::of(found.subnet_ids().iter().map(String::as_str), ids(at, &want.subnets)?);
    let groups = Turn::of(found.groups().iter().filter_map(|group| group.group_id()), ids(at, &want.security_groups)?);
    let is_named = found.private_dns_enabled().unwrap_or_default();
    let renames = want.of == EndpointType::Interface && is_named != want.private_dns;
    if tables.is_nothing() && subnets.is_nothing() && groups.is_nothing() && !renames {
        return Ok(());
    }
    let call = at.ec2().modify_vpc_endpoint().vpc_endpoint_id(id.as_str());
    let call = call.set_add_route_table_ids(tables.add).set_remove_route_table_ids(tables.remove);
    let call = call.set_add_subnet_ids(subnets.add).set_remove_subnet_ids(subnets.remove);
    let call = call.set_add_security_group_ids(groups.add).set_remove_security_group_ids(groups.remove);
    call.set_private_dns_enabled(renames.then_some(want.private_dns)).send().await?;
    available(at, id.as_str()).await
}

/// Deletes an endpoint, and waits until its interfaces keep no subnet and no group busy any more.
pub(super) async fn delete(at: &Session, id: &RemoteId) -> Result<(), CallError> {
    let answer = or_missing(at.ec2().delete_vpc_endpoints().vpc_endpoint_ids(id.as_str()).send().await.map_err(CallError::from))?;
    let items = answer.and_then(|answer| answer.unsuccessful).unwrap_or_default();
    for error in items.iter().filter_map(|item| item.error()) {
        let refused = Err(unsuccessful("ec2:DeleteVpcEndpoints", error.code().unwrap_or_default(), error.message().unwrap_or_default()));
        or_missing::<()>(refused)?;
    }
    until(&format!("the deletion of VPC endpoint {id}"), WAIT, async || {
        let found = or_missing(by_id(at, id.as_str()).await)?.flatten();
        Ok(found.as_ref().is_none_or(|found| state(found) == "deleted").then_some(()))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_turned() {
        let want = || vec!["b".to_owned(), "c".to_owned()];
        let turn = Turn::of(["a", "b"].into_iter(), want());
        assert_eq!((turn.add, turn.remove), (Some(vec!["c".to_owned()]), Some(vec!["a".to_owned()])));
        assert!(Turn::of(["c", "b"].into_iter(), want()).is_nothing());
    }

    #[test]
    fn states_are_read_in_either_spelling() {
        let of = |state: &str| Found::builder().state(state.into()).build();
        assert!(is_coming(&of("pending")) && is_coming(&of("Pending")));
        assert!(is_there(&of("available")) && !is_there(&of("Deleting")) && !is_there(&of("deleted")));
    }
}
