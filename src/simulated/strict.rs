//! Where the simulated AWS is stricter than the emulated one, so that nothing else can be held against it; and that no request, however
//! odd, brings it down.

use super::wire::{Reply, Request, iso};
use super::{Moment, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Late in 2026.
const NOW: Moment = Moment::from_secs(1_795_000_000);
const DAY: Moment = Moment::from_secs(24 * 60 * 60);

/// Somebody who asks the simulated AWS, at some time.
struct Client {
    world: World,
    now: Moment,
}

impl Client {
    fn new() -> Client {
        Client { world: World::new(1).hurried(1.0), now: NOW }
    }

    fn send(&mut self, service: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let date = iso(self.now).replace(['-', ':'], "");
        let scope = format!("AWS4-HMAC-SHA256 Credential=test/{}/us-west-2/{service}/aws4_request, Signature=x", &date[..8]);
        let signed = [("authorization", scope.as_str()), ("x-amz-date", &date)];
        let headers: BTreeMap<_, _> = signed.iter().chain(headers).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request { method: method.to_owned(), target: target.to_owned(), headers, body: body.to_vec() };
        self.world.reply(&request, self.now)
    }

    /// The answer of a service that speaks JSON, or the code with which it refuses.
    fn ask(&mut self, action: &str, body: Value) -> Result<Value, String> {
        let (service, operation) = action.split_once(':').unwrap();
        let reply = self.send(service, "POST", "/", &[("x-amz-target", &format!("X.{operation}"))], body.to_string().as_bytes());
        refused(&reply).map_or_else(|| Ok(serde_json::from_slice(&reply.body).unwrap()), Err)
    }

    /// The same of a service that is asked by query.
    fn query(&mut self, action: &str, parameters: &[(&str, &str)]) -> Result<String, String> {
        let (service, operation) = action.split_once(':').unwrap();
        let pairs = parameters.iter().map(|(name, value)| format!("&{name}={value}"));
        let body = format!("Action={operation}{}", pairs.collect::<String>());
        let reply = self.send(service, "POST", "/", &[("content-type", "application/x-www-form-urlencoded")], body.as_bytes());
        refused(&reply).map_or_else(|| Ok(String::from_utf8(reply.body).unwrap()), Err)
    }
}

fn refused(reply: &Reply) -> Option<String> {
    reply.headers.iter().find(|(name, _)| *name == "x-amzn-errortype").map(|(_, code)| code.clone())
}

fn code<T: std::fmt::Debug>(answer: Result<T, String>) -> String {
    answer.unwrap_err()
}

#[test]
fn a_parameter_keeps_its_type_and_its_size() {
    let mut aws = Client::new();
    let put = |kind: &str, value: &str| json!({ "Name": "/landfall/a", "Type": kind, "Value": value, "Overwrite": true });
    assert_eq!(aws.ask("ssm:PutParameter", put("String", "x")).unwrap()["Version"], 1);
    assert_eq!(code(aws.ask("ssm:PutParameter", put("StringList", "x"))), "HierarchyTypeMismatchException");
    assert_eq!(code(aws.ask("ssm:PutParameter", put("String", &"x".repeat(4097)))), "ValidationException");
    assert_eq!(aws.ask("ssm:PutParameter", put("String", &"x".repeat(4096))).unwrap()["Version"], 2);
}

#[test]
fn the_name_of_a_secret_is_free_when_it_can_no_longer_be_restored() {
    let mut aws = Client::new();
    let make = || json!({ "Name": "a", "ClientRequestToken": "t", "SecretString": "s" });
    let first = aws.ask("secretsmanager:CreateSecret", make()).unwrap()["ARN"].clone();
    aws.ask("secretsmanager:DeleteSecret", json!({ "SecretId": "a", "RecoveryWindowInDays": 7 })).unwrap();
    assert_eq!(code(aws.ask("secretsmanager:CreateSecret", make())), "InvalidRequestException");
    assert_eq!(code(aws.ask("secretsmanager:GetSecretValue", json!({ "SecretId": "a" }))), "InvalidRequestException");
    aws.now += DAY * 7;
    assert_ne!(aws.ask("secretsmanager:CreateSecret", make()).unwrap()["ARN"], first);
}

#[test]
fn a_topic_is_made_once_and_an_invitation_lapses() {
    let mut aws = Client::new();
    let make = |team| [("Name", "page-a"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", team)];
    aws.query("sns:CreateTopic", &make("payments")).unwrap();
    assert_eq!(code(aws.query("sns:CreateTopic", &make("catalog"))), "InvalidParameter");
    let named = [("Name", "page-a"), ("Attributes.entry.1.key", "DisplayName"), ("Attributes.entry.1.value", "x")];
    assert_eq!(code(aws.query("sns:CreateTopic", &named)), "InvalidParameter");
    let topic = "arn:aws:sns:us-west-2:000000000001:page-a";
    let invited = aws.query("sns:Subscribe", &[("TopicArn", topic), ("Protocol", "email"), ("Endpoint", "a@b.example")]).unwrap();
    assert!(invited.contains("pending confirmation"), "{invited}");
    aws.now += DAY;
    assert!(aws.query("sns:ListSubscriptions", &[]).unwrap().contains("PendingConfirmation"));
    aws.now += DAY;
    assert!(!aws.query("sns:ListSubscriptions", &[]).unwrap().contains("PendingConfirmation"));
}

#[test]
fn an_alarm_looks_back_a_day_at_most() {
    let mut aws = Client::new();
    let mut put = |period, periods| {
        let what = [("AlarmName", "a"), ("MetricName", "m"), ("Namespace", "n"), ("Statistic", "Sum"), ("Threshold", "1")];
        let when = [("ComparisonOperator", "GreaterThanThreshold"), ("Period", period), ("EvaluationPeriods", periods)];
        aws.query("monitoring:PutMetricAlarm", &[&what[..], &when[..]].concat())
    };
    assert!(put("300", "288").is_ok() && put("3600", "168").is_ok() && put("10", "1").is_ok());
    for (period, periods) in [("300", "289"), ("3600", "169"), ("45", "1"), ("60", "0"), ("x", "1"), ("-60", "1")] {
        assert_eq!(code(put(period, periods)), "ValidationError", "{period} {periods}");
    }
}

#[test]
fn rules_keep_their_bus_and_have_few_targets() {
    let mut aws = Client::new();
    aws.ask("events:CreateEventBus", json!({ "Name": "b" })).unwrap();
    aws.ask("events:PutRule", json!({ "Name": "r", "EventBusName": "b", "EventPattern": "{}" })).unwrap();
    assert_eq!(code(aws.ask("events:DeleteEventBus", json!({ "Name": "b" }))), "ValidationException");
    let mut put = |ids: std::ops::Range<usize>, arn: &str| {
        let targets: Vec<Value> = ids.map(|id| json!({ "Id": id.to_string(), "Arn": arn })).collect();
        aws.ask("events:PutTargets", json!({ "Rule": "r", "EventBusName": "b", "Targets": targets }))
    };
    assert_eq!(code(put(0..1, "arn:aws:events:us-west-2:1:event-bus/other")), "ValidationException");
    put(0..5, "arn:aws:sqs:us-west-2:1:q").unwrap();
    put(0..5, "arn:aws:sqs:us-west-2:1:other").unwrap();
    assert_eq!(code(put(5..6, "arn:aws:sqs:us-west-2:1:q")), "LimitExceededException");
}

#[test]
fn log_groups_are_found_by_a_pattern_and_kept_for_some_days_only() {
    let mut aws = Client::new();
    for name in ["/aws/vpc/Landfall", "/aws/lambda/checkout"] {
        aws.ask("logs:CreateLogGroup", json!({ "logGroupName": name })).unwrap();
    }
    let found = aws.ask("logs:DescribeLogGroups", json!({ "logGroupNamePattern": "landfall" })).unwrap();
    let names: Vec<&Value> = found["logGroups"].as_array().unwrap().iter().map(|group| &group["logGroupName"]).collect();
    assert_eq!(names, ["/aws/vpc/Landfall"]);
    let both = json!({ "logGroupNamePattern": "a", "logGroupNamePrefix": "a" });
    assert_eq!(code(aws.ask("logs:DescribeLogGroups", both)), "InvalidParameterException");
    let keep = json!({ "logGroupName": "/aws/vpc/Landfall", "retentionInDays": 31 });
    assert_eq!(code(aws.ask("logs:PutRetentionPolicy", keep)), "InvalidParameterException");
    let none = json!({ "resourceArn": "arn:aws:logs:us-west-2:000000000001:log-group:none", "tags": {} });
    assert_eq!(code(aws.ask("logs:TagResource", none)), "ResourceNotFoundException");
}

#[test]
fn a_bucket_answers_its_owner_in_its_region() {
    let mut aws = Client::new();
    let here = b"<CreateBucketConfiguration><LocationConstraint>us-west-2</LocationConstraint></CreateBucketConfiguration>";
    assert_eq!(aws.send("s3", "PUT", "/bucket", &[], here).status, 200);
    let wrong = [("x-amz-expected-bucket-owner", "000000000002")];
    let reply = aws.send("s3", "HEAD", "/bucket", &wrong, b"");
    assert_eq!((reply.status, reply.body.as_slice()), (403, &b""[..]));
    // By the name of its host as well as by its path.
    assert_eq!(aws.send("s3", "HEAD", "/", &[("host", "bucket.s3.us-west-2.amazonaws.com")], b"").status, 200);
    let chunks = [("content-encoding", "aws-chunked")];
    assert_eq!(
        aws.send("s3", "PUT", "/bucket/a/b", &chunks, b"3\r\none\r\n3;x=y\r\ntwo\r\n0\r\nx-amz-checksum-crc32:x\r\n\r\n").status,
        200
    );
    assert_eq!(aws.send("s3", "GET", "/bucket/a/b", &[], b"").body, b"onetwo");
    for cut in [&b"3\r\non"[..], b"", b"zz\r\n", b"ffffffffffffffff\r\nx\r\n", b"-1\r\n"] {
        assert_eq!(aws.send("s3", "PUT", "/bucket/c", &chunks, cut).status, 501);
    }
}

#[test]
fn budgets_are_the_accounts_own() {
    let mut aws = Client::new();
    assert_eq!(code(aws.ask("budgets:DescribeBudgets", json!({ "AccountId": "000000000002" }))), "AccessDeniedException");
}

const ASKED: [(&str, &[&str]); 9] = [
    ("ssm", &["GetParametersByPath", "GetParameter", "PutParameter", "DeleteParameter"]),
    (
        "secretsmanager",
        &["ListSecrets", "CreateSecret", "PutSecretValue", "GetSecretValue", "DeleteSecret", "TagResource", "UntagResource"],
    ),
    ("sns", &["ListTopics", "CreateTopic", "GetTopicAttributes", "SetTopicAttributes", "TagResource", "Subscribe", "Unsubscribe"]),
    ("monitoring", &["DescribeAlarms", "PutMetricAlarm", "DeleteAlarms"]),
    ("events", &["ListEventBuses", "CreateEventBus", "PutPermission", "RemovePermission", "PutRule", "PutTargets", "PutEvents"]),
    ("logs", &["DescribeLogGroups", "CreateLogGroup", "PutRetentionPolicy", "TagResource", "CreateLogStream", "PutLogEvents"]),
    ("budgets", &["DescribeBudgets", "CreateBudget", "UpdateBudget", "CreateNotification", "TagResource", "ListTagsForResource"]),
    ("s3", &["", "PutObject"]),
    ("s3control", &[""]),
];

#[test]
fn no_request_brings_it_down() {
    let odd = [
        "",
        "null",
        "[]",
        "7",
        "\"x\"",
        "{",
        r#"{"Name":7,"Tags":[7,{"Key":[]}],"Budget":[],"NewBudget":7,"Targets":[[]],"NextToken":"-1"}"#,
    ];
    let forms = ["NextToken=99999999999999999999&MaxRecords=0&Tags.member.1.Key", "Attributes.entry.1.key&Period=-1&%zz=%ff", "&&==&="];
    let targets =
        ["/", "//", "/?", "/%ff/%00?list-type=2&max-keys=-1&continuation-token=x", "/b/k?x-id=%ff", "/v20180820/configuration/x", "?"];
    let mut aws = Client::new();
    for (service, operations) in ASKED {
        for operation in operations {
            let target = format!("X.{operation}");
            let json = odd.iter().map(|body| (vec![("x-amz-target", target.as_str())], (*body).to_owned()));
            let form = forms
                .iter()
                .map(|body| (vec![("content-type", "application/x-www-form-urlencoded")], format!("Action={operation}&{body}")));
            for (headers, body) in json.chain(form) {
                for (method, target) in
                    ["GET", "PUT", "HEAD", "DELETE", "POST"].iter().flat_map(|method| targets.map(|target| (*method, target)))
                {
                    let reply = aws.send(service, method, target, &headers, body.as_bytes());
                    assert!((200..600).contains(&reply.status));
                }
            }
        }
    }
}
