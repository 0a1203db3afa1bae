//! What Identity Center does in accounts after it has answered: assignments that are made and removed, and sets that are brought up to date.

use super::sets::Assignment;
use super::{IdentityCenter, IdentityStore, missing};
use crate::simulated::wire::{Answer, Asked, Fault, fault, json as ok};
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
