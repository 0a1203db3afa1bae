//! Amazon SNS: topics and subscriptions.

use super::side::Side;
use aws_sdk_sns::types::Tag;

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

pub async fn story(side: &mut Side) {
    let sns = aws_sdk_sns::Client::new(&side.member);
    let none = format!("arn:aws:sns:us-west-2:{}:none", side.account);
    side.told("sns:ListTopics", sns.list_topics().send().await);
    side.told("sns:GetTopicAttributes", sns.get_topic_attributes().topic_arn(&none).send().await);
    let set = sns.set_topic_attributes().topic_arn(&none).attribute_name("DisplayName").attribute_value("x");
    side.told("sns:SetTopicAttributes", set.send().await);
    side.told("sns:ListTagsForResource", sns.list_tags_for_resource().resource_arn(&none).send().await);
    side.told("sns:TagResource", sns.tag_resource().resource_arn(&none).tags(tag("a", "b")).send().await);
    side.told("sns:DeleteTopic", sns.delete_topic().topic_arn(&none).send().await);
    side.told("sns:CreateTopic", sns.create_topic().name("not a name").send().await);
    let topic = topic(side, &sns).await;
    subscriptions(side, &sns, &topic).await;
    side.told("sns:DeleteTopic", sns.delete_topic().topic_arn(&topic).send().await);
    side.told("sns:ListSubscriptions", sns.list_subscriptions().send().await);
    for number in 0..101 {
        side.told("sns:CreateTopic", sns.create_topic().name(format!("topic-{number}")).send().await);
    }
    let mut pages = sns.list_topics().into_paginator().send();
    while let Some(page) = pages.next().await {
        side.told("sns:ListTopics", page);
    }
}

async fn topic(side: &mut Side, sns: &aws_sdk_sns::Client) -> String {
    let make = |team: &str| sns.create_topic().name("page-payments").attributes("DisplayName", "pay").tags(tag("team", team));
    let made = side.told("sns:CreateTopic", make("payments").send().await);
    let arn = made.unwrap().topic_arn.unwrap();
    side.told("sns:CreateTopic", make("payments").send().await);
    side.differs("sns:CreateTopic", "moto answers with the topic whatever its tags are");
    side.told("sns:CreateTopic", make("catalog").send().await);
    side.told("sns:GetTopicAttributes", sns.get_topic_attributes().topic_arn(&arn).send().await);
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sns:Publish","Resource":"*"}]}"#;
    for (name, value) in [("DisplayName", "payments"), ("Policy", policy)] {
        let set = sns.set_topic_attributes().topic_arn(&arn).attribute_name(name).attribute_value(value);
        side.told("sns:SetTopicAttributes", set.send().await);
    }
    side.told("sns:GetTopicAttributes", sns.get_topic_attributes().topic_arn(&arn).send().await);
    side.told("sns:TagResource", sns.tag_resource().resource_arn(&arn).tags(tag("a", "b")).send().await);
    side.told("sns:ListTagsForResource", sns.list_tags_for_resource().resource_arn(&arn).send().await);
    side.told("sns:ListTopics", sns.list_topics().send().await);
    arn
}

async fn subscriptions(side: &mut Side, sns: &aws_sdk_sns::Client, topic: &str) {
    let subscribe = |protocol: &str, endpoint: &str| sns.subscribe().topic_arn(topic).protocol(protocol).endpoint(endpoint);
    let none = sns.subscribe().topic_arn(topic.replace("payments", "none")).protocol("sms").endpoint("+15550100");
    side.told("sns:Subscribe", none.send().await);
    side.told("sns:Subscribe", subscribe("sms", "not a number").send().await);
    let phone = side.told("sns:Subscribe", subscribe("sms", "+15550100").send().await).unwrap().subscription_arn.unwrap();
    side.told("sns:Subscribe", subscribe("sms", "+15550100").send().await);
    side.differs("sns:Subscribe", "the emulated tells the ARN of who has yet to confirm");
    side.told("sns:Subscribe", subscribe("email", "ada@acme.example").send().await);
    side.told("sns:ListSubscriptions", sns.list_subscriptions().send().await);
    side.told("sns:Unsubscribe", sns.unsubscribe().subscription_arn("PendingConfirmation").send().await);
    side.told("sns:ConfirmSubscription", sns.confirm_subscription().topic_arn(topic).token("none").send().await);
    let told = side.told("sns:Subscribe", subscribe("email", "ada@acme.example").return_subscription_arn(true).send().await);
    let email = told.unwrap().subscription_arn.unwrap();
    let token = email.rsplit(':').next().unwrap();
    side.told("sns:ConfirmSubscription", sns.confirm_subscription().topic_arn(topic).token(token).send().await);
    side.told("sns:ListSubscriptionsByTopic", sns.list_subscriptions_by_topic().topic_arn(topic).send().await);
    side.told("sns:Unsubscribe", sns.unsubscribe().subscription_arn(&email).send().await);
    side.told("sns:Unsubscribe", sns.unsubscribe().subscription_arn(&email).send().await);
    side.told("sns:ListSubscriptions", sns.list_subscriptions().send().await);
    side.told("sns:Unsubscribe", sns.unsubscribe().subscription_arn(&phone).send().await);
    side.told("sns:Subscribe", subscribe("sms", "+15550100").send().await);
}
