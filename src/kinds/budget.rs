//! `budget`: what an account may cost a month, and who is told when it does. Tells only: a budget never stops anything.

use super::{Driver, Kind, Scope, Seen, Tags, tags};
use crate::aws::{CallError, Session, or_exists, or_missing};
use crate::model::{Address, Change, Effect, KindName, Name, Reference, RemoteId, show};
use aws_sdk_budgets::types::{
    Budget as Found, BudgetType, ComparisonOperator, Notification as Alarm, NotificationType, NotificationWithSubscribers, ResourceTag, Spend,
    Subscriber, SubscriptionType, ThresholdType, TimeUnit,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What the names of our budgets begin with, so that nobody else's have to be asked for their mark.
const PREFIX: &str = "landfall-";

/// A monthly budget of the account. Its name in AWS is `landfall-` and the resource's name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// What the account may cost a month, in whole units of the currency.
    #[schemars(range(min = 1))]
    pub amount: u64,
    /// The currency: that of the bill.
    #[serde(default = "dollars")]
    pub unit: String,
    /// When somebody is told, and who. At most ten, of at most ten people each. One without subscribers is not made.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub notifications: Vec<Notification>,
    /// Tags. Those of the team, domain and environment are set without being declared.
    #[serde(default)]
    pub tags: Tags,
}

/// When somebody is told, and who.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// Of what: of what the account has cost this month (`actual`), or is going to (`forecast`).
    pub of: Of,
    /// At how many percent of the amount.
    #[schemars(range(min = 1, max = 1000))]
    pub percent: u32,
    /// The emails of those who are told; one that is there twice is told once.
    #[serde(default)]
    pub subscribers: Vec<String>,
}

/// What is compared with the amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    Actual,
    Forecast,
}

fn dollars() -> String {
    "USD".to_owned()
}

impl Kind for Budget {
    const NAME: KindName = KindName::new("budget");
    const SCOPE: Scope = Scope::Global;
    const ABOUT: &'static str = "A monthly budget of the account: who is told when it costs more, or is going to. It never stops anything.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &["budgets:ViewBudget", "budgets:ListTagsForResource"];
    const WRITES: &'static [&'static str] = &["budgets:ModifyBudget", "budgets:TagResource"];

    fn changes(live: &Budget, want: &Budget) -> Vec<Change> {
        let Budget { amount, unit, notifications, tags } = live;
        let Budget { amount: want_amount, unit: want_unit, notifications: want_notifications, tags: want_tags } = want;
        let plain = [Change::of("amount", amount, want_amount), Change::of("unit", unit, want_unit)];
        let (told, want_told) = (told(notifications), told(want_notifications));
        let keys: BTreeSet<&Key> = told.keys().chain(want_told.keys()).collect();
        let text = |all: &BTreeMap<Key, BTreeSet<String>>, key: &Key| all.get(key).map(show);
        let change = |key: &Key| Change::of_option(format!("notifications.{key}"), &text(&told, key), &text(&want_told, key));
        let told = keys.into_iter().filter_map(change);
        plain.into_iter().flatten().chain(told).chain(tags::changes(tags, want_tags)).collect()
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

/// What tells the notifications of a budget apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    of: Of,
    percent: u32,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = match self.of {
            Of::Actual => "actual",
            Of::Forecast => "forecast",
        };
        write!(f, "{of}-{}", self.percent)
    }
}

/// Who is told when. Where nobody is, AWS makes no notification.
fn told(notifications: &[Notification]) -> BTreeMap<Key, BTreeSet<String>> {
    let mut all: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
    for Notification { of, percent, subscribers } in notifications.iter().filter(|one| !one.subscribers.is_empty()) {
        all.entry(Key { of: *of, percent: *percent }).or_default().extend(subscribers.iter().cloned());
    }
    all
}

impl Driver for Budget {
    async fn read(at: &Session) -> Result<Vec<Seen<Budget>>, CallError> {
        let mut pages = at.budgets().describe_budgets().account_id(at.account_id().as_str()).into_paginator().send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            for found in page?.budgets() {
                let name = found.budget_name().strip_prefix(PREFIX).and_then(|name| name.parse::<Name>().ok());
                seen.push(match name {
                    Some(name) => see(at, found, name).await?,
                    None => Seen { id: found.budget_name().into(), name: None, spec: plain(found) },
                });
            }
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &Budget) -> Result<RemoteId, CallError> {
        let name = format!("{PREFIX}{}", address.name);
        let alarms = told(&want.notifications).into_iter().map(|(key, emails)| {
            let subscribers = subscribers(&emails)?;
            let whole = NotificationWithSubscribers::builder().notification(alarm(key)?).set_subscribers(Some(subscribers));
            whole.build().map_err(incomplete)
        });
        let alarms = alarms.collect::<Result<Vec<_>, CallError>>()?;
        let call = at.budgets().create_budget().account_id(at.account_id().as_str()).budget(written(&name, want)?);
        let call = call.set_notifications_with_subscribers(Some(alarms)).set_resource_tags(Some(tagged(&tags::marked(address, &want.tags))?));
        match or_exists(call.send().await.map_err(CallError::from))? {
            Some(_) => Ok(name.into()),
            None => ours(at, address).await,
        }
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &Budget, changes: &[Change]) -> Result<(), CallError> {
        if changes.iter().any(|change| change.field == "amount" || change.field == "unit") {
            let call = at.budgets().update_budget().account_id(at.account_id().as_str());
            call.new_budget(written(id.as_str(), want)?).send().await?;
        }
        if changes.iter().any(|change| change.field.starts_with("notifications.")) {
            notify(at, id.as_str(), &told(&want.notifications)).await?;
        }
        if tags::touched(changes) {
            let call = at.budgets().tag_resource().resource_arn(arn(at, id.as_str()));
            call.set_resource_tags(Some(tagged(&want.tags)?)).send().await?;
        }
        Ok(())
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &Budget) -> Result<(), CallError> {
        let call = at.budgets().delete_budget().account_id(at.account_id().as_str()).budget_name(id.as_str());
        or_missing(call.send().await.map_err(CallError::from)).map(drop)
    }
}

fn arn(at: &Session, name: &str) -> String {
    format!("arn:{}:budgets::{}:budget/{name}", at.partition(), at.account_id())
}

/// A budget whose name is like ours: whole when its mark says so too, and a stranger's otherwise.
async fn see(at: &Session, found: &Found, name: Name) -> Result<Seen<Budget>, CallError> {
    let answer = at.budgets().list_tags_for_resource().resource_arn(arn(at, found.budget_name())).send().await?;
    let all: Tags = answer.resource_tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
    let id = RemoteId::from(found.budget_name());
    if tags::owner(at, &Budget::NAME, &all).as_ref() != Some(&name) {
        return Ok(Seen { id, name: None, spec: plain(found) });
    }
    let alarms = alarms(at, found.budget_name()).await?;
    let notifications = alarms.into_iter().map(|(Key { of, percent }, emails)| Notification { of, percent, subscribers: emails.into_iter().collect() }).collect();
    Ok(Seen { id, name: Some(name), spec: Budget { notifications, tags: tags::declared(&all), ..plain(found) } })
}

/// What the listing tells of a budget. Amounts are compared in whole units.
fn plain(found: &Found) -> Budget {
    let limit = found.budget_limit();
    let whole = limit.and_then(|limit| limit.amount().split('.').next()?.parse().ok());
    Budget {
        amount: whole.unwrap_or_default(),
        unit: limit.map(|limit| limit.unit().to_owned()).unwrap_or_default(),
        notifications: Vec::new(),
        tags: Tags::new(),
    }
}

/// The notifications that are of our form, with their subscribers by email. Others were made by hand, and stay.
async fn alarms(at: &Session, budget: &str) -> Result<BTreeMap<Key, BTreeSet<String>>, CallError> {
    let call = at.budgets().describe_notifications_for_budget().account_id(at.account_id().as_str()).budget_name(budget);
    let mut pages = call.into_paginator().send();
    let mut all = BTreeMap::new();
    while let Some(page) = pages.next().await {
        for found in page?.notifications() {
            if let Some(key) = key(found) {
                all.insert(key, emails(at, budget, key).await?);
            }
        }
    }
    Ok(all)
}

async fn emails(at: &Session, budget: &str, key: Key) -> Result<BTreeSet<String>, CallError> {
    let call = at.budgets().describe_subscribers_for_notification().account_id(at.account_id().as_str()).budget_name(budget);
    let mut pages = call.notification(alarm(key)?).into_paginator().send();
    let mut all = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let found = page?.subscribers.unwrap_or_default();
        let emails = found.into_iter().filter(|one| one.subscription_type == SubscriptionType::Email);
        all.extend(emails.map(|one| one.address));
    }
    Ok(all)
}

/// Makes the notifications those that are wanted. One whose subscribers differ is made anew: AWS keeps no history of it.
async fn notify(at: &Session, budget: &str, want: &BTreeMap<Key, BTreeSet<String>>) -> Result<(), CallError> {
    let live = alarms(at, budget).await?;
    let account = at.account_id().as_str();
    for key in live.iter().filter(|(key, emails)| want.get(key) != Some(emails)).map(|(key, _)| *key) {
        let call = at.budgets().delete_notification().account_id(account).budget_name(budget).notification(alarm(key)?);
        or_missing(call.send().await.map_err(CallError::from))?;
    }
    for (key, emails) in want.iter().filter(|(key, emails)| live.get(key) != Some(emails)) {
        let call = at.budgets().create_notification().account_id(account).budget_name(budget).notification(alarm(*key)?);
        or_exists(call.set_subscribers(Some(subscribers(emails)?)).send().await.map_err(CallError::from))?;
    }
    Ok(())
}

fn key(found: &Alarm) -> Option<Key> {
    let of = match found.notification_type() {
        NotificationType::Actual => Of::Actual,
        NotificationType::Forecasted => Of::Forecast,
        _ => return None,
    };
    let is_percent = found.threshold_type().is_none_or(|kind| *kind == ThresholdType::Percentage);
    let is_above = *found.comparison_operator() == ComparisonOperator::GreaterThan;
    let is_whole = found.threshold().fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&found.threshold());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within bounds, as just seen")]
    let percent = found.threshold() as u32;
    (is_percent && is_above && is_whole).then_some(Key { of, percent })
}

fn alarm(key: Key) -> Result<Alarm, CallError> {
    let of = match key.of {
        Of::Actual => NotificationType::Actual,
        Of::Forecast => NotificationType::Forecasted,
    };
    let alarm = Alarm::builder().notification_type(of).comparison_operator(ComparisonOperator::GreaterThan);
    alarm.threshold(f64::from(key.percent)).threshold_type(ThresholdType::Percentage).build().map_err(incomplete)
}

fn subscribers(emails: &BTreeSet<String>) -> Result<Vec<Subscriber>, CallError> {
    let one = |email: &String| Subscriber::builder().subscription_type(SubscriptionType::Email).address(email).build();
    emails.iter().map(one).collect::<Result<_, _>>().map_err(incomplete)
}

fn written(name: &str, want: &Budget) -> Result<Found, CallError> {
    let limit = Spend::builder().amount(want.amount.to_string()).unit(&want.unit).build().map_err(incomplete)?;
    let budget = Found::builder().budget_name(name).budget_limit(limit).time_unit(TimeUnit::Monthly).budget_type(BudgetType::Cost);
    budget.build().map_err(incomplete)
}

fn tagged(tags: &Tags) -> Result<Vec<ResourceTag>, CallError> {
    let tag = |(key, value): (&String, &String)| ResourceTag::builder().key(key).value(value).build();
    tags.iter().map(tag).collect::<Result<_, _>>().map_err(incomplete)
}

fn incomplete(error: impl fmt::Display) -> CallError {
    CallError::refused("budgets:ModifyBudget", error.to_string())
}

/// The budget that a name clashed with, if it is ours: then an earlier attempt made it.
async fn ours(at: &Session, address: &Address) -> Result<RemoteId, CallError> {
    let taken = || CallError::refused("budgets:ModifyBudget", format!("the account has a budget named {PREFIX}{} that is not Landfall's", address.name));
    Budget::find(at, address).await?.map(|seen| seen.id).ok_or_else(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn budget(amount: u64, notifications: serde_json::Value) -> Budget {
        serde_json::from_value(json!({ "amount": amount, "notifications": notifications })).unwrap()
    }

    #[test]
    fn who_is_told_is_compared_one_notification_at_a_time() {
        let live = budget(500, json!([{ "of": "actual", "percent": 80, "subscribers": ["a@x.example", "b@x.example"] }]));
        let same = json!([{ "of": "actual", "percent": 80, "subscribers": ["b@x.example", "a@x.example"] }, { "of": "forecast", "percent": 100 }]);
        assert_eq!(Budget::changes(&live, &budget(500, same)), [], "a notification to nobody is none");
        let want = budget(600, json!([{ "of": "forecast", "percent": 100, "subscribers": ["a@x.example"] }]));
        let changes: Vec<_> = Budget::changes(&live, &want).into_iter().map(|c| (c.field, c.effect)).collect();
        let fields = ["amount", "notifications.actual-80", "notifications.forecast-100"];
        assert_eq!(changes, fields.map(|field| (field.to_owned(), Effect::InPlace)));
    }

    #[test]
    fn notifications_of_another_form_are_left_alone() {
        let ours = alarm(Key { of: Of::Forecast, percent: 100 }).unwrap();
        assert_eq!(key(&ours), Some(Key { of: Of::Forecast, percent: 100 }));
        let build = |threshold, kind, operator| {
            let alarm = Alarm::builder().notification_type(NotificationType::Actual).threshold(threshold);
            alarm.threshold_type(kind).comparison_operator(operator).build().unwrap()
        };
        let (percent, above) = (ThresholdType::Percentage, ComparisonOperator::GreaterThan);
        for odd in [
            build(33.3, percent.clone(), above.clone()),
            build(f64::NAN, percent.clone(), above.clone()),
            build(80.0, ThresholdType::AbsoluteValue, above),
            build(80.0, percent, ComparisonOperator::LessThan),
        ] {
            assert_eq!(key(&odd), None, "{odd:?}");
        }
    }

    #[test]
    fn amounts_are_whole() {
        let found = |amount: &str| {
            let limit = Spend::builder().amount(amount).unit("USD").build().unwrap();
            let found = Found::builder().budget_name("x").budget_limit(limit).time_unit(TimeUnit::Monthly);
            plain(&found.budget_type(BudgetType::Cost).build().unwrap()).amount
        };
        assert_eq!((found("500.0"), found("500"), found("a lot")), (500, 500, 0));
    }
}
