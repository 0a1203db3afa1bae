//! What goes wrong with GitHub, worded for the person who finds it in a log. What GitHub says is shown escaped; tokens never are.

use super::wire::{Answer, Request};
use crate::model::escape;
use std::fmt;
use std::time::Duration;

/// How much of what GitHub says is worth showing, in characters: a proxy's error page can be long.
const LONGEST_MESSAGE: usize = 400;

/// What went wrong.
#[derive(Clone, Debug)]
pub struct Trouble {
    pub kind: Kind,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    pub summary: &'static str,
    pub detail: String,
    pub hint: Option<String>,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing was done, and GitHub asks for patience; for how long, if it says so.
    Limited(Option<Duration>),
    /// No answer, or none that tells: it may have been done. Look before doing it again.
    Unclear,
    /// Asking again would be answered the same.
    Refused,
}

impl Trouble {
    pub fn refused(summary: &'static str, detail: impl fmt::Display) -> Trouble {
        Trouble { kind: Kind::Refused, status: None, summary, detail: detail.to_string(), hint: None }
    }

    pub fn unclear(summary: &'static str, detail: impl fmt::Display) -> Trouble {
        Trouble { kind: Kind::Unclear, ..Trouble::refused(summary, detail) }
    }

    pub fn hint(self, hint: impl Into<String>) -> Trouble {
        Trouble { hint: Some(hint.into()), ..self }
    }

    /// It has been tried often enough, or for long enough.
    pub fn given_up(self, why: &str) -> Trouble {
        Trouble { kind: Kind::Refused, detail: format!("{}\n{why}", self.detail), ..self }
    }

    /// What an answer that is no success means.
    pub fn of(request: &Request, answer: &Answer, limited: Option<Kind>) -> Trouble {
        let message = answer.message();
        let detail = format!("{request}: {}: {}", answer.status, shown(&message));
        let status = Some(answer.status);
        let refused = |summary| Trouble { status, ..Trouble::refused(summary, &detail) };
        match answer.status {
            _ if limited.is_some() => Trouble {
                kind: limited.unwrap_or(Kind::Refused),
                ..refused("GitHub's rate limit is reached").hint("run again later; a GitHub App of your own has limits of its own")
            },
            300..=399 => refused("GitHub has it elsewhere by now").hint("was the repository renamed? --repository, with its new name"),
            401 => refused("GitHub does not accept the token").hint("GITHUB_TOKEN is mistyped, has ended, or is meant for another GitHub"),
            403 | 404 => refused("GitHub does not let us, or does not know it").hint(permission(request, answer)),
            422 if message.contains("too long") => refused("the comment is too long for GitHub").hint(
                "this is a defect of landfall, whose comments keep within GitHub's limit: please report it; the plan file is unharmed",
            ),
            408 | 500.. => Trouble { kind: Kind::Unclear, ..refused("GitHub is in trouble").hint("see githubstatus.com, and run again") },
            _ => refused("GitHub refuses the request"),
        }
    }
}

/// Which permission is missing, in the words of a workflow. GitHub answers 404 where it doesn't want to say that something exists.
fn permission(request: &Request, answer: &Answer) -> String {
    let wants = if request.is_read() { "read" } else { "write" };
    let asked = answer.headers.get("x-accepted-github-permissions").map(|accepted| format!(" (GitHub asks for: {})", shown(accepted)));
    let fork = if request.is_read() { "" } else { "; on a pull request from a fork, GITHUB_TOKEN may read only" };
    format!(
        "the job needs `permissions: pull-requests: {wants}` (`issues: {wants}` for the comment alone), and a token of its own needs the \
         same{}{fork}; or the repository or pull request is not the one that was meant",
        asked.unwrap_or_default()
    )
}

/// What GitHub says, made safe to show, and cut.
pub fn shown(text: &str) -> String {
    let cut: String = text.chars().take(LONGEST_MESSAGE).collect();
    escape::line(&cut)
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.summary, self.detail)
    }
}

impl std::error::Error for Trouble {}

#[cfg(test)]
mod tests {
    use super::super::wire::Verb;
    use super::*;
    use std::collections::BTreeMap;

    fn of(verb: Verb, status: u16, body: &str) -> Trouble {
        let request = Request { verb, path: "/repos/acme/infra/issues/7/comments".to_owned(), body: None };
        Trouble::of(&request, &Answer { status, headers: BTreeMap::new(), body: body.to_owned() }, None)
    }

    #[test]
    fn a_missing_permission_is_named() {
        let trouble = of(Verb::Post, 403, r#"{"message":"Resource not accessible by integration"}"#);
        assert_eq!(trouble.detail, "POST /repos/acme/infra/issues/7/comments: 403: Resource not accessible by integration");
        let hint = trouble.hint.unwrap();
        assert!(hint.contains("`permissions: pull-requests: write`") && hint.contains("fork"), "{hint}");
        assert!(of(Verb::Get, 404, "").hint.unwrap().contains("`permissions: pull-requests: read`"));
    }

    #[test]
    fn what_github_says_is_escaped_and_cut() {
        let page = format!("<html>\u{1b}[31m{}", "x".repeat(5000));
        let trouble = of(Verb::Get, 502, &page);
        assert_eq!(trouble.kind, Kind::Unclear);
        assert!(trouble.detail.len() < 600 && trouble.detail.contains("\\u{1b}[31m"), "{trouble}");
    }

    #[test]
    fn too_long_is_told_from_other_refusals() {
        let body = r#"{"message":"Validation Failed","errors":[{"message":"Body is too long (maximum is 65536 characters)"}]}"#;
        let trouble = of(Verb::Patch, 422, body);
        assert_eq!(trouble.summary, "the comment is too long for GitHub");
        assert!(trouble.detail.contains("Body is too long (maximum is 65536 characters)"), "{trouble}");
        assert_eq!(of(Verb::Patch, 422, "{}").summary, "GitHub refuses the request");
    }
}
