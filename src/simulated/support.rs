//! AWS Support: the severity levels that an account's plan gives, and cases. Who resolves a case, does so in the role of AWS: the plans that
//! it asks for are in force from then on.

use super::paging::Pages;
use super::wire::{Answer, Asked, Fault, fault, iso, json};
use super::{At, MANAGEMENT, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How severe a case may be, from the mildest.
const LEVELS: [(&str, &str); 5] = [
    ("low", "General guidance"),
    ("normal", "System impaired"),
    ("high", "Production system impaired"),
    ("urgent", "Production system down"),
    ("critical", "Business-critical system down"),
];
/// How many of the levels a plan gives, from the least. Business opens the API.
const PLANS: [(&str, usize); 5] = [("basic", 0), ("developer", 2), ("business", 4), ("enterprise-on-ramp", 5), ("enterprise", 5)];
const API: usize = 4;
/// The most cases that an account may open in an hour (what people report).
const CASES_AN_HOUR: usize = 10;
const HOUR: Moment = Moment::from_secs(3600);
const PAGES: Pages = Pages { token: "nextToken", size: "maxResults", most: 100 };
/// A case's number, as people see it, begins here.
const SHOWN: usize = 17_000_000_000;
/// What of a case is shown as it was asked for.
const SAME: [&str; 5] = ["subject", "serviceCode", "categoryCode", "severityCode", "language"];

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Support {
    /// The plans of accounts, where they are not what they begin with.
    plans: BTreeMap<String, String>,
    cases: BTreeMap<String, Case>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Case {
    account: String,
    opened: Moment,
    /// Its number, as people see it.
    number: String,
    status: String,
    about: Map<String, Value>,
    /// What was said, and when.
    said: Vec<(Moment, String)>,
}

impl Support {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let levels = self.levels(at.account);
        if levels < API && (levels == 0 || asked.operation != "DescribeSeverityLevels") {
            let why = "Amazon Web Services Premium Support Subscription is required to use this service.";
            return fault("SubscriptionRequiredException", why);
        }
        match asked.operation.as_str() {
            "DescribeSeverityLevels" => {
                let shown: Value = LEVELS.iter().take(levels).map(|(code, name)| json!({ "code": code, "name": name })).collect();
                json(json!({ "severityLevels": shown }))
            }
            "CreateCase" => self.open(at, asked, levels),
            "AddCommunicationToCase" => self.add(at, asked),
            "DescribeCases" => self.list(at, asked),
            "DescribeCommunications" => self.communications(at, asked),
            "ResolveCase" => self.resolve(at, asked),
            other => fault("UnknownOperationException", format!("the simulated Support has no {other}")),
        }
    }

    fn levels(&self, account: &str) -> usize {
        let first = if account == MANAGEMENT { "business" } else { "basic" };
        let plan = self.plans.get(account).map_or(first, String::as_str);
        PLANS.iter().find(|(name, _)| *name == plan).map_or(0, |(_, levels)| *levels)
    }

    fn open(&mut self, at: &mut At<'_>, asked: &Asked, levels: usize) -> Answer {
        let severity = asked.some("severityCode").unwrap_or_else(|| "low".to_owned());
        if !LEVELS.iter().take(levels).any(|(code, _)| *code == severity) {
            return Err(Fault {
                status: 500,
                code: "InternalServerError".to_owned(),
                message: "this plan has no such severity".to_owned(),
            });
        }
        let of_account = || self.cases.values().filter(|case| case.account == at.account);
        if of_account().filter(|case| at.now < case.opened + HOUR).count() >= CASES_AN_HOUR {
            return fault("CaseCreationLimitExceeded", "The case creation limit for the account has been exceeded.");
        }
        let number = (SHOWN + self.cases.len()).to_string();
        let about = SAME.iter().filter_map(|name| Some(((*name).to_owned(), asked.json.get(*name)?.clone()))).collect();
        let said = vec![(at.now, asked.text("communicationBody"))];
        let id = at.id(&format!("case-{}-muen-2026-", at.account), 16);
        let case = Case { account: at.account.to_owned(), opened: at.now, number, status: "opened".to_owned(), about, said };
        self.cases.insert(id.clone(), case);
        json(json!({ "caseId": id }))
    }

    fn add(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let case = self.case(at, asked)?;
        if case.status == "resolved" {
            "reopened".clone_into(&mut case.status);
        }
        case.said.push((at.now, asked.text("communicationBody")));
        json(json!({ "result": true }))
    }

    fn list(&self, at: &At<'_>, asked: &Asked) -> Answer {
        let (ids, after) = (asked.list("caseIdList"), asked.text("afterTime"));
        let with_resolved = asked.json["includeResolvedCases"].as_bool().unwrap_or_default();
        let is_wanted = |id: &String, case: &Case| {
            let is_shown = case.account == at.account && (with_resolved || case.status != "resolved");
            is_shown && (ids.is_empty() || ids.contains(id)) && *written(case.opened) >= *after
        };
        let found = self.cases.iter().filter(|(id, case)| is_wanted(id, case));
        PAGES.of(asked, "cases", found.map(|(id, case)| case.shown(id)))
    }

    fn communications(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let id = asked.text("caseId");
        let said = self.case(at, asked)?.said.iter().rev();
        let shown = |(time, body): &(Moment, String)| json!({ "caseId": id, "body": body, "timeCreated": written(*time) });
        PAGES.of(asked, "communications", said.map(shown))
    }

    fn resolve(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let case = self.case(at, asked)?;
        let before = std::mem::replace(&mut case.status, "resolved".to_owned());
        let plans: Vec<_> = case.said.iter().flat_map(|(_, body)| asked_for(body)).collect();
        self.plans.extend(plans);
        json(json!({ "initialCaseStatus": before, "finalCaseStatus": "resolved" }))
    }

    fn case(&mut self, at: &At<'_>, asked: &Asked) -> Result<&mut Case, Fault> {
        let id = asked.text("caseId");
        let found = self.cases.get_mut(&id).filter(|case| case.account == at.account);
        found.map_or_else(|| fault("CaseIdNotFound", format!("no case {id}")), Ok)
    }
}

impl Case {
    fn shown(&self, id: &str) -> Value {
        let mut shown = Value::Object(self.about.clone());
        shown["caseId"] = json!(id);
        shown["displayId"] = json!(self.number);
        shown["status"] = json!(self.status);
        shown["timeCreated"] = json!(written(self.opened));
        shown
    }
}

/// The accounts that a text names, and the plans that it asks for them: `123456789012 (shop/prod): business`.
fn asked_for(body: &str) -> Vec<(String, String)> {
    let request = |line: &str| {
        let (before, rest) = line.split_once(" (")?;
        let account = before.get(before.len().checked_sub(12)?..)?;
        let plan = rest.split_once("): ")?.1.trim();
        let is_known = account.bytes().all(|digit| digit.is_ascii_digit()) && PLANS.iter().any(|(name, _)| *name == plan);
        is_known.then(|| (account.to_owned(), plan.to_owned()))
    };
    body.lines().filter_map(request).collect()
}

/// A time to the millisecond, so that texts are in its order.
fn written(at: Moment) -> String {
    iso(Moment::from_secs(at.as_secs())).replace('Z', &format!(".{:03}Z", at.subsec_millis()))
}
