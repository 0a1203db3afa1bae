//! Amazon SNS: topics and subscriptions. People confirm theirs by following a link; phones, queues and functions need not.

use super::paging::page;
use super::wire::{Answer, Asked, Fault, element, fault, set, xml};
use super::{At, Moment};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Topics, or subscriptions, in a page.
const PAGE: usize = 100;
/// Tags of a topic (SNS quotas).
const TAGS: usize = 50;
/// For how long an invitation can be accepted (SNS developer guide, "Confirm the subscription").
const LAPSES: Moment = Moment::from_secs(48 * 60 * 60);
/// What listings say in the place of the ARN of whoever has yet to confirm.
const PENDING: &str = "PendingConfirmation";
/// Whose endpoints are asked first whether they want to be written to.
const ASKED: [&str; 4] = ["email", "email-json", "http", "https"];
const UNASKED: [&str; 5] = ["sms", "sqs", "lambda", "application", "firehose"];
/// What topics say of themselves that can be set.
const ATTRIBUTES: [&str; 2] = ["DisplayName", "Policy"];

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sns {
    /// By their ARNs.
    topics: BTreeMap<String, Topic>,
    /// By their ARNs, pending ones too.
    subscriptions: BTreeMap<String, Subscription>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Topic {
    attributes: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Subscription {
    topic: String,
    protocol: String,
    endpoint: String,
    /// When it lapses, as long as nobody has confirmed it.
    pending: Option<Moment>,
}

impl Sns {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        self.subscriptions.retain(|_, subscription| subscription.pending.is_none_or(|lapses| at.now < lapses));
        match asked.operation.as_str() {
            "ListTopics" => {
                let (arns, next) = page(self.topics.keys(), &asked.text("NextToken"), PAGE);
                xml(set("Topics", "member", arns.into_iter().map(|arn| element("TopicArn", arn))) + &token(next))
            }
            "CreateTopic" => self.create(at, asked),
            "DeleteTopic" => {
                let arn = asked.text("TopicArn");
                self.subscriptions.retain(|_, subscription| subscription.topic != arn);
                self.topics.remove(&arn);
                xml("")
            }
            "GetTopicAttributes" => self.attributes(at, asked),
            "SetTopicAttributes" => {
                let given = [(asked.text("AttributeName"), asked.text("AttributeValue"))].into();
                check(&given)?;
                self.topic(&asked.text("TopicArn"))?.attributes.extend(given);
                xml("")
            }
            "ListTagsForResource" => {
                let topic = self.tagged(asked)?;
                let tags = topic.tags.iter().map(|(key, value)| element("Key", key) + &element("Value", value));
                xml(set("Tags", "member", tags))
            }
            "TagResource" => self.tag(asked),
            "ListSubscriptions" => xml(listed(at, self.subscriptions.iter(), asked)),
            "ListSubscriptionsByTopic" => {
                let arn = asked.text("TopicArn");
                self.topic(&arn)?;
                xml(listed(at, self.subscriptions.iter().filter(|(_, one)| one.topic == arn), asked))
            }
            "Subscribe" => self.subscribe(at, asked),
            "ConfirmSubscription" => self.confirm(asked),
            "Unsubscribe" => self.unsubscribe(asked),
            other => fault("InvalidAction", format!("the simulated SNS has no {other}")),
        }
    }

    fn topic(&mut self, arn: &str) -> Result<&mut Topic, Fault> {
        self.topics.get_mut(arn).map_or_else(|| fault("NotFound", "Topic does not exist"), Ok)
    }

    fn tagged(&mut self, asked: &Asked) -> Result<&mut Topic, Fault> {
        self.topics.get_mut(&asked.text("ResourceArn")).map_or_else(|| fault("ResourceNotFound", "Resource does not exist"), Ok)
    }

    /// A topic; the one that is there already, if it is as asked for.
    fn create(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let name = asked.text("Name");
        let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "-_".contains(sign);
        if name.is_empty() || name.len() > 256 || !name.chars().all(is_sign) {
            return invalid("Topic Name");
        }
        let pair = |at: usize| (asked.text(&format!("Attributes.entry.{at}.key")), asked.text(&format!("Attributes.entry.{at}.value")));
        let given: BTreeMap<_, _> = (1..=asked.count("Attributes.entry")).map(pair).collect();
        check(&given)?;
        let (arn, tags) = (at.arn("sns", &name), asked.tags("Tags.member"));
        match self.topics.get(&arn) {
            Some(known) if !tags.is_empty() && known.tags != tags => invalid("Tags Reason: Topic already exists with different tags"),
            Some(known) if given.iter().any(|(name, value)| known.attributes.get(name).map_or("", String::as_str) != value) => {
                invalid("Attributes Reason: Topic already exists with different attributes")
            }
            Some(_) => xml(element("TopicArn", &arn)),
            None => {
                let answer = element("TopicArn", &arn);
                self.topics.insert(arn, Topic { attributes: given, tags });
                xml(answer)
            }
        }
    }

    fn attributes(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let arn = asked.text("TopicArn");
        let own = self.topic(&arn)?.attributes.clone();
        let pending =
            |pending: bool| self.subscriptions.values().filter(|one| one.topic == arn && one.pending.is_some() == pending).count();
        let all: BTreeMap<String, String> = BTreeMap::from([
            ("TopicArn".to_owned(), arn.clone()),
            ("Owner".to_owned(), at.account.to_owned()),
            ("DisplayName".to_owned(), String::new()),
            ("Policy".to_owned(), default_policy(&arn, at.account)),
            ("SubscriptionsPending".to_owned(), pending(true).to_string()),
            ("SubscriptionsConfirmed".to_owned(), pending(false).to_string()),
            ("SubscriptionsDeleted".to_owned(), "0".to_owned()),
        ]);
        let all: BTreeMap<String, String> = all.into_iter().chain(own).collect();
        xml(set("Attributes", "entry", all.iter().map(|(key, value)| element("key", key) + &element("value", value))))
    }

    fn tag(&mut self, asked: &Asked) -> Answer {
        let topic = self.tagged(asked)?;
        let all: BTreeMap<_, _> = topic.tags.clone().into_iter().chain(asked.tags("Tags.member")).collect();
        if all.len() > TAGS {
            return fault("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded");
        }
        topic.tags = all;
        xml("")
    }

    /// A subscription; the one that is there already, if there is one.
    fn subscribe(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let (topic, protocol, endpoint) = (asked.text("TopicArn"), asked.text("Protocol"), asked.text("Endpoint"));
        self.topic(&topic)?;
        let is_right = match protocol.as_str() {
            "sms" => {
                endpoint.strip_prefix('+').is_some_and(|rest| (7..=15).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_digit()))
            }
            "email" | "email-json" => endpoint.contains('@'),
            other if !ASKED.contains(&other) && !UNASKED.contains(&other) => {
                return invalid(&format!("Amazon SNS does not support this protocol string: {other}"));
            }
            _ => !endpoint.is_empty(),
        };
        if !is_right {
            return invalid(&format!("Invalid endpoint: {endpoint}"));
        }
        let same = |one: &&Subscription| one.topic == topic && one.protocol == protocol && one.endpoint == endpoint;
        let known = self.subscriptions.iter().find(|(_, one)| same(one)).map(|(arn, one)| (arn.clone(), one.pending.is_some()));
        let (arn, is_pending) = known.unwrap_or_else(|| {
            let arn = format!("{topic}:{}", at.uuid());
            let pending = ASKED.contains(&protocol.as_str()).then(|| at.now + LAPSES);
            self.subscriptions.insert(arn.clone(), Subscription { topic, protocol, endpoint, pending });
            (arn, pending.is_some())
        });
        let tells = !is_pending || asked.text("ReturnSubscriptionArn") == "true";
        xml(element("SubscriptionArn", if tells { &arn } else { "pending confirmation" }))
    }

    /// Follows the link of an invitation, whose token is the end of the subscription's ARN.
    fn confirm(&mut self, asked: &Asked) -> Answer {
        let arn = format!("{}:{}", asked.text("TopicArn"), asked.text("Token"));
        match self.subscriptions.get_mut(&arn) {
            Some(subscription) => {
                subscription.pending = None;
                xml(element("SubscriptionArn", &arn))
            }
            None => invalid("Token"),
        }
    }

    fn unsubscribe(&mut self, asked: &Asked) -> Answer {
        let arn = asked.text("SubscriptionArn");
        match self.subscriptions.get(&arn) {
            Some(subscription) if subscription.pending.is_some() => {
                invalid("This operation can not be performed on a pending subscription")
            }
            None if arn == PENDING => invalid("SubscriptionArn"),
            _ => {
                self.subscriptions.remove(&arn);
                xml("")
            }
        }
    }
}

fn invalid<T>(what: &str) -> Result<T, Fault> {
    fault("InvalidParameter", format!("Invalid parameter: {what}"))
}

fn check(attributes: &BTreeMap<String, String>) -> Result<(), Fault> {
    for (name, value) in attributes {
        match name.as_str() {
            other if !ATTRIBUTES.contains(&other) => return invalid("AttributeName"),
            "DisplayName" if value.chars().count() > 100 => return invalid("DisplayName"),
            "Policy" if !serde_json::from_str(value).is_ok_and(|policy: serde_json::Value| policy.is_object()) => return invalid("Policy"),
            _ => {}
        }
    }
    Ok(())
}

fn token(next: Option<String>) -> String {
    next.map(|next| element("NextToken", &next)).unwrap_or_default()
}

fn listed<'a>(at: &At<'_>, all: impl Iterator<Item = (&'a String, &'a Subscription)>, asked: &Asked) -> String {
    let (found, next) = page(all, &asked.text("NextToken"), PAGE);
    let shown = found.into_iter().map(|(arn, subscription)| {
        let Subscription { topic, protocol, endpoint, pending } = subscription;
        let arn = if pending.is_some() { PENDING } else { arn };
        let fields = [("SubscriptionArn", arn), ("Owner", at.account), ("Protocol", protocol), ("Endpoint", endpoint), ("TopicArn", topic)];
        fields.iter().map(|(name, value)| element(name, value)).collect()
    });
    set("Subscriptions", "member", shown) + &token(next)
}

/// What a topic has that was made without a policy.
fn default_policy(arn: &str, account: &str) -> String {
    let actions = [
        "GetTopicAttributes",
        "SetTopicAttributes",
        "AddPermission",
        "RemovePermission",
        "DeleteTopic",
        "Subscribe",
        "ListSubscriptionsByTopic",
        "Publish",
    ];
    let statement = json!({
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": { "AWS": "*" },
        "Action": actions.map(|action| format!("SNS:{action}")),
        "Resource": arn,
        "Condition": { "StringEquals": { "AWS:SourceOwner": account } },
    });
    json!({ "Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement] }).to_string()
}
