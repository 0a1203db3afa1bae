//! GitHub's rate limits, and how long we wait for them: what an answer says, by GitHub's own clock. Pure; the waiting is `github`'s.

use super::trouble::{Kind, Trouble};
use super::wire::Answer;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use std::time::Duration;

/// What GitHub asks to wait at least for when it does not say how long.
const UNSAID: Duration = Duration::from_secs(60);
/// Clocks tick in seconds: asking in the very second of the reset may be a moment early.
const MARGIN: Duration = Duration::from_secs(1);
/// The first pause after an answer that tells nothing; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// How often something is tried again that got no answer: 1 + 2 + 4 + 8 + 16 s, which outlasts a deployment at GitHub.
const AGAIN: u32 = 5;
/// How long one command waits in all. A primary limit resets hourly: a runner that idles that long costs more than running again.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// Whether an answer is a limit, and what it asks for.
pub fn limited(answer: &Answer) -> Option<Kind> {
    if !matches!(answer.status, 403 | 429) {
        return None;
    }
    if let Some(after) = answer.headers.get("retry-after") {
        return Some(Kind::Limited(Some(seconds_after(after, answer).unwrap_or(UNSAID))));
    }
    if answer.headers.get("x-ratelimit-remaining").is_some_and(|left| left.trim() == "0") {
        return Some(Kind::Limited(reset(answer).map(|wait| wait + MARGIN)));
    }
    let message = answer.message().to_lowercase();
    let is_secondary = message.contains("secondary rate limit") || message.contains("abuse detection") || answer.status == 429;
    is_secondary.then_some(Kind::Limited(None))
}

/// `retry-after` is seconds; the standard allows for a date.
fn seconds_after(after: &str, answer: &Answer) -> Option<Duration> {
    match after.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Some(until(date(after)?, answer)?),
    }
}

fn reset(answer: &Answer) -> Option<Duration> {
    until(answer.headers.get("x-ratelimit-reset")?.trim().parse().ok()?, answer)
}

/// From the answer's own date on: the clock of this machine may be off.
fn until(second: i64, answer: &Answer) -> Option<Duration> {
    let now = answer.date()?;
    Some(Duration::from_secs(u64::try_from(second.saturating_sub(now)).unwrap_or(0)))
}

/// The second of a date as HTTP writes it.
pub fn date(text: &str) -> Option<i64> {
    DateTime::from_str(text.trim(), Format::HttpDate).ok().map(|date| date.secs())
}

/// How long to wait before trying again for the `tries`th time. None: not again.
pub fn pause(trouble: &Trouble, tries: u32) -> Option<Duration> {
    match trouble.kind {
        Kind::Refused => None,
        Kind::Limited(Some(wait)) => Some(wait),
        Kind::Limited(None) => Some(UNSAID * 2u32.saturating_pow(tries.min(AGAIN))),
        Kind::Unclear => (tries < AGAIN).then(|| FIRST_PAUSE * 2u32.saturating_pow(tries)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], message: &str) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status, headers, body: serde_json::json!({ "message": message }).to_string() }
    }

    fn waits(status: u16, headers: &[(&str, &str)], message: &str) -> Option<Kind> {
        limited(&answer(status, headers, message))
    }

    fn seconds(seconds: u64) -> Option<Kind> {
        Some(Kind::Limited(Some(Duration::from_secs(seconds))))
    }

    const NOW: (&str, &str) = ("date", "Sat, 21 Nov 2026 08:00:00 GMT"); // 1795248000

    #[test]
    fn the_primary_limit_ends_by_githubs_own_clock() {
        let headers = |reset| [NOW, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset)];
        assert_eq!(waits(403, &headers("1795248041"), "API rate limit exceeded"), seconds(42));
        assert_eq!(waits(429, &headers("1795240000"), ""), seconds(1));
        assert_eq!(waits(403, &headers("soon"), ""), Some(Kind::Limited(None)));
        assert_eq!(waits(403, &headers("-9223372036854775808"), ""), seconds(1));
        assert_eq!(waits(403, &headers("9223372036854775807"), ""), seconds(9_223_372_035_059_527_808));
    }

    #[test]
    fn the_secondary_limit_is_known_by_its_header_or_its_words() {
        assert_eq!(waits(403, &[("retry-after", "7")], ""), seconds(7));
        assert_eq!(waits(429, &[NOW, ("retry-after", "Sat, 21 Nov 2026 08:00:09 GMT")], ""), seconds(9));
        assert_eq!(waits(429, &[("retry-after", "?")], ""), seconds(60));
        assert_eq!(waits(403, &[], "You have exceeded a secondary rate limit."), Some(Kind::Limited(None)));
        assert_eq!(waits(429, &[], ""), Some(Kind::Limited(None)));
    }

    #[test]
    fn other_answers_are_no_limit() {
        assert_eq!(waits(403, &[("x-ratelimit-remaining", "4999")], "Resource not accessible by integration"), None);
        assert_eq!(waits(200, &[("x-ratelimit-remaining", "0")], ""), None);
        assert_eq!(waits(503, &[("retry-after", "5")], ""), None);
    }
}
