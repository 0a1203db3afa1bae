//! Verdicts: what the canary in a zone says of its network, and what that makes of an account. What a canary answers is untrusted.

use super::{Account, Address, Touch};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// The shape of answers that this version reads.
const FORMAT: u64 = 1;
/// The longest text taken over from an answer, in characters: one that is longer explains nothing.
const LONGEST: usize = 300;
/// The most checks and suspects taken over from one answer.
const MOST: usize = 50;

/// How an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// Every canary says that all is well.
    Green,
    /// The files declare no canary for it.
    Unwatched,
    /// The account does not exist yet.
    Absent,
    /// A canary says otherwise, or nothing at all.
    Red,
}

/// What is known of one account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Health {
    pub colour: Colour,
    /// Each canary's word, by the function's name.
    pub canaries: BTreeMap<String, Word>,
    /// What of the network, and of the canaries themselves, is not as the files declare it. Looked at in red accounts alone.
    pub elements: Vec<Element>,
    /// Why the elements could not be compared, where they could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

/// One canary's word.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Word {
    pub colour: Colour,
    /// What failed, in the canary's words; or why there are none.
    pub why: Vec<String>,
    /// What would explain it, by elimination: `nat-gateway`, `route`, `endpoint sts`.
    pub suspects: Vec<String>,
}

/// An element that is not as declared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Element {
    pub address: Address,
    pub state: ElementState,
    /// The fields that differ.
    pub fields: Vec<String>,
    /// The module and line that declare it.
    pub asked: Option<String>,
    /// The step of an apply that touched it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touched: Option<Touch>,
    /// Why no step is named of an element of the network, where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untold: Option<String>,
}

/// How an element is not as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ElementState {
    Missing,
    Different,
    Undeclared,
}

/// All accounts that were asked for.
pub type Healths = BTreeMap<Account, Health>;

impl Word {
    /// What a canary answered. What can't be read as a verdict is no green one.
    pub fn of(answer: &[u8]) -> Word {
        let Ok(answer) = serde_json::from_slice::<Answer>(answer) else { return Word::silent("its answer is no verdict") };
        let checks = answer.checks.unwrap_or_default();
        let failed: Vec<&Check> = checks.iter().filter(|check| !check.ok).collect();
        match answer.verdict.as_str() {
            _ if answer.format != FORMAT => Word::silent("its answer is of another version of the canary: apply the files"),
            "green" if failed.is_empty() => Word { colour: Colour::Green, why: Vec::new(), suspects: Vec::new() },
            "red" | "green" => Word {
                colour: Colour::Red,
                why: failed.into_iter().take(MOST).map(|check| format!("{}: {}", short(&check.check), short(&check.why))).collect(),
                suspects: answer.suspects.iter().take(MOST).map(|one| short(one)).collect(),
            },
            _ => Word::silent("its answer is no verdict"),
        }
    }

    /// No word at all, which is a bad one.
    pub fn silent(why: impl Into<String>) -> Word {
        Word { colour: Colour::Red, why: vec![format!("silent: {}", why.into())], suspects: Vec::new() }
    }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

#[derive(Deserialize)]
struct Answer {
    format: u64,
    verdict: String,
    #[serde(default)]
    checks: Option<Vec<Check>>,
    #[serde(default)]
    suspects: Vec<String>,
    /// Whatever later versions say besides.
    #[serde(flatten)]
    _more: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Check {
    check: String,
    ok: bool,
    #[serde(default)]
    why: String,
}

impl Health {
    /// An account without canaries to ask.
    pub fn without(colour: Colour) -> Health {
        Health { colour, canaries: BTreeMap::new(), elements: Vec::new(), unread: None }
    }

    /// An account by its canaries' words.
    pub fn of(canaries: BTreeMap<String, Word>) -> Health {
        let colour = canaries.values().map(|word| word.colour).max().unwrap_or(Colour::Unwatched);
        Health { canaries, ..Health::without(colour) }
    }

    /// What the canaries that are not well say, one after the other.
    pub fn complaints(&self) -> Vec<String> {
        let bad = self.canaries.iter().filter(|(_, word)| word.colour == Colour::Red);
        let said = bad.map(|(name, Word { why, suspects, .. })| {
            let suspected = if suspects.is_empty() { String::new() } else { format!(" (suspected: {})", suspects.join(", ")) };
            format!("{name}: {}{suspected}", why.join(", "))
        });
        said.collect()
    }

    /// An account whose canaries could not even be asked, which is no good sign.
    pub fn unknown(why: impl Into<String>) -> Health {
        Health::of(BTreeMap::from([("canaries".to_owned(), Word::silent(why))]))
    }

    pub fn is_red(&self) -> bool {
        self.colour == Colour::Red
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Colour::Green => "green",
            Colour::Unwatched => "unwatched",
            Colour::Absent => "absent",
            Colour::Red => "red",
        })
    }
}

impl fmt::Display for ElementState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            ElementState::Missing => "missing",
            ElementState::Different => "different",
            ElementState::Undeclared => "undeclared",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_is_green_when_it_says_so_and_nothing_it_tried_failed() {
        let green = br#"{"format":1,"verdict":"green","zone":"a","checks":[{"check":"egress","ok":true,"why":""}],"suspects":[]}"#;
        assert_eq!(Word::of(green).colour, Colour::Green);
        let two_faced =
            br#"{"format":1,"verdict":"green","checks":[{"check":"egress","ok":false,"why":"no answer"}],"suspects":["route"]}"#;
        assert_eq!(
            Word::of(two_faced),
            Word { colour: Colour::Red, why: vec!["egress: no answer".into()], suspects: vec!["route".into()] }
        );
    }

    #[test]
    fn whatever_else_it_says_is_silence() {
        for odd in ["", "null", "{}", "[1]", r#"{"format":1,"verdict":"blue"}"#, r#""Simple Lambda happy path OK""#, "\u{0}"] {
            let word = Word::of(odd.as_bytes());
            assert_eq!((word.colour, word.why), (Colour::Red, vec!["silent: its answer is no verdict".to_owned()]), "{odd:?}");
        }
        assert!(Word::of(br#"{"format":2,"verdict":"green"}"#).why[0].contains("another version"));
        let long = format!(r#"{{"format":1,"verdict":"red","checks":[{{"check":"x","ok":false,"why":"{}"}}]}}"#, "y".repeat(10_000));
        assert_eq!(Word::of(long.as_bytes()).why[0].len(), 3 + LONGEST);
    }

    #[test]
    fn an_account_is_as_its_worst_canary() {
        let green = Word { colour: Colour::Green, why: Vec::new(), suspects: Vec::new() };
        let one = Health::of(BTreeMap::from([("a".to_owned(), green.clone())]));
        assert_eq!(one.colour, Colour::Green);
        let two = Health::of(BTreeMap::from([("a".to_owned(), green), ("b".to_owned(), Word::silent("no answer"))]));
        assert!(two.is_red());
        assert_eq!(Health::of(BTreeMap::new()).colour, Colour::Unwatched);
    }
}
