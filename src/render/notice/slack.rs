//! A notice as a message of Slack's Block Kit, within its limits. All text is `plain_text` but for the link, whose address is checked: in
//! plain text nobody is mentioned and nothing is formatted, whoever wrote it.

use super::{Became, Notice, What};
use crate::render::{escape, many};
use serde_json::{Value, json};

/// The longest text of a header (Slack's documentation, "Header block"), in UTF-16 units, as JavaScript counts.
const HEADER: usize = 150;
/// The longest text of a section ("Section block").
const SECTION: usize = 3000;
/// The longest line that is taken from outside: three of them, escaped at the worst, and a section is full.
const LINE: usize = 600;
/// So many accounts and so many reasons are named; whoever wants more looks at the record. Far from the 50 blocks that a message may have.
const NAMED: usize = 20;
const REASONS: usize = 5;

/// The message.
pub fn slack(notice: &Notice) -> Value {
    let mut blocks = vec![json!({ "type": "header", "text": plain(&notice.title(), HEADER) })];
    blocks.extend(sections(&summary(notice)));
    blocks.extend(sections(&accounts(notice)));
    blocks.extend(sections(&reasons(notice)));
    let link = notice.link.as_ref().filter(|link| is_plain(link));
    blocks.extend(link.map(|link| {
        let text = json!({ "type": "mrkdwn", "text": format!("<{link}|The workflow run>"), "verbatim": true });
        json!({ "type": "context", "elements": [text] })
    }));
    // For notifications and screen readers. Names and words of ours only.
    json!({ "text": cut(&notice.title(), HEADER), "blocks": blocks })
}

fn summary(notice: &Notice) -> Vec<String> {
    let Notice { what, team, who, run, plan, steps, .. } = notice;
    let to = team.as_ref().map(|team| {
        let channel = team.channel.as_ref().map(|channel| format!(" ({channel})")).unwrap_or_default();
        format!("To the team {}{channel}, who own the accounts", team.name)
    });
    let counts: Vec<String> = notice.counts().iter().map(|(became, count)| format!("{count} {}", became.as_str())).collect();
    let size = match what {
        What::Started => format!("{} in {}", many(*steps, "step"), many(notice.accounts.len(), "account")),
        _ => format!("{}: {}", many(notice.accounts.len(), "account"), counts.join(", ")),
    };
    to.into_iter().chain([size, format!("Run {run} of plan {plan}, by {who}")]).collect()
}

/// The accounts by name, those that did not succeed first; when all of them are alike and many, their number has been said.
fn accounts(notice: &Notice) -> Vec<String> {
    let mut accounts: Vec<_> = notice.accounts.iter().map(|(account, became)| (*became, account)).collect();
    accounts.sort();
    let told = |became: Became| !matches!((notice.what, became), (What::Succeeded | What::NotSucceeded, Became::Done));
    accounts.retain(|(became, _)| told(*became) || notice.team.is_some());
    let more = accounts.len().saturating_sub(NAMED);
    let lines = accounts.iter().take(NAMED).map(|(became, account)| format!("• {account}: {}", became.as_str()));
    lines.chain((more > 0).then(|| format!("and {more} more"))).collect()
}

fn reasons(notice: &Notice) -> Vec<String> {
    let more = notice.reasons.len().saturating_sub(REASONS);
    let lines = notice.reasons.iter().take(REASONS).cloned();
    lines.chain((more > 0).then(|| format!("and {more} more, in the change record"))).collect()
}

/// Lines in as few sections as hold them.
fn sections(lines: &[String]) -> Vec<Value> {
    let mut texts: Vec<String> = Vec::new();
    for line in lines {
        let line = cut(line, LINE);
        match texts.last_mut().filter(|text| units(text) + 1 + units(&line) <= SECTION) {
            Some(text) => *text = format!("{text}\n{line}"),
            None => texts.push(line),
        }
    }
    texts.into_iter().map(|text| json!({ "type": "section", "text": { "type": "plain_text", "text": text, "emoji": false } })).collect()
}

fn plain(text: &str, longest: usize) -> Value {
    json!({ "type": "plain_text", "text": cut(text, longest), "emoji": false })
}

/// The text on one line, escaped as Slack asks for, and no longer than that.
fn cut(text: &str, longest: usize) -> String {
    let line = escape::line(text);
    let escaped = line.chars().map(|sign| match sign {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        sign => sign.to_string(),
    });
    // How much of it leaves room for the ellipsis, in bytes.
    let (mut kept, mut length, mut fits) = (String::new(), 0, 0);
    for sign in escaped {
        length += units(&sign);
        if length > longest {
            kept.truncate(fits);
            return kept + "…";
        }
        kept.push_str(&sign);
        if length < longest {
            fits = kept.len();
        }
    }
    kept
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Whether an address can stand in a link: it is one, and ends nothing early.
fn is_plain(link: &str) -> bool {
    link.len() < 500 && link.starts_with("https://") && link.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/".contains(c))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HOSTILE, notice};
    use super::*;

    /// What Slack's documentation says of every message.
    fn holds(message: &Value) -> usize {
        let blocks = message["blocks"].as_array().unwrap();
        assert!(blocks.len() <= 50, "{} blocks", blocks.len());
        for block in blocks {
            let (text, longest) = match block["type"].as_str().unwrap() {
                "header" => (&block["text"], 150),
                "section" => (&block["text"], 3000),
                "context" => (&block["elements"][0], 3000),
                other => panic!("{other}"),
            };
            let said = text["text"].as_str().unwrap();
            assert!((1..=longest).contains(&units(said)), "{} of {longest}", units(said));
            assert!(text["type"] == "plain_text" || block["type"] == "context", "{block}");
        }
        blocks.len()
    }

    #[test]
    fn a_failure_as_slack_gets_it() {
        let mut failed = notice(What::Failed, &[("payments/prod", Became::Failed)], &["vpc/main: failed: AccessDenied <&>"]);
        let section = |text: &str| json!({ "type": "section", "text": { "type": "plain_text", "text": text, "emoji": false } });
        let expected = json!({
            "text": "acme: payments/prod failed for payments",
            "blocks": [
                { "type": "header", "text": { "type": "plain_text", "text": "acme: payments/prod failed for payments", "emoji": false } },
                section("To the team payments (#team-payments), who own the accounts\n1 account: 1 failed\nRun 20261121T100000Z-0123456789ab of plan 1f2e3d4c, by ada"),
                section("• payments/prod: failed"),
                section("vpc/main: failed: AccessDenied &lt;&amp;&gt;"),
                { "type": "context", "elements": [{
                    "type": "mrkdwn", "verbatim": true, "text": "<https://github.com/acme/infra/actions/runs/7|The workflow run>",
                }] },
            ],
        });
        assert_eq!(slack(&failed), expected);
        let long = |length: usize| format!("https://github.com/{}", "x".repeat(length - 19));
        let refused = ["javascript:alert(1)", "http://github.com/", "https://x/|<!channel>", "https://x/ y", &long(500)];
        for (link, blocks) in refused.map(|link| (link.to_owned(), 4)).into_iter().chain([(long(499), 5)]) {
            failed.link = Some(link.clone());
            assert_eq!(slack(&failed)["blocks"].as_array().unwrap().len(), blocks, "{link}");
        }
    }

    #[test]
    fn nobody_is_mentioned_and_nothing_is_longer_than_slack_takes() {
        let names: Vec<String> = (0..500).map(|at| format!("domain-{at:04}/prod")).collect();
        let accounts: Vec<_> = names.iter().map(|name| (name.as_str(), Became::Failed)).collect();
        let reasons = [HOSTILE.repeat(100), "&".repeat(10_000), "𝔘".repeat(10_000), String::new() + HOSTILE];
        for what in [What::Started, What::Halted, What::Failed, What::Succeeded, What::NotSucceeded] {
            let reasons: Vec<&str> = reasons.iter().map(String::as_str).cycle().take(200).collect();
            let mut notice = notice(what, &accounts, &reasons);
            notice.who = HOSTILE.to_owned();
            notice.team.as_mut().unwrap().channel = Some(HOSTILE.to_owned());
            let message = slack(&notice);
            holds(&message);
            let text = message.to_string();
            assert!(!text.contains("<!") && !text.contains("<@") && !text.contains("<https://evil"), "{text}");
            assert!(text.contains("and 480 more") && text.contains("and 195 more, in the change record"), "{text}");
        }
    }

    #[test]
    fn who_hears_everything_is_told_by_name_of_what_did_not_succeed() {
        let accounts = [("a/dev", Became::Done), ("b/dev", Became::Failed), ("c/dev", Became::NotStarted)];
        let notice = Notice { team: None, ..notice(What::NotSucceeded, &accounts, &[]) };
        let message = slack(&notice);
        assert_eq!(message["blocks"][2]["text"]["text"], "• b/dev: failed\n• c/dev: not started");
        assert!(message["blocks"][1]["text"]["text"].as_str().unwrap().starts_with("3 accounts: 1 failed, 1 not started, 1 done\n"));
    }

    #[test]
    fn what_fits_is_whole_and_what_does_not_ends_in_an_ellipsis() {
        assert_eq!([cut("abc", 3), cut("abcd", 3), cut("a&", 6), cut("ab&c", 7)], ["abc", "ab…", "a&amp;", "ab…"]);
        assert_eq!((units(&cut(&"𝔘".repeat(9), 7)), cut("𝔘𝔘", 4)), (7, "𝔘𝔘".to_owned()));
    }

    #[test]
    fn a_section_holds_as_many_lines_as_fit() {
        let of = |last: usize| sections(&[600, 600, 600, 600, last].map(|length| "x".repeat(length))).len();
        assert_eq!((of(596), of(597)), (1, 2), "with the ends of four lines, 3,000 and 3,001");
        assert_eq!(sections(&[]).len(), 0);
    }

    #[test]
    fn a_start_says_how_much_it_sets_out_for() {
        let message = slack(&notice(What::Started, &[("a/dev", Became::NotStarted), ("b/dev", Became::NotStarted)], &[]));
        let said = message["blocks"][1]["text"]["text"].as_str().unwrap();
        assert!(said.contains("\n12 steps in 2 accounts\n"), "{said}");
    }
}
