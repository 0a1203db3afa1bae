//! Address ranges in specs: fixed, or left for the planner to choose.

use super::Spec;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An IPv4 range: `10.1.0.0/20`, or `{prefix: 20}` from the pool, or `{newbits: 3}` from the VPC's own range.
///
/// The planner replaces what is not fixed before it compares anything, so a plan holds fixed ranges only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub enum Cidr {
    Fixed(Ipv4Net),
    /// A range of this prefix length, out of the pool.
    Prefix(u8),
    /// A range whose prefix is this many bits longer than the VPC's, out of the VPC.
    Newbits(u8),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Written {
    Fixed(Ipv4Net),
    Prefix { prefix: u8 },
    Newbits { newbits: u8 },
}

impl Cidr {
    /// The range, once the planner has chosen it.
    pub fn fixed(&self) -> Option<Ipv4Net> {
        match self {
            Cidr::Fixed(range) => Some(*range),
            Cidr::Prefix(_) | Cidr::Newbits(_) => None,
        }
    }
}

impl Spec {
    /// The range of addresses that a resource has of its own, as far as it is chosen.
    pub fn cidr(&self) -> Option<Cidr> {
        match self {
            Spec::Vpc(vpc) => Some(vpc.cidr),
            Spec::Subnet(subnet) => Some(subnet.cidr),
            _ => None,
        }
    }

    /// That range, once it is chosen.
    pub fn range(&self) -> Option<Ipv4Net> {
        self.cidr()?.fixed()
    }
}

impl From<Written> for Cidr {
    fn from(written: Written) -> Cidr {
        match written {
            Written::Fixed(range) => Cidr::Fixed(range.trunc()),
            Written::Prefix { prefix } => Cidr::Prefix(prefix),
            Written::Newbits { newbits } => Cidr::Newbits(newbits),
        }
    }
}

impl From<Cidr> for Written {
    fn from(cidr: Cidr) -> Written {
        match cidr {
            Cidr::Fixed(range) => Written::Fixed(range),
            Cidr::Prefix(prefix) => Written::Prefix { prefix },
            Cidr::Newbits(newbits) => Written::Newbits { newbits },
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cidr::Fixed(range) => write!(f, "{range}"),
            Cidr::Prefix(prefix) => write!(f, "a /{prefix} from the pool"),
            Cidr::Newbits(bits) => write!(f, "{bits} bits more than the VPC"),
        }
    }
}

impl schemars::JsonSchema for Cidr {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cidr".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let bits = |field: &str, least: u8, most: u8| {
            serde_json::json!({
                "type": "object",
                "properties": { field: { "type": "integer", "minimum": least, "maximum": most } },
                "required": [field],
                "additionalProperties": false,
            })
        };
        schemars::json_schema!({
            "description": "An IPv4 range: fixed, or chosen by the planner from the pool (`prefix`) or from the VPC (`newbits`).",
            "anyOf": [
                { "type": "string", "pattern": "^[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}$" },
                bits("prefix", 16, 28),
                bits("newbits", 0, 12),
            ],
        })
    }
}
