//! Where Organizations says no and the emulated AWS does not, and what takes its time.

use super::*;
use crate::simulated::wire::Body;

const DENY: &str = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
const TAKES: Moment = Moment::from_secs(90);

/// An organization, and the time.
#[derive(Default)]
struct Told {
    organization: Organization,
    now: Moment,
    made: u64,
}

impl Told {
    fn ask(&mut self, operation: &str, json: Value) -> Result<Value, String> {
        let mut at = At { account: MANAGEMENT, region: "us-east-1", now: self.now, haste: 1.0, made: &mut self.made };
        self.organization.settle(&at);
        let headers = [("x-amz-target".to_owned(), format!("AWSOrganizationsV20161128.{operation}"))].into();
        let request = crate::simulated::wire::Request { headers, body: json.to_string().into_bytes(), ..Default::default() };
        match self.organization.answer(&mut at, &Asked::of(&request), TAKES) {
            Ok(Body::Json(value)) => Ok(value),
            Ok(other) => panic!("{other:?}"),
            Err(fault) if fault.code == "ConstraintViolationException" => Err(fault.message.split(':').next().unwrap().to_owned()),
            Err(fault) => Err(fault.code),
        }
    }

    fn unit(&mut self, parent: &str, name: &str) -> Result<String, String> {
        let made = self.ask("CreateOrganizationalUnit", json!({ "ParentId": parent, "Name": name }))?;
        Ok(made["OrganizationalUnit"]["Id"].as_str().unwrap().to_owned())
    }

    fn account(&mut self, name: &str) -> Result<Value, String> {
        self.ask("CreateAccount", json!({ "Email": format!("{name}@acme.example"), "AccountName": name }))
    }

    fn accounts(&mut self, number: usize) -> Vec<String> {
        for at in 0..number {
            self.account(&format!("a{at}")).unwrap();
            self.now += TAKES;
        }
        self.ask("ListRoots", json!({})).unwrap();
        self.organization.accounts.keys().cloned().collect()
    }
}

#[test]
fn units_have_names_of_their_own_and_a_depth_and_go_when_they_are_empty() {
    let mut told = Told::default();
    let mut parent = told.unit(ROOT, "top").unwrap();
    assert_eq!(told.unit(ROOT, "top"), Err("DuplicateOrganizationalUnitException".to_owned()));
    let top = parent.clone();
    for depth in 2..=5 {
        parent = told.unit(&parent, &format!("level-{depth}")).unwrap();
    }
    assert_eq!(told.unit(&parent, "deeper"), Err("OU_DEPTH_LIMIT_EXCEEDED".to_owned()));
    let delete = |told: &mut Told, id: &str| told.ask("DeleteOrganizationalUnit", json!({ "OrganizationalUnitId": id }));
    assert_eq!(delete(&mut told, &top), Err("OrganizationalUnitNotEmptyException".to_owned()));
    assert!(delete(&mut told, &parent).is_ok());
}

#[test]
fn accounts_are_made_five_at_once_and_one_an_email() {
    let mut told = Told::default();
    for at in 0..5 {
        told.account(&format!("a{at}")).unwrap();
    }
    assert_eq!(told.account("a5"), Err("TooManyRequestsException".to_owned()));
    let open = |told: &mut Told| {
        told.ask("ListCreateAccountStatus", json!({ "States": ["IN_PROGRESS"] })).unwrap()["CreateAccountStatuses"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!((open(&mut told), told.organization.accounts.len()), (5, 0));
    told.now += TAKES;
    assert_eq!((open(&mut told), told.organization.accounts.len()), (0, 5));
    let again = told.account("A1").unwrap()["CreateAccountStatus"]["Id"].clone();
    told.now += TAKES;
    let status = told.ask("DescribeCreateAccountStatus", json!({ "CreateAccountRequestId": again })).unwrap();
    assert_eq!(status["CreateAccountStatus"]["FailureReason"], "EMAIL_ALREADY_EXISTS");
    assert_eq!(told.organization.accounts.len(), 5);
    told.organization.most_accounts = 6;
    assert_eq!(told.account("a6"), Err("ACCOUNT_NUMBER_LIMIT_EXCEEDED".to_owned()));
}

#[test]
fn accounts_are_listed_page_by_page() {
    let mut told = Told::default();
    told.accounts(45);
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let page = told.ask("ListAccountsForParent", json!({ "ParentId": ROOT, "NextToken": token })).unwrap();
        seen.push(page["Accounts"].as_array().unwrap().len());
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, [20, 20, 6], "with the management account");
}

#[test]
fn accounts_are_closed_three_at_once_and_let_nobody_in_then() {
    let mut told = Told::default();
    let ids = told.accounts(4);
    told.now += TAKES;
    let close = |told: &mut Told, id: &str| told.ask("CloseAccount", json!({ "AccountId": id })).map(drop);
    assert!(told.organization.lets_in(&ids[0], told.now));
    assert!(ids.iter().take(3).all(|id| close(&mut told, id).is_ok()));
    assert!(!told.organization.lets_in(&ids[0], told.now));
    assert_eq!(close(&mut told, &ids[3]), Err("CLOSE_ACCOUNT_REQUESTS_LIMIT_EXCEEDED".to_owned()));
    assert_eq!(close(&mut told, MANAGEMENT), Err("CANNOT_CLOSE_MANAGEMENT_ACCOUNT".to_owned()));
    let status =
        |told: &mut Told| told.ask("DescribeAccount", json!({ "AccountId": ids[0] })).map(|answer| answer["Account"]["Status"].clone());
    assert_eq!(status(&mut told), Ok("PENDING_CLOSURE".into()));
    told.now += Moment::from_secs(600);
    assert_eq!(status(&mut told), Ok("SUSPENDED".into()));
    assert!(close(&mut told, &ids[3]).is_ok());
    assert_eq!(close(&mut told, &ids[0]), Err("AccountAlreadyClosedException".to_owned()));
    told.now += Moment::from_secs(100 * 86_400);
    assert_eq!(status(&mut told), Err("AccountNotFoundException".to_owned()));
}

#[test]
fn accounts_move_from_where_they_are() {
    let mut told = Told::default();
    let id = told.accounts(1).remove(0);
    let [prod, dev] = ["prod", "dev"].map(|name| told.unit(ROOT, name).unwrap());
    let mut moved = |from: &str, to: &str| {
        told.ask("MoveAccount", json!({ "AccountId": id, "SourceParentId": from, "DestinationParentId": to })).map(drop)
    };
    assert_eq!(moved(&prod, &dev), Err("SourceParentNotFoundException".to_owned()));
    assert_eq!(moved(ROOT, "ou-root-none"), Err("DestinationParentNotFoundException".to_owned()));
    assert_eq!(moved(ROOT, ROOT), Err("DuplicateAccountException".to_owned()));
    assert!(moved(ROOT, &prod).is_ok());
    let delete = told.ask("DeleteOrganizationalUnit", json!({ "OrganizationalUnitId": prod }));
    assert_eq!(delete, Err("OrganizationalUnitNotEmptyException".to_owned()));
}

#[test]
fn everything_has_a_policy_and_not_more_than_ten() {
    let mut told = Told::default();
    let unit = told.unit(ROOT, "prod").unwrap();
    let make = |told: &mut Told, name: &str, content: &str| {
        let made =
            told.ask("CreatePolicy", json!({ "Type": "SERVICE_CONTROL_POLICY", "Name": name, "Content": content, "Description": "" }))?;
        Ok::<String, String>(made["Policy"]["PolicySummary"]["Id"].as_str().unwrap().to_owned())
    };
    let on = |told: &mut Told, operation: &str, id: &str| told.ask(operation, json!({ "PolicyId": id, "TargetId": unit })).map(drop);
    assert_eq!(on(&mut told, "DetachPolicy", "p-FullAWSAccess"), Err("MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED".to_owned()));
    let ids: Vec<String> = (0..10).map(|number| make(&mut told, &format!("p{number}"), DENY).unwrap()).collect();
    assert!(ids.iter().take(9).all(|id| on(&mut told, "AttachPolicy", id).is_ok()));
    assert_eq!(on(&mut told, "AttachPolicy", &ids[0]), Err("DuplicatePolicyAttachmentException".to_owned()));
    assert_eq!(on(&mut told, "AttachPolicy", &ids[9]), Err("MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED".to_owned()));
    assert_eq!(on(&mut told, "DetachPolicy", &ids[9]), Err("PolicyNotAttachedException".to_owned()));
    assert_eq!(told.ask("DeletePolicy", json!({ "PolicyId": ids[0] })), Err("PolicyInUseException".to_owned()));
    assert_eq!(told.ask("DeletePolicy", json!({ "PolicyId": "p-FullAWSAccess" })), Err("InvalidInputException".to_owned()));
    assert_eq!(make(&mut told, "p0", DENY), Err("DuplicatePolicyException".to_owned()));
    assert_eq!(make(&mut told, "odd", "{}"), Err("MalformedPolicyDocumentException".to_owned()));
    let long = DENY.replace('}', &format!("{}}}", " ".repeat(10_240)));
    assert_eq!(make(&mut told, "long", &long), Err("POLICY_CONTENT_LIMIT_EXCEEDED".to_owned()));
}

#[test]
fn policies_that_are_switched_off_are_attached_to_nothing() {
    let mut told = Told::default();
    let switch =
        |told: &mut Told, operation: &str| told.ask(operation, json!({ "RootId": ROOT, "PolicyType": "SERVICE_CONTROL_POLICY" })).map(drop);
    assert_eq!(switch(&mut told, "EnablePolicyType"), Err("PolicyTypeAlreadyEnabledException".to_owned()));
    switch(&mut told, "DisablePolicyType").unwrap();
    let attached = told.ask("AttachPolicy", json!({ "PolicyId": "p-FullAWSAccess", "TargetId": ROOT }));
    assert_eq!(attached, Err("PolicyTypeNotEnabledException".to_owned()));
    switch(&mut told, "EnablePolicyType").unwrap();
}
