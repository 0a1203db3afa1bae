//! The support cases with which plans of accounts are changed: the one open case that names many accounts, found again by its subject.
//! Looks before it asks, each time: whoever answers these cases is a person.

use super::support_plan::Tier;
use crate::aws::{CallError, Session, Slot};
use crate::model::{Region, RemoteId};
use aws_sdk_support::types::CaseDetails;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What our cases are found by. Never change it: cases of earlier versions would be asked for again.
const SUBJECT: &str = "[landfall] Support plans of member accounts";
/// How a line of a case begins that asks for an account's plan.
const LINE: &str = "landfall: account ";
/// A resolved case counts as an answer as long as this after it was opened. Severity levels follow within days; after that, asking again is due.
const ANSWERED: Duration = Duration::from_secs(14 * 24 * 3600);
/// A new case can be missing from listings for a moment; so long is waited for one whose answer got lost.
const VISIBLE_AFTER: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(3);

/// The last that was asked for an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub tier: Tier,
    /// The number that people see in the Support Center.
    pub case: String,
    pub is_open: bool,
}

/// What our cases say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cases {
    /// The open case, to which further accounts are added: by id.
    pub open: Option<String>,
    /// Those that were resolved lately: by id.
    pub resolved: BTreeSet<String>,
    /// By account id.
    pub asked: BTreeMap<String, Asked>,
    /// In a run that writes: that a case was asked for whose answer got lost.
    pub lost: bool,
}

/// What all sessions of the management account share: what is known of our cases, and the turn to ask.
pub(super) fn slot(at: &Session) -> Slot {
    at.shared("support-cases")
}

/// The Region in which Support answers, by partition (AWS General Reference, "AWS Support endpoints and quotas").
pub(super) fn region(at: &Session) -> Region {
    let name = match at.partition() {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        _ => "us-east-1",
    };
    name.parse().unwrap_or(Region::GLOBAL)
}

/// What was last asked for an account. In a run that only reads, cases are listed once for all accounts.
pub(super) async fn asked(at: &Session, account: &RemoteId) -> Result<Option<Asked>, CallError> {
    let slot = slot(at);
    let mut known = slot.lock().await;
    let cases = match known.clone().filter(|_| at.only_reads()) {
        Some(known) => serde_json::from_value(known).unwrap_or_default(),
        None => list(&at.for_all()).await?,
    };
    if at.only_reads() {
        *known = serde_json::to_value(&cases).ok();
    }
    Ok(cases.asked.get(account.as_str()).cloned())
}

/// Has an account's plan changed, unless that was asked for already: in the open case, or in a new one where none is open.
pub(super) async fn ask(at: &Session, account: &RemoteId, tier: Tier) -> Result<(), CallError> {
    let slot = slot(at);
    // Held to the end: steps of other accounts wait, and then find the case that this one opened.
    let mut known = slot.lock().await;
    let mut cases = current(at, known.take()).await?;
    let is_asked = cases.asked.get(account.as_str()).is_some_and(|asked| asked.tier == tier);
    if !is_asked {
        let line = format!("{LINE}{account} ({}): {tier}", at.account());
        let asked = match &cases.open {
            Some(case) => add(at, case, &line).await.map(|()| case.clone()),
            None => open(at, &line).await,
        };
        let case = match asked {
            Ok(case) => case,
            Err(error) => {
                cases.lost = cases.open.is_none() && error.is(crate::aws::Fault::Lost);
                *known = serde_json::to_value(&cases).ok();
                return Err(error);
            }
        };
        cases.asked.insert(account.to_string(), Asked { tier, case: case.clone(), is_open: true });
        cases.open = Some(case);
    }
    *known = serde_json::to_value(&cases).ok();
    Ok(())
}

/// What is known by now: what AWS lists, and what this run did itself, which AWS may not list yet.
async fn current(at: &Session, known: Option<serde_json::Value>) -> Result<Cases, CallError> {
    let known: Cases = known.and_then(|known| serde_json::from_value(known).ok()).unwrap_or_default();
    let mut left = if known.lost { VISIBLE_AFTER } else { Duration::ZERO };
    let mut cases = list(at).await?;
    while cases.open.is_none() && !left.is_zero() {
        tokio::time::sleep(PAUSE).await;
        left = left.saturating_sub(PAUSE);
        cases = list(at).await?;
    }
    cases.open = cases.open.or(known.open.filter(|case| !cases.resolved.contains(case)));
    for (account, asked) in known.asked {
        cases.asked.entry(account).or_insert(asked);
    }
    Ok(cases)
}

async fn list(at: &Session) -> Result<Cases, CallError> {
    let support = at.elsewhere(&region(at));
    let after = aws_smithy_types::DateTime::from(at.now() - ANSWERED);
    let after = after.fmt(aws_smithy_types::date_time::Format::DateTime).unwrap_or_default();
    let mut ours = Vec::new();
    // Open ones of any age, and what was resolved lately: one listing can't tell both.
    for resolved in [false, true] {
        let call = support.support().describe_cases().include_communications(false).include_resolved_cases(resolved);
        let mut pages = call.set_after_time(resolved.then(|| after.clone())).into_paginator().send();
        while let Some(page) = pages.next().await {
            ours.extend(page?.cases().iter().filter(|case| is_ours(case) && is_resolved(case) == resolved).cloned());
        }
    }
    // The earliest first, so that the last word on an account is the latest one.
    ours.sort_by(|a, b| a.time_created().cmp(&b.time_created()));
    let mut cases = Cases::default();
    for case in ours {
        learn(&support, &case, &mut cases).await?;
    }
    Ok(cases)
}

fn is_ours(case: &CaseDetails) -> bool {
    case.subject().is_some_and(|subject| subject.starts_with(SUBJECT))
}

fn is_resolved(case: &CaseDetails) -> bool {
    case.status() == Some("resolved")
}

async fn learn(support: &Session, case: &CaseDetails, cases: &mut Cases) -> Result<(), CallError> {
    let Some(id) = case.case_id() else { return Ok(()) };
    let shown = case.display_id().unwrap_or(id).to_owned();
    let mut pages = support.support().describe_communications().case_id(id).into_paginator().send();
    let mut bodies = Vec::new();
    while let Some(page) = pages.next().await {
        bodies.extend(page?.communications().iter().filter_map(|said| Some((said.time_created()?.to_owned(), said.body()?.to_owned()))));
    }
    bodies.sort();
    for (account, tier) in bodies.iter().flat_map(|(_, body)| requests(body)) {
        cases.asked.insert(account, Asked { tier, case: shown.clone(), is_open: !is_resolved(case) });
    }
    match is_resolved(case) {
        true => drop(cases.resolved.insert(id.to_owned())),
        false => cases.open = Some(id.to_owned()),
    }
    Ok(())
}

/// What a communication asks for: account ids and tiers. People answer in between, and quote as they like.
fn requests(body: &str) -> Vec<(String, Tier)> {
    let request = |line: &str| {
        let rest = line.trim().strip_prefix(LINE)?;
        let (account, _) = rest.split_once(' ')?;
        let (_, tier) = rest.rsplit_once(": ")?;
        let is_id = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
        Some((account.to_owned(), tier.trim().parse().ok()?)).filter(|_| is_id)
    };
    body.lines().filter_map(request).collect()
}

async fn add(at: &Session, case: &str, line: &str) -> Result<(), CallError> {
    let support = at.elsewhere(&region(at));
    let body = format!("One more account, please:\n\n{line}\n");
    support.support().add_communication_to_case().case_id(case).communication_body(body).send().await?;
    Ok(())
}

/// Opens a case as the account teams of AWS know them: about an account, by the customer, without hurry.
async fn open(at: &Session, line: &str) -> Result<String, CallError> {
    let support = at.elsewhere(&region(at));
    let body = format!(
        "Please change the support plan of the accounts below, which belong to our organization. Further accounts may follow in this case \
         within the next hours. A line names an account, what we call it, and the plan that it is to have.\n\n{line}\n\n\
         This case was opened by a program; it reads the plans itself, so no answer is needed but the change.\n"
    );
    let call = support.support().create_case().subject(SUBJECT).communication_body(body).issue_type("customer-service");
    let call = call.service_code("customer-account").category_code("other-account-issues").severity_code("low").language("en");
    let answer = call.send().await?;
    answer.case_id().map(str::to_owned).ok_or_else(|| CallError::refused("support:CreateCase", "the answer names no case"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_from_what_people_write() {
        let body = "One more account, please:\r\n\r\nlandfall: account 111122223333 (payments/prod): business\r\n\
                    > landfall: account 111122223334 (quoted/prod): business\n\
                    landfall: account 1111 (short/prod): business\n\
                    landfall: account 111122223335 (odd/prod): platinum\n\
                    Regards, AWS: thank you";
        assert_eq!(requests(body), [("111122223333".to_owned(), Tier::Business)]);
        assert_eq!(requests("landfall: account "), []);
    }
}
