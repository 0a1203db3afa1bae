//! AWS's wire formats, as far as the simulated AWS speaks them: requests to names and values, and answers and errors back. Holds no state.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a request asks for, and whose key signed it.
#[derive(Debug)]
pub struct Asked {
    pub key: String,
    /// The date and time of the signature, as `20261121T140000Z`.
    pub signed: String,
    pub region: String,
    pub service: String,
    pub operation: String,
    form: BTreeMap<String, String>,
    json: Value,
}

/// An error, as AWS words it.
#[derive(Debug)]
pub struct Fault {
    pub status: u16,
    pub code: String,
    pub message: String,
}

/// What an operation answers with: the inner part of its XML, or its JSON.
pub enum Body {
    Xml(String),
    Json(Value),
}

pub type Answer = Result<Body, Fault>;

pub fn fault<T>(code: &str, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { status: 400, code: code.to_owned(), message: message.into() })
}

pub fn xml(inner: impl Into<String>) -> Answer {
    Ok(Body::Xml(inner.into()))
}

impl Asked {
    pub fn of(request: &HttpRequest) -> Asked {
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        let authorization = header("authorization");
        let scope = authorization.split("Credential=").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default();
        let scope: Vec<&str> = scope.split('/').collect();
        let part = |at: usize| scope.get(at).copied().unwrap_or_default().to_owned();
        let body = request.body().bytes().unwrap_or_default();
        let target = header("x-amz-target");
        let form = if target.is_empty() { form(&String::from_utf8_lossy(body)) } else { BTreeMap::new() };
        let operation = target.rsplit('.').next().filter(|name| !name.is_empty()).map(str::to_owned);
        let operation = operation.or_else(|| form.get("Action").cloned()).unwrap_or_default();
        let json = serde_json::from_slice(body).unwrap_or_default();
        Asked { key: part(0), signed: header("x-amz-date"), region: part(2), service: part(3), operation, form, json }
    }

    /// As IAM policies name it.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }

    /// A parameter of a query, or a field of JSON; empty where it is not given.
    pub fn text(&self, name: &str) -> String {
        self.form.get(name).cloned().or_else(|| self.json.get(name)?.as_str().map(str::to_owned)).unwrap_or_default()
    }

    pub fn has(&self, name: &str) -> bool {
        self.form.contains_key(name) || self.json.get(name).is_some()
    }

    /// The values of `name.1`, `name.2` and so on.
    pub fn list(&self, name: &str) -> Vec<String> {
        (1..).map_while(|at| self.form.get(&format!("{name}.{at}")).cloned()).collect()
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
    pub fn respond(&self, answer: Answer) -> HttpResponse {
        let status = answer.as_ref().map_or_else(|fault| fault.status, |_| 200);
        let name = &self.operation;
        let text = match answer {
            Ok(Body::Json(value)) => value.to_string(),
            Ok(Body::Xml(inner)) if self.service == "ec2" => format!("<{name}Response><requestId>r</requestId>{inner}</{name}Response>"),
            Ok(Body::Xml(inner)) => format!("<{name}Response><{name}Result>{inner}</{name}Result></{name}Response>"),
            Err(fault) => self.error(&fault),
        };
        HttpResponse::new(status.try_into().unwrap(), SdkBody::from(text))
    }

    fn error(&self, Fault { code, message, .. }: &Fault) -> String {
        let inner = format!("<Error>{}{}</Error>", element("Code", code), element("Message", message));
        match self.service.as_str() {
            "ec2" => format!("<Response><Errors>{inner}</Errors><RequestID>r</RequestID></Response>"),
            "iam" | "sts" => format!("<ErrorResponse>{inner}<RequestId>r</RequestId></ErrorResponse>"),
            _ => json!({ "__type": code, "message": message }).to_string(),
        }
    }
}

pub fn element(name: &str, text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<{name}>{text}</{name}>")
}

/// `<name><item>…</item>…</name>`, or with `member`, as the older services have it.
pub fn set(name: &str, of: &str, items: impl IntoIterator<Item = String>) -> String {
    let items: String = items.into_iter().map(|item| format!("<{of}>{item}</{of}>")).collect();
    format!("<{name}>{items}</{name}>")
}

pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn form(text: &str) -> BTreeMap<String, String> {
    let decoded = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (decoded(key), decoded(value))).collect()
}
