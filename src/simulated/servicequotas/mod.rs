//! Service Quotas: how much of something AWS allows, and requests for more, which take their time. What is in force here, EC2 goes by.

mod defaults;

use super::paging::Pages;
use super::wire::{Answer, Asked, Fault, fault, json};
use super::{At, Moment};
use defaults::{DEFAULT_ONLY, DEFAULTS, Quota};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How long AWS takes to grant by itself (Landfall's `service-quota` waits a minute).
const DECISION: Moment = Moment::from_secs(20);
/// What is granted without a person: at most so many times what is in force. From `TOO_MUCH` on, nobody grants it. As the emulated AWS.
const GENEROUS: f64 = 2.0;
const TOO_MUCH: f64 = 10_000.0;
const PAGES: Pages = Pages { token: "NextToken", size: "MaxResults", most: 100 };

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Quotas {
    /// What was granted, by code.
    granted: BTreeMap<String, f64>,
    /// By their ids, which are in the order of their making.
    requests: BTreeMap<String, Request>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Request {
    service: String,
    quota: String,
    desired: f64,
    created: Moment,
    /// When AWS has made up its mind.
    decided: Moment,
    status: String,
    case: Option<String>,
}

impl Quotas {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            "ListServiceQuotas" => {
                PAGES.of(asked, "Quotas", self.of_service(asked).filter(|quota| self.is_told(quota)).map(|quota| self.told(quota)))
            }
            "ListAWSDefaultServiceQuotas" => PAGES.of(asked, "Quotas", self.of_service(asked).map(|quota| shown(quota, quota.value))),
            "GetServiceQuota" => {
                let quota = known(asked)?;
                match self.is_told(quota) {
                    true => json(json!({ "Quota": self.told(quota) })),
                    false => fault("NoSuchResourceException", "The applied value of this quota is not available"),
                }
            }
            "GetAWSDefaultServiceQuota" => known(asked).and_then(|quota| json(json!({ "Quota": shown(quota, quota.value) }))),
            "RequestServiceQuotaIncrease" => self.request(at, asked),
            "GetRequestedServiceQuotaChange" => {
                let id = asked.text("RequestId");
                match self.requests.get(&id) {
                    Some(request) => json(json!({ "RequestedQuota": request.shown(&id) })),
                    None => fault("NoSuchResourceException", "no such request"),
                }
            }
            "ListRequestedServiceQuotaChangeHistory" => {
                PAGES.of(asked, "RequestedQuotas", self.requests.iter().map(|(id, request)| request.shown(id)))
            }
            other => fault("UnknownOperationException", format!("the simulated Service Quotas has no {other}")),
        }
    }

    /// Whether there may be one more where there are so many.
    ///
    /// # Errors
    /// That there may not, by the service's own code.
    pub(super) fn allows(&self, code: &str, there: usize, refusal: &str) -> Result<(), Fault> {
        let Some(quota) = DEFAULTS.iter().find(|quota| quota.code == code) else { return Ok(()) };
        #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 of anything")]
        let is_full = there as f64 >= self.value(quota);
        match is_full {
            true => fault(refusal, format!("The maximum number of {} has been reached.", quota.name)),
            false => Ok(()),
        }
    }

    /// Decides what is due.
    pub(super) fn settle(&mut self, at: &At<'_>) {
        for (id, request) in self.requests.iter_mut().filter(|(_, request)| request.status == "PENDING" && request.decided <= at.now) {
            let quota = DEFAULTS.iter().find(|quota| quota.code == request.quota);
            let value = self.granted.get(&request.quota).copied().or(quota.map(|quota| quota.value)).unwrap_or_default();
            if request.desired >= TOO_MUCH {
                "NOT_APPROVED".clone_into(&mut request.status);
            } else if request.desired <= GENEROUS * value {
                "APPROVED".clone_into(&mut request.status);
                self.granted.insert(request.quota.clone(), request.desired);
            } else {
                "CASE_OPENED".clone_into(&mut request.status);
                request.case = Some(format!("case-{}-{id}", at.account));
            }
        }
    }

    fn request(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let quota = known(asked)?;
        let desired = asked.json["DesiredValue"].as_f64().unwrap_or_default();
        if !quota.adjustable || desired <= self.value(quota) {
            return fault("IllegalArgumentException", "This quota can't be raised to that value");
        }
        let is_open = |request: &Request| request.quota == quota.code && matches!(request.status.as_str(), "PENDING" | "CASE_OPENED");
        if self.requests.values().any(is_open) {
            return fault("ResourceAlreadyExistsException", "Only one open service quota increase request is allowed per quota");
        }
        let (service, code) = (quota.service.to_owned(), quota.code.to_owned());
        let decided = at.now + at.takes(DECISION);
        let request = Request { service, quota: code, desired, created: at.now, decided, status: "PENDING".to_owned(), case: None };
        let id = at.id("", 32);
        let shown = request.shown(&id);
        self.requests.insert(id, request);
        json(json!({ "RequestedQuota": shown }))
    }

    fn of_service(&self, asked: &Asked) -> impl Iterator<Item = &'static Quota> + use<> {
        let service = asked.text("ServiceCode");
        DEFAULTS.iter().filter(move |quota| quota.service == service)
    }

    fn value(&self, quota: &Quota) -> f64 {
        self.granted.get(quota.code).copied().unwrap_or(quota.value)
    }

    fn told(&self, quota: &Quota) -> Value {
        shown(quota, self.value(quota))
    }

    /// Of some, AWS tells the default only, as long as nobody was granted more.
    fn is_told(&self, quota: &Quota) -> bool {
        self.granted.contains_key(quota.code) || !DEFAULT_ONLY.contains(&quota.code)
    }
}

impl Request {
    fn shown(&self, id: &str) -> Value {
        let Request { service, quota, desired, created, decided: _, status, case } = self;
        let mut shown = json!({ "Id": id, "ServiceCode": service, "QuotaCode": quota, "DesiredValue": desired, "Status": status });
        shown["Created"] = json!(created.as_secs_f64());
        if let Some(case) = case {
            shown["CaseId"] = json!(case);
        }
        shown
    }
}

fn shown(quota: &Quota, value: f64) -> Value {
    let Quota { service, code, name, value: _, adjustable } = quota;
    json!({ "ServiceCode": service, "QuotaCode": code, "QuotaName": name, "Value": value, "Adjustable": adjustable, "Unit": "None" })
}

fn known(asked: &Asked) -> Result<&'static Quota, Fault> {
    let (service, code) = (asked.text("ServiceCode"), asked.text("QuotaCode"));
    let found = DEFAULTS.iter().find(|quota| quota.service == service && quota.code == code);
    let missing = || fault("NoSuchResourceException", format!("The request failed because the specified quota {code} does not exist"));
    found.map_or_else(missing, Ok)
}
