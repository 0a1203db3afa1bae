//! `log-group`: where a service of the account writes its log, and for how long CloudWatch keeps it.

use super::{Driver, Held, Kind, Scope, Seen, Tags, tags};
use crate::aws::{CallError, Session, or_exists, or_missing};
use crate::model::{Address, Change, KindName, Name, Reference, RemoteId, Risk};
use aws_sdk_cloudwatchlogs::types::LogGroup as Found;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A log group. The resource's name is the group's without the slash in front, and holds the word `landfall`: the account's other groups
/// are neither listed nor touched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogGroup {
    /// For how many days entries are kept; for ever when absent. AWS knows these numbers only.
    #[serde(default)]
    #[schemars(extend("enum" = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653, null]))]
    pub retention_days: Option<i32>,
    /// Whether nobody will miss its entries: then it is deleted once it is no longer declared, filled or not. Kept in the tag
    /// `landfall:disposable`, because it has to be known when no file speaks of the group any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disposable: bool,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
    /// Found, never declared: whether any entry is in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(skip)]
    pub holds_entries: bool,
}

/// What the names of our groups hold, by which they are listed without the thousands of others that an account may have.
const WORD: &str = "landfall";
/// The tag that says `yes` on groups whose entries nobody will miss.
const DISPOSABLE: &str = "landfall:disposable";

impl Kind for LogGroup {
    const NAME: KindName = KindName::new("log-group");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A CloudWatch log group: where something in the account writes its log, and for how long that is kept.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &["logs:DescribeLogGroups", "logs:ListTagsForResource"];
    const WRITES: &'static [&'static str] =
        &["logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:PutRetentionPolicy", "logs:DeleteRetentionPolicy", "logs:TagResource"];

    fn changes(live: &LogGroup, want: &LogGroup) -> Vec<Change> {
        let LogGroup { retention_days: live_days, disposable, tags: live_tags, holds_entries: _ } = live;
        let LogGroup { retention_days: want_days, disposable: want_disposable, tags: want_tags, holds_entries: _ } = want;
        let text = |days: &Option<i32>| Some(days.map_or_else(|| "for ever".to_owned(), |days| days.to_string()));
        let shorter = want_days.is_some_and(|want| live_days.is_none_or(|live| want < live));
        let days = (live_days != want_days).then(|| Change::between("retention_days", text(live_days), text(want_days)));
        let days = days.map(|change| match shorter {
            true => change.concerning(Risk::Dangerous, "entries older than that are deleted for good"),
            false => change,
        });
        let disposable = Change::of("disposable", disposable, want_disposable);
        let disposable = disposable.map(|change| match want_disposable {
            true => change.concerning(Risk::Notable, "from then on it is deleted with its entries when nothing declares it"),
            false => change,
        });
        days.into_iter().chain(disposable).chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    // Alone: whatever wrote to it may go, and the entries are still there to be read.
    fn held(&self) -> Option<Held> {
        (self.holds_entries && !self.disposable).then(|| Held::alone("it holds log entries"))
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for LogGroup {
    async fn read(at: &Session) -> Result<Vec<Seen<LogGroup>>, CallError> {
        let mut pages = at.cloudwatchlogs().describe_log_groups().log_group_name_pattern(WORD).into_paginator().send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            for found in page?.log_groups() {
                // Once more here: how AWS compares is not for us to rely on.
                if found.log_group_name().is_some_and(|name| name.contains(WORD)) {
                    seen.extend(see(at, found).await?);
                }
            }
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &LogGroup) -> Result<RemoteId, CallError> {
        let name = format!("/{}", address.name);
        if !name.contains(WORD) {
            let why = format!("{name} does not hold the word {WORD}, by which Landfall's log groups are listed");
            return Err(CallError::refused("logs:CreateLogGroup", why));
        }
        let marked = tags::marked(address, &all_tags(want)).into_iter().collect();
        let call = at.cloudwatchlogs().create_log_group().log_group_name(&name).set_tags(Some(marked));
        if or_exists(call.send().await.map_err(CallError::from))?.is_none() {
            // Whatever writes to a group makes it, where it may: then it is there before us, without a mark, and under our own name.
            take_over(at, address, &all_tags(want)).await?;
        }
        keep(at, &name, want.retention_days).await?;
        Ok(name.into())
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &LogGroup, changes: &[Change]) -> Result<(), CallError> {
        if changes.iter().any(|change| change.field == "retention_days") {
            keep(at, id.as_str(), want.retention_days).await?;
        }
        let switched = changes.iter().any(|change| change.field == "disposable");
        if switched || tags::touched(changes) {
            // In place of taking the tag away, which would be one right more.
            let kept = (switched && !want.disposable).then(|| (DISPOSABLE.to_owned(), "no".to_owned()));
            tag(at, id.as_str(), &all_tags(want).into_iter().chain(kept).collect()).await?;
        }
        Ok(())
    }

    /// One that was empty when the plan was made is deleted only while it still is, unless nobody will miss what is in it.
    async fn delete(at: &Session, _: &Address, id: &RemoteId, live: &LogGroup) -> Result<(), CallError> {
        let expected = live.holds_entries || live.disposable;
        if !expected && by_name(at, id.as_str()).await?.is_some_and(|found| holds_entries(&found)) {
            return Err(CallError::refused("logs:DeleteLogGroup", format!("{id} holds log entries by now: plan again")));
        }
        or_missing(at.cloudwatchlogs().delete_log_group().log_group_name(id.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

async fn see(at: &Session, found: &Found) -> Result<Option<Seen<LogGroup>>, CallError> {
    let (Some(name), Some(arn)) = (found.log_group_name(), arn(found)) else { return Ok(None) };
    // Its tags are a call of their own, and so asked of groups of our name only. One that is gone by now is gone.
    let answer = or_missing(at.cloudwatchlogs().list_tags_for_resource().resource_arn(arn).send().await.map_err(CallError::from))?;
    let Some(answer) = answer else { return Ok(None) };
    let all: Tags = answer.tags.unwrap_or_default().into_iter().collect();
    // A mark with another name was copied from elsewhere: the group's name is the name.
    let own = name.strip_prefix('/').and_then(|name| name.parse::<Name>().ok());
    let marked = tags::owner(at, &LogGroup::NAME, &all).filter(|marked| Some(marked) == own.as_ref());
    let tags = tags::declared(&all);
    let disposable = all.get(DISPOSABLE).is_some_and(|value| value == "yes");
    let spec = LogGroup { retention_days: found.retention_in_days(), disposable, tags, holds_entries: holds_entries(found) };
    Ok(Some(Seen { id: name.into(), name: marked, spec }))
}

/// The declared tags, and the one that holds a field.
fn all_tags(want: &LogGroup) -> Tags {
    let disposable = want.disposable.then(|| (DISPOSABLE.to_owned(), "yes".to_owned()));
    want.tags.clone().into_iter().chain(disposable).collect()
}

fn holds_entries(found: &Found) -> bool {
    found.stored_bytes().unwrap_or_default() > 0
}

/// The group's ARN as the calls for tags want it: without the `:*` that an older field has at its end.
fn arn(found: &Found) -> Option<String> {
    let older = || found.arn().map(|arn| arn.trim_end_matches(":*"));
    found.log_group_arn().or_else(older).map(str::to_owned)
}

async fn by_name(at: &Session, name: &str) -> Result<Option<Found>, CallError> {
    let answer = at.cloudwatchlogs().describe_log_groups().log_group_name_prefix(name).send().await?;
    Ok(answer.log_groups.unwrap_or_default().into_iter().find(|found| found.log_group_name() == Some(name)))
}

async fn take_over(at: &Session, address: &Address, declared: &Tags) -> Result<(), CallError> {
    tag(at, &format!("/{}", address.name), &tags::marked(address, declared)).await
}

async fn tag(at: &Session, name: &str, tags: &Tags) -> Result<(), CallError> {
    let missing = || CallError::missing("logs:DescribeLogGroups", format!("{name} is not there"));
    let arn = by_name(at, name).await?.as_ref().and_then(arn).ok_or_else(missing)?;
    let tags = tags.clone().into_iter().collect();
    at.cloudwatchlogs().tag_resource().resource_arn(arn).set_tags(Some(tags)).send().await?;
    Ok(())
}

async fn keep(at: &Session, name: &str, days: Option<i32>) -> Result<(), CallError> {
    match days {
        Some(days) => {
            at.cloudwatchlogs().put_retention_policy().log_group_name(name).retention_in_days(days).send().await?;
        }
        None => {
            or_missing(at.cloudwatchlogs().delete_retention_policy().log_group_name(name).send().await.map_err(CallError::from))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeping_less_is_dangerous_and_keeping_more_is_not() {
        let group = |days| LogGroup { retention_days: days, disposable: false, tags: Tags::new(), holds_entries: false };
        assert_eq!(LogGroup::changes(&group(Some(30)), &group(Some(30))), []);
        let risk = |live, want| LogGroup::changes(&group(live), &group(want))[0].concern.as_ref().map(|concern| concern.risk);
        assert_eq!((risk(Some(90), Some(30)), risk(None, Some(30))), (Some(Risk::Dangerous), Some(Risk::Dangerous)));
        assert_eq!((risk(Some(30), Some(90)), risk(Some(30), None)), (None, None));
        let for_ever = &LogGroup::changes(&group(None), &group(Some(30)))[0];
        assert_eq!(for_ever.before.as_deref(), Some("for ever"));
    }

    #[test]
    fn only_what_holds_entries_is_held() {
        let group = |holds_entries| LogGroup { retention_days: None, disposable: false, tags: Tags::new(), holds_entries };
        assert_eq!((group(false).held(), group(true).held()), (None, Some(Held::alone("it holds log entries"))));
        assert_eq!(LogGroup { disposable: true, ..group(true) }.held(), None);
        assert_eq!(LogGroup::changes(&group(true), &group(false)), []);
    }
}
