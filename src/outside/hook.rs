//! An address that somebody listens at: Slack's incoming webhook, a webhook of one's own, a collector of traces. Whoever knows it can write
//! there, so it is a secret: no error, no log and no `{:?}` holds it. What is sent is told once, never again; what comes back is not read.

use super::Secret;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use ring::hmac;
use std::fmt;
use std::time::Duration;

/// Slack asks those whom it calls to answer within 3 s, and does so itself; whoever takes longer hears no less for it.
const PATIENCE: Duration = Duration::from_secs(5);
/// When a request was signed, in seconds since 1970: a listener refuses what is old, so that nothing can be played to it again.
const TIME: &str = "x-landfall-timestamp";
/// `v1=`, and the HMAC-SHA256 of the time, a point and the body, in hexadecimal digits.
const SIGNATURE: &str = "x-landfall-signature";

/// Somewhere to tell things.
pub struct Hook {
    at: Uri,
    /// What requests are signed with.
    key: Option<hmac::Key>,
    headers: Vec<(String, Secret)>,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Hook {
    /// At an address from the environment.
    ///
    /// # Errors
    /// Why it is none to write to, without the address.
    pub fn at(address: &str) -> Result<Hook, String> {
        let hook = Hook::anywhere(address)?;
        if hook.is_open() { Err("it is no https:// address: only https keeps it to itself".to_owned()) } else { Ok(hook) }
    }

    /// The same, where plain HTTP may lead to another machine: for what holds no secret, such as a collector in the same cluster.
    ///
    /// # Errors
    /// Why it is none to write to, without the address.
    pub fn anywhere(address: &str) -> Result<Hook, String> {
        let at: Uri = address.trim().parse().map_err(|_| "it is no address")?;
        if at.host().is_none() || !matches!(at.scheme_str(), Some("https" | "http")) {
            return Err("it is no address of the web".to_owned());
        }
        let provider = rustls::crypto::ring::default_provider();
        let builder = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
        let builder = builder.map_err(|why| format!("this machine has no certificates to trust: {why}"))?;
        let client = Client::builder(TokioExecutor::new()).build(builder.https_or_http().enable_http1().build());
        Ok(Hook { at, key: None, headers: Vec::new(), client })
    }

    /// Whether what is sent there can be read on the way.
    pub fn is_open(&self) -> bool {
        let here = matches!(self.at.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
        self.at.scheme_str() != Some("https") && !here
    }

    /// With requests that are signed.
    #[must_use]
    pub fn signed(self, key: &Secret) -> Hook {
        Hook { key: Some(hmac::Key::new(hmac::HMAC_SHA256, key.reveal().as_bytes())), ..self }
    }

    /// With a header of its own on each request.
    #[must_use]
    pub fn with(mut self, name: &str, value: Secret) -> Hook {
        self.headers.push((name.to_owned(), value));
        self
    }

    /// Tells it, once.
    ///
    /// # Errors
    /// Why nobody may have heard, without the address and without what was answered: both may hold what is nobody's business.
    pub async fn tell(&self, body: String, now: Timestamp) -> Result<(), String> {
        let request = self.request(body, now).ok_or("it holds what no request does")?;
        let answer = tokio::time::timeout(PATIENCE, self.client.request(request)).await;
        match answer {
            Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
            Ok(Err(error)) if error.is_connect() => Err("it can't be connected to".to_owned()),
            Ok(Err(_)) => Err("the connection was lost".to_owned()),
            Ok(Ok(answer)) if answer.status().is_success() => Ok(()),
            Ok(Ok(answer)) => Err(format!("it answered {}", answer.status().as_u16())),
        }
    }

    fn request(&self, body: String, now: Timestamp) -> Option<Request<Full<Bytes>>> {
        let mut request = Request::builder().method(Method::POST).uri(&self.at).header("content-type", "application/json");
        request = request.header("user-agent", concat!("landfall/", env!("CARGO_PKG_VERSION")));
        for (name, value) in &self.headers {
            request = request.header(name.as_str(), value.reveal());
        }
        if let Some(key) = &self.key {
            let (time, signature) = signature(key, now.as_second(), &body);
            request = request.header(TIME, time).header(SIGNATURE, signature);
        }
        request.body(Full::new(Bytes::from(body))).ok()
    }
}

fn signature(key: &hmac::Key, second: i64, body: &str) -> (String, String) {
    let signed = hmac::sign(key, format!("{second}.{body}").as_bytes());
    let digits: String = signed.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    (second.to_string(), format!("v1={digits}"))
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_this_machine_keeps_an_address_to_itself() {
        for address in ["https://hooks.slack.com/services/T/B/SECRET", "http://127.0.0.1:8080/SECRET", " http://localhost/SECRET\n"] {
            let hook = Hook::at(address).unwrap();
            assert_eq!(format!("{hook:?}"), "Hook(…)");
        }
        for address in ["http://hooks.slack.com/SECRET", "SECRET", "ftp://x/SECRET", "https://", "", "https://a b/SECRET"] {
            let why = Hook::at(address).unwrap_err();
            assert!(!why.contains("SECRET"), "{why}");
        }
        assert!(Hook::anywhere("http://collector:4318/v1/traces").unwrap().is_open());
    }

    #[test]
    fn a_signature_is_what_anybody_with_the_key_computes() {
        // echo -n '1795255200.{"a":1}' | openssl dgst -sha256 -hmac key
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
        let (time, signature) = signature(&key, 1_795_255_200, "{\"a\":1}");
        assert_eq!(time, "1795255200");
        assert_eq!(signature, "v1=1fb00f969ec5cbae664b48b69fd5a37cef3f939cece359305c86b5388ccd3fd7");
    }
}
