//! `service-quota`: how much of something AWS allows in an account and Region. Raised by a request, which AWS or a person there grants;
//! never lowered, never asked for twice.

use super::{Driver, Kind, Scope, Seen, Tags};
use crate::aws::{CallError, Fault, Session, or_missing};
use crate::model::{Address, Change, KindName, Name, Reference, Region, RemoteId, Risk};
use aws_sdk_servicequotas::types::{RequestStatus, RequestedServiceQuotaChange};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// A quota. The resource's name is the code of the service and of the quota, such as `ec2/L-0263D0A3`: Service Quotas shows both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceQuota {
    /// The least that AWS should allow. More than that is fine: quotas are never lowered.
    pub value: u64,
    /// Found, never declared: the last request for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub requested: Option<Requested>,
}

/// A request for a quota, as AWS remembers it for 90 days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requested {
    pub value: u64,
    pub state: State,
    /// The support case where there is one, else the request's id.
    pub by: String,
}

/// How a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Pending,
    /// Granted, and not in force yet.
    Approved,
    /// Denied, closed without a grant, or invalid.
    Denied,
}

impl Kind for ServiceQuota {
    const NAME: KindName = KindName::new("service-quota");
    const SCOPE: Scope = Scope::Regional;
    const SETTING: bool = true;
    const ABOUT: &'static str = "How much of something AWS allows in an account and Region. Requested when it is less than declared, and never lowered.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &[
        "servicequotas:ListServiceQuotas",
        "servicequotas:GetServiceQuota",
        "servicequotas:GetAWSDefaultServiceQuota",
        "servicequotas:ListRequestedServiceQuotaChangeHistory",
        "servicequotas:GetRequestedServiceQuotaChange",
    ];
    const WRITES: &'static [&'static str] = &["servicequotas:RequestServiceQuotaIncrease"];

    fn changes(live: &ServiceQuota, want: &ServiceQuota) -> Vec<Change> {
        let ServiceQuota { value, requested } = live;
        let ServiceQuota { value: want_value, requested: _ } = want;
        if value >= want_value {
            return Vec::new();
        }
        let change = Change::between("value", Some(value.to_string()), Some(want_value.to_string()));
        let change = match requested.as_ref().filter(|requested| requested.value >= *want_value) {
            Some(Requested { value, state: State::Denied, by }) => {
                change.by_hand().concerning(Risk::Notable, format!("AWS denied {value} in {by}: ask again in the console, with a reason"))
            }
            Some(requested) => change.awaited(requested.to_string()),
            None => change,
        };
        vec![change]
    }

    fn tells(&self) -> Option<String> {
        Some(self.value.to_string())
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl fmt::Display for Requested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Requested { value, state, by } = self;
        match state {
            State::Pending => write!(f, "{value} was asked for in {by}, and AWS has not decided"),
            State::Approved => write!(f, "{value} was granted in {by}, and is not in force yet"),
            State::Denied => write!(f, "{value} was denied in {by}"),
        }
    }
}

/// Services whose quotas are the account's, not a Region's, and are asked for in us-east-1 (Service Quotas user guide).
const GLOBAL: [&str; 6] = ["cloudfront", "globalaccelerator", "iam", "organizations", "route53", "shield"];
/// The most that a page of quotas or requests holds.
const PAGE: i32 = 100;
/// AWS grants small increases by itself, within seconds to minutes. What takes longer takes a person, and is not waited for.
const GRANTED_WITHIN: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(2);
/// A service of this many declared quotas is listed, where fewer are asked for one by one: most services fill several pages.
const WORTH_LISTING: usize = 3;

impl Driver for ServiceQuota {
    async fn read(at: &Session) -> Result<Vec<Seen<ServiceQuota>>, CallError> {
        let names = at.declared(&Self::NAME);
        let mut by_service: BTreeMap<String, Vec<(Name, String)>> = BTreeMap::new();
        for name in &names {
            let (service, quota) = codes(name)?;
            by_service.entry(service.to_owned()).or_default().push((name.clone(), quota.to_owned()));
        }
        let mut requests = Requests::default();
        let mut seen = Vec::new();
        for (service, quotas) in by_service {
            let home = home(at, &service);
            let listed = if quotas.len() >= WORTH_LISTING { listed(&home, &service).await? } else { BTreeMap::new() };
            for (name, quota) in quotas {
                let value = match listed.get(&quota) {
                    Some(value) => Some(*value),
                    None => value(&home, &service, &quota).await?,
                };
                let Some(value) = value else { continue };
                // What was asked for matters only while it is less than declared.
                let requested = if is_enough(at, &name, value) { None } else { requests.latest(&home, &service, &quota).await? };
                seen.push(see(name, value, requested));
            }
        }
        Ok(seen)
    }

    async fn find(at: &Session, address: &Address) -> Result<Option<Seen<ServiceQuota>>, CallError> {
        let (service, quota) = codes(&address.name)?;
        let at = home(at, service);
        let Some(value) = value(&at, service, quota).await? else { return Ok(None) };
        let requested = Requests::default().latest(&at, service, quota).await?;
        Ok(Some(see(address.name.clone(), value, requested)))
    }

    async fn create(_: &Session, address: &Address, _: &ServiceQuota) -> Result<RemoteId, CallError> {
        Err(CallError::refused("servicequotas:GetServiceQuota", format!("AWS knows no quota {} in this Region", address.name)))
    }

    async fn update(at: &Session, address: &Address, _: &RemoteId, want: &ServiceQuota, _: &[Change]) -> Result<(), CallError> {
        let (service, quota) = codes(&address.name)?;
        let at = home(at, service);
        let earlier = Requests::default().latest(&at, service, quota).await?;
        if earlier.is_some_and(|earlier| earlier.value >= want.value) {
            return Ok(());
        }
        #[expect(clippy::cast_precision_loss, reason = "quotas are far below 2^52")]
        let value = want.value as f64;
        let call = at.servicequotas().request_service_quota_increase().service_code(service).quota_code(quota).desired_value(value);
        match call.send().await.map_err(CallError::from) {
            Ok(answer) => granted(&at, answer.requested_quota().and_then(|request| request.id())).await,
            // A request is open already, for less: AWS takes one at a time.
            Err(error) if error.is(Fault::Exists) => {
                Err(CallError { message: "AWS is still deciding on an earlier request; run again when it has".to_owned(), ..error })
            }
            Err(error) => Err(error),
        }
    }

    /// A quota is always there, and is never lowered.
    async fn delete(_: &Session, _: &Address, _: &RemoteId, _: &ServiceQuota) -> Result<(), CallError> {
        Ok(())
    }
}

fn is_enough(at: &Session, name: &Name, value: u64) -> bool {
    let address = Address { account: at.account().clone(), region: at.region().clone(), kind: ServiceQuota::NAME, name: name.clone() };
    let wanted = at.wanted(&address).and_then(|wanted| wanted.parse::<u64>().ok());
    wanted.is_some_and(|wanted| value >= wanted)
}

/// The service's code and the quota's.
pub(super) fn codes(name: &Name) -> Result<(&str, &str), CallError> {
    let wrong = || CallError::refused("servicequotas:GetServiceQuota", format!("{name} is no quota: write service/code, such as vpc/L-F678F1CE"));
    name.as_str().split_once('/').filter(|(_, quota)| !quota.contains('/')).ok_or_else(wrong)
}

/// The session in the Region where a service's quotas are kept.
fn home(at: &Session, service: &str) -> Session {
    let region = if GLOBAL.contains(&service) { "us-east-1".parse().unwrap_or_else(|_| at.region().clone()) } else { at.region().clone() };
    at.elsewhere(&region)
}

/// The values in force of a service's quotas, by code.
async fn listed(at: &Session, service: &str) -> Result<BTreeMap<String, u64>, CallError> {
    let mut pages = at.servicequotas().list_service_quotas().service_code(service).max_results(PAGE).into_paginator().send();
    let mut all = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = page?;
        let pairs = page.quotas().iter().filter_map(|quota| Some((quota.quota_code()?.to_owned(), whole(quota.value()?))));
        all.extend(pairs);
    }
    Ok(all)
}

/// The value in force of a quota: the account's own, or else the default.
async fn value(at: &Session, service: &str, quota: &str) -> Result<Option<u64>, CallError> {
    let own = at.servicequotas().get_service_quota().service_code(service).quota_code(quota).send().await;
    if let Some(answer) = or_missing(own.map_err(CallError::from))? {
        return Ok(answer.quota().and_then(|quota| quota.value()).map(whole));
    }
    let default = at.servicequotas().get_aws_default_service_quota().service_code(service).quota_code(quota).send().await;
    let answer = or_missing(default.map_err(CallError::from))?;
    Ok(answer.and_then(|answer| answer.quota().and_then(|quota| quota.value()).map(whole)))
}

/// What AWS was asked for, by Region: listed once, and only where a quota is declared.
#[derive(Default)]
struct Requests(BTreeMap<Region, Vec<RequestedServiceQuotaChange>>);

impl Requests {
    /// The last request for a quota.
    async fn latest(&mut self, at: &Session, service: &str, quota: &str) -> Result<Option<Requested>, CallError> {
        if !self.0.contains_key(at.region()) {
            let mut pages = at.servicequotas().list_requested_service_quota_change_history().max_results(PAGE).into_paginator().send();
            let mut all = Vec::new();
            while let Some(page) = pages.next().await {
                all.extend(page?.requested_quotas().iter().cloned());
            }
            self.0.insert(at.region().clone(), all);
        }
        let all = self.0.get(at.region()).map(Vec::as_slice).unwrap_or_default();
        let of_quota = all.iter().filter(|request| request.service_code() == Some(service) && request.quota_code() == Some(quota));
        Ok(of_quota.max_by_key(|request| request.created().map(|time| (time.secs(), time.subsec_nanos()))).and_then(requested))
    }
}

fn requested(request: &RequestedServiceQuotaChange) -> Option<Requested> {
    let state = match request.status()? {
        RequestStatus::Approved => State::Approved,
        RequestStatus::Denied | RequestStatus::NotApproved | RequestStatus::CaseClosed | RequestStatus::InvalidRequest => State::Denied,
        // Whatever else AWS may say one day: it was asked for.
        _ => State::Pending,
    };
    let by = match request.case_id() {
        Some(case) => format!("support case {case}"),
        None => format!("request {}", request.id().unwrap_or("without id")),
    };
    Some(Requested { value: whole(request.desired_value()?), state, by })
}

/// Waits for what AWS grants by itself. That a person has to decide is no error: the next plan shows it as pending.
async fn granted(at: &Session, request: Option<&str>) -> Result<(), CallError> {
    let Some(request) = request else { return Ok(()) };
    let mut left = GRANTED_WITHIN;
    while !left.is_zero() {
        let answer = at.servicequotas().get_requested_service_quota_change().request_id(request).send().await?;
        match answer.requested_quota().and_then(|request| request.status()) {
            Some(RequestStatus::Pending) | None => tokio::time::sleep(PAUSE).await,
            Some(_) => return Ok(()),
        }
        left = left.saturating_sub(PAUSE);
    }
    Ok(())
}

/// A quota as a whole number; AWS counts in floating point.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits, and quotas are counts")]
fn whole(value: f64) -> u64 {
    value.clamp(0.0, 9e15) as u64
}

fn see(name: Name, value: u64, requested: Option<Requested>) -> Seen<ServiceQuota> {
    Seen { id: name.to_string().into(), name: Some(name), spec: ServiceQuota { value, requested } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Effect;

    fn quota(value: u64, requested: Option<(u64, State)>) -> ServiceQuota {
        let requested = requested.map(|(value, state)| Requested { value, state, by: "support case 1".into() });
        ServiceQuota { value, requested }
    }

    #[test]
    fn a_quota_is_raised_once_and_never_lowered() {
        let told = |live: ServiceQuota| {
            let changes = ServiceQuota::changes(&live, &quota(10, None)).into_iter();
            changes.map(|change| (change.effect, change.concern.map(|concern| concern.why))).collect::<Vec<_>>()
        };
        assert_eq!(told(quota(10, None)), []);
        assert_eq!(told(quota(20, Some((50, State::Pending)))), []);
        assert_eq!(told(quota(5, None)), [(Effect::InPlace, None)]);
        assert_eq!(told(quota(5, Some((8, State::Pending)))), [(Effect::InPlace, None)], "less was asked for");
        let pending = "10 was asked for in support case 1, and AWS has not decided".to_owned();
        assert_eq!(told(quota(5, Some((10, State::Pending)))), [(Effect::Awaited, Some(pending))]);
        let denied = "AWS denied 10 in support case 1: ask again in the console, with a reason".to_owned();
        assert_eq!(told(quota(5, Some((10, State::Denied)))), [(Effect::ByHand, Some(denied))]);
    }

    #[test]
    fn odd_answers_are_no_panic() {
        assert_eq!((whole(-1.0), whole(f64::NAN), whole(5.0), whole(1e300)), (0, 0, 5, 9_000_000_000_000_000));
        assert_eq!(requested(&RequestedServiceQuotaChange::builder().build()), None);
        let odd = RequestedServiceQuotaChange::builder().status("NEW_STATE".into()).desired_value(7.0).build();
        assert_eq!(requested(&odd).unwrap().to_string(), "7 was asked for in request without id, and AWS has not decided");
        for name in ["vpc", "vpc/L-1/x"] {
            assert!(codes(&name.parse().unwrap()).is_err());
        }
    }
}
