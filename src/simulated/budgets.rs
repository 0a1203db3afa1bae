//! AWS Budgets: budgets of costs, and who is told. Nothing costs anything here, so nobody is ever told.

use super::At;
use super::paging::{page, size};
use super::wire::{Answer, Asked, Fault, fault, json as ok, tag_list};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Budgets, notifications or subscribers in a page.
const PAGE: usize = 100;
/// Notifications of a budget, and subscribers of a notification by email (Budgets quotas).
const NOTIFICATIONS: usize = 10;
const EMAILS: usize = 10;
/// Tags of a budget.
const TAGS: usize = 200;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Budgets {
    budgets: BTreeMap<String, Budget>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Budget {
    /// As it was given, with the amount as AWS shows it.
    shown: Value,
    told: Vec<Told>,
    tags: BTreeMap<String, String>,
}

/// A notification and its subscribers, as they were given.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Told {
    notification: Value,
    subscribers: Vec<Value>,
}

impl Budgets {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        if asked.has("AccountId") && asked.text("AccountId") != at.account {
            return fault("AccessDeniedException", "the budgets of another account");
        }
        match asked.operation.as_str() {
            "DescribeBudgets" => paged("Budgets", self.budgets.values().map(|budget| &budget.shown), asked),
            "CreateBudget" => self.create(asked),
            "UpdateBudget" => {
                let new = &asked.json["NewBudget"];
                let budget = self.get(new["BudgetName"].as_str().unwrap_or_default())?;
                budget.shown = whole(new)?;
                ok(json!({}))
            }
            "DeleteBudget" => {
                self.named(asked)?;
                self.budgets.remove(&asked.text("BudgetName"));
                ok(json!({}))
            }
            "DescribeNotificationsForBudget" => {
                let budget = self.named(asked)?;
                paged("Notifications", budget.told.iter().map(|told| &told.notification), asked)
            }
            "CreateNotification" => {
                let budget = self.named(asked)?;
                budget.tell(&asked.json)?;
                ok(json!({}))
            }
            "DeleteNotification" => {
                let (budget, at) = self.told(asked)?;
                budget.told.remove(at);
                ok(json!({}))
            }
            "DescribeSubscribersForNotification" => {
                let (budget, at) = self.told(asked)?;
                paged("Subscribers", budget.told.get(at).into_iter().flat_map(|told| &told.subscribers), asked)
            }
            "TagResource" => {
                let given = asked.tags("ResourceTags");
                let budget = self.by_arn(at, asked)?;
                budget.tags = tagged(budget.tags.clone().into_iter().chain(given).collect())?;
                ok(json!({}))
            }
            "ListTagsForResource" => ok(json!({ "ResourceTags": tag_list(&self.by_arn(at, asked)?.tags) })),
            other => fault("UnknownOperationException", format!("the simulated Budgets has no {other}")),
        }
    }

    fn get(&mut self, name: &str) -> Result<&mut Budget, Fault> {
        let missing = || fault("NotFoundException", format!("the budget {name} doesn't exist"));
        self.budgets.get_mut(name).map_or_else(missing, Ok)
    }

    fn named(&mut self, asked: &Asked) -> Result<&mut Budget, Fault> {
        self.get(&asked.text("BudgetName"))
    }

    fn by_arn(&mut self, at: &At<'_>, asked: &Asked) -> Result<&mut Budget, Fault> {
        let arn = asked.text("ResourceARN");
        let name = arn.strip_prefix(&format!("arn:aws:budgets::{}:budget/", at.account)).unwrap_or_default();
        self.get(name)
    }

    /// A budget, and which of its notifications is meant.
    fn told(&mut self, asked: &Asked) -> Result<(&mut Budget, usize), Fault> {
        let budget = self.named(asked)?;
        match budget.told.iter().position(|told| is_same(&told.notification, &asked.json["Notification"])) {
            Some(at) => Ok((budget, at)),
            None => fault("NotFoundException", "the notification doesn't exist"),
        }
    }

    fn create(&mut self, asked: &Asked) -> Answer {
        let given = &asked.json["Budget"];
        let name = given["BudgetName"].as_str().unwrap_or_default();
        if name.is_empty() || name.len() > 100 || name.contains([':', '\\']) {
            return fault("InvalidParameterException", "a budget's name has 1 to 100 signs, none of them : or \\");
        }
        if self.budgets.contains_key(name) {
            return fault("DuplicateRecordException", format!("the budget {name} exists"));
        }
        let mut budget = Budget { shown: whole(given)?, told: Vec::new(), tags: tagged(asked.tags("ResourceTags"))? };
        for one in asked.json["NotificationsWithSubscribers"].as_array().into_iter().flatten() {
            budget.tell(one)?;
        }
        self.budgets.insert(name.to_owned(), budget);
        ok(json!({}))
    }
}

impl Budget {
    /// Adds a notification with its subscribers.
    fn tell(&mut self, one: &Value) -> Result<(), Fault> {
        let (notification, subscribers) = (one["Notification"].clone(), one["Subscribers"].as_array().cloned().unwrap_or_default());
        if self.told.iter().any(|told| is_same(&told.notification, &notification)) {
            return fault("DuplicateRecordException", "the notification exists");
        }
        if self.told.len() >= NOTIFICATIONS {
            return fault("CreationLimitExceededException", format!("a budget has {NOTIFICATIONS} notifications at most"));
        }
        let emails = subscribers.iter().filter(|one| one["SubscriptionType"] == "EMAIL").map(|one| one["Address"].as_str());
        let (count, different) = (emails.clone().count(), emails.collect::<BTreeSet<_>>().len());
        if subscribers.is_empty() || count > EMAILS || different < count {
            return fault("InvalidParameterException", format!("a notification has 1 to {EMAILS} subscribers by email, each once"));
        }
        self.told.push(Told { notification, subscribers });
        Ok(())
    }
}

/// Whether two notifications are told apart by nothing.
fn is_same(one: &Value, other: &Value) -> bool {
    let key = |of: &Value| {
        let text = |field: &str| of[field].as_str().map(str::to_owned);
        let kind = text("ThresholdType").unwrap_or_else(|| "PERCENTAGE".to_owned());
        (text("NotificationType"), text("ComparisonOperator"), of["Threshold"].as_f64(), kind)
    };
    key(one) == key(other)
}

/// A budget as AWS shows it: amounts have a fraction.
fn whole(given: &Value) -> Result<Value, Fault> {
    let amount = given["BudgetLimit"]["Amount"].as_str().and_then(|text| text.parse::<f64>().ok()).filter(|amount| amount.is_finite());
    let Some(amount) = amount.filter(|_| given["BudgetType"] == "COST") else {
        return fault("InvalidParameterException", "only budgets of costs, with a limit, are simulated");
    };
    let mut shown = given.clone();
    shown["BudgetLimit"]["Amount"] = json!(format!("{amount:?}"));
    Ok(shown)
}

fn paged<'a>(name: &str, all: impl Iterator<Item = &'a Value>, asked: &Asked) -> Answer {
    let (found, next) = page(all, &asked.text("NextToken"), size(asked, "MaxResults", PAGE, PAGE));
    ok(json!({ name: found, "NextToken": next }))
}

fn tagged(tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    match tags.len() > TAGS {
        true => fault("ServiceQuotaExceededException", format!("a budget has {TAGS} tags at the most")),
        false => Ok(tags),
    }
}
