//! AWS's wire formats, as far as the simulated AWS speaks them: requests to names and values, and answers and errors back. Holds no state.

use super::{Moment, rest};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A request, as HTTP brings it.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    /// With the query.
    pub target: String,
    /// By their names in small letters.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// What is sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// What a request asks for, and whose key signed it.
#[derive(Debug)]
pub struct Asked {
    pub key: String,
    /// The date and time of the signature, as `20261121T140000Z`.
    signed: String,
    pub region: String,
    /// As IAM policies name it.
    pub service: String,
    pub operation: String,
    pub method: String,
    /// The parts of the path, decoded: for services that speak REST.
    pub path: Vec<String>,
    pub query: BTreeMap<String, String>,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    form: BTreeMap<String, String>,
    /// The body, where it is JSON.
    pub json: Value,
}

/// An error, as AWS words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub status: u16,
    pub code: String,
    pub message: String,
}

/// What an operation answers with.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// The inner part of a query's XML.
    Xml(String),
    Json(Value),
    /// Whatever REST answers, as it is.
    Whole(Reply),
}

/// What becomes of a request.
pub type Answer = Result<Body, Fault>;

/// A refusal, of which the status is that of most.
///
/// # Errors
/// Always: that is what it is for.
pub fn fault<T>(code: &str, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { status: 400, code: code.to_owned(), message: message.into() })
}

/// Something that was named is not there, as services that speak JSON say it.
///
/// # Errors
/// Always: that is what it is for.
pub(super) fn missing<T>(what: &str) -> Result<T, Fault> {
    fault("ResourceNotFoundException", format!("no such {what}"))
}

/// A parameter that AWS does not take, as services that speak JSON say it.
///
/// # Errors
/// Always: that is what it is for.
pub(super) fn invalid<T>(why: impl Into<String>) -> Result<T, Fault> {
    fault("ValidationException", why)
}

/// # Errors
/// Never: an answer in XML.
pub fn xml(inner: impl Into<String>) -> Answer {
    Ok(Body::Xml(inner.into()))
}

/// # Errors
/// Never: an answer in JSON.
pub fn json(value: Value) -> Answer {
    Ok(Body::Json(value))
}

impl Asked {
    pub fn of(request: &Request) -> Asked {
        let header = |name: &str| request.headers.get(name).cloned().unwrap_or_default();
        let authorization = header("authorization");
        let scope = authorization.split("Credential=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
        let scope: Vec<&str> = scope.split('/').collect();
        let part = |at: usize| scope.get(at).copied().unwrap_or_default().to_owned();
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let path = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let target = header("x-amz-target");
        let is_form = header("content-type").starts_with("application/x-www-form-urlencoded");
        let form = if is_form { pairs(&String::from_utf8_lossy(&request.body)) } else { BTreeMap::new() };
        let operation = target.rsplit('.').next().filter(|name| !name.is_empty()).map(str::to_owned);
        let mut asked = Asked {
            key: part(0),
            signed: header("x-amz-date"),
            region: part(2),
            service: part(3),
            operation: operation.or_else(|| form.get("Action").cloned()).unwrap_or_default(),
            method: request.method.clone(),
            path,
            query: pairs(query),
            headers: request.headers.clone(),
            body: request.body.clone(),
            form,
            json: serde_json::from_slice(&request.body).unwrap_or_default(),
        };
        rest::name(&mut asked);
        asked
    }

    /// As IAM policies name it.
    pub fn action(&self) -> String {
        let service = if self.service == "s3control" { "s3" } else { &self.service };
        format!("{service}:{}", self.operation)
    }

    /// When it was signed.
    pub fn signed(&self) -> Option<Moment> {
        let (date, time) = self.signed.split_once('T')?;
        let part = |of: &str, from: usize, to: usize| of.get(from..to).map(str::to_owned);
        let date = format!("{}-{}-{}", part(date, 0, 4)?, part(date, 4, 6)?, part(date, 6, 8)?);
        let text = format!("{date}T{}:{}:{}Z", part(time, 0, 2)?, part(time, 2, 4)?, part(time, 4, 6)?);
        let signed = DateTime::from_str(&text, Format::DateTime).ok()?;
        u64::try_from(signed.secs()).ok().map(Moment::from_secs)
    }

    /// A parameter of a query, or a field of JSON; empty where it is not given.
    pub fn text(&self, name: &str) -> String {
        self.form.get(name).cloned().or_else(|| self.json.get(name)?.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The same, where it is given.
    pub fn some(&self, name: &str) -> Option<String> {
        self.has(name).then(|| self.text(name))
    }

    pub fn has(&self, name: &str) -> bool {
        self.form.contains_key(name) || self.json.get(name).is_some_and(|value| !value.is_null())
    }

    /// The values of `name.1`, `name.2` and so on, or of a list in JSON.
    pub fn list(&self, name: &str) -> Vec<String> {
        let of_json = self.json.get(name).and_then(Value::as_array).into_iter().flatten();
        let of_form = (1..).map_while(|at| self.form.get(&format!("{name}.{at}")).cloned());
        of_form.chain(of_json.filter_map(Value::as_str).map(str::to_owned)).collect()
    }

    /// How many `name.1.…`, `name.2.…` there are.
    pub fn count(&self, name: &str) -> usize {
        (1..).take_while(|at| self.form.keys().any(|key| key.starts_with(&format!("{name}.{at}.")))).count()
    }

    /// Pairs such as `Tag.1.Key` and `Tag.1.Value`, and those of JSON.
    pub fn tags(&self, name: &str) -> BTreeMap<String, String> {
        let of_form = (1..=self.count(name)).map(|at| (self.text(&format!("{name}.{at}.Key")), self.text(&format!("{name}.{at}.Value"))));
        let of_json = self.json.get(name).and_then(Value::as_array).into_iter().flatten();
        let text = |tag: &Value, field: &str| tag[field].as_str().unwrap_or_default().to_owned();
        of_form.chain(of_json.map(|tag| (text(tag, "Key"), text(tag, "Value")))).collect()
    }

    /// The answer in the format of the service.
    pub fn reply(&self, answer: Answer) -> Reply {
        let status = answer.as_ref().map_or_else(|fault| fault.status, |_| 200);
        let name = &self.operation;
        let (body, kind) = match answer {
            Ok(Body::Whole(reply)) => return reply,
            Ok(Body::Json(value)) => (value.to_string(), "application/x-amz-json-1.1"),
            Ok(Body::Xml(inner)) if self.service == "ec2" => {
                (format!("<{name}Response><requestId>r</requestId>{inner}</{name}Response>"), "text/xml")
            }
            Ok(Body::Xml(inner)) => (format!("<{name}Response><{name}Result>{inner}</{name}Result></{name}Response>"), "text/xml"),
            Err(fault) => return self.refusal(&fault),
        };
        Reply { status, headers: vec![("content-type", kind.to_owned())], body: body.into_bytes() }
    }

    fn refusal(&self, Fault { status, code, message }: &Fault) -> Reply {
        let inner = element("Code", code) + &element("Message", message);
        let (body, kind) = match self.service.as_str() {
            "ec2" => (format!("<Response><Errors><Error>{inner}</Error></Errors><RequestID>r</RequestID></Response>"), "text/xml"),
            "s3" => (format!("<Error>{inner}</Error>"), "application/xml"),
            "iam" | "sts" | "sns" | "cloudwatch" | "s3control" => {
                (format!("<ErrorResponse><Error>{inner}</Error><RequestId>r</RequestId></ErrorResponse>"), "text/xml")
            }
            _ => (json!({ "__type": code, "message": message, "Message": message }).to_string(), "application/x-amz-json-1.1"),
        };
        let headers = vec![("content-type", kind.to_owned()), ("x-amzn-errortype", code.clone())];
        // Whoever asks for the head of an answer gets no body, whatever becomes of it.
        let body = if self.method == "HEAD" { Vec::new() } else { body.into_bytes() };
        Reply { status: *status, headers, body }
    }
}

/// `<name>text</name>`, with what XML would take for its own written otherwise.
pub fn element(name: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<{name}>{text}</{name}>")
}

/// `<name><item>…</item>…</name>`, or with `member`, as the older services have it.
pub fn set(name: &str, of: &str, items: impl IntoIterator<Item = String>) -> String {
    let items: String = items.into_iter().map(|item| format!("<{of}>{item}</{of}>")).collect();
    format!("<{name}>{items}</{name}>")
}

/// Tags as a list of `Key` and `Value` in JSON.
pub fn tag_list(tags: &BTreeMap<String, String>) -> Value {
    tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect()
}

/// All that RFC 3986 reserves.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A document, as IAM shows it.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A time, as XML and REST show it: `2026-11-21T14:00:00Z`.
pub fn iso(at: Moment) -> String {
    let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    DateTime::from_secs(seconds).fmt(Format::DateTime).unwrap_or_default()
}

/// Without percent signs.
pub(super) fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    let decoded = |part: &str| decoded(&part.replace('+', " "));
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}
