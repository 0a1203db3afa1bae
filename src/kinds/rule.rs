//! Rules of security groups: one protocol, one range of ports, one source or destination each.

use crate::model::Reference;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One allowed kind of connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Written", into = "Written")]
#[schemars(with = "Written")]
pub struct Rule {
    pub protocol: Protocol,
    /// All ports when none.
    pub ports: Option<Ports>,
    pub cidr: Option<Ipv4Net>,
    pub security_group: Option<Reference>,
    pub description: Option<String>,
    /// Found, never declared: a rule of a shape that specs don't have (IPv6, prefix list, another account's group, a rare protocol), as
    /// text. So it is seen, and taken away from a group of ours, instead of being overlooked.
    pub other: Option<String>,
}

/// What a rule applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    Tcp,
    Udp,
    Icmp,
    All,
}

/// A range of ports, both ends included; written `443` or `1024-2048`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ports {
    pub from: u16,
    pub to: u16,
}

/// A rule as files and plans hold it.
#[derive(Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rule", description = "One allowed kind of connection: with a `cidr` or with a `security_group`, never both.")]
struct Written {
    /// What it applies to.
    protocol: Protocol,
    /// A port or a range of ports such as `1024-2048`; all of them when absent. For `tcp` and `udp` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ports: Option<Ports>,
    /// The IPv4 range at the other end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    cidr: Option<Ipv4Net>,
    /// The security group at the other end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    security_group: Option<Reference>,
    /// What the rule is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    other: Option<String>,
}

impl Protocol {
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Icmp => "icmp",
            Protocol::All => "all",
        }
    }

    fn has_ports(self) -> bool {
        matches!(self, Protocol::Tcp | Protocol::Udp)
    }
}

impl Rule {
    /// What AWS tells rules of a group apart by: all but the description. The other end follows ` with `.
    pub fn key(&self) -> String {
        if let Some(other) = &self.other {
            return other.clone();
        }
        let ports = self.ports.map(|ports| format!(" {ports}")).unwrap_or_default();
        let peer = self.cidr.map(|cidr| cidr.to_string()).or_else(|| self.security_group.as_ref().map(Reference::to_string));
        format!("{}{ports} with {}", self.protocol.as_str(), peer.unwrap_or_default())
    }

    /// Whether everybody on the internet is at the other end.
    pub fn is_open(&self) -> bool {
        self.cidr.is_some_and(|cidr| cidr.prefix_len() == 0)
    }
}

impl TryFrom<Written> for Rule {
    type Error = String;

    fn try_from(written: Written) -> Result<Rule, String> {
        let Written { protocol, ports, cidr, security_group, description, other } = written;
        let ends = usize::from(cidr.is_some()) + usize::from(security_group.is_some()) + usize::from(other.is_some());
        if ends != 1 {
            return Err("a rule has either a `cidr` or a `security_group`".to_owned());
        }
        if ports.is_some() && !protocol.has_ports() {
            return Err(format!("protocol `{}` has no ports: leave `ports` out", protocol.as_str()));
        }
        let ports = ports.filter(|ports| *ports != Ports::ALL);
        Ok(Rule { protocol, ports, cidr: cidr.map(|cidr| cidr.trunc()), security_group, description, other })
    }
}

impl From<Rule> for Written {
    fn from(rule: Rule) -> Written {
        let Rule { protocol, ports, cidr, security_group, description, other } = rule;
        Written { protocol, ports, cidr, security_group, description, other }
    }
}

impl Ports {
    /// Every port: the same as naming none.
    pub const ALL: Ports = Ports { from: 0, to: u16::MAX };
}

impl FromStr for Ports {
    type Err = String;

    fn from_str(text: &str) -> Result<Ports, String> {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let port = |text: &str| text.trim().parse::<u16>().map_err(|_| format!("{text:?} is no port: write 443 or 1024-2048"));
        let ports = Ports { from: port(from)?, to: port(to)? };
        if ports.from > ports.to {
            return Err(format!("the ports {text} end before they begin"));
        }
        Ok(ports)
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (from, to) if from == to => write!(f, "{from}"),
            (from, to) => write!(f, "{from}-{to}"),
        }
    }
}

impl Serialize for Ports {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ports {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Ports, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a port or a range of ports: 443 or 1024-2048")]
        enum Either {
            Port(u16),
            Range(String),
        }
        match Either::deserialize(from)? {
            Either::Port(port) => Ok(Ports { from: port, to: port }),
            Either::Range(text) => text.parse().map_err(serde::de::Error::custom),
        }
    }
}

impl schemars::JsonSchema for Ports {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ports".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": u16::MAX },
                { "type": "string", "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$" },
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn rules_are_checked_at_the_door() {
        let read = |value: serde_json::Value| serde_json::from_value::<Rule>(value).map_err(|e| e.to_string());
        let rule = read(json!({ "protocol": "tcp", "ports": 443, "cidr": "10.0.0.1/8" })).unwrap();
        assert_eq!(rule.key(), "tcp 443 with 10.0.0.0/8");
        assert_eq!(serde_json::to_value(&rule).unwrap(), json!({ "protocol": "tcp", "ports": "443", "cidr": "10.0.0.0/8" }));
        let all = read(json!({ "protocol": "tcp", "ports": "0-65535", "security_group": "security-group/web" })).unwrap();
        assert_eq!(all.key(), "tcp with security-group/web");
        let bad = |value| read(value).unwrap_err();
        assert_eq!(bad(json!({ "protocol": "tcp", "ports": 443 })), "a rule has either a `cidr` or a `security_group`");
        assert_eq!(bad(json!({ "protocol": "icmp", "ports": 1, "cidr": "0.0.0.0/0" })), "protocol `icmp` has no ports: leave `ports` out");
        assert_eq!(bad(json!({ "protocol": "tcp", "ports": "9-1", "cidr": "0.0.0.0/0" })), "the ports 9-1 end before they begin");
    }
}
