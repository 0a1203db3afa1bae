//! Notes as text: those with one summary and one hint together, so that three hundred of a sort are read once.

use super::escape;
use super::paint::{Ink, Paint};
use crate::model::{Note, Severity};
use std::collections::BTreeMap;

/// How many subjects of a group are shown unless all are asked for; blocking ones are always all shown.
const SHOWN: usize = 10;

/// Notes by what they have in common: severity, summary and hint.
pub(super) type Groups<'a> = BTreeMap<(Severity, &'a str, Option<&'a str>), Vec<&'a Note>>;

/// The notes that a test picks, together with their like.
pub(super) fn grouped(all: &[Note], pick: impl Fn(Severity) -> bool) -> Groups<'_> {
    let mut groups = Groups::new();
    for note in all.iter().filter(|note| pick(note.severity)) {
        groups.entry((note.severity, &note.summary, note.hint.as_deref())).or_default().push(note);
    }
    groups
}

/// The notes that a test picks, as lines.
pub(super) fn notes(all: &[Note], pick: impl Fn(Severity) -> bool, full: bool, paint: Paint) -> Vec<String> {
    grouped(all, pick)
        .into_iter()
        .flat_map(|((severity, summary, hint), notes)| group(severity, summary, hint, &notes, full, paint))
        .collect()
}

fn group(severity: Severity, summary: &str, hint: Option<&str>, notes: &[&Note], full: bool, paint: Paint) -> Vec<String> {
    let heading = format!("{severity}: {}", escape::line(summary));
    let ink = match severity {
        Severity::Blocking => Ink::Removed,
        Severity::Warning => Ink::Changed,
        Severity::Information => Ink::Heading,
    };
    let mut lines = vec![paint.text(ink, &heading)];
    let shown = if full || severity == Severity::Blocking { notes.len() } else { SHOWN.min(notes.len()) };
    for Note { severity: _, subject, summary: _, detail, hint: _ } in &notes[..shown] {
        lines.push(format!("  {}", escape::line(&subject.to_string())));
        lines.extend(escape::lines(detail).into_iter().map(|line| format!("    {line}")));
    }
    if shown < notes.len() {
        lines.push(format!("  and {} more, shown with --full", notes.len() - shown));
    }
    lines.extend(hint.map(|hint| format!("  hint: {}", escape::line(hint))));
    lines.push(String::new());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Subject;

    #[test]
    fn of_many_alike_the_first_are_shown_but_of_what_blocks_and_in_full_all() {
        let shown = |severity, count: usize, full| {
            let all = vec![Note::new(severity, Subject::Estate, "a summary", "a detail").hint("a hint"); count];
            notes(&all, |_| true, full, Paint { color: false })
        };
        let details = |lines: &[String]| lines.iter().filter(|line| *line == "    a detail").count();
        let warnings = shown(Severity::Warning, SHOWN + 2, false);
        assert_eq!((warnings[0].as_str(), details(&warnings)), ("warning: a summary", SHOWN));
        assert_eq!(warnings[warnings.len() - 3..], ["  and 2 more, shown with --full", "  hint: a hint", ""]);
        for (severity, count, full) in
            [(Severity::Warning, SHOWN, false), (Severity::Warning, SHOWN + 2, true), (Severity::Blocking, SHOWN + 2, false)]
        {
            let lines = shown(severity, count, full);
            assert_eq!((details(&lines), lines.iter().any(|line| line.contains("more"))), (count, false));
        }
    }
}
