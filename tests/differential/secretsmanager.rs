//! AWS Secrets Manager.

use super::side::Side;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, Tag};

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

pub async fn story(side: &mut Side) {
    let secrets = aws_sdk_secretsmanager::Client::new(&side.member);
    let (make, put) =
        (|| secrets.create_secret().name("landfall/ci/publish"), || secrets.put_secret_value().secret_id("landfall/ci/publish"));
    let read = || secrets.get_secret_value().secret_id("landfall/ci/publish");
    side.told("secretsmanager:GetSecretValue", read().send().await);
    side.told("secretsmanager:PutSecretValue", put().secret_string("x").send().await);
    side.told("secretsmanager:TagResource", secrets.tag_resource().secret_id("none").tags(tag("a", "b")).send().await);
    side.told("secretsmanager:UntagResource", secrets.untag_resource().secret_id("none").tag_keys("a").send().await);

    let made = side.told("secretsmanager:CreateSecret", make().tags(tag("landfall:address", "x")).tags(tag("a", "1")).send().await);
    let arn = made.unwrap().arn.unwrap();
    side.told("secretsmanager:CreateSecret", make().send().await);
    side.told("secretsmanager:GetSecretValue", read().send().await);
    let token = "a-token-of-thirty-two-signs-000000001";
    for value in ["one", "one", "two"] {
        side.told("secretsmanager:PutSecretValue", put().client_request_token(token).secret_string(value).send().await);
    }
    side.told("secretsmanager:PutSecretValue", secrets.put_secret_value().secret_id(&arn).secret_string("three").send().await);
    side.told("secretsmanager:GetSecretValue", secrets.get_secret_value().secret_id(&arn).send().await);
    let given = secrets.tag_resource().secret_id(&arn).tags(tag("a", "2")).tags(tag("b", "3"));
    side.told("secretsmanager:TagResource", given.send().await);
    side.told("secretsmanager:UntagResource", secrets.untag_resource().secret_id(&arn).tag_keys("b").tag_keys("none").send().await);

    let again = "a-token-of-thirty-two-signs-000000002";
    let whole = || secrets.create_secret().name("landfall/whole").client_request_token(again).description("whole");
    for value in ["one", "one", "two"] {
        side.told("secretsmanager:CreateSecret", whole().secret_string(value).send().await);
    }
    for key in ["landfall:address", "landfall:", "none"] {
        let marked = Filter::builder().key(FilterNameStringType::TagKey).values(key).build();
        side.told("secretsmanager:ListSecrets", secrets.list_secrets().filters(marked).send().await);
    }
    side.told("secretsmanager:ListSecrets", secrets.list_secrets().send().await);
    for id in ["landfall/whole", &arn, "landfall/none"] {
        side.told("secretsmanager:DescribeSecret", secrets.describe_secret().secret_id(id).send().await);
    }

    side.told("secretsmanager:DeleteSecret", secrets.delete_secret().secret_id("landfall/whole").recovery_window_in_days(7).send().await);
    side.told("secretsmanager:GetSecretValue", secrets.get_secret_value().secret_id("landfall/whole").send().await);
    side.differs("secretsmanager:CreateSecret", "moto makes anew what waits for its deletion, or says that it exists");
    side.told("secretsmanager:CreateSecret", secrets.create_secret().name("landfall/whole").send().await);
    let gone = || secrets.delete_secret().secret_id(&arn).force_delete_without_recovery(true);
    side.told("secretsmanager:DeleteSecret", gone().send().await);
    side.told("secretsmanager:DeleteSecret", secrets.delete_secret().secret_id("landfall/none").send().await);
    let none = secrets.delete_secret().secret_id("landfall/none").force_delete_without_recovery(true);
    side.told("secretsmanager:DeleteSecret", none.send().await);
    side.told("secretsmanager:ListSecrets", secrets.list_secrets().send().await);
}
