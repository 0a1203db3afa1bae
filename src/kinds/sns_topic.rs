//! `sns-topic`: where alarms go that shall page somebody. Its name begins with `page-`; whatever else an account has for topics is never
//! looked at.

use super::{Document, Driver, Kind, Scope, Seen, Tags, tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk};
use aws_sdk_sns::types::Tag;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// What the names of our topics begin with. Listing tells names alone, and asking each topic of an account for its tags would cost a call
/// a topic, of which teams have hundreds.
pub const PREFIX: &str = "page-";

/// A topic. The resource's name is the topic's, and begins with `page-`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SnsTopic {
    /// What emails and SMS of the topic are from.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub display_name: String,
    /// Who may publish to it; only its own account when absent.
    #[serde(default)]
    pub policy: Option<Document>,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

impl Kind for SnsTopic {
    const NAME: KindName = KindName::new("sns-topic");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "An SNS topic that pages: alarms go there, and people are subscribed to it. Its name begins with `page-`.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &["sns:ListTopics", "sns:ListTagsForResource", "sns:GetTopicAttributes"];
    const WRITES: &'static [&'static str] = &["sns:CreateTopic", "sns:SetTopicAttributes", "sns:TagResource", "sns:DeleteTopic"];

    fn changes(live: &SnsTopic, want: &SnsTopic) -> Vec<Change> {
        let SnsTopic { display_name, policy, tags: live_tags } = live;
        let SnsTopic { display_name: want_name, policy: want_policy, tags: want_tags } = want;
        let name = Change::of("display_name", display_name, want_name);
        let policy = Change::of_option("policy", policy, want_policy)
            .map(|change| change.concerning(Risk::Notable, "changes who may page"));
        name.into_iter().chain(policy).chain(tags::changes(live_tags, want_tags)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        Some(&mut self.tags)
    }
}

impl Driver for SnsTopic {
    async fn read(at: &Session) -> Result<Vec<Seen<SnsTopic>>, CallError> {
        let mut pages = at.sns().list_topics().into_paginator().send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            let arns: Vec<String> = page?.topics().iter().filter_map(|topic| Some(topic.topic_arn()?.to_owned())).collect();
            for arn in arns.iter().filter(|arn| name(arn).starts_with(PREFIX)) {
                seen.extend(see(at, arn).await?);
            }
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &SnsTopic) -> Result<RemoteId, CallError> {
        if !address.name.as_str().starts_with(PREFIX) {
            let why = format!("{} does not begin with {PREFIX}, which is how Landfall finds its topics again", address.name);
            return Err(CallError::refused("sns:CreateTopic", why));
        }
        // Of an existing name AWS answers with that topic, if it has the same tags, and refuses if not.
        let call = at.sns().create_topic().name(address.name.as_str()).set_tags(Some(written(&tags::marked(address, &want.tags))?));
        let call = call.set_attributes(Some([("DisplayName".to_owned(), want.display_name.clone())].into()));
        let arn = call.send().await?.topic_arn.unwrap_or_default();
        if want.policy.is_some() {
            set(at, &arn, "Policy", policy(at, &arn, want)).await?;
        }
        Ok(arn.into())
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &SnsTopic, changes: &[Change]) -> Result<(), CallError> {
        for change in changes {
            match change.field.as_str() {
                "display_name" => set(at, id.as_str(), "DisplayName", want.display_name.clone()).await?,
                "policy" => set(at, id.as_str(), "Policy", policy(at, id.as_str(), want)).await?,
                _ => {}
            }
        }
        if tags::touched(changes) {
            at.sns().tag_resource().resource_arn(id.as_str()).set_tags(Some(written(&want.tags)?)).send().await?;
        }
        Ok(())
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &SnsTopic) -> Result<(), CallError> {
        or_missing(at.sns().delete_topic().topic_arn(id.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

/// The name at the end of a topic's ARN.
fn name(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or_default()
}

/// A topic, its tags asked first: a stranger's attributes are nobody's business. None for what has gone since it was listed.
async fn see(at: &Session, arn: &str) -> Result<Option<Seen<SnsTopic>>, CallError> {
    let call = at.sns().list_tags_for_resource().resource_arn(arn).send().await;
    let Some(answer) = or_missing(call.map_err(CallError::from))? else { return Ok(None) };
    let all: Tags = answer.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
    let ours = tags::owner(at, &SnsTopic::NAME, &all).filter(|ours| ours.as_str() == name(arn));
    let mut spec = SnsTopic { display_name: String::new(), policy: None, tags: tags::declared(&all) };
    if ours.is_some() {
        let call = at.sns().get_topic_attributes().topic_arn(arn).send().await;
        let Some(answer) = or_missing(call.map_err(CallError::from))? else { return Ok(None) };
        let attribute = |name: &str| answer.attributes()?.get(name).cloned();
        spec.display_name = attribute("DisplayName").unwrap_or_default();
        let plain = found(at, &default_policy(arn, at.account_id().as_str()));
        spec.policy = attribute("Policy").map(|text| found(at, &text)).filter(|policy| *policy != plain);
    }
    Ok(Some(Seen { id: arn.into(), name: ours, spec }))
}

fn found(at: &Session, text: &str) -> Document {
    Document::found(text).restore(at.account_id().as_str(), at.region().as_str())
}

/// The policy to set: the declared one, or the one that AWS gives every topic.
fn policy(at: &Session, arn: &str, want: &SnsTopic) -> String {
    let (account, region) = (at.account_id().as_str(), at.region().as_str());
    let filled = want.policy.as_ref().map(|policy| policy.fill(account, at.partition(), region).compact());
    filled.unwrap_or_else(|| default_policy(arn, account))
}

/// What AWS gives a topic that is made without a policy (SNS developer guide, "Identity-based policies", `__default_policy_ID`).
fn default_policy(arn: &str, account: &str) -> String {
    let actions = [
        "SNS:GetTopicAttributes",
        "SNS:SetTopicAttributes",
        "SNS:AddPermission",
        "SNS:RemovePermission",
        "SNS:DeleteTopic",
        "SNS:Subscribe",
        "SNS:ListSubscriptionsByTopic",
        "SNS:Publish",
    ];
    let statement = json!({
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": { "AWS": "*" },
        "Action": actions,
        "Resource": arn,
        "Condition": { "StringEquals": { "AWS:SourceOwner": account } },
    });
    json!({ "Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement] }).to_string()
}

async fn set(at: &Session, arn: &str, attribute: &str, value: String) -> Result<(), CallError> {
    at.sns().set_topic_attributes().topic_arn(arn).attribute_name(attribute).attribute_value(value).send().await?;
    Ok(())
}

fn written(tags: &Tags) -> Result<Vec<Tag>, CallError> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect::<Result<_, _>>().map_err(|error| CallError::refused("sns:TagResource", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_of_a_topic_changes_in_place() {
        let live: SnsTopic = serde_json::from_value(json!({ "display_name": "payments", "tags": { "team": "payments" } })).unwrap();
        assert_eq!(SnsTopic::changes(&live, &live), []);
        let want = json!({
            "display_name": "pay",
            "policy": { "Statement": { "Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*" } },
            "tags": { "team": "catalog" },
        });
        let changes = SnsTopic::changes(&live, &serde_json::from_value(want).unwrap());
        let seen: Vec<_> = changes.iter().map(|change| (change.field.as_str(), change.effect)).collect();
        assert_eq!(seen, ["display_name", "policy", "tags.team"].map(|field| (field, Effect::InPlace)));
    }

    #[test]
    fn the_name_is_the_end_of_the_arn() {
        assert_eq!(name("arn:aws:sns:us-west-2:123456789012:page-payments-primary"), "page-payments-primary");
    }
}
