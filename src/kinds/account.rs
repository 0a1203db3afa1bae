//! `account`: an AWS account of the organization. Closed only when the files retire it.

use super::{ADDRESS_TAG, Driver, Kind, Scope, Seen, Tags, organization, tags};
use crate::aws::{CallError, Fault, Session, Wait, or_missing, until};
use crate::model::limits::{ACCOUNT_CLOSURES, ACCOUNT_CREATIONS};
use crate::model::{self, Address, Change, Effect, KindName, Reference, Region, RemoteId, Risk};
use aws_sdk_organizations::types::{
    Account as Found, AccountState, CreateAccountFailureReason as Why, CreateAccountState, CreateAccountStatus, Tag,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// AWS makes an account in minutes, and promises nothing.
const WAIT: Wait = Wait { first_pause: Duration::from_millis(500), limit: Duration::from_secs(1800) };

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
    const ABOUT: &'static str = "An AWS account of the organization: created, marked, and placed in an organizational unit. Closed only when the files retire it.";
    const REFERS: &'static [KindName] = &[KindName::new("organizational-unit")];
    const READS: &'static [&'static str] = &[
        "organizations:ListRoots",
        "organizations:ListOrganizationalUnitsForParent",
        "organizations:ListAccountsForParent",
        "organizations:DescribeAccount",
        "organizations:ListParents",
        "organizations:ListTagsForResource",
        "organizations:ListCreateAccountStatus",
        "organizations:DescribeCreateAccountStatus",
    ];
    const WRITES: &'static [&'static str] =
        &["organizations:CreateAccount", "organizations:MoveAccount", "organizations:TagResource", "organizations:CloseAccount", "account:PutAccountName"];

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
        let name = Change::of("name", name, want_name);
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

impl Driver for Account {
    /// All accounts of the organization. None has a name: whoever knows the declared emails tells which account is which.
    async fn read(at: &Session) -> Result<Vec<Seen<Account>>, CallError> {
        let root = organization::root(at).await?;
        let units = organization::units(at, &root).await?;
        let mut seen = Vec::new();
        for parent in units.iter().map(|unit| &unit.id).chain([&root]) {
            let mut pages = at.organizations().list_accounts_for_parent().parent_id(parent).into_paginator().send();
            while let Some(page) = pages.next().await {
                seen.extend(page?.accounts().iter().filter_map(|found| see(at, found, parent)));
            }
        }
        Ok(seen)
    }

    /// The account whose id the directory knows: an address alone doesn't tell the email.
    async fn find(at: &Session, address: &Address) -> Result<Option<Seen<Account>>, CallError> {
        let Some(id) = at.directory().id(address) else { return Ok(None) };
        let call = at.organizations().describe_account().account_id(id.as_str());
        let Some(answer) = or_missing(call.send().await.map_err(CallError::from))? else { return Ok(None) };
        let parent = parent(at, &id).await?;
        let seen = answer.account().filter(|found| !is_closed(found)).and_then(|found| see(at, found, &parent));
        Ok(seen.map(|seen| Seen { name: Some(address.name.clone()), ..seen }))
    }

    async fn create(at: &Session, address: &Address, want: &Account) -> Result<RemoteId, CallError> {
        // Held until the account is there, or not: the next one would be refused rather than queued.
        let _room = at.one_of(&ACCOUNT_CREATIONS).await;
        // A run that was killed may have asked for it already, and asking twice makes the first answer hard to find.
        let request = match under_way(at, want).await? {
            Some(request) => request,
            None => ask(at, address, want).await?,
        };
        let id = match made(at, request).await? {
            Made::Account(id) => id,
            Made::EmailTaken => take(at, address, want).await?,
        };
        place(at, &id, want).await?;
        Ok(id)
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &Account, changes: &[Change]) -> Result<(), CallError> {
        if changes.iter().any(|change| change.field == "name") {
            let call = at.accounts().put_account_name().account_id(id.as_str()).account_name(&want.name);
            call.send().await.map_err(|error| untrusted(error.into()))?;
        }
        place(at, id, want).await
    }

    /// Closes it. AWS limits how many accounts of an organization are closed in 30 days, and says so when it is one too many.
    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &Account) -> Result<(), CallError> {
        let _room = at.one_of(&ACCOUNT_CLOSURES).await;
        match at.organizations().close_account().account_id(id.as_str()).send().await.map_err(CallError::from) {
            Err(error) if error.code.as_deref() == Some("AccountAlreadyClosedException") => Ok(()),
            closed => or_missing(closed).map(drop),
        }
    }
}

/// How a request for an account ended.
enum Made {
    Account(RemoteId),
    EmailTaken,
}

/// The account with an email, in whatever case it is written.
///
/// # Errors
/// Those of walking the organization.
pub async fn find_by_email(at: &Session, email: &str) -> Result<Option<Seen<Account>>, CallError> {
    Ok(Account::read(at).await?.into_iter().find(|seen| seen.spec.email.eq_ignore_ascii_case(email)))
}

/// The address that an account's mark gives it, whichever account it is.
///
/// # Errors
/// Those of `organizations:ListTagsForResource`.
pub async fn mark(at: &Session, id: &RemoteId) -> Result<Option<Address>, CallError> {
    let mut pages = at.organizations().list_tags_for_resource().resource_id(id.as_str()).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page?;
        if let Some(tag) = page.tags().iter().find(|tag| tag.key() == ADDRESS_TAG) {
            return Ok(tag.value().parse().ok());
        }
    }
    Ok(None)
}

/// Our tags as those of Organizations.
pub(super) fn written(tags: &Tags) -> Result<Vec<Tag>, CallError> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect::<Result<_, _>>().map_err(|error| CallError::refused("organizations:TagResource", error.to_string()))
}

fn see(at: &Session, found: &Found, parent: &str) -> Option<Seen<Account>> {
    let unit = at.reference(&KindName::new("organizational-unit"), parent)?;
    let spec = Account {
        email: found.email().unwrap_or_default().to_owned(),
        name: found.name().unwrap_or_default().to_owned(),
        organizational_unit: Reference { account: Some(model::Account::Management), ..unit },
        access_role: String::new(),
        status: status(found),
    };
    Some(Seen { id: found.id()?.into(), name: None, spec })
}

/// Whether an account is closed or about to be: whoever looks for one to work with or to close finds none.
fn is_closed(found: &Found) -> bool {
    status(found).is_some_and(|state| ["SUSPENDED", "PENDING_CLOSURE", "CLOSED"].contains(&state.as_str()))
}

/// The state of an account that is not active. `Status` is what `State` was called before; older endpoints answer with it alone.
fn status(found: &Found) -> Option<String> {
    let state = found.state().map(AccountState::as_str);
    let state = state.or_else(|| found.status().map(|status| status.as_str()));
    state.filter(|state| *state != AccountState::Active.as_str()).map(str::to_owned)
}

async fn under_way(at: &Session, want: &Account) -> Result<Option<CreateAccountStatus>, CallError> {
    let mut pages = at.organizations().list_create_account_status().states(CreateAccountState::InProgress).into_paginator().send();
    while let Some(page) = pages.next().await {
        let requests = page?.create_account_statuses.unwrap_or_default();
        if let Some(request) = requests.into_iter().find(|request| request.account_name() == Some(&want.name)) {
            return Ok(Some(request));
        }
    }
    Ok(None)
}

async fn ask(at: &Session, address: &Address, want: &Account) -> Result<CreateAccountStatus, CallError> {
    let call = at.organizations().create_account().email(&want.email).account_name(&want.name).role_name(&want.access_role);
    let answer = call.set_tags(Some(written(&tags::marked(address, &Tags::new()))?)).send().await?;
    answer.create_account_status.ok_or_else(|| CallError::refused("organizations:CreateAccount", "the answer holds no request"))
}

/// Waits until AWS has made the account, or says why it will not.
async fn made(at: &Session, request: CreateAccountStatus) -> Result<Made, CallError> {
    let id = request.id.clone().unwrap_or_default();
    let mut first = Some(request);
    until(&format!("the creation of the account (request {id})"), WAIT, async || {
        let status = match first.take() {
            Some(status) => Some(status),
            None => {
                let answer = at.organizations().describe_create_account_status().create_account_request_id(&id).send().await?;
                answer.create_account_status
            }
        };
        status.as_ref().map_or(Ok(None), ended)
    })
    .await
}

fn ended(status: &CreateAccountStatus) -> Result<Option<Made>, CallError> {
    match (status.state(), status.account_id(), status.failure_reason()) {
        (Some(CreateAccountState::Succeeded), Some(id), _) => Ok(Some(Made::Account(id.into()))),
        (Some(CreateAccountState::Failed), _, Some(Why::EmailAlreadyExists)) => Ok(Some(Made::EmailTaken)),
        (Some(CreateAccountState::Failed), _, why) => {
            let why = why.map_or("AWS gives no reason", Why::as_str);
            Err(CallError::refused("organizations:CreateAccount", format!("AWS did not make the account: {why}")))
        }
        _ => Ok(None),
    }
}

/// The account that an earlier attempt made under this email, if it is in the organization and nobody else's.
async fn take(at: &Session, address: &Address, want: &Account) -> Result<RemoteId, CallError> {
    let refused = |why: String| CallError::refused("organizations:CreateAccount", why);
    let Some(seen) = find_by_email(at, &want.email).await? else {
        return Err(refused(format!("{} belongs to an AWS account outside of the organization", want.email)));
    };
    if let Some(status) = seen.spec.status {
        return Err(refused(format!("{} belongs to account {}, which is {status}", want.email, seen.id)));
    }
    match mark(at, &seen.id).await? {
        Some(owner) if owner == *address => {}
        Some(owner) => return Err(refused(format!("{} belongs to account {}, which is marked as {owner}", want.email, seen.id))),
        None => {
            let marks = written(&tags::marked(address, &Tags::new()))?;
            at.organizations().tag_resource().resource_id(seen.id.as_str()).set_tags(Some(marks)).send().await?;
        }
    }
    Ok(seen.id)
}

/// Moves the account from wherever it is to its unit.
async fn place(at: &Session, id: &RemoteId, want: &Account) -> Result<(), CallError> {
    let target = at.id_of(&want.organizational_unit, Region::GLOBAL)?;
    let source = parent(at, id).await?;
    if source != target.as_str() {
        let call = at.organizations().move_account().account_id(id.as_str());
        call.source_parent_id(source).destination_parent_id(target.as_str()).send().await?;
    }
    Ok(())
}

async fn parent(at: &Session, id: &RemoteId) -> Result<String, CallError> {
    let answer = at.organizations().list_parents().child_id(id.as_str()).send().await?;
    let parent = answer.parents().first().and_then(|parent| parent.id()).map(str::to_owned);
    parent.ok_or_else(|| CallError::refused("organizations:ListParents", format!("account {id} has no parent")))
}

/// What AWS says when it may not be allowed to act in the organization's name, with what to do about it. It is the one call that asks for
/// trusted access: all others about an account are made within it.
fn untrusted(error: CallError) -> CallError {
    if !error.is(Fault::Denied) {
        return error;
    }
    let message = format!(
        "{}; renaming takes `account:PutAccountName`, and trusted access, enabled once by `aws organizations enable-aws-service-access \
         --service-principal account.amazonaws.com`",
        error.message
    );
    CallError { message, ..error }
}

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
    fn a_rename_that_is_not_allowed_is_told_with_what_allows_it() {
        let denied = CallError { fault: Fault::Denied, ..CallError::refused("account:PutAccountName", "no") };
        let told = untrusted(denied).message;
        assert!(told.starts_with("no; ") && told.contains("enable-aws-service-access --service-principal account.amazonaws.com"), "{told}");
        assert_eq!(untrusted(CallError::refused("account:PutAccountName", "no")).message, "no");
    }

    #[test]
    fn an_account_moves_and_is_renamed_in_place() {
        let live = account();
        let mut want = Account { email: "AWS+payments-prod@acme.example".into(), access_role: "Other".into(), ..account() };
        assert_eq!(Account::changes(&live, &want), [], "addresses differ in case only, and the role is not compared");
        want.name = "payments".into();
        want.organizational_unit = "management:organizational-unit/stage".parse().unwrap();
        let effects: Vec<_> = Account::changes(&live, &want).into_iter().map(|c| (c.field, c.effect)).collect();
        assert_eq!(effects, [("name".to_owned(), Effect::InPlace), ("organizational_unit".to_owned(), Effect::InPlace)]);
    }

    #[test]
    fn a_closed_account_is_there_and_needs_a_person() {
        let live = Account { status: Some("SUSPENDED".into()), name: "old".into(), ..account() };
        let want = Change::between("status", Some("SUSPENDED".into()), Some("ACTIVE".into())).by_hand();
        assert_eq!(Account::changes(&live, &account()), [want]);
    }
}
