//! The plan for a terminal: what blocks, then wave by wave and account by account, then what else to know, then the sum.

use super::counts::{Counts, many};
use super::fold::{Alike, fold};
use super::paint::{Ink, Paint};
use super::{notes, step};
use crate::model::{Account, Severity, show};
use crate::plan::{Plan, Report, Step, Wave};

/// How to show a plan as text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// With ANSI colours.
    pub color: bool,
    /// Everything, unfolded: every account, every note, and for each step its fields and who asked for it.
    pub full: bool,
}

/// A plan and its report as people read them.
pub fn text(plan: &Plan, report: &Report, options: Options) -> String {
    let Options { color, full } = options;
    let paint = Paint { color };
    let mut lines = notes::notes(&report.notes, |severity| severity == Severity::Blocking, full, paint);
    for at in &plan.waves {
        lines.push(paint.text(Ink::Heading, &format!("# {}", at.name)));
        lines.push(String::new());
        lines.extend(wave(at, full, paint));
    }
    lines.extend(notes::notes(&report.notes, |severity| severity != Severity::Blocking, full, paint));
    lines.push(paint.text(Ink::Heading, &Counts::of(plan, report).sentence(report.accounts)));
    lines.join("\n") + "\n"
}

fn wave(wave: &Wave, full: bool, paint: Paint) -> Vec<String> {
    if full {
        return wave.accounts.iter().flat_map(|(account, steps)| one(account, steps, full, paint)).collect();
    }
    fold(&wave.accounts)
        .iter()
        .flat_map(|Alike { first, steps, others }| {
            let mut lines = one(first, steps, full, paint);
            if !others.is_empty() {
                let alike = format!("and {}, the same but for names and ranges: {}", many(others.len(), "more account"), show(others));
                lines.extend([paint.text(Ink::Faint, &alike), String::new()]);
            }
            lines
        })
        .collect()
}

fn one(account: &Account, steps: &[Step], full: bool, paint: Paint) -> Vec<String> {
    let heading = paint.text(Ink::Heading, &account.to_string());
    let end = String::new();
    [heading].into_iter().chain(step::steps(steps, full, paint)).chain([end]).collect()
}
