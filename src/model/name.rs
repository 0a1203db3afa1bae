//! Names: what people call things, checked once, at the door.

use std::fmt;
use std::str::FromStr;

/// The most characters a name may have: a tag value holds 256, and an address is five of these parts.
const LONGEST: usize = 128;

/// A name of a domain, team, resource or module: 1 to 128 of `A-Z a-z 0-9 . _ - /`, not beginning or ending with `/`.
///
/// Everything in it is legal in an AWS tag value, a GitHub secret's environment and a terminal, so that nothing needs quoting later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Why a text is no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadName {
    Empty,
    TooLong(usize),
    Character(char),
    Slash,
}

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Name, BadName> {
        let allowed = |c: &char| c.is_ascii_alphanumeric() || "._-/".contains(*c);
        if text.is_empty() {
            return Err(BadName::Empty);
        }
        if text.len() > LONGEST {
            return Err(BadName::TooLong(text.len()));
        }
        if let Some(c) = text.chars().find(|c| !allowed(c)) {
            return Err(BadName::Character(c));
        }
        if text.starts_with('/') || text.ends_with('/') {
            return Err(BadName::Slash);
        }
        Ok(Name(text.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadName::Empty => f.write_str("a name may not be empty"),
            BadName::TooLong(length) => write!(f, "a name has at most {LONGEST} characters, this one has {length}"),
            BadName::Character(c) => write!(f, "a name holds letters, digits and `. _ - /`, not {c:?}"),
            BadName::Slash => f.write_str("a name neither begins nor ends with `/`"),
        }
    }
}

impl std::error::Error for BadName {}

super::as_text!(Name);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_at_the_door() {
        let bad = |text: &str| text.parse::<Name>().unwrap_err().to_string();
        assert_eq!("landfall/network/vpc-id".parse::<Name>().unwrap().as_str(), "landfall/network/vpc-id");
        assert_eq!(bad(""), "a name may not be empty");
        assert_eq!(bad("a b"), "a name holds letters, digits and `. _ - /`, not ' '");
        assert_eq!(bad("a\u{202e}"), "a name holds letters, digits and `. _ - /`, not '\\u{202e}'");
        assert_eq!(bad("/a"), "a name neither begins nor ends with `/`");
        assert_eq!(bad(&"x".repeat(129)), "a name has at most 128 characters, this one has 129");
    }
}
