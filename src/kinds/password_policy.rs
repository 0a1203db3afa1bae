//! `password-policy`: what the passwords of an account's IAM users must be like.

use super::setting::{self, Setting};
use super::{Kind, Scope, Tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Change, KindName, Name, Reference, Risk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The password policy of an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordPolicy {
    /// The fewest characters.
    #[schemars(range(min = 6, max = 128))]
    pub minimum_length: u8,
    /// Whether one of them has to be a sign such as `!`.
    pub require_symbols: bool,
    /// Whether one has to be a digit.
    pub require_numbers: bool,
    /// Whether one has to be an upper-case letter.
    pub require_uppercase: bool,
    /// Whether one has to be a lower-case letter.
    pub require_lowercase: bool,
    /// Whether users may change their own.
    pub users_may_change: bool,
    /// After how many days a password has to be changed; never, when absent.
    #[schemars(range(min = 1, max = 1095))]
    pub max_age_days: Option<u16>,
    /// How many earlier passwords may not be used again.
    #[schemars(range(min = 1, max = 24))]
    pub remembered: Option<u8>,
    /// Whether a password that is too old can only be changed by an administrator.
    pub hard_expiry: bool,
}

impl Default for PasswordPolicy {
    /// Fourteen characters of four sorts, the last twenty-four not again: what the CIS AWS Foundations Benchmark asks for.
    fn default() -> PasswordPolicy {
        PasswordPolicy {
            minimum_length: 14,
            require_symbols: true,
            require_numbers: true,
            require_uppercase: true,
            require_lowercase: true,
            users_may_change: true,
            max_age_days: None,
            remembered: Some(24),
            hard_expiry: false,
        }
    }
}

impl Kind for PasswordPolicy {
    const NAME: KindName = KindName::new("password-policy");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str = "What the passwords of the account's IAM users must be like.";
    const REFERS: &'static [KindName] = &[];
    const SETTING: bool = true;
    const READS: &'static [&'static str] = &["iam:GetAccountPasswordPolicy"];
    const WRITES: &'static [&'static str] = &["iam:UpdateAccountPasswordPolicy"];

    fn changes(live: &PasswordPolicy, want: &PasswordPolicy) -> Vec<Change> {
        let (PasswordPolicy { minimum_length, require_symbols, require_numbers, require_uppercase, .. }, w) = (live, want);
        let PasswordPolicy { require_lowercase, users_may_change, max_age_days, remembered, hard_expiry, .. } = live;
        let text = |days: Option<String>| days.unwrap_or_else(|| "none".to_owned());
        let locks_out = |change: Change| change.concerning(Risk::Notable, "users whose password is too old are locked out");
        let changes = [
            Change::of("minimum_length", minimum_length, &w.minimum_length),
            Change::of("require_symbols", require_symbols, &w.require_symbols),
            Change::of("require_numbers", require_numbers, &w.require_numbers),
            Change::of("require_uppercase", require_uppercase, &w.require_uppercase),
            Change::of("require_lowercase", require_lowercase, &w.require_lowercase),
            Change::of("users_may_change", users_may_change, &w.users_may_change),
            Change::of("max_age_days", &text(max_age_days.map(|n| n.to_string())), &text(w.max_age_days.map(|n| n.to_string()))),
            Change::of("remembered", &text(remembered.map(|n| n.to_string())), &text(w.remembered.map(|n| n.to_string()))),
            Change::of("hard_expiry", hard_expiry, &w.hard_expiry).map(locks_out),
        ];
        changes.into_iter().flatten().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Setting for PasswordPolicy {
    async fn get(at: &Session, _: &Name) -> Result<Option<PasswordPolicy>, CallError> {
        let answer = or_missing(at.iam().get_account_password_policy().send().await.map_err(CallError::from))?;
        Ok(answer.and_then(|answer| answer.password_policy).map(|found| PasswordPolicy {
            minimum_length: small(found.minimum_password_length()).unwrap_or_default(),
            require_symbols: found.require_symbols(),
            require_numbers: found.require_numbers(),
            require_uppercase: found.require_uppercase_characters(),
            require_lowercase: found.require_lowercase_characters(),
            users_may_change: found.allow_users_to_change_password(),
            max_age_days: found.max_password_age().and_then(|days| u16::try_from(days).ok()).filter(|days| *days > 0),
            remembered: small(found.password_reuse_prevention()).filter(|count| *count > 0),
            hard_expiry: found.hard_expiry().unwrap_or_default(),
        }))
    }

    async fn put(at: &Session, _: &Name, want: &PasswordPolicy) -> Result<(), CallError> {
        let call = at.iam().update_account_password_policy().minimum_password_length(want.minimum_length.into());
        let call = call.require_symbols(want.require_symbols).require_numbers(want.require_numbers);
        let call = call.require_uppercase_characters(want.require_uppercase).require_lowercase_characters(want.require_lowercase);
        let call = call.allow_users_to_change_password(want.users_may_change).hard_expiry(want.hard_expiry);
        let call = call.set_max_password_age(want.max_age_days.map(i32::from));
        call.set_password_reuse_prevention(want.remembered.map(i32::from)).send().await?;
        Ok(())
    }
}

setting::driver!(PasswordPolicy);

fn small(number: Option<i32>) -> Option<u8> {
    number.and_then(|number| u8::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_none() {
        let want = PasswordPolicy { max_age_days: Some(90), hard_expiry: true, ..PasswordPolicy::default() };
        let changes = PasswordPolicy::changes(&PasswordPolicy::default(), &want);
        assert_eq!(changes[0], Change::between("max_age_days", Some("none".into()), Some("90".into())));
        assert_eq!((changes.len(), changes[1].concern.is_some()), (2, true));
    }
}
