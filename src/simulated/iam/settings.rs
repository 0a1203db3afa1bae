//! What every account has one of: its alias, and what its passwords must be like.

use super::{Iam, done};
use crate::simulated::wire::{Answer, Asked, Fault, element, fault, xml};
use std::ops::RangeInclusive;

/// How long an alias is.
const ALIAS: RangeInclusive<usize> = 3..=63;
/// What a password policy says that is not told so.
const UNLESS_TOLD: [(&str, &str); 6] = [
    ("MinimumPasswordLength", "6"),
    ("RequireSymbols", "false"),
    ("RequireNumbers", "false"),
    ("RequireUppercaseCharacters", "false"),
    ("RequireLowercaseCharacters", "false"),
    ("AllowUsersToChangePassword", "false"),
];
/// What it says only if it is told, and between which numbers.
const NUMBERS: [(&str, RangeInclusive<u32>); 3] =
    [("MinimumPasswordLength", 6..=128), ("MaxPasswordAge", 1..=1095), ("PasswordReusePrevention", 1..=24)];

impl Iam {
    pub(super) fn list_aliases(&self) -> Answer {
        let aliases: String = self.alias.iter().map(|alias| element("member", alias)).collect();
        xml(format!("<AccountAliases>{aliases}</AccountAliases>{}", element("IsTruncated", "false")))
    }

    /// Takes the place of the one before.
    pub(super) fn create_alias(&mut self, asked: &Asked) -> Answer {
        let alias = asked.text("AccountAlias");
        let fits = alias.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-');
        if !fits || !ALIAS.contains(&alias.len()) || alias.contains("--") || alias.starts_with('-') || alias.ends_with('-') {
            return fault("ValidationError", "an alias has 3 to 63 lower-case letters, digits and single hyphens");
        }
        self.alias = Some(alias);
        done()
    }

    pub(super) fn password_policy(&self) -> Answer {
        if self.passwords.is_empty() {
            return fault("NoSuchEntity", "The Password Policy with domain name cannot be found.");
        }
        let fields: String = self.passwords.iter().map(|(name, value)| element(name, value)).collect();
        let expires = element("ExpirePasswords", &self.passwords.contains_key("MaxPasswordAge").to_string());
        xml(format!("<PasswordPolicy>{fields}{expires}</PasswordPolicy>"))
    }

    /// What is not told is as it is from the start, not as it was before.
    pub(super) fn update_password_policy(&mut self, asked: &Asked) -> Answer {
        for (name, range) in NUMBERS {
            let told = asked.some(name);
            if told.is_some_and(|told| !told.parse().is_ok_and(|number| range.contains(&number))) {
                return fault("ValidationError", format!("{name} is between {} and {}", range.start(), range.end()));
            }
        }
        let others = ["MaxPasswordAge", "PasswordReusePrevention", "HardExpiry"];
        let told = others.into_iter().filter_map(|name| Some((name.to_owned(), asked.some(name)?)));
        let unless = |(name, value): (&str, &str)| (name.to_owned(), asked.some(name).unwrap_or_else(|| value.to_owned()));
        self.passwords = UNLESS_TOLD.into_iter().map(unless).chain(told).collect();
        done()
    }
}

/// Refuses an alias that some account of AWS has, and be it the caller's own: AWS answers so.
pub(in crate::simulated) fn unlike_others<'a>(asked: &Asked, mut all: impl Iterator<Item = &'a Iam>) -> Result<(), Fault> {
    let Some(alias) = asked.some("AccountAlias") else { return Ok(()) };
    if all.any(|other| other.alias.as_ref() == Some(&alias)) {
        return fault("EntityAlreadyExists", format!("The account alias {alias} already exists."));
    }
    Ok(())
}
