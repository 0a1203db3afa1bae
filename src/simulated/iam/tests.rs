//! Where IAM says no and the emulated AWS does not, and what it lists page by page.

use super::*;
use crate::simulated::Moment;
use crate::simulated::wire::{Body, Request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const MAY: &str = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
const TRUST: &str = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::000000000001:root"}}}"#;

/// Asks as `Action=… name=value …`, and answers what is in the XML, or the code of the refusal.
fn ask(iam: &mut Iam, operation: &str, parameters: &[(&str, &str)]) -> Result<String, String> {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = parameters.iter().map(|(name, value)| format!("&{}={}", encoded(name), encoded(value)));
    let body = format!("Action={operation}{}", pairs.collect::<String>()).into_bytes();
    let headers = [("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())].into();
    let asked = Asked::of(&Request { method: "POST".to_owned(), headers, body, ..Request::default() });
    let mut made = iam.keys.len() as u64 + 1;
    let mut at = At { account: "100000000000", region: "us-east-1", now: Moment::from_secs(1), haste: 1.0, made: &mut made };
    match iam.answer(&mut at, &asked) {
        Ok(Body::Xml(text)) => Ok(text),
        Ok(other) => panic!("{other:?}"),
        Err(fault) => Err(fault.code),
    }
}

fn role(iam: &mut Iam, name: &str) -> Result<String, String> {
    ask(iam, "CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", TRUST)])
}

fn refused(code: &str) -> Result<String, String> {
    Err(code.to_owned())
}

#[test]
fn names_differ_by_more_than_their_case() {
    let mut iam = Iam::default();
    assert!(role(&mut iam, "deploy").is_ok());
    assert_eq!(role(&mut iam, "Deploy"), refused("EntityAlreadyExists"));
    assert_eq!(role(&mut iam, "de ploy"), refused("ValidationError"));
}

#[test]
fn a_policy_that_bounds_somebody_stays_and_so_does_a_user_with_a_key() {
    let mut iam = Iam::default();
    let arn = "arn:aws:iam::100000000000:policy/most";
    let (user, policy) = ([("UserName", "ci"), ("PermissionsBoundary", arn)], [("PolicyName", "most"), ("PolicyDocument", MAY)]);
    assert_eq!(ask(&mut iam, "CreateUser", &user), refused("NoSuchEntity"));
    ask(&mut iam, "CreatePolicy", &policy).unwrap();
    ask(&mut iam, "CreateUser", &user).unwrap();
    assert_eq!(ask(&mut iam, "DeletePolicy", &[("PolicyArn", arn)]), refused("DeleteConflict"));
    ask(&mut iam, "CreateAccessKey", &user[..1]).unwrap();
    assert_eq!(ask(&mut iam, "DeleteUser", &user[..1]), refused("DeleteConflict"));
    let key = iam.keys.keys().next().unwrap().clone();
    ask(&mut iam, "DeleteAccessKey", &[("UserName", "ci"), ("AccessKeyId", &key)]).unwrap();
    ask(&mut iam, "DeleteUser", &user[..1]).unwrap();
    ask(&mut iam, "DeletePolicy", &[("PolicyArn", arn)]).unwrap();
}

#[test]
fn no_more_than_aws_holds() {
    let mut iam = Iam::default();
    ask(&mut iam, "CreateUser", &[("UserName", "ci")]).unwrap();
    let long = MAY.replace("s3:*", &"x".repeat(1500));
    let mut put = |name: &str| ask(&mut iam, "PutUserPolicy", &[("UserName", "ci"), ("PolicyName", name), ("PolicyDocument", &long)]);
    assert!(put("one").is_ok() && put("one").is_ok());
    assert_eq!(put("two"), refused("LimitExceeded"));
    role(&mut iam, "deploy").unwrap();
    let mut attach = |number: usize| {
        let arn = format!("arn:aws:iam::aws:policy/P{number}");
        ask(&mut iam, "AttachRolePolicy", &[("RoleName", "deploy"), ("PolicyArn", &arn)])
    };
    assert!((0..10).all(|number| attach(number).is_ok()));
    assert_eq!(attach(10), refused("LimitExceeded"));
    let keys: Vec<(String, String)> = (1..=51).map(|number| (format!("Tags.member.{number}.Key"), format!("k{number}"))).collect();
    let tags: Vec<(&str, &str)> =
        keys.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("RoleName", "deploy")]).collect();
    assert_eq!(ask(&mut iam, "TagRole", &tags), refused("LimitExceeded"));
}

#[test]
fn a_document_that_aws_would_not_take_is_none() {
    let flaws = |text: &str| [Purpose::Identity, Purpose::Trust].map(|purpose| flaw(text, purpose).is_some());
    assert_eq!(flaws(MAY), [false, true]);
    assert_eq!(flaws(TRUST), [true, false]);
    let named = |sid: &str| MAY.replace(r#"{"Effect""#, &format!(r#"{{"Sid":"{sid}","Effect""#));
    assert_eq!([named("Read1"), named("to-read")].map(|text| flaw(&text, Purpose::Identity).is_some()), [false, true]);
    let odd = ["{}", "[]", "x", r#"{"Statement":[]}"#, r#"{"Statement":[1]}"#, r#"{"Version":"2026-01-01","Statement":[]}"#];
    for text in odd.into_iter().map(str::to_owned).chain([MAY.replace("Allow", "allow"), MAY.replace("Resource", "Resources")]) {
        assert_eq!(flaws(&text), [true, true], "{text}");
    }
}

#[test]
fn whoever_there_is_comes_page_by_page_and_nobody_twice() {
    let mut iam = Iam::default();
    for number in 0..5 {
        role(&mut iam, &format!("role-{number}")).unwrap();
        ask(&mut iam, "CreateUser", &[("UserName", &format!("user-{number}"))]).unwrap();
    }
    let (mut seen, mut pages, mut marker) = (Vec::new(), 0, String::new());
    loop {
        let page = ask(&mut iam, "GetAccountAuthorizationDetails", &[("MaxItems", "3"), ("Marker", &marker)]).unwrap();
        pages += 1;
        let inside = |name: &str| {
            page.split(&format!("<{name}>")).skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        seen.extend(inside("UserName").into_iter().chain(inside("RoleName")));
        // What goes in between takes nobody else with it.
        if let Some(last) = seen.last().filter(|last| last.starts_with("user")) {
            ask(&mut iam, "DeleteUser", &[("UserName", last)]).unwrap();
        }
        match inside("Marker").pop() {
            Some(next) => marker = next,
            None => break,
        }
    }
    seen.sort();
    let all: Vec<String> = (0..5).map(|number| format!("role-{number}")).chain((0..5).map(|number| format!("user-{number}"))).collect();
    assert_eq!((seen, pages), (all, 4));
}

#[test]
fn tags_have_few_signs() {
    let tag = |key: &str, value: &str| is_tag((&key.to_owned(), &value.to_owned()));
    assert!(tag("landfall:address", "payments/prod/global/iam-role/deploy") && tag("Ort", "Zürich 8"));
    assert!(!tag("aws:x", "") && !tag("", "x") && !tag("x", "a,b") && !tag("x", &"x".repeat(257)));
}

#[test]
fn a_role_trusts_whom_it_says() {
    let mut iam = Iam::default();
    role(&mut iam, "entrance").unwrap();
    let arn = |account: &str| format!("arn:aws:iam::{account}:user/x");
    assert!(iam.trusts("entrance", "000000000001", &arn("000000000001")).is_some());
    assert!(iam.trusts("entrance", "000000000002", &arn("000000000002")).is_none());
    assert!(iam.trusts("nothing", "000000000001", &arn("000000000001")).is_none());
}

#[test]
fn services_own_their_roles() {
    let mut iam = Iam::default();
    ask(&mut iam, "CreateServiceLinkedRole", &[("AWSServiceName", "ssm-incidents.amazonaws.com")]).unwrap();
    assert_eq!(ask(&mut iam, "DeleteRole", &[("RoleName", "AWSServiceRoleForIncidentManager")]), refused("UnmodifiableEntity"));
}
