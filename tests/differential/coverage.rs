//! That every operation which Landfall may call is in a story.

use landfall::kinds::TABLE;
use std::collections::BTreeSet;
use std::path::Path;

/// What is in no story, and why.
const UNTOLD: [(&str, &str); 9] = [
    ("budgets:ModifyBudget", PERMISSION),
    ("budgets:ViewBudget", PERMISSION),
    ("iam:PassRole", PERMISSION),
    ("route53:AssociateVPCWithHostedZone", PERMISSION),
    ("s3:GetAccountPublicAccessBlock", "the permission; the call is s3control:GetPublicAccessBlock, which is told"),
    ("s3:PutAccountPublicAccessBlock", "the permission; the call is s3control:PutPublicAccessBlock, which is told"),
    ("ssm-contacts:AssociateContact", PERMISSION),
    ("ssm-incidents:TagResource", PERMISSION),
    ("sso:TagResource", PERMISSION),
];
const PERMISSION: &str = "a permission that another call needs, and no call";
/// What isn't AWS's, and has tests of its own against GitHub's description and New Relic's schema.
const OUTSIDE: [&str; 2] = ["github:", "newrelic:"];

#[test]
fn every_operation_is_told() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential");
    let texts = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    let told: BTreeSet<String> = texts.flat_map(|text| names(&text)).collect();
    let called = TABLE.iter().flat_map(|row| row.reads.iter().chain(row.writes)).map(|name| (*name).to_owned());
    let called: BTreeSet<String> = called.filter(|name| OUTSIDE.iter().all(|outside| !name.starts_with(outside))).collect();
    let untold: Vec<&String> = called.difference(&told).filter(|name| UNTOLD.iter().all(|(untold, _)| untold != name)).collect();
    assert!(untold.is_empty(), "in no story: {untold:?}");
    let idle: Vec<_> = UNTOLD.iter().filter(|(name, _)| told.contains(*name) || !called.contains(*name)).collect();
    assert!(idle.is_empty(), "need no excuse: {idle:?}");
}

/// What stands after `told(`.
fn names(text: &str) -> Vec<String> {
    let after = text.split("told(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    after.map(str::to_owned).collect()
}
