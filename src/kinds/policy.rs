//! The least that a role has to be allowed: made of what each kind says that it calls, so that it can't fall behind the code.

use super::{OUTSIDE, Row, Scope, TABLE};
use crate::model::{KindName, Record};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Whose role it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// That of the management account, from which every run starts.
    Management,
    /// The one in every member account that is assumed from there.
    Member,
}

/// What every run calls from the management account besides what the kinds do: who we are, and the organization itself.
pub(super) const ALWAYS: [&str; 2] = ["sts:GetCallerIdentity", "organizations:DescribeOrganization"];
/// The way into the accounts.
pub(super) const ENTER: &str = "sts:AssumeRole";

/// What reading the record of an account's network takes, and what writing it takes besides. The parameter is the only one that they are for.
pub const RECORD: [&str; 2] = ["ssm:GetParameter", "ssm:PutParameter"];

/// What reading the lock and the history of an organization takes, and after these two, what writing them takes besides.
pub const STORE: [&str; 6] =
    ["s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:CreateBucket", "s3:PutBucketVersioning", "s3:PutBucketPublicAccessBlock"];

const PUT: &str = "s3:PutObject";
/// Where documents are written: the lock, the history and its end, the ways back, and what the caller agrees to.
const DOCUMENTS: [&str; 5] = ["lock.json", "head.json", "records/*", "rollbacks/*", "glass/${aws:userid}/*"];

/// What asking a canary takes.
pub const ASK: &str = "lambda:InvokeFunction";

/// The most characters of a managed policy, white space not counted (IAM and STS quotas).
const LONGEST: usize = 6144;

/// The actions that planning needs for these kinds, and with `writes`, applying.
pub fn actions(kinds: &BTreeSet<KindName>, side: Side, writes: bool) -> BTreeSet<&'static str> {
    let rows = TABLE.iter().filter(|row| kinds.contains(&row.kind));
    let called = rows.flat_map(|row| {
        let all = row.reads.iter().chain(if writes { row.writes } else { &[] });
        all.filter(move |action| this(row, action, side)).copied()
    });
    let of_aws = called.filter(|action| OUTSIDE.iter().all(|service| !action.starts_with(service)));
    of_aws.chain((side == Side::Management).then_some(ALWAYS).into_iter().flatten()).collect()
}

/// Whether it is with the role of this side that a kind calls an action.
fn this(row: &Row, action: &str, side: Side) -> bool {
    let inside = matches!(row.scope, Scope::Global | Scope::Regional) || row.inside.contains(&action);
    inside == (side == Side::Member)
}

/// The statement that lets a role be assumed.
pub fn entering(role: &str) -> Value {
    statement("enter", &json!(ENTER), &format!("arn:*:iam::*:role/{role}"))
}

/// The statement for the record of an account's network, which no kind of resource reads or writes.
pub fn recording(writes: bool) -> Value {
    let actions = if writes { &RECORD[..] } else { &RECORD[..1] };
    statement("record", &json!(actions), &format!("arn:*:ssm:*:*:parameter{}", Record::PARAMETER))
}

/// The statements for the bucket that holds the organization's lock and history. What people agree to lies under their own id, and nobody
/// else writes there: who could, would be both of the two people that it takes.
pub fn storing(writes: bool) -> Vec<Value> {
    let actions: Vec<&str> = STORE.into_iter().take(if writes { STORE.len() } else { 2 }).filter(|action| *action != PUT).collect();
    let bucket = |folder: &str| format!("arn:*:s3:::landfall-*{folder}");
    let open = statement("store", &json!(actions), &bucket(""));
    let mut documents = statement("documents", &json!(PUT), "");
    documents["Resource"] = json!(DOCUMENTS.map(|folder| bucket(&format!("/{folder}"))));
    if writes { vec![open, documents] } else { vec![open] }
}

/// The statement that lets canaries be asked, and no other function.
pub fn asking() -> Value {
    statement("ask", &json!(ASK), "arn:*:lambda:*:*:function:landfall-canary-*")
}

/// The policies that allow these actions, and what further statements say; several where one would be too long for IAM.
pub fn documents(actions: &BTreeSet<&str>, further: &[Value]) -> Vec<Value> {
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for action in actions {
        services.entry(action.split(':').next().unwrap_or_default()).or_default().push(action);
    }
    let statements = services.into_iter().map(|(service, actions)| statement(service, &json!(actions), "*"));
    let mut documents: Vec<Vec<Value>> = Vec::new();
    for statement in statements.chain(further.iter().cloned()) {
        match documents.last_mut() {
            Some(last) if document(last).to_string().len() + statement.to_string().len() < LONGEST => last.push(statement),
            _ => documents.push(vec![statement]),
        }
    }
    documents.iter().map(|statements| document(statements)).collect()
}

fn document(statements: &[Value]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Statement ids are letters and digits.
fn statement(name: &str, actions: &Value, resource: &str) -> Value {
    let id: String = name.split('-').map(capitalized).collect();
    json!({ "Sid": format!("Landfall{id}"), "Effect": "Allow", "Action": actions, "Resource": resource })
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> BTreeSet<KindName> {
        TABLE.iter().map(|row| row.kind.clone()).collect()
    }

    #[test]
    fn a_policy_for_planning_only_reads() {
        for side in [Side::Management, Side::Member] {
            let reading = actions(&all(), side, false);
            assert!(reading.is_subset(&actions(&all(), side, true)));
            let sounds = |action: &&&str| ["Describe", "List", "Get", "View"].iter().any(|verb| action.contains(&format!(":{verb}")));
            assert_eq!(reading.iter().filter(|action| !sounds(action)).collect::<Vec<_>>(), Vec::<&&str>::new());
        }
    }

    #[test]
    fn only_what_the_kinds_call_is_allowed() {
        let vpc = BTreeSet::from([KindName::new("vpc")]);
        let allowed = actions(&vpc, Side::Member, false);
        assert!(allowed.contains("ec2:DescribeVpcs") && allowed.iter().all(|action| action.starts_with("ec2:Describe")), "{allowed:?}");
        assert_eq!(actions(&vpc, Side::Management, true), BTreeSet::from(ALWAYS));
    }

    #[test]
    fn what_is_called_inside_an_account_is_allowed_there_and_nowhere_else() {
        let keys = BTreeSet::from([KindName::new("new-relic-keys"), KindName::new("support-plan")]);
        let member = actions(&keys, Side::Member, false);
        assert_eq!(member, BTreeSet::from(["secretsmanager:ListSecrets", "support:DescribeSeverityLevels"]));
        assert!(actions(&keys, Side::Member, true).contains("secretsmanager:PutSecretValue"));
        let management = actions(&keys, Side::Management, true);
        assert!(management.contains("support:CreateCase") && !management.iter().any(|action| action.starts_with("secretsmanager:")));
    }

    #[test]
    fn the_record_is_one_parameter() {
        assert_eq!(recording(false)["Action"], json!(["ssm:GetParameter"]));
        assert_eq!(recording(true)["Resource"], "arn:*:ssm:*:*:parameter/landfall-apply/network");
    }

    #[test]
    fn the_store_is_one_bucket_that_planning_only_looks_into() {
        let [looking] = &storing(false)[..] else { panic!("one statement reads") };
        assert_eq!(looking["Action"], json!(["s3:GetObject", "s3:ListBucket"]));
        let [open, documents] = &storing(true)[..] else { panic!("two statements write") };
        assert!(open["Resource"] == "arn:*:s3:::landfall-*" && !open["Action"].as_array().unwrap().contains(&json!(PUT)));
        assert_eq!(documents["Action"], PUT);
        let glass = documents["Resource"].as_array().unwrap().iter().filter(|one| one.as_str().unwrap().contains("/glass/"));
        assert_eq!(glass.collect::<Vec<_>>(), ["arn:*:s3:::landfall-*/glass/${aws:userid}/*"], "nobody agrees for somebody else");
    }

    #[test]
    fn no_policy_is_too_long_for_iam_and_none_says_anything_twice() {
        for side in [Side::Management, Side::Member] {
            let actions = actions(&all(), side, true);
            let documents = documents(&actions, &[entering("Access"), recording(true)]);
            assert!(documents.iter().all(|document| document.to_string().len() <= LONGEST));
            let statements: Vec<&Value> = documents.iter().flat_map(|document| document["Statement"].as_array().unwrap()).collect();
            let ids: BTreeSet<&str> = statements.iter().map(|statement| statement["Sid"].as_str().unwrap()).collect();
            assert_eq!(ids.len(), statements.len());
            assert!(ids.iter().all(|id| id.chars().all(|sign| sign.is_ascii_alphanumeric())), "{ids:?}");
            let said: usize = statements.iter().filter_map(|statement| statement["Action"].as_array()).map(Vec::len).sum();
            assert_eq!(said, actions.len() + RECORD.len());
        }
    }
}
