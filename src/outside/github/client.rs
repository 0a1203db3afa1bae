//! The client that drivers call. It obeys the two rules of AWS's clients: a run that may only read sends no write, and a write whose
//! answer got lost is never sent again: whoever asked for it looks first.

use super::app::{self, App, Permissions};
use super::limits::{PATIENCE, limited, pause};
use super::trouble::{Kind, Trouble, shown};
use super::wire::{Answer, Base, Octocrab, Request, Verb, Wire};
use super::{Credentials, Repository, Token};
use crate::model::{Access, Account, Call, CallError, Fault, OnCall};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// An installation's token lives for an hour (GitHub's documentation); one this old is replaced.
const TOKEN_AGE: Duration = Duration::from_secs(50 * 60);
/// GitHub's secondary limit allows 80 writes a minute; its documentation asks for a second between them.
const BETWEEN_WRITES: Duration = Duration::from_secs(1);
/// What an App needs to be granted for all that drivers do.
const PERMISSIONS: [(&str, &str); 3] = [("actions", "read"), ("administration", "write"), ("environments", "write")];
const READING: [(&str, &str); 2] = [("actions", "read"), ("environments", "read")];

/// A client of GitHub's REST interface, for drivers. Nothing is sent, and no credential looked for, before the first call.
pub struct Client {
    access: Access,
    on_call: OnCall,
    /// Where and as whom; the environment tells when this is none.
    given: Option<(Base, Token)>,
    /// By owner, because an App has an installation for each, and when it was opened.
    open: Mutex<BTreeMap<String, (Octocrab, Instant)>>,
    /// When the last write was sent.
    written: Mutex<Option<Instant>>,
}

/// What is asked: who it counts for, its name in policies, and where in which repository it goes.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub account: &'a Account,
    pub operation: &'static str,
    pub repository: &'a Repository,
}

impl Client {
    pub(in crate::outside) fn new(access: Access, on_call: OnCall, given: Option<(Base, Token)>) -> Client {
        Client { access, on_call, given, open: Mutex::default(), written: Mutex::default() }
    }

    /// Reads, as often as it takes.
    pub(super) async fn read(&self, ask: Ask<'_>, path: &str) -> Result<Answer, CallError> {
        self.sent(ask, &Request::get(path)).await
    }

    /// Writes, once; again only where GitHub said that it did nothing.
    pub(super) async fn write(&self, ask: Ask<'_>, verb: Verb, path: &str, body: Option<Value>) -> Result<Answer, CallError> {
        self.sent(ask, &Request { verb, path: path.to_owned(), body }).await
    }

    async fn sent(&self, ask: Ask<'_>, request: &Request) -> Result<Answer, CallError> {
        if let Err(why) = self.access.allows(ask.operation) {
            let message = format!("landfall refused to call {}: {why}", ask.operation);
            return Err(CallError { fault: Fault::Withheld, ..CallError::refused(ask.operation, message) });
        }
        let mut left = PATIENCE;
        let mut tries = 0;
        loop {
            let (error, trouble) = match self.once(ask, request, tries + 1).await? {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            // A limit means that nothing was done. Anything else unclear may have happened: a write is not sent again.
            let repeatable = request.is_read() || matches!(trouble.kind, Kind::Limited(_));
            let wait = pause(&trouble, tries).filter(|_| repeatable).and_then(|wait| Some((wait, left.checked_sub(wait)?)));
            let Some((wait, rest)) = wait else { return Err(error) };
            left = rest;
            tries += 1;
            tokio::time::sleep(wait).await;
        }
    }

    /// One attempt, told to whoever counts.
    async fn once(&self, ask: Ask<'_>, request: &Request, attempt: u32) -> Result<Result<Answer, (CallError, Trouble)>, CallError> {
        let wire = self.wire(ask).await?;
        let asked = Instant::now();
        let _turn = if request.is_read() { None } else { Some(self.turn().await) };
        let start = Instant::now();
        let answer = wire.send(request).await;
        let status = answer.as_ref().ok().map(|answer| answer.status);
        (self.on_call)(&Call {
            account: ask.account,
            operation: ask.operation,
            attempt,
            took: start.elapsed(),
            waited: start - asked,
            status,
            request: None,
        });
        Ok(match answer {
            Ok(answer) if answer.succeeded() => Ok(answer),
            Ok(answer) => Err((failure(ask.operation, request, &answer), Trouble::of(request, &answer, limited(&answer)))),
            Err(lost) => {
                let message = format!("{request}: {lost}; is GITHUB_API_URL right, and may this machine reach it?");
                let error = CallError { fault: Fault::Lost, ..CallError::refused(ask.operation, message) };
                Err((error, Trouble::unclear("GitHub does not answer", lost)))
            }
        })
    }

    /// Waits until a write may be sent, and keeps others from sending one meanwhile.
    async fn turn(&self) -> tokio::sync::MutexGuard<'_, Option<Instant>> {
        let mut written = self.written.lock().await;
        if let Some(last) = *written {
            let base = self.given.as_ref().map(|(base, _)| base.clone());
            let is_local = base.or_else(|| Base::of_environment().ok()).is_some_and(|base| base.is_local());
            if !is_local {
                tokio::time::sleep_until(last + BETWEEN_WRITES).await;
            }
        }
        *written = Some(Instant::now());
        written
    }

    async fn wire(&self, ask: Ask<'_>) -> Result<Octocrab, CallError> {
        let owner = ask.repository.owner().to_lowercase();
        let mut open = self.open.lock().await;
        if let Some((wire, since)) = open.get(&owner).filter(|(_, since)| since.elapsed() < TOKEN_AGE) {
            let (wire, _) = (wire.clone(), since);
            return Ok(wire);
        }
        let wire = self.signed_in(ask.repository).await.map_err(|trouble| {
            let hint = trouble.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
            CallError::refused(ask.operation, format!("{trouble}{hint}"))
        })?;
        open.insert(owner, (wire.clone(), Instant::now()));
        Ok(wire)
    }

    async fn signed_in(&self, repository: &Repository) -> Result<Octocrab, Trouble> {
        if let Some((base, token)) = &self.given {
            return Octocrab::new(base, Some(token));
        }
        let base = Base::of_environment()?;
        let token = match Credentials::of_environment()? {
            Credentials::Token(token) => token,
            Credentials::App(app) => {
                let wants = if self.access.writes { Permissions::from(PERMISSIONS) } else { Permissions::from(READING) };
                issued(base.clone(), app, repository.clone(), wants).await?
            }
        };
        Octocrab::new(&base, Some(&token))
    }
}

/// A token of an App's installation. On a thread of its own, because the exchange is written for one task and can't move between threads.
async fn issued(base: Base, app: App, repository: Repository, wants: Permissions) -> Result<Token, Trouble> {
    let runtime = tokio::runtime::Handle::current();
    let exchange = move || runtime.block_on(app::installed(&base, &app, &repository, &wants, true, |_| ()));
    let broken = |error: tokio::task::JoinError| Trouble::refused("signing in as the GitHub App was cut off", error);
    tokio::task::spawn_blocking(exchange).await.map_err(broken)?.map(|(token, _)| token)
}

/// What an answer that is no success means to a driver.
fn failure(operation: &str, request: &Request, answer: &Answer) -> CallError {
    let fault = match answer.status {
        _ if limited(answer).is_some() => Fault::Throttled,
        401 | 403 => Fault::Denied,
        404 => Fault::Missing,
        409 => Fault::Busy,
        408 | 500.. => Fault::Lost,
        _ => Fault::Refused,
    };
    let hint = match fault {
        Fault::Denied | Fault::Missing => asked_for(request, answer),
        _ => String::new(),
    };
    let message = format!("{request}: {}{hint}", shown(&answer.message()));
    let request_id = answer.headers.get("x-github-request-id").map(|id| shown(id));
    CallError { operation: operation.to_owned(), fault, code: Some(answer.status.to_string()), message, request_id }
}

/// Which permission is missing. GitHub answers 404 where it doesn't want to say that something exists.
fn asked_for(request: &Request, answer: &Answer) -> String {
    let wants = if request.is_read() {
        "\"Environments: read\" and \"Actions: read\""
    } else {
        "\"Environments: write\" and \"Administration: write\""
    };
    let asked = answer.headers.get("x-accepted-github-permissions").map(|accepted| format!(", GitHub asks for {}", shown(accepted)));
    format!(" (the token needs {wants}{})", asked.unwrap_or_default())
}
