//! Problems: what is wrong in a file, and exactly where. Data only; `excerpt` shows them.

use super::node::Span;
use std::collections::BTreeMap;

/// Whether a problem stops everything or is only said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    Error,
    Warning,
}

/// Something wrong in a file, with its place and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub level: Level,
    /// The check that found it: a name of `checks::TABLE`.
    pub check: &'static str,
    /// The file's name, relative to the folder of the domains file.
    pub file: String,
    pub at: Span,
    /// One sentence, naming what is wrong.
    pub message: String,
    /// A few words beneath the caret.
    pub label: Option<String>,
    /// A second place in the same file that has to do with it.
    pub also: Option<(Span, String)>,
    pub hint: Option<String>,
}

/// A problem in the place of a value; boxed, since values are what there mostly is.
pub type Refused = Box<Problem>;

/// All problems of all files, in the order of files and lines, with the texts they are in.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    list: Vec<Problem>,
    pub(super) texts: BTreeMap<String, String>,
}

impl Problem {
    pub fn error(check: &'static str, file: &str, at: Span, message: impl Into<String>) -> Problem {
        let file = file.to_owned();
        Problem { level: Level::Error, check, file, at, message: message.into(), label: None, also: None, hint: None }
    }

    /// The same problem, said and no more.
    #[must_use]
    pub fn warning(mut self) -> Problem {
        self.level = Level::Warning;
        self
    }

    /// The same problem with words beneath the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = Some(label.into());
        self
    }

    /// The same problem with a second place.
    #[must_use]
    pub fn also(mut self, at: Span, label: impl Into<String>) -> Problem {
        self.also = Some((at, label.into()));
        self
    }

    /// The same problem with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// The same problem; with a suggestion when one of the known words is near the one that was written.
    #[must_use]
    pub fn suggest<'a>(mut self, written: &str, known: impl IntoIterator<Item = &'a str>) -> Problem {
        let known: Vec<&str> = known.into_iter().collect();
        if let Some(near) = nearest(written, &known) {
            self.hint = Some(format!("did you mean `{near}`?"));
        } else if !known.is_empty() && known.len() <= LISTED {
            self.hint = Some(format!("there {} {}", if known.len() == 1 { "is" } else { "are" }, listed(&known)));
        }
        self
    }
}

/// The most words that a hint lists: more are not read.
const LISTED: usize = 12;

/// Words as people write them: `a`, `b` and `c`.
pub fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => "nothing".to_owned(),
    }
}

/// The most words that are compared, and the longest: comparing takes the product of their lengths.
const COMPARED: (usize, usize) = (500, 48);

/// The known word that differs least from what was written, if it is a likely slip: a third of the letters at most.
fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let most = (written.chars().count() / 3).max(1);
    if known.len() > COMPARED.0 || written.len() > COMPARED.1 {
        return None;
    }
    let folded = written.to_lowercase();
    let distance = |word: &str| strsim::damerau_levenshtein(&folded, &word.to_lowercase());
    let known = known.iter().filter(|word| word.len().abs_diff(written.len()) <= 2 * most && word.len() <= COMPARED.1);
    known.map(|word| (distance(word), *word)).filter(|(distance, _)| *distance <= most).min().map(|(_, word)| word)
}

impl Problems {
    /// All problems, sorted by file and place.
    pub(super) fn new(mut list: Vec<Problem>, texts: BTreeMap<String, String>) -> Problems {
        list.sort_by(|a, b| (&a.file, a.at.start, a.level, a.check, &a.message).cmp(&(&b.file, b.at.start, b.level, b.check, &b.message)));
        list.dedup();
        Problems { list, texts }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn errors(&self) -> usize {
        self.count(Level::Error)
    }

    pub fn warnings(&self) -> usize {
        self.count(Level::Warning)
    }

    fn count(&self, level: Level) -> usize {
        self.list.iter().filter(|problem| problem.level == level).count()
    }

    /// As JSON, version 1: `{version, problems: [{level, check, file, line, column, message, label, hint}]}`.
    pub fn json(&self) -> serde_json::Value {
        let problems: Vec<serde_json::Value> = self.list.iter().map(Problem::json).collect();
        serde_json::json!({ "version": 1, "problems": problems })
    }
}

impl Problem {
    fn json(&self) -> serde_json::Value {
        let Problem { level, check, file, at, message, label, also, hint } = self;
        let also = also.as_ref().map(|(at, label)| serde_json::json!({ "line": at.line, "column": at.column, "label": label }));
        serde_json::json!({
            "level": level, "check": check, "file": file, "line": at.line, "column": at.column,
            "message": message, "label": label, "also": also, "hint": hint,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_likely_slips_are_suggested() {
        assert_eq!(nearest("paymets", &["catalog", "payments"]), Some("payments"));
        assert_eq!(nearest("Team", &["team", "teams"]), Some("team"));
        assert_eq!(nearest("orders", &["catalog", "payments"]), None);
        assert_eq!(nearest("", &["a"]), Some("a"));
    }

    #[test]
    fn words_are_listed_as_people_write_them() {
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(listed(&["a"]), "`a`");
    }
}
