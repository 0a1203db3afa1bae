//! Notes as text: those with one summary and one hint together, so that three hundred of a sort are read once.

use super::escape;
use super::paint::{Ink, Paint};
use crate::model::{Note, Severity};
use std::collections::BTreeMap;

/// How many subjects of a group are shown unless all are asked for; blocking ones are always all shown.
const SHOWN: usize = 10;

/// Notes by their severity, their summary and their hint.
pub(super) type Groups<'a> = BTreeMap<(Severity, &'a str, Option<&'a str>), Vec<&'a Note>>;

/// The notes that a test picks, those of a sort together.
pub(super) fn groups(all: &[Note], pick: impl Fn(Severity) -> bool) -> Groups<'_> {
    let mut groups = Groups::new();
    for note in all.iter().filter(|note| pick(note.severity)) {
        groups.entry((note.severity, &note.summary, note.hint.as_deref())).or_default().push(note);
    }
    groups
}

/// The notes that a test picks, as lines.
pub(super) fn notes(all: &[Note], pick: impl Fn(Severity) -> bool, full: bool, paint: Paint) -> Vec<String> {
    let groups = groups(all, pick);
    groups.into_iter().flat_map(|((severity, summary, hint), notes)| group(severity, summary, hint, &notes, full, paint)).collect()
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
