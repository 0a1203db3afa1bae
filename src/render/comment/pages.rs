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
    let mut pages = vec![String::new()];
    for part in parts.into_iter().flat_map(split) {
        if pages.last().is_some_and(|page| !page.is_empty() && page.len() + part.len() > PAGE) {
            pages.push(String::new());
        }
        if let Some(page) = pages.last_mut() {
            page.push_str(&part);
        }
    }
    pages
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

/// A part that fits on a page as it is; a larger one as plain lines in fences of their own, so that none is cut inside.
fn split(part: String) -> Vec<String> {
    if part.len() <= PAGE {
        return vec![part];
    }
    let mut pieces: Vec<Vec<String>> = vec![Vec::new()];
    let mut size = 0;
    for line in part.lines() {
        if size + line.len() > PAGE / 2 {
            pieces.push(Vec::new());
            size = 0;
        }
        size += line.len() + 1;
        pieces.last_mut().into_iter().for_each(|piece| piece.push(line.chars().take(PAGE / 8).collect()));
    }
    pieces.iter().map(|lines| fence("", lines)).chain([format!("{}\n\n", code("(a part larger than a page)"))]).collect()
}
