//! `account`: the AWS account of one domain and environment. Created and placed here; never closed here.

use super::{ADDRESS_TAG, Driver, Kind, OrganizationalUnit, Scope, Seen, Tags, organizations};
use crate::aws::{AwsError, Session, Wait, or_exists, until};
use crate::model::{Account as Owner, Address, Change, KindName, Reference, Region, RemoteId, Risk};
use aws_sdk_organizations::types::{Account as Found, AccountStatus, CreateAccountFailureReason, CreateAccountState, CreateAccountStatus};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// AWS publishes no time for account creation; minutes are usual. `DescribeCreateAccountStatus` allows 2 calls a second.
const CREATION: Wait = Wait { first_pause: Duration::from_millis(500), limit: Duration::from_secs(1800) };

/// An AWS account of the organization.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The root user's email: unique in all of AWS, and what the account is found by. At most 64 characters.
    pub email: String,
    /// The account's name in the console. At most 50 characters.
    pub name: String,
    /// The unit that the account is in.
    pub organizational_unit: Reference,
    /// The role that is made with the account and lets the management account in. Used at creation only.
    #[serde(default = "default_role")]
    pub access_role: String,
    /// Whether AWS says `ACTIVE`. Never declared; a suspended account is shown and left alone.
    #[serde(skip)]
    #[schemars(skip)]
    pub suspended: bool,
}

/// The name that AWS gives the role when none is asked for.
fn default_role() -> String {
    "OrganizationAccountAccessRole".to_owned()
}

impl Account {
    /// Whether the account can be worked in.
    pub fn is_active(&self) -> bool {
        !self.suspended
    }
}

impl Kind for Account {
    const NAME: KindName = KindName::new("account");
    const SCOPE: Scope = Scope::Membership;
    const ABOUT: &'static str = "An AWS account: the home and blast radius of one domain in one environment.";
    const REFERS: &'static [KindName] = &[OrganizationalUnit::NAME];
    const READS: &'static [&'static str] = &[
        "organizations:ListAccountsForParent",
        "organizations:ListTagsForResource",
        "organizations:ListCreateAccountStatus",
        "organizations:DescribeCreateAccountStatus",
        "organizations:DescribeAccount",
        "organizations:ListParents",
    ];
    const WRITES: &'static [&'static str] = &["organizations:CreateAccount", "organizations:MoveAccount"];

    fn changes(live: &Account, want: &Account) -> Vec<Change> {
        // `access_role` exists only in the creating call; nothing tells afterwards which one it was.
        let Account { email, name, organizational_unit, access_role: _, suspended } = live;
        let status = (*suspended && !want.suspended).then(|| {
            let (before, after) = (Some("suspended".to_owned()), Some("active".to_owned()));
            Change::between("status", before, after).by_hand().concerning(Risk::Dangerous, "AWS has suspended this account")
        });
        let (live_email, want_email) = (email.to_lowercase(), want.email.to_lowercase());
        let email = Change::of("email", &live_email, &want_email).map(Change::by_hand);
        let name = Change::of("name", name, &want.name).map(Change::by_hand);
        let unit = Change::of("organizational_unit", organizational_unit, &want.organizational_unit)
            .map(|change| change.concerning(Risk::Notable, "other policies apply in another unit"));
        status.into_iter().chain(email).chain(name).chain(unit).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::from([self.organizational_unit.clone()])
    }

    fn rebind(&self, _: &Reference) -> crate::model::Effect {
        crate::model::Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Driver for Account {
    /// All accounts of the organization, by walking the tree: the only listing that also tells where an account is.
    async fn read(at: &Session) -> Result<Vec<Seen<Account>>, AwsError> {
        let mut seen = of_parent(at, &organizations::root(at).await?, &root_reference()).await?;
        for unit in organizations::units(at).await? {
            if let Some(reference) = unit_reference(&unit.name) {
                seen.extend(of_parent(at, &unit.id, &reference).await?);
            }
        }
        Ok(seen)
    }

    /// One account by its id, if the directory knows it: the walk is dear, and there are many accounts to find.
    async fn find(at: &Session, address: &Address) -> Result<Option<Seen<Account>>, AwsError> {
        let Some(id) = at.directory().id(address) else { return Ok(None) };
        let answer = at.organizations().describe_account().account_id(id.as_str()).send().await?;
        let Some(found) = answer.account() else { return Ok(None) };
        let parent = parent(at, &id).await?;
        Ok(see(found, &parent_reference(at, &parent)).map(|seen| Seen { name: Some(address.name.clone()), ..seen }))
    }

    async fn create(at: &Session, address: &Address, want: &Account) -> Result<RemoteId, AwsError> {
        let id = match ended(at, request(at, address, want).await?).await? {
            Ok(id) => id,
            // Made by an earlier run whose answer got lost: the email is the key by which nothing is made twice.
            Err(CreateAccountFailureReason::EmailAlreadyExists) => find_by_email(at, &want.email).await?.ok_or_else(|| {
                AwsError::refused("organizations:CreateAccount", format!("{} belongs to an account outside this organization", want.email))
            })?,
            Err(reason) => return Err(AwsError::refused("organizations:CreateAccount", format!("AWS says {}", reason.as_str()))),
        };
        place(at, &id, want).await?;
        Ok(id)
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &Account, _: &[Change]) -> Result<(), AwsError> {
        place(at, id, want).await
    }

    async fn delete(_: &Session, _: &Address, _: &RemoteId, _: &Account) -> Result<(), AwsError> {
        Err(AwsError::refused("organizations:CloseAccount", "accounts are never closed by a plan"))
    }
}

/// The address in an account's mark: for accounts whose email nobody declares.
///
/// # Errors
/// Those of `organizations:ListTagsForResource`.
pub async fn mark(at: &Session, id: &RemoteId) -> Result<Option<Address>, AwsError> {
    let mut tags = at.organizations().list_tags_for_resource().resource_id(id.as_str()).into_paginator().items().send();
    while let Some(tag) = tags.next().await {
        let tag = tag?;
        if tag.key() == ADDRESS_TAG {
            return Ok(tag.value().parse::<Address>().ok().filter(|address| address.kind == Account::NAME));
        }
    }
    Ok(None)
}

/// The creation to wait for: one that an earlier run began, or a new one.
async fn request(at: &Session, address: &Address, want: &Account) -> Result<CreateAccountStatus, AwsError> {
    let pending = at.organizations().list_create_account_status().states(CreateAccountState::InProgress);
    let mut pages = pending.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page?;
        if let Some(status) = page.create_account_statuses().iter().find(|status| status.account_name() == Some(&want.name)) {
            return Ok(status.clone());
        }
    }
    let call = at.organizations().create_account().email(&want.email).account_name(&want.name).role_name(&want.access_role);
    let answer = call.set_tags(Some(organizations::marks(address)?)).send().await?;
    answer.create_account_status.ok_or_else(|| AwsError::refused("organizations:CreateAccount", "the answer holds no status"))
}

/// Waits until a creation has ended: the new account's id, or why there is none.
async fn ended(at: &Session, status: CreateAccountStatus) -> Result<Result<RemoteId, CreateAccountFailureReason>, AwsError> {
    let request = status.id().unwrap_or_default().to_owned();
    let mut latest = Some(status);
    until("the creation of the account", CREATION, async || {
        let status = match latest.take() {
            Some(status) => Some(status),
            None => {
                let answer = at.organizations().describe_create_account_status().create_account_request_id(&request).send().await?;
                answer.create_account_status
            }
        };
        let Some(status) = status else { return Ok(None) };
        Ok(match (status.state(), status.account_id(), status.failure_reason()) {
            (Some(CreateAccountState::Succeeded), Some(id), _) => Some(Ok(id.into())),
            (Some(CreateAccountState::Failed), _, Some(reason)) => Some(Err(reason.clone())),
            (Some(CreateAccountState::Failed), _, None) => Some(Err(CreateAccountFailureReason::InternalFailure)),
            _ => None,
        })
    })
    .await
}

/// Moves an account into its unit, from wherever it is.
async fn place(at: &Session, id: &RemoteId, want: &Account) -> Result<(), AwsError> {
    let unit = at.id_of(&want.organizational_unit, Region::GLOBAL)?;
    let from = parent(at, id).await?;
    if from == unit {
        return Ok(());
    }
    let call = at.organizations().move_account().account_id(id.as_str()).source_parent_id(from.as_str());
    or_exists(call.destination_parent_id(unit.as_str()).send().await.map_err(AwsError::from)).map(drop)
}

async fn parent(at: &Session, id: &RemoteId) -> Result<RemoteId, AwsError> {
    let none = || AwsError::missing("organizations:ListParents", format!("account {id} has no parent (yet)"));
    let mut pages = at.organizations().list_parents().child_id(id.as_str()).into_paginator().send();
    let page = pages.next().await.ok_or_else(none)??;
    page.parents().first().and_then(|parent| parent.id()).map(RemoteId::from).ok_or_else(none)
}

async fn find_by_email(at: &Session, email: &str) -> Result<Option<RemoteId>, AwsError> {
    let all = Account::read(at).await?;
    Ok(all.into_iter().find(|seen| seen.spec.email.eq_ignore_ascii_case(email)).map(|seen| seen.id))
}

async fn of_parent(at: &Session, id: &RemoteId, unit: &Reference) -> Result<Vec<Seen<Account>>, AwsError> {
    let mut pages = at.organizations().list_accounts_for_parent().parent_id(id.as_str()).into_paginator().send();
    let mut seen = Vec::new();
    while let Some(page) = pages.next().await {
        seen.extend(page?.accounts().iter().filter_map(|found| see(found, unit)));
    }
    Ok(seen)
}

fn see(found: &Found, unit: &Reference) -> Option<Seen<Account>> {
    let suspended = matches!(found.status(), Some(AccountStatus::Suspended | AccountStatus::PendingClosure));
    let spec = Account {
        email: found.email()?.to_owned(),
        name: found.name().unwrap_or_default().to_owned(),
        organizational_unit: unit.clone(),
        access_role: default_role(),
        suspended,
    };
    Some(Seen { id: found.id()?.into(), name: None, spec })
}

/// How a spec names the unit with this id; the root where the directory does not know it.
fn parent_reference(at: &Session, id: &RemoteId) -> Reference {
    let known = at.reference(&OrganizationalUnit::NAME, id.as_str()).filter(|_| id.as_str().starts_with("ou-"));
    known.map_or_else(root_reference, |reference| Reference { account: Some(Owner::Management), ..reference })
}

fn unit_reference(name: &str) -> Option<Reference> {
    let name = name.parse().ok()?;
    Some(Reference { account: Some(Owner::Management), kind: OrganizationalUnit::NAME, name })
}

/// The root is no unit that a file could name, so it can't be mistaken for one: no unit's reference lacks the account.
fn root_reference() -> Reference {
    Reference::here(OrganizationalUnit::NAME, "root".parse().expect("`root` is a name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Effect;

    fn account(unit: &str) -> Account {
        Account {
            email: "aws+payments-prod@acme.example".into(),
            name: "payments-prod".into(),
            organizational_unit: format!("management:organizational-unit/{unit}").parse().unwrap(),
            access_role: default_role(),
            suspended: false,
        }
    }

    #[test]
    fn an_account_moves_but_its_email_and_name_are_for_people() {
        let live = account("dev");
        assert_eq!(Account::changes(&live, &live), []);
        assert_eq!(Account::changes(&live, &account("prod"))[0].effect, Effect::InPlace);
        let renamed = Account { email: "other@acme.example".into(), name: "other".into(), ..live.clone() };
        assert!(Account::changes(&live, &renamed).iter().all(|change| change.effect == Effect::ByHand));
        let shouting = Account { email: live.email.to_uppercase(), ..live.clone() };
        assert_eq!(Account::changes(&shouting, &live), [], "emails are the same in either case");
    }

    #[test]
    fn the_root_is_no_unit() {
        let in_root = Account { organizational_unit: root_reference(), ..account("prod") };
        assert_eq!(Account::changes(&in_root, &account("root")).len(), 1);
    }
}
