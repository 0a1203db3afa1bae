//! Rules of security groups: each with one other end, however many a request puts together.

use super::shown::{range, some};
use crate::simulated::wire::{Asked, Fault, element, fault, set};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Permission {
    pub protocol: String,
    /// The ports, or the type and code of ICMP; none for all protocols at once.
    pub from: Option<i32>,
    pub to: Option<i32>,
    pub peer: Peer,
    pub description: String,
}

/// The other end of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Peer {
    Range(String),
    Range6(String),
    Group(String),
    PrefixList(String),
}

impl Default for Peer {
    fn default() -> Peer {
        Peer::Range(EVERYBODY.to_owned())
    }
}

pub(super) const EVERYBODY: &str = "0.0.0.0/0";
/// The protocol that stands for all.
pub(super) const ALL: &str = "-1";

/// What sorts of other ends there are: the list in a request, its field, the list in an answer, its element.
const PEERS: [(&str, &str, &str, &str); 4] = [
    ("IpRanges", "CidrIp", "ipRanges", "cidrIp"),
    ("Ipv6Ranges", "CidrIpv6", "ipv6Ranges", "cidrIpv6"),
    ("Groups", "GroupId", "groups", "groupId"),
    ("PrefixListIds", "PrefixListId", "prefixListIds", "prefixListId"),
];

impl Peer {
    fn of(field: &str, text: String) -> Result<Peer, Fault> {
        match field {
            "CidrIp" => match range(&text) {
                Some(range) => Ok(Peer::Range(range.to_string())),
                None => fault("InvalidParameterValue", format!("CIDR block {text} is malformed")),
            },
            "CidrIpv6" => match text.parse::<ipnet::Ipv6Net>() {
                Ok(range) => Ok(Peer::Range6(range.trunc().to_string())),
                Err(_) => fault("InvalidParameterValue", format!("CIDR block {text} is malformed")),
            },
            "GroupId" => Ok(Peer::Group(text)),
            _ => Ok(Peer::PrefixList(text)),
        }
    }

    /// The element that lists it, and its text.
    fn shown(&self) -> (&'static str, &str) {
        match self {
            Peer::Range(text) => ("ipRanges", text),
            Peer::Range6(text) => ("ipv6Ranges", text),
            Peer::Group(text) => ("groups", text),
            Peer::PrefixList(text) => ("prefixListIds", text),
        }
    }
}

impl Permission {
    /// All connections with everybody.
    pub fn everything() -> Permission {
        Permission { protocol: ALL.to_owned(), ..Permission::default() }
    }

    /// The rules that a request is about.
    pub fn asked(asked: &Asked) -> Result<Vec<Permission>, Fault> {
        let mut all = Vec::new();
        for number in 1..=asked.count("IpPermissions") {
            let whole = format!("IpPermissions.{number}");
            let bare = Permission::bare(asked, &whole)?;
            for (list, field, ..) in PEERS {
                for number in 1..=asked.count(&format!("{whole}.{list}")) {
                    let text = |field: &str| asked.text(&format!("{whole}.{list}.{number}.{field}"));
                    all.push(Permission { peer: Peer::of(field, text(field))?, description: text("Description"), ..bare.clone() });
                }
            }
        }
        match all.is_empty() {
            true => fault("MissingParameter", "The request must contain the parameter ipPermissions"),
            false => Ok(all),
        }
    }

    fn bare(asked: &Asked, whole: &str) -> Result<Permission, Fault> {
        let protocol = asked.text(&format!("{whole}.IpProtocol"));
        let number = |name: &str| asked.some(&format!("{whole}.{name}")).and_then(|text| text.parse().ok());
        let (from, to) = (number("FromPort"), number("ToPort"));
        let has_ports = matches!(protocol.as_str(), "tcp" | "udp");
        if has_ports && (from.is_none() || to.is_none() || from > to) {
            return fault(
                "InvalidParameterValue",
                format!("Invalid value for portRange. Must specify both from and to ports with {protocol}."),
            );
        }
        let ends = if protocol == ALL { (None, None) } else { (from, to) };
        Ok(Permission { protocol, from: ends.0, to: ends.1, ..Permission::default() })
    }

    /// Whether it is the same but for its description.
    pub fn is_as(&self, other: &Permission) -> bool {
        let Permission { protocol, from, to, peer, description: _ } = self;
        (protocol, from, to, peer) == (&other.protocol, &other.from, &other.to, &other.peer)
    }

    /// Whether it lets connections of TCP at a port.
    pub fn lets(&self, port: i32) -> bool {
        let ports = self.from.unwrap_or(0)..=self.to.unwrap_or(i32::MAX);
        self.protocol == ALL || self.protocol == "tcp" && ports.contains(&port)
    }

    fn item(&self, account: &str) -> String {
        let (list, text) = self.peer.shown();
        let field = PEERS.iter().find(|(_, _, shown, _)| *shown == list).map_or("", |(.., field)| field);
        let owner = if list == "groups" { element("userId", account) } else { String::new() };
        element(field, text) + &owner + &some("description", &self.description)
    }
}

/// The protocol and the ports of a rule.
type Head<'a> = (&'a str, Option<i32>, Option<i32>);

/// Rules as EC2 shows them: those of the same protocol and ports together.
pub(super) fn show(name: &str, all: &[Permission], account: &str) -> String {
    let mut heads: BTreeMap<Head<'_>, Vec<&Permission>> = BTreeMap::new();
    for one in all {
        heads.entry((&one.protocol, one.from, one.to)).or_default().push(one);
    }
    let number = |name: &str, number: Option<i32>| number.map(|number| element(name, &number.to_string())).unwrap_or_default();
    let item = |((protocol, from, to), all): (Head<'_>, Vec<&Permission>)| {
        let list = |(_, _, list, _): (&str, &str, &'static str, &str)| {
            let those = all.iter().filter(|one| one.peer.shown().0 == list);
            set(list, "item", those.map(|one| one.item(account)))
        };
        let lists: String = PEERS.into_iter().map(list).collect();
        element("ipProtocol", protocol) + &number("fromPort", from) + &number("toPort", to) + &lists
    };
    set(name, "item", heads.into_iter().map(item))
}
