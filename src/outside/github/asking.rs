//! Asking GitHub with patience: reads are repeated by themselves, writes only by whoever has looked whether they were carried out.

use super::Repository;
use super::limits::{PATIENCE, limited, pause};
use super::trouble::Kind;
use super::trouble::Trouble;
use super::wire::{Answer, Request, Wire};
use serde::de::DeserializeOwned;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The most that GitHub puts on a page.
const PAGE: usize = 100;
/// Ten thousand comments are no pull request that anybody reads; an answer that never ends is a defect.
const MOST_PAGES: usize = 100;
/// From here on, a wait is worth a word.
const WORTH_SAYING: Duration = Duration::from_secs(5);

/// One repository at GitHub, asked over a wire.
pub struct GitHub<W> {
    pub wire: W,
    pub repository: Repository,
    /// How much longer this command is ready to wait.
    left: Mutex<Duration>,
    /// Told about long waits.
    tell: fn(&str),
}

impl<W: Wire> GitHub<W> {
    pub fn new(wire: W, repository: Repository, tell: fn(&str)) -> GitHub<W> {
        GitHub { wire, repository, left: Mutex::new(PATIENCE), tell }
    }

    /// A path within the repository.
    pub fn path(&self, rest: impl std::fmt::Display) -> String {
        format!("{}{rest}", self.repository.path())
    }

    /// Sends one request once. What is no success is trouble.
    pub async fn once(&self, request: &Request) -> Result<Answer, Trouble> {
        match self.wire.send(request).await {
            Ok(answer) if answer.succeeded() => Ok(answer),
            Ok(answer) => Err(Trouble::of(request, &answer, limited(&answer))),
            Err(lost) => {
                let hint = "is GITHUB_API_URL right, and may this machine reach it? Proxies are not supported";
                Err(Trouble::unclear("GitHub does not answer", format!("{request}: {lost}")).hint(hint))
            }
        }
    }

    /// Reads, as often as it takes.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        let request = Request::get(path);
        let answer = self.patiently(async || self.once(&request).await).await?;
        parsed(&request, &answer)
    }

    /// Reads what may not be there.
    pub async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Trouble> {
        match self.get(path).await {
            Err(trouble) if trouble.status == Some(404) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Reads a list to its end, page by page. The pages' addresses are ours: none is taken from an answer.
    pub async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Trouble> {
        let mut found = Vec::new();
        for page in 1..=MOST_PAGES {
            let request = Request::get(format!("{path}?per_page={PAGE}&page={page}"));
            let answer = self.patiently(async || self.once(&request).await).await?;
            found.extend(parsed::<Vec<T>>(&request, &answer)?);
            // A page may be short without being the last: GitHub leaves out what this token may not see.
            let more = answer.headers.get("link").is_some_and(|link| link.contains("rel=\"next\""));
            if !more {
                return Ok(found);
            }
        }
        Err(Trouble::refused("GitHub's list does not end", format!("{path}: more than {MOST_PAGES} pages")))
    }

    /// Tries, each time from the start, until it succeeds, is refused, or patience ends. An attempt that writes has to look first.
    pub async fn patiently<T>(&self, mut attempt: impl AsyncFnMut() -> Result<T, Trouble>) -> Result<T, Trouble> {
        let mut tries = 0;
        loop {
            let trouble = match attempt().await {
                Err(trouble) if trouble.kind != Kind::Refused => trouble,
                settled => return settled,
            };
            let Some(pause) = pause(&trouble, tries) else { return Err(trouble.given_up(&format!("tried {} times", tries + 1))) };
            self.wait(pause, trouble).await?;
            tries += 1;
        }
    }

    async fn wait(&self, pause: Duration, trouble: Trouble) -> Result<(), Trouble> {
        if !self.spend(pause) {
            let (asked, most) = (pause.as_secs(), PATIENCE.as_secs());
            return Err(trouble.given_up(&format!("it would take another {asked} s, and landfall waits {most} s in all")));
        }
        if pause >= WORTH_SAYING {
            (self.tell)(&format!("waiting {} s: {trouble}", pause.as_secs()));
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// Takes a pause of the patience that is left; false when that is not enough.
    fn spend(&self, pause: Duration) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = left.checked_sub(pause);
        *left = rest.unwrap_or(*left);
        rest.is_some()
    }
}

/// What an answer holds.
pub fn parsed<T: DeserializeOwned>(request: &Request, answer: &Answer) -> Result<T, Trouble> {
    let strange = |error: serde_json::Error| {
        let detail = format!("{request}: {}", super::trouble::shown(&error.to_string()));
        Trouble::refused("GitHub's answer is not understood", detail).hint("is GITHUB_API_URL the address of GitHub's interface?")
    };
    serde_json::from_str(&answer.body).map_err(strange)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use tokio::time::Instant;

    /// Answers what it was told to, in order, and keeps what it was asked.
    pub struct Script {
        answers: RefCell<VecDeque<Result<Answer, String>>>,
        pub asked: RefCell<Vec<String>>,
    }

    impl Wire for Script {
        async fn send(&self, request: &Request) -> Result<Answer, String> {
            self.asked.borrow_mut().push(request.to_string());
            self.answers.borrow_mut().pop_front().expect("the script has an answer left")
        }
    }

    pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Answer, String> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ok(Answer { status, headers, body: body.to_owned() })
    }

    pub fn script(answers: impl IntoIterator<Item = Result<Answer, String>>) -> GitHub<Script> {
        let script = Script { answers: RefCell::new(answers.into_iter().collect()), asked: RefCell::default() };
        GitHub::new(script, "acme/infra".parse().unwrap(), |_| ())
    }

    async fn got(answers: Vec<Result<Answer, String>>) -> (Result<u32, Trouble>, u64) {
        let before = Instant::now();
        let outcome = script(answers).get("/x").await;
        (outcome, before.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_outlasts_bad_gateways_lost_answers_and_limits() {
        let limit = answer(403, &[("retry-after", "90")], "");
        let (outcome, waited) = got(vec![answer(502, &[], ""), Err("reset".to_owned()), limit, answer(200, &[], "7")]).await;
        assert_eq!((outcome.unwrap(), waited), (7, 1 + 2 + 90));
    }

    #[tokio::test(start_paused = true)]
    async fn a_secondary_limit_that_says_nothing_is_given_longer_each_time() {
        let limit = || answer(403, &[], r#"{"message":"You have exceeded a secondary rate limit."}"#);
        let (outcome, waited) = got(vec![limit(), limit(), answer(200, &[], "7")]).await;
        assert_eq!((outcome.unwrap(), waited), (7, 60 + 120));
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends_and_the_error_says_how_long_it_would_have_taken() {
        let headers = [("date", "Sat, 21 Nov 2026 08:00:00 GMT"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795250399")];
        let (outcome, waited) = got(vec![answer(403, &headers, r#"{"message":"API rate limit exceeded"}"#)]).await;
        let told = "GitHub's rate limit is reached: GET /x: 403: API rate limit exceeded\nit would take another 2400 s, and landfall waits 600 s in all";
        assert_eq!((outcome.unwrap_err().to_string().as_str(), waited), (told, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_down_for_good_is_given_up() {
        let (outcome, waited) = got(vec![Err("refused".to_owned()); 6]).await;
        assert_eq!((outcome.unwrap_err().detail.as_str(), waited), ("GET /x: refused\ntried 6 times", 31));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_and_nonsense_are_told_at_once() {
        let (refused, waited) = got(vec![answer(404, &[], "")]).await;
        assert_eq!((refused.unwrap_err().status, waited), (Some(404), 0));
        let (nonsense, _) = got(vec![answer(200, &[], "<html>")]).await;
        assert_eq!(nonsense.unwrap_err().summary, "GitHub's answer is not understood");
    }

    #[tokio::test]
    async fn a_list_ends_where_github_names_no_next_page_and_no_address_is_followed() {
        let next = [("link", r#"<https://evil.example/?page=2>; rel="next""#)];
        let github = script([answer(200, &next, "[1]"), answer(200, &next, "[]"), answer(200, &[], "[2]")]);
        assert_eq!(github.all::<u32>("/x").await.unwrap(), [1, 2]);
        assert_eq!(*github.wire.asked.borrow(), ["GET /x?per_page=100&page=1", "GET /x?per_page=100&page=2", "GET /x?per_page=100&page=3"]);
    }
}
