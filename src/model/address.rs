//! Addresses: where a resource is, in names. The join key between desired and live.

use super::{Account, Name};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A type of resource, by its name in YAML: `vpc`, `iam-role`. The names that exist are in the table of `kinds`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindName(Cow<'static, str>);

/// An AWS Region such as `us-west-2`, or `global` for what has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(Cow<'static, str>);

/// What AWS calls a resource: `vpc-0a1b…`, an ARN, an account's twelve digits. Known to drivers alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct RemoteId(pub String);

/// Where a resource is: account, Region, kind, name. Written `payments/prod/us-west-2/vpc/main`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    pub account: Account,
    pub region: Region,
    pub kind: KindName,
    pub name: Name,
}

/// How one spec names another resource: `vpc/main` in the same account and Region, `management:organizational-unit/prod` elsewhere.
///
/// Relative on purpose: the same declaration in three hundred accounts is the same spec three hundred times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    pub account: Option<Account>,
    pub kind: KindName,
    pub name: Name,
}

impl KindName {
    pub const fn new(name: &'static str) -> KindName {
        KindName(Cow::Borrowed(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Region {
    /// The Region of what has none, such as IAM and Organizations.
    pub const GLOBAL: Region = Region(Cow::Borrowed("global"));

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RemoteId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Reference {
    /// A resource of the same account.
    pub fn here(kind: KindName, name: Name) -> Reference {
        Reference { account: None, kind, name }
    }
}

impl From<String> for RemoteId {
    fn from(id: String) -> RemoteId {
        RemoteId(id)
    }
}

impl From<&str> for RemoteId {
    fn from(id: &str) -> RemoteId {
        RemoteId(id.to_owned())
    }
}

impl FromStr for KindName {
    type Err = String;

    fn from_str(text: &str) -> Result<KindName, String> {
        let fits = !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        fits.then(|| KindName(Cow::Owned(text.to_owned()))).ok_or_else(|| format!("{text:?} is no name of a kind"))
    }
}

impl FromStr for Region {
    type Err = String;

    fn from_str(text: &str) -> Result<Region, String> {
        let fits = !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        fits.then(|| Region(Cow::Owned(text.to_owned()))).ok_or_else(|| format!("{text:?} is no AWS Region"))
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Address, String> {
        let shape = || format!("{text:?} is no address: write account/region/kind/name");
        let (account, rest) = match text.strip_prefix("management/") {
            Some(rest) => (Account::Management, rest),
            None => {
                let (at, _) = text.match_indices('/').nth(1).ok_or_else(shape)?;
                (text[..at].parse()?, &text[at + 1..])
            }
        };
        let mut parts = rest.splitn(3, '/');
        let mut part = || parts.next().ok_or_else(shape);
        let (region, kind, name) = (part()?, part()?, part()?);
        let name = name.parse::<Name>().map_err(|e| e.to_string())?;
        Ok(Address { account, region: region.parse()?, kind: kind.parse()?, name })
    }
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Reference, String> {
        let (account, rest) = match text.split_once(':') {
            Some((account, rest)) => (Some(account.parse()?), rest),
            None => (None, text),
        };
        let shape = || format!("{text:?} is no reference: write kind/name, such as vpc/main");
        let (kind, name) = rest.split_once('/').ok_or_else(shape)?;
        let name = name.parse::<Name>().map_err(|e| e.to_string())?;
        Ok(Reference { account, kind: kind.parse()?, name })
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for RemoteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.account, self.region, self.kind, self.name)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(account) = &self.account {
            write!(f, "{account}:")?;
        }
        write!(f, "{}/{}", self.kind, self.name)
    }
}

super::as_text!(KindName, Region, Address, Reference);

impl schemars::JsonSchema for Reference {
    fn schema_name() -> Cow<'static, str> {
        "Reference".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Another resource: `kind/name` in the same account, `account:kind/name` in another.",
            "pattern": "^([a-z0-9./-]+:)?[a-z0-9-]+/.+$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_as_they_print() {
        for text in [
            "payments/prod/us-west-2/vpc/main",
            "management/global/organizational-unit/prod",
            "payments/prod/us-west-2/ssm-parameter/landfall/network/vpc-id",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert!("payments/prod".parse::<Address>().is_err());
        assert!("payments/prod/us-west-2/vpc".parse::<Address>().is_err());
    }

    #[test]
    fn references_read_as_they_print() {
        for text in ["vpc/main", "management:organizational-unit/prod", "catalog/prod:vpc/main"] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
        assert!("main".parse::<Reference>().is_err());
    }
}
