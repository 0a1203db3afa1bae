//! A run as a trace for OpenTelemetry: run, wave, account, step, each with how it ended. Collected while the run goes on, sent when it is over,
//! where the environment names a collector; without one, nothing is collected.

use super::super::clock;
use super::super::github::variable;
use super::approved::Approved;
use super::turn::Held;
use crate::apply::{Event, Outcome, StepResult};
use crate::model::{Account, Address};
use crate::outside::{Hook, Secret};
use crate::render::trace::{Ids, Span, trace};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Where the collector is (OpenTelemetry, "OTLP Exporter Configuration"), and what its requests carry.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const SERVICE: &str = "OTEL_SERVICE_NAME";
const DISABLED: &str = "OTEL_SDK_DISABLED";

/// What was seen, for a collector.
pub(super) struct Trace {
    hook: Hook,
    seen: RefCell<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The run's is the first.
    spans: Vec<Span>,
    wave: Option<usize>,
    accounts: BTreeMap<Account, usize>,
    steps: BTreeMap<Address, usize>,
}

/// A trace, if somebody wants one; or why nobody can have it.
pub(super) fn of(approved: &Approved, held: &Held, at: Timestamp) -> Result<Option<Trace>, String> {
    let is_off = variable(DISABLED).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"));
    let Some(endpoint) = variable(ENDPOINT).filter(|_| !is_off) else { return Ok(None) };
    let mut hook = Hook::anywhere(&format!("{}/v1/traces", endpoint.trim().trim_end_matches('/')))?;
    if let Some(headers) = variable(HEADERS) {
        if hook.is_open() {
            return Err(format!("{HEADERS} would travel in the clear: the collector has no https:// address"));
        }
        for (name, value) in headers.split(',').filter_map(|header| header.split_once('=')) {
            hook = hook.with(name.trim(), Secret::new(percent_decode_str(value.trim()).decode_utf8_lossy().into_owned()));
        }
    }
    let plan = approved.plan.plan();
    let said = [("landfall.estate", plan.estate.to_string()), ("landfall.run", held.scribe.run.clone())];
    let said = said.into_iter().chain([("landfall.plan", approved.seen().short().to_owned())]).collect();
    let run = Span { name: "apply".to_owned(), parent: None, began: at, ended: at, failed: None, attributes: said };
    Ok(Some(Trace { hook, seen: RefCell::new(Seen { spans: vec![run], ..Seen::default() }) }))
}

impl Trace {
    pub fn hear(&self, event: &Event<'_>, at: Timestamp) {
        let mut seen = self.seen.borrow_mut();
        match event {
            Event::WaveStarted { wave } => {
                seen.wave = Some(seen.begin(format!("wave {}", wave.name), 0, at, [("landfall.wave", wave.name.to_string())]));
            }
            Event::AccountStarted { account, steps } => {
                let parent = seen.wave.unwrap_or(0);
                let said = [("landfall.account", account.to_string()), ("landfall.steps", steps.len().to_string())];
                let place = seen.begin(account.to_string(), parent, at, said);
                seen.accounts.insert((*account).clone(), place);
            }
            Event::StepStarted { step } => drop(seen.step(&step.address, at)),
            Event::StepWaits { step, error, .. } => {
                let place = seen.step(&step.address, at);
                let tries = seen.spans[place].attributes.get("landfall.retries").and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
                let said = [("landfall.retries", (tries + 1).to_string()), ("landfall.retried.why", error.message.clone())];
                seen.spans[place].attributes.extend(said);
            }
            Event::StepEnded { step, result } => {
                let place = seen.step(&step.address, at);
                seen.end(place, at, failed(result));
                seen.spans[place].attributes.insert("landfall.result", super::stream::name(result).to_owned());
            }
            Event::AccountEnded { account, succeeded } => {
                let why = (!succeeded).then(|| "not all of its steps succeeded, or it was not well after them".to_owned());
                let place = seen.accounts.get(*account).copied();
                place.into_iter().for_each(|place| seen.end(place, at, why.clone()));
                // A wave ends with the last of its accounts.
                let wave = seen.wave;
                wave.into_iter().for_each(|wave| {
                    let why = seen.spans[wave].failed.clone().or(why.clone());
                    seen.end(wave, at, why);
                });
            }
            _ => {}
        }
    }

    /// Ends the run's span, and sends all.
    ///
    /// # Errors
    /// Why not all of it arrived.
    pub async fn end(self, outcome: &Outcome, at: Timestamp) -> Result<(), String> {
        let mut seen = self.seen.into_inner();
        seen.end(0, at, (!outcome.succeeded()).then(|| "not all was applied".to_owned()));
        let service = variable(SERVICE).unwrap_or_else(|| "landfall".to_owned());
        for body in trace(&service, &ids()?, &seen.spans) {
            self.hook.tell(body.to_string(), clock::now(None)).await?;
        }
        Ok(())
    }
}

impl Seen {
    fn begin(&mut self, name: String, parent: usize, at: Timestamp, said: impl IntoIterator<Item = (&'static str, String)>) -> usize {
        let attributes = said.into_iter().collect();
        self.spans.push(Span { name, parent: Some(parent), began: at, ended: at, failed: None, attributes });
        self.spans.len() - 1
    }

    /// The span of a step; begun now, if it was skipped before it began.
    fn step(&mut self, address: &Address, at: Timestamp) -> usize {
        if let Some(place) = self.steps.get(address) {
            return *place;
        }
        let parent = self.accounts.get(&address.account).copied().unwrap_or(0);
        let place = self.begin(format!("{} {}", address.kind, address.name), parent, at, [("landfall.address", address.to_string())]);
        self.steps.insert(address.clone(), place);
        place
    }

    fn end(&mut self, place: usize, at: Timestamp, failed: Option<String>) {
        (self.spans[place].ended, self.spans[place].failed) = (at, failed);
    }
}

fn failed(result: &StepResult) -> Option<String> {
    match result {
        StepResult::Done | StepResult::AlreadyDone => None,
        StepResult::Failed(error) | StepResult::Withheld(error) => Some(error.message.clone()),
        StepResult::Skipped { because } => Some(format!("{because} did not succeed")),
        StepResult::NotStarted => Some("not started".to_owned()),
    }
}

fn ids() -> Result<Ids, String> {
    let mut drawn = [0; 24];
    let none = |_| "this machine gives no random numbers".to_owned();
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut drawn).map_err(none)?;
    let (mut trace, mut first) = ([0; 16], [0; 8]);
    trace.copy_from_slice(&drawn[..16]);
    first.copy_from_slice(&drawn[16..]);
    Ok(Ids { trace, first: u64::from_be_bytes(first) })
}
