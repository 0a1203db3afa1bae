//! One request and its answer, without any judgement. The only file that knows octocrab; a test puts a script in its place.

use super::{Token, limits, trouble::Trouble};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// An interface behind a busy proxy may take some seconds to connect to.
const CONNECT: Duration = Duration::from_secs(10);
/// GitHub ends requests of its own accord after ten seconds; listing large comments through a slow network takes longer.
const ANSWER: Duration = Duration::from_secs(60);
const GITHUB: &str = "https://api.github.com";

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Patch,
    Put,
    Delete,
}

/// One request. The path is ours, from checked parts.
#[derive(Clone, Debug)]
pub struct Request {
    pub verb: Verb,
    pub path: String,
    pub body: Option<Value>,
}

/// What came back, successful or not.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// By their names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// What carries requests: HTTP, or a script.
#[expect(async_fn_in_trait, reason = "awaited on one task, and never sent to another thread")]
pub trait Wire {
    /// # Errors
    /// No answer came, in words; the request may have been carried out.
    async fn send(&self, request: &Request) -> Result<Answer, String>;
}

/// Where GitHub's interface is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base(String);

/// The real GitHub, asked by octocrab.
#[derive(Clone)]
pub struct Octocrab(octocrab::Octocrab);

impl Base {
    /// From `GITHUB_API_URL`; GitHub.com when it is not set.
    ///
    /// # Errors
    /// It is no address of an interface, or one where a token would travel in the clear.
    pub fn of(variable: Option<&str>) -> Result<Base, Trouble> {
        let text = variable.map(str::trim).filter(|text| !text.is_empty()).unwrap_or(GITHUB).trim_end_matches('/');
        let wrong = |why: &str| {
            let detail = format!("{}: {why}", super::trouble::shown(text));
            let hint = "GITHUB_API_URL is https://api.github.com, or https://HOST/api/v3 for GitHub Enterprise Server";
            Trouble::refused("GITHUB_API_URL is no use", detail).hint(hint)
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong("it has no scheme"))?;
        let authority = rest.split('/').next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/:[]".contains(c);
        if authority.is_empty() || !rest.chars().all(plain) {
            return Err(wrong("it is no plain address of a host and a path"));
        }
        let local = matches!(authority.split(':').next(), Some("localhost" | "127.0.0.1"));
        match scheme {
            "https" => Ok(Base(text.to_owned())),
            "http" if local => Ok(Base(text.to_owned())),
            _ => Err(wrong("only https keeps a token to itself")),
        }
    }
}

impl Base {
    /// Whether it is a stand-in on this machine.
    pub fn is_local(&self) -> bool {
        self.0.starts_with("http://")
    }
}

impl Octocrab {
    /// Asks as the one whom the token belongs to; as nobody without one.
    ///
    /// # Errors
    /// TLS is not to be had on this machine.
    pub fn new(base: &Base, token: Option<&Token>) -> Result<Octocrab, Trouble> {
        let broken = |error: octocrab::Error| {
            let hint = "is the address right, and are certificates installed (Debian: apt install ca-certificates)?";
            Trouble::refused("GitHub can't be reached from here", chain(&error)).hint(hint)
        };
        // Octocrab sends a user agent of its own, and would send ours as a second one.
        let mut builder = octocrab::Octocrab::builder()
            .base_uri(base.0.as_str())
            .map_err(broken)?
            .set_connect_timeout(Some(CONNECT))
            .set_read_timeout(Some(ANSWER))
            .set_write_timeout(Some(ANSWER));
        if let Ok(accept) = "accept".parse() {
            builder = builder.add_header(accept, "application/vnd.github+json".to_owned());
        }
        if let Some(token) = token {
            builder = builder.user_access_token(token.secret());
        }
        builder.build().map(Octocrab).map_err(broken)
    }

    async fn exchange(&self, request: &Request) -> octocrab::Result<Answer> {
        let Request { verb, path, body } = request;
        let (path, body) = (path.as_str(), body.as_ref());
        let answer = match verb {
            Verb::Get => self.0._get(path).await?,
            Verb::Post => self.0._post(path, body).await?,
            Verb::Patch => self.0._patch(path, body).await?,
            Verb::Put => self.0._put(path, body).await?,
            Verb::Delete => self.0._delete(path, body).await?,
        };
        let status = answer.status().as_u16();
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect();
        let body = self.0.body_to_string(answer).await?;
        Ok(Answer { status, headers, body })
    }
}

impl Wire for Octocrab {
    async fn send(&self, request: &Request) -> Result<Answer, String> {
        match tokio::time::timeout(ANSWER, self.exchange(request)).await {
            Ok(answer) => answer.map_err(|error| chain(&error)),
            Err(_) => Err(format!("no answer within {} s", ANSWER.as_secs())),
        }
    }
}

/// An error and what caused it, each said once. What octocrab itself says of it ("Service Error") tells nothing.
fn chain(error: &octocrab::Error) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next: Option<&dyn std::error::Error> = std::error::Error::source(error).or(Some(error));
    while let Some(error) = next {
        let text = error.to_string();
        if let Some(last) = said.last_mut().filter(|last| last.contains(&text)) {
            *last = last.replace(&format!(": {text}"), "");
        }
        said.push(text);
        next = error.source();
    }
    super::trouble::shown(&said.join(": "))
}

impl Request {
    pub fn get(path: impl Into<String>) -> Request {
        Request { verb: Verb::Get, path: path.into(), body: None }
    }

    pub fn is_read(&self) -> bool {
        self.verb == Verb::Get
    }
}

impl Answer {
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The second at which GitHub says it answered.
    pub fn date(&self) -> Option<i64> {
        limits::date(self.headers.get("date")?)
    }

    /// What an error says, with what it says about single fields; the whole body when it is no JSON.
    pub fn message(&self) -> String {
        let Ok(Value::Object(body)) = serde_json::from_str(&self.body) else { return self.body.clone() };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let errors = body.get("errors").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let errors = errors.iter().filter_map(|error| text(error).or_else(|| text(error.get("message")?)));
        let said: Vec<String> = body.get("message").and_then(text).into_iter().chain(errors).collect();
        said.join(": ")
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.verb {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Patch => "PATCH",
            Verb::Put => "PUT",
            Verb::Delete => "DELETE",
        };
        write!(f, "{verb} {}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_github_or_an_enterprise_and_never_in_the_clear() {
        let base = |text| Base::of(Some(text)).map(|base| base.0);
        assert_eq!(Base::of(None).unwrap().0, "https://api.github.com");
        assert_eq!(base("https://github.acme.example/api/v3/").unwrap(), "https://github.acme.example/api/v3");
        assert_eq!(base("http://127.0.0.1:3301").unwrap(), "http://127.0.0.1:3301");
        for wrong in [
            "api.github.com",
            "http://github.acme.example",
            "https://",
            "https://me:pass@host",
            "https://host/?x",
            "file:///x",
            "http://127.0.0.1.example",
        ] {
            assert!(base(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn nobody_listening_is_told_in_words_and_without_the_token() {
        // A port that is taken for a moment and let go again: nobody listens there.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let base = Base::of(Some(&format!("http://127.0.0.1:{port}"))).unwrap();
        let github = Octocrab::new(&base, Some(&Token::new("tOpSeCrEt").unwrap())).unwrap();
        let lost = github.send(&Request::get("/user")).await.unwrap_err();
        assert!(lost.starts_with("client error (Connect): tcp connect error"), "{lost}");
        assert!(!lost.contains("tOpSeCrEt"));
    }
}
