//! Which repository, which commit: checked at the door, so that neither can lead a request elsewhere.

use std::fmt;
use std::str::FromStr;

/// A repository at GitHub: `owner/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Repository {
    owner: String,
    name: String,
}

impl Repository {
    /// Its path in the interface.
    pub fn path(&self) -> String {
        format!("/repos/{}/{}", self.owner, self.name)
    }

    pub fn owner(&self) -> &str {
        &self.owner
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for Repository {
    type Err = String;

    fn from_str(text: &str) -> Result<Repository, String> {
        let legal = |part: &str| {
            let plain = part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            !part.is_empty() && plain && !part.chars().all(|c| c == '.')
        };
        match text.split_once('/') {
            Some((owner, name)) if legal(owner) && legal(name) => Ok(Repository { owner: owner.to_owned(), name: name.to_owned() }),
            _ => Err("a repository is written owner/name, such as acme/infra".to_owned()),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// Whether a text is the full name of a commit: 40 hexadecimal digits, or 64 in repositories that use SHA-256.
pub fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_repository_leads_elsewhere() {
        assert_eq!("acme/infra.live".parse::<Repository>().unwrap().path(), "/repos/acme/infra.live");
        for text in ["", "acme", "acme/", "/infra", "acme/infra/x", "acme/..", "acme/in fra", "acme/infra?x", "a%2e/b"] {
            assert!(text.parse::<Repository>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_commit_is_named_in_full() {
        assert!(is_commit(&"a1".repeat(20)) && is_commit(&"0f".repeat(32)));
        assert!(!is_commit("main") && !is_commit(&"A1".repeat(20)) && !is_commit(&"a".repeat(41)));
    }
}
