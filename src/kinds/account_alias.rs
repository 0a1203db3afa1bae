//! `account-alias`: the name in the address at which people sign in to an account.

use super::setting::{self, Setting};
use super::{Kind, Scope, Tags};
use crate::aws::{CallError, Fault, Session};
use crate::model::{Change, KindName, Name, Reference};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An account's alias: an account has one, and no two accounts of AWS the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountAlias {
    /// 3 to 63 lower-case letters, digits and single hyphens; unique in all of AWS.
    #[schemars(regex(pattern = r"^[a-z0-9](([a-z0-9]|-[a-z0-9]){1,61}[a-z0-9])?$"))]
    pub alias: String,
}

impl Kind for AccountAlias {
    const NAME: KindName = KindName::new("account-alias");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str = "The name in the address at which people sign in to the account, `https://ALIAS.signin.aws.amazon.com/console`.";
    const REFERS: &'static [KindName] = &[];
    const SETTING: bool = true;
    const READS: &'static [&'static str] = &["iam:ListAccountAliases"];
    const WRITES: &'static [&'static str] = &["iam:CreateAccountAlias"];

    fn changes(live: &AccountAlias, want: &AccountAlias) -> Vec<Change> {
        let (AccountAlias { alias }, AccountAlias { alias: want_alias }) = (live, want);
        Change::of("alias", alias, want_alias).into_iter().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Setting for AccountAlias {
    async fn get(at: &Session, _: &Name) -> Result<Option<AccountAlias>, CallError> {
        let answer = at.iam().list_account_aliases().send().await?;
        Ok(answer.account_aliases().first().map(|alias| AccountAlias { alias: alias.clone() }))
    }

    // A new alias takes the place of the old one in the same call.
    async fn put(at: &Session, _: &Name, want: &AccountAlias) -> Result<(), CallError> {
        let answer = at.iam().create_account_alias().account_alias(&want.alias).send().await.map_err(CallError::from);
        answer.map(drop).map_err(|error| match error.fault {
            Fault::Exists => CallError { message: format!("the alias `{}` belongs to another AWS account", want.alias), ..error },
            _ => error,
        })
    }
}

setting::driver!(AccountAlias);
