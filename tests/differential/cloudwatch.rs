//! Amazon CloudWatch: alarms.

use super::side::Side;
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, Statistic};

pub async fn story(side: &mut Side) {
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&side.member);
    let topic = format!("arn:aws:sns:us-west-2:{}:page-catalog-primary", side.account);
    let put = |name: &str| {
        let call = cloudwatch.put_metric_alarm().alarm_name(name).namespace("Landfall/Canary").metric_name("Red").period(300);
        let call = call.statistic(Statistic::Maximum).evaluation_periods(2).threshold(1.0).treat_missing_data("breaching");
        let call = call.comparison_operator(ComparisonOperator::GreaterThanOrEqualToThreshold).alarm_actions(&topic);
        call.alarm_description("red").actions_enabled(true).dimensions(Dimension::builder().name("Zone").value("a").build())
    };
    side.told("cloudwatch:DescribeAlarms", cloudwatch.describe_alarms().alarm_name_prefix("landfall-").send().await);
    side.told("cloudwatch:DeleteAlarms", cloudwatch.delete_alarms().alarm_names("landfall-none").send().await);
    side.told("cloudwatch:PutMetricAlarm", put("landfall-a").send().await);
    side.told("cloudwatch:PutMetricAlarm", put("others").send().await);
    side.told("cloudwatch:DescribeAlarms", cloudwatch.describe_alarms().alarm_name_prefix("landfall-").max_records(100).send().await);
    side.told("cloudwatch:PutMetricAlarm", put("landfall-a").threshold(2.5).set_alarm_actions(None).period(60).send().await);
    side.told("cloudwatch:DescribeAlarms", cloudwatch.describe_alarms().alarm_names("landfall-a").send().await);
    side.differs("cloudwatch:PutMetricAlarm", "moto takes periods of any length");
    side.told("cloudwatch:PutMetricAlarm", put("odd").period(45).send().await);
    side.differs("cloudwatch:PutMetricAlarm", "moto lets alarms look back for ever");
    side.told("cloudwatch:PutMetricAlarm", put("long").evaluation_periods(300).send().await);
    side.told("cloudwatch:DeleteAlarms", cloudwatch.delete_alarms().alarm_names("odd").alarm_names("long").send().await);
    for number in 0..3 {
        side.told("cloudwatch:PutMetricAlarm", put(&format!("landfall-{number}")).send().await);
    }
    // moto has pages of its own length; in all of them together is what there is.
    let (mut pages, mut seen) = (cloudwatch.describe_alarms().max_records(2).into_paginator().send(), 0);
    while let Some(page) = pages.next().await {
        seen += page.unwrap().metric_alarms().len();
    }
    assert_eq!(seen, 5);
    side.told("cloudwatch:DeleteAlarms", cloudwatch.delete_alarms().alarm_names("landfall-a").send().await);
    side.told("cloudwatch:DescribeAlarms", cloudwatch.describe_alarms().send().await);
}
