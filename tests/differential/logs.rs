//! Amazon CloudWatch Logs: groups, their retention and their tags.

use super::side::Side;
use aws_sdk_cloudwatchlogs::types::InputLogEvent;

const GROUP: &str = "/aws/vpc/landfall";

pub async fn story(side: &mut Side) {
    let logs = aws_sdk_cloudwatchlogs::Client::new(&side.member);
    let arn = format!("arn:aws:logs:us-west-2:{}:log-group:{GROUP}", side.account);
    let keep = |days: i32| logs.put_retention_policy().log_group_name(GROUP).retention_in_days(days).send();
    side.told("logs:PutRetentionPolicy", keep(30).await);
    side.told("logs:DeleteRetentionPolicy", logs.delete_retention_policy().log_group_name(GROUP).send().await);
    side.told("logs:DeleteLogGroup", logs.delete_log_group().log_group_name(GROUP).send().await);
    side.differs("logs:ListTagsForResource", "moto knows the tags of what is not there");
    side.told("logs:ListTagsForResource", logs.list_tags_for_resource().resource_arn(&arn).send().await);
    side.differs("logs:TagResource", "moto tags what is not there");
    side.told("logs:TagResource", logs.tag_resource().resource_arn(&arn).tags("a", "b").send().await);
    for _ in 0..2 {
        side.told("logs:CreateLogGroup", logs.create_log_group().log_group_name(GROUP).tags("team", "payments").send().await);
    }
    side.told("logs:CreateLogGroup", logs.create_log_group().log_group_name("/aws/lambda/Landfall-canary").send().await);
    side.told("logs:CreateLogGroup", logs.create_log_group().log_group_name("/aws/lambda/checkout").send().await);
    side.differs("logs:CreateLogGroup", "moto takes any name");
    side.told("logs:CreateLogGroup", logs.create_log_group().log_group_name("no name").send().await);
    side.differs("logs:DeleteLogGroup", "moto made it just now");
    side.told("logs:DeleteLogGroup", logs.delete_log_group().log_group_name("no name").send().await);
    side.told("logs:PutRetentionPolicy", keep(30).await);
    side.differs("logs:PutRetentionPolicy", "moto keeps entries for any number of days");
    side.told("logs:PutRetentionPolicy", keep(31).await);
    side.told("logs:PutRetentionPolicy", keep(90).await);
    side.told("logs:DescribeLogGroups", logs.describe_log_groups().log_group_name_prefix(GROUP).send().await);
    side.differs("logs:DescribeLogGroups", "moto knows no patterns");
    side.told("logs:DescribeLogGroups", logs.describe_log_groups().log_group_name_pattern("vpc/landfall").send().await);
    let both = logs.describe_log_groups().log_group_name_pattern("a").log_group_name_prefix("a");
    side.differs("logs:DescribeLogGroups", "moto knows no patterns");
    side.told("logs:DescribeLogGroups", both.send().await);
    side.told("logs:DeleteRetentionPolicy", logs.delete_retention_policy().log_group_name(GROUP).send().await);
    side.told("logs:TagResource", logs.tag_resource().resource_arn(&arn).tags("a", "b").tags("team", "catalog").send().await);
    side.told("logs:ListTagsForResource", logs.list_tags_for_resource().resource_arn(&arn).send().await);

    for _ in 0..2 {
        side.told("logs:CreateLogStream", logs.create_log_stream().log_group_name(GROUP).log_stream_name("one").send().await);
    }
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
    let event = || InputLogEvent::builder().timestamp(now).message("hello").build().unwrap();
    for stream in ["one", "none"] {
        let put = logs.put_log_events().log_group_name(GROUP).log_stream_name(stream).log_events(event());
        side.told("logs:PutLogEvents", put.send().await);
    }
    side.told("logs:DescribeLogGroups", logs.describe_log_groups().log_group_name_prefix("/aws/lambda").send().await);
    let filled = side.told("logs:DescribeLogGroups", logs.describe_log_groups().log_group_name_prefix(GROUP).send().await);
    assert!(filled.unwrap().log_groups()[0].stored_bytes() > Some(0));
    let mut pages = logs.describe_log_groups().limit(2).into_paginator().send();
    while let Some(page) = pages.next().await {
        side.told("logs:DescribeLogGroups", page);
    }
    side.told("logs:DeleteLogGroup", logs.delete_log_group().log_group_name(GROUP).send().await);
    side.told("logs:DescribeLogGroups", logs.describe_log_groups().send().await);
}
