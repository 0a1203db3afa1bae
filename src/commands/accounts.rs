//! Which accounts a command is for: `--domain` and `--account`, the same wherever they are taken.

use super::Failure;
use crate::cloud::Selection;
use crate::model::{Account, Name};
use crate::plan::Desired;

#[derive(Debug, clap::Args)]
pub struct AccountArgs {
    /// Only the accounts of this domain (repeatable)
    #[arg(long, value_name = "NAME")]
    domain: Vec<Name>,
    /// Only this account, such as payments/prod (repeatable)
    #[arg(long, value_name = "DOMAIN/ENVIRONMENT")]
    account: Vec<Account>,
}

impl AccountArgs {
    /// The accounts asked for; all, when none in particular.
    ///
    /// # Errors
    /// A domain or an account that the files don't know.
    pub fn select(&self, desired: &Desired) -> Result<Selection, Failure> {
        if self.domain.is_empty() && self.account.is_empty() {
            return Ok(Selection(None));
        }
        let members = &desired.estate.members;
        let is_of = |account: &Account, name: &Name| matches!(account, Account::Member { domain, .. } if domain == name);
        if let Some(unknown) = self.domain.iter().find(|name| !members.keys().any(|account| is_of(account, name))) {
            return Err(Failure::new("no such domain", format!("{unknown} is not among the domains of the file")));
        }
        if let Some(unknown) = self.account.iter().find(|account| !members.contains_key(account)) {
            return Err(Failure::new("no such account", format!("{unknown} is not among the accounts of the file")));
        }
        let wanted = |account: &&Account| self.account.contains(account) || self.domain.iter().any(|name| is_of(account, name));
        Ok(Selection(Some(members.keys().filter(wanted).cloned().collect())))
    }
}
