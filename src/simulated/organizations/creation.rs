//! New accounts: asked for, and made in AWS's own time, five at once and no email twice.

use super::accounts::Member;
use super::{Organization, ROOT, constraint, page, policies, tags};
use crate::simulated::wire::{Answer, Asked, fault, json as ok};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How long a new account takes in seconds, from and to.
pub const CREATION: (u64, u64) = (75, 105);
/// Accounts that AWS makes at once (Organizations quotas).
const AT_ONCE: usize = 5;
/// A new account's role is not in force at once.
const ENTERS_AFTER: Moment = Moment::from_secs(2);
/// The longest email that AWS takes, and the longest name.
const LONGEST_EMAIL: usize = 64;
const LONGEST_NAME: usize = 50;
/// What the role is called by which the management account enters, if nobody says.
const ROLE: &str = "OrganizationAccountAccessRole";
/// The number of the first account.
const FIRST: u64 = 100_000_000_000;

/// A request for an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    id: String,
    member: Member,
    role: String,
    taken: bool,
    pub begun: Moment,
    pub takes: Moment,
    account: Option<String>,
}

impl Organization {
    /// Turns requests whose time has come into accounts; answers these, and what their roles are called.
    pub(in crate::simulated) fn settle(&mut self, at: &At<'_>) -> Vec<(String, String)> {
        let last = self.accounts.keys().next_back().and_then(|id| id.parse().ok());
        let next = last.map_or(FIRST, |last: u64| last + 1);
        let is_ready = |request: &&mut Request| request.is_over(at.now) && !request.taken && request.account.is_none();
        let mut made = Vec::new();
        for (request, number) in self.requests.iter_mut().filter(is_ready).zip(next..) {
            let id = format!("{number:012}");
            let joined = request.begun + request.takes;
            let member = Member { enters: joined + at.takes(ENTERS_AFTER), joined, ..request.member.clone() };
            request.account = Some(id.clone());
            self.accounts.insert(id.clone(), member);
            policies::begin(&mut self.policies, &id);
            made.push((id, request.role.clone()));
        }
        made
    }

    pub(super) fn create_account(&mut self, at: &At<'_>, asked: &Asked, takes: Moment) -> Answer {
        let (email, name) = (asked.text("Email"), asked.text("AccountName"));
        if !email.contains('@') || email.len() > LONGEST_EMAIL || name.is_empty() || name.len() > LONGEST_NAME {
            return fault("InvalidInputException", "You specified an invalid email or name.");
        }
        let tags = tags::checked(0, asked)?;
        let open = self.requests.iter().filter(|request| !request.is_over(at.now)).count();
        if open >= AT_ONCE {
            return fault("TooManyRequestsException", "too many accounts are being created");
        }
        if self.members().count() + open >= self.most_accounts {
            return constraint("ACCOUNT_NUMBER_LIMIT_EXCEEDED", "You have exceeded the allowed number of AWS accounts.");
        }
        let known = self.members().map(|(_, member)| member).chain(self.requests.iter().map(|request| &request.member));
        let taken = known.into_iter().any(|member| member.email.eq_ignore_ascii_case(&email));
        let member = Member { email, name, parent: ROOT.to_owned(), tags, ..Member::default() };
        let role = asked.some("RoleName").unwrap_or_else(|| ROLE.to_owned());
        let id = format!("car-{:032}", self.requests.len());
        let request = Request { id, member, role, taken, begun: at.now, takes: at.takes(takes), account: None };
        let answer = json!({ "CreateAccountStatus": request.status(at.now) });
        self.requests.push(request);
        ok(answer)
    }

    pub(super) fn list_requests(&self, at: &At<'_>, asked: &Asked) -> Answer {
        let states = asked.list("States");
        let listed = self.requests.iter().filter(|request| states.is_empty() || states.iter().any(|state| state == request.state(at.now)));
        page(asked, "CreateAccountStatuses", listed, |request| request.status(at.now))
    }

    pub(super) fn describe_request(&self, at: &At<'_>, asked: &Asked) -> Answer {
        let id = asked.text("CreateAccountRequestId");
        match self.requests.iter().find(|request| request.id == id) {
            Some(request) => ok(json!({ "CreateAccountStatus": request.status(at.now) })),
            None => fault("CreateAccountStatusNotFoundException", "We can't find an create account request with that id."),
        }
    }
}

impl Request {
    fn is_over(&self, now: Moment) -> bool {
        now >= self.begun + self.takes
    }

    fn state(&self, now: Moment) -> &'static str {
        match (self.is_over(now), self.taken) {
            (false, _) => "IN_PROGRESS",
            (true, true) => "FAILED",
            (true, false) => "SUCCEEDED",
        }
    }

    fn status(&self, now: Moment) -> Value {
        let state = self.state(now);
        let mut status = json!({
            "Id": self.id,
            "AccountName": self.member.name,
            "State": state,
            "RequestedTimestamp": self.begun.as_secs(),
            "AccountId": self.account,
        });
        if self.is_over(now) {
            status["CompletedTimestamp"] = (self.begun + self.takes).as_secs().into();
        }
        if state == "FAILED" {
            status["FailureReason"] = "EMAIL_ALREADY_EXISTS".into();
        }
        status
    }
}
