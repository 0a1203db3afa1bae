//! What the event file of a workflow says about the pull request. Untrusted: a pull request's author fills in most of it.

use super::is_commit;
use serde_json::Value;

/// What of an event concerns us; none where it doesn't say, or says nonsense.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    pub pull_request: Option<u64>,
    /// The head of the pull request when the event happened. Not `GITHUB_SHA`, which is a merge that nobody reviews.
    pub head: Option<String>,
}

impl Event {
    /// Reads an event. Events without a pull request, and files that are none, give an empty one.
    pub fn read(text: &str) -> Event {
        let Ok(event) = serde_json::from_str::<Value>(text) else { return Event::default() };
        let pull = &event["pull_request"];
        // A comment's event has no head: it is of an issue that happens to be a pull request.
        let number = pull["number"].as_u64().or_else(|| event["issue"].get("pull_request").and(event["issue"]["number"].as_u64()));
        let head = pull["head"]["sha"].as_str().filter(|sha| is_commit(sha)).map(str::to_owned);
        Event { pull_request: number, head }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_head_is_the_pull_requests() {
        let head = "a1".repeat(20);
        let event = json!({ "number": 7, "after": "b".repeat(40), "pull_request": { "number": 7, "head": { "sha": head } } });
        assert_eq!(Event::read(&event.to_string()), Event { pull_request: Some(7), head: Some(head) });
    }

    #[test]
    fn other_events_and_nonsense_say_nothing() {
        let comment = json!({ "issue": { "number": 8, "pull_request": {} } });
        assert_eq!(Event::read(&comment.to_string()), Event { pull_request: Some(8), head: None });
        for text in ["", "[]", r#"{"issue":{"number":8}}"#, r#"{"pull_request":{"number":"7","head":{"sha":"; rm -rf /"}}}"#] {
            assert_eq!(Event::read(text), Event::default(), "{text}");
        }
    }
}
