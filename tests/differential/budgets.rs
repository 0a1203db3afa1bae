//! AWS Budgets: budgets, who is told, and tags.

use super::side::Side;
use aws_sdk_budgets::Client;
use aws_sdk_budgets::types::{
    Budget, BudgetType, ComparisonOperator, Notification, NotificationType, NotificationWithSubscribers, ResourceTag, Spend, Subscriber,
    SubscriptionType, ThresholdType, TimeUnit,
};

fn budget(name: &str, amount: &str) -> Budget {
    let limit = Spend::builder().amount(amount).unit("USD").build().unwrap();
    let budget = Budget::builder().budget_name(name).budget_limit(limit).time_unit(TimeUnit::Monthly);
    budget.budget_type(BudgetType::Cost).build().unwrap()
}

fn at(percent: f64) -> Notification {
    let told = Notification::builder().notification_type(NotificationType::Actual).comparison_operator(ComparisonOperator::GreaterThan);
    told.threshold(percent).threshold_type(ThresholdType::Percentage).build().unwrap()
}

fn email(address: &str) -> Subscriber {
    Subscriber::builder().subscription_type(SubscriptionType::Email).address(address).build().unwrap()
}

fn tag(key: &str, value: &str) -> ResourceTag {
    ResourceTag::builder().key(key).value(value).build().unwrap()
}

pub async fn story(side: &mut Side) {
    let (budgets, account) = (Client::new(&side.member), side.account.clone());
    let arn = |name: &str| format!("arn:aws:budgets::{account}:budget/{name}");
    let list = || budgets.describe_budgets().account_id(&account);
    side.told("budgets:DescribeBudgets", list().send().await);
    side.differs("budgets:DescribeBudgets", "the emulated shows an account its own budgets, whichever it asks for");
    side.told("budgets:DescribeBudgets", budgets.describe_budgets().account_id("000000000001").send().await);
    let gone = || budgets.delete_budget().account_id(&account).budget_name("landfall-main").send();
    side.told("budgets:DeleteBudget", gone().await);
    side.told("budgets:ListTagsForResource", budgets.list_tags_for_resource().resource_arn(arn("none")).send().await);
    let whole = NotificationWithSubscribers::builder().notification(at(80.0)).subscribers(email("a@x.example"));
    let make = budgets.create_budget().account_id(&account).budget(budget("landfall-main", "500")).resource_tags(tag("team", "payments"));
    let make = make.notifications_with_subscribers(whole.subscribers(email("b@x.example")).build().unwrap());
    for _ in 0..2 {
        side.told("budgets:CreateBudget", make.clone().send().await);
    }
    side.told("budgets:DescribeBudgets", list().send().await);
    let update = |budget: Budget| budgets.update_budget().account_id(&account).new_budget(budget).send();
    side.told("budgets:UpdateBudget", update(budget("landfall-main", "600.5")).await);
    side.told("budgets:UpdateBudget", update(budget("landfall-none", "600")).await);
    side.told("budgets:DescribeBudgets", list().send().await);
    notifications(side, &budgets, &account).await;
    let given = || budgets.tag_resource().resource_tags(tag("a", "b")).resource_tags(tag("team", "catalog"));
    side.told("budgets:TagResource", given().resource_arn(arn("landfall-main")).send().await);
    side.told("budgets:TagResource", given().resource_arn(arn("none")).send().await);
    side.told("budgets:ListTagsForResource", budgets.list_tags_for_resource().resource_arn(arn("landfall-main")).send().await);

    for number in 0..3 {
        let make = budgets.create_budget().account_id(&account).budget(budget(&format!("other-{number}"), "1"));
        side.told("budgets:CreateBudget", make.send().await);
    }
    let mut pages = list().max_results(3).into_paginator().send();
    while let Some(page) = pages.next().await {
        side.told("budgets:DescribeBudgets", page);
    }
    side.told("budgets:DeleteBudget", gone().await);
    side.told("budgets:DescribeBudgets", list().send().await);
}

async fn notifications(side: &mut Side, budgets: &Client, account: &str) {
    let list = |name: &str| budgets.describe_notifications_for_budget().account_id(account).budget_name(name).send();
    let who = |percent: f64| {
        let call = budgets.describe_subscribers_for_notification().account_id(account).budget_name("landfall-main");
        call.notification(at(percent)).send()
    };
    let make = |percent: f64| budgets.create_notification().account_id(account).budget_name("landfall-main").notification(at(percent));
    let gone =
        |percent: f64| budgets.delete_notification().account_id(account).budget_name("landfall-main").notification(at(percent)).send();
    side.told("budgets:DescribeNotificationsForBudget", list("landfall-main").await);
    side.told("budgets:DescribeNotificationsForBudget", list("landfall-none").await);
    for percent in [80.0, 90.0] {
        side.told("budgets:DescribeSubscribersForNotification", who(percent).await);
    }
    for percent in [80.0, 90.0] {
        side.told("budgets:CreateNotification", make(percent).subscribers(email("c@x.example")).send().await);
    }
    let twice = make(70.0).subscribers(email("c@x.example")).subscribers(email("c@x.example"));
    side.told("budgets:CreateNotification", twice.send().await);
    for number in 0..9 {
        let call = make(10.0 + f64::from(number)).subscribers(email("c@x.example"));
        side.told("budgets:CreateNotification", call.send().await);
    }
    for _ in 0..2 {
        side.told("budgets:DeleteNotification", gone(80.0).await);
    }
    side.told("budgets:DescribeNotificationsForBudget", list("landfall-main").await);
}
