//! What Landfall's canary would say where it runs: the verdict of `modules/canary/handler.py`, worked out from the function's environment and
//! the simulated network instead of by probing. Changes nothing.

use super::At;
use super::ec2::{Ec2, Place};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The format of a verdict, as `handler.py` has it.
const FORMAT: u32 = 1;
/// What is tried outside of AWS where the environment names nothing.
const OUTSIDE: &str = "checkip.amazonaws.com";
/// The variable that every canary has.
const ZONE: &str = "LANDFALL_ZONE";

/// How a probe fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Unresolved,
    Silent,
}

type Environment = BTreeMap<String, String>;

/// Whether a function with this environment is a canary.
pub(super) fn is_canary(environment: &Environment) -> bool {
    environment.contains_key(ZONE)
}

/// What it answers when it is called.
pub(super) fn verdict(environment: &Environment, place: Place<'_>, ec2: &Ec2, at: &At<'_>) -> Value {
    let text = |name: &str| environment.get(name).map_or("unknown", String::as_str);
    let seen = look(environment, place, ec2, at);
    let is_red = seen.iter().any(|(_, failure)| failure.is_some());
    let check = |(name, failure): &(String, Option<Failure>)| {
        let why = failure.map_or(String::new(), |failure| words(failure, host(environment, name, at)));
        json!({ "check": name, "ok": failure.is_none(), "why": why })
    };
    // It reports by the bus of EventBridge.
    let reports = environment.contains_key("LANDFALL_BUS") && reaches(place, Some("events"), ec2, at).is_none();
    json!({
        "format": FORMAT,
        "verdict": if is_red { "red" } else { "green" },
        "account": text("LANDFALL_ACCOUNT"),
        "zone": text(ZONE),
        "checks": seen.iter().map(check).collect::<Vec<Value>>(),
        "suspects": suspects(&seen),
        "reported": reports,
    })
}

/// All probes, by name, and how they failed.
fn look(environment: &Environment, place: Place<'_>, ec2: &Ec2, at: &At<'_>) -> Vec<(String, Option<Failure>)> {
    let services = environment.get("LANDFALL_SERVICES").map(String::as_str).unwrap_or_default();
    let endpoint = |service: &str| (format!("endpoint {service}"), reaches(place, Some(service), ec2, at));
    let egress = ("egress".to_owned(), reaches(place, None, ec2, at));
    [egress].into_iter().chain(services.split_whitespace().map(endpoint)).collect()
}

/// Why a service of AWS, or the internet, is not reached.
fn reaches(place: Place<'_>, service: Option<&str>, ec2: &Ec2, at: &At<'_>) -> Option<Failure> {
    if !ec2.resolves(place) {
        return Some(Failure::Unresolved);
    }
    let by_endpoint = service.is_some_and(|service| ec2.has_endpoint(place, service, at));
    (!by_endpoint && !ec2.leads_out(place, at)).then_some(Failure::Silent)
}

fn host(environment: &Environment, probe: &str, at: &At<'_>) -> String {
    let suffix = if at.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let outside = environment.get("LANDFALL_PROBE").map_or(OUTSIDE, String::as_str);
    let outside = outside.split(':').next().unwrap_or_default();
    probe.strip_prefix("endpoint ").map_or_else(|| outside.to_owned(), |service| format!("{service}.{}.{suffix}", at.region))
}

fn words(failure: Failure, host: String) -> String {
    match failure {
        Failure::Unresolved => format!("no answer about {host} within 3 s"),
        // Without the host, as the emulated AWS says it.
        Failure::Silent => "no answer within 3 s".to_owned(),
    }
}

/// The elements that would explain all that failed and nothing that worked, the likeliest first.
fn suspects(seen: &[(String, Option<Failure>)]) -> Vec<String> {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let failed: Vec<_> = seen.iter().filter_map(|(name, failure)| Some((name, (*failure)?))).collect();
    let egress = failed.iter().any(|(name, _)| *name == "egress");
    let all = failed.len() == seen.len();
    match failed.first() {
        None => Vec::new(),
        Some((_, Failure::Unresolved)) if all => named(&["dns"]),
        _ if egress && all => named(&["nat-gateway", "route", "internet-gateway", "security-group"]),
        _ if egress => named(&["nat-gateway", "route", "internet-gateway"]),
        _ => failed.iter().map(|(name, _)| (*name).clone()).collect(),
    }
}
