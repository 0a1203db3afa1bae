//! How long what a resource holds may be: told from the files alone, where AWS would refuse it halfway through an apply. Fixed limits only:
//! what AWS raises on request is a quota, and no mistake. Pure.

use super::{Alarm, Document, Spec, ssm_parameter};
use std::collections::BTreeMap;

/// A managed policy, in characters that are no white space (IAM quotas, "IAM and STS character limits"). So are the next two.
const MANAGED_POLICY: usize = 6_144;
/// All inline policies of a role together.
const ROLE_POLICIES: usize = 10_240;
/// All inline policies of a user together.
const USER_POLICIES: usize = 2_048;
/// The inline policy of a permission set, in characters (API reference of IAM Identity Center, *PutInlinePolicyToPermissionSet*).
const SET_POLICY: usize = 32_768;
/// A parameter of the standard tier, in bytes (*PutParameter*: 4 KB).
const PARAMETER: usize = 4_096;
/// Tags of a secret (Secrets Manager quotas). A key has up to so many of ours besides one for each repository that it goes to: they tell how
/// far its delivery has come.
const TAGS: usize = 50;
const OF_CI_KEY: usize = 8;
const OF_NEW_RELIC_KEYS: usize = 5;
/// What periods of an hour or more may come to, in seconds (*PutMetricAlarm*: seven days), and shorter ones (one day).
const LONG_ALARM: (i64, i64) = (3_600, 604_800);
const SHORT_ALARM: i64 = 86_400;

/// What there is too much of, if there is.
pub fn too_large(spec: &Spec) -> Option<String> {
    let policies = |all: &BTreeMap<String, Document>, whose, most| {
        let size = all.values().map(size).sum::<usize>();
        (size > most).then(|| format!("its inline policies have {size} characters together, and IAM allows a {whose} {most}"))
    };
    match spec {
        Spec::IamPolicy(policy) => {
            let size = size(&policy.document);
            (size > MANAGED_POLICY).then(|| format!("its document has {size} characters, and IAM allows a policy {MANAGED_POLICY}"))
        }
        Spec::IamRole(role) => policies(&role.policies, "role", ROLE_POLICIES),
        Spec::IamUser(user) => policies(&user.policies, "user", USER_POLICIES),
        Spec::PermissionSet(set) => {
            let size = set.inline_policy.as_ref().map_or(0, |policy| policy.compact().chars().count());
            (size > SET_POLICY).then(|| format!("its inline policy has {size} characters, and IAM Identity Center allows {SET_POLICY}"))
        }
        Spec::SsmParameter(parameter) => match &parameter.value {
            ssm_parameter::Value::Text(text) if text.len() > PARAMETER => {
                Some(format!("its text has {} bytes, and a standard parameter holds {PARAMETER}", text.len()))
            }
            _ => None,
        },
        Spec::CiKey(key) => too_many(key.repositories.len(), key.tags.len() + OF_CI_KEY),
        Spec::NewRelicKeys(keys) => too_many(keys.repositories.len(), keys.tags.len() + OF_NEW_RELIC_KEYS),
        Spec::Alarm(alarm) => too_long(alarm),
        Spec::OrganizationAlarm(alarm) => too_long(&alarm.0),
        _ => None,
    }
}

fn too_many(repositories: usize, tags: usize) -> Option<String> {
    let most = TAGS.saturating_sub(tags);
    let told = || format!("it goes to {repositories} repositories, and its secret has tags for {most}: divide them among several");
    (repositories > most).then(told)
}

fn too_long(alarm: &Alarm) -> Option<String> {
    let (period, periods) = (i64::from(alarm.period), i64::from(alarm.periods));
    let most = if period >= LONG_ALARM.0 { LONG_ALARM.1 } else { SHORT_ALARM };
    let told = || format!("{periods} periods of {period} seconds are {} seconds, and CloudWatch allows {most}", periods * period);
    (periods * period > most).then(told)
}

/// What IAM counts of a document, with what an account fills in at its shortest.
fn size(document: &Document) -> usize {
    document.fill("000000000000", "aws", "us-east-1").compact().chars().filter(|letter| !letter.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::super::row;
    use super::*;
    use serde_json::{Value, json};

    fn fits(kind: &str, fields: Value) -> bool {
        too_large(&(row(&kind.parse().unwrap()).unwrap().parse)(fields).unwrap()).is_none()
    }

    /// A policy of so many characters, white space aside, that is about a bucket of the account.
    fn policy(length: usize) -> Value {
        let of = |name: &str| {
            json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:${{partition}}:s3:::${{account.id}}-{name}"),
            }] })
        };
        let parse = |value: Value| serde_json::from_value::<Document>(value).unwrap();
        of(&"x".repeat(length - size(&parse(of("")))))
    }

    #[test]
    fn what_is_exactly_as_long_as_it_may_be_fits_and_no_letter_more() {
        let alarm = |period: i64, periods: i64| {
            json!({ "description": "x", "namespace": "AWS/Lambda", "metric": "Errors", "statistic": "sum", "period": period,
                "periods": periods, "comparison": "above", "threshold": 0.0 })
        };
        let role = |lengths: [usize; 2]| json!({ "trust": {}, "policies": { "a": policy(lengths[0]), "b": policy(lengths[1]) } });
        let user = |length| json!({ "permission_boundary": "arn:${partition}:iam::aws:policy/x", "policies": { "a": policy(length) } });
        let text = |length: usize| json!({ "value": { "text": "x".repeat(length) } });
        let set = |length| json!({ "description": "x", "session_duration": "PT8H", "inline_policy": policy(length) });
        let written = serde_json::from_value::<Document>(policy(500)).unwrap().compact().chars().count() - 500;
        let repositories = |count: usize| (0..count).map(|at| format!("acme/x{at}")).collect::<Vec<_>>();
        let key = |count| json!({ "user": "iam-user/u", "rotate_after_days": 90, "secret": "s", "tags": { "a": "b" }, "repositories": repositories(count) });
        let keys = |count| json!({ "account": "new-relic-account/main", "secret": "s", "types": ["license"], "repositories": repositories(count) });
        for (kind, most, more) in [
            ("ci-key", key(41), key(42)),
            ("new-relic-keys", keys(45), keys(46)),
            ("iam-policy", json!({ "document": policy(6_144) }), json!({ "document": policy(6_145) })),
            ("iam-role", role([5_000, 5_240]), role([5_000, 5_241])),
            ("iam-user", user(2_048), user(2_049)),
            ("permission-set", set(32_768 - written), set(32_769 - written)),
            ("ssm-parameter", text(4_096), text(4_097)),
            ("alarm", alarm(60, 1_440), alarm(60, 1_441)),
            ("organization-alarm", alarm(3_600, 168), alarm(3_600, 169)),
        ] {
            assert!(fits(kind, most), "{kind}");
            assert!(!fits(kind, more), "{kind}");
        }
    }
}
