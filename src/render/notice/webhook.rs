//! A notice as JSON, for whatever listens: versioned, documented in docs/notices.md. A field is never renamed or removed within a format.

use super::Notice;
use serde_json::{Value, json};

/// The version of the shape below.
const FORMAT: u32 = 1;
/// So many reasons go along; the record has all of them.
const REASONS: usize = 100;

/// The body of the request.
pub fn webhook(notice: &Notice) -> Value {
    let Notice { what, at, estate, run, plan, team, wave, accounts, steps, reasons, who, link } = notice;
    json!({
        "format": FORMAT,
        "notice": what,
        "title": notice.title(),
        "at": at,
        "estate": estate,
        "run": run,
        "plan": plan,
        "who": who,
        "team": team,
        "wave": wave,
        "accounts": accounts,
        "steps": steps,
        "reasons": reasons.iter().take(REASONS).collect::<Vec<_>>(),
        "link": link,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HOSTILE, notice};
    use super::super::{Became, What};
    use super::*;

    #[test]
    fn a_failure_as_json() {
        let body = webhook(&notice(What::NotSucceeded, &[("payments/prod", Became::NotStarted)], &[HOSTILE]));
        let expected = json!({
            "format": 1, "notice": "not-succeeded", "title": "acme: apply did not succeed for payments", "at": "2026-11-21T10:00:00Z",
            "estate": "acme", "run": "20261121T100000Z-0123456789ab", "plan": "1f2e3d4c", "who": "ada",
            "team": { "name": "payments", "channel": "#team-payments" }, "wave": "prod", "accounts": { "payments/prod": "not-started" },
            "steps": 12, "reasons": [HOSTILE], "link": "https://github.com/acme/infra/actions/runs/7",
        });
        assert_eq!(body, expected);
    }
}
