//! NerdGraph's wire: one POST with a document and its variables, and what comes back. Never puts a value into the document's text, and
//! never repeats what may have written.

use super::Secret;
use crate::model::{Access, Account, Call, CallError, Fault, OnCall};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::time::Instant;

/// Holds the user key with which NerdGraph is called.
pub(super) const KEY_VARIABLE: &str = "NEW_RELIC_API_KEY";
/// Holds where NerdGraph is, if it is not where New Relic says: its EU data center, or an emulated one.
pub(super) const URL_VARIABLE: &str = "NEW_RELIC_API_URL";
/// NerdGraph of the US data center (New Relic documentation, "Introduction to NerdGraph").
const URL: &str = "https://api.newrelic.com/graphql";

/// One answer of NerdGraph stays well under this; a listing of 1,000 accounts takes some 100 KB.
const LONGEST_ANSWER: usize = 16 * 1024 * 1024;
/// NerdGraph ends its own requests after some 30 s.
const TIMEOUT: Duration = Duration::from_secs(60);
/// A read is tried this often, with pauses that begin here and double.
const READ_ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

type Https = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Where NerdGraph is, and with what key.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub url: String,
    pub key: Secret,
}

/// The way to NerdGraph.
pub(super) struct NerdGraph {
    pub access: Access,
    pub on_call: OnCall,
    /// None where the environment tells, once somebody asks.
    pub endpoint: Option<Endpoint>,
    pub client: OnceLock<Https>,
}

/// One operation: `newrelic:ListAccounts`, its document, and the values that the document names.
pub(super) struct Operation<'a> {
    pub name: &'static str,
    /// The account that it is for.
    pub account: &'a Account,
    pub document: &'static str,
    pub variables: Value,
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Value>,
    errors: Option<Vec<GraphError>>,
}

#[derive(Deserialize)]
struct GraphError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    extensions: Value,
}

impl NerdGraph {
    /// Calls an operation and answers its data. Reads are tried again, writes never.
    ///
    /// # Errors
    /// `Withheld` when the run may not call it, `Refused` without a key, and whatever New Relic says.
    pub async fn call(&self, operation: &Operation<'_>) -> Result<Value, CallError> {
        if let Err(why) = self.access.allows(operation.name) {
            let why = format!("landfall refused to call {}: {why}", operation.name);
            return Err(error(operation, Fault::Withheld, why));
        }
        let endpoint = self.endpoint.clone().map_or_else(|| from_environment(operation), Ok)?;
        let attempts = if self.access.reads.contains(operation.name) { READ_ATTEMPTS } else { 1 };
        let mut pause = FIRST_PAUSE;
        for attempt in 1..attempts {
            match self.attempt(operation, &endpoint, attempt).await {
                Err(error) if matches!(error.fault, Fault::Lost | Fault::Throttled) => tokio::time::sleep(pause).await,
                answer => return answer,
            }
            pause *= 2;
        }
        self.attempt(operation, &endpoint, attempts).await
    }

    async fn attempt(&self, operation: &Operation<'_>, endpoint: &Endpoint, attempt: u32) -> Result<Value, CallError> {
        let start = Instant::now();
        let answer = tokio::time::timeout(TIMEOUT, self.send(operation, endpoint)).await;
        let answer = answer.unwrap_or_else(|_| Err(error(operation, Fault::Lost, format!("no answer within {} s", TIMEOUT.as_secs()))));
        let status = answer.as_ref().ok().map(|(status, _)| status.as_u16());
        (self.on_call)(&Call {
            account: operation.account,
            operation: operation.name,
            attempt,
            took: start.elapsed(),
            waited: Duration::ZERO,
            status,
            request: None,
        });
        let (status, body) = answer?;
        read(operation, status, &body).map_err(|error| without(error, &endpoint.key))
    }

    async fn send(&self, operation: &Operation<'_>, endpoint: &Endpoint) -> Result<(StatusCode, Bytes), CallError> {
        let lost = |why: String| error(operation, Fault::Lost, why);
        let body = json!({ "query": operation.document, "variables": operation.variables }).to_string();
        let request = Request::builder().method(Method::POST).uri(&endpoint.url).header("content-type", "application/json");
        let request = request.header("API-Key", endpoint.key.reveal()).body(Full::new(Bytes::from(body)));
        // The cause is left out: it could hold the key.
        let request = request.map_err(|_| error(operation, Fault::Refused, wrong_settings()))?;
        let answer = self.client(operation)?.request(request).await.map_err(|why| lost(innermost(&why)))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await.map_err(|why| lost(innermost(&*why)))?;
        Ok((status, body.to_bytes()))
    }

    fn client(&self, operation: &Operation<'_>) -> Result<&Https, CallError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let provider = rustls::crypto::ring::default_provider();
        let builder = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
        let builder = builder.map_err(|why| error(operation, Fault::Refused, format!("no certificates to trust: {why}")))?;
        // Plain HTTP leads to emulated ones only: New Relic's own does not answer it.
        let client = Client::builder(TokioExecutor::new()).build(builder.https_or_http().enable_http1().build());
        Ok(self.client.get_or_init(|| client))
    }
}

fn from_environment(operation: &Operation<'_>) -> Result<Endpoint, CallError> {
    let variable = |name| std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let none = || error(operation, Fault::Refused, format!("{KEY_VARIABLE} is not set: it holds a New Relic user key (NRAK-…)"));
    let key = variable(KEY_VARIABLE).map(Secret::new).ok_or_else(none)?;
    Ok(Endpoint { url: variable(URL_VARIABLE).unwrap_or_else(|| URL.to_owned()), key })
}

fn wrong_settings() -> String {
    format!("{URL_VARIABLE} is no URL, or {KEY_VARIABLE} holds what no key does")
}

/// What an answer means. GraphQL answers 200 to almost everything, errors included.
fn read(operation: &Operation<'_>, status: StatusCode, body: &[u8]) -> Result<Value, CallError> {
    let answer = serde_json::from_slice::<Answer>(body).ok();
    let errors = answer.as_ref().and_then(|answer| answer.errors.as_deref()).unwrap_or_default();
    if let Some(first) = errors.first() {
        let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        let class = first.extensions["errorClass"].as_str().map(str::to_owned);
        let fault = class.as_deref().and_then(fault_of_class).unwrap_or_else(|| fault_of_status(status));
        return Err(CallError { code: class, ..error(operation, fault, messages.join("; ")) });
    }
    match answer.and_then(|answer| answer.data) {
        Some(data) if status.is_success() && !data.is_null() => Ok(data),
        // Not what the answer says: it could hold keys.
        _ if status.is_success() => Err(error(operation, Fault::Lost, "the answer is none of GraphQL's".to_owned())),
        _ => Err(error(operation, fault_of_status(status), format!("New Relic answered {status}"))),
    }
}

/// The classes of errors that NerdGraph names in `extensions.errorClass`.
fn fault_of_class(class: &str) -> Option<Fault> {
    match class {
        "TOO_MANY_REQUESTS" => Some(Fault::Throttled),
        "ACCESS_DENIED" | "UNAUTHORIZED" | "UNAUTHENTICATED" | "FORBIDDEN" => Some(Fault::Denied),
        "TIMEOUT" | "INTERNAL_SERVER_ERROR" | "SERVER_ERROR" | "SERVICE_UNAVAILABLE" => Some(Fault::Lost),
        "NOT_FOUND" => Some(Fault::Missing),
        _ => None,
    }
}

fn fault_of_status(status: StatusCode) -> Fault {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Fault::Denied,
        StatusCode::TOO_MANY_REQUESTS => Fault::Throttled,
        status if status.is_server_error() => Fault::Lost,
        _ => Fault::Refused,
    }
}

/// The same error, should anybody have quoted the key.
fn without(error: CallError, key: &Secret) -> CallError {
    CallError { message: error.message.replace(key.reveal(), "(the key)"), ..error }
}

pub(super) fn error(operation: &Operation<'_>, fault: Fault, message: String) -> CallError {
    CallError { fault, ..CallError::refused(operation.name, message) }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const ME: Account = Account::Management;

    fn operation(name: &'static str) -> Operation<'static> {
        Operation { name, account: &ME, document: "query { actor { user { id } } }", variables: json!({}) }
    }

    fn nerdgraph(writes: bool) -> NerdGraph {
        let access = Access {
            reads: Arc::new(["newrelic:ListAccounts".to_owned()].into()),
            inside: Arc::default(),
            writes,
            turn: crate::model::Turn::default(),
        };
        let endpoint = Some(Endpoint { url: "http://127.0.0.1:9/graphql".into(), key: Secret::new("NRAK-SECRET".into()) });
        NerdGraph { access, on_call: Arc::new(|_: &Call<'_>| {}), endpoint, client: OnceLock::new() }
    }

    fn answered(status: u16, body: &str) -> Result<Value, (Fault, String)> {
        let answer = read(&operation("newrelic:ListAccounts"), StatusCode::from_u16(status).unwrap(), body.as_bytes());
        answer.map_err(|error| (error.fault, error.message))
    }

    #[tokio::test]
    async fn what_is_no_read_is_withheld_from_a_run_that_may_only_read() {
        let error = nerdgraph(false).call(&operation("newrelic:CreateAccount")).await.unwrap_err();
        assert_eq!(error.fault, Fault::Withheld);
        assert_eq!(
            error.to_string(),
            "newrelic:CreateAccount: landfall refused to call newrelic:CreateAccount: this session may only read"
        );
    }

    #[test]
    fn success_may_be_failure() {
        assert_eq!(answered(200, r#"{"data":{"a":1}}"#).unwrap(), json!({ "a": 1 }));
        let denied = r#"{"data":null,"errors":[{"message":"Access denied.","extensions":{"errorClass":"ACCESS_DENIED"}}]}"#;
        assert_eq!(answered(200, denied).unwrap_err(), (Fault::Denied, "Access denied.".to_owned()));
        let several = r#"{"data":{"a":1},"errors":[{"message":"one"},{"message":"two"}]}"#;
        assert_eq!(answered(200, several).unwrap_err(), (Fault::Refused, "one; two".to_owned()));
        assert_eq!(answered(503, "<html>").unwrap_err(), (Fault::Lost, "New Relic answered 503 Service Unavailable".to_owned()));
        assert_eq!(answered(429, "").unwrap_err().0, Fault::Throttled);
        assert_eq!(answered(401, r#"{"errors":[{"message":"The API key provided is invalid"}]}"#).unwrap_err().0, Fault::Denied);
        assert_eq!(answered(200, "<html>").unwrap_err().0, Fault::Lost);
    }

    #[test]
    fn the_key_is_in_no_error() {
        let said = error(&operation("newrelic:ListAccounts"), Fault::Denied, "NRAK-SECRET is invalid".into());
        assert_eq!(without(said, &Secret::new("NRAK-SECRET".into())).message, "(the key) is invalid");
        assert!(!format!("{:?}", nerdgraph(true).endpoint).contains("SECRET"));
    }
}
