//! A run as a trace: OTLP in JSON, by hand. The exporter's crates would bring protobuf, a second way of asking the time and threads of their
//! own, for a document of three levels. Pure: ids and times are brought along.

use super::escape;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Collectors take 20 MiB at once (`max_request_body_size` of the OpenTelemetry Collector); a span is well under 2 KB.
const AT_ONCE: usize = 4_000;
/// The longest status message or attribute, in characters.
const LONGEST: usize = 500;
/// `SPAN_KIND_INTERNAL`, `STATUS_CODE_OK` and `STATUS_CODE_ERROR` of the protocol.
const INTERNAL: u32 = 1;
const OK: u32 = 1;
const ERROR: u32 = 2;

/// Something that took time.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub name: String,
    /// What it is a part of, by its place among the spans.
    pub parent: Option<usize>,
    pub began: Timestamp,
    pub ended: Timestamp,
    /// Why it did not succeed.
    pub failed: Option<String>,
    pub attributes: BTreeMap<&'static str, String>,
}

/// What the spans are called: random, and no two traces alike.
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    pub trace: [u8; 16],
    /// That of the first span; the others count on.
    pub first: u64,
}

impl Ids {
    /// Zero is no id by the protocol.
    fn span(&self, at: usize) -> String {
        format!("{:016x}", self.first.wrapping_add(at as u64).max(1))
    }
}

/// The bodies of the requests that tell of the spans, the first ones first.
pub fn trace(service: &str, ids: &Ids, spans: &[Span]) -> Vec<Value> {
    let shown: Vec<Value> = spans.iter().enumerate().map(|(at, one)| span(ids, at, one)).collect();
    let resource = json!({ "attributes": attributes([("service.name", service)]) });
    let scope = json!({ "name": "landfall", "version": env!("CARGO_PKG_VERSION") });
    let body = |spans: &[Value]| json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "scope": scope, "spans": spans }] }] });
    shown.chunks(AT_ONCE).map(body).collect()
}

fn span(ids: &Ids, at: usize, span: &Span) -> Value {
    let Span { name, parent, began, ended, failed, attributes: said } = span;
    let trace: String = ids.trace.iter().map(|byte| format!("{byte:02x}")).collect();
    let status = match failed {
        None => json!({ "code": OK }),
        Some(why) => json!({ "code": ERROR, "message": short(why) }),
    };
    let mut shown = json!({
        "traceId": trace,
        "spanId": ids.span(at),
        "name": name,
        "kind": INTERNAL,
        // 64-bit numbers are texts in the JSON of protobuf.
        "startTimeUnixNano": began.as_nanosecond().to_string(),
        "endTimeUnixNano": (*ended).max(*began).as_nanosecond().to_string(),
        "attributes": attributes(said.iter().map(|(key, value)| (*key, value.as_str()))),
        "status": status,
    });
    if let Some(parent) = parent {
        shown["parentSpanId"] = ids.span(*parent).into();
    }
    shown
}

fn attributes<'a>(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Value> {
    all.into_iter().map(|(key, value)| json!({ "key": key, "value": { "stringValue": short(value) } })).collect()
}

fn short(text: &str) -> String {
    // Cut before it is escaped, too: what comes from outside may be of any length.
    let start: String = text.chars().take(LONGEST).collect();
    escape::line(&start).chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, parent: Option<usize>, failed: Option<&str>) -> Span {
        let (began, ended) = (Timestamp::from_second(1_795_255_200).unwrap(), Timestamp::from_millisecond(1_795_255_201_500).unwrap());
        let attributes = BTreeMap::from([("landfall.account", "payments/prod".to_owned())]);
        Span { name: name.into(), parent, began, ended, failed: failed.map(str::to_owned), attributes }
    }

    #[test]
    fn a_trace_as_the_protocol_writes_it() {
        let ids = Ids { trace: [0xab; 16], first: u64::MAX };
        let bodies = trace("landfall", &ids, &[one("run", None, None), one("account", Some(0), Some("no\nroute"))]);
        let said = json!([{ "key": "landfall.account", "value": { "stringValue": "payments/prod" } }]);
        let (start, end) = ("1795255200000000000", "1795255201500000000");
        let spans = json!([
            {
                "traceId": "ab".repeat(16), "spanId": "ffffffffffffffff", "name": "run", "kind": 1, "startTimeUnixNano": start,
                "endTimeUnixNano": end, "attributes": said, "status": { "code": 1 },
            },
            {
                "traceId": "ab".repeat(16), "spanId": "0000000000000001", "parentSpanId": "ffffffffffffffff", "name": "account", "kind": 1,
                "startTimeUnixNano": start, "endTimeUnixNano": end, "attributes": said, "status": { "code": 2, "message": "no\\nroute" },
            },
        ]);
        assert_eq!(bodies.len(), 1);
        let scope = &bodies[0]["resourceSpans"][0];
        assert_eq!(scope["scopeSpans"][0]["spans"], spans);
        assert_eq!(scope["resource"]["attributes"], json!([{ "key": "service.name", "value": { "stringValue": "landfall" } }]));
    }

    #[test]
    fn no_request_is_larger_than_collectors_take() {
        let ids = Ids { trace: [1; 16], first: 7 };
        let long = "x".repeat(1_000);
        let bodies = trace("landfall", &ids, &vec![one("step", Some(0), Some(&long)); 20_000]);
        assert_eq!(bodies.len(), 5);
        assert!(bodies.iter().all(|body| body.to_string().len() < 8 * 1024 * 1024));
    }
}
