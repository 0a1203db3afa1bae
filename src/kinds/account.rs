//! `account`: an AWS account of the organization. Never closed or removed here: accounts are retired by a command of their own.

use super::{Kind, Scope, Tags};
use crate::model::{Change, Effect, KindName, Reference, Risk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An AWS account of the organization, found again by its email.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The email address of the account's root user: unique in all of AWS, and what the account is found by. At most 64 characters.
    pub email: String,
    /// What AWS shows as the account's name.
    pub name: String,
    /// The organizational unit that the account is in.
    pub organizational_unit: Reference,
    /// The role that AWS creates along with the account, and that lets us in. Used at creation only, and never compared.
    pub access_role: String,
    /// Found, never declared: what AWS says of an account that is not active, such as SUSPENDED.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub status: Option<String>,
}

impl Kind for Account {
    const NAME: KindName = KindName::new("account");
    const SCOPE: Scope = Scope::Membership;
    const ABOUT: &'static str = "An AWS account of the organization: created, marked, and placed in an organizational unit. Never closed by a plan.";
    const REFERS: &'static [KindName] = &[KindName::new("organizational-unit")];
    const READS: &'static [&'static str] = &[
        "organizations:ListAccountsForParent",
        "organizations:DescribeAccount",
        "organizations:ListParents",
        "organizations:ListTagsForResource",
        "organizations:ListCreateAccountStatus",
        "organizations:DescribeCreateAccountStatus",
    ];
    const WRITES: &'static [&'static str] =
        &["organizations:CreateAccount", "organizations:MoveAccount", "organizations:TagResource"];

    fn changes(live: &Account, want: &Account) -> Vec<Change> {
        let Account { email, name, organizational_unit, access_role: _, status } = live;
        let Account { email: want_email, name: want_name, organizational_unit: want_unit, access_role: _, status: want_status } = want;
        if status != want_status {
            // A closed account takes no other change, and must never be taken for one that is not there.
            let show = |status: &Option<String>| Some(status.clone().unwrap_or_else(|| "ACTIVE".to_owned()));
            return vec![Change::between("status", show(status), show(want_status)).by_hand()];
        }
        // AWS mails a code to the new address, and only who reads that mailbox can finish the change.
        let email_moves = !email.eq_ignore_ascii_case(want_email);
        let email = email_moves.then(|| Change::between("email", Some(email.clone()), Some(want_email.clone())).by_hand());
        let name = Change::of("name", name, want_name).map(Change::by_hand);
        let unit = Change::of("organizational_unit", organizational_unit, want_unit)
            .map(|change| change.concerning(Risk::Notable, "the policies of another organizational unit will apply to the whole account"));
        [email, name, unit].into_iter().flatten().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::from([self.organizational_unit.clone()])
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

super::unwritten!(Account);

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            email: "aws+payments-prod@acme.example".into(),
            name: "payments-prod".into(),
            organizational_unit: "management:organizational-unit/prod".parse().unwrap(),
            access_role: "OrganizationAccountAccessRole".into(),
            status: None,
        }
    }

    #[test]
    fn an_account_moves_in_place_and_is_renamed_by_hand() {
        let live = account();
        let mut want = Account { email: "AWS+payments-prod@acme.example".into(), access_role: "Other".into(), ..account() };
        assert_eq!(Account::changes(&live, &want), [], "addresses differ in case only, and the role is not compared");
        want.name = "payments".into();
        want.organizational_unit = "management:organizational-unit/stage".parse().unwrap();
        let effects: Vec<_> = Account::changes(&live, &want).into_iter().map(|c| (c.field, c.effect)).collect();
        assert_eq!(effects, [("name".to_owned(), Effect::ByHand), ("organizational_unit".to_owned(), Effect::InPlace)]);
    }

    #[test]
    fn a_closed_account_is_there_and_needs_a_person() {
        let live = Account { status: Some("SUSPENDED".into()), name: "old".into(), ..account() };
        let want = Change::between("status", Some("SUSPENDED".into()), Some("ACTIVE".into())).by_hand();
        assert_eq!(Account::changes(&live, &account()), [want]);
    }
}
