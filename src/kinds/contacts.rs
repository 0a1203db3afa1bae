//! What the kinds of Systems Manager contacts share. AWS keeps persons, on-call schedules and escalation plans as one thing, a contact
//! with an alias; here they are three kinds, since they hold different things.

use crate::aws::{CallError, Fault, Session, or_missing};
use crate::model::{Address, KindName, Name, Reference, Region, RemoteId};
use aws_sdk_ssmcontacts::operation::get_contact::GetContactOutput;
use aws_sdk_ssmcontacts::types::{ContactType, Plan, Tag};
use futures::future::try_join_all;

/// The mark of ours. The keys of this service's tags take no colon, so it is not the one that everything else carries.
const MARK: &str = "landfall/address";

/// Calls at once. One after the other, an organization of a few hundred people takes minutes to read; AWS publishes no limit.
const AT_ONCE: usize = 8;

/// A contact as listed.
pub(super) struct Listed {
    pub id: RemoteId,
    pub alias: String,
    pub display_name: String,
}

/// What keeps a text from being a name that AWS shows: it takes letters, digits, spaces, `_`, `.` and `-` here.
pub(super) fn shown(text: &str) -> String {
    let fits = |sign: char| sign.is_alphanumeric() || "_.- ".contains(sign);
    text.chars().map(|sign| if fits(sign) { sign } else { '-' }).collect()
}

/// All contacts of a type, strangers' too. One call for a thousand.
pub(super) async fn listed(at: &Session, of: ContactType) -> Result<Vec<Listed>, CallError> {
    let mut pages = at.ssmcontacts().list_contacts().r#type(of).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        all.extend(page?.contacts().iter().map(|found| Listed {
            id: found.contact_arn().into(),
            alias: found.alias().to_owned(),
            display_name: found.display_name().unwrap_or_default().to_owned(),
        }));
    }
    Ok(all)
}

/// Each of these with what a call says of it, some calls at a time.
pub(super) async fn each<'a, T, R, F: Future<Output = Result<R, CallError>>>(
    all: &'a [T],
    call: impl Fn(&'a T) -> F,
) -> Result<Vec<(&'a T, R)>, CallError> {
    let mut answers = Vec::new();
    for some in all.chunks(AT_ONCE) {
        answers.extend(some.iter().zip(try_join_all(some.iter().map(&call)).await?));
    }
    Ok(answers)
}

/// The name that a resource's mark gives it, if it is ours and of this kind. None for what has gone since it was listed.
pub(super) async fn owner(at: &Session, kind: &KindName, id: &str) -> Result<Option<Name>, CallError> {
    let call = at.ssmcontacts().list_tags_for_resource().resource_arn(id).send().await;
    let Some(answer) = or_missing(call.map_err(CallError::from))? else { return Ok(None) };
    let mark = answer.tags().iter().find(|tag| tag.key() == Some(MARK)).and_then(|tag| tag.value()?.parse::<Address>().ok());
    Ok(mark.filter(|mark| mark.account == *at.account() && mark.kind == *kind).map(|mark| mark.name))
}

/// The mark, for creating calls.
pub(super) fn mark(address: &Address) -> Tag {
    Tag::builder().key(MARK).value(address.to_string()).build()
}

/// Our contacts of a type, each with its plan; and strangers without.
pub(super) async fn whole(at: &Session, kind: &KindName, of: ContactType) -> Result<Vec<(Listed, Option<(Name, Plan)>)>, CallError> {
    let all = listed(at, of).await?;
    let answers = each(&all, async |one: &Listed| match owner(at, kind, one.id.as_str()).await? {
        Some(name) if name.as_str() == one.alias => Ok(plan(at, &one.id).await?.map(|plan| (name, plan))),
        _ => Ok(None),
    });
    let found: Vec<_> = answers.await?.into_iter().map(|(_, found)| found).collect();
    Ok(all.into_iter().zip(found).collect())
}

/// The plan of a contact. None when it is gone.
pub(super) async fn plan(at: &Session, id: &RemoteId) -> Result<Option<Plan>, CallError> {
    let answer = or_missing(at.ssmcontacts().get_contact().contact_id(id.as_str()).send().await.map_err(CallError::from))?;
    Ok(answer.and_then(|answer: GetContactOutput| answer.plan))
}

/// Makes a contact under its alias, or finds that an earlier attempt did.
pub(super) async fn create(
    at: &Session,
    address: &Address,
    (of, display_name): (ContactType, &str),
    plan: Plan,
) -> Result<RemoteId, CallError> {
    let call = at.ssmcontacts().create_contact().alias(address.name.as_str()).r#type(of.clone()).plan(plan).tags(mark(address));
    let call = call.set_display_name(Some(shown(display_name)).filter(|text| !text.is_empty()));
    match call.send().await.map_err(CallError::from) {
        Ok(answer) => Ok(answer.contact_arn().into()),
        Err(error) if is_conflict(&error) => taken(at, address, of).await,
        Err(error) => Err(error),
    }
}

/// The contact that holds the alias, if it is ours.
async fn taken(at: &Session, address: &Address, of: ContactType) -> Result<RemoteId, CallError> {
    let refused = || {
        let why = format!("the alias {} belongs to a contact that is not Landfall's", address.name);
        CallError::refused("ssm-contacts:CreateContact", why)
    };
    let all = listed(at, of).await?;
    let same = all.into_iter().find(|one| one.alias == address.name.as_str()).ok_or_else(refused)?;
    match owner(at, &address.kind, same.id.as_str()).await? {
        Some(name) if name == address.name => Ok(same.id),
        _ => Err(refused()),
    }
}

/// Gives a contact its name and plan anew.
pub(super) async fn update(at: &Session, id: &RemoteId, display_name: Option<&str>, plan: Option<Plan>) -> Result<(), CallError> {
    let call = at.ssmcontacts().update_contact().contact_id(id.as_str()).set_plan(plan);
    call.set_display_name(display_name.map(shown)).send().await?;
    Ok(())
}

/// Removes a contact. What still names it is removed by an earlier step, which AWS may not have noticed yet.
pub(super) async fn delete(at: &Session, id: &RemoteId) -> Result<(), CallError> {
    gone(at.ssmcontacts().delete_contact().contact_id(id.as_str()).send().await.map_err(CallError::from))
}

/// A delete's answer: gone already is as good, and what is in use is tried again.
pub(super) fn gone<T>(result: Result<T, CallError>) -> Result<(), CallError> {
    let busy = |error: CallError| if is_conflict(&error) { CallError { fault: Fault::Busy, ..error } } else { error };
    or_missing(result.map_err(busy)).map(drop)
}

/// Whether the service says that something is there already, or in use.
pub(super) fn is_conflict(error: &CallError) -> bool {
    error.code.as_deref() == Some("ConflictException")
}

/// The ids of what a spec names.
pub(super) fn ids<'a>(at: &Session, named: impl IntoIterator<Item = &'a Reference>) -> Result<Vec<String>, CallError> {
    named.into_iter().map(|reference| Ok(at.id_of(reference, Region::GLOBAL)?.0)).collect()
}

/// The name behind an ARN that may be of any of these kinds; a stranger, whose ARN is no name, is called what it is.
pub(super) fn named(at: &Session, kinds: &[KindName], id: &str) -> Reference {
    let known = kinds.iter().find_map(|kind| at.reference(kind, id));
    let stranger = || Reference::here(kinds[0].clone(), "somebody-else".parse().expect("`somebody-else` is a name"));
    known.unwrap_or_else(stranger)
}

/// What could not be built: the SDK demands fields that are set above every call of this.
pub(super) fn unbuilt(error: impl std::fmt::Display) -> CallError {
    CallError::refused("ssm-contacts:Build", error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_aws_takes_them() {
        assert_eq!(shown("Ada O'Brien-Çelik, Jr."), "Ada O-Brien-Çelik- Jr.");
    }

    #[test]
    fn what_is_in_use_is_tried_again() {
        let conflict = CallError { code: Some("ConflictException".into()), ..CallError::refused("ssm-contacts:DeleteContact", "in use") };
        assert_eq!(gone::<()>(Err(conflict)).unwrap_err().fault, Fault::Busy);
        assert!(gone::<()>(Err(CallError::missing("ssm-contacts:DeleteContact", "gone"))).is_ok());
    }
}
