//! The whole plan as Markdown, in pages that a job summary takes. Nothing is left out: with the legend each pattern gives back its steps.

use super::headline;
use super::levels::LEVELS;
use super::markdown::{code, fence};
use super::sections;
use super::{New, Occasion};
use crate::model::{Account, Digest, Severity};
use crate::plan::{Plan, Report};
use crate::render::escape;
use crate::render::fold::{Folded, Pattern, fold, groups};
use std::collections::BTreeSet;

/// The most that GitHub takes of one step's summary is 1 MiB; some of it is left for whoever else writes there. In bytes.
const PAGE: usize = 1024 * 1024 - 64 * 1024;

/// Accounts in one block of the legend, so that a block fits on what is left of a page.
const LEGEND: usize = 50;

/// The whole plan as Markdown, in pages of at most 1 MiB, which is what a job summary takes; at least one.
pub fn pages(plan: &Plan, report: &Report) -> Vec<String> {
    let folded = fold(plan);
    let mut parts = vec![headline::headline(plan, &Digest::of(plan), report, &Occasion::default())];
    parts.extend(sections::notes(&report.notes, |severity| severity == Severity::Blocking, usize::MAX));
    parts.extend(sections::groups(&groups(&folded, plan), &New::new(), &LEVELS[0]));
    parts.extend(legend(&folded));
    parts.extend(sections::notes(&report.notes, |severity| severity != Severity::Blocking, usize::MAX));
    packed(parts.into_iter().flat_map(split), PAGE)
}

/// Parts one after the other, as many in each piece as fit into some bytes; at least one piece.
fn packed(parts: impl Iterator<Item = String>, most: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for part in parts {
        match pieces.last_mut() {
            Some(last) if last.is_empty() || last.len() + part.len() <= most => last.push_str(&part),
            _ => pieces.push(part),
        }
    }
    pieces
}

/// What the placeholders stand for in each account, so that the page gives back every step.
fn legend(folded: &Folded) -> Vec<String> {
    let patterns = folded.patterns.iter().filter(|pattern| !pattern.is_outlier());
    let accounts: BTreeSet<&Account> = patterns.flat_map(Pattern::accounts).collect();
    let lines = folded.facts.iter().filter(|(account, _)| accounts.contains(account)).map(|(account, facts)| {
        let values: Vec<String> = facts.legend().map(|(placeholder, value)| format!("{placeholder} = {value}")).collect();
        escape::line(&format!("{account}: {}", values.join(", ")))
    });
    let blocks: Vec<String> = lines.collect();
    let blocks = blocks.chunks(LEGEND).map(|lines| fence("", lines));
    let blocks: Vec<String> = blocks.collect();
    let heading = (!blocks.is_empty()).then(|| "#### What the names in ‹ › stand for\n\n".to_owned());
    heading.into_iter().chain(blocks).collect()
}

/// A part that fits on a page as it is; a larger one as plain lines in fences of their own, so that none is cut inside. A line as long as that
/// goes on in the next.
fn split(part: String) -> Vec<String> {
    if part.len() <= PAGE {
        return vec![part];
    }
    // A fence is longer than what is like it inside: a quarter of a page fits on one with both of its fences. A letter has up to four bytes.
    let lines = part.split_inclusive('\n').flat_map(|line| {
        let letters: Vec<char> = line.chars().collect();
        letters.chunks(PAGE / 16).map(String::from_iter).collect::<Vec<_>>()
    });
    let fences = packed(lines, PAGE / 4).into_iter().map(|piece| fence("", &[piece.trim_end().to_owned()]));
    fences.chain([format!("{}\n\n", code("(a part larger than a page)"))]).collect()
}
