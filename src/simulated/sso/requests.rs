//! What Identity Center does in accounts after it has answered: assignments that are made and removed, and sets that are brought up to date.

use super::sets::Assignment;
use super::{IdentityCenter, IdentityStore};
use crate::simulated::wire::{Answer, Asked, Fault, fault, json as ok, missing};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How long it takes in an account. AWS says nothing; people measure seconds, and a minute now and then.
const IN_AN_ACCOUNT: Moment = Moment::from_secs(10);
/// Assignments that are being made at once (the user guide's throttle limits; it can't be raised).
const AT_ONCE: usize = 10;
/// Sets that an account may have (the user guide's quotas; it can be raised).
const MOST_IN_AN_ACCOUNT: usize = 250;
/// For how long it is remembered how a request ended.
const REMEMBERED: Moment = Moment::from_secs(24 * 60 * 60);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Kind {
    Creation,
    Deletion,
    Provisioning,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Request {
    kind: Kind,
    set: String,
    /// None when it is for all accounts.
    assignment: Option<Assignment>,
    /// As it is shown.
    fields: Value,
    failure: Option<String>,
    ready: Moment,
    done: bool,
}

impl Kind {
    /// What the answer is called, and what the id of a request.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Kind::Creation => ("AccountAssignmentCreationStatus", "AccountAssignmentCreationRequestId"),
            Kind::Deletion => ("AccountAssignmentDeletionStatus", "AccountAssignmentDeletionRequestId"),
            Kind::Provisioning => ("PermissionSetProvisioningStatus", "ProvisionPermissionSetRequestId"),
        }
    }
}

impl IdentityCenter {
    /// Does what was to be done by now.
    pub(super) fn settle(&mut self, now: Moment) {
        self.requests.retain(|_, request| now < request.ready + REMEMBERED);
        for request in self.requests.values_mut().filter(|request| !request.done && request.ready <= now) {
            request.done = true;
            let Some(set) = self.sets.get_mut(&request.set).filter(|_| request.failure.is_none()) else { continue };
            match (request.kind, &request.assignment) {
                (Kind::Creation, Some(assignment)) => {
                    set.provisioned.entry(assignment.account.clone()).or_insert(set.version);
                    set.assigned.insert(assignment.clone());
                }
                (Kind::Deletion, Some(assignment)) => {
                    set.assigned.remove(assignment);
                    if !set.assigned.iter().any(|other| other.account == assignment.account) {
                        set.provisioned.remove(&assignment.account);
                    }
                }
                (_, _) => {
                    let target = request.fields["AccountId"].as_str();
                    let there = set.provisioned.iter_mut().filter(|(account, _)| target.is_none_or(|target| target == *account));
                    there.for_each(|(_, version)| *version = set.version);
                }
            }
        }
    }

    fn open(&self) -> impl Iterator<Item = &Request> {
        self.requests.values().filter(|request| !request.done)
    }

    pub(super) fn is_being_changed(&self, set: &str) -> bool {
        self.open().any(|request| request.set == set)
    }

    pub(super) fn assign(&mut self, at: &mut At<'_>, asked: &Asked, people: &IdentityStore) -> Answer {
        let assignment = self.assignment(asked)?;
        if self.open().filter(|request| request.kind == Kind::Creation).count() >= AT_ONCE {
            return fault("ThrottlingException", "There are too many requests processing. Please try again later.");
        }
        let there = self
            .sets
            .iter()
            .filter(|(arn, set)| **arn != asked.text("PermissionSetArn") && set.provisioned.contains_key(&assignment.account));
        if there.count() >= MOST_IN_AN_ACCOUNT {
            return fault("ServiceQuotaExceededException", format!("an account has {MOST_IN_AN_ACCOUNT} permission sets at most"));
        }
        let failure = (!people.has(&assignment.kind, &assignment.id)).then_some("there is no such principal");
        self.begin(at, asked, Kind::Creation, Some(assignment), failure)
    }

    pub(super) fn unassign(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let assignment = self.assignment(asked)?;
        let is_there = self.named(&asked.text("PermissionSetArn"))?.assigned.contains(&assignment);
        let failure = (!is_there).then_some("there is no such assignment");
        self.begin(at, asked, Kind::Deletion, Some(assignment), failure)
    }

    pub(super) fn provision(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let arn = asked.text("PermissionSetArn");
        self.named(&arn)?;
        if self.open().any(|request| request.set == arn && request.kind == Kind::Provisioning) {
            return fault("ConflictException", "the permission set is being provisioned");
        }
        match (asked.text("TargetType").as_str(), asked.some("TargetId")) {
            ("ALL_PROVISIONED_ACCOUNTS", None) | ("AWS_ACCOUNT", Some(_)) => self.begin(at, asked, Kind::Provisioning, None, None),
            _ => fault("ValidationException", "one account is named, or none where all are meant"),
        }
    }

    /// The assignment that is asked for; nothing else may be happening to it.
    fn assignment(&mut self, asked: &Asked) -> Result<Assignment, Fault> {
        let arn = asked.text("PermissionSetArn");
        self.named(&arn)?;
        if asked.text("TargetType") != "AWS_ACCOUNT" {
            return fault("ValidationException", "sets are assigned in accounts");
        }
        let assignment = Assignment { account: asked.text("TargetId"), kind: asked.text("PrincipalType"), id: asked.text("PrincipalId") };
        if self.open().any(|request| request.set == arn && request.assignment.as_ref() == Some(&assignment)) {
            return fault("ConflictException", "the assignment is being made or removed");
        }
        Ok(assignment)
    }

    fn begin(&mut self, at: &mut At<'_>, asked: &Asked, kind: Kind, assignment: Option<Assignment>, failure: Option<&str>) -> Answer {
        let id = at.uuid();
        let set = asked.text("PermissionSetArn");
        let mut fields = json!({ "PermissionSetArn": set, "RequestId": id });
        match &assignment {
            Some(Assignment { account, kind, id }) => {
                fields["TargetId"] = account.as_str().into();
                fields["TargetType"] = "AWS_ACCOUNT".into();
                fields["PrincipalType"] = kind.as_str().into();
                fields["PrincipalId"] = id.as_str().into();
            }
            None => fields["AccountId"] = asked.some("TargetId").into(),
        }
        let ready = at.now + at.takes(IN_AN_ACCOUNT);
        let request = Request { kind, set, assignment, fields, failure: failure.map(str::to_owned), ready, done: false };
        let shown = request.shown();
        self.requests.insert(id, request);
        ok(json!({ kind.names().0: shown }))
    }

    pub(super) fn status(&self, asked: &Asked, kind: Kind) -> Answer {
        let (answer, id) = kind.names();
        match self.requests.get(&asked.text(id)).filter(|request| request.kind == kind) {
            Some(request) => ok(json!({ answer: request.shown() })),
            None => missing("request"),
        }
    }
}

impl Request {
    fn shown(&self) -> Value {
        let mut shown = self.fields.clone();
        shown["Status"] = match (self.done, &self.failure) {
            (false, _) => "IN_PROGRESS",
            (true, None) => "SUCCEEDED",
            (true, Some(_)) => "FAILED",
        }
        .into();
        if let Some(failure) = self.failure.as_ref().filter(|_| self.done) {
            shown["FailureReason"] = failure.as_str().into();
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use crate::simulated::asking::Asking;
    use serde_json::{Map, Value, json};

    struct Center {
        aws: Asking,
        instance: String,
        set: String,
        group: String,
    }

    impl Center {
        fn new() -> Center {
            let mut aws = Asking::new();
            let found = aws.told("sso", "ListInstances", &json!({}))["Instances"][0].clone();
            let group = aws.told(
                "identitystore",
                "CreateGroup",
                &json!({ "IdentityStoreId": found["IdentityStoreId"], "DisplayName": "developers" }),
            );
            let made = aws.told("sso", "CreatePermissionSet", &json!({ "InstanceArn": found["InstanceArn"], "Name": "developer" }));
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let set = text(&made["PermissionSet"]["PermissionSetArn"]);
            Center { aws, instance: text(&found["InstanceArn"]), set, group: text(&group["GroupId"]) }
        }

        fn ask(&mut self, operation: &str, more: &[(&str, &str)]) -> Result<Value, String> {
            let mut all =
                Map::from_iter([("InstanceArn".to_owned(), json!(self.instance)), ("PermissionSetArn".to_owned(), json!(self.set))]);
            all.extend(more.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
            self.aws.ask("sso", operation, &all.into())
        }

        /// The status and the request's id.
        fn assign(&mut self, account: &str, group: &str) -> Result<(String, String), String> {
            let what = [("TargetType", "AWS_ACCOUNT"), ("TargetId", account), ("PrincipalType", "GROUP"), ("PrincipalId", group)];
            let answer = self.ask("CreateAccountAssignment", &what)?;
            let status = &answer["AccountAssignmentCreationStatus"];
            Ok((status["Status"].as_str().unwrap().to_owned(), status["RequestId"].as_str().unwrap().to_owned()))
        }

        fn status(&mut self, request: &str) -> Value {
            let name = "AccountAssignmentCreationRequestId";
            self.ask("DescribeAccountAssignmentCreationStatus", &[(name, request)]).unwrap()["AccountAssignmentCreationStatus"].clone()
        }

        fn assigned(&mut self, account: &str) -> usize {
            self.ask("ListAccountAssignments", &[("AccountId", account)]).unwrap()["AccountAssignments"].as_array().unwrap().len()
        }
    }

    const ACCOUNT: &str = "200000000001";

    #[test]
    fn an_assignment_is_there_when_it_is_made_and_not_before() {
        let mut center = Center::new();
        let group = center.group.clone();
        let (status, request) = center.assign(ACCOUNT, &group).unwrap();
        assert_eq!(
            (status.as_str(), center.status(&request)["Status"].as_str(), center.assigned(ACCOUNT)),
            ("IN_PROGRESS", Some("IN_PROGRESS"), 0)
        );
        assert_eq!(center.assign(ACCOUNT, &group).unwrap_err(), "ConflictException", "it is on its way");
        assert_eq!(center.ask("DeletePermissionSet", &[]).unwrap_err(), "ConflictException", "on its way, too");
        center.aws.pass(10);
        assert_eq!((center.status(&request)["Status"].as_str(), center.assigned(ACCOUNT)), (Some("SUCCEEDED"), 1));
        center.assign(ACCOUNT, &group).unwrap();
        center.aws.pass(10);
        assert_eq!(center.assigned(ACCOUNT), 1, "given twice, it is had once");
    }

    #[test]
    fn so_many_are_made_at_once_and_no_more() {
        let mut center = Center::new();
        let group = center.group.clone();
        for account in 0..super::AT_ONCE {
            center.assign(&format!("20000000000{account}"), &group).unwrap();
        }
        assert_eq!(center.assign("200000000010", &group).unwrap_err(), "ThrottlingException");
        center.aws.pass(10);
        center.assign("200000000010", &group).unwrap();
    }

    #[test]
    fn nobody_is_given_nothing_and_that_is_told_in_the_end() {
        let mut center = Center::new();
        let (_, request) = center.assign(ACCOUNT, "0a1b2c3d-0000-4000-8000-ffffffffffff").unwrap();
        center.aws.pass(10);
        let status = center.status(&request);
        assert_eq!((status["Status"].as_str(), status["FailureReason"].as_str()), (Some("FAILED"), Some("there is no such principal")));
        assert_eq!(center.assigned(ACCOUNT), 0);
    }

    #[test]
    fn a_set_is_provisioned_once_at_a_time() {
        let mut center = Center::new();
        let all = [("TargetType", "ALL_PROVISIONED_ACCOUNTS")];
        center.ask("ProvisionPermissionSet", &all).unwrap();
        assert_eq!(center.ask("ProvisionPermissionSet", &all).unwrap_err(), "ConflictException");
        center.aws.pass(10);
        center.ask("ProvisionPermissionSet", &all).unwrap();
    }

    #[test]
    fn a_set_holds_so_much_and_no_more() {
        let mut center = Center::new();
        let attach = |center: &mut Center, number: usize| {
            center.ask("AttachManagedPolicyToPermissionSet", &[("ManagedPolicyArn", &format!("arn:aws:iam::aws:policy/p{number}"))])
        };
        (0..20).for_each(|number| drop(attach(&mut center, number).unwrap()));
        assert_eq!(attach(&mut center, 20).unwrap_err(), "ServiceQuotaExceededException");
        let mut put = |white: usize, black: usize| {
            let policy = format!(r#"{{"{}":1{}}}"#, "x".repeat(black), " ".repeat(white));
            center.ask("PutInlinePolicyToPermissionSet", &[("InlinePolicy", &policy)]).err()
        };
        let too_much = Some("ServiceQuotaExceededException".to_owned());
        assert_eq!((put(20_000, 10_000), put(0, 10_300), put(32_000, 1_000)), (None, too_much.clone(), too_much));
    }
}
