//! Accounts, known by what they are for, never by their twelve digits.

use super::Name;
use std::fmt;
use std::str::FromStr;

/// One of the three environments of a domain, in the order in which changes reach them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Environment {
    Dev,
    Stage,
    Prod,
}

/// An AWS account of the estate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// The organization's management account; what belongs to the organization as a whole lives here.
    Management,
    /// The account of one domain and environment: `payments/prod`.
    Member { domain: Name, environment: Environment },
}

impl Environment {
    pub const ALL: [Environment; 3] = [Environment::Dev, Environment::Stage, Environment::Prod];

    pub fn as_str(self) -> &'static str {
        match self {
            Environment::Dev => "dev",
            Environment::Stage => "stage",
            Environment::Prod => "prod",
        }
    }
}

impl Account {
    /// What the management account is called in addresses; no domain may be called so.
    pub const MANAGEMENT: &'static str = "management";

    pub fn member(domain: Name, environment: Environment) -> Account {
        Account::Member { domain, environment }
    }

    /// The environment of a member account.
    pub fn environment(&self) -> Option<Environment> {
        match self {
            Account::Management => None,
            Account::Member { environment, .. } => Some(*environment),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Environment {
    type Err = String;

    fn from_str(text: &str) -> Result<Environment, String> {
        let found = Environment::ALL.into_iter().find(|e| e.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is no environment: there are dev, stage and prod"))
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Account::Management => f.pad(Account::MANAGEMENT),
            Account::Member { domain, environment } => f.pad(&format!("{domain}/{environment}")),
        }
    }
}

impl FromStr for Account {
    type Err = String;

    fn from_str(text: &str) -> Result<Account, String> {
        if text == Account::MANAGEMENT {
            return Ok(Account::Management);
        }
        let shape = || format!("{text:?} is no account: write `domain/environment`, such as payments/prod, or `management`");
        let (domain, environment) = text.split_once('/').ok_or_else(shape)?;
        let domain = domain.parse::<Name>().map_err(|e| e.to_string())?;
        Ok(Account::member(domain, environment.parse()?))
    }
}

super::as_text!(Environment, Account);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_read_as_they_print() {
        for text in ["management", "payments/prod", "catalog/dev"] {
            assert_eq!(text.parse::<Account>().unwrap().to_string(), text);
        }
        assert!("payments".parse::<Account>().unwrap_err().contains("payments/prod"));
        assert!("payments/production".parse::<Account>().unwrap_err().contains("no environment"));
    }

    #[test]
    fn changes_reach_dev_first_and_prod_last() {
        assert!(Environment::Dev < Environment::Stage && Environment::Stage < Environment::Prod);
    }
}
