//! Rules of security groups in EC2's shape: "IP permissions", each of which lumps several sources together. Compared by the ids of now.

use super::rule::{Ports, Protocol, Rule};
use crate::aws::{CallError, Session};
use crate::model::{KindName, Name, Reference, RemoteId};
use aws_sdk_ec2::types::{IpPermission, IpRange, UserIdGroupPair};
use ipnet::Ipv4Net;
use std::collections::BTreeMap;

/// Which way connections go.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

/// The names of the groups that were just listed: the directory learns them only after all have been read.
pub(super) struct Groups<'a> {
    pub at: &'a Session,
    pub names: BTreeMap<String, Name>,
}

/// The other end of a permission that has only one.
enum Peer<'a> {
    Range(&'a str),
    Group(&'a UserIdGroupPair),
    Other(&'a str),
}

/// Permissions with one source or destination each.
pub(super) fn split(permissions: &[IpPermission]) -> Vec<IpPermission> {
    permissions.iter().flat_map(split_one).collect()
}

fn split_one(whole: &IpPermission) -> Vec<IpPermission> {
    let bare = || {
        let builder = IpPermission::builder().set_ip_protocol(whole.ip_protocol.clone());
        builder.set_from_port(whole.from_port).set_to_port(whole.to_port)
    };
    let ranges = whole.ip_ranges().iter().map(|range| bare().ip_ranges(range.clone()).build());
    let groups = whole.user_id_group_pairs().iter().map(|group| bare().user_id_group_pairs(group.clone()).build());
    let six = whole.ipv6_ranges().iter().map(|range| bare().ipv6_ranges(range.clone()).build());
    let lists = whole.prefix_list_ids().iter().map(|list| bare().prefix_list_ids(list.clone()).build());
    ranges.chain(groups).chain(six).chain(lists).collect()
}

/// The permission that a rule asks for.
///
/// # Errors
/// When the rule names a group that is not there, or is of a shape that is only ever found.
pub(super) fn of(rule: &Rule, id_of: &impl Fn(&Reference) -> Result<RemoteId, CallError>) -> Result<IpPermission, CallError> {
    if let Some(other) = &rule.other {
        return Err(CallError::refused("ec2:AuthorizeSecurityGroupIngress", format!("a rule can't be declared as {other:?}")));
    }
    let (protocol, from, to) = match (rule.protocol, rule.ports.unwrap_or(Ports::ALL)) {
        (Protocol::Tcp | Protocol::Udp, ports) => (rule.protocol.as_str(), Some(ports.from.into()), Some(ports.to.into())),
        (Protocol::Icmp, _) => ("icmp", Some(-1), Some(-1)),
        (Protocol::All, _) => ("-1", None, None),
    };
    let builder = IpPermission::builder().ip_protocol(protocol).set_from_port(from).set_to_port(to);
    let range = |cidr: &Ipv4Net| IpRange::builder().cidr_ip(cidr.to_string()).set_description(rule.description.clone()).build();
    let pair = |id: RemoteId| UserIdGroupPair::builder().group_id(id.0).set_description(rule.description.clone()).build();
    let group = rule.security_group.as_ref().map(id_of).transpose()?.map(pair);
    let builder = rule.cidr.iter().map(range).fold(builder, |builder, range| builder.ip_ranges(range));
    Ok(group.into_iter().fold(builder, |builder, group| builder.user_id_group_pairs(group)).build())
}

/// Makes a group's permissions of one direction what they should be. New ones come before old ones go, so that nothing in both is cut off.
pub(super) async fn reconcile(
    at: &Session,
    id: &RemoteId,
    direction: Direction,
    live: &[IpPermission],
    want: &[IpPermission],
) -> Result<(), CallError> {
    let live: BTreeMap<String, IpPermission> = split(live).into_iter().map(|one| (key(&one), one)).collect();
    let want: BTreeMap<String, IpPermission> = want.iter().map(|one| (key(one), one.clone())).collect();
    let new = want.iter().filter(|(key, _)| !live.contains_key(*key)).map(|(_, one)| one.clone()).collect();
    let renamed = want.iter().filter(|(key, one)| live.get(*key).is_some_and(|old| description(old) != description(one)));
    let renamed = renamed.map(|(_, one)| one.clone()).collect();
    let old = live.iter().filter(|(key, _)| !want.contains_key(*key)).map(|(_, one)| one.clone()).collect();
    authorize(at, id, direction, new).await?;
    describe(at, id, direction, renamed).await?;
    revoke(at, id, direction, old).await
}

async fn authorize(at: &Session, id: &RemoteId, direction: Direction, new: Vec<IpPermission>) -> Result<(), CallError> {
    let (ec2, new) = (at.ec2(), Some(new).filter(|new| !new.is_empty()));
    match (direction, new) {
        (_, None) => Ok(()),
        (Direction::Ingress, new) => ec2
            .authorize_security_group_ingress()
            .group_id(id.as_str())
            .set_ip_permissions(new)
            .send()
            .await
            .map(drop)
            .map_err(CallError::from),
        (Direction::Egress, new) => ec2
            .authorize_security_group_egress()
            .group_id(id.as_str())
            .set_ip_permissions(new)
            .send()
            .await
            .map(drop)
            .map_err(CallError::from),
    }
}

async fn revoke(at: &Session, id: &RemoteId, direction: Direction, old: Vec<IpPermission>) -> Result<(), CallError> {
    let (ec2, old) = (at.ec2(), Some(old).filter(|old| !old.is_empty()));
    match (direction, old) {
        (_, None) => Ok(()),
        (Direction::Ingress, old) => ec2
            .revoke_security_group_ingress()
            .group_id(id.as_str())
            .set_ip_permissions(old)
            .send()
            .await
            .map(drop)
            .map_err(CallError::from),
        (Direction::Egress, old) => {
            ec2.revoke_security_group_egress().group_id(id.as_str()).set_ip_permissions(old).send().await.map(drop).map_err(CallError::from)
        }
    }
}

async fn describe(at: &Session, id: &RemoteId, direction: Direction, renamed: Vec<IpPermission>) -> Result<(), CallError> {
    let (ec2, renamed) = (at.ec2(), Some(renamed).filter(|renamed| !renamed.is_empty()));
    match (direction, renamed) {
        (_, None) => Ok(()),
        (Direction::Ingress, renamed) => {
            let call = ec2.update_security_group_rule_descriptions_ingress().group_id(id.as_str());
            call.set_ip_permissions(renamed).send().await.map(drop).map_err(CallError::from)
        }
        (Direction::Egress, renamed) => {
            let call = ec2.update_security_group_rule_descriptions_egress().group_id(id.as_str());
            call.set_ip_permissions(renamed).send().await.map(drop).map_err(CallError::from)
        }
    }
}

/// What EC2 tells permissions apart by.
fn key(one: &IpPermission) -> String {
    let peer = match peer(one) {
        Peer::Range(range) => range,
        Peer::Group(group) => group.group_id().unwrap_or_default(),
        Peer::Other(text) => text,
    };
    format!("{} with {peer}", head_text(one))
}

fn description(one: &IpPermission) -> Option<&str> {
    let text = match one.ip_ranges().first() {
        Some(range) => range.description(),
        None => one.user_id_group_pairs().first().and_then(UserIdGroupPair::description),
    };
    text.filter(|text| !text.is_empty())
}

fn peer(one: &IpPermission) -> Peer<'_> {
    let range = one.ip_ranges().first().and_then(IpRange::cidr_ip).map(Peer::Range);
    let group = || one.user_id_group_pairs().first().map(Peer::Group);
    let six = || one.ipv6_ranges().first().and_then(|range| range.cidr_ipv6());
    let list = || one.prefix_list_ids().first().and_then(|list| list.prefix_list_id());
    range.or_else(group).unwrap_or_else(|| Peer::Other(six().or_else(list).unwrap_or("nothing")))
}

/// Protocol and ports, where specs can say them.
fn head(one: &IpPermission) -> Option<(Protocol, Option<Ports>)> {
    let ends = (one.from_port(), one.to_port());
    let ports = || match ends {
        (None | Some(-1), None | Some(-1)) => Some(None),
        (Some(from), Some(to)) => {
            let ports = Ports { from: from.try_into().ok()?, to: to.try_into().ok()? };
            Some(Some(ports).filter(|ports| *ports != Ports::ALL))
        }
        _ => None,
    };
    match one.ip_protocol()? {
        "-1" => Some((Protocol::All, None)),
        "tcp" => ports().map(|ports| (Protocol::Tcp, ports)),
        "udp" => ports().map(|ports| (Protocol::Udp, ports)),
        "icmp" if matches!(ends, (None | Some(-1), None | Some(-1))) => Some((Protocol::Icmp, None)),
        _ => None,
    }
}

fn head_text(one: &IpPermission) -> String {
    let protocol = one.ip_protocol().unwrap_or_default();
    match (head(one), one.from_port(), one.to_port()) {
        (Some((protocol, Some(ports))), ..) => format!("{} {ports}", protocol.as_str()),
        (Some((protocol, None)), ..) => protocol.as_str().to_owned(),
        (None, Some(from), Some(to)) => format!("{protocol} {from}-{to}"),
        (None, ..) => protocol.to_owned(),
    }
}

impl Groups<'_> {
    /// The rule that a permission with one source or destination is.
    pub fn rule(&self, one: &IpPermission) -> Rule {
        let (cidr, security_group) = match peer(one) {
            Peer::Range(range) => (range.parse().ok(), None),
            Peer::Group(group) => (None, self.reference(group)),
            Peer::Other(_) => (None, None),
        };
        let description = description(one).map(str::to_owned);
        match head(one).filter(|_| cidr.is_some() || security_group.is_some()) {
            Some((protocol, ports)) => Rule { protocol, ports, cidr, security_group, description, other: None },
            None => {
                let other = Some(key(one));
                Rule { protocol: Protocol::All, ports: None, cidr: None, security_group: None, description, other }
            }
        }
    }

    /// A group of this account; another account's groups have no name here.
    fn reference(&self, group: &UserIdGroupPair) -> Option<Reference> {
        let id = group.group_id()?;
        if group.user_id().is_some_and(|account| account != self.at.account_id().as_str()) {
            return None;
        }
        let kind = KindName::new("security-group");
        let listed = self.names.get(id).map(|name| Reference::here(kind.clone(), name.clone()));
        listed.or_else(|| self.at.reference(&kind, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::Ipv6Range;

    fn no_groups(reference: &Reference) -> Result<RemoteId, CallError> {
        Err(CallError::missing("test", reference.to_string()))
    }

    #[test]
    fn permissions_are_taken_apart() {
        let range = |cidr: &str| IpRange::builder().cidr_ip(cidr).build();
        let six = Ipv6Range::builder().cidr_ipv6("::/0").build();
        let web = IpPermission::builder().ip_protocol("tcp").from_port(443).to_port(443);
        let whole = web.ip_ranges(range("10.0.0.0/8")).ip_ranges(range("0.0.0.0/0")).ipv6_ranges(six).build();
        let keys: Vec<String> = split(&[whole]).iter().map(key).collect();
        assert_eq!(keys, ["tcp 443 with 10.0.0.0/8", "tcp 443 with 0.0.0.0/0", "tcp 443 with ::/0"]);
    }

    #[test]
    fn what_is_asked_for_is_told_apart_as_what_is_found() {
        for (rule, expected) in [
            (r#"{"protocol":"all","cidr":"0.0.0.0/0"}"#, "all with 0.0.0.0/0"),
            (r#"{"protocol":"tcp","cidr":"10.0.0.0/8"}"#, "tcp with 10.0.0.0/8"),
            (r#"{"protocol":"udp","ports":"53","cidr":"10.0.0.0/8"}"#, "udp 53 with 10.0.0.0/8"),
            (r#"{"protocol":"icmp","cidr":"10.0.0.0/8"}"#, "icmp with 10.0.0.0/8"),
        ] {
            let rule: Rule = serde_json::from_str(rule).unwrap();
            assert_eq!(key(&of(&rule, &no_groups).unwrap()), expected);
            assert_eq!(rule.key(), expected);
        }
    }
}
